/*
 * feeder.h - a process that gives a queue of files to a shell command.
 *
 * It stands between the committer, who never waits, and the command's standard
 * input. A file stays in the queue until a later one was begun and the command
 * has taken all before from the pipe, so a command that dies gets at least what
 * it was given last again. Feeder and command are a process group of their own,
 * which ends when the committer is gone.
 */
#ifndef WEIR_STREAM_FEEDER_H
#define WEIR_STREAM_FEEDER_H

#include "base/error.h"

#include <sys/types.h>

struct weir_feeder {
	pid_t pid; /* 0: not started */
	int control;
	const char *sink; /* its name; the caller's, for messages */
};

/* Start it for the files in the directory queue, by name: 1 or -1. */
int weir_feeder_start(struct weir_feeder *f, int queue, const char *command,
    struct weir_error *err);
/* There is a new file: 1, or -1 with *err if the command has ended. */
int weir_feeder_wake(struct weir_feeder *f, struct weir_error *err);
/* Has the command ended (there is a SIGCHLD then)? 1, or -1 with *err. */
int weir_feeder_check(struct weir_feeder *f, struct weir_error *err);
/* Nothing follows. 1 or -1. */
int weir_feeder_end(struct weir_feeder *f, struct weir_error *err);
/* After that: has it read all and ended well? 1, 0 not yet, -1 with *err. */
int weir_feeder_ended(struct weir_feeder *f, struct weir_error *err);
void weir_feeder_kill(struct weir_feeder *f);

#endif
