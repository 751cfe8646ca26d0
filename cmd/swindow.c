/*
 * swindow - group events, and aggregate over windows of event time.
 */
#include "cmd/tool.h"
#include "op/swindow.h"

#include <string.h>

enum {
	WINDOW = WEIR_OPTION_OWN,
	KEY,
	OFFSET,
	ZONE,
	LATENESS,
	LATE,
	EMIT,
	MODE,
	PROC_TIME,
	HAVING,
	TOP,
	MAX_STATE,
	ID,
	EPOCH
};

/* clang-format off */
static const struct weir_option options[] = {
	{WINDOW, 'w', "window", "WINDOW",
	    "1m, 10m/1m, session:30s, cumulate:1d/1h, count:100, global", NULL},
	{KEY, 'k', "key", "KEYS", "group by these", NULL},
	{OFFSET, 0, "offset", "DUR",
	    "shift where windows start; may be negative", NULL},
	{ZONE, 0, "tz", "ZONE",
	    "1d, 1w, 1mo and 1y follow the calendar of this zone", NULL},
	{LATENESS, 0, "lateness", "DUR",
	    "how long late events correct a closed window (0s)", NULL},
	{LATE, 0, "late", "drop|FILE",
	    "drop what is later still, or write it to FILE", "drop|FILE"},
	{EMIT, 0, "emit", "WHEN",
	    "final, update (each change), every:DUR (final)",
	    "final|update|every:"},
	{MODE, 0, "mode", "MODE",
	    "an update is accumulate, discard or retract (accumulate)",
	    "accumulate|discard|retract"},
	{PROC_TIME, 0, "proc-time", NULL, "windows of arrival time", NULL},
	{HAVING, 0, "having", "EXPR", "keep the groups for which it holds", NULL},
	{TOP, 0, "top", "N:EXPR",
	    "keep the N groups with the largest EXPR", NULL},
	{MAX_STATE, 0, "max-state", "SIZE",
	    "stop if open windows need more memory", NULL},
	{ID, 0, "id", "NAME", "identity of the state in a job", NULL},
	{EPOCH, 0, "epoch", "s|ms|us|ns",
	    "times in results as numbers since 1970", "s|ms|us|ns"},
	{0, 0, NULL, NULL, NULL, NULL}
};
static const struct weir_option *const tables[] = {
	options, weir_common_options,
};
static const struct weir_command command = {
	.name = "swindow",
	.synopsis = "-w WINDOW [-k KEYS] [options] AGGREGATES [FILE...]",
	.summary = "group events, and aggregate over windows of event time",
	.example =
	    "swindow -t ts -w 1m -k host 'n = count(), worst = max(ms)' "
	    "app.log",
	.tables = tables,
	.ntables = 2
};
/* clang-format on */

static enum weir_time_unit
read_unit(struct tool *t)
{
	static const char *const names[] = {"s", "ms", "us", "ns"};
	static const enum weir_time_unit units[] = {
	    WEIR_S, WEIR_MS, WEIR_US, WEIR_NS};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(t->opt.value, names[i]) == 0)
			return units[i];
	tool_usage(t, "--epoch is one of s, ms, us and ns");
}

static void
read_options(struct tool *t, struct weir_swindow_config *c)
{
	int id;

	while ((id = tool_option(t)) != 0)
		switch (id) {
		case WINDOW: c->window = t->opt.value; break;
		case KEY: c->keys = t->opt.value; break;
		case OFFSET: c->offset = t->opt.value; break;
		case ZONE: c->zone = t->opt.value; break;
		case LATENESS: c->lateness = t->opt.value; break;
		case EMIT: c->emit = t->opt.value; break;
		case MODE: c->mode = t->opt.value; break;
		case PROC_TIME: t->config.proc_time = true; break;
		case HAVING: c->having = t->opt.value; break;
		case TOP: c->top = t->opt.value; break;
		case LATE: c->late = tool_file_or_drop(t); break;
		case MAX_STATE: c->max_state = tool_size(t); break;
		case ID: t->config.id = t->opt.value; break;
		case EPOCH: c->epoch = read_unit(t); break;
		}
	if (c->window == NULL)
		tool_usage(t, "how long is a window? Say -w, as in -w 1m");
}

int
main(int argc, char **argv)
{
	struct weir_swindow_config c = {.epoch = WEIR_RFC3339};
	struct weir_swindow *sw;
	struct weir_error err;
	struct weir_stage *st;
	struct tool t;
	int status;

	tool_init(&t, &command, argc, argv);
	read_options(&t, &c);
	c.aggregates = tool_operand(&t, "AGGREGATES");
	t.config.needs_time = !t.config.proc_time &&
	    strcmp(c.window, "global") != 0 &&
	    strncmp(c.window, "count:", 6) != 0;
	tool_files(&t);
	t.late_file = c.late;
	sw = weir_swindow_new(&c, &err);
	if (sw == NULL)
		tool_fail(&t, &err);
	t.config.fingerprint = weir_swindow_fingerprint(sw);
	t.config.terms = weir_swindow_terms(sw);
	st = weir_stage_new(&t.config, weir_swindow_ops(sw), sw);
	if (weir_swindow_attach(sw, st, &err) < 0)
		tool_fail(&t, &err);
	status = tool_run(&t, st);
	weir_stage_free(st);
	weir_swindow_free(sw);
	return status;
}
