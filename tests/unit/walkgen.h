/*
 * walkgen.h - expressions and events out of random bytes, and the comparison of
 * the evaluator with the simple one.
 */
#ifndef WEIR_TESTS_UNIT_WALKGEN_H
#define WEIR_TESTS_UNIT_WALKGEN_H

#include "expr/expr.h"
#include "tests/unit/walkcall.h"

#include <stdio.h>
#include <stdlib.h>

struct gen {
	const uint8_t *data;
	size_t size, at;
	struct weir_buf expr, event;
	struct walk walk;
	unsigned nvars;
};

/* The next choice of n; 0 when the bytes are used up. */
static unsigned
pick(struct gen *g, unsigned n)
{
	return g->at < g->size ? g->data[g->at++] % n : 0;
}

#define PICK(g, table) table[pick(g, sizeof table / sizeof *table)]

/* --- events --- */

static const char *const gen_keys[] = {
    "a", "b", "n", "s", "l", "m", "a.b", "a.b.c", "m.a", "c"};

static struct weir_value
gen_number(struct gen *g)
{
	static const struct {
		const char *text;
		struct weir_value v;
	} numbers[] = {{"0", {.kind = WEIR_INT, .i = 0}},
	    {"1", {.kind = WEIR_INT, .i = 1}},
	    {"-1", {.kind = WEIR_INT, .i = -1}},
	    {"2", {.kind = WEIR_INT, .i = 2}},
	    {"1.0", {.kind = WEIR_DOUBLE, .d = 1}},
	    {"-0.5", {.kind = WEIR_DOUBLE, .d = -0.5}},
	    {"-0", {.kind = WEIR_DOUBLE, .d = -0.0}},
	    {"1e300", {.kind = WEIR_DOUBLE, .d = 1e300}},
	    {"9007199254740993", {.kind = WEIR_INT, .i = 9007199254740993}},
	    {"9223372036854775807", {.kind = WEIR_INT, .i = INT64_MAX}},
	    {"-9223372036854775808", {.kind = WEIR_INT, .i = INT64_MIN}},
	    {"9223372036854775808",
		{.kind = WEIR_UINT, .u = UINT64_C(1) << 63}},
	    {"18446744073709551615", {.kind = WEIR_UINT, .u = UINT64_MAX}},
	    {"18446744073709551616", {.kind = WEIR_DOUBLE, .d = 0x1p64}}};
	unsigned i = pick(g, sizeof numbers / sizeof *numbers);

	weir_buf_puts(&g->event, numbers[i].text);
	return numbers[i].v;
}

static struct weir_value
gen_string(struct gen *g)
{
	static const char *const strings[][2] = {{"\"\"", ""}, {"\"a\"", "a"},
	    {"\"ab\"", "ab"}, {"\"\\u0061\\n\"", "a\n"},
	    {"\"\xC3\xA9,a\"", "\xC3\xA9,a"}, {"\"b\\\"c\"", "b\"c"},
	    {"\"\\ud83d\\ude00A\"",
		"\xF0\x9F\x98\x80"
		"A"}};
	unsigned i = pick(g, sizeof strings / sizeof *strings);

	weir_buf_puts(&g->event, strings[i][0]);
	return walk_text(&g->walk, strings[i][1], strlen(strings[i][1]));
}

static struct weir_value gen_json(struct gen *g, int depth);
static struct weir_value gen_object(struct gen *g, int depth, unsigned most);

static struct weir_value
gen_array(struct gen *g, int depth)
{
	struct weir_value items[4];
	unsigned n = pick(g, 5), i;

	weir_buf_puts(&g->event, pick(g, 4) == 0 ? "[ " : "[");
	for (i = 0; i < n; i++) {
		weir_buf_puts(&g->event, i > 0 ? "," : "");
		items[i] = gen_json(g, depth - 1);
	}
	weir_buf_puts(&g->event, "]");
	return walk_list(&g->walk, items, n);
}

