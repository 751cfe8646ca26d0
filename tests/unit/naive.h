/*
 * naive.h - finds the value at a path in a valid object, the plainest way.
 *
 * The reference that the prover's slots are held against, by unit tests and by
 * the fuzz target: no prediction, no vectors, nothing remembered.
 */
#ifndef WEIR_TESTS_UNIT_NAIVE_H
#define WEIR_TESTS_UNIT_NAIVE_H

#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline const char *
naive_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\r')
		s++;
	return s;
}

/* Behind the string that begins at s. */
static inline const char *
naive_string(const char *s)
{
	for (s++; *s != '"'; s++)
		s += *s == '\\';
	return s + 1;
}

/* Behind the value that begins at s. */
static inline const char *
naive_skip(const char *s)
{
	size_t depth = 0;

	do {
		if (*s == '"') {
			s = naive_string(s);
			continue;
		}
		depth += *s == '{' || *s == '[';
		depth -= *s == '}' || *s == ']';
		s++;
	} while (depth > 0);
	if (s[-1] != '"' && s[-1] != '}' && s[-1] != ']') {
		while (strchr(" \t\r\n,]}", *s) == NULL)
			s++;
	}
	return s;
}

/*
 * Unescape the name that begins at s. A surrogate that has no partner becomes
 * three bytes that no UTF-8 has, so that it equals no wanted name.
 */
static inline size_t
naive_name(const char *s, char *out)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	char *begin = out, hex[5] = "";
	unsigned long c, low;

	for (s++; *s != '"';) {
		if (*s != '\\') {
			*out++ = *s++;
			continue;
		}
		if (s[1] != 'u') {
			const char *at = strchr(from, s[1]);

			*out++ = at != NULL ? to[at - from] : s[1];
			s += 2;
			continue;
		}
		memcpy(hex, s + 2, 4);
		c = strtoul(hex, NULL, 16);
		s += 6;
		if (c >> 10 == 0xD800 >> 10 && s[0] == '\\' && s[1] == 'u') {
			memcpy(hex, s + 2, 4);
			low = strtoul(hex, NULL, 16);
			if (low >> 10 == 0xDC00 >> 10) {
				c = 0x10000 +
				    ((c & 0x3FF) << 10 | (low & 0x3FF));
				s += 6;
			}
		}
		if (c < 0x80) {
			*out++ = (char)c;
			continue;
		}
		if (c >= 0x10000) {
			*out++ = (char)(0xF0 | c >> 18);
			*out++ = (char)(0x80 | (c >> 12 & 0x3F));
		} else if (c >= 0x800) {
			*out++ = (char)(0xE0 | c >> 12);
		} else {
			*out++ = (char)(0xC0 | c >> 6);
		}
		if (c >= 0x800)
			*out++ = (char)(0x80 | (c >> 6 & 0x3F));
		*out++ = (char)(0x80 | (c & 0x3F));
	}
	return (size_t)(out - begin);
}

/* The last value of that name in the object at s, or NULL. */
static inline const char *
naive_member(const char *s, struct weir_str name)
{
	const char *found = NULL;

	for (s = naive_blanks(s + 1); *s != '}';) {
		const char *end = naive_string(s);
		char *text = malloc((size_t)(end - s));
		size_t len = naive_name(s, text);
		int same = len == name.len && memcmp(text, name.s, len) == 0;

		free(text);
		s = naive_blanks(naive_blanks(end) + 1);
		if (same)
			found = s;
		s = naive_blanks(naive_skip(s));
		if (*s == ',')
			s = naive_blanks(s + 1);
	}
	return found;
}

/* The value at a path in the object on a valid line, its length; or NULL. */
static inline const char *
naive_find(
    const char *line, const struct weir_str *path, size_t depth, size_t *len)
{
	const char *s = naive_blanks(line);

	for (size_t i = 0; i < depth && s != NULL; i++)
		s = *s == '{' ? naive_member(s, path[i]) : NULL;
	*len = s != NULL ? (size_t)(naive_skip(s) - s) : 0;
	return s;
}

#endif
