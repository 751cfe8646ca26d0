/*
 * pow10.h - powers of ten to 128 bits, for reading and printing doubles.
 */
#ifndef WEIR_BASE_POW10_H
#define WEIR_BASE_POW10_H

#include <stdint.h>

#define WEIR_POW10_FIRST (-292)
#define WEIR_POW10_LAST	 324

/*
 * The first 128 bits of 10^k, the highest one set, rounded up: 10^k is hi:lo
 * times 2^(weir_log2_pow10(k) - 127), exactly so for k from 0 to 55.
 */
struct pow10 {
	uint64_t hi, lo;
};

/* Entry k - WEIR_POW10_FIRST is 10^k. */
extern const struct pow10 weir_pow10_table[];

static inline const struct pow10 *
weir_pow10(int k)
{
	return &weir_pow10_table[k - WEIR_POW10_FIRST];
}

/* v over two to the by, rounded down, without shifting what is negative. */
static inline int
weir_shift_down(int v, int by)
{
	return v >= 0 ? v >> by : ~(~v >> by);
}

/* floor(log2(10^k)) for |k| <= 1233. */
static inline int
weir_log2_pow10(int k)
{
	return weir_shift_down(k * 1741647, 19);
}

/* The 128-bit product of a and b: the high half, the low one in *lo. */
static inline uint64_t
weir_mul128(uint64_t a, uint64_t b, uint64_t *lo)
{
#ifdef __SIZEOF_INT128__
	__extension__ typedef unsigned __int128 wide;
	wide p = (wide)a * b;

	*lo = (uint64_t)p;
	return (uint64_t)(p >> 64);
#else
	uint64_t al = (uint32_t)a, ah = a >> 32;
	uint64_t bl = (uint32_t)b, bh = b >> 32;
	uint64_t mid = ah * bl + (al * bl >> 32);
	uint64_t mid2 = al * bh + (uint32_t)mid;

	*lo = a * b;
	return ah * bh + (mid >> 32) + (mid2 >> 32);
#endif
}

#endif
