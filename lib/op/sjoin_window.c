/*
 * The window join: both events are in the same window, tumbling or hopping.
 *
 * The windows of an event are known by their ends, from first to last. Two events
 * share those from the later one's first to the earlier one's last: an end piece
 * of either. So which windows of an event had a match is two times: all up to
 * what[0], and all from what[1] on. Of a pair nothing is told but in windows that
 * are open; an unmatched event is told in each window, when it closes.
 */
#include "op/sjoin_keep.h"

#include <string.h>

struct windowed {
	struct weir_keep k;
	struct weir_window_spec spec;
	int64_t longest; /* no window is longer */
};

/* An event's windows, by their ends. */
struct place {
	struct weir_span pane;
	struct weir_window_ends ends;
	int64_t first, last;
};

/* --- windows --- */

/* No event is later than this, so nobody misses what would end behind it. */
static int64_t
clamp(int64_t end)
{
	return end < WEIR_TIME_MAX ? end : WEIR_TIME_MAX - 1;
}

/* 0 if no window takes it. */
static int
find_place(const struct windowed *p, int64_t time, struct place *at)
{
	at->pane = weir_window_pane(&p->spec, time);
	if (!weir_window_ends(&p->spec, at->pane, &at->ends))
		return 0;
	at->first = clamp(at->ends.first);
	at->last = clamp(at->ends.last);
	return 1;
}

/* The first of its windows that ends after t; 0 if none does. */
static int
next_end(const struct place *at, int64_t t, int64_t *end)
{
	if (t >= at->last || !weir_window_next(&at->ends, t, end))
		return 0;
	*end = clamp(*end);
	return 1;
}

/* Had the window that ends there a match? */
static bool
had_match(const struct weir_kept *e, int64_t end)
{
	return end <= e->what[0] || end >= e->what[1];
}

/* Had all of its windows that are still open? */
static bool
had_all(const struct weir_kept *e, const struct place *at)
{
	return e->what[0] >= at->last || e->what[1] <= at->first;
}

/* --- matching --- */

/* An event that comes, between finding its matches. */
struct guest {
	const struct weir_arrival *a;
	struct place at;
	struct weir_kept *e; /* what is known of it, if it is not kept */
};

/*
 * Tell of a match in one window after the other, up to the last that both share:
 * the pair, or for a semi join the left event, where it had none.
 */
static int
tell_windows(struct windowed *p, struct weir_stage *st, const struct guest *g,
    const struct weir_kept *other, int64_t from, int64_t to,
    struct weir_error *err)
{
	const struct weir_kept *left = g->a->side == WEIR_LEFT ? g->e : other;
	struct weir_keep_one one = g->a->side == WEIR_LEFT
	    ? weir_keep_came(&p->k, g->a)
	    : weir_keep_waited(other, p->k.closed + 1);
	int64_t end = from > p->k.closed ? from - 1 : p->k.closed;
	int rc = 1;

	if (p->k.sj.type == WEIR_ANTI)
		return 1;
	while (rc > 0 && next_end(&g->at, end, &end) && end <= to)
		if (weir_keep_pairs(&p->k))
			rc = weir_keep_tell_pair(&p->k, st, g->a, other, err);
		else if (!had_match(left, end))
			rc = weir_keep_tell_one(&p->k, st, &one, err);
	return rc;
}

static int
match(struct windowed *p, struct weir_stage *st, const struct guest *g,
    struct weir_kept *other, struct weir_error *err)
{
	bool ahead = other->time <= g->a->time; /* the other one is earlier */
	struct weir_kept *early = ahead ? other : g->e,
			 *late = ahead ? g->e : other;
	struct place its;
	int64_t from, to;

	its = g->at;
	if (p->spec.kind != WEIR_TUMBLING)
		find_place(p, other->time, &its);
	from = ahead ? g->at.first : its.first;
	to = ahead ? its.last : g->at.last;
	if (tell_windows(p, st, g, other, from, to, err) < 0)
		return -1;
	if (from < early->what[1])
		early->what[1] = from;
	if (to > late->what[0])
		late->what[0] = to;
	if (!weir_keep_pairs(&p->k) && g->a->side == WEIR_RIGHT &&
	    had_all(other, &its))
		weir_kept_hide(other);
	return 1;
}

