#include "base/timetext.h"

#include <string.h>

#define DAY_S	INT64_C(86400)
#define NANO	INT64_C(1000000000)
#define ERA_D	INT64_C(146097) /* days of 400 years */
#define EPOCH_D INT64_C(719468) /* from 0000-03-01 to 1970-01-01 */

int64_t
weir_time_add(int64_t t, int64_t delta_ns)
{
	int64_t sum;

	if (t == WEIR_TIME_NONE || t == WEIR_TIME_MAX)
		return t;
	if (!__builtin_add_overflow(t, delta_ns, &sum))
		return sum;
	return delta_ns < 0 ? WEIR_TIME_NONE : WEIR_TIME_MAX;
}

/*
 * The calendar after Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms": years begin in March, so that the leap day is the last one, and
 * 400 of them are one era.
 */
int64_t
weir_days_from_civil(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2), era, yoe, doy;

	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * ERA_D + yoe * 365 + yoe / 4 - yoe / 100 + doy - EPOCH_D;
}

void
weir_civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t z = days + EPOCH_D;
	int64_t era = (z >= 0 ? z : z - (ERA_D - 1)) / ERA_D;
	unsigned doe = (unsigned)(z - era * ERA_D);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = yoe + era * 400 + (*month <= 2);
}

int
weir_month_days(int64_t year, int month)
{
	int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (month == 2)
		return 28 + leap;
	return 30 + ((month + (month > 7)) & 1);
}

int
weir_time_join(int64_t sec, uint32_t nanos, int64_t *ns)
{
	int64_t rest = nanos, t;

	/* Towards zero first: the product alone may be outside. */
	if (sec < 0 && rest > 0) {
		sec++;
		rest -= NANO;
	}
	if (__builtin_mul_overflow(sec, NANO, &t) ||
	    __builtin_add_overflow(t, rest, &t))
		return 0;
	*ns = t;
	return t != WEIR_TIME_NONE && t != WEIR_TIME_MAX;
}

void
weir_time_split(int64_t ns, int64_t *sec, uint32_t *nanos)
{
	int64_t s = ns / NANO, rest = ns % NANO;

	if (rest < 0) {
		s--;
		rest += NANO;
	}
	*sec = s;
	*nanos = (uint32_t)rest;
}

