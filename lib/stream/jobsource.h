/*
 * jobsource.h - the operator of a job's source: cut on order, know the place.
 *
 * It passes events on as they are read. Orders come through the control pipe:
 * `barrier N` puts a barrier into the stream here, `end N complete` or `end N
 * suspended` ends it, and `committed` says that a checkpoint was. Its part is
 * the place in the file, so that the next incarnation reads on exactly behind the
 * last event before the barrier. A pipe is read through its spool.
 */
#ifndef WEIR_STREAM_JOBSOURCE_H
#define WEIR_STREAM_JOBSOURCE_H

#include "stream/spawn.h"
#include "stream/stage.h"

struct weir_jobsource_config {
	bool skip_gap;	/* if the saved place is gone, warn, and read what is
			  there from its start */
	uint64_t spool; /* bytes that the spool of a pipe may have; 0: none */
};

struct weir_jobsource;

/*
 * Make one for weir_stage_run(). c holds the options; what the role says is set
 * here; all is borrowed. If the job is gone (the control pipe has ended), the
 * run fails with an empty text.
 */
struct weir_jobsource *weir_jobsource_new(const struct weir_stage_config *c,
    const struct weir_role *role, const struct weir_jobsource_config *config);
struct weir_stage *weir_jobsource_stage(struct weir_jobsource *s);
void weir_jobsource_free(struct weir_jobsource *s);

#endif
