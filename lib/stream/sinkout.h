/*
 * sinkout.h - where a job's sink writes its output.
 *
 * Events go to a temporary file in out/, which a barrier cuts off: the process
 * that captures makes it durable as out/<sink>.<n>.<epoch>, while the sink goes
 * on in the next one. If output is visible before it is committed, they go to
 * the visible file itself: then a barrier notes how long it is, and who
 * captures makes it durable up to there.
 */
#ifndef WEIR_STREAM_SINKOUT_H
#define WEIR_STREAM_SINKOUT_H

#include "stream/roll.h"
#include "stream/sinkpart.h"
#include "stream/stage.h"

struct weir_sinkout {
	struct weir_stage *stage; /* whose operator it is, for reports */
	enum weir_format format;
	int out_fd;
	struct weir_roll *roll; /* in place of a writer, for a directory */
	/* it is the visible file; its length at the last barrier */
	bool now;
	uint64_t end;
	/* being written; fd -1: no event since the barrier, and not now */
	char tmp[32];
	int fd;
	struct weir_writer *writer;
	bool dirty; /* now: something since the barrier */
	/* cut off, and not known to be visible */
	size_t ncuts, cap;
	struct weir_cut *cuts;
};

#define WEIR_SINKOUT                                                           \
	{                                                                      \
		.out_fd = -1, .fd = -1                                         \
	}

/*
 * Write to the end of the visible file from now on. Recovery has cut it, and
 * nobody else writes there as long as our epoch lives.
 */
int weir_sinkout_now(
    struct weir_sinkout *o, const char *path, struct weir_error *err);
/* Has nothing come since the barrier? */
bool weir_sinkout_clean(const struct weir_sinkout *o);
int weir_sinkout_events(struct weir_sinkout *o, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err);
/*
 * Cut off what came since the barrier before; it will be called name. all: what
 * a directory has open is finished, however young it is.
 */
int weir_sinkout_cut(
    struct weir_sinkout *o, const char *name, bool all, struct weir_error *err);
/* In the process that captures: make it durable, and list it in the part. */
int weir_sinkout_save(
    struct weir_sinkout *o, struct weir_sinkpart *p, struct weir_error *err);
void weir_sinkout_fini(struct weir_sinkout *o);

#endif
