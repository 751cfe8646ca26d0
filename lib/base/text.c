#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CARET_COLUMNS 76 /* of a line that is shown whole */
#define WORD_MAX      64 /* the longest word that gets a suggestion */
#define UNIT_MAX      16 /* bytes of one code point when escaped */

/*
 * The length of the code point at s, 0 if it is not valid UTF-8 (no overlong
 * forms, no surrogates, nothing past U+10FFFF).
 */
static size_t
code_point(const char *s, size_t len, uint32_t *cp)
{
	const unsigned char *u = (const unsigned char *)s;
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = u[0] < 0x80	? 1
	    : (u[0] >> 5) == 6	? 2
	    : (u[0] >> 4) == 14 ? 3
	    : (u[0] >> 3) == 30 ? 4
				: 0;
	size_t i;

	if (n == 0 || n > len)
		return 0;
	*cp = n == 1 ? u[0] : u[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (u[i] & 0x3f);
	}
	if (*cp < lowest[n] || *cp > 0x10ffff || (*cp >> 11) == 0x1b)
		return 0;
	return n;
}

/* What a terminal may act on: controls, and marks that turn text around. */
static int
fools(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ||
	    (cp >= 0x200e && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069) || cp == 0x061c || cp == 0xfeff;
}

/* One code point, or one byte that is none, as it is shown. */
struct unit {
	char text[UNIT_MAX];
	size_t len;	/* of text */
	size_t columns; /* that text takes */
	size_t from;	/* bytes of input */
};

static void
show_unit(struct unit *u, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t cp = 0;
	size_t n = code_point(s, len, &cp), i;

	u->from = n ? n : 1;
	if (n > 0 && !fools(cp)) {
		memcpy(u->text, s, n);
		u->len = n;
		u->columns = 1;
		return;
	}
	for (i = 0; i < u->from; i++) {
		u->text[4 * i] = '\\';
		u->text[4 * i + 1] = 'x';
		u->text[4 * i + 2] = hex[(unsigned char)s[i] >> 4];
		u->text[4 * i + 3] = hex[s[i] & 15];
	}
	u->len = u->columns = 4 * u->from;
}

void
weir_show(struct weir_buf *out, const char *s, size_t len, size_t max)
{
	struct unit u;
	size_t at;

	for (at = 0; at < len; at += u.from) {
		show_unit(&u, s + at, len - at);
		if (at + u.from > max) {
			weir_buf_puts(out, "...");
			return;
		}
		weir_buf_add(out, u.text, u.len);
	}
}

void
weir_show_lines(struct weir_buf *out, const char *s, size_t len)
{
	struct unit u;
	size_t at;

	for (at = 0; at < len; at += u.from) {
		show_unit(&u, s + at, len - at);
		if (s[at] == '\n')
			weir_buf_putc(out, '\n');
		else
			weir_buf_add(out, u.text, u.len);
	}
}

char *
weir_show_into(char *out, size_t cap, const char *s, size_t len)
{
	struct unit u;
	size_t at, n = 0, cut = 0;

	if (cap == 0)
		return out;
	for (at = 0; at < len; at += u.from) {
		show_unit(&u, s + at, len - at);
		if (n + u.len >= cap) {
			/* Go back to where the dots find room. */
			n = cut;
			cut = cap > 3 ? 3 : cap - 1;
			memcpy(out + n, "...", cut);
			n += cut;
			break;
		}
		memcpy(out + n, u.text, u.len);
		n += u.len;
		if (n + 3 < cap)
			cut = n;
	}
	out[n] = '\0';
	return out;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment: insertions, deletions, changes and swaps of
 * neighbours, no part edited twice. Both at most WORD_MAX + 3 bytes.
 */
static size_t
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX + 4], i, j;
	size_t *before = rows[0], *last = rows[1], *now = rows[2], *spare;

	for (j = 0; j <= b_len; j++)
		last[j] = j;
	for (i = 1; i <= a_len; i++) {
		now[0] = i;
		for (j = 1; j <= b_len; j++) {
			now[j] = least(last[j], now[j - 1]) + 1;
			now[j] =
			    least(now[j], last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b_len];
}

int
weir_nearest(
    const char *word, size_t len, const char *const *candidates, size_t n)
{
	size_t i, best = 4;
	int found = -1;

	if (len > WORD_MAX)
		return -1;
	for (i = 0; i < n; i++) {
		size_t c_len = strlen(candidates[i]), d;
		size_t longer = c_len > len ? c_len : len;

		if (longer - least(c_len, len) >= best)
			continue;
		d = distance(word, len, candidates[i], c_len);
		if (d < best && 3 * d <= longer) {
			best = d;
			found = (int)i;
		}
	}
	return found;
}

/* The unit of a line that is shown in one line: no tab or return breaks it. */
static void
show_in_line(struct unit *u, const char *s, size_t len)
{
	show_unit(u, s, len);
	if (s[0] == '\t' || s[0] == '\r') {
		u->text[0] = ' ';
		u->len = u->columns = 1;
	}
}

/* Columns of the line up to byte at, and of all of it. */
static size_t
measure(const char *line, size_t len, size_t at, size_t *total)
{
	struct unit u;
	size_t i, column = 0;

	*total = 0;
	for (i = 0; i < len; i += u.from) {
		show_in_line(&u, line + i, len - i);
		if (i + u.from <= at)
			column += u.columns;
		*total += u.columns;
	}
	return column;
}

/* The units of the line that lie wholly in the columns [from, to). */
static size_t
add_columns(
    struct weir_buf *out, const char *line, size_t len, size_t from, size_t to)
{
	struct unit u;
	size_t i, column = 0, skipped = 0;

	for (i = 0; i < len; i += u.from) {
		show_in_line(&u, line + i, len - i);
		if (column >= from && column + u.columns <= to)
			weir_buf_add(out, u.text, u.len);
		else if (column < from)
			skipped = column + u.columns;
		column += u.columns;
	}
	return skipped;
}

void
weir_caret(struct weir_buf *out, const char *text, size_t len, size_t at)
{
	const char *line = text, *end = text + len, *p;
	size_t column, total, from = 0, to;

	if (at > len)
		at = len;
	for (p = text; p < text + at; p++)
		if (*p == '\n')
			line = p + 1;
	for (p = text + at; p < end; p++)
		if (*p == '\n')
			end = p;
	column = measure(
	    line, (size_t)(end - line), at - (size_t)(line - text), &total);
	to = total;
	if (total > CARET_COLUMNS) {
		if (column > CARET_COLUMNS / 2)
			from = column - CARET_COLUMNS / 2;
		to = from + CARET_COLUMNS;
	}
	if (from > 0) {
		weir_buf_puts(out, "...");
		column += 3;
	}
	column -= add_columns(out, line, (size_t)(end - line), from, to);
	weir_buf_puts(out, to < total ? "...\n" : "\n");
	while (column-- > 0)
		weir_buf_putc(out, ' ');
	weir_buf_putc(out, '^');
}
