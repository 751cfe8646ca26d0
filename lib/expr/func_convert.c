/*
 * Conversions: int, uint, double, string, bytes, bool, timestamp, duration.
 */
#include "base/num.h"
#include "base/text.h"
#include "base/timetext.h"
#include "base/utf8.h"
#include "expr/func.h"

#include <math.h>
#include <string.h>

static struct weir_value
out_of_range(struct weir_env *env, const struct weir_call *c)
{
	return weir_error_value(
	    env, "%s: value is out of range", c->func->name);
}

static struct weir_value
bad_text(struct weir_env *env, const struct weir_call *c)
{
	char show[80];

	return weir_error_value(env, "%s: cannot read \"%s\"", c->func->name,
	    weir_show_into(show, sizeof show, c->args[0].s, c->args[0].aux));
}

/* [-] digits: 1 with the magnitude, or 0. */
static int
read_digits(struct weir_value v, bool *negative, uint64_t *u)
{
	const char *s = v.s, *end = v.s + v.aux;
	uint64_t r = 0;

	*negative = s < end && *s == '-';
	if (s < end && (*s == '-' || *s == '+'))
		s++;
	if (s == end)
		return 0;
	for (; s < end; s++)
		if (*s < '0' || *s > '9' ||
		    __builtin_mul_overflow(r, (uint64_t)10, &r) ||
		    __builtin_add_overflow(r, (uint64_t)(*s - '0'), &r))
			return 0;
	*u = r;
	return 1;
}

static struct weir_value
fn_int(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = c->args[0];
	bool negative;
	uint64_t u;

	switch (v.kind) {
	case WEIR_INT: return v;
	case WEIR_UINT:
		return v.u > INT64_MAX ? out_of_range(env, c)
				       : weir_int((int64_t)v.u);
	case WEIR_DOUBLE:
		if (!(v.d > -9223372036854775808.0 &&
			v.d < 9223372036854775808.0))
			return out_of_range(env, c);
		return weir_int((int64_t)v.d);
	case WEIR_STRING:
		if (!read_digits(v, &negative, &u) ||
		    u > (uint64_t)INT64_MAX + (negative ? 1 : 0))
			return bad_text(env, c);
		return weir_int((int64_t)(negative ? -u : u));
	case WEIR_TIMESTAMP: return weir_int(v.i);
	case WEIR_DURATION: return weir_int(v.i);
	default: return weir_no_overload(env, c);
	}
}

static struct weir_value
fn_uint(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = c->args[0], out = {.kind = WEIR_UINT};
	bool negative;

	switch (v.kind) {
	case WEIR_UINT: return v;
	case WEIR_INT:
		if (v.i < 0)
			return out_of_range(env, c);
		out.u = (uint64_t)v.i;
		return out;
	case WEIR_DOUBLE:
		if (!(v.d >= 0 && v.d < 18446744073709551616.0))
			return out_of_range(env, c);
		out.u = (uint64_t)v.d;
		return out;
	case WEIR_STRING:
		if (!read_digits(v, &negative, &out.u) || *v.s == '-' ||
		    *v.s == '+')
			return bad_text(env, c);
		return out;
	default: return weir_no_overload(env, c);
	}
}

/* Is it a JSON number but for a plus or zeros in front, .5 and 5.? */
static bool
is_decimal(const char *s, const char *end)
{
	size_t digits = 0;

	for (; s < end && *s >= '0' && *s <= '9'; s++)
		digits++;
	if (s < end && *s == '.')
		for (s++; s < end && *s >= '0' && *s <= '9'; s++)
			digits++;
	if (digits == 0)
		return false;
	if (s == end)
		return true;
	if ((*s | 0x20) != 'e')
		return false;
	s++;
	if (s < end && (*s == '+' || *s == '-'))
		s++;
	if (s == end)
		return false;
	for (; s < end; s++)
		if (*s < '0' || *s > '9')
			return false;
	return true;
}

