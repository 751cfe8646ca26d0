/*
 * Arithmetic on numbers of any kinds: exact or an error.
 */
#include "expr/ops.h"

typedef __int128 wide;

static struct weir_value
overflow(struct weir_env *env, enum weir_op op, const char *kind)
{
	return weir_error_value(
	    env, "%s overflow in %s", kind, weir_op_text(op));
}

static struct weir_value
by_zero(struct weir_env *env, enum weir_op op)
{
	return weir_error_value(
	    env, op == WEIR_OP_DIV ? "division by zero" : "modulus by zero");
}

static double
as_double(struct weir_value v)
{
	return v.kind == WEIR_DOUBLE ? v.d
	    : v.kind == WEIR_INT     ? (double)v.i
				     : (double)v.u;
}

static wide
as_wide(struct weir_value v)
{
	return v.kind == WEIR_INT ? (wide)v.i : (wide)v.u;
}

static struct weir_value
doubles(struct weir_env *env, enum weir_op op, struct weir_value a,
    struct weir_value b)
{
	double x = as_double(a), y = as_double(b);

	switch (op) {
	case WEIR_OP_ADD: return weir_double(x + y);
	case WEIR_OP_SUB: return weir_double(x - y);
	case WEIR_OP_MUL: return weir_double(x * y);
	case WEIR_OP_DIV: return weir_double(x / y);
	default: return weir_op_no_overload(env, op, a, b);
	}
}

/*
 * Integers of both kinds. Exact in 128 bits: the greatest product is below
 * 2^128, and only of two uints above 2^127, which the check catches as negative.
 */
static struct weir_value
integers(struct weir_env *env, enum weir_op op, struct weir_value a,
    struct weir_value b)
{
	bool is_uint = a.kind == WEIR_UINT && b.kind == WEIR_UINT;
	wide x = as_wide(a), y = as_wide(b), r = 0;
	bool big = false;

	switch (op) {
	case WEIR_OP_ADD: r = x + y; break;
	case WEIR_OP_SUB: r = x - y; break;
	case WEIR_OP_MUL: big = __builtin_mul_overflow(x, y, &r); break;
	default:
		if (y == 0)
			return by_zero(env, op);
		r = op == WEIR_OP_DIV ? x / y : x % y;
		break;
	}
	if (!is_uint && !big && r >= INT64_MIN && r <= INT64_MAX)
		return weir_int((int64_t)r);
	if (big || r < 0 || r > (wide)UINT64_MAX ||
	    (a.kind == WEIR_INT && b.kind == WEIR_INT))
		return overflow(env, op, is_uint ? "uint" : "int");
	return (struct weir_value){.kind = WEIR_UINT, .u = (uint64_t)r};
}

struct weir_value
weir_arith(struct weir_env *env, enum weir_op op, struct weir_value a,
    struct weir_value b)
{
	int64_t r;

	if (a.kind == WEIR_DOUBLE || b.kind == WEIR_DOUBLE)
		return doubles(env, op, a, b);
	if (a.kind == WEIR_UINT || b.kind == WEIR_UINT)
		return integers(env, op, a, b);
	switch (op) {
	case WEIR_OP_ADD:
		if (!__builtin_add_overflow(a.i, b.i, &r))
			return weir_int(r);
		break;
	case WEIR_OP_SUB:
		if (!__builtin_sub_overflow(a.i, b.i, &r))
			return weir_int(r);
		break;
	case WEIR_OP_MUL:
		if (!__builtin_mul_overflow(a.i, b.i, &r))
			return weir_int(r);
		break;
	default:
		if (b.i == 0)
			return by_zero(env, op);
		if (b.i != -1)
			return weir_int(
			    op == WEIR_OP_DIV ? a.i / b.i : a.i % b.i);
		if (op == WEIR_OP_MOD)
			return weir_int(0);
		if (a.i != INT64_MIN)
			return weir_int(-a.i);
		break;
	}
	return overflow(env, op, "int");
}
