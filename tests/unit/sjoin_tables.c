/*
 * Goal: joins with a table, and of two, give what their definition says,
 * however the inputs arrive. Method: random pairs of streams against models
 * that sort all events by time, arriving in random and in all interleavings,
 * handed over in runs of random length, with saving and loading at random
 * places. WEIR_STREAMS=100000 does as many.
 */
#include "joins.h"

#include "base/text.h"

#define WHERE	 "left.v < right.v + 4"
#define DELETES	 "v == 0 || v == 5"
#define RETRACTS 7 /* v of events that are retractions, where there are any */

static const char *const types[] = {
    "inner", "left", "right", "outer", "semi", "anti"};

struct tables {
	struct joins j;
	bool two; /* --table-table */
	bool where, deletes, back, retracts;
	int64_t ttl; /* 0: for ever */
	char ttl_text[40];
};

/* --- the model --- */

static bool
wants(const struct tables *p, const struct event *e)
{
	return !e->late &&
	    (forms[e->form].class >= 0 || (!p->two && e->side == WEIR_LEFT));
}

static bool
is_tombstone(const struct tables *p, const struct event *e)
{
	return (p->retracts && e->v == RETRACTS) ||
	    (p->deletes && (e->v == 0 || e->v == 5));
}

static bool
holds(const struct tables *p, const struct event *l, const struct event *r)
{
	return !p->where || l->v < r->v + 4;
}

/* Is a applied before b, both of one side? */
static bool
is_older(const struct event *a, const struct event *b)
{
	return a->time != b->time ? a->time < b->time : a->at < b->at;
}

/* The row that a left event meets. */
static const struct event *
row_for(const struct tables *p, const struct event *l)
{
	const struct event *row = NULL, *r;
	int class = forms[l->form].class;

	for (int i = 0; i < p->j.n; i++) {
		r = p->j.order[i];
		if (r->side == WEIR_RIGHT && !r->late && class >= 0 &&
		    forms[r->form].class == class && r->time <= l->time &&
		    (row == NULL || is_older(row, r)))
			row = r;
	}
	if (row == NULL || is_tombstone(p, row) ||
	    (p->ttl > 0 && l->time >= row->time + p->ttl) || !holds(p, l, row))
		return NULL;
	return row;
}

static int
by_time(const void *a, const void *b)
{
	const struct event *x = *(struct event *const *)a,
			   *y = *(struct event *const *)b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->side != y->side)
		return x->side - y->side;
	return x->at - y->at;
}

/* All that count, in the order of time. */
static int
sort_events(const struct tables *p, struct event **sorted)
{
	int n = 0;

	for (int i = 0; i < p->j.n; i++)
		if (wants(p, p->j.order[i]))
			sorted[n++] = p->j.order[i];
	qsort(sorted, (size_t)n, sizeof *sorted, by_time);
	return n;
}

static void
model_table(const struct tables *p, struct weir_buf *out)
{
	struct event *sorted[2 * SIDE_MAX];
	int n = sort_events(p, sorted), type = p->j.type;

	for (int i = 0; i < n; i++) {
		const struct event *l = sorted[i], *r;

		if (l->side == WEIR_RIGHT)
			continue;
		r = row_for(p, l);
		if (type <= 1 && (r != NULL || type == 1))
			write_pair(l, r, out);
		else if (type >= 4 && (r != NULL) == (type == 4))
			weir_buf_printf(out, "%s\n", l->json);
	}
}

/* What stands of a key: each result as text, one a line. */
static void
standing(const struct tables *p, const struct event *l, const struct event *r,
    struct weir_buf *out)
{
	int type = p->j.type;

	if (l != NULL && r != NULL && holds(p, l, r)) {
		write_pair(l, r, out);
		return;
	}
	if (l != NULL && (type == 1 || type == 3))
		write_pair(l, NULL, out);
	if (r != NULL && (type == 2 || type == 3))
		write_pair(NULL, r, out);
}

/* The lines of a that are not in b, each with what takes it back if it is. */
static int
differ(const struct weir_buf *a, const struct weir_buf *b, bool back,
    struct weir_buf *out)
{
	const char *end = a->data + a->len, *nl;
	char line[400];
	int n = 0;

	for (const char *s = a->data; s < end; s = nl + 1) {
		nl = strchr(s, '\n');
		snprintf(line, sizeof line, "%.*s", (int)(nl - s) + 1, s);
		if (b->len > 0 && strstr(b->data, line) != NULL)
			continue;
		n++;
		if (out == NULL)
			continue;
		weir_buf_add(out, line, (size_t)(nl - s) - 1);
		weir_buf_puts(out, back ? ",\"retract\":true}\n" : "}\n");
	}
	return n;
}

struct change {
	int64_t time;
	const struct event *e;
	bool ends; /* its life does */
};