static int
meet(struct windowed *p, struct weir_stage *st, const struct guest *g,
    struct weir_error *err)
{
	struct weir_kept_key *key = weir_keep_find(&p->k, g->a->item);
	bool once = !weir_keep_pairs(&p->k) && g->a->side == WEIR_LEFT;
	struct weir_kept_list *l;
	struct weir_kept *e;
	int64_t open = 0;
	int rc;

	if (key == NULL)
		return 1;
	next_end(&g->at, p->k.closed, &open);
	l = &key->side[!g->a->side];
	for (uint32_t i = weir_kept_from(
		 l, weir_window_span(&p->spec, g->at.pane, open).start);
	     i < l->n; i++) {
		e = weir_kept_at(l, i);
		if (e->time >= g->at.last || (once && had_all(g->e, &g->at)))
			break;
		rc = e->gone ? 0 : weir_keep_holds(&p->k, st, g->a, e, err);
		if (rc < 0 || (rc > 0 && match(p, st, g, e, err) < 0))
			return -1;
	}
	if (l->ngone > 0)
		weir_keep_sweep(&p->k, key, !g->a->side);
	return 1;
}

/* --- events --- */

/* It waits for its next window to close, or only for the last one. */
static void
wait_on(struct windowed *p, struct weir_kept *e, const struct place *at,
    int64_t after)
{
	int64_t end = at->last;

	if (weir_keep_tells(&p->k, e->side))
		next_end(at, after, &end);
	weir_keep_wait(&p->k, e, end);
}

static int
keep(struct windowed *p, const struct guest *g, struct weir_error *err)
{
	struct weir_kept *e = weir_keep_add(&p->k, g->a, p->k.arrived++);

	e->last = g->at.last - 1;
	memcpy(e->what, g->e->what, sizeof e->what);
	wait_on(p, e, &g->at, p->k.closed);
	return weir_keep_measure(&p->k, err);
}

/* An event without a key, in each of its windows. */
static int
tell_unmatched(struct windowed *p, struct weir_stage *st, const struct guest *g,
    struct weir_error *err)
{
	struct weir_keep_one one = weir_keep_came(&p->k, g->a);
	int64_t end = p->k.closed;

	if (!weir_keep_tells(&p->k, g->a->side))
		return 1;
	while (next_end(&g->at, end, &end))
		if (weir_keep_tell_one(&p->k, st, &one, err) < 0)
			return -1;
	return 1;
}

static int
arrive(struct weir_keep *k, struct weir_stage *st, const struct weir_arrival *a,
    struct weir_error *err)
{
	struct windowed *p = (struct windowed *)k;
	struct weir_kept e = {.what = {WEIR_TIME_NONE, WEIR_TIME_MAX}};
	struct guest g = {.a = a, .e = &e};
	struct weir_metrics *m = weir_stage_metrics(st);

	if (!find_place(p, a->time, &g.at)) {
		m->dropped++;
		return 1;
	}
	if (g.at.last <= k->closed)
		return weir_sjoin_late(&k->sj, st, a->b, a->i, err);
	if (a->item->keyed < 0)
		return weir_keep_refuse(k, st, a, err);
	m->late_windows += weir_window_ended(&g.at.ends, k->closed);
	if (a->item->keyed == 0)
		return tell_unmatched(p, st, &g, err);
	if (meet(p, st, &g, err) < 0)
		return -1;
	if (!weir_keep_pairs(k) && a->side == WEIR_LEFT && had_all(&e, &g.at))
		return 1;
	return keep(p, &g, err);
}

