#include "event/columns.h"
#include "json/proof.h"

/* Does a field end at s? */
static inline bool
at_end(const char *s, const char *end)
{
	return s == end || *s == '\t';
}

/* Behind a backslash at s: one of the escapes, or the backslash itself. */
static const char *
put_escape(struct weir_object *o, const char *s, const char *end)
{
	char c = s + 1 < end ? s[1] : '\0';

	*o->out++ = '\\';
	if (c == 't' || c == 'n' || c == 'r' || c == '\\') {
		*o->out++ = c;
		return s + 2;
	}
	*o->out++ = '\\';
	return s + 1;
}

static inline const char *
put_value(struct weir_object *o, const char *s, const char *end)
{
	if (*s == '-' || (unsigned char)(*s - '0') < 10) {
		const char *stop = weir_proof_number(s);

		if (stop != NULL && at_end(stop, end)) {
			weir_put_raw(o, s, (size_t)(stop - s));
			return stop;
		}
	}
	*o->out++ = '"';
	for (;;) {
		size_t n = weir_copy_plain(o->out, s, '\t');

		s += n;
		o->out += n;
		if (at_end(s, end))
			break;
		s = *s == '\\' ? put_escape(o, s, end)
			       : weir_put_odd(o, s, end);
	}
	*o->out++ = '"';
	return s;
}

enum weir_verdict
weir_tsv_line(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	size_t i = 0;

	for (;;) {
		const struct weir_field *f = weir_column(k, i++);

		weir_member_begin(o, f);
		s = put_value(o, s, end);
		weir_member_end(o, f);
		if (s == end)
			break;
		s++;
	}
	return weir_columns_end(k, o, i);
}
