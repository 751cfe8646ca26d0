/*
 * The results of windows that are told more than once: early, on time, late.
 */
#include "op/retold.h"

#include <stdlib.h>

/* Results begin with the window as it is by now. */
static void
begin_results(struct weir_retold *p, struct weir_stage *st,
    const struct weir_pane *w, enum weir_pane_timing timing)
{
	struct weir_results results = {.timing = timing,
	    .release = timing == WEIR_ON_TIME && w->span.end < WEIR_TIME_MAX
		? w->span.end
		: weir_time_add(p->closed, 1)};

	if (p->w.spec.kind == WEIR_GLOBAL) {
		results.span = p->seen;
		results.time = p->seen.end;
		/* Late for nobody, though events were behind the watermark. */
		if (results.time != WEIR_TIME_NONE && results.time < p->closed)
			results.time = p->closed;
	} else {
		results.span = w->span;
		results.time = w->span.end - 1;
	}
	weir_emit_begin(&p->w.emit, st, &results);
}

/* All groups of a window, or those that changed. */
static int
tell_window(struct weir_retold *p, struct weir_stage *st, struct weir_pane *w,
    enum weir_pane_timing timing, struct weir_error *err)
{
	struct weir_group it = {0};

	begin_results(p, st, w, timing);
	while (weir_groups_next(&w->groups, &it))
		if (weir_swindow_tell(&p->w, it.value, it.canonical,
			&w->groups.owned, err) < 0)
			return -1;
	w->changed = false;
	return weir_emit_end(&p->w.emit, err);
}

static int
tell_group(struct weir_retold *p, struct weir_stage *st,
    const struct weir_retold_hit *hit, struct weir_str canonical,
    enum weir_pane_timing timing, struct weir_error *err)
{
	struct weir_pane *w = hit->window;

	begin_results(p, st, w, timing);
	if (weir_swindow_tell(
		&p->w, hit->group, canonical, &w->groups.owned, err) < 0)
		return -1;
	return weir_emit_end(&p->w.emit, err);
}

int
weir_retold_changed(struct weir_retold *p, struct weir_stage *st,
    const struct weir_retold_hit *hit, struct weir_str canonical,
    struct weir_error *err)
{
	struct weir_pane *w = hit->window;
	bool late = hit->end <= p->closed, gone = hit->group->events == 0;
	enum weir_pane_timing timing = late ? WEIR_LATE : WEIR_EARLY;

	if (gone) {
		if (weir_emit_withdraw(&p->w.emit, st, &hit->group->told,
			weir_time_add(p->closed, 1), &w->groups.owned, err) < 0)
			return -1;
		weir_retold_forget(p, w, hit->group, canonical);
	}
	if (!late && p->w.emit.when != WEIR_EMIT_UPDATE)
		return 1;
	if (weir_emit_whole(&p->w.emit))
		return tell_window(p, st, w, timing, err);
	return gone ? 1 : tell_group(p, st, hit, canonical, timing, err);
}

/* --- time goes on --- */

/* A window's end is reached: tell it, and keep it for late events. */
static int
close_window(struct weir_retold *p, struct weir_stage *st, struct weir_pane *w,
    struct weir_error *err)
{
	if (p->w.emit.when != WEIR_EMIT_UPDATE &&
	    tell_window(p, st, w, WEIR_ON_TIME, err) < 0)
		return -1;
	if (w->span.end < WEIR_TIME_MAX)
		p->closed = w->span.end;
	weir_panes_move(&p->open, &p->kept, w);
	return 1;
}

int
weir_retold_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_retold *p = self;
	struct weir_pane *first;

	while ((first = weir_panes_first(&p->open)) != NULL &&
	    first->span.end <= w)
		if (close_window(p, st, first, err) < 0)
			return -1;
	while ((first = weir_panes_first(&p->kept)) != NULL &&
	    first->span.end <= weir_retold_horizon(p, w))
		weir_retold_close(p, st, &p->kept, first);
	if (w > p->closed)
		p->closed = w;
	weir_retold_set_due(p, st);
	weir_retold_count(p, st);
	return 1;
}

int
weir_retold_alarm(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_retold *p = self;
	struct weir_pane **all = weir_panes_sorted(&p->open);
	size_t n = p->open.heap.n;
	int rc = 1;

	for (size_t i = 0; i < n && rc > 0; i++) {
		if (!all[i]->changed)
			continue;
		rc = tell_window(p, st, all[i], WEIR_EARLY, err);
		if (rc > 0)
			rc = weir_retold_measure(p, &p->open, all[i], err);
	}
	free(all);
	weir_stage_set_alarm(st, p->w.emit.every_ns);
	weir_retold_count(p, st);
	return rc;
}
