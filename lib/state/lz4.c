#include "state/lz4.h"

#include "base/mem.h"
#include "event/wire.h"
#include "state/keyindex.h"
#include "state/publish.h"
#include "state/snapshot.h"

#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The trailer, integers with the least significant byte first:
 *
 *     offset  0  u32  0x184D2A50, an LZ4 skippable frame
 *             4  u32  48, the bytes that follow
 *             8  "weir"
 *            12  u32  version: 2 if there is an index of keys, else 1
 *            16  u64  length of the LZ4 frame
 *            24  u64  entries
 *            32  u64  length of the index between the two, or 0
 *            40  XXH3-128 of all bytes of the file before this one
 */
#define SKIPPABLE    0x184D2A50U
#define DIGEST_AT    40

#define VERSION	     1
#define VERSION_KEYS 2

#define PIECE	     WEIR_LZ4_BLOCK
#define HEADER	     WEIR_LZ4_HEADER
#define RATIO	     255 /* LZ4 cannot do better */

static int
lz4_fail(struct weir_error *err, size_t code)
{
	return weir_fail(
	    err, WEIR_STATE, "damaged: %s", LZ4F_getErrorName(code));
}

/* --- writing --- */

struct weir_lz4_writer {
	int fd;
	LZ4F_cctx *ctx;
	uint64_t content, frame; /* bytes so far */
	size_t have;		 /* in piece */
	size_t cap;		 /* of out */
	char *out;
	struct weir_keyindex_writer keys;
	char piece[PIECE];
};

static const LZ4F_preferences_t prefs = {
    .frameInfo =
	{
	    .blockSizeID = LZ4F_max256KB,
	    .blockMode = LZ4F_blockIndependent, /* each opens by itself */
	    .contentChecksumFlag = LZ4F_contentChecksumEnabled,
	},
    .autoFlush = 1, /* pieces are blocks: no copy inside */
};

static int
put_out(struct weir_lz4_writer *w, size_t n, struct weir_error *err)
{
	if (LZ4F_isError(n))
		return weir_fail(
		    err, WEIR_SYSTEM, "lz4: %s", LZ4F_getErrorName(n));
	w->frame += n;
	if (weir_write_all(w->fd, w->out, n) < 0)
		return weir_fail_errno(err, "write");
	return 1;
}

struct weir_lz4_writer *
weir_lz4_begin(int fd, struct weir_error *err)
{
	struct weir_lz4_writer *w = weir_malloc(sizeof *w);
	size_t n;

	*w = (struct weir_lz4_writer){.fd = fd};
	w->cap = LZ4F_compressBound(PIECE, &prefs) + LZ4F_HEADER_SIZE_MAX;
	w->out = weir_malloc(w->cap);
	if (LZ4F_isError(LZ4F_createCompressionContext(&w->ctx, LZ4F_VERSION)))
		abort(); /* out of memory */
	n = LZ4F_compressBegin(w->ctx, w->out, w->cap, &prefs);
	if (!LZ4F_isError(n)) {
		/* the size is known at the end: leave room for that header */
		memset(w->out, 0, HEADER);
		n = HEADER;
	}
	if (put_out(w, n, err) == 1)
		return w;
	weir_lz4_free(w);
	return NULL;
}

static int
flush(struct weir_lz4_writer *w, struct weir_error *err)
{
	size_t n = LZ4F_compressUpdate(
	    w->ctx, w->out, w->cap, w->piece, w->have, NULL);

	w->content += w->have;
	w->have = 0;
	if (!LZ4F_isError(n))
		weir_keyindex_block(&w->keys, w->frame, w->out, n);
	return put_out(w, n, err);
}

int
weir_lz4_add(struct weir_lz4_writer *w, const void *data, size_t len,
    struct weir_error *err)
{
	const char *p = data;

	while (len > 0) {
		size_t n = PIECE - w->have < len ? PIECE - w->have : len;

		memcpy(w->piece + w->have, p, n);
		w->have += n;
		p += n;
		len -= n;
		if (w->have == PIECE && flush(w, err) < 0)
			return -1;
	}
	return 1;
}

/*
 * A block begins with a line, unless it goes on with one that is too long for a
 * block; behind such a line, too, a new block begins.
 */
int
weir_lz4_line(struct weir_lz4_writer *w, const char *s, size_t len,
    const uint64_t *key, struct weir_error *err)
{
	bool fits = len < PIECE - w->have;

	if (!fits && w->have > 0 && flush(w, err) < 0)
		return -1;
	if (key != NULL)
		weir_keyindex_add(&w->keys, *key);
	if (weir_lz4_add(w, s, len, err) < 0 ||
	    weir_lz4_add(w, "\n", 1, err) < 0)
		return -1;
	return len < PIECE || w->have == 0 ? 1 : flush(w, err);
}

