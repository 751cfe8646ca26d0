/*
 * swindow_impl.h - what the files of the swindow operator share.
 */
#ifndef WEIR_OP_SWINDOW_IMPL_H
#define WEIR_OP_SWINDOW_IMPL_H

#include "op/aggregate.h"
#include "op/group.h"
#include "op/swindow.h"
#include "op/window.h"

/* An event of a run, between the two passes. */
struct weir_swindow_item {
	struct weir_key key;
	struct weir_span span;
	struct weir_window *window; /* NULL: not open yet */
	uint64_t hash;		    /* of the key, if hashed */
	uint32_t generation;	    /* of the table that hashed it */
	bool hashed, late, bad;
};

struct weir_swindow {
	struct weir_swindow_config config;
	struct weir_window_spec spec;
	struct weir_keyset keys;
	struct weir_aggs aggs;
	struct weir_buf fingerprint;
	struct weir_side *late;

	struct weir_windows windows;
	size_t ngroups;
	int64_t closed; /* windows that end here or before are gone for good */
	int64_t due;	/* the first open window's end, else WEIR_TIME_MAX */

	struct weir_swindow_item run[WEIR_RUN];
	struct weir_window *last; /* of the event before, NULL: look it up */
	struct weir_span last_span;
	struct weir_arena keys_arena; /* reset per run */
	struct weir_arena arena;      /* reset per event */
	struct weir_buf out;

	/* for loading */
	struct weir_prover *prover;
	struct weir_slot *slots;
	const char *line;
};

/* Open a window or find it. */
struct weir_window *weir_swindow_window(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_span span);
/* Count w's memory anew; -1 with *err if that is more than --max-state. */
int weir_swindow_measure(
    struct weir_swindow *sw, struct weir_window *w, struct weir_error *err);

int weir_swindow_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err);
int weir_swindow_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err);

#endif
