/*
 * mem.h - memory that is there, or the process ends.
 *
 * Out of memory aborts: recovery is a restart from a checkpoint, which is the
 * tested path. Sizes that come from outside are checked against a named limit
 * before they get here.
 */
#ifndef WEIR_BASE_MEM_H
#define WEIR_BASE_MEM_H

#include <stddef.h>

void *weir_malloc(size_t size);
void *weir_calloc(size_t n, size_t size); /* aborts on overflow, too */
void *weir_realloc(void *p, size_t size);
char *weir_strndup(const char *s, size_t len); /* NUL-terminated copy */
char *weir_strdup(const char *s);

/*
 * Room for at least need elements of elem bytes in the array p that holds
 * *cap: the array, perhaps moved; *cap at least doubles when it grows.
 */
void *weir_grow(void *p, size_t *cap, size_t need, size_t elem);

/*
 * What malloc takes for a piece of so many bytes, about: where many are small,
 * a limit on memory would be a lie without it.
 */
static inline size_t
weir_held(size_t size)
{
	return size <= 24 ? 32 : (size + 8 + 15) & ~(size_t)15;
}

#endif
