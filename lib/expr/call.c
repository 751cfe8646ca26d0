/*
 * Calls, checked: is there such a function, can it be called so?
 */
#include "expr/check.h"

#include "base/mem.h"
#include "base/text.h"
#include "expr/regex.h"
#include "expr/zones.h"

#include <stdlib.h>
#include <string.h>

static struct weir_node *
fail(struct weir_build *b, const struct weir_ast *ast, const char *reason)
{
	weir_source_fail(b->src, ast->at, "%s", reason);
	return NULL;
}

static struct weir_node *
check_has(struct weir_build *b, const struct weir_ast *call)
{
	const struct weir_ast *ast = call->n == 1 ? call->kids[0] : call;
	struct weir_path path;
	struct weir_node *node;

	node = weir_node_new(b, WEIR_N_HAS, call, 1);
	if (call->n == 1 && weir_check_path(b, ast, &path) && path.depth > 0) {
		node->kids[0] = weir_check_field(b, ast, &path);
		return node->kids[0] != NULL ? node : NULL;
	}
	if (call->n != 1 || ast->kind != WEIR_AST_SELECT)
		return fail(b, call, "has() takes one field, like has(a.b)");
	node->kids[0] = weir_check_part(b, ast->kids[0]);
	if (node->kids[0] == NULL)
		return NULL;
	node->value =
	    weir_check_keep(b, WEIR_STRING, ast->name.s, ast->name.len);
	weir_fold(b, node);
	return node;
}

static struct weir_value
fn_unknown(struct weir_env *env, const struct weir_call *c)
{
	(void)c;
	return weir_error_value(env, "unknown function");
}

/*
 * In CEL an unknown function is an error only when it is called. Here it is one
 * before, as it is a slip of the writer, but where it decides nothing.
 */
static struct weir_node *
call_unknown(struct weir_build *b, const struct weir_ast *ast)
{
	static const struct weir_func unknown = {
	    "unknown", fn_unknown, 0, 0, WEIR_F_LAX | WEIR_F_IMPURE, 0};
	struct weir_node *node = weir_node_new(b, WEIR_N_CALL, ast, 0);

	node->func = &unknown;
	node->index = WEIR_EXPR_NONE;
	return node;
}

/* Could `base.name(` be a function whose name has a dot? Then that name. */
static int
dotted_name(const struct weir_build *b, const struct weir_ast *ast,
    struct weir_str *name)
{
	const struct weir_ast *base = ast->kids[0];
	uint32_t index;

	if (base->kind != WEIR_AST_NAME || base->flags != 0 ||
	    weir_check_local(b, base, &index) ||
	    weir_check_var(b, base->name, &index))
		return 0;
	name->s = b->src->text + base->pos;
	name->len = ast->at + ast->name.len - base->pos;
	return 1;
}

/* `math.abs(x)`: a function whose name has a dot; NULL if it is none. */
static const struct weir_func *
find_dotted(const struct weir_build *b, const struct weir_ast *ast)
{
	struct weir_str name;

	return dotted_name(b, ast, &name) ? weir_func_find(name, WEIR_F_GLOBAL)
					  : NULL;
}

/* What the name of an unknown function may have meant, or NULL. */
static const char *
suggest(const struct weir_build *b, const struct weir_ast *ast)
{
	bool method = ast->flags & WEIR_AST_METHOD;
	struct weir_str dotted;
	const char *near = NULL;

	if (method && dotted_name(b, ast, &dotted))
		near = weir_func_suggest(dotted, WEIR_F_GLOBAL);
	if (near != NULL && strchr(near, '.') != NULL)
		return near;
	return weir_func_suggest(
	    ast->name, method ? WEIR_F_METHOD : WEIR_F_GLOBAL);
}

static struct weir_node *
unknown_function(struct weir_build *b, const struct weir_ast *ast)
{
	bool method = ast->flags & WEIR_AST_METHOD;
	unsigned other = method ? WEIR_F_GLOBAL : WEIR_F_METHOD;
	const char *near = suggest(b, ast);
	char show[80];

	weir_show_into(show, sizeof show, ast->name.s, ast->name.len);
	if (weir_func_find(ast->name, other) != NULL)
		weir_source_fail(b->src, ast->at,
		    method ? "%s is called as %s(x)"
			   : "%s is called as x.%s(...)",
		    show, show);
	else if (near != NULL)
		weir_source_fail(b->src, ast->at,
		    "unknown function %s; is it %s?", show, near);
	else
		weir_source_fail(b->src, ast->at, "unknown function %s", show);
	return NULL;
}

static int
check_arity(struct weir_build *b, const struct weir_ast *ast,
    const struct weir_func *f, size_t n)
{
	size_t self = ast->flags & WEIR_AST_METHOD ? ast->n == n : 0;
	size_t min = f->min - self, max = f->max - self;

	if (n >= f->min && n <= f->max)
		return 1;
	if (min == max)
		return weir_source_fail(b->src, ast->at,
		    "%s takes %zu argument%s, not %zu", f->name, min,
		    min == 1 ? "" : "s", n - self);
	return weir_source_fail(b->src, ast->at,
	    "%s takes %zu to %zu arguments, not %zu", f->name, min, max,
	    n - self);
}

