/*
 * The interval join: right.time - left.time is between two bounds.
 *
 * A pair is told when its second event comes. An event waits until the watermark
 * says that the last time at which a match can come is over.
 */
#include "op/sjoin_bound.h"
#include "op/sjoin_keep.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

struct interval {
	struct weir_keep k;
	struct weir_bounds bounds;
	int64_t within[2]; /* as --within says */
	int64_t lo, hi;	   /* of right.time - left.time, from both */
};

/* --- bounds --- */

static int64_t
shift(int64_t t, int64_t by)
{
	if (by == WEIR_TIME_MAX || by == -WEIR_TIME_MAX)
		return by == WEIR_TIME_MAX ? by : WEIR_TIME_NONE;
	return weir_time_add(t, by);
}

/*
 * The times of the other side that an event matches: from first to last. 1, or
 * -1 with the reason.
 */
static int
reach(struct interval *p, const struct weir_arrival *a, int64_t *first,
    int64_t *last, struct weir_error *why)
{
	bool left = a->side == WEIR_LEFT;

	*first = shift(a->time, left ? p->lo : -p->hi);
	*last = shift(a->time, left ? p->hi : -p->lo);
	if (*last == WEIR_TIME_MAX)
		*last = WEIR_TIME_MAX - 1; /* no event is later */
	if (p->bounds.n[a->side] == 0)
		return 1;
	return weir_bounds_until(
	    &p->bounds, a->side, a->text, a->time, last, why);
}

static int
read_bound(const char *s, size_t len, int64_t *ns, struct weir_error *err)
{
	struct weir_error why;

	if (weir_duration_read(s, len, ns, &why) < 0)
		return weir_fail(err, WEIR_USAGE, "--within: %s", why.text);
	if (*ns <= -WEIR_TIME_MAX || *ns == WEIR_TIME_MAX)
		return weir_fail(err, WEIR_USAGE, "--within: too long");
	return 1;
}

static int
parse_within(struct interval *p, const char *text, struct weir_error *err)
{
	const char *comma = strchr(text, ',');
	size_t len = strlen(text);
	char shown[60];

	weir_show_into(shown, sizeof shown, text, len);
	if (comma == NULL) {
		if (read_bound(text, len, &p->hi, err) < 0)
			return -1;
		p->lo = -p->hi;
		if (p->hi < 0)
			return weir_fail(err, WEIR_USAGE,
			    "--within=%s: the right event is at most so far "
			    "from the left one; if it comes before it, say "
			    "--within=%s,0s",
			    shown, shown);
		return 1;
	}
	if (read_bound(text, (size_t)(comma - text), &p->lo, err) < 0 ||
	    read_bound(
		comma + 1, len - 1 - (size_t)(comma - text), &p->hi, err) < 0)
		return -1;
	if (p->lo > p->hi)
		return weir_fail(err, WEIR_USAGE,
		    "--within=%s: the first bound is the lower one", shown);
	return 1;
}

/* --- matching --- */

/* They match; what that means is the type's business. */
static int
match(struct interval *p, struct weir_stage *st, const struct weir_arrival *a,
    struct weir_kept *e, struct weir_error *err)
{
	struct weir_keep_one left;

	e->matched = true;
	if (weir_keep_pairs(&p->k))
		return weir_keep_tell_pair(&p->k, st, a, e, err);
	left = a->side == WEIR_LEFT ? weir_keep_came(&p->k, a)
				    : weir_keep_waited(e, p->k.closed + 1);
	if (a->side == WEIR_RIGHT)
		weir_kept_hide(e);
	return p->k.sj.type == WEIR_SEMI
	    ? weir_keep_tell_one(&p->k, st, &left, err)
	    : 1;
}

/* Match the event with those that wait: 1 if there was one, 0, or -1. */
static int
meet(struct interval *p, struct weir_stage *st, const struct weir_arrival *a,
    int64_t first, int64_t last, struct weir_error *err)
{
	struct weir_kept_key *key = weir_keep_find(&p->k, a->item);
	struct weir_kept_list *l;
	struct weir_kept *e;
	int rc, found = 0;

	if (key == NULL)
		return 0;
	l = &key->side[!a->side];
	for (uint32_t i = weir_kept_from(l, first); i < l->n; i++) {
		e = weir_kept_at(l, i);
		if (e->time > last)
			break;
		rc = e->gone || a->time > e->last
		    ? 0
		    : weir_keep_holds(&p->k, st, a, e, err);
		if (rc < 0 || (rc > 0 && match(p, st, a, e, err) < 0))
			return -1;
		found |= rc;
		if (found && a->side == WEIR_LEFT && !weir_keep_pairs(&p->k))
			break;
	}
	if (l->ngone > 0)
		weir_keep_sweep(&p->k, key, !a->side);
	return found;
}

/* --- events --- */

static int
keep(struct interval *p, const struct weir_arrival *a, int64_t last,
    bool matched, struct weir_error *err)
{
	struct weir_kept *e = weir_keep_add(&p->k, a, p->k.arrived++);

	e->last = last;
	e->matched = matched;
	weir_keep_wait(&p->k, e, last + 1);
	return weir_keep_measure(&p->k, err);
}

static int
arrive(struct weir_keep *k, struct weir_stage *st, const struct weir_arrival *a,
    struct weir_error *err)
{
	struct interval *p = (struct interval *)k;
	struct weir_keep_one one;
	struct weir_error why;
	int64_t first, last;
	int matched = 0;

