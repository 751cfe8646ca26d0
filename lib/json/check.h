/*
 * check.h - the slow, authoritative verdict on a line, by yajl.
 *
 * The one module that includes yajl. yajl's gaps are covered here: overlong
 * UTF-8 and surrogates in UTF-8, no depth limit, form feed as white space, no
 * reset after an error (a fresh handle a line).
 */
#ifndef WEIR_JSON_CHECK_H
#define WEIR_JSON_CHECK_H

#include "base/error.h"

#include <stddef.h>

/*
 * Is s (len bytes, without the newline) exactly one JSON object of at most
 * WEIR_DEPTH_MAX levels, with blanks around it? Returns 1, or 0 with the
 * reason in why (lower case, with the byte column counted from 1 at the end:
 * "... at column 17", no source name; control characters escaped).
 */
int weir_check(const char *s, size_t len, char *why, size_t why_cap);

/* Is the line nothing but blanks (space, tab, CR)? */
int weir_blank(const char *s, size_t len);

#endif
