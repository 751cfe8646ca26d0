#include "json/members.h"

#include "json/scan.h"
#include "json/unescape.h"

static inline const char *
blanks(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')
		s++;
	return s;
}

/* The quote that ends the string; s is behind the one that begins it. */
static inline const char *
string_end(const char *s, bool *escaped)
{
	*escaped = false;
	for (;;) {
		s = weir_scan_string(s);
		if (*s == '"')
			return s;
		if (*s == '\\') {
			*escaped = true;
			s += 2;
		}
		while ((unsigned char)*s >= 0x80)
			s++;
	}
}

static inline const char *
value_end(const char *s)
{
	bool escaped;

	return *s == '"' ? string_end(s + 1, &escaped) + 1 : weir_json_skip(s);
}

const char *
weir_members(const char *s)
{
	return blanks(s) + 1;
}

int
weir_member_next(const char **at, struct weir_member *m)
{
	const char *s = blanks(*at), *end;

	if (*s == '}') {
		*at = s;
		return 0;
	}
	m->begin = *at;
	end = string_end(s + 1, &m->escaped);
	m->name = (struct weir_str){s + 1, (size_t)(end - s) - 1};
	s = blanks(blanks(end + 1) + 1);
	end = value_end(s);
	m->value = (struct weir_str){s, (size_t)(end - s)};
	m->end = blanks(end);
	*at = *m->end == ',' ? m->end + 1 : m->end;
	return 1;
}

struct weir_str
weir_member_name(const struct weir_member *m, struct weir_buf *room)
{
	size_t n;

	if (!m->escaped)
		return m->name;
	room->len = 0;
	weir_buf_reserve(room, m->name.len);
	n = weir_json_unescape(m->name.s, m->name.len, room->data, m->name.len);
	if (n == SIZE_MAX)
		return m->name;
	return (struct weir_str){room->data, n};
}
