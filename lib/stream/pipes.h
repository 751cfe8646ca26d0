/*
 * pipes.h - the sources of a job that are pipes, which cannot be read again.
 *
 * They belong to the run: it opens them once, before its first incarnation, and
 * holds them until it ends, so that what nobody has read yet is there for the
 * next incarnation's source. Standard input, FIFOs and sockets are pipes here.
 */
#ifndef WEIR_STREAM_PIPES_H
#define WEIR_STREAM_PIPES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct weir_roles;

struct weir_pipe {
	const char *source; /* its name; borrowed */
	int fd;
	bool fifo; /* by its path: when writers have left, others may come */
	/* a socket goes through a pipe of our own, which is held, too; else -1 */
	int through[2];
	char id[128]; /* tells it from every other pipe */
};

struct weir_pipes {
	size_t n;
	struct weir_pipe *pipe;
};

/* Does a source given so have no path that a later run could open again? */
bool weir_pipe_nameless(const char *path);
/* Open those of the sources that are pipes: 1, or -1 with *err. */
int weir_pipes_open(
    struct weir_pipes *p, const struct weir_roles *r, struct weir_error *err);
/* The pipe that a source is, or NULL. */
struct weir_pipe *weir_pipes_find(
    const struct weir_pipes *p, const char *source);
/*
 * Will it give more? Waits until it says so, but not for the first writer of a
 * FIFO.
 */
bool weir_pipe_speaks(const struct weir_pipe *p);
void weir_pipes_close(struct weir_pipes *p);

#endif
