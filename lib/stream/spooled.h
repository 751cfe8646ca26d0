/*
 * spooled.h - a pipe and its spool, as one source that can be read again.
 *
 * What the pipe has is taken into the spool only when all of that was read, so
 * the spool holds what checkpoints may still need and no more; at its bound
 * nothing is taken until a commit has made room.
 */
#ifndef WEIR_STREAM_SPOOLED_H
#define WEIR_STREAM_SPOOLED_H

#include "event/source.h"
#include "state/spool.h"
#include "stream/pipes.h"

struct weir_spooled {
	struct weir_source_store store; /* for the stage */
	const struct weir_dir *dir;	/* whose spool; set before it is read */
	const char *source;
	const struct weir_pipe *pipe;
	bool follow;  /* wait for other writers of a FIFO */
	uint64_t max; /* bytes */
	bool opened;
	int fd; /* that is read: the pipe's, or one of our own */
	/* is called when there is no room any more; 1 or -1 */
	int (*full)(void *ctx, struct weir_error *err);
	void *ctx;
	struct weir_spool spool;
};

void weir_spooled_init(struct weir_spooled *s, const char *source,
    const struct weir_pipe *pipe, bool follow, uint64_t max);
void weir_spooled_fini(struct weir_spooled *s);
/* In a forked child that captures: make what was read durable. 1 or -1. */
int weir_spooled_sync(const struct weir_spooled *s, struct weir_error *err);
/* Only a commit makes room. */
bool weir_spooled_full(const struct weir_spooled *s);
/* The leader has removed segments. */
void weir_spooled_recount(struct weir_spooled *s);

#endif
