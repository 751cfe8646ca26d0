/*
 * Events of counted windows, in runs: the second pass, what is to be done with
 * each.
 */
#include "op/counted.h"

/* A key, which begins with no event in its window. */
static struct weir_counted_key *
add_key(
    struct weir_counted *p, const struct weir_swindow_item *item, uint64_t hash)
{
	struct weir_str key = item->key.canonical;
	struct weir_counted_key *k;
	int added;

	k = weir_table_put(p->table, key.s, key.len, hash, &added);
	k->in.first = k->in.last = WEIR_TIME_NONE;
	k->in.number = UINT64_MAX;
	weir_swindow_name(&k->window, &item->key, &p->owned);
	return k;
}

/* May the event that was read be added to all that it belongs to? */
static int
check(const struct weir_counted *p, const struct weir_counted_key *k,
    struct weir_error *why)
{
	const struct weir_swindow_group *g = k != NULL ? &k->window : NULL;

	if (weir_swindow_check(&p->w, g, false, why) < 0)
		return -1;
	/* A window that began anew since it was told may hold less. */
	if (g == NULL || p->pane == 0 || k->since % p->pane == 0)
		return 1;
	return weir_aggs_check(&p->w.aggs, k->newest + 1, why);
}

/* The window is complete. */
static int
complete(struct weir_counted *p, struct weir_stage *st,
    struct weir_counted_key *k, const struct weir_swindow_item *item,
    uint64_t hash, struct weir_error *err)
{
	struct weir_str key = item->key.canonical;

	if (weir_counted_tell(p, st, k, WEIR_ON_TIME, err) < 0)
		return -1;
	if (weir_counted_next(p, st, k))
		return 1;
	weir_counted_clear(p, k);
	weir_table_remove(p->table, key.s, key.len, hash);
	return 1;
}

/* Add an event that was read and checked. */
static void
add_event(struct weir_counted *p, struct weir_counted_key *k,
    const struct weir_event *ev)
{
	uint64_t number = p->w.aggs.seq;
	struct weir_counted_pane *pane;

	if (p->pane > 0) {
		pane = weir_counted_room(p, k);
		weir_counted_note(&pane->in, ev->time, number);
		weir_aggs_add(
		    &p->w.aggs, weir_counted_states(pane), ev->time, &p->owned);
	}
	weir_counted_note(&k->in, ev->time, number);
	weir_swindow_apply(&p->w, &k->window, ev, &p->owned);
}

/* What happens with event i. */
static int
apply(struct weir_counted *p, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, const struct weir_swindow_item *item, struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];
	struct weir_str key = item->key.canonical;
	uint64_t hash = weir_swindow_hash(item, p->table);
	struct weir_counted_key *k =
	    weir_table_get(p->table, key.s, key.len, hash);
	size_t owned = p->owned, keys = weir_table_count(p->table);
	struct weir_error why;

	if (check(p, k, &why) < 0)
		return weir_stage_bad(st, b, i, why.text, err);
	if (k == NULL)
		k = add_key(p, item, hash);
	if (k->since < p->gap) {
		weir_stage_metrics(st)->dropped++;
	} else {
		add_event(p, k, ev);
	}
	k->since++;
	if (k->since == p->w.spec.every) {
		if (complete(p, st, k, item, hash, err) < 0)
			return -1;
	} else if (p->w.emit.when == WEIR_EMIT_UPDATE &&
	    weir_counted_pending(p, k)) {
		if (weir_counted_tell(p, st, k, WEIR_EARLY, err) < 0)
			return -1;
	}
	if (p->owned > owned || weir_table_count(p->table) > keys)
		return weir_counted_measure(p, err);
	return 1;
}

static int
read_and_apply(struct weir_counted *p, struct weir_stage *st,
    const struct weir_block *b, uint32_t i,
    const struct weir_swindow_item *item, struct weir_error *err)
{
	struct weir_row row = weir_stage_row(b, i);
	struct weir_error why;
	struct weir_key unused;

	if (b->events[i].watermark > p->closed)
		p->closed = b->events[i].watermark;
	if (item->bad)
		return weir_swindow_read(&p->w, st, b, i, &unused, err) < 0
		    ? -1
		    : 1; /* which said why */
	if (p->w.arena.total > 0)
		weir_arena_reset(&p->w.arena);
	if (weir_aggs_read(&p->w.aggs, &row, &p->w.arena, &why) < 0)
		return weir_stage_bad(st, b, i, why.text, err);
	return apply(p, st, b, i, item, err);
}

int
weir_counted_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_counted *p = self;

	/* An input that was idle may be behind what the others closed. */
	if (weir_stage_metrics(st)->watermark > p->closed)
		p->closed = weir_stage_metrics(st)->watermark;
	while (n > 0) {
		uint32_t run = n < WEIR_RUN ? n : WEIR_RUN;

		weir_swindow_prepare(&p->w, p->table, b, i, run);
		for (uint32_t k = 0; k < run; k++)
			if (read_and_apply(p, st, b, i + k, &p->w.run[k], err) <
			    0)
				return -1;
		i += run;
		n -= run;
	}
	weir_counted_count(p, st);
	return 1;
}
