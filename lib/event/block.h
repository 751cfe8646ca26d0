/*
 * block.h - the unit of work: a run of events with what is known of them.
 *
 * A block holds whole events' text in one piece, a row per event, and the
 * slots that its prover filled. Everything in it is borrowed until the next
 * call on the reader that made it; the writer copies what is passed on.
 */
#ifndef WEIR_EVENT_BLOCK_H
#define WEIR_EVENT_BLOCK_H

#include "base/buf.h"
#include "base/timetext.h"
#include "json/prover.h"

#include <stdbool.h>
#include <stdint.h>

#define WEIR_BLOCK_EVENTS 4096 /* most events of one block of lines */

struct weir_event {
	uint32_t off, len; /* in the block's text; len without the newline */
	int64_t time;	   /* ns since 1970 or WEIR_TIME_NONE */
	int64_t watermark; /* in force before the event */
	uint32_t flags;	   /* WEIR_RETRACT (weir.h) */
	uint32_t line;	   /* its line's number less the block's line */
};

/*
 * The names of an index, unescaped. The id is weir_names_id() (event/frame.h),
 * so two with the same id are equal, whoever made them; id 0 is none.
 */
struct weir_names {
	uint64_t id;
	uint32_t n;
	struct weir_str name[WEIR_INDEX_MAX];
};

/* What an event was read from: at is where these bytes are in the origin. */
struct weir_from {
	uint32_t off, len; /* in the source, behind the block's offset */
	uint32_t at;
};

struct weir_block {
	const char *text; /* each event followed by '\n'; then WEIR_PAD */
	uint32_t n;
	struct weir_event *events;
	struct weir_slot *slots; /* n rows of nslots */
	uint32_t nslots;
	uint16_t *index; /* n rows of WEIR_INDEX_MAX, or NULL */
	const struct weir_names *names;
	int64_t watermark_after; /* after the last event */
	/* Where it came from, for messages. */
	const char *source; /* a file's name, "standard input", … */
	uint64_t line;	    /* number of the first event's line, from 1; in
	                       frames the number of the event */
	uint64_t offset;    /* of text in its source; or what from adds to */
	/*
	 * Of events that do not stand in text as in the source, since they were
	 * converted or moved: what each was, n rows. Else NULL.
	 */
	const char *origin;
	struct weir_from *from;
};

static inline struct weir_slot *
weir_block_slots(const struct weir_block *b, uint32_t i)
{
	return b->slots + (size_t)i * b->nslots;
}

/* Event i as it was read, and where that began in the source. */
struct weir_str weir_block_raw(
    const struct weir_block *b, uint32_t i, uint64_t *offset);

/* Move event i down to place j, when events before it were taken out. */
void weir_block_keep(struct weir_block *b, uint32_t j, uint32_t i);

#endif
