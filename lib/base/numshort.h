/*
 * numshort.h - the numbers that most numbers are, without a loop.
 *
 * Up to eight digits, perhaps with a point among them, are read from one load:
 * the length of a number is hard to predict, so a loop over its digits costs
 * more in mispredictions than in work. All other numbers are weir_num_read()'s.
 */
#ifndef WEIR_BASE_NUMSHORT_H
#define WEIR_BASE_NUMSHORT_H

#include "base/num.h"

#include <float.h>
#include <string.h>

/*
 * Read JSON number text, or find that it is no number of this kind: 1, or 0.
 * What stands at s may be any JSON value. Eight bytes at s must be readable
 * whatever len is.
 */
static inline int
weir_num_read_short(const char *s, size_t len, struct weir_num *out)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && FLT_EVAL_METHOD == 0
	static const double ten[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
	const uint64_t ones = UINT64_C(0x0101010101010101), zeros = ones * '0';
	uint64_t w, point;
	unsigned at;

	if (len - 1 > 7)
		return 0;
	/* The last character in the top byte, '0' in front of the first. */
	memcpy(&w, s, sizeof w);
	w = w << 8 * (8 - len) | zeros >> 8 >> 8 * (len - 1);
	point = w ^ ones * '.';
	point = (point - ones) & ~point & ones * 0x80;
	if (point != 0) { /* what is in front of it moves up */
		point &= -point;
		at = (unsigned)__builtin_ctzll(point) / 8;
		w = (w & ~((point << 1) - 1)) | (w & ((point >> 7) - 1)) << 8 |
		    '0';
	}
	w ^= zeros;
	if (((w + ones * (0x80 - 10)) | w) & ones * 0x80)
		return 0;
	/* Neighbours together: pairs of digits, of pairs, of those. */
	w = (w * (10 * 256 + 1)) >> 8 & UINT64_C(0x00ff00ff00ff00ff);
	w = (w * (100 * 65536 + 1)) >> 16 & UINT64_C(0x0000ffff0000ffff);
	w = (w * (10000 * (UINT64_C(1) << 32) + 1)) >> 32;
	if (point == 0) {
		out->kind = WEIR_NUM_INT;
		out->i = (int64_t)w;
	} else {
		/* Both are exact, so the quotient is rounded once. */
		out->kind = WEIR_NUM_DOUBLE;
		out->d = (double)w / ten[7 - at];
	}
	return 1;
#else
	(void)s;
	(void)len;
	(void)out;
	return 0;
#endif
}

#endif
