/*
 * The state of windows that are told more than once, as lines: first
 * {"closed":T,"seq":N}, then one line a group, in the order of windows and of
 * first events:
 * {"w":[start,end],"k":{NAME:value},"e":events,"t":told,"a":[...]}. Of a whole
 * stream, "w" is null, and {"x":[start,end]} comes before: the least and the
 * greatest time that it has seen, if any.
 */
#include "op/retold.h"

#include "state/snapshot.h"

#include <stdlib.h>

/* --- saving --- */

static int
save_window(struct weir_retold *p, const struct weir_pane *w,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	struct weir_buf *out = &p->w.out;
	struct weir_group it = {0};

	while (weir_groups_next(&w->groups, &it)) {
		out->len = 0;
		if (p->w.spec.kind == WEIR_GLOBAL)
			weir_buf_puts(out, "{\"w\":null");
		else
			weir_swindow_begin_line(
			    out, w->span.start, w->span.end);
		weir_swindow_save_key(
		    &p->w, out, weir_swindow_text(it.value, it.canonical));
		weir_swindow_save_group(&p->w, out, it.value);
		weir_buf_putc(out, '}');
		if (weir_snapshot_keyed_line(
			to, it.canonical, out->data, out->len, err) < 0)
			return -1;
	}
	return 1;
}

static int
save_set(struct weir_retold *p, const struct weir_panes *set,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	struct weir_pane **all = weir_panes_sorted(set);
	int rc = 1;

	for (size_t i = 0; i < set->heap.n && rc > 0; i++)
		rc = save_window(p, all[i], to, err);
	free(all);
	return rc;
}

static int
save_seen(struct weir_retold *p, struct weir_snapshot_writer *to,
    struct weir_error *err)
{
	struct weir_buf *out = &p->w.out;

	if (p->seen.start == WEIR_TIME_NONE || p->w.spec.kind != WEIR_GLOBAL)
		return 1;
	out->len = 0;
	weir_buf_printf(out, "{\"x\":[%jd,%jd]}", (intmax_t)p->seen.start,
	    (intmax_t)p->seen.end);
	return weir_snapshot_line(to, out->data, out->len, err);
}

int
weir_retold_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_retold *p = self;

	if (weir_swindow_save_clock(&p->w, p->closed, w, err) < 0 ||
	    save_seen(p, w, err) < 0 || save_set(p, &p->kept, w, err) < 0)
		return -1;
	return save_set(p, &p->open, w, err);
}

/* --- loading --- */

/* A window, which must be one that the options make and that is there yet. */
static int
load_window(struct weir_retold *p, struct weir_span *span, int64_t *end,
    struct weir_error *err)
{
	struct weir_span pane, want;
	struct weir_window_ends ends;

	if (p->w.spec.kind == WEIR_GLOBAL) {
		*end = WEIR_TIME_MAX;
		*span = (struct weir_span){WEIR_TIME_NONE + 1, *end};
		return 1;
	}
	if (weir_swindow_load_span(&p->w, span, err) < 0)
		return -1;
	*end = span->end;
	if (span->start >= *end ||
	    !weir_retold_ends(p, *end - 1, &pane, &ends) ||
	    *end <= weir_retold_horizon(p, p->closed))
		return weir_swindow_bad_line(
		    "a window that cannot be there", err);
	want = weir_window_span(&p->w.spec, pane, *end);
	if (want.start != span->start || want.end != *end ||
	    !weir_window_next(&ends, *end - 1, &want.end) || want.end != *end)
		return weir_swindow_bad_line(
		    "a window that the options do not make", err);
	return 1;
}

static int
load_seen(struct weir_retold *p, struct weir_error *err)
{
	struct weir_value v = weir_swindow_value(&p->w, WEIR_SAVED_EXTRA);
	const struct weir_value *item;

	if (v.kind != WEIR_LIST || v.list->n != 2)
		return weir_swindow_bad_line("no times that were seen", err);
	item = v.list->items;
	if (item[0].kind != WEIR_INT || item[1].kind != WEIR_INT ||
	    item[0].i == WEIR_TIME_NONE || item[1].i < item[0].i)
		return weir_swindow_bad_line("no times that were seen", err);
	p->seen = (struct weir_span){item[0].i, item[1].i};
	return 1;
}

static int
load_group(struct weir_retold *p, struct weir_stage *st, struct weir_error *err)
{
	struct weir_swindow_group *g;
	struct weir_panes *set;
	struct weir_pane *w;
	struct weir_span span;
	struct weir_key key;
	int64_t end;
	int added;

	if (load_window(p, &span, &end, err) < 0 ||
	    weir_swindow_load_key(&p->w, &key, err) < 0)
		return -1;
	set = weir_retold_set(p, end);
	w = weir_panes_find(set, end);
	if (w == NULL) {
		w = weir_panes_open(
		    set, span, (struct weir_window_ends){end, end, 1, NULL});
		weir_retold_set_due(p, st);
	}
	g = weir_groups_put(
	    &w->groups, &key, weir_swindow_group_size(&p->w), NULL, &added);
	if (!added)
		return weir_swindow_bad_line("a group is there twice", err);
	weir_swindow_name(g, &key, &w->groups.owned);
	p->ngroups++;
	if (weir_swindow_load_group(&p->w, g, &w->groups.owned, err) < 0)
		return -1;
	w->changed |= g->told.changed;
	return weir_retold_measure(p, set, w, err);
}

int
weir_retold_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_retold *p = self;
	int rc;

	if (weir_swindow_open_line(&p->w, line, err) < 0)
		return -1;
	rc = weir_swindow_load_clock(&p->w, &p->closed, err);
	if (rc != 0)
		return rc;
	return weir_swindow_saved(&p->w, WEIR_SAVED_EXTRA)
	    ? load_seen(p, err)
	    : load_group(p, st, err);
}
