/*
 * The list of aggregates: from its text, for fingerprints, and compiled.
 */
#include "op/aggregate.h"

#include "base/mem.h"
#include "base/text.h"
#include "expr/source.h"
#include "op/column.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
fail_at(const struct weir_aggs *aggs, const struct weir_ast *at,
    const char *text, struct weir_error *err)
{
	struct weir_source src = {.text = aggs->items.text,
	    .len = aggs->items.len,
	    .what = "aggregates",
	    .err = err};

	return weir_source_fail(&src, at->pos, "%s", text);
}

/* --- constants --- */

static int
is_name(void *arg, struct weir_str name)
{
	(void)arg;
	(void)name;
	return 1;
}

/* The value of an argument that must be the same for every event. */
static int
read_constant(const struct weir_aggs *aggs, const struct weir_ast *ast,
    struct weir_arena *arena, struct weir_expr **x, struct weir_value *v,
    struct weir_error *err)
{
	struct weir_scope scope = {.no_fields = true};
	struct weir_row row = {0};
	struct weir_error why = {.text = "it has no value"};

	*x = weir_expr_compile_ast(
	    &scope, ast, aggs->items.text, aggs->items.len, "aggregates", err);
	if (*x == NULL)
		return weir_ast_names(ast, is_name, NULL)
		    ? fail_at(aggs, ast,
			  "this must be a constant, without fields", err)
		    : -1;
	if (weir_expr_eval(*x, &row, arena, v, &why) > 0)
		return 1;
	return fail_at(aggs, ast, why.text, err);
}

/* Make the aggregate's params out of the arguments behind its values. */
static int
prepare(const struct weir_aggs *aggs, const struct weir_ast *ast, size_t nargs,
    struct weir_agg *agg, struct weir_error *err)
{
	struct weir_expr *exprs[WEIR_AGG_CONSTS_MAX] = {0};
	struct weir_value values[WEIR_AGG_CONSTS_MAX] = {{0}};
	struct weir_arena arena = {0};
	struct weir_error why;
	size_t n = nargs - agg->nvalues;
	char text[300];
	int rc = 1;

	for (size_t i = 0; i < n && rc > 0; i++)
		rc = read_constant(aggs, weir_ast_arg(ast, agg->nvalues + i),
		    &arena, &exprs[i], &values[i], err);
	if (rc > 0 && agg->ops->prepare(&agg->params, values, n, &why) < 0) {
		snprintf(
		    text, sizeof text, "%s: %.200s", agg->ops->usage, why.text);
		rc = fail_at(aggs,
		    n > 0 ? weir_ast_arg(ast, agg->nvalues) : ast, text, err);
	}
	for (size_t i = 0; i < n; i++)
		weir_expr_free(exprs[i]);
	weir_arena_fini(&arena);
	return rc;
}

/* --- the list --- */

static int
unknown(const struct weir_aggs *aggs, const struct weir_ast *at,
    struct weir_str name, struct weir_error *err)
{
	const char *names[64], *sep = "";
	struct weir_buf b = {0};
	int near, rc;

	assert(weir_agg_nkinds <= sizeof names / sizeof *names);
	for (size_t i = 0; i < weir_agg_nkinds; i++)
		names[i] = weir_agg_kinds[i]->name;
	near = weir_nearest(name.s, name.len, names, weir_agg_nkinds);
	if (near >= 0) {
		weir_buf_printf(
		    &b, "unknown aggregate: did you mean %s?", names[near]);
	} else {
		weir_buf_printf(&b, "%s; this version knows ",
		    name.len == 0 ? "not an aggregate" : "unknown aggregate");
		for (size_t i = 0; i < weir_agg_nkinds; i++, sep = ", ")
			weir_buf_printf(&b, "%s%s", sep, names[i]);
	}
	rc = fail_at(aggs, at, weir_buf_cstr(&b), err);
	weir_buf_fini(&b);
	return rc;
}

static int
find_kind(const struct weir_aggs *aggs, const struct weir_ast *ast,
    struct weir_agg *agg, struct weir_error *err)
{
	struct weir_str name = {"", 0};
	size_t nargs = 0;
	char why[100];

	if (!weir_ast_is_call(ast, &name, &nargs))
		return unknown(aggs, ast, name, err);
	for (size_t i = 0; i < weir_agg_nkinds && agg->ops == NULL; i++)
		if (weir_str_eq(name, weir_agg_kinds[i]->name))
			agg->ops = weir_agg_kinds[i];
	if (agg->ops == NULL)
		return unknown(aggs, ast, name, err);
	agg->nvalues = nargs < agg->ops->values ? nargs : agg->ops->values;
	if (nargs >= agg->ops->min_args && nargs <= agg->ops->max_args)
		return agg->ops->prepare != NULL
		    ? prepare(aggs, ast, nargs, agg, err)
		    : 1;
	snprintf(why, sizeof why, "%zu argument%s for %s", nargs,
	    nargs == 1 ? "" : "s", agg->ops->usage);
	return fail_at(aggs, ast, why, err);
}

