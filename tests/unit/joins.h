/*
 * joins.h - joins of two streams under test, fed with random events.
 *
 * What the tests of interval and window joins share: two streams of random
 * events in the order in which they are to be processed, and runs of the
 * operator over them that arrive in some interleaving, may move to another
 * operator at any place, and must give what a model says.
 */
#ifndef WEIR_TESTS_UNIT_JOINS_H
#define WEIR_TESTS_UNIT_JOINS_H

#include "op/sjoin.h"

#include "base/mem.h"
#include "fakeinputs.h"
#include "random.h"
#include "tap.h"

#define SIDE_MAX 40

/* Forms of keys, and which of them are equal; class -1 matches nothing. */
static const struct {
	const char *text;
	int class;
} forms[] = {{"1", 0}, {"1.0", 0}, {"\"a\"", 1}, {"\"\\u0061\"", 1},
    {"null", -1}, {"", -1}};
#define NFORMS (sizeof forms / sizeof *forms)

struct event {
	char json[120];
	int64_t time, watermark; /* the latter: before it */
	int side, form, v, u;	 /* u: until when, if there are such bounds */
	int at;			 /* in the order of processing */
	bool late, matched, waits;
	bool accepted;	      /* in a window that is open */
	int64_t closed, told; /* windows that ended when it came, and by now */
	bool hit[64];	      /* windows that had a match, by number */
};

struct joins {
	struct event event[2][SIDE_MAX];
	int nside[2], n;
	struct event *order[2 * SIDE_MAX];
	int64_t delay[2];
	int64_t lo, hi, size, slide;
	int type; /* as enum weir_join_type */
	bool where, until[2];
	char within[80], condition[120];
	struct weir_sjoin_config config;
};

static inline unsigned
below(unsigned n)
{
	return (unsigned)(rnd() >> 33) % n;
}

static inline int
streams(int n)
{
	const char *text = getenv("WEIR_STREAMS");

	return text != NULL ? atoi(text) : n;
}

static inline bool
tells(const struct joins *j, int side)
{
	return side == WEIR_LEFT ? j->type == 1 || j->type == 3 || j->type == 5
				 : j->type == 2 || j->type == 3;
}

/* --- streams --- */

static inline void
make_event(struct event *e, int side, int i, int64_t time)
{
	struct weir_buf b = {0};

	*e = (struct event){.side = side,
	    .time = time,
	    .form = (int)below(below(4) == 0 ? NFORMS : 3),
	    .v = (int)below(9),
	    .u = (int)(time + below(40)) - 5};
	weir_buf_printf(&b, "{\"i\":\"%c%d\",\"v\":%d,\"t\":%jd,\"u\":%d",
	    side == WEIR_LEFT ? 'l' : 'r', i, e->v, (intmax_t)time, e->u);
	if (*forms[e->form].text != '\0')
		weir_buf_printf(&b, ",\"k\":%s", forms[e->form].text);
	weir_buf_putc(&b, '}');
	snprintf(e->json, sizeof e->json, "%s", weir_buf_cstr(&b));
	weir_buf_fini(&b);
}

/* In the order of watermarks, ties left first; who ended holds nobody back. */
static inline void
order_events(struct joins *j)
{
	int64_t w[2] = {WEIR_TIME_NONE, WEIR_TIME_NONE}, reached;
	int at[2] = {0, 0}, side;
	struct event *e;

	for (j->n = 0; j->n < j->nside[0] + j->nside[1]; j->n++) {
		side = w[1] < w[0];
		if (at[side] == j->nside[side])
			side = !side;
		e = &j->event[side][at[side]++];
		e->watermark = w[side];
		e->late = e->time < w[side];
		e->at = j->n;
		j->order[j->n] = e;
		reached = weir_time_add(e->time, -j->delay[side]);
		if (reached > w[side])
			w[side] = reached;
	}
}

static inline void
make_streams(struct joins *j, int most, int64_t span)
{
	*j = (struct joins){.nside = {(int)below((unsigned)most + 1),
				(int)below((unsigned)most + 1)}};
	for (int side = 0; side < 2; side++) {
		bool sorted = below(3) == 0;
		int64_t t = 1000;

		j->delay[side] =
		    below(2) == 0 ? 0 : (int64_t)below((unsigned)span);
		for (int i = 0; i < j->nside[side]; i++) {
			t = sorted ? t + below(6)
				   : 1000 + i * 2 + (int64_t)below(30);
			make_event(&j->event[side][i], side, i, t);
		}
	}
	order_events(j);
}

/* --- results --- */

static inline void
write_pair(const struct event *l, const struct event *r, struct weir_buf *out)
{
	weir_buf_printf(out, "{\"left\":%s,\"right\":%s}\n",
	    l != NULL ? l->json : "null", r != NULL ? r->json : "null");
}

