#include "event/render.h"

#include "base/mem.h"
#include "base/text.h"
#include "event/render_impl.h"
#include "json/prover.h"
#include "json/unescape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
weir_render_is(enum weir_format format)
{
	return format == WEIR_FORMAT_CSV || format == WEIR_FORMAT_TSV ||
	    format == WEIR_FORMAT_LOGFMT || format == WEIR_FORMAT_TABLE;
}

/* --- columns --- */

/* The next name of a list that *s stands in: 1, or 0 at its end. */
static int
next_name(const char **s, struct weir_str *name)
{
	if (*s == NULL)
		return 0;
	name->s = *s;
	name->len = strcspn(*s, ",");
	*s = name->s[name->len] == ',' ? name->s + name->len + 1 : NULL;
	return 1;
}

static bool
same(struct weir_str a, struct weir_str b)
{
	return a.len == b.len && memcmp(a.s, b.s, a.len) == 0;
}

int
weir_render_check(const char *columns, struct weir_error *err)
{
	struct weir_str name, other;
	const char *s = columns, *t;
	char shown[64];
	size_t n = 0;

	while (next_name(&s, &name)) {
		weir_show_into(shown, sizeof shown, name.s, name.len);
		if (name.len == 0)
			return weir_fail(
			    err, WEIR_USAGE, "--columns: a name is empty");
		if (++n > WEIR_COLUMNS_MAX)
			return weir_fail(err, WEIR_USAGE,
			    "--columns: more than %d", WEIR_COLUMNS_MAX);
		for (t = columns; next_name(&t, &other) && other.s < name.s;)
			if (same(name, other))
				return weir_fail(err, WEIR_USAGE,
				    "--columns: %s is there twice", shown);
	}
	return 1;
}

static void
add_column(struct weir_render_columns *c, struct weir_str name)
{
	c->names[c->n].s = weir_strndup(name.s, name.len);
	c->names[c->n].len = name.len;
	c->values[c->n++] = (struct weir_str){0};
}

struct weir_render *
weir_render_new(enum weir_format format, const struct weir_shape *shape)
{
	struct weir_render *r = weir_calloc(1, sizeof *r);
	const char *s = shape != NULL ? shape->columns : NULL;
	struct weir_str name;

	r->format = format;
	r->columns.given = s != NULL && format != WEIR_FORMAT_LOGFMT;
	while (next_name(&s, &name))
		add_column(&r->columns, name);
	if (format == WEIR_FORMAT_TABLE)
		r->screen = weir_screen_new(shape != NULL && shape->color);
	return r;
}

void
weir_render_free(struct weir_render *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->columns.n; i++)
		free((void *)(uintptr_t)r->columns.names[i].s);
	weir_screen_free(r->screen);
	weir_buf_fini(&r->room);
	weir_buf_fini(&r->text);
	free(r);
}

/* The column of that name, or n. It is most often the one expected. */
static size_t
find(const struct weir_render_columns *c, struct weir_str name, size_t expected)
{
	size_t i;

	if (expected < c->n && same(c->names[expected], name))
		return expected;
	for (i = 0; i < c->n; i++)
		if (same(c->names[i], name))
			break;
	return i;
}

static int
refuse(struct weir_render *r, struct weir_str name, const char *why)
{
	char shown[80];

	weir_show_into(shown, sizeof shown, name.s, name.len);
	snprintf(r->why, sizeof r->why, "the field %s %s", shown, why);
	return 0;
}

int
weir_render_values(struct weir_render *r, const char *text, bool grow)
{
	struct weir_render_columns *c = &r->columns;
	const char *at = weir_members(text);
	struct weir_member m;
	struct weir_str name;
	size_t i = 0;

	memset(c->values, 0, c->n * sizeof *c->values);
	while (weir_member_next(&at, &m)) {
		name = weir_member_name(&m, &r->room);
		i = find(c, name, i);
		if (i == c->n) {
			if (c->given)
				continue;
			if (!grow || c->n == WEIR_COLUMNS_MAX)
				return refuse(r, name,
				    grow ? "is one column too many"
					 : "has no column: name columns with "
					   "--columns=a,b,..., or choose "
					   "fields with smap -p");
			add_column(c, name);
		}
		c->values[i++] = m.value;
	}
	return 1;
}

int
weir_render_any(struct weir_render *r)
{
	if (r->columns.n > 0)
		return 1;
	snprintf(r->why, sizeof r->why, "an event without fields");
	return 0;
}

/* --- values --- */

struct weir_str
weir_render_plain(struct weir_render *r, struct weir_str value)
{
	struct weir_str s = {value.s + 1, value.len - 2};
	size_t n;

	if (value.len == 0 || *value.s != '"')
		return value;
	if (memchr(s.s, '\\', s.len) == NULL)
		return s;
	r->text.len = 0;
	weir_buf_reserve(&r->text, s.len + WEIR_PAD);
	n = weir_json_unescape(s.s, s.len, r->text.data, s.len);
	/* Half a surrogate pair is no text: then as it is spelled. */
	if (n == SIZE_MAX)
		return s;
	/* Who looks whether it is a number reads on in vectors. */
	memset(r->text.data + n, 0, WEIR_PAD);
	return (struct weir_str){r->text.data, n};
}

/* --- the face --- */

int
weir_render_event(struct weir_render *r, const char *text, struct weir_buf *out,
    const char **why)
{
	int fits;

	if (r->format == WEIR_FORMAT_LOGFMT)
		fits = weir_render_logfmt(r, text, out);
	else if (r->format == WEIR_FORMAT_TABLE)
		fits = weir_screen_add(r, text, out);
	else
		fits = weir_render_row(r, text, out);
	*why = r->why;
	return fits;
}

bool
weir_render_holds(const struct weir_render *r)
{
	return r->screen != NULL && weir_screen_holds(r->screen);
}

void
weir_render_rest(struct weir_render *r, struct weir_buf *out)
{
	if (r->screen != NULL)
		weir_screen_print(r, out);
}

void
weir_render_end(struct weir_render *r, struct weir_buf *out)
{
	weir_render_rest(r, out);
	if (r->columns.given && r->screen == NULL)
		weir_render_header(r, out);
}