static void
model_change(const struct tables *p, const struct event *row[2],
    const struct change *c, struct weir_buf *out)
{
	struct weir_buf before = {0}, now = {0};
	bool gone = c->ends || is_tombstone(p, c->e);

	standing(p, row[0], row[1], &before);
	row[c->e->side] = gone ? NULL : c->e;
	standing(p, row[0], row[1], &now);
	weir_buf_cstr(&before);
	weir_buf_cstr(&now);
	if (p->back || differ(&now, &before, false, NULL) == 0)
		differ(&before, &now, true, out);
	differ(&now, &before, false, out);
	weir_buf_fini(&before);
	weir_buf_fini(&now);
}

/* Does nothing take the row's place before its life is over? */
static bool
lives_out(const struct tables *p, const struct event *e)
{
	const struct event *o;

	if (p->ttl == 0 || is_tombstone(p, e))
		return false;
	for (int i = 0; i < p->j.n; i++) {
		o = p->j.order[i];
		if (wants(p, o) && o->side == e->side &&
		    forms[o->form].class == forms[e->form].class &&
		    is_older(e, o) && o->time < e->time + p->ttl)
			return false;
	}
	return true;
}

static int
by_turn(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->ends != y->ends)
		return y->ends - x->ends;
	if (x->e->side != y->e->side)
		return x->e->side - y->e->side;
	return x->e->at - y->e->at;
}

static void
model_tables(const struct tables *p, struct weir_buf *out)
{
	struct event *sorted[2 * SIDE_MAX];
	struct change changes[4 * SIDE_MAX];
	const struct event *rows[2][2] = {{NULL}};
	int n = sort_events(p, sorted), nchanges = 0;

	for (int i = 0; i < n; i++) {
		changes[nchanges++] =
		    (struct change){sorted[i]->time, sorted[i], false};
		if (lives_out(p, sorted[i]))
			changes[nchanges++] = (struct change){
			    sorted[i]->time + p->ttl, sorted[i], true};
	}
	qsort(changes, (size_t)nchanges, sizeof *changes, by_turn);
	for (int i = 0; i < nchanges; i++)
		model_change(
		    p, rows[forms[changes[i].e->form].class], &changes[i], out);
}

static void
model(const struct tables *p, struct weir_buf *out)
{
	out->len = 0;
	if (p->two)
		model_tables(p, out);
	else
		model_table(p, out);
}

/* --- streams --- */

static void
make(struct tables *p, int most)
{
	static const int kinds[] = {0, 1, 4, 5};

	*p = (struct tables){.two = below(2) == 0,
	    .where = below(3) == 0,
	    .deletes = below(2) == 0,
	    .back = below(2) == 0,
	    .ttl = below(2) == 0 ? 0 : 1 + (int64_t)below(40)};
	p->retracts = p->two && below(3) == 0;
	make_streams(&p->j, most, 1 + (int64_t)below(60));
	p->j.type = p->two ? (int)below(4) : kinds[below(4)];
	snprintf(p->ttl_text, sizeof p->ttl_text, "%jdns", (intmax_t)p->ttl);
	p->j.config = (struct weir_sjoin_config){.keys = "k",
	    .table = !p->two,
	    .tables = p->two,
	    .type = types[p->j.type],
	    .where = p->where ? WHERE : NULL,
	    .delete_if = p->deletes ? DELETES : NULL,
	    .ttl = p->ttl > 0 ? p->ttl_text : NULL,
	    .mode = !p->two ? NULL
		: p->back   ? "retract"
			    : "accumulate",
	    .late = "late",
	    .nest = p->j.type <= 3};
}

static void
show(const struct tables *p)
{
	printf("# %s --type=%d where %d delete %d mode %d ttl %jd\n",
	    p->two ? "tables" : "table", p->j.type, p->where, p->deletes,
	    p->back, (intmax_t)p->ttl);
	for (int i = 0; i < p->j.n; i++)
		printf("# %s %s%s\n", p->j.order[i]->side ? "right" : "left",
		    p->j.order[i]->json, p->j.order[i]->late ? " late" : "");
}

/* --- runs --- */

static void
feed(struct run *r, const struct tables *p, const struct event *e)
{
	fake_feed(r->st, e->side, e->json, e->time,
	    p->retracts && e->v == RETRACTS ? WEIR_RETRACT : 0);
}

