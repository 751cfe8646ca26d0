/*
 * swindow_impl.h - what the kinds of windows share inside the swindow operator.
 *
 *     swindow.c       options, and which kind keeps the windows
 *     swindow_run.c   runs of events: the keys of a table, fetched early
 *     swindow_group.c events, and groups that they change
 *     swindow_state.c what their saved lines have in common
 *     paned*.c        windows told once, in panes
 *     slide*.c        what overlapping ones share of their panes
 *     retold*.c       windows that may be told again, or of the whole stream
 *     session*.c      sessions, each of one group
 *     counted*.c      windows of so many events of a key
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
	/* Do the other options suit it? NULL: all do. 1, or -1 with *err. */
	int (*check)(
	    const struct weir_swindow_config *c, struct weir_error *err);
	/* Options are parsed; nothing is compiled yet. */
	void (*init)(struct weir_swindow *sw);
	void (*fini)(struct weir_swindow *sw);
};

extern const struct weir_swindow_kind weir_paned_kind, weir_retold_kind,
    weir_session_kind, weir_counted_kind;

struct weir_swindow {
	const struct weir_swindow_kind *kind;
	struct weir_swindow_config config;
	struct weir_window_spec spec;
	struct weir_keyset keys;
	struct weir_aggs aggs;
	struct weir_emit emit;
	int64_t lateness_ns;
	bool retracts; /* the input may take events back */
	struct weir_buf fingerprint;
	struct weir_terms terms;
	struct weir_side *late;

	struct weir_arena keys_arena;  /* reset per run */
	struct weir_arena arena;       /* reset per event */
	struct weir_buf out;	       /* scratch */
	void *empty;		       /* states of a group that is not there */
	struct weir_swindow_item *run; /* WEIR_RUN of them, where kinds share */

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
/* The release point of what comes under the watermark closed. */
static inline int64_t
weir_swindow_release(int64_t closed)
{
	return closed < WEIR_TIME_MAX - 1 ? closed + 1 : WEIR_TIME_MAX - 1;
}
/* An event that is too late: count it and do what --late says. */
int weir_swindow_late(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err);

/* As weir_stage_ops.adopt. */
int weir_swindow_adopt(
    void *self, const struct weir_terms *saved, struct weir_buf *note);

/* --- runs of events (swindow_run.c) --- */

/* An event of a run, between the two passes. */
struct weir_swindow_item {
	struct weir_key key;
	uint64_t hash;
	uint32_t generation; /* of the table that hashed it */
	bool bad;
};
/*
 * The first pass over n <= WEIR_RUN events: find their keys, and have what the
 * table holds of them fetched. Keys last until the next run.
 */
void weir_swindow_prepare(struct weir_swindow *sw, struct weir_table *table,
    const struct weir_block *b, uint32_t i, uint32_t n);
/* In the second pass: the hash as it is by now. */
static inline uint64_t
weir_swindow_hash(
    const struct weir_swindow_item *item, const struct weir_table *table)
{
	struct weir_str key = item->key.canonical;

	return item->generation == weir_table_generation(table)
	    ? item->hash
	    : weir_table_hash(table, key.s, key.len);
}

/* --- events and groups (swindow_group.c) --- */

/*
 * What a kind's open() does first: can the options take back what the input
 * may take back, and what may results do? 1, or -1 with *err (WEIR_USAGE).
 */
int weir_swindow_open(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_error *err);

/*
 * Read event i: 1 with its key (in sw->arena, with what the aggregates need of
 * it), 0 if it is a bad one, which was said, -1 with *err.
 */
int weir_swindow_read(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_key *key,
    struct weir_error *err);

/*
 * A group that may be told more than once, and from which events may be taken
 * back. Its states lie behind it.
 */
struct weir_swindow_group {
	struct weir_told told;
	uint64_t events;
	char *text; /* of the key, if it is not the canonical one */
};

static inline size_t
weir_swindow_group_size(const struct weir_swindow *sw)
{
	return sizeof(struct weir_swindow_group) + sw->aggs.size;
}

/*
 * May the event that was read be added to the group, or with `back` be taken
 * out of it? 1, or -1 with the reason. NULL is a group that is not there.
 */
int weir_swindow_check(const struct weir_swindow *sw,
    const struct weir_swindow_group *g, bool back, struct weir_error *why);
/* Do so: that it may was checked. The group has changed. */
void weir_swindow_apply(struct weir_swindow *sw, struct weir_swindow_group *g,
    const struct weir_event *ev, size_t *owned);
/* Keep how the first event wrote the key of a new group. */
void weir_swindow_name(
    struct weir_swindow_group *g, const struct weir_key *key, size_t *owned);
/* The key's text, given its canonical one. */
struct weir_str weir_swindow_text(
    const struct weir_swindow_group *g, struct weir_str canonical);
/* Tell it, in the results in hand. */
int weir_swindow_tell(struct weir_swindow *sw, struct weir_swindow_group *g,
    struct weir_str canonical, size_t *owned, struct weir_error *err);
/* Free what the group holds. */
void weir_swindow_drop(
    struct weir_swindow *sw, struct weir_swindow_group *g, size_t *owned);
/* Append `,"e":events,"t":told,"a":states`, and read it into an empty group. */
void weir_swindow_save_group(struct weir_swindow *sw, struct weir_buf *out,
    const struct weir_swindow_group *g);
int weir_swindow_load_group(struct weir_swindow *sw,
    struct weir_swindow_group *g, size_t *owned, struct weir_error *err);

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
/* `{"w":[start,end]`, in an emptied out. */
void weir_swindow_begin_line(struct weir_buf *out, int64_t start, int64_t end);
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
