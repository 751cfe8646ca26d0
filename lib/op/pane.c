#include "op/pane.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* --- their order: a binary heap --- */

static int
before(const struct weir_pane *a, const struct weir_pane *b)
{
	if (a->span.end != b->span.end)
		return a->span.end < b->span.end;
	return a->span.start < b->span.start;
}

static void
place(struct weir_panes *ws, struct weir_pane *w, size_t i)
{
	ws->heap[i] = w;
	w->place = i;
}

static void
sift_up(struct weir_panes *ws, struct weir_pane *w, size_t i)
{
	for (; i > 0 && before(w, ws->heap[(i - 1) / 2]); i = (i - 1) / 2)
		place(ws, ws->heap[(i - 1) / 2], i);
	place(ws, w, i);
}

static void
sift_down(struct weir_panes *ws, struct weir_pane *w, size_t i)
{
	size_t kid;

	while ((kid = 2 * i + 1) < ws->n) {
		if (kid + 1 < ws->n && before(ws->heap[kid + 1], ws->heap[kid]))
			kid++;
		if (!before(ws->heap[kid], w))
			break;
		place(ws, ws->heap[kid], i);
		i = kid;
	}
	place(ws, w, i);
}

/* --- the open panes --- */

void
weir_panes_init(struct weir_panes *ws)
{
	*ws = (struct weir_panes){0};
	ws->by_start = weir_table_new(sizeof(struct weir_pane *));
}

void
weir_panes_fini(struct weir_panes *ws)
{
	for (size_t i = 0; i < ws->n; i++)
		free(ws->heap[i]);
	free(ws->heap);
	weir_table_free(ws->by_start);
	*ws = (struct weir_panes){0};
}

struct weir_pane *
weir_panes_find(const struct weir_panes *ws, int64_t start)
{
	struct weir_pane **at = weir_table_get(ws->by_start, &start,
	    sizeof start, weir_table_hash(ws->by_start, &start, sizeof start));

	return at != NULL ? *at : NULL;
}

struct weir_pane *
weir_panes_open(
    struct weir_panes *ws, struct weir_span span, struct weir_window_ends ends)
{
	struct weir_pane *w = weir_calloc(1, sizeof *w), **at;
	int added;

	w->span = span;
	w->ends = ends;
	at = weir_table_put(ws->by_start, &span.start, sizeof span.start,
	    weir_table_hash(ws->by_start, &span.start, sizeof span.start),
	    &added);
	*at = w;
	ws->heap = weir_grow(ws->heap, &ws->cap, ws->n + 1, sizeof *ws->heap);
	sift_up(ws, w, ws->n++);
	weir_panes_measure(ws, w);
	return w;
}

struct weir_pane *
weir_panes_first(const struct weir_panes *ws)
{
	return ws->n > 0 ? ws->heap[0] : NULL;
}

void
weir_panes_close(struct weir_panes *ws, struct weir_pane *w)
{
	size_t i = w->place;
	struct weir_pane *last = ws->heap[--ws->n];

	if (last != w && i > 0 && before(last, ws->heap[(i - 1) / 2]))
		sift_up(ws, last, i);
	else if (last != w)
		sift_down(ws, last, i);
	weir_table_remove(ws->by_start, &w->span.start, sizeof w->span.start,
	    weir_table_hash(
		ws->by_start, &w->span.start, sizeof w->span.start));
	ws->bytes -= w->bytes;
	free(w);
}

static int
compare_panes(const void *a, const void *b)
{
	const struct weir_pane *const *x = a, *const *y = b;

	return before(*y, *x) - before(*x, *y);
}

struct weir_pane **
weir_panes_sorted(const struct weir_panes *ws)
{
	struct weir_pane **all =
	    weir_malloc(ws->n * sizeof(struct weir_pane *));

	if (ws->n > 0) {
		memcpy(all, ws->heap, ws->n * sizeof *all);
		qsort(all, ws->n, sizeof *all, compare_panes);
	}
	return all;
}

void
weir_panes_measure(struct weir_panes *ws, struct weir_pane *w)
{
	size_t now = sizeof *w + weir_groups_bytes(&w->groups);

	ws->bytes += now - w->bytes;
	w->bytes = now;
}

size_t
weir_panes_bytes(const struct weir_panes *ws)
{
	return ws->bytes + ws->cap * sizeof *ws->heap +
	    weir_table_bytes(ws->by_start);
}
