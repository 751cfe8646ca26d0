#include "base/num.h"
#include "base/pow10.h"

#include <assert.h>
#include <string.h>

#define FRACTION_BITS 52
#define MAX_DIGITS    17		 /* that a double needs at most */
#define EXACT_INT     9007199254740992.0 /* 2^53 */

static const char pairs[] = "00010203040506070809"
			    "10111213141516171819"
			    "20212223242526272829"
			    "30313233343536373839"
			    "40414243444546474849"
			    "50515253545556575859"
			    "60616263646566676869"
			    "70717273747576777879"
			    "80818283848586878889"
			    "90919293949596979899";

/* v so that its last digit is before end; returns its first. */
static char *
put_back(char *end, uint64_t v)
{
	while (v >= 100) {
		end -= 2;
		memcpy(end, pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		end -= 2;
		memcpy(end, pairs + v * 2, 2);
	} else {
		*--end = (char)('0' + v);
	}
	return end;
}

size_t
weir_num_print_uint(char *out, uint64_t u)
{
	char digits[20], *end = digits + sizeof digits;
	char *first = put_back(end, u);

	memcpy(out, first, (size_t)(end - first));
	return (size_t)(end - first);
}

size_t
weir_num_print_int(char *out, int64_t i)
{
	if (i >= 0)
		return weir_num_print_uint(out, (uint64_t)i);
	*out = '-';
	return 1 + weir_num_print_uint(out + 1, -(uint64_t)i);
}

/* The first 64 bits of g times v; the last one also says if more follow. */
static uint64_t
round_to_odd(const struct pow10 *g, uint64_t v)
{
	uint64_t low, carry, y0, y1;

	carry = weir_mul128(g->lo, v, &low);
	y1 = weir_mul128(g->hi, v, &y0);
	y0 += carry;
	y1 += y0 < carry;
	return y1 | (y0 > 1);
}

/*
 * Raffaello Giulietti, "The Schubfach way to render doubles" (2020/2022). All
 * that rounds to d lies between the middles to its neighbours. 10^k is the
 * largest power of ten not wider than that, so at least one multiple of 10^k
 * lies there and at most one of 10^(k+1): the pigeonholes of the name. Four
 * times d and the two middles are scaled by 10^-k to integers that still
 * compare right.
 */
uint64_t
weir_num_shortest(double d, int *exp10)
{
	uint64_t bits, c, s, lower, upper, mid, v, tens;
	int q, k, h, biased, narrow, odd, down, up;
	const struct pow10 *g;

	memcpy(&bits, &d, sizeof bits);
	c = bits & ((UINT64_C(1) << FRACTION_BITS) - 1);
	biased = (int)(bits >> FRACTION_BITS & 0x7ff);
	/* At a power of two the neighbour below is half as far. */
	narrow = c == 0 && biased > 1;
	if (biased > 0)
		c |= UINT64_C(1) << FRACTION_BITS;
	q = (biased > 0 ? biased : 1) - 1075;
	odd = (int)(c & 1);

	/* floor(log10(2^q)), or of 3/4 of that. */
	k = weir_shift_down(q * 1262611 - (narrow ? 524031 : 0), 22);
	h = q + weir_log2_pow10(-k) + 1;
	g = weir_pow10(-k);
	lower = round_to_odd(g, (4 * c - 2 + (unsigned)narrow) << h);
	v = round_to_odd(g, 4 * c << h);
	upper = round_to_odd(g, (4 * c + 2) << h);
	/* The middles themselves round to the even one of two neighbours. */
	lower += (unsigned)odd;
	upper -= (unsigned)odd;

	s = v / 4;
	if (s >= 10) {
		tens = s / 10;
		down = lower <= 40 * tens;
		up = 40 * tens + 40 <= upper;
		if (down != up) {
			*exp10 = k + 1;
			return tens + (unsigned)up;
		}
	}
	*exp10 = k;
	down = lower <= 4 * s;
	up = 4 * s + 4 <= upper;
	if (down != up)
		return s + (unsigned)up;
	mid = 4 * s + 2;
	return s + (v > mid || (v == mid && (s & 1)));
}

/* Without zeros at its end, each of them counted in *exp10. */
static uint64_t
strip(uint64_t v, int *exp10)
{
	while (v % 10000 == 0) {
		v /= 10000;
		*exp10 += 4;
	}
	while (v % 10 == 0) {
		v /= 10;
		++*exp10;
	}
	return v;
}

static char *
fill(char *p, const char *digits, size_t n)
{
	memcpy(p, digits, n);
	return p + n;
}

static char *
zeros(char *p, int n)
{
	memset(p, '0', (size_t)n);
	return p + n;
}

/* n digits with the point after the first point_at of them. */
static char *
lay_out(char *p, const char *digits, int n, int point_at, int point)
{
	if (point_at >= n && point_at <= 21) {
		p = fill(p, digits, (size_t)n);
		p = zeros(p, point_at - n);
		return point ? fill(p, ".0", 2) : p;
	}
	if (point_at > 0 && point_at <= 21) {
		p = fill(p, digits, (size_t)point_at);
		*p++ = '.';
		return fill(p, digits + point_at, (size_t)(n - point_at));
	}
	if (point_at > -6 && point_at <= 0) {
		p = fill(p, "0.", 2);
		p = zeros(p, -point_at);
		return fill(p, digits, (size_t)n);
	}
	*p++ = digits[0];
	if (n > 1) {
		*p++ = '.';
		p = fill(p, digits + 1, (size_t)n - 1);
	}
	*p++ = 'e';
	*p++ = point_at > 0 ? '+' : '-';
	point_at = point_at > 0 ? point_at - 1 : 1 - point_at;
	return p + weir_num_print_uint(p, (uint64_t)point_at);
}

size_t
weir_num_print_double(char *out, double d, int point)
{
	char digits[MAX_DIGITS + 3], *end = digits + sizeof digits, *first;
	char *p = out;
	uint64_t bits, v;
	int exp10;

	memcpy(&bits, &d, sizeof bits);
	assert((bits >> FRACTION_BITS & 0x7ff) != 0x7ff);
	if (bits >> 63) {
		*p++ = '-';
		d = -d;
		point |= d == 0;
	}
	if (d < EXACT_INT && d == (double)(uint64_t)d) {
		p += weir_num_print_uint(p, (uint64_t)d);
		if (point)
			p = fill(p, ".0", 2);
		return (size_t)(p - out);
	}
	v = strip(weir_num_shortest(d, &exp10), &exp10);
	first = put_back(end, v);
	p = lay_out(
	    p, first, (int)(end - first), (int)(end - first) + exp10, point);
	return (size_t)(p - out);
}