/* The more of how, the more happens. */
static int
run_tables(const struct tables *p, const struct weir_buf *want, int how)
{
	const struct joins *j = &p->j;
	int at[2] = {0, 0}, side, good = 1;
	struct weir_error err;
	struct run r;

	start(&r, j);
	r.st->cut = how > 0 ? below(5) : 0;
	while (at[0] < j->nside[0] || at[1] < j->nside[1]) {
		side = (int)below(2);
		if (at[side] == j->nside[side])
			side = !side;
		feed(&r, p, &j->event[side][at[side]++]);
		if (at[side] == j->nside[side] && below(2) == 0)
			fake_feed_end(r.st, side);
		if (how > 0 && below(3) == 0)
			good &= fake_pump(r.st, &err) > 0;
		if (how > 1 && below(8) == 0)
			good &= move(&r, j);
	}
	good &= fake_finish(r.st, &err) > 0 && judge(&r, j, want);
	stop(&r);
	return good;
}

static void
test_random(void)
{
	int n = streams(3000), bad = 0, shown = 0;
	struct weir_buf want = {0};
	size_t results = 0;
	struct tables p;

	for (int s = 0; s < n; s++) {
		make(&p, 30);
		model(&p, &want);
		results += want.len;
		for (int how = 0; how < 3; how++)
			if (!run_tables(&p, &want, how)) {
				bad++;
				if (shown++ < 3)
					show(&p);
			}
	}
	ok(bad == 0 && results > (size_t)n * 100,
	    "%d pairs of streams, %d runs differ", n, bad);
	weir_buf_fini(&want);
}

static int
run_ordered(const struct tables *p, const struct weir_buf *want, unsigned bits)
{
	int at[2] = {0, 0}, side, good = 1;
	struct weir_error err;
	struct run r;

	start(&r, &p->j);
	for (int i = 0; i < p->j.n; i++) {
		side = (int)(bits >> i & 1);
		feed(&r, p, &p->j.event[side][at[side]++]);
		good &= fake_pump(r.st, &err) > 0;
	}
	good &= fake_finish(r.st, &err) > 0 && judge(&r, &p->j, want);
	stop(&r);
	return good;
}

static void
test_all_interleavings(void)
{
	struct weir_buf want = {0};
	int bad = 0, runs = 0;
	struct tables p;

	for (int s = 0; s < streams(3000) / 30; s++) {
		make(&p, 5);
		model(&p, &want);
		for (unsigned bits = 0; bits < 1U << p.j.n; bits++) {
			if (__builtin_popcount(bits) != p.j.nside[WEIR_RIGHT])
				continue;
			runs++;
			bad += !run_ordered(&p, &want, bits);
		}
	}
	ok(bad == 0, "%d interleavings, %d differ", runs, bad);
	weir_buf_fini(&want);
}

/* --- what is refused --- */

static const struct joins table = {
    .config = {.keys = "k", .table = true, .ttl = "50ns"}};
static const struct joins both = {.config = {.keys = "k", .tables = true}};

static void
refuses_line(const struct joins *j, const char *text)
{
	static const char head[] = "{\"closed\":100,\"events\":9}\n";
	struct weir_buf lines = {0};
	struct weir_error err;
	struct run r;

	start(&r, j);
	weir_buf_puts(&lines, head);
	weir_buf_printf(&lines, "%s\n", text);
	weir_buf_cstr(&lines);
	err.status = 0;
	ok(fake_load(r.st, &lines, &err) < 0 && err.status == WEIR_STATE,
	    "refused as state: %s", text);
	weir_buf_fini(&lines);
	stop(&r);
}

static void
test_hostile_state(void)
{
	static const char *const lines[] = {"[]", "{}", "{\"events\":-1}",
	    "{\"closed\":1,\"events\":2}", "{\"side\":\"left\"}",
	    "{\"side\":\"up\",\"t\":100,\"n\":1,\"e\":\"{\\\"k\\\":1}\"}",
	    "{\"side\":\"left\",\"t\":\"x\",\"n\":1,\"e\":\"{\\\"k\\\":1}\"}",
	    "{\"side\":\"left\",\"t\":9223372036854775807,\"n\":1,"
	    "\"e\":\"{\\\"k\\\":1}\"}",
	    "{\"side\":\"left\",\"t\":100,\"n\":9,\"e\":\"{\\\"k\\\":1}\"}",
	    "{\"side\":\"left\",\"t\":100,\"n\":1,\"e\":\"{\\\"k\\\":1\"}",
	    "{\"side\":\"left\",\"t\":100,\"n\":1,\"e\":\"{}\\n{}\"}",
	    "{\"side\":\"left\",\"t\":100,\"n\":1,\"e\":{\"k\":1}}",
	    "{\"side\":\"left\",\"t\":99,\"n\":1,\"e\":\"{\\\"k\\\":1}\"}",
	    "{\"side\":\"right\",\"t\":100,\"n\":1,\"e\":\"{\\\"k\\\":null}\"}",
	    "{\"side\":\"right\",\"t\":100,\"n\":1,\"row\":true,"
	    "\"e\":\"{\\\"k\\\":1}\"}",
	    "{\"side\":\"right\",\"t\":99,\"n\":1,\"row\":true,"
	    "\"pair\":true,\"e\":\"{\\\"k\\\":1}\"}",
	    "{\"side\":\"right\",\"t\":99,\"n\":1,\"row\":true,"
	    "\"delete\":true,\"e\":\"{\\\"k\\\":1}\"}",
	    "{\"side\":\"right\",\"t\":99,\"n\":1,\"row\":true,"
	    "\"e\":\"{\\\"k\\\":1}\"}\n"
	    "{\"side\":\"right\",\"t\":98,\"n\":2,\"row\":true,"
	    "\"e\":\"{\\\"k\\\":1.0}\"}"};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		refuses_line(&table, lines[i]);
		refuses_line(&both, lines[i]);
	}
	refuses_line(&table,
	    "{\"side\":\"right\",\"t\":50,\"n\":1,\"row\":true,"
	    "\"e\":\"{\\\"k\\\":1}\"}");
	refuses_line(&table,
	    "{\"side\":\"left\",\"t\":99,\"n\":1,\"row\":true,"
	    "\"e\":\"{\\\"k\\\":1}\"}");
	refuses_line(&table,
	    "{\"side\":\"left\",\"t\":100,\"n\":1,\"delete\":true,"
	    "\"e\":\"{\\\"k\\\":1}\"}");
}

