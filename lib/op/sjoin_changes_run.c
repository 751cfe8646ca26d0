/*
 * Events of joins with tables, in runs: a first pass finds keys and has what is
 * known of them fetched, a second one lets each wait for its turn. Before an
 * event is looked at, what the watermark has passed by then is applied.
 */
#include "op/sjoin_changes.h"

/* --- in the order of time --- */

static void
stop_waiting(struct weir_changes *c, struct weir_change *e)
{
	*(e->prev != NULL ? &e->prev->next : &c->first) = e->next;
	*(e->next != NULL ? &e->next->prev : &c->last) = e->prev;
	if (e->key != NULL)
		e->key->waiting--;
}

/* What comes next: of what is due at once, events go before ends. */
static struct weir_waits *
first_waits(struct weir_changes *c, const struct weir_wait **first)
{
	int side = c->ops->goes_first;
	struct weir_waits *order[] = {&c->turns[side], &c->turns[!side],
	    &c->ends[WEIR_LEFT], &c->ends[WEIR_RIGHT]},
			  *found = NULL;

	*first = NULL;
	for (int i = 0; i < 4; i++) {
		const struct weir_wait *w = weir_waits_first(order[i]);

		if (w == NULL || (*first != NULL && (*first)->due <= w->due))
			continue;
		*first = w;
		found = order[i];
	}
	return found;
}

static int
take_turn(struct weir_changes *c, struct weir_stage *st, struct weir_change *e,
    struct weir_error *err)
{
	struct weir_change_key *key = e->key;
	int side = e->side;
	int rc;

	stop_waiting(c, e);
	rc = c->ops->apply(c, st, e, err);
	if (key == NULL || key->row[side] != e)
		weir_changes_let_go(c, e);
	if (key != NULL)
		weir_changes_tidy(c, key);
	return rc;
}

/* The row of then may be gone, or another one be there, that ends later. */
static int
take_end(struct weir_changes *c, struct weir_stage *st, int side,
    struct weir_wait at, struct weir_error *err)
{
	struct weir_change_key *key = at.who;
	struct weir_change *row = key->row[side];
	int rc = 1;

	key->ends[side] = false;
	if (row != NULL && row->number != at.number)
		weir_changes_set(c, key, side, row);
	else if (row != NULL)
		rc = c->ops->expire(c, st, key, side, at.due, err);
	weir_changes_tidy(c, key);
	return rc;
}

static int
release(struct weir_changes *c, struct weir_stage *st, int64_t w,
    struct weir_error *err)
{
	const struct weir_wait *first;
	struct weir_waits *from;
	struct weir_wait at;
	int rc;

	while (
	    (from = first_waits(c, &first)), from != NULL && first->due <= w) {
		at = *first;
		weir_waits_pop(from);
		if (from == &c->ends[WEIR_LEFT] || from == &c->ends[WEIR_RIGHT])
			rc = take_end(
			    c, st, from == &c->ends[WEIR_RIGHT], at, err);
		else
			rc = take_turn(c, st, at.who, err);
		if (rc < 0)
			return -1;
	}
	if (w > c->closed)
		c->closed = w;
	return 1;
}

void
weir_changes_set_due(struct weir_changes *c, struct weir_stage *st)
{
	const struct weir_wait *first;
	int64_t due;

	first_waits(c, &first);
	due = first != NULL ? first->due : WEIR_TIME_MAX;
	if (due == c->due)
		return;
	c->due = due;
	weir_stage_set_due(st, due);
}

static void
count(struct weir_changes *c, struct weir_stage *st)
{
	struct weir_metrics *m = weir_stage_metrics(st);

	m->state_bytes = weir_changes_bytes(c);
	m->state_keys = weir_table_count(c->table);
}

int
weir_changes_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_changes *c = self;

	if (release(c, st, w, err) < 0)
		return -1;
	weir_changes_set_due(c, st);
	count(c, st);
	return 1;
}

/* --- events --- */

static void
prepare(struct weir_changes *c, int side, const struct weir_block *b,
    uint32_t i, uint32_t n)
{
	struct weir_change_item *item = c->run;

	weir_arena_reset(&c->sj.keys_arena);
	for (uint32_t j = 0; j < n; j++, item++) {
		struct weir_row row = weir_stage_row(b, i + j);

		/* Why it is bad is said in its turn. */
		item->keyed =
		    weir_sjoin_key(&c->sj, side, &row, &item->key, NULL);
		if (item->keyed <= 0)
			continue;
		item->hash = weir_table_hash(
		    c->table, item->key.canonical.s, item->key.canonical.len);
		item->generation = weir_table_generation(c->table);
		weir_table_prefetch(c->table, item->hash);
	}
}

/* Does the event delete its key's row? 1, 0, or -1: why. */
static int
deletes(struct weir_changes *c, int side, const struct weir_block *b,
    uint32_t i, struct weir_error *why)
{
	struct weir_row row = weir_stage_row(b, i);

	if (b->events[i].flags & WEIR_RETRACT)
		return c->ops->rows[side]
		    ? 1
		    : weir_fail(why, WEIR_INPUT,
			  "a retraction, which --table does not take back");
	if (c->delete_if == NULL || !c->ops->rows[side])
		return 0;
	if (c->sj.arena.total > 0)
		weir_arena_reset(&c->sj.arena);
	return weir_expr_test(c->delete_if, &row, &c->sj.arena, why);
}

static int
arrive(struct weir_changes *c, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, const struct weir_change_item *item,
    struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];
	int side = (int)weir_stage_operand(st), gone;
	struct weir_row row = weir_stage_row(b, i);
	struct weir_change *e;
	struct weir_error why;
	struct weir_key key;

	if (ev->time < c->closed)
		return weir_sjoin_late(&c->sj, st, b, i, err);
	if (item->keyed < 0) {
		weir_sjoin_key(&c->sj, side, &row, &key, &why);
		return weir_stage_bad(st, b, i, why.text, err);
	}
	gone = deletes(c, side, b, i, &why);
	if (gone < 0)
		return weir_stage_bad(st, b, i, why.text, err);
	if (item->keyed == 0 && c->ops->rows[side]) {
		weir_stage_metrics(st)->dropped++;
		return 1;
	}
	e = weir_changes_copy(c, (struct weir_str){row.text, row.len});
	e->number = c->arrived++;
	e->time = ev->time;
	e->side = (uint8_t)side;
	e->deletes = gone;
	e->key = item->keyed > 0 ? weir_changes_key(c, item) : NULL;
	weir_changes_wait(c, e);
	return weir_changes_measure(c, err);
}

int
weir_changes_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_changes *c = self;
	/* An input that was idle may be behind what the others closed. */
	int64_t w = weir_stage_metrics(st)->watermark;

	while (n > 0) {
		uint32_t run = n < WEIR_RUN ? n : WEIR_RUN;

		prepare(c, (int)weir_stage_operand(st), b, i, run);
		for (uint32_t j = 0; j < run; j++, i++) {
			if (b->events[i].watermark > w)
				w = b->events[i].watermark;
			if ((w > c->closed && release(c, st, w, err) < 0) ||
			    arrive(c, st, b, i, &c->run[j], err) < 0)
				return -1;
		}
		n -= run;
	}
	weir_changes_set_due(c, st);
	count(c, st);
	return 1;
}
