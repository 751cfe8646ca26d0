/*
 * The lists and encoders extensions.
 */
#include "expr/func.h"
#include "expr/loop.h"
#include "expr/opt.h"
#include "expr/sort.h"
#include "json/writer.h"

#include <string.h>

static struct weir_value
make_list(struct weir_env *env, const struct weir_value *items, size_t n)
{
	struct weir_list *list = weir_arena_alloc(env->arena, sizeof *list);

	*list = (struct weir_list){n, items};
	return (struct weir_value){.kind = WEIR_LIST, .list = list};
}

static struct weir_value
fn_slice(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value list = weir_value_open(c->args[0], env->arena);
	int64_t from, to;

	if (list.kind != WEIR_LIST || c->args[1].kind != WEIR_INT ||
	    c->args[2].kind != WEIR_INT)
		return weir_no_overload(env, c);
	from = c->args[1].i;
	to = c->args[2].i;
	if (from < 0 || to < from || (uint64_t)to > list.list->n)
		return weir_error_value(env,
		    "slice(%lld, %lld) of %zu elements is out of range",
		    (long long)from, (long long)to, list.list->n);
	return make_list(env, list.list->items + from, (size_t)(to - from));
}

static struct weir_value
fn_sort(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value list = weir_value_open(c->args[0], env->arena);

	if (list.kind != WEIR_LIST)
		return weir_no_overload(env, c);
	return weir_sort(env, list.list->items, list.list);
}

/* Each element once, where it came first. */
static struct weir_value
fn_distinct(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value list = weir_value_open(c->args[0], env->arena);
	struct weir_value *out, error;
	size_t i, j, n = 0;

	if (list.kind != WEIR_LIST)
		return weir_no_overload(env, c);
	out = weir_arena_alloc(env->arena, list.list->n * sizeof *out);
	for (i = 0; i < list.list->n; i++) {
		if (!weir_spend(env, n / 8, &error))
			return error;
		for (j = 0; j < n; j++)
			if (weir_value_equal(
				out[j], list.list->items[i], env->arena))
				break;
		if (j == n)
			out[n++] = list.list->items[i];
	}
	return make_list(env, out, n);
}

/* How many elements there are, depth levels of lists taken apart. */
static size_t
flat(struct weir_env *env, const struct weir_list *list, int64_t depth,
    struct weir_value *out)
{
	struct weir_value v;
	size_t i, n = 0;

	for (i = 0; i < list->n; i++) {
		v = weir_value_open(list->items[i], env->arena);
		if (v.kind == WEIR_LIST && depth > 0) {
			n += flat(env, v.list, depth - 1,
			    out != NULL ? out + n : NULL);
			continue;
		}
		if (out != NULL)
			out[n] = list->items[i];
		n++;
	}
	return n;
}

#define FLATTEN_MAX 100 /* levels */

static struct weir_value
fn_flatten(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value list = weir_value_open(c->args[0], env->arena);
	struct weir_value *out, error;
	int64_t depth = 1;
	size_t n;

	if (list.kind != WEIR_LIST ||
	    (c->n == 2 && c->args[1].kind != WEIR_INT))
		return weir_no_overload(env, c);
	if (c->n == 2)
		depth = c->args[1].i;
	if (depth < 0 || depth > FLATTEN_MAX)
		return weir_error_value(
		    env, "flatten: levels must be 0 to %d", FLATTEN_MAX);
	n = flat(env, list.list, depth, NULL);
	if (!weir_room(env, n * sizeof *out, &error) ||
	    !weir_spend(env, n / 8, &error))
		return error;
	out = weir_arena_alloc(env->arena, n * sizeof *out);
	flat(env, list.list, depth, out);
	return make_list(env, out, n);
}

static struct weir_value
fn_range(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value *out, error;
	int64_t i, n = c->args[0].i;

	if (c->args[0].kind != WEIR_INT)
		return weir_no_overload(env, c);
	if (n > WEIR_EVAL_STEPS)
		return weir_error_value(
		    env, "lists.range: over %d elements", WEIR_EVAL_STEPS);
	n = n < 0 ? 0 : n;
	if (!weir_spend(env, (size_t)n / 8, &error) ||
	    !weir_room(env, (size_t)n * sizeof *out, &error))
		return error;
	out = weir_arena_alloc(env->arena, (size_t)n * sizeof *out);
	for (i = 0; i < n; i++)
		out[i] = weir_int(i);
	return make_list(env, out, (size_t)n);
}

enum which { FIRST, LAST };

static struct weir_value
fn_end(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value list = weir_value_open(c->args[0], env->arena);
	size_t n;

	if (list.kind != WEIR_LIST)
		return weir_no_overload(env, c);
	n = list.list->n;
	if (n == 0)
		return weir_opt_none();
	return weir_opt_of(
	    env, list.list->items[c->func->which == FIRST ? 0 : n - 1]);
}

static struct weir_value
fn_encode(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = c->args[0], error;
	struct weir_buf out = {0};
	char *copy;

	if (v.kind != WEIR_BYTES && v.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (!weir_room(env, 2 * (size_t)v.aux + 4, &error))
		return error;
	weir_json_base64(&out, v.s, v.aux);
	copy = weir_arena_alloc(env->arena, out.len);
	if (out.len != 0)
		memcpy(copy, out.data, out.len);
	v = weir_text(copy, out.len);
	weir_buf_fini(&out);
	return v;
}

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* With padding or without. */
static struct weir_value
fn_decode(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = c->args[0];
	size_t len, i, n = 0;
	uint32_t bits = 0;
	char *out;
	int digit = 0;

	if (v.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	len = v.aux;
	if (len % 4 == 0)
		for (i = 0; i < 2 && len > 0 && v.s[len - 1] == '='; i++)
			len--;
	out = weir_arena_alloc(env->arena, len);
	for (i = 0; i < len && digit >= 0; i++) {
		digit = base64_digit(v.s[i]);
		bits = bits << 6 | ((uint32_t)digit & 63);
		if (i % 4 != 0)
			out[n++] = (char)(bits >> (6 - i % 4 * 2));
	}
	if (digit < 0 || len % 4 == 1)
		return weir_error_value(env, "base64.decode: not base64");
	v = weir_text(out, n);
	v.kind = WEIR_BYTES;
	return v;
}

/* clang-format off */
const struct weir_func weir_funcs_list[] = {
	{"slice",         fn_slice,    3, 3, WEIR_F_METHOD, 0},
	{"sort",          fn_sort,     1, 1, WEIR_F_METHOD, 0},
	{"distinct",      fn_distinct, 1, 1, WEIR_F_METHOD, 0},
	{"flatten",       fn_flatten,  1, 2, WEIR_F_METHOD, 0},
	{"first",         fn_end,      1, 1, WEIR_F_METHOD, FIRST},
	{"last",          fn_end,      1, 1, WEIR_F_METHOD, LAST},
	{"lists.range",   fn_range,    1, 1, WEIR_F_GLOBAL, 0},
	{"base64.encode", fn_encode,   1, 1, WEIR_F_GLOBAL, 0},
	{"base64.decode", fn_decode,   1, 1, WEIR_F_GLOBAL, 0},
	{0}
};
/* clang-format on */