/* The header again, with the size that is known by now. */
static int
write_header(struct weir_lz4_writer *w, struct weir_error *err)
{
	LZ4F_preferences_t p = prefs;
	size_t n;
	ssize_t put;

	p.frameInfo.contentSize = w->content;
	n = LZ4F_compressBegin(w->ctx, w->out, w->cap, &p);
	if (LZ4F_isError(n) || n != HEADER)
		return weir_fail(err, WEIR_SYSTEM, "lz4: odd frame header");
	put = pwrite(w->fd, w->out, n, 0);
	if (put < 0)
		return weir_fail_errno(err, "write");
	if ((size_t)put != n)
		return weir_fail(err, WEIR_SYSTEM, "write: cut short");
	return 1;
}

/* The digest of the file up to where it will stand, the trailer's start in b. */
static int
digest_of(int fd, const struct weir_trailer *t, const unsigned char *b,
    struct weir_digest *digest, struct weir_error *err)
{
	struct weir_hasher *h = weir_hasher_new();
	int r = weir_hash_range(fd, 0, t->frame + t->index, h);

	if (r < 0)
		weir_fail_errno(err, "read");
	else if (r == 0)
		r = weir_fail(err, WEIR_STATE, "damaged: cut short");
	weir_hasher_add(h, b, DIGEST_AT);
	*digest = weir_hasher_digest(h);
	weir_hasher_free(h);
	return r;
}

static void
trailer_put(unsigned char *b, const struct weir_trailer *t)
{
	weir_put32(b, SKIPPABLE);
	weir_put32(b + 4, WEIR_TRAILER - 8);
	memcpy(b + 8, "weir", 4);
	weir_put32(b + 12, t->index > 0 ? VERSION_KEYS : VERSION);
	weir_put64(b + 16, t->frame);
	weir_put64(b + 24, t->entries);
	weir_put64(b + 32, t->index);
	weir_put64(b + DIGEST_AT, t->digest.lo);
	weir_put64(b + DIGEST_AT + 8, t->digest.hi);
}

/* The index, if there is one. */
static int
put_index(
    struct weir_lz4_writer *w, struct weir_trailer *t, struct weir_error *err)
{
	struct weir_buf b = {0};
	int r = 1;

	weir_keyindex_end(&w->keys, &b);
	t->index = b.len;
	if (weir_write_all(w->fd, b.data, b.len) < 0)
		r = weir_fail_errno(err, "write");
	weir_buf_fini(&b);
	return r;
}

int
weir_lz4_end(struct weir_lz4_writer *w, uint64_t entries,
    struct weir_trailer *t, uint64_t *len, struct weir_error *err)
{
	unsigned char b[WEIR_TRAILER];

	if (w->have > 0 && flush(w, err) < 0)
		return -1;
	if (put_out(w, LZ4F_compressEnd(w->ctx, w->out, w->cap, NULL), err) < 0)
		return -1;
	*t = (struct weir_trailer){.frame = w->frame, .entries = entries};
	if (write_header(w, err) < 0 || put_index(w, t, err) < 0)
		return -1;
	trailer_put(b, t);
	if (digest_of(w->fd, t, b, &t->digest, err) < 0)
		return -1;
	trailer_put(b, t);
	if (weir_write_all(w->fd, b, sizeof b) < 0)
		return weir_fail_errno(err, "write");
	*len = t->frame + t->index + sizeof b;
	return 1;
}

void
weir_lz4_free(struct weir_lz4_writer *w)
{
	if (w == NULL)
		return;
	LZ4F_freeCompressionContext(w->ctx);
	weir_keyindex_fini(&w->keys);
	free(w->out);
	free(w);
}

/* --- reading --- */

int
weir_lz4_trailer(
    int fd, uint64_t size, struct weir_trailer *t, struct weir_error *err)
{
	unsigned char b[WEIR_TRAILER];
	ssize_t n;
	uint64_t version;

	if (size < HEADER + WEIR_TRAILER)
		return weir_fail(err, WEIR_STATE, "damaged: cut short");
	n = weir_pread_all(fd, b, sizeof b, size - sizeof b);
	if (n < 0)
		return weir_fail_errno(err, "read");
	if (n != sizeof b || weir_get32(b) != SKIPPABLE ||
	    weir_get32(b + 4) != WEIR_TRAILER - 8 ||
	    memcmp(b + 8, "weir", 4) != 0)
		return weir_fail(err, WEIR_STATE,
		    "damaged: no trailer at its end (cut short?)");
	version = weir_get32(b + 12);
	if (version != VERSION && version != VERSION_KEYS)
		return weir_fail(err, WEIR_STATE,
		    "snapshot version %llu; this weir reads versions %d and "
		    "%d",
		    (unsigned long long)version, VERSION, VERSION_KEYS);
	t->frame = weir_get64(b + 16);
	t->entries = weir_get64(b + 24);
	t->digest.lo = weir_get64(b + DIGEST_AT);
	t->digest.hi = weir_get64(b + DIGEST_AT + 8);
	t->index = weir_get64(b + 32);
	size -= sizeof b;
	if (t->frame < HEADER || t->frame > size ||
	    t->index != size - t->frame ||
	    (t->index > 0) != (version == VERSION_KEYS))
		return weir_fail(err, WEIR_STATE,
		    "damaged: its length is not what its trailer says");
	return 1;
}

