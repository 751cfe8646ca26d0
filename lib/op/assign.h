/*
 * assign.h - lists of assignments: what smap does to an event.
 *
 * `name = EXPR, ...` sets fields of an event and leaves the others byte for
 * byte and in their order; or, projecting, makes an object of those listed
 * alone. Expressions see the event as it came in and the assignments to their
 * left. An assignment whose value is absent has no effect. `a.b = EXPR` sets
 * inside the object a, which is made if it is not there or null.
 */
#ifndef WEIR_OP_ASSIGN_H
#define WEIR_OP_ASSIGN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "expr/expr.h"

#include <stdbool.h>

struct weir_assign_config {
	const char *text; /* the assignments; blank: none */
	const char *what; /* what messages call them */
	const char *drop; /* fields to remove, comma-separated, or NULL */
	bool project;	  /* only what is listed comes out */
	/*
	 * Where fields are interned, and variables that go before them; their
	 * values come in row.vars.
	 */
	struct weir_scope scope;
};

struct weir_assign;

/* Compile: NULL with *err (WEIR_USAGE). c is not needed any more afterwards. */
struct weir_assign *weir_assign_new(
    const struct weir_assign_config *c, struct weir_error *err);
void weir_assign_free(struct weir_assign *a);

/*
 * Append the object that the row becomes. Row text without slots stands for
 * {}. 1, or -1 with err->text when an expression failed; out is then as it was.
 * row->vars is another meanwhile.
 */
int weir_assign_apply(struct weir_assign *a, struct weir_row *row,
    struct weir_arena *arena, struct weir_buf *out, struct weir_error *err);

#endif
