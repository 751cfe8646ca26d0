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

	item->bad = ((b->events[i].flags & WEIR_RETRACT) && !p->w.retracts) ||
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
	struct weir_key key;

	return weir_swindow_read(&p->w, st, b, i, &key, err) < 0 ? -1 : 1;
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
		/* One that was there before may be known to the run. */
		if (weir_groups_count(g) == 0 && item->pane == NULL)
			weir_paned_close(p, st, pane);
		return 0;
	}
	owned = g->owned;
	weir_aggs_add(&p->w.aggs, states, time, &g->owned);
	if (p->head == sizeof(struct weir_paned_head))
		((struct weir_paned_head *)value)->events++;
	if (!added && g->owned == owned)
		return 1;
	if (added)
		weir_paned_begin(p, g, value, &item->key);
	return weir_paned_measure(p, pane, err);
}

/* Take an event back; as above. */
static int
take_back(struct weir_paned *p, const struct weir_paned_item *item,
    int64_t time, struct weir_error *why, struct weir_error *err)
{
	struct weir_pane *pane = weir_panes_find(&p->panes, item->span.end);
	struct weir_paned_head *head = pane != NULL
	    ? weir_groups_find(&pane->groups, item->key.canonical)
	    : NULL;
	struct weir_groups *g;

	if (head == NULL) {
		weir_fail(why, WEIR_INPUT,
		    "it takes back an event that is not there");
		return 0;
	}
	g = &pane->groups;
	if (weir_aggs_undo(&p->w.aggs, weir_paned_states(p, head), time,
		&g->owned, why) < 0)
		return 0;
	if (--head->events == 0) {
		weir_paned_fini(p, head, &g->owned);
		weir_groups_remove(g, item->key.canonical);
		p->ngroups--;
	}
	/* An empty pane stays: the run in hand may know it. */
	return weir_paned_measure(p, pane, err);
}

/* The same of a pane that windows share. */
static int
change_shared(struct weir_paned *p, struct weir_stage *st,
    const struct weir_paned_item *item, const struct weir_event *ev,
    struct weir_error *why, struct weir_error *err)
{
	struct weir_slide_group g = {.canonical = item->key.canonical,
	    .text = item->key.text,
	    .start = item->span.start,
	    .seq = p->seq};
	struct weir_window_ends ends;
	bool added;

	if (weir_slide_event(&p->slide, &g, ev, &added, why) < 0)
		return 0;
	if (added) {
		p->seq++;
		weir_window_ends(&p->w.spec, item->span, &ends);
		weir_slide_live(&p->slide, item->span, &ends);
		weir_paned_set_due(p, st);
	}
	return weir_paned_limit(p, err);
}

/* Do with an event whose values were read what it says; as above. */
static int
change(struct weir_paned *p, struct weir_stage *st,
    const struct weir_paned_item *item, const struct weir_event *ev,
    struct weir_error *why, struct weir_error *err)
{
	struct weir_window_ends ends;
	int rc;

	if (p->sliding && item->span.end <= p->slide.told)
		rc = change_shared(p, st, item, ev, why, err);
	else if (ev->flags & WEIR_RETRACT)
		rc = take_back(p, item, ev->time, why, err);
	else
		rc = add_event(p, st, item, ev->time, why, err);
	if (rc > 0 && item->span.end <= p->closed &&
	    weir_window_ends(&p->w.spec, item->span, &ends))
		weir_stage_metrics(st)->late_windows +=
		    weir_window_ended(&ends, p->closed);
	return rc;
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
	rc = change(p, st, item, ev, &why, err);
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
