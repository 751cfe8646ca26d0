/*
 * Lines of logfmt: key=value, with blanks between. A value that would not be
 * read back as it is stands in quotes, with JSON's escapes.
 */
#include "event/render_impl.h"
#include "json/proof.h"
#include "json/value.h"

#include <stdio.h>
#include <string.h>

/* What must not be in a bare word. */
static bool
odd(char c)
{
	return (unsigned char)c <= ' ' || c == '"' || c == '=' || c == '\\' ||
	    c == '\x7f';
}

static bool
bare(struct weir_str s)
{
	size_t i;

	for (i = 0; i < s.len && !odd(s.s[i]); i++)
		continue;
	return s.len > 0 && i == s.len;
}

static void
add_key(struct weir_buf *out, struct weir_str name)
{
	size_t i;

	if (name.len == 0)
		weir_buf_putc(out, '_');
	for (i = 0; i < name.len; i++)
		weir_buf_putc(out, odd(name.s[i]) ? '_' : name.s[i]);
}

/* Would it be read as something else than a string? */
static bool
other_type(struct weir_str s)
{
	static const char *const words[] = {"true", "false", "null"};
	size_t i;

	for (i = 0; i < 3; i++)
		if (weir_str_eq(s, words[i]))
			return true;
	return weir_proof_number(s.s) == s.s + s.len;
}

/* Strings are JSON already, with the escapes that we want. */
static void
add_value(struct weir_buf *out, struct weir_str v)
{
	struct weir_str inner = {v.s + 1, v.len - 2};

	if (*v.s == '"' && bare(inner) && !other_type(inner))
		weir_buf_add(out, inner.s, inner.len);
	else if (*v.s == '"' || bare(v))
		weir_buf_add(out, v.s, v.len);
	else
		weir_json_string(out, v.s, v.len);
}

int
weir_render_logfmt(
    struct weir_render *r, const char *text, struct weir_buf *out)
{
	const char *at = weir_members(text);
	size_t start = out->len;
	struct weir_member m;

	while (weir_member_next(&at, &m)) {
		if (out->len > start)
			weir_buf_putc(out, ' ');
		add_key(out, weir_member_name(&m, &r->room));
		weir_buf_putc(out, '=');
		add_value(out, m.value);
	}
	if (out->len == start) {
		snprintf(r->why, sizeof r->why, "an event without fields");
		return 0;
	}
	weir_buf_putc(out, '\n');
	return 1;
}