/* The place of an argument or condition among exprs, added if it is new. */
static size_t
intern(struct weir_aggs *aggs, const struct weir_ast *ast, bool cond)
{
	struct weir_agg_expr *x;
	struct weir_buf text = {0};
	size_t i;

	weir_ast_print(ast, &text);
	weir_buf_cstr(&text);
	for (i = 0; i < aggs->nexprs; i++)
		if (aggs->exprs[i].cond == cond &&
		    strcmp(aggs->exprs[i].canonical, text.data) == 0) {
			weir_buf_fini(&text);
			return i;
		}
	x = &aggs->exprs[aggs->nexprs++];
	x->ast = ast;
	x->canonical = text.data;
	x->cond = cond;
	return i;
}

static int
parse_item(struct weir_aggs *aggs, const struct weir_item *item,
    struct weir_agg *agg, struct weir_error *err)
{
	if (item->depth != 1)
		return fail_at(aggs, item->expr,
		    "an aggregate's name is one word, not a path", err);
	if (find_kind(aggs, item->expr, agg, err) < 0)
		return -1;
	agg->name = item->path[0];
	agg->column = weir_column(agg->name);
	agg->column_len = strlen(agg->column);
	for (size_t i = 0; i < agg->nvalues; i++)
		agg->value[i] =
		    intern(aggs, weir_ast_arg(item->expr, i), false);
	if (agg->nvalues > 0)
		aggs->exprs[agg->value[0]].texts |= agg->ops->texts;
	agg->cond =
	    item->cond != NULL ? (ptrdiff_t)intern(aggs, item->cond, true) : -1;
	agg->offset = aggs->size;
	aggs->size += agg->ops->size;
	return 1;
}

int
weir_aggs_parse(
    struct weir_aggs *aggs, const char *text, struct weir_error *err)
{
	size_t most;

	*aggs = (struct weir_aggs){0};
	if (weir_items_parse(&aggs->items, text, true, "aggregates", err) < 0)
		return -1;
	if (aggs->items.n > WEIR_AGGS_MAX)
		return weir_fail(
		    err, WEIR_USAGE, "more than %d aggregates", WEIR_AGGS_MAX);
	aggs->n = aggs->items.n;
	most = aggs->n * (WEIR_AGG_VALUES_MAX + 1);
	aggs->aggs = weir_calloc(aggs->n, sizeof *aggs->aggs);
	aggs->inputs = weir_calloc(aggs->n, sizeof *aggs->inputs);
	aggs->exprs = weir_calloc(most, sizeof *aggs->exprs);
	aggs->values = weir_calloc(most, sizeof *aggs->values);
	for (size_t i = 0; i < aggs->n; i++) {
		struct weir_agg *agg = &aggs->aggs[i];
		struct weir_agg_input *in = &aggs->inputs[i];

		if (parse_item(aggs, &aggs->items.items[i], agg, err) < 0)
			return -1;
		for (size_t k = 0; k < agg->nvalues; k++)
			in->arg[k] = &aggs->values[agg->value[k]];
		if (agg->nvalues > 0)
			in->text = &aggs->exprs[agg->value[0]].text;
	}
	return 1;
}

int
weir_aggs_compile(
    struct weir_aggs *aggs, struct weir_prover *prover, struct weir_error *err)
{
	struct weir_scope scope = {.prover = prover};

	for (size_t i = 0; i < aggs->nexprs; i++) {
		struct weir_agg_expr *x = &aggs->exprs[i];

		x->expr = weir_expr_compile_ast(&scope, x->ast,
		    aggs->items.text, aggs->items.len, "aggregates", err);
		if (x->expr == NULL)
			return -1;
		x->slot = weir_expr_field(x->expr);
	}
	return 1;
}

void
weir_aggs_print(struct weir_buf *out, const struct weir_aggs *aggs)
{
	for (size_t i = 0; i < aggs->n; i++) {
		if (i > 0)
			weir_buf_puts(out, ", ");
		weir_ast_print(aggs->items.items[i].expr, out);
		if (aggs->items.items[i].cond == NULL)
			continue;
		weir_buf_puts(out, " if ");
		weir_ast_print(aggs->items.items[i].cond, out);
	}
}

void
weir_aggs_fini(struct weir_aggs *aggs)
{
	for (size_t i = 0; aggs->aggs != NULL && i < aggs->n; i++) {
		free(aggs->aggs[i].column);
		free(aggs->aggs[i].params);
	}
	for (size_t i = 0; i < aggs->nexprs; i++) {
		free(aggs->exprs[i].canonical);
		weir_buf_fini(&aggs->exprs[i].json);
		weir_buf_fini(&aggs->exprs[i].key);
		weir_expr_free(aggs->exprs[i].expr);
	}
	free(aggs->aggs);
	free(aggs->exprs);
	free(aggs->values);
	free(aggs->inputs);
	weir_items_fini(&aggs->items);
	*aggs = (struct weir_aggs){0};
}
