/*
 * arena.h - memory that is given back all at once.
 *
 * An arena hands out pieces of chunks; reset takes everything back but keeps
 * the first chunk, so that steady work allocates nothing. {0} is an arena.
 */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include <stddef.h>

struct weir_arena {
	struct weir_arena_chunk *chunk; /* the one in use */
	char *next, *end;
	size_t total; /* bytes handed out since the last reset */
};

void *weir_arena_slow(struct weir_arena *a, size_t size);

/* size bytes aligned to 16, valid until the next reset. */
static inline void *
weir_arena_alloc(struct weir_arena *a, size_t size)
{
	char *p = a->next;

	if (p == NULL || size > (size_t)(a->end - p))
		return weir_arena_slow(a, size);
	size = (size + 15) & ~(size_t)15;
	a->next = size > (size_t)(a->end - p) ? a->end : p + size;
	a->total += size;
	return p;
}

void weir_arena_reset(struct weir_arena *a);
void weir_arena_fini(struct weir_arena *a);

#endif
