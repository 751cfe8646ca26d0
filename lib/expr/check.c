/*
 * The checker: what names mean, and whether functions are called as they can be.
 */
#include "expr/build.h"

#include "base/mem.h"
#include "base/text.h"
#include "expr/lex.h"
#include "expr/regex.h"

#include <string.h>

/*
 * Where a name of a type, like `int`, means the type even though events may
 * have a field of that name: opposite a call of type().
 */
enum context { PLAIN, TYPES };

static struct weir_node *check(
    struct weir_build *b, const struct weir_ast *ast, enum context context);

static struct weir_node *
fail(struct weir_build *b, const struct weir_ast *ast, const char *reason)
{
	weir_source_fail(b->src, ast->at, "%s", reason);
	return NULL;
}

struct weir_node *
weir_node_new(struct weir_build *b, enum weir_node_kind kind,
    const struct weir_ast *ast, size_t n)
{
	struct weir_node *node = weir_arena_alloc(&b->nodes, sizeof *node);

	memset(node, 0, sizeof *node);
	node->kind = (uint8_t)kind;
	node->op = ast->op;
	node->flags = (uint16_t)ast->flags;
	node->at = ast->at;
	node->n = (uint32_t)n;
	node->kids = weir_arena_alloc(&b->nodes, (n + 1) * sizeof *node->kids);
	memset(node->kids, 0, (n + 1) * sizeof *node->kids);
	return node;
}

/* A string for a constant, copied to where constants live. */
static struct weir_value
keep(struct weir_build *b, enum weir_kind kind, const char *s, size_t len)
{
	char *copy = weir_arena_alloc(&b->x->arena, len + 1);
	struct weir_value v;

	memcpy(copy, s, len);
	v = weir_text(copy, len);
	v.kind = kind;
	return v;
}

static struct weir_node *
constant(struct weir_build *b, const struct weir_ast *ast, struct weir_value v)
{
	struct weir_node *node = weir_node_new(b, WEIR_N_CONST, ast, 0);

	if (v.kind == WEIR_STRING || v.kind == WEIR_BYTES)
		v = keep(b, (enum weir_kind)v.kind, v.s, v.aux);
	node->value = v;
	return node;
}

/* The kids from first on, as the node's. */
static struct weir_node *
with_kids(struct weir_build *b, enum weir_node_kind kind,
    const struct weir_ast *ast, enum context context)
{
	struct weir_node *node = weir_node_new(b, kind, ast, ast->n);
	size_t i;

	for (i = 0; i < ast->n; i++) {
		node->kids[i] = check(b, ast->kids[i], context);
		if (node->kids[i] == NULL)
			return NULL;
		node->kids[i]->flags |= ast->kids[i]->flags & WEIR_AST_MAYBE;
	}
	return node;
}

/* The same, and folded if they are constant. */
static struct weir_node *
folded(struct weir_build *b, enum weir_node_kind kind,
    const struct weir_ast *ast, enum context context)
{
	struct weir_node *node = with_kids(b, kind, ast, context);

	if (node != NULL)
		weir_fold(b, node);
	return node;
}

/* The declared variable of that name: 1 and *index, or 0. */
static int
find_var(const struct weir_build *b, struct weir_str name, uint32_t *index)
{
	size_t i;

	for (i = 0; i < b->scope->nvars; i++) {
		if (weir_str_eq(name, b->scope->vars[i])) {
			*index = (uint32_t)i;
			return 1;
		}
	}
	return 0;
}

/* The variable of a macro around: 1 and *index, or 0. */
static int
find_local(
    const struct weir_build *b, const struct weir_ast *ast, uint32_t *index)
{
	const struct weir_local *l;

	if (ast->flags & WEIR_AST_ROOT)
		return 0;
	for (l = b->locals; l != NULL; l = l->outer) {
		if (l->name.len == ast->name.len &&
		    memcmp(l->name.s, ast->name.s, l->name.len) == 0) {
			*index = l->index;
			return 1;
		}
	}
	return 0;
}

static bool
has_fields(const struct weir_build *b)
{
	return b->scope->prover != NULL && !b->scope->no_fields;
}

/*
 * Is it a path of names into the event (`a.b`, `a["b"]`, `event.a`)? Then 1
 * with its names; 0 names are the event itself.
 */
static int
find_path(const struct weir_build *b, const struct weir_ast *ast,
    struct weir_str *path, size_t *depth)
{
	const struct weir_ast *last = ast->n > 1 ? ast->kids[1] : NULL;
	uint32_t index;

