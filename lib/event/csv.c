#include "event/columns.h"
#include "json/proof.h"

/* Does a field end at s? */
static inline bool
at_end(const char *s)
{
	return *s == ',' || *s == '\n' || (*s == '\r' && s[1] == '\n');
}

/*
 * The value at s into o: where its delimiter is; NULL if it has no right end,
 * then *s is where it went wrong.
 */
static inline const char *
unquoted(struct weir_object *o, const char **at, const char *stop)
{
	const char *s = *at;

	if (*s == '-' || (unsigned char)(*s - '0') < 10) {
		const char *end = weir_proof_number(s);

		if (end != NULL && at_end(end)) {
			weir_put_raw(o, s, (size_t)(end - s));
			return end;
		}
	}
	*o->out++ = '"';
	for (;;) {
		size_t n = weir_copy_plain(o->out, s, ',');

		s += n;
		o->out += n;
		if (s >= stop) {
			*at = stop;
			return NULL;
		}
		if (at_end(s))
			break;
		if (*s == '"') {
			*at = s;
			o->why = "a quote inside an unquoted field";
			return NULL;
		}
		s = weir_put_odd(o, s, stop);
	}
	*o->out++ = '"';
	return s;
}

/* The same, from behind the opening quote; *at is stop if it is open there. */
static const char *
quoted(
    struct weir_object *o, const char **at, const char *stop, uint32_t *inside)
{
	const char *s = *at;

	*o->out++ = '"';
	for (;;) {
		size_t n = weir_copy_plain(o->out, s, '"');

		if (s >= stop || n >= (size_t)(stop - s)) {
			*at = stop;
			return NULL;
		}
		s += n;
		o->out += n;
		if (*s == '"' && s[1] != '"')
			break;
		*inside += *s == '\n';
		s = weir_put_odd(o, s + (*s == '"'), stop);
	}
	*o->out++ = '"';
	s++;
	if (s < stop && at_end(s))
		return s;
	*at = s;
	o->why = "text behind a field's closing quote";
	return NULL;
}

enum weir_verdict
weir_csv_record(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *stop, const char **end, uint32_t *inside, bool *whole)
{
	size_t i = 0;

	*whole = false;
	*inside = 0;
	for (;;) {
		const struct weir_field *field = weir_column(k, i);
		const char *next;

		weir_member_begin(o, field);
		if (*s == '"') {
			s++;
			next = quoted(o, &s, stop, inside);
		} else {
			next = unquoted(o, &s, stop);
		}
		*end = s;
		if (next == NULL)
			return s == stop ? WEIR_OPEN : WEIR_REFUSED;
		weir_member_end(o, field);
		i++;
		s = next;
		if (*s != ',')
			break;
		s++;
	}
	s += *s == '\r';
	*end = s;
	*whole = true;
	return weir_columns_end(k, o, i);
}
