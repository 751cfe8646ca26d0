#include "base/pool.h"

#include "base/mem.h"

#include <stdlib.h>

#define STEP	  32
#define CHUNK_MIN ((size_t)4 << 10)
#define CHUNK_MAX ((size_t)256 << 10)

struct weir_pool_piece {
	struct weir_pool_piece *next;
};

struct weir_pool_chunk {
	struct weir_pool_chunk *prev;
	size_t size;
	_Alignas(16) char data[];
};

static inline size_t
class_of(size_t size)
{
	return size == 0 ? 1 : (size + STEP - 1) / STEP;
}

/* A further chunk; each is twice the one before, up to a limit. */
static void
add_chunk(struct weir_pool *p)
{
	size_t size = p->chunk == NULL ? CHUNK_MIN : p->chunk->size * 2;
	struct weir_pool_chunk *c;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	c = weir_malloc(sizeof *c + size);
	c->prev = p->chunk;
	c->size = size;
	p->chunk = c;
	p->next = c->data;
	p->end = c->data + size;
	p->bytes += weir_held(sizeof *c + size);
}

void *
weir_pool_get(struct weir_pool *p, size_t size)
{
	size_t class = class_of(size);
	struct weir_pool_piece *piece;
	char *at;

	p->n++;
	if (class >= WEIR_POOL_CLASSES) {
		p->bytes += weir_held(size);
		return weir_malloc(size);
	}
	piece = p->free[class];
	if (piece != NULL) {
		p->free[class] = piece->next;
		return piece;
	}
	if (p->chunk == NULL || (size_t)(p->end - p->next) < class * STEP)
		add_chunk(p);
	at = p->next;
	p->next += class * STEP;
	return at;
}

static void
give_back(struct weir_pool *p)
{
	struct weir_pool_chunk *c;

	while ((c = p->chunk) != NULL) {
		p->chunk = c->prev;
		free(c);
	}
	*p = (struct weir_pool){.n = 0};
}

void
weir_pool_put(struct weir_pool *p, void *piece, size_t size)
{
	size_t class = class_of(size);
	struct weir_pool_piece *freed = piece;

	p->n--;
	if (class >= WEIR_POOL_CLASSES) {
		p->bytes -= weir_held(size);
		free(piece);
	} else {
		freed->next = p->free[class];
		p->free[class] = freed;
	}
	if (p->n == 0)
		give_back(p);
}
