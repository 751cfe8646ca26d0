/*
 * walk.h - a second evaluator of expressions: as simple as can be.
 *
 * It goes over the parsed tree, without compiling, folding, or reading fields
 * late, and shares no operator or function with the library: an oracle for the
 * core of the language, written from weir-expr(7).
 */
#ifndef WEIR_TESTS_UNIT_WALK_H
#define WEIR_TESTS_UNIT_WALK_H

#include "base/utf8.h"
#include "expr/ast.h"
#include "json/value.h"

#include <math.h>
#include <string.h>

/* Variables of macros, innermost first. */
struct walk_var {
	const struct walk_var *outer;
	struct weir_str name;
	struct weir_value value;
};

struct walk {
	struct weir_arena arena;
	struct weir_value event; /* a map */
	bool unknown;		 /* something that is not known here */
};

static struct weir_value walk_eval(
    struct walk *w, const struct weir_ast *ast, const struct walk_var *vars);

/* --- values --- */

static const struct weir_value walk_absent = {.kind = WEIR_ABSENT};
static const struct weir_value walk_error = {.kind = WEIR_ERROR};

static struct weir_value
walk_bool(bool b)
{
	return (struct weir_value){.kind = WEIR_BOOL, .b = b};
}

static struct weir_value
walk_int(int64_t i)
{
	return (struct weir_value){.kind = WEIR_INT, .i = i};
}

static struct weir_value
walk_text(struct walk *w, const char *s, size_t len)
{
	char *copy = weir_arena_alloc(&w->arena, len + 1);

	memcpy(copy, s, len);
	return (struct weir_value){
	    .kind = WEIR_STRING, .aux = (uint32_t)len, .s = copy};
}

static struct weir_value
walk_list(struct walk *w, const struct weir_value *v, size_t n)
{
	struct weir_list *list = weir_arena_alloc(&w->arena, sizeof *list);
	struct weir_value *items =
	    weir_arena_alloc(&w->arena, (n + 1) * sizeof *items);

	memcpy(items, v, n * sizeof *v);
	*list = (struct weir_list){n, items};
	return (struct weir_value){.kind = WEIR_LIST, .list = list};
}

static struct weir_value
walk_map(struct walk *w, const struct weir_value *keys,
    const struct weir_value *values, size_t n)
{
	struct weir_map *map = weir_arena_alloc(&w->arena, sizeof *map);

	*map = (struct weir_map){n, walk_list(w, keys, n).list->items,
	    walk_list(w, values, n).list->items};
	return (struct weir_value){.kind = WEIR_MAP, .map = map};
}

static bool
walk_is_number(struct weir_value v)
{
	return v.kind == WEIR_INT || v.kind == WEIR_UINT ||
	    v.kind == WEIR_DOUBLE;
}

static double
walk_double(struct weir_value v)
{
	if (v.kind == WEIR_INT)
		return (double)v.i;
	return v.kind == WEIR_UINT ? (double)v.u : v.d;
}

static __int128
walk_wide(struct weir_value v)
{
	return v.kind == WEIR_INT ? (__int128)v.i : (__int128)v.u;
}

/* -1, 0, 1, or 2 for no order (NaN, or kinds that have none together). */
static int
walk_compare(struct weir_value a, struct weir_value b)
{
	size_t n;
	int c;

	if (walk_is_number(a) && walk_is_number(b)) {
		double x = walk_double(a), y = walk_double(b);

		if (isnan(x) || isnan(y))
			return 2;
		if (a.kind != WEIR_DOUBLE && b.kind != WEIR_DOUBLE)
			return (walk_wide(a) > walk_wide(b)) -
			    (walk_wide(a) < walk_wide(b));
		return (x > y) - (x < y);
	}
	if (a.kind != b.kind)
		return 2;
	if (a.kind == WEIR_BOOL)
		return a.b - b.b;
	if (a.kind != WEIR_STRING && a.kind != WEIR_BYTES)
		return 2;
	n = a.aux < b.aux ? a.aux : b.aux;
	c = memcmp(a.s, b.s, n);
	return c != 0 ? (c > 0) - (c < 0) : (a.aux > b.aux) - (a.aux < b.aux);
}

static const struct weir_value *
walk_get(const struct weir_map *map, struct weir_value key)
{
	size_t i;

	for (i = 0; i < map->n; i++)
		if (walk_compare(map->keys[i], key) == 0)
			return &map->values[i];
	return NULL;
}

static bool
walk_equal(struct weir_value a, struct weir_value b)
{
	const struct weir_value *v;
	size_t i;

	if (a.kind == WEIR_NULL && b.kind == WEIR_NULL)
		return true;
	if (a.kind == WEIR_LIST && b.kind == WEIR_LIST) {
		if (a.list->n != b.list->n)
			return false;
		for (i = 0; i < a.list->n; i++)
			if (!walk_equal(a.list->items[i], b.list->items[i]))
				return false;
		return true;
	}
	if (a.kind == WEIR_MAP && b.kind == WEIR_MAP) {
		if (a.map->n != b.map->n)
			return false;
		for (i = 0; i < a.map->n; i++) {
			v = walk_get(b.map, a.map->keys[i]);
			if (v == NULL || !walk_equal(a.map->values[i], *v))
				return false;
		}
		return true;
	}
	return walk_compare(a, b) == 0;
}

