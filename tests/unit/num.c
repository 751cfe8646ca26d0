/*
 * Goal: numbers are read exactly and printed shortest, whatever their length.
 * Method: known cases; random doubles and texts against strtod and printf
 * (an argument sets how many of each); the table of powers of ten against plain
 * long arithmetic.
 */
#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;
#define HAVE_WIDE 1
/* Check the portable product; the library was built with the other one. */
#undef __SIZEOF_INT128__
#else
#define HAVE_WIDE 0
#endif

#include "base/num.h"
#include "base/pow10.h"
#include "tests/unit/tap.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>

static uint64_t seed = 1;

static uint64_t
next(void)
{
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static double
from_bits(uint64_t bits)
{
	double d;

	memcpy(&d, &bits, sizeof d);
	return d;
}

static int
same(double a, double b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

static void
test_ints(void)
{
	static const struct {
		const char *s;
		enum weir_num_kind kind;
		uint64_t v; /* an int's, too */
	} cases[] = {
	    {"0", WEIR_NUM_INT, 0},
	    {"7", WEIR_NUM_INT, 7},
	    {"-1", WEIR_NUM_INT, (uint64_t)-1},
	    {"200", WEIR_NUM_INT, 200},
	    {"9007199254740993", WEIR_NUM_INT, UINT64_C(9007199254740993)},
	    {"999999999999999999", WEIR_NUM_INT, UINT64_C(999999999999999999)},
	    {"9223372036854775807", WEIR_NUM_INT, INT64_MAX},
	    {"-9223372036854775808", WEIR_NUM_INT, (uint64_t)INT64_MIN},
	    {"9223372036854775808", WEIR_NUM_UINT, UINT64_C(1) << 63},
	    {"9999999999999999999", WEIR_NUM_UINT,
		UINT64_C(9999999999999999999)},
	    {"10000000000000000000", WEIR_NUM_UINT,
		UINT64_C(10000000000000000000)},
	    {"12345678901234567890", WEIR_NUM_UINT,
		UINT64_C(12345678901234567890)},
	    {"18446744073709551615", WEIR_NUM_UINT, UINT64_MAX},
	};
	struct weir_num n;
	char out[WEIR_NUM_MAX];
	size_t i, len;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		weir_num_read(cases[i].s, strlen(cases[i].s), &n);
		ok(n.kind == cases[i].kind && n.u == cases[i].v, "%s is exact",
		    cases[i].s);
		len = n.kind == WEIR_NUM_INT ? weir_num_print_int(out, n.i)
					     : weir_num_print_uint(out, n.u);
		is_text(out, len, cases[i].s);
	}
}

static void
test_doubles(void)
{
	static const char *const texts[] = {"-0", "-0.0", "0.0", "0e999",
	    "-0e-999", "1.0", "1e0", "0.1", "1E+2", "1e-2", "1e23", "8.41e21",
	    "1e22", "1e400", "-1e400", "1e-400", "5e-324", "4.9e-324",
	    "2.4703282292062327e-324", "2.4703282292062328e-324",
	    "2.2250738585072014e-308", "2.2250738585072011e-308",
	    "1.7976931348623157e308", "1.7976931348623158e308",
	    "1.7976931348623159e308", "18446744073709551616",
	    "19999999999999999999", "20000000000000000000",
	    "28446744073709551616", "99999999999999999999",
	    "100000000000000000000", "-9223372036854775809",
	    "-10000000000000000000", "-18446744073709551615",
	    "9007199254740993.0", "9007199254740993e0", "9007199254740995e0",
	    "9007199254740993e1", "0.000000000000000000000000000000012345",
	    "0.1000000000000000055511151231257827021181583404541015625",
	    "0.30000000000000004", "12.345678901234567", "6.02214076e23",
	    "6.62607015e-34", "1e-99999999999999999999", "0.5000000000000000",
	    "1e99999999999999999999", "0e99999999999999999999",
	    "123456789012345678e-18", "7205759403792793199999e-5",
	    "3.5844466002796428e+298", "1448997445238699e9"};
	struct weir_num n;
	double want;
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		want = strtod(texts[i], NULL);
		weir_num_read(texts[i], strlen(texts[i]), &n);
		ok(n.kind == WEIR_NUM_DOUBLE && same(n.d, want) &&
			same(weir_num_read_double(texts[i], strlen(texts[i])),
			    want),
		    "%s is %.17g", texts[i], want);
	}
	ok(weir_num_read_double("42", 2) == 42, "an int as a double");
	ok(weir_num_read_double("18446744073709551615", 20) ==
		18446744073709551616.0,
	    "a long int as a double");
}

