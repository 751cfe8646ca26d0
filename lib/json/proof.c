#include "json/proof.h"

#include "json/prover.h"

static int
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');
}

/* An escape; a lone surrogate is valid by the grammar. */
static const char *
escape(const char *s)
{
	switch (s[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't': return s + 2;
	case 'u':
		for (int i = 2; i < 6; i++) {
			if (!is_hex(s[i]))
				return NULL;
		}
		return s + 6;
	default: return NULL;
	}
}

static int
is_tail(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

/*
 * A character of two to four bytes. The second byte's range is what rules out
 * overlong forms, surrogates and code points beyond U+10FFFF.
 */
static const char *
wide(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xBF;

	if (u[0] < 0xC2 || u[0] > 0xF4)
		return NULL;
	if (u[0] < 0xE0)
		return is_tail(u[1]) ? s + 2 : NULL;
	switch (u[0]) {
	case 0xE0: low = 0xA0; break;
	case 0xED: high = 0x9F; break;
	case 0xF0: low = 0x90; break;
	case 0xF4: high = 0x8F; break;
	}
	if (u[1] < low || u[1] > high || !is_tail(u[2]))
		return NULL;
	if (u[0] < 0xF0)
		return s + 3;
	return is_tail(u[3]) ? s + 4 : NULL;
}

const char *
weir_proof_odd(const char *s)
{
	for (;;) {
		const char *next;

		if (*s == '\\')
			next = escape(s);
		else if ((unsigned char)*s >= 0x80)
			next = wide(s);
		else if ((unsigned char)*s >= 0x20)
			return s;
		else
			return NULL; /* a control character, the newline */
		if (next == NULL)
			return NULL;
		s = next;
	}
}

const char *
weir_proof_exponent(const char *s)
{
	const char *digits = s + 1;

	if (*digits == '+' || *digits == '-')
		digits++;
	s = weir_scan_digits(digits);
	return s == digits ? NULL : s;
}

static const char *
member(const char *s, unsigned depth)
{
	if (*s != '"')
		return NULL;
	s = weir_proof_string(s + 1);
	if (s == NULL)
		return NULL;
	s = weir_scan_blanks(s);
	if (*s != ':')
		return NULL;
	return weir_proof_value(weir_scan_blanks(s + 1), depth);
}

/* An object or array that is at this depth itself; *s opens it. */
static const char *
container(const char *s, unsigned depth)
{
	int object = *s == '{';
	char end = object ? '}' : ']';

	if (depth > WEIR_DEPTH_MAX)
		return NULL;
	s = weir_scan_blanks(s + 1);
	if (*s == end)
		return s + 1;
	for (;;) {
		s = object ? member(s, depth) : weir_proof_value(s, depth);
		if (s == NULL)
			return NULL;
		s = weir_scan_blanks(s);
		if (*s == end)
			return s + 1;
		if (*s != ',')
			return NULL;
		s = weir_scan_blanks(s + 1);
	}
}

static inline const char *
literal(const char *s, const char *text, size_t len)
{
	return memcmp(s, text, len) == 0 ? s + len : NULL;
}

const char *
weir_proof_value(const char *s, unsigned depth)
{
	switch (*s) {
	case '"': return weir_proof_string(s + 1);
	case '{':
	case '[': return container(s, depth + 1);
	case 't': return literal(s, "true", 4);
	case 'f': return literal(s, "false", 5);
	case 'n': return literal(s, "null", 4);
	default: return weir_proof_number(s);
	}
}

/* The end of a string in proven text; s is behind its opening quote. */
static const char *
skip_string(const char *s)
{
	for (;;) {
		s = weir_scan_string(s);
		if (*s == '"')
			return s + 1;
		if (*s == '\\')
			s += 2;
		while ((unsigned char)*s >= 0x80)
			s++;
	}
}

const char *
weir_json_skip(const char *s)
{
	size_t depth = 0;

	if (*s == '"')
		return skip_string(s + 1);
	if (*s != '{' && *s != '[')
		return weir_scan_plain(s);
	for (;;) {
		s = weir_scan_nested(s);
		if (*s == '"') {
			s = skip_string(s + 1);
		} else if ((*s++ | ' ') == '{') {
			depth++;
		} else if (--depth == 0) {
			return s;
		}
	}
}
