/*
 * glob.h - files that match a pattern, now and later.
 *
 * The directory is watched, and looked at again when something came into it
 * and now and then. A file is told from another by device, inode and the
 * fingerprint of its beginning, so that one which was read and then got another
 * name is not taken for a new one. Compressed files are what rotation leaves of
 * those that were read: they are never taken.
 */
#ifndef WEIR_EVENT_GLOB_H
#define WEIR_EVENT_GLOB_H

#include "base/error.h"
#include "event/file.h"
#include "event/follow.h"

#include <stdbool.h>
#include <sys/stat.h>

/* The files that were read to their end and closed. */
struct weir_seen;

struct weir_seen *weir_seen_new(void);
void weir_seen_free(struct weir_seen *s);
/* A regular file is about to be closed. */
void weir_seen_add(struct weir_seen *s, const struct weir_file *f);
/* Is f, compressed and not read yet, what became of one of them? 1, 0, -1. */
int weir_seen_like(
    const struct weir_seen *s, struct weir_file *f, struct weir_error *err);
/* It cannot be read now: it is one of them until it can be. */
void weir_seen_refuse(struct weir_seen *s, const struct stat *st);
/* Is the file at path, which looks like st, one of them? */
bool weir_seen_has(
    struct weir_seen *s, const char *path, const struct stat *st);
/* The same, and was it read to the end that it has now? */
bool weir_seen_whole(
    struct weir_seen *s, const char *path, const struct stat *st);
/* Forget what has not been asked for in a while: its inode may serve anew. */
void weir_seen_age(struct weir_seen *s);

/* Has the name *, ? or [ in it, and is it no file's? */
bool weir_glob_is(const char *name);
/* Would the pattern take this path? */
bool weir_glob_takes(const char *pattern, const char *path);

struct weir_glob;

struct weir_glob *weir_glob_open(
    const char *pattern, struct weir_notices *notices, struct weir_error *err);
void weir_glob_close(struct weir_glob *g);
const char *weir_glob_pattern(const struct weir_glob *g);
/* As weir_follow_timeout(); 0: it is time to look. */
int weir_glob_timeout(const struct weir_glob *g);
/*
 * Call found() for each regular file that matches, by name, until it returns
 * -1. 1 or -1.
 */
int weir_glob_look(struct weir_glob *g,
    int (*found)(void *ctx, const char *path, const struct stat *st,
	struct weir_error *err),
    void *ctx, struct weir_error *err);

#endif
