/*
 * The paned windows' state as lines: first {"closed":T}, then, of windows that
 * overlap, {"x":T}, the end of the last one told, and what they share (slide.h).
 * Then comes one line a group, in the order of panes and of arrival:
 * {"w":[start,end],"k":{NAME:value},"n":N,"e":N,"a":[...]}. "n", a group's number
 * among all, is there if windows overlap; "e", how many events it has, if they
 * may be taken back.
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
	const struct weir_paned_head *head;

	while (weir_groups_next(&w->groups, &it)) {
		weir_swindow_begin_line(out, w->span.start, w->span.end);
		weir_swindow_save_key(&p->w, out, weir_paned_text(p, &it));
		head = it.value;
		if (p->sliding)
			weir_swindow_save_number(out, "n", head->seq);
		if (p->head == sizeof *head)
			weir_swindow_save_number(out, "e", head->events);
		weir_buf_puts(out, ",\"a\":");
		weir_aggs_save(out, &p->w.aggs, weir_paned_states(p, it.value));
		weir_buf_putc(out, '}');
		if (weir_snapshot_keyed_line(
			to, it.canonical, out->data, out->len, err) < 0)
			return -1;
	}
	return 1;
}

static int
save_shared(struct weir_paned *p, struct weir_snapshot_writer *to,
    struct weir_error *err)
{
	struct weir_buf *out = &p->w.out;

	if (!p->sliding || p->slide.told == WEIR_TIME_NONE)
		return 1;
	out->len = 0;
	weir_buf_printf(out, "{\"x\":%jd}", (intmax_t)p->slide.told);
	if (weir_snapshot_line(to, out->data, out->len, err) < 0)
		return -1;
	return weir_slide_save(&p->slide, to, err);
}

int
weir_paned_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_paned *p = self;
	struct weir_pane **all;
	int rc;

	rc = weir_swindow_save_clock(&p->w, p->closed, w, err);
	if (rc > 0)
		rc = save_shared(p, w, err);
	all = weir_panes_sorted(&p->panes);
	for (size_t i = 0; i < p->panes.heap.n && rc > 0; i++)
		rc = save_pane(p, all[i], w, err);
	free(all);
	return rc;
}

/* --- loading --- */

/* A pane's span, which must be one that the options make, and its windows. */
static int
load_span(struct weir_paned *p, struct weir_span *span,
    struct weir_window_ends *ends, struct weir_error *err)
{
	struct weir_span want;

	if (weir_swindow_load_span(&p->w, span, err) < 0)
		return -1;
	want = weir_window_pane(&p->w.spec, span->start);
	if (want.start != span->start || want.end != span->end ||
	    !weir_window_ends(&p->w.spec, want, ends))
		return weir_swindow_bad_line(
		    "a window that the options do not make", err);
	return 1;
}

/* A group's number, which later ones come behind. */
static int
load_seq(struct weir_paned *p, uint64_t *seq, struct weir_error *err)
{
	if (weir_swindow_load_number(&p->w, WEIR_SAVED_NUMBER, seq, err) < 0)
		return -1;
	if (*seq >= p->seq)
		p->seq = *seq + 1;
	return 1;
}

/* What windows share: the end of the last one told, or a part. */
static int
load_shared(struct weir_paned *p, struct weir_stage *st, struct weir_error *err)
{
	struct weir_window_ends ends;
	struct weir_span span;
	struct weir_value told;
	uint64_t seq;

	if (!weir_swindow_saved(&p->w, WEIR_SAVED_WINDOW)) {
		told = weir_swindow_value(&p->w, WEIR_SAVED_EXTRA);
		if (told.kind != WEIR_INT || told.i > p->closed)
			return weir_swindow_bad_line(
			    "no window ended there", err);
		p->slide.told = told.i;
		return 1;
	}
	if (load_span(p, &span, &ends, err) < 0)
		return -1;
	if (span.end > p->slide.told)
		return weir_swindow_bad_line(
		    "a pane that no window can share yet", err);
	if (weir_slide_load(&p->slide, span, err) < 0 ||
	    load_seq(p, &seq, err) < 0)
		return -1;
	weir_slide_live(&p->slide, span, &ends);
	weir_paned_set_due(p, st);
	return weir_paned_limit(p, err);
}

/* What stands in front of a group's states. */
static int
load_head(struct weir_paned *p, struct weir_groups *g, void *value,
    const struct weir_key *key, struct weir_error *err)
{
	struct weir_paned_head *head = value;
	uint64_t seq = 0;

	if (p->sliding && load_seq(p, &seq, err) < 0)
		return -1;
	weir_paned_begin(p, g, value, key);
	if (p->sliding)
		head->seq = seq;
	if (p->head < sizeof *head)
		return 1;
	if (weir_swindow_load_number(
		&p->w, WEIR_SAVED_EVENTS, &head->events, err) < 0)
		return -1;
	return head->events > 0
	    ? 1
	    : weir_swindow_bad_line("a group without events", err);
}

static int
load_group(struct weir_paned *p, struct weir_stage *st, struct weir_error *err)
{
	struct weir_window_ends ends;
	struct weir_span span;
	struct weir_pane *pane;
	struct weir_key key;
	void *value;
	int added;

	if (load_span(p, &span, &ends, err) < 0 ||
	    weir_swindow_load_key(&p->w, &key, err) < 0)
		return -1;
	if (ends.last <= p->closed || (p->sliding && span.end <= p->slide.told))
		return weir_swindow_bad_line(
		    "a window that cannot be open", err);
	pane = weir_paned_pane(p, st, span);
	value = weir_groups_put(
	    &pane->groups, &key, p->head + p->w.aggs.size, NULL, &added);
	if (!added)
		return weir_swindow_bad_line("a group is there twice", err);
	if (load_head(p, &pane->groups, value, &key, err) < 0 ||
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
	if (rc != 0)
		return rc;
	return p->sliding && weir_swindow_saved(&p->w, WEIR_SAVED_EXTRA)
	    ? load_shared(p, st, err)
	    : load_group(p, st, err);
}
