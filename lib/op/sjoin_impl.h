/*
 * sjoin_impl.h - what the kinds of joins share inside the sjoin operator.
 *
 *     sjoin.c       options, and which kind joins
 *     sjoin_line.c  what saved lines of joins have in common
 *     pair.c        results, and conditions on both sides
 *
 * A kind's own struct begins with struct weir_sjoin.
 */
#ifndef WEIR_OP_SJOIN_IMPL_H
#define WEIR_OP_SJOIN_IMPL_H

#include "op/group.h"
#include "op/pair.h"
#include "op/sjoin.h"
#include "op/window.h"

/* Which events come out unmatched; or only which of left (semi, anti). */
enum weir_join_type {
	WEIR_INNER,
	WEIR_LEFT_OUTER,
	WEIR_RIGHT_OUTER,
	WEIR_FULL_OUTER,
	WEIR_SEMI,
	WEIR_ANTI
};

/* A way of joining. */
struct weir_sjoin_kind {
	size_t size; /* of its struct */
	const struct weir_stage_ops *ops;
	/* Parse what is its own, after the rest. 1, or -1 with *err. */
	int (*parse)(struct weir_sjoin *sj, struct weir_error *err);
	/* Compile what is its own; may be NULL. */
	int (*attach)(struct weir_sjoin *sj, struct weir_stage *st,
	    struct weir_error *err);
	void (*fini)(struct weir_sjoin *sj);
	/* Append what of it shapes the state. */
	void (*print)(struct weir_buf *out, const struct weir_sjoin *sj);
};

extern const struct weir_sjoin_kind weir_sjoin_interval_kind,
    weir_sjoin_window_kind, weir_sjoin_table_kind, weir_sjoin_static_kind,
    weir_sjoin_tables_kind;

struct weir_sjoin {
	const struct weir_sjoin_kind *kind;
	struct weir_sjoin_config config;
	enum weir_join_how how;
	enum weir_join_type type;
	struct weir_keyset keys[2]; /* of left and right, as many */
	struct weir_pairs pairs;
	struct weir_buf fingerprint;
	struct weir_terms terms;
	struct weir_side *late;

	struct weir_arena keys_arena; /* reset per run */
	struct weir_arena arena;      /* reset per event */
	struct weir_buf out;	      /* scratch */

	/* for loading (sjoin_line.c) */
	struct weir_prover *lines;
	struct weir_slot *slots, *event_slots;
	const char *line;
};

/*
 * The key of an event of that side: 1; 0 if a part of it is null or absent, so
 * that it matches nothing; -1 with *err (WEIR_INPUT) if it is a bad event. It
 * points into the event or into keys_arena.
 */
int weir_sjoin_key(struct weir_sjoin *sj, int side, const struct weir_row *row,
    struct weir_key *key, struct weir_error *err);
/* An event that is too late: count it and do what --late says. */
int weir_sjoin_late(struct weir_sjoin *sj, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err);
/* State takes so many bytes: -1 with *err if --max-state allows fewer. */
int weir_sjoin_limit(const struct weir_sjoin *sj, size_t bytes, size_t events,
    struct weir_error *err);
/* A result: of two events (either may be absent, s NULL). */
struct weir_sjoin_result {
	struct weir_str left, right;
	const struct weir_pair_right *open; /* right, if it is open; or NULL */
	bool apart; /* it is, and left has none of its fields' names */
	int64_t time, release; /* it is sent under watermark release - 1 */
	uint32_t flags;	       /* WEIR_RETRACT: it ends; shown in JSON, too */
};
/*
 * Put it out. 1, or -1 with *err. If it fails in an expression it is counted as a
 * bad event, and left out.
 */
int weir_sjoin_put(struct weir_sjoin *sj, struct weir_stage *st,
    const struct weir_sjoin_result *r, struct weir_error *err);
/* Does --where hold for them? What fails is counted, and does not hold. */
int weir_sjoin_test(struct weir_sjoin *sj, struct weir_stage *st,
    struct weir_str left, struct weir_str right, struct weir_error *err);

#endif
