/*
 * walkcall.h - the second evaluator's functions and macros.
 */
#ifndef WEIR_TESTS_UNIT_WALKCALL_H
#define WEIR_TESTS_UNIT_WALKCALL_H

#include "tests/unit/walk.h"

#define WALK_ITEMS 256 /* of a list that is made; beyond, it gives up */

/* Where sub is in s at or after byte from, or -1. */
static long
walk_find(struct weir_value s, struct weir_value sub, size_t from)
{
	for (; from + sub.aux <= s.aux; from++)
		if (memcmp(s.s + from, sub.s, sub.aux) == 0)
			return (long)from;
	return -1;
}

static struct weir_value
walk_case(struct walk *w, struct weir_value s, char first)
{
	char *out = weir_arena_alloc(&w->arena, s.aux + 1);
	uint32_t i;

	for (i = 0; i < s.aux; i++)
		out[i] = s.s[i] >= first && s.s[i] <= first + 25
		    ? (char)(s.s[i] + (first == 'A' ? 32 : -32))
		    : s.s[i];
	return walk_text(w, out, s.aux);
}

static struct weir_value
walk_size(struct weir_value v)
{
	size_t i, n = 0;

	switch (v.kind) {
	case WEIR_STRING:
		for (i = 0; i < v.aux; i++)
			n += (v.s[i] & 0xC0) != 0x80;
		return walk_int((int64_t)n);
	case WEIR_BYTES: return walk_int(v.aux);
	case WEIR_LIST: return walk_int((int64_t)v.list->n);
	case WEIR_MAP: return walk_int((int64_t)v.map->n);
	default: return walk_error;
	}
}

/* s.substring(from, to), in code points. */
static struct weir_value
walk_substring(struct walk *w, struct weir_value s, struct weir_value from,
    struct weir_value to)
{
	int64_t n = walk_size(s).i, i = 0;
	size_t at = 0, begin = 0, end = 0;

	if (from.kind != WEIR_INT || to.kind != WEIR_INT || from.i < 0 ||
	    from.i > to.i || to.i > n)
		return walk_error;
	for (;; i++) {
		if (i == from.i)
			begin = at;
		if (i == to.i)
			end = at;
		if (i == n)
			break;
		for (at++; at < s.aux && (s.s[at] & 0xC0) == 0x80;)
			at++;
	}
	return walk_text(w, s.s + begin, end - begin);
}

static struct weir_value
walk_split(struct walk *w, struct weir_value s, struct weir_value sep)
{
	struct weir_value items[WALK_ITEMS];
	size_t n = 0, from = 0;
	long at;

	w->unknown |= s.aux >= WALK_ITEMS;
	if (sep.aux == 0) {
		for (; from < s.aux && n < WALK_ITEMS; from += (size_t)at) {
			for (at = 1; from + (size_t)at < s.aux &&
			     (s.s[from + (size_t)at] & 0xC0) == 0x80;)
				at++;
			items[n++] = walk_text(w, s.s + from, (size_t)at);
		}
		return walk_list(w, items, n);
	}
	while (n < WALK_ITEMS - 1 && (at = walk_find(s, sep, from)) >= 0) {
		items[n++] = walk_text(w, s.s + from, (size_t)at - from);
		from = (size_t)at + sep.aux;
	}
	items[n++] = walk_text(w, s.s + from, s.aux - from);
	return walk_list(w, items, n);
}

static struct weir_value
walk_join(struct walk *w, struct weir_value list, struct weir_value sep)
{
	struct weir_value out = walk_text(w, "", 0);
	size_t i;

	for (i = 0; i < list.list->n; i++) {
		if (list.list->items[i].kind != WEIR_STRING)
			return walk_error;
		if (i > 0)
			out = walk_arithmetic(w, WEIR_OP_ADD, out, sep);
		out = walk_arithmetic(w, WEIR_OP_ADD, out, list.list->items[i]);
	}
	return out;
}

