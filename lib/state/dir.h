/*
 * dir.h - the state directory of a job: weir-state(5), version 1.
 *
 *     job                     JSON: version, id, sources, sinks with base lengths
 *     lock                    flock: shared by all of the living
 *     epoch/<e>               one per incarnation, created exclusively
 *     side/<dev>-<ino>        JSON: path and stage of a claimed side file
 *     cp/<n>.<e>/<stage>.part snapshots, / as %2F
 *     cp/<n>.<e>/<stage>.failed  JSON: why that stage could not publish
 *     cp/<n>.<e>/MANIFEST     JSON: its rename commits checkpoint n
 *     out/<sink>.<n>.<e>      output since the checkpoint before
 *     save/<name>/            savepoints, hard links
 *     spool/<source>.<i>.<o>  what pipes gave (spool.h)
 *     run/                    FIFOs of the living; run/commit.<e> takes reports
 *
 * All opens go through held directory descriptors with O_NOFOLLOW; the
 * directory is 0700 and must be owned by us. Nothing trusts a name: n and e are
 * digits without leading zeros.
 */
#ifndef WEIR_STATE_DIR_H
#define WEIR_STATE_DIR_H

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "event/control.h"

#include <stdbool.h>
#include <stdint.h>

#define WEIR_STATE_VERSION 1
#define WEIR_LOCK_WAIT_MS  10000 /* for the exclusive lock */

struct weir_dir {
	char *path; /* absolute */
	int fd;	    /* the directory */
	int lock;   /* fd of `lock`, held shared; -1 if not locked */
	uint64_t epoch;
	int wait_ms; /* how long to wait for it: WEIR_LOCK_WAIT_MS */
};

/* A checkpoint's name: number and epoch. */
struct weir_cp {
	uint64_t n, epoch;
};
#define WEIR_CP_TEXT 48 /* bytes of "<n>.<e>" with its NUL */

void weir_cp_print(struct weir_cp cp, char out[WEIR_CP_TEXT]);
int weir_cp_read(const char *s, size_t len, struct weir_cp *cp); /* 1 or 0 */
/* "<stage>.part" with / as %2F (and % as %25); malloc'd. */
char *weir_part_name(const char *stage);

/*
 * Open (create: make it, 0700, with its parent's entry fsynced) a state
 * directory, without locking. 1, 0 if there is none (or an empty directory) and
 * create is false, -1 with *err: WEIR_STATE if it is not ours, not a directory,
 * a link, writable by others, or holds other files; WEIR_SYSTEM otherwise.
 */
int weir_dir_open(
    struct weir_dir *d, const char *path, bool create, struct weir_error *err);
void weir_dir_close(struct weir_dir *d);

/*
 * Become the newest incarnation: wait for the exclusive lock, create the next
 * epoch exclusively, go back to shared and check again. -1 with *err
 * (WEIR_STATE) naming the holders' process ids after d->wait_ms. May be called
 * again, when every stage has gone, for the next incarnation.
 */
int weir_dir_lead(struct weir_dir *d, struct weir_error *err);
/*
 * Join incarnation epoch as a stage: shared lock, then the newest epoch must be
 * it. -1 with *err (WEIR_STATE) for a zombie.
 */
int weir_dir_join(struct weir_dir *d, uint64_t epoch, struct weir_error *err);

/*
 * Does nobody live in it? 1, and nobody can until it is closed; 0 if somebody
 * does; -1.
 */
int weir_dir_alone(struct weir_dir *d, struct weir_error *err);

/* --- the job file --- */
struct weir_job_sink {
	char *name;    /* "out" */
	char *path;    /* absolute; NULL: standard output */
	uint64_t base; /* bytes the file had when the job began */
};
/* How sinks that are files are written; others wait for the commit. */
enum weir_writes {
	WEIR_WRITES_COMMITTED, /* by what is committed */
	WEIR_WRITES_NOW,       /* at once; a crash takes back what was not */
	WEIR_WRITES_REPEATS    /* at once; after a crash that stays */
};
struct weir_job {
	char *id;
	char *branch;	   /* another one with each new sink; NULL: the first */
	char *from;	   /* "<n>.<e>" that it began again from, or NULL */
	bool rewinds;	   /* it passes over events older than: */
	int64_t rewind_ns; /* (--rewind) */
	enum weir_writes writes;
	size_t nsources;
	char **source_names;
	char **source_paths; /* absolute; "-": standard input */
	size_t nsinks;
	struct weir_job_sink *sinks;
};
/* 1, 0 if there is none yet, -1. */
int weir_job_load(
    const struct weir_dir *d, struct weir_job *job, struct weir_error *err);
/*
 * Write it, replacing what was there. It changes when a sink that stands free is
 * entered at its first commit, after a MANIFEST with another one in it, and when
 * its sinks are to be written otherwise.
 */
int weir_job_save(const struct weir_dir *d, const struct weir_job *job,
    struct weir_error *err);
void weir_job_fini(struct weir_job *job);
/* But for how it is written. */
bool weir_job_equal(const struct weir_job *a, const struct weir_job *b);
/* Does what was committed on the one belong to the sinks of the other? */
bool weir_branch_same(const char *a, const char *b);
/* Forget which stages side files belong to, and what pipes gave. 1 or -1. */
int weir_dir_forget(const struct weir_dir *d, struct weir_error *err);

/* --- checkpoints --- */
struct weir_manifest_part {
	char *stage, *file;
	uint64_t len;
	struct weir_digest digest;
};
/* A pending file in out/: what a sink wrote between two barriers. */
struct weir_pending {
	char *file;
	uint64_t len;
	struct weir_digest digest;
};
/*
 * A sink's output since the commit before, in order. Usually one file or none;
 * the output of an abandoned checkpoint goes into the next one, so there may
 * be more.
 */
