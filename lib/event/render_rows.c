/*
 * Rows of csv (RFC 4180, lines ending in \n) and tsv (\t, \n, \r and \\ as
 * escapes). null and what is not there are empty.
 */
#include "event/render_impl.h"
#include "json/proof.h"

#include <string.h>

/* Is it the same without quotes to who reads it? */
static bool
bare(struct weir_str s, bool string)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.s[i] == ',' || s.s[i] == '"' || s.s[i] == '\n' ||
		    s.s[i] == '\r')
			return false;
	return !string || weir_proof_number(s.s) != s.s + s.len;
}

static void
add_csv(struct weir_buf *out, struct weir_str s, bool string)
{
	const char *end = s.s + s.len, *quote;

	if (bare(s, string)) {
		weir_buf_add(out, s.s, s.len);
		return;
	}
	weir_buf_putc(out, '"');
	while ((quote = memchr(s.s, '"', (size_t)(end - s.s))) != NULL) {
		weir_buf_add(out, s.s, (size_t)(quote + 1 - s.s));
		weir_buf_putc(out, '"');
		s.s = quote + 1;
	}
	weir_buf_add(out, s.s, (size_t)(end - s.s));
	weir_buf_putc(out, '"');
}

static void
add_tsv(struct weir_buf *out, struct weir_str s)
{
	static const char from[] = "\t\n\r\\", to[] = "tnr\\";
	const char *end = s.s + s.len, *p, *which;

	for (p = s.s; p < end; p++) {
		if ((unsigned char)*p > '\r' && *p != '\\')
			continue;
		which = *p != '\0' ? strchr(from, *p) : NULL;
		if (which == NULL)
			continue;
		weir_buf_add(out, s.s, (size_t)(p - s.s));
		weir_buf_putc(out, '\\');
		weir_buf_putc(out, to[which - from]);
		s.s = p + 1;
	}
	weir_buf_add(out, s.s, (size_t)(end - s.s));
}

/* The value of an event, JSON text. */
static void
add_value(struct weir_render *r, struct weir_buf *out, struct weir_str value)
{
	struct weir_str s = weir_render_plain(r, value);

	if (r->format == WEIR_FORMAT_CSV)
		add_csv(out, s, *value.s == '"');
	else
		add_tsv(out, s);
}

/* The row since start is complete. */
static void
end_row(const struct weir_render *r, struct weir_buf *out, size_t start)
{
	/* A line with nothing in it would be no row to who reads it. */
	if (out->len == start && r->format == WEIR_FORMAT_CSV)
		weir_buf_puts(out, "\"\"");
	weir_buf_putc(out, '\n');
}

void
weir_render_header(struct weir_render *r, struct weir_buf *out)
{
	char separator = r->format == WEIR_FORMAT_CSV ? ',' : '\t';
	size_t i, start = out->len;

	if (r->began)
		return;
	r->began = true;
	for (i = 0; i < r->columns.n; i++) {
		if (i > 0)
			weir_buf_putc(out, separator);
		if (r->format == WEIR_FORMAT_CSV)
			add_csv(out, r->columns.names[i], false);
		else
			add_tsv(out, r->columns.names[i]);
	}
	end_row(r, out, start);
}

int
weir_render_row(struct weir_render *r, const char *text, struct weir_buf *out)
{
	char separator = r->format == WEIR_FORMAT_CSV ? ',' : '\t';
	struct weir_str value;
	size_t i, start;

	if (!weir_render_values(r, text, !r->began) || !weir_render_any(r))
		return 0;
	weir_render_header(r, out);
	start = out->len;
	for (i = 0; i < r->columns.n; i++) {
		if (i > 0)
			weir_buf_putc(out, separator);
		value = r->columns.values[i];
		if (value.len > 0 && *value.s != 'n')
			add_value(r, out, value);
	}
	end_row(r, out, start);
	return 1;
}
