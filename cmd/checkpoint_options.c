#include "cmd/checkpoint_options.h"

#include "base/mem.h"
#include "base/timetext.h"
#include "stream/edges.h"

#include <string.h>

#ifdef WEIR_PROBES
#define EVERY_MIN INT64_C(1000000) /* the crash tests want many */
#else
#define EVERY_MIN INT64_C(100000000)
#endif

enum {
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
	SPOOL
};

/* clang-format off */
#define DIR_OPTION {DIRECTORY, 'd', "dir", "DIR", "where state is kept", "DIR"}
#define END {0, 0, NULL, NULL, NULL, NULL}
#define JOB_OPTIONS \
	{EVERY, 0, "every", "DUR", "checkpoint interval (1s)", NULL}, \
	{ONCE, 0, "once", NULL, \
	    "take what is there, leave windows open for the next run", NULL}, \
	{GUARANTEE, 0, "guarantee", "NAME", \
	    "exactly-once: there is no other yet", "exactly-once"}, \
	{FROM, 0, "from", "WHERE", "checkpoint to start from: latest, none", \
	    "latest|none"}, \
	{ON_GAP, 0, "on-gap", "fail|skip", \
	    "when the saved place in a source is gone (fail)", "fail|skip"}, \
	{DROP_STATE, 0, "drop-state", "ID", \
	    "agree to lose the state of a stage", NULL}, \
	{KEEP, 0, "keep", "N", "completed checkpoints kept (3)", NULL}, \
	{REWIND, 0, "rewind", "TIME", NULL, NULL}, \
	{SPOOL, 0, "spool", NULL, NULL, NULL}

static const struct weir_option run_options[] = {
	DIR_OPTION,
	{SOURCE, 'i', "source", "[NAME=]FILE",
	    "what PIPELINE reads: standard input, or $NAME", "FILE"},
	{SINK, 'o', "sink", "[NAME=]FILE",
	    "where its output goes: standard output, or $NAME", "FILE"},
	JOB_OPTIONS,
	{VISIBLE, 0, "visible", "WHEN",
	    "committed: there is no other yet", "committed"},
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
	{SINK, 'o', "sink", "FILE", "where the output goes", "FILE"},
	END
};
static const struct weir_option look_options[] = {DIR_OPTION, END};
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
	LOOK("list", "", "list the checkpoints", "");
static const struct weir_command show_command =
	LOOK("show", " [N] [STAGE]", "show the state as JSON lines",
	    " in/swindow.1 | jq");
static const struct weir_command verify_command =
	LOOK("verify", "", "check everything; exit 5 if damaged", "");
static const struct weir_command *const commands[] = {&run_command,
	&source_command, &sink_command, &list_command, &show_command,
	&verify_command};
#define NCOMMANDS (sizeof commands / sizeof *commands)
static const struct weir_command all = {
	.name = "scheckpoint",
	.synopsis = "run|source|sink|list|show|verify -d DIR ...",
	.summary = "make a pipeline survive",
	.example = "scheckpoint run -d state -f -i access.log -o alerts.json "
	    "'sfilter -t ts \"status >= 500\" | "
	    "swindow -w 1m -k host \"n = count()\"'",
	.tables = no_tables, .ntables = 1,
	.subs = commands, .nsubs = NCOMMANDS
};
/* clang-format on */

/* A value of which this version knows one. */
static void
only(struct tool *t, const char *known)
{
	if (strcmp(t->opt.value, known) != 0)
		tool_usage(t, "--%s=%s: this version knows only %s",
		    t->opt.option->name, t->opt.value, known);
}

/*
 * [NAME=]FILE: the name of the end and its file. The one without a name is
 * called in or out, which *standard then says.
 */
