#include "op/row.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* --- names --- */

static void
add_name(struct weir_rows *r, struct weir_str name)
{
	char *to = weir_arena_alloc(&r->names_arena, name.len + 1);

	memcpy(to, name.s, name.len);
	to[name.len] = '\0';
	r->names[r->nvars++] = to;
}

/* The name of the column that shows an aggregate, else its text. */
static struct weir_str
name_of(const struct weir_aggs *aggs, size_t agg)
{
	for (size_t i = 0; i < aggs->ncolumns; i++)
		if (aggs->columns[i].agg == (ptrdiff_t)agg)
			return aggs->columns[i].name;
	return aggs->aggs[agg].text;
}

void
weir_rows_init(
    struct weir_rows *r, struct weir_keyset *keys, struct weir_aggs *aggs)
{
	/* An aggregate has two names, if a column shows it. */
	size_t most = 2 + keys->n + 2 * aggs->n + aggs->ncolumns;

	*r = (struct weir_rows){.keys = keys, .aggs = aggs};
	r->names = weir_calloc(most, sizeof *r->names);
	r->vars = weir_calloc(most, sizeof *r->vars);
	r->computed = weir_calloc(aggs->ncolumns, sizeof *r->computed);
	r->at = weir_calloc(aggs->n + 1, sizeof *r->at);
	r->parts = weir_calloc(keys->n + 1, sizeof *r->parts);
	add_name(r, weir_str("window_start"));
	add_name(r, weir_str("window_end"));
	for (size_t i = 0; i < keys->n; i++)
		add_name(r, keys->fields[i].name);
	for (size_t i = 0; i < aggs->n; i++)
		add_name(r, name_of(aggs, i));
	for (size_t i = 0; i < aggs->n; i++)
		add_name(r, aggs->aggs[i].text);
	r->nfixed = r->nvars;
	for (size_t i = 0; i < aggs->ncolumns; i++)
		if (aggs->columns[i].agg < 0)
			add_name(r, aggs->columns[i].name);
}

void
weir_rows_fini(struct weir_rows *r)
{
	for (size_t i = 0; r->computed != NULL && i < r->aggs->ncolumns; i++)
		weir_expr_free(r->computed[i].expr);
	free(r->names);
	free(r->vars);
	free(r->computed);
	free(r->at);
	free(r->parts);
	weir_arena_fini(&r->names_arena);
	weir_arena_fini(&r->arena);
	weir_buf_fini(&r->key);
	weir_buf_fini(&r->text);
	*r = (struct weir_rows){0};
}

/* --- compiling --- */

static int
compile(const struct weir_rows *r, size_t nvars,
    const struct weir_agg_source *source, struct weir_row_expr *x,
    struct weir_error *err)
{
	struct weir_scope scope = {
	    .vars = r->names, .nvars = nvars, .no_fields = true};

	x->expr = weir_expr_compile_ast(
	    &scope, x->ast, source->text, source->len, source->what, err);
	return x->expr != NULL ? 1 : -1;
}

int
weir_rows_compile(struct weir_rows *r, struct weir_error *err)
{
	const struct weir_aggs *aggs = r->aggs;
	size_t nvars = r->nfixed;

	for (size_t i = 0; i < aggs->ncolumns; i++) {
		if (aggs->columns[i].agg >= 0)
			continue;
		r->computed[i].ast = aggs->columns[i].ast;
		if (compile(r, nvars++, &aggs->source, &r->computed[i], err) <
		    0)
			return -1;
	}
	return 1;
}

int
weir_rows_expr(struct weir_rows *r, const struct weir_agg_source *source,
    struct weir_row_expr *x, struct weir_error *err)
{
	return compile(r, r->nvars, source, x, err);
}

/* --- a row --- */