/* A window closes, or the last one. */
static int
depart(struct weir_keep *k, struct weir_stage *st, struct weir_kept *e,
    int64_t due, struct weir_error *err)
{
	struct windowed *p = (struct windowed *)k;
	struct weir_keep_one one = weir_keep_waited(e, due);
	struct place at;

	if (weir_keep_tells(k, e->side) && !had_match(e, due) &&
	    weir_keep_tell_one(k, st, &one, err) < 0)
		return -1;
	if (due > e->last) {
		weir_keep_drop(k, e);
	} else {
		find_place(p, e->time, &at);
		wait_on(p, e, &at, due);
	}
	return 1;
}

static int
restore(struct weir_keep *k, const struct weir_arrival *a, struct weir_kept *e,
    int64_t *due, struct weir_error *err)
{
	struct windowed *p = (struct windowed *)k;
	struct place at;

	if (!find_place(p, a->time, &at) || at.last <= k->closed)
		return weir_sjoin_bad_line("an event that is over", err);
	e->last = at.last - 1;
	*due = at.last;
	if (weir_keep_tells(k, a->side))
		next_end(&at, k->closed, due);
	return 1;
}

static const struct weir_keep_ops keep_ops = {
    .arrive = arrive, .depart = depart, .restore = restore, .saves = true};

/* --- the kind --- */

static int
open_stage(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct windowed *p = self;

	if (weir_keep_open(&p->k, st, err) < 0)
		return -1;
	/* Even a pair may be as old as a window that is open. */
	weir_stage_set_hold(st, p->longest);
	return 1;
}

/* The longest that a window of it can be. */
static int64_t
longest(const struct weir_window_spec *spec)
{
	static const int64_t days[] = {[WEIR_DAYS] = 1,
	    [WEIR_WEEKS] = 7,
	    [WEIR_MONTHS] = 31,
	    [WEIR_YEARS] = 366};
	int64_t ns;

	if (spec->calendar.zone == NULL)
		return spec->size_ns;
	if (__builtin_mul_overflow(spec->periods.n,
		days[spec->periods.unit] * INT64_C(86400000000000), &ns))
		return WEIR_TIME_MAX;
	return ns;
}

static int
check(const struct weir_window_spec *spec, const char *text,
    struct weir_error *err)
{
	static const char *const why[] = {
	    [WEIR_CUMULATE] = "windows that grow hold the same events again: "
			      "join in windows of the whole size",
	    [WEIR_GLOBAL] = "nothing could ever be let go: say how far apart "
			    "two events may be, as in --within=1h",
	    [WEIR_SESSION] =
		"sessions of two streams are not the same: say how "
		"far apart two events may be, as in --within=1h",
	    [WEIR_COUNTED] =
		"the events of two streams do not count alike: say "
		"how far apart they may be, as in --within=1h"};

	if (spec->kind == WEIR_TUMBLING || spec->kind == WEIR_HOPPING)
		return 1;
	return weir_fail(
	    err, WEIR_USAGE, "--window=%s: %s", text, why[spec->kind]);
}

static int
parse(struct weir_sjoin *sj, struct weir_error *err)
{
	struct windowed *p = (struct windowed *)sj;
	struct weir_error why;

	weir_keep_init(&p->k, &keep_ops);
	if (weir_window_parse(&p->spec, sj->config.window, NULL, NULL, &why) <
	    0)
		/* which speaks of -w */
		return weir_fail(err, WEIR_USAGE, "--window%s", why.text + 2);
	p->longest = longest(&p->spec);
	return check(&p->spec, sj->config.window, err);
}

static void
fini(struct weir_sjoin *sj)
{
	weir_keep_fini((struct weir_keep *)sj);
	weir_window_fini(&((struct windowed *)sj)->spec);
}

static void
print(struct weir_buf *out, const struct weir_sjoin *sj)
{
	weir_window_print(out, &((const struct windowed *)sj)->spec);
}

static const struct weir_stage_ops ops = {.open = open_stage,
    .events = weir_keep_events,
    .advance = weir_keep_advance,
    .save = weir_keep_save,
    .load = weir_keep_load};

const struct weir_sjoin_kind weir_sjoin_window_kind = {
    .size = sizeof(struct windowed),
    .ops = &ops,
    .parse = parse,
    .fini = fini,
    .print = print};
