/*
 * spawn.h - the processes of one incarnation of a job.
 *
 * Each source and each sink is a fork of the caller that goes on in a callback;
 * the pipeline is a shell in a process group of its own, its standard input
 * and output the pipes between them:
 *
 *     source --pipe--> shell PIPELINE --pipe--> sink
 *
 * Named ones are FIFOs instead (edges.h); without one that has no name, the
 * pipeline's standard input is empty, and nothing may come out of it.
 *
 * Sources and sinks hold a control pipe: orders come through it, and its end,
 * however the caller ended, means stop without END.
 */
#ifndef WEIR_STREAM_SPAWN_H
#define WEIR_STREAM_SPAWN_H

#include "base/error.h"
#include "event/control.h"
#include "stream/guard.h"
#include "stream/pipes.h"
#include "stream/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a source or a sink is told. All descriptors are its own. */
struct weir_role {
	const char *name;
	const char *path; /* of the file, absolute; "-": standard input */
	const struct weir_hello *hello; /* a source's */
	const char *fifo;		/* to be opened: in_fd or out_fd */
	int in_fd, out_fd;		/* -1: none */
	int control_fd;
	bool several;		      /* there are other sources */
	const struct weir_pipe *pipe; /* that the source is, or NULL */
	struct weir_gauge *gauge;     /* or NULL: nobody looks */
	/* a source passes over events older than that (--rewind) */
	bool rewinds;
	int64_t rewind_ns;
	bool fresh; /* nothing is restored */
	/* after a crash it goes on at the end of what is there; the crash was of
	   an incarnation of this run */
	bool skips, again;
};

struct weir_roles {
	size_t nsources, nsinks;
	const char *const *source_names, *const *source_paths;
	const char *const *sink_names, *const *sink_paths;
	/* the names of those without a name, or NULL */
	const char *std_source, *std_sink;
	bool rewinds; /* see weir_role */
	int64_t rewind_ns;
	bool fresh, skips, again;
	const char *dir; /* state directory, absolute */
	uint64_t epoch;
	const struct weir_pipes *pipes; /* those of the sources that are */
	const char *reports;	   /* FIFO to the committer, for WEIR_JOB */
	struct weir_gauge *gauges; /* of sources, then sinks; or NULL */
	const char *pipeline; /* NULL: stands free, the source has out_fd 1 */
	const char *shell;    /* NULL: bash, else sh */
	/* In the new process; what they return is its exit status. */
	int (*source)(void *ctx, struct weir_role *role);
	int (*sink)(void *ctx, struct weir_role *role);
	void *ctx;
	/* Of the caller, to be closed in the new processes. */
	const int *close_fds;
	size_t nclose;
};

struct weir_child {
	pid_t pid;	  /* 0: gone */
	pid_t zombie;	  /* ended well; its process group may live on */
	const char *what; /* "source", "pipeline", "sink" */
	const char *name; /* of the source or sink */
	bool group;	  /* kill its process group */
	int control;	  /* write end, or -1 */
	int status;	  /* as waitpid(2) gives it */
	bool killed;	  /* by us */
};

struct weir_children {
	size_t n;
	struct weir_child *child;
	int leak; /* what comes out of the pipeline, but should not; or -1 */
	struct weir_guard guard;
};

/* Start them all: 1, or -1 with *err; what was started is then in *cs. */
int weir_spawn(struct weir_children *cs, const struct weir_roles *r,
    const struct weir_hello *hello, struct weir_error *err);
/* Collect those that ended: how many are left. */
size_t weir_children_reap(struct weir_children *cs);
/* Has something come out of the pipeline that is for no sink? */
bool weir_children_leak(struct weir_children *cs);
/* Send an order line to every source. */
void weir_children_order(struct weir_children *cs, const char *line);
/* Close all control pipes: sources and sinks stop. */
void weir_children_stop(struct weir_children *cs);
void weir_children_kill(struct weir_children *cs);
void weir_children_fini(struct weir_children *cs);

#endif
