#include "expr/opt.h"

#include "expr/ops.h"

struct weir_value
weir_opt_none(void)
{
	return (struct weir_value){.kind = WEIR_OPTIONAL};
}

struct weir_value
weir_opt_of(struct weir_env *env, struct weir_value v)
{
	struct weir_value *copy;

	if (v.kind <= WEIR_ERROR)
		return v;
	copy = weir_arena_alloc(env->arena, sizeof *copy);
	*copy = v;
	return (struct weir_value){.kind = WEIR_OPTIONAL, .opt = copy};
}

/* An optional of what was found: nothing found is none. */
static struct weir_value
found(struct weir_env *env, struct weir_value v)
{
	return v.kind == WEIR_ABSENT ? weir_opt_none() : weir_opt_of(env, v);
}

struct weir_value
weir_opt_select(
    struct weir_env *env, struct weir_value a, struct weir_value name)
{
	if (a.kind == WEIR_OPTIONAL && a.opt == NULL)
		return a;
	if (a.kind == WEIR_OPTIONAL)
		a = *a.opt;
	return found(env, weir_op_select(env, a, name));
}

struct weir_value
weir_opt_index(struct weir_env *env, struct weir_value a, struct weir_value b)
{
	if (b.kind <= WEIR_ERROR)
		return b;
	if (a.kind == WEIR_OPTIONAL && a.opt == NULL)
		return a;
	if (a.kind == WEIR_OPTIONAL)
		a = *a.opt;
	return found(env, weir_op_index(env, a, b));
}

struct weir_value
weir_opt_maybe(struct weir_env *env, struct weir_value v)
{
	struct weir_str type = weir_type_name(v);

	if (v.kind <= WEIR_ERROR)
		return v;
	if (v.kind != WEIR_OPTIONAL)
		return weir_error_value(env,
		    "? in a literal wants an optional, not %.*s", (int)type.len,
		    type.s);
	v.aux = 1;
	return v;
}

bool
weir_opt_is_maybe(struct weir_value v)
{
	return v.kind == WEIR_OPTIONAL && v.aux == 1;
}

int
weir_opt_begin(
    struct weir_env *env, struct weir_value *v, struct weir_value *local)
{
	struct weir_str type = weir_type_name(*v);

	if (v->kind == WEIR_OPTIONAL && v->opt != NULL) {
		*local = *v->opt;
		return 1;
	}
	if (v->kind > WEIR_ERROR && v->kind != WEIR_OPTIONAL)
		*v = weir_error_value(env,
		    "no such overload: %.*s.optMap (it is no optional)",
		    (int)type.len, type.s);
	return 0;
}

enum which { OF, NONE, NON_ZERO, HAS, VALUE, OR, OR_VALUE, UNWRAP };

static bool
is_zero(struct weir_value v, struct weir_arena *arena)
{
	v = weir_value_open(v, arena);
	switch (v.kind) {
	case WEIR_NULL: return true;
	case WEIR_BOOL: return !v.b;
	case WEIR_INT:
	case WEIR_UINT: return v.u == 0;
	case WEIR_DOUBLE: return v.d == 0;
	case WEIR_STRING:
	case WEIR_BYTES: return v.aux == 0;
	case WEIR_TIMESTAMP:
	case WEIR_DURATION: return v.i == 0 && v.aux == 0;
	case WEIR_LIST: return v.list->n == 0;
	case WEIR_MAP: return v.map->n == 0;
	case WEIR_OPTIONAL: return v.opt == NULL;
	default: return false;
	}
}

static struct weir_value
fn_make(struct weir_env *env, const struct weir_call *c)
{
	if (c->func->which == NONE ||
	    (c->func->which == NON_ZERO && is_zero(c->args[0], env->arena)))
		return weir_opt_none();
	return weir_opt_of(env, c->args[0]);
}

/* Lax: a value that is there hides what is wrong with the alternative. */
static struct weir_value
fn_use(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value a = c->args[0];

	if (a.kind <= WEIR_ERROR)
		return a;
	if (a.kind != WEIR_OPTIONAL)
		return weir_no_overload(env, c);
	switch (c->func->which) {
	case HAS: return weir_bool(a.opt != NULL);
	case VALUE:
		return a.opt != NULL
		    ? *a.opt
		    : weir_error_value(env, "optional has no value");
	case OR:
		if (a.opt == NULL && c->args[1].kind > WEIR_ERROR &&
		    c->args[1].kind != WEIR_OPTIONAL)
			return weir_no_overload(env, c);
		return a.opt != NULL ? a : c->args[1];
	default: return a.opt != NULL ? *a.opt : c->args[1];
	}
}

static struct weir_value
fn_unwrap(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value list = weir_value_open(c->args[0], env->arena), *v;
	size_t i;

	if (list.kind != WEIR_LIST)
		return weir_no_overload(env, c);
	v = weir_arena_alloc(env->arena, list.list->n * sizeof *v);
	for (i = 0; i < list.list->n; i++)
		v[i] = weir_opt_maybe(env, list.list->items[i]);
	return weir_op_list(env, v, list.list->n);
}

#define LAX (WEIR_F_METHOD | WEIR_F_LAX)

/* clang-format off */
const struct weir_func weir_funcs_optional[] = {
	{"optional.of",             fn_make,   1, 1, WEIR_F_GLOBAL, OF},
	{"optional.none",           fn_make,   0, 0, WEIR_F_GLOBAL, NONE},
	{"optional.ofNonZeroValue", fn_make,   1, 1, WEIR_F_GLOBAL, NON_ZERO},
	{"optional.unwrap",         fn_unwrap, 1, 1, WEIR_F_GLOBAL, UNWRAP},
	{"unwrapOpt",               fn_unwrap, 1, 1, WEIR_F_METHOD, UNWRAP},
	{"hasValue",                fn_use,    1, 1, LAX, HAS},
	{"value",                   fn_use,    1, 1, LAX, VALUE},
	{"or",                      fn_use,    2, 2, LAX, OR},
	{"orValue",                 fn_use,    2, 2, LAX, OR_VALUE},
	{0}
};
/* clang-format on */
