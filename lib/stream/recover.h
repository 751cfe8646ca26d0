/*
 * recover.h - a job's beginning: what is visible, what to restore.
 *
 * Recovery first rolls forward: committed output that the visible files lack is
 * appended, never cut. Only then is there something to restore, and only the
 * leader (weir_dir_lead()) does any of it: nobody else lives in the directory.
 *
 * Sinks that are written before the commit leave bytes behind what is
 * committed. Which these may be is known from the job file: it says how sinks
 * are written from before the first such byte on, and says so until the last
 * one is gone, whatever the next run wants. So with a crash
 *
 *     before it says how        no sink has written yet, nothing to cut
 *     between that and a commit the next recovery cuts, or keeps
 *     in the middle of a cut    it still says the same: the next one cuts
 *     behind the cut            likewise, and there is nothing to cut
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

/*
 * After that (m NULL: nothing was committed): sinks are written like this from
 * now on, durably. What a run left that might repeat goes, if this one must not.
 */
int weir_recover_turn(const struct weir_dir *d, struct weir_job *job,
    const struct weir_manifest *m, enum weir_writes writes,
    struct weir_error *err);

#endif
