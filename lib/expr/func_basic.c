/*
 * size, type, dyn, matches, now.
 */
#include "base/utf8.h"
#include "expr/func.h"
#include "expr/regex.h"

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

/* With a pattern that is only known now; constant ones are instructions. */
static struct weir_value
fn_matches(struct weir_env *env, const struct weir_call *c)
{
	char why[WEIR_REGEX_ERROR];
	struct weir_regex *re;
	struct weir_value v;
	size_t at;

	if (c->args[0].kind != WEIR_STRING || c->args[1].kind != WEIR_STRING)
		return weir_no_overload(env, c);
	re = weir_regex_new(c->args[1].s, c->args[1].aux, why, &at);
	if (re == NULL)
		return weir_error_value(env, "matches: bad pattern: %s", why);
	v = weir_regex_test(env, re, c->args[0]);
	weir_regex_free(re);
	return v;
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
	{"matches", fn_matches, 2, 2, BOTH, 0},
	{"type",    fn_type,    1, 1, WEIR_F_GLOBAL, 0},
	{"dyn",     fn_dyn,     1, 1, WEIR_F_GLOBAL, 0},
	{"now",     fn_now,     0, 0, WEIR_F_GLOBAL | WEIR_F_IMPURE, 0},
	{0}
};
/* clang-format on */
