/*
 * guard.h - ends a pipeline whose caller was killed.
 *
 * Sources and sinks see the end of their control pipes then, and most stages
 * that of their input. But a stage, or a shell, that waits for a FIFO whose
 * other end nobody will ever open waits for ever, and may hold the lock of the
 * state. So a process of ours stands in the pipeline's process group, and kills
 * the group when the caller is gone: as a member it can hit nobody else.
 */
#ifndef WEIR_STREAM_GUARD_H
#define WEIR_STREAM_GUARD_H

#include <sys/types.h>

struct weir_guard {
	pid_t pid;    /* 0: none */
	int lifeline; /* the caller's end; -1 */
};

/*
 * Start it in a process group. shut() closes, in the new process, what is not
 * its own. 1, or -1 with errno.
 */
int weir_guard_start(
    struct weir_guard *g, pid_t group, void (*shut)(void *ctx), void *ctx);
/* In another process of the caller's: let go of it. */
void weir_guard_leave(const struct weir_guard *g);
/* It has nobody to guard any more. */
void weir_guard_stop(struct weir_guard *g);

#endif
