#include "cmd/checkpoint_options.h"

#include "cmd/checkpoint_sinks.h"
#include "cmd/checkpoint_tables.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/timetext.h"
#include "state/save.h"
#include "stream/edges.h"

#include <string.h>

#define NUMBER_MAX UINT64_C(999999999999999999) /* of a checkpoint */
#ifdef WEIR_PROBES
#define EVERY_MIN INT64_C(1000000) /* the crash tests want many */
#else
#define EVERY_MIN INT64_C(100000000)
#endif

#define SPOOL_DEFAULT ((uint64_t)1 << 30)

/*
 * [NAME=]FILE: the name of the end and its file. The one without a name is
 * called in or out, which *standard then says.
 */
static void
add_end(struct checkpoint *c, size_t *n, const char **names, const char **files,
    const char **standard)
{
	struct tool *t = &c->tool;
	bool source = t->opt.option->id == SOURCE;
	const char *s = t->opt.value, *eq = strchr(s, '=');
	size_t len = eq != NULL ? (size_t)(eq - s) : 0;

	if (!source && strcmp(s, "-") == 0)
		tool_usage(t,
		    "-: a sink is not standard output: say -o '|cat' (or -o "
		    "./- for a file of that name)");
	if (*n == CHECKPOINT_ENDS_MAX)
		tool_usage(t, "more than %d of --%s", CHECKPOINT_ENDS_MAX,
		    t->opt.option->name);
	if (eq != NULL && weir_edge_name(s, len)) {
		names[*n] = c->cut[c->ncut++] = weir_strndup(s, len);
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

void
checkpoint_name(struct tool *t, const char *name)
{
	char shown[128];

	if (!weir_save_name(name))
		tool_usage(t,
		    "%s: not a savepoint's name: up to %d letters, digits, - "
		    "and _, not digits alone, and not latest or none",
		    weir_show_into(shown, sizeof shown, name, strlen(name)),
		    WEIR_SAVE_NAME);
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

static uint64_t
spool(struct tool *t)
{
	struct weir_error err;
	uint64_t size = SPOOL_DEFAULT;

	if (t->opt.value != NULL &&
	    weir_size_read(t->opt.value, strlen(t->opt.value), &size, &err) < 0)
		tool_usage(t, "--spool: %s", err.text);
	return size;
}

/* A line that is not there whole yet stays in the spool. */
static void
check_spool(struct tool *t, uint64_t size)
{
	if (size > 0 && size / 2 < t->config.max_line)
		tool_usage(t,
		    "--spool is to be twice as big as the longest line, "
		    "--max-line=%zu, or more",
		    t->config.max_line);
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
set_from(struct tool *t, struct weir_origin *from)
{
	const char *s = t->opt.value;

	from->kind = WEIR_ORIGIN_LATEST;
	if (strcmp(s, "latest") == 0)
		return;
	if (strcmp(s, "none") == 0) {
		from->kind = WEIR_ORIGIN_NONE;
	} else if (*s != '\0' && strspn(s, "0123456789") == strlen(s)) {
		from->kind = WEIR_ORIGIN_CHECKPOINT;
		from->n = tool_number(t, NUMBER_MAX);
		if (from->n == 0)
			tool_usage(t, "--from=0: checkpoints begin with 1");
	} else {
		checkpoint_name(t, s);
		from->kind = WEIR_ORIGIN_SAVEPOINT;
		from->name = s;
	}
}

static void
set_rewind(struct tool *t, struct weir_origin *from)
{
	const char *s = t->opt.value;
	struct weir_time_cache cache = {0};
	char shown[128];

	from->rewinds = true;
	if (weir_time_read(&cache, s, strlen(s), &from->rewind_ns) != 1)
		tool_usage(t,
		    "--rewind=%s: not a time: say 2026-11-21T10:00:00Z (or "
		    "+01:00), or a date, which is its midnight in UTC",
		    weir_show_into(shown, sizeof shown, s, strlen(s)));
}

/* A sink that stands free is not known when its source begins. */
static void
check_from(struct tool *t, struct weir_origin *from)
{
	if (from->rewinds && from->kind != WEIR_ORIGIN_LATEST &&
	    from->kind != WEIR_ORIGIN_NONE)
		tool_usage(t,
		    "--rewind begins anew, and --from elsewhere: give one of "
		    "them");
	if (from->rewinds && t->config.time == NULL)
		tool_usage(
		    t, "--rewind goes by event time: say which it is, with -t");
	if (from->rewinds)
		from->kind = WEIR_ORIGIN_NONE;
	if (from->kind != WEIR_ORIGIN_LATEST &&
	    t->command == checkpoint_commands[CHECKPOINT_SOURCE])
		tool_usage(t, "--from and --rewind go with run only");
}

static const char *
savepoint(struct tool *t)
{
	checkpoint_name(t, t->opt.value);
	return t->opt.value;
}

static void
set_guarantee(struct checkpoint *c)
{
	struct tool *t = &c->tool;
	const char *s = t->opt.value;

	c->job.at_most_once = strcmp(s, "at-most-once") == 0;
	c->at_least_once = strcmp(s, "at-least-once") == 0;
	if (!c->job.at_most_once && !c->at_least_once &&
	    strcmp(s, "exactly-once") != 0)
		tool_usage(t,
		    "--guarantee is exactly-once, at-least-once or "
		    "at-most-once");
}

static void
set_visible(struct checkpoint *c)
{
	struct tool *t = &c->tool;

	c->visible = t->opt.value;
	if (strcmp(c->visible, "now") != 0 &&
	    strcmp(c->visible, "committed") != 0)
		tool_usage(t, "--visible is committed or now");
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
			add_end(c, &j->roles.nsources, c->source_names,
			    c->sources, &j->roles.std_source);
			break;
		case SINK:
			add_end(c, &j->roles.nsinks, c->sink_names, c->sinks,
			    &j->roles.std_sink);
			break;
		case EVERY: j->every_ns = every(t); break;
		case ONCE: t->config.once = true; break;
		case GUARANTEE: set_guarantee(c); break;
		case VISIBLE: set_visible(c); break;
		case FROM: set_from(t, &j->from); break;
		case REWIND: set_rewind(t, &j->from); break;
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
		case SAVEPOINT: c->savepoint = savepoint(t); break;
		case ROLL:
			c->rolls = true;
			checkpoint_read_roll(t, &c->roll);
			break;
		case SINK_PATH:
			c->rolls = true;
			c->roll.path = t->opt.value;
			break;
		case SHELL: j->roles.shell = t->opt.value; break;
		case SPOOL: j->spool = spool(t); break;
		default:
			tool_usage(t, "--%s: not in this version",
			    t->opt.option->name);
		}
	check_from(t, &j->from);
	if (j->dir == NULL)
		tool_usage(t, "say where the state is kept: -d DIR");
	check_spool(t, j->spool);
	if (j->spool > 0 && j->at_most_once)
		tool_usage(t,
		    "--spool keeps input to be read again, and "
		    "--guarantee=at-most-once never does: give one of them");
	checkpoint_check_writes(c);
	if (j->keep < 1)
		tool_usage(t, "--keep needs at least 1");
	if (c->rolls)
		checkpoint_check_roll(c);
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
	    .job = {.every_ns = 1000000000, .keep = 3, .restarts = 10},
	    .roll = CHECKPOINT_ROLL};
	while (argc > 1 && i < CHECKPOINT_COMMANDS &&
	    strcmp(strchr(checkpoint_commands[i]->name, ' ') + 1, argv[1]) != 0)
		i++;
	if (argc > 1 && i < CHECKPOINT_COMMANDS) {
		tool_init(&c->tool, checkpoint_commands[i], argc - 1, argv + 1);
		take_options(c);
		return (enum checkpoint_command)i;
	}
	tool_init(&c->tool, &checkpoint_all, argc, argv);
	tool_option(&c->tool);
	tool_usage(&c->tool, "%s: no such command",
	    tool_operand(&c->tool, "a command"));
}

void
checkpoint_fini(struct checkpoint *c)
{
	while (c->ncut > 0)
		free(c->cut[--c->ncut]);
}
