/*
 * siblings.h - the rotated files beside a log: NAME.1, NAME.2.gz, NAME-20261121.
 *
 * What was rotated away is found by identity (device, inode, fingerprint); a
 * compressed one, which is a new file, by the fingerprint of its content alone.
 * Newer ones follow by time of their last change. Files are opened while the
 * directory is looked at, so that a rotation meanwhile does no harm.
 */
#ifndef WEIR_EVENT_SIBLINGS_H
#define WEIR_EVENT_SIBLINGS_H

#include "base/error.h"
#include "event/file.h"
#include "event/source.h"

#include <stdbool.h>
#include <stddef.h>

struct weir_seen;

#define WEIR_SIBLINGS_MAX 256 /* that are read in a row */

/* A file by its inode; ino 0: none. */
struct weir_inode {
	uint64_t dev, ino;
};

/* Files to read one after the other. */
struct weir_files {
	struct weir_file *file;
	size_t n, cap;
};

void weir_files_push(struct weir_files *q, struct weir_file *f); /* takes f */
/* Take the first out into *f. */
void weir_files_shift(struct weir_files *q, struct weir_file *f);
void weir_files_fini(struct weir_files *q);

/*
 * Find the file of a saved place among the siblings of name, and put it, ready
 * at its offset, and the newer ones into q. current is what has the name now
 * (it is never taken). Returns 1; 0 with the reason in *err; -1.
 */
int weir_siblings_find(const char *name, const struct weir_place *place,
    struct weir_inode current, struct weir_files *q, struct weir_error *err);

/* Put all that were rotated away into q, the oldest first. 1 or -1. */
int weir_siblings_all(const char *name, struct weir_inode current,
    struct weir_files *q, struct weir_error *err);

struct weir_rotation {
	const char *name;
	const char *pattern; /* what it takes (glob.h) is left to it; or NULL */
	const struct weir_file *old; /* had the name, and was read */
	const struct weir_file *new; /* has it now, and was not read */
	struct weir_seen *seen;	     /* what was read before old */
};

/*
 * Put the siblings that were rotated away after old and before current, usually
 * none, into the empty q. If old was deleted, and not compressed, none. Returns
 * 1; 0 if there are more, or they move too fast: ask again after those in q
 * were read; -1.
 */
int weir_siblings_between(const struct weir_rotation *r, struct weir_files *q,
    struct weir_error *err);

/* Does the name end as that of a compressed file does? */
bool weir_siblings_packed(const char *path);

#endif
