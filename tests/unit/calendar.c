/*
 * Goal: windows that follow a calendar tile time whatever the clock of their zone
 * does, and their ends are those that stepping over every pane finds. Method:
 * zones with odd changes (at midnight, by a whole day, by half an hour), all
 * kinds of sizes, random times over three centuries and around every change.
 */
#include "op/window.h"

#include "base/timetext.h"
#include "tap.h"

#include <stdlib.h>

#define S     INT64_C(1000000000)
#define TIMES 400

static const char *const zones[] = {"UTC", "Europe/Berlin", "America/St_Johns",
    "America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut", "Australia/Lord_Howe",
    "Africa/Monrovia", "+05:45"};
#define NZONES (sizeof zones / sizeof *zones)

static int64_t
random_time(size_t i)
{
	/* Berlin's changes of 2026, Apia's lost day, Sao Paulo's midnights. */
	static const int64_t around[] = {
	    1774746000, 1792890000, 1325239200, 1540695600, 1550368800, 0};
	int64_t r = (int64_t)(((uint64_t)rand() << 31) ^ (uint64_t)rand());

	if (i % 2 == 0)
		return around[(i / 2) % 6] * S + r % (200000 * S) - 100000 * S;
	return r % (INT64_C(9000000000) * S);
}

/* Every pane begins where the one before ends, and holds its times. */
static void
test_tiling(const char *size, const char *zone, const char *offset)
{
	struct weir_window_spec spec;
	struct weir_span a, b;
	struct weir_error err = {.text = ""};
	int good = 1;

	if (weir_window_parse(&spec, size, offset, zone, &err) < 0) {
		ok(0, "%s %s: %s", size, zone, err.text);
		return;
	}
	for (size_t i = 0; i < TIMES; i++) {
		int64_t t = random_time(i);

		a = weir_window_pane(&spec, t);
		good &= a.start <= t && t < a.end;
		b = weir_window_pane(&spec, a.end);
		good &= b.start == a.end;
		b = weir_window_pane(&spec, a.end - 1);
		good &= b.start == a.start && b.end == a.end;
	}
	ok(good, "%s in %s tiles time", size, zone);
	weir_window_fini(&spec);
}

/* The ends of a pane's windows, one by one, and counted. */
static int
check_ends(const struct weir_window_spec *spec, int64_t t)
{
	struct weir_span pane = weir_window_pane(spec, t), w;
	struct weir_window_ends ends;
	int64_t end, at = pane.start;
	uint64_t n = 0;
	int good = 1;

	if (!weir_window_ends(spec, pane, &ends))
		return spec->kind == WEIR_HOPPING;
	while (weir_window_next(&ends, at, &end)) {
		n++;
		at = end;
		w = weir_window_span(spec, pane, end);
		good &= w.start <= pane.start && w.end == end &&
		    end >= pane.end && end >= ends.first && end <= ends.last;
		good &= weir_window_ended(&ends, end) == n &&
		    weir_window_ended(&ends, end - 1) == n - 1;
		/* A window ends where a pane does. */
		good &= weir_window_pane(spec, end - 1).end == end;
		good &= weir_window_pane(spec, w.start).start == w.start;
	}
	return good && n > 0 && at == ends.last;
}

static void
test_ends(const char *size, const char *zone)
{
	struct weir_window_spec spec;
	struct weir_error err = {.text = ""};
	int good = 1;

	if (weir_window_parse(&spec, size, NULL, zone, &err) < 0) {
		ok(0, "%s %s: %s", size, zone, err.text);
		return;
	}
	for (size_t i = 0; i < TIMES / 4; i++)
		good &= check_ends(&spec, random_time(i));
	ok(good, "%s in %s ends where it should", size, zone);
	weir_window_fini(&spec);
}

static void
is_window(const char *size, const char *offset, const char *zone, int64_t t_s,
    const char *want)
{
	struct weir_window_spec spec;
	struct weir_span span;
	char text[2 * WEIR_TIME_TEXT + 2];
	struct weir_error err = {.text = ""};
	size_t len;

	if (weir_window_parse(&spec, size, offset, zone, &err) < 0) {
		ok(0, "%s: %s", size, err.text);
		return;
	}
	span = weir_window_pane(&spec, t_s * S);
	len = weir_time_print_unit(text, span.start, WEIR_RFC3339);
	text[len++] = ' ';
	len += weir_time_print_unit(text + len, span.end, WEIR_RFC3339);
	is_text(text, len, want);
	weir_window_fini(&spec);
}

