#include "expr/resyntax.h"

#include <stdbool.h>
#include <string.h>

#define REPEAT_MAX 1000 /* times, as in RE2 */

struct scan {
	char *p;
	size_t i, len;
	const char *why;
};

/* The byte so far ahead, or NUL. */
static char
peek(const struct scan *s, size_t ahead)
{
	return s->i < s->len && s->len - s->i > ahead ? s->p[s->i + ahead]
						      : '\0';
}

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
hex(char c)
{
	return digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool
one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
refuse(struct scan *s, const char *why)
{
	s->why = why;
	return false;
}

/* \Q to \E, or to the end, is plain text. */
static bool
skip_quoted(struct scan *s)
{
	for (s->i += 2; s->i < s->len; s->i++) {
		if (s->p[s->i] == '\\' && peek(s, 1) == 'E') {
			s->i += 2;
			break;
		}
	}
	return true;
}

/* \1 to \9: an octal number, or what RE2 has not. */
static bool
skip_octal(struct scan *s)
{
	char c = peek(s, 1), d = peek(s, 2);

	if (c > '7' || (c != '0' && (d < '0' || d > '7')))
		return refuse(s, "back references are not supported");
	s->i += 2;
	return true;
}

static bool
skip_hex(struct scan *s)
{
	if (peek(s, 2) != '{' && !(hex(peek(s, 2)) && hex(peek(s, 3))))
		return refuse(s, "\\x wants two digits, or {}");
	s->i += 2;
	return true;
}

static bool
escape(struct scan *s, bool in_class)
{
	char c = peek(s, 1);

	if (digit(c))
		return skip_octal(s);
	if (c == 'x')
		return skip_hex(s);
	if (c == 'Q' && !in_class)
		return skip_quoted(s);
	if (c == 'C')
		return refuse(s, "\\C is not supported: text has no bytes");
	if (one_of(c, "gk"))
		return refuse(s, "back references are not supported");
	if (c == 'Z')
		return refuse(s, "\\Z is not RE2's; the end of text is \\z");
	if (c == 'v')
		s->p[s->i + 1] = '\v'; /* to the engine \v is a class */
	else if (one_of(c, "bBAz") ? in_class
		: (c | 0x20) >= 'a' && (c | 0x20) <= 'z'
		? !one_of(c, "dDsSwWpPaftnr")
		: c == '_' || (unsigned char)c >= 0x80)
		return refuse(s, "RE2 has no such escape");
	s->i += s->i + 1 < s->len ? 2 : 1;
	return true;
}

/* [[:word:]], but not the engine's own [[:<:]]. */
static bool
skip_named(struct scan *s)
{
	if (one_of(peek(s, 2), "<>"))
		return refuse(s, "RE2 has no such class");
	s->i += 2;
	return true;
}

static bool
skip_class(struct scan *s)
{
	s->i += peek(s, 1) == '^' ? 2 : 1;
	s->i += peek(s, 0) == ']'; /* there it is no end */
	while (s->i < s->len) {
		char c = s->p[s->i];

		if (c == '\\') {
			if (!escape(s, true))
				return false;
		} else if (c == '[' && peek(s, 1) == ':') {
			if (!skip_named(s))
				return false;
		} else {
			s->i++;
			if (c == ']')
				break;
		}
	}
	return true;
}

/* Why a group that begins with (?c is none of RE2's. */
static const char *
no_group(char c)
{
	if (one_of(c, "=!<*"))
		return "looking ahead or behind is not supported";
	if (c == '>')
		return "atomic groups are not supported";
	if (c == '(')
		return "conditions are not supported";
	if (c == 'C')
		return "callouts are not supported";
	if (c == '#')
		return "comments are not supported";
	if (c == 'R' || c == '&' || c == '+' || c == 'P' || digit(c))
		return "calls of groups are not supported";
	return "RE2 has no such group or flag";
}

/* From a parenthesis to what the group consists of. */
static bool
open_group(struct scan *s)
{
	char c = peek(s, 2), after = peek(s, 3);
	size_t n = 2;

	if (peek(s, 1) == '*')
		return refuse(s, "verbs (* are not supported");
	if (peek(s, 1) != '?') {
		s->i++;
		return true;
	}
	if (c == 'P' && after == '=')
		return refuse(s, "back references are not supported");
	if ((c == 'P' && after == '<') ||
	    (c == '<' && after != '=' && after != '!')) {
		s->i += c == 'P' ? 4 : 3;
		return true;
	}
	while (one_of(peek(s, n), "imsU-"))
		n++;
	c = peek(s, n);
	if (c != ':' && (c != ')' || n == 2))
		return refuse(s, no_group(c));
	s->i += n + (c == ':');
	return true;
}

/* {n}, {n,} or {n,m} here: its length, else 0. */
static size_t
braces(const struct scan *s, bool *over)
{
	size_t n = 1, first, v;
	int part;

	*over = false;
	for (part = 0; part < 2; part++) {
		for (first = n, v = 0; digit(peek(s, n)); n++)
			v = v > REPEAT_MAX
			    ? v
			    : v * 10 + (size_t)(peek(s, n) - '0');
		if (n == first && part == 0)
			return 0;
		*over = *over || v > REPEAT_MAX;
		if (peek(s, n) == '}')
			return n + 1;
		if (peek(s, n) != ',' || part == 1)
			return 0;
		n++;
	}
	return 0;
}

/* A repetition here: 1, 0 if it is none, -1 if refused. */
static int
repetition(struct scan *s, bool behind_another)
{
	bool over = false;
	size_t n = one_of(s->p[s->i], "*+?") ? 1
	    : s->p[s->i] == '{'		     ? braces(s, &over)
					     : 0;

	if (n == 0)
		return 0;
	if (behind_another)
		s->why = s->p[s->i] == '+'
		    ? "possessive repetition is not supported"
		    : "a repetition of a repetition wants (?:)";
	else if (over)
		s->why = "a repetition of over 1000 times";
	if (s->why != NULL)
		return -1;
	s->i += n;
	s->i += peek(s, 0) == '?';
	return 1;
}

const char *
weir_regex_syntax(char *pattern, size_t len, size_t *at)
{
	struct scan s = {pattern, 0, len, NULL};
	bool repeated = false, good = true;
	int rc;

	while (good && s.i < len) {
		rc = repetition(&s, repeated);
		repeated = rc > 0;
		if (rc != 0)
			good = rc > 0;
		else if (pattern[s.i] == '\\')
			good = escape(&s, false);
		else if (pattern[s.i] == '[')
			good = skip_class(&s);
		else if (pattern[s.i] == '(')
			good = open_group(&s);
		else
			s.i++;
	}
	*at = s.i;
	return s.why;
}
