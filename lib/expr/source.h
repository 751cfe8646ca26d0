/*
 * source.h - the text of an expression, and complaints about it.
 */
#ifndef WEIR_EXPR_SOURCE_H
#define WEIR_EXPR_SOURCE_H

#include "base/error.h"

#include <stddef.h>

#define WEIR_EXPR_MAX	((size_t)64 << 10) /* bytes of an expression */
#define WEIR_EXPR_DEPTH 250		   /* nesting of an expression */

struct weir_source {
	const char *text;
	size_t len;
	const char *what; /* "expression", "-k": begins messages */
	struct weir_error *err;
};

/*
 * Fill *src->err (WEIR_USAGE): what, the reason, the text with a caret under
 * byte at. Returns -1.
 */
int weir_source_fail(const struct weir_source *src, size_t at, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Is the text short enough, and UTF-8? 1, or -1 with the error filled. */
int weir_source_check(const struct weir_source *src);

#endif
