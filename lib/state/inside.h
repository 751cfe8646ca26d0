/*
 * inside.h - what the files of the state directory's code share.
 */
#ifndef WEIR_STATE_INSIDE_H
#define WEIR_STATE_INSIDE_H

#include "state/dir.h"
#include "state/record.h"

#include <stdbool.h>

#define WEIR_SHOWN	  256 /* bytes for a name in a message */
#define WEIR_MANIFEST_MAX ((size_t)4 << 20)
#define WEIR_JOB_MAX	  ((size_t)4 << 20)
#define WEIR_SIDE_MAX	  ((size_t)64 << 10)
#define WEIR_SINKS_MAX	  1024	  /* of a job; sources, too */
#define WEIR_FILES_MAX	  4096	  /* pending files of a sink */
#define WEIR_TMP	  ".tmp." /* begins what is not whole yet */
#define WEIR_JSON_VERSION 1	  /* of job, MANIFEST and side claims */

/*
 * Put the directory's path and place (": ", "/", "/cp/.../") in front of what *err
 * says (NULL is fine): -1.
 */
int weir_dir_blame(
    const struct weir_dir *d, const char *place, struct weir_error *err);
/* The same with "<dir>/cp/<n>.<e>/". */
int weir_cp_blame(
    const struct weir_dir *d, struct weir_cp cp, struct weir_error *err);

/*
 * Open a directory inside the state directory (create: make it, fsynced) after
 * checking that it is ours: a descriptor, or -1 with *err. Without create a
 * directory that is not there gives -1 with err->status WEIR_OK.
 */
int weir_dir_sub(const struct weir_dir *d, const char *name, bool create,
    struct weir_error *err);
/* The same without create: a descriptor, or -1 with *none if it is not there. */
int weir_dir_have(const struct weir_dir *d, const char *name, bool *none,
    struct weir_error *err);
/* Remove the files in fd that keep() (NULL: nothing) does not want: 1 or -1. */
int weir_dir_empty(int fd, bool (*keep)(const void *arg, const char *name),
    const void *arg, struct weir_error *err);
/* Is the open directory fd ours alone to write? 1 or -1. */
int weir_dir_ours(int fd, const char *shown, struct weir_error *err);

/* path absolute, without slashes at its end, malloc'd; NULL with *err. */
char *weir_path_absolute(const char *path, struct weir_error *err);

#define WEIR_NAMES_MAX 1000000 /* in a directory */
/* The names in a directory, but . and .. */
struct weir_names {
	size_t n, cap;
	char **name;
};
int weir_names_read(int fd, struct weir_names *names, struct weir_error *err);
void weir_names_fini(struct weir_names *names);

/* Digits without leading zeros, below 2^63: 1 or 0. */
int weir_count_read(const char *s, size_t len, uint64_t *v);
/*
 * Can it be the name of one of our files: of printable ASCII, without blanks and
 * slashes, not hidden, not empty or too long?
 */
bool weir_name_good(const char *name);
/* Is there a MANIFEST? 1, 0, -1. */
int weir_cp_committed(
    const struct weir_dir *d, struct weir_cp cp, struct weir_error *err);

/* "weir" must be kind and "version" ours: 1 or -1. */
int weir_record_kind(struct weir_record *r, const char *kind);
/* {"weir":kind,"version":1 */
void weir_record_begin(struct weir_buf *out, const char *kind);

/* The members of a job file, up to the closing brace, and back: 1 or -1. */
void weir_job_put(struct weir_buf *out, const struct weir_job *job);
int weir_job_take(
    struct weir_record *r, const struct weir_map *map, struct weir_job *job);

/* A manifest in the open directory dir; cp NULL: of any checkpoint. */
int weir_manifest_load_in(int dir, const struct weir_cp *cp,
    struct weir_manifest *m, struct weir_error *err);
/* Its parts there are whole: 1 or -1. */
int weir_manifest_verify_parts(
    int dir, const struct weir_manifest *m, struct weir_error *err);

#endif