static int
read_double(struct weir_value v, double *out)
{
	static const char *const inf[] = {"inf", "Inf", "infinity", "Infinity"};
	static const char *const nan_text[] = {"nan", "NaN"};
	const char *s = v.s, *end = v.s + v.aux;
	bool negative = s < end && *s == '-';
	char text[64];
	size_t i, n = 0;

	if (s < end && (*s == '-' || *s == '+'))
		s++;
	for (i = 0; i < 4; i++)
		if (weir_str_eq(
			(struct weir_str){s, (size_t)(end - s)}, inf[i])) {
			*out = negative ? -(double)INFINITY : (double)INFINITY;
			return 1;
		}
	for (i = 0; i < 2; i++)
		if (weir_str_eq(
			(struct weir_str){s, (size_t)(end - s)}, nan_text[i])) {
			*out = (double)NAN;
			return 1;
		}
	if (!is_decimal(s, end))
		return 0;
	/* JSON, which the reader wants, has no .5, 5. and leading zeros. */
	while (end - s > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9')
		s++;
	if (end - s > (ptrdiff_t)sizeof text - 3)
		return 0;
	if (*s == '.')
		text[n++] = '0';
	for (; s < end; s++) {
		text[n++] = *s;
		if (*s == '.' && (s + 1 == end || s[1] < '0' || s[1] > '9'))
			text[n++] = '0';
	}
	*out = weir_num_read_double(text, n);
	*out = negative ? -*out : *out;
	return 1;
}

static struct weir_value
fn_double(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = c->args[0];
	double d;

	switch (v.kind) {
	case WEIR_DOUBLE: return v;
	case WEIR_INT: return weir_double((double)v.i);
	case WEIR_UINT: return weir_double((double)v.u);
	case WEIR_STRING:
		return read_double(v, &d) ? weir_double(d) : bad_text(env, c);
	default: return weir_no_overload(env, c);
	}
}

static struct weir_value
copy_text(struct weir_env *env, const char *s, size_t n)
{
	char *copy = weir_arena_alloc(env->arena, n);

	memcpy(copy, s, n);
	return weir_text(copy, n);
}

static struct weir_value
double_text(struct weir_env *env, double d)
{
	char text[WEIR_NUM_MAX];

	if (isnan(d))
		return weir_text("NaN", 3);
	if (isinf(d))
		return d < 0 ? weir_text("-Infinity", 9)
			     : weir_text("Infinity", 8);
	if (d == 0 && signbit(d))
		return weir_text("-0", 2);
	return copy_text(env, text, weir_num_print_double(text, d, 0));
}

static struct weir_value
fn_string(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = c->args[0];
	char text[WEIR_TIME_TEXT + WEIR_NUM_MAX];

	switch (v.kind) {
	case WEIR_STRING: return v;
	case WEIR_BYTES:
		if (weir_utf8_valid(v.s, v.aux) != v.aux)
			return weir_error_value(
			    env, "string: bytes are not UTF-8");
		return weir_text(v.s, v.aux);
	case WEIR_BOOL:
		return v.b ? weir_text("true", 4) : weir_text("false", 5);
	case WEIR_INT:
		return copy_text(env, text, weir_num_print_int(text, v.i));
	case WEIR_UINT:
		return copy_text(env, text, weir_num_print_uint(text, v.u));
	case WEIR_DOUBLE: return double_text(env, v.d);
	case WEIR_TIMESTAMP:
		return copy_text(
		    env, text, weir_timestamp_print(text, v.i, v.aux));
	case WEIR_DURATION:
		return copy_text(env, text,
		    weir_cel_duration_print(text, v.i, (int32_t)v.aux));
	case WEIR_TYPE: return weir_text(v.s, v.aux);
	default: return weir_no_overload(env, c);
	}
}

static struct weir_value
fn_bytes(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = c->args[0];

	if (v.kind != WEIR_STRING && v.kind != WEIR_BYTES)
		return weir_no_overload(env, c);
	v.kind = WEIR_BYTES;
	return v;
}

static struct weir_value
fn_bool(struct weir_env *env, const struct weir_call *c)
{
	static const char *const yes[] = {
	    "true", "TRUE", "True", "t", "T", "1"};
	static const char *const no[] = {
	    "false", "FALSE", "False", "f", "F", "0"};
	struct weir_value v = c->args[0];
	size_t i;

	if (v.kind == WEIR_BOOL)
		return v;
	if (v.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	for (i = 0; i < sizeof yes / sizeof *yes; i++) {
		if (weir_str_eq((struct weir_str){v.s, v.aux}, yes[i]))
			return weir_bool(true);
		if (weir_str_eq((struct weir_str){v.s, v.aux}, no[i]))
			return weir_bool(false);
	}
	return bad_text(env, c);
}

static struct weir_value
fn_timestamp(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = c->args[0];
	uint32_t nanos;
	int64_t sec;

	switch (v.kind) {
	case WEIR_TIMESTAMP: return v;
	case WEIR_INT: return weir_timestamp(env, v.i, 0);
	case WEIR_STRING:
		if (!weir_timestamp_read(v.s, v.aux, &sec, &nanos))
			return bad_text(env, c);
		return weir_timestamp(env, sec, nanos);
	default: return weir_no_overload(env, c);
	}
}

static struct weir_value
fn_duration(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = c->args[0];
	int32_t nanos;
	int64_t sec;

	switch (v.kind) {
	case WEIR_DURATION: return v;
	case WEIR_INT: return weir_duration(env, v.i, 0);
	case WEIR_STRING:
		if (!weir_cel_duration_read(v.s, v.aux, &sec, &nanos))
			return bad_text(env, c);
		return weir_duration(env, sec, nanos);
	default: return weir_no_overload(env, c);
	}
}

#define EARLY (WEIR_F_GLOBAL | WEIR_F_CHECKED)

/* clang-format off */
const struct weir_func weir_funcs_convert[] = {
	{"int",       fn_int,       1, 1, WEIR_F_GLOBAL, 0},
	{"uint",      fn_uint,      1, 1, WEIR_F_GLOBAL, 0},
	{"double",    fn_double,    1, 1, WEIR_F_GLOBAL, 0},
	{"string",    fn_string,    1, 1, WEIR_F_GLOBAL, 0},
	{"bytes",     fn_bytes,     1, 1, WEIR_F_GLOBAL, 0},
	{"bool",      fn_bool,      1, 1, WEIR_F_GLOBAL, 0},
	{"timestamp", fn_timestamp, 1, 1, EARLY, 0},
	{"duration",  fn_duration,  1, 1, EARLY, 0},
	{0}
};
/* clang-format on */
