/*
 * window.h - windows of event time: which an event is in, which are open.
 *
 * A window [start, end) takes the events with start <= time < end and closes
 * once the watermark is at its end or past it. Open windows are kept in the
 * order in which they close: by end, then by start; windows that no event fell
 * into are never there. How an event finds its window is the assigner's
 * matter (weir_window_assign()): a further kind of window is a further assigner.
 */
#ifndef WEIR_OP_WINDOW_H
#define WEIR_OP_WINDOW_H

#include "base/buf.h"
#include "base/error.h"
#include "op/group.h"

#include <stdint.h>

enum weir_window_kind {
	WEIR_TUMBLING /* one behind the other, all of one size */
};

struct weir_window_spec {
	enum weir_window_kind kind;
	int64_t size_ns;
	int64_t offset_ns; /* at least 0 and below the size */
};

/* A stretch of time, the end not included. */
struct weir_span {
	int64_t start, end;
};

/*
 * Read what -w and --offset say (offset may be NULL). Returns 1, or -1 with
 * *err (WEIR_USAGE).
 */
int weir_window_parse(struct weir_window_spec *spec, const char *text,
    const char *offset, struct weir_error *err);
/* The canonical text of both, for fingerprints. */
void weir_window_print(
    struct weir_buf *out, const struct weir_window_spec *spec);

/* The window that t is in. At the ends of time it is cut off, not wrapped. */
struct weir_span weir_window_assign(
    const struct weir_window_spec *spec, int64_t t);

struct weir_window {
	struct weir_span span;
	struct weir_groups groups;
	size_t place; /* in the order of closing */
	size_t bytes; /* as last added to the sum of all */
};

/* The open windows. */
struct weir_windows {
	struct weir_window **heap; /* the first to close on top */
	size_t n, cap;
	struct weir_table *by_start;
	size_t bytes; /* of windows and groups, as last counted */
};

void weir_windows_init(struct weir_windows *ws);
/* Frees windows that have no groups left. */
void weir_windows_fini(struct weir_windows *ws);
/* The open window that begins at start, or NULL. */
struct weir_window *weir_windows_find(
    const struct weir_windows *ws, int64_t start);
/* Open a window; none is open that begins there. */
struct weir_window *weir_windows_open(
    struct weir_windows *ws, struct weir_span span);
/* The first to close, or NULL. */
struct weir_window *weir_windows_first(const struct weir_windows *ws);
/* Close a window whose groups are gone already. */
void weir_windows_close(struct weir_windows *ws, struct weir_window *w);
/* All open windows in the order of closing: n of them, free() the array. */
struct weir_window **weir_windows_sorted(const struct weir_windows *ws);
/* Count w's groups anew: call after they grew. */
void weir_windows_measure(struct weir_windows *ws, struct weir_window *w);
/* Memory held: windows, groups, and the order. */
size_t weir_windows_bytes(const struct weir_windows *ws);

#endif