struct weir_manifest_sink {
	char *name;
	uint64_t base; /* visible length before them */
	bool tail;     /* not saved: bytes that are not committed may follow */
	size_t nfiles;
	struct weir_pending *files;
};
struct weir_manifest {
	struct weir_cp cp;
	int64_t time_ns;     /* when committed, by the wall clock */
	int64_t duration_ns; /* since it was asked for */
	int final;	     /* 0, or 1 + enum weir_end_reason */
	char *branch;	     /* of the job */
	/*
	 * With it the job began anew, or elsewhere: the job file must become
	 * this. Without parts there is no state. NULL: it stays as it is.
	 */
	struct weir_job *job;
	size_t nparts;
	struct weir_manifest_part *parts;
	size_t nsinks;
	struct weir_manifest_sink *sinks;
};
/* Make cp/<n>.<e>, fsynced: its descriptor (the caller's), or -1. */
int weir_cp_create(
    const struct weir_dir *d, struct weir_cp cp, struct weir_error *err);
/* Open one that is there: its descriptor or -1 with *err (WEIR_STATE). */
int weir_cp_open(
    const struct weir_dir *d, struct weir_cp cp, struct weir_error *err);
/* out/, made if it is not there: a descriptor of the caller's, or -1. */
int weir_out_open(const struct weir_dir *d, struct weir_error *err);
/* run/, likewise. */
int weir_run_open(const struct weir_dir *d, struct weir_error *err);
/*
 * run/commit.<epoch>, where reports go: a descriptor, or -1. It is for reading
 * and writing: that never waits, and there is no SIGPIPE if its reader is gone.
 */
int weir_report_open(
    const struct weir_dir *d, uint64_t epoch, struct weir_error *err);
/* All there are, committed or not, by n then epoch, malloc'd; -1 on failure. */
int weir_cp_list(const struct weir_dir *d, struct weir_cp **cps, size_t *n,
    struct weir_error *err);
/* One more than the highest number in any name under cp/ and out/. */
int weir_cp_next(const struct weir_dir *d, uint64_t *n, struct weir_error *err);

/* Commit: publish MANIFEST. Its rename is the only commit point. */
int weir_manifest_save(const struct weir_dir *d, const struct weir_manifest *m,
    struct weir_error *err);
/* 1, 0 if there is no MANIFEST (not committed), -1 damaged (WEIR_STATE). */
int weir_manifest_load(const struct weir_dir *d, struct weir_cp cp,
    struct weir_manifest *m, struct weir_error *err);
void weir_manifest_fini(struct weir_manifest *m);
/*
 * Every part and every pending file that is there has the length and digest
 * said; parts must be there (pending files go when they are visible).
 */
int weir_manifest_verify(const struct weir_dir *d,
    const struct weir_manifest *m, struct weir_error *err);
/* The visible length that the manifest commits: base and all files. */
uint64_t weir_sink_committed(const struct weir_manifest_sink *sink);
/*
 * Bring the visible file up to the manifest: append what it lacks of the
 * pending files, fsync, remove the pending files. visible is the sink's open
 * descriptor. Never cuts. A pending file may be gone already if the visible
 * file reaches behind it and has its bytes. WEIR_STATE if the file is shorter
 * than its base or holds other bytes beyond it.
 */
int weir_sink_forward(const struct weir_dir *d,
    const struct weir_manifest_sink *sink, int visible, const char *path,
    struct weir_error *err);
/*
 * The same in steps, for what is no file that grows: open a pending file after
 * verifying it (1 with *fd, 0 if it is gone, -1 with *err), and remove them all.
 */
int weir_sink_pending(const struct weir_dir *d, const struct weir_pending *p,
    int *fd, struct weir_error *err);
int weir_sink_settle(const struct weir_dir *d,
    const struct weir_manifest_sink *sink, struct weir_error *err);
/* Remove a checkpoint: manifest first, fsync, then the parts. */
int weir_cp_remove(
    const struct weir_dir *d, struct weir_cp cp, struct weir_error *err);

/*
 * Remove all committed checkpoints but the newest keep (at least one), and what
 * older ones than those left uncommitted. After each commit.
 */
int weir_dir_prune(
    const struct weir_dir *d, size_t keep, struct weir_error *err);
/*
 * By hand, beside whatever lives: the newest keep (at least one) that are whole
 * stay, and so does what is newer than those. removed hears of each that goes.
 */
typedef void weir_removed(void *ctx, struct weir_cp cp);
int weir_dir_tidy(const struct weir_dir *d, size_t keep, weir_removed *removed,
    void *ctx, struct weir_error *err);
/*
 * The same as weir_dir_prune() for the leader while no checkpoint is under way: what was never
 * committed goes, but for the highest number, which stays taken; so do pending
 * files that no kept manifest lists, and temporary files. After recovery, before stages start. keep 0
 * forgets everything, claims of side files included, but save/ and `job`.
 */
int weir_dir_sweep(
    const struct weir_dir *d, size_t keep, struct weir_error *err);

/*
 * Find what to restore: the highest checkpoint whose manifest and parts verify
 * whole. 1 with *m, 0 if there is none (begin anew), -1 with *err (WEIR_STATE) if
 * a newer one is damaged and its output may be visible, or none is whole.
 */
int weir_dir_recover(
    const struct weir_dir *d, struct weir_manifest *m, struct weir_error *err);

/*
 * Claim a side file, opened as fd, for a stage: durable before the first write.
 * 1, 0 if this stage has it already, -1 with *err (WEIR_USAGE) if another does.
 */
int weir_side_claim(const struct weir_dir *d, int fd, const char *path,
    const char *stage, struct weir_error *err);

#endif
