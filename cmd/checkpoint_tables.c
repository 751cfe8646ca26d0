/* checkpoint_tables.c - the options of scheckpoint and of its commands. */
#include "cmd/checkpoint_tables.h"

/* clang-format off */
#define DIR_OPTION {DIRECTORY, 'd', "dir", "DIR", "where state is kept", "DIR"}
#define END {0, 0, NULL, NULL, NULL, NULL}
#define ROLL_OPTIONS \
	{ROLL, 0, "roll", "LIMIT,...", \
	    "finish a part of SINK/ at a size or an age (128M,1m)", NULL}, \
	{SINK_PATH, 0, "path", "EXPR", "where in SINK/ an event goes", NULL}
#define JOB_OPTIONS \
	{EVERY, 0, "every", "DUR", "checkpoint interval (1s)", NULL}, \
	{ONCE, 0, "once", NULL, \
	    "take what is there, leave windows open for the next run", NULL}, \
	{GUARANTEE, 0, "guarantee", "NAME", \
	    "exactly-once, at-least-once, or at-most-once (skip to the end)", \
	    "exactly-once|at-least-once|at-most-once"}, \
	{FROM, 0, "from", "WHERE", \
	    "start from checkpoint N, savepoint NAME, latest or none", \
	    "latest|none"}, \
	{ON_GAP, 0, "on-gap", "fail|skip", \
	    "when the saved place in a source is gone (fail)", "fail|skip"}, \
	{DROP_STATE, 0, "drop-state", "ID", \
	    "agree to lose the state of a stage", NULL}, \
	{KEEP, 0, "keep", "N", "completed checkpoints kept (3)", NULL}, \
	{REWIND, 0, "rewind", "TIME", \
	    "start from none, at the first event not before TIME", NULL}, \
	{SPOOL, 0, "spool", "[SIZE]", \
	    "keep what pipes give on disk until it is committed (1G)", NULL}

static const struct weir_option run_options[] = {
	DIR_OPTION,
	{SOURCE, 'i', "source", "[NAME=]FILE",
	    "what PIPELINE reads: standard input, or $NAME", "FILE"},
	{SINK, 'o', "sink", "[NAME=]SINK",
	    "where standard output, or $NAME, goes: FILE, DIR/, "
	    "sqlite:FILE?table=T, '|COMMAND' (at least once)", "FILE"},
	ROLL_OPTIONS,
	JOB_OPTIONS,
	{VISIBLE, 0, "visible", "WHEN",
	    "show output once it is committed, or now (of FILE; a crash cuts it)",
	    "committed|now"},
	{RESTARTS, 0, "restarts", "N",
	    "give up after N without a new checkpoint (10)", NULL},
	{SHELL, 0, "shell", "PROG", "that runs PIPELINE (bash, else sh)", NULL},
	END
};
static const struct weir_option source_options[] = {
	DIR_OPTION, JOB_OPTIONS, END
};
static const struct weir_option sink_options[] = {
	DIR_OPTION,
	{SINK, 'o', "sink", "SINK",
	    "FILE, DIR/, sqlite:FILE?table=T, '|COMMAND' (at least once)", "FILE"},
	ROLL_OPTIONS,
	END
};
static const struct weir_option look_options[] = {DIR_OPTION, END};
static const struct weir_option prune_options[] = {
	DIR_OPTION,
	{KEEP, 0, "keep", "N", "completed checkpoints that stay (3)", NULL},
	{SAVEPOINT, 0, "savepoint", "NAME", "remove this savepoint instead", NULL},
	END
};
/* those of the common ones that make sense without a stage */
static const struct weir_option plain_options[] = {
	{WEIR_OPT_COLOR, 0, "color", "WHEN",
	    "of messages: auto, always or never", "auto|always|never"},
	{WEIR_OPT_COMPLETE, 0, "complete", "SHELL", NULL, NULL},
	{WEIR_OPT_HELP, 'h', "help", NULL, "show this and exit", NULL},
	{WEIR_OPT_VERSION, 'V', "version", NULL,
	    "show the version and exit", NULL},
	END
};

