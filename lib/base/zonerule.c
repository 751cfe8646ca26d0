/*
 * The rule for the time behind the last change that a zone's file lists.
 */
#include "base/timetext.h"
#include "base/zone.h"

#include <string.h>

#define DAY_S 86400

struct reader {
	const char *p, *end;
};

static int
at(const struct reader *r, char c)
{
	return r->p < r->end && *r->p == c;
}

static int
take(struct reader *r, char c)
{
	if (!at(r, c))
		return 0;
	r->p++;
	return 1;
}

static int
digit(const struct reader *r)
{
	return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

static int
letter(const struct reader *r)
{
	return r->p < r->end &&
	    ((*r->p >= 'a' && *r->p <= 'z') || (*r->p >= 'A' && *r->p <= 'Z'));
}

/* A number of up to three digits from lo to hi. */
static int
number(struct reader *r, int lo, int hi, int *out)
{
	int v = 0, n = 0;

	for (; n < 3 && digit(r); n++)
		v = v * 10 + *r->p++ - '0';
	*out = v;
	return n > 0 && v >= lo && v <= hi;
}

/* Letters, or <letters, digits and signs>. */
static int
abbreviation(struct reader *r, char *out)
{
	int quoted = take(r, '<');
	size_t n = 0;

	while (
	    letter(r) || (quoted && (digit(r) || at(r, '+') || at(r, '-')))) {
		if (n == WEIR_ZONE_ABBR - 1)
			return 0;
		out[n++] = *r->p++;
	}
	out[n] = '\0';
	return n >= 3 && (!quoted || take(r, '>'));
}

/* [+-]h[hh][:mm[:ss]] in seconds. */
static int
clock_time(struct reader *r, int hours_max, int *out)
{
	int sign = at(r, '-') ? -1 : 1, h, m = 0, s = 0;

	if (at(r, '-') || at(r, '+'))
		r->p++;
	if (!number(r, 0, hours_max, &h))
		return 0;
	if (take(r, ':')) {
		if (!number(r, 0, 59, &m))
			return 0;
		if (take(r, ':') && !number(r, 0, 59, &s))
			return 0;
	}
	*out = sign * (h * 3600 + m * 60 + s);
	return 1;
}

static int
read_day(struct reader *r, struct weir_zone_day *d)
{
	int good;

	*d = (struct weir_zone_day){.form = 'D', .time_s = 2 * 3600};
	if (!take(r, ','))
		return 0;
	if (take(r, 'M')) {
		d->form = 'M';
		good = number(r, 1, 12, &d->month) && take(r, '.') &&
		    number(r, 1, 5, &d->week) && take(r, '.') &&
		    number(r, 0, 6, &d->day);
	} else if (take(r, 'J')) {
		d->form = 'J';
		good = number(r, 1, 365, &d->day);
	} else {
		good = number(r, 0, 365, &d->day);
	}
	return good && (!take(r, '/') || clock_time(r, 167, &d->time_s));
}

int
weir_zone_rule_read(struct weir_zone_rule *rule, const char *s, size_t len)
{
	struct reader r = {s, s + len};
	int west;

	memset(rule, 0, sizeof *rule);
	if (!abbreviation(&r, rule->standard.abbr) ||
	    !clock_time(&r, 24, &west))
		return 0;
	rule->standard.east_s = -west;
	if (r.p == r.end)
		return 1;
	rule->changes = 1;
	if (!abbreviation(&r, rule->summer.abbr))
		return 0;
	rule->summer.east_s = rule->standard.east_s + 3600;
	if (!at(&r, ',')) {
		if (!clock_time(&r, 24, &west))
			return 0;
		rule->summer.east_s = -west;
	}
	return read_day(&r, &rule->begin) && read_day(&r, &rule->end) &&
	    r.p == r.end;
}

/* The local second, since 1970, that a day of the rule means in a year. */
static int64_t
day_in_year(const struct weir_zone_day *d, int64_t year)
{
	int64_t day = weir_days_from_civil(year, 1, 1);
	int first, n;

	if (d->form == 'M') {
		day = weir_days_from_civil(year, d->month, 1);
		/* 1970-01-01 was a Thursday. */
		first = (int)(((day + 4) % 7 + 7) % 7);
		n = (d->day - first + 7) % 7 + 7 * (d->week - 1);
		while (n >= weir_month_days(year, d->month))
			n -= 7;
		day += n;
	} else if (d->form == 'J') {
		day += d->day - 1;
		if (weir_month_days(year, 2) == 29 && d->day >= 60)
			day++;
	} else {
		day += d->day;
	}
	return day * DAY_S + d->time_s;
}

const struct weir_zone_half *
weir_zone_rule_at(const struct weir_zone_rule *r, int64_t sec)
{
	int64_t local = sec + r->standard.east_s, begin, end, days, year;
	int month, day, summer;

	if (!r->changes)
		return &r->standard;
	days = local / DAY_S - (local % DAY_S < 0);
	weir_civil_from_days(days, &year, &month, &day);
	begin = day_in_year(&r->begin, year) - r->standard.east_s;
	end = day_in_year(&r->end, year) - r->summer.east_s;
	if (begin < end)
		summer = sec >= begin && sec < end;
	else
		summer = sec >= begin || sec < end;
	return summer ? &r->summer : &r->standard;
}
