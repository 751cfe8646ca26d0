/*
 * Getting into lists and maps, and making them.
 */
#include "expr/ops.h"
#include "expr/opt.h"

#include <math.h>
#include <string.h>

static struct weir_value
absent(void)
{
	return (struct weir_value){.kind = WEIR_ABSENT};
}

/* The integer that an index is: 1 and *i, or 0. */
static int
as_index(struct weir_value v, int64_t *i)
{
	if (v.kind == WEIR_DOUBLE && v.d == trunc(v.d) && fabs(v.d) < 0x1p53)
		*i = (int64_t)v.d;
	else if (v.kind == WEIR_INT || v.kind == WEIR_UINT)
		*i = v.u > INT64_MAX && v.kind == WEIR_UINT ? INT64_MAX : v.i;
	else
		return 0;
	return 1;
}

static struct weir_value
index_no_overload(
    struct weir_env *env, struct weir_value a, struct weir_value b)
{
	struct weir_str x = weir_type_name(a), y = weir_type_name(b);

	return weir_error_value(env, "no such overload: %.*s[%.*s]", (int)x.len,
	    x.s, (int)y.len, y.s);
}

static bool
can_be_key(struct weir_value v)
{
	return v.kind >= WEIR_BOOL && v.kind <= WEIR_STRING;
}

struct weir_value
weir_op_index(struct weir_env *env, struct weir_value a, struct weir_value b)
{
	const struct weir_value *v;
	struct weir_value open;
	int64_t i;

	if (a.kind == WEIR_ERROR || b.kind <= WEIR_ERROR)
		return a.kind == WEIR_ERROR ? a : b;
	if (a.kind == WEIR_ABSENT)
		return a;
	if (a.kind == WEIR_OPTIONAL)
		return weir_opt_index(env, a, b);
	open = weir_value_open(a, env->arena);
	if (open.kind == WEIR_ERROR)
		return open;
	if (open.kind == WEIR_LIST && as_index(b, &i)) {
		if (i < 0)
			return weir_error_value(env, "list index is negative");
		return (uint64_t)i < open.list->n ? open.list->items[i]
						  : absent();
	}
	if (open.kind == WEIR_NULL && b.kind == WEIR_STRING)
		return absent();
	if (open.kind != WEIR_MAP || !can_be_key(b))
		return index_no_overload(env, a, b);
	v = weir_map_get(open.map, b);
	return v != NULL ? *v : absent();
}

struct weir_value
weir_op_select(
    struct weir_env *env, struct weir_value a, struct weir_value name)
{
	const struct weir_value *v;
	struct weir_value open = weir_value_open(a, env->arena);
	struct weir_str type;

	/* As from null itself: .?name would give none. */
	if (a.kind == WEIR_OPTIONAL && a.opt != NULL &&
	    a.opt->kind == WEIR_NULL)
		return absent();
	if (a.kind == WEIR_OPTIONAL)
		return weir_opt_select(env, a, name);
	switch (open.kind) {
	case WEIR_ABSENT:
	case WEIR_ERROR: return open;
	case WEIR_NULL: return absent();
	case WEIR_MAP:
		v = weir_map_get(open.map, name);
		return v != NULL ? *v : absent();
	default: break;
	}
	type = weir_type_name(a);
	return weir_error_value(env, "no such overload: %.*s.%.*s",
	    (int)type.len, type.s, (int)name.aux, name.s);
}

struct weir_value
weir_op_has(struct weir_env *env, struct weir_value a, struct weir_value name)
{
	struct weir_value v;

	if (a.kind == WEIR_OPTIONAL && a.opt == NULL)
		return weir_bool(false);
	if (a.kind == WEIR_OPTIONAL)
		a = *a.opt;
	v = weir_op_select(env, a, name);
	return v.kind == WEIR_ERROR ? v : weir_bool(v.kind != WEIR_ABSENT);
}

/* An error among them, or absence; 0 if there is neither. */
static int
find_bad(const struct weir_value *v, size_t n, struct weir_value *bad)
{
	int found = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (v[i].kind > WEIR_ERROR)
			continue;
		*bad = v[i];
		found = 1;
		if (v[i].kind == WEIR_ERROR)
			break;
	}
	return found;
}

struct weir_value
weir_op_list(struct weir_env *env, const struct weir_value *v, size_t n)
{
	struct weir_value *items, bad;
	struct weir_list *list;
	size_t i, at = 0;

	if (find_bad(v, n, &bad) || !weir_room(env, n * sizeof *items, &bad))
		return bad;
	list = weir_arena_alloc(env->arena, sizeof *list);
	items = weir_arena_alloc(env->arena, n * sizeof *items);
	for (i = 0; i < n; i++) {
		if (!weir_opt_is_maybe(v[i]))
			items[at++] = v[i];
		else if (v[i].opt != NULL)
			items[at++] = *v[i].opt;
	}
	*list = (struct weir_list){at, items};
	return (struct weir_value){.kind = WEIR_LIST, .list = list};
}

/* Can key stand in a map beside those that it has? If not, *bad. */
static bool
fits(struct weir_env *env, const struct weir_map *map, struct weir_value key,
    struct weir_value *bad)
{
	struct weir_str type;

	if (!can_be_key(key) || key.kind == WEIR_DOUBLE) {
		type = weir_type_name(key);
		*bad = weir_error_value(
		    env, "a map's key cannot be a %.*s", (int)type.len, type.s);
		return false;
	}
	if (weir_map_get(map, key) == NULL)
		return true;
	*bad = weir_error_value(env, "a map has the same key twice");
	return false;
}

struct weir_value
weir_op_map(struct weir_env *env, const struct weir_value *v, size_t n)
{
	struct weir_value *keys, *values, value, bad;
	struct weir_map *map;
	size_t i;

	if (find_bad(v, 2 * n, &bad))
		return bad;
	map = weir_arena_alloc(env->arena, sizeof *map);
	keys = weir_arena_alloc(env->arena, n * sizeof *keys);
	values = weir_arena_alloc(env->arena, n * sizeof *values);
	*map = (struct weir_map){0, keys, values};
	for (i = 0; i < n; i++) {
		value = v[2 * i + 1];
		if (weir_opt_is_maybe(value)) {
			if (value.opt == NULL)
				continue;
			value = *value.opt;
		}
		if (!fits(env, map, v[2 * i], &bad))
			return bad;
		keys[map->n] = v[2 * i];
		values[map->n++] = value;
	}
	return (struct weir_value){.kind = WEIR_MAP, .map = map};
}
