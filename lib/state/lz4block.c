/* lz4block.c - one block of a part, without those before it (lz4.h). */
#include "base/hash.h"
#include "event/wire.h"
#include "state/lz4.h"
#include "state/publish.h"

#include <lz4.h>
#include <string.h>

#define FOOTER 8 /* bytes behind the last block: end mark and checksum */
#define STORED UINT32_C(0x80000000) /* of a block that is not compressed */

int
weir_lz4_index(int fd, const struct weir_trailer *t, struct weir_buf *bytes,
    struct weir_keyindex *x, struct weir_error *err)
{
	ssize_t n;

	if (t->index > WEIR_KEYINDEX_MAX || t->frame < WEIR_LZ4_HEADER + FOOTER)
		return weir_fail(err, WEIR_STATE,
		    "damaged: an index of keys of %llu bytes",
		    (unsigned long long)t->index);
	weir_buf_reserve(bytes, (size_t)t->index);
	n = weir_pread_all(fd, bytes->data, (size_t)t->index, t->frame);
	if (n < 0)
		return weir_fail_errno(err, "read");
	bytes->len = (size_t)n;
	return weir_keyindex_open(x, (struct weir_str){bytes->data, bytes->len},
	    WEIR_LZ4_HEADER, t->frame - FOOTER, err);
}

static int
expand(const char *block, size_t len, struct weir_buf *out)
{
	uint32_t head = weir_get32(block);
	char *to = weir_buf_reserve(out, WEIR_LZ4_BLOCK);
	int made;

	if ((head & ~STORED) != len - 4)
		return 0;
	if (head & STORED) {
		made = (int)(len - 4);
		if (made > (int)WEIR_LZ4_BLOCK)
			return 0;
		memcpy(to, block + 4, len - 4);
	} else {
		made = LZ4_decompress_safe(
		    block + 4, to, (int)(len - 4), (int)WEIR_LZ4_BLOCK);
	}
	if (made <= 0)
		return 0;
	out->len += (size_t)made;
	return 1;
}

int
weir_lz4_block(int fd, struct weir_keyindex_place at, struct weir_buf *out,
    struct weir_error *err)
{
	struct weir_buf b = {0};
	ssize_t n = 0;
	int got = 1;

	if (at.len > 4 && at.len <= 4 + WEIR_LZ4_BLOCK)
		n = weir_pread_all(fd, weir_buf_reserve(&b, (size_t)at.len),
		    (size_t)at.len, at.offset);
	if (n < 0)
		got = weir_fail_errno(err, "read");
	else if ((uint64_t)n != at.len ||
	    weir_hash64(b.data, (size_t)n) != at.hash)
		got = weir_fail(err, WEIR_STATE,
		    "damaged: a block does not match its checksum");
	else if (!expand(b.data, (size_t)n, out))
		got = weir_fail(err, WEIR_STATE, "damaged: a block of LZ4");
	weir_buf_fini(&b);
	return got;
}