	if (a->time < k->closed)
		return weir_sjoin_late(&k->sj, st, a->b, a->i, err);
	if (a->item->keyed < 0)
		return weir_keep_refuse(k, st, a, err);
	if (reach(p, a, &first, &last, &why) < 0)
		return weir_stage_bad(st, a->b, a->i, why.text, err);
	if (a->item->keyed > 0) {
		matched = meet(p, st, a, first, last, err);
		if (matched < 0)
			return -1;
		if (matched && a->side == WEIR_LEFT && !weir_keep_pairs(k))
			return 1;
		if (last >= k->closed)
			return keep(p, a, last, matched, err);
	}
	if (matched || !weir_keep_tells(k, a->side))
		return 1;
	one = weir_keep_came(k, a);
	return weir_keep_tell_one(k, st, &one, err);
}

/* No match can come any more. */
static int
depart(struct weir_keep *k, struct weir_stage *st, struct weir_kept *e,
    int64_t due, struct weir_error *err)
{
	struct weir_keep_one one = weir_keep_waited(e, due);
	int rc = 1;

	if (!e->matched && weir_keep_tells(k, e->side))
		rc = weir_keep_tell_one(k, st, &one, err);
	weir_keep_drop(k, e);
	return rc;
}

static int
restore(struct weir_keep *k, const struct weir_arrival *a, struct weir_kept *e,
    int64_t *due, struct weir_error *err)
{
	struct weir_error why;
	int64_t first;

	if (reach((struct interval *)k, a, &first, &e->last, &why) < 0)
		return weir_sjoin_bad_line(why.text, err);
	if (e->last < k->closed)
		return weir_sjoin_bad_line("an event that is over", err);
	*due = e->last + 1;
	return 1;
}

static const struct weir_keep_ops keep_ops = {
    .arrive = arrive, .depart = depart, .restore = restore};

/* --- the kind --- */

/* Does it tell events of that side when others have come already? */
static bool
lags(const struct interval *p, int side)
{
	return weir_keep_tells(&p->k, side) ||
	    (p->k.sj.type == WEIR_SEMI && side == WEIR_LEFT);
}

/* Together is faster, at the price of a sixteenth of the memory or less. */
static int64_t
slack(const struct interval *p)
{
	if (p->lo == -WEIR_TIME_MAX || p->hi == WEIR_TIME_MAX || p->hi < p->lo)
		return 0;
	return (int64_t)(((uint64_t)p->hi - (uint64_t)p->lo) / 16);
}

static int
open_stage(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct interval *p = self;
	int64_t hold = 0;

	if (weir_keep_open(&p->k, st, err) < 0)
		return -1;
	if (lags(p, WEIR_LEFT) && p->hi > 0)
		hold = p->hi;
	if (lags(p, WEIR_RIGHT) && -p->lo > hold)
		hold = -p->lo;
	weir_stage_set_hold(st, hold);
	/* What nobody is told of may go a little later. */
	if (p->k.sj.type == WEIR_INNER || p->k.sj.type == WEIR_SEMI)
		p->k.slack = slack(p);
	return 1;
}

/* Is it known how long each side's events are to be kept? */
static int
check(const struct interval *p, struct weir_error *err)
{
	static const char *const sides[] = {"left", "right"};
	const struct weir_sjoin_config *c = &p->k.sj.config;

	for (int side = WEIR_LEFT; side <= WEIR_RIGHT; side++) {
		bool fixed = side == WEIR_LEFT ? p->hi < WEIR_TIME_MAX
					       : p->lo > -WEIR_TIME_MAX;

		if (!fixed && p->bounds.n[side] == 0)
			return weir_fail(err, WEIR_USAGE,
			    "how long are %s events to be kept? Say --within, "
			    "or bound the %s time in --where: '%s.%s <= ...', "
			    "of %s alone",
			    sides[side], sides[!side], sides[!side],
			    c->time[!side] != NULL ? c->time[!side] : "time",
			    sides[side]);
		if (!fixed && lags(p, side))
			return weir_fail(err, WEIR_USAGE,
			    "--type=%s tells of %s events when no match can "
			    "come any more, which --where alone may put off "
			    "without limit: say --within, too",
			    c->type, sides[side]);
	}
	return 1;
}

static int
parse(struct weir_sjoin *sj, struct weir_error *err)
{
	struct interval *p = (struct interval *)sj;

	weir_keep_init(&p->k, &keep_ops);
	p->lo = -WEIR_TIME_MAX;
	p->hi = WEIR_TIME_MAX;
	if ((sj->config.within != NULL &&
		parse_within(p, sj->config.within, err) < 0) ||
	    weir_bounds_init(&p->bounds, &sj->config, err) < 0)
		return -1;
	p->within[0] = p->lo;
	p->within[1] = p->hi;
	if (p->bounds.lo > p->lo)
		p->lo = p->bounds.lo;
	if (p->bounds.hi < p->hi)
		p->hi = p->bounds.hi;
	return check(p, err);
}

static void
fini(struct weir_sjoin *sj)
{
	weir_bounds_fini(&((struct interval *)sj)->bounds);
	weir_keep_fini((struct weir_keep *)sj);
}

static void
print(struct weir_buf *out, const struct weir_sjoin *sj)
{
	const struct interval *p = (const struct interval *)sj;
	char text[WEIR_TIME_TEXT];

	if (sj->config.within == NULL)
		return;
	weir_buf_puts(out, "--within=");
	weir_buf_add(out, text, weir_duration_print(text, p->within[0]));
	weir_buf_putc(out, ',');
	weir_buf_add(out, text, weir_duration_print(text, p->within[1]));
}

static const struct weir_stage_ops ops = {.open = open_stage,
    .events = weir_keep_events,
    .advance = weir_keep_advance,
    .save = weir_keep_save,
    .load = weir_keep_load};

const struct weir_sjoin_kind weir_sjoin_interval_kind = {
    .size = sizeof(struct interval),
    .ops = &ops,
    .parse = parse,
    .fini = fini,
    .print = print};
