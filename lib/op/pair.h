/*
 * pair.h - a left and a right event, and the result that they make.
 *
 * By default that is the left event's fields, then the right one's that are no
 * keys, where a name that the left one has, too, gets _right behind it; or an
 * object of the two (--nest), or what assignments make of them (--project).
 * A side that is not there (an unmatched event of an outer join) leaves its
 * fields out; nested, it is null.
 */
#ifndef WEIR_OP_PAIR_H
#define WEIR_OP_PAIR_H

#include "base/arena.h"
#include "expr/expr.h"
#include "op/assign.h"
#include "op/group.h"

struct weir_pairs_config {
	const char *project; /* assignments, or NULL */
	bool nest;
	const char *where;		      /* a condition on both, or NULL */
	const struct weir_keyset *right_keys; /* parsed, borrowed */
};

struct weir_pairs {
	struct weir_pairs_config c;
	struct weir_assign *assign;
	struct weir_expr *where;
	struct weir_arena arena; /* reset per pair */
	struct weir_buf room;
	/* the left event's names, taken apart */
	struct weir_pair_name *names;
	size_t nnames, cap;
};

/* Compile. 1, or -1 with *err (WEIR_USAGE); fini it either way. */
int weir_pairs_init(struct weir_pairs *p, const struct weir_pairs_config *c,
    struct weir_error *err);
void weir_pairs_fini(struct weir_pairs *p);

/*
 * Events are their JSON text, WEIR_PAD readable bytes behind it; one that is not
 * there has s NULL.
 */
/* Does the condition hold for the two? 1 (or there is none), 0 or -1. */
int weir_pairs_test(struct weir_pairs *p, struct weir_str left,
    struct weir_str right, struct weir_error *err);
/* Append their result. 1, or -1 with *err (WEIR_INPUT); out is then as it was. */
int weir_pairs_write(struct weir_pairs *p, struct weir_str left,
    struct weir_str right, struct weir_buf *out, struct weir_error *err);

#endif
