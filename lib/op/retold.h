/*
 * retold.h - windows whose groups may be told more than once, and the one window
 * of a whole stream: each window keeps its own groups.
 *
 * An event goes into every window that it is in and that is not gone. A window
 * is open until the watermark has reached its end; then it is kept for
 * --lateness, and what a late event changes is told at once.
 */
#ifndef WEIR_OP_RETOLD_H
#define WEIR_OP_RETOLD_H

#include "op/pane.h"
#include "op/swindow_impl.h"

/* A window that an event is in. */
struct weir_retold_hit {
	int64_t end;
	struct weir_pane *window;	  /* NULL: not there yet */
	struct weir_swindow_group *group; /* NULL: likewise */
};

struct weir_retold {
	struct weir_swindow w;
	struct weir_panes open, kept; /* windows, by their ends */
	size_t ngroups;
	int64_t closed; /* windows that end here or before are not open */
	int64_t due;
	struct weir_span seen; /* global: the least and the greatest time */
	struct weir_retold_hit *hits; /* of the event in hand */
	size_t nhits, hits_cap;
};

/* Windows that end at this time or before are gone for good at watermark w. */
static inline int64_t
weir_retold_horizon(const struct weir_retold *p, int64_t w)
{
	if (w == WEIR_TIME_MAX)
		return w;
	return weir_time_add(w, -p->w.lateness_ns);
}

/* Where the windows that t is in end: 1, or 0 if there is none. */
int weir_retold_ends(const struct weir_retold *p, int64_t t,
    struct weir_span *pane, struct weir_window_ends *ends);
/* The windows among which one that ends there would be. */
struct weir_panes *weir_retold_set(struct weir_retold *p, int64_t end);
void weir_retold_close(struct weir_retold *p, struct weir_stage *st,
    struct weir_panes *set, struct weir_pane *w);
void weir_retold_forget(struct weir_retold *p, struct weir_pane *w,
    struct weir_swindow_group *g, struct weir_str canonical);
/* Say when the next window is due. */
void weir_retold_set_due(struct weir_retold *p, struct weir_stage *st);
/* Count a window's memory anew; -1 with *err if --max-state is outgrown. */
int weir_retold_measure(struct weir_retold *p, struct weir_panes *set,
    struct weir_pane *w, struct weir_error *err);
void weir_retold_count(struct weir_retold *p, struct weir_stage *st);

/* A group of the event in hand has changed: tell it now, if it is time. */
int weir_retold_changed(struct weir_retold *p, struct weir_stage *st,
    const struct weir_retold_hit *hit, struct weir_str canonical,
    struct weir_error *err);

int weir_retold_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err);
int weir_retold_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err);
int weir_retold_alarm(
    void *self, struct weir_stage *st, struct weir_error *err);
int weir_retold_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err);
int weir_retold_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err);

#endif
