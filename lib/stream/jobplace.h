/*
 * jobplace.h - where the sources of a job were at a checkpoint.
 */
#ifndef WEIR_STREAM_JOBPLACE_H
#define WEIR_STREAM_JOBPLACE_H

#include "state/dir.h"
#include "stream/pipes.h"

/*
 * Have the sources grown since the end that m committed? 0, or -1 with
 * *err (WEIR_STATE) saying what to do. Waits for a pipe to say so.
 */
int weir_jobplace_grown(const struct weir_dir *d, const struct weir_job *job,
    const struct weir_manifest *m, const struct weir_pipes *pipes,
    struct weir_error *err);
/*
 * Remove what spools hold from before the oldest checkpoint that is kept: 1, or
 * -1 with *err.
 */
int weir_jobplace_trim(const struct weir_dir *d, const struct weir_job *job,
    struct weir_error *err);

#endif
