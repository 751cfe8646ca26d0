/*
 * The state of overlapping windows' panes as lines, one a part: "x" says where
 * it is, and the least number of what it holds.
 */
#include "op/slide.h"

#include "base/mem.h"
#include "state/snapshot.h"

#include <stdlib.h>

enum { FRONT, BACK, SUM };

/* --- saving --- */

struct line {
	struct weir_str canonical;
	int where;
	const struct weir_slide_part *part;
	int64_t start;
};

static int
save_part(struct weir_slide *s, const struct line *line,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	struct weir_span pane = weir_window_pane(&s->sw->spec, line->start);
	const struct weir_slide_part *p = line->part;
	struct weir_buf *out = &s->sw->out;

	weir_swindow_begin_line(out, pane.start, pane.end);
	weir_swindow_save_key(
	    s->sw, out, p->text != NULL ? weir_str(p->text) : line->canonical);
	weir_swindow_save_number(out, "n", p->seq);
	weir_swindow_save_number(out, "e", p->events);
	weir_buf_printf(
	    out, ",\"x\":[%d,%ju],\"a\":", line->where, (uintmax_t)p->first);
	weir_aggs_save(out, &s->sw->aggs, p + 1);
	weir_buf_putc(out, '}');
	return weir_snapshot_keyed_line(
	    to, line->canonical, out->data, out->len, err);
}

/* A list, the last first: as it is to be pushed again. */
static int
save_list(struct weir_slide *s, struct line *line,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	const struct weir_slide_part **all = NULL;
	size_t n = 0, cap = 0;
	int rc = 1;

	for (; line->part != NULL; line->part = line->part->next) {
		all = weir_grow(all, &cap, n + 1, sizeof *all);
		all[n++] = line->part;
	}
	while (n > 0 && rc > 0) {
		line->part = all[--n];
		line->start = line->part->start;
		rc = save_part(s, line, to, err);
	}
	free(all);
	return rc;
}

static int
save_key(struct weir_slide *s, struct weir_str canonical,
    const struct weir_slide_key *key, struct weir_snapshot_writer *to,
    struct weir_error *err)
{
	struct line front = {canonical, FRONT, key->front, 0},
		    back = {canonical, BACK, key->back, 0},
		    sum = {canonical, SUM, key->sum, 0};

	if (save_list(s, &front, to, err) < 0 ||
	    save_list(s, &back, to, err) < 0)
		return -1;
	if (key->sum == NULL)
		return 1;
	sum.start = key->back->start;
	return save_part(s, &sum, to, err);
}

int
weir_slide_save(struct weir_slide *s, struct weir_snapshot_writer *to,
    struct weir_error *err)
{
	struct weir_slide_key *key;
	struct weir_str text;
	uint64_t at = 0;

	while (
	    (key = weir_table_next(s->keys, &at, &text.s, &text.len)) != NULL)
		if (save_key(s, text, key, to, err) < 0)
			return -1;
	return 1;
}

/* --- loading --- */

/* Where the part belongs, and the least number of what it holds. */
static int
load_where(
    struct weir_slide *s, int *where, uint64_t *first, struct weir_error *err)
{
	struct weir_value v = weir_swindow_value(s->sw, WEIR_SAVED_EXTRA);
	const struct weir_value *item;

	if (v.kind != WEIR_LIST || v.list->n != 2)
		return weir_swindow_bad_line("a part that is nowhere", err);
	item = v.list->items;
	if (item[0].kind != WEIR_INT || item[0].i < FRONT || item[0].i > SUM ||
	    item[1].kind != WEIR_INT || item[1].i < 0)
		return weir_swindow_bad_line("a part that is nowhere", err);
	*where = (int)item[0].i;
	*first = item[1].u;
	return 1;
}

/* Put the part where it belongs; parts come as save_list() has them. */
static int
put_part(struct weir_slide *s, struct weir_slide_key *key, int where,
    struct weir_slide_part *part)
{
	bool plain = s->grows || s->gathers;

	if (where == FRONT &&
	    (key->front == NULL ||
		(!s->grows && key->front->start > part->start))) {
		part->next = key->front;
		key->front = part;
		return 1;
	}
	if (where == BACK && !plain &&
	    (key->back == NULL || key->back->start < part->start)) {
		part->next = key->back;
		key->back = part;
		return 1;
	}
	if (where == SUM && key->back != NULL && key->sum == NULL) {
		key->sum = part;
		s->nparts--;
		s->nsums++;
		return 1;
	}
	return 0;
}

int
weir_slide_load(
    struct weir_slide *s, struct weir_span pane, struct weir_error *err)
{
	struct weir_slide_group g = {.start = pane.start};
	struct weir_slide_part *part;
	struct weir_key key;
	uint64_t first = 0;
	int where = FRONT;

	if (weir_swindow_load_key(s->sw, &key, err) < 0 ||
	    load_where(s, &where, &first, err) < 0 ||
	    weir_swindow_load_number(s->sw, WEIR_SAVED_NUMBER, &g.seq, err) <
		0 ||
	    weir_swindow_load_number(s->sw, WEIR_SAVED_EVENTS, &g.events, err) <
		0)
		return -1;
	g.canonical = key.canonical;
	g.text = key.text;
	part = weir_slide_part(s, &g);
	part->first = first;
	if (!put_part(s, weir_slide_key(s, key.canonical), where, part)) {
		weir_slide_free(s, part);
		return weir_swindow_bad_line(
		    "a part that is not where it can be", err);
	}
	return weir_aggs_load(&s->sw->aggs, part + 1,
	    weir_swindow_value(s->sw, WEIR_SAVED_STATES), &s->sw->arena,
	    &s->owned, err);
}
