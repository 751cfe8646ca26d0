#include "base/text.h"
#include "base/timetext.h"

#include <string.h>

#define NANO UINT64_C(1000000000)

struct unit {
	const char *name;
	uint64_t ns;
};

/* Longest first, for printing. */
static const struct unit units[] = {
    {"w", 604800 * NANO}, {"d", 86400 * NANO}, {"h", 3600 * NANO},
    {"m", 60 * NANO}, {"s", NANO}, {"ms", 1000000}, {"us", 1000}, {"ns", 1},
    {"\302\265s", 1000}, /* micro sign */
    {"\316\274s", 1000}, /* Greek mu */
};

#define N_PRINTED 8 /* of them, those that are written */
#define N_UNITS	  (sizeof units / sizeof units[0])
#define GO_UNITS  2 /* the first that Go knows */

/* A sum of terms so far, or one term: nanos < NANO. */
struct span {
	uint64_t sec, nanos;
};

static int
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The unit at p, from the first one on; its length in *len. */
static const struct unit *
find_unit(const char *p, const char *end, size_t first, size_t *len)
{
	size_t i;

	for (*len = 0; p + *len < end; ++*len)
		if (digit(p[*len]) || p[*len] == '.')
			break;
	for (i = first; i < N_UNITS; i++)
		if (strlen(units[i].name) == *len &&
		    memcmp(units[i].name, p, *len) == 0)
			return &units[i];
	return NULL;
}

/* whole and the fraction digits [p, end) of a unit; 0 if it is too long. */
static int
scale(uint64_t whole, const char *p, const char *end, uint64_t unit_ns,
    struct span *out)
{
	uint64_t part = 0, per_s = unit_ns < NANO ? NANO / unit_ns : 1;

	/* From the last digit on, each division rounds down exactly. */
	while (end > p)
		part = ((uint64_t)(*--end - '0') * unit_ns + part) / 10;
	if (unit_ns >= NANO) {
		if (__builtin_mul_overflow(whole, unit_ns / NANO, &out->sec))
			return 0;
		out->sec += part / NANO;
		out->nanos = part % NANO;
	} else {
		out->sec = whole / per_s;
		out->nanos = whole % per_s * unit_ns + part;
	}
	return out->sec <= INT64_MAX / 4;
}

/* What is wrong with a text that is no duration. */
enum fault { FINE, NO_NUMBER, NO_UNIT, BAD_UNIT, TOO_LONG };

/* One number with its unit at *p, added to sum. */
static enum fault
read_term(const char **p, const char *end, size_t first, struct span *sum)
{
	const char *q = *p, *frac;
	const struct unit *unit;
	uint64_t whole = 0;
	size_t len, digits;
	struct span term;
	int over = 0;

	for (; q < end && digit(*q); q++)
		over |= __builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(*q - '0'), &whole);
	digits = (size_t)(q - *p);
	if (q < end && *q == '.')
		q++;
	for (frac = q; q < end && digit(*q); q++)
		digits++;
	if (digits == 0)
		return NO_NUMBER;
	unit = find_unit(q, end, first, &len);
	if (unit == NULL)
		return len == 0 ? NO_UNIT : BAD_UNIT;
	if (over || !scale(whole, frac, q, unit->ns, &term))
		return TOO_LONG;
	*p = q + len;
	sum->sec += term.sec + (sum->nanos + term.nanos) / NANO;
	sum->nanos = (sum->nanos + term.nanos) % NANO;
	return sum->sec <= INT64_MAX / 4 ? FINE : TOO_LONG;
}

static enum fault
read_terms(
    const char *s, size_t len, size_t first, struct span *sum, int *negative)
{
	const char *p = s, *end = s + len;
	enum fault fault;

	*sum = (struct span){0};
	*negative = p < end && *p == '-';
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (end - p == 1 && *p == '0')
		return FINE;
	do {
		fault = read_term(&p, end, first, sum);
	} while (fault == FINE && p < end);
	return fault;
}

int
weir_cel_duration_read(const char *s, size_t len, int64_t *sec, int32_t *nanos)
{
	struct span sum;
	int negative;

	if (read_terms(s, len, GO_UNITS, &sum, &negative) != FINE)
		return 0;
	if (sum.sec + (sum.nanos > 0) > WEIR_CEL_DURATION_MAX_S)
		return 0;
	*sec = negative ? -(int64_t)sum.sec : (int64_t)sum.sec;
	*nanos = negative ? -(int32_t)sum.nanos : (int32_t)sum.nanos;
	return 1;
}

