/*
 * sjoin - join two streams of events, or a stream with a table.
 */
#include "cmd/tool.h"
#include "cmd/tool_signal.h"
#include "op/sjoin.h"
#include "stream/formats.h"

#include <string.h>

enum {
	KEY = WEIR_OPTION_OWN,
	LEFT_KEY,
	RIGHT_KEY,
	WITHIN,
	WINDOW,
	TABLE,
	STATIC,
	TABLE_TABLE,
	TYPE,
	WHERE,
	DELETE_IF,
	TTL,
	PROJECT,
	NEST,
	MODE,
	LATE,
	/* Of one side; right's follow left's. */
	LEFT_TIME,
	RIGHT_TIME,
	LEFT_INPUT,
	RIGHT_INPUT,
	LEFT_MAX_DELAY,
	RIGHT_MAX_DELAY,
	MAX_STATE,
	ID
};

/* clang-format off */
static const struct weir_option options[] = {
	{KEY, 'k', "key", "KEYS", "what both have in common", NULL},
	{LEFT_KEY, 0, "left-key", "KEYS", "the same, of the left", NULL},
	{RIGHT_KEY, 0, "right-key", "KEYS", "the same, of the right", NULL},
	{WITHIN, 0, "within", "DUR|LO,HI",
	    "right.time - left.time is between these", NULL},
	{WINDOW, 0, "window", "WINDOW",
	    "both are in the same window: 5m, 10m/5m", NULL},
	{TABLE, 0, "table", NULL,
	    "the newest right event as of the left's time", NULL},
	{STATIC, 0, "static", NULL,
	    "right is a lookup file (SIGHUP: read it again)", NULL},
	{TABLE_TABLE, 0, "table-table", NULL,
	    "both are changelogs: the pair, at each change", NULL},
	{TYPE, 0, "type", "TYPE",
	    "inner, left, right, outer, semi, anti (inner)",
	    "inner|left|right|outer|semi|anti"},
	{WHERE, 0, "where", "EXPR", "further condition on left and right", NULL},
	{DELETE_IF, 0, "delete-if", "EXPR",
	    "rows for which it holds delete their key", NULL},
	{TTL, 0, "ttl", "DUR", "how long rows live (for ever)", NULL},
	{PROJECT, 'p', "project", "ASSIGNMENTS",
	    "shape the result, from left and right", NULL},
	{NEST, 0, "nest", NULL, "results are {\"left\":…,\"right\":…}", NULL},
	{MODE, 0, "mode", "MODE", "accumulate or retract (accumulate)",
	    "accumulate|retract"},
	{LATE, 0, "late", "drop|FILE",
	    "drop late events, or write them to FILE", "drop|FILE"},
	{MAX_STATE, 0, "max-state", "SIZE",
	    "stop if what is kept needs more memory", NULL},
	{ID, 0, "id", "NAME", "identity of the state in a job", NULL},
	{0, 0, NULL, NULL, NULL, NULL}
};
static const struct weir_option side_options[] = {
	{LEFT_TIME, 0, "left-time", "EXPR", "-t of the left", NULL},
	{RIGHT_TIME, 0, "right-time", "EXPR", "-t of the right", NULL},
	{LEFT_INPUT, 0, "left-input", "FORMAT", "-i of the left", NULL},
	{RIGHT_INPUT, 0, "right-input", "FORMAT", "-i of the right", NULL},
	{LEFT_MAX_DELAY, 0, "left-max-delay", "DUR",
	    "--max-delay of the left", NULL},
	{RIGHT_MAX_DELAY, 0, "right-max-delay", "DUR",
	    "--max-delay of the right", NULL},
	{0, 0, NULL, NULL, NULL, NULL}
};
static const struct weir_option *const tables[] = {
	options, side_options, weir_common_options,
};
static const struct weir_command command = {
	.name = "sjoin",
	.synopsis = "-k KEYS [--within=DUR | --table | --static] [options] "
	    "LEFT RIGHT",
	.summary = "join two streams of events, or a stream with a table",
	.example =
	    "sjoin -t ts -k order_id --within=15m orders.ndjson "
	    "payments.ndjson",
	.tables = tables,
	.ntables = 3
};
/* clang-format on */

/* What the options say of one side. */
struct side {
	int64_t max_delay_ns;
	struct weir_convert_options convert;
};

static void
read_format(struct tool *t, struct weir_operand_config *o, struct side *side)
{
	struct weir_stage_config c = {.convert = t->config.convert};
	struct weir_error err;

	if (weir_formats_set_input(&c, t->opt.value, &err) < 0)
		tool_usage(t, "--%s: %s", t->opt.option->name, err.text);
	o->input = c.input;
	side->convert = c.convert;
	o->convert = &side->convert;
}

