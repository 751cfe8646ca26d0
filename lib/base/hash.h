/*
 * hash.h - XXH3: checksums of what is stored and sent, hashes of keys.
 *
 * The one module that includes xxhash (XXH3 is specified in the xxHash
 * project's doc/xxhash_spec.md). Checksums are values, written little-endian.
 */
#ifndef WEIR_BASE_HASH_H
#define WEIR_BASE_HASH_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

#define WEIR_HASH_SECRET 192 /* bytes of a secret */

uint64_t weir_hash64(const void *data, size_t len);
/* Of what lies in pieces, as if it lay in one. */
uint64_t weir_hash64_pieces(const struct weir_piece *pieces, size_t n);
/* Keyed with a secret of WEIR_HASH_SECRET random bytes. */
uint64_t weir_hash64_keyed(const void *data, size_t len, const void *secret);
/* Fill a secret from the system's random source. */
void weir_hash_secret(void *secret);

struct weir_digest {
	uint64_t lo, hi;
};

struct weir_hasher; /* a digest in pieces */
struct weir_hasher *weir_hasher_new(void);
void weir_hasher_reset(struct weir_hasher *h);
void weir_hasher_add(struct weir_hasher *h, const void *data, size_t len);
struct weir_digest weir_hasher_digest(const struct weir_hasher *h); /* 128 */
void weir_hasher_free(struct weir_hasher *h);
/* 32 hex digits, hi first, and a NUL. */
void weir_digest_print(struct weir_digest d, char out[33]);
struct weir_digest weir_digest(const void *data, size_t len);

#endif