/* What is most often in the field of that name. */
static struct weir_value
gen_member(struct gen *g, const char *name, int depth)
{
	unsigned b = pick(g, 8);

	if (b == 7 || depth < 1)
		return gen_json(g, depth);
	switch (*name) {
	case 'b':
		weir_buf_puts(&g->event, b & 1 ? "true" : "false");
		return walk_bool(b & 1);
	case 'n': return gen_number(g);
	case 's': return gen_string(g);
	case 'l': return gen_array(g, depth);
	case 'm': return gen_object(g, depth, 4);
	default: return gen_json(g, depth);
	}
}

/* A key that comes twice keeps its place and its last value. */
static struct weir_value
gen_object(struct gen *g, int depth, unsigned most)
{
	struct weir_value keys[12], values[12], v;
	unsigned n = pick(g, most + 1), i, j, at = 0;

	weir_buf_puts(&g->event, "{");
	for (i = 0; i < n; i++) {
		const char *name = PICK(g, gen_keys);

		weir_buf_printf(
		    &g->event, "%s\"%s\":", i > 0 ? ", " : "", name);
		v = gen_member(g, name, depth - 1);
		for (j = 0; j < at; j++)
			if (weir_str_eq(
				(struct weir_str){keys[j].s, keys[j].aux},
				name))
				break;
		keys[j] = walk_text(&g->walk, name, strlen(name));
		values[j] = v;
		at += j == at;
	}
	weir_buf_puts(&g->event, "}");
	return walk_map(&g->walk, keys, values, at);
}

static struct weir_value
gen_json(struct gen *g, int depth)
{
	unsigned kind = pick(g, depth > 0 ? 9 : 5);

	switch (kind) {
	case 0:
	case 1: return gen_number(g);
	case 2: return gen_string(g);
	case 3:
		weir_buf_puts(&g->event, "null");
		return (struct weir_value){.kind = WEIR_NULL};
	case 4:
		kind = pick(g, 2);
		weir_buf_puts(&g->event, kind ? "true" : "false");
		return walk_bool(kind);
	case 5:
	case 6: return gen_array(g, depth);
	default: return gen_object(g, depth, 5);
	}
}

/* --- expressions --- */

enum gen_type { ANY, BOOL, NUMBER, STRING, LIST, MAP };

static void gen_expr(struct gen *g, enum gen_type type, int depth);

/*
 * Append a pattern: $b $n $s $l $m stand for expressions of those types, $? for
 * any, $@ for a new variable, whose scope is the rest of the pattern.
 */
static void
gen_pattern(struct gen *g, const char *p, int depth)
{
	static const char types[] = "?bnslm";
	unsigned vars = g->nvars;
	const char *t;

	for (; *p != '\0'; p++) {
		if (*p == '$' && p[1] == '@') {
			weir_buf_printf(&g->expr, "v%u", g->nvars++);
			p++;
		} else if (*p == '$') {
			t = strchr(types, *++p);
			gen_expr(g, (enum gen_type)(t - types), depth - 1);
		} else {
			weir_buf_putc(&g->expr, *p);
		}
	}
	g->nvars = vars;
}

static const char *const gen_names[] = {"a", "b", "n", "s", "l", "m", "a.b",
    "a.b.c", "m.a", "`a.b`", "event.a", "event.a.b", "event[\"a.b\"]",
    "(a.b).c", "a[\"b\"]", "m[\"a.b\"]", "a.b.c.a", "l[0]", "(a).b", "event"};

static const char *const gen_leaves[] = {"null", "b\"a\"", "b\"\\xff\"",
    "[null]", "{1: 2, true: 3, 4u: 5}", "{\"a\": [1]}.a"};
static const char *const gen_bool_leaves[] = {"true", "false", "b"};
static const char *const gen_number_leaves[] = {"n", "0", "1", "-1", "2", "1u",
    "0u", "18446744073709551615u", "1.0", "-0.5", "0.0", "n", "3",
    "9223372036854775807", "-9223372036854775808", "9007199254740992.0",
    "1e300"};
static const char *const gen_string_leaves[] = {
    "s", "\"\"", "\"a\"", "\"ab\"", "\"\xC3\xA9\"", "\"b\\\"c\"", "\",\""};