int
weir_duration_read(
    const char *s, size_t len, int64_t *ns, struct weir_error *err)
{
	static const char *const why[] = {
	    [NO_NUMBER] = "a number is missing",
	    [NO_UNIT] = "the unit is missing",
	    [BAD_UNIT] = "unknown unit",
	    [TOO_LONG] = "too long",
	};
	struct span sum;
	int negative;
	uint64_t v;
	char shown[80];
	enum fault fault = read_terms(s, len, 0, &sum, &negative);

	if (fault == FINE &&
	    (__builtin_mul_overflow(sum.sec, NANO, &v) ||
		__builtin_add_overflow(v, sum.nanos, &v) || v > INT64_MAX))
		fault = TOO_LONG;
	if (fault == FINE) {
		*ns = negative ? -(int64_t)v : (int64_t)v;
		return 1;
	}
	return weir_fail(err, WEIR_USAGE,
	    "bad duration '%s': %s (as in 250ms, 5s, 1m30s, 2h, 1d, 1w)",
	    weir_show_into(shown, sizeof shown, s, len), why[fault]);
}

static char *
put_uint(char *p, uint64_t v)
{
	char digits[20];
	size_t n = sizeof digits;

	do {
		digits[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	memcpy(p, digits + n, sizeof digits - n);
	return p + (sizeof digits - n);
}

size_t
weir_cel_duration_print(char *out, int64_t sec, int32_t nanos)
{
	char *p = out;

	if (sec < 0 || nanos < 0)
		*p++ = '-';
	p = put_uint(p, sec < 0 ? -(uint64_t)sec : (uint64_t)sec);
	p += weir_fraction_print(p, (uint32_t)(nanos < 0 ? -nanos : nanos));
	*p++ = 's';
	return (size_t)(p - out);
}

/* rest < unit_ns <= NANO as a fraction, without zeros at its end. */
static char *
put_fraction(char *p, uint64_t rest, uint64_t unit_ns)
{
	if (rest > 0)
		*p++ = '.';
	for (; rest > 0; rest %= unit_ns) {
		rest *= 10;
		*p++ = (char)('0' + rest / unit_ns);
	}
	return p;
}

size_t
weir_duration_print(char *out, int64_t ns)
{
	uint64_t left = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	const struct unit *u = units;
	char *p = out;

	if (ns < 0)
		*p++ = '-';
	/* Weeks only when nothing else is needed: 10d, not 1w3d. */
	if (left == 0 || left % u->ns != 0)
		u++;
	for (; left > 0 && u < units + N_PRINTED; u++) {
		if (left < u->ns)
			continue;
		p = put_uint(p, left / u->ns);
		left %= u->ns;
		if (u->ns <= NANO) {
			p = put_fraction(p, left, u->ns);
			left = 0;
		}
		p = (char *)memcpy(p, u->name, strlen(u->name)) +
		    strlen(u->name);
	}
	if (ns == 0) {
		*p++ = '0';
		*p++ = 's';
	}
	return (size_t)(p - out);
}

int
weir_size_read(
    const char *s, size_t len, uint64_t *size, struct weir_error *err)
{
	static const char suffixes[] = "kKmMgGtT";
	const char *p = s, *end = s + len, *suffix;
	uint64_t v = 0;
	int over = 0, shift = 0;
	char shown[80];

	for (; p < end && digit(*p); p++)
		over |= __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v);
	if (p > s && p + 1 == end && *p != '\0' &&
	    (suffix = strchr(suffixes, *p)) != NULL) {
		shift = 10 * (int)((suffix - suffixes) / 2 + 1);
		p++;
	}
	if (len > 0 && p == end && !over && v <= UINT64_MAX >> shift) {
		*size = v << shift;
		return 1;
	}
	return weir_fail(err, WEIR_USAGE, "bad size '%s'%s",
	    weir_show_into(shown, sizeof shown, s, len),
	    len > 0 && p == end ? ": too large"
				: " (as in 4096, 64k, 16M, 2G)");
}
