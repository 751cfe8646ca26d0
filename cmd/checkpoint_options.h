/*
 * checkpoint_options.h - the command line of scheckpoint.
 */
#ifndef WEIR_CMD_CHECKPOINT_OPTIONS_H
#define WEIR_CMD_CHECKPOINT_OPTIONS_H

#include "cmd/tool.h"

#include "stream/roll.h"
#include "stream/supervise.h"

#define CHECKPOINT_DROP_MAX 64
#define CHECKPOINT_ENDS_MAX 64

enum checkpoint_command {
	CHECKPOINT_RUN,
	CHECKPOINT_SOURCE,
	CHECKPOINT_SINK,
	CHECKPOINT_LIST,
	CHECKPOINT_SHOW,
	CHECKPOINT_GET,
	CHECKPOINT_VERIFY,
	CHECKPOINT_SAVE,
	CHECKPOINT_PRUNE,
	CHECKPOINT_COMMANDS /* how many */
};

struct checkpoint {
	struct tool tool;
	struct weir_supervise_config job;
	const char *drop[CHECKPOINT_DROP_MAX];
	/* what roles.source_names and the others point to; files as given */
	const char *sources[CHECKPOINT_ENDS_MAX], *sinks[CHECKPOINT_ENDS_MAX];
	const char *source_names[CHECKPOINT_ENDS_MAX];
	const char *sink_names[CHECKPOINT_ENDS_MAX];
	char *cut[2 * CHECKPOINT_ENDS_MAX]; /* names out of NAME=FILE */
	size_t ncut;
	struct weir_roll_config roll;
	bool rolls; /* --roll or --path was given */
	bool skip_gap;
	bool at_least_once;
	const char *visible;   /* as given, or NULL */
	int64_t start_ns;      /* of the run, for its progress */
	const char *savepoint; /* to remove, or NULL */
};

/* Which command it is, with its options taken; operands are left. */
enum checkpoint_command checkpoint_options(
    struct checkpoint *c, int argc, char **argv);
void checkpoint_fini(struct checkpoint *c);
/* It must be fit for a savepoint. */
void checkpoint_name(struct tool *t, const char *name);

#endif
