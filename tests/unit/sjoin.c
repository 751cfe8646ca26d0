/*
 * Goal: interval joins of two streams give what their definition says, however
 * the two arrive. Method: random pairs of streams against nested loops (joins.h),
 * arriving in random interleavings, handed over in runs of random length, with
 * saving and loading at random places; and all interleavings of small ones.
 * WEIR_STREAMS=100000 does as many.
 */
#include "joins.h"

static const char *const types[] = {
    "inner", "left", "right", "outer", "semi", "anti"};

/* --- the model: nested loops --- */

#define FAR 100000 /* no bound */

/* The last time at which a match of e can come. */
static int64_t
last_of(const struct joins *j, const struct event *e)
{
	int64_t last = e->time + (e->side == WEIR_LEFT ? j->hi : -j->lo);

	return j->until[e->side] && e->u < last ? e->u : last;
}

static bool
match(const struct joins *j, const struct event *l, const struct event *r)
{
	int64_t apart = r->time - l->time;

	return !l->late && !r->late && forms[l->form].class >= 0 &&
	    forms[l->form].class == forms[r->form].class && apart >= j->lo &&
	    r->time <= last_of(j, l) && l->time <= last_of(j, r) &&
	    (!j->where || l->v < r->v);
}

/* Unmatched events that are due by w, in order. */
static void
model_due(const struct joins *j, int64_t w, struct weir_buf *out)
{
	struct event *e, *next;

	for (;;) {
		next = NULL;
		for (int i = 0; i < j->n; i++) {
			e = j->order[i];
			if (!e->waits || last_of(j, e) >= w)
				continue;
			if (next == NULL || last_of(j, e) < last_of(j, next) ||
			    (last_of(j, e) == last_of(j, next) &&
				e->side < next->side))
				next = e;
		}
		if (next == NULL)
			return;
		next->waits = false;
		write_one(j, next, out);
	}
}

/* The others that e matches, of those before it, in order. */
static void
model_matches(const struct joins *j, int at, struct weir_buf *out)
{
	struct event *e = j->order[at], *o, *next, *l;
	int64_t done = INT64_MIN;
	int done_at = -1;

	for (;;) {
		next = NULL;
		for (int i = 0; i < at; i++) {
			o = j->order[i];
			l = e->side == WEIR_LEFT ? e : o;
			if (o->side == e->side ||
			    !match(j, l, l == e ? o : e) || o->time < done ||
			    (o->time == done && o->at <= done_at))
				continue;
			if (next == NULL || o->time < next->time)
				next = o;
		}
		if (next == NULL)
			return;
		done = next->time;
		done_at = next->at;
		l = e->side == WEIR_LEFT ? e : next;
		if (j->type <= 3)
			write_pair(l, l == e ? next : e, out);
		else if (j->type == 4 && !l->matched)
			write_one(j, l, out);
		e->matched = next->matched = true;
		next->waits = false;
	}
}

static void
model(struct joins *j, struct weir_buf *out)
{
	for (int at = 0; at < j->n; at++) {
		struct event *e = j->order[at];

		model_due(j, e->watermark, out);
		if (e->late)
			continue;
		model_matches(j, at, out);
		if (e->matched || !tells(j, e->side))
			continue;
		if (forms[e->form].class < 0 || last_of(j, e) < e->watermark)
			write_one(j, e, out);
		else
			e->waits = true;
	}
	model_due(j, WEIR_TIME_MAX, out);
}

/* --- streams --- */

static void
add(struct joins *j, const char *part)
{
	size_t len = strlen(j->condition);

	snprintf(j->condition + len, sizeof j->condition - len, "%s%s",
	    len > 0 ? " && " : "", part);
}

/* A condition, which may say more of the times. */
static void
make_where(struct joins *j)
{
	j->where = below(3) == 0;
	if (j->where)
		add(j, "left.v < right.v");
	if (below(4) != 0)
		return;
	j->until[WEIR_LEFT] = below(2) == 0;
	if (j->until[WEIR_LEFT])
		add(j,
		    below(2) == 0 ? "right.t <= left.u" : "left.u >= right.t");
	j->until[WEIR_RIGHT] = below(3) == 0;
	if (j->until[WEIR_RIGHT])
		add(j, "(true && right.u >= left.t)");
	if (below(2) == 0) {
		add(j, "left.t - 3 <= right.t");
		j->lo = j->lo < -3 ? -3 : j->lo;
	}
	if (j->type == 0 && below(2) == 0 && j->until[WEIR_LEFT]) {
		if (strstr(j->condition, " - 3") != NULL)
			j->lo = -3;
		else if (j->until[WEIR_RIGHT])
			j->lo = -FAR;
		else
			return;
		j->hi = FAR;
	}
}

static void
make(struct joins *j, int most)
{
	int64_t span = 1 + below(60);

	make_streams(j, most, span);
	j->lo = (int64_t)below((unsigned)span) - span / 2;
	j->hi = j->lo + below((unsigned)span);
	snprintf(j->within, sizeof j->within, "%jdns,%jdns", (intmax_t)j->lo,
	    (intmax_t)j->hi);
	j->type = (int)below(6);
	make_where(j);
	j->config = (struct weir_sjoin_config){.keys = "k",
	    .within = j->hi == FAR ? NULL : j->within,
	    .type = types[j->type],
	    .where = *j->condition != '\0' ? j->condition : NULL,
	    .late = "late",
	    .nest = j->type <= 3,
	    .time = {"t", "t"},
	    .time_unit = below(2) == 0 ? WEIR_NS : -1};
	if (strstr(j->condition, " - 3") != NULL || j->n == 0)
		j->config.time_unit = WEIR_NS;
}

static void
test_random(void)
{
	int n = streams(3000), bad = 0, shown = 0;
	struct weir_buf want = {0};
	struct joins j;

	for (int s = 0; s < n; s++) {
		make(&j, 30);
		want.len = 0;
		model(&j, &want);
		for (int run = 0; run < 3; run++)
			if (!run_joins(&j, &want, run)) {
				bad++;
				if (shown++ < 3)
					show_joins(&j);
			}
	}
	ok(bad == 0, "%d pairs of streams, %d runs differ", n, bad);
	weir_buf_fini(&want);
}

static void
test_all_interleavings(void)
{
	struct weir_buf want = {0};
	struct joins j;
	int bad = 0, runs = 0;

	for (int s = 0; s < streams(3000) / 30; s++) {
		make(&j, 5);
		want.len = 0;
		model(&j, &want);
		for (unsigned bits = 0; bits < 1U << j.n; bits++) {
			if (__builtin_popcount(bits) != j.nside[WEIR_RIGHT])
				continue;
			runs++;
			bad += !run_interleaved(&j, &want, bits);
		}
	}
	ok(bad == 0, "%d interleavings, %d differ", runs, bad);
	weir_buf_fini(&want);
}

int
main(void)
{
	test_random();
	test_all_interleavings();
	return done();
}
