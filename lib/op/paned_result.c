/*
 * The paned windows' results: windows that close, their panes merged.
 */
#include "op/paned.h"

#include "base/mem.h"

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
		if (put_result(
			p, it.text, weir_paned_states(p, it.value), err) < 0)
			return -1;
	return weir_emit_end(&p->w.emit, err);
}

/* --- several panes --- */

/* A group of a window: in front of its states. */
struct merged {
	uint64_t seq;	      /* the least of its number in the panes */
	struct weir_str text; /* of the key, where it has that number */
};

/* Add a pane's groups. What cannot be merged is left out, and counted. */
static void
merge_pane(struct weir_paned *p, struct weir_stage *st, struct weir_groups *to,
    const struct weir_pane *pane)
{
	struct weir_group it = {0};
	struct weir_key key;
	struct merged *m;
	uint64_t seq;
	int added;

	while (weir_groups_next(&pane->groups, &it)) {
		key.canonical = key.text = it.canonical;
		m = weir_groups_put(
		    to, &key, sizeof *m + p->w.aggs.size, NULL, &added);
		memcpy(&seq, it.value, sizeof seq);
		if (added || seq < m->seq) {
			m->seq = seq;
			m->text = it.text;
		}
		if (weir_aggs_merge(&p->w.aggs, m + 1,
			weir_paned_states(p, it.value), &to->owned, NULL) < 0)
			weir_stage_metrics(st)->bad++;
	}
}

static int
by_seq(const void *a, const void *b)
{
	const struct merged *const *x = a, *const *y = b;

	return ((*x)->seq > (*y)->seq) - ((*x)->seq < (*y)->seq);
}

/* The groups in the order of their first events. */
static int
put_merged(struct weir_paned *p, struct weir_stage *st,
    const struct weir_groups *groups, struct weir_span span,
    struct weir_error *err)
{
	size_t n = weir_groups_count(groups), i = 0;
	struct merged **all = weir_malloc(n * sizeof(struct merged *));
	struct weir_group it = {0};
	int rc = 1;

	while (weir_groups_next(groups, &it))
		all[i++] = it.value;
	qsort(all, n, sizeof *all, by_seq);
	begin_results(p, st, span);
	for (i = 0; i < n && rc > 0; i++)
		rc = put_result(p, all[i]->text, all[i] + 1, err);
	free(all);
	return rc > 0 ? weir_emit_end(&p->w.emit, err) : rc;
}

/* A window that is a run of panes; those that are not there are empty. */
static int
put_panes(struct weir_paned *p, struct weir_stage *st, struct weir_span span,
    struct weir_error *err)
{
	struct weir_pane **panes = weir_panes_sorted(&p->panes);
	struct weir_groups groups = {0};
	struct weir_group it = {0};
	int rc;

	for (size_t i = 0; i < p->panes.n && panes[i]->span.end <= span.end;
	     i++)
		if (panes[i]->span.start >= span.start)
			merge_pane(p, st, &groups, panes[i]);
	free(panes);
	rc = put_merged(p, st, &groups, span, err);
	while (groups.owned > 0 && weir_groups_next(&groups, &it))
		weir_aggs_drop(
		    &p->w.aggs, (struct merged *)it.value + 1, &groups.owned);
	weir_groups_fini(&groups);
	return rc;
}

/* --- closing --- */

int
weir_paned_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_paned *p = self;
	struct weir_pane *first;
	struct weir_span span;
	int rc;

	while ((first = weir_panes_first(&p->panes)) != NULL && p->due <= w) {
		span = weir_window_span(&p->w.spec, first->span, p->due);
		rc = p->head == 0 ? put_pane(p, st, first, err)
				  : put_panes(p, st, span, err);
		if (rc < 0)
			return -1;
		p->closed = span.end;
		while (first != NULL && first->ends.last <= p->closed) {
			weir_paned_close(p, st, first);
			first = weir_panes_first(&p->panes);
		}
		weir_paned_set_due(p, st);
	}
	if (w > p->closed)
		p->closed = w;
	weir_paned_count(p, st);
	return 1;
}
