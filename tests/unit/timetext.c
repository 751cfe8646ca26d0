/*
 * Goal: times and durations are read and printed exactly, nonsense is refused.
 * Method: tables of text and value, both ways; edges of the 64 bits; the
 * calendar against a day-by-day walk.
 */
#include "base/timetext.h"
#include "tests/unit/tap.h"

#include <stdlib.h>

static int
read_time(const char *s, int64_t *ns)
{
	struct weir_time_cache c = {0};
	int64_t again = 0;
	char *exact = malloc(strlen(s) + 1);
	int got, cached;

	/* Exactly as long as it is, for the address sanitizer's sake. */
	memcpy(exact, s, strlen(s));
	exact = realloc(exact, strlen(s) ? strlen(s) : 1);
	got = weir_time_read(&c, exact, strlen(s), ns);
	cached = weir_time_read(&c, exact, strlen(s), &again);
	free(exact);
	if (cached != got || (got && again != *ns))
		ok(0, "%s reads the same with its date cached", s);
	return got;
}

static void
test_read(void)
{
	static const struct {
		const char *s;
		int64_t ns;
	} good[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"1970-01-01t00:00:00z", 0},
	    {"1970-01-01 00:00:00", 0},
	    {"1970-01-01", 0},
	    {"2026-11-21", 1795219200 * INT64_C(1000000000)},
	    {"2026-11-21T05:48:00.123Z", INT64_C(1795240080123000000)},
	    {"2026-11-21T05:48:00.123", INT64_C(1795240080123000000)},
	    {"2026-11-21T05:48:00.123456789Z", INT64_C(1795240080123456789)},
	    {"2026-11-21T05:48:00.1234567899Z", INT64_C(1795240080123456789)},
	    {"2026-11-21T05:48:00.1Z", INT64_C(1795240080100000000)},
	    {"2026-11-21T07:18:00+01:30", INT64_C(1795240080000000000)},
	    {"2026-11-21T07:18:00+0130", INT64_C(1795240080000000000)},
	    {"2026-11-20T05:49:00-23:59", INT64_C(1795240080000000000)},
	    {"2026-11-21T05:48:00-00:00", INT64_C(1795240080000000000)},
	    {"1969-12-31T23:59:59.5Z", -500000000},
	    {"2016-12-31T23:59:60Z", 1483228800 * INT64_C(1000000000)},
	    {"2000-02-29T00:00:00Z", 951782400 * INT64_C(1000000000)},
	    {"1677-09-21T00:12:43.145224193Z", INT64_MIN + 1},
	    {"2262-04-11T23:47:16.854775806Z", INT64_MAX - 1},
	    {"2262-04-12T01:47:16+02:00", INT64_C(9223372036000000000)},
	};
	static const char *const bad[] = {"", "2026", "2026-11-2",
	    "2026-11-21T", "2026-11-21T05:48", "2026-11-21T05:48:0",
	    "2026-11-21x05:48:00Z", "2026-13-01", "2026-00-01", "2026-01-00",
	    "2026-02-29", "2026-02-30T00:00:00Z", "1900-02-29", "2026-04-31",
	    "2026-11-21T24:00:00Z", "2026-11-21T05:60:00Z",
	    "2026-11-21T05:48:61Z", "2026-11-21T05:48:00.Z",
	    "2026-11-21T05:48:00.", "2026-11-21T05:48:00.1x",
	    "2026-11-21T05:48:00ZZ", "2026-11-21T05:48:00 Z",
	    "2026-11-21T05:48:00+24:00", "2026-11-21T05:48:00+23:60",
	    "2026-11-21T05:48:00+1:30", "2026-11-21T05:48:00+01:3",
	    "2026-11-21T05:48:00+01", "2026-11-21T05:48:00+01:300",
	    "2026-11-21T05:4a:00Z", "2026-11-21T05:48:00,1Z",
	    "2026-11-21T05;48;00Z", "2026-11-21T:5:48:00Z",
	    "2026-11-21T05:48:0/Z", "2026/11/21T05:48:00Z",
	    "1677-09-21T00:12:43.145224192Z", "1677-09-21T00:12:43Z",
	    "2262-04-11T23:47:16.854775807Z", "2262-04-12", "0001-01-01",
	    "9999-12-31T23:59:59Z", "+026-11-21", "2026-11-21Z"};
	int64_t ns;
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		ns = 42;
		ok(read_time(good[i].s, &ns) == 1 && ns == good[i].ns,
		    "%s is %lld, got %lld", good[i].s, (long long)good[i].ns,
		    (long long)ns);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(read_time(bad[i], &ns) == 0, "'%s' is no time", bad[i]);
}

static void
test_cache(void)
{
	struct weir_time_cache c = {0};
	int64_t ns = 1;

	ok(!weir_time_read(&c, "\0\0\0\0\0\0\0\0\0\0", 10, &ns),
	    "zero bytes do not match an empty cache");
	ok(weir_time_read(&c, "2026-11-21", 10, &ns) == 1, "a date");
	ok(!weir_time_read(&c, "2026-11-31", 10, &ns), "a bad one after it");
	ok(weir_time_read(&c, "2026-11-22", 10, &ns) == 1 &&
		ns == INT64_C(1795305600000000000),
	    "the next day is not the cached one");
}

