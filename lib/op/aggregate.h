/*
 * aggregate.h - functions over the values of a group: count, sum, avg, ...
 *
 * An aggregate is a table of functions over a state of fixed size, which may
 * own memory besides. The states of a group lie one behind the other in its
 * value; all zero is empty. An event is first read (every argument and
 * condition is evaluated, equal ones once), then checked against the group's
 * states, and only then added, which cannot fail: so a bad event leaves nothing
 * behind. Arguments that are absent or null do not count.
 */
#ifndef WEIR_OP_AGGREGATE_H
#define WEIR_OP_AGGREGATE_H

#include "expr/expr.h"
#include "expr/items.h"

#define WEIR_AGGS_MAX	  128 /* aggregates in a list */
#define WEIR_AGG_ARGS_MAX 2   /* arguments of one */

/* What an aggregate sees of an event. */
struct weir_agg_input {
	const struct weir_value *arg[WEIR_AGG_ARGS_MAX]; /* none NULL or null */
	int64_t time;
};

/*
 * One kind of aggregate. Where owned is given, it counts the bytes of memory
 * that states own, up and down. Functions that can fail return 1, or -1 with
 * *err; what is NULL is not needed.
 */
struct weir_agg_ops {
	const char *name;
	size_t min_args, max_args;
	size_t size; /* of a state: a multiple of 8 */
	/* May these be added? */
	int (*check)(const void *state, const struct weir_agg_input *in,
	    struct weir_error *err);
	void (*add)(
	    void *state, const struct weir_agg_input *in, size_t *owned);
	/* Add all that other holds; other stays as it is. */
	int (*merge)(void *state, const void *other, size_t *owned,
	    struct weir_error *err);
	/* Append the result as JSON. */
	void (*result)(struct weir_buf *out, const void *state);
	/* Append the state as one JSON value, and read it back. */
	void (*save)(struct weir_buf *out, const void *state);
	int (*load)(void *state, struct weir_value saved,
	    struct weir_arena *arena, size_t *owned, struct weir_error *err);
	/* Free what the state owns. */
	void (*fini)(void *state, size_t *owned);
};

/* The kinds that this version knows, and how many. */
extern const struct weir_agg_ops *const weir_agg_kinds[];
extern const size_t weir_agg_nkinds;

/* An argument or condition; equal ones are evaluated once an event. */
struct weir_agg_expr {
	const struct weir_ast *ast;
	char *text; /* canonical */
	bool cond;
	struct weir_expr *expr;
	int slot; /* just this field, or WEIR_NO_SLOT */
};

struct weir_agg {
	const struct weir_agg_ops *ops;
	char *column; /* `,"name":` */
	size_t column_len;
	struct weir_str name; /* in the items */
	size_t offset;	      /* of its state in a value */
	size_t nargs;
	size_t arg[WEIR_AGG_ARGS_MAX]; /* which of exprs */
	ptrdiff_t cond;		       /* which of exprs, -1: none */
};

struct weir_aggs {
	struct weir_items items;
	size_t n, size; /* aggregates; bytes of their states together */
	struct weir_agg *aggs;
	size_t nexprs;
	struct weir_agg_expr *exprs;
	struct weir_value *values; /* of exprs, for the event that was read */
	struct weir_agg_input *inputs; /* of aggs, fixed pointers to values */
};

/* Parse the list. 1, or -1 with *err (WEIR_USAGE). */
int weir_aggs_parse(
    struct weir_aggs *aggs, const char *text, struct weir_error *err);
int weir_aggs_compile(
    struct weir_aggs *aggs, struct weir_prover *prover, struct weir_error *err);
/* The canonical text without names, for fingerprints. */
void weir_aggs_print(struct weir_buf *out, const struct weir_aggs *aggs);
void weir_aggs_fini(struct weir_aggs *aggs);

/*
 * Evaluate what the aggregates need of an event. 1, or -1 with *err. The
 * values live as long as the event and the arena's.
 */
int weir_aggs_read(struct weir_aggs *aggs, const struct weir_row *row,
    struct weir_arena *arena, struct weir_error *err);
/* Can the event that was read be added to these states? 1, or -1. */
int weir_aggs_check(
    const struct weir_aggs *aggs, const void *states, struct weir_error *err);
/* Add it. */
void weir_aggs_add(
    struct weir_aggs *aggs, void *states, int64_t time, size_t *owned);
/* Add other's states; -1 if some could not be merged, and stayed as they were. */
int weir_aggs_merge(const struct weir_aggs *aggs, void *states,
    const void *other, size_t *owned, struct weir_error *err);
/* Append `,"name":result` for each. */
void weir_aggs_write(
    struct weir_buf *out, const struct weir_aggs *aggs, const void *states);
/* The states as a JSON array, and back. */
void weir_aggs_save(
    struct weir_buf *out, const struct weir_aggs *aggs, const void *states);
int weir_aggs_load(const struct weir_aggs *aggs, void *states,
    struct weir_value saved, struct weir_arena *arena, size_t *owned,
    struct weir_error *err);
void weir_aggs_drop(const struct weir_aggs *aggs, void *states, size_t *owned);

#endif