static void
add_end(struct tool *t, size_t *n, const char **names, const char **files,
    const char **standard)
{
	bool source = t->opt.option->id == SOURCE;
	const char *s = t->opt.value, *eq = strchr(s, '=');
	size_t len = eq != NULL ? (size_t)(eq - s) : 0;

	if (*n == CHECKPOINT_ENDS_MAX)
		tool_usage(t, "more than %d of --%s", CHECKPOINT_ENDS_MAX,
		    t->opt.option->name);
	if (eq != NULL && weir_edge_name(s, len)) {
		names[*n] = weir_strndup(s, len);
		files[(*n)++] = eq + 1;
		return;
	}
	if (*standard != NULL)
		tool_usage(t,
		    "--%s was given twice without a name: give them names, as "
		    "in --%s=NAME=%s ($NAME in PIPELINE)",
		    t->opt.option->name, t->opt.option->name, s);
	*standard = names[*n] = source ? "in" : "out";
	files[(*n)++] = s;
}

static int64_t
every(struct tool *t)
{
	struct weir_error err;
	int64_t ns;

	if (weir_duration_read(t->opt.value, strlen(t->opt.value), &ns, &err) <
	    0)
		tool_usage(t, "--every: %s", err.text);
	if (ns < EVERY_MIN)
		tool_usage(t, "--every=%s: the least is 100ms", t->opt.value);
	return ns;
}

static bool
skips_gap(struct tool *t)
{
	bool skip = strcmp(t->opt.value, "skip") == 0;

	if (!skip && strcmp(t->opt.value, "fail") != 0)
		tool_usage(t, "--on-gap is fail or skip");
	return skip;
}

static void
take_options(struct checkpoint *c)
{
	struct weir_supervise_config *j = &c->job;
	struct tool *t = &c->tool;
	int id;

	while ((id = tool_option(t)) != 0)
		switch (id) {
		case DIRECTORY: j->dir = t->opt.value; break;
		case SOURCE:
			add_end(t, &j->roles.nsources, c->source_names,
			    c->sources, &j->roles.std_source);
			break;
		case SINK:
			add_end(t, &j->roles.nsinks, c->sink_names, c->sinks,
			    &j->roles.std_sink);
			break;
		case EVERY: j->every_ns = every(t); break;
		case ONCE: t->config.once = true; break;
		case GUARANTEE: only(t, "exactly-once"); break;
		case VISIBLE: only(t, "committed"); break;
		case FROM:
			j->anew = strcmp(t->opt.value, "none") == 0;
			if (!j->anew)
				only(t, "latest");
			break;
		case ON_GAP: c->skip_gap = skips_gap(t); break;
		case DROP_STATE:
			if (j->ndrop == CHECKPOINT_DROP_MAX)
				tool_usage(t, "too many --drop-state");
			c->drop[j->ndrop++] = t->opt.value;
			break;
		case RESTARTS:
			j->restarts = (unsigned)tool_number(t, 1000000);
			break;
		case KEEP: j->keep = tool_number(t, 1000000); break;
		case SHELL: j->roles.shell = t->opt.value; break;
		default:
			tool_usage(t, "--%s: not in this version",
			    t->opt.option->name);
		}
	if (j->anew && t->command == &source_command)
		tool_usage(t, "--from=none goes with run only");
	if (j->dir == NULL)
		tool_usage(t, "say where the state is kept: -d DIR");
	if (j->keep < 1)
		tool_usage(t, "--keep needs at least 1");
	if (t->config.follow && t->config.once)
		tool_usage(t,
		    "-f goes on for ever and --once does not: "
		    "give one of them");
}

enum checkpoint_command
checkpoint_options(struct checkpoint *c, int argc, char **argv)
{
	size_t i = 0;

	*c = (struct checkpoint){
	    .job = {.every_ns = 1000000000, .keep = 3, .restarts = 10}};
	while (argc > 1 && i < NCOMMANDS &&
	    strcmp(strchr(commands[i]->name, ' ') + 1, argv[1]) != 0)
		i++;
	if (argc > 1 && i < NCOMMANDS) {
		tool_init(&c->tool, commands[i], argc - 1, argv + 1);
		take_options(c);
		return (enum checkpoint_command)i;
	}
	tool_init(&c->tool, &all, argc, argv);
	tool_option(&c->tool);
	tool_usage(&c->tool, "%s: no such command",
	    tool_operand(&c->tool, "a command"));
}