static void
refuses(struct weir_sjoin_config c, const char *why)
{
	struct weir_error err = {.text = ""};
	struct weir_sjoin *sj;

	c.keys = "k";
	sj = weir_sjoin_new(&c, &err);
	ok(sj == NULL && err.status == WEIR_USAGE &&
		strstr(err.text, why) != NULL,
	    "refused: %s", err.text);
	weir_sjoin_free(sj);
}

static void
test_options(void)
{
	refuses((struct weir_sjoin_config){.table = true, .type = "right"},
	    "no row is ever unmatched");
	refuses((struct weir_sjoin_config){.table = true, .type = "outer"},
	    "inner, left, semi or anti");
	refuses((struct weir_sjoin_config){.table = true, .mode = "retract"},
	    "--mode goes with --table-table");
	refuses((struct weir_sjoin_config){.table = true, .ttl = "0s"},
	    "more than 0s");
	refuses((struct weir_sjoin_config){.table = true, .ttl = "soon"},
	    "--ttl: ");
	refuses((struct weir_sjoin_config){.tables = true, .type = "semi"},
	    "inner, left, right or outer");
	refuses((struct weir_sjoin_config){.tables = true, .type = "anti"},
	    "inner, left, right or outer");
	refuses((struct weir_sjoin_config){.tables = true, .mode = "discard"},
	    "one of accumulate and retract");
}

/* --- memory --- */

/* A long stream of few keys, or of ever new ones whose rows end. */
static void
test_flat(bool few)
{
	struct joins j = few ? both : table;
	size_t early = 0, most = 0;
	struct weir_error err;
	char text[80];
	struct run r;
	int rc = 1;

	start(&r, &j);
	for (int i = 0; i < 100000 && rc > 0; i++) {
		snprintf(text, sizeof text, "{\"k\":%d,\"v\":%d}",
		    few ? i % 50 : i, i);
		fake_feed(r.st, 0, text, i, 0);
		fake_feed(r.st, 1, text, i, 0);
		if (i % 100 != 0)
			continue;
		rc = fake_pump(r.st, &err);
		r.st->out.len = 0;
		r.st->nresults = 0;
		if (r.st->metrics.state_bytes > most)
			most = r.st->metrics.state_bytes;
		if (i == 20000)
			early = most;
	}
	ok(rc > 0 && most <= early + early / 4, "%s: from %zu to %zu bytes",
	    few ? "few keys" : "rows that end", early, most);
	stop(&r);
}

static void
test_limit(void)
{
	struct joins j = both;
	struct weir_error err;
	char text[80];
	struct run r;
	int rc = 1;

	j.config.max_state = 1 << 20;
	start(&r, &j);
	for (int i = 0; i < 100000 && rc > 0; i++) {
		snprintf(text, sizeof text, "{\"k\":%d}", i);
		fake_feed(r.st, 0, text, i, 0);
		fake_feed(r.st, 1, text, i, 0);
		rc = fake_pump(r.st, &err);
		r.st->out.len = 0;
		r.st->nresults = 0;
	}
	ok(rc < 0 && err.status == WEIR_STATE &&
		strstr(err.text, "--max-state") != NULL,
	    "state outgrows its limit: %s", err.text);
	stop(&r);
}

int
main(void)
{
	test_random();
	test_all_interleavings();
	test_hostile_state();
	test_options();
	test_flat(true);
	test_flat(false);
	test_limit();
	return done();
}
