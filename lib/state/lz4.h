/*
 * lz4.h - an LZ4 frame in a file, with a trailer that vouches for it.
 *
 * The one module that includes liblz4. The frame has content size and checksum
 * on, and blocks that open one by one. Behind it stand skippable frames: an
 * index of keys, if there are any (keyindex.h), and the trailer (weir-state(5)):
 * tag, version, lengths, number of entries, and the XXH3-128 of every byte of the
 * file before it. A reader verifies that before it decompresses anything; who
 * looks for a key verifies the index and the blocks that it leads to. Memory
 * stays within a few blocks of 256 KiB, and the index.
 */
#ifndef WEIR_STATE_LZ4_H
#define WEIR_STATE_LZ4_H

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "state/keyindex.h"

#include <stdint.h>

#define WEIR_TRAILER	56		    /* bytes of the trailer */
#define WEIR_LZ4_BLOCK	((size_t)256 << 10) /* most text of a block */
#define WEIR_LZ4_HEADER 15 /* bytes of a frame header with a content size */

struct weir_trailer {
	uint64_t frame; /* bytes of the LZ4 frame */
	uint64_t index; /* and of the index behind it, 0: none */
	uint64_t entries;
	struct weir_digest digest;
};

struct weir_lz4_writer;

/* Write a frame to fd, an empty file open for reading, too. */
struct weir_lz4_writer *weir_lz4_begin(int fd, struct weir_error *err);
int weir_lz4_add(struct weir_lz4_writer *w, const void *data, size_t len,
    struct weir_error *err);
/* A line and its newline; key, or NULL, is the hash of the line's key. */
int weir_lz4_line(struct weir_lz4_writer *w, const char *s, size_t len,
    const uint64_t *key, struct weir_error *err);
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

/* Read and check the index that the trailer tells of, into bytes: 1 or -1. */
int weir_lz4_index(int fd, const struct weir_trailer *t, struct weir_buf *bytes,
    struct weir_keyindex *x, struct weir_error *err);
/* Append the text of one block, at most 256 KiB, verified: 1 or -1. */
int weir_lz4_block(int fd, struct weir_keyindex_place at, struct weir_buf *out,
    struct weir_error *err);

#endif
