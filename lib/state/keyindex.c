#include "state/keyindex.h"

#include "base/hash.h"
#include "base/mem.h"
#include "event/wire.h"

#include <stdlib.h>
#include <string.h>

/*
 * The index, integers with the least significant byte first:
 *
 *     offset  0  u32  0x184D2A51, an LZ4 skippable frame
 *             4  u32  the bytes that follow
 *             8  "keys"
 *            12  u32  version of the index
 *            16  u64  blocks
 *            24  24 bytes a block: u64 offset of the block in the file, u64
 *                XXH3-64 of its bytes there, u64 where its filter ends,
 *                counted from the beginning of the filters
 *                the filters
 *                u64  XXH3-64 of all of the index before
 */
#define SKIPPABLE 0x184D2A51U
#define VERSION	  1
#define HEAD	  24
#define BLOCK	  24
#define SUM	  8

/* 10 bits a key, of which 7 are looked at: 0.8 % are found by chance. */
#define BITS   10
#define PROBES 7

uint64_t
weir_keyindex_hash(struct weir_str key)
{
	return weir_hash64(key.s, key.len);
}

/* The place of probe i in a filter of so many bits (Kirsch, Mitzenmacher). */
static size_t
probe(uint64_t hash, uint32_t i, uint64_t bits)
{
	uint32_t a = (uint32_t)hash, b = (uint32_t)(hash >> 32) | 1;

	return (size_t)((a + i * b) * bits >> 32);
}

/* --- making one --- */

void
weir_keyindex_add(struct weir_keyindex_writer *w, uint64_t hash)
{
	/* A key's lines often follow each other. */
	if (w->n > 0 && w->hashes[w->n - 1] == hash)
		return;
	w->hashes = weir_grow(w->hashes, &w->cap, w->n + 1, sizeof *w->hashes);
	w->hashes[w->n++] = hash;
	w->keyed = true;
}

static void
put_filter(struct weir_keyindex_writer *w)
{
	size_t bytes = (w->n * BITS + 7) / 8;
	char *filter = weir_buf_reserve(&w->filters, bytes);

	memset(filter, 0, bytes);
	for (size_t i = 0; i < w->n; i++)
		for (uint32_t k = 0; k < PROBES; k++) {
			size_t bit = probe(w->hashes[i], k, bytes * 8);

			filter[bit / 8] |= (char)(1 << bit % 8);
		}
	w->filters.len += bytes;
	w->n = 0;
}

void
weir_keyindex_block(struct weir_keyindex_writer *w, uint64_t offset,
    const void *data, size_t len)
{
	char *entry = weir_buf_reserve(&w->blocks, BLOCK);

	if (w->n > 0)
		put_filter(w);
	weir_put64(entry, offset);
	weir_put64(entry + 8, weir_hash64(data, len));
	weir_put64(entry + 16, w->filters.len);
	w->blocks.len += BLOCK;
}

void
weir_keyindex_end(struct weir_keyindex_writer *w, struct weir_buf *out)
{
	size_t begin = out->len;
	uint64_t all = HEAD + w->blocks.len + w->filters.len + SUM;
	char head[HEAD], sum[SUM];

	if (!w->keyed || all > WEIR_KEYINDEX_MAX)
		return;
	weir_put32(head, SKIPPABLE);
	weir_put32(head + 4, (uint32_t)all - 8);
	memcpy(head + 8, "keys", 4);
	weir_put32(head + 12, VERSION);
	weir_put64(head + 16, w->blocks.len / BLOCK);
	weir_buf_add(out, head, sizeof head);
	weir_buf_add(out, w->blocks.data, w->blocks.len);
	weir_buf_add(out, w->filters.data, w->filters.len);
	weir_put64(sum, weir_hash64(out->data + begin, out->len - begin));
	weir_buf_add(out, sum, sizeof sum);
}

void
weir_keyindex_fini(struct weir_keyindex_writer *w)
{
	weir_buf_fini(&w->blocks);
	weir_buf_fini(&w->filters);
	free(w->hashes);
	*w = (struct weir_keyindex_writer){0};
}

/* --- reading --- */

static const unsigned char *
entry_of(const struct weir_keyindex *x, size_t block)
{
	return x->bytes + HEAD + block * BLOCK;
}

static uint64_t
filter_end(const struct weir_keyindex *x, size_t block)
{
	return weir_get64(entry_of(x, block) + 16);
}

/* Where the block is, and where the next one begins. */
static uint64_t
offset_of(const struct weir_keyindex *x, size_t block)
{
	return block < x->n ? weir_get64(entry_of(x, block)) : x->end;
}

static int
check_blocks(const struct weir_keyindex *x, uint64_t first, uint64_t filters)
{
	uint64_t from = 0;

	if (offset_of(x, 0) != first)
		return 0;
	for (size_t i = 0; i < x->n; i++) {
		if (offset_of(x, i + 1) <= offset_of(x, i) ||
		    filter_end(x, i) < from || filter_end(x, i) > filters)
			return 0;
		from = filter_end(x, i);
	}
	return from == filters;
}

int
weir_keyindex_open(struct weir_keyindex *x, struct weir_str frame,
    uint64_t first, uint64_t end, struct weir_error *err)
{
	size_t room = frame.len - HEAD - SUM;
	const char *s = frame.s;
	uint64_t n;

	if (frame.len < HEAD + SUM || frame.len > WEIR_KEYINDEX_MAX ||
	    weir_get32(s) != SKIPPABLE || weir_get32(s + 4) != frame.len - 8 ||
	    memcmp(s + 8, "keys", 4) != 0)
		return weir_fail(err, WEIR_STATE, "damaged: no index of keys");
	if (weir_get64(s + frame.len - SUM) != weir_hash64(s, frame.len - SUM))
		return weir_fail(err, WEIR_STATE,
		    "damaged: the index of keys does not match its checksum");
	n = weir_get64(s + 16);
	*x = (struct weir_keyindex){
	    .bytes = (const unsigned char *)s, .n = (size_t)n, .end = end};
	if (weir_get32(s + 12) != VERSION || n < 1 || n > room / BLOCK ||
	    !check_blocks(x, first, room - n * BLOCK))
		return weir_fail(
		    err, WEIR_STATE, "damaged: the index of keys is wrong");
	return 1;
}

struct weir_keyindex_place
weir_keyindex_place(const struct weir_keyindex *x, size_t block)
{
	uint64_t at = offset_of(x, block);

	return (struct weir_keyindex_place){.offset = at,
	    .len = offset_of(x, block + 1) - at,
	    .hash = weir_get64(entry_of(x, block) + 8)};
}

static bool
may_hold(const struct weir_keyindex *x, uint64_t hash, size_t block)
{
	uint64_t from = block > 0 ? filter_end(x, block - 1) : 0;
	uint64_t bytes = filter_end(x, block) - from;
	const unsigned char *filter = entry_of(x, x->n) + from;

	for (uint32_t k = 0; bytes > 0 && k < PROBES; k++) {
		size_t bit = probe(hash, k, bytes * 8);

		if ((filter[bit / 8] >> bit % 8 & 1) == 0)
			return false;
	}
	return bytes > 0;
}

int
weir_keyindex_find(const struct weir_keyindex *x, uint64_t hash, size_t *block)
{
	for (; *block < x->n; ++*block)
		if (may_hold(x, hash, *block))
			return 1;
	return 0;
}