static const struct weir_option *const run_tables[] =
	{run_options, weir_common_options};
static const struct weir_option *const source_tables[] =
	{source_options, weir_common_options};
static const struct weir_option *const sink_tables[] =
	{sink_options, weir_common_options};
static const struct weir_option *const look_tables[] =
	{look_options, plain_options};
static const struct weir_option *const prune_tables[] =
	{prune_options, plain_options};
static const struct weir_option *const no_tables[] = {plain_options};

static const struct weir_command run_command = {
	.name = "scheckpoint run",
	.synopsis = "-d DIR -i [NAME=]FILE... -o [NAME=]FILE... [options] PIPELINE",
	.summary = "run a pipeline that goes on where it was after any crash",
	.example = "scheckpoint run -d state -f -i access.log -o alerts.json "
	    "'sfilter -t ts \"status >= 500\" | "
	    "swindow -w 1m -k host \"n = count()\"'",
	.tables = run_tables, .ntables = 2
};
static const struct weir_command source_command = {
	.name = "scheckpoint source",
	.synopsis = "-d DIR [-f] [options] FILE",
	.summary = "the beginning of such a pipeline of your own",
	.example = "scheckpoint source -d state -f access.log | "
	    "sfilter 'status >= 500' | scheckpoint sink -d state -o out.json",
	.tables = source_tables, .ntables = 2
};
static const struct weir_command sink_command = {
	.name = "scheckpoint sink",
	.synopsis = "-d DIR -o FILE",
	.summary = "the end of such a pipeline of your own",
	.example = "... | scheckpoint sink -d state -o out.json",
	.tables = sink_tables, .ntables = 2
};
#define LOOK(verb, args, what, sample) { \
	.name = "scheckpoint " verb, .synopsis = "-d DIR" args, \
	.summary = what, .example = "scheckpoint " verb " -d state" sample, \
	.tables = look_tables, .ntables = 2 }
static const struct weir_command list_command =
	LOOK("list", "", "list checkpoints and savepoints", "");
static const struct weir_command show_command =
	LOOK("show", " [N|NAME] [STAGE]", "show the state as JSON lines",
	    " in/swindow.1 | jq");
static const struct weir_command get_command =
	LOOK("get", " [N|NAME] STAGE KEY",
	    "show the state of one key as JSON lines", " in/swindow.1 web-1");
static const struct weir_command verify_command =
	LOOK("verify", "", "check everything; exit 5 if damaged", "");
static const struct weir_command save_command =
	LOOK("save", " NAME", "keep the newest checkpoint as a savepoint",
	    " before-upgrade");
static const struct weir_command prune_command = {
	.name = "scheckpoint prune",
	.synopsis = "-d DIR [--keep=N | --savepoint=NAME]",
	.summary = "remove old checkpoints, or a savepoint",
	.example = "scheckpoint prune -d state --keep=1",
	.tables = prune_tables, .ntables = 2
};
const struct weir_command *const checkpoint_commands[] = {
	[CHECKPOINT_RUN] = &run_command,
	[CHECKPOINT_SOURCE] = &source_command,
	[CHECKPOINT_SINK] = &sink_command,
	[CHECKPOINT_LIST] = &list_command,
	[CHECKPOINT_SHOW] = &show_command,
	[CHECKPOINT_GET] = &get_command,
	[CHECKPOINT_VERIFY] = &verify_command,
	[CHECKPOINT_SAVE] = &save_command,
	[CHECKPOINT_PRUNE] = &prune_command
};
const struct weir_command checkpoint_all = {
	.name = "scheckpoint",
	.synopsis = "run|source|sink|list|show|get|verify|save|prune -d DIR ...",
	.summary = "make a pipeline survive",
	.example = "scheckpoint run -d state -f -i access.log -o alerts.json "
	    "'sfilter -t ts \"status >= 500\" | "
	    "swindow -w 1m -k host \"n = count()\"'",
	.tables = no_tables, .ntables = 1,
	.subs = checkpoint_commands, .nsubs = CHECKPOINT_COMMANDS
};
/* clang-format on */
