/*
 * Goal: times in strptime formats and in units since 1970 are read exactly.
 * Method: tables of format, text and value; against strptime(3) where both
 * know a format.
 */
#define _GNU_SOURCE
#include "base/timetext.h"
#include "tests/unit/tap.h"

#include <math.h>
#include <time.h>

#define S_NS INT64_C(1000000000)

static void
test_format(void)
{
	static const struct {
		const char *fmt, *s;
		int64_t sec;
		int32_t nanos;
	} good[] = {
	    {"%Y-%m-%d %H:%M:%S", "2026-11-21 05:48:00", 1795240080, 0},
	    {"%F %T.%f", "2026-11-21 05:48:00.25", 1795240080, 250000000},
	    {"%F %T,%f", "2026-11-21 05:48:00,1234567891", 1795240080,
		123456789},
	    {"%FT%T%z", "2026-11-21T05:48:00Z", 1795240080, 0},
	    {"%FT%T%z", "2026-11-21T06:48:00+0100", 1795240080, 0},
	    {"%FT%T%z", "2026-11-21T06:48:00+01:00", 1795240080, 0},
	    {"%FT%T%z", "2026-11-21T06:48:00+01", 1795240080, 0},
	    {"%FT%T%z", "2026-11-20T21:48:00-08", 1795240080, 0},
	    {"%d/%b/%Y:%H:%M:%S %z", "21/Nov/2026:05:48:00 +0000", 1795240080,
		0},
	    {"%a, %d %B %Y %R", "Saturday, 21 november 2026 05:48", 1795240080,
		0},
	    {"%D %I:%M %p", "11/21/26 05:48 AM", 1795240080, 0},
	    {"%D %I:%M %p", "11/21/26 12:00 am", 1795219200, 0},
	    {"%D %p %I:%M", "11/21/26 PM 12:00", 1795262400, 0},
	    {"%Y%m%d%H%M%S", "20261121054800", 1795240080, 0},
	    {"%Y %j", "2024 366", 1735603200, 0},
	    {"%e %h %y", " 1 Feb 69", -28857600, 0},
	    {"%e %h %y", "29 Feb 68", INT64_C(3097699200), 0},
	    {"%s", "1795240080", 1795240080, 0},
	    {"%s.%f", "1795240080.5", 1795240080, 500000000},
	    {"%s", "-1", -1, 0},
	    {"%F%n%T", "2026-11-21 \t 05:48:00", 1795240080, 0},
	    {"%F %T %Z", "2026-11-21 05:48:00 CEST", 1795240080, 0},
	    {"100%% %F", "100% 2026-11-21", 1795219200, 0},
	    {"%H:%M", "01:02", 3720, 0},
	    {"%b %e %T", "Mar  1 00:00:00", 59 * 86400, 0},
	    {"", "", 0, 0},
	};
	static const struct {
		const char *fmt, *s;
	} bad[] = {{"%F", "2026-11-31"}, {"%F", "2026-11-2x"},
	    {"%F", "2026-11-21 "}, {"%F %T", "2026-11-21"}, {"%F", ""},
	    {"%T", "24:00:00"}, {"%T", "00:60:00"}, {"%T", "00:00:61"},
	    {"%I", "0"}, {"%I", "13"}, {"%j", "0"}, {"%Y %j", "2025 366"},
	    {"%b", "Nev"}, {"%b", "No"}, {"%a", ""}, {"%z", "+1"},
	    {"%z", "+24:00"}, {"%z", "+01:3"}, {"%z", "+013"}, {"%z", "01:00"},
	    {"%f", ""}, {"%s", "x"}, {"%s", "-"}, {"%s", "9999999999999999999"},
	    {"%Y", "2263"}, {"%q", "1"}, {"%", "%"}, {"%%", ""}, {"x", ""},
	    {"%p", "xm"}};
	int64_t ns;
	size_t i;
	int local;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		ns = 42;
		ok(weir_time_read_format(good[i].fmt, good[i].s,
		       strlen(good[i].s), &local, &ns) == 1 &&
			ns == good[i].sec * S_NS + good[i].nanos,
		    "'%s' as %s, got %lld", good[i].s, good[i].fmt,
		    (long long)ns);
	}
	ok(weir_time_read_format("%F", "2026-11-21", 10, &local, &ns) && local,
	    "without a zone it is local");
	ok(weir_time_read_format("%F %z", "2026-11-21 Z", 12, &local, &ns) &&
		!local,
	    "with one it is not");
	ok(weir_time_read_format("%s", "1", 1, &local, &ns) && !local,
	    "nor are seconds");
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(weir_time_read_format(bad[i].fmt, bad[i].s, strlen(bad[i].s),
		       &local, &ns) == 0,
		    "'%s' is not %s", bad[i].s, bad[i].fmt);
}

