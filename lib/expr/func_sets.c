/*
 * The sets extension: lists as sets of what is in them.
 */
#include "expr/func.h"
#include "expr/loop.h"

enum which { CONTAINS, EQUIVALENT, INTERSECTS };

static bool
has(struct weir_env *env, const struct weir_list *list, struct weir_value v)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (weir_value_equal(list->items[i], v, env->arena))
			return true;
	return false;
}

/* Is there one in b that is in a (or, without in, one that is not)? */
static bool
any(struct weir_env *env, const struct weir_list *a, const struct weir_list *b,
    bool in)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (has(env, a, b->items[i]) == in)
			return true;
	return false;
}

static struct weir_value
fn_sets(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value x = weir_value_open(c->args[0], env->arena);
	struct weir_value y = weir_value_open(c->args[1], env->arena), error;
	const struct weir_list *a = x.list, *b = y.list;

	if (x.kind != WEIR_LIST || y.kind != WEIR_LIST)
		return weir_no_overload(env, c);
	if (b->n != 0 && !weir_spend(env, a->n / 4 * b->n, &error))
		return error;
	switch (c->func->which) {
	case CONTAINS: return weir_bool(!any(env, a, b, false));
	case EQUIVALENT:
		return weir_bool(
		    !any(env, a, b, false) && !any(env, b, a, false));
	default: return weir_bool(any(env, a, b, true));
	}
}

/* clang-format off */
const struct weir_func weir_funcs_sets[] = {
	{"sets.contains",   fn_sets, 2, 2, WEIR_F_GLOBAL, CONTAINS},
	{"sets.equivalent", fn_sets, 2, 2, WEIR_F_GLOBAL, EQUIVALENT},
	{"sets.intersects", fn_sets, 2, 2, WEIR_F_GLOBAL, INTERSECTS},
	{0}
};
/* clang-format on */
