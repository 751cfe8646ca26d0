#include "base/opt.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LINES	24 /* of a screen, one of them for the prompt */
#define COLUMNS 80
#define INDENT	"  "

/* How much is told of the tables behind the first one. */
enum detail { NAMES, LETTERS, ALL };

void
weir_opt_usage(struct weir_buf *out, const struct weir_command *c)
{
	weir_buf_printf(out, "%s %s", c->name, c->synopsis);
}

/* "-i, --input=FORMAT" */
static void
form(struct weir_buf *out, const struct weir_command *c,
    const struct weir_option *o)
{
	char letter = weir_opt_letter(c, o);

	if (letter != 0)
		weir_buf_printf(out, "-%c, ", letter);
	weir_buf_printf(out, "--%s", o->name);
	if (weir_option_needs(o))
		weir_buf_printf(out, "=%s", o->arg);
	else if (o->arg != NULL)
		weir_buf_printf(out, "[=%s", o->arg + 1);
}

/* How wide forms are, so that what they mean stands below each other. */
static size_t
form_width(const struct weir_command *c)
{
	struct weir_buf b = {0};
	const struct weir_option *o;
	size_t width = 0, t;

	for (t = 0; t < c->ntables; t++)
		for (o = c->tables[t]; o->id != 0; o++) {
			if (o->help == NULL)
				continue;
			b.len = 0;
			form(&b, c, o);
			if (weir_opt_letter(c, o) == 0)
				b.len += 4;
			if (b.len > width && b.len <= 26)
				width = b.len;
		}
	weir_buf_fini(&b);
	return width;
}

static void
line(struct weir_buf *out, const struct weir_command *c,
    const struct weir_option *o, size_t width)
{
	size_t start = out->len;

	if (weir_opt_letter(c, o) == 0)
		weir_buf_puts(out, "    ");
	form(out, c, o);
	weir_buf_printf(out, "%*s",
	    (int)(start + width > out->len ? start + width - out->len : 0), "");
	weir_buf_printf(out, "  %s\n", o->help);
}

static bool
in_full(const struct weir_command *c, const struct weir_option *o, size_t table,
    enum detail detail)
{
	return (table == 0 && c->nsubs == 0) || detail == ALL ||
	    (detail == LETTERS && weir_opt_letter(c, o) != 0);
}

/* The forms alone, one behind the other. */
static void
list_rest(
    struct weir_buf *out, const struct weir_command *c, enum detail detail)
{
	struct weir_buf b = {0};
	const struct weir_option *o;
	size_t column = 0, t;

	for (t = 0; t < c->ntables; t++)
		for (o = c->tables[t]; o->id != 0; o++) {
			if (o->help == NULL || in_full(c, o, t, detail))
				continue;
			b.len = 0;
			form(&b, c, o);
			if (column > 0 && column + 2 + b.len >= COLUMNS) {
				weir_buf_putc(out, '\n');
				column = 0;
			}
			weir_buf_puts(out, column == 0 ? INDENT : ", ");
			weir_buf_add(out, b.data, b.len);
			column += 2 + b.len;
		}
	if (column > 0)
		weir_buf_putc(out, '\n');
	weir_buf_fini(&b);
}

static void
help(struct weir_buf *out, const struct weir_command *c, enum detail detail)
{
	const struct weir_option *o;
	size_t width = form_width(c), t, i;
	const char *from, *end;

	for (from = c->example; from != NULL && *from != '\0';
	     from = *end == '\n' ? end + 1 : end) {
		end = from + strcspn(from, "\n");
		weir_buf_printf(out, "    %.*s\n", (int)(end - from), from);
	}
	weir_buf_printf(out, "\n%s: %s\n", c->name, c->summary);
	weir_buf_puts(out, "usage: ");
	weir_opt_usage(out, c);
	weir_buf_puts(out, "\n");
	for (i = 0; i < c->nsubs; i++)
		weir_buf_printf(out, INDENT "%-20s  %s\n", c->subs[i]->name,
		    c->subs[i]->summary);
	for (t = 0; t < c->ntables; t++)
		for (o = c->tables[t]; o->id != 0; o++)
			if (o->help != NULL && in_full(c, o, t, detail)) {
				weir_buf_puts(out, INDENT);
				line(out, c, o, width);
			}
	list_rest(out, c, detail);
}

static size_t
count_lines(const struct weir_buf *b)
{
	size_t i, n = 0;

	for (i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

void
weir_opt_help(struct weir_buf *out, const struct weir_command *c)
{
	struct weir_buf b = {0};
	enum detail detail = ALL;

	help(&b, c, detail);
	while (detail > NAMES && count_lines(&b) >= LINES) {
		b.len = 0;
		help(&b, c, --detail);
	}
	weir_buf_add(out, b.data, b.len);
	weir_buf_fini(&b);
}
