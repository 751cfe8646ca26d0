/*
 * jobsink.h - the operator of a job's sink: output as pending files.
 *
 * Events go to a temporary file in out/. A barrier cuts it off: the process
 * that captures makes it durable as out/<sink>.<n>.<epoch> and publishes the
 * sink's part (sinkpart.h), while the sink reads on into the next file. What is
 * visible is the committer's alone to write.
 */
#ifndef WEIR_STREAM_JOBSINK_H
#define WEIR_STREAM_JOBSINK_H

#include "stream/roll.h"
#include "stream/spawn.h"
#include "stream/stage.h"

struct weir_jobsink_config {
	const char *dir;      /* state directory; the HELLO must say the same */
	const char *pipeline; /* to name a foreign stage, or NULL */
	bool no_input;	      /* its standard input is empty */
	enum weir_format output;      /* of the visible file; not frames */
	struct weir_roll_config roll; /* of a directory */
};

struct weir_jobsink;

/*
 * Make one for weir_stage_run(); all is borrowed. If the job is gone (the
 * control pipe has ended) the run ends without a word. NULL with *err if a path
 * does not compile.
 */
struct weir_jobsink *weir_jobsink_new(const struct weir_stage_config *c,
    const struct weir_role *role, const struct weir_jobsink_config *config,
    struct weir_error *err);
struct weir_stage *weir_jobsink_stage(struct weir_jobsink *s);
void weir_jobsink_free(struct weir_jobsink *s);

#endif
