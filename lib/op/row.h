/*
 * row.h - one result: its keys and columns, and expressions over them.
 *
 * What is computed (`rate = double(errs) / n`), --having and --top see a result
 * by the names of its fields: window_start and window_end (timestamps), keys,
 * columns, and the aggregates that stand in the expressions themselves.
 * What is computed sees of computed columns those that are listed before it.
 */
#ifndef WEIR_OP_ROW_H
#define WEIR_OP_ROW_H

#include "op/aggregate.h"
#include "op/group.h"
#include "op/window.h"

/* An expression over results. */
struct weir_row_expr {
	const struct weir_ast *ast;
	struct weir_expr *expr; /* NULL: none */
};

struct weir_rows {
	struct weir_keyset *keys;
	struct weir_aggs *aggs;
	size_t nvars, nfixed; /* of names; without those that are computed */
	const char **names;   /* NUL-terminated, in the arena */
	struct weir_value *vars;
	struct weir_row_expr *computed; /* one a column */
	struct weir_arena names_arena, arena;
	struct weir_buf key;	/* a copy of the group's */
	struct weir_buf text;	/* the aggregates' results */
	size_t *at;		/* where each begins; one more for the end */
	struct weir_str *parts; /* of the key */
};

/* keys and aggs are parsed, and borrowed; aggs gets no more aggregates. */
void weir_rows_init(
    struct weir_rows *r, struct weir_keyset *keys, struct weir_aggs *aggs);
void weir_rows_fini(struct weir_rows *r);
/* Compile the computed columns: 1, or -1 with *err (WEIR_USAGE). */
int weir_rows_compile(struct weir_rows *r, struct weir_error *err);
/* Compile x->ast, over results: 1, or -1 with *err (WEIR_USAGE). */
int weir_rows_expr(struct weir_rows *r, const struct weir_agg_source *source,
    struct weir_row_expr *x, struct weir_error *err);

/*
 * Append `,"name":value` for the keys and columns of a group. What is computed
 * is null if it has no value, or fails over a null; of other failures the last
 * is in *err and the result 0 (the column is null, too), else it is 1.
 */
int weir_rows_write(struct weir_rows *r, struct weir_buf *out,
    struct weir_str key, const void *states, struct weir_span span,
    struct weir_error *err);
/*
 * An expression over the row that was written last: 1 with *out, which lives
 * until the next one is written, 0 if it is absent or null (or fails over a
 * null), -1 with *err.
 */
int weir_rows_eval(struct weir_rows *r, const struct weir_row_expr *x,
    struct weir_value *out, struct weir_error *err);

#endif
