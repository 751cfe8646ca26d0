#include "base/num.h"

#include "base/pow10.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_INT   (UINT64_C(1) << 53) /* doubles count this far */
#define U64_DIGITS  19			/* any so many fit 64 bits */
#define TEN_19	    UINT64_C(10000000000000000000)
#define EXP_LIMIT   INT64_C(1000000000000000000)
#define KEPT_DIGITS 800 /* more than 767 never decide a rounding */

/* A number's text taken apart: digits (a point among them) and exponent. */
struct decimal {
	const char *digits, *end;
	uint64_t w; /* all the digits as an integer, if n_digits allows */
	int64_t n_digits;
	int64_t exp10; /* the value is w times ten to this */
	int negative;
};

static unsigned
digit(char c)
{
	return (unsigned)(unsigned char)c - '0';
}

/* The exponent behind an e; too large ones stop at EXP_LIMIT. */
static int64_t
read_exponent(const char *p, const char *end)
{
	int negative = p < end && *p == '-';
	int64_t e = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end && digit(*p) <= 9; p++)
		if (e < EXP_LIMIT / 10)
			e = e * 10 + digit(*p);
	return negative ? -e : e;
}

/* Take s apart. Returns 1 if it has neither point nor exponent. */
static inline int
scan(const char *s, size_t len, struct decimal *dec)
{
	const char *p = s, *end = s + len;
	uint64_t w = 0;

	dec->negative = p < end && *p == '-';
	p += dec->negative;
	dec->digits = p;
	for (; p < end && digit(*p) <= 9; p++)
		w = w * 10 + digit(*p);
	dec->n_digits = p - dec->digits;
	dec->exp10 = 0;
	dec->end = p;
	dec->w = w;
	if (p == end)
		return 1;
	if (*p == '.') {
		for (p++; p < end && digit(*p) <= 9; p++)
			w = w * 10 + digit(*p);
		dec->exp10 = dec->n_digits - (p - dec->digits - 1);
		dec->n_digits -= dec->exp10;
		dec->end = p;
		dec->w = w;
	}
	if (p < end)
		dec->exp10 += read_exponent(p + 1, end);
	return 0;
}

/*
 * w times ten to e10, w not 0, as Daniel Lemire describes it in "Number Parsing
 * at a Gigabyte per Second" (2021), but sure of itself in another way: the
 * table's power is too large by less than one in its last bit, so the value
 * lies in (product - w, product]. If both ends agree in their first 64 bits,
 * these decide the rounding. Returns 0 where that is not enough.
 */
static int
scale(uint64_t w, int64_t e10, double *out)
{
	const struct pow10 *ten;
	uint64_t p2, p1, p0, low, rest, half, bits;
	int lead, top, exp2, exact = e10 >= 0 && e10 <= 55;

	if (e10 < WEIR_POW10_FIRST || e10 > WEIR_POW10_LAST)
		return 0;
	ten = weir_pow10((int)e10);
	lead = __builtin_clzll(w);
	w <<= lead;
	p2 = weir_mul128(w, ten->hi, &p1);
	low = weir_mul128(w, ten->lo, &p0);
	p1 += low;
	p2 += p1 < low;
	if (!exact && p1 == 0 && p0 < w)
		return 0;
	top = 63 - __builtin_clzll(p2);
	exp2 = top + 1 + weir_log2_pow10((int)e10) - lead;
	if (exp2 < -1022 || exp2 > 1023)
		return 0;
	rest = p2 << (116 - top); /* what is behind the 53rd bit */
	half = UINT64_C(1) << 63;
	bits = p2 >> (top - 52);
	if (rest > half || (rest == half && (!exact || p1 || p0)))
		bits++;
	else if (rest == half)
		bits += bits & 1;
	/* The hidden bit, or a carry into the next power, adds up right. */
	bits += (uint64_t)(exp2 + 1022) << 52;
	memcpy(out, &bits, sizeof bits);
	return 1;
}

/*
 * The rest: strtod of a copy that has no decimal point, so that no locale
 * matters, and as many digits as can ever decide. Whatever follows them makes
 * the number larger than they say, which a last digit 1 stands for.
 */
static double
read_slowly(const struct decimal *dec)
{
	char copy[KEPT_DIGITS + 32];
	size_t n = 0;
	int64_t dropped = 0, e;
	int more = 0;
	const char *p;

	for (p = dec->digits; p < dec->end; p++) {
		if (*p == '.' || (n == 0 && *p == '0'))
			continue;
		if (n < KEPT_DIGITS) {
			copy[n++] = *p;
			continue;
		}
		dropped++;
		more |= *p != '0';
	}
	if (n == 0)
		return 0;
	if (more) {
		copy[n++] = '1';
		dropped--;
	}
	e = dec->exp10 + dropped;
	copy[n++] = 'e';
	if (e < 0)
		copy[n++] = '-';
	/* Past this it is 0 or infinite whatever the digits are. */
	if (e > 9999 || e < -9999)
		e = 9999;
	n += weir_num_print_int(copy + n, e < 0 ? -e : e);
	copy[n] = '\0';
	return strtod(copy, NULL);
}

static double
magnitude(const struct decimal *dec)
{
	static const double ten[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
	    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
	    1e19, 1e20, 1e21, 1e22};
	double d;

	if (dec->n_digits <= U64_DIGITS) {
		/* Without spare precision that would round twice. */
		if (FLT_EVAL_METHOD == 0 && dec->w <= EXACT_INT &&
		    dec->exp10 >= -22 && dec->exp10 <= 22)
			return dec->exp10 < 0
			    ? (double)dec->w / ten[-dec->exp10]
			    : (double)dec->w * ten[dec->exp10];
		if (dec->w == 0)
			return 0;
		if (scale(dec->w, dec->exp10, &d))
			return d;
	}
	return read_slowly(dec);
}

double
weir_num_read_double(const char *s, size_t len)
{
	struct decimal dec;
	double d;

	scan(s, len, &dec);
	d = magnitude(&dec);
	return dec.negative ? -d : d;
}

/* An integer's digits that may not fit: 1 if they do. */
static int
read_long(const struct decimal *dec, struct weir_num *out)
{
	uint64_t w;

	if (dec->n_digits > U64_DIGITS + 1)
		return 0;
	/* Past 2^64 w has started anew and is small; from 2e19 on, who knows. */
	if (dec->n_digits == U64_DIGITS + 1 &&
	    (dec->digits[0] != '1' || dec->w < TEN_19))
		return 0;
	w = dec->w;
	if (dec->negative) {
		if (w > UINT64_C(1) << 63)
			return 0;
		out->kind = WEIR_NUM_INT;
		out->i = (int64_t)-w;
	} else if (w <= INT64_MAX) {
		out->kind = WEIR_NUM_INT;
		out->i = (int64_t)w;
	} else {
		out->kind = WEIR_NUM_UINT;
		out->u = w;
	}
	return 1;
}

void
weir_num_read(const char *s, size_t len, struct weir_num *out)
{
	struct decimal dec;
	int whole = scan(s, len, &dec);

	if (whole && dec.n_digits < U64_DIGITS && (dec.w || !dec.negative)) {
		out->kind = WEIR_NUM_INT;
		out->i = dec.negative ? -(int64_t)dec.w : (int64_t)dec.w;
		return;
	}
	if (whole && dec.w && read_long(&dec, out))
		return;
	out->kind = WEIR_NUM_DOUBLE;
	out->d = magnitude(&dec);
	if (dec.negative)
		out->d = -out->d;
}
