/*
 * emit.h - what is told of a window's groups, when, and how it is taken back.
 *
 * Results of a window are begun, given group by group, and ended. In between
 * stand --having and --top, which choose among the groups; the pane (index and
 * timing), where a group may be told more than once; and the mode: a result is
 * all so far (accumulate), or the part since the last one (discard), or it comes
 * after the one that it replaces was taken back (retract). Terms are those of
 * the Dataflow model (Akidau et al., VLDB 2015).
 */
#ifndef WEIR_OP_EMIT_H
#define WEIR_OP_EMIT_H

#include "base/timetext.h"
#include "op/aggregate.h"
#include "op/group.h"
#include "op/row.h"
#include "op/window.h"
#include "stream/stage.h"

enum weir_emit_when {
	WEIR_EMIT_FINAL,  /* once the window closes */
	WEIR_EMIT_UPDATE, /* at every change */
	WEIR_EMIT_EVERY	  /* early, by the wall clock, then once it closes */
};

enum weir_emit_mode { WEIR_ACCUMULATE, WEIR_DISCARD, WEIR_TAKE_BACK };

enum weir_pane_timing { WEIR_EARLY, WEIR_ON_TIME, WEIR_LATE };

/*
 * What is kept of a group that may be told more than once; {0} is a group that
 * never was.
 */
struct weir_told {
	char *text;	/* the result that stands, if the mode takes back */
	int64_t time;	/* its time */
	uint32_t len;	/* of the text */
	uint32_t panes; /* results so far */
	bool changed;	/* since the last one: the operator sets it */
	bool stands;	/* the last one was not taken back */
};

/* A group of the window: of one that is told once, told is NULL. */
struct weir_emit_group {
	struct weir_str key; /* its text */
	void *states;
	struct weir_told *told;
	size_t *owned; /* bytes that the group's states and told own */
};
/* The groups with the greatest ranks, while a window's groups come in. */
struct weir_top {
	size_t most;		     /* 0: no --top */
	struct weir_top_entry *heap; /* the least on top */
	size_t n, cap, seen, at;
	/* groups that are not among them, and stand as if they were */
	struct weir_top_entry *fallen;
	size_t nfallen, fallen_cap, fallen_at;
};

struct weir_emit_config {
	const char *when; /* final, update, every:DUR; NULL: final */
	const char *mode; /* accumulate, discard, retract; NULL: the first */
	const char *having, *top; /* NULL: none */
	bool again;		  /* late events correct results (--lateness) */
	enum weir_time_unit epoch; /* of times in results, WEIR_RFC3339 */
};

struct weir_emit {
	enum weir_emit_when when;
	enum weir_emit_mode mode;
	int64_t every_ns;
	enum weir_time_unit epoch;
	bool panes; /* groups may be told more than once */
	struct weir_keyset *keys;
	struct weir_aggs *aggs;
	/* what needs a row's values: computed columns, --having, --top */
	bool rowed;
	struct weir_rows rows;
	struct weir_agg_source having_source, rank_source;
	struct weir_row_expr having, rank;
	struct weir_top top;
	/* the results in hand */
	struct weir_stage *st;
	struct weir_buf out;
	struct weir_span span;
	int64_t time, release;
	enum weir_pane_timing timing;
	size_t begin; /* length of what each result begins with */
};

/*
 * 1, or -1 with *err (WEIR_USAGE). keys and aggs are parsed, and borrowed; aggs
 * gets the aggregates that stand in --having and --top.
 */
int weir_emit_init(struct weir_emit *e, const struct weir_emit_config *c,
    struct weir_keyset *keys, struct weir_aggs *aggs, struct weir_error *err);
void weir_emit_fini(struct weir_emit *e);
/* Compile the expressions. */
int weir_emit_compile(struct weir_emit *e, struct weir_error *err);
/* What of it shapes the state, for fingerprints. */
void weir_emit_print(struct weir_buf *out, const struct weir_emit *e);
/* Does a choice among groups (--top) need all of a window's at once? */
bool weir_emit_whole(const struct weir_emit *e);

/* A window's results, each with that time, under watermark release - 1. */
struct weir_results {
	struct weir_span span; /* as results show it */
	int64_t time, release;
	enum weir_pane_timing timing;
};
void weir_emit_begin(
    struct weir_emit *e, struct weir_stage *st, const struct weir_results *r);

/*
 * A group of the window: tell it, unless nothing has changed since it was told (on time, what
 * accumulates is told again). States begin anew where the mode discards.
 */
int weir_emit_group(struct weir_emit *e, const struct weir_emit_group *g,
    struct weir_error *err);
int weir_emit_end(struct weir_emit *e, struct weir_error *err);

/*
 * The result that stands is no more (its group vanished, or its session became
 * part of another): take it back if the mode does, under watermark release - 1.
 */
int weir_emit_withdraw(struct weir_emit *e, struct weir_stage *st,
    struct weir_told *told, int64_t release, size_t *owned,
    struct weir_error *err);
/* Free what told owns. */
void weir_told_fini(struct weir_told *told, size_t *owned);

/* As one JSON value, and back from a value that need not be one of ours. */
void weir_told_save(struct weir_buf *out, const struct weir_told *told);
int weir_told_load(struct weir_told *told, struct weir_value saved,
    struct weir_arena *arena, size_t *owned, struct weir_error *err);

#endif
