/*
 * frame.h - the wire between stages: weir-frames(5), version 1.
 *
 * A frame is a fixed 32-byte little-endian header and a payload:
 *
 *     0  u32  magic "weir"           12  u32  count (events; else 0)
 *     4  u8   version 1              16  u64  sequence number, from 0
 *     5  u8   kind                   24  u64  XXH3-64 of the header with this
 *     6  u16  flags (0)                       field zero, then the payload
 *     8  u32  payload length
 *
 * An EVENTS payload:
 *
 *     u32 mask (1 times, 2 watermarks, 4 flags, 8 index), u32 0
 *     i64 watermark after the last event
 *     count x u32 length, newline included; padded to 8
 *     count x i64 event time              if mask & 1
 *     count x i64 watermark before it     if mask & 2
 *     count x u8 flags; padded to 8       if mask & 4
 *     index                               if mask & 8:
 *       u16 names, u16 bytes of all names; names x u16 length; the names;
 *       padded to 8; count x names x u16 offset of the value (0 absent,
 *       0xFFFF not given); padded to 8
 *     text: the events, each newline-terminated
 *
 * A column that is not there holds for no event (no time; watermark: minus
 * infinity; no flags). All numbers are checked against the payload's length
 * before they are used. Paddings are zero bytes.
 */
#ifndef WEIR_EVENT_FRAME_H
#define WEIR_EVENT_FRAME_H

#include "base/error.h"
#include "event/block.h"

#include <stddef.h>
#include <stdint.h>

#define WEIR_FRAME_MAGIC   0x72696577u /* "weir" */
#define WEIR_FRAME_VERSION 1
#define WEIR_FRAME_HEADER  32
/* Payloads above this are refused, unless --max-line asks for more. */
#define WEIR_FRAME_MAX	      ((size_t)64 << 20)
#define WEIR_FRAME_EVENTS_MAX 65536 /* events of one frame */
#define WEIR_FRAME_EVENT_MIN  3	    /* bytes of the shortest: "{}\n" */
#define WEIR_FRAME_PIECES     10

/* Bits of an EVENTS payload's mask. */
enum {
	WEIR_FRAME_TIMES = 1,
	WEIR_FRAME_WATERMARKS = 2,
	WEIR_FRAME_FLAGS = 4,
	WEIR_FRAME_INDEX = 8
};
/* An offset in an index: the event may have the name, but look yourself. */
#define WEIR_INDEX_UNKNOWN 0xFFFF

enum weir_frame_kind {
	WEIR_FRAME_HELLO = 1,
	WEIR_FRAME_EVENTS = 2,
	WEIR_FRAME_WATERMARK = 3,
	WEIR_FRAME_BARRIER = 4,
	WEIR_FRAME_END = 5
};

struct weir_frame {
	enum weir_frame_kind kind;
	uint32_t len, count;
	uint64_t seq, sum;
};

/*
 * Read a header (WEIR_FRAME_HEADER bytes): 1, or -1 with *err (WEIR_INPUT) if
 * magic, version, kind, flags or count are wrong or the payload is longer than
 * max. Here and below the text says what is wrong, not where.
 */
int weir_frame_read_header(struct weir_frame *f, const unsigned char *p,
    size_t max, struct weir_error *err);
/* Does the payload match the header's checksum? 1, or -1 with *err. */
int weir_frame_verify(const struct weir_frame *f, const unsigned char *header,
    const void *payload, struct weir_error *err);

/*
 * Take an EVENTS payload apart. Everything is bounds-checked: lengths sum to
 * the text exactly, each event ends in a newline, offsets lie inside the event,
 * watermarks do not fall, flags are known. Grows rows as needed; b's events,
 * index and names then point into rows, its text into the payload. A new id
 * goes to the names if they differ from those of the frame before. Slots are
 * the reader's work.
 */
struct weir_frame_rows {
	struct weir_event *events;
	size_t events_cap;
	uint16_t *index;
	size_t index_cap;
	struct weir_names names;
	struct weir_buf name_text; /* raw names section of the last frame */
};
int weir_frame_read_events(const struct weir_frame *f, const char *payload,
    struct weir_frame_rows *rows, struct weir_block *b, struct weir_error *err);
void weir_frame_rows_fini(struct weir_frame_rows *rows);

/* WATERMARK payload: i64 time, u32 flags (1 idle), u32 0. */
#define WEIR_FRAME_MARK 16
int weir_frame_read_watermark(const char *payload, size_t len, int64_t *time,
    bool *idle, struct weir_error *err);
void weir_frame_write_watermark(
    unsigned char payload[WEIR_FRAME_MARK], int64_t time, bool idle);

/*
 * Write the header for a payload given in at most WEIR_FRAME_PIECES pieces, so
 * that nothing is copied to be summed.
 */
void weir_frame_write_header(unsigned char *header, enum weir_frame_kind kind,
    uint32_t count, uint64_t seq, const struct weir_piece *pieces, size_t n);

/* The id of an index's names: a hash of them, never 0. */
uint64_t weir_names_id(const struct weir_names *names);

#endif