/* Texts with a byte changed and cut short: read alike or not, but safely. */
static void
test_damaged(void)
{
	static const char whole[] = "2026-11-21T05:48:00.123456789+01:00";
	struct weir_time_cache c = {0};
	int64_t ns, again, sec, bad = 0;
	uint32_t nanos;
	char out[WEIR_TIME_TEXT], *s;
	size_t len, at, n = 0;
	int byte;

	for (len = 0; len < sizeof whole; len++)
		for (at = 0; at < len; at++)
			for (byte = 0; byte < 256; byte += 5) {
				s = malloc(len);
				memcpy(s, whole, len);
				s[at] = (char)byte;
				weir_timestamp_read(s, len, &sec, &nanos);
				if (weir_time_read(&c, s, len, &ns)) {
					n++;
					bad += weir_time_read(&c, out,
						   weir_time_print(out, ns),
						   &again) != 1 ||
					    again != ns;
				}
				free(s);
			}
	ok(bad == 0 && n > 0, "damaged texts: %zu are times", n);
}

static void
test_calendar(void)
{
	int64_t days = weir_days_from_civil(-1, 1, 1), y, gy;
	int m, d, gm, gd, bad = 0;

	for (y = -1; y <= 2401; y++)
		for (m = 1; m <= 12; m++)
			for (d = 1; d <= weir_month_days(y, m); d++, days++) {
				bad += weir_days_from_civil(y, m, d) != days;
				weir_civil_from_days(days, &gy, &gm, &gd);
				bad += gy != y || gm != m || gd != d;
			}
	ok(bad == 0, "every day of the years -1 to 2401, both ways");
	ok(weir_days_from_civil(1970, 1, 1) == 0, "day 0");
	ok(weir_days_from_civil(1, 1, 1) == -719162, "0001-01-01");
	ok(weir_month_days(2100, 2) == 28 && weir_month_days(2000, 2) == 29 &&
		weir_month_days(2026, 7) == 31 &&
		weir_month_days(2026, 8) == 31 &&
		weir_month_days(2026, 9) == 30,
	    "days of months");
}

static void
test_print(void)
{
	static const struct {
		int64_t ns;
		const char *s;
	} cases[] = {
	    {0, "1970-01-01T00:00:00Z"},
	    {1, "1970-01-01T00:00:00.000000001Z"},
	    {-1, "1969-12-31T23:59:59.999999999Z"},
	    {INT64_C(1795240080123000000), "2026-11-21T05:48:00.123Z"},
	    {INT64_C(1795240080100000000), "2026-11-21T05:48:00.100Z"},
	    {INT64_C(1795240080000120000), "2026-11-21T05:48:00.000120Z"},
	    {INT64_C(1795240080000000120), "2026-11-21T05:48:00.000000120Z"},
	    {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
	    {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
	};
	char out[WEIR_TIME_TEXT];
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		is_text(out, weir_time_print(out, cases[i].ns), cases[i].s);
}

static void
test_arithmetic(void)
{
	int64_t ns, sec;
	uint32_t nanos;

	ok(weir_time_add(5, -7) == -2, "plain addition");
	ok(weir_time_add(INT64_MAX - 1, 2) == WEIR_TIME_MAX, "saturates up");
	ok(weir_time_add(INT64_MIN + 1, -2) == WEIR_TIME_NONE, "and down");
	ok(weir_time_add(WEIR_TIME_NONE, 5) == WEIR_TIME_NONE &&
		weir_time_add(WEIR_TIME_MAX, -5) == WEIR_TIME_MAX,
	    "infinities stay");
	ok(weir_time_join(-1, 999999999, &ns) && ns == -1, "join below 0");
	ok(!weir_time_join(INT64_MAX, 0, &ns), "join outside");
	ok(!weir_time_join(INT64_MIN, 1, &ns), "join outside, below");
	weir_time_split(INT64_MIN, &sec, &nanos);
	ok(sec == -9223372037 && nanos == 145224192, "split the least");
}

static void
test_timestamp(void)
{
	static const struct {
		const char *s;
		int64_t sec;
		uint32_t nanos;
		const char *printed;
	} good[] = {
	    {"0001-01-01T00:00:00Z", WEIR_TIMESTAMP_MIN_S, 0, NULL},
	    {"9999-12-31T23:59:59.999999999Z", WEIR_TIMESTAMP_MAX_S, 999999999,
		NULL},
	    {"2009-02-13T23:31:30Z", 1234567890, 0, NULL},
	    {"2009-02-14t01:31:30.5+02:00", 1234567890, 500000000,
		"2009-02-13T23:31:30.500Z"},
	    {"1969-12-31T23:59:59.000001Z", -1, 1000, NULL},
	};
	static const char *const bad[] = {"2009-02-13", "2009-02-13T23:31:30",
	    "2009-02-13 23:31:30Z", "2009-02-13T23:31:30+0200",
	    "2009-02-13T23:31:30.Z", "0001-01-01T00:00:00+00:01",
	    "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z",
	    "0000-12-31T23:59:59Z", "10000-01-01T00:00:00Z", ""};
	char out[WEIR_TIME_TEXT];
	int64_t sec;
	uint32_t nanos;
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		ok(weir_timestamp_read(
		       good[i].s, strlen(good[i].s), &sec, &nanos) == 1 &&
			sec == good[i].sec && nanos == good[i].nanos,
		    "timestamp %s", good[i].s);
		is_text(out, weir_timestamp_print(out, sec, nanos),
		    good[i].printed ? good[i].printed : good[i].s);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(!weir_timestamp_read(bad[i], strlen(bad[i]), &sec, &nanos),
		    "'%s' is no timestamp", bad[i]);
}

int
main(void)
{
	test_read();
	test_cache();
	test_damaged();
	test_calendar();
	test_print();
	test_arithmetic();
	test_timestamp();
	return done();
}
