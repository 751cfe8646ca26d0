/*
 * Goal: a pool hands out memory that nobody else has, and holds no more than it
 * says. Method: random pieces filled with a mark of their own, against what they
 * hold when they are let go.
 */
#include "base/pool.h"

#include "base/mem.h"
#include "random.h"
#include "tap.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PIECES 500

struct piece {
	unsigned char *at;
	size_t size;
};

static bool
is_whole(const struct piece *p, unsigned char mark)
{
	for (size_t i = 0; i < p->size; i++)
		if (p->at[i] != mark)
			return false;
	return true;
}

static void
test_pieces(void)
{
	struct piece piece[PIECES] = {{NULL, 0}};
	struct weir_pool pool = {.n = 0};
	size_t held = 0;
	int spoilt = 0, skewed = 0, few = 0;

	for (int i = 0; i < 200000; i++) {
		unsigned k = (unsigned)rnd() % PIECES;
		struct piece *p = &piece[k];

		if (p->at != NULL) {
			spoilt += !is_whole(p, (unsigned char)k);
			held -= p->size;
			weir_pool_put(&pool, p->at, p->size);
			p->at = NULL;
			continue;
		}
		p->size = (size_t)rnd() % (i % 8 == 0 ? 3000 : 300);
		p->at = weir_pool_get(&pool, p->size);
		skewed += (uintptr_t)p->at % 16 != 0;
		memset(p->at, (int)k, p->size);
		held += p->size;
		few += held > pool.bytes;
	}
	ok(spoilt == 0, "what is in use is nobody else's");
	ok(skewed == 0, "all are aligned");
	ok(few == 0, "it holds at least what is in use");
	for (unsigned k = 0; k < PIECES; k++)
		if (piece[k].at != NULL)
			weir_pool_put(&pool, piece[k].at, piece[k].size);
	ok(pool.n == 0 && pool.bytes == 0, "all is given back");
}

/* What comes and goes takes no more than what is there at once. */
static void
test_steady(void)
{
	struct weir_pool pool = {.n = 0};
	void *ring[64] = {NULL};
	size_t bytes = 0;

	for (int i = 0; i < 100000; i++) {
		void **at = &ring[i % 64];

		if (*at != NULL)
			weir_pool_put(&pool, *at, 200);
		*at = weir_pool_get(&pool, 200);
		if (i == 64)
			bytes = pool.bytes;
	}
	ok(bytes > 0 && pool.bytes == bytes, "it does not grow");
	for (int i = 0; i < 64; i++)
		weir_pool_put(&pool, ring[i], 200);
}

int
main(void)
{
	test_pieces();
	test_steady();
	return done();
}