/* --- names --- */

static struct weir_value
walk_select(struct weir_value v, struct weir_str name)
{
	struct weir_value key = {
	    .kind = WEIR_STRING, .aux = (uint32_t)name.len, .s = name.s};
	const struct weir_value *found;

	if (v.kind == WEIR_ERROR || v.kind == WEIR_ABSENT)
		return v;
	if (v.kind == WEIR_NULL)
		return walk_absent;
	if (v.kind != WEIR_MAP)
		return walk_error;
	found = walk_get(v.map, key);
	return found != NULL ? *found : walk_absent;
}

static const struct walk_var *
walk_var(const struct walk_var *vars, struct weir_str name)
{
	for (; vars != NULL; vars = vars->outer)
		if (vars->name.len == name.len &&
		    memcmp(vars->name.s, name.s, name.len) == 0)
			break;
	return vars;
}

/* a.b.c as it stands, not through a variable: its names, or 0. */
static size_t
walk_chain(const struct weir_ast *ast, const struct walk_var *vars,
    struct weir_str *names)
{
	size_t n = 0;

	if (ast->flags & (WEIR_AST_QUOTED | WEIR_AST_OPTIONAL))
		return 0;
	if (ast->kind == WEIR_AST_NAME) {
		if (walk_var(vars, ast->name) != NULL ||
		    weir_str_eq(ast->name, "event"))
			return 0;
	} else if (ast->kind != WEIR_AST_SELECT ||
	    (ast->kids[0]->flags & WEIR_AST_PARENS) ||
	    (n = walk_chain(ast->kids[0], vars, names)) == 0 || n == 8) {
		return 0;
	}
	names[n] = ast->name;
	return n + 1;
}

static struct weir_value
walk_name(
    struct walk *w, const struct weir_ast *ast, const struct walk_var *vars)
{
	struct weir_str names[8];
	size_t n = walk_chain(ast, vars, names), i, j, len;
	struct weir_value v;
	char text[512];

	for (i = n; i >= 2; i--) {
		for (j = 0, len = 0; j < i; j++) {
			if (j > 0)
				text[len++] = '.';
			memcpy(text + len, names[j].s, names[j].len);
			len += names[j].len;
		}
		v = walk_select(w->event, (struct weir_str){text, len});
		if (v.kind == WEIR_ABSENT)
			continue;
		for (; i < n; i++)
			v = walk_select(v, names[i]);
		return v;
	}
	if (ast->kind == WEIR_AST_SELECT)
		return walk_select(walk_eval(w, ast->kids[0], vars), ast->name);
	if (walk_var(vars, ast->name) != NULL)
		return walk_var(vars, ast->name)->value;
	if (weir_str_eq(ast->name, "event") && !(ast->flags & WEIR_AST_QUOTED))
		return w->event;
	return walk_select(w->event, ast->name);
}

static struct weir_value
walk_index(struct weir_value a, struct weir_value b)
{
	const struct weir_value *v;

	if (a.kind == WEIR_ERROR || b.kind == WEIR_ERROR)
		return walk_error;
	if (a.kind == WEIR_ABSENT || b.kind == WEIR_ABSENT)
		return walk_absent;
	if (a.kind == WEIR_NULL && b.kind == WEIR_STRING)
		return walk_absent;
	if (a.kind == WEIR_LIST && walk_is_number(b)) {
		double d = walk_double(b);

		if (d != floor(d) || (b.kind == WEIR_DOUBLE && d >= 0x1p53))
			return walk_error;
		if (d < 0)
			return walk_error;
		return d < (double)a.list->n ? a.list->items[(size_t)d]
					     : walk_absent;
	}
	if (a.kind != WEIR_MAP ||
	    (b.kind != WEIR_BOOL && b.kind != WEIR_STRING &&
		!walk_is_number(b)))
		return walk_error;
	v = walk_get(a.map, b);
	return v != NULL ? *v : walk_absent;
}

/* --- operators --- */

static struct weir_value
walk_integers(enum weir_op op, struct weir_value a, struct weir_value b)
{
	__int128 x = walk_wide(a), y = walk_wide(b), r = 0;
	bool signs = a.kind == WEIR_INT || b.kind == WEIR_INT;
	bool uints = a.kind == WEIR_UINT || b.kind == WEIR_UINT;

	if ((op == WEIR_OP_DIV || op == WEIR_OP_MOD) && y == 0)
		return walk_error;
	switch (op) {
	case WEIR_OP_ADD: r = x + y; break;
	case WEIR_OP_SUB: r = x - y; break;
	case WEIR_OP_MUL:
		if (__builtin_mul_overflow(x, y, &r))
			return walk_error;
		break;
	case WEIR_OP_DIV: r = x / y; break;
	default: r = x % y; break;
	}
	if (signs && r >= INT64_MIN && r <= INT64_MAX)
		return walk_int((int64_t)r);
	if (!uints || r < 0 || r > (__int128)UINT64_MAX)
		return walk_error;
	return (struct weir_value){.kind = WEIR_UINT, .u = (uint64_t)r};
}

