/*
 * size, type, dyn, now.
 */
#include "base/utf8.h"
#include "expr/func.h"

static struct weir_value
fn_size(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = weir_value_open(c->args[0], env->arena);

	switch (v.kind) {
	case WEIR_ERROR: return v;
	case WEIR_STRING: return weir_int((int64_t)weir_utf8_count(v.s, v.aux));
	case WEIR_BYTES: return weir_int(v.aux);
	case WEIR_LIST: return weir_int((int64_t)v.list->n);
	case WEIR_MAP: return weir_int((int64_t)v.map->n);
	default: return weir_no_overload(env, c);
	}
}

static struct weir_value
fn_type(struct weir_env *env, const struct weir_call *c)
{
	struct weir_str name = weir_type_name(c->args[0]);
	struct weir_value v = weir_text(name.s, name.len);

	(void)env;
	v.kind = WEIR_TYPE;
	return v;
}

static struct weir_value
fn_dyn(struct weir_env *env, const struct weir_call *c)
{
	(void)env;
	return c->args[0];
}

static struct weir_value
fn_now(struct weir_env *env, const struct weir_call *c)
{
	int64_t ns = env->row->now_ns;

	(void)c;
	return weir_timestamp(env, ns / 1000000000, ns % 1000000000);
}

#define BOTH (WEIR_F_GLOBAL | WEIR_F_METHOD)

/* clang-format off */
const struct weir_func weir_funcs_basic[] = {
	{"size",    fn_size,    1, 1, BOTH, 0},
	{"type",    fn_type,    1, 1, WEIR_F_GLOBAL, 0},
	{"dyn",     fn_dyn,     1, 1, WEIR_F_GLOBAL, 0},
	{"now",     fn_now,     0, 0, WEIR_F_GLOBAL | WEIR_F_IMPURE, 0},
	{0}
};
/* clang-format on */
