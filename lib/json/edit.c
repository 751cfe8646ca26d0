#include "json/edit.h"

#include "json/members.h"

#include <string.h>

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
removes(const struct weir_edit *e)
{
	return e->value.kind == WEIR_ABSENT;
}

/* A slice is most often short. */
static inline void
add(struct weir_buf *out, const char *s, size_t len)
{
	char *p = out->data + out->len;

	if (len > out->cap - out->len)
		p = weir_buf_reserve(out, len);
	memcpy(p, s, len);
	out->len += len;
}

/* Those that are set and not done go behind what is there. */
static void
add_rest(
    struct weir_buf *out, const struct weir_edit *edits, size_t n, bool comma)
{
	const struct weir_edit *e;
	char *p;

	for (e = edits; e < edits + n; e++) {
		if (e->done || removes(e))
			continue;
		p = weir_buf_reserve(out, e->key.len + 1);
		if (comma)
			*p++ = ',';
		memcpy(p, e->key.s, e->key.len);
		out->len += e->key.len + comma;
		weir_value_write(out, e->value);
		comma = true;
	}
	weir_buf_putc(out, '}');
}

void
weir_json_append(struct weir_buf *out, const char *text, size_t len,
    const struct weir_edit *edits, size_t n)
{
	const char *end = text + len;

	while (blank(*text))
		text++;
	while (*--end != '}')
		continue;
	while (blank(end[-1]))
		end--;
	weir_buf_reserve(out, len + 64);
	add(out, text, (size_t)(end - text));
	add_rest(out, edits, n, end[-1] != '{');
}

static struct weir_edit *
find(struct weir_edit *edits, size_t n, struct weir_str name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (edits[i].name.len == name.len &&
		    memcmp(edits[i].name.s, name.s, name.len) == 0)
			return &edits[i];
	return NULL;
}

/* Bytes of members, as far as end; the first ones without blanks before. */
static void
add_run(struct weir_buf *out, const char *s, const char *end, bool first)
{
	if (!first)
		weir_buf_putc(out, ',');
	while (first && blank(*s))
		s++;
	add(out, s, (size_t)(end - s));
}

void
weir_json_edit(struct weir_buf *out, const char *text, struct weir_edit *edits,
    size_t n, struct weir_buf *room)
{
	const char *at = weir_members(text), *run = NULL;
	struct weir_member m;
	struct weir_edit *e;
	bool first = true;
	size_t i;

	for (i = 0; i < n; i++)
		edits[i].done = false;
	weir_buf_putc(out, '{');
	/* Neighbours that stay go out together, commas included. */
	while (weir_member_next(&at, &m)) {
		e = find(edits, n, weir_member_name(&m, room));
		if (e == NULL) {
			run = run == NULL ? m.begin : run;
			continue;
		}
		if (run != NULL) {
			add_run(out, run, m.begin - 1, first);
			first = false;
			run = NULL;
		}
		if (e->done || removes(e))
			continue;
		add_run(out, m.begin, m.value.s, first);
		weir_value_write(out, e->value);
		first = false;
		e->done = true;
	}
	if (run != NULL)
		add_run(out, run, at, first);
	add_rest(out, edits, n, !first || run != NULL);
}
