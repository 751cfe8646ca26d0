/*
 * side.h - side files: late events, dead letters, --else.
 *
 * In a job they belong to the state: started empty, claimed before the first
 * write, fsynced before their part is published, cut back to the saved length
 * on restore. Elsewhere they are started empty and written through.
 *
 * One that is the FIFO of a job's named sink is an edge: a stream of frames with
 * HELLO, watermarks, barriers and END, as standard output is. The sink keeps
 * what comes through it, so there is nothing to save.
 */
#ifndef WEIR_STREAM_SIDE_H
#define WEIR_STREAM_SIDE_H

#include "base/error.h"
#include "event/block.h"
#include "event/control.h"
#include "event/reader.h"
#include "state/dir.h"

#include <stdbool.h>

struct weir_side;

/* Nothing is opened yet; "/dev/stderr" and FIFOs are fine outside a job. */
struct weir_side *weir_side_new(const char *path);
void weir_side_free(struct weir_side *s);
const char *weir_side_path(const struct weir_side *s);
/* "/dev/stderr": goes on where messages end, even if that is a file. */
bool weir_side_is_stderr(const struct weir_side *s);

/* Once it is open: is it an edge, and has its reader gone? */
bool weir_side_is_edge(const struct weir_side *s);
bool weir_side_broken(const struct weir_side *s);
/*
 * Open for writing. dir NULL: no job. Else claim it for stage in the job, and
 * start empty (saved < 0) or cut back to saved bytes (a shorter file is
 * WEIR_STATE). 1 or -1.
 */
int weir_side_open(struct weir_side *s, const struct weir_dir *dir,
    const char *stage, int64_t saved, struct weir_error *err);
/* Append event i of b, as it came in. */
int weir_side_event(struct weir_side *s, const struct weir_block *b, uint32_t i,
    struct weir_error *err);
/* Append {"error":…,"source":…,"line":…,"offset":…,"raw":…}. */
int weir_side_bad(
    struct weir_side *s, const struct weir_bad *bad, struct weir_error *err);
/*
 * These do nothing but for an edge. Behind END it is closed; hang_up() is for a
 * forked child, which must not keep it open.
 */
int weir_side_hello(
    struct weir_side *s, const struct weir_hello *h, struct weir_error *err);
void weir_side_watermark(struct weir_side *s, int64_t t);
int weir_side_barrier(
    struct weir_side *s, const struct weir_barrier *b, struct weir_error *err);
int weir_side_end(
    struct weir_side *s, const struct weir_end *e, struct weir_error *err);
void weir_side_hang_up(struct weir_side *s);
int weir_side_flush(struct weir_side *s, struct weir_error *err);
/* Flush and fsync a file; *len is what the part must save. */
int weir_side_sync(struct weir_side *s, uint64_t *len, struct weir_error *err);

#endif
