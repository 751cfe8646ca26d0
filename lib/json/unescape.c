#include "json/unescape.h"

#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

static uint32_t
hex4(const char *s)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		unsigned c = (unsigned char)s[i];

		v = v << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

/*
 * The code point of the \uXXXX at *s, or of the pair that begins there; *s
 * goes behind it. Half a pair gives its own number, a surrogate.
 */
static uint32_t
code_point(const char **s, const char *end)
{
	const char *p = *s;
	uint32_t high = hex4(p + 2), low;

	*s = p + 6;
	if (high < 0xD800 || high > 0xDBFF || end - p < 12 || p[6] != '\\' ||
	    p[7] != 'u')
		return high;
	low = hex4(p + 8);
	if (low < 0xDC00 || low > 0xDFFF)
		return high;
	*s = p + 12;
	return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/* What the letter behind a backslash stands for. */
static char
control(char c)
{
	switch (c) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	default: return c;
	}
}

/* The escape at *s as UTF-8; its length, or 0 for half a surrogate pair. */
static size_t
unescape_one(const char **s, const char *end, char bytes[4])
{
	uint32_t cp;

	if ((*s)[1] != 'u') {
		bytes[0] = control((*s)[1]);
		*s += 2;
		return 1;
	}
	cp = code_point(s, end);
	return cp >= 0xD800 && cp <= 0xDFFF ? 0 : weir_utf8_put(bytes, cp);
}

size_t
weir_json_unescape(const char *s, size_t len, char *out, size_t cap)
{
	const char *end = s + len;
	size_t n = 0;

	while (s < end) {
		const char *esc = memchr(s, '\\', (size_t)(end - s));
		size_t run = (size_t)((esc != NULL ? esc : end) - s);
		size_t n_bytes;
		char bytes[4];

		if (run > cap - n)
			return SIZE_MAX;
		memcpy(out + n, s, run);
		n += run;
		s += run;
		if (s == end)
			break;
		n_bytes = unescape_one(&s, end, bytes);
		if (n_bytes == 0 || n_bytes > cap - n)
			return SIZE_MAX;
		memcpy(out + n, bytes, n_bytes);
		n += n_bytes;
	}
	return n;
}
