/*
 * assign_impl.h - the inside of assignments: assign.c runs what
 * assign_compile.c made.
 */
#ifndef WEIR_OP_ASSIGN_IMPL_H
#define WEIR_OP_ASSIGN_IMPL_H

#include "expr/items.h"
#include "json/edit.h"
#include "op/assign.h"

/* A top-level field that is set, changed inside or removed. */
struct weir_target {
	char *name;
	struct weir_buf key; /* its JSON text with quotes and colon */
	int slot;	     /* of the field in the event */
	int declared;	     /* variable of that name, or -1 */
	bool seen;	     /* some expression to the right names it */
	bool dropped;
};

/* One assignment, or the removal of what is inside a field. */
struct weir_step {
	struct weir_expr *expr; /* NULL: remove */
	int field;		/* expr is just this slot, or WEIR_NO_SLOT */
	bool path_field; /* a field, but which one is the event's matter */
	size_t target;
	const struct weir_str *path; /* inside the target */
	struct weir_str *keys;	     /* its names as edits want them */
	size_t depth;		     /* of path; 0 is the target itself */
};

struct weir_assign {
	struct weir_items items, drops; /* hold names and trees */
	size_t nsteps, steps_cap;
	struct weir_step *steps;
	size_t ntargets, targets_cap;
	struct weir_target *targets;
	size_t nvars; /* declared ones; the targets come behind them */
	bool project;
	/* Of the event in hand. */
	struct weir_value *vars;
	struct weir_edit *edits; /* one for each target */
	struct weir_edit *made;	 /* those that have an effect */
	struct weir_buf room, inner;
};

#endif
