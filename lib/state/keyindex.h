/*
 * keyindex.h - which blocks of a part may have lines of a key.
 *
 * A part's text is compressed in blocks that can be opened one by one. The index
 * has each block's place and checksum, and a Bloom filter (Bloom 1970) over the
 * hashes of the keys whose lines begin in it, at 10 bits a key: a key that is
 * there is always found, one that is not costs a needless look into about one
 * block of a hundred. To LZ4 it is a skippable frame. weir-state(5) has the
 * layout.
 */
#ifndef WEIR_STATE_KEYINDEX_H
#define WEIR_STATE_KEYINDEX_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_KEYINDEX_MAX ((uint64_t)256 << 20) /* bytes of an index */

/* --- making one; {0} is empty --- */

struct weir_keyindex_writer {
	struct weir_buf blocks, filters;
	uint64_t *hashes; /* of the block that is not complete */
	size_t n, cap;
	bool keyed; /* there was a key at all */
};

/* A key's hash: fixed, so that any reader has the same. */
uint64_t weir_keyindex_hash(struct weir_str key);
/* A line of the key begins in the block that comes next. */
void weir_keyindex_add(struct weir_keyindex_writer *w, uint64_t hash);
/* That block, as it stands in the file from offset on. */
void weir_keyindex_block(struct weir_keyindex_writer *w, uint64_t offset,
    const void *data, size_t len);
/* Append the frame to out; nothing if there was no key, or there were too many. */
void weir_keyindex_end(struct weir_keyindex_writer *w, struct weir_buf *out);
void weir_keyindex_fini(struct weir_keyindex_writer *w);

/* --- reading --- */

struct weir_keyindex {
	const unsigned char *bytes; /* borrowed */
	size_t n;		    /* blocks */
	uint64_t end;		    /* of the last one, in the file */
};

struct weir_keyindex_place {
	uint64_t offset, len, hash; /* of the bytes in the file */
};

/*
 * Check a frame: its blocks must lie one behind the other from first to end. 1,
 * or -1 with *err (WEIR_STATE).
 */
int weir_keyindex_open(struct weir_keyindex *x, struct weir_str frame,
    uint64_t first, uint64_t end, struct weir_error *err);
struct weir_keyindex_place weir_keyindex_place(
    const struct weir_keyindex *x, size_t block);
/*
 * The next block from *block on that may have a line of the key: 1 with *block,
 * or 0.
 */
int weir_keyindex_find(
    const struct weir_keyindex *x, uint64_t hash, size_t *block);

#endif