static inline void
write_one(const struct joins *j, const struct event *e, struct weir_buf *out)
{
	if (j->type > 3)
		weir_buf_printf(out, "%s\n", e->json);
	else
		write_pair(e->side == WEIR_LEFT ? e : NULL,
		    e->side == WEIR_LEFT ? NULL : e, out);
}

/* --- the operator --- */

struct run {
	struct weir_sjoin *sj;
	struct weir_stage *st;
};

static inline void
start(struct run *r, const struct joins *j)
{
	struct weir_error err;

	r->sj = weir_sjoin_new(&j->config, &err);
	if (r->sj == NULL) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	r->st = weir_malloc(sizeof *r->st);
	fake_init(r->st, weir_sjoin_ops(r->sj), r->sj);
	fake_operands(r->st, j->delay[0], j->delay[1]);
	if (weir_sjoin_attach(r->sj, r->st, &err) < 0 ||
	    weir_sjoin_ops(r->sj)->open(r->sj, r->st, &err) < 0) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

static inline void
stop(struct run *r)
{
	fake_fini(r->st);
	free(r->st);
	weir_sjoin_free(r->sj);
}

static inline int
equal(const struct weir_buf *a, const struct weir_buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* Save, and go on in another operator. */
static inline int
move(struct run *r, const struct joins *j)
{
	struct weir_snapshot_writer saved = {0}, again = {0};
	struct weir_error err;
	struct run to;
	int good;

	start(&to, j);
	r->st->ops->save(r->sj, &saved, &err);
	weir_buf_cstr(&saved.lines);
	fake_hand_over(r->st, to.st);
	good = fake_load(to.st, &saved.lines, &err) > 0;
	if (!good)
		printf("# load: %s\n", err.text);
	to.st->ops->save(to.sj, &again, &err);
	good &= equal(&saved.lines, &again.lines);
	weir_buf_fini(&saved.lines);
	weir_buf_fini(&again.lines);
	stop(r);
	*r = to;
	return good;
}

/* Is all as the model says? */
static inline int
judge(struct run *r, const struct joins *j, const struct weir_buf *want)
{
	struct weir_buf late = {0};
	int good;

	for (int i = 0; i < j->n; i++)
		if (j->order[i]->late)
			weir_buf_printf(&late, "%s\n", j->order[i]->json);
	good = equal(&r->st->out, want) && equal(&r->st->late, &late) &&
	    !r->st->disorder && !r->st->stale && !r->st->belated;
	if (!good)
		printf("# %d %d %d, got\n%.*s# want\n%.*s", r->st->disorder,
		    r->st->stale, r->st->belated, (int)r->st->out.len,
		    r->st->out.data, (int)want->len, want->data);
	weir_buf_fini(&late);
	return good;
}

/* A run; the more of them, the more happens in it. */
static inline int
run_joins(const struct joins *j, const struct weir_buf *want, int how)
{
	int at[2] = {0, 0}, side, good = 1;
	struct weir_error err;
	struct run r;

	start(&r, j);
	r.st->cut = how > 0 ? below(5) : 0;
	while (at[0] < j->nside[0] || at[1] < j->nside[1]) {
		side = (int)below(2);
		if (at[side] == j->nside[side])
			side = !side;
		fake_feed(r.st, side, j->event[side][at[side]].json,
		    j->event[side][at[side]].time, 0);
		at[side]++;
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

/* A run in which right's events come where bits says. */
static inline int
run_interleaved(
    const struct joins *j, const struct weir_buf *want, unsigned bits)
{
	int at[2] = {0, 0}, side, good = 1;
	struct weir_error err;
	struct run r;

	start(&r, j);
	for (int i = 0; i < j->n; i++) {
		side = (int)(bits >> i & 1);
		fake_feed(r.st, side, j->event[side][at[side]].json,
		    j->event[side][at[side]].time, 0);
		at[side]++;
		good &= fake_pump(r.st, &err) > 0;
	}
	good &= fake_finish(r.st, &err) > 0 && judge(&r, j, want);
	stop(&r);
	return good;
}

/* What did not work. */
static inline void
show_joins(const struct joins *j)
{
	printf("# %s --type=%d --where='%s' delays %jd %jd\n", j->within,
	    j->type, j->condition, (intmax_t)j->delay[0],
	    (intmax_t)j->delay[1]);
	for (int i = 0; i < j->n; i++)
		printf("# %s t=%jd w=%jd%s\n", j->order[i]->json,
		    (intmax_t)j->order[i]->time,
		    (intmax_t)j->order[i]->watermark,
		    j->order[i]->late ? " late" : "");
}

#endif
