/*
 * spool.h - what a pipe gave, kept until it is committed: spool/ of a job.
 *
 * Every byte goes from the pipe into a file in one system call, splice(2), so a
 * kill finds it in the one or in the other. Only then it is read from there.
 *
 *     spool/<source>.<input>.<start>  bytes from start on of the input-th pipe
 *     spool/<source>.pipe             JSON: the input, and which pipe it is
 *
 * A source may have had one pipe after another, as each run gives it another
 * standard input: each is an input of its own, with its own last line. Within
 * an input segments follow one another without a gap. One process at a time
 * writes and reads a spool; the job's leader removes segments behind it.
 */
#ifndef WEIR_STATE_SPOOL_H
#define WEIR_STATE_SPOOL_H

#include "event/source.h"
#include "state/dir.h"

struct weir_spool_segment {
	uint64_t input, start, len;
};

struct weir_spool {
	int dirfd;    /* spool/ */
	char *source; /* its name */
	size_t n, cap;
	struct weir_spool_segment *seg; /* those that are there, in order */
	uint64_t input;			/* that is written, from 1 on */
	uint64_t max, segment;		/* bytes that all, and one, may have */
	uint64_t used;			/* bytes that they have */
	int out;			/* the last segment; -1: none of ours */
	/* the place that is read next */
	uint64_t at_input, at;
	bool turn; /* a boundary was given out: the next read is behind it */
	int in;	   /* its segment, or -1 */
	size_t in_seg;
};

/*
 * Open the spool of a source, made if it is not there, at the beginning of what
 * is kept. All of it is on the disk then. pipe tells which pipe will be given:
 * another one than before begins a new input. 1, or -1 with *err: WEIR_STATE if
 * it is damaged. A spool that failed is closed, too.
 */
int weir_spool_open(struct weir_spool *s, const struct weir_dir *d,
    const char *source, const char *pipe, struct weir_error *err);
void weir_spool_close(struct weir_spool *s);
/* Let it have at most that many bytes (without this: 4 MiB a segment). */
void weir_spool_limit(struct weir_spool *s, uint64_t max);

/*
 * Take what the pipe fd has now: WEIR_GOT_DATA, WEIR_GOT_NOTHING (also if the
 * spool is full), WEIR_GOT_END, or -1.
 */
int weir_spool_take(struct weir_spool *s, int fd, struct weir_error *err);
bool weir_spool_full(const struct weir_spool *s);
/* What is taken from now on is another input. Nothing if it has no bytes. */
int weir_spool_turn(
    struct weir_spool *s, const char *pipe, struct weir_error *err);

/* Is there something to read (or a boundary between inputs)? */
bool weir_spool_unread(const struct weir_spool *s);
/*
 * Read: WEIR_GOT_DATA, WEIR_GOT_BOUNDARY between two inputs, WEIR_GOT_NOTHING
 * if all was read, or -1.
 */
int weir_spool_read(struct weir_spool *s, char *buf, size_t cap, size_t *got,
    struct weir_error *err);
/* The place offset bytes into the input that is read: its dev is 0. */
void weir_spool_place(
    const struct weir_spool *s, uint64_t offset, struct weir_place *place);
/* As weir_source_seek(). A place that is in no spool is where it begins. */
int weir_spool_seek(struct weir_spool *s, const struct weir_place *place,
    struct weir_error *err);
/* Bytes that nobody has read yet, up to the end of what is kept. */
uint64_t weir_spool_left(const struct weir_spool *s);

/* Make all that was taken durable. */
int weir_spool_sync(const struct weir_spool *s, struct weir_error *err);
/* The leader has removed segments: see which. */
void weir_spool_recount(struct weir_spool *s);

/* --- for the leader --- */

/* Remove the segments of a source that lie before a place in its spool. */
int weir_spool_trim(const struct weir_dir *d, const char *source,
    const struct weir_place *place, struct weir_error *err);
/* Does the source have a spool? */
bool weir_spool_is(const struct weir_dir *d, const char *source);
/* Is there something in it behind a place? 1, 0 or -1. */
int weir_spool_grown(const struct weir_dir *d, const char *source,
    const struct weir_place *place, struct weir_error *err);

#endif
