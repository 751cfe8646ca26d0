/*
 * Goal: durations and sizes are read and printed exactly, nonsense is refused.
 * Method: tables of text and value; printed durations read back.
 */
#include "base/timetext.h"
#include "tests/unit/tap.h"

#define S_NS INT64_C(1000000000)

static void
test_read(void)
{
	static const struct {
		const char *s;
		int64_t ns;
	} good[] = {{"250ms", 250000000}, {"5s", 5 * S_NS},
	    {"1m30s", 90 * S_NS}, {"2h", 7200 * S_NS}, {"1d", 86400 * S_NS},
	    {"1w", 604800 * S_NS}, {"1.5s", 1500000000}, {"-3ms", -3000000},
	    {"+1us", 1000}, {"7ns", 7}, {"0", 0}, {"-0", 0}, {"0s", 0},
	    {".5s", 500000000}, {"1.s", S_NS}, {"2\302\265s", 2000},
	    {"2\316\274s", 2000}, {"0.1234567899s", 123456789},
	    {"0.0000000001s", 0}, {"1.23456789w", INT64_C(746666659872000)},
	    {"9223372036.854775807s", INT64_MAX},
	    {"-9223372036.854775807s", -INT64_MAX},
	    {"9223372036854775807ns", INT64_MAX},
	    {"106751d", 106751 * (86400 * S_NS)}, {"1h0.5m", 3630 * S_NS},
	    {"0.00000000000000000000000000001h", 0}};
	static const struct {
		const char *s, *why;
	} bad[] = {{"", "number"}, {"-", "number"}, {"5", "unit is missing"},
	    {"5x", "unknown"}, {"5 s", "unknown"}, {"s", "number"},
	    {".s", "number"}, {"1.2.3s", "unit is missing"},
	    {"1m30", "unit is missing"}, {"1mo", "unknown"},
	    {"1m-3s", "unknown"}, {"00", "unit is missing"},
	    {"9223372036.854775808s", "too long"}, {"106752d", "too long"},
	    {"99999999999999999999s", "too long"},
	    {"18446744073709551616ns", "too long"},
	    {"30500568904943w", "too long"}, {"5S", "unknown"},
	    {"1\033[31m", "\\x1b"}};
	struct weir_error err;
	int64_t ns;
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		ns = 42;
		ok(weir_duration_read(
		       good[i].s, strlen(good[i].s), &ns, &err) == 1 &&
			ns == good[i].ns,
		    "%s is %lld, got %lld", good[i].s, (long long)good[i].ns,
		    (long long)ns);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(weir_duration_read(bad[i].s, strlen(bad[i].s), &ns, &err) ==
			    -1 &&
			err.status == WEIR_USAGE &&
			strstr(err.text, bad[i].why),
		    "refused: %s", err.text);
}

static void
test_print(void)
{
	static const struct {
		int64_t ns;
		const char *s;
	} cases[] = {{0, "0s"}, {1, "1ns"}, {1500, "1.5us"},
	    {250000000, "250ms"}, {1500000000, "1.5s"}, {90 * S_NS, "1m30s"},
	    {-3600 * S_NS, "-1h"}, {604800 * S_NS, "1w"},
	    {864000 * S_NS, "10d"}, {86401 * S_NS + 20000000, "1d1.02s"},
	    {60 * S_NS + 1000000, "1m1ms"},
	    {INT64_MAX, "106751d23h47m16.854775807s"},
	    {-INT64_MAX, "-106751d23h47m16.854775807s"}};
	char out[WEIR_TIME_TEXT];
	int64_t ns, again, bad = 0;
	uint64_t x = 1;
	size_t i, len;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		is_text(out, weir_duration_print(out, cases[i].ns), cases[i].s);
	for (i = 0; i < 20000; i++) {
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		ns = (int64_t)(x >> (i % 64));
		if (ns == INT64_MIN)
			continue;
		len = weir_duration_print(out, ns);
		bad += weir_duration_read(out, len, &again, NULL) != 1 ||
		    again != ns;
	}
	ok(bad == 0, "20000 durations read back as printed");
}

static void
test_cel(void)
{
	static const struct {
		const char *s;
		int64_t sec;
		int32_t nanos;
		const char *printed;
	} good[] = {{"1h30m", 5400, 0, "5400s"},
	    {"1.5s", 1, 500000000, "1.500s"}, {"-3ms", 0, -3000000, "-0.003s"},
	    {"2us", 0, 2000, "0.000002s"}, {"2\302\265s", 0, 2000, "0.000002s"},
	    {"100ns", 0, 100, "0.000000100s"}, {"0", 0, 0, "0s"},
	    {"-1.5s", -1, -500000000, "-1.500s"},
	    {"315576000000s", WEIR_CEL_DURATION_MAX_S, 0, "315576000000s"},
	    {"-315576000000s", -WEIR_CEL_DURATION_MAX_S, 0, "-315576000000s"},
	    {"1h0m0.000000001s", 3600, 1, "3600.000000001s"}};
	static const char *const bad[] = {"", "1", "1d", "1w", "1x", "s",
	    "--1s", "315576000001s", "315576000000.000000001s", "1h 30m",
	    "100000000h", "99999999999999999999999s"};
	char out[WEIR_TIME_TEXT];
	int64_t sec;
	int32_t nanos;
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		ok(weir_cel_duration_read(
		       good[i].s, strlen(good[i].s), &sec, &nanos) == 1 &&
			sec == good[i].sec && nanos == good[i].nanos,
		    "CEL duration %s", good[i].s);
		is_text(out, weir_cel_duration_print(out, sec, nanos),
		    good[i].printed);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(!weir_cel_duration_read(
		       bad[i], strlen(bad[i]), &sec, &nanos),
		    "'%s' is no CEL duration", bad[i]);
}

static void
test_size(void)
{
	static const struct {
		const char *s;
		uint64_t v;
	} good[] = {{"0", 0}, {"4096", 4096}, {"64k", 65536}, {"64K", 65536},
	    {"16M", 16777216}, {"2G", INT64_C(2147483648)},
	    {"1t", INT64_C(1099511627776)},
	    {"18446744073709551615", UINT64_MAX}};
	static const char *const bad[] = {"", "k", "-1", "1.5M", "4x", "4kk",
	    "4 k", "18446744073709551616", "18014398509481984k",
	    "99999999999999999999T"};
	struct weir_error err;
	uint64_t v;
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++)
		ok(weir_size_read(good[i].s, strlen(good[i].s), &v, &err) ==
			    1 &&
			v == good[i].v,
		    "size %s", good[i].s);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(weir_size_read(bad[i], strlen(bad[i]), &v, &err) == -1,
		    "refused: %s", err.text);
	ok(weir_size_read("4\0", 2, &v, &err) == -1, "refused: %s", err.text);
}

int
main(void)
{
	test_read();
	test_print();
	test_cel();
	test_size();
	return done();
}
