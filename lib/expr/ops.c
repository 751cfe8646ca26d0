#include "expr/ops.h"

#include "base/timetext.h"
#include "expr/loop.h"

#include <string.h>

static bool
is_number(struct weir_value v)
{
	return v.kind >= WEIR_INT && v.kind <= WEIR_DOUBLE;
}

/* What is wrong with operands of which one is an error or absent. */
static struct weir_value
worse(struct weir_value a, struct weir_value b)
{
	if (a.kind == WEIR_ERROR)
		return a;
	if (b.kind == WEIR_ERROR)
		return b;
	return (struct weir_value){.kind = WEIR_ABSENT};
}

struct weir_value
weir_op_no_overload(struct weir_env *env, enum weir_op op, struct weir_value a,
    struct weir_value b)
{
	struct weir_str x = weir_type_name(a), y = weir_type_name(b);

	return weir_error_value(env, "no such overload: %.*s %s %.*s",
	    (int)x.len, x.s, weir_op_text(op), (int)y.len, y.s);
}

struct weir_value
weir_op_unary(struct weir_env *env, enum weir_op op, struct weir_value a)
{
	struct weir_str type;

	if (a.kind <= WEIR_ERROR)
		return a;
	if (op == WEIR_OP_NOT && a.kind == WEIR_BOOL)
		return weir_bool(!a.b);
	if (op == WEIR_OP_NEG && a.kind == WEIR_DOUBLE)
		return weir_double(-a.d);
	if (op == WEIR_OP_NEG && a.kind == WEIR_INT) {
		if (a.i == INT64_MIN)
			return weir_error_value(env, "int overflow in -");
		return weir_int(-a.i);
	}
	if (op == WEIR_OP_NEG && a.kind == WEIR_DURATION)
		return weir_duration(env, -a.i, -(int64_t)(int32_t)a.aux);
	type = weir_type_name(a);
	return weir_error_value(env, "no such overload: %s%.*s",
	    weir_op_text(op), (int)type.len, type.s);
}

struct weir_value
weir_timestamp(struct weir_env *env, int64_t sec, int64_t nanos)
{
	sec += nanos / 1000000000;
	nanos %= 1000000000;
	if (nanos < 0) {
		nanos += 1000000000;
		sec--;
	}
	if (sec < WEIR_TIMESTAMP_MIN_S || sec > WEIR_TIMESTAMP_MAX_S)
		return weir_error_value(
		    env, "timestamp is out of range (years 1 to 9999)");
	return (struct weir_value){
	    .kind = WEIR_TIMESTAMP, .aux = (uint32_t)nanos, .i = sec};
}

struct weir_value
weir_duration(struct weir_env *env, int64_t sec, int64_t nanos)
{
	sec += nanos / 1000000000;
	nanos %= 1000000000;
	if (sec > 0 && nanos < 0) {
		sec--;
		nanos += 1000000000;
	} else if (sec < 0 && nanos > 0) {
		sec++;
		nanos -= 1000000000;
	}
	/* As wide as 64 bits of nanoseconds, like event time. */
	if (sec > INT64_MAX / 1000000000 || sec < INT64_MIN / 1000000000)
		return weir_error_value(
		    env, "duration is out of range (292 years)");
	return (struct weir_value){
	    .kind = WEIR_DURATION, .aux = (uint32_t)(int32_t)nanos, .i = sec};
}

/* Timestamps and durations; 0 if the operator is none for these kinds. */
static int
times(struct weir_env *env, enum weir_op op, struct weir_value a,
    struct weir_value b, struct weir_value *out)
{
	int64_t an = a.kind == WEIR_DURATION ? (int32_t)a.aux : (int64_t)a.aux;
	int64_t bn = b.kind == WEIR_DURATION ? (int32_t)b.aux : (int64_t)b.aux;
	bool at = a.kind == WEIR_TIMESTAMP, bt = b.kind == WEIR_TIMESTAMP;

	if ((!at && a.kind != WEIR_DURATION) ||
	    (!bt && b.kind != WEIR_DURATION))
		return 0;
	if (op == WEIR_OP_ADD && !(at && bt))
		*out = at || bt ? weir_timestamp(env, a.i + b.i, an + bn)
				: weir_duration(env, a.i + b.i, an + bn);
	else if (op == WEIR_OP_SUB && at == bt)
		*out = weir_duration(env, a.i - b.i, an - bn);
	else if (op == WEIR_OP_SUB && at)
		*out = weir_timestamp(env, a.i - b.i, an - bn);
	else
		return 0;
	return 1;
}

static struct weir_value
join_text(struct weir_env *env, struct weir_value a, struct weir_value b)
{
	size_t len = (size_t)a.aux + b.aux;
	struct weir_value full;
	char *s;

	if (!weir_room(env, len, &full))
		return full;
	s = weir_arena_alloc(env->arena, len);
	if (a.aux != 0)
		memcpy(s, a.s, a.aux);
	if (b.aux != 0)
		memcpy(s + a.aux, b.s, b.aux);
	return (struct weir_value){
	    .kind = a.kind, .aux = (uint32_t)len, .s = s};
}

static struct weir_value
join_lists(struct weir_env *env, struct weir_value a, struct weir_value b)
{
	size_t n = a.list->n + b.list->n;
	struct weir_list *list;
	struct weir_value *items, full;

	if (!weir_room(env, n * sizeof *items, &full))
		return full;
	list = weir_arena_alloc(env->arena, sizeof *list);
	items = weir_arena_alloc(env->arena, n * sizeof *items);
	if (a.list->n != 0)
		memcpy(items, a.list->items, a.list->n * sizeof *items);
	if (b.list->n != 0)
		memcpy(items + a.list->n, b.list->items,
		    b.list->n * sizeof *items);
	*list = (struct weir_list){n, items};
	return (struct weir_value){.kind = WEIR_LIST, .list = list};
}