static struct weir_value
time_value(int64_t ns)
{
	struct weir_value v = {.kind = WEIR_TIMESTAMP};
	int64_t rest = ns % 1000000000;

	if (ns == WEIR_TIME_NONE)
		return (struct weir_value){.kind = WEIR_NULL};
	v.i = ns / 1000000000 - (rest < 0);
	v.aux = (uint32_t)(rest < 0 ? rest + 1000000000 : rest);
	return v;
}

/* The results of all aggregates, one behind the other. */
static void
write_aggregates(struct weir_rows *r, const void *states, struct weir_span span)
{
	const struct weir_agg *agg = r->aggs->aggs;

	r->text.len = 0;
	for (size_t i = 0; i < r->aggs->n; i++, agg++) {
		r->at[i] = r->text.len;
		agg->ops->result(
		    agg, &r->text, (const char *)states + agg->offset, span);
	}
	r->at[r->aggs->n] = r->text.len;
	memset(weir_buf_reserve(&r->text, WEIR_PAD), 0, WEIR_PAD);
}

static void
set_vars(struct weir_rows *r, struct weir_str key, struct weir_span span)
{
	const struct weir_aggs *aggs = r->aggs;
	struct weir_value *v = r->vars, *named;

	/* Reading JSON reads a little further than it goes. */
	r->key.len = 0;
	weir_buf_add(&r->key, key.s, key.len);
	memset(weir_buf_reserve(&r->key, WEIR_PAD), 0, WEIR_PAD);
	key.s = r->key.data;
	*v++ = time_value(span.start);
	*v++ = time_value(span.end);
	weir_keyset_split(r->keys, key, r->parts);
	for (size_t i = 0; i < r->keys->n; i++, v++)
		*v = r->parts[i].len > 0
		    ? weir_value_read(r->parts[i].s, r->parts[i].len, &r->arena)
		    : (struct weir_value){.kind = WEIR_ABSENT};
	named = v;
	for (size_t i = 0; i < aggs->n; i++, v++)
		*v = weir_value_read(r->text.data + r->at[i],
		    r->at[i + 1] - r->at[i], &r->arena);
	memcpy(v, named, aggs->n * sizeof *v);
}

/* Is that the name of a null? */
static int
is_null(void *arg, struct weir_str name)
{
	const struct weir_rows *r = arg;

	for (size_t i = 0; i < r->nvars; i++)
		if (weir_str_eq(name, r->names[i]))
			return r->vars[i].kind == WEIR_NULL ||
			    r->vars[i].kind == WEIR_ABSENT;
	return 0;
}

int
weir_rows_eval(struct weir_rows *r, const struct weir_row_expr *x,
    struct weir_value *out, struct weir_error *err)
{
	struct weir_row row = {.vars = r->vars};
	int rc = weir_expr_eval(x->expr, &row, &r->arena, out, err);

	if (rc > 0)
		return out->kind != WEIR_NULL;
	if (rc < 0 && weir_ast_names(x->ast, is_null, r) != 0)
		return 0;
	return rc;
}

int
weir_rows_write(struct weir_rows *r, struct weir_buf *out, struct weir_str key,
    const void *states, struct weir_span span, struct weir_error *err)
{
	const struct weir_agg_column *c = r->aggs->columns;
	struct weir_value *v = r->vars + r->nfixed;
	int good = 1;

	weir_arena_reset(&r->arena);
	write_aggregates(r, states, span);
	set_vars(r, key, span);
	weir_keyset_write(out, r->keys, key);
	for (size_t i = 0; i < r->aggs->ncolumns; i++, c++) {
		weir_buf_add(out, c->json, c->json_len);
		if (c->agg >= 0) {
			weir_buf_add(out, r->text.data + r->at[c->agg],
			    r->at[c->agg + 1] - r->at[c->agg]);
			continue;
		}
		switch (weir_rows_eval(r, &r->computed[i], v, err)) {
		case -1: good = 0; /* FALLTHROUGH */
		case 0: v->kind = WEIR_NULL;
		}
		if (weir_value_write(out, *v++) == 0)
			weir_buf_puts(out, "null");
	}
	return good;
}
