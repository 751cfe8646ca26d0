/*
 * rollstate.h - the bookkeeping of a directory of part files.
 *
 * The directory has a hidden one, `.weir-<sink>`, with the parts that are not
 * finished, each a file of its number, and the record `state`: how far the
 * directory has taken over the sink's stream, which parts are open, and which
 * were finished last. It is replaced in one step, after the bytes that it
 * counts are durable and before finished parts are moved to their names; so
 * what it says is enough to go on after a crash.
 */
#ifndef WEIR_STREAM_ROLLSTATE_H
#define WEIR_STREAM_ROLLSTATE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_ROLL_OPEN_MAX 64	   /* open parts */
#define WEIR_ROLL_DONE_MAX 1000000 /* finished by one commit */

struct weir_rollpart {
	uint64_t n;
	char *path; /* below the directory, "" for itself (bucket.h) */
	uint64_t len;
	int64_t since_ns; /* opened, by the wall clock */
	bool seq;	  /* JSON text sequences, not lines */
};

struct weir_rollstate {
	char *job, *sink;
	uint64_t at;   /* in the sink's stream: all before is in the parts */
	uint64_t next; /* number of the next part */
	size_t nopen, ndone, done_cap;
	struct weir_rollpart open[WEIR_ROLL_OPEN_MAX];
	struct weir_rollpart *done; /* finished; perhaps not yet moved */
};

/* Load it from the hidden directory: 1, 0 if there is none, -1 with *err. */
int weir_rollstate_load(
    struct weir_rollstate *s, int dirfd, struct weir_error *err);
int weir_rollstate_save(
    const struct weir_rollstate *s, int dirfd, struct weir_error *err);
void weir_rollstate_fini(struct weir_rollstate *s);

/* A part opens (path is copied); there must be room. */
void weir_rollstate_open(struct weir_rollstate *s, uint64_t n, const char *path,
    int64_t since_ns, bool seq);
/* The index of the open part n, or nopen. */
size_t weir_rollstate_find(const struct weir_rollstate *s, uint64_t n);
/* Part i of the open ones is finished. */
void weir_rollstate_finish(struct weir_rollstate *s, size_t i);
/* Forget which were finished. */
void weir_rollstate_settle(struct weir_rollstate *s);

#endif
