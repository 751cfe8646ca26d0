/*
 * sdedup_impl.h - what the files of the sdedup operator share.
 *
 *     sdedup.c          making it, its options, what all ways have in common
 *     sdedup_first.c    --keep=first, exact and --approx: seen before?
 *     sdedup_runs.c     --keep=last: the runs of keys
 *     sdedup_last.c     and their newest events
 *     sdedup_changes.c  --changes: in order of time, what differs
 *     sdedup_save.c     state as lines
 *     sdedup_load.c     and back
 */
#ifndef WEIR_OP_SDEDUP_IMPL_H
#define WEIR_OP_SDEDUP_IMPL_H

#include "op/age.h"
#include "op/group.h"
#include "op/sdedup.h"

/* An event of a run, between the two passes. */
struct weir_sdedup_item {
	struct weir_key key;
	int64_t number;		/* of its age */
	uint64_t closed;	/* ages closed when it was hashed */
	uint64_t hash[2];	/* in its age, in the one before */
	uint32_t generation[2]; /* of the tables that hashed it */
	bool hashed[2], bad;
};

/* --keep=first with --within: when a key was seen in an age. */
struct weir_seen {
	int64_t lo, hi;
};

/* --keep=last: events of a key that are one, and the newest of them. */
struct weir_run {
	struct weir_heap_node node;	/* by its hi when it was put there, then
				       by seq */
	struct weir_run *older, *newer; /* of this key, by lo */
	struct weir_run *after; /* of those that are out: the next to go */
	struct weir_key_runs *of;
	int64_t lo, hi;	       /* times that draw others in; without --refresh
				   both are the first event's */
	int64_t newest;	       /* time of text */
	uint64_t seq, arrival; /* numbers of the first event, and of text's */
	bool out;
	uint32_t len;
	size_t cap;
	char *text;
};

/* The runs of a key: its value in the table. */
struct weir_key_runs {
	struct weir_run *newest, *oldest;
};

struct weir_runs {
	struct weir_table *table;	   /* of keys and their runs */
	struct weir_heap heap;		   /* those that are not out */
	struct weir_run *gone, **gone_end; /* that are out, in order */
	size_t bytes;			   /* of runs and their texts */
	size_t count;
};

/* --changes: an event that waits until no older one can come. */
struct weir_held {
	struct weir_heap_node node; /* by time, then by seq */
	uint32_t key_len, value_len, text_len;
	size_t cap;
	struct weir_held *spare;
	char bytes[]; /* key, value, text */
};

struct weir_holds {
	struct weir_heap heap;
	struct weir_held *spares; /* to be used again */
	size_t nspares;
	size_t bytes;
};

/* What EXPR was at a key's last event: canonical text, empty if absent. */
struct weir_said {
	int64_t time; /* when it came out, or with --refresh was seen */
	uint32_t len;
	char small[12]; /* the text, or where it lies */
};

struct weir_sdedup {
	struct weir_sdedup_config config;
	int64_t within_ns; /* 0: for ever */
	bool last, late_pass;
	struct weir_prints_form form; /* of --approx; width 0: exact */
	struct weir_keyset keys;
	struct weir_arena ast_arena;
	const struct weir_ast *changes_ast;
	struct weir_expr *changes;
	struct weir_buf fingerprint;
	struct weir_terms terms;
	struct weir_side *late;

	struct weir_ages ages;	 /* but for --keep=last */
	struct weir_runs runs;	 /* of --keep=last */
	struct weir_holds holds; /* of --changes */
	size_t nkeys;
	uint64_t seq;	/* events so far */
	int64_t closed; /* the watermark in force */
	int64_t due;	/* as told the stage */

	struct weir_sdedup_item run[WEIR_RUN];
	uint32_t from,
	    end; /* events of the block that pass, not passed on yet */
	struct weir_arena keys_arena; /* reset per run */
	struct weir_arena arena;      /* reset per event */
	struct weir_buf out, value;

	/* for loading */
	struct weir_prover *prover;
	struct weir_slot *slots;
	const char *line;
};

/* a - b for a >= b: exact, however far apart. */
static inline uint64_t
weir_sdedup_apart(int64_t a, int64_t b)
{
	return (uint64_t)a - (uint64_t)b;
}

