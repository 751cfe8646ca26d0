/*
 * proof.h - proves single JSON values, for the prover.
 *
 * Each function takes the place where something begins and returns where it
 * ends, or NULL if it is not valid. What is common is inline; escapes and
 * non-ASCII characters, exponents and values that nobody looks into are not.
 */
#ifndef WEIR_JSON_PROOF_H
#define WEIR_JSON_PROOF_H

#include "json/scan.h"

/* A run of escapes and non-ASCII characters; *s is the first. */
const char *weir_proof_odd(const char *s);
const char *weir_proof_exponent(const char *s);

/* Any value, in a container that is at this depth itself. */
const char *weir_proof_value(const char *s, unsigned depth);

/* A string, from behind its opening quote to behind the closing one. */
static inline const char *
weir_proof_string(const char *s)
{
	for (;;) {
		s = weir_scan_string(s);
		if (*s == '"')
			return s + 1;
		s = weir_proof_odd(s);
		if (s == NULL)
			return NULL;
	}
}

/* A number; what may follow it is for the caller to say. */
static inline const char *
weir_proof_number(const char *s)
{
	const char *digits = s + (*s == '-');

	s = weir_scan_digits(digits);
	if (s == digits || (*digits == '0' && s != digits + 1))
		return NULL;
	if (*s == '.') {
		digits = s + 1;
		s = weir_scan_digits(digits);
		if (s == digits)
			return NULL;
	}
	if (*s == 'e' || *s == 'E')
		return weir_proof_exponent(s);
	return s;
}

#endif