static struct weir_value
walk_reverse(struct walk *w, struct weir_value v)
{
	struct weir_value items[WALK_ITEMS], none = walk_text(w, "", 0);
	bool string = v.kind == WEIR_STRING;
	size_t i;

	if (string)
		v = walk_split(w, v, none);
	else if (v.kind != WEIR_LIST)
		return walk_error;
	w->unknown |= v.list->n >= WALK_ITEMS;
	for (i = 0; i < v.list->n && i < WALK_ITEMS; i++)
		items[i] = v.list->items[v.list->n - 1 - i];
	v = walk_list(w, items, i);
	return string ? walk_join(w, v, none) : v;
}

/* A method of strings with string arguments: 1, or 0 if it is another. */
static int
walk_strings(struct walk *w, struct weir_str name, const struct weir_value *a,
    struct weir_value *out)
{
	long at;

	if (a[0].kind != WEIR_STRING || a[1].kind != WEIR_STRING) {
		*out = walk_error;
		return weir_str_eq(name, "contains") ||
		    weir_str_eq(name, "startsWith") ||
		    weir_str_eq(name, "endsWith") ||
		    weir_str_eq(name, "indexOf") || weir_str_eq(name, "split");
	}
	at = walk_find(a[0], a[1], 0);
	if (weir_str_eq(name, "contains"))
		*out = walk_bool(at >= 0);
	else if (weir_str_eq(name, "startsWith"))
		*out = walk_bool(at == 0);
	else if (weir_str_eq(name, "endsWith"))
		*out = walk_bool(a[0].aux >= a[1].aux &&
		    walk_find(a[0], a[1], a[0].aux - a[1].aux) >= 0);
	else if (weir_str_eq(name, "indexOf"))
		*out = at < 0 ? walk_int(-1)
			      : walk_size(walk_text(w, a[0].s, (size_t)at));
	else if (weir_str_eq(name, "split"))
		*out = walk_split(w, a[0], a[1]);
	else
		return 0;
	return 1;
}

static struct weir_value
walk_function(
    struct walk *w, struct weir_str name, const struct weir_value *a, size_t n)
{
	struct weir_value out;
	bool string = a[0].kind == WEIR_STRING;

	if (n == 1 && weir_str_eq(name, "size"))
		return walk_size(a[0]);
	if (n == 1 && weir_str_eq(name, "lowerAscii"))
		return string ? walk_case(w, a[0], 'A') : walk_error;
	if (n == 1 && weir_str_eq(name, "upperAscii"))
		return string ? walk_case(w, a[0], 'a') : walk_error;
	if (n == 1 && weir_str_eq(name, "reverse"))
		return walk_reverse(w, a[0]);
	if (n == 2 && walk_strings(w, name, a, &out))
		return out;
	if (n == 2 && weir_str_eq(name, "join"))
		return a[0].kind == WEIR_LIST && a[1].kind == WEIR_STRING
		    ? walk_join(w, a[0], a[1])
		    : walk_error;
	if (n == 2 && weir_str_eq(name, "substring"))
		return string ? walk_substring(w, a[0], a[1], walk_size(a[0]))
			      : walk_error;
	if (n == 3 && weir_str_eq(name, "substring"))
		return string ? walk_substring(w, a[0], a[1], a[2])
			      : walk_error;
	w->unknown = true;
	return walk_error;
}

/* --- macros --- */

/* A path of names into the event, which has() takes whole. */
static bool
walk_is_path(const struct weir_ast *ast, const struct walk_var *vars)
{
	if (ast->kind == WEIR_AST_NAME)
		return walk_var(vars, ast->name) == NULL;
	if (ast->kind == WEIR_AST_INDEX &&
	    (ast->kids[1]->kind != WEIR_AST_CONST ||
		ast->kids[1]->value.kind != WEIR_STRING))
		return false;
	return (ast->kind == WEIR_AST_SELECT || ast->kind == WEIR_AST_INDEX) &&
	    walk_is_path(ast->kids[0], vars);
}

static struct weir_value
walk_has(
    struct walk *w, const struct weir_ast *ast, const struct walk_var *vars)
{
	struct weir_value v;

	if (walk_is_path(ast, vars))
		v = walk_eval(w, ast, vars);
	else
		v = walk_select(walk_eval(w, ast->kids[0], vars), ast->name);
	return v.kind == WEIR_ERROR ? v : walk_bool(v.kind != WEIR_ABSENT);
}

