/*
 * jobfile.h - what a job is: its sources and its sinks, fixed when it begins.
 */
#ifndef WEIR_STREAM_JOBFILE_H
#define WEIR_STREAM_JOBFILE_H

#include "state/dir.h"
#include "stream/spawn.h"

/* A path as it is the same from everywhere: malloc'd, or NULL with *err. */
char *weir_absolute(const char *path, struct weir_error *err);

/*
 * Load the job of a directory that is led, or begin one with the sources and
 * sinks of r. 1, or -1 with *err: WEIR_STATE if the directory belongs to a job
 * with others, WEIR_USAGE if they cannot be read again or cut back.
 */
int weir_jobfile_open(const struct weir_dir *d, const struct weir_roles *r,
    struct weir_job *job, struct weir_error *err);
/*
 * Forget all checkpoints and begin a new job in the directory, in sinks that
 * the old one has written nothing to (--from=none). 1, or -1 with *err.
 */
int weir_jobfile_renew(const struct weir_dir *d, const struct weir_roles *r,
    struct weir_error *err);
/*
 * Have the sources grown since the end that m committed? 0, or -1 with
 * *err (WEIR_STATE) saying what to do.
 */
int weir_jobfile_grown(const struct weir_dir *d, const struct weir_job *job,
    const struct weir_manifest *m, struct weir_error *err);

#endif
