/*
 * inspect.h - look into a state directory: what is kept, and is it whole?
 *
 * Reads only and takes no lock, so it works beside a job that runs; a
 * checkpoint that is removed under our eyes counts as never seen.
 */
#ifndef WEIR_STREAM_INSPECT_H
#define WEIR_STREAM_INSPECT_H

#include "state/dir.h"

#include <stdbool.h>

/* Where lines go: 1, or -1 to stop. */
typedef int weir_inspect_fn(void *ctx, const char *text, size_t len);

/* What to look at: a savepoint, or a checkpoint by number (0: the newest). */
struct weir_inspect_from {
	uint64_t n;
	const char *name; /* NULL: a checkpoint */
};
/*
 * Open it: 1 with its manifest and directory, the caller's; 0 if there is no
 * such thing, with the reason in *err; -1.
 */
int weir_inspect_open(const struct weir_dir *d,
    const struct weir_inspect_from *from, struct weir_manifest *m, int *fd,
    struct weir_error *err);

/*
 * Committed checkpoints, oldest first, then savepoints, as a table or as JSON
 * lines: 1 or -1.
 */
int weir_inspect_list(const struct weir_dir *d, bool table,
    weir_inspect_fn *put, void *ctx, struct weir_error *err);
/*
 * The state of a stage as it was saved; of all (stage NULL) as
 * {"stage":...,"state":...}. 1, 0 if there is no such checkpoint or stage, with
 * the reason in *err, or -1.
 */
int weir_inspect_show(const struct weir_dir *d,
    const struct weir_inspect_from *from, const char *stage,
    weir_inspect_fn *put, void *ctx, struct weir_error *err);
/*
 * The state of one key of a stage: the lines that show gives of it. key is JSON
 * (the value of -k, a list of several, or what a line has as "k"), or a plain
 * string. 1; 0 with the reason in *err, WEIR_NO if there is no such key,
 * WEIR_USAGE if there is no such stage or checkpoint; or -1.
 */
struct weir_inspect_key {
	const char *stage, *key;
};
int weir_inspect_get(const struct weir_dir *d,
    const struct weir_inspect_from *from, const struct weir_inspect_key *what,
    weir_inspect_fn *put, void *ctx, struct weir_error *err);
/*
 * Check all: a line for each checkpoint, savepoint and visible file. 1 whole, 0
 * damaged (the lines say what), -1.
 */
int weir_inspect_verify(const struct weir_dir *d, weir_inspect_fn *put,
    void *ctx, struct weir_error *err);

/* Was it removed under our eyes? */
bool weir_inspect_gone(const struct weir_dir *d, struct weir_cp cp);
bool weir_inspect_unsaved(const struct weir_dir *d, const char *name);
/* Say that it holds no such stage, and which it holds. */
void weir_inspect_no_stage(
    const char *stage, const struct weir_manifest *m, struct weir_error *err);

#endif
