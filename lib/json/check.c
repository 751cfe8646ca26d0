#include "json/check.h"

#include "base/mem.h"
#include "json/prover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

/* What the callbacks keep while yajl reads a line. */
struct check {
	yajl_handle yajl;
	size_t depth;
	size_t too_deep; /* column of the bracket that goes too far */
	size_t end;	 /* offset behind the object, once it is closed */
};

/* Which column yajl's count of bytes consumed stands for. */
enum place {
	PLACE_NEXT,  /* the byte behind them */
	PLACE_LAST,  /* the last of them */
	PLACE_TOKEN, /* the start of the token that has the last of them */
	PLACE_BACK   /* of the one behind them: yajl went back over it */
};

/* yajl's errors (a part of the text is enough) in our words. */
static const struct complaint {
	const char *yajl, *why;
	enum place place;
} complaints[] = {
    {"separated by a colon", "expected ':' after the name", PLACE_TOKEN},
    {"after key and value", "expected ',' or '}' after the value", PLACE_BACK},
    {"after array element", "expected ',' or ']' after the element",
	PLACE_TOKEN},
    {"invalid object key", "expected a name in quotes", PLACE_TOKEN},
    {"unallowed token", "expected a value", PLACE_TOKEN},
    {"'\\' occurs before", "invalid escape in a string", PLACE_NEXT},
    {"invalid character inside", "unescaped control character in a string",
	PLACE_NEXT},
    {"invalid (non-hex)", "\\u without four hex digits", PLACE_NEXT},
    {"invalid bytes in UTF8", "invalid UTF-8", PLACE_LAST},
    {"invalid char in", "unexpected character", PLACE_LAST},
    {"invalid string in", "expected a value, true, false or null", PLACE_TOKEN},
    {"after the exponent", "expected a digit in the exponent", PLACE_NEXT},
    {"decimal point", "expected a digit after the decimal point", PLACE_NEXT},
    {"minus sign", "expected a digit after the minus sign", PLACE_NEXT},
    {"probable comment", "comments are not JSON", PLACE_NEXT},
};

static void *
alloc(void *ctx, size_t size)
{
	(void)ctx;
	return weir_malloc(size);
}

static void *
grow(void *ctx, void *p, size_t size)
{
	(void)ctx;
	return weir_realloc(p, size);
}

static void
release(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

static int
on_open(void *ctx)
{
	struct check *c = ctx;

	if (++c->depth <= WEIR_DEPTH_MAX)
		return 1;
	c->too_deep = yajl_get_bytes_consumed(c->yajl);
	return 0;
}

static int
on_close(void *ctx)
{
	struct check *c = ctx;

	if (--c->depth == 0)
		c->end = yajl_get_bytes_consumed(c->yajl);
	return 1;
}

/* Taking numbers raw keeps yajl from converting, and refusing, big ones. */
static int
on_number(void *ctx, const char *s, size_t len)
{
	(void)ctx;
	(void)s;
	(void)len;
	return 1;
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

int
weir_blank(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_blank(s[i]))
			return 0;
	}
	return 1;
}

/*
 * The length of the UTF-8 character at s, 0 if it is none: decoded in full, so
 * that overlong forms, surrogates and what is beyond U+10FFFF show.
 */
static size_t
utf8_len(const unsigned char *s, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80 ? 1
	    : s[0] < 0xC0      ? 0
	    : s[0] < 0xE0      ? 2
	    : s[0] < 0xF0      ? 3
	    : s[0] < 0xF8      ? 4
			       : 0;
	uint32_t c;

	if (n < 2)
		return n;
	if (n > len)
		return 0;
	c = s[0] & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3Fu);
	}
	if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	return n;
}

/* What yajl is too lax about: encoding, control characters, no object. */
static int
check_bytes(const char *s, size_t len, char *why, size_t cap)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t i = 0, n;

	for (; i < len; i += n) {
		n = utf8_len(u + i, len - i);
		if (n == 0) {
			snprintf(
			    why, cap, "invalid UTF-8 at column %zu", i + 1);
			return 0;
		}
		if (u[i] < 0x20 && !is_blank(s[i])) {
			snprintf(why, cap,
			    "control character 0x%02x at column %zu", u[i],
			    i + 1);
			return 0;
		}
	}
	for (i = 0; i < len && is_blank(s[i]); i++)
		;
	if (i == len) {
		snprintf(why, cap, "empty");
		return 0;
	}
	if (len - i >= 3 && memcmp(s + i, "\xEF\xBB\xBF", 3) == 0) {
		snprintf(why, cap, "byte order mark at column %zu", i + 1);
		return 0;
	}
	if (s[i] != '{') {
		snprintf(why, cap, "not an object at column %zu", i + 1);
		return 0;
	}
	return 1;
}

