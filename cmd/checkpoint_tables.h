/*
 * checkpoint_tables.h - the options of scheckpoint and of its commands.
 */
#ifndef WEIR_CMD_CHECKPOINT_TABLES_H
#define WEIR_CMD_CHECKPOINT_TABLES_H

#include "cmd/checkpoint_options.h"

enum checkpoint_option {
	DIRECTORY = WEIR_OPTION_OWN,
	SOURCE,
	SINK,
	EVERY,
	ONCE,
	GUARANTEE,
	VISIBLE,
	FROM,
	ON_GAP,
	DROP_STATE,
	RESTARTS,
	KEEP,
	SHELL,
	REWIND,
	SPOOL,
	SAVEPOINT,
	ROLL,
	SINK_PATH
};

/* By enum checkpoint_command, and scheckpoint without one of them. */
extern const struct weir_command
    *const checkpoint_commands[CHECKPOINT_COMMANDS];
extern const struct weir_command checkpoint_all;

#endif
