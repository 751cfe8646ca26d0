/*
 * pool.h - small pieces of memory that come and go all the time.
 *
 * What is let go serves again for pieces of about its size; memory is given back
 * once nothing of it is in use. Large pieces are malloc's. {0} is a pool.
 */
#ifndef WEIR_BASE_POOL_H
#define WEIR_BASE_POOL_H

#include <stddef.h>

#define WEIR_POOL_CLASSES 33 /* of 32 bytes each */

struct weir_pool {
	struct weir_pool_piece *free[WEIR_POOL_CLASSES];
	struct weir_pool_chunk *chunk; /* the one in use */
	char *next, *end;
	size_t n;     /* pieces in use */
	size_t bytes; /* held */
};

/* size bytes, aligned to 16. */
void *weir_pool_get(struct weir_pool *p, size_t size);
/* Let go of a piece that was got with this size. */
void weir_pool_put(struct weir_pool *p, void *piece, size_t size);

#endif
