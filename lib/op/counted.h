/*
 * counted.h - windows of so many events of a key.
 *
 * A key's value holds the window that is told next: the states of the events in
 * it so far. Where windows overlap, every event is added to a pane as well; a
 * window that is complete lets its oldest panes go, and the next one begins with
 * those that are left, merged. No watermark closes such a window, so no event is
 * late; the end of the stream closes those that hold events that no result had.
 */
#ifndef WEIR_OP_COUNTED_H
#define WEIR_OP_COUNTED_H

#include "op/swindow_impl.h"
#include "state/table.h"

/* Events that lie one behind the other. */
struct weir_counted_events {
	int64_t first, last; /* the least and greatest time, WEIR_TIME_NONE */
	uint64_t number;     /* of the first to arrive, among all */
};

/* Its states lie behind it. */
struct weir_counted_pane {
	struct weir_counted_pane *newer;
	struct weir_counted_events in;
};

/* A key's value in the table; the window's states lie behind it. */
struct weir_counted_key {
	uint64_t since; /* events since the last window was complete */
	struct weir_counted_pane *oldest, *newest;
	struct weir_counted_events in;
	struct weir_swindow_group window;
};

struct weir_counted {
	struct weir_swindow w;
	struct weir_table *table;
	size_t owned;
	uint64_t gap;  /* events between windows, in none */
	uint64_t pane; /* events of a pane, 0: windows do not overlap */
	uint64_t kept; /* panes that a window leaves to the next one, at most */
	int64_t closed; /* the watermark in force */
	struct weir_counted_pane *spare;
	struct weir_counted_key **all; /* scratch */
	size_t nall, all_cap;
};

static inline void *
weir_counted_states(struct weir_counted_pane *pane)
{
	return pane + 1;
}

/* --- the windows of a key (counted_key.c) --- */

/* The newest pane, with room for an event. */
struct weir_counted_pane *weir_counted_room(
    struct weir_counted *p, struct weir_counted_key *k);
/* Put a pane behind the newest. */
struct weir_counted_pane *weir_counted_add_pane(
    struct weir_counted *p, struct weir_counted_key *k);
/* An event of that time is the next one in. */
void weir_counted_note(
    struct weir_counted_events *in, int64_t time, uint64_t number);
/* The window is complete, and told: begin the next. 0: nothing is left. */
int weir_counted_next(
    struct weir_counted *p, struct weir_stage *st, struct weir_counted_key *k);
/* Does it hold events that no complete window had? */
bool weir_counted_pending(
    const struct weir_counted *p, const struct weir_counted_key *k);
/* Free what the key holds. */
void weir_counted_clear(struct weir_counted *p, struct weir_counted_key *k);
void weir_counted_count(struct weir_counted *p, struct weir_stage *st);
/* -1 with *err if --max-state is outgrown. */
int weir_counted_measure(struct weir_counted *p, struct weir_error *err);

/* --- results (counted_result.c) --- */

int weir_counted_tell(struct weir_counted *p, struct weir_stage *st,
    struct weir_counted_key *k, enum weir_pane_timing timing,
    struct weir_error *err);

int weir_counted_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err);
int weir_counted_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err);
int weir_counted_alarm(
    void *self, struct weir_stage *st, struct weir_error *err);
int weir_counted_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err);
int weir_counted_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err);

#endif