/* What a macro does, by name. */
enum walk_macro {
	WALK_NONE,
	WALK_ALL,
	WALK_EXISTS,
	WALK_ONE,
	WALK_FILTER,
	WALK_LIST,
	WALK_MAP
};

static enum walk_macro
walk_macro(struct weir_str name)
{
	return weir_str_eq(name, "all")	      ? WALK_ALL
	    : weir_str_eq(name, "exists")     ? WALK_EXISTS
	    : weir_str_eq(name, "exists_one") ? WALK_ONE
	    : weir_str_eq(name, "filter")     ? WALK_FILTER
	    : weir_str_eq(name, "map") || weir_str_eq(name, "transformList")
	    ? WALK_LIST
	    : weir_str_eq(name, "transformMap") ? WALK_MAP
						: WALK_NONE;
}

static struct weir_value
walk_loop(struct walk *w, const struct weir_ast *ast, enum walk_macro macro,
    const struct walk_var *vars)
{
	struct weir_value over = walk_eval(w, ast->kids[0], vars), v, guard;
	struct weir_value keys[WALK_ITEMS], out[WALK_ITEMS];
	struct weir_value sofar = walk_bool(macro == WALK_ALL);
	struct walk_var first = {.outer = vars, .name = ast->kids[1]->name};
	struct walk_var second = {.outer = &first};
	const struct walk_var *scope = &first;
	bool two = weir_str_eq(ast->name, "transformList") ||
	    macro == WALK_MAP ||
	    (ast->n == 4 && macro != WALK_LIST && macro != WALK_FILTER);
	bool map = over.kind == WEIR_MAP;
	size_t body = ast->n - 1, n = 0, i, count, found = 0;

	if (over.kind == WEIR_ERROR || over.kind == WEIR_ABSENT)
		return over;
	if (over.kind != WEIR_LIST && !map)
		return walk_error;
	if (two) {
		second.name = ast->kids[2]->name;
		scope = &second;
	}
	count = map ? over.map->n : over.list->n;
	w->unknown |= count > WALK_ITEMS;
	for (i = 0; i < count && i < WALK_ITEMS; i++) {
		struct weir_value key =
		    map ? over.map->keys[i] : walk_int((int64_t)i);
		struct weir_value item =
		    map ? over.map->values[i] : over.list->items[i];

		first.value = two || map ? key : item;
		second.value = item;
		if (body == (two ? 4 : 3)) {
			guard = walk_eval(w, ast->kids[body - 1], scope);
			if (guard.kind == WEIR_ABSENT)
				continue;
			if (guard.kind != WEIR_BOOL)
				return walk_error;
			if (!guard.b)
				continue;
		}
		v = walk_eval(w, ast->kids[body], scope);
		if (macro == WALK_ALL || macro == WALK_EXISTS) {
			sofar = walk_logic(sofar, v, macro == WALK_EXISTS);
			continue;
		}
		if (macro == WALK_LIST || macro == WALK_MAP) {
			if (v.kind == WEIR_ERROR || v.kind == WEIR_ABSENT)
				return v;
			keys[n] = key;
			out[n++] = v;
			continue;
		}
		if (v.kind != WEIR_BOOL && v.kind != WEIR_ABSENT)
			return walk_error;
		if (v.kind == WEIR_ABSENT || !v.b)
			continue;
		found++;
		out[n++] = map ? key : item;
	}
	if (macro == WALK_ALL || macro == WALK_EXISTS)
		return sofar;
	if (macro == WALK_ONE)
		return walk_bool(found == 1);
	return macro == WALK_MAP ? walk_map(w, keys, out, n)
				 : walk_list(w, out, n);
}

static struct weir_value
walk_call(
    struct walk *w, const struct weir_ast *ast, const struct walk_var *vars)
{
	bool method = ast->flags & WEIR_AST_METHOD, absent = false;
	enum walk_macro macro = method ? walk_macro(ast->name) : WALK_NONE;
	struct weir_value args[4];
	struct walk_var var;
	size_t i;