static const char *const gen_list_leaves[] = {
    "l", "[]", "[1, 2, 3]", "[\"a\", \"b\"]", "[true, 1, 2.5]"};
static const char *const gen_map_leaves[] = {
    "m", "{}", "{\"a\": 1}", "event", "{\"a\": \"b\", \"c\": 2}"};

static const char *const gen_bools[] = {"($n < $n)", "($n >= $n)", "($n == $n)",
    "($n != $n)", "($n > $n)", "($n <= $n)", "($s != $s)", "($s == $s)",
    "($s < $s)", "($? == $?)", "($? != $?)", "($b && $b)", "($b || $b && $b)",
    "($b || $b || $b)", "!$b", "($b ? $b : $b)", "($? in $l)", "($s in $m)",
    "($? in $m)", "$s.contains($s)", "$s.startsWith($s)", "$s.endsWith($s)",
    "$l.all($@, $b)", "$l.exists($@, $b)", "$l.exists_one($@, $b)",
    "$m.all($@, $b)", "$l.exists($@, $@, $b)", "$m.all($@, $@, $b)",
    "cel.bind($@, $?, $b)", "has(a.b)", "has(n)", "has(a.b.c)", "has(m[\"a\"])",
    "has($m.a)", "($b > $b)"};
static const char *const gen_numbers[] = {"($n + $n)", "($n - $n)", "($n * $n)",
    "($n / $n)", "($n % $n)", "-($n)", "size($?)", "size($l)", "$s.size()",
    "$s.indexOf($s)", "($b ? $n : $n)", "$l[$n]", "($n + $n * $n)",
    "cel.bind($@, $n, $n)"};
static const char *const gen_strings[] = {"($s + $s)", "$s.lowerAscii()",
    "$s.upperAscii()", "$s.substring($n)", "$s.substring(0, $n)", "$l.join($s)",
    "$s.reverse()", "($b ? $s : $s)", "$m[$s]", "$l[0]", "($? + $?)"};
static const char *const gen_lists[] = {"[$?, $?]", "[$n, $n, $n]", "[$s]",
    "($l + $l)", "$l.filter($@, $b)", "$l.map($@, $?)", "$l.map($@, $b, $?)",
    "$m.map($@, $?)", "$s.split($s)", "$l.reverse()",
    "$l.transformList($@, $@, $?)", "$m.transformList($@, $@, $b, $?)",
    "$m.filter($@, $b)"};
static const char *const gen_maps[] = {"{$s: $?}", "{\"a\": $?, \"b\": $?}",
    "{$?: $?, $?: $?}", "$m.transformMap($@, $@, $?)",
    "$l.transformMap($@, $@, $b, $?)", "$m.a", "$m[\"m\"]"};

static const char *
gen_typed_leaf(struct gen *g, enum gen_type type)
{
	switch (type) {
	case BOOL: return PICK(g, gen_bool_leaves);
	case NUMBER: return PICK(g, gen_number_leaves);
	case STRING: return PICK(g, gen_string_leaves);
	case LIST: return PICK(g, gen_list_leaves);
	case MAP: return PICK(g, gen_map_leaves);
	default: return PICK(g, gen_leaves);
	}
}

static void
gen_leaf(struct gen *g, enum gen_type type)
{
	unsigned kind = pick(g, 16);

	if (kind >= 11 && g->nvars > 0)
		weir_buf_printf(&g->expr, "v%u", pick(g, g->nvars));
	else if (kind == 10)
		weir_buf_puts(&g->expr, PICK(g, gen_names));
	else
		weir_buf_puts(&g->expr, gen_typed_leaf(g, type));
}

static void
gen_expr(struct gen *g, enum gen_type type, int depth)
{
	if (depth <= 0 || g->at >= g->size || pick(g, 5) == 0) {
		gen_leaf(g, type);
		return;
	}
	if (type == ANY || pick(g, 32) == 0)
		type = (enum gen_type)(1 + pick(g, 5));
	gen_pattern(g,
	    type == BOOL	 ? PICK(g, gen_bools)
		: type == NUMBER ? PICK(g, gen_numbers)
		: type == STRING ? PICK(g, gen_strings)
		: type == LIST	 ? PICK(g, gen_lists)
				 : PICK(g, gen_maps),
	    depth);
}

