/*
 * The checker: what names mean; call.c has functions, macro.c macros.
 */
#include "expr/check.h"

#include "base/text.h"

#include <string.h>

/*
 * Where a name of a type, like `int`, means the type even though events may
 * have a field of that name: opposite a call of type().
 */
enum context { PLAIN, TYPES };

static struct weir_node *check(
    struct weir_build *b, const struct weir_ast *ast, enum context context);

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
struct weir_value
weir_check_keep(
    struct weir_build *b, enum weir_kind kind, const char *s, size_t len)
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
		v = weir_check_keep(b, (enum weir_kind)v.kind, v.s, v.aux);
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
int
weir_check_var(
    const struct weir_build *b, struct weir_str name, uint32_t *index)
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
int
weir_check_local(
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

/* Add a name to a path; one that does not stand as .name ends its plain part.
 */
static void
add_name(struct weir_path *path, struct weir_str name, bool plain)
{
	if (plain && !path->exact && path->plain == path->depth)
		path->plain++;
	path->names[path->depth++] = name;
}

/*
 * Is it a path of names into the event (`a.b`, `a["b"]`, `event.a`)? Then 1
 * with its names; 0 names are the event itself.
 */
int
weir_check_path(const struct weir_build *b, const struct weir_ast *ast,
    struct weir_path *path)
{
	const struct weir_ast *last = ast->n > 1 ? ast->kids[1] : NULL;
	bool plain = !(ast->flags & WEIR_AST_QUOTED);
	uint32_t index;

	if (!has_fields(b))
		return 0;
	if (ast->kind == WEIR_AST_NAME) {
		*path = (struct weir_path){0};
		if (weir_check_local(b, ast, &index) ||
		    weir_check_var(b, ast->name, &index))
			return 0;
		if (weir_str_eq(ast->name, "event") && plain) {
			path->exact = true;
			return 1;
		}
		add_name(path, ast->name, plain);
		return 1;
	}
	if ((ast->kind != WEIR_AST_SELECT && ast->kind != WEIR_AST_INDEX) ||
	    (ast->flags & WEIR_AST_OPTIONAL) ||
	    !weir_check_path(b, ast->kids[0], path) ||
	    path->depth == WEIR_PATH_DEPTH)
		return 0;
	if (ast->kind == WEIR_AST_SELECT)
		add_name(path, ast->name,
		    plain && !(ast->kids[0]->flags & WEIR_AST_PARENS));
	else if (last->kind == WEIR_AST_CONST &&
	    last->value.kind == WEIR_STRING)
		add_name(path,
		    (struct weir_str){last->value.s, last->value.aux}, false);
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

struct weir_node *
weir_check_field(struct weir_build *b, const struct weir_ast *ast,
    const struct weir_path *path)
{
	struct weir_node *node;

	if (path->depth == 0)
		return weir_node_new(b, WEIR_N_EVENT, ast, 0);
	node = weir_node_new(b, WEIR_N_FIELD, ast, 0);
	if (weir_build_field(b, path, ast->at, &node->index) < 0)
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
	struct weir_node *node;
	struct weir_value type;
	struct weir_path path;
	uint32_t index;

	if (is_dotted_type(ast, b->src->text, &type))
		return constant(b, ast, type);
	if (ast->kind == WEIR_AST_NAME && weir_check_local(b, ast, &index)) {
		node = weir_node_new(b, WEIR_N_LOCAL, ast, 0);
		node->index = index;
		return node;
	}
	if (ast->kind == WEIR_AST_NAME &&
	    weir_check_var(b, ast->name, &index)) {
		node = weir_node_new(b, WEIR_N_VAR, ast, 0);
		node->index = index;
		return node;
	}
	if (ast->kind == WEIR_AST_NAME &&
	    (context == TYPES || !has_fields(b)) &&
	    weir_type_named(ast->name, &type))
		return constant(b, ast, type);
	if (weir_check_path(b, ast, &path))
		return weir_check_field(b, ast, &path);
	if (ast->kind == WEIR_AST_NAME)
		return unknown_name(b, ast);
	if (ast->kind == WEIR_AST_INDEX)
		return folded(b, WEIR_N_INDEX, ast, PLAIN);
	node = with_kids(b, WEIR_N_SELECT, ast, PLAIN);
	if (node == NULL)
		return NULL;
	node->value =
	    weir_check_keep(b, WEIR_STRING, ast->name.s, ast->name.len);
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

/* && and ||; one with a constant that decides it, like `x || true`, too. */
static struct weir_node *
check_logic(struct weir_build *b, const struct weir_ast *ast)
{
	bool or = ast->kind == WEIR_AST_OR, decided = false;
	const struct weir_ast *kid;
	struct weir_node *node;
	size_t i;

	for (i = 0; i < ast->n; i++) {
		kid = ast->kids[i];
		decided = decided ||
		    (kid->kind == WEIR_AST_CONST &&
			    kid->value.kind == WEIR_BOOL && kid->value.b == or);
	}
	b->decided += decided;
	node = folded(b, or ? WEIR_N_OR : WEIR_N_AND, ast, PLAIN);
	b->decided -= decided;
	return node;
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
	case WEIR_AST_CALL: return weir_check_call(b, ast);
	case WEIR_AST_UNARY: return folded(b, WEIR_N_UNARY, ast, PLAIN);
	case WEIR_AST_BINARY: return check_binary(b, ast);
	case WEIR_AST_AND:
	case WEIR_AST_OR: return check_logic(b, ast);
	case WEIR_AST_COND: return folded(b, WEIR_N_COND, ast, PLAIN);
	case WEIR_AST_LIST:
	case WEIR_AST_MAP: return check_literal(b, ast, context);
	}
	return NULL;
}

struct weir_node *
weir_check_kids(
    struct weir_build *b, enum weir_node_kind kind, const struct weir_ast *ast)
{
	return with_kids(b, kind, ast, PLAIN);
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
