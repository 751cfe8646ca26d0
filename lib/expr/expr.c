#include "expr/expr.h"

#include "base/mem.h"
#include "base/text.h"
#include "expr/build.h"
#include "expr/regex.h"
#include "expr/zones.h"

#include <stdlib.h>

struct weir_expr *
weir_expr_compile_ast(const struct weir_scope *scope,
    const struct weir_ast *ast, const char *text, size_t len, const char *what,
    struct weir_error *err)
{
	struct weir_source src = {text, len, what, err};
	struct weir_expr *x = weir_calloc(1, sizeof *x);
	struct weir_build b = {.scope = scope, .src = &src, .x = x};
	struct weir_buf canonical = {0};
	struct weir_node *root = weir_check_tree(&b, ast);

	x->field = WEIR_EXPR_NONE;
	if (root != NULL) {
		weir_compile(&b, root);
		if (root->kind == WEIR_N_FIELD)
			x->field = root->index;
	}
	weir_build_finish(&b);
	if (root == NULL) {
		weir_expr_free(x);
		return NULL;
	}
	weir_ast_print(ast, &canonical);
	x->text = weir_strndup(canonical.data, canonical.len);
	weir_buf_fini(&canonical);
	return x;
}

struct weir_expr *
weir_expr_compile(const struct weir_scope *scope, const char *text, size_t len,
    const char *what, struct weir_error *err)
{
	struct weir_arena arena = {0};
	const struct weir_ast *ast =
	    weir_ast_parse(&arena, text, len, what, err);
	struct weir_expr *x = NULL;

	if (ast != NULL)
		x = weir_expr_compile_ast(scope, ast, text, len, what, err);
	weir_arena_fini(&arena);
	return x;
}

void
weir_expr_free(struct weir_expr *x)
{
	size_t i;

	if (x == NULL)
		return;
	for (i = 0; i < x->nregexes; i++)
		weir_regex_free(x->regexes[i]);
	weir_zones_free(x->zones);
	free(x->regexes);
	free(x->funcs);
	free(x->dotted);
	free(x->fields);
	free(x->consts);
	free(x->code);
	free(x->text);
	weir_arena_fini(&x->arena);
	free(x);
}

/* An optional result is its value, or absent. */
static struct weir_value
result(const struct weir_expr *x, const struct weir_row *row,
    struct weir_arena *arena)
{
	struct weir_value v = weir_eval(x, row, arena);

	while (v.kind == WEIR_OPTIONAL)
		v = v.opt != NULL ? *v.opt
				  : (struct weir_value){.kind = WEIR_ABSENT};
	return v;
}

int
weir_expr_eval(const struct weir_expr *x, const struct weir_row *row,
    struct weir_arena *arena, struct weir_value *out, struct weir_error *err)
{
	*out = result(x, row, arena);
	if (out->kind == WEIR_ERROR)
		return weir_fail(
		    err, WEIR_INPUT, "%.*s", (int)out->aux, out->s);
	return out->kind != WEIR_ABSENT;
}

int
weir_expr_test(const struct weir_expr *x, const struct weir_row *row,
    struct weir_arena *arena, struct weir_error *err)
{
	struct weir_value v = result(x, row, arena);
	struct weir_str type;

	if (v.kind == WEIR_BOOL)
		return v.b;
	if (v.kind == WEIR_ABSENT)
		return 0;
	if (v.kind == WEIR_ERROR)
		return weir_fail(err, WEIR_INPUT, "%.*s", (int)v.aux, v.s);
	type = weir_type_name(v);
	return weir_fail(err, WEIR_INPUT,
	    "the condition is of type %.*s, not bool", (int)type.len, type.s);
}

static const struct weir_field *
just_field(const struct weir_expr *x)
{
	return x->field != WEIR_EXPR_NONE ? &x->fields[x->field] : NULL;
}

int
weir_expr_field(const struct weir_expr *x)
{
	const struct weir_field *f = just_field(x);

	return f != NULL && f->ndotted == 0 ? f->slot : WEIR_NO_SLOT;
}

int
weir_expr_slot(const struct weir_expr *x, const struct weir_slot *slots)
{
	const struct weir_field *f = just_field(x);
	const struct weir_dotted *d;

	if (f == NULL)
		return WEIR_NO_SLOT;
	d = weir_dotted_find(x, f, slots);
	if (d == NULL)
		return f->slot;
	return d->nrest == 0 ? d->slot : WEIR_NO_SLOT;
}

int
weir_expr_path(const struct weir_expr *x)
{
	const struct weir_field *f = just_field(x);

	return f != NULL ? f->slot : WEIR_NO_SLOT;
}

char *
weir_expr_text(const struct weir_expr *x)
{
	return weir_strdup(x->text);
}