	if (!has_fields(b))
		return 0;
	if (ast->kind == WEIR_AST_NAME) {
		*depth = 0;
		if (find_local(b, ast, &index) ||
		    find_var(b, ast->name, &index))
			return 0;
		if (weir_str_eq(ast->name, "event") &&
		    !(ast->flags & WEIR_AST_QUOTED))
			return 1;
		path[(*depth)++] = ast->name;
		return 1;
	}
	if ((ast->kind != WEIR_AST_SELECT && ast->kind != WEIR_AST_INDEX) ||
	    (ast->flags & WEIR_AST_OPTIONAL) ||
	    !find_path(b, ast->kids[0], path, depth) ||
	    *depth == WEIR_PATH_DEPTH)
		return 0;
	if (ast->kind == WEIR_AST_SELECT)
		path[(*depth)++] = ast->name;
	else if (last->kind == WEIR_AST_CONST &&
	    last->value.kind == WEIR_STRING)
		path[(*depth)++] =
		    (struct weir_str){last->value.s, last->value.aux};
	else
		return 0;
	return 1;
}

/* `google.protobuf.Timestamp` and such, by their dots. */
static int
is_dotted_type(
    const struct weir_ast *ast, const char *text, struct weir_value *v)
{
	struct weir_str name = weir_ast_span(ast, text);

	return ast->kind == WEIR_AST_SELECT && weir_type_named(name, v);
}

static struct weir_node *
check_field(struct weir_build *b, const struct weir_ast *ast,
    const struct weir_str *path, size_t depth)
{
	struct weir_node *node;

	if (depth == 0)
		return weir_node_new(b, WEIR_N_EVENT, ast, 0);
	node = weir_node_new(b, WEIR_N_FIELD, ast, 0);
	if (weir_build_field(b, path, depth, ast->at, &node->index) < 0)
		return NULL;
	return node;
}

static struct weir_node *
unknown_name(struct weir_build *b, const struct weir_ast *ast)
{
	const char *const *vars = b->scope->vars;
	int near = b->scope->nvars != 0
	    ? weir_nearest(ast->name.s, ast->name.len, vars, b->scope->nvars)
	    : -1;

	weir_source_fail(b->src, ast->at, "unknown name %.*s%s%s%s",
	    (int)ast->name.len, ast->name.s, near >= 0 ? "; is it " : "",
	    near >= 0 ? vars[near] : "", near >= 0 ? "?" : "");
	return NULL;
}

/* A name, or a path that starts with one. */
static struct weir_node *
check_name(
    struct weir_build *b, const struct weir_ast *ast, enum context context)
{
	struct weir_str path[WEIR_PATH_DEPTH];
	struct weir_node *node;
	struct weir_value type;
	uint32_t index;
	size_t depth;

	if (is_dotted_type(ast, b->src->text, &type))
		return constant(b, ast, type);
	if (ast->kind == WEIR_AST_NAME && find_local(b, ast, &index)) {
		node = weir_node_new(b, WEIR_N_LOCAL, ast, 0);
		node->index = index;
		return node;
	}
	if (ast->kind == WEIR_AST_NAME && find_var(b, ast->name, &index)) {
		node = weir_node_new(b, WEIR_N_VAR, ast, 0);
		node->index = index;
		return node;
	}
	if (ast->kind == WEIR_AST_NAME &&
	    (context == TYPES || !has_fields(b)) &&
	    weir_type_named(ast->name, &type))
		return constant(b, ast, type);
	if (find_path(b, ast, path, &depth))
		return check_field(b, ast, path, depth);
	if (ast->kind == WEIR_AST_NAME)
		return unknown_name(b, ast);
	if (ast->kind == WEIR_AST_INDEX)
		return folded(b, WEIR_N_INDEX, ast, PLAIN);
	node = with_kids(b, WEIR_N_SELECT, ast, PLAIN);
	if (node == NULL)
		return NULL;
	node->value = keep(b, WEIR_STRING, ast->name.s, ast->name.len);
	weir_fold(b, node);
	return node;
}

