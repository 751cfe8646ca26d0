/*
 * lz4.h - an LZ4 frame in a file, with a trailer that vouches for it.
 *
 * The one module that includes liblz4. The frame has content size and checksum
 * on; behind it stands a skippable frame, the trailer (weir-state(5)): tag,
 * version, length of the frame, number of entries, and the XXH3-128 of every
 * byte of the file before it. A reader verifies that before it decompresses
 * anything. Memory stays within a few blocks of 256 KiB.
 */
#ifndef WEIR_STATE_LZ4_H
#define WEIR_STATE_LZ4_H

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdint.h>

#define WEIR_TRAILER 56 /* bytes of the trailer */

struct weir_trailer {
	uint64_t frame; /* bytes of the LZ4 frame */
	uint64_t entries;
	struct weir_digest digest;
};

struct weir_lz4_writer;

/* Write a frame to fd, an empty file open for reading, too. */
struct weir_lz4_writer *weir_lz4_begin(int fd, struct weir_error *err);
int weir_lz4_add(struct weir_lz4_writer *w, const void *data, size_t len,
    struct weir_error *err);
/* End frame and file; the file's trailer in *t, its length in *len. */
int weir_lz4_end(struct weir_lz4_writer *w, uint64_t entries,
    struct weir_trailer *t, uint64_t *len, struct weir_error *err);
void weir_lz4_free(struct weir_lz4_writer *w); /* fd stays open */

struct weir_lz4_reader;

/*
 * The trailer of the file fd of size bytes, checked against that size alone: 1,
 * or -1 with *err (WEIR_STATE; no file name in it).
 */
int weir_lz4_trailer(
    int fd, uint64_t size, struct weir_trailer *t, struct weir_error *err);
/* Read and compare all the bytes that the trailer vouches for. */
int weir_lz4_verify(
    int fd, const struct weir_trailer *t, struct weir_error *err);
/* Begin to decompress a file that was verified. NULL with *err. */
struct weir_lz4_reader *weir_lz4_open(
    int fd, const struct weir_trailer *t, struct weir_error *err);
/*
 * Append the next piece (at most 256 KiB) to out: 1, 0 at the end, when all of
 * the frame was right, -1 with *err (WEIR_STATE).
 */
int weir_lz4_read(
    struct weir_lz4_reader *r, struct weir_buf *out, struct weir_error *err);
void weir_lz4_close(struct weir_lz4_reader *r); /* fd stays open */

#endif
