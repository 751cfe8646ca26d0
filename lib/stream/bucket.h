/*
 * bucket.h - text of an event as a path below a directory.
 *
 * What an event says is never used as it is: the path has no component that is
 * empty, hidden, `.` or `..`, and nothing in it but ASCII letters, digits and
 * -_.=+,@: between slashes. All else is percent-escaped, so that different
 * text gives different paths, but for slashes that separate nothing.
 */
#ifndef WEIR_STREAM_BUCKET_H
#define WEIR_STREAM_BUCKET_H

#include "base/buf.h"

#include <stdbool.h>

#define WEIR_BUCKET_PATH  1024 /* most bytes of a path */
#define WEIR_BUCKET_NAME  200  /* of a component */
#define WEIR_BUCKET_DEPTH 16   /* components */

/* Append the path of a text: 1, or 0 if it would be too long or too deep. */
int weir_bucket_path(struct weir_buf *out, const char *s, size_t len);
/* Could weir_bucket_path() have made it? */
bool weir_bucket_good(const char *path);

#endif