static struct weir_node *
check_has(struct weir_build *b, const struct weir_ast *call)
{
	const struct weir_ast *ast = call->n == 1 ? call->kids[0] : call;
	struct weir_str path[WEIR_PATH_DEPTH];
	struct weir_node *node;
	size_t depth;

	node = weir_node_new(b, WEIR_N_HAS, call, 1);
	if (call->n == 1 && find_path(b, ast, path, &depth) && depth > 0) {
		node->kids[0] = check_field(b, ast, path, depth);
		return node->kids[0] != NULL ? node : NULL;
	}
	if (call->n != 1 || ast->kind != WEIR_AST_SELECT)
		return fail(b, call, "has() takes one field, like has(a.b)");
	node->kids[0] = check(b, ast->kids[0], PLAIN);
	if (node->kids[0] == NULL)
		return NULL;
	node->value = keep(b, WEIR_STRING, ast->name.s, ast->name.len);
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
 * CEL's vectors want methods named by reserved words to be no error before
 * they are called, and there is no such method.
 */
static struct weir_node *
reserved_method(struct weir_build *b, const struct weir_ast *ast)
{
	static const struct weir_func unknown = {
	    "unknown", fn_unknown, 0, 0, WEIR_F_LAX | WEIR_F_IMPURE, 0};
	struct weir_node *node = weir_node_new(b, WEIR_N_CALL, ast, 0);

	node->func = &unknown;
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
	    find_local(b, base, &index) || find_var(b, base->name, &index))
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

/* `x.matches("constant")`: its pattern is compiled here. */
static struct weir_node *
check_matches(
    struct weir_build *b, const struct weir_ast *ast, struct weir_node *call)
{
	const struct weir_ast *pattern = ast->kids[1];
	struct weir_value v = call->kids[1]->value;
	char why[WEIR_REGEX_ERROR];
	struct weir_regex *re;
	size_t at;

	re = weir_regex_new(v.s, v.aux, why, &at);
	if (re == NULL) {
		weir_source_fail(b->src, pattern->pos,
		    "bad regular expression: %s at its byte %zu", why, at);
		return NULL;
	}
	b->regexes = weir_grow(
	    b->regexes, &b->cap_regexes, b->nregexes + 1, sizeof *b->regexes);
	b->regexes[b->nregexes] = re;
	call->kind = WEIR_N_MATCHES;
	call->index = (uint32_t)b->nregexes++;
	call->n = 1;
	weir_fold(b, call);
	return call;
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

static struct weir_node *
check_call(struct weir_build *b, const struct weir_ast *ast)
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
	if (f == NULL && method && weir_lex_reserved(ast->name))
		return reserved_method(b, ast);
	if (f == NULL)
		return unknown_function(b, ast);
	if (check_arity(b, ast, f, plain.n) < 0)
		return NULL;
	node = with_kids(b, WEIR_N_CALL, &plain, PLAIN);
	if (node == NULL)
		return NULL;
	node->func = f;
	if (weir_str_eq(ast->name, "matches") &&
	    node->kids[1]->kind == WEIR_N_CONST &&
	    node->kids[1]->value.kind == WEIR_STRING)
		return check_matches(b, &plain, node);
	if (check_early(b, node) < 0)
		return NULL;
	weir_fold(b, node);
	return node;
}

static bool
is_type_call(const struct weir_ast *ast)
{
	struct weir_str name;

	return weir_ast_is_call(ast, &name, NULL) && weir_str_eq(name, "type");
}

static struct weir_node *
check_binary(struct weir_build *b, const struct weir_ast *ast)
{
	bool types = ast->op == WEIR_OP_EQ || ast->op == WEIR_OP_NE ||
	    ast->op == WEIR_OP_IN;

	types =
	    types && (is_type_call(ast->kids[0]) || is_type_call(ast->kids[1]));
	return folded(b, WEIR_N_BINARY, ast, types ? TYPES : PLAIN);
}

static struct weir_node *
check_literal(
    struct weir_build *b, const struct weir_ast *ast, enum context context)
{
	bool list = ast->kind == WEIR_AST_LIST;

	return folded(
	    b, list ? WEIR_N_LIST : WEIR_N_MAP, ast, list ? context : PLAIN);
}

static struct weir_node *
check(struct weir_build *b, const struct weir_ast *ast, enum context context)
{
	switch ((enum weir_ast_kind)ast->kind) {
	case WEIR_AST_CONST: return constant(b, ast, ast->value);
	case WEIR_AST_NAME:
	case WEIR_AST_SELECT:
	case WEIR_AST_INDEX: return check_name(b, ast, context);
	case WEIR_AST_CALL: return check_call(b, ast);
	case WEIR_AST_UNARY: return folded(b, WEIR_N_UNARY, ast, PLAIN);
	case WEIR_AST_BINARY: return check_binary(b, ast);
	case WEIR_AST_AND: return folded(b, WEIR_N_AND, ast, PLAIN);
	case WEIR_AST_OR: return folded(b, WEIR_N_OR, ast, PLAIN);
	case WEIR_AST_COND: return folded(b, WEIR_N_COND, ast, PLAIN);
	case WEIR_AST_LIST:
	case WEIR_AST_MAP: return check_literal(b, ast, context);
	}
	return NULL;
}

struct weir_node *
weir_check_part(struct weir_build *b, const struct weir_ast *ast)
{
	return check(b, ast, PLAIN);
}

struct weir_node *
weir_check_tree(struct weir_build *b, const struct weir_ast *ast)
{
	return check(b, ast, PLAIN);
}
