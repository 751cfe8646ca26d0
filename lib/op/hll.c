#include "op/hll.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

#define OVERHEAD    16 /* bytes that malloc adds, about */
#define FIRST_BITS  2
#define TOKEN_INDEX 26 /* bits of a token that tell where */
#define TOKEN_RANK  6
#define RANK_MAX    (64 - TOKEN_INDEX + 1)
#define EXTRA	    (TOKEN_INDEX - WEIR_HLL_BITS)

/* --- tokens --- */

/* Zeros before the first 1 among the low n bits of x, plus 1. */
static inline uint32_t
rank_of(uint64_t x, unsigned n)
{
	x <<= 64 - n;
	return x == 0 ? n + 1 : (uint32_t)__builtin_clzll(x) + 1;
}

static uint32_t *
find(const struct weir_hll *hll, uint32_t token)
{
	size_t mask = ((size_t)1 << hll->bits) - 1;
	size_t i = (token * UINT32_C(0x9E3779B1)) >> (32 - hll->bits);

	while (hll->tokens[i] != 0 && hll->tokens[i] != token)
		i = (i + 1) & mask;
	return &hll->tokens[i];
}

static void
grow(struct weir_hll *hll)
{
	uint32_t *old = hll->tokens;
	size_t n = old != NULL ? (size_t)1 << hll->bits : 0;

	hll->bits = old != NULL ? hll->bits + 1 : FIRST_BITS;
	hll->tokens = weir_calloc((size_t)1 << hll->bits, sizeof *hll->tokens);
	for (size_t i = 0; i < n; i++)
		if (old[i] != 0)
			*find(hll, old[i]) = old[i];
	free(old);
}

static inline void
raise_register(struct weir_hll *hll, size_t i, uint32_t rank)
{
	if (rank > hll->registers[i])
		hll->registers[i] = (uint8_t)rank;
}

/* What a token says about its register. */
static void
apply_token(struct weir_hll *hll, uint32_t token)
{
	uint32_t index = token >> TOKEN_RANK;
	uint32_t rank = rank_of(index, EXTRA);

	if (rank > EXTRA)
		rank = EXTRA + (token & ((1 << TOKEN_RANK) - 1));
	raise_register(hll, index >> EXTRA, rank);
}

static void
add_token(struct weir_hll *hll, uint32_t token)
{
	uint32_t *at;

	if (hll->registers != NULL) {
		apply_token(hll, token);
		return;
	}
	if (hll->tokens == NULL)
		grow(hll);
	at = find(hll, token);
	if (*at != 0)
		return;
	if (hll->n == WEIR_HLL_TOKENS) {
		weir_hll_spread(hll);
		apply_token(hll, token);
		return;
	}
	*at = token;
	if (++hll->n >= (UINT32_C(3) << hll->bits) / 4 &&
	    hll->n < WEIR_HLL_TOKENS)
		grow(hll);
}

int
weir_hll_add_token(struct weir_hll *hll, uint32_t token)
{
	uint32_t rank = token & ((1 << TOKEN_RANK) - 1);

	if (rank < 1 || rank > RANK_MAX)
		return 0;
	add_token(hll, token);
	return 1;
}

void
weir_hll_spread(struct weir_hll *hll)
{
	hll->registers = weir_calloc(WEIR_HLL_REGISTERS, 1);
	for (size_t i = 0; hll->tokens != NULL && i < (size_t)1 << hll->bits;
	     i++)
		if (hll->tokens[i] != 0)
			apply_token(hll, hll->tokens[i]);
	free(hll->tokens);
	hll->tokens = NULL;
	hll->n = hll->bits = 0;
}

void
weir_hll_add(struct weir_hll *hll, uint64_t hash)
{
	if (hll->registers != NULL)
		raise_register(hll, hash >> (64 - WEIR_HLL_BITS),
		    rank_of(hash, 64 - WEIR_HLL_BITS));
	else
		add_token(hll,
		    (uint32_t)(hash >> (64 - TOKEN_INDEX)) << TOKEN_RANK |
			rank_of(hash, 64 - TOKEN_INDEX));
}

void
weir_hll_merge(struct weir_hll *hll, const struct weir_hll *other)
{
	for (size_t i = 0;
	     other->tokens != NULL && i < (size_t)1 << other->bits; i++)
		if (other->tokens[i] != 0)
			add_token(hll, other->tokens[i]);
	if (other->registers == NULL)
		return;
	if (hll->registers == NULL)
		weir_hll_spread(hll);
	for (size_t i = 0; i < WEIR_HLL_REGISTERS; i++)
		raise_register(hll, i, other->registers[i]);
}

/* --- the estimate --- */

/* x + sum of x^(2^k) * 2^(k - 1) for k from 1 (Ertl, section 2.4). */
static double
sigma(double x)
{
	double y = 1, sum = x, before;

	if (x == 1)
		return INFINITY;
	do {
		x *= x;
		before = sum;
		sum += x * y;
		y += y;
	} while (sum != before);
	return sum;
}

/* (1 - x - sum of (1 - x^(2^-k))^2 * 2^-k for k from 1) / 3 */
static double
tau(double x)
{
	double y = 1, sum = 1 - x, before;

	if (x == 0 || x == 1)
		return 0;
	do {
		x = sqrt(x);
		before = sum;
		y /= 2;
		sum -= (1 - x) * (1 - x) * y;
	} while (sum != before);
	return sum / 3;
}

uint64_t
weir_hll_count(const struct weir_hll *hll)
{
	const double m = WEIR_HLL_REGISTERS, ln2 = 0x1.62e42fefa39efp-1;
	uint32_t have[WEIR_HLL_TOP + 1] = {0};
	double z, n;

	if (hll->registers == NULL)
		return hll->n;
	for (size_t i = 0; i < WEIR_HLL_REGISTERS; i++)
		have[hll->registers[i]]++;
	z = m * tau(1 - have[WEIR_HLL_TOP] / m);
	for (unsigned k = WEIR_HLL_TOP - 1; k > 0; k--)
		z = (z + have[k]) / 2;
	z += m * sigma(have[0] / m);
	n = m / z * m / (2 * ln2);
	return n < 0x1p64 ? (uint64_t)(n + 0.5) : UINT64_MAX;
}

/* --- the rest --- */

size_t
weir_hll_bytes(const struct weir_hll *hll)
{
	if (hll->registers != NULL)
		return WEIR_HLL_REGISTERS + OVERHEAD;
	if (hll->tokens != NULL)
		return (sizeof *hll->tokens << hll->bits) + OVERHEAD;
	return 0;
}

void
weir_hll_fini(struct weir_hll *hll)
{
	free(hll->tokens);
	free(hll->registers);
	*hll = (struct weir_hll){0};
}
