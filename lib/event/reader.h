/*
 * reader.h - bytes in, items out: blocks of events and control frames.
 *
 * The format is recognised by the first bytes: frames, JSON text sequences
 * (RFC 7464) or JSON lines. Lines are proven where they enter; frames with an
 * index are trusted within their bounds (their writer vouches for the JSON),
 * frames without one are proven. The reader does no I/O but through its source.
 */
#ifndef WEIR_EVENT_READER_H
#define WEIR_EVENT_READER_H

#include "base/error.h"
#include "event/block.h"
#include "event/control.h"
#include "event/convert.h"
#include "event/source.h"
#include "event/writer.h"

#include <stdbool.h>

#define WEIR_LINE_MAX	 ((size_t)16 << 20) /* default of --max-line */
#define WEIR_BAD_RAW_MAX 65536

/* A line (or an event) that is no good, as -E FILE shows it. */
struct weir_bad {
	const char *error;  /* why */
	const char *source; /* file name */
	uint64_t line;	    /* from 1: a line, a record or an event */
	uint64_t offset;    /* of its first byte in the source */
	const char *raw;    /* its bytes; of a line over the limit at most
	                       WEIR_BAD_RAW_MAX */
	size_t raw_len;
	uint64_t full_len; /* of the line */
};

struct weir_reader_config {
	enum weir_format format; /* WEIR_FORMAT_AUTO or what it must be */
	size_t max_line;
	struct weir_prover *prover; /* borrowed; decides the slots */
	bool index;		    /* fill the index rows of lines */
	bool prove; /* events of frames whole, whoever vouches for them */
	struct weir_convert_options convert; /* borrowed; good ones */
	/* Called for each bad line; -1 with *err ends the stream. */
	int (*bad)(
	    void *ctx, const struct weir_bad *bad, struct weir_error *err);
	void *ctx;
};

enum weir_item_kind {
	WEIR_ITEM_EVENTS,
	WEIR_ITEM_WATERMARK,
	WEIR_ITEM_BARRIER,
	WEIR_ITEM_HELLO,
	WEIR_ITEM_END
};

/*
 * Borrowed until the next call on the reader. The events of lines have time
 * WEIR_TIME_NONE and watermark WEIR_TIME_NONE: the runtime assigns them. A
 * block ends before a bad or blank line. A text of a sequence comes as one
 * line: newlines between its tokens are spaces.
 */
struct weir_read_item {
	enum weir_item_kind kind;
	struct weir_block block;
	int64_t watermark;
	bool idle;
	struct weir_hello hello;
	struct weir_barrier barrier;
	struct weir_end end;
};

struct weir_reader;

struct weir_reader *weir_reader_new(
    const struct weir_reader_config *c, struct weir_source *source);
void weir_reader_free(struct weir_reader *r);

/*
 * Decode the next item from bytes that are here. Returns 1 with *item; 0 if
 * there is none yet (fill), or none at all any more (weir_reader_done()); -1
 * with *err: WEIR_INPUT on corrupt frames, WEIR_UPSTREAM if frames end without
 * END.
 */
int weir_reader_next(
    struct weir_reader *r, struct weir_read_item *item, struct weir_error *err);
/*
 * Read once from the source. Returns an enum weir_got or -1. Call it only when
 * weir_reader_next() gave 0.
 */
int weir_reader_fill(struct weir_reader *r, struct weir_error *err);
/* Everything was decoded and the source has ended (or paused). */
bool weir_reader_done(const struct weir_reader *r);
/*
 * Are all bytes that were read decoded, but for an unfinished line or frame?
 * Then the next thing to do is fill.
 */
bool weir_reader_drained(const struct weir_reader *r);

/* What the input turned out to be; WEIR_FORMAT_AUTO before the first byte. */
enum weir_format weir_reader_format(const struct weir_reader *r);
/*
 * The place up to which everything was given out, or was a bad or blank line:
 * offset and line (in a sequence: record) in the source's current file, which
 * after a boundary is the old one until the next fill. Only between items.
 */
void weir_reader_place(
    const struct weir_reader *r, uint64_t *offset, uint64_t *line);
/* After weir_source_seek(): counting starts there. */
void weir_reader_set_place(
    struct weir_reader *r, uint64_t offset, uint64_t line);

/*
 * What a reader has to be told, besides the place, to go on there (the header of
 * a csv file): text, borrowed until the next call; often empty. Resume after
 * set_place: 1, or -1 with *err (WEIR_STATE).
 */
struct weir_str weir_reader_context(struct weir_reader *r);
int weir_reader_resume(
    struct weir_reader *r, struct weir_str context, struct weir_error *err);

struct weir_reader_counts {
	uint64_t bytes, lines, events, bad, blank;
};
struct weir_reader_counts weir_reader_counts(const struct weir_reader *r);

#endif
