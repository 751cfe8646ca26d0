/*
 * swindow_impl.h - what the kinds of windows share inside the swindow operator.
 *
 *     swindow.c       options, and which kind keeps the windows
 *     swindow_state.c what their saved lines have in common
 *     paned*.c        windows told once: shared panes, merged when one closes
 *     emit.c          what of a window's results is told, and when
 *
 * A kind's own struct begins with struct weir_swindow.
 */
#ifndef WEIR_OP_SWINDOW_IMPL_H
#define WEIR_OP_SWINDOW_IMPL_H

#include "op/aggregate.h"
#include "op/emit.h"
#include "op/group.h"
#include "op/swindow.h"
#include "op/window.h"

/* A way of keeping windows. */
struct weir_swindow_kind {
	size_t size; /* of its struct */
	const struct weir_stage_ops *ops;
	/* Options are parsed; nothing is compiled yet. */
	void (*init)(struct weir_swindow *sw);
	void (*fini)(struct weir_swindow *sw);
};

extern const struct weir_swindow_kind weir_paned_kind;

struct weir_swindow {
	const struct weir_swindow_kind *kind;
	struct weir_swindow_config config;
	struct weir_window_spec spec;
	struct weir_keyset keys;
	struct weir_aggs aggs;
	struct weir_emit emit;
	int64_t lateness_ns;
	struct weir_buf fingerprint;
	struct weir_side *late;

	struct weir_arena keys_arena; /* reset per run */
	struct weir_arena arena;      /* reset per event */
	struct weir_buf out;	      /* scratch */

	/* for loading */
	struct weir_prover *prover;
	struct weir_slot *slots;
	const char *line;
};

/*
 * State of `groups` groups takes so many bytes: 1, or -1 with *err if that is
 * more than --max-state allows.
 */
int weir_swindow_limit(const struct weir_swindow *sw, size_t bytes,
    size_t groups, struct weir_error *err);
/* An event that is too late: count it and do what --late says. */
int weir_swindow_late(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err);

/* --- saved lines (swindow_state.c) --- */

/* Members that a line may have; a group's keys are members of "k". */
enum {
	WEIR_SAVED_CLOSED, /* "closed": windows up to there are gone */
	WEIR_SAVED_SEQ,	   /* "seq": of the aggregates */
	WEIR_SAVED_WINDOW, /* "w": [start,end] */
	WEIR_SAVED_NUMBER, /* "n": a group's number among all */
	WEIR_SAVED_EVENTS, /* "e": how many events are in a group */
	WEIR_SAVED_STATES, /* "a": of the aggregates */
	WEIR_SAVED_TOLD,   /* "t": what was told of it */
	WEIR_SAVED_EXTRA,  /* "x": the kind's own */
	WEIR_SAVED_KEYS
};

/* The line that comes first: {"closed":T,"seq":N}. */
int weir_swindow_save_clock(struct weir_swindow *sw, int64_t closed,
    struct weir_snapshot_writer *to, struct weir_error *err);
/* Append `,"k":{...}`. */
void weir_swindow_save_key(
    struct weir_swindow *sw, struct weir_buf *out, struct weir_str text);
/* Append `,"NAME":u`. */
void weir_swindow_save_number(
    struct weir_buf *out, const char *name, uint64_t u);

/* Prove a line and find its members: 1, or -1 with *err. */
int weir_swindow_open_line(
    struct weir_swindow *sw, struct weir_str line, struct weir_error *err);
bool weir_swindow_saved(const struct weir_swindow *sw, int member);
/* A member of the line; WEIR_ABSENT if it is not there. */
struct weir_value weir_swindow_value(struct weir_swindow *sw, int member);
/* Is this the first line? Then 1 with *closed set, else 0; -1 with *err. */
int weir_swindow_load_clock(
    struct weir_swindow *sw, int64_t *closed, struct weir_error *err);
int weir_swindow_load_span(
    struct weir_swindow *sw, struct weir_span *span, struct weir_error *err);
int weir_swindow_load_key(
    struct weir_swindow *sw, struct weir_key *key, struct weir_error *err);
/* A number below 2^62. */
int weir_swindow_load_number(
    struct weir_swindow *sw, int member, uint64_t *u, struct weir_error *err);
/* Fail with WEIR_STATE. */
int weir_swindow_bad_line(const char *why, struct weir_error *err);

#endif
