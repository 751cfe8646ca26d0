#include "expr/loop.h"

#include "expr/ops.h"
#include "expr/sort.h"

#include <string.h>

struct loop {
	const struct weir_value *keys; /* of a map, else NULL */
	const struct weir_value *items;
	size_t n, i; /* i: of the next element */
	size_t found;
	struct weir_value result; /* so far; an error ends the loop */
	struct weir_value *out, *out_keys;
	size_t nout, cap;
};

static struct loop *
state(const struct weir_value *locals)
{
	return (struct loop *)(uintptr_t)locals[0].s;
}

int
weir_spend(struct weir_env *env, size_t steps, struct weir_value *error)
{
	if (steps <= env->budget) {
		env->budget -= steps;
		return 1;
	}
	env->budget = 0;
	*error = weir_error_value(env,
	    "the expression takes over %d steps for one event",
	    WEIR_EVAL_STEPS);
	return 0;
}

int
weir_loop_begin(
    struct weir_env *env, struct weir_value *v, struct weir_value *locals)
{
	struct weir_value open = weir_value_open(*v, env->arena);
	struct weir_str type;
	struct loop *l;

	if (open.kind <= WEIR_ERROR) {
		*v = open;
		return 0;
	}
	if (open.kind != WEIR_LIST && open.kind != WEIR_MAP) {
		type = weir_type_name(open);
		*v = weir_error_value(
		    env, "cannot iterate over %.*s", (int)type.len, type.s);
		return 0;
	}
	l = weir_arena_alloc(env->arena, sizeof *l);
	memset(l, 0, sizeof *l);
	if (open.kind == WEIR_LIST) {
		l->items = open.list->items;
		l->n = open.list->n;
	} else {
		l->keys = open.map->keys;
		l->items = open.map->values;
		l->n = open.map->n;
	}
	l->result = (struct weir_value){.kind = WEIR_NULL};
	locals[0] = (struct weir_value){.s = (const char *)l};
	return 1;
}

int
weir_loop_next(struct weir_env *env, unsigned kind, struct weir_value *locals)
{
	struct loop *l = state(locals);

	if (l->i == l->n || !weir_spend(env, 1, &l->result) ||
	    !weir_room(env, 0, &l->result))
		return 0;
	if (kind & WEIR_LOOP_TWO) {
		locals[1] =
		    l->keys != NULL ? l->keys[l->i] : weir_int((int64_t)l->i);
		locals[2] = l->items[l->i];
	} else {
		locals[1] = l->keys != NULL ? l->keys[l->i] : l->items[l->i];
	}
	l->i++;
	return 1;
}

/* As a predicate: 1 or 0 (absent is no match), -1 with the result an error. */
static int
test(struct weir_env *env, struct loop *l, struct weir_value v)
{
	struct weir_str type;

	if (v.kind == WEIR_BOOL)
		return v.b;
	if (v.kind == WEIR_ABSENT)
		return 0;
	l->result = v;
	type = weir_type_name(v);
	if (v.kind != WEIR_ERROR)
		l->result = weir_error_value(env,
		    "the condition is of type %.*s, not bool", (int)type.len,
		    type.s);
	return -1;
}

int
weir_loop_guard(
    struct weir_env *env, struct weir_value *locals, struct weir_value v)
{
	struct loop *l = state(locals);
	int rc = test(env, l, v);

	if (rc < 0)
		l->n = l->i; /* next ends it */
	return rc > 0;
}

/*
 * Taking a long text again and again makes a result that is larger than all
 * there is, so it costs steps. 1, or 0 with the result an error.
 */
static int
take(struct weir_env *env, struct loop *l, struct weir_value v)
{
	bool text = v.kind == WEIR_STRING || v.kind == WEIR_BYTES ||
	    v.kind == WEIR_JSON;

	if (v.kind <= WEIR_ERROR) {
		l->result = v;
		return 0;
	}
	return !text || weir_spend(env, v.aux / 1024, &l->result);
}

/* Room for one more in out (and out_keys); 0 with the result an error. */
static int
grow(struct weir_env *env, struct loop *l, bool keys)
{
	size_t cap = l->cap != 0 ? 2 * l->cap : 8;
	struct weir_value *out;

	if (l->nout < l->cap)
		return 1;
	if (!weir_room(env, 2 * cap * sizeof *out, &l->result))
		return 0;
	out = weir_arena_alloc(env->arena, cap * sizeof *out);
	if (l->nout != 0)
		memcpy(out, l->out, l->nout * sizeof *out);
	l->out = out;
	l->cap = cap;
	if (!keys)
		return 1;
	out = weir_arena_alloc(env->arena, cap * sizeof *out);
	if (l->nout != 0)
		memcpy(out, l->out_keys, l->nout * sizeof *out);
	l->out_keys = out;
	return 1;
}

