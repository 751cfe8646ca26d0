/*
 * supervise.h - runs a job: start, watch, commit, restart.
 *
 * An incarnation leads the state directory under a new epoch, recovers, starts
 * the job's processes and feeds their reports to the committer. If one dies,
 * all go, and the next incarnation starts from the last checkpoint, after a
 * pause that doubles from 100 ms to 10 s until a new checkpoint is committed.
 * A source that stands free is the same with one process and no restarts.
 */
#ifndef WEIR_STREAM_SUPERVISE_H
#define WEIR_STREAM_SUPERVISE_H

#include "base/error.h"
#include "state/dir.h"
#include "stream/origin.h"
#include "stream/spawn.h"
#include "stream/status.h"

#include <signal.h>

struct weir_supervise_config {
	const char *dir; /* state directory */
	/*
	 * Names, and paths as given; one source and no sink with pipeline
	 * NULL. pipeline, shell, std_source, std_sink, source, sink and ctx
	 * hold, too.
	 */
	struct weir_roles roles;
	int64_t every_ns;
	size_t keep;
	struct weir_origin from; /* only once: restarts go on */
	unsigned restarts;	 /* without a new checkpoint */
	bool at_most_once;	 /* after a crash input goes on at its end */
	enum weir_writes writes; /* sinks, that is */
	uint64_t spool;		 /* bytes a pipe's spool may have; 0: none */
	const char *const *drop;
	size_t ndrop;
	/* Set by signal handlers; wake_fd polls readable then, and on SIGCHLD. */
	volatile sig_atomic_t *stop;
	int wake_fd;
	void (*wake_drain)(void *ctx);
	void (*warn)(void *ctx, const char *text);
	/* About once a second, while the job runs; NULL: nobody looks. */
	void (*show)(void *ctx, const struct weir_job_status *s);
};

/*
 * Run the job to its end. Returns an enum weir_status, with *err filled unless
 * it is 0 or the process that failed has said why (text is then empty). A
 * signal that ended it is left in *stop.
 */
int weir_supervise(
    const struct weir_supervise_config *config, struct weir_error *err);

#endif
