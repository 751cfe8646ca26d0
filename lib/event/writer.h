/*
 * writer.h - events out: JSON lines, text sequences, other text, or frames.
 *
 * The writer collects and sends in as few writes as the pipe takes well: a
 * write is at most half the pipe's capacity unless one event is larger (a large
 * event is written from where it lies, not copied). It never flushes by
 * itself but when it is full; the stage runtime says when.
 */
#ifndef WEIR_EVENT_WRITER_H
#define WEIR_EVENT_WRITER_H

#include "base/error.h"
#include "event/block.h"
#include "event/control.h"

#include <signal.h>
#include <stdbool.h>

enum weir_format {
	WEIR_FORMAT_AUTO,
	WEIR_FORMAT_JSON,
	WEIR_FORMAT_SEQ,
	WEIR_FORMAT_FRAMES,
	/* What is converted: event/convert.h, event/render.h. */
	WEIR_FORMAT_CSV,
	WEIR_FORMAT_TSV,
	WEIR_FORMAT_LOGFMT,
	WEIR_FORMAT_CLF,
	WEIR_FORMAT_COMBINED,
	WEIR_FORMAT_SYSLOG,
	WEIR_FORMAT_LINES,
	WEIR_FORMAT_REGEX,
	WEIR_FORMAT_TABLE
};

/* How formats with columns should look. */
struct weir_shape {
	const char *columns; /* their names, comma-separated; NULL: as found */
	bool color;	     /* for a table on a terminal */
};

/*
 * Event i of b does not fit the output's format: 1 to go on without it, or -1
 * with *err.
 */
typedef int weir_misfit_fn(void *ctx, const struct weir_block *b, uint32_t i,
    const char *why, struct weir_error *err);

struct weir_writer;

/*
 * A writer on fd, which stays the caller's. Pipes are raised to 256 KiB where
 * that is allowed. format is not WEIR_FORMAT_AUTO.
 */
struct weir_writer *weir_writer_new(int fd, enum weir_format format);
/* Once *stop is not 0, a reader that takes nothing is given up on. */
void weir_writer_stop_on(
    struct weir_writer *w, const volatile sig_atomic_t *stop);
void weir_writer_free(struct weir_writer *w); /* drops what is not flushed */
/*
 * Before the first event, for csv, tsv, logfmt and table: their shape, and what
 * to do with events that do not fit (NULL: that is a failure).
 */
void weir_writer_shape(struct weir_writer *w, const struct weir_shape *shape,
    weir_misfit_fn *misfit, void *ctx);

/* The stream's first frame; nothing in other formats. */
int weir_writer_hello(
    struct weir_writer *w, const struct weir_hello *h, struct weir_error *err);
/*
 * Pass on events [i, i + n) of b, which lie one behind the other in its text,
 * with their times, flags and index; their watermarks less hold_ns
 * (saturating), and never lower than sent before. As text a retraction has
 * "retract":true in it (its text must be proven).
 */
int weir_writer_pass(struct weir_writer *w, const struct weir_block *b,
    uint32_t i, uint32_t n, int64_t hold_ns, struct weir_error *err);
/* A new event: the valid JSON text of one object without newline. */
int weir_writer_put(struct weir_writer *w, const char *text, size_t len,
    int64_t time, int64_t watermark, uint32_t flags, struct weir_error *err);
/* The watermark behind what was written; sent with the next flush. */
void weir_writer_watermark(struct weir_writer *w, int64_t t, bool idle);
/*
 * These flush. The count of events in them is the writer's own, whatever b or
 * e says.
 */
int weir_writer_barrier(struct weir_writer *w, const struct weir_barrier *b,
    struct weir_error *err);
int weir_writer_end(
    struct weir_writer *w, const struct weir_end *e, struct weir_error *err);
int weir_writer_flush(struct weir_writer *w, struct weir_error *err);
/* Nothing more comes for a while: flush, and what a table gathered, too. */
int weir_writer_rest(struct weir_writer *w, struct weir_error *err);

/*
 * After a failure: was it EPIPE (the reader went away)? Then ending quietly
 * with 0 is right.
 */
bool weir_writer_broken(const struct weir_writer *w);
bool weir_writer_dirty(const struct weir_writer *w);	  /* rest would write */
uint64_t weir_writer_events(const struct weir_writer *w); /* written so far */
uint64_t weir_writer_bytes(const struct weir_writer *w);
/* The watermark that was sent, or goes out with what waits. */
int64_t weir_writer_sent(const struct weir_writer *w);

#endif
