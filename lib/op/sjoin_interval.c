/*
 * The interval join: right.time - left.time is between two bounds.
 *
 * A pair is told when its second event comes. An event waits until the watermark
 * says that the last time at which a match can come is over.
 */
#include "op/sjoin_keep.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

struct interval {
	struct weir_keep k;
	int64_t lo, hi; /* of right.time - left.time */
};

/* --- bounds --- */

/* The times of the other side that match t: from first to last. */
static void
reach(const struct interval *p, int side, int64_t t, int64_t *first,
    int64_t *last)
{
	int64_t from = side == WEIR_LEFT ? p->lo : -p->hi,
		to = side == WEIR_LEFT ? p->hi : -p->lo;

	*first = weir_time_add(t, from);
	*last = weir_time_add(t, to);
	if (*last == WEIR_TIME_MAX)
		*last = WEIR_TIME_MAX - 1; /* no event is later */
}

static int
read_bound(const char *s, size_t len, int64_t *ns, struct weir_error *err)
{
	struct weir_error why;

	if (weir_duration_read(s, len, ns, &why) < 0)
		return weir_fail(err, WEIR_USAGE, "--within: %s", why.text);
	return 1;
}

static int
parse_within(struct interval *p, const char *text, struct weir_error *err)
{
	const char *comma = strchr(text, ',');
	char shown[60];

	if (comma == NULL) {
		if (read_bound(text, strlen(text), &p->hi, err) < 0)
			return -1;
		p->lo = -p->hi;
		if (p->hi < 0)
			return weir_fail(err, WEIR_USAGE,
			    "--within=%s: the right event is at most so far "
			    "from the left one; for one that comes before it "
			    "say --within=%s,0s",
			    weir_show_into(
				shown, sizeof shown, text, strlen(text)),
			    shown);
		return 1;
	}
	if (read_bound(text, (size_t)(comma - text), &p->lo, err) < 0 ||
	    read_bound(comma + 1, strlen(comma + 1), &p->hi, err) < 0)
		return -1;
	if (p->lo > p->hi)
		return weir_fail(err, WEIR_USAGE,
		    "--within=%s: the first bound is the lower one",
		    weir_show_into(shown, sizeof shown, text, strlen(text)));
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
		rc = e->gone ? 0 : weir_keep_holds(&p->k, st, a, e, err);
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
	int64_t first, last;
	int matched = 0;

	if (a->time < k->closed)
		return weir_sjoin_late(&k->sj, st, a->b, a->i, err);
	if (a->item->keyed < 0)
		return weir_keep_refuse(k, st, a, err);
	reach(p, a->side, a->time, &first, &last);
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
	int64_t first;

	reach((struct interval *)k, a->side, a->time, &first, &e->last);
	if (e->last < k->closed)
		return weir_keep_bad_line("an event that is over", err);
	*due = e->last + 1;
	return 1;
}

static const struct weir_keep_ops keep_ops = {
    .arrive = arrive, .depart = depart, .restore = restore};

/* --- the kind --- */

static int
open_stage(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct interval *p = self;
	int64_t hold = 0;

	if (weir_keep_open(&p->k, st, err) < 0)
		return -1;
	if (weir_keep_tells(&p->k, WEIR_LEFT) || p->k.sj.type == WEIR_SEMI)
		hold = p->hi > 0 ? p->hi : 0;
	if (weir_keep_tells(&p->k, WEIR_RIGHT) && -p->lo > hold)
		hold = -p->lo;
	weir_stage_set_hold(st, hold);
	/* What nobody is told of may go a little later. */
	if (p->k.sj.type == WEIR_INNER || p->k.sj.type == WEIR_SEMI)
		p->k.slack = (p->hi - p->lo) / 16;
	return 1;
}

static int
parse(struct weir_sjoin *sj, struct weir_error *err)
{
	struct interval *p = (struct interval *)sj;

	weir_keep_init(&p->k, &keep_ops);
	return parse_within(p, sj->config.within, err);
}

static void
fini(struct weir_sjoin *sj)
{
	weir_keep_fini((struct weir_keep *)sj);
}

static void
print(struct weir_buf *out, const struct weir_sjoin *sj)
{
	const struct interval *p = (const struct interval *)sj;
	char text[WEIR_TIME_TEXT];

	weir_buf_puts(out, "--within=");
	weir_buf_add(out, text, weir_duration_print(text, p->lo));
	weir_buf_putc(out, ',');
	weir_buf_add(out, text, weir_duration_print(text, p->hi));
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
