/*
 * window.h - windows of event time: which an event is in, which are open.
 *
 * A window [start, end) takes the events with start <= time < end and closes
 * once the watermark is at its end or past it. Where windows overlap, time is
 * divided into panes that lie one behind the other, so that every window is a
 * run of panes: an event goes into its one pane, and a window that closes merges
 * its panes. A tumbling window is its own pane. Panes that no event fell into are
 * never there. What the kinds of windows differ in is in weir_window_spec and
 * the few functions over it.
 */
#ifndef WEIR_OP_WINDOW_H
#define WEIR_OP_WINDOW_H

#include "base/buf.h"
#include "base/error.h"
#include "op/calendar.h"

#include <stdint.h>

enum weir_window_kind {
	WEIR_TUMBLING, /* one behind the other, all of one size */
	WEIR_HOPPING,  /* of one size, a new one every slide */
	WEIR_CUMULATE, /* growing by a step up to a size, then anew */
	WEIR_GLOBAL,   /* the whole stream is one; nothing below is for it */
	WEIR_SESSION,  /* of a key's events with no longer gap between them */
	WEIR_COUNTED   /* of so many events of a key */
};

#define WEIR_PANES_MAX	     100000	/* panes of a window */
#define WEIR_COUNT_MAX	     1000000000 /* events of a counted window */
#define WEIR_COUNT_PANES_MAX 10000	/* panes of such a window */

/* So many whole days, weeks, months or years; n 0: none. */
struct weir_periods {
	enum weir_calendar_unit unit;
	int64_t n;
};

struct weir_window_spec {
	enum weir_window_kind kind;
	int64_t size_ns;
	int64_t slide_ns;  /* from window to window, or from step to step */
	int64_t offset_ns; /* of a start of windows: from 0, below the size */
	int64_t pane_ns;
	int64_t gap_ns;	       /* of sessions */
	uint64_t count, every; /* events of a window; from result to result */
	/* Instead, where windows follow a calendar (its zone is not NULL): */
	struct weir_calendar calendar;
	const char *zone_name;	     /* borrowed */
	struct weir_periods periods; /* size, or what steps are counted in */
	struct weir_periods steps;   /* of growth, or from window to window */
	int64_t step_ns;	     /* the same, as time that goes by; or 0 */
};

/* A stretch of time, the end not included. */
struct weir_span {
	int64_t start, end;
};

/*
 * Read what -w, --offset and --tz say (NULL: nothing). Returns 1, or -1 with
 * *err (WEIR_USAGE); fini it either way. The zone's name is borrowed.
 */
int weir_window_parse(struct weir_window_spec *spec, const char *text,
    const char *offset, const char *zone, struct weir_error *err);
void weir_window_fini(struct weir_window_spec *spec);
/* The canonical text of it all, for fingerprints. */
void weir_window_print(
    struct weir_buf *out, const struct weir_window_spec *spec);

/* The same of sessions ("session:") and counted windows (window_forms.c). */
int weir_window_parse_session(struct weir_window_spec *spec, const char *text,
    const char *offset, struct weir_error *err);
int weir_window_parse_count(struct weir_window_spec *spec, const char *text,
    const char *offset, struct weir_error *err);
void weir_window_print_form(
    struct weir_buf *out, const struct weir_window_spec *spec);
/* Events of a pane of counted windows. */
uint64_t weir_window_count_pane(const struct weir_window_spec *spec);

/* --- windows that divide time --- */

/* The pane that t is in. At the ends of time it is cut off, not wrapped. */
struct weir_span weir_window_pane(
    const struct weir_window_spec *spec, int64_t t);

/* Where the windows of a pane end: first, and on by stride up to last. */
struct weir_window_ends {
	int64_t first, last, stride;
	const struct weir_window_spec *calendar; /* instead of the stride */
};
/* 1, or 0 if no window takes the pane (hops longer than their size). */
int weir_window_ends(const struct weir_window_spec *spec, struct weir_span pane,
    struct weir_window_ends *ends);
/* How many of them are at t or before it. */
uint64_t weir_window_ended(const struct weir_window_ends *ends, int64_t t);
/* The first of them after t: 1, or 0 if there is none. */
int weir_window_next(
    const struct weir_window_ends *ends, int64_t t, int64_t *end);
/* The window that ends there and holds the pane. */
struct weir_span weir_window_span(
    const struct weir_window_spec *spec, struct weir_span pane, int64_t end);

#endif
