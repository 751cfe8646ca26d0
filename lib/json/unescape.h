/*
 * unescape.h - what the escapes in a JSON string stand for.
 */
#ifndef WEIR_JSON_UNESCAPE_H
#define WEIR_JSON_UNESCAPE_H

#include <stddef.h>

/*
 * Unescape a valid JSON string (len bytes, without its quotes) into out; it
 * never becomes longer. Returns the length, or SIZE_MAX if it takes more than
 * cap bytes or has half a surrogate pair.
 */
size_t weir_json_unescape(const char *s, size_t len, char *out, size_t cap);

#endif
