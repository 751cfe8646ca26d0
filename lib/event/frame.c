/*
 * frame.c - headers, checksums and watermarks of frames.
 */
#include "event/frame.h"

#include "base/hash.h"
#include "event/control.h"
#include "event/wire.h"

#include <assert.h>

/* Where a header's fields are. */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_KIND = 5,
	AT_FLAGS = 6,
	AT_LEN = 8,
	AT_COUNT = 12,
	AT_SEQ = 16,
	AT_SUM = 24
};

#define MARK_IDLE 1u

int
weir_frame_read_header(struct weir_frame *f, const unsigned char *p, size_t max,
    struct weir_error *err)
{
	unsigned kind = p[AT_KIND];

	if (weir_get32(p + AT_MAGIC) != WEIR_FRAME_MAGIC)
		return weir_fail(err, WEIR_INPUT, "no frame begins here");
	if (p[AT_VERSION] != WEIR_FRAME_VERSION)
		return weir_fail(err, WEIR_INPUT,
		    "its version is %u, this program knows version %d",
		    p[AT_VERSION], WEIR_FRAME_VERSION);
	if (kind < WEIR_FRAME_HELLO || kind > WEIR_FRAME_END)
		return weir_fail(err, WEIR_INPUT, "unknown kind %u", kind);
	if (weir_get16(p + AT_FLAGS) != 0)
		return weir_fail(err, WEIR_INPUT, "unknown flags");
	f->kind = (enum weir_frame_kind)kind;
	f->len = weir_get32(p + AT_LEN);
	f->count = weir_get32(p + AT_COUNT);
	f->seq = weir_get64(p + AT_SEQ);
	f->sum = weir_get64(p + AT_SUM);
	if (f->kind != WEIR_FRAME_EVENTS && max > WEIR_CONTROL_MAX)
		max = WEIR_CONTROL_MAX;
	if (f->len > max)
		return weir_fail(err, WEIR_INPUT,
		    "%lu bytes, over the limit of %zu", (unsigned long)f->len,
		    max);
	if (f->kind == WEIR_FRAME_EVENTS
		? f->count == 0 || f->count > WEIR_FRAME_EVENTS_MAX
		: f->count != 0)
		return weir_fail(err, WEIR_INPUT, "a count of %lu events",
		    (unsigned long)f->count);
	return 1;
}

/* The sum of a header, its own field taken as zero, and a payload. */
static uint64_t
sum(const unsigned char *header, const struct weir_piece *pieces, size_t n)
{
	unsigned char clear[WEIR_FRAME_HEADER];
	struct weir_piece all[1 + WEIR_FRAME_PIECES];

	assert(n <= WEIR_FRAME_PIECES);
	memcpy(clear, header, AT_SUM);
	memset(clear + AT_SUM, 0, sizeof clear - AT_SUM);
	all[0] = (struct weir_piece){clear, sizeof clear};
	for (size_t i = 0; i < n; i++)
		all[1 + i] = pieces[i];
	return weir_hash64_pieces(all, 1 + n);
}

int
weir_frame_verify(const struct weir_frame *f, const unsigned char *header,
    const void *payload, struct weir_error *err)
{
	struct weir_piece whole = {payload, f->len};

	if (sum(header, &whole, 1) != f->sum)
		return weir_fail(
		    err, WEIR_INPUT, "its checksum does not match");
	return 1;
}

void
weir_frame_write_header(unsigned char *header, enum weir_frame_kind kind,
    uint32_t count, uint64_t seq, const struct weir_piece *pieces, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += pieces[i].len;
	assert(len <= UINT32_MAX);
	weir_put32(header + AT_MAGIC, WEIR_FRAME_MAGIC);
	header[AT_VERSION] = WEIR_FRAME_VERSION;
	header[AT_KIND] = (unsigned char)kind;
	weir_put16(header + AT_FLAGS, 0);
	weir_put32(header + AT_LEN, (uint32_t)len);
	weir_put32(header + AT_COUNT, count);
	weir_put64(header + AT_SEQ, seq);
	weir_put64(header + AT_SUM, sum(header, pieces, n));
}

int
weir_frame_read_watermark(const char *payload, size_t len, int64_t *time,
    bool *idle, struct weir_error *err)
{
	uint32_t flags;

	if (len != WEIR_FRAME_MARK)
		return weir_fail(
		    err, WEIR_INPUT, "a watermark of %zu bytes", len);
	flags = weir_get32(payload + 8);
	if ((flags & ~MARK_IDLE) != 0 || weir_get32(payload + 12) != 0)
		return weir_fail(
		    err, WEIR_INPUT, "unknown flags of a watermark");
	*time = (int64_t)weir_get64(payload);
	*idle = (flags & MARK_IDLE) != 0;
	return 1;
}

void
weir_frame_write_watermark(
    unsigned char payload[WEIR_FRAME_MARK], int64_t time, bool idle)
{
	weir_put64(payload, (uint64_t)time);
	weir_put32(payload + 8, idle ? MARK_IDLE : 0);
	weir_put32(payload + 12, 0);
}

uint64_t
weir_names_id(const struct weir_names *names)
{
	uint32_t lens[WEIR_INDEX_MAX];
	struct weir_piece pieces[1 + WEIR_INDEX_MAX];
	uint64_t id;

	for (uint32_t i = 0; i < names->n; i++) {
		lens[i] = (uint32_t)names->name[i].len;
		pieces[1 + i] =
		    (struct weir_piece){names->name[i].s, names->name[i].len};
	}
	pieces[0] = (struct weir_piece){lens, names->n * sizeof lens[0]};
	id = weir_hash64_pieces(pieces, 1 + names->n);
	return id == 0 ? 1 : id;
}
