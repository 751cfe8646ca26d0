/*
 * pane.h - the open panes, and the groups in them.
 *
 * Panes are kept in the order of their times, the earliest at hand; those that no
 * event fell into are not there. Each knows where its windows end.
 */
#ifndef WEIR_OP_PANE_H
#define WEIR_OP_PANE_H

#include "base/heap.h"
#include "op/group.h"
#include "op/window.h"

#include <stdbool.h>

/* An open pane. */
struct weir_pane {
	struct weir_heap_node node; /* by end, then by start */
	struct weir_span span;
	struct weir_window_ends ends;
	struct weir_groups groups;
	bool changed; /* for who tells it more than once: since then */
	size_t bytes; /* as last added to the sum of all */
};

/* The open panes. */
struct weir_panes {
	struct weir_heap heap; /* the earliest on top */
	struct weir_table *by_end;
	size_t bytes; /* of panes and groups, as last counted */
};

void weir_panes_init(struct weir_panes *ws);
/* Frees panes that have no groups left. */
void weir_panes_fini(struct weir_panes *ws);
/* The open pane that ends there, or NULL. */
struct weir_pane *weir_panes_find(const struct weir_panes *ws, int64_t end);
/* Open a pane; none is open that ends there. */
struct weir_pane *weir_panes_open(
    struct weir_panes *ws, struct weir_span span, struct weir_window_ends ends);
/* The earliest, or NULL. */
struct weir_pane *weir_panes_first(const struct weir_panes *ws);
/* Any of them: i is less than heap.n. */
static inline struct weir_pane *
weir_panes_at(const struct weir_panes *ws, size_t i)
{
	return (struct weir_pane *)(void *)ws->heap.nodes[i];
}
/* Close a pane whose groups are gone already. */
void weir_panes_close(struct weir_panes *ws, struct weir_pane *w);
/* Move a pane, groups and all, to where none is that ends there. */
void weir_panes_move(
    struct weir_panes *from, struct weir_panes *to, struct weir_pane *w);
/* All open panes, the earliest first: n of them, free() the array. */
struct weir_pane **weir_panes_sorted(const struct weir_panes *ws);
/* Count a pane's groups anew: call after they grew. */
void weir_panes_measure(struct weir_panes *ws, struct weir_pane *w);
/* Memory held: panes, groups, and the order. */
size_t weir_panes_bytes(const struct weir_panes *ws);

#endif
