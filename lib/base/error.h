/*
 * error.h - how a failure travels: one struct, filled where it happens.
 *
 * Functions that can fail return 1 (yes, one), 0 (no, clean end) or -1 with
 * *err filled. weir_fail() fills it and returns -1, so that failing is one
 * statement. The status is the exit status a tool ends with.
 */
#ifndef WEIR_BASE_ERROR_H
#define WEIR_BASE_ERROR_H

#include "weir.h" /* struct weir_error, enum weir_status */

/*
 * Fill *err (err may be NULL) and return -1. Text from outside must be
 * escaped by the caller with weir_show() (base/text.h).
 */
int weir_fail(struct weir_error *err, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with WEIR_SYSTEM and ": strerror(errno)" behind the text. */
int weir_fail_errno(struct weir_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
