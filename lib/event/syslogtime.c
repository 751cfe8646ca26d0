#include "event/convert.h"

#define DAY	 86400
#define MINUTE	 13 /* bytes of `Oct 11 22:14:` */
#define YEARS	 8  /* a leap day is never farther away */
#define FRACTION 9

static int
month(const char *s)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (memcmp(s, names + 3 * i, 3) == 0)
			return i + 1;
	return 0;
}

/* Two digits, the first of which may be a space if blank; or -1. */
static int
two(const char *s, bool blank)
{
	int a = *s == ' ' && blank ? 0 : *s - '0', b = s[1] - '0';

	return a < 0 || a > 9 || b < 0 || b > 9 ? -1 : 10 * a + b;
}

/* Seconds since 1970 of the minute, in the year that fits best; false: none. */
static bool
choose_year(const struct weir_syslog_time *t, int mon, int day, int64_t sec,
    int64_t *best)
{
	int64_t year, far = INT64_MAX;
	int m, d;

	weir_civil_from_days(t->near_s / DAY, &year, &m, &d);
	for (int64_t y = year - YEARS; y <= year + YEARS; y++) {
		int64_t at, off;

		if (day > weir_month_days(y, mon))
			continue;
		at = weir_days_from_civil(y, mon, day) * DAY + sec;
		off = at > t->near_s ? at - t->near_s : t->near_s - at;
		if (!t->begun && at > t->near_s + DAY)
			break;
		if (off < far)
			*best = at;
		if (off < far)
			far = off;
	}
	return far < INT64_MAX;
}

static bool
read_minute(struct weir_syslog_time *t, const char *s)
{
	int mon = month(s), day = two(s + 4, true);
	int hour = two(s + 7, false), min = two(s + 10, false);

	if (mon == 0 || s[3] != ' ' || s[6] != ' ' || s[9] != ':' ||
	    s[12] != ':' || day < 1 || hour < 0 || hour > 23 || min < 0 ||
	    min > 59)
		return false;
	if (!choose_year(t, mon, day, hour * 3600 + min * 60, &t->minute_s))
		return false;
	memcpy(t->minute, s, MINUTE);
	return true;
}

const char *
weir_syslog_time_read(
    struct weir_syslog_time *t, const char *s, const char *end, int64_t *ns)
{
	uint32_t nanos = 0;
	int sec, digits = 0;

	if (end - s < MINUTE + 2)
		return NULL;
	if ((memcmp(s, t->minute, MINUTE) != 0 || !t->begun) &&
	    !read_minute(t, s))
		return NULL;
	sec = two(s + MINUTE, false);
	if (sec < 0 || sec > 60)
		return NULL;
	s += MINUTE + 2;
	if (end - s >= 2 && *s == '.' && s[1] >= '0' && s[1] <= '9') {
		for (s++; s < end && *s >= '0' && *s <= '9'; s++)
			if (digits < FRACTION) {
				nanos = 10 * nanos + (uint32_t)(*s - '0');
				digits++;
			}
		for (; digits < FRACTION; digits++)
			nanos *= 10;
	}
	if (weir_time_join(t->minute_s + sec, nanos, ns) != 1)
		return NULL;
	t->near_s = t->minute_s + sec;
	t->begun = true;
	return s;
}
