/*
 * snapshot.h - operator state in a file: JSON lines in one LZ4 frame.
 *
 * `lz4 -dc PART | jq` is a valid way to look inside. The first line is a header
 * (format version, stage identity, fingerprint of the options that shape the
 * state, watermark), then come the stage's lines, then one that counts them, so
 * that a part cut short cannot pass. Behind the LZ4 frame (content size and
 * checksum on) stands an LZ4 skippable frame, the trailer: lengths, and the
 * XXH3-128 of all bytes before it, verified before anything is decompressed.
 * That XXH3-128 is what "digest of a part" means. weir-state(5) has the format.
 */
#ifndef WEIR_STATE_SNAPSHOT_H
#define WEIR_STATE_SNAPSHOT_H

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "state/terms.h"

#include <stdbool.h>
#include <stdint.h>

#define WEIR_SNAPSHOT_VERSION  1
#define WEIR_SNAPSHOT_LINE_MAX ((size_t)64 << 20) /* longest line */

/* What the header line says. */
struct weir_snapshot_header {
	char *stage;	   /* identity */
	char *kind;	   /* "stage", "time", "source", "sink" */
	char *fingerprint; /* readable text of the options that shape it */
	const struct weir_terms *terms; /* of the fingerprint, or NULL */
	int64_t watermark; /* at the barrier; WEIR_TIME_NONE: null */
	uint64_t checkpoint, epoch;
	/* filled when read */
	uint64_t entries;
	bool indexed; /* it has an index of keys */
};

struct weir_snapshot_writer;

/*
 * Write a part into directory dirfd under a temporary name. On success
 * weir_snapshot_commit() publishes it as file (fsync, rename to a name never
 * used before, fsync of the directory); its length and digest are then in *len
 * and *digest, if not NULL. Any failure leaves no file of that name. dirfd stays
 * the caller's and must live as long as the writer. After a commit, too, the
 * writer is freed with weir_snapshot_abandon().
 */
struct weir_snapshot_writer *weir_snapshot_create(int dirfd, const char *file,
    const struct weir_snapshot_header *h, struct weir_error *err);
/*
 * A line of state: one JSON object or array that begins at s, without newline,
 * at most WEIR_SNAPSHOT_LINE_MAX bytes.
 */
int weir_snapshot_line(struct weir_snapshot_writer *w, const char *s,
    size_t len, struct weir_error *err);
/*
 * A line that belongs to a key, so that it is found by it: the key's canonical
 * text, which is the same for equal keys. The line shows it as member "k", an
 * object.
 */
int weir_snapshot_keyed_line(struct weir_snapshot_writer *w,
    struct weir_str key, const char *s, size_t len, struct weir_error *err);
int weir_snapshot_commit(struct weir_snapshot_writer *w, uint64_t *len,
    struct weir_digest *digest, struct weir_error *err);
/* Frees; removes the temporary file unless committed. NULL is fine. */
void weir_snapshot_abandon(struct weir_snapshot_writer *w);

struct weir_snapshot_reader;

/*
 * Open and verify a part whole. NULL with *err (WEIR_STATE) saying which file
 * and what is wrong with it: truncated, damaged, too new a version, too big.
 */
struct weir_snapshot_reader *weir_snapshot_open(
    int dirfd, const char *file, struct weir_error *err);
/*
 * Open a part to look for one key: with an index, only what may hold lines of
 * it is read and verified, and weir_snapshot_next() gives the lines there, the
 * key's and others; without one, all. The digest of a part with an index is not
 * verified, but checksums in the index are.
 */
struct weir_snapshot_reader *weir_snapshot_seek(
    int dirfd, const char *file, struct weir_str key, struct weir_error *err);
const struct weir_snapshot_header *weir_snapshot_header(
    const struct weir_snapshot_reader *r);
/*
 * The next line, proven, borrowed until the next call and followed by a newline
 * and WEIR_PAD readable bytes: 1, 0 at the end, -1.
 */
int weir_snapshot_next(struct weir_snapshot_reader *r, struct weir_str *line,
    struct weir_error *err);
void weir_snapshot_close(struct weir_snapshot_reader *r);

/*
 * Length and trailer of a part without reading it all: 1 with its length and
 * the digest that the trailer says, 0 if there is no such file, -1 if it is not
 * whole.
 */
int weir_snapshot_check(int dirfd, const char *file, uint64_t *len,
    struct weir_digest *digest, struct weir_error *err);

/*
 * Read all of a part: 1 if its bytes are what its trailer says, and that is
 * what a manifest says; -1 with *err (WEIR_STATE; there is none, too).
 */
int weir_snapshot_verify(int dirfd, const char *file, uint64_t len,
    struct weir_digest digest, struct weir_error *err);

/*
 * The fingerprint now is not the saved one: fills *err (WEIR_STATE) showing how
 * they differ (if both have terms), both, and what to do, and returns -1.
 */
int weir_snapshot_mismatch(const struct weir_snapshot_header *saved,
    const char *now, const struct weir_terms *terms, struct weir_error *err);

#endif
