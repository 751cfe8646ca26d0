/*
 * timing.h - event time and watermarks of one input, from -t and its friends.
 *
 * Each event is judged under the watermark in force before it; the one it
 * raises itself comes after it. That place in the stream is exact: it depends
 * on the events alone, never on how they were read.
 */
#ifndef WEIR_STREAM_TIMING_H
#define WEIR_STREAM_TIMING_H

#include "base/arena.h"
#include "base/error.h"
#include "event/block.h"
#include "expr/expr.h"

#include <stdbool.h>

struct weir_timing_config {
	const char *time;      /* -t EXPR; NULL: times travel with events */
	const char *option;    /* "-t", for messages */
	const char *format;    /* --time-format or NULL */
	const char *watermark; /* --watermark EXPR or NULL */
	int unit;	       /* enum weir_time_unit, or -1: guess */
	int64_t max_delay_ns;
};

struct weir_timing {
	struct weir_timing_config c;
	struct weir_expr *time, *mark;
	int time_slot;	 /* if time is just a field, else WEIR_NO_SLOT */
	char absent[96]; /* why there is no time where it gives none */
	int unit;	 /* -1: not known yet */
	struct weir_time_cache cache;
	struct weir_arena arena;
	int64_t watermark; /* now */
};

/* Called for an event whose time is missing or no good: 1 go on, -1 end. */
typedef int weir_timing_bad(void *ctx, const struct weir_block *b, uint32_t i,
    const char *why, struct weir_error *err);

/* 1, or -1 with *err (WEIR_USAGE) if an expression does not compile. */
int weir_timing_init(struct weir_timing *t, const struct weir_timing_config *c,
    struct weir_prover *prover, struct weir_error *err);
void weir_timing_fini(struct weir_timing *t);
/*
 * Give the events of b their times and watermarks. Bad events, and those that
 * only mark a watermark, are taken out of the block.
 */
int weir_timing_assign(struct weir_timing *t, struct weir_block *b,
    weir_timing_bad *bad, void *ctx, struct weir_error *err);

/*
 * State as one JSON line, and back: 1 or -1 with *err (WEIR_STATE). WEIR_PAD
 * readable bytes stand behind a line that is loaded, as snapshots have them.
 */
void weir_timing_save(const struct weir_timing *t, struct weir_buf *out);
int weir_timing_load(
    struct weir_timing *t, struct weir_str line, struct weir_error *err);
/* What shapes that state. */
void weir_timing_fingerprint(const struct weir_timing *t, struct weir_buf *out);

#endif
