/*
 * The list of aggregates: from its text, for fingerprints, and compiled.
 */
#include "op/aggregate_impl.h"

#include "base/mem.h"
#include "base/text.h"
#include "expr/source.h"
#include "op/column.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
fail_at(const struct weir_agg_source *from, const struct weir_ast *at,
    const char *text, struct weir_error *err)
{
	struct weir_source src = {.text = from->text,
	    .len = from->len,
	    .what = from->what,
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
read_constant(const struct weir_agg_source *from, const struct weir_ast *ast,
    struct weir_arena *arena, struct weir_expr **x, struct weir_value *v,
    struct weir_error *err)
{
	struct weir_scope scope = {.no_fields = true};
	struct weir_row row = {0};
	struct weir_error why = {.text = "it has no value"};

	*x = weir_expr_compile_ast(
	    &scope, ast, from->text, from->len, from->what, err);
	if (*x == NULL)
		return weir_ast_names(ast, is_name, NULL)
		    ? fail_at(from, ast,
			  "this must be a constant, without fields", err)
		    : -1;
	if (weir_expr_eval(*x, &row, arena, v, &why) > 0)
		return 1;
	return fail_at(from, ast, why.text, err);
}

/* Make the aggregate's params out of the arguments behind its values. */
static int
prepare(const struct weir_agg_source *from, const struct weir_ast *ast,
    size_t nargs, struct weir_agg *agg, struct weir_error *err)
{
	struct weir_expr *exprs[WEIR_AGG_CONSTS_MAX] = {0};
	struct weir_value values[WEIR_AGG_CONSTS_MAX] = {{0}};
	struct weir_arena arena = {0};
	struct weir_error why;
	size_t n = nargs - agg->nvalues;
	char text[300];
	int rc = 1;

	for (size_t i = 0; i < n && rc > 0; i++)
		rc = read_constant(from, weir_ast_arg(ast, agg->nvalues + i),
		    &arena, &exprs[i], &values[i], err);
	if (rc > 0 && agg->ops->prepare(&agg->params, values, n, &why) < 0) {
		snprintf(
		    text, sizeof text, "%s: %.200s", agg->ops->usage, why.text);
		rc = fail_at(from,
		    n > 0 ? weir_ast_arg(ast, agg->nvalues) : ast, text, err);
	}
	for (size_t i = 0; i < n; i++)
		weir_expr_free(exprs[i]);
	weir_arena_fini(&arena);
	return rc;
}

/* --- one aggregate --- */

static const struct weir_agg_ops *
find_kind(struct weir_str name)
{
	for (size_t i = 0; i < weir_agg_nkinds; i++)
		if (weir_str_eq(name, weir_agg_kinds[i]->name))
			return weir_agg_kinds[i];
	return NULL;
}

/* Is it a call of an aggregate? Then which, else NULL. */
static const struct weir_agg_ops *
called(const struct weir_ast *ast, size_t *nargs)
{
	struct weir_str name;

	return weir_ast_is_call(ast, &name, nargs) ? find_kind(name) : NULL;
}

static int
check_args(const struct weir_agg_source *from, const struct weir_ast *ast,
    size_t nargs, struct weir_agg *agg, struct weir_error *err)
{
	char why[100];

	agg->nvalues = nargs < agg->ops->values ? nargs : agg->ops->values;
	if (nargs >= agg->ops->min_args && nargs <= agg->ops->max_args)
		return agg->ops->prepare != NULL
		    ? prepare(from, ast, nargs, agg, err)
		    : 1;
	snprintf(why, sizeof why, "%zu argument%s for %s", nargs,
	    nargs == 1 ? "" : "s", agg->ops->usage);
	return fail_at(from, ast, why, err);
}

/* The place of an argument or condition among exprs, added if it is new. */
static size_t
intern(struct weir_aggs *aggs, const struct weir_ast *ast, bool cond,
    const struct weir_agg_source *from)
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
	aggs->exprs = weir_grow(
	    aggs->exprs, &aggs->exprs_cap, i + 1, sizeof *aggs->exprs);
	x = &aggs->exprs[aggs->nexprs++];
	*x = (struct weir_agg_expr){
	    .ast = ast, .source = from, .canonical = text.data, .cond = cond};
	return i;
}

/* Canonical, and in the arena. */
static struct weir_str
print_text(struct weir_aggs *aggs, const struct weir_ast *ast,
    const struct weir_ast *cond)
{
	struct weir_buf b = {0};
	char *to;

	weir_ast_print(ast, &b);
	if (cond != NULL) {
		weir_buf_puts(&b, " if ");
		weir_ast_print(cond, &b);
	}
	weir_buf_cstr(&b);
	to = weir_arena_alloc(&aggs->items.arena, b.len + 1);
	memcpy(to, b.data, b.len + 1);
	weir_buf_fini(&b);
	return (struct weir_str){to, strlen(to)};
}

/* Let the newest aggregate share the state of an earlier one if it can. */
static void
share_state(struct weir_aggs *aggs, struct weir_agg *agg)
{
	if (agg->ops->sharing == NULL)
		return;
	for (const struct weir_agg *a = aggs->aggs; a < agg; a++)
		if (a->ops->add == agg->ops->add && a->cond == agg->cond &&
		    memcmp(a->value, agg->value, sizeof a->value) == 0) {
			agg->ops = agg->ops->sharing;
			agg->offset = a->offset;
			return;
		}
}

/* One more aggregate, which ast calls: 1 or -1. */
static int
add_aggregate(struct weir_aggs *aggs, const struct weir_ast *ast,
    const struct weir_ast *cond, const struct weir_agg_source *from,
    struct weir_error *err)
{
	struct weir_agg *agg;
	size_t nargs = 0;

	if (aggs->n == WEIR_AGGS_MAX)
		return weir_fail(
		    err, WEIR_USAGE, "more than %d aggregates", WEIR_AGGS_MAX);
	aggs->aggs =
	    weir_grow(aggs->aggs, &aggs->cap, aggs->n + 1, sizeof *aggs->aggs);
	agg = &aggs->aggs[aggs->n++];
	*agg = (struct weir_agg){.ops = called(ast, &nargs), .cond = -1};
	if (check_args(from, ast, nargs, agg, err) < 0)
		return -1;
	agg->text = print_text(aggs, ast, cond);
	for (size_t i = 0; i < agg->nvalues; i++)
		agg->value[i] = intern(aggs, weir_ast_arg(ast, i), false, from);
	if (agg->nvalues > 0)
		aggs->exprs[agg->value[0]].texts |= agg->ops->texts;
	if (cond != NULL)
		agg->cond = (ptrdiff_t)intern(aggs, cond, true, from);
	agg->offset = aggs->size;
	share_state(aggs, agg);
	aggs->size += agg->ops->size;
	return 1;
}

/* --- aggregates inside expressions --- */

struct extract {
	struct weir_aggs *aggs;
	const struct weir_ast *cond;
	const struct weir_agg_source *from;
	struct weir_error *err;
};

/* A name for a call of an aggregate, the same for equal ones. */
static int
extract_call(void *arg, const struct weir_ast **node)
{
	struct extract *x = arg;
	struct weir_aggs *aggs = x->aggs;
	const struct weir_ast *ast = *node;
	struct weir_ast *name;
	struct weir_str text;
	size_t i;

	if (called(ast, NULL) == NULL)
		return 0;
	text = print_text(aggs, ast, x->cond);
	for (i = 0; i < aggs->n && !weir_str_eq(aggs->aggs[i].text, text.s);
	     i++)
		;
	if (i == aggs->n &&
	    add_aggregate(aggs, ast, x->cond, x->from, x->err) < 0)
		return -1;
	name = weir_arena_alloc(&aggs->items.arena, sizeof *name);
	*name = (struct weir_ast){.kind = WEIR_AST_NAME,
	    .depth = 1,
	    .pos = ast->pos,
	    .len = ast->len,
	    .at = ast->at,
	    .name = text};
	*node = name;
	return 1;
}

const struct weir_ast *
weir_aggs_extract(struct weir_aggs *aggs, const struct weir_ast *ast,
    const struct weir_ast *cond, const struct weir_agg_source *source,
    struct weir_error *err)
{
	struct extract x = {aggs, cond, source, err};

	if (weir_ast_replace(&aggs->items.arena, &ast, extract_call, &x) < 0)
		return NULL;
	return ast;
}

/* --- the list --- */

static int
unknown(const struct weir_aggs *aggs, const struct weir_ast *at,
    struct weir_str name, struct weir_error *err)
{
	struct weir_buf b = {0};
	int rc;

	weir_aggs_explain(&aggs->source, at->pos, name, &b);
	rc = fail_at(&aggs->source, at, weir_buf_cstr(&b), err);
	weir_buf_fini(&b);
	return rc;
}

/* Is it a name that results have: of another column, a key or the window? */
static int
is_shown(void *arg, struct weir_str name)
{
	const struct weir_aggs *aggs = arg;

	for (size_t i = 0; i < aggs->items.n; i++)
		if (i != aggs->ncolumns && aggs->items.items[i].depth == 1 &&
		    weir_str_same(aggs->items.items[i].path[0], name))
			return 1;
	for (size_t i = 0; aggs->keys != NULL && i < aggs->keys->n; i++)
		if (weir_str_same(aggs->keys->fields[i].name, name))
			return 1;
	return weir_str_eq(name, "window_start") ||
	    weir_str_eq(name, "window_end");
}

/* An item that is no aggregate, but computed from some. */
static int
parse_computed(struct weir_aggs *aggs, const struct weir_item *item,
    struct weir_agg_column *c, struct weir_error *err)
{
	struct weir_str name = {"", 0};
	size_t before = aggs->n;

	c->agg = -1;
	c->ast =
	    weir_aggs_extract(aggs, item->expr, item->cond, &aggs->source, err);
	if (c->ast == NULL)
		return -1;
	aggs->computed = true;
	if (c->ast == item->expr && item->cond != NULL)
		return fail_at(&aggs->source, item->cond,
		    "a condition goes with an aggregate", err);
	if (c->ast != item->expr || aggs->n > before ||
	    weir_ast_names(item->expr, is_shown, aggs) != 0)
		return 1;
	weir_ast_is_call(item->expr, &name, NULL);
	return unknown(aggs, item->expr, name, err);
}

static int
parse_item(struct weir_aggs *aggs, const struct weir_item *item,
    struct weir_agg_column *c, struct weir_error *err)
{
	if (item->depth != 1)
		return fail_at(&aggs->source, item->expr,
		    "an aggregate's name is one word, not a path", err);
	c->name = item->path[0];
	c->json = weir_column(c->name);
	c->json_len = strlen(c->json);
	if (called(item->expr, NULL) == NULL)
		return parse_computed(aggs, item, c, err);
	c->agg = (ptrdiff_t)aggs->n;
	return add_aggregate(aggs, item->expr, item->cond, &aggs->source, err);
}

int
weir_aggs_parse(struct weir_aggs *aggs, const struct weir_keyset *keys,
    const char *text, struct weir_error *err)
{
	*aggs = (struct weir_aggs){.keys = keys};
	if (weir_items_parse(&aggs->items, text, true, "aggregates", err) < 0)
		return strstr(text, "(*)") == NULL
		    ? -1
		    : weir_fail(err, WEIR_USAGE,
			  "aggregates: \"(*)\" is written \"()\": count()");
	aggs->source = (struct weir_agg_source){
	    aggs->items.text, aggs->items.len, "aggregates"};
	aggs->columns = weir_calloc(aggs->items.n, sizeof *aggs->columns);
	for (; aggs->ncolumns < aggs->items.n; aggs->ncolumns++)
		if (parse_item(aggs, &aggs->items.items[aggs->ncolumns],
			&aggs->columns[aggs->ncolumns], err) < 0)
			return -1;
	return 1;
}

/* What an aggregate sees of an event stands in fixed places. */
static void
link_input(struct weir_aggs *aggs, size_t i)
{
	const struct weir_agg *agg = &aggs->aggs[i];
	struct weir_agg_input *in = &aggs->inputs[i];

	for (size_t k = 0; k < agg->nvalues; k++)
		in->arg[k] = &aggs->values[agg->value[k]];
	if (agg->nvalues > 0)
		in->text = &aggs->exprs[agg->value[0]].text;
}

int
weir_aggs_compile(
    struct weir_aggs *aggs, struct weir_prover *prover, struct weir_error *err)
{
	struct weir_scope scope = {.prover = prover};

	aggs->inputs = weir_calloc(aggs->n + 1, sizeof *aggs->inputs);
	aggs->values = weir_calloc(aggs->nexprs + 1, sizeof *aggs->values);
	for (size_t i = 0; i < aggs->n; i++)
		link_input(aggs, i);
	for (size_t i = 0; i < aggs->nexprs; i++) {
		struct weir_agg_expr *x = &aggs->exprs[i];
		const struct weir_agg_source *from = x->source;

		x->expr = weir_expr_compile_ast(
		    &scope, x->ast, from->text, from->len, from->what, err);
		if (x->expr == NULL)
			return -1;
		x->slot = weir_expr_field(x->expr);
	}
	return 1;
}

void
weir_aggs_print(struct weir_buf *out, const struct weir_aggs *aggs,
    struct weir_terms *terms)
{
	size_t at;

	for (size_t i = 0; i < aggs->n; i++) {
		if (i > 0)
			weir_buf_puts(out, ", ");
		at = out->len;
		weir_buf_add(out, aggs->aggs[i].text.s, aggs->aggs[i].text.len);
		weir_terms_add(terms, "", out, at);
	}
}

void
weir_aggs_fini(struct weir_aggs *aggs)
{
	for (size_t i = 0; aggs->columns != NULL && i < aggs->items.n; i++)
		free(aggs->columns[i].json);
	for (size_t i = 0; i < aggs->n; i++)
		free(aggs->aggs[i].params);
	for (size_t i = 0; i < aggs->nexprs; i++) {
		free(aggs->exprs[i].canonical);
		weir_buf_fini(&aggs->exprs[i].json);
		weir_buf_fini(&aggs->exprs[i].key);
		weir_expr_free(aggs->exprs[i].expr);
	}
	free(aggs->columns);
	free(aggs->aggs);
	free(aggs->exprs);
	free(aggs->values);
	free(aggs->inputs);
	free(aggs->saved);
	weir_items_fini(&aggs->items);
	*aggs = (struct weir_aggs){0};
}
