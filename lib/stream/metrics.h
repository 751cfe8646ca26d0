/*
 * metrics.h - what a stage counted, and how it is shown.
 *
 * Promise 1: every event that goes in comes out, is dropped by what the user
 * asked for, or is counted here.
 */
#ifndef WEIR_STREAM_METRICS_H
#define WEIR_STREAM_METRICS_H

#include "base/buf.h"

#include <stdint.h>

struct weir_metrics {
	uint64_t in, out; /* events */
	uint64_t bytes_in, bytes_out;
	uint64_t bad;	       /* lines, or events an expression failed on */
	uint64_t blank;	       /* lines */
	uint64_t late;	       /* events too late for any window */
	uint64_t late_windows; /* windows that an event missed alone */
	uint64_t dropped;      /* events filtered out */
	uint64_t state_bytes, state_keys;
	uint64_t checkpoints;
	int64_t watermark;
	int64_t start_ns; /* monotonic clock */
};

/* As one JSON object, with the tool's name, elapsed time and events/s. */
void weir_metrics_write(
    struct weir_buf *out, const struct weir_metrics *m, const char *tool);
/* As saved in a part and back ({"in":…}): counts go on after a restore. */
void weir_metrics_save(struct weir_buf *out, const struct weir_metrics *m);
int weir_metrics_load(struct weir_metrics *m, const char *s, size_t len);

int64_t weir_clock_ns(void); /* the monotonic clock */

#endif
