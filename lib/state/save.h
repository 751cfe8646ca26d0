/*
 * save.h - savepoints: checkpoints that are kept until somebody removes them.
 *
 * save/<name>/ holds hard links of a committed checkpoint's MANIFEST and parts.
 * It is made in a directory of a temporary name, which then gets its own: it is
 * there whole, or not at all. Making and removing need no lock and disturb no
 * job; a checkpoint that is removed meanwhile is followed by the next one.
 */
#ifndef WEIR_STATE_SAVE_H
#define WEIR_STATE_SAVE_H

#include "state/dir.h"

#include <stdbool.h>

#define WEIR_SAVE_NAME 64 /* bytes of a name */

/*
 * Letters, digits, - and _, not - first; not digits alone, which are a
 * checkpoint's number, and neither `latest` nor `none`.
 */
bool weir_save_name(const char *name);

struct weir_saves {
	size_t n;
	char **name;
};
/* All there are, by name; what has no such name is passed over. 1 or -1. */
int weir_save_list(
    const struct weir_dir *d, struct weir_saves *all, struct weir_error *err);
void weir_saves_fini(struct weir_saves *all);

/*
 * Make name of the newest committed checkpoint, which was verified whole: 1 with
 * it in *cp, or -1 with *err: WEIR_USAGE if there is no checkpoint, or one of
 * that name, WEIR_STATE if it is damaged.
 */
int weir_save_make(const struct weir_dir *d, const char *name,
    struct weir_cp *cp, struct weir_error *err);
/* Remove it: 1, 0 if there is none, -1. */
int weir_save_remove(
    const struct weir_dir *d, const char *name, struct weir_error *err);
/* Remove what was left by those that were killed while they made one. */
int weir_save_sweep(const struct weir_dir *d, struct weir_error *err);

/* Its directory: a descriptor; -1 with *err: WEIR_USAGE if there is none. */
int weir_save_open(
    const struct weir_dir *d, const char *name, struct weir_error *err);
/* What is in that open directory: 1, or -1 with *err (WEIR_STATE). */
int weir_save_load(const struct weir_dir *d, const char *name, int fd,
    struct weir_manifest *m, struct weir_error *err);
/* Are its parts whole? 1 or -1. */
int weir_save_verify(const struct weir_dir *d, const char *name, int fd,
    const struct weir_manifest *m, struct weir_error *err);

/*
 * Link the parts of m, which lie in the open directory fd, into the new
 * checkpoint m->cp, made for that and not committed yet. 1; 0 if one is not
 * there (any more), with *err; -1.
 */
int weir_cp_link(const struct weir_dir *d, int fd,
    const struct weir_manifest *m, struct weir_error *err);

#endif