/* The formats come from a table. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void
test_against_strptime(void)
{
	static const char *const formats[] = {"%Y-%m-%d %H:%M:%S",
	    "%a %b %e %H:%M:%S %Y", "%A, %d %B %Y %I:%M:%S %p", "%y%m%d %R:%S",
	    "%D %T", "%Y-%j %T", "%s"};
	char s[100];
	struct tm tm;
	int64_t ns, sec;
	int local;
	size_t i, f, bad = 0;
	time_t t;

	for (i = 0; i < 2000; i++)
		for (f = 0; f < sizeof formats / sizeof formats[0]; f++) {
			t = (time_t)(i * 1234567 % 4102444800);
			gmtime_r(&t, &tm);
			strftime(s, sizeof s, formats[f], &tm);
			memset(&tm, 0, sizeof tm);
			if (!strptime(s, formats[f], &tm))
				bad++;
			sec = strcmp(formats[f], "%s") == 0 ? t : timegm(&tm);
			if (weir_time_read_format(
				formats[f], s, strlen(s), &local, &ns) != 1 ||
			    ns != sec * S_NS)
				bad++;
		}
	ok(bad == 0, "2000 times in each format as strptime reads them");
}

#pragma GCC diagnostic pop

static void
test_check(void)
{
	struct weir_error err;

	ok(weir_time_format_check("%F %T.%f %z %% x", &err) == 1, "known");
	ok(weir_time_format_check("%F %Q", &err) == -1 &&
		strstr(err.text, "'%Q'"),
	    "refused: %s", err.text);
	ok(weir_time_format_check("%F %", &err) == -1 &&
		strstr(err.text, "'%'"),
	    "refused: %s", err.text);
	ok(weir_time_format_check("%%%", &err) == -1, "refused: %s", err.text);
}

static void
test_units(void)
{
	static const struct {
		double v;
		enum weir_time_unit unit;
		int64_t ns;
	} good[] = {{1700000000.123, WEIR_S, INT64_C(1700000000123000000)},
	    {1700000000.123456, WEIR_S, INT64_C(1700000000123456000)},
	    {1700000000123.456, WEIR_MS, INT64_C(1700000000123456000)},
	    {1700000000, WEIR_S, INT64_C(1700000000000000000)},
	    {-1.5, WEIR_S, -1500000000}, {0.1, WEIR_S, 100000000},
	    {0, WEIR_S, 0}, {1.5, WEIR_NS, 1}, {-1.5, WEIR_NS, -2},
	    {1e-300, WEIR_S, 0}, {-1e-300, WEIR_S, -1}, {0.0004, WEIR_US, 0},
	    {9.2e9, WEIR_S, INT64_C(9200000000000000000)},
	    {9.2e18, WEIR_NS, INT64_C(9200000000000000000)},
	    {9223372036.5, WEIR_S, INT64_C(9223372036500000000)}};
	static const struct {
		double v;
		enum weir_time_unit unit;
	} bad[] = {{9.3e9, WEIR_S}, {-9.3e9, WEIR_S}, {9223372036.9, WEIR_S},
	    {1e300, WEIR_NS}, {INFINITY, WEIR_S}, {-INFINITY, WEIR_S},
	    {NAN, WEIR_S}, {9223372036854775808.0, WEIR_NS}, {1, WEIR_RFC3339}};
	int64_t ns;
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		ns = 42;
		ok(weir_time_from_double(good[i].v, good[i].unit, &ns) == 1 &&
			ns == good[i].ns,
		    "%.17g is %lld", good[i].v, (long long)ns);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(!weir_time_from_double(bad[i].v, bad[i].unit, &ns),
		    "%.17g is outside", bad[i].v);
	ok(weir_time_from_int(-5, WEIR_US, &ns) == 1 && ns == -5000, "-5 us");
	ok(weir_time_from_int(9223372036, WEIR_S, &ns) == 1, "the last second");
	ok(!weir_time_from_int(9223372037, WEIR_S, &ns), "the one after it");
	ok(!weir_time_from_int(INT64_MIN, WEIR_NS, &ns) &&
		!weir_time_from_int(INT64_MAX, WEIR_NS, &ns),
	    "infinities are no times");
	ok(weir_time_guess_unit(1700000000) == WEIR_S &&
		weir_time_guess_unit(1700000000000) == WEIR_MS &&
		weir_time_guess_unit(1700000000000000) == WEIR_US &&
		weir_time_guess_unit(1700000000000000000) == WEIR_NS &&
		weir_time_guess_unit(-99999999999) == WEIR_S &&
		weir_time_guess_unit(1e11) == WEIR_MS &&
		weir_time_guess_unit(1e14) == WEIR_US &&
		weir_time_guess_unit(1e17) == WEIR_NS,
	    "the unit that a size suggests");
}

static void
test_print_unit(void)
{
	char out[WEIR_TIME_TEXT];
	int64_t ns = INT64_C(1795240080123456789);

	is_text(out, weir_time_print_unit(out, ns, WEIR_S), "1795240080");
	is_text(out, weir_time_print_unit(out, ns, WEIR_MS), "1795240080123");
	is_text(
	    out, weir_time_print_unit(out, ns, WEIR_US), "1795240080123456");
	is_text(
	    out, weir_time_print_unit(out, ns, WEIR_NS), "1795240080123456789");
	is_text(out, weir_time_print_unit(out, -1, WEIR_S), "-1");
	is_text(out, weir_time_print_unit(out, -2000, WEIR_US), "-2");
	is_text(out, weir_time_print_unit(out, INT64_MIN, WEIR_NS),
	    "-9223372036854775808");
	is_text(out, weir_time_print_unit(out, ns, WEIR_RFC3339),
	    "\"2026-11-21T05:48:00.123456789Z\"");
}

int
main(void)
{
	test_format();
	test_against_strptime();
	test_check();
	test_units();
	test_print_unit();
	return done();
}