static struct weir_value
walk_arithmetic(
    struct walk *w, enum weir_op op, struct weir_value a, struct weir_value b)
{
	struct weir_value out = {.kind = WEIR_DOUBLE}, *items;
	double x, y;
	char *s;

	if (walk_is_number(a) && walk_is_number(b)) {
		if (a.kind != WEIR_DOUBLE && b.kind != WEIR_DOUBLE)
			return walk_integers(op, a, b);
		x = walk_double(a);
		y = walk_double(b);
		out.d = op == WEIR_OP_ADD ? x + y
		    : op == WEIR_OP_SUB	  ? x - y
		    : op == WEIR_OP_MUL	  ? x * y
					  : x / y;
		return op == WEIR_OP_MOD ? walk_error : out;
	}
	if (op != WEIR_OP_ADD || a.kind != b.kind)
		return walk_error;
	if (a.kind == WEIR_STRING || a.kind == WEIR_BYTES) {
		s = weir_arena_alloc(&w->arena, (size_t)a.aux + b.aux + 1);
		memcpy(s, a.s, a.aux);
		memcpy(s + a.aux, b.s, b.aux);
		return (struct weir_value){
		    .kind = a.kind, .aux = a.aux + b.aux, .s = s};
	}
	if (a.kind != WEIR_LIST)
		return walk_error;
	items = weir_arena_alloc(
	    &w->arena, (a.list->n + b.list->n + 1) * sizeof *items);
	memcpy(items, a.list->items, a.list->n * sizeof *items);
	memcpy(items + a.list->n, b.list->items, b.list->n * sizeof *items);
	return walk_list(w, items, a.list->n + b.list->n);
}

static struct weir_value
walk_in(struct weir_value a, struct weir_value b)
{
	size_t i;

	if (b.kind == WEIR_MAP)
		return walk_bool(walk_get(b.map, a) != NULL);
	if (b.kind != WEIR_LIST)
		return walk_error;
	for (i = 0; i < b.list->n; i++)
		if (walk_equal(a, b.list->items[i]))
			return walk_bool(true);
	return walk_bool(false);
}

static struct weir_value
walk_binary(
    struct walk *w, enum weir_op op, struct weir_value a, struct weir_value b)
{
	int c;

	if (a.kind == WEIR_ERROR || b.kind == WEIR_ERROR)
		return walk_error;
	if (a.kind == WEIR_ABSENT || b.kind == WEIR_ABSENT)
		return walk_absent;
	if (op == WEIR_OP_IN)
		return walk_in(a, b);
	if (op == WEIR_OP_EQ || op == WEIR_OP_NE)
		return walk_bool(walk_equal(a, b) == (op == WEIR_OP_EQ));
	if (op < WEIR_OP_EQ)
		return walk_arithmetic(w, op, a, b);
	if (!(walk_is_number(a) && walk_is_number(b)) &&
	    (a.kind != b.kind ||
		(a.kind != WEIR_BOOL && a.kind != WEIR_STRING &&
		    a.kind != WEIR_BYTES)))
		return walk_error;
	c = walk_compare(a, b);
	return walk_bool(op == WEIR_OP_LT ? c == -1
		: op == WEIR_OP_LE	  ? c == -1 || c == 0
		: op == WEIR_OP_GT	  ? c == 1
					  : c == 0 || c == 1);
}

static struct weir_value
walk_unary(enum weir_op op, struct weir_value a)
{
	if (a.kind == WEIR_ERROR || a.kind == WEIR_ABSENT)
		return a;
	if (op == WEIR_OP_NOT)
		return a.kind == WEIR_BOOL ? walk_bool(!a.b) : walk_error;
	if (a.kind == WEIR_DOUBLE)
		return (struct weir_value){.kind = WEIR_DOUBLE, .d = -a.d};
	if (a.kind != WEIR_INT || a.i == INT64_MIN)
		return walk_error;
	return walk_int(-a.i);
}

/* && (decided by false) and || (by true), one more operand. */
static struct weir_value
walk_logic(struct weir_value sofar, struct weir_value v, bool decides)
{
	if ((sofar.kind == WEIR_BOOL && sofar.b == decides) ||
	    (v.kind == WEIR_BOOL && v.b == decides))
		return walk_bool(decides);
	if (sofar.kind == WEIR_ERROR ||
	    (v.kind != WEIR_BOOL && v.kind != WEIR_ABSENT))
		return walk_error;
	return sofar.kind == WEIR_ABSENT || v.kind == WEIR_ABSENT
	    ? walk_absent
	    : walk_bool(!decides);
}

#endif
