#include "op/retold.h"

#include <stdlib.h>

/* --- windows --- */

int
weir_retold_ends(const struct weir_retold *p, int64_t t, struct weir_span *pane,
    struct weir_window_ends *ends)
{
	if (p->w.spec.kind == WEIR_GLOBAL) {
		*pane = (struct weir_span){WEIR_TIME_NONE + 1, WEIR_TIME_MAX};
		*ends = (struct weir_window_ends){
		    WEIR_TIME_MAX, WEIR_TIME_MAX, 1, NULL};
		return 1;
	}
	*pane = weir_window_pane(&p->w.spec, t);
	return weir_window_ends(&p->w.spec, *pane, ends);
}

struct weir_panes *
weir_retold_set(struct weir_retold *p, int64_t end)
{
	return end <= p->closed ? &p->kept : &p->open;
}

void
weir_retold_set_due(struct weir_retold *p, struct weir_stage *st)
{
	const struct weir_pane *open = weir_panes_first(&p->open),
			       *kept = weir_panes_first(&p->kept);
	int64_t due = WEIR_TIME_MAX, gone;

	if (open != NULL)
		due = open->span.end;
	if (kept != NULL) {
		gone = weir_time_add(kept->span.end, p->w.lateness_ns);
		due = gone < due ? gone : due;
	}
	if (due == p->due)
		return;
	p->due = due;
	weir_stage_set_due(st, due);
}

/* Free what groups hold. */
static void
drop_groups(struct weir_retold *p, struct weir_groups *groups)
{
	struct weir_group it = {0};

	while (groups->owned > 0 && weir_groups_next(groups, &it))
		weir_swindow_drop(&p->w, it.value, &groups->owned);
	weir_groups_fini(groups);
}

void
weir_retold_close(struct weir_retold *p, struct weir_stage *st,
    struct weir_panes *set, struct weir_pane *w)
{
	p->ngroups -= weir_groups_count(&w->groups);
	drop_groups(p, &w->groups);
	weir_panes_close(set, w);
	weir_retold_set_due(p, st);
}

void
weir_retold_forget(struct weir_retold *p, struct weir_pane *w,
    struct weir_swindow_group *g, struct weir_str canonical)
{
	weir_swindow_drop(&p->w, g, &w->groups.owned);
	weir_groups_remove(&w->groups, canonical);
	p->ngroups--;
}

int
weir_retold_measure(struct weir_retold *p, struct weir_panes *set,
    struct weir_pane *w, struct weir_error *err)
{
	weir_panes_measure(set, w);
	if (w->bytes >= WEIR_TABLE_MAX)
		return weir_fail(err, WEIR_STATE,
		    "a window has outgrown what one can hold: %zu groups take "
		    "%zu bytes; need less with fewer keys or shorter windows",
		    weir_groups_count(&w->groups), w->bytes);
	return weir_swindow_limit(&p->w,
	    weir_panes_bytes(&p->open) + weir_panes_bytes(&p->kept), p->ngroups,
	    err);
}

void
weir_retold_count(struct weir_retold *p, struct weir_stage *st)
{
	struct weir_metrics *m = weir_stage_metrics(st);

	m->state_bytes =
	    weir_panes_bytes(&p->open) + weir_panes_bytes(&p->kept);
	m->state_keys = p->ngroups;
}

/* --- the kind --- */

static void
init(struct weir_swindow *sw)
{
	struct weir_retold *p = (struct weir_retold *)sw;

	p->closed = WEIR_TIME_NONE;
	p->due = WEIR_TIME_MAX;
	p->seen = (struct weir_span){WEIR_TIME_NONE, WEIR_TIME_NONE};
	weir_panes_init(&p->open);
	weir_panes_init(&p->kept);
}

static void
fini_set(struct weir_retold *p, struct weir_panes *set)
{
	for (size_t i = 0; i < set->heap.n; i++)
		drop_groups(p, &weir_panes_at(set, i)->groups);
	weir_panes_fini(set);
}

static void
fini(struct weir_swindow *sw)
{
	struct weir_retold *p = (struct weir_retold *)sw;

	fini_set(p, &p->open);
	fini_set(p, &p->kept);
	free(p->hits);
}

static int
open_stage(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_retold *p = self;

	if (weir_swindow_open(&p->w, st, err) < 0)
		return -1;
	/*
	 * The result of a whole stream is of a time that is long past, and so
	 * may be one that is taken back.
	 */
	if (p->w.spec.kind == WEIR_GLOBAL &&
	    (!p->w.emit.panes || p->w.emit.mode == WEIR_TAKE_BACK))
		weir_stage_set_hold(st, WEIR_TIME_MAX);
	else
		weir_stage_set_hold(st, p->w.lateness_ns);
	if (p->w.emit.when == WEIR_EMIT_EVERY)
		weir_stage_set_alarm(st, p->w.emit.every_ns);
	return 1;
}

static const struct weir_stage_ops ops = {
    .open = open_stage,
    .events = weir_retold_events,
    .advance = weir_retold_advance,
    .alarm = weir_retold_alarm,
    .save = weir_retold_save,
    .load = weir_retold_load,
    .adopt = weir_swindow_adopt,
};

const struct weir_swindow_kind weir_retold_kind = {
    .size = sizeof(struct weir_retold),
    .ops = &ops,
    .init = init,
    .fini = fini,
};
