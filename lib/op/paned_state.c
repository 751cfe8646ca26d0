/*
 * The paned windows' state as lines: first {"closed":T}, then one line a
 * group, in the order of panes and of arrival:
 * {"w":[start,end],"k":{NAME:value},"n":N,"a":[...]}. "n", a group's number
 * among all, is there if panes are merged.
 * Times are nanoseconds since 1970; a key that was absent is left out; what
 * stands in "a" is each aggregate's own matter.
 */
#include "op/paned.h"

#include "base/mem.h"
#include "base/num.h"
#include "state/snapshot.h"

#include <stdlib.h>
#include <string.h>

/* --- saving --- */

static int
save_pane(struct weir_paned *p, const struct weir_pane *w,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	struct weir_buf *out = &p->w.out;
	struct weir_group it = {0};
	uint64_t seq;

	while (weir_groups_next(&w->groups, &it)) {
		out->len = 0;
		weir_buf_printf(out, "{\"w\":[%jd,%jd]",
		    (intmax_t)w->span.start, (intmax_t)w->span.end);
		weir_swindow_save_key(&p->w, out, it.text);
		if (p->head > 0) {
			memcpy(&seq, it.value, sizeof seq);
			weir_swindow_save_number(out, "n", seq);
		}
		weir_buf_puts(out, ",\"a\":");
		weir_aggs_save(out, &p->w.aggs, weir_paned_states(p, it.value));
		weir_buf_putc(out, '}');
		if (weir_snapshot_line(to, out->data, out->len, err) < 0)
			return -1;
	}
	return 1;
}

int
weir_paned_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_paned *p = self;
	struct weir_pane **all;
	int rc;

	rc = weir_swindow_save_clock(&p->w, p->closed, w, err);
	all = weir_panes_sorted(&p->panes);
	for (size_t i = 0; i < p->panes.n && rc > 0; i++)
		rc = save_pane(p, all[i], w, err);
	free(all);
	return rc;
}

/* --- loading --- */

/* A pane's span, which must be one that the options make. */
static int
load_span(struct weir_paned *p, struct weir_span *span, struct weir_error *err)
{
	struct weir_window_ends ends;
	struct weir_span want;

	if (weir_swindow_load_span(&p->w, span, err) < 0)
		return -1;
	want = weir_window_pane(&p->w.spec, span->start);
	if (want.start != span->start || want.end != span->end ||
	    !weir_window_ends(&p->w.spec, want, &ends) ||
	    ends.last <= p->closed)
		return weir_swindow_bad_line(
		    "a window that cannot be open", err);
	return 1;
}

static int
load_seq(struct weir_paned *p, void *value, struct weir_error *err)
{
	uint64_t seq;

	if (p->head == 0)
		return 1;
	if (weir_swindow_load_number(&p->w, WEIR_SAVED_NUMBER, &seq, err) < 0)
		return -1;
	memcpy(value, &seq, sizeof seq);
	if (seq >= p->seq)
		p->seq = seq + 1;
	return 1;
}

static int
load_group(struct weir_paned *p, struct weir_stage *st, struct weir_error *err)
{
	struct weir_span span;
	struct weir_pane *pane;
	struct weir_key key;
	void *value;
	int added;

	if (load_span(p, &span, err) < 0 ||
	    weir_swindow_load_key(&p->w, &key, err) < 0)
		return -1;
	pane = weir_paned_pane(p, st, span);
	value = weir_groups_put(
	    &pane->groups, &key, p->head + p->w.aggs.size, NULL, &added);
	if (!added)
		return weir_swindow_bad_line("a group is there twice", err);
	weir_groups_keep(&pane->groups, &key);
	p->ngroups++;
	if (load_seq(p, value, err) < 0 ||
	    weir_aggs_load(&p->w.aggs, weir_paned_states(p, value),
		weir_swindow_value(&p->w, WEIR_SAVED_STATES), &p->w.arena,
		&pane->groups.owned, err) < 0)
		return -1;
	return weir_paned_measure(p, pane, err);
}

int
weir_paned_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_paned *p = self;
	int rc;

	if (weir_swindow_open_line(&p->w, line, err) < 0)
		return -1;
	rc = weir_swindow_load_clock(&p->w, &p->closed, err);
	return rc == 0 ? load_group(p, st, err) : rc;
}
