/*
 * Macros with variables: calls whose arguments are not evaluated first.
 */
#include "expr/check.h"
#include "expr/loop.h"

#define VARS 2

/* clang-format off */
static const struct macro {
	const char *name;
	uint8_t kind;      /* enum weir_loop_kind */
	uint8_t vars;      /* variables */
	uint8_t min, max;  /* arguments behind them */
	const char *usage;
} macros[] = {
	{"all",               WEIR_LOOP_ALL,        1, 1, 1, "list.all(x, condition)"},
	{"all",               WEIR_LOOP_ALL,        2, 1, 1, "list.all(i, x, condition)"},
	{"exists",            WEIR_LOOP_EXISTS,     1, 1, 1, "list.exists(x, condition)"},
	{"exists",            WEIR_LOOP_EXISTS,     2, 1, 1, "list.exists(i, x, condition)"},
	{"exists_one",        WEIR_LOOP_EXISTS_ONE, 1, 1, 1, "list.exists_one(x, condition)"},
	{"exists_one",        WEIR_LOOP_EXISTS_ONE, 2, 1, 1, "list.exists_one(i, x, condition)"},
	{"existsOne",         WEIR_LOOP_EXISTS_ONE, 1, 1, 1, "list.existsOne(x, condition)"},
	{"existsOne",         WEIR_LOOP_EXISTS_ONE, 2, 1, 1, "list.existsOne(i, x, condition)"},
	{"filter",            WEIR_LOOP_FILTER,     1, 1, 1, "list.filter(x, condition)"},
	{"map",               WEIR_LOOP_LIST,       1, 1, 2, "list.map(x, value) or list.map(x, condition, value)"},
	{"transformList",     WEIR_LOOP_LIST,       2, 1, 2, "list.transformList(i, x, value)"},
	{"transformMap",      WEIR_LOOP_MAP,        2, 1, 2, "map.transformMap(k, v, value)"},
	{"transformMapEntry", WEIR_LOOP_ENTRY,      2, 1, 2, "map.transformMapEntry(k, v, {key: value})"},
	{"sortBy",            WEIR_LOOP_SORT,       1, 1, 1, "list.sortBy(x, key)"},
};
/* clang-format on */

#define MACROS (sizeof macros / sizeof *macros)

/*
 * The macro that is called: of the right number of arguments, if there is one.
 */
static const struct macro *
find(const struct weir_ast *ast)
{
	const struct macro *named = NULL, *m;
	size_t n = ast->n - 1;

	for (m = macros; m < macros + MACROS; m++) {
		if (!weir_str_eq(ast->name, m->name))
			continue;
		named = m;
		if (n >= (size_t)m->vars + m->min &&
		    n <= (size_t)m->vars + m->max)
			return m;
	}
	return named;
}

/* Declare a variable; -1 if it is no plain name. */
static int
declare(struct weir_build *b, const struct weir_ast *ast,
    struct weir_local *local, uint32_t index)
{
	if (ast->kind != WEIR_AST_NAME || ast->flags != 0)
		return weir_source_fail(
		    b->src, ast->at, "expected the name of a variable");
	*local = (struct weir_local){b->locals, ast->name, index};
	b->locals = local;
	if (index >= b->x->locals)
		b->x->locals = index + 1;
	return 1;
}

/* The parts of a loop behind its variables; 0 if one is wrong. */
static int
check_body(struct weir_build *b, const struct weir_ast *ast, size_t first,
    struct weir_node *node)
{
	size_t i;

	for (i = 1; i < node->n; i++) {
		node->kids[i] = weir_check_part(b, ast->kids[first + i - 1]);
		if (node->kids[i] == NULL)
			return 0;
	}
	return 1;
}

static struct weir_node *
check_loop(
    struct weir_build *b, const struct weir_ast *ast, const struct macro *m)
{
	struct weir_local *outer = b->locals, vars[VARS];
	size_t first = m->vars + 1u;
	uint32_t base = b->nlocals, i;
	struct weir_node *node =
	    weir_node_new(b, WEIR_N_LOOP, ast, ast->n - first + 1);
	int good = 1;

	node->op = (uint8_t)(m->kind | (m->vars == 2 ? WEIR_LOOP_TWO : 0));
	node->index = base;
	node->kids[0] = weir_check_part(b, ast->kids[0]);
	if (node->kids[0] == NULL)
		return NULL;
	b->nlocals = base + 1 + m->vars;
	for (i = 0; i < m->vars && good; i++)
		good = declare(b, ast->kids[1 + i], &vars[i], base + 1 + i) > 0;
	good = good && check_body(b, ast, first, node);
	b->locals = outer;
	b->nlocals = base;
	return good ? node : NULL;
}

/* cel.bind(x, value, body), a.optMap(x, body), a.optFlatMap(x, body) */
static struct weir_node *
check_bind(
    struct weir_build *b, const struct weir_ast *ast, enum weir_node_kind kind)
{
	bool bind = kind == WEIR_N_BIND;
	struct weir_local *outer = b->locals, var;
	uint32_t base = b->nlocals;
	struct weir_node *node = weir_node_new(b, kind, ast, 2);

	node->index = base;
	node->op = weir_str_eq(ast->name, "optMap");
	node->kids[0] = weir_check_part(b, ast->kids[bind ? 2 : 0]);
	if (node->kids[0] == NULL)
		return NULL;
	b->nlocals = base + 1;
	if (declare(b, ast->kids[1], &var, base) > 0)
		node->kids[1] = weir_check_part(b, ast->kids[bind ? 3 : 2]);
	b->locals = outer;
	b->nlocals = base;
	return node->kids[1] != NULL ? node : NULL;
}

static bool
is_cel_bind(const struct weir_ast *ast)
{
	const struct weir_ast *base = ast->kids[0];

	return weir_str_eq(ast->name, "bind") && base->kind == WEIR_AST_NAME &&
	    weir_str_eq(base->name, "cel");
}

static int
usage(struct weir_build *b, const struct weir_ast *ast, const char *text)
{
	return weir_source_fail(b->src, ast->at, "use it as %s", text);
}

int
weir_check_macro(
    struct weir_build *b, const struct weir_ast *ast, struct weir_node **node)
{
	const struct macro *m;
	size_t n = ast->n - 1;

	*node = NULL;
	if (!(ast->flags & WEIR_AST_METHOD))
		return 0;
	if (is_cel_bind(ast)) {
		if (n != 3)
			return usage(b, ast, "cel.bind(x, value, body)");
		*node = check_bind(b, ast, WEIR_N_BIND);
	} else if (weir_str_eq(ast->name, "optMap") ||
	    weir_str_eq(ast->name, "optFlatMap")) {
		if (n != 2)
			return usage(b, ast, "optional.optMap(x, body)");
		*node = check_bind(b, ast, WEIR_N_OPT);
	} else if ((m = find(ast)) != NULL) {
		if (n < (size_t)m->vars + m->min ||
		    n > (size_t)m->vars + m->max)
			return usage(b, ast, m->usage);
		*node = check_loop(b, ast, m);
	} else {
		return 0;
	}
	return *node != NULL ? 1 : -1;
}
