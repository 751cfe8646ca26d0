/*
 * aggregate.h - functions over the values of a group: count, sum, avg, ...
 *
 * An aggregate is a table of functions over a state of fixed size, which may
 * own memory besides. The states of a group lie one behind the other in its
 * value; all zero is empty. An event is first read (every argument and
 * condition is evaluated, equal ones once), then checked against the group's
 * states, and only then added, which cannot fail: so a bad event leaves nothing
 * behind. Arguments that are absent or null do not count. Trailing arguments
 * may be constants, the q of `quantile(x, q)`: they are evaluated once, when
 * the list is parsed, and become the aggregate's params.
 */
#ifndef WEIR_OP_AGGREGATE_H
#define WEIR_OP_AGGREGATE_H

#include "expr/expr.h"
#include "expr/items.h"
#include "op/group.h"
#include "op/window.h"
#include "state/terms.h"

#define WEIR_AGGS_MAX	    128 /* aggregates in a list */
#define WEIR_AGG_VALUES_MAX 2	/* arguments of one that are no constants */
#define WEIR_AGG_CONSTS_MAX 2

struct weir_agg;

/*
 * The first argument as text, for those who keep it: JSON, byte for byte if it
 * is a field, and the canonical form that equal values share.
 */
struct weir_agg_text {
	struct weir_str json, key;
};
enum { WEIR_AGG_JSON = 1, WEIR_AGG_KEY = 2 };

/* What an aggregate sees of an event. */
struct weir_agg_input {
	/* None is NULL, absent or null. */
	const struct weir_value *arg[WEIR_AGG_VALUES_MAX];
	const struct weir_agg_text *text; /* what ops->texts asks for */
	/* The event's time and number of arrival; not for the checks. */
	int64_t time;
	uint64_t seq;
};

/*
 * One kind of aggregate. Every function but prepare gets the aggregate, for its
 * params. Where owned is given, it counts the bytes of memory that states own,
 * malloc's overhead included, up and down. Functions that can fail return 1, or
 * -1 with *err; what is NULL is not needed.
 */
struct weir_agg_ops {
	const char *name;
	const char *usage; /* "quantile(x, q)" */
	size_t min_args, max_args;
	size_t values;	/* so many are of events; constants follow them */
	size_t size;	/* of a state: a multiple of 8 */
	unsigned texts; /* WEIR_AGG_JSON and others */
	/*
	 * Make *params, one piece of malloc'd memory, out of n constants (no
	 * more than are allowed, perhaps none). *err is the mere reason.
	 */
	int (*prepare)(void **params, const struct weir_value *values, size_t n,
	    struct weir_error *err);
	/* May these be added? */
	int (*check)(const struct weir_agg *agg, const void *state,
	    const struct weir_agg_input *in, struct weir_error *err);
	void (*add)(const struct weir_agg *agg, void *state,
	    const struct weir_agg_input *in, size_t *owned);
	/*
	 * May these be taken back, as if they had not been added? Then do so.
	 * Both are there, or neither.
	 */
	int (*check_undo)(const struct weir_agg *agg, const void *state,
	    const struct weir_agg_input *in, struct weir_error *err);
	void (*undo)(const struct weir_agg *agg, void *state,
	    const struct weir_agg_input *in, size_t *owned);
	/*
	 * Add all that other holds; other stays as it is. The order in which
	 * states are merged makes no difference, but for the rounding of
	 * doubles. -1: some of it could not be added, and is left out.
	 */
	int (*merge)(const struct weir_agg *agg, void *state, const void *other,
	    size_t *owned, struct weir_error *err);
	/* Append the result as JSON; span is the window. */
	void (*result)(const struct weir_agg *agg, struct weir_buf *out,
	    const void *state, struct weir_span span);
	/* Append the state as one JSON value. */
	void (*save)(const struct weir_agg *agg, struct weir_buf *out,
	    const void *state);
	/*
	 * Read it back into an empty state. Anything may come. After -1 the
	 * state is one that fini takes.
	 */
	int (*load)(const struct weir_agg *agg, void *state,
	    struct weir_value saved, struct weir_arena *arena, size_t *owned,
	    struct weir_error *err);
	/* Free what the state owns. */
	void (*fini)(const struct weir_agg *agg, void *state, size_t *owned);
	/* A state grows with the number of values: merging is no cheaper. */
	bool gathers;
	/*
	 * What a further aggregate with the same add() over the same values and
	 * condition is: one that has no state (size 0), but gives a result of
	 * the first one's. NULL: nothing is shared.
	 */
	const struct weir_agg_ops *sharing;
};

/* The kinds that this version knows, and how many. */
extern const struct weir_agg_ops *const weir_agg_kinds[];
extern const size_t weir_agg_nkinds;

/* The text that trees are of, for messages. */
struct weir_agg_source {
	const char *text;
	size_t len;
	const char *what; /* "aggregates", "--having" */
};

