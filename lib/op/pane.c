#include "op/pane.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define OVERHEAD 16 /* bytes that malloc adds, about */

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
	for (size_t i = 0; i < ws->heap.n; i++)
		free(ws->heap.nodes[i]);
	weir_heap_fini(&ws->heap);
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
	w->node.turn = w->span.end;
	w->node.tie = w->span.start;
	weir_heap_push(&ws->heap, &w->node);
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
	return weir_heap_first(&ws->heap);
}

static void
take(struct weir_panes *ws, struct weir_pane *w)
{
	weir_heap_remove(&ws->heap, &w->node);
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

struct weir_pane **
weir_panes_sorted(const struct weir_panes *ws)
{
	return (struct weir_pane **)weir_heap_sorted(&ws->heap);
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
	return ws->bytes + weir_heap_bytes(&ws->heap) +
	    weir_table_bytes(ws->by_end);
}
