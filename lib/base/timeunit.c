#include "base/num.h"
#include "base/timetext.h"

#include <math.h>

/* Nanoseconds of a unit, and their power of ten. */
static const int64_t unit_ns[] = {[WEIR_S] = 1000000000,
    [WEIR_MS] = 1000000,
    [WEIR_US] = 1000,
    [WEIR_NS] = 1};
static const int unit_exp10[] = {
    [WEIR_S] = 9, [WEIR_MS] = 6, [WEIR_US] = 3, [WEIR_NS] = 0};

int
weir_time_from_int(int64_t v, enum weir_time_unit unit, int64_t *ns)
{
	if (unit > WEIR_NS || __builtin_mul_overflow(v, unit_ns[unit], ns))
		return 0;
	return *ns != WEIR_TIME_NONE && *ns != WEIR_TIME_MAX;
}

int
weir_time_from_double(double v, enum weir_time_unit unit, int64_t *ns)
{
	uint64_t digits, rest = 0;
	int exp10;

	/* Not below 2^63, or no number at all. */
	if (!(v > -9223372036854775808.0 && v < 9223372036854775808.0) ||
	    unit > WEIR_NS)
		return 0;
	if (v == (double)(int64_t)v)
		return weir_time_from_int((int64_t)v, unit, ns);
	digits = weir_num_shortest(v, &exp10);
	for (exp10 += unit_exp10[unit]; exp10 < 0 && digits > 0; exp10++) {
		rest |= digits % 10;
		digits /= 10;
	}
	for (; exp10 > 0; exp10--)
		if (__builtin_mul_overflow(digits, 10, &digits))
			return 0;
	if (v < 0)
		digits += rest > 0;
	if (digits >= INT64_MAX)
		return 0;
	*ns = v < 0 ? -(int64_t)digits : (int64_t)digits;
	return 1;
}

enum weir_time_unit
weir_time_guess_unit(double v)
{
	double size = fabs(v);

	return size < 1e11 ? WEIR_S
	    : size < 1e14  ? WEIR_MS
	    : size < 1e17  ? WEIR_US
			   : WEIR_NS;
}

size_t
weir_time_print_unit(char *out, int64_t ns, enum weir_time_unit unit)
{
	int64_t v;
	size_t len;

	if (unit > WEIR_NS) {
		out[0] = '"';
		len = weir_time_print(out + 1, ns) + 1;
		out[len] = '"';
		return len + 1;
	}
	v = ns / unit_ns[unit];
	v -= ns % unit_ns[unit] < 0;
	return weir_num_print_int(out, v);
}