static struct weir_value
add_others(struct weir_env *env, struct weir_value a, struct weir_value b)
{
	if (a.kind == b.kind && (a.kind == WEIR_STRING || a.kind == WEIR_BYTES))
		return join_text(env, a, b);
	a = weir_value_open(a, env->arena);
	b = weir_value_open(b, env->arena);
	if (a.kind == WEIR_ERROR || b.kind == WEIR_ERROR)
		return worse(a, b);
	if (a.kind == WEIR_LIST && b.kind == WEIR_LIST)
		return join_lists(env, a, b);
	return weir_op_no_overload(env, WEIR_OP_ADD, a, b);
}

static struct weir_value
arithmetic(struct weir_env *env, enum weir_op op, struct weir_value a,
    struct weir_value b)
{
	struct weir_value out;

	if (is_number(a) && is_number(b))
		return weir_arith(env, op, a, b);
	if (times(env, op, a, b, &out))
		return out;
	if (op == WEIR_OP_ADD)
		return add_others(env, a, b);
	return weir_op_no_overload(env, op, a, b);
}

static struct weir_value
order(struct weir_env *env, enum weir_op op, struct weir_value a,
    struct weir_value b)
{
	int c;

	if (!weir_value_ordered(a, b))
		return weir_op_no_overload(env, op, a, b);
	c = weir_value_compare(a, b);
	if (c == WEIR_UNORDERED)
		return weir_bool(false);
	switch (op) {
	case WEIR_OP_LT: return weir_bool(c < 0);
	case WEIR_OP_LE: return weir_bool(c <= 0);
	case WEIR_OP_GT: return weir_bool(c > 0);
	default: return weir_bool(c >= 0);
	}
}

static struct weir_value
is_in(struct weir_env *env, struct weir_value a, struct weir_value b)
{
	struct weir_value open = weir_value_open(b, env->arena), out;
	size_t i;

	if (open.kind == WEIR_ERROR)
		return open;
	if (open.kind == WEIR_MAP)
		return weir_bool(weir_map_get(open.map, a) != NULL);
	if (open.kind != WEIR_LIST)
		return weir_op_no_overload(env, WEIR_OP_IN, a, b);
	if (!weir_spend(env, open.list->n / 8, &out))
		return out;
	for (i = 0; i < open.list->n; i++)
		if (weir_value_equal(a, open.list->items[i], env->arena))
			return weir_bool(true);
	return weir_bool(false);
}

struct weir_value
weir_op_binary(struct weir_env *env, enum weir_op op, struct weir_value a,
    struct weir_value b)
{
	struct weir_value full;

	if (a.kind <= WEIR_ERROR || b.kind <= WEIR_ERROR)
		return worse(a, b);
	if (a.kind == WEIR_STRING && a.aux > 1024 &&
	    !weir_spend(env, a.aux / 1024, &full))
		return full;
	switch (op) {
	case WEIR_OP_EQ: return weir_bool(weir_value_equal(a, b, env->arena));
	case WEIR_OP_NE: return weir_bool(!weir_value_equal(a, b, env->arena));
	case WEIR_OP_LT:
	case WEIR_OP_LE:
	case WEIR_OP_GT:
	case WEIR_OP_GE: return order(env, op, a, b);
	case WEIR_OP_IN: return is_in(env, a, b);
	default: return arithmetic(env, op, a, b);
	}
}

/* && or || of operands of which none decides, and not both are bools. */
static struct weir_value
undecided(struct weir_env *env, const char *op, struct weir_value a,
    struct weir_value b)
{
	struct weir_str x, y;

	if (a.kind == WEIR_ERROR || b.kind == WEIR_ERROR)
		return worse(a, b);
	if ((a.kind == WEIR_BOOL || a.kind == WEIR_ABSENT) &&
	    (b.kind == WEIR_BOOL || b.kind == WEIR_ABSENT))
		return (struct weir_value){.kind = WEIR_ABSENT};
	x = weir_type_name(a);
	y = weir_type_name(b);
	return weir_error_value(env, "no such overload: %.*s %s %.*s",
	    (int)x.len, x.s, op, (int)y.len, y.s);
}

struct weir_value
weir_op_and(struct weir_env *env, struct weir_value a, struct weir_value b)
{
	if (a.kind == WEIR_BOOL && (b.kind == WEIR_BOOL || !a.b))
		return weir_bool(a.b && b.b);
	if (b.kind == WEIR_BOOL && !b.b)
		return b;
	return undecided(env, "&&", a, b);
}

struct weir_value
weir_op_or(struct weir_env *env, struct weir_value a, struct weir_value b)
{
	if (a.kind == WEIR_BOOL && (b.kind == WEIR_BOOL || a.b))
		return weir_bool(a.b || b.b);
	if (b.kind == WEIR_BOOL && b.b)
		return b;
	return undecided(env, "||", a, b);
}

struct weir_value
weir_op_no_condition(struct weir_env *env, struct weir_value a)
{
	struct weir_str type = weir_type_name(a);

	if (a.kind <= WEIR_ERROR)
		return a;
	return weir_error_value(env,
	    "no such overload: %.*s ? _ : _ (the condition must be a bool)",
	    (int)type.len, type.s);
}
