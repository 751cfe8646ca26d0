#include "op/paned.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* --- groups --- */

static struct weir_paned_head *
head_of(const struct weir_paned *p, void *value)
{
	return p->head == sizeof(struct weir_paned_head) ? value : NULL;
}

struct weir_str
weir_paned_text(const struct weir_paned *p, const struct weir_group *g)
{
	const struct weir_paned_head *head = head_of(p, g->value);

	return head != NULL && head->text != NULL ? weir_str(head->text)
						  : g->text;
}

void
weir_paned_begin(struct weir_paned *p, struct weir_groups *g, void *value,
    const struct weir_key *key)
{
	struct weir_paned_head *head = value;

	p->ngroups++;
	if (p->head > 0)
		head->seq = p->seq++;
	if (p->head < sizeof *head) {
		weir_groups_keep(g, key);
	} else if (key->text.s != key->canonical.s) {
		head->text = weir_strndup(key->text.s, key->text.len);
		g->owned += key->text.len + 1;
	}
}

void
weir_paned_fini(struct weir_paned *p, void *value, size_t *owned)
{
	struct weir_paned_head *head = head_of(p, value);

	weir_aggs_drop(&p->w.aggs, weir_paned_states(p, value), owned);
	if (head == NULL || head->text == NULL)
		return;
	*owned -= strlen(head->text) + 1;
	free(head->text);
	head->text = NULL;
}

void
weir_paned_drop(struct weir_paned *p, struct weir_groups *groups)
{
	struct weir_group it = {0};

	while (groups->owned > 0 && weir_groups_next(groups, &it))
		weir_paned_fini(p, it.value, &groups->owned);
	weir_groups_fini(groups);
}

/* --- open panes --- */

void
weir_paned_set_due(struct weir_paned *p, struct weir_stage *st)
{
	struct weir_pane *first = weir_panes_first(&p->panes);
	int64_t due, end;

	if (first == NULL || !weir_window_next(&first->ends, p->closed, &due))
		due = WEIR_TIME_MAX;
	if (p->sliding && weir_window_next(&p->slide.live, p->closed, &end) &&
	    end < due)
		due = end;
	if (due == p->due)
		return;
	p->due = due;
	weir_stage_set_due(st, due);
}

void
weir_paned_close(
    struct weir_paned *p, struct weir_stage *st, struct weir_pane *pane)
{
	p->ngroups -= weir_groups_count(&pane->groups);
	weir_paned_drop(p, &pane->groups);
	weir_panes_close(&p->panes, pane);
	p->last = NULL;
	weir_paned_set_due(p, st);
}

struct weir_pane *
weir_paned_pane(
    struct weir_paned *p, struct weir_stage *st, struct weir_span span)
{
	struct weir_window_ends ends;
	struct weir_pane *pane = p->last;

	if (pane != NULL && pane->span.start == span.start)
		return pane;
	pane = weir_panes_find(&p->panes, span.end);
	if (pane == NULL) {
		weir_window_ends(&p->w.spec, span, &ends);
		pane = weir_panes_open(&p->panes, span, ends);
		weir_paned_set_due(p, st);
	}
	p->last = pane;
	return pane;
}

int
weir_paned_measure(
    struct weir_paned *p, struct weir_pane *pane, struct weir_error *err)
{
	weir_panes_measure(&p->panes, pane);
	if (pane->bytes >= WEIR_TABLE_MAX)
		return weir_fail(err, WEIR_STATE,
		    "a window has outgrown what one can hold: %zu groups take "
		    "%zu bytes; need less with fewer keys or shorter windows",
		    weir_groups_count(&pane->groups), pane->bytes);
	return weir_paned_limit(p, err);
}

int
weir_paned_limit(const struct weir_paned *p, struct weir_error *err)
{
	return weir_swindow_limit(&p->w,
	    weir_panes_bytes(&p->panes) + weir_slide_bytes(&p->slide),
	    p->ngroups + p->slide.nparts, err);
}

void
weir_paned_count(struct weir_paned *p, struct weir_stage *st)
{
	struct weir_metrics *m = weir_stage_metrics(st);

	m->state_bytes =
	    weir_panes_bytes(&p->panes) + weir_slide_bytes(&p->slide);
	m->state_keys = p->ngroups + p->slide.nparts;
}

/* --- the kind --- */

static void
init(struct weir_swindow *sw)
{
	struct weir_paned *p = (struct weir_paned *)sw;

	p->closed = WEIR_TIME_NONE;
	p->due = WEIR_TIME_MAX;
	weir_panes_init(&p->panes);
	p->sliding = sw->spec.kind != WEIR_TUMBLING;
	if (p->sliding) {
		p->head = sizeof(uint64_t);
		weir_slide_init(&p->slide, sw);
	}
}

static void
fini(struct weir_swindow *sw)
{
	struct weir_paned *p = (struct weir_paned *)sw;

	for (size_t i = 0; i < p->panes.heap.n; i++)
		weir_paned_drop(p, &weir_panes_at(&p->panes, i)->groups);
	weir_panes_fini(&p->panes);
	weir_slide_fini(&p->slide);
}

static int
open_stage(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_paned *p = self;

	if (weir_swindow_open(&p->w, st, err) < 0)
		return -1;
	if (p->w.retracts)
		p->head = sizeof(struct weir_paned_head);
	return 1;
}

static const struct weir_stage_ops ops = {
    .open = open_stage,
    .events = weir_paned_events,
    .advance = weir_paned_advance,
    .save = weir_paned_save,
    .load = weir_paned_load,
    .adopt = weir_swindow_adopt,
};

const struct weir_swindow_kind weir_paned_kind = {
    .size = sizeof(struct weir_paned),
    .ops = &ops,
    .init = init,
    .fini = fini,
};
