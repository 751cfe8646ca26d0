/*
 * Goal: the number of distinct values is right to the error that is stated, and
 * how they were cut, merged and saved leaves no trace. Method: sets of 1 to 10^7
 * hashed numbers, many of them for the error's mean and spread; sets in parts.
 */
#include "op/hll.h"

#include "base/hash.h"
#include "tests/unit/random.h"
#include "tests/unit/tap.h"

#include <math.h>
#include <stdlib.h>

static double
error_of(const struct weir_hll *hll, uint64_t n)
{
	return (double)weir_hll_count(hll) / (double)n - 1;
}

/* Values of a kind: numbers as text, through the hash that is used. */
static uint64_t
hash_of(uint64_t i)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%ju", (uintmax_t)i);

	return weir_hash64(text, (size_t)len);
}

static void
test_few(void)
{
	struct weir_hll hll = {0};
	uint64_t i = 0;
	int wrong = 0;

	ok(weir_hll_count(&hll) == 0 && weir_hll_bytes(&hll) == 0,
	    "nothing is nothing");
	for (; i < WEIR_HLL_TOKENS; i++) {
		weir_hll_add(&hll, hash_of(i));
		weir_hll_add(&hll, hash_of(i / 2));
		wrong += weir_hll_count(&hll) != i + 1;
		if (i + 1 == 3)
			ok(weir_hll_bytes(&hll) <= 48, "three take %zu bytes",
			    weir_hll_bytes(&hll));
	}
	ok(wrong == 0, "up to 3072 are counted (%d off)", wrong);
	ok(weir_hll_bytes(&hll) == 16400, "in 16 KiB");
	weir_hll_add(&hll, hash_of(i));
	ok(weir_hll_bytes(&hll) == 16400 && hll.tokens == NULL,
	    "beyond, memory stays the same");
	ok(fabs(error_of(&hll, i + 1)) < 0.02, "and so does the result: %ju",
	    (uintmax_t)weir_hll_count(&hll));
	weir_hll_fini(&hll);
}

/* Text, one set, to three million. */
static void
test_text(void)
{
	struct weir_hll hll = {0};
	uint64_t i = 0;
	double worst = 0;

	for (uint64_t n = 1; n <= 3000000; n = n * 5 / 4 + 1) {
		for (; i < n; i++)
			weir_hll_add(&hll, hash_of(i));
		worst = fmax(worst, fabs(error_of(&hll, n)));
	}
	ok(worst < 0.025, "text to 3 million: %.4f at worst", worst);
	weir_hll_fini(&hll);
}

/* n random hashes, in so many sets. */
static void
test_spread(uint64_t n, int sets)
{
	double sum = 0, squares = 0, e;
	double limit = n <= WEIR_HLL_TOKENS ? 1e-4 : 1.04 / 128;

	for (int k = 0; k < sets; k++) {
		struct weir_hll hll = {0};

		for (uint64_t i = 0; i < n; i++)
			weir_hll_add(&hll, rnd());
		e = error_of(&hll, n);
		sum += e;
		squares += e * e;
		weir_hll_fini(&hll);
	}
	/* By chance alone 5 standard deviations are not seen. */
	ok(sqrt(squares / sets) <= limit * (1 + 5 / sqrt(2.0 * sets)),
	    "%ju: root mean square error %.5f of %d", (uintmax_t)n,
	    sqrt(squares / sets), sets);
	ok(fabs(sum / sets) <= limit * 5 / sqrt(sets), "%ju: bias %.5f",
	    (uintmax_t)n, sum / sets);
}

static int
same(const struct weir_hll *a, const struct weir_hll *b)
{
	if (a->registers != NULL && b->registers != NULL)
		return memcmp(a->registers, b->registers, WEIR_HLL_REGISTERS) ==
		    0;
	return a->registers == NULL && b->registers == NULL && a->n == b->n &&
	    a->bits == b->bits;
}

/* n values, whole and in parts that share some, merged backwards. */
static void
test_merge(uint64_t n)
{
	struct weir_hll whole = {0}, parts[5] = {{0}}, sum = {0};

	for (uint64_t i = 0; i < n; i++) {
		weir_hll_add(&whole, hash_of(i));
		weir_hll_add(&parts[rnd() % 5], hash_of(i));
		weir_hll_add(&parts[rnd() % 2], hash_of(i));
	}
	for (int i = 5; i-- > 0;)
		weir_hll_merge(&sum, &parts[i]);
	ok(same(&whole, &sum), "%ju in parts", (uintmax_t)n);
	for (int i = 0; i < 5; i++)
		weir_hll_merge(&parts[2], &parts[i]);
	ok(same(&whole, &parts[2]), "%ju in another order", (uintmax_t)n);
	for (int i = 0; i < 5; i++)
		weir_hll_fini(&parts[i]);
	weir_hll_fini(&whole);
	weir_hll_fini(&sum);
}

/* Tokens say of registers what hashes do. */
static void
test_tokens(void)
{
	struct weir_hll by_token = {0}, by_hash = {0};

	weir_hll_spread(&by_hash);
	for (unsigned i = 0; i < 3000; i++) {
		/* As many zeros in the middle as can be, and fewer. */
		uint64_t hash =
		    rnd() & (UINT64_MAX << 50 | UINT64_MAX >> (14 + i % 50));

		weir_hll_add(&by_token, hash);
		weir_hll_add(&by_hash, hash);
	}
	ok(by_token.registers == NULL, "all in tokens");
	weir_hll_spread(&by_token);
	ok(same(&by_token, &by_hash), "which say what hashes do");
	weir_hll_fini(&by_token);
	weir_hll_fini(&by_hash);
}

static void
test_hostile(void)
{
	struct weir_hll hll = {0};

	ok(weir_hll_add_token(&hll, 1) && weir_hll_add_token(&hll, 39) &&
		weir_hll_add_token(&hll, UINT32_MAX - 63 + 39),
	    "tokens that a hash can give");
	ok(!weir_hll_add_token(&hll, 0) && !weir_hll_add_token(&hll, 40) &&
		!weir_hll_add_token(&hll, UINT32_MAX),
	    "and others");
	weir_hll_spread(&hll);
	memset(hll.registers, WEIR_HLL_TOP, WEIR_HLL_REGISTERS);
	ok(weir_hll_count(&hll) == UINT64_MAX, "registers all full");
	memset(hll.registers, WEIR_HLL_TOP - 1, WEIR_HLL_REGISTERS);
	ok(weir_hll_count(&hll) > UINT64_MAX / 8, "nearly so");
	memset(hll.registers, 0, WEIR_HLL_REGISTERS);
	ok(weir_hll_count(&hll) == 0, "all empty");
	weir_hll_fini(&hll);
}

int
main(void)
{
	test_few();
	test_text();
	test_spread(100, 2000);
	test_spread(3000, 200);
	test_spread(4000, 1000);
	test_spread(10000, 400);
	test_spread(40000, 200);
	test_spread(70000, 100);
	test_spread(200000, 60);
	test_spread(1000000, 15);
	test_spread(10000000, 4);
	test_merge(10);
	test_merge(3072);
	test_merge(3073);
	test_merge(100000);
	test_tokens();
	test_hostile();
	return done();
}