/* The end of the token at s[i]: of its string, its word, or itself. */
static size_t
token_end(const char *s, size_t i, size_t len)
{
	if (s[i] == '"') {
		for (i++; i < len && s[i] != '"'; i++)
			i += s[i] == '\\';
		return i + 1;
	}
	if (is_blank(s[i]) || strchr("{}[]:,", s[i]) != NULL)
		return i + 1;
	while (i < len && !is_blank(s[i]) && strchr("{}[]:,\"", s[i]) == NULL)
		i++;
	return i;
}

/* The start of the token that the byte at offset at belongs to. */
static size_t
token_start(const char *s, size_t at, size_t len)
{
	size_t i = 0, end;

	while (i < len && (end = token_end(s, i, len)) <= at)
		i = end;
	return i;
}

/* Say in why what yajl found wrong after so many bytes of s. */
static void
explain(const char *error, const char *s, size_t len, size_t consumed,
    char *why, size_t cap)
{
	const struct complaint *c = complaints;
	const struct complaint *end =
	    c + sizeof(complaints) / sizeof(*complaints);
	enum place place = PLACE_LAST;
	size_t column;

	while (c < end && strstr(error, c->yajl) == NULL)
		c++;
	if (c < end)
		place = c->place;
	column = consumed + (place == PLACE_NEXT || place == PLACE_BACK);
	column += column == 0;
	if (place == PLACE_TOKEN || place == PLACE_BACK)
		column = token_start(s, column - 1, len) + 1;
	snprintf(why, cap, "%s at column %zu", c < end ? c->why : "not JSON",
	    column);
}

/* The line ended too early: inside a string, or elsewhere. */
static void
explain_end(const char *s, size_t len, char *why, size_t cap)
{
	size_t i = 0, start = 0;

	while (i < len) {
		start = i;
		i = token_end(s, i, len);
	}
	if (i > len)
		snprintf(
		    why, cap, "string without an end at column %zu", start + 1);
	else
		snprintf(why, cap, "unexpected end of the line at column %zu",
		    len + 1);
}

/* Let yajl read s. */
static int
check_grammar(struct check *c, const char *s, size_t len, char *why, size_t cap)
{
	unsigned char *error;
	yajl_status status = yajl_parse(c->yajl, (const unsigned char *)s, len);

	if (c->too_deep != 0) {
		snprintf(why, cap, "nested deeper than %d levels at column %zu",
		    WEIR_DEPTH_MAX, c->too_deep);
		return 0;
	}
	if (c->end != 0) {
		/* yajl overlooks a string without an end behind it. */
		size_t i = c->end;

		while (i < len && is_blank(s[i]))
			i++;
		if (i == len)
			return 1;
		snprintf(
		    why, cap, "text after the object at column %zu", i + 1);
		return 0;
	}
	if (status == yajl_status_ok) {
		explain_end(s, len, why, cap);
		return 0;
	}
	error = yajl_get_error(c->yajl, 0, NULL, 0);
	explain((const char *)error, s, len, yajl_get_bytes_consumed(c->yajl),
	    why, cap);
	yajl_free_error(c->yajl, error);
	return 0;
}

int
weir_check(const char *s, size_t len, char *why, size_t why_cap)
{
	static const yajl_callbacks callbacks = {.yajl_number = on_number,
	    .yajl_start_map = on_open,
	    .yajl_end_map = on_close,
	    .yajl_start_array = on_open,
	    .yajl_end_array = on_close};
	yajl_alloc_funcs funcs = {alloc, grow, release, NULL};
	struct check c = {0};
	int valid;

	if (!check_bytes(s, len, why, why_cap))
		return 0;
	c.yajl = yajl_alloc(&callbacks, &funcs, &c);
	valid = check_grammar(&c, s, len, why, why_cap);
	yajl_free(c.yajl);
	return valid;
}
