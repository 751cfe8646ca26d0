/*
 * smap - compute fields of events.
 */
#include "cmd/tool.h"
#include "op/smap.h"

#include <fcntl.h>

enum { PROJECT = WEIR_OPTION_OWN, DROP, EACH, NULL_INPUT };

/* clang-format off */
static const struct weir_option options[] = {
	{PROJECT, 'p', "project", NULL, "put out only what is listed", NULL},
	{DROP, 'x', "drop", "FIELD,...", "remove these fields", NULL},
	{EACH, 0, "each", "EXPR",
	    "an event for each element (it, index) of a list", NULL},
	{NULL_INPUT, 'n', "null-input", NULL,
	    "no input: evaluate once", NULL},
	{0, 0, NULL, NULL, NULL, NULL}
};
static const struct weir_option *const tables[] = {
	options, weir_common_options,
};
static const struct weir_command command = {
	.name = "smap",
	.synopsis = "[-p] [-x FIELD,...] [--each=EXPR] [-n] ASSIGNMENTS "
	    "[FILE...]",
	.summary = "compute fields of events",
	.example =
	    "smap -p 'host, sev = status >= 500 ? \"error\" : \"ok\", "
	    "ms = latency_ms * 1000' app.log",
	.tables = tables,
	.ntables = 2
};
/* clang-format on */

static void
read_options(struct tool *t, struct weir_smap_config *c)
{
	int id;

	while ((id = tool_option(t)) != 0)
		switch (id) {
		case PROJECT: c->project = true; break;
		case DROP: c->drop = t->opt.value; break;
		case EACH: c->each = t->opt.value; break;
		case NULL_INPUT: c->null_input = true; break;
		}
	c->assignments = tool_operand(t, "ASSIGNMENTS");
	t->config.prove = !c->project;
	if (c->project && c->drop != NULL)
		tool_usage(t,
		    "--project leaves out what is not listed: "
		    "--drop says nothing more");
	if (!c->null_input)
		return;
	if (t->opt.at < t->opt.argc)
		tool_usage(t, "--null-input reads no FILE");
	t->config.in_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int
main(int argc, char **argv)
{
	struct weir_smap_config c = {0};
	struct weir_smap *sm;
	struct weir_error err;
	struct weir_stage *st;
	struct tool t;
	int status;

	tool_init(&t, &command, argc, argv);
	read_options(&t, &c);
	tool_files(&t);
	sm = weir_smap_new();
	st = weir_stage_new(&t.config, &weir_smap_ops, sm);
	if (weir_smap_compile(sm, &c, weir_stage_prover(st), &err) < 0)
		tool_fail(&t, &err);
	status = tool_run(&t, st);
	weir_stage_free(st);
	weir_smap_free(sm);
	return status;
}
