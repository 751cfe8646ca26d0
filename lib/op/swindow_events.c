/*
 * The swindow operator's events, in runs: a first pass finds pane, key and hash
 * of each, and has the memory that they are about to touch fetched; a second
 * one does, in order, what is to be done with each.
 */
#include "op/swindow_impl.h"

/* --- first pass --- */

/* The pane of an event, and the last time at which it may still come. */
struct place {
	struct weir_span span;
	int64_t last;
	struct weir_pane *pane; /* NULL: not open */
	bool nowhere;		/* in no window at all */
};

static void
find_place(const struct weir_swindow *sw, int64_t time, struct place *at)
{
	struct weir_window_ends ends;

	at->span = weir_window_pane(&sw->spec, time);
	at->pane = weir_panes_find(&sw->panes, at->span.start);
	at->nowhere = false;
	if (at->pane != NULL) {
		at->last = at->pane->ends.last;
	} else {
		at->nowhere = !weir_window_ends(&sw->spec, at->span, &ends);
		at->last = ends.last;
	}
}

static void
prepare_key(struct weir_swindow *sw, const struct weir_block *b, uint32_t i,
    struct weir_swindow_item *item)
{
	struct weir_row row = weir_stage_row(b, i);
	const struct weir_table *table;

	item->bad = (b->events[i].flags & WEIR_RETRACT) ||
	    weir_keyset_read(
		&sw->keys, &row, &sw->keys_arena, &item->key, NULL) < 0;
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
    struct weir_swindow *sw, const struct weir_block *b, uint32_t i, uint32_t n)
{
	struct weir_swindow_item *item = sw->run;
	const struct weir_event *ev = b->events + i;
	struct place at = {{0, 0}, 0, NULL, false};

	if (sw->last != NULL)
		at = (struct place){
		    sw->last->span, sw->last->ends.last, sw->last, false};
	weir_arena_reset(&sw->keys_arena);
	for (uint32_t k = 0; k < n; k++, item++, ev++) {
		if (ev->time < at.span.start || ev->time >= at.span.end)
			find_place(sw, ev->time, &at);
		item->span = at.span;
		item->pane = at.pane;
		item->nowhere = at.nowhere;
		item->late = !at.nowhere &&
		    (at.last <= ev->watermark || at.last <= sw->closed);
		item->hashed = false;
		if (!item->late && !item->nowhere)
			prepare_key(sw, b, i + k, item);
	}
}

/* --- second pass --- */

/* Say again, aloud, why the first pass found the event bad. */
static int
refuse_key(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err)
{
	struct weir_row row = weir_stage_row(b, i);
	struct weir_error why;
	struct weir_key key;

	if (b->events[i].flags & WEIR_RETRACT)
		weir_fail(&why, WEIR_INPUT,
		    "a retraction: this version takes no event back");
	else
		weir_keyset_read(&sw->keys, &row, &sw->arena, &key, &why);
	return weir_stage_bad(st, b, i, why.text, err);
}

static int
put_late(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err)
{
	weir_stage_metrics(st)->late++;
	return sw->late != NULL ? weir_side_event(sw->late, b, i, err) : 1;
}

/*
 * Add an event whose values were read to its group: 1, 0 with *why if the
 * group's states cannot take it (nothing is left of it then), -1 with *err.
 */
static int
add_event(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_swindow_item *item, int64_t time, struct weir_error *why,
    struct weir_error *err)
{
	struct weir_pane *pane = item->pane;
	struct weir_groups *g;
	size_t owned;
	void *value, *states;
	int added, hashed;

	if (pane == NULL)
		pane = weir_swindow_pane(sw, st, item->span);
	g = &pane->groups;
	hashed =
	    item->hashed && item->generation == weir_table_generation(g->table);
	value = weir_groups_put(g, &item->key, sw->head + sw->aggs.size,
	    hashed ? &item->hash : NULL, &added);
	states = weir_swindow_states(sw, value);
	if (weir_aggs_check(&sw->aggs, states, why) < 0) {
		if (added)
			weir_groups_undo(g, &item->key);
		if (weir_groups_count(g) == 0)
			weir_swindow_close(sw, st, pane);
		return 0;
	}
	owned = g->owned;
	weir_aggs_add(&sw->aggs, states, time, &g->owned);
	if (pane->ends.first <= sw->closed)
		weir_stage_metrics(st)->late_windows +=
		    weir_window_ended(&pane->ends, sw->closed);
	if (!added && g->owned == owned)
		return 1;
	if (added) {
		weir_groups_keep(g, &item->key);
		sw->ngroups++;
		if (sw->head > 0)
			*(uint64_t *)value = sw->seq++;
	}
	return weir_swindow_measure(sw, pane, err);
}

/* What happens with event i. */
static int
apply(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_block *b, uint32_t i,
    const struct weir_swindow_item *item, struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];
	struct weir_row row = weir_stage_row(b, i);
	struct weir_error why;
	int rc;

	if (ev->watermark > sw->closed) {
		/* A window that opened in this run may be due within it. */
		if (ev->watermark >= sw->due &&
		    weir_swindow_advance(sw, st, ev->watermark, err) < 0)
			return -1;
		sw->closed = ev->watermark;
	}
	if (item->late)
		return put_late(sw, st, b, i, err);
	if (item->nowhere) {
		weir_stage_metrics(st)->dropped++;
		return 1;
	}
	if (sw->arena.total > 0)
		weir_arena_reset(&sw->arena);
	if (item->bad)
		return refuse_key(sw, st, b, i, err);
	if (weir_aggs_read(&sw->aggs, &row, &sw->arena, &why) < 0)
		return weir_stage_bad(st, b, i, why.text, err);
	rc = add_event(sw, st, item, ev->time, &why, err);
	return rc == 0 ? weir_stage_bad(st, b, i, why.text, err) : rc;
}

int
weir_swindow_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_swindow *sw = self;

	/* An input that was idle may be behind what the others closed. */
	if (weir_stage_metrics(st)->watermark > sw->closed)
		sw->closed = weir_stage_metrics(st)->watermark;
	while (n > 0) {
		uint32_t run = n < WEIR_RUN ? n : WEIR_RUN;

		prepare(sw, b, i, run);
		for (uint32_t k = 0; k < run; k++)
			if (apply(sw, st, b, i + k, &sw->run[k], err) < 0)
				return -1;
		i += run;
		n -= run;
	}
	weir_swindow_count(sw, st);
	return 1;
}
