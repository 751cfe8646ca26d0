/*
 * watermark.h - one watermark out of several inputs.
 *
 * A watermark t promises that no event older than t follows on its input. The
 * merged one is the least over the inputs that are neither idle nor ended, and
 * never goes back. While every input is idle it stands still, and rises only by
 * weir_watermark_lift(); once all have ended it is plus infinity.
 */
#ifndef WEIR_STREAM_WATERMARK_H
#define WEIR_STREAM_WATERMARK_H

#include "base/error.h"
#include "base/timetext.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_watermark_input {
	int64_t t;
	bool idle, ended;
};

struct weir_watermark {
	size_t n;
	struct weir_watermark_input *inputs;
	int64_t merged;
};

void weir_watermark_init(struct weir_watermark *wm, size_t n);
void weir_watermark_fini(struct weir_watermark *wm);

/* Input i begins, now, where the merged one stands; i == n: it is a new one. */
void weir_watermark_begin(struct weir_watermark *wm, size_t i);
/*
 * Raise the watermark of input i to t (nanoseconds since 1970); lower ones are
 * ignored. Returns 1 if the merged one moved, else 0.
 */
int weir_watermark_raise(struct weir_watermark *wm, size_t i, int64_t t);
/* Input i is silent, or speaks again; 1 if the merged one moved. */
int weir_watermark_idle(struct weir_watermark *wm, size_t i, bool idle);
/* Input i has ended; 1 if the merged one moved. */
int weir_watermark_end(struct weir_watermark *wm, size_t i);
/* All are idle: the merged one goes on to t, and no input stays below. */
int weir_watermark_lift(struct weir_watermark *wm, int64_t t);

bool weir_watermark_all_idle(const struct weir_watermark *wm);
bool weir_watermark_all_ended(const struct weir_watermark *wm);
/*
 * The input to process next: the lowest that is neither idle nor ended, ties
 * by operand order; n if there is none.
 */
size_t weir_watermark_lowest(const struct weir_watermark *wm);
/* The lowest watermark over the inputs but i, as lowest() would see them; one
 * tick less for those before i, so that `t <= bound` says i goes first. */
int64_t weir_watermark_bound(const struct weir_watermark *wm, size_t i);

#endif
