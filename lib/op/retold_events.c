/*
 * Events of windows that are told more than once. An event is looked up in all
 * its windows first, so that one that some window cannot take changes none.
 */
#include "op/retold.h"

#include "base/mem.h"

/* Find its groups in windows behind the horizon: 1, or -1 with the reason. */
static int
find_groups(struct weir_retold *p, const struct weir_window_ends *ends,
    struct weir_str canonical, bool back, struct weir_error *why)
{
	int64_t end = weir_retold_horizon(p, p->closed);
	struct weir_retold_hit *hit;

	p->nhits = 0;
	while (weir_window_next(ends, end, &end)) {
		p->hits = weir_grow(
		    p->hits, &p->hits_cap, p->nhits + 1, sizeof *p->hits);
		hit = &p->hits[p->nhits++];
		*hit = (struct weir_retold_hit){.end = end,
		    .window = weir_panes_find(weir_retold_set(p, end), end)};
		if (hit->window != NULL)
			hit->group =
			    weir_groups_find(&hit->window->groups, canonical);
		if (weir_swindow_check(&p->w, hit->group, back, why) < 0)
			return -1;
	}
	return 1;
}

/* The window and the group of a hit that are not there yet. */
static void
make_group(struct weir_retold *p, struct weir_stage *st,
    struct weir_retold_hit *hit, struct weir_span pane,
    const struct weir_key *key)
{
	struct weir_window_ends ends = {hit->end, hit->end, 1, NULL};
	struct weir_span span = pane;
	int added;

	if (hit->window == NULL) {
		if (p->w.spec.kind != WEIR_GLOBAL)
			span = weir_window_span(&p->w.spec, pane, hit->end);
		hit->window =
		    weir_panes_open(weir_retold_set(p, hit->end), span, ends);
		weir_retold_set_due(p, st);
	}
	if (hit->group != NULL)
		return;
	hit->group = weir_groups_put(&hit->window->groups, key,
	    weir_swindow_group_size(&p->w), NULL, &added);
	weir_swindow_name(hit->group, key, &hit->window->groups.owned);
	p->ngroups++;
}

static void
see(struct weir_retold *p, int64_t time)
{
	struct weir_span *seen = &p->seen;

	if (time == WEIR_TIME_NONE)
		return;
	if (seen->start == WEIR_TIME_NONE || time < seen->start)
		seen->start = time;
	if (time > seen->end)
		seen->end = time;
}

/* Apply event i, which was read, to all its windows. */
static int
apply(struct weir_retold *p, struct weir_stage *st, const struct weir_event *ev,
    struct weir_span pane, const struct weir_key *key, struct weir_error *err)
{
	struct weir_panes *set;
	struct weir_retold_hit *hit;

	see(p, ev->time);
	for (size_t k = 0; k < p->nhits; k++) {
		hit = &p->hits[k];
		make_group(p, st, hit, pane, key);
		weir_swindow_apply(
		    &p->w, hit->group, ev, &hit->window->groups.owned);
		hit->window->changed = true;
		set = weir_retold_set(p, hit->end);
		if (weir_retold_changed(p, st, hit, key->canonical, err) < 0)
			return -1;
		if (weir_groups_count(&hit->window->groups) == 0)
			weir_retold_close(p, st, set, hit->window);
		else if (weir_retold_measure(p, set, hit->window, err) < 0)
			return -1;
	}
	return 1;
}

/* What happens with event i, which the watermark in force is up to. */
static int
take(struct weir_retold *p, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];
	int64_t horizon = weir_retold_horizon(p, p->closed);
	struct weir_window_ends ends;
	struct weir_error why;
	struct weir_span pane;
	struct weir_key key;
	int rc;

	if (!weir_retold_ends(p, ev->time, &pane, &ends)) {
		weir_stage_metrics(st)->dropped++;
		return 1;
	}
	if (ends.last <= horizon)
		return weir_swindow_late(&p->w, st, b, i, err);
	rc = weir_swindow_read(&p->w, st, b, i, &key, err);
	if (rc <= 0)
		return rc;
	if (find_groups(
		p, &ends, key.canonical, ev->flags & WEIR_RETRACT, &why) < 0)
		return weir_stage_bad(st, b, i, why.text, err);
	weir_stage_metrics(st)->late_windows +=
	    weir_window_ended(&ends, horizon);
	return apply(p, st, ev, pane, &key, err);
}

int
weir_retold_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_retold *p = self;
	int64_t w = weir_stage_metrics(st)->watermark;

	/* An input that was idle may be behind what the others closed. */
	if (w > p->closed)
		p->closed = w;
	for (; n > 0; i++, n--) {
		w = b->events[i].watermark;
		/* A window that opened in this run may be due within it. */
		if (w >= p->due && weir_retold_advance(p, st, w, err) < 0)
			return -1;
		if (w > p->closed)
			p->closed = w;
		if (take(p, st, b, i, err) < 0)
			return -1;
	}
	weir_retold_count(p, st);
	return 1;
}
