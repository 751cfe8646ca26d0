/*
 * committer.h - the inside of the committer, shared by its files.
 *
 *     commit.c    asks, takes reports, sees when a checkpoint is settled
 *     settle.c    gives it up, or makes it count
 */
#ifndef WEIR_STREAM_COMMITTER_H
#define WEIR_STREAM_COMMITTER_H

#include "event/control.h"
#include "stream/commit.h"
#include "stream/sinkpart.h"
#include "stream/visible.h"

enum weir_source_end { SOURCE_RUNS, SOURCE_COMPLETE, SOURCE_PAUSED };

struct weir_commit_sink {
	char *name, *part; /* part: the file name of its part */
	struct weir_visible_config at;
	struct weir_visible *v;	   /* NULL: not known yet */
	uint64_t visible;	   /* how much of its stream is */
	bool answered;		   /* for the checkpoint in flight */
	struct weir_sinkpart said; /* what its part says */
};

struct weir_committer {
	struct weir_commit_config c;
	size_t nsinks;
	struct weir_commit_sink *sinks;
	enum weir_source_end *ends; /* of each source */
	bool active, drain, done;
	uint64_t next, commits, abandoned;
	int64_t not_before; /* for the next checkpoint */
	struct weir_committed committed;
	/* in flight */
	bool asked;
	bool last; /* it is the end of the stream */
	enum weir_end_reason reason;
	struct weir_cp cp;
	int cpfd;
	int64_t asked_ns;
	size_t nwhole, whole_cap;
	char **whole; /* parts that were reported as published */
	char *failed; /* the first that could not be */
	/* claims on what was restored; NULL once they were checked */
	bool *claimed;
};

/* commit.c */
void weir_committer_warn(const struct weir_committer *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Nothing is in flight any more. */
void weir_committer_land(struct weir_committer *c);
/* Open the visible side of a sink: 1 or -1. */
int weir_committer_open(struct weir_committer *c, struct weir_commit_sink *s,
    const char *path, struct weir_error *err);
/* How long a file name in a checkpoint's directory is without its ending. */
size_t weir_committer_stem(const char *file);

/* settle.c */
/*
 * Give up the checkpoint in flight because of a file: 1, or -1 if it was the
 * last one.
 */
int weir_committer_give_up(struct weir_committer *c, const char *file,
    const char *why, struct weir_error *err);
/* Commit it, and make it visible: 1, also if it had to be given up, or -1. */
int weir_committer_commit(
    struct weir_committer *c, int64_t now_ns, struct weir_error *err);

#endif
