/*
 * origin.h - a job begins again from elsewhere: --from and --rewind.
 *
 * The MANIFEST of a new checkpoint is the one step that counts. It refers to
 * links of the chosen parts, or to none to begin anew, and has the job file in
 * it that goes with it: perhaps with new sinks. Whoever is killed before that
 * has changed nothing; after it the next start brings the file `job` up to it.
 *
 * A sink never gets the same output twice: one to which more was committed than
 * the chosen checkpoint knows must be another one now.
 */
#ifndef WEIR_STREAM_ORIGIN_H
#define WEIR_STREAM_ORIGIN_H

#include "state/dir.h"
#include "stream/spawn.h"

#include <stdbool.h>

enum weir_origin_kind {
	WEIR_ORIGIN_LATEST,
	WEIR_ORIGIN_NONE,
	WEIR_ORIGIN_CHECKPOINT,
	WEIR_ORIGIN_SAVEPOINT
};

struct weir_patience; /* of visible.h */

struct weir_origin {
	enum weir_origin_kind kind;
	uint64_t n;	  /* checkpoint */
	const char *name; /* savepoint */
	bool rewinds;	  /* with NONE: passes over events older than: */
	int64_t rewind_ns;
	const struct weir_patience *patience; /* with commands; or NULL */
};

/*
 * Begin there, in the directory that is led. 1; 0 if that was done before, and
 * the job is to go on; -1 with *err: WEIR_USAGE if there is no such place,
 * WEIR_STATE if it is damaged or a sink is not new.
 */
int weir_origin_begin(const struct weir_dir *d, const struct weir_roles *r,
    const struct weir_origin *from, struct weir_error *err);
/* Finish what somebody who was killed has begun, if so: 1 or -1. */
int weir_origin_settle(const struct weir_dir *d, struct weir_error *err);

#endif
