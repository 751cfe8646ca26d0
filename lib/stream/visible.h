/*
 * visible.h - where the committed output of a job becomes visible.
 *
 * What a sink's stage writes is one stream of bytes, cut by barriers into
 * pending files. A manifest commits the stream up to a place; then the visible
 * side takes over what it lacks of it. The text after -o says of what kind that
 * is, and each kind is a table of functions. Opening has
 * no effect but that the thing is there: the job's sink opens it to see that it
 * can be, and only the committer and recovery, who lead the directory, forward.
 */
#ifndef WEIR_STREAM_VISIBLE_H
#define WEIR_STREAM_VISIBLE_H

#include "state/dir.h"
#include "stream/rollstate.h"

#include <stdbool.h>
#include <sys/stat.h>

struct weir_visible_config;

/*
 * Somebody waits for a command that is a sink, since a time of weir_clock_ns():
 * called again and again, sleeps for a moment. false: wait no longer.
 */
struct weir_patience {
	bool (*wait)(
	    void *ctx, const struct weir_visible_config *c, int64_t since_ns);
	void *ctx;
};

/* Whose output it is; all is borrowed for as long as it is open. */
struct weir_visible_config {
	const struct weir_dir *dir;
	const char *job;  /* its id */
	const char *sink; /* its name */
	const char *path; /* as weir_visible_name() gave it */
	const struct weir_patience *patience; /* NULL: wait for ever */
};

struct weir_visible;

enum weir_visible_kind {
	WEIR_VISIBLE_FILE,
	WEIR_VISIBLE_DIR, /* PATH/ */
	WEIR_VISIBLE_SQL, /* sqlite:PATH?table=NAME */
	WEIR_VISIBLE_CMD  /* |COMMAND */
};

/* Of what kind is it, by what weir_visible_name() gave? */
enum weir_visible_kind weir_visible_kind(const char *path);
/*
 * What the text after -o means from everywhere, as the job file keeps it: paths
 * in it are absolute. malloc'd, or NULL with *err (WEIR_USAGE).
 */
char *weir_visible_name(const char *given, struct weir_error *err);
/*
 * Open it, made durably if create is set. NULL with *err: WEIR_USAGE if it is
 * not fit for output, WEIR_STATE if it is gone.
 */
struct weir_visible *weir_visible_open(
    const struct weir_visible_config *c, bool create, struct weir_error *err);
void weir_visible_close(struct weir_visible *v);

/* The bookkeeping of a directory, borrowed until it is closed; else NULL. */
const struct weir_rollstate *weir_visible_parts(struct weir_visible *v);
/* The place in the stream at which a job begins that finds it as it is. */
int weir_visible_base(
    struct weir_visible *v, uint64_t *base, struct weir_error *err);
/* Is it (also) this file? */
bool weir_visible_is(struct weir_visible *v, const struct stat *st);
/*
 * Take over what m commits and it lacks, durably, then remove the pending
 * files; doing so again changes nothing. WEIR_STATE if somebody else changed
 * it.
 */
int weir_visible_forward(struct weir_visible *v,
    const struct weir_manifest_sink *m, struct weir_error *err);
/*
 * For a sink that is written before it is committed (a file): the digest of
 * what it has from off on, of len bytes. WEIR_STATE if they are not there.
 */
int weir_visible_digest(struct weir_visible *v, uint64_t off, uint64_t len,
    struct weir_digest *digest, struct weir_error *err);
/*
 * Take back what m does not commit; lines: only behind the last end of a line.
 * Never what it does commit, and nothing if it is no file.
 */
int weir_visible_cut(struct weir_visible *v, const struct weir_manifest_sink *m,
    bool lines, struct weir_error *err);
/* The committer begins, and will forward: what runs beside it is started. */
int weir_visible_start(struct weir_visible *v, struct weir_error *err);
/* Has what runs beside it ended? 1, or -1 with *err. */
int weir_visible_check(struct weir_visible *v, struct weir_error *err);
/* All is forwarded, and the job ends: wait until it was taken. */
int weir_visible_finish(struct weir_visible *v, struct weir_error *err);
/*
 * Does it hold what is committed before m, and all of m, more, or nothing of it
 * (then the next start adds it)? 1, or -1 with *err saying what it does
 * instead ("is missing"). Changes nothing.
 */
int weir_visible_verify(const struct weir_visible_config *c,
    const struct weir_manifest_sink *m, struct weir_error *err);
/*
 * May a new job have it, though an old one wrote there (base: where that began,
 * NULL if nobody knows)? Not if all that is in there would come again.
 */
bool weir_visible_is_new(
    const struct weir_visible_config *c, const uint64_t *base);

/* --- kinds --- */

struct weir_visible_ops {
	/* *self is the kind's own; the others as above */
	int (*open)(void **self, const struct weir_visible_config *c,
	    bool create, struct weir_error *err);
	void (*close)(void *self);
	int (*base)(void *self, uint64_t *base, struct weir_error *err);
	bool (*is)(void *self, const struct stat *st);
	int (*start)(void *self, struct weir_error *err);  /* or NULL */
	int (*check)(void *self, struct weir_error *err);  /* or NULL */
	int (*finish)(void *self, struct weir_error *err); /* or NULL */
	int (*forward)(void *self, const struct weir_manifest_sink *m,
	    struct weir_error *err);
	/* these of a file alone; else NULL */
	int (*digest)(void *self, uint64_t off, uint64_t len,
	    struct weir_digest *digest, struct weir_error *err);
	int (*cut)(void *self, const struct weir_manifest_sink *m, bool lines,
	    struct weir_error *err);
	int (*verify)(const struct weir_visible_config *c,
	    const struct weir_manifest_sink *m, struct weir_error *err);
	bool (*is_new)(
	    const struct weir_visible_config *c, const uint64_t *base);
	const struct weir_rollstate *(*parts)(void *self); /* or NULL */
};

extern const struct weir_visible_ops weir_visible_file, weir_visible_dir,
    weir_visible_sql, weir_visible_cmd;

#define WEIR_VISIBLE_SQLITE_IS "sqlite:"
#define WEIR_VISIBLE_TABLE_IS  "?table="
/* Where ?table=NAME begins in the name of such a sink. */
const char *weir_visible_table(const char *path);

/* fsync the directory that holds path. */
int weir_visible_sync_parent(const char *path, struct weir_error *err);

#endif
