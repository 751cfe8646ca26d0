/*
 * sfilter - keep the events for which an expression holds.
 */
#include "cmd/tool.h"

#include <stdio.h>
#include <string.h>

enum { INVERT = WEIR_OPTION_OWN, LIMIT, QUIET, ELSE };

/* clang-format off */
static const struct weir_option options[] = {
	{INVERT, 'v', "invert", NULL, "keep where EXPR does not hold", NULL},
	{LIMIT, 'n', "limit", "N", "end after N events", NULL},
	{QUIET, 'q', "quiet", NULL,
	    "write nothing: exit 0 at the first match, else 1", NULL},
	{ELSE, 0, "else", "FILE", "write the other events to FILE", "FILE"},
	{0, 0, NULL, NULL, NULL, NULL}
};
static const struct weir_option *const tables[] = {
	options, weir_common_options,
};
static const struct weir_command command = {
	.name = "sfilter",
	.synopsis = "[-v] [-n N] [-q] [--else=FILE] EXPR [FILE...]",
	.summary = "keep the events for which an expression holds",
	.example =
	    "tail -F app.log | "
	    "sfilter 'status >= 500 && path.startsWith(\"/api\")'",
	.tables = tables,
	.ntables = 2
};
/* clang-format on */

struct filter {
	struct weir_expr *expr;
	bool invert, quiet, limited;
	uint64_t left; /* so many events may still come out */
	struct weir_side *others;
	struct weir_metrics *metrics;
};

/* Does event i stay? 1, 0; -1 if the expression failed, with *err. */
static inline int
stays(const struct filter *f, struct weir_arena *arena,
    const struct weir_block *b, uint32_t i, struct weir_error *err)
{
	struct weir_row row = weir_stage_row(b, i);
	int holds;

	weir_arena_reset(arena);
	holds = weir_expr_test(f->expr, &row, arena, err);
	return holds < 0 ? -1 : holds != (int)f->invert;
}

static int
keep(struct filter *f, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	f->left -= n;
	if (f->left == 0)
		weir_stage_finish(st, WEIR_OK);
	return f->quiet ? 1 : weir_stage_pass(st, b, i, n, err);
}

/* Event i does not stay (verdict 0), or cannot be judged (-1). */
static int
leave(struct filter *f, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, int verdict, struct weir_error *err)
{
	struct weir_error why;

	if (verdict < 0) {
		why = *err;
		return weir_stage_bad(st, b, i, why.text, err);
	}
	f->metrics->dropped++;
	return f->others != NULL ? weir_side_event(f->others, b, i, err) : 1;
}

/* Neighbours that stay are passed on together. */
static int
events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_arena *arena = weir_stage_arena(st);
	struct filter *f = self;
	uint32_t end = i + n, from;
	int verdict = 0;

	for (; i < end; i++) {
		for (from = i; i < end && i - from < f->left; i++) {
			verdict = stays(f, arena, b, i, err);
			if (verdict <= 0)
				break;
		}
		if (i > from && keep(f, st, b, from, i - from, err) < 0)
			return -1;
		if (i == end || f->left == 0)
			return 1;
		if (leave(f, st, b, i, verdict, err) < 0)
			return -1;
	}
	return 1;
}

static int
open_filter(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct filter *f = self;

	if (f->quiet && weir_stage_hello(st)->job)
		return weir_fail(err, WEIR_USAGE,
		    "-q writes nothing: inside a job the stream must go on");
	f->metrics = weir_stage_metrics(st);
	if (f->left == 0)
		weir_stage_finish(st, WEIR_OK);
	return 1;
}

/* Inside a job -n counts on where it was. */
static int
save(void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct filter *f = self;
	char line[64];
	int len = snprintf(
	    line, sizeof line, "{\"left\":%llu}", (unsigned long long)f->left);

	return f->limited ? weir_snapshot_line(w, line, (size_t)len, err) : 1;
}

static int
load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct filter *f = self;
	unsigned long long left;
	char text[64];

	snprintf(text, sizeof text, "%.*s", (int)line.len, line.s);
	if (sscanf(text, "{\"left\":%llu}", &left) != 1)
		return weir_fail(err, WEIR_STATE,
		    "saved state of -n is not "
		    "its count");
	f->left = left;
	if (f->left == 0)
		weir_stage_finish(st, WEIR_OK);
	return 1;
}

static int
finish(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct filter *f = self;

	(void)err;
	if (f->quiet && f->left > 0)
		weir_stage_finish(st, WEIR_NO);
	return 1;
}

static const struct weir_stage_ops ops = {.open = open_filter,
    .events = events,
    .finish = finish,
    .save = save,
    .load = load};

int
main(int argc, char **argv)
{
	struct filter f = {.left = UINT64_MAX};
	struct weir_scope scope = {0};
	struct weir_error err;
	struct weir_stage *st;
	struct tool t;
	const char *expr, *others = NULL;
	char limit[32];
	int id, status;

	tool_init(&t, &command, argc, argv);
	while ((id = tool_option(&t)) != 0)
		switch (id) {
		case INVERT: f.invert = true; break;
		case LIMIT:
			f.left = tool_number(&t, UINT64_MAX / 16);
			f.limited = true;
			break;
		case QUIET: f.quiet = true; break;
		case ELSE: others = t.opt.value; break;
		}
	expr = tool_operand(&t, "EXPR");
	tool_files(&t);
	if (f.quiet && others != NULL)
		tool_usage(&t, "--quiet writes nothing: --else cannot be");
	if (f.limited) {
		snprintf(
		    limit, sizeof limit, "-n %llu", (unsigned long long)f.left);
		t.config.fingerprint = limit;
	}
	if (f.quiet) {
		f.left = 1;
		t.config.out_fd = -1;
	}
	st = weir_stage_new(&t.config, &ops, &f);
	scope.prover = weir_stage_prover(st);
	f.expr =
	    weir_expr_compile(&scope, expr, strlen(expr), "expression", &err);
	if (f.expr == NULL)
		tool_fail(&t, &err);
	if (others != NULL)
		f.others = weir_stage_side(st, others);
	status = tool_run(&t, st);
	weir_expr_free(f.expr);
	weir_stage_free(st);
	return status;
}