	if (!method && weir_str_eq(ast->name, "has"))
		return walk_has(w, ast->kids[0], vars);
	if (method && weir_str_eq(ast->name, "bind")) {
		var = (struct walk_var){
		    vars, ast->kids[1]->name, walk_eval(w, ast->kids[2], vars)};
		return walk_eval(w, ast->kids[3], &var);
	}
	if (macro != WALK_NONE)
		return walk_loop(w, ast, macro, vars);
	if (ast->n == 0 || ast->n > 4) {
		w->unknown = true;
		return walk_error;
	}
	for (i = 0; i < ast->n; i++) {
		args[i] = walk_eval(w, ast->kids[i], vars);
		if (args[i].kind == WEIR_ERROR)
			return walk_error;
		absent |= args[i].kind == WEIR_ABSENT;
	}
	return absent ? walk_absent : walk_function(w, ast->name, args, ast->n);
}

/* --- the rest --- */

static struct weir_value
walk_literal(
    struct walk *w, const struct weir_ast *ast, const struct walk_var *vars)
{
	struct weir_value keys[WALK_ITEMS], values[WALK_ITEMS], v;
	struct weir_map sofar = {0, keys, values};
	bool map = ast->kind == WEIR_AST_MAP, absent = false, error = false;
	size_t i;

	w->unknown |= ast->n > WALK_ITEMS;
	for (i = 0; i < ast->n && i < WALK_ITEMS; i++) {
		v = walk_eval(w, ast->kids[i], vars);
		error |= v.kind == WEIR_ERROR;
		absent |= v.kind == WEIR_ABSENT;
		if (!map)
			values[i] = v;
		else if (i % 2 == 0)
			keys[i / 2] = v;
		else
			values[i / 2] = v;
	}
	if (error || absent)
		return error ? walk_error : walk_absent;
	if (!map)
		return walk_list(w, values, ast->n);
	for (; sofar.n < ast->n / 2; sofar.n++) {
		v = keys[sofar.n];
		if ((v.kind != WEIR_BOOL && v.kind != WEIR_INT &&
			v.kind != WEIR_UINT && v.kind != WEIR_STRING) ||
		    walk_get(&sofar, v) != NULL)
			return walk_error;
	}
	return walk_map(w, keys, values, sofar.n);
}

static struct weir_value
walk_eval(
    struct walk *w, const struct weir_ast *ast, const struct walk_var *vars)
{
	struct weir_value v;
	size_t i;

	switch ((enum weir_ast_kind)ast->kind) {
	case WEIR_AST_CONST: return ast->value;
	case WEIR_AST_NAME:
	case WEIR_AST_SELECT: return walk_name(w, ast, vars);
	case WEIR_AST_INDEX:
		v = walk_eval(w, ast->kids[0], vars);
		return walk_index(v, walk_eval(w, ast->kids[1], vars));
	case WEIR_AST_CALL: return walk_call(w, ast, vars);
	case WEIR_AST_UNARY:
		return walk_unary(
		    (enum weir_op)ast->op, walk_eval(w, ast->kids[0], vars));
	case WEIR_AST_BINARY:
		v = walk_eval(w, ast->kids[0], vars);
		return walk_binary(w, (enum weir_op)ast->op, v,
		    walk_eval(w, ast->kids[1], vars));
	case WEIR_AST_AND:
	case WEIR_AST_OR:
		v = walk_bool(ast->kind == WEIR_AST_AND);
		for (i = 0; i < ast->n; i++)
			v = walk_logic(v, walk_eval(w, ast->kids[i], vars),
			    ast->kind == WEIR_AST_OR);
		return v;
	case WEIR_AST_COND:
		v = walk_eval(w, ast->kids[0], vars);
		if (v.kind == WEIR_BOOL)
			return walk_eval(w, ast->kids[v.b ? 1 : 2], vars);
		return v.kind == WEIR_ABSENT ? v : walk_error;
	case WEIR_AST_LIST:
	case WEIR_AST_MAP: return walk_literal(w, ast, vars);
	}
	return walk_error;
}

#endif