/* head, n zeros and tail in one text. */
static double
read_padded(const char *head, size_t n, const char *tail)
{
	size_t len = strlen(head);
	char *s = malloc(len + n + strlen(tail));
	double d;

	memcpy(s, head, len);
	memset(s + len, '0', n);
	memcpy(s + len + n, tail, strlen(tail));
	d = weir_num_read_double(s, len + n + strlen(tail));
	free(s);
	return d;
}

static void
test_long(void)
{
	size_t n = 1000000;

	ok(read_padded("0.", n, "1e1000001") == 1, "a million zeros in front");
	ok(read_padded("1", n, "e-1000000") == 1, "a million behind");
	ok(read_padded("1", n, "") == HUGE_VAL, "a million digits");
	ok(read_padded("-1", n, "") == -HUGE_VAL, "a million, negative");
	ok(read_padded("0.", n, "1") == 0, "next to nothing");
	ok(read_padded("9007199254740993.", n, "") == 9007199254740992.0,
	    "a tie goes to the even one");
	ok(read_padded("9007199254740993.", n, "1") == 9007199254740994.0,
	    "the millionth digit breaks a tie");
	ok(read_padded("9007199254740993.", n, "0e-1") == 900719925474099.25,
	    "and with an exponent");
}

static void
test_print(void)
{
	static const struct {
		double d;
		const char *plain, *pointed;
	} cases[] = {
	    {0, "0", "0.0"},
	    {-0.0, "-0.0", "-0.0"},
	    {1, "1", "1.0"},
	    {-1, "-1", "-1.0"},
	    {1.5, "1.5", NULL},
	    {0.1, "0.1", NULL},
	    {0.1 + 0.2, "0.30000000000000004", NULL},
	    {100, "100", "100.0"},
	    {123456.789, "123456.789", NULL},
	    {-123456.789, "-123456.789", NULL},
	    {0.000001, "0.000001", NULL},
	    {0.0000012345, "0.0000012345", NULL},
	    {0.0000001, "1e-7", NULL},
	    {1.25e-7, "1.25e-7", NULL},
	    {9007199254740991, "9007199254740991", "9007199254740991.0"},
	    {9007199254740992, "9007199254740992", "9007199254740992.0"},
	    {9007199254740994, "9007199254740994", "9007199254740994.0"},
	    {1e17, "100000000000000000", "100000000000000000.0"},
	    {123456789012345680000.0, "123456789012345680000",
		"123456789012345680000.0"},
	    {1e20, "100000000000000000000", "100000000000000000000.0"},
	    {999999999999999900000.0, "999999999999999900000",
		"999999999999999900000.0"},
	    {1e21, "1e+21", NULL},
	    {8.41e21, "8.41e+21", NULL},
	    {1e22, "1e+22", NULL},
	    {1e23, "1e+23", NULL},
	    {9.5e-7, "9.5e-7", NULL},
	    {5e-324, "5e-324", NULL},
	    {1e-323, "1e-323", NULL},
	    {-2.2250738585072014e-308, "-2.2250738585072014e-308", NULL},
	    {2.225073858507201e-308, "2.225073858507201e-308", NULL},
	    {1.7976931348623157e308, "1.7976931348623157e+308", NULL},
	    {5.684341886080802e-14, "5.684341886080802e-14", NULL},
	    {2.9802322387695312e-8, "2.9802322387695312e-8", NULL},
	    {4.35, "4.35", NULL},
	    {9.007199254740993e22, "9.007199254740994e+22", NULL},
	    {2e-44, "2e-44", NULL},
	    {4.4501477170144023e-308, "4.4501477170144023e-308", NULL},
	};
	char out[WEIR_NUM_MAX];
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		is_text(out, weir_num_print_double(out, cases[i].d, 0),
		    cases[i].plain);
		is_text(out, weir_num_print_double(out, cases[i].d, 1),
		    cases[i].pointed ? cases[i].pointed : cases[i].plain);
	}
}

