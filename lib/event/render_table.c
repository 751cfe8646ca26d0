/*
 * A table for people: aligned columns, numbers to the right.
 *
 * Rows are gathered until a screen is full or input rests; then the columns are
 * as wide as they need to be. Rows that fit under the header that is there go
 * on below it; otherwise, or after a full screen, there is a new one. Columns
 * never become narrower, so that a trickle of rows settles soon.
 */
#include "event/render_impl.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/width.h"

#include <stdlib.h>
#include <string.h>

#define SCREEN_ROWS  1000
#define SCREEN_BYTES ((size_t)1 << 20)
#define SCREEN_CELLS 65536
#define CELL_BYTES   65536 /* that are shown */

#define BOLD	     "\x1b[1m"
#define PLAIN	     "\x1b[0m"
#define NONE	     "-" /* so that every row has as many words */

struct cell {
	size_t off;
	uint32_t len, width;
	bool number;
};

struct weir_screen {
	bool color;
	struct weir_buf text;
	struct cell *cells; /* row by row, as many as it has columns */
	size_t ncells, cells_cap;
	uint32_t row_columns[SCREEN_ROWS];
	size_t nrows;
	size_t below; /* rows under the last header */
	size_t shown; /* columns that it has */
	uint32_t width[WEIR_COLUMNS_MAX];
	bool right[WEIR_COLUMNS_MAX];
};

struct weir_screen *
weir_screen_new(bool color)
{
	struct weir_screen *t = weir_calloc(1, sizeof *t);

	t->color = color;
	return t;
}

void
weir_screen_free(struct weir_screen *t)
{
	if (t == NULL)
		return;
	weir_buf_fini(&t->text);
	free(t->cells);
	free(t);
}

/* Most text is just what it looks like. */
static bool
is_plain(struct weir_str s)
{
	unsigned char odd = 0;
	size_t i;

	for (i = 0; i < s.len; i++)
		odd |= (unsigned char)(s.s[i] - ' ') >= 0x7F - ' ';
	return !odd && s.len <= CELL_BYTES;
}

/* What a value looks like, behind t->text. */
static void
add_cell(struct weir_render *r, struct cell *c, struct weir_str value)
{
	struct weir_screen *t = r->screen;
	struct weir_str s = weir_render_plain(r, value);

	if (s.len == 0 || (*value.s == 'n'))
		s = weir_str(NONE);
	c->off = t->text.len;
	if (is_plain(s)) {
		weir_buf_add(&t->text, s.s, s.len);
		c->len = c->width = (uint32_t)s.len;
	} else {
		weir_show(&t->text, s.s, s.len, CELL_BYTES);
		c->len = (uint32_t)(t->text.len - c->off);
		c->width =
		    (uint32_t)weir_text_width(t->text.data + c->off, c->len);
	}
	c->number = value.len > 0 &&
	    (*value.s == '-' || (*value.s >= '0' && *value.s <= '9'));
}

int
weir_screen_add(struct weir_render *r, const char *text, struct weir_buf *out)
{
	const struct weir_render_columns *c = &r->columns;
	struct weir_screen *t = r->screen;
	size_t i;

	if (!weir_render_values(r, text, true) || !weir_render_any(r))
		return 0;
	t->cells = weir_grow(
	    t->cells, &t->cells_cap, t->ncells + c->n, sizeof *t->cells);
	for (i = 0; i < c->n; i++)
		add_cell(r, &t->cells[t->ncells + i], c->values[i]);
	t->ncells += c->n;
	t->row_columns[t->nrows++] = (uint32_t)c->n;
	if (t->nrows == SCREEN_ROWS || t->ncells >= SCREEN_CELLS ||
	    t->text.len >= SCREEN_BYTES)
		weir_screen_print(r, out);
	return 1;
}

bool
weir_screen_holds(const struct weir_screen *t)
{
	return t->nrows > 0;
}

