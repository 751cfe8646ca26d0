/*
 * publish.h - files that are there whole, or not at all.
 *
 * Everything in a state directory comes to be like this: created exclusively
 * under a temporary name in a held directory descriptor, written, fsynced,
 * renamed to a name never used before, and the directory fsynced. A failing
 * fsync is fatal for that file and never retried.
 */
#ifndef WEIR_STATE_PUBLISH_H
#define WEIR_STATE_PUBLISH_H

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdint.h>
#include <sys/types.h>

/*
 * A temporary file ".tmp.<random>" in dirfd, mode 0600: its descriptor, with
 * the name in tmp; -1 with *err (WEIR_SYSTEM).
 */
int weir_publish_begin(int dirfd, char tmp[32], struct weir_error *err);
/*
 * fsync fd, close it, rename tmp to name, which must not exist, fsync dirfd.
 * 1, or -1 with *err (WEIR_SYSTEM; tmp is removed). fd is closed either way.
 * If the last fsync fails name is there, but may not survive a power failure.
 */
int weir_publish_end(int dirfd, int fd, const char *tmp, const char *name,
    struct weir_error *err);
/* Both, with the bytes in between. */
int weir_publish(int dirfd, const char *name, const void *data, size_t len,
    struct weir_error *err);
/* As weir_publish(), but replaces an existing file atomically. */
int weir_publish_over(int dirfd, const char *name, const void *data, size_t len,
    struct weir_error *err);

/* All of it, whatever write(2) takes at a time; -1 with errno. */
int weir_write_all(int fd, const void *data, size_t len);
/*
 * Open a regular file to read, whoever put it there: never follows a link,
 * waits for a FIFO or opens a device; it must be ours alone to write. 1 with *fd and *size, 0 if there is none, -1 with *err
 * (WEIR_STATE if it is something else).
 */
int weir_open_regular(int dirfd, const char *name, int *fd, uint64_t *size,
    struct weir_error *err);
/* As much as there is up to len, from off: how much, or -1 with errno. */
ssize_t weir_pread_all(int fd, void *data, size_t len, uint64_t off);
/*
 * Has a regular file, of a name that was checked, this length and digest? 1, 0
 * if there is none, -1 with *err (WEIR_STATE if not).
 */
int weir_file_verify(int dirfd, const char *name, uint64_t len,
    const struct weir_digest *digest, struct weir_error *err);
/* Hash len bytes of fd from off on: 1, 0 if there are fewer, -1 with errno. */
int weir_hash_range(int fd, uint64_t off, uint64_t len, struct weir_hasher *h);
/*
 * Read a whole regular file of at most max bytes, never following a link: 1, 0
 * if there is none, -1 with *err (WEIR_STATE if too big or not a file).
 */
int weir_slurp(int dirfd, const char *name, size_t max, struct weir_buf *out,
    struct weir_error *err);

#endif