static void
read_delay(struct tool *t, struct weir_operand_config *o, struct side *side)
{
	struct weir_error err;

	if (weir_duration_read(t->opt.value, strlen(t->opt.value),
		&side->max_delay_ns, &err) < 0)
		tool_usage(t, "--%s: %s", t->opt.option->name, err.text);
	if (side->max_delay_ns < 0)
		tool_usage(
		    t, "--%s: it cannot be negative", t->opt.option->name);
	o->max_delay_ns = &side->max_delay_ns;
}

/* An option of one side. */
static void
read_side(struct tool *t, int id, struct weir_operand_config *operands,
    struct side *sides)
{
	int side = (id - LEFT_TIME) % 2;
	struct weir_operand_config *o = &operands[side];

	switch (id - side) {
	case LEFT_TIME:
		o->time = t->opt.value;
		o->time_option =
		    side == WEIR_LEFT ? "--left-time" : "--right-time";
		break;
	case LEFT_INPUT: read_format(t, o, &sides[side]); break;
	case LEFT_MAX_DELAY: read_delay(t, o, &sides[side]); break;
	}
}

static void
read_options(struct tool *t, struct weir_sjoin_config *c,
    struct weir_operand_config *operands, struct side *sides)
{
	int id;

	while ((id = tool_option(t)) != 0)
		switch (id) {
		case KEY: c->keys = t->opt.value; break;
		case LEFT_KEY: c->left_keys = t->opt.value; break;
		case RIGHT_KEY: c->right_keys = t->opt.value; break;
		case WITHIN: c->within = t->opt.value; break;
		case WINDOW: c->window = t->opt.value; break;
		case TABLE: c->table = true; break;
		case STATIC: c->fixed = true; break;
		case TABLE_TABLE: c->tables = true; break;
		case TYPE: c->type = t->opt.value; break;
		case WHERE: c->where = t->opt.value; break;
		case DELETE_IF: c->delete_if = t->opt.value; break;
		case TTL: c->ttl = t->opt.value; break;
		case PROJECT: c->project = t->opt.value; break;
		case NEST: c->nest = true; break;
		case MODE: c->mode = t->opt.value; break;
		case LATE: c->late = tool_file_or_drop(t); break;
		case MAX_STATE: c->max_state = tool_size(t); break;
		case ID: t->config.id = t->opt.value; break;
		default: read_side(t, id, operands, sides); break;
		}
}

/* What the stage is to do for such a join. */
static void
set_stage(struct tool *t, const struct weir_sjoin *sj,
    struct weir_operand_config *operands)
{
	struct weir_stage_config *c = &t->config;

	if (c->nfiles != 2)
		tool_usage(t, "two files are joined, LEFT and RIGHT: %s",
		    c->nfiles < 2 ? "one is missing (- is standard input)"
				  : "there are more");
	if (strcmp(c->files[0], "-") == 0 && strcmp(c->files[1], "-") == 0)
		tool_usage(t, "only one of LEFT and RIGHT can be -");
	c->prove = true;
	c->needs_time = weir_sjoin_how(sj) != WEIR_JOIN_STATIC;
	operands[WEIR_RIGHT].table = !c->needs_time;
	if (operands[WEIR_RIGHT].table)
		tool_reread(c);
	c->fingerprint = weir_sjoin_fingerprint(sj);
	c->terms = weir_sjoin_terms(sj);
}

int
main(int argc, char **argv)
{
	struct weir_sjoin_config c = {.keys = NULL};
	struct weir_operand_config operands[2] = {{.time = NULL}};
	struct side sides[2] = {{.max_delay_ns = 0}};
	struct weir_sjoin *sj;
	struct weir_error err;
	struct weir_stage *st;
	struct tool t;
	int status;

	tool_init(&t, &command, argc, argv);
	read_options(&t, &c, operands, sides);
	t.config.operands = operands;
	t.config.noperands = 2;
	tool_files(&t);
	for (int side = WEIR_LEFT; side <= WEIR_RIGHT; side++)
		c.time[side] = operands[side].time != NULL ? operands[side].time
							   : t.config.time;
	c.time_unit = t.config.time_unit;
	c.time_format = t.config.time_format;
	t.late_file = c.late;
	sj = weir_sjoin_new(&c, &err);
	if (sj == NULL)
		tool_fail(&t, &err);
	set_stage(&t, sj, operands);
	st = weir_stage_new(&t.config, weir_sjoin_ops(sj), sj);
	if (weir_sjoin_attach(sj, st, &err) < 0)
		tool_fail(&t, &err);
	status = tool_run(&t, st);
	weir_stage_free(st);
	weir_sjoin_free(sj);
	return status;
}
