#include "op/aggregate.h"

#include "base/mem.h"
#include "base/numshort.h"
#include "base/text.h"
#include "expr/source.h"
#include "op/column.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- parsing --- */

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

static int
unknown(const struct weir_aggs *aggs, const struct weir_ast *at,
    struct weir_str name, struct weir_error *err)
{
	const char *names[32], *sep = "";
	struct weir_buf b = {0};
	int near, rc;

	for (size_t i = 0; i < weir_agg_nkinds; i++)
		names[i] = weir_agg_kinds[i]->name;
	near = weir_nearest(name.s, name.len, names, weir_agg_nkinds);
	if (name.len == 0)
		weir_buf_puts(&b, "not an aggregate; ");
	else if (near >= 0)
		weir_buf_printf(
		    &b, "unknown aggregate: did you mean %s? ", names[near]);
	else
		weir_buf_puts(&b, "unknown aggregate; ");
	weir_buf_puts(&b, "this version knows ");
	for (size_t i = 0; i < weir_agg_nkinds; i++, sep = ", ")
		weir_buf_printf(&b, "%s%s", sep, names[i]);
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
	agg->nargs = nargs;
	if (nargs >= agg->ops->min_args && nargs <= agg->ops->max_args)
		return 1;
	snprintf(why, sizeof why, "%s() takes %s", agg->ops->name,
	    agg->ops->min_args == agg->ops->max_args ? "one argument"
						     : "at most one argument");
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
		    strcmp(aggs->exprs[i].text, text.data) == 0) {
			weir_buf_fini(&text);
			return i;
		}
	x = &aggs->exprs[aggs->nexprs++];
	x->ast = ast;
	x->text = text.data;
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
	for (size_t i = 0; i < agg->nargs; i++)
		agg->arg[i] = intern(aggs, weir_ast_arg(item->expr, i), false);
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
	most = aggs->n * (WEIR_AGG_ARGS_MAX + 1);
	aggs->aggs = weir_calloc(aggs->n, sizeof *aggs->aggs);
	aggs->inputs = weir_calloc(aggs->n, sizeof *aggs->inputs);
	aggs->exprs = weir_calloc(most, sizeof *aggs->exprs);
	aggs->values = weir_calloc(most, sizeof *aggs->values);
	for (size_t i = 0; i < aggs->n; i++) {
		struct weir_agg *agg = &aggs->aggs[i];

		if (parse_item(aggs, &aggs->items.items[i], agg, err) < 0)
			return -1;
		for (size_t k = 0; k < agg->nargs; k++)
			aggs->inputs[i].arg[k] = &aggs->values[agg->arg[k]];
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
	for (size_t i = 0; aggs->aggs != NULL && i < aggs->n; i++)
		free(aggs->aggs[i].column);
	for (size_t i = 0; i < aggs->nexprs; i++) {
		free(aggs->exprs[i].text);
		weir_expr_free(aggs->exprs[i].expr);
	}
	free(aggs->aggs);
	free(aggs->exprs);
	free(aggs->values);
	free(aggs->inputs);
	weir_items_fini(&aggs->items);
	*aggs = (struct weir_aggs){0};
}

/* --- an event --- */

/* What a field holds, without the evaluator; the usual is read_field()'s. */
static int
read_other(const struct weir_agg_expr *x, const char *s, size_t len,
    struct weir_arena *arena, struct weir_value *v, struct weir_error *err)
{
	struct weir_num num;

	if (len == 0) {
		v->kind = WEIR_ABSENT;
		return 1;
	}
	if (*s > '9' || (*s < '0' && *s != '-')) {
		*v = weir_value_read(s, len, arena);
		if (v->kind == WEIR_ERROR)
			return weir_fail(err, WEIR_INPUT, "%s: %.*s", x->text,
			    (int)v->aux, v->s);
		return 1;
	}
	weir_num_read(s, len, &num);
	v->kind = WEIR_INT + (uint32_t)num.kind; /* int, uint, double */
	v->u = num.u;
	return 1;
}

static inline int
read_field(const struct weir_agg_expr *x, const struct weir_row *row,
    struct weir_arena *arena, struct weir_value *v, struct weir_error *err)
{
	struct weir_slot slot = row->slots[x->slot];
	const char *s = row->text + slot.off;
	struct weir_num num;

	if (!weir_num_read_short(s, slot.len, &num))
		return read_other(x, s, slot.len, arena, v, err);
	v->kind = WEIR_INT + (uint32_t)num.kind; /* int, uint, double */
	v->u = num.u;
	return 1;
}

