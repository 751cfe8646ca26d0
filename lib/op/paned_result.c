/*
 * The paned windows' results: windows that close, their panes merged.
 */
#include "op/paned.h"

#include <stdlib.h>
#include <string.h>

/* Results of a window, which is told as it closes. */
static void
begin_results(
    struct weir_paned *p, struct weir_stage *st, struct weir_span span)
{
	struct weir_results results = {.span = span,
	    .time = span.end - 1,
	    .release = span.end,
	    .timing = WEIR_ON_TIME};

	weir_emit_begin(&p->w.emit, st, &results);
}

static int
put_result(struct weir_paned *p, struct weir_str key, void *states,
    struct weir_error *err)
{
	struct weir_emit_group g = {.key = key, .states = states};

	return weir_emit_group(&p->w.emit, &g, err);
}

/* A window that is a pane. */
static int
put_pane(struct weir_paned *p, struct weir_stage *st,
    const struct weir_pane *pane, struct weir_error *err)
{
	struct weir_group it = {0};

	begin_results(p, st, pane->span);
	while (weir_groups_next(&pane->groups, &it))
		if (put_result(p, weir_paned_text(p, &it),
			weir_paned_states(p, it.value), err) < 0)
			return -1;
	return weir_emit_end(&p->w.emit, err);
}

/* --- several panes --- */

/* A pane whose first window closes goes into what windows share. */
static int
share_pane(struct weir_paned *p, struct weir_stage *st, struct weir_pane *pane,
    struct weir_error *err)
{
	struct weir_slide_group g = {.start = pane->span.start, .events = 1};
	const struct weir_paned_head *head;
	struct weir_group it = {0};
	size_t texts = 0;

	while (weir_groups_next(&pane->groups, &it)) {
		head = it.value;
		g.seq = head->seq;
		if (p->head == sizeof *head) {
			g.events = head->events;
			texts +=
			    head->text != NULL ? strlen(head->text) + 1 : 0;
		}
		g.canonical = it.canonical;
		g.text = weir_paned_text(p, &it);
		g.states = weir_paned_states(p, it.value);
		weir_slide_push(&p->slide, &g);
		memset(weir_paned_states(p, it.value), 0, p->w.aggs.size);
	}
	p->slide.owned += pane->groups.owned - texts;
	pane->groups.owned = texts;
	weir_slide_live(&p->slide, pane->span, &pane->ends);
	/* For this moment it is there twice. */
	if (weir_paned_limit(p, err) < 0)
		return -1;
	weir_paned_close(p, st, pane);
	return 1;
}

/* A window that is a run of panes; those that are not there are empty. */
static int
put_panes(struct weir_paned *p, struct weir_stage *st, struct weir_span span,
    struct weir_error *err)
{
	struct weir_slide *s = &p->slide;
	struct weir_slide_result *all;
	struct weir_pane *first;
	struct weir_str text;
	size_t n, i;
	void *states;
	int rc = 1;

	while ((first = weir_panes_first(&p->panes)) != NULL &&
	    first->span.end <= span.end)
		if (share_pane(p, st, first, err) < 0)
			return -1;
	s->told = span.end;
	all = weir_slide_window(s, span.start, &n);
	begin_results(p, st, span);
	for (i = 0; i < n && rc > 0; i++) {
		states = weir_slide_states(s, &all[i], &text);
		if (states != NULL)
			rc = put_result(p, text, states, err);
	}
	free(all);
	weir_slide_end(s);
	weir_stage_metrics(st)->bad += s->unmerged;
	s->unmerged = 0;
	return rc > 0 ? weir_emit_end(&p->w.emit, err) : rc;
}

/* --- closing --- */

/* Which window is due? */
static struct weir_span
due_window(const struct weir_paned *p)
{
	const struct weir_pane *first = weir_panes_first(&p->panes);
	int64_t end;

	if (p->sliding && weir_window_next(&p->slide.live, p->closed, &end) &&
	    end == p->due)
		return weir_window_span(&p->w.spec, p->slide.live_pane, end);
	return weir_window_span(&p->w.spec, first->span, p->due);
}

/* Tell a window that is due, and let go of what no other one needs. */
static int
close_window(
    struct weir_paned *p, struct weir_stage *st, struct weir_error *err)
{
	struct weir_span span = due_window(p);
	struct weir_pane *first = weir_panes_first(&p->panes);
	int64_t end;

	if (p->sliding) {
		if (put_panes(p, st, span, err) < 0)
			return -1;
		p->closed = span.end;
		if (!weir_window_next(&p->slide.live, p->closed, &end))
			weir_slide_clear(&p->slide);
	} else {
		if (put_pane(p, st, first, err) < 0)
			return -1;
		p->closed = span.end;
		weir_paned_close(p, st, first);
	}
	weir_paned_set_due(p, st);
	return weir_paned_limit(p, err);
}

static bool
has_window(const struct weir_paned *p)
{
	return weir_panes_first(&p->panes) != NULL ||
	    (p->sliding && weir_table_count(p->slide.keys) > 0);
}

int
weir_paned_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_paned *p = self;

	while (p->due <= w && has_window(p))
		if (close_window(p, st, err) < 0)
			return -1;
	if (w > p->closed)
		p->closed = w;
	weir_paned_count(p, st);
	return 1;
}