/* Eight bytes as one number, the first one lowest on any machine. */
static uint64_t
load8(const char *s)
{
	uint64_t x;

	memcpy(&x, s, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

static int
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Two digits as a number, or -1. */
static int
two(const char *s)
{
	if (!digit(s[0]) || !digit(s[1]))
		return -1;
	return (s[0] - '0') * 10 + s[1] - '0';
}

/* yyyy-mm-dd (ten bytes): 1 with the day's first second, 0 if none. */
static int
read_date(const char *s, int64_t *sec)
{
	int century = two(s), year = two(s + 2);
	int month = two(s + 5), day = two(s + 8);

	if (century < 0 || year < 0 || s[4] != '-' || s[7] != '-')
		return 0;
	year += century * 100;
	if (month < 1 || month > 12)
		return 0;
	if (day < 1 || day > weir_month_days(year, month))
		return 0;
	*sec = weir_days_from_civil(year, month, day) * DAY_S;
	return 1;
}

/* hh:mm:ss (eight bytes) as seconds, -1 if it is none. */
static int
read_clock(const char *s)
{
	uint64_t x = load8(s) ^ UINT64_C(0x30303a30303a3030);
	int h, m, sec;

	/* Now digits are 0..9 and colons 0: look at all of them at once. */
	if ((x | (x + UINT64_C(0x0606000606000606))) &
	    UINT64_C(0xf0f0fff0f0fff0f0))
		return -1;
	h = (int)(x & 15) * 10 + (int)(x >> 8 & 15);
	m = (int)(x >> 24 & 15) * 10 + (int)(x >> 32 & 15);
	sec = (int)(x >> 48 & 15) * 10 + (int)(x >> 56);
	if (h > 23 || m > 59 || sec > 60)
		return -1;
	return h * 3600 + m * 60 + sec;
}

/* Digits of a fraction of a second: past the last one, NULL if none. */
static const char *
read_fraction(const char *p, const char *end, uint32_t *nanos)
{
	static const uint32_t scale[] = {1000000000, 100000000, 10000000,
	    1000000, 100000, 10000, 1000, 100, 10, 1};
	const char *start = p, *stop = end - p > 9 ? p + 9 : end;
	uint32_t v = 0;

	for (; p < stop && digit(*p); p++)
		v = v * 10 + (uint32_t)(*p - '0');
	if (p == start)
		return NULL;
	*nanos = v * scale[p - start];
	while (p < end && digit(*p))
		p++;
	return p;
}

size_t
weir_zone_read(const char *s, size_t len, int *east_s)
{
	size_t n = len > 3 && s[3] == ':' ? 6 : 5;
	int h, m;

	*east_s = 0;
	if (len > 0 && (s[0] == 'Z' || s[0] == 'z'))
		return 1;
	if (len < n || (s[0] != '+' && s[0] != '-'))
		return 0;
	h = two(s + 1);
	m = two(s + n - 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return 0;
	*east_s = h * 3600 + m * 60;
	if (s[0] == '-')
		*east_s = -*east_s;
	return n;
}

/* hh:mm:ss, perhaps a fraction, perhaps a zone: the rest of a time's text. */
static int
read_rest(
    const char *p, const char *end, int strict, int64_t *sec, uint32_t *nanos)
{
	int clock, east_s = 0;

	if (end - p < 8 || (clock = read_clock(p)) < 0)
		return 0;
	p += 8;
	*nanos = 0;
	if (p < end && *p == '.' && !(p = read_fraction(p + 1, end, nanos)))
		return 0;
	*sec += clock;
	if (p == end)
		return !strict;
	if (end - p == 1)
		return *p == 'Z' || *p == 'z';
	if (strict && end - p != 6)
		return 0;
	if (weir_zone_read(p, (size_t)(end - p), &east_s) != (size_t)(end - p))
		return 0;
	*sec -= east_s;
	return 1;
}

int
weir_time_read(
    struct weir_time_cache *c, const char *s, size_t len, int64_t *ns)
{
	int64_t sec;
	uint32_t nanos = 0;

	if (len < sizeof c->date)
		return 0;
	/* An empty cache must not match a text of zero bytes. */
	if (memcmp(s, c->date, sizeof c->date) != 0 || s[0] == '\0') {
		if (!read_date(s, &sec))
			return 0;
		memcpy(c->date, s, sizeof c->date);
		c->base_s = sec;
	}
	sec = c->base_s;
	if (len > 10) {
		if (s[10] != 'T' && s[10] != 't' && s[10] != ' ')
			return 0;
		if (!read_rest(s + 11, s + len, 0, &sec, &nanos))
			return 0;
	}
	return weir_time_join(sec, nanos, ns);
}

int
weir_timestamp_read(const char *s, size_t len, int64_t *sec, uint32_t *nanos)
{
	if (len < 20 || (s[10] != 'T' && s[10] != 't'))
		return 0;
	if (!read_date(s, sec) || !read_rest(s + 11, s + len, 1, sec, nanos))
		return 0;
	return *sec >= WEIR_TIMESTAMP_MIN_S && *sec <= WEIR_TIMESTAMP_MAX_S;
}

static char *
put2(char *p, unsigned v, char after)
{
	*p++ = (char)('0' + v / 10);
	*p++ = (char)('0' + v % 10);
	*p++ = after;
	return p;
}

size_t
weir_fraction_print(char *out, uint32_t nanos)
{
	size_t n = nanos % 1000 ? 9 : nanos % 1000000 ? 6 : 3, i;

	if (nanos == 0)
		return 0;
	for (i = n; i < 9; i++)
		nanos /= 10;
	out[0] = '.';
	for (i = n; i > 0; i--) {
		out[i] = (char)('0' + nanos % 10);
		nanos /= 10;
	}
	return n + 1;
}

size_t
weir_timestamp_print(char *out, int64_t sec, uint32_t nanos)
{
	int64_t days = sec / DAY_S, year;
	int month, day;
	unsigned s;
	char *p = out;

	if (sec % DAY_S < 0)
		days--;
	s = (unsigned)(sec - days * DAY_S);
	weir_civil_from_days(days, &year, &month, &day);
	p = put2(p, (unsigned)year / 100, 0) - 1;
	p = put2(p, (unsigned)year % 100, '-');
	p = put2(p, (unsigned)month, '-');
	p = put2(p, (unsigned)day, 'T');
	p = put2(p, s / 3600, ':');
	p = put2(p, s / 60 % 60, ':');
	p = put2(p, s % 60, 0) - 1;
	p += weir_fraction_print(p, nanos);
	*p++ = 'Z';
	return (size_t)(p - out);
}

size_t
weir_time_print(char *out, int64_t ns)
{
	int64_t sec;
	uint32_t nanos;

	weir_time_split(ns, &sec, &nanos);
	return weir_timestamp_print(out, sec, nanos);
}