/* Make columns as wide as their rows and names need; true if one changed. */
static bool
measure(struct weir_render *r)
{
	struct weir_screen *t = r->screen;
	const struct cell *c = t->cells;
	bool number[WEIR_COLUMNS_MAX] = {0}, other[WEIR_COLUMNS_MAX] = {0};
	bool wider = false;
	size_t row, i;

	for (row = 0; row < t->nrows; row++)
		for (i = 0; i < t->row_columns[row]; i++, c++) {
			if (c->width > t->width[i]) {
				t->width[i] = c->width;
				wider = true;
			}
			number[i] |= c->number;
			other[i] |= !c->number &&
			    (c->len != 1 || t->text.data[c->off] != '-');
		}
	for (i = 0; i < r->columns.n; i++)
		if (number[i] || other[i])
			t->right[i] = !other[i];
	return wider;
}

static void
pad(struct weir_buf *out, size_t n)
{
	char *p = weir_buf_reserve(out, n + 1);

	memset(p, ' ', n);
	out->len += n;
}

/* Text of that width in column i; no blanks behind the last one. */
static void
put(const struct weir_render *r, struct weir_buf *out, size_t i,
    struct weir_str s, size_t width)
{
	size_t blanks = r->screen->width[i] - width;
	bool right = r->screen->right[i];

	if (i > 0)
		pad(out, 2);
	if (right)
		pad(out, blanks);
	weir_buf_add(out, s.s, s.len);
	if (!right && i + 1 < r->columns.n)
		pad(out, blanks);
}

/* A name as it is shown, in r->room. */
static struct weir_str
show_name(struct weir_render *r, size_t i, size_t *width)
{
	struct weir_str name = r->columns.names[i];

	r->room.len = 0;
	weir_show(&r->room, name.s, name.len, CELL_BYTES);
	*width = weir_text_width(r->room.data, r->room.len);
	return (struct weir_str){r->room.data, r->room.len};
}

static void
put_header(struct weir_render *r, struct weir_buf *out)
{
	struct weir_screen *t = r->screen;
	struct weir_str name;
	size_t i, width;

	if (r->began)
		weir_buf_putc(out, '\n');
	r->began = true;
	t->below = 0;
	t->shown = r->columns.n;
	if (t->color)
		weir_buf_puts(out, BOLD);
	for (i = 0; i < r->columns.n; i++) {
		name = show_name(r, i, &width);
		put(r, out, i, name, width);
	}
	if (t->color)
		weir_buf_puts(out, PLAIN);
	weir_buf_putc(out, '\n');
}

/* Names need room, too; true if one needs more than there was. */
static bool
measure_names(struct weir_render *r)
{
	struct weir_screen *t = r->screen;
	size_t i, width;

	for (i = t->shown; i < r->columns.n; i++) {
		show_name(r, i, &width);
		if (width > t->width[i])
			t->width[i] = (uint32_t)width;
	}
	return t->shown < r->columns.n;
}

static void
put_row(const struct weir_render *r, struct weir_buf *out, const struct cell *c,
    size_t n)
{
	const char *text = r->screen->text.data;
	size_t i;

	for (i = 0; i < n; i++, c++)
		put(r, out, i, (struct weir_str){text + c->off, c->len},
		    c->width);
	for (; i < r->columns.n; i++)
		put(r, out, i, weir_str(NONE), 1);
	weir_buf_putc(out, '\n');
}

void
weir_screen_print(struct weir_render *r, struct weir_buf *out)
{
	struct weir_screen *t = r->screen;
	const struct cell *c = t->cells;
	bool changed;
	size_t row;

	if (t->nrows == 0)
		return;
	changed = measure(r);
	changed |= measure_names(r);
	if (changed || t->below >= SCREEN_ROWS)
		put_header(r, out);
	for (row = 0; row < t->nrows; row++) {
		put_row(r, out, c, t->row_columns[row]);
		c += t->row_columns[row];
	}
	t->below += t->nrows;
	t->nrows = t->ncells = t->text.len = 0;
}
