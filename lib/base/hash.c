#include "base/hash.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(WEIR_HASH_SECRET >= XXH3_SECRET_SIZE_MIN, "secret size");

struct weir_hasher {
	XXH3_state_t state;
};

uint64_t
weir_hash64(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}

uint64_t
weir_hash64_pieces(const struct weir_piece *pieces, size_t n)
{
	XXH3_state_t state;

	XXH3_64bits_reset(&state);
	for (size_t i = 0; i < n; i++)
		XXH3_64bits_update(&state, pieces[i].p, pieces[i].len);
	return XXH3_64bits_digest(&state);
}

uint64_t
weir_hash64_keyed(const void *data, size_t len, const void *secret)
{
	return XXH3_64bits_withSecret(data, len, secret, WEIR_HASH_SECRET);
}

void
weir_hash_secret(void *secret)
{
	ssize_t n = getrandom(secret, WEIR_HASH_SECRET, 0);

	assert(n == WEIR_HASH_SECRET);
}

struct weir_hasher *
weir_hasher_new(void)
{
	void *p = NULL;

	if (posix_memalign(&p, 64, sizeof(struct weir_hasher)) != 0)
		abort();
	weir_hasher_reset(p);
	return p;
}

void
weir_hasher_reset(struct weir_hasher *h)
{
	XXH3_128bits_reset(&h->state);
}

void
weir_hasher_add(struct weir_hasher *h, const void *data, size_t len)
{
	XXH3_128bits_update(&h->state, data, len);
}

struct weir_digest
weir_hasher_digest(const struct weir_hasher *h)
{
	XXH128_hash_t d = XXH3_128bits_digest(&h->state);

	return (struct weir_digest){d.low64, d.high64};
}

void
weir_hasher_free(struct weir_hasher *h)
{
	free(h);
}

void
weir_digest_print(struct weir_digest d, char out[33])
{
	snprintf(out, 33, "%016llx%016llx", (unsigned long long)d.hi,
	    (unsigned long long)d.lo);
}

struct weir_digest
weir_digest(const void *data, size_t len)
{
	XXH128_hash_t d = XXH3_128bits(data, len);

	return (struct weir_digest){d.low64, d.high64};
}
