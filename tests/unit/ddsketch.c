/*
 * Goal: every quantile is within 1 % of the true one, whatever the values, and
 * how they were cut, merged and saved leaves no trace. Method: streams of many
 * shapes against a sorted array; bucket borders by bisection; sketches in any
 * order and split against one sketch of all.
 */
#include "op/ddsketch.h"

#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/tap.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define N     20000
#define PARTS 7

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nothing below the least normal number is told from 0. */
static int
near(double got, double want)
{
	if (isinf(want))
		return got == want;
	return fabs(got - want) <= fabs(want) * 0.01 + DBL_MIN;
}

/* How many of many quantiles, from q = least on, are off. */
static int
count_wrong(const struct weir_ddsketch *sk, const double *sorted, size_t n,
    double least)
{
	int wrong = 0;
	double q, want;

	for (int i = 0; i <= 1000; i++) {
		q = i / 1000.0;
		want = sorted[weir_quantile_rank(n, q) - 1];
		if (q >= least && !near(weir_ddsketch_quantile(sk, q), want))
			wrong++;
	}
	return wrong;
}

/* Equal, or neither known. */
static int
alike(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static int
same(const struct weir_ddsketch *a, const struct weir_ddsketch *b)
{
	struct weir_ddsketch_bucket *x, *y;
	size_t n, m;
	int equal;

	x = weir_ddsketch_buckets(a, &n);
	y = weir_ddsketch_buckets(b, &m);
	equal = n == m && a->n == b->n && a->floor == b->floor &&
	    alike(a->min, b->min) && alike(a->max, b->max);
	for (size_t i = 0; equal && i < n; i++)
		equal = x[i].key == y[i].key && x[i].count == y[i].count;
	free(x);
	free(y);
	return equal;
}

/* The same values, cut at random and merged in a random order. */
static int
merges_alike(const struct weir_ddsketch *whole, const double *values, size_t n)
{
	struct weir_ddsketch parts[PARTS] = {{0}};
	int equal;

	for (size_t i = 0; i < n; i++)
		weir_ddsketch_add(&parts[rnd() % PARTS], values[i]);
	for (size_t left = PARTS; left > 1; left--) {
		size_t from = rnd() % left, to = (from + 1) % left;

		weir_ddsketch_merge(&parts[to], &parts[from]);
		weir_ddsketch_fini(&parts[from]);
		parts[from] = parts[left - 1];
		if (to == left - 1)
			to = from;
	}
	equal = same(&parts[0], whole);
	weir_ddsketch_fini(&parts[0]);
	return equal;
}

static int
reloads(const struct weir_ddsketch *sk)
{
	struct weir_ddsketch again = {.min = sk->min, .max = sk->max};
	struct weir_ddsketch_bucket *all;
	size_t n;
	int good;

	all = weir_ddsketch_buckets(sk, &n);
	good = weir_ddsketch_fill(&again, all, n, sk->floor > 0) &&
	    same(sk, &again) &&
	    weir_ddsketch_bytes(&again) == weir_ddsketch_bytes(sk);
	weir_ddsketch_fini(&again);
	free(all);
	return good;
}

static void
test_stream(const char *name, double (*next)(size_t i), double least)
{
	static double values[N];
	struct weir_ddsketch sk = {0};
	int wrong;

	for (size_t i = 0; i < N; i++) {
		values[i] = next(i);
		weir_ddsketch_add(&sk, values[i]);
	}
	ok(merges_alike(&sk, values, N), "%s: merged in any order", name);
	ok(reloads(&sk), "%s: saved and loaded", name);
	qsort(values, N, sizeof *values, compare);
	wrong = count_wrong(&sk, values, N, least);
	ok(wrong == 0, "%s: within 1 %% (%d of 1001 off)", name, wrong);
	ok(weir_ddsketch_quantile(&sk, 0) == values[0] &&
		weir_ddsketch_quantile(&sk, 1) == values[N - 1],
	    "%s: the least and the greatest are exact", name);
	weir_ddsketch_fini(&sk);
}

/* --- streams --- */

static double
uniform(size_t i)
{
	(void)i;
	return rnd_unit() * 1000;
}

static double
lognormal(size_t i)
{
	(void)i;
	return exp(2 + 1.5 * rnd_normal());
}

static double
pareto(size_t i)
{
	(void)i;
	return pow(1 - rnd_unit(), -1);
}

static double
constant(size_t i)
{
	(void)i;
	return 0.1;
}

static double
whole(size_t i)
{
	(void)i;
	return (double)(rnd() % 100);
}

static double
ascending(size_t i)
{
	return (double)i + 1;
}

static double
negative(size_t i)
{
	return -lognormal(i);
}

static double
mixed(size_t i)
{
	return i % 3 == 0 ? 0 : rnd_normal() * 1e6;
}

static double
infinite(size_t i)
{
	return i % 10 == 0 ? -INFINITY : i % 10 == 1 ? INFINITY : uniform(i);
}

static double
subnormal(size_t i)
{
	return ldexp((double)(rnd() % 1000), i % 2 ? -1074 : -1030);
}

/* All magnitudes of a few decades about 10^e. */
static double
about(int e)
{
	return pow(10, e + 8 * rnd_unit());
}

static double
tiny(size_t i)
{
	(void)i;
	return about(-304);
}

static double
huge(size_t i)
{
	(void)i;
	return about(300);
}

/* More buckets than there may be. */
static double
wide(size_t i)
{
	(void)i;
	return pow(10, -300 + 600 * rnd_unit()) * (rnd() % 2 ? 1 : -1);
}

static double
falling(size_t i)
{
	return pow(10, 300 - 600.0 * (double)i / N);
}

static double
rising(size_t i)
{
	return pow(10, -300 + 600.0 * (double)i / N);
}

static void
test_streams(void)
{
	test_stream("uniform", uniform, 0);
	test_stream("lognormal", lognormal, 0);
	test_stream("pareto", pareto, 0);
	test_stream("constant", constant, 0);
	test_stream("whole numbers with 0", whole, 0);
	test_stream("ascending", ascending, 0);
	test_stream("negative", negative, 0);
	test_stream("mixed signs and 0", mixed, 0);
	test_stream("infinities", infinite, 0);
	test_stream("subnormals", subnormal, 0);
	test_stream("1e-300", tiny, 0);
	test_stream("1e300", huge, 0);
	/* Of about 75000 buckets the highest 2048 stay apart. */
	test_stream("all magnitudes and signs", wide, 0.99);
	test_stream("falling through all magnitudes", falling, 0.98);
	test_stream("rising through all magnitudes", rising, 0.98);
}

/* --- buckets --- */

static uint32_t
key(double x)
{
	struct weir_ddsketch sk = {0};
	struct weir_ddsketch_bucket *b;
	uint32_t k;
	size_t n;

	weir_ddsketch_add(&sk, x);
	b = weir_ddsketch_buckets(&sk, &n);
	k = b->key;
	free(b);
	return k;
}

/* What a bucket says of x, with room on both sides. */
static double
middle(double x)
{
	struct weir_ddsketch sk = {0};
	double got;

	weir_ddsketch_add(&sk, -INFINITY);
	weir_ddsketch_add(&sk, x);
	weir_ddsketch_add(&sk, INFINITY);
	got = weir_ddsketch_quantile(&sk, 0.5);
	weir_ddsketch_fini(&sk);
	return got;
}

static double
off(double x)
{
	return fabs(middle(x) - x) / x;
}

/* The last number in the bucket of x: below twice x, for buckets are narrow. */
static double
end_of(double x)
{
	double lo = x, hi = 2 * x, mid;

	while (nextafter(lo, hi) < hi) {
		mid = lo + (hi - lo) / 2;
		if (key(mid) == key(x))
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static void
test_borders(void)
{
	static const double from[] = {DBL_MIN, 1e-5, 1, 1e100, 0x1p1020};
	double worst = 0, at = 0;
	int steps = 1, mirrored = 1;

	for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
		double x = from[i], end, d;

		for (int k = 0; k < 80; k++, x = nextafter(end, INFINITY)) {
			end = end_of(x);
			d = fmax(k > 0 ? off(x) : 0, off(end));
			if (d > worst) {
				worst = d;
				at = x;
			}
			steps &= key(nextafter(end, INFINITY)) == key(x) + 1;
			mirrored &= middle(-x) == -middle(x);
		}
	}
	ok(worst < 0.00993, "no border is farther than %.7f, at %g", worst, at);
	ok(worst > 0.0097, "and buckets are not narrower than they must");
	ok(steps, "keys follow one another");
	ok(mirrored, "negative numbers are the mirror of positive ones");
	ok(key(0) == key(-0.0) && key(DBL_MIN) > key(0) &&
		key(-DBL_MIN) < key(0) && key(DBL_MIN / 2) == key(0),
	    "0 has a bucket of its own");
	ok(middle(123.456) == 124.32, "five digits: %g", middle(123.456));
}

/* --- the rest --- */

static void
test_undo(void)
{
	static double values[N];
	struct weir_ddsketch sk = {0}, one = {0};

	for (size_t i = 0; i < N; i++)
		weir_ddsketch_add(&sk, values[i] = lognormal(i));
	for (size_t i = 0; i < N / 2; i++)
		weir_ddsketch_remove(&sk, values[i]);
	qsort(values + N / 2, N / 2, sizeof *values, compare);
	ok(count_wrong(&sk, values + N / 2, N / 2, 0) == 0,
	    "what is left is within 1 %%");
	for (size_t i = N / 2; i < N; i++)
		weir_ddsketch_remove(&sk, values[i]);
	ok(sk.n == 0 && sk.slots == NULL, "and then nothing is left");
	weir_ddsketch_add(&one, 5);
	ok(weir_ddsketch_has(&one, 5) && !weir_ddsketch_has(&one, 6),
	    "what was never added is not there");
	weir_ddsketch_add(&one, 100);
	ok(!weir_ddsketch_has(&one, 50) && !weir_ddsketch_has(&one, 101),
	    "nor between, nor beyond");
	weir_ddsketch_remove(&one, 99.9);
	ok(one.n == 1 && isnan(one.max) && one.min == 5,
	    "one taken for another leaves no wrong maximum");
	ok(reloads(&one) && near(weir_ddsketch_quantile(&one, 1), 5),
	    "and what is left is saved, too");
	weir_ddsketch_fini(&one);
}

/* Values that come and go leave no keys for ever. */
static void
test_churn(void)
{
	struct weir_ddsketch sk = {0};

	weir_ddsketch_add(&sk, 1);
	for (size_t i = 0; i < N; i++) {
		double x = lognormal(i);

		weir_ddsketch_add(&sk, x);
		weir_ddsketch_remove(&sk, x);
	}
	ok(sk.n == 1 && sk.live == 1 && weir_ddsketch_bytes(&sk) == 80,
	    "what comes and goes takes no memory");
	weir_ddsketch_fini(&sk);
}

static void
test_memory(void)
{
	struct weir_ddsketch sk = {0};

	for (int i = 0; i < 1000; i++)
		weir_ddsketch_add(&sk, 42);
	ok(weir_ddsketch_bytes(&sk) == 0, "equal values take nothing");
	weir_ddsketch_add(&sk, 43);
	ok(weir_ddsketch_bytes(&sk) == 80, "a second one 80 bytes");
	for (size_t i = 0; i < 100000; i++)
		weir_ddsketch_add(&sk, wide(i));
	ok(weir_ddsketch_bytes(&sk) == 32784, "and none more than 32 KiB");
	for (size_t i = 0; i < 100000; i++)
		weir_ddsketch_add(&sk, rising(i % N));
	ok(sk.live == WEIR_DDSKETCH_BUCKETS, "%u buckets", (unsigned)sk.live);
	weir_ddsketch_fini(&sk);
}

static void
test_ranks(void)
{
	ok(weir_quantile_rank(100, 0.07) == 7, "0.07 of 100 is the 7th");
	ok(weir_quantile_rank(100, 0.99) == 99, "0.99 of 100 is the 99th");
	ok(weir_quantile_rank(10, 0.99) == 10, "0.99 of 10 is the 10th");
	ok(weir_quantile_rank(4, 0.5) == 2, "the median of 4 is the 2nd");
	ok(weir_quantile_rank(5, 0.5) == 3, "of 5 the 3rd");
	ok(weir_quantile_rank(5, 0) == 1, "0 is the 1st");
	ok(weir_quantile_rank(5, 1) == 5, "1 is the last");
	ok(weir_quantile_rank(WEIR_DDSKETCH_MAX, 1) == WEIR_DDSKETCH_MAX,
	    "of however many");
}

static int
fills(double min, double max, const struct weir_ddsketch_bucket *b, size_t n)
{
	struct weir_ddsketch sk = {.min = min, .max = max};
	int good = weir_ddsketch_fill(&sk, b, n, 0);

	weir_ddsketch_fini(&sk);
	return good;
}

static void
test_hostile(void)
{
	struct weir_ddsketch_bucket b[] = {{key(1), 5}, {key(9), 7}};
	struct weir_ddsketch_bucket many = {key(1), WEIR_DDSKETCH_MAX};
	struct weir_ddsketch sk = {0}, other = {0};

	ok(fills(1, 9, b, 2), "two buckets are good");
	ok(!fills(1, 9, b, 0), "none are not");
	ok(!fills(2, 9, b, 2), "nor a minimum that is elsewhere");
	ok(!fills(1, 8, b, 2), "nor a maximum");
	ok(!fills(1, 1, b, 2), "nor equal ones in two buckets");
	ok(fills(NAN, NAN, b, 2), "they may be unknown");
	ok(!fills(1, 1, &many, 1), "too many values");
	many.count--;
	ok(fills(1, 1, &many, 1), "so many are fine");
	b[1].key = b[0].key;
	ok(!fills(1, 1, b, 2), "a bucket twice");
	b[1].key = key(9);
	b[1].count = 0;
	ok(!fills(1, 9, b, 2), "an empty bucket");
	b[1] = (struct weir_ddsketch_bucket){1u << 18, 1};
	ok(!fills(1, NAN, b, 2), "a key out of range");
	sk.min = sk.max = other.min = other.max = 1;
	weir_ddsketch_fill(&sk, &many, 1, 0);
	weir_ddsketch_add(&other, 1);
	ok(!weir_ddsketch_merge(&sk, &other) && sk.n == many.count,
	    "a sum that is too much");
	weir_ddsketch_fini(&sk);
	weir_ddsketch_fini(&other);
}

int
main(void)
{
	test_streams();
	test_borders();
	test_undo();
	test_churn();
	test_memory();
	test_ranks();
	test_hostile();
	return done();
}
