/*
 * spool_in.h - the inside of a spool, shared by its files.
 *
 *     spool.c      which segments there are; the leader's side
 *     spool_io.c   taking and reading
 */
#ifndef WEIR_STATE_SPOOL_IN_H
#define WEIR_STATE_SPOOL_IN_H

#include "state/spool.h"

#define WEIR_SPOOL_NAME 128 /* bytes of a segment's name with its NUL */

void weir_spool_name(char out[WEIR_SPOOL_NAME], const char *source,
    const struct weir_spool_segment *g);
/* List the segments, and see that none is missing between them: 1 or -1. */
int weir_spool_list(struct weir_spool *s, struct weir_error *err);
/* Say in front of *err whose spool it is: -1. */
int weir_spool_blame(const struct weir_spool *s, struct weir_error *err);

#endif
