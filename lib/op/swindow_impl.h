/*
 * swindow_impl.h - what the files of the swindow operator share.
 */
#ifndef WEIR_OP_SWINDOW_IMPL_H
#define WEIR_OP_SWINDOW_IMPL_H

#include "op/aggregate.h"
#include "op/group.h"
#include "op/swindow.h"
#include "op/pane.h"

/* An event of a run, between the two passes. */
struct weir_swindow_item {
	struct weir_key key;
	struct weir_span span;
	struct weir_pane *pane; /* NULL: not open yet */
	uint64_t hash;		/* of the key, if hashed */
	uint32_t generation;	/* of the table that hashed it */
	bool hashed, late, nowhere, bad;
};

struct weir_swindow {
	struct weir_swindow_config config;
	struct weir_window_spec spec;
	struct weir_keyset keys;
	struct weir_aggs aggs;
	struct weir_buf fingerprint;
	struct weir_side *late;

	struct weir_panes panes;
	size_t ngroups;
	int64_t closed; /* windows that end here or before are gone for good */
	int64_t due;	/* the end of the next window, else WEIR_TIME_MAX */
	/*
	 * A group's value: its number among all groups, if panes are merged
	 * (head is its size, else 0), then the states.
	 */
	size_t head;
	uint64_t seq; /* the next group's number */

	struct weir_swindow_item run[WEIR_RUN];
	struct weir_pane *last;	      /* where the last event went, or NULL */
	struct weir_arena keys_arena; /* reset per run */
	struct weir_arena arena;      /* reset per event */
	struct weir_buf out;

	/* for loading */
	struct weir_prover *prover;
	struct weir_slot *slots;
	const char *line;
};

static inline void *
weir_swindow_states(const struct weir_swindow *sw, void *value)
{
	return (char *)value + sw->head;
}

/* Open a pane or find it. */
struct weir_pane *weir_swindow_pane(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_span span);
/* Free what groups hold. */
void weir_swindow_drop(struct weir_swindow *sw, struct weir_groups *groups);
void weir_swindow_close(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_pane *pane);
/* Say when the next window is due. */
void weir_swindow_set_due(struct weir_swindow *sw, struct weir_stage *st);
/* Count a pane's memory anew; -1 with *err if --max-state is outgrown. */
int weir_swindow_measure(
    struct weir_swindow *sw, struct weir_pane *pane, struct weir_error *err);
void weir_swindow_count(struct weir_swindow *sw, struct weir_stage *st);

int weir_swindow_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err);
int weir_swindow_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err);
int weir_swindow_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err);
int weir_swindow_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err);

#endif
