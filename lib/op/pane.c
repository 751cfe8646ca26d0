#include "op/pane.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define OVERHEAD 16 /* bytes that malloc adds, about */

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
	ws->by_end = weir_table_new(sizeof(struct weir_pane *));
}

void
weir_panes_fini(struct weir_panes *ws)
{
	for (size_t i = 0; i < ws->n; i++)
		free(ws->heap[i]);
	free(ws->heap);
	weir_table_free(ws->by_end);
	*ws = (struct weir_panes){0};
}

struct weir_pane *
weir_panes_find(const struct weir_panes *ws, int64_t end)
{
	struct weir_pane **at = weir_table_get(ws->by_end, &end, sizeof end,
	    weir_table_hash(ws->by_end, &end, sizeof end));

	return at != NULL ? *at : NULL;
}

static void
add(struct weir_panes *ws, struct weir_pane *w)
{
	struct weir_pane **at;
	int added;

	at = weir_table_put(ws->by_end, &w->span.end, sizeof w->span.end,
	    weir_table_hash(ws->by_end, &w->span.end, sizeof w->span.end),
	    &added);
	*at = w;
	ws->heap = weir_grow(ws->heap, &ws->cap, ws->n + 1, sizeof *ws->heap);
	sift_up(ws, w, ws->n++);
	w->bytes = 0;
	weir_panes_measure(ws, w);
}

struct weir_pane *
weir_panes_open(
    struct weir_panes *ws, struct weir_span span, struct weir_window_ends ends)
{
	struct weir_pane *w = weir_calloc(1, sizeof *w);

	w->span = span;
	w->ends = ends;
	add(ws, w);
	return w;
}

struct weir_pane *
weir_panes_first(const struct weir_panes *ws)
{
	return ws->n > 0 ? ws->heap[0] : NULL;
}

static void
take(struct weir_panes *ws, struct weir_pane *w)
{
	size_t i = w->place;
	struct weir_pane *last = ws->heap[--ws->n];

	if (last != w && i > 0 && before(last, ws->heap[(i - 1) / 2]))
		sift_up(ws, last, i);
	else if (last != w)
		sift_down(ws, last, i);
	weir_table_remove(ws->by_end, &w->span.end, sizeof w->span.end,
	    weir_table_hash(ws->by_end, &w->span.end, sizeof w->span.end));
	ws->bytes -= w->bytes;
}

void
weir_panes_close(struct weir_panes *ws, struct weir_pane *w)
{
	take(ws, w);
	free(w);
}

void
weir_panes_move(
    struct weir_panes *from, struct weir_panes *to, struct weir_pane *w)
{
	take(from, w);
	add(to, w);
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
	size_t now = sizeof *w + OVERHEAD + weir_groups_bytes(&w->groups);

	ws->bytes += now - w->bytes;
	w->bytes = now;
}

size_t
weir_panes_bytes(const struct weir_panes *ws)
{
	return ws->bytes + ws->cap * sizeof *ws->heap +
	    weir_table_bytes(ws->by_end);
}
