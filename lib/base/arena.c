#include "base/arena.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>

#define CHUNK ((size_t)16 << 10)

struct weir_arena_chunk {
	struct weir_arena_chunk *prev;
	size_t size;
	_Alignas(16) char data[];
};

void *
weir_arena_slow(struct weir_arena *a, size_t size)
{
	struct weir_arena_chunk *c;
	size_t cap = size > CHUNK ? size : CHUNK;

	if (cap > SIZE_MAX - sizeof *c - 16)
		abort();
	cap = (cap + 15) & ~(size_t)15;
	c = weir_malloc(sizeof *c + cap);
	c->prev = a->chunk;
	c->size = cap;
	a->chunk = c;
	a->next = c->data;
	a->end = c->data + cap;
	return weir_arena_alloc(a, size);
}

void
weir_arena_reset(struct weir_arena *a)
{
	struct weir_arena_chunk *c = a->chunk, *prev;

	a->total = 0;
	if (c == NULL)
		return;
	while ((prev = c->prev) != NULL) {
		free(c);
		c = prev;
	}
	a->chunk = c;
	a->next = c->data;
	a->end = c->data + c->size;
}

void
weir_arena_fini(struct weir_arena *a)
{
	weir_arena_reset(a);
	free(a->chunk);
	*a = (struct weir_arena){0};
}