static void
test_known(void)
{
	/* 2026-11-21T10:00:00Z, a Saturday */
	is_window("1d", NULL, "UTC", 1795255200,
	    "\"2026-11-21T00:00:00Z\" \"2026-11-22T00:00:00Z\"");
	is_window("1w", NULL, "UTC", 1795255200,
	    "\"2026-11-16T00:00:00Z\" \"2026-11-23T00:00:00Z\"");
	is_window("1mo", NULL, NULL, 1795255200,
	    "\"2026-11-01T00:00:00Z\" \"2026-12-01T00:00:00Z\"");
	is_window("3mo", NULL, NULL, 1795255200,
	    "\"2026-10-01T00:00:00Z\" \"2027-01-01T00:00:00Z\"");
	is_window("1y", NULL, "+01:00", 1795255200,
	    "\"2025-12-31T23:00:00Z\" \"2026-12-31T23:00:00Z\"");
	is_window("1d", "6h", "Europe/Berlin", 1795255200,
	    "\"2026-11-21T05:00:00Z\" \"2026-11-22T05:00:00Z\"");
	is_window("1w", "-1d", "UTC", 1795255200,
	    "\"2026-11-15T00:00:00Z\" \"2026-11-22T00:00:00Z\"");
	/* A day of 25 hours, and its last six hours, which are one. */
	is_window("1d", NULL, "Europe/Berlin", 1792890000,
	    "\"2026-10-24T22:00:00Z\" \"2026-10-25T23:00:00Z\"");
	is_window("6h", NULL, "Europe/Berlin", 1792967400,
	    "\"2026-10-25T22:00:00Z\" \"2026-10-25T23:00:00Z\"");
}

static void
refused(const char *size, const char *offset, const char *zone, const char *why)
{
	struct weir_window_spec spec;
	struct weir_error err = {.text = ""};
	int rc = weir_window_parse(&spec, size, offset, zone, &err);

	ok(rc < 0 && strstr(err.text, why) != NULL, "%s is refused: %s", size,
	    err.text);
	weir_window_fini(&spec);
}

int
main(void)
{
	static const char *const sizes[] = {"1d", "2d", "1w", "1mo", "5mo",
	    "1y", "10y", "1h", "7h", "23h59m", "7d/1d", "2w/1w", "1w/1d",
	    "6mo/4mo", "1y/1mo", "3d/5d", "cumulate:1d/1h", "cumulate:1d/7h",
	    "cumulate:1mo/1d", "cumulate:1mo/1w", "cumulate:1y/1mo",
	    "cumulate:2w/1w", "cumulate:1w/36h"};

	srand(7);
	for (size_t z = 0; z < NZONES; z++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			test_tiling(sizes[i], zones[z],
			    i % 3 == 0	     ? NULL
				: i % 3 == 1 ? "6h"
					     : "-36h");
			/* Two windows may end with Apia's day of no length. */
			if (strcmp(zones[z], "Pacific/Apia") != 0)
				test_ends(sizes[i], zones[z]);
		}
	test_known();
	refused("36h", NULL, "UTC", "whole days");
	refused("1d/1h", NULL, "UTC", "hop by");
	refused("1mo/1d", NULL, "UTC", "hop by");
	refused("cumulate:1w/1mo", NULL, "UTC", "longer than the size");
	refused("cumulate:1h/1m", NULL, "UTC", "grow up to");
	refused("cumulate:1y/1s", NULL, "UTC", "100000");
	refused("1d", NULL, "Mars/Olympus", "--tz");
	refused("1d", "500ms", "UTC", "whole seconds");
	refused("1d", "1000d", "UTC", "no more than a year");
	refused("0mo", NULL, NULL, "-w");
	refused("1mo1d", NULL, "UTC", "-w");
	return done();
}
