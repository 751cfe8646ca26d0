/*
 * file.h - one open file of a source: plain, a pipe, or decompressed.
 *
 * A file knows how many bytes were read of it and keeps the first of them,
 * which are its fingerprint. Offsets of a compressed file are those of its
 * content: an installed program unpacks it through a pipe.
 */
#ifndef WEIR_EVENT_FILE_H
#define WEIR_EVENT_FILE_H

#include "base/error.h"
#include "event/source.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct weir_file {
	int fd;	    /* -1: none */
	char *path; /* malloc'd */
	bool owned; /* fd is ours to close */
	bool regular, fifo, packed;
	bool judged;   /* it is known whether it is compressed */
	pid_t pid;     /* of the program that unpacks it, or 0 */
	pid_t feeder;  /* of the one that hands it what comes in, or 0 */
	pid_t spawner; /* whose children they are */
	char held[8];  /* the beginning, while that is open */
	uint8_t n_held;
	uint64_t dev, ino;
	struct timespec mtime; /* of a regular file when it was opened, or 0 */
	uint64_t base; /* where reading began: not 0 if the shell read before */
	uint64_t off;  /* bytes of content that were read since */
	unsigned char head[WEIR_PRINT_MAX]; /* the first min(off, max) */
	uint32_t head_len;
};

/*
 * Open path for reading. Returns 1; 0 if there is no such file; -1 with *err.
 * A FIFO is opened without waiting for its writer.
 */
int weir_file_open(
    struct weir_file *f, const char *path, struct weir_error *err);
/* Use a descriptor that stays its owner's. */
int weir_file_adopt(
    struct weir_file *f, int fd, const char *name, struct weir_error *err);
void weir_file_close(struct weir_file *f);

/*
 * One read: WEIR_GOT_DATA with *got bytes, WEIR_GOT_END at the end of what is
 * there, WEIR_GOT_NOTHING when it would block or a signal came, or -1.
 */
int weir_file_read(struct weir_file *f, char *buf, size_t cap, size_t *got,
    struct weir_error *err);

/*
 * Compressed or not (by the first bytes: gzip, zstd, xz, lz4) is found out at
 * the first read; content is read from then on, through the program of that
 * name. unpack does it at once, for regular files, before the first read: 1 if
 * the file is compressed, 0 if it is plain, -1.
 */
int weir_file_unpack(struct weir_file *f, struct weir_error *err);
/* The same for what is no regular file: its first bytes were read. 1, 0, -1. */
int weir_unpack_fed(
    struct weir_file *f, const char *head, size_t len, struct weir_error *err);
/* Could more bytes make it compressed? */
bool weir_unpack_maybe(const char *head, size_t len);
/* Is what begins so compressed? WEIR_MAGIC_MAX bytes are enough to tell. */
bool weir_unpack_is(const char *head, size_t len);
#define WEIR_MAGIC_MAX 6
/* The content has ended: did the program say that it is whole? 1 or -1. */
int weir_unpack_end(struct weir_file *f, struct weir_error *err);
/* End the programs. */
void weir_unpack_stop(struct weir_file *f);

/* Raise a pipe to 256 KiB, where allowed; it is never lowered. */
void weir_file_widen(int fd);

/* XXH3-64 of the first len bytes, which were read. */
uint64_t weir_file_print(const struct weir_file *f, uint32_t len);
/*
 * Does the content begin as the place says, and reach its offset? Before the
 * first read. Returns 1, and reading goes on at the offset; 0, and then the
 * file can only be closed or rewound; or -1.
 */
int weir_file_match(struct weir_file *f, const struct weir_place *place,
    struct weir_error *err);
/*
 * Does the content look like that of another file, of which off bytes were read
 * to its end, and print_len of them give the print? 1, 0, and then f can only be
 * closed, rewound, or asked again; or -1.
 */
int weir_file_like(struct weir_file *f, uint64_t print, uint32_t print_len,
    uint64_t off, struct weir_error *err);
/* The same of a file that is open, regular and not read yet. */
int weir_file_like_file(
    struct weir_file *f, const struct weir_file *other, struct weir_error *err);
/* Begin a regular file anew. */
int weir_file_rewind(struct weir_file *f, struct weir_error *err);
/*
 * Was a regular file cut below what was read, or begun anew? An append only
 * file never is. 1, 0 or -1.
 */
int weir_file_cut(const struct weir_file *f, struct weir_error *err);

#endif
