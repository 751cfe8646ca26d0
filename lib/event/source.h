/*
 * source.h - where bytes come from: descriptors, files, files that grow.
 *
 * A source reads one name after the other; at each end of a file it says so
 * once, since a last line without newline ends there. A followed file is read
 * across rename, truncation and re-creation: the old file to its end, then the
 * new one. Identity is device, inode and a fingerprint of the beginning.
 */
#ifndef WEIR_EVENT_SOURCE_H
#define WEIR_EVENT_SOURCE_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum weir_got {
	WEIR_GOT_END =
	    0, /* of everything; a last line without newline counts */
	WEIR_GOT_DATA = 1,
	WEIR_GOT_NOTHING = 2,  /* now: wait for weir_source_fd() */
	WEIR_GOT_BOUNDARY = 3, /* end of one file, another follows */
	WEIR_GOT_PAUSE = 4     /* once: the end of what is there; an unfinished
	                          last line stays unread */
};

struct weir_place;

/*
 * What stands between a pipe and its reader and keeps the bytes (spool.h): the
 * source is then it. Functions as those of the source of the same names; fd
 * gives -1 also if nothing can come before ready has changed.
 */
struct weir_source_store {
	void *ctx;
	int (*read)(void *ctx, char *buf, size_t cap, size_t *got,
	    struct weir_error *err);
	bool (*ready)(void *ctx); /* without waiting for a writer */
	int (*fd)(void *ctx);
	void (*place)(void *ctx, uint64_t offset, struct weir_place *place);
	int (*seek)(
	    void *ctx, const struct weir_place *place, struct weir_error *err);
};

struct weir_source_config {
	const char *const *names; /* files; "-" is fd 0; borrowed */
	size_t n;
	int fd;	     /* read this descriptor instead if n is 0 */
	bool follow; /* keep reading the last as it grows; those before it are
			read to their end */
	bool once;   /* end as PAUSE */
	/* Shared by many followers (follow.h); NULL: the source has its own. */
	struct weir_notices *notices;
	/*
	 * The name was found by this pattern (glob.h): when its file is deleted
	 * the source ends. Else it waits for another of that name.
	 */
	const char *pattern;
	struct weir_seen *seen; /* is told of files that are closed; or NULL */
	const struct weir_source_store *store; /* read this instead; or NULL */
	/*
	 * Is the file that has the name now another source's, which followed it
	 * when it had another? Then it is left to that one. NULL: nobody's.
	 */
	bool (*taken)(void *ctx, const char *path, const struct stat *st);
	void *ctx;
};

#define WEIR_PRINT_MAX 1024

/* A place in a source, to come back to: what a checkpoint keeps. */
struct weir_place {
	char *name; /* of the file as given; malloc'd */
	uint64_t dev, ino;
	uint64_t print;	    /* XXH3-64 of the first print_len bytes */
	uint32_t print_len; /* at most WEIR_PRINT_MAX */
	uint64_t offset;    /* bytes of the file that are done */
	uint64_t line;	    /* lines that are done */
	char *context;	    /* weir_reader_context(), malloc'd; NULL if empty */
};

struct weir_source;

/* NULL with *err (WEIR_SYSTEM) if the first name cannot be opened. */
struct weir_source *weir_source_open(
    const struct weir_source_config *c, struct weir_error *err);
void weir_source_close(struct weir_source *s);

/*
 * Let all reading go through via, which calls weir_source_read_direct() itself
 * when it sees fit: for bytes that are read ahead of their turn.
 */
typedef int weir_source_via(
    void *ctx, char *buf, size_t cap, size_t *got, struct weir_error *err);
void weir_source_set_via(
    struct weir_source *s, weir_source_via *via, void *ctx);
int weir_source_read_direct(struct weir_source *s, char *buf, size_t cap,
    size_t *got, struct weir_error *err);
/* In a forked child: close its descriptors, and nothing else. */
void weir_source_hang_up(struct weir_source *s);
/* One read. Returns an enum weir_got, or -1 with *err. */
int weir_source_read(struct weir_source *s, char *buf, size_t cap, size_t *got,
    struct weir_error *err);
/*
 * A descriptor that polls readable when weir_source_read() may have something
 * (the pipe itself, or an inotify descriptor), or -1: a regular file, always
 * ready. A follower may also need looking every *timeout_ms (-1 never). Ask
 * again after each read: a follower is always ready until it finds nothing.
 */
int weir_source_fd(const struct weir_source *s, int *timeout_ms);
/*
 * Is a follower due to be read: has something been noticed (drain the notices
 * first), or is it time to look? Of others: true.
 */
bool weir_source_due(const struct weir_source *s);
/* Is this file being read, or about to be? */
bool weir_source_has(const struct weir_source *s, uint64_t dev, uint64_t ino);
const char *weir_source_name(const struct weir_source *s);
/* The same for messages, as weir_show() gives it: returns out. */
#define WEIR_SOURCE_SHOWN 256
const char *weir_source_shown(
    const struct weir_source *s, char out[WEIR_SOURCE_SHOWN]);
/* When the current file was last changed, or now, in seconds since 1970. */
int64_t weir_source_time(const struct weir_source *s);
/* Is it read without waiting for a writer? May change with each read. */
bool weir_source_regular(const struct weir_source *s);
/* Bytes read of how many, for --progress; size 0 if not known. */
void weir_source_progress(
    const struct weir_source *s, uint64_t *done, uint64_t *size);

/*
 * The place after offset bytes and line lines of the current file (the
 * reader's count). Returns 1 or -1; free with weir_place_fini().
 */
int weir_source_place(struct weir_source *s, uint64_t offset, uint64_t line,
    struct weir_place *place, struct weir_error *err);
/*
 * Go to a saved place, before the first read. If the file was rotated while we
 * were down it is found among its siblings NAME* by identity, decompressed
 * by the installed program if need be, read to its end, then newer siblings by
 * time, then NAME. Returns 1; 0 if the place is gone, with the reason in *err
 * (reading would begin at the start of what is there); -1 on failure.
 */
int weir_source_seek(struct weir_source *s, const struct weir_place *place,
    struct weir_error *err);
/*
 * Before the first read: begin with the siblings of the (one) name that were
 * rotated away, by time, then NAME. 1 or -1.
 */
int weir_source_oldest(struct weir_source *s, struct weir_error *err);
/*
 * Pass over all lines that are there, behind a place just gone to. An unfinished
 * last one stays to be read. *place is then where reading goes on, but for its
 * name, and *bytes and *lines say what was passed over. 1, or -1: WEIR_USAGE if
 * these are frames, or a pipe. Before the reader has read anything.
 */
int weir_source_skip(struct weir_source *s, struct weir_place *place,
    uint64_t *bytes, uint64_t *lines, struct weir_error *err);
/*
 * Is there anything to read behind a saved place (complete lines or not)?
 * 1, 0, or -1.
 */
int weir_source_grown(
    const char *name, const struct weir_place *place, struct weir_error *err);

/* As a JSON object, and back: 1 or -1 with *err (WEIR_STATE). */
void weir_place_write(struct weir_buf *out, const struct weir_place *place);
int weir_place_read(struct weir_place *place, const char *s, size_t len,
    struct weir_error *err);
void weir_place_fini(struct weir_place *place);

#endif