/* Digits of text that holds a number, zeros at either end aside. */
static int
significant(const char *s, char *digits)
{
	int n = 0;

	for (; *s != '\0' && *s != 'e'; s++)
		if (*s >= '1' || (*s == '0' && n > 0))
			digits[n++] = *s;
	while (n > 0 && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	return n;
}

/* Whether d > 0 prints and reads back as it should; says so if not. */
static int
round_trips(double d)
{
	char out[WEIR_NUM_MAX + 1], want[40], a[40], b[40];
	int n_out, n_want, precision = 0, good;

	out[weir_num_print_double(out, d, 1)] = '\0';
	do {
		snprintf(want, sizeof want, "%.*e", precision++, d);
	} while (strtod(want, NULL) != d);
	n_out = significant(out, a);
	n_want = significant(want, b);
	/* At powers of two there may be a shorter one than printf's. */
	good = same(strtod(out, NULL), d) &&
	    same(weir_num_read_double(out, strlen(out)), d) &&
	    (n_out < n_want || (n_out == n_want && strcmp(a, b) == 0));
	if (!good)
		printf("# %a: %s, printf %s\n", d, out, want);
	return good;
}

static void
test_random_doubles(long rounds)
{
	long bad = 0, i;
	uint64_t bits;
	int e;

	for (i = 0; i < rounds; i++) {
		bits = next() >> 1;
		if (bits < UINT64_C(0x7ff) << 52 && bits > 0)
			bad += !round_trips(from_bits(bits));
	}
	ok(bad == 0, "%ld random doubles", rounds);
	for (i = 0; i < rounds / 4; i++)
		bad += !round_trips(
		    (double)(next() >> (11 + next() % 40)) / 1e6 + 1e-9);
	ok(bad == 0, "%ld random small decimals", rounds / 4);
	for (e = 0; e < 2046; e++)
		for (i = -3; i <= 3; i++) {
			bits = ((uint64_t)e << 52) + (uint64_t)i;
			if (bits > 0 && bits < UINT64_C(0x7ff) << 52)
				bad += !round_trips(from_bits(bits));
		}
	for (e = 0; e < 52; e++)
		bad += !round_trips(from_bits(UINT64_C(1) << e));
	ok(bad == 0, "powers of two and their neighbours");
}

static void
test_random_texts(long rounds)
{
	long bad = 0, i;
	char s[64];
	int n, len;
	double want, got;

	for (i = 0; i < rounds; i++) {
		n = 1 + (int)(next() % 19);
		len = snprintf(s, sizeof s, "%llu",
		    (unsigned long long)(UINT64_C(1000000000000000000) +
			next() % UINT64_C(9000000000000000000)));
		len = n < len ? n : len;
		if (next() % 2 && len > 1) {
			n = 1 + (int)(next() % (uint64_t)(len - 1));
			memmove(s + n + 1, s + n, (size_t)(len++ - n));
			s[n] = '.';
		}
		n = next() % 4 ? (int)(next() % 60) - 30
			       : (int)(next() % 700) - 350;
		snprintf(s + len, sizeof s - (size_t)len, "e%d", n);
		want = strtod(s, NULL);
		got = weir_num_read_double(s, strlen(s));
		if (!same(got, want)) {
			printf("# %s: %.17g, not %.17g\n", s, got, want);
			bad++;
		}
	}
	ok(bad == 0, "%ld random texts", rounds);
	bad = 0;
	for (i = 0; i < rounds / 10; i++) {
		/* In the middle of two doubles, and right beside it. */
		uint64_t m = (UINT64_C(1) << 53) + (next() >> 11);

		n = (int)(next() % 9);
		snprintf(s, sizeof s, "%llu.%de%d",
		    (unsigned long long)(m << 1 | 1), n % 3, n - 4);
		want = strtod(s, NULL);
		bad += !same(weir_num_read_double(s, strlen(s)), want);
	}
	ok(bad == 0, "%ld near the middle of two doubles", rounds / 10);
}

/* Plain long arithmetic, least limb first; holds 2^1300. */
#define LIMBS 42
struct big {
	uint32_t limb[LIMBS];
};

static void
big_set(struct big *b, uint64_t hi, uint64_t lo)
{
	*b = (struct big){{(uint32_t)lo, (uint32_t)(lo >> 32), (uint32_t)hi,
	    (uint32_t)(hi >> 32)}};
}

static void
big_mul(struct big *b, uint32_t by, int times)
{
	uint64_t carry;
	int i;

	while (times-- > 0)
		for (carry = 0, i = 0; i < LIMBS; i++) {
			carry += (uint64_t)b->limb[i] * by;
			b->limb[i] = (uint32_t)carry;
			carry >>= 32;
		}
}

static int
big_less(const struct big *a, const struct big *b)
{
	int i = LIMBS;

	while (i-- > 0)
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i];
	return 0;
}

