/*
 * pane.h - the open panes, and the groups in them.
 *
 * Panes are kept in the order of their times, the earliest at hand; those that no
 * event fell into are not there. Each knows where its windows end.
 */
#ifndef WEIR_OP_PANE_H
#define WEIR_OP_PANE_H

#include "op/group.h"
#include "op/window.h"

/* An open pane. */
struct weir_pane {
	struct weir_span span;
	struct weir_window_ends ends;
	struct weir_groups groups;
	size_t place; /* in the heap */
	size_t bytes; /* as last added to the sum of all */
};

/* The open panes. */
struct weir_panes {
	struct weir_pane **heap; /* the earliest on top */
	size_t n, cap;
	struct weir_table *by_start;
	size_t bytes; /* of panes and groups, as last counted */
};

void weir_panes_init(struct weir_panes *ws);
/* Frees panes that have no groups left. */
void weir_panes_fini(struct weir_panes *ws);
/* The open pane that begins at start, or NULL. */
struct weir_pane *weir_panes_find(const struct weir_panes *ws, int64_t start);
/* Open a pane; none is open that begins there. */
struct weir_pane *weir_panes_open(
    struct weir_panes *ws, struct weir_span span, struct weir_window_ends ends);
/* The earliest, or NULL. */
struct weir_pane *weir_panes_first(const struct weir_panes *ws);
/* Close a pane whose groups are gone already. */
void weir_panes_close(struct weir_panes *ws, struct weir_pane *w);
/* All open panes, the earliest first: n of them, free() the array. */
struct weir_pane **weir_panes_sorted(const struct weir_panes *ws);
/* Count a pane's groups anew: call after they grew. */
void weir_panes_measure(struct weir_panes *ws, struct weir_pane *w);
/* Memory held: panes, groups, and the order. */
size_t weir_panes_bytes(const struct weir_panes *ws);

#endif
