/*
 * The swindow operator's results: windows that close, their panes merged.
 */
#include "op/swindow_impl.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void
put_time(struct weir_swindow *sw, const char *name, int64_t t)
{
	weir_buf_puts(&sw->out, name);
	sw->out.len += weir_time_print_unit(
	    weir_buf_reserve(&sw->out, WEIR_TIME_TEXT), t, sw->config.epoch);
}

/* The times of a window, which begin each of its results; their length. */
static size_t
begin_results(struct weir_swindow *sw, struct weir_span span)
{
	sw->out.len = 0;
	put_time(sw, "{\"window_start\":", span.start);
	put_time(sw, ",\"window_end\":", span.end);
	return sw->out.len;
}

static int
put_result(struct weir_swindow *sw, struct weir_stage *st, struct weir_str key,
    const void *states, struct weir_span span, struct weir_error *err)
{
	weir_keyset_write(&sw->out, &sw->keys, key);
	weir_aggs_write(&sw->out, &sw->aggs, states, span);
	weir_buf_putc(&sw->out, '}');
	return weir_stage_put(
	    st, sw->out.data, sw->out.len, span.end - 1, span.end, 0, err);
}

/* A window that is a pane. */
static int
put_pane(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_pane *pane, struct weir_error *err)
{
	size_t begin = begin_results(sw, pane->span);
	struct weir_group it = {0};

	while (weir_groups_next(&pane->groups, &it)) {
		sw->out.len = begin;
		if (put_result(sw, st, it.text,
			weir_swindow_states(sw, it.value), pane->span, err) < 0)
			return -1;
	}
	return 1;
}

/* --- several panes --- */

/* A group of a window: in front of its states. */
struct merged {
	uint64_t seq;	      /* the least of its number in the panes */
	struct weir_str text; /* of the key, where it has that number */
};

/* Add a pane's groups. What cannot be merged is left out, and counted. */
static void
merge_pane(struct weir_swindow *sw, struct weir_stage *st,
    struct weir_groups *to, const struct weir_pane *pane)
{
	struct weir_group it = {0};
	struct weir_key key;
	struct merged *m;
	uint64_t seq;
	int added;

	while (weir_groups_next(&pane->groups, &it)) {
		key.canonical = key.text = it.canonical;
		m = weir_groups_put(
		    to, &key, sizeof *m + sw->aggs.size, NULL, &added);
		memcpy(&seq, it.value, sizeof seq);
		if (added || seq < m->seq) {
			m->seq = seq;
			m->text = it.text;
		}
		if (weir_aggs_merge(&sw->aggs, m + 1,
			weir_swindow_states(sw, it.value), &to->owned,
			NULL) < 0)
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
put_merged(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_groups *groups, struct weir_span span,
    struct weir_error *err)
{
	size_t n = weir_groups_count(groups), i = 0, begin;
	struct merged **all = weir_malloc(n * sizeof(struct merged *));
	struct weir_group it = {0};
	int rc = 1;

	while (weir_groups_next(groups, &it))
		all[i++] = it.value;
	qsort(all, n, sizeof *all, by_seq);
	begin = begin_results(sw, span);
	for (i = 0; i < n && rc > 0; i++) {
		sw->out.len = begin;
		rc = put_result(sw, st, all[i]->text, all[i] + 1, span, err);
	}
	free(all);
	return rc;
}

/* A window that is a run of panes; those that are not there are empty. */
static int
put_panes(struct weir_swindow *sw, struct weir_stage *st, struct weir_span span,
    struct weir_error *err)
{
	struct weir_pane **panes = weir_panes_sorted(&sw->panes);
	struct weir_groups groups = {0};
	struct weir_group it = {0};
	int rc;

	for (size_t i = 0; i < sw->panes.n && panes[i]->span.end <= span.end;
	     i++)
		if (panes[i]->span.start >= span.start)
			merge_pane(sw, st, &groups, panes[i]);
	free(panes);
	rc = put_merged(sw, st, &groups, span, err);
	while (groups.owned > 0 && weir_groups_next(&groups, &it))
		weir_aggs_drop(
		    &sw->aggs, (struct merged *)it.value + 1, &groups.owned);
	weir_groups_fini(&groups);
	return rc;
}

/* --- closing --- */

int
weir_swindow_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_swindow *sw = self;
	struct weir_pane *first;
	struct weir_span span;
	int rc;

	while ((first = weir_panes_first(&sw->panes)) != NULL && sw->due <= w) {
		span = weir_window_span(&sw->spec, first->span, sw->due);
		rc = sw->head == 0 ? put_pane(sw, st, first, err)
				   : put_panes(sw, st, span, err);
		if (rc < 0)
			return -1;
		sw->closed = span.end;
		while (first != NULL && first->ends.last <= sw->closed) {
			weir_swindow_close(sw, st, first);
			first = weir_panes_first(&sw->panes);
		}
		weir_swindow_set_due(sw, st);
	}
	if (w > sw->closed)
		sw->closed = w;
	weir_swindow_count(sw, st);
	return 1;
}
