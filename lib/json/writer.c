/*
 * Values as JSON text.
 */
#include "json/value.h"

#include "base/num.h"
#include "base/timetext.h"
#include "json/writer.h"

#include <math.h>
#include <string.h>

/* Does a JSON string spell this byte differently? */
static int
must_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

size_t
weir_json_plain(const char *s, size_t len)
{
	const uint64_t ones = 0x0101010101010101u, tops = ones * 0x80;
	uint64_t w, quote, slash, low;
	size_t i = 0;

	/* A zero byte in w ^ quotes, ... shows as its top bit. */
	for (; len - i >= 8; i += 8) {
		memcpy(&w, s + i, 8);
		quote = w ^ (ones * '"');
		slash = w ^ (ones * '\\');
		low = (w - ones * 0x20) & ~w;
		low |= (quote - ones) & ~quote;
		low |= (slash - ones) & ~slash;
		if (low & tops)
			break;
	}
	while (i < len && !must_escape((unsigned char)s[i]))
		i++;
	return i;
}

static void
put_escape(struct weir_buf *out, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *p = c != 0 ? strchr(from, c) : NULL;

	if (p != NULL) {
		weir_buf_putc(out, '\\');
		weir_buf_putc(out, to[p - from]);
	} else {
		weir_buf_printf(out, "\\u%04x", c);
	}
}

void
weir_json_string(struct weir_buf *out, const char *s, size_t len)
{
	size_t n = weir_json_plain(s, len);
	char *p;

	if (n == len) {
		p = weir_buf_reserve(out, len + 2);
		p[0] = '"';
		memcpy(p + 1, s, len);
		p[len + 1] = '"';
		out->len += len + 2;
		return;
	}
	weir_buf_putc(out, '"');
	for (;;) {
		weir_buf_add(out, s, n);
		if (n == len)
			break;
		put_escape(out, (unsigned char)s[n]);
		s += n + 1;
		len -= n + 1;
		n = weir_json_plain(s, len);
	}
	weir_buf_putc(out, '"');
}

void
weir_json_base64(struct weir_buf *out, const char *s, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *u = (const unsigned char *)s;
	uint32_t w;
	size_t i, left;
	char four[4];

	for (i = 0; i < len; i += 3) {
		left = len - i;
		w = (uint32_t)u[i] << 16;
		w |= left > 1 ? (uint32_t)u[i + 1] << 8 : 0;
		w |= left > 2 ? u[i + 2] : 0;
		four[0] = digits[w >> 18];
		four[1] = digits[w >> 12 & 63];
		four[2] = left > 1 ? digits[w >> 6 & 63] : '=';
		four[3] = left > 2 ? digits[w & 63] : '=';
		weir_buf_add(out, four, 4);
	}
}

void
weir_json_double(struct weir_buf *out, double d)
{
	char num[WEIR_NUM_MAX];

	if (isnan(d))
		weir_buf_puts(out, "\"NaN\"");
	else if (isinf(d))
		weir_buf_puts(out, d < 0 ? "\"-Infinity\"" : "\"Infinity\"");
	else
		weir_buf_add(out, num, weir_num_print_double(num, d, 0));
}

static void
write_list(struct weir_buf *out, const struct weir_list *list)
{
	size_t i;

	weir_buf_putc(out, '[');
	for (i = 0; i < list->n; i++) {
		if (i > 0)
			weir_buf_putc(out, ',');
		/* What has no JSON still has its place. */
		if (!weir_value_write(out, list->items[i]))
			weir_buf_puts(out, "null");
	}
	weir_buf_putc(out, ']');
}

static void
write_map(struct weir_buf *out, const struct weir_map *map)
{
	bool comma = false;
	struct weir_value key;
	size_t i, before;

	weir_buf_putc(out, '{');
	for (i = 0; i < map->n; i++) {
		before = out->len;
		if (comma)
			weir_buf_putc(out, ',');
		key = map->keys[i];
		if (key.kind != WEIR_STRING)
			weir_buf_putc(out, '"');
		weir_value_write(out, key);
		if (key.kind != WEIR_STRING)
			weir_buf_putc(out, '"');
		weir_buf_putc(out, ':');
		if (weir_value_write(out, map->values[i]))
			comma = true;
		else
			out->len = before;
	}
	weir_buf_putc(out, '}');
}

static void
write_quoted(struct weir_buf *out, struct weir_value v)
{
	char text[WEIR_TIME_TEXT];
	size_t n = 0;

	weir_buf_putc(out, '"');
	switch (v.kind) {
	case WEIR_BYTES: weir_json_base64(out, v.s, v.aux); break;
	case WEIR_TIMESTAMP: n = weir_timestamp_print(text, v.i, v.aux); break;
	default: n = weir_cel_duration_print(text, v.i, (int32_t)v.aux); break;
	}
	weir_buf_add(out, text, n);
	weir_buf_putc(out, '"');
}

int
weir_value_write(struct weir_buf *out, struct weir_value v)
{
	char num[WEIR_NUM_MAX];

	switch ((enum weir_kind)v.kind) {
	case WEIR_ABSENT:
	case WEIR_ERROR: return 0;
	case WEIR_NULL: weir_buf_puts(out, "null"); break;
	case WEIR_BOOL: weir_buf_puts(out, v.b ? "true" : "false"); break;
	case WEIR_INT:
		weir_buf_add(out, num, weir_num_print_int(num, v.i));
		break;
	case WEIR_UINT:
		weir_buf_add(out, num, weir_num_print_uint(num, v.u));
		break;
	case WEIR_DOUBLE: weir_json_double(out, v.d); break;
	case WEIR_STRING:
	case WEIR_TYPE: weir_json_string(out, v.s, v.aux); break;
	case WEIR_BYTES:
	case WEIR_TIMESTAMP:
	case WEIR_DURATION: write_quoted(out, v); break;
	case WEIR_LIST: write_list(out, v.list); break;
	case WEIR_MAP: write_map(out, v.map); break;
	case WEIR_JSON: weir_buf_add(out, v.s, v.aux); break;
	case WEIR_OPTIONAL:
		return v.opt != NULL ? weir_value_write(out, *v.opt) : 0;
	}
	return 1;
}
