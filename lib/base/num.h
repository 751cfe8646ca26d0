/*
 * num.h - numbers from text and back, exactly.
 *
 * A JSON number stays text until something computes with it. Integers that fit
 * are int, then uint; others are double. Up to 15 digits and exponent 22 one
 * multiplication or division by a power of ten is exact (Clinger, "How to read
 * floating point numbers accurately", 1990); up to 19 digits a 128-bit
 * power of ten nearly always decides; the rest goes to strtod, in a form that
 * no locale changes. Doubles are printed as the shortest text that reads back
 * as the same number (Schubfach).
 */
#ifndef WEIR_BASE_NUM_H
#define WEIR_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#define WEIR_NUM_MAX 32 /* bytes that the printers need */

enum weir_num_kind { WEIR_NUM_INT, WEIR_NUM_UINT, WEIR_NUM_DOUBLE };

struct weir_num {
	enum weir_num_kind kind;
	union {
		int64_t i;
		uint64_t u;
		double d;
	};
};

/*
 * Read text that is a valid JSON number. Integers too big for uint, and
 * anything with a fraction or an exponent, are doubles (1e400 is +inf, -0 is
 * the double -0).
 */
void weir_num_read(const char *s, size_t len, struct weir_num *out);
/* A double from valid JSON number text. */
double weir_num_read_double(const char *s, size_t len);

/* Each writes to out (WEIR_NUM_MAX bytes, no NUL) and returns the length. */
size_t weir_num_print_int(char *out, int64_t i);
size_t weir_num_print_uint(char *out, uint64_t u);
/*
 * Shortest round-trip, as JavaScript's Number.prototype.toString lays digits
 * out (integers up to 1e21 without exponent, "1e+21", "5e-324"), but -0 prints
 * as "-0.0" and an integral double prints with ".0" only if point is set (so
 * that it reads back as a double). d must be finite.
 */
size_t weir_num_print_double(char *out, double d, int point);

/*
 * The shortest decimal that reads back as d (finite, not 0; its sign does not
 * matter), of these the nearest to d: digits times 10^*exp10. The digits may
 * end in zeros.
 */
uint64_t weir_num_shortest(double d, int *exp10);

#endif
