/*
 * Goal: time zones say what the system's own functions say; what is no zone,
 * or no zone's file, is refused.
 * Method: localtime_r(3) as an oracle, every ten days of two centuries and
 * around every change; files cut short and with bytes changed; rules by hand.
 */
#define _GNU_SOURCE /* tm_gmtoff */

#include "base/zone.h"

#include "base/mem.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DATABASE "/usr/share/zoneinfo"

static int
same_at(const struct weir_zone *z, int64_t sec)
{
	time_t t = (time_t)sec;
	char abbr[WEIR_ZONE_ABBR];
	struct tm tm;

	localtime_r(&t, &tm);
	if (weir_zone_east(z, sec, abbr) == tm.tm_gmtoff &&
	    strcmp(abbr, tm.tm_zone) == 0)
		return 1;
	printf("# at %lld: %d %s, system %ld %s\n", (long long)sec,
	    weir_zone_east(z, sec, abbr), abbr, tm.tm_gmtoff, tm.tm_zone);
	return 0;
}

/* The second in (lo, hi] at which the offset changes. */
static int64_t
find_change(const struct weir_zone *z, int64_t lo, int64_t hi)
{
	int before = weir_zone_east(z, lo, NULL);
	int64_t mid;

	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (weir_zone_east(z, mid, NULL) == before)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

/* Is local time at sec read back as sec, or as what it was the first time? */
static int
same_back(const struct weir_zone *z, int64_t sec)
{
	int64_t local = sec + weir_zone_east(z, sec, NULL);
	int64_t utc = weir_zone_utc(z, local);

	if (utc <= sec && utc + weir_zone_east(z, utc, NULL) == local)
		return 1;
	printf("# back at %lld: %lld\n", (long long)sec, (long long)utc);
	return 0;
}

static void
test_zone(const char *name)
{
	struct weir_error err = {0};
	struct weir_zone *z = weir_zone_new(name, strlen(name), &err);
	const int64_t step = 10 * 86400;
	int good = 1, changes = 0;
	int64_t t, c;

	if (!ok(z != NULL, "%s is there: %s", name, err.text))
		return;
	setenv("TZ", name, 1);
	tzset();
	for (t = INT64_C(-1500000000); t < INT64_C(5000000000) && good;
	     t += step) {
		good = same_at(z, t);
		if (weir_zone_east(z, t, NULL) ==
		    weir_zone_east(z, t + step, NULL))
			continue;
		c = find_change(z, t, t + step);
		good = good && same_at(z, c - 1) && same_at(z, c) &&
		    same_back(z, t) && same_back(z, c - 1) && same_back(z, c) &&
		    same_back(z, c + 3599);
		changes++;
	}
	ok(good, "%s as the system has it, %d changes", name, changes);
	weir_zone_free(z);
}

static void
refused(const char *name, const char *why)
{
	struct weir_error err = {0};
	struct weir_zone *z = weir_zone_new(name, strlen(name), &err);

	if (!ok(z == NULL && strncmp(err.text, why, strlen(why)) == 0,
		"no zone: '%s'", name))
		printf("# %s\n", err.text);
	weir_zone_free(z);
}

static void
fixed(const char *name, int east_s)
{
	struct weir_error err = {0};
	struct weir_zone *z = weir_zone_new(name, strlen(name), &err);

	ok(z != NULL && weir_zone_east(z, 0, NULL) == east_s, "%s", name);
	weir_zone_free(z);
}

static void
test_rule(const char *text, int64_t sec, int east_s)
{
	struct weir_zone_rule r;
	int rc = weir_zone_rule_read(&r, text, strlen(text));

	if (east_s == -1)
		ok(rc == 0, "no rule: %s", text);
	else
		ok(rc == 1 && weir_zone_rule_at(&r, sec)->east_s == east_s,
		    "%s at %lld", text, (long long)sec);
}

static void
test_rules(void)
{
	test_rule("EST5", 0, -5 * 3600);
	test_rule("<+0530>-5:30", 0, 19800);
	test_rule("EST5EDT,M3.2.0,M11.1.0", 1710053999, -5 * 3600);
	test_rule("EST5EDT,M3.2.0,M11.1.0", 1710054000, -4 * 3600);
	test_rule("EST5EDT,M3.2.0,M11.1.0", 1730613599, -4 * 3600);
	test_rule("EST5EDT,M3.2.0,M11.1.0", 1730613600, -5 * 3600);
	/* The south: summer goes over the new year. */
	test_rule("AEST-10AEDT,M10.1.0,M4.1.0/3", 1704067200, 39600);
	test_rule("AEST-10AEDT,M10.1.0,M4.1.0/3", 1717200000, 36000);
	/* Summer all year; days counted with and without leap days. */
	test_rule("XXX3EDT4,0/0,J365/23", 1704067200, -4 * 3600);
	test_rule("AAA0BBB,J60,J300", 1709287200, 3600);
	test_rule("AAA0BBB,J60,J300", 1709258399, 0);
	test_rule("AAA0BBB,59,300", 1709172000, 3600);
	test_rule("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", 0, -3 * 3600);
	test_rule("", 0, -1);
	test_rule("E5", 0, -1);
	test_rule("EST", 0, -1);
	test_rule("EST5EDT", 0, -1);
	test_rule("EST5EDT,M3.2.0", 0, -1);
	test_rule("EST5EDT,M13.2.0,M11.1.0", 0, -1);
	test_rule("EST5EDT,M3.2.0,M11.1.0x", 0, -1);
	test_rule("EST5EDT,M3.2.0/999,M11.1.0", 0, -1);
	test_rule("<ABCDEFGHIJKLMNOPQRST>5", 0, -1);
}

/* Whatever the bytes are, asking the zone must be safe. */
static void
ask(const unsigned char *data, size_t len)
{
	unsigned char *copy = weir_malloc(len + 1); /* for sanitizers */
	struct weir_zone *z;
	char abbr[WEIR_ZONE_ABBR];
	int64_t t;

	memcpy(copy, data, len);
	z = weir_zone_parse(copy, len);
	for (t = INT64_C(-5000000000); z != NULL && t < INT64_C(9000000000);
	     t += 99999999)
		weir_zone_east(z, t, abbr);
	weir_zone_free(z);
	free(copy);
}

static void
test_bytes(void)
{
	static unsigned char data[65536];
	FILE *f = fopen(DATABASE "/America/New_York", "rb");
	uint32_t seed = 1;
	size_t n, i;
	int refusals = 0;

	n = fread(data, 1, sizeof data, f);
	fclose(f);
	for (i = 0; i < n; i++) {
		struct weir_zone *z = weir_zone_parse(data, i);

		refusals += z == NULL;
		weir_zone_free(z);
	}
	ok(refusals == (int)n, "no file that is cut short");
	for (i = 0; i < 3000; i++) {
		unsigned char *p;
		unsigned char was;

		seed = seed * 1664525 + 1013904223;
		p = &data[(seed >> 8) % (i % 2 ? n : 44)];
		was = *p;
		*p = (unsigned char)(seed >> 24);
		ask(data, n);
		*p = was;
	}
	ok(1, "changed bytes are survived");
	ok(weir_zone_parse("", 0) == NULL, "an empty file");
}

int
main(void)
{
	static const char *const names[] = {"America/New_York", "Europe/Berlin",
	    "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns",
	    "Africa/Casablanca", "Europe/Dublin", "America/Nuuk",
	    "Pacific/Apia", "Etc/GMT+5", "Asia/Tehran"};
	FILE *f = fopen(DATABASE "/America/New_York", "rb");
	size_t i;

	fixed("UTC", 0);
	fixed("Z", 0);
	fixed("+05:30", 19800);
	fixed("-09:30", -34200);
	fixed("02:00", 7200);
	refused("", "unknown time zone \"\"");
	refused("../etc/passwd", "unknown time zone");
	refused("/etc/localtime", "unknown time zone");
	refused("Europe//Berlin", "unknown time zone");
	refused("Europe/", "unknown time zone");
	refused("a\nb", "unknown time zone \"a\\x0ab\"");
	refused("+25:00", "");
	test_rules();
	if (f == NULL) {
		ok(1, "# SKIP no database");
		return done();
	}
	fclose(f);
	refused("Europe/Nowhere", "unknown time zone \"Europe/Nowhere\"");
	refused("Europe", "unknown time zone \"Europe\"");
	refused("zone1970.tab", "unknown time zone");
	refused("leapseconds", DATABASE "/leapseconds is no time zone's file");
	for (i = 0; i < sizeof names / sizeof *names; i++)
		test_zone(names[i]);
	test_bytes();
	return done();
}
