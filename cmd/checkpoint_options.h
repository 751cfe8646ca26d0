/*
 * checkpoint_options.h - the command line of scheckpoint.
 */
#ifndef WEIR_CMD_CHECKPOINT_OPTIONS_H
#define WEIR_CMD_CHECKPOINT_OPTIONS_H

#include "cmd/tool.h"

#include "stream/supervise.h"

#define CHECKPOINT_DROP_MAX 64

enum checkpoint_command {
	CHECKPOINT_RUN,
	CHECKPOINT_SOURCE,
	CHECKPOINT_SINK,
	CHECKPOINT_LIST,
	CHECKPOINT_SHOW,
	CHECKPOINT_VERIFY
};

struct checkpoint {
	struct tool tool;
	struct weir_supervise_config job;
	const char *drop[CHECKPOINT_DROP_MAX];
	const char *source, *sink; /* as given */
	bool skip_gap;
};

/* Which command it is, with its options taken; operands are left. */
enum checkpoint_command checkpoint_options(
    struct checkpoint *c, int argc, char **argv);

#endif
