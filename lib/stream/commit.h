/*
 * commit.h - the committer: asks for checkpoints and makes them count.
 *
 * One checkpoint is in flight at a time. The committer asks every source for
 * checkpoint n; parts are published along the way; once every sink has
 * answered, and every part in their lists is published whole, the manifest's
 * rename commits n. Then pending output becomes visible, then old checkpoints
 * go. It is a state machine: reports and the time go in, orders to the sources
 * come out, and the caller owns pipes, FIFO and clock.
 *
 * Reports, one line each:
 *
 *     part N FILE          a part of checkpoint N was published (a sink's, too)
 *     failed N FILE        a part could not be: <stage>.failed says why
 *     active NAME          first event of a source or sink since its last barrier
 *     eof SOURCE complete|paused   all is read; the last checkpoint is due
 *     restored STAGE FILE  a stage claimed a saved part
 *     broken WHO           its output cannot be made durable: restart
 *
 * Orders, one line each: `barrier N`, `end N complete`, `end N suspended`.
 */
#ifndef WEIR_STREAM_COMMIT_H
#define WEIR_STREAM_COMMIT_H

#include "state/dir.h"

#include <stdbool.h>

struct weir_patience; /* of visible.h */

struct weir_commit_config {
	const struct weir_dir *dir; /* led */
	struct weir_job *job; /* a sink that stands free is entered in it */
	const struct weir_manifest *restored; /* NULL: beginning anew */
	uint64_t next; /* number of the next checkpoint */
	int64_t every_ns;
	size_t keep;		 /* committed checkpoints, >= 1 */
	const char *const *drop; /* stages whose state may be lost */
	size_t ndrop;
	/* An order for every source; a source that is gone is not a failure. */
	int (*order)(void *ctx, const char *line, struct weir_error *err);
	/* Old checkpoints have gone after a commit; NULL: nobody asks. */
	int (*committed)(void *ctx, struct weir_error *err);
	void (*warn)(void *ctx, const char *text);
	const struct weir_patience *patience; /* with commands; or NULL */
	void *ctx;
};

struct weir_committer;

/*
 * All of *c is borrowed. weir_recover() has made the visible files what
 * restored says. NULL with *err.
 */
struct weir_committer *weir_committer_new(
    const struct weir_commit_config *c, int64_t now_ns, struct weir_error *err);
void weir_committer_free(struct weir_committer *c);

/*
 * Take a report (without newline); nonsense is ignored. -1 with *err: WEIR_STATE
 * if going on is of no use, WEIR_SYSTEM if a restart may help.
 */
int weir_committer_report(struct weir_committer *c, const char *line,
    int64_t now_ns, struct weir_error *err);
/* Has a command that is a sink ended? 1, or -1 with *err. */
int weir_committer_check(struct weir_committer *c, struct weir_error *err);
/* Ask for a checkpoint if one is due. 1 or -1. */
int weir_committer_tick(
    struct weir_committer *c, int64_t now_ns, struct weir_error *err);
/* When to tick next (the caller's clock), or INT64_MAX: after a report. */
int64_t weir_committer_due(const struct weir_committer *c);
/* Ask for a suspended end as soon as nothing is in flight. */
void weir_committer_drain(struct weir_committer *c);

/* The last checkpoint is committed and visible: the job may end. */
bool weir_committer_done(const struct weir_committer *c);
/* The sources were told to end: they and their readers may exit. */
bool weir_committer_ending(const struct weir_committer *c);
/* When the checkpoint in flight was asked for (the caller's clock); 0: none. */
int64_t weir_committer_asked(const struct weir_committer *c);
uint64_t weir_committer_number(const struct weir_committer *c);
/* Append what it still lacks: "has not come to sink out (what has it: in)". */
void weir_committer_lacks(const struct weir_committer *c, struct weir_buf *out);
/* The last one that was committed: n 0 if there was none yet. */
struct weir_committed {
	uint64_t n, bytes; /* of its parts */
	int64_t took_ns;
};
const struct weir_committed *weir_committer_committed(
    const struct weir_committer *c);
uint64_t weir_committer_commits(const struct weir_committer *c);
uint64_t weir_committer_abandoned(const struct weir_committer *c);

#endif
