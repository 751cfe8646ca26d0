/*
 * smerge - merge streams of events into one, in the order of time.
 */
#include "cmd/tool.h"
#include "op/smerge.h"

#include <string.h>

enum { SORT = WEIR_OPTION_OWN, LATE, MAX_STATE, ID };

/* clang-format off */
static const struct weir_option options[] = {
	{SORT, 0, "sort", NULL,
	    "fully, by event time, as the watermark passes", NULL},
	{LATE, 0, "late", "drop|pass|FILE",
	    "what comes too late to be sorted (drop)", "drop|pass|FILE"},
	{MAX_STATE, 0, "max-state", "SIZE",
	    "stop if events that wait need more memory", NULL},
	{ID, 0, "id", "NAME", "identity of the state in a job", NULL},
	{0, 0, NULL, NULL, NULL, NULL}
};
static const struct weir_option *const tables[] = {
	options, weir_common_options,
};
static const struct weir_command command = {
	.name = "smerge",
	.synopsis = "-t EXPR [--sort] [options] FILE...",
	.summary = "merge streams of events into one, in the order of time",
	.example =
	    "smerge -t ts --sort --max-delay=5s web-1.log web-2.log",
	.tables = tables,
	.ntables = 2
};
/* clang-format on */

static void
read_options(struct tool *t, struct weir_smerge_config *c)
{
	bool late = false;
	int id;

	while ((id = tool_option(t)) != 0)
		switch (id) {
		case SORT: c->sort = true; break;
		case LATE:
			late = true;
			c->pass_late = strcmp(t->opt.value, "pass") == 0;
			c->late = c->pass_late ? NULL : tool_file_or_drop(t);
			break;
		case MAX_STATE: c->max_state = tool_size(t); break;
		case ID: t->config.id = t->opt.value; break;
		}
	if (!c->sort && (late || c->max_state > 0))
		tool_usage(t,
		    "nothing is late and nothing waits without --sort: --late "
		    "and --max-state go with it");
}

int
main(int argc, char **argv)
{
	struct weir_smerge_config c = {.sort = false};
	struct weir_smerge *m;
	struct weir_stage *st;
	struct tool t;
	int status;

	tool_init(&t, &command, argc, argv);
	read_options(&t, &c);
	t.config.needs_time = true;
	t.config.prove = c.sort;
	t.config.fingerprint = c.sort ? "smerge --sort" : NULL;
	tool_files(&t);
	t.late_file = c.late;
	t.late_passed = c.pass_late;
	m = weir_smerge_new(&c);
	st = weir_stage_new(&t.config, &weir_smerge_ops, m);
	weir_smerge_attach(m, st);
	status = tool_run(&t, st);
	weir_stage_free(st);
	weir_smerge_free(m);
	return status;
}
