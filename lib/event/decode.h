/*
 * decode.h - the reader inside: its buffer, and the decoders that share it.
 *
 * Bytes [pos, end) of the buffer were read and not given out yet. What is given
 * out lies in the buffer itself, so it moves only when the next item is asked
 * for. The mapping grows and shrinks by moving pages, not bytes, so a long line
 * is held once and its memory goes back when it is done.
 */
#ifndef WEIR_EVENT_DECODE_H
#define WEIR_EVENT_DECODE_H

#include "event/convert.h"
#include "event/frame.h"
#include "event/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_READ_SIZE ((size_t)256 << 10) /* the buffer's usual size */

/* A line that is longer than the limit: only its beginning is kept. */
struct weir_long_line {
	uint64_t len; /* so far; 0: there is none */
	size_t kept;  /* bytes of it, from pos */
	size_t end;   /* once done: where what follows it begins */
	bool done;
};

/* Frames: what is being decoded. */
struct weir_frames_in {
	uint64_t seq;	   /* of the current frame */
	uint64_t events;   /* in all frames so far */
	uint64_t barriers; /* the number of the last one */
	bool ended;	   /* END came */
	bool busy;	   /* the current frame has events to give out */
	size_t frame_end;  /* where it ends in the buffer */
	struct weir_frame_rows rows;
	struct weir_block block; /* its events */
	uint32_t i;		 /* those that are done */
	/* What the last control item points to. */
	struct weir_hello hello;
	struct weir_barrier barrier;
	struct weir_end end;
	/* Where in the index the slots are; holds for these names and slots. */
	uint64_t names_id;
	uint32_t nslots;
	uint8_t column[WEIR_PATHS_MAX];
	bool nested[WEIR_PATHS_MAX];
	bool prove; /* some slot is not in the index */
};

/* Formats that are converted: events' text lies apart from what was read. */
struct weir_convert_in {
	struct weir_converter *k; /* NULL: not such a format */
	struct weir_buf text;
	bool begun; /* the current file */
	/* csv: a record goes on behind the buffer */
	bool open;
	bool inside; /* … and its quotes are odd up to scanned */
};

struct weir_reader {
	struct weir_reader_config c;
	struct weir_source *source;
	enum weir_format format;
	bool recognised; /* format holds for this file, too */
	bool fresh;	 /* at the beginning of a file: a BOM may stand here */
	bool boundary;	 /* the file has ended, another follows */
	int ended;	 /* WEIR_GOT_END or PAUSE came (as that + 1) */
	bool last;	 /* sequences: no more bytes of this file come */
	bool added;	 /* the newline at the end is not in the file */
	struct weir_reader_counts counts;

	char *buf;
	size_t cap; /* usable; behind it, room for '\n' and WEIR_PAD */
	size_t pos, end;
	size_t ready;	       /* lines: complete ones end here */
	size_t scanned;	       /* up to here there is no (further) delimiter */
	uint64_t offset, line; /* of pos, in the file */

	uint32_t rows, nslots; /* what the next four have room for */
	struct weir_event *events;
	struct weir_slot *slots;
	uint16_t *index;
	struct weir_from *from;	 /* if events' text is not what was read */
	struct weir_names names; /* of the prover's index */

	struct weir_long_line tail;
	bool refused; /* the prover refused the line at pos */
	size_t retry; /* sequences: try a record again at this length */
	struct weir_frames_in in;
	struct weir_convert_in conv;
};

/* Rows for the prover's present slots. */
void weir_reader_rows(struct weir_reader *r);
/* The names of the prover's index as they are now. */
void weir_reader_names(struct weir_reader *r);
/*
 * A buffer that has room for more bytes behind end, moving what is there to the
 * front, growing or shrinking as need be. Returns how many to read at most.
 */
size_t weir_reader_room(struct weir_reader *r);
void weir_reader_resize(struct weir_reader *r, size_t cap);
/* Move [pos, end) to the front. */
void weir_reader_compact(struct weir_reader *r);
/* n lines up to buf + to were given out, or were no events. */
void weir_reader_consume(struct weir_reader *r, size_t to, uint64_t n);
/*
 * Report the line at pos (raw, len; full_len in all) as bad, and count it.
 * 1, or -1 if that is to end the stream.
 */
int weir_reader_bad(struct weir_reader *r, const char *why, const char *raw,
    size_t len, uint64_t full_len, struct weir_error *err);
/* The same for one over the limit. */
int weir_reader_over(struct weir_reader *r, const char *raw, size_t len,
    uint64_t full_len, struct weir_error *err);
/* The same for a line that was proven invalid or refused: by yajl's verdict. */
int weir_reader_judge(
    struct weir_reader *r, const char *raw, size_t len, struct weir_error *err);
/* Fill in b from rows [0, n): events of the text that begins at buf + start. */
void weir_reader_block(const struct weir_reader *r, struct weir_block *b,
    size_t start, uint32_t n);

/*
 * Take care of a line over the limit, when new bytes have come and [pos, end)
 * is its beginning, or it was begun before.
 */
void weir_long_arrived(struct weir_reader *r, char delimiter);
/* Report it once it is done. 1, 0 if there is none, or -1. */
int weir_long_next(struct weir_reader *r, struct weir_error *err);
/* The file ends inside it. */
void weir_long_end(struct weir_reader *r);

/* Each decoder: bytes have come; the file ends; the next item (1, 0, -1). */
void weir_lines_arrived(struct weir_reader *r);
void weir_lines_end(struct weir_reader *r);
int weir_lines_next(
    struct weir_reader *r, struct weir_read_item *item, struct weir_error *err);

void weir_seq_arrived(struct weir_reader *r);
void weir_seq_end(struct weir_reader *r);
/* Make the raw text of a record over the limit what it is of any other. */
void weir_seq_raw(char *raw, size_t len);
int weir_seq_next(
    struct weir_reader *r, struct weir_read_item *item, struct weir_error *err);

void weir_convert_arrived(struct weir_reader *r);
void weir_convert_end(struct weir_reader *r);
int weir_convert_next(
    struct weir_reader *r, struct weir_read_item *item, struct weir_error *err);

/* How many bytes to read next. */
size_t weir_frames_room(struct weir_reader *r);
int weir_frames_end(struct weir_reader *r, struct weir_error *err);
int weir_frames_next(
    struct weir_reader *r, struct weir_read_item *item, struct weir_error *err);
/* Is there a frame, or a part of one, to give out? */
bool weir_frames_ready(const struct weir_reader *r);
void weir_frames_fini(struct weir_reader *r);

#endif
