/*
 * out.h - a descriptor that is written in whole: what the writer stands on.
 *
 * Short writes, EINTR and descriptors that do not block are dealt with here,
 * and the pipe's capacity is asked for.
 */
#ifndef WEIR_EVENT_OUT_H
#define WEIR_EVENT_OUT_H

#include "base/buf.h"
#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define WEIR_OUT_MAX	((size_t)256 << 10) /* bytes of a write, and of a pipe */
#define WEIR_OUT_PIECES 12

struct weir_out {
	int fd;
	size_t chunk; /* bytes that a write should not exceed */
	bool broken;  /* the reader went away, or we were told to stop */
	uint64_t bytes;
	/* If this is there and not 0, never block for long. */
	const volatile sig_atomic_t *stop;
};

void weir_out_init(struct weir_out *o, int fd);
/* Write at most WEIR_OUT_PIECES pieces; 1, or -1 with *err. */
int weir_out_write(struct weir_out *o, const struct weir_piece *pieces,
    size_t n, struct weir_error *err);

#endif
