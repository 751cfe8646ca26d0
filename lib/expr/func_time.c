/*
 * Parts of timestamps and durations.
 */
#include "base/text.h"
#include "base/timetext.h"
#include "expr/func.h"

#include <string.h>

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

/* "UTC", "Z", [+-]hh:mm: 1 with the offset in seconds, or 0. */
static int
read_zone(struct weir_value v, int64_t *offset)
{
	struct weir_str name = {v.s, v.aux};
	const char *s = v.s;
	int sign = 1;

	*offset = 0;
	if (weir_str_eq(name, "UTC") || weir_str_eq(name, "GMT") ||
	    weir_str_eq(name, "Z"))
		return 1;
	if (name.len == 6) {
		sign = *s == '-' ? -1 : *s == '+' ? 1 : 0;
		s++;
		name.len--;
	}
	if (sign == 0 || name.len != 5 || s[2] != ':' || s[0] < '0' ||
	    s[0] > '1' || s[1] < '0' || s[1] > '9' || s[3] < '0' ||
	    s[3] > '5' || s[4] < '0' || s[4] > '9')
		return 0;
	*offset = sign *
	    (((s[0] - '0') * 10 + s[1] - '0') * 3600 +
		((s[3] - '0') * 10 + s[4] - '0') * 60);
	return 1;
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
	int64_t offset = 0, rest, days;
	char show[64];

	if (c->n == 2 && c->args[1].kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (c->n == 2 && !read_zone(c->args[1], &offset))
		return weir_error_value(env, "%s: unknown time zone \"%s\"",
		    c->func->name,
		    weir_show_into(
			show, sizeof show, c->args[1].s, c->args[1].aux));
	days = split_days(c->args[0].i + offset, &rest);
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

/* clang-format off */
const struct weir_func weir_funcs_time[] = {
	{"getFullYear",     fn_part, 1, 2, WEIR_F_METHOD, YEAR},
	{"getMonth",        fn_part, 1, 2, WEIR_F_METHOD, MONTH},
	{"getDayOfYear",    fn_part, 1, 2, WEIR_F_METHOD, YEAR_DAY},
	{"getDayOfMonth",   fn_part, 1, 2, WEIR_F_METHOD, MONTH_DAY},
	{"getDate",         fn_part, 1, 2, WEIR_F_METHOD, DATE},
	{"getDayOfWeek",    fn_part, 1, 2, WEIR_F_METHOD, WEEK_DAY},
	{"getHours",        fn_part, 1, 2, WEIR_F_METHOD, HOURS},
	{"getMinutes",      fn_part, 1, 2, WEIR_F_METHOD, MINUTES},
	{"getSeconds",      fn_part, 1, 2, WEIR_F_METHOD, SECONDS},
	{"getMilliseconds", fn_part, 1, 2, WEIR_F_METHOD, MILLIS},
	{0}
};
/* clang-format on */