static int
append(struct weir_env *env, struct loop *l, struct weir_value v)
{
	if (!take(env, l, v) || !grow(env, l, false))
		return 0;
	l->out[l->nout++] = v;
	return 1;
}

/* The key may be new or not; a new one costs a look at all the others. */
static int
put(struct weir_env *env, struct loop *l, struct weir_value key,
    struct weir_value v)
{
	struct weir_map map = {l->nout, l->out_keys, l->out};

	if (!take(env, l, v) || !weir_spend(env, l->nout / 8, &l->result))
		return 0;
	if (weir_map_get(&map, key) != NULL) {
		l->result =
		    weir_error_value(env, "a map has the same key twice");
		return 0;
	}
	if (!grow(env, l, true))
		return 0;
	l->out_keys[l->nout] = key;
	l->out[l->nout++] = v;
	return 1;
}

static int
put_entries(struct weir_env *env, struct loop *l, struct weir_value v)
{
	struct weir_value open = weir_value_open(v, env->arena);
	size_t i;

	if (open.kind > WEIR_ERROR && open.kind != WEIR_MAP)
		open = weir_error_value(
		    env, "transformMapEntry wants a map for each entry");
	if (open.kind <= WEIR_ERROR) {
		l->result = open;
		return 0;
	}
	for (i = 0; i < open.map->n; i++)
		if (!put(env, l, open.map->keys[i], open.map->values[i]))
			return 0;
	return 1;
}

static int
decide(struct weir_env *env, unsigned kind, struct loop *l, struct weir_value v)
{
	bool all = kind == WEIR_LOOP_ALL;
	struct weir_value sofar = l->found == 0 ? weir_bool(all) : l->result;

	l->found = 1;
	l->result =
	    all ? weir_op_and(env, sofar, v) : weir_op_or(env, sofar, v);
	return l->result.kind != WEIR_BOOL || l->result.b == all;
}

int
weir_loop_step(struct weir_env *env, unsigned kind, struct weir_value *locals,
    struct weir_value v)
{
	struct loop *l = state(locals);
	struct weir_value item = l->items[l->i - 1];
	struct weir_value key =
	    l->keys != NULL ? l->keys[l->i - 1] : weir_int((int64_t)l->i - 1);
	int rc;

	switch (kind & ~(unsigned)WEIR_LOOP_TWO) {
	case WEIR_LOOP_ALL:
	case WEIR_LOOP_EXISTS:
		return decide(env, kind & ~(unsigned)WEIR_LOOP_TWO, l, v);
	case WEIR_LOOP_EXISTS_ONE:
		rc = test(env, l, v);
		l->found += rc > 0;
		return rc >= 0;
	case WEIR_LOOP_FILTER:
		rc = test(env, l, v);
		if (rc <= 0)
			return rc == 0;
		return append(env, l, l->keys != NULL ? key : item);
	case WEIR_LOOP_MAP: return put(env, l, key, v);
	case WEIR_LOOP_ENTRY: return put_entries(env, l, v);
	default: return append(env, l, v);
	}
}

static struct weir_value
as_list(struct weir_env *env, const struct loop *l)
{
	struct weir_list *list = weir_arena_alloc(env->arena, sizeof *list);

	*list = (struct weir_list){l->nout, l->out};
	return (struct weir_value){.kind = WEIR_LIST, .list = list};
}

static struct weir_value
as_map(struct weir_env *env, const struct loop *l)
{
	struct weir_map *map = weir_arena_alloc(env->arena, sizeof *map);

	*map = (struct weir_map){l->nout, l->out_keys, l->out};
	return (struct weir_value){.kind = WEIR_MAP, .map = map};
}

struct weir_value
weir_loop_end(struct weir_env *env, unsigned kind, struct weir_value *locals)
{
	struct loop *l = state(locals);
	struct weir_list keys = {l->nout, l->out};

	kind &= ~(unsigned)WEIR_LOOP_TWO;
	if (l->result.kind == WEIR_ERROR ||
	    (l->result.kind == WEIR_ABSENT && kind > WEIR_LOOP_FILTER))
		return l->result;
	switch (kind) {
	case WEIR_LOOP_ALL:
	case WEIR_LOOP_EXISTS:
		return l->found == 0 ? weir_bool(kind == WEIR_LOOP_ALL)
				     : l->result;
	case WEIR_LOOP_EXISTS_ONE: return weir_bool(l->found == 1);
	case WEIR_LOOP_MAP:
	case WEIR_LOOP_ENTRY: return as_map(env, l);
	case WEIR_LOOP_SORT: return weir_sort(env, l->items, &keys);
	default: return as_list(env, l);
	}
}