/* --- the comparison --- */

static bool
gen_same(struct weir_value a, struct weir_value b, struct weir_arena *arena)
{
	size_t i;

	a = weir_value_open(a, arena);
	if (a.kind != b.kind)
		return false;
	switch (a.kind) {
	case WEIR_ABSENT:
	case WEIR_ERROR: /* whatever it says */
	case WEIR_NULL: return true;
	case WEIR_BOOL: return a.b == b.b;
	case WEIR_DOUBLE:
		return isnan(a.d) ? isnan(b.d)
				  : a.d == b.d && signbit(a.d) == signbit(b.d);
	case WEIR_STRING:
	case WEIR_BYTES: return a.aux == b.aux && memcmp(a.s, b.s, a.aux) == 0;
	case WEIR_LIST:
		for (i = 0; a.list->n == b.list->n && i < a.list->n; i++)
			if (!gen_same(
				a.list->items[i], b.list->items[i], arena))
				return false;
		return a.list->n == b.list->n;
	case WEIR_MAP:
		for (i = 0; a.map->n == b.map->n && i < a.map->n; i++)
			if (!gen_same(a.map->keys[i], b.map->keys[i], arena) ||
			    !gen_same(
				a.map->values[i], b.map->values[i], arena))
				return false;
		return a.map->n == b.map->n;
	default: return a.u == b.u;
	}
}

/* Evaluate what was made both ways: 1 the same, 0 no expression, -1 not. */
static int
gen_compare(struct gen *g, const struct weir_ast *ast)
{
	struct weir_prover *prover = weir_prover_new();
	struct weir_scope scope = {.prover = prover};
	struct weir_slot slots[WEIR_PATHS_MAX];
	struct weir_error err = {0};
	struct weir_expr *x = weir_expr_compile_ast(
	    &scope, ast, g->expr.data, g->expr.len, "expression", &err);
	struct weir_row row = {.slots = slots, .text = g->event.data};
	struct weir_arena arena = {0};
	struct weir_value v;
	int rc, same = 0;

	row.len = (uint32_t)g->event.len;
	memset(weir_buf_reserve(&g->event, WEIR_PAD + 1), 0, WEIR_PAD + 1);
	g->event.data[row.len] = '\n';
	row.text = g->event.data;
	if (x != NULL) {
		if (weir_prover_line(prover, row.text, slots, NULL) == NULL)
			abort();
		rc = weir_expr_eval(x, &row, &arena, &v, &err);
		if (rc <= 0)
			v.kind = rc < 0 ? WEIR_ERROR : WEIR_ABSENT;
		same = gen_same(v, walk_eval(&g->walk, ast, NULL), &arena) ? 1
									   : -1;
		if (g->walk.unknown)
			same = 0;
	}
	weir_expr_free(x);
	weir_prover_free(prover);
	weir_arena_fini(&arena);
	return same;
}

/* Make an expression and an event out of bytes and compare, saying so if not.
 */
static int
gen_run(const uint8_t *data, size_t size)
{
	struct gen g = {.data = data, .size = size};
	const struct weir_ast *ast;
	int rc = 0;

	g.walk.event = gen_object(&g, 3, 10);
	gen_expr(&g, ANY, 5);
	ast = weir_ast_parse(&g.walk.arena, g.expr.data, g.expr.len,
	    "expression", &(struct weir_error){0});
	if (ast != NULL)
		rc = gen_compare(&g, ast);
	if (rc < 0)
		printf("# expression: %.*s\n# event: %.*s\n", (int)g.expr.len,
		    g.expr.data, (int)g.event.len, g.event.data);
	weir_arena_fini(&g.walk.arena);
	weir_buf_fini(&g.expr);
	weir_buf_fini(&g.event);
	return rc;
}

#endif
