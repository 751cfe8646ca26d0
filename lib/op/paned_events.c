/*
 * Events of windows told once, in runs: a first pass finds pane, key and hash
 * of each, and has the memory that they are about to touch fetched; a second
 * one does, in order, what is to be done with each.
 */
#include "op/paned.h"

/* --- first pass --- */

/* The pane of an event, and the last time at which it may still come. */
struct place {
	struct weir_span span;
	int64_t last;
	struct weir_pane *pane; /* NULL: not open */
	bool nowhere;		/* in no window at all */
};

static void
find_place(const struct weir_paned *p, int64_t time, struct place *at)
{
	struct weir_window_ends ends;

	at->span = weir_window_pane(&p->w.spec, time);
	at->pane = weir_panes_find(&p->panes, at->span.end);
	at->nowhere = false;
	if (at->pane != NULL) {
		at->last = at->pane->ends.last;
	} else {
		at->nowhere = !weir_window_ends(&p->w.spec, at->span, &ends);
		at->last = ends.last;
	}
}

static void
prepare_key(struct weir_paned *p, const struct weir_block *b, uint32_t i,
    struct weir_paned_item *item)
{
	struct weir_row row = weir_stage_row(b, i);
	const struct weir_table *table;

	item->bad = (b->events[i].flags & WEIR_RETRACT) ||
	    weir_keyset_read(
		&p->w.keys, &row, &p->w.keys_arena, &item->key, NULL) < 0;
	if (item->bad || item->pane == NULL || item->pane->groups.table == NULL)
		return;
	table = item->pane->groups.table;
	item->hash = weir_table_hash(
	    table, item->key.canonical.s, item->key.canonical.len);
	item->generation = weir_table_generation(table);
	item->hashed = true;
	weir_table_prefetch(table, item->hash);
}

static void
prepare(
    struct weir_paned *p, const struct weir_block *b, uint32_t i, uint32_t n)
{
	struct weir_paned_item *item = p->run;
	const struct weir_event *ev = b->events + i;
	struct place at = {{0, 0}, 0, NULL, false};

	if (p->last != NULL)
		at = (struct place){
		    p->last->span, p->last->ends.last, p->last, false};
	weir_arena_reset(&p->w.keys_arena);
	for (uint32_t k = 0; k < n; k++, item++, ev++) {
		if (ev->time < at.span.start || ev->time >= at.span.end)
			find_place(p, ev->time, &at);
		item->span = at.span;
		item->pane = at.pane;
		item->nowhere = at.nowhere;
		item->late = !at.nowhere &&
		    (at.last <= ev->watermark || at.last <= p->closed);
		item->hashed = false;
		if (!item->late && !item->nowhere)
			prepare_key(p, b, i + k, item);
	}
}

/* --- second pass --- */

/* Say again, aloud, why the first pass found the event bad. */
static int
refuse_key(struct weir_paned *p, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err)
{
	struct weir_row row = weir_stage_row(b, i);
	struct weir_error why;
	struct weir_key key;

	if (b->events[i].flags & WEIR_RETRACT)
		weir_fail(&why, WEIR_INPUT,
		    "a retraction: this version takes no event back");
	else
		weir_keyset_read(&p->w.keys, &row, &p->w.arena, &key, &why);
	return weir_stage_bad(st, b, i, why.text, err);
}

/*
 * Add an event whose values were read to its group: 1, 0 with *why if the
 * group's states cannot take it (nothing is left of it then), -1 with *err.
 */
static int
add_event(struct weir_paned *p, struct weir_stage *st,
    const struct weir_paned_item *item, int64_t time, struct weir_error *why,
    struct weir_error *err)
{
	struct weir_pane *pane = item->pane;
	struct weir_groups *g;
	size_t owned;
	void *value, *states;
	int added, hashed;

	if (pane == NULL)
		pane = weir_paned_pane(p, st, item->span);
	g = &pane->groups;
	hashed =
	    item->hashed && item->generation == weir_table_generation(g->table);
	value = weir_groups_put(g, &item->key, p->head + p->w.aggs.size,
	    hashed ? &item->hash : NULL, &added);
	states = weir_paned_states(p, value);
	if (weir_aggs_check(&p->w.aggs, states, why) < 0) {
		if (added)
			weir_groups_undo(g, &item->key);
		if (weir_groups_count(g) == 0)
			weir_paned_close(p, st, pane);
		return 0;
	}
	owned = g->owned;
	weir_aggs_add(&p->w.aggs, states, time, &g->owned);
	if (pane->ends.first <= p->closed)
		weir_stage_metrics(st)->late_windows +=
		    weir_window_ended(&pane->ends, p->closed);
	if (!added && g->owned == owned)
		return 1;
	if (added) {
		weir_groups_keep(g, &item->key);
		p->ngroups++;
		if (p->head > 0)
			*(uint64_t *)value = p->seq++;
	}
	return weir_paned_measure(p, pane, err);
}

/* What happens with event i. */
static int
apply(struct weir_paned *p, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, const struct weir_paned_item *item, struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];
	struct weir_row row = weir_stage_row(b, i);
	struct weir_error why;
	int rc;

	if (ev->watermark > p->closed) {
		/* A window that opened in this run may be due within it. */
		if (ev->watermark >= p->due &&
		    weir_paned_advance(p, st, ev->watermark, err) < 0)
			return -1;
		p->closed = ev->watermark;
	}
	if (item->late)
		return weir_swindow_late(&p->w, st, b, i, err);
	if (item->nowhere) {
		weir_stage_metrics(st)->dropped++;
		return 1;
	}
	if (p->w.arena.total > 0)
		weir_arena_reset(&p->w.arena);
	if (item->bad)
		return refuse_key(p, st, b, i, err);
	if (weir_aggs_read(&p->w.aggs, &row, &p->w.arena, &why) < 0)
		return weir_stage_bad(st, b, i, why.text, err);
	rc = add_event(p, st, item, ev->time, &why, err);
	return rc == 0 ? weir_stage_bad(st, b, i, why.text, err) : rc;
}

int
weir_paned_events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_paned *p = self;

	/* An input that was idle may be behind what the others closed. */
	if (weir_stage_metrics(st)->watermark > p->closed)
		p->closed = weir_stage_metrics(st)->watermark;
	while (n > 0) {
		uint32_t run = n < WEIR_RUN ? n : WEIR_RUN;

		prepare(p, b, i, run);
		for (uint32_t k = 0; k < run; k++)
			if (apply(p, st, b, i + k, &p->run[k], err) < 0)
				return -1;
		i += run;
		n -= run;
	}
	weir_paned_count(p, st);
	return 1;
}
