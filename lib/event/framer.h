/*
 * framer.h - the frame in progress: rows, index and text until it is sent.
 *
 * A frame grows to half the pipe's capacity, then goes out in one write. All
 * its columns are kept as they go over the wire; those that hold for no event
 * are left out. An index belongs to one set of names: events with other names
 * go into a new frame; events without an index get "look yourself".
 */
#ifndef WEIR_EVENT_FRAMER_H
#define WEIR_EVENT_FRAMER_H

#include "event/block.h"
#include "event/frame.h"
#include "event/out.h"

struct weir_framer {
	struct weir_out *out;
	uint64_t seq;
	/* Rows: their room, then how many there are. */
	uint32_t cap, n;
	unsigned mask; /* columns that hold for some event */
	uint32_t *lens;
	int64_t *times, *watermarks;
	unsigned char *flags;
	uint16_t *index; /* n rows of nnames */
	char *text;
	size_t text_len;
	/* Names of the index; the section as sent is kept for the next frame. */
	uint32_t nnames;
	uint64_t names_id, raw_id;
	struct weir_buf raw;
	/* Behind everything that was given, and behind what was sent. */
	int64_t watermark, watermark_sent;
	bool idle, idle_sent;
};

/*
 * How many of n events, at least one, lie one behind the other in their block
 * and have room? Their length goes to *bytes.
 */
uint32_t weir_events_gapless(
    const struct weir_event *ev, uint32_t n, size_t room, size_t *bytes);

void weir_framer_init(struct weir_framer *f, struct weir_out *out);
void weir_framer_fini(struct weir_framer *f);

/* As weir_writer_pass(), _put() and _flush(). */
int weir_framer_pass(struct weir_framer *f, const struct weir_block *b,
    uint32_t i, uint32_t n, int64_t hold_ns, struct weir_error *err);
int weir_framer_put(struct weir_framer *f, const char *text, size_t len,
    const struct weir_event *row, struct weir_error *err);
int weir_framer_flush(struct weir_framer *f, struct weir_error *err);
bool weir_framer_dirty(const struct weir_framer *f);
/* Send a control frame now; what waits must have been flushed. */
int weir_framer_control(struct weir_framer *f, enum weir_frame_kind kind,
    const void *payload, size_t len, struct weir_error *err);

#endif
