/*
 * edges.h - the named sources and sinks of a job: FIFOs of the living.
 *
 * A named source or sink is a FIFO, run/NAME.EPOCH in the state directory, whose
 * path PIPELINE finds in the environment variable NAME. One stage opens it at the
 * other end: a second one breaks the frames' sequence, so it does not go
 * unnoticed. Nobody waits for ever: a FIFO that no stage opens is an error after
 * a while.
 */
#ifndef WEIR_STREAM_EDGES_H
#define WEIR_STREAM_EDGES_H

#include "state/dir.h"
#include "stream/spawn.h"

/* Does the text have $NAME or ${NAME...} in it? */
bool weir_edge_mentioned(const char *text, const char *name);
/* Is it the name of a source or a sink: [a-z][a-z0-9_]*, not too long? */
bool weir_edge_name(const char *s, size_t len);
/*
 * Are all names different, and does PIPELINE mention those it must? 1, or -1
 * with *err (WEIR_USAGE).
 */
int weir_edges_check(const struct weir_roles *r, struct weir_error *err);

void weir_edge_path(
    struct weir_buf *out, const char *dir, const char *name, uint64_t epoch);
/*
 * What a stage reads from a source of its job is called as the source in dead
 * letters: the name of its FIFO is another after a restart.
 */
const char *weir_edge_source(const struct weir_hello *h, const char *source);
/* Make the FIFOs of a new incarnation: 1 or -1. */
int weir_edges_make(const struct weir_dir *d, const struct weir_roles *r,
    struct weir_error *err);
/* Remove those that are left. */
void weir_edges_remove(const struct weir_dir *d, const struct weir_roles *r);
/* In the shell: the variables that name them. */
void weir_edges_export(const struct weir_roles *r);
/*
 * In the new process of a named source or sink: open role->fifo when a stage
 * has, as role->out_fd or role->in_fd. 1, or -1 with *err: WEIR_USAGE if none
 * does, WEIR_UPSTREAM and no text if the job is gone meanwhile.
 */
int weir_edge_open(struct weir_role *role, struct weir_error *err);

#endif