/* An argument or condition; equal ones are evaluated once an event. */
struct weir_agg_expr {
	const struct weir_ast *ast;
	const struct weir_agg_source *source;
	char *canonical; /* text */
	bool cond;
	struct weir_expr *expr;
	int slot;	/* just this field, or WEIR_NO_SLOT */
	unsigned texts; /* that aggregates want of it */
	struct weir_agg_text text;
	struct weir_buf json,
	    key; /* what text points to, unless to the event */
};

struct weir_agg {
	const struct weir_agg_ops *ops;
	struct weir_str text; /* canonical, with its condition */
	size_t offset;	      /* of its state in a value */
	void *params;	      /* its own, from its constants */
	size_t nvalues;
	size_t value[WEIR_AGG_VALUES_MAX]; /* which of exprs */
	ptrdiff_t cond;			   /* which of exprs, -1: none */
};

/* A field of results: an aggregate, or computed from others. */
struct weir_agg_column {
	char *json; /* `,"name":` */
	size_t json_len;
	struct weir_str name; /* in the items */
	ptrdiff_t agg;	      /* which of aggs, -1: computed */
	/* if so, with names, as weir_agg.text has them, for aggregates in it */
	const struct weir_ast *ast;
};

struct weir_aggs {
	struct weir_items items;
	struct weir_agg_source source;
	const struct weir_keyset *keys; /* beside them in results, or NULL */
	size_t ncolumns;
	struct weir_agg_column *columns; /* as they are listed */
	bool computed;			 /* some are */
	size_t n, cap, size; /* aggregates; bytes of their states together */
	struct weir_agg *aggs;
	size_t nexprs, exprs_cap;
	struct weir_agg_expr *exprs;
	struct weir_value *values; /* of exprs, for the event that was read */
	struct weir_agg_input *inputs; /* of aggs, fixed pointers to values */
	/*
	 * The next event's number of arrival: who saves states saves it, too,
	 * and sets it again.
	 */
	uint64_t seq;
	/*
	 * Of another list's states (weir_aggs_adopt()): how many there are, and
	 * which is an aggregate's, -1: none. NULL: they are this list's.
	 */
	size_t nsaved;
	ptrdiff_t *saved;
};

/*
 * Parse the list; keys, or NULL, may be named in what is computed. 1, or -1
 * with *err (WEIR_USAGE); either way, fini it.
 */
int weir_aggs_parse(struct weir_aggs *aggs, const struct weir_keyset *keys,
    const char *text, struct weir_error *err);
/*
 * The tree with a name in place of every call of an aggregate in it: that
 * becomes an aggregate of its own, under the condition cond (or NULL), which no
 * column shows; its text is the name. Before compiling; source must outlive
 * aggs. NULL with *err (WEIR_USAGE).
 */
const struct weir_ast *weir_aggs_extract(struct weir_aggs *aggs,
    const struct weir_ast *ast, const struct weir_ast *cond,
    const struct weir_agg_source *source, struct weir_error *err);
int weir_aggs_compile(
    struct weir_aggs *aggs, struct weir_prover *prover, struct weir_error *err);
/* The canonical text without names, for fingerprints, and each as a term. */
void weir_aggs_print(struct weir_buf *out, const struct weir_aggs *aggs,
    struct weir_terms *terms);
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
/*
 * Take the event that was read back, which had been added. 1, or -1 with the
 * reason in *err and nothing changed.
 */
int weir_aggs_undo(struct weir_aggs *aggs, void *states, int64_t time,
    size_t *owned, struct weir_error *err);
/* Could it be? As above, but nothing is done. */
int weir_aggs_check_undo(
    const struct weir_aggs *aggs, const void *states, struct weir_error *err);
/* The first aggregate that takes nothing back, or NULL. */
const struct weir_agg *weir_aggs_cannot_undo(const struct weir_aggs *aggs);
/* Add other's states; -1 if not all of them could be added. */
int weir_aggs_merge(const struct weir_aggs *aggs, void *states,
    const void *other, size_t *owned, struct weir_error *err);
/*
 * Append `,"name":result` for each column, over the window; none of them may be
 * computed (op/row.h does those).
 */
void weir_aggs_write(struct weir_buf *out, const struct weir_aggs *aggs,
    const void *states, struct weir_span span);
/* The states as a JSON array, and back into empty ones. */
void weir_aggs_save(
    struct weir_buf *out, const struct weir_aggs *aggs, const void *states);
int weir_aggs_load(const struct weir_aggs *aggs, void *states,
    struct weir_value saved, struct weir_arena *arena, size_t *owned,
    struct weir_error *err);
/*
 * From now on states are loaded that was saved: those of aggregates with the
 * same text, or that can share one's state; others begin empty.
 */
void weir_aggs_adopt(struct weir_aggs *aggs, const struct weir_aggs *was);
/* Is aggregate i one of those that begin empty? */
bool weir_aggs_begins(const struct weir_aggs *aggs, size_t i);
void weir_aggs_drop(const struct weir_aggs *aggs, void *states, size_t *owned);
/* The same, and begin anew. */
void weir_aggs_reset(const struct weir_aggs *aggs, void *states, size_t *owned);

#endif