/* A constant pattern is compiled here: 1, or -1 if it is bad. */
static int
check_pattern(
    struct weir_build *b, const struct weir_ast *ast, struct weir_node *call)
{
	char why[WEIR_REGEX_ERROR];
	struct weir_value v;
	struct weir_regex *re;
	size_t at;

	if (!(call->func->flags & WEIR_F_PATTERN) ||
	    call->kids[1]->kind != WEIR_N_CONST ||
	    call->kids[1]->value.kind != WEIR_STRING)
		return 1;
	v = call->kids[1]->value;
	re = weir_regex_new(v.s, v.aux, why, &at);
	if (re == NULL)
		return weir_source_fail(b->src, ast->kids[1]->pos,
		    "bad regular expression: %s at its byte %zu", why, at);
	weir_regex_speed_up(re);
	b->regexes = weir_grow(
	    b->regexes, &b->cap_regexes, b->nregexes + 1, sizeof *b->regexes);
	b->regexes[b->nregexes] = re;
	call->index = (uint32_t)b->nregexes++;
	return 1;
}

/* A constant zone is looked up here: 1, or -1 if there is none. */
static int
check_zone(
    struct weir_build *b, const struct weir_ast *ast, struct weir_node *call)
{
	const struct weir_node *last;
	struct weir_error why;

	if (!(call->func->flags & WEIR_F_ZONE) || call->n < call->func->max)
		return 1;
	if (b->x->zones == NULL)
		b->x->zones = weir_zones_new();
	last = call->kids[call->n - 1];
	if (last->kind != WEIR_N_CONST || last->value.kind != WEIR_STRING ||
	    weir_zones_get(b->x->zones,
		(struct weir_str){last->value.s, last->value.aux}, &why))
		return 1;
	return weir_source_fail(
	    b->src, ast->kids[ast->n - 1]->pos, "%s", why.text);
}

/* So is a constant format. */
static int
check_format(
    struct weir_build *b, const struct weir_ast *ast, struct weir_node *call)
{
	const struct weir_node *kid;
	struct weir_error why;
	char *format;
	int rc;

	if (!(call->func->flags & WEIR_F_FORMAT))
		return 1;
	kid = call->kids[1];
	if (kid->kind != WEIR_N_CONST || kid->value.kind != WEIR_STRING)
		return 1;
	format = weir_strndup(kid->value.s, kid->value.aux);
	rc = weir_format_check(call->func, format, &why);
	free(format);
	return rc >= 0
	    ? 1
	    : weir_source_fail(b->src, ast->kids[1]->pos, "%s", why.text);
}

/* Constant text that is no timestamp or duration is a slip of the writer. */
static int
check_early(struct weir_build *b, const struct weir_node *node)
{
	struct weir_arena arena = {0};
	struct weir_row row = {0};
	struct weir_env env = {.row = &row, .arena = &arena};
	struct weir_call c = {.func = node->func, .n = 1};
	struct weir_value v;
	int rc = 1;

	if (node->kind != WEIR_N_CALL ||
	    !(node->func->flags & WEIR_F_CHECKED) ||
	    node->kids[0]->kind != WEIR_N_CONST)
		return 1;
	c.args = &node->kids[0]->value;
	v = node->func->fn(&env, &c);
	if (v.kind == WEIR_ERROR)
		rc = weir_source_fail(
		    b->src, node->kids[0]->at, "%.*s", (int)v.aux, v.s);
	weir_arena_fini(&arena);
	return rc;
}

struct weir_node *
weir_check_call(struct weir_build *b, const struct weir_ast *ast)
{
	bool method = ast->flags & WEIR_AST_METHOD;
	const struct weir_func *f = method ? find_dotted(b, ast) : NULL;
	struct weir_ast plain = *ast;
	struct weir_node *node;

	if (!method && weir_str_eq(ast->name, "has"))
		return check_has(b, ast);
	if (weir_check_macro(b, ast, &node) != 0)
		return node;
	if (f != NULL) {
		plain.kids++;
		plain.n--;
	} else {
		f = weir_func_find(
		    ast->name, method ? WEIR_F_METHOD : WEIR_F_GLOBAL);
	}
	if (f == NULL)
		return b->decided > 0 ? call_unknown(b, ast)
				      : unknown_function(b, ast);
	if (check_arity(b, ast, f, plain.n) < 0)
		return NULL;
	node = weir_check_kids(b, WEIR_N_CALL, &plain);
	if (node == NULL)
		return NULL;
	node->func = f;
	node->index = WEIR_EXPR_NONE;
	if (check_pattern(b, &plain, node) < 0 ||
	    check_zone(b, &plain, node) < 0 ||
	    check_format(b, &plain, node) < 0 || check_early(b, node) < 0)
		return NULL;
	weir_fold(b, node);
	return node;
}
