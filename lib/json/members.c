#include "json/members.h"

#include "json/unescape.h"

#include <stdint.h>
#include <string.h>

static const char *
blanks(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')
		s++;
	return s;
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
	end = weir_json_skip(s);
	m->name = (struct weir_str){s + 1, (size_t)(end - s) - 2};
	s = blanks(blanks(end) + 1);
	end = weir_json_skip(s);
	m->value = (struct weir_str){s, (size_t)(end - s)};
	m->end = blanks(end);
	*at = *m->end == ',' ? m->end + 1 : m->end;
	return 1;
}

struct weir_str
weir_member_name(const struct weir_member *m, struct weir_buf *room)
{
	size_t n;

	if (memchr(m->name.s, '\\', m->name.len) == NULL)
		return m->name;
	room->len = 0;
	weir_buf_reserve(room, m->name.len);
	n = weir_json_unescape(m->name.s, m->name.len, room->data, m->name.len);
	if (n == SIZE_MAX)
		return m->name;
	return (struct weir_str){room->data, n};
}
