/*
 * Beyond CEL: times as text of a format, and times cut off.
 */
#include "base/text.h"
#include "base/timetext.h"
#include "base/zone.h"
#include "expr/func.h"

#include <math.h>

enum which { PARSE, FORMAT, BUCKET, TRUNCATE };

#define NANO 1000000000

typedef __int128 wide;

int
weir_format_check(
    const struct weir_func *f, const char *format, struct weir_error *err)
{
	return f->which == PARSE ? weir_time_format_check(format, err)
				 : weir_time_print_check(format, err);
}

/* The format that argument 1 is; NULL with *error. */
static const char *
read_format(
    struct weir_env *env, const struct weir_call *c, struct weir_value *error)
{
	struct weir_value v = c->args[1];
	struct weir_error err;
	const char *format;

	if (v.kind != WEIR_STRING) {
		*error = weir_no_overload(env, c);
		return NULL;
	}
	format = weir_cstr(env, v);
	if (format == NULL)
		*error = weir_error_value(
		    env, "%s: a NUL in the format", c->func->name);
	else if (weir_format_check(c->func, format, &err) < 0)
		*error =
		    weir_error_value(env, "%s: %s", c->func->name, err.text);
	else
		return format;
	return NULL;
}

/* parse_time(text, format [, zone]) */
static struct weir_value
fn_parse(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value s = c->args[0], error;
	const char *format = read_format(env, c, &error);
	const struct weir_zone *zone = NULL;
	uint32_t nanos;
	int64_t ns, sec;
	char show[80];
	int local;

	if (format == NULL)
		return error;
	if (s.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (c->n == 3 && (zone = weir_zone_of(env, c, &error)) == NULL)
		return error;
	if (!weir_time_read_format(format, s.s, s.aux, &local, &ns))
		return weir_error_value(env, "parse_time: cannot read \"%s\"",
		    weir_show_into(show, sizeof show, s.s, s.aux));
	weir_time_split(ns, &sec, &nanos);
	if (zone != NULL && local)
		sec = weir_zone_utc(zone, sec);
	return weir_timestamp(env, sec, nanos);
}

/* format_time(t, format [, zone]) */
static struct weir_value
fn_format(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value t = c->args[0], error;
	const char *format = read_format(env, c, &error);
	char name[WEIR_ZONE_ABBR] = "UTC";
	struct weir_time_zone zone = {0, name};
	const struct weir_zone *z;
	struct weir_buf out = {0};

	if (format == NULL)
		return error;
	if (t.kind != WEIR_TIMESTAMP)
		return weir_no_overload(env, c);
	if (c->n == 3) {
		z = weir_zone_of(env, c, &error);
		if (z == NULL)
			return error;
		zone.east_s = weir_zone_east(z, t.i, name);
	}
	weir_time_print_format(&out, format, t.i, t.aux, &zone);
	return weir_text_of(env, &out);
}

static wide
as_nanos(struct weir_value v)
{
	int64_t rest =
	    v.kind == WEIR_DURATION ? (int32_t)v.aux : (int64_t)v.aux;

	return (wide)v.i * NANO + rest;
}

static wide
floor_to(wide x, wide width)
{
	wide rest = x % width;

	return x - rest - (rest < 0 ? width : 0);
}

static double
as_double(struct weir_value v)
{
	return v.kind == WEIR_DOUBLE ? v.d
	    : v.kind == WEIR_INT     ? (double)v.i
				     : (double)v.u;
}

static struct weir_value
bucket_number(
    struct weir_env *env, struct weir_value x, struct weir_value width)
{
	double w = as_double(width);
	wide r;

	if (!(w > 0) || isinf(w))
		return weir_error_value(
		    env, "bucket: the width must be over 0");
	if (x.kind == WEIR_DOUBLE || width.kind == WEIR_DOUBLE)
		return weir_double(floor(as_double(x) / w) * w);
	r = floor_to(x.kind == WEIR_INT ? (wide)x.i : (wide)x.u, (wide)width.u);
	if (r < INT64_MIN)
		return weir_error_value(env, "int overflow in bucket");
	if (x.kind == WEIR_UINT)
		return (struct weir_value){.kind = WEIR_UINT, .u = (uint64_t)r};
	return weir_int((int64_t)r);
}

static bool
is_number(struct weir_value v)
{
	return v.kind >= WEIR_INT && v.kind <= WEIR_DOUBLE;
}

/* bucket(x, width), truncate(t, width): down to a multiple of the width. */
static struct weir_value
fn_bucket(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value x = c->args[0], width = c->args[1];
	wide w, r;

	if (c->func->which == BUCKET && is_number(x) && is_number(width))
		return bucket_number(env, x, width);
	if ((x.kind != WEIR_TIMESTAMP && x.kind != WEIR_DURATION) ||
	    width.kind != WEIR_DURATION)
		return weir_no_overload(env, c);
	w = as_nanos(width);
	if (w <= 0)
		return weir_error_value(
		    env, "%s: the width must be over 0", c->func->name);
	r = floor_to(as_nanos(x), w);
	return x.kind == WEIR_TIMESTAMP
	    ? weir_timestamp(env, (int64_t)(r / NANO), (int64_t)(r % NANO))
	    : weir_duration(env, (int64_t)(r / NANO), (int64_t)(r % NANO));
}

#define CLOCK (WEIR_F_GLOBAL | WEIR_F_FORMAT)

/* clang-format off */
const struct weir_func weir_funcs_clock[] = {
	{"parse_time",  fn_parse,  2, 3, CLOCK | WEIR_F_ZONE, PARSE},
	{"format_time", fn_format, 2, 3, CLOCK | WEIR_F_ZONE, FORMAT},
	{"bucket",      fn_bucket, 2, 2, WEIR_F_GLOBAL, BUCKET},
	{"truncate",    fn_bucket, 2, 2, WEIR_F_GLOBAL, TRUNCATE},
	{0}
};
/* clang-format on */
