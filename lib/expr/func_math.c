/*
 * math.*: extremes, rounding, signs, bits.
 */
#include "expr/func.h"

#include <math.h>

enum which {
	GREATEST,
	LEAST,
	CEIL,
	FLOOR,
	ROUND,
	TRUNC,
	SQRT,
	ABS,
	SIGN,
	IS_NAN,
	IS_INF,
	IS_FINITE,
	AND,
	OR,
	XOR,
	NOT,
	LEFT,
	RIGHT
};

static bool
is_number(struct weir_value v)
{
	return v.kind >= WEIR_INT && v.kind <= WEIR_DOUBLE;
}

/* The greatest or the least of the arguments, or of one list. */
static struct weir_value
fn_extreme(struct weir_env *env, const struct weir_call *c)
{
	int want = c->func->which == GREATEST ? 1 : -1;
	const struct weir_value *v = c->args;
	struct weir_value list = weir_value_open(v[0], env->arena), best;
	size_t n = c->n, i;

	if (n == 1 && list.kind == WEIR_LIST) {
		v = list.list->items;
		n = list.list->n;
	}
	if (n == 0)
		return weir_error_value(
		    env, "%s of an empty list", c->func->name);
	best = v[0];
	for (i = 0; i < n; i++) {
		if (!is_number(v[i]))
			return weir_no_overload(env, c);
		if (weir_value_compare(v[i], best) == want)
			best = v[i];
	}
	return best;
}

static struct weir_value
fn_round(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = c->args[0];

	if (c->func->which == SQRT && is_number(v) && v.kind != WEIR_DOUBLE)
		v = weir_double(v.kind == WEIR_INT ? (double)v.i : (double)v.u);
	if (v.kind != WEIR_DOUBLE)
		return weir_no_overload(env, c);
	switch (c->func->which) {
	case CEIL: return weir_double(ceil(v.d));
	case FLOOR: return weir_double(floor(v.d));
	case ROUND: return weir_double(round(v.d));
	case TRUNC: return weir_double(trunc(v.d));
	case SQRT: return weir_double(sqrt(v.d));
	case IS_NAN: return weir_bool(isnan(v.d));
	case IS_INF: return weir_bool(isinf(v.d));
	default: return weir_bool(isfinite(v.d));
	}
}

static struct weir_value
fn_sign(struct weir_env *env, const struct weir_call *c)
{
	bool sign = c->func->which == SIGN;
	struct weir_value v = c->args[0];

	switch (v.kind) {
	case WEIR_INT:
		if (sign)
			return weir_int((v.i > 0) - (v.i < 0));
		if (v.i == INT64_MIN)
			return weir_error_value(
			    env, "int overflow in math.abs");
		return weir_int(v.i < 0 ? -v.i : v.i);
	case WEIR_UINT:
		if (sign)
			v.u = v.u > 0;
		return v;
	case WEIR_DOUBLE:
		if (!sign)
			return weir_double(fabs(v.d));
		return isnan(v.d) ? v : weir_double((v.d > 0) - (v.d < 0));
	default: return weir_no_overload(env, c);
	}
}

static struct weir_value
fn_bits(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value a = c->args[0], b = c->args[c->n - 1];

	if ((a.kind != WEIR_INT && a.kind != WEIR_UINT) || a.kind != b.kind)
		return weir_no_overload(env, c);
	switch (c->func->which) {
	case AND: a.u &= b.u; break;
	case OR: a.u |= b.u; break;
	case XOR: a.u ^= b.u; break;
	default: a.u = ~a.u; break;
	}
	return a;
}

/* Shifts move bits, whatever they mean: to the right come zeros. */
static struct weir_value
fn_shift(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value a = c->args[0], by = c->args[1];

	if ((a.kind != WEIR_INT && a.kind != WEIR_UINT) ||
	    (by.kind != WEIR_INT && by.kind != WEIR_UINT))
		return weir_no_overload(env, c);
	if (by.kind == WEIR_INT && by.i < 0)
		return weir_error_value(
		    env, "%s by a negative number", c->func->name);
	if (by.u > 63)
		a.u = 0;
	else
		a.u = c->func->which == LEFT ? a.u << by.u : a.u >> by.u;
	return a;
}

/* clang-format off */
const struct weir_func weir_funcs_math[] = {
	{"math.greatest",      fn_extreme, 1, 255, WEIR_F_GLOBAL, GREATEST},
	{"math.least",         fn_extreme, 1, 255, WEIR_F_GLOBAL, LEAST},
	{"math.ceil",          fn_round,   1, 1,   WEIR_F_GLOBAL, CEIL},
	{"math.floor",         fn_round,   1, 1,   WEIR_F_GLOBAL, FLOOR},
	{"math.round",         fn_round,   1, 1,   WEIR_F_GLOBAL, ROUND},
	{"math.trunc",         fn_round,   1, 1,   WEIR_F_GLOBAL, TRUNC},
	{"math.sqrt",          fn_round,   1, 1,   WEIR_F_GLOBAL, SQRT},
	{"math.isNaN",         fn_round,   1, 1,   WEIR_F_GLOBAL, IS_NAN},
	{"math.isInf",         fn_round,   1, 1,   WEIR_F_GLOBAL, IS_INF},
	{"math.isFinite",      fn_round,   1, 1,   WEIR_F_GLOBAL, IS_FINITE},
	{"math.abs",           fn_sign,    1, 1,   WEIR_F_GLOBAL, ABS},
	{"math.sign",          fn_sign,    1, 1,   WEIR_F_GLOBAL, SIGN},
	{"math.bitAnd",        fn_bits,    2, 2,   WEIR_F_GLOBAL, AND},
	{"math.bitOr",         fn_bits,    2, 2,   WEIR_F_GLOBAL, OR},
	{"math.bitXor",        fn_bits,    2, 2,   WEIR_F_GLOBAL, XOR},
	{"math.bitNot",        fn_bits,    1, 1,   WEIR_F_GLOBAL, NOT},
	{"math.bitShiftLeft",  fn_shift,   2, 2,   WEIR_F_GLOBAL, LEFT},
	{"math.bitShiftRight", fn_shift,   2, 2,   WEIR_F_GLOBAL, RIGHT},
	{0}
};
/* clang-format on */
