/*
 * roll.h - a sink that is a directory decides which part an event goes to.
 *
 * Each event has a path below the directory ("" without --path), and each path
 * one open part, which is finished when it is large or old enough, when too
 * many are open, or when the stream ends (for now: if an age is set). What the
 * sink writes is a log of that: the pending file says what happens to which
 * part, and the committer does it to the directory (visibledir.c). The log's
 * lines, bytes behind the second kind:
 *
 *     {"open":7,"path":"2026/11/21","since":1763712000000000000,"seq":0}
 *     {"part":7,"len":1234}
 *     {"finish":7}
 */
#ifndef WEIR_STREAM_ROLL_H
#define WEIR_STREAM_ROLL_H

#include "event/block.h"
#include "event/writer.h"
#include "expr/expr.h"
#include "stream/rollstate.h"

struct weir_roll_config {
	uint64_t size_bytes; /* a part is finished at this size; 0: never */
	int64_t age_ns;	     /* or so long after it began; 0: never */
	const char *path;    /* an expression, or NULL */
};

struct weir_roll;

/*
 * Compile what the path is, of events that the prover sees. NULL with *err
 * (WEIR_USAGE). *c is borrowed; warn is told of paths that cannot be had.
 */
struct weir_roll *weir_roll_new(const struct weir_roll_config *c,
    struct weir_prover *prover, enum weir_format format,
    struct weir_error *err);
void weir_roll_warn(
    struct weir_roll *r, void (*warn)(void *ctx, const char *text), void *ctx);
void weir_roll_free(struct weir_roll *r);

/* Go on with the parts that are open. Before the first event. */
void weir_roll_restore(struct weir_roll *r, const struct weir_rollstate *s);
/* Events [i, i + n) of b, into the pending file fd. */
int weir_roll_events(struct weir_roll *r, int fd, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err);
/*
 * When the oldest part is to be finished, by the wall clock, or INT64_MAX.
 */
int64_t weir_roll_due(const struct weir_roll *r);
/* A barrier: finish what is due (all: every part), write all that waits. */
int weir_roll_cut(struct weir_roll *r, int fd, int64_t now_ns, bool all,
    struct weir_error *err);
bool weir_roll_open(const struct weir_roll *r); /* is any part open? */
int64_t weir_roll_wall_ns(void);

/* --- reading the log --- */

enum weir_roll_verb { WEIR_ROLL_OPEN, WEIR_ROLL_PART, WEIR_ROLL_FINISH };

struct weir_roll_line {
	enum weir_roll_verb verb;
	uint64_t n, len; /* len: bytes that follow (PART) */
	char path[1200]; /* OPEN */
	int64_t since_ns;
	bool seq;
};
#define WEIR_ROLL_LINE 1400 /* most bytes of a line, newline included */

/* Take a line without its newline apart: 1, or 0 if it is none of ours. */
int weir_roll_read(struct weir_roll_line *l, const char *s, size_t len);

#endif
