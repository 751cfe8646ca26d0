/*
 * rollapply.h - does to a directory's unfinished parts what a log says.
 *
 * The bookkeeping (rollstate.h) says how long each part is; what lies behind
 * that was written by somebody who died before it counted, and goes. So a log
 * may be applied again as long as the bookkeeping is that of before it.
 */
#ifndef WEIR_STREAM_ROLLAPPLY_H
#define WEIR_STREAM_ROLLAPPLY_H

#include "stream/roll.h"

struct weir_rollapply;

/* Parts are files in hidden; both are borrowed. */
struct weir_rollapply *weir_rollapply_new(struct weir_rollstate *s, int hidden);
/* Apply the first size bytes of a log: 1, or -1 with *err. */
int weir_rollapply_log(
    struct weir_rollapply *a, int fd, uint64_t size, struct weir_error *err);
/* What was written is durable: 1 or -1. */
int weir_rollapply_sync(struct weir_rollapply *a, struct weir_error *err);
void weir_rollapply_free(struct weir_rollapply *a);

/* The name of an unfinished part in the hidden directory. */
#define WEIR_ROLL_NAME 32
void weir_roll_name(uint64_t n, char out[WEIR_ROLL_NAME]);

#endif
