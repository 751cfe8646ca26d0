/*
 * control.h - what HELLO, WATERMARK, BARRIER and END say.
 *
 * Their payloads are JSON objects (weir-frames(5)), small, and capped at
 * WEIR_CONTROL_MAX; names in them are checked on the way in. A decoded struct
 * owns its strings until _fini.
 */
#ifndef WEIR_EVENT_CONTROL_H
#define WEIR_EVENT_CONTROL_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define WEIR_CONTROL_MAX    (1 << 20) /* bytes of a control payload */
#define WEIR_PATHS_OF_HELLO 64	      /* sources a stream may come from */
#define WEIR_TOOLS_OF_PATH  64	      /* different tools on one path */
#define WEIR_PARTS_MAX	    4096      /* parts in one list */

/* How often a path went through a tool so far. */
struct weir_tool_count {
	char *tool;
	uint32_t count;
};

/* One source's way to here. */
struct weir_path {
	char *source; /* "in", "payments" */
	size_t ntools;
	struct weir_tool_count *tools;
};

struct weir_hello {
	bool retract; /* changes: retract instead of append */
	bool job;     /* the fields below hold */
	char *id;     /* of the job */
	char *dir;    /* state directory, absolute */
	uint64_t epoch;
	char *restore; /* checkpoint to restore, "<n>.<e>", or NULL */
	size_t npaths;
	struct weir_path *paths;
};

/* A part that a stage publishes: stage identity and file name. */
struct weir_part_ref {
	char *stage, *file;
};

struct weir_parts {
	size_t n, cap;
	struct weir_part_ref *part;
};

struct weir_barrier {
	uint64_t checkpoint; /* n */
	uint64_t events;     /* sent on this edge so far */
	struct weir_parts parts;
};

enum weir_end_reason { WEIR_COMPLETE, WEIR_SUSPENDED, WEIR_FAILED };

struct weir_end {
	enum weir_end_reason reason;
	int status;	     /* exit status of the stage that failed */
	char *message;	     /* or NULL */
	uint64_t checkpoint; /* number of the last checkpoint in a job, or 0 */
	uint64_t events;     /* sent on this edge in all */
	struct weir_parts parts;
};

/* Append the payload. */
void weir_hello_write(struct weir_buf *out, const struct weir_hello *h);
void weir_barrier_write(struct weir_buf *out, const struct weir_barrier *b);
void weir_end_write(struct weir_buf *out, const struct weir_end *e);

/* Decode a payload: 1, or -1 with *err (WEIR_INPUT). */
int weir_hello_read(
    struct weir_hello *h, const char *s, size_t len, struct weir_error *err);
int weir_barrier_read(
    struct weir_barrier *b, const char *s, size_t len, struct weir_error *err);
int weir_end_read(
    struct weir_end *e, const char *s, size_t len, struct weir_error *err);

void weir_hello_fini(struct weir_hello *h);
void weir_barrier_fini(struct weir_barrier *b);
void weir_end_fini(struct weir_end *e);

/* A deep copy. */
void weir_hello_copy(struct weir_hello *to, const struct weir_hello *from);
/* Are both outside of a job, or in the same one, restoring the same? */
bool weir_hello_same_job(
    const struct weir_hello *a, const struct weir_hello *b);
/*
 * A stream that comes from both: retractions if either has them, and the paths
 * of both; of a path to one source that forked, each tool as often as on the
 * side that has it most.
 */
void weir_hello_join(struct weir_hello *to, const struct weir_hello *more);
/*
 * Count one more tool on every path of h: the ordinal the tool has now (the
 * greatest over the paths, from 1).
 */
uint32_t weir_hello_count(struct weir_hello *h, const char *tool);
/*
 * The identity of a stage after h counted it: "<source>/<tool>.<ordinal>";
 * several sources are sorted and joined by "+". Malloc'd.
 */
char *weir_hello_identity(
    const struct weir_hello *h, const char *tool, uint32_t ordinal);

void weir_parts_add(struct weir_parts *p, const char *stage, const char *file);
void weir_parts_join(struct weir_parts *p, const struct weir_parts *more);
void weir_parts_fini(struct weir_parts *p);

#endif
