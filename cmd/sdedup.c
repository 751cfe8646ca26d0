/*
 * sdedup - drop repeats.
 */
#include "cmd/tool.h"
#include "op/sdedup.h"

#include <string.h>

enum {
	KEY = WEIR_OPTION_OWN,
	WITHIN,
	KEEP,
	REFRESH,
	CHANGES,
	APPROX,
	LATE,
	MAX_STATE,
	ID
};

/* clang-format off */
static const struct weir_option options[] = {
	{KEY, 'k', "key", "KEYS", "what makes an event a repeat", NULL},
	{WITHIN, 0, "within", "DUR",
	    "how far apart two events are no repeats (never)", NULL},
	{KEEP, 0, "keep", "first|last",
	    "the first of a run at once, or the newest at its end",
	    "first|last"},
	{REFRESH, 0, "refresh", NULL, "each repeat extends the time", NULL},
	{CHANGES, 0, "changes", "EXPR",
	    "pass events where EXPR is not what it was", NULL},
	{APPROX, 0, "approx", "RATE",
	    "less memory; so many false repeats at most", NULL},
	{LATE, 0, "late", "drop|pass|FILE",
	    "events too old to be judged (drop)", "drop|pass|FILE"},
	{MAX_STATE, 0, "max-state", "SIZE",
	    "stop if what is remembered needs more memory", NULL},
	{ID, 0, "id", "NAME", "identity of the state in a job", NULL},
	{0, 0, NULL, NULL, NULL, NULL}
};
static const struct weir_option *const tables[] = {
	options, weir_common_options,
};
static const struct weir_command command = {
	.name = "sdedup",
	.synopsis = "-k KEYS [--within=DUR] [options] [FILE...]",
	.summary = "drop repeats",
	.example = "sdedup -t ts -k order_id --within=1h orders.ndjson",
	.tables = tables,
	.ntables = 2
};
/* clang-format on */

static void
read_options(struct tool *t, struct weir_sdedup_config *c)
{
	int id;

	while ((id = tool_option(t)) != 0)
		switch (id) {
		case KEY: c->keys = t->opt.value; break;
		case WITHIN: c->within = t->opt.value; break;
		case KEEP: c->keep = t->opt.value; break;
		case REFRESH: c->refresh = true; break;
		case CHANGES: c->changes = t->opt.value; break;
		case APPROX: c->approx = t->opt.value; break;
		case LATE: c->late = t->opt.value; break;
		case MAX_STATE: c->max_state = tool_size(t); break;
		case ID: t->config.id = t->opt.value; break;
		}
	if (c->keys == NULL)
		tool_usage(t,
		    "what makes an event a repeat? Say -k, as in -k id; "
		    "-k event compares whole events");
}

int
main(int argc, char **argv)
{
	struct weir_sdedup_config c = {0};
	struct weir_sdedup *sd;
	struct weir_error err;
	struct weir_stage *st;
	struct tool t;
	int status;

	tool_init(&t, &command, argc, argv);
	read_options(&t, &c);
	t.config.needs_time = c.within != NULL;
	tool_files(&t);
	if (c.late != NULL && strcmp(c.late, "pass") == 0)
		t.late_passed = true;
	else if (c.late != NULL && strcmp(c.late, "drop") != 0)
		t.late_file = c.late;
	sd = weir_sdedup_new(&c, &err);
	if (sd == NULL)
		tool_fail(&t, &err);
	t.config.fingerprint = weir_sdedup_fingerprint(sd);
	t.config.terms = weir_sdedup_terms(sd);
	st = weir_stage_new(&t.config, weir_sdedup_ops(sd), sd);
	if (weir_sdedup_attach(sd, st, &err) < 0)
		tool_fail(&t, &err);
	status = tool_run(&t, st);
	weir_stage_free(st);
	weir_sdedup_free(sd);
	return status;
}