/* sdedup.c */
int weir_sdedup_open(void *self, struct weir_stage *st, struct weir_error *err);
/* Read keys of n events into sd->run, and fetch what they will touch. */
void weir_sdedup_prepare(
    struct weir_sdedup *sd, const struct weir_block *b, uint32_t i, uint32_t n);
/* Do what is to be done with an event whose key was read. */
typedef int weir_sdedup_apply(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, const struct weir_sdedup_item *item,
    struct weir_error *err);
weir_sdedup_apply weir_sdedup_apply_changes, weir_sdedup_apply_last;
/* events() of these two. */
int weir_sdedup_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err);
/* The event passes; those that do so together are passed on together. */
int weir_sdedup_keep(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err);
/* Pass on what was kept: 1 or -1. Before anything else goes out. */
int weir_sdedup_flush(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_block *b, struct weir_error *err);
int weir_sdedup_refuse(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err);
/* Count it, and write it to --late=FILE; --late=pass is the caller's. */
int weir_sdedup_late(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err);
void weir_sdedup_set_due(
    struct weir_sdedup *sd, struct weir_stage *st, int64_t due);
size_t weir_sdedup_bytes(const struct weir_sdedup *sd);
/* -1 with *err if the state is larger than allowed. */
int weir_sdedup_check(const struct weir_sdedup *sd, struct weir_error *err);
int weir_sdedup_outgrown(const struct weir_sdedup *sd, struct weir_error *err);
void weir_sdedup_count(struct weir_sdedup *sd, struct weir_stage *st);
/* Forget the ages that w ends. */
void weir_sdedup_forget(
    struct weir_sdedup *sd, struct weir_stage *st, int64_t w);
/* The watermark over all inputs, which an idle one may be behind. */
static inline void
weir_sdedup_catch_up(struct weir_sdedup *sd, struct weir_stage *st)
{
	if (weir_stage_metrics(st)->watermark > sd->closed)
		sd->closed = weir_stage_metrics(st)->watermark;
}

/* sdedup_runs.c */
void weir_runs_init(struct weir_runs *runs);
void weir_runs_fini(struct weir_runs *runs);
size_t weir_runs_bytes(const struct weir_runs *runs);
/* A new run of a key from lo to hi, without a text and not in the heap. */
struct weir_run *weir_runs_add(
    struct weir_sdedup *sd, const struct weir_key *key, int64_t lo, int64_t hi);
void weir_runs_text(
    struct weir_runs *runs, struct weir_run *run, const char *text, size_t len);
/* The runs of a key, or NULL. */
struct weir_key_runs *weir_runs_of(
    const struct weir_sdedup *sd, struct weir_str key);
/* Into the heap, due at its hi, and out of it. */
void weir_runs_push(struct weir_runs *runs, struct weir_run *run);
void weir_runs_pull(struct weir_runs *runs, struct weir_run *run);
/* It is out of the heap, and came out: it waits to be forgotten. */
void weir_runs_retire(struct weir_runs *runs, struct weir_run *run);
/* Forget a run that is in neither; its key, too, if that was the last one. */
void weir_runs_drop(struct weir_sdedup *sd, struct weir_run *run);
/* sdedup_last.c */
void weir_runs_set_due(struct weir_sdedup *sd, struct weir_stage *st);

/* sdedup_changes.c */
struct weir_str weir_said_text(const struct weir_said *said);
void weir_said_set(struct weir_said *said, struct weir_str text, size_t *owned);
void weir_said_drop(struct weir_groups *groups);
void weir_holds_fini(struct weir_holds *holds);
/* Keep an event until its time has come. */
void weir_holds_push(struct weir_holds *holds, int64_t time, uint64_t seq,
    struct weir_str key, struct weir_str value, struct weir_str text);
struct weir_held **weir_holds_sorted(const struct weir_holds *holds);
void weir_holds_set_due(struct weir_sdedup *sd, struct weir_stage *st);

extern const struct weir_stage_ops weir_sdedup_first_ops, weir_sdedup_last_ops,
    weir_sdedup_changes_ops;

int weir_sdedup_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err);
int weir_sdedup_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err);

#endif