int
weir_lz4_verify(int fd, const struct weir_trailer *t, struct weir_error *err)
{
	unsigned char b[WEIR_TRAILER];
	struct weir_digest got;

	trailer_put(b, t);
	if (digest_of(fd, t, b, &got, err) < 0)
		return -1;
	if (got.lo != t->digest.lo || got.hi != t->digest.hi)
		return weir_fail(err, WEIR_STATE,
		    "damaged: its bytes do not match its digest");
	return 1;
}

struct weir_lz4_reader {
	int fd;
	LZ4F_dctx *ctx;
	uint64_t off, end;	/* of the frame, read so far and all */
	uint64_t content, made; /* bytes promised and decompressed */
	size_t at, have;	/* in piece */
	int done;
	char piece[PIECE];
};

/* More of the frame into piece, once that is used up. */
static int
refill(struct weir_lz4_reader *r, struct weir_error *err)
{
	size_t want = PIECE;
	ssize_t n;

	if (r->at < r->have)
		return 1;
	if (r->end - r->off < want)
		want = (size_t)(r->end - r->off);
	n = weir_pread_all(r->fd, r->piece, want, r->off);
	if (n < 0)
		return weir_fail_errno(err, "read");
	if (n == 0)
		return weir_fail(err, WEIR_STATE, "damaged: cut short");
	r->off += (uint64_t)n;
	r->at = 0;
	r->have = (size_t)n;
	return 1;
}

static int
open_frame(struct weir_lz4_reader *r, struct weir_error *err)
{
	LZ4F_frameInfo_t info = {0};
	size_t code;

	if (refill(r, err) < 0)
		return -1;
	r->at = r->have;
	code = LZ4F_getFrameInfo(r->ctx, &info, r->piece, &r->at);
	if (LZ4F_isError(code))
		return lz4_fail(err, code);
	if (info.frameType != LZ4F_frame || info.contentSize == 0 ||
	    info.contentChecksumFlag != LZ4F_contentChecksumEnabled ||
	    info.dictID != 0)
		return weir_fail(err, WEIR_STATE,
		    "damaged: LZ4 frame without content size and checksum");
	if (info.contentSize / RATIO > r->end)
		return weir_fail(err, WEIR_STATE,
		    "damaged: LZ4 frame claims %llu bytes out of %llu",
		    info.contentSize, (unsigned long long)r->end);
	r->content = info.contentSize;
	return 1;
}

struct weir_lz4_reader *
weir_lz4_open(int fd, const struct weir_trailer *t, struct weir_error *err)
{
	struct weir_lz4_reader *r = weir_malloc(sizeof *r);

	*r = (struct weir_lz4_reader){.fd = fd, .end = t->frame};
	if (LZ4F_isError(
		LZ4F_createDecompressionContext(&r->ctx, LZ4F_VERSION)))
		abort(); /* out of memory */
	if (open_frame(r, err) == 1)
		return r;
	weir_lz4_close(r);
	return NULL;
}

/* The frame is over: nothing may be missing and nothing left. */
static int
finish(struct weir_lz4_reader *r, struct weir_error *err)
{
	r->done = 1;
	if (r->at != r->have || r->off != r->end)
		return weir_fail(
		    err, WEIR_STATE, "damaged: bytes behind the LZ4 frame");
	if (r->made != r->content)
		return weir_fail(err, WEIR_STATE,
		    "damaged: LZ4 frame of another size than it says");
	return 1;
}

int
weir_lz4_read(
    struct weir_lz4_reader *r, struct weir_buf *out, struct weir_error *err)
{
	size_t made = 0;

	while (!r->done && made == 0) {
		char *to = weir_buf_reserve(out, PIECE);
		size_t used, code;

		if (refill(r, err) < 0)
			return -1;
		used = r->have - r->at;
		made = PIECE;
		code = LZ4F_decompress(
		    r->ctx, to, &made, r->piece + r->at, &used, NULL);
		if (LZ4F_isError(code))
			return lz4_fail(err, code);
		if (made == 0 && used == 0)
			return weir_fail(err, WEIR_STATE, "damaged: LZ4");
		r->at += used;
		r->made += made;
		out->len += made;
		if (r->made > r->content)
			return weir_fail(err, WEIR_STATE,
			    "damaged: more than the LZ4 frame says");
		if (code == 0 && finish(r, err) < 0)
			return -1;
	}
	return made > 0;
}

void
weir_lz4_close(struct weir_lz4_reader *r)
{
	if (r == NULL)
		return;
	LZ4F_freeDecompressionContext(r->ctx);
	free(r);
}
