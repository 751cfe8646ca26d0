#include "expr/lexstr.h"

#include "base/utf8.h"

#include <string.h>

struct form {
	size_t prefix; /* bytes before the quotes */
	size_t quotes; /* 1 or 3 */
	char quote;
	bool raw, bytes;
};

static char
at(const struct weir_lexer *lx, size_t i)
{
	return lx->pos + i < lx->src->len ? lx->src->text[lx->pos + i] : '\0';
}

static bool
read_form(const struct weir_lexer *lx, struct form *f)
{
	*f = (struct form){.quotes = 1};
	if ((at(lx, 0) | 0x20) == 'b') {
		f->bytes = true;
		f->prefix++;
	}
	if ((at(lx, f->prefix) | 0x20) == 'r') {
		f->raw = true;
		f->prefix++;
	}
	f->quote = at(lx, f->prefix);
	if (f->quote != '"' && f->quote != '\'')
		return false;
	if (at(lx, f->prefix + 1) == f->quote &&
	    at(lx, f->prefix + 2) == f->quote)
		f->quotes = 3;
	return true;
}

bool
weir_lex_is_string(const struct weir_lexer *lx)
{
	struct form f;

	return read_form(lx, &f);
}

/*
 * Find the closing quotes from byte i on (counted from the token's start);
 * returns where they begin, or 0 if the literal is not closed.
 */
static size_t
find_end(const struct weir_lexer *lx, const struct form *f, size_t i)
{
	size_t left = lx->src->len - lx->pos;

	for (; i < left; i++) {
		if (at(lx, i) == '\\') {
			i++;
			continue;
		}
		if (f->quotes == 1 && (at(lx, i) == '\n' || at(lx, i) == '\r'))
			return 0;
		if (at(lx, i) != f->quote)
			continue;
		if (f->quotes == 1 ||
		    (at(lx, i + 1) == f->quote && at(lx, i + 2) == f->quote))
			return i;
	}
	return 0;
}

/*
 * As find_end, but for raw literals, in which a backslash escapes nothing: a
 * quote ends it even after one.
 */
static size_t
find_raw_end(const struct weir_lexer *lx, const struct form *f, size_t i)
{
	size_t left = lx->src->len - lx->pos;

	for (; i < left; i++) {
		if (f->quotes == 1 && (at(lx, i) == '\n' || at(lx, i) == '\r'))
			return 0;
		if (at(lx, i) == f->quote &&
		    (f->quotes == 1 ||
			(at(lx, i + 1) == f->quote &&
			    at(lx, i + 2) == f->quote)))
			return i;
	}
	return 0;
}

/* n digits of base 8 or 16 at s: 1 with *out, or 0. */
static int
digits(const char *s, const char *end, size_t n, unsigned base, uint32_t *out)
{
	uint32_t v = 0;
	size_t i;
	int d;

	if ((size_t)(end - s) < n)
		return 0;
	for (i = 0; i < n; i++) {
		d = s[i] >= '0' && s[i] <= '9' ? s[i] - '0'
		    : (s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'f'
		    ? (s[i] | 0x20) - 'a' + 10
		    : 99;
		if (d >= (int)base)
			return 0;
		v = v * base + (uint32_t)d;
	}
	*out = v;
	return 1;
}

static int
is_surrogate(uint32_t cp)
{
	return cp >= 0xD800 && cp < 0xE000;
}

/* The numeric escape at s (after the backslash): its length, 0 if it is bad. */
static size_t
read_code(const char *s, const char *end, bool bytes, uint32_t *cp)
{
	uint32_t low;
	size_t n = 1;

	switch (*s) {
	case 'x':
	case 'X': return digits(s + 1, end, 2, 16, cp) ? 3 : 0;
	case 'u':
		if (bytes || !digits(s + 1, end, 4, 16, cp))
			return 0;
		n = 5;
		if (*cp >= 0xD800 && *cp < 0xDC00 && end - s >= 11 &&
		    s[5] == '\\' && s[6] == 'u' &&
		    digits(s + 7, end, 4, 16, &low) && low >= 0xDC00 &&
		    low < 0xE000) {
			*cp = 0x10000 + ((*cp - 0xD800) << 10) + low - 0xDC00;
			n = 11;
		}
		return is_surrogate(*cp) ? 0 : n;
	case 'U':
		if (bytes || !digits(s + 1, end, 8, 16, cp) || *cp > 0x10FFFF)
			return 0;
		return is_surrogate(*cp) ? 0 : 9;
	default: return digits(s, end, 3, 8, cp) && *cp <= 0xFF ? 3 : 0;
	}
}

/* Decode the escape at s (after the backslash); its length, 0 if unknown. */
static size_t
escape(const char *s, const char *end, bool bytes, char **out)
{
	static const char from[] = "\\?\"'`abfnrtv";
	static const char to[] = "\\?\"'`\a\b\f\n\r\t\v";
	const char *p = s < end && *s != '\0' ? strchr(from, *s) : NULL;
	uint32_t cp = 0;
	size_t n;

	if (p != NULL) {
		*(*out)++ = to[p - from];
		return 1;
	}
	n = s < end ? read_code(s, end, bytes, &cp) : 0;
	if (n != 0 && bytes)
		*(*out)++ = (char)cp;
	else if (n != 0)
		*out += weir_utf8_put(*out, cp);
	return n;
}

static int
decode(struct weir_lexer *lx, const char *s, const char *end, bool bytes,
    struct weir_str *str)
{
	char *out = weir_arena_alloc(lx->arena, (size_t)(end - s) + 1);
	size_t n;

	str->s = out;
	while (s < end) {
		if (*s != '\\') {
			*out++ = *s++;
			continue;
		}
		n = escape(s + 1, end, bytes, &out);
		if (n == 0)
			return weir_source_fail(lx->src,
			    (size_t)(s - lx->src->text),
			    "unknown escape in a %s literal (a raw literal, "
			    "r'...', has none)",
			    bytes ? "bytes" : "string");
		s += n + 1;
	}
	str->len = (size_t)(out - str->s);
	return 1;
}

int
weir_lex_string(struct weir_lexer *lx, struct weir_token *tok)
{
	const char *s;
	struct form f;
	size_t begin, end;

	if (!read_form(lx, &f))
		return -1;
	begin = f.prefix + f.quotes;
	/* "" may be followed by anything: three quotes need a closing. */
	end = f.raw ? find_raw_end(lx, &f, begin) : find_end(lx, &f, begin);
	if (end == 0)
		return weir_source_fail(
		    lx->src, tok->pos, "string is not closed");
	s = lx->src->text + lx->pos;
	lx->pos += end + f.quotes;
	tok->kind = f.bytes ? WEIR_T_BYTES : WEIR_T_STRING;
	tok->str = (struct weir_str){s + begin, end - begin};
	if (f.raw || memchr(s + begin, '\\', end - begin) == NULL)
		return 1;
	return decode(lx, s + begin, s + end, f.bytes, &tok->str);
}
