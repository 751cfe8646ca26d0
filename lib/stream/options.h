/*
 * options.h - the options that every stage has: one table, one way to set them.
 *
 * The tools parse their command line with the table; weir_run_option() of the
 * public API sets the same options by their long names.
 */
#ifndef WEIR_STREAM_OPTIONS_H
#define WEIR_STREAM_OPTIONS_H

#include "base/opt.h"
#include "stream/stage.h"

/* Ids of a tool's own options begin here. */
#define WEIR_OPTION_OWN 256

enum weir_common_option {
	WEIR_OPT_INPUT = 1,
	WEIR_OPT_OUTPUT,
	WEIR_OPT_COLUMNS,
	WEIR_OPT_JSON,
	WEIR_OPT_FRAMES,
	WEIR_OPT_TIME,
	WEIR_OPT_TIME_UNIT,
	WEIR_OPT_TIME_FORMAT,
	WEIR_OPT_MAX_DELAY,
	WEIR_OPT_WATERMARK,
	WEIR_OPT_IDLE,
	WEIR_OPT_FOLLOW,
	WEIR_OPT_ON_ERROR,
	WEIR_OPT_HEADER,
	WEIR_OPT_YEAR,
	WEIR_OPT_RETRACT,
	WEIR_OPT_MAX_LINE,
	/* The rest concerns the program around the stage. */
	WEIR_OPT_STATS,
	WEIR_OPT_PROGRESS,
	WEIR_OPT_COLOR,
	WEIR_OPT_SANDBOX,
	WEIR_OPT_COMPLETE,
	WEIR_OPT_HELP,
	WEIR_OPT_VERSION
};

extern const struct weir_option weir_common_options[]; /* ends with id 0 */

/* Defaults: standard input and output, -E skip, no time. */
void weir_stage_defaults(struct weir_stage_config *c, const char *tool);
/*
 * Set a common option that concerns the stage (up to WEIR_OPT_MAX_LINE); value
 * is borrowed. 1; 0 if id is not one of those; -1 with *err (WEIR_USAGE).
 */
int weir_stage_set(struct weir_stage_config *c, int id, const char *value,
    struct weir_error *err);
/* What goes with what: 1, or -1 with *err (WEIR_USAGE). After all are set. */
int weir_stage_check(const struct weir_stage_config *c, struct weir_error *err);

#endif
