/*
 * tool.h - what the mains of the tools share.
 *
 * A main is: tool_init(), its own options out of tool_option(), its operands,
 * tool_files(), a stage from tool_config, tool_run(). In between, tool.c sets
 * the common options, handles signals, and is the one place that prints and
 * exits. Every message is `TOOL: what is wrong`, written at once.
 */
#ifndef WEIR_CMD_TOOL_H
#define WEIR_CMD_TOOL_H

#include "cmd/tool_sandbox.h"
#include "stream/options.h"
#include "stream/stage.h"

#include <stdbool.h>

enum tool_color { TOOL_COLOR_AUTO, TOOL_COLOR_ALWAYS, TOOL_COLOR_NEVER };

struct tool {
	const struct weir_command *command;
	struct weir_opt opt;		 /* opt.value: of the option in hand */
	struct weir_stage_config config; /* filled from the common options */
	const char *late_file;		 /* where late events go, or NULL */
	bool late_passed;		 /* they were passed on */
	bool stats, progress;		 /* -S, --progress */
	enum tool_color color;
	enum sandbox sandbox;
	/* internal */
	bool progress_shown;	   /* it stands on the terminal's last line */
	bool shares_line;	   /* that of the job may stand there */
	int64_t progress_ns;	   /* when it was told last, if there is none */
	struct weir_buf first_bad; /* the first warning's text */
};

/*
 * Begin: defaults, signals. SIGINT and SIGTERM set config.stop (a second one
 * kills; both are ignored once *config.in_job), SIGUSR1 sets config.stats, and
 * each wakes config.wake_fd. SIGPIPE is ignored.
 */
void tool_init(
    struct tool *t, const struct weir_command *command, int argc, char **argv);
/*
 * The next of the tool's own options (WEIR_OPTION_OWN and up), 0 at the end.
 * Common ones are set on the way; --help and --version end the program.
 */
int tool_option(struct tool *t);
/* The next operand; it is a usage error if there is none. */
const char *tool_operand(struct tool *t, const char *what);
/* A file as an option's value, NULL for "drop". */
const char *tool_file_or_drop(const struct tool *t);
/*
 * The operands that are left are FILEs. Checks the options against each other,
 * and that standard input is no terminal if there are no FILEs.
 */
void tool_files(struct tool *t);
/* A number from 0 to max as an option's value. */
uint64_t tool_number(struct tool *t, uint64_t max);
/* A size as an option's value, in bytes; not 0. */
uint64_t tool_size(struct tool *t);

/*
 * Run the stage; afterwards tell what went wrong or was left out, and -S. The
 * result is the exit status. Does not return if a signal stopped the stage.
 */
int tool_run(struct tool *t, struct weir_stage *st);

/* Write `TOOL: text` to standard error. */
void tool_say(struct tool *t, const char *text);
/*
 * Show a line of progress instead of the one before, cut to the terminal's
 * width; clear it before the end (messages clear it by themselves).
 */
void tool_show_line(struct tool *t, struct weir_buf *line);
void tool_clear_line(struct tool *t);
/* Say err and exit with its status. */
_Noreturn void tool_fail(struct tool *t, const struct weir_error *err);
/* Say what is wrong with the command line, and how it goes; exit 2. */
_Noreturn void tool_usage(struct tool *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
