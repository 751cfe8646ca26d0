/*
 * recover.h - a job's beginning: what is visible, what to restore.
 *
 * Recovery first rolls forward: committed output that the visible files lack is
 * appended, never cut. Only then is there something to restore, and only the
 * leader (weir_dir_lead()) does any of it: nobody else lives in the directory.
 */
#ifndef WEIR_STREAM_RECOVER_H
#define WEIR_STREAM_RECOVER_H

#include "state/dir.h"

#include <stdbool.h>

struct weir_patience; /* of visible.h */

/*
 * Find the checkpoint to restore, and bring every visible file of the job up to
 * it: 1 with *m, 0 if there is none (the files are as long as they were when
 * the job began), -1. *next is the first number that is free. Then sweep what
 * dead incarnations left behind. patience: with commands; or NULL.
 */
int weir_recover(const struct weir_dir *d, const struct weir_job *job,
    struct weir_manifest *m, uint64_t *next,
    const struct weir_patience *patience, struct weir_error *err);

#endif
