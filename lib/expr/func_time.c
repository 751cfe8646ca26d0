/*
 * Parts of timestamps and durations.
 */
#include "base/timetext.h"
#include "expr/func.h"
#include "expr/zones.h"

enum which {
	YEAR,
	MONTH,
	YEAR_DAY,
	MONTH_DAY,
	DATE,
	WEEK_DAY,
	HOURS,
	MINUTES,
	SECONDS,
	MILLIS
};

const struct weir_zone *
weir_zone_of(
    struct weir_env *env, const struct weir_call *c, struct weir_value *error)
{
	struct weir_value name = c->args[c->n - 1];
	struct weir_error err;
	const struct weir_zone *z;

	if (name.kind != WEIR_STRING) {
		*error = weir_no_overload(env, c);
		return NULL;
	}
	z = weir_zones_get(
	    env->zones, (struct weir_str){name.s, name.aux}, &err);
	if (z == NULL)
		*error =
		    weir_error_value(env, "%s: %s", c->func->name, err.text);
	return z;
}

/* Days, rounded down, and the seconds within the day. */
static int64_t
split_days(int64_t sec, int64_t *rest)
{
	int64_t days = sec / 86400;

	*rest = sec % 86400;
	if (*rest < 0) {
		*rest += 86400;
		days--;
	}
	return days;
}

static int64_t
date_part(int64_t days, enum which which)
{
	int64_t year;
	int month, day;

	if (which == WEEK_DAY) /* 1970-01-01 was a Thursday */
		return ((days + 4) % 7 + 7) % 7;
	weir_civil_from_days(days, &year, &month, &day);
	switch (which) {
	case YEAR: return year;
	case MONTH: return month - 1;
	case MONTH_DAY: return day - 1;
	case DATE: return day;
	default: return days - weir_days_from_civil(year, 1, 1);
	}
}

static struct weir_value
of_timestamp(struct weir_env *env, const struct weir_call *c)
{
	enum which which = (enum which)c->func->which;
	int64_t sec = c->args[0].i, rest, days;
	const struct weir_zone *zone;
	struct weir_value error;

	if (c->n == 2) {
		zone = weir_zone_of(env, c, &error);
		if (zone == NULL)
			return error;
		sec += weir_zone_east(zone, sec, NULL);
	}
	days = split_days(sec, &rest);
	switch (which) {
	case HOURS: return weir_int(rest / 3600);
	case MINUTES: return weir_int(rest / 60 % 60);
	case SECONDS: return weir_int(rest % 60);
	case MILLIS: return weir_int(c->args[0].aux / 1000000);
	default: return weir_int(date_part(days, which));
	}
}

static struct weir_value
fn_part(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = c->args[0];

	if (v.kind == WEIR_TIMESTAMP)
		return of_timestamp(env, c);
	if (v.kind != WEIR_DURATION || c->n != 1)
		return weir_no_overload(env, c);
	switch (c->func->which) {
	case HOURS: return weir_int(v.i / 3600);
	case MINUTES: return weir_int(v.i / 60);
	case SECONDS: return weir_int(v.i);
	case MILLIS: return weir_int((int32_t)v.aux / 1000000);
	default: return weir_no_overload(env, c);
	}
}

#define IN_ZONE (WEIR_F_METHOD | WEIR_F_ZONE)

/* clang-format off */
const struct weir_func weir_funcs_time[] = {
	{"getFullYear",     fn_part, 1, 2, IN_ZONE, YEAR},
	{"getMonth",        fn_part, 1, 2, IN_ZONE, MONTH},
	{"getDayOfYear",    fn_part, 1, 2, IN_ZONE, YEAR_DAY},
	{"getDayOfMonth",   fn_part, 1, 2, IN_ZONE, MONTH_DAY},
	{"getDate",         fn_part, 1, 2, IN_ZONE, DATE},
	{"getDayOfWeek",    fn_part, 1, 2, IN_ZONE, WEEK_DAY},
	{"getHours",        fn_part, 1, 2, IN_ZONE, HOURS},
	{"getMinutes",      fn_part, 1, 2, IN_ZONE, MINUTES},
	{"getSeconds",      fn_part, 1, 2, IN_ZONE, SECONDS},
	{"getMilliseconds", fn_part, 1, 2, IN_ZONE, MILLIS},
	{0}
};
/* clang-format on */