/* hi:lo times 2^exp2 less than 10^k? */
static int
less_than_pow10(uint64_t hi, uint64_t lo, int exp2, int k)
{
	struct big a, b;

	big_set(&a, hi, lo);
	big_set(&b, 0, 1);
	big_mul(&a, 10, -k);
	big_mul(&a, 2, exp2);
	big_mul(&b, 10, k);
	big_mul(&b, 2, -exp2);
	return big_less(&a, &b);
}

static void
test_powers(void)
{
	int k, exp2, bad = 0;

	for (k = WEIR_POW10_FIRST; k <= WEIR_POW10_LAST; k++) {
		const struct pow10 *p = weir_pow10(k);

		exp2 = weir_log2_pow10(k) - 127;
		bad += p->hi >> 63 != 1;
		bad += less_than_pow10(p->hi, p->lo, exp2, k);
		bad +=
		    !less_than_pow10(p->hi - (p->lo == 0), p->lo - 1, exp2, k);
	}
	ok(bad == 0, "all powers of ten");
}

static void
test_product(void)
{
	uint64_t lo, hi;
	int i, bad = 0;

	hi = weir_mul128(UINT64_MAX, UINT64_MAX, &lo);
	ok(hi == UINT64_MAX - 1 && lo == 1, "the largest product");
#if HAVE_WIDE
	for (i = 0; i < 10000; i++) {
		uint64_t a = next() >> next() % 64, b = next() >> next() % 64;
		wide p = (wide)a * b;

		hi = weir_mul128(a, b, &lo);
		bad += hi != (uint64_t)(p >> 64) || lo != (uint64_t)p;
	}
#else
	i = 0;
#endif
	ok(bad == 0, "products of %d pairs", i);
}

/* What is no number has no value, but must do no harm either. */
static void
test_nonsense(void)
{
	static const char bytes[] = "0123456789.-+eE \0x";
	struct weir_num num;
	char *s;
	size_t len, i;
	int rounds;

	for (rounds = 0; rounds < 20000; rounds++) {
		len = next() % 40;
		s = malloc(len ? len : 1);
		for (i = 0; i < len; i++)
			s[i] = bytes[next() % (sizeof bytes - 1)];
		weir_num_read(s, len, &num);
		weir_num_read_double(s, len);
		free(s);
	}
	ok(1, "%d texts that are no numbers", rounds);
}

static void
test_locale(void)
{
	static const char *const names[] = {
	    "de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "ru_RU.UTF-8"};
	size_t i = 0;

	while (i < 5 && setlocale(LC_ALL, names[i]) == NULL)
		i++;
	ok(weir_num_read_double("1.00000000000000000000000001", 28) == 1 &&
		weir_num_read_double("12345678901234567890123.5e-22", 29) ==
		    1.23456789012345678901235,
	    "no locale changes it (here: %s)", i < 5 ? names[i] : "none");
	setlocale(LC_ALL, "C");
}

int
main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 20000;

	test_ints();
	test_doubles();
	test_long();
	test_print();
	test_powers();
	test_product();
	test_random_doubles(rounds);
	test_random_texts(rounds);
	test_nonsense();
	test_locale();
	return done();
}