int
weir_aggs_read(struct weir_aggs *aggs, const struct weir_row *row,
    struct weir_arena *arena, struct weir_error *err)
{
	const struct weir_agg_expr *x = aggs->exprs;
	struct weir_value *v = aggs->values;
	int rc;

	for (size_t i = 0; i < aggs->nexprs; i++, x++, v++) {
		if (x->cond) {
			rc = weir_expr_test(x->expr, row, arena, err);
			v->b = rc > 0;
		} else if (x->slot != WEIR_NO_SLOT) {
			rc = read_field(x, row, arena, v, err);
		} else {
			rc = weir_expr_eval(x->expr, row, arena, v, err);
			if (rc == 0)
				v->kind = WEIR_ABSENT;
		}
		if (rc < 0)
			return -1;
	}
	return 1;
}

/* Does the event that was read count for agg? */
static inline bool
counts(const struct weir_aggs *aggs, const struct weir_agg *agg)
{
	if (agg->cond >= 0 && !aggs->values[agg->cond].b)
		return false;
	for (size_t i = 0; i < agg->nargs; i++)
		if (aggs->values[agg->arg[i]].kind == WEIR_ABSENT ||
		    aggs->values[agg->arg[i]].kind == WEIR_NULL)
			return false;
	return true;
}

int
weir_aggs_check(
    const struct weir_aggs *aggs, const void *states, struct weir_error *err)
{
	const struct weir_agg *agg = aggs->aggs;
	struct weir_error why;

	for (size_t i = 0; i < aggs->n; i++, agg++) {
		if (agg->ops->check == NULL || !counts(aggs, agg) ||
		    agg->ops->check((const char *)states + agg->offset,
			&aggs->inputs[i], &why) > 0)
			continue;
		return weir_fail(err, WEIR_INPUT, "%.*s: %s",
		    (int)aggs->items.items[i].text.len,
		    aggs->items.items[i].text.s, why.text);
	}
	return 1;
}

void
weir_aggs_add(struct weir_aggs *aggs, void *states, int64_t time, size_t *owned)
{
	const struct weir_agg *agg = aggs->aggs;

	for (size_t i = 0; i < aggs->n; i++, agg++) {
		if (!counts(aggs, agg))
			continue;
		aggs->inputs[i].time = time;
		agg->ops->add(
		    (char *)states + agg->offset, &aggs->inputs[i], owned);
	}
}

/* --- the states of a group --- */

int
weir_aggs_merge(const struct weir_aggs *aggs, void *states, const void *other,
    size_t *owned, struct weir_error *err)
{
	const struct weir_agg *agg = aggs->aggs;
	int rc = 1;

	for (size_t i = 0; i < aggs->n; i++, agg++)
		if (agg->ops->merge((char *)states + agg->offset,
			(const char *)other + agg->offset, owned, err) < 0)
			rc = -1;
	return rc;
}

void
weir_aggs_write(
    struct weir_buf *out, const struct weir_aggs *aggs, const void *states)
{
	const struct weir_agg *agg = aggs->aggs;

	for (size_t i = 0; i < aggs->n; i++, agg++) {
		weir_buf_add(out, agg->column, agg->column_len);
		agg->ops->result(out, (const char *)states + agg->offset);
	}
}

void
weir_aggs_save(
    struct weir_buf *out, const struct weir_aggs *aggs, const void *states)
{
	const struct weir_agg *agg = aggs->aggs;

	for (size_t i = 0; i < aggs->n; i++, agg++) {
		weir_buf_putc(out, i == 0 ? '[' : ',');
		agg->ops->save(out, (const char *)states + agg->offset);
	}
	weir_buf_putc(out, ']');
}

int
weir_aggs_load(const struct weir_aggs *aggs, void *states,
    struct weir_value saved, struct weir_arena *arena, size_t *owned,
    struct weir_error *err)
{
	const struct weir_agg *agg = aggs->aggs;

	saved = weir_value_open(saved, arena);
	if (saved.kind != WEIR_LIST || saved.list->n != aggs->n)
		return weir_fail(err, WEIR_STATE,
		    "saved state: not the states of %zu aggregates", aggs->n);
	for (size_t i = 0; i < aggs->n; i++, agg++)
		if (agg->ops->load((char *)states + agg->offset,
			weir_value_open(saved.list->items[i], arena), arena,
			owned, err) < 0)
			return -1;
	return 1;
}

void
weir_aggs_drop(const struct weir_aggs *aggs, void *states, size_t *owned)
{
	const struct weir_agg *agg = aggs->aggs;

	for (size_t i = 0; i < aggs->n; i++, agg++)
		if (agg->ops->fini != NULL)
			agg->ops->fini((char *)states + agg->offset, owned);
}
