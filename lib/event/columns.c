#include "event/columns.h"

#include "base/mem.h"
#include "json/unescape.h"

#include <stdio.h>
#include <stdlib.h>

#define EXTRA_KEY 4 /* `,"":` */

static const char extra_key[EXTRA_KEY + WEIR_KEY_ROOM] = ",\"\":";
const struct weir_field weir_column_extra = {
    extra_key, EXTRA_KEY, WEIR_NO_SLOT, WEIR_NO_SLOT};

enum weir_verdict
weir_columns_end(struct weir_converter *k, struct weir_object *o, size_t n)
{
	if (n != k->fields.n && k->named) {
		snprintf(k->why, sizeof k->why,
		    "%zu field%s where the header has %zu", n,
		    n == 1 ? "" : "s", k->fields.n);
		return weir_refuse(o, k->why);
	}
	return o->why != NULL ? WEIR_REFUSED : WEIR_CONVERTED;
}

/* The values of the row in o as names; how many, or more than there is room. */
static size_t
take_names(const struct weir_object *o, struct weir_str *names, char *texts)
{
	const char *s = o->text;
	size_t n = 0;

	while (s < o->out && n < WEIR_FIELDS_MAX) {
		const char *value = s + EXTRA_KEY;
		size_t len;

		s = weir_json_skip(value);
		len = (size_t)(s - value);
		if (*value == '"')
			len =
			    weir_json_unescape(value + 1, len - 2, texts, len);
		else
			memcpy(texts, value, len);
		names[n++] = (struct weir_str){texts, len};
		texts += len;
	}
	return s < o->out ? WEIR_FIELDS_MAX + 1 : n;
}

/* The row at s, as an object whose members have no names. */
static enum weir_verdict
convert(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	const char *stopped;
	uint32_t inside;
	bool whole;

	if (k->format == WEIR_FORMAT_TSV)
		return weir_tsv_line(k, o, s, end);
	return weir_csv_record(k, o, s, end + 1, &stopped, &inside, &whole);
}

int
weir_converter_header(struct weir_converter *k, const char *s, const char *end,
    struct weir_error *err)
{
	size_t len = (size_t)(end - s);
	struct weir_buf text = {0};
	struct weir_object o = {0};
	struct weir_str *names;
	char *texts;
	size_t n;
	int r = -1;

	k->named = false;
	if (len > WEIR_HEADER_MAX)
		return weir_fail(err, WEIR_INPUT,
		    "the header has more than %d bytes", WEIR_HEADER_MAX);
	if (memchr(s, '\0', len) != NULL)
		return weir_fail(
		    err, WEIR_INPUT, "the header has a NUL byte in it");
	weir_fields_fini(&k->fields);
	o.text = o.out =
	    weir_buf_reserve(&text, weir_converter_room(k, len) + WEIR_PAD);
	names = weir_malloc(WEIR_FIELDS_MAX * sizeof *names);
	texts = weir_malloc(WEIR_EXPANSION * (len + 1) + WEIR_OBJECT_ROOM);
	if (convert(k, &o, s, end) != WEIR_CONVERTED) {
		weir_fail(err, WEIR_INPUT, "the header is no good: %s",
		    o.why ? o.why : "a quoted field is not closed");
	} else {
		*o.out = '\n';
		n = take_names(&o, names, texts);
		if (n > WEIR_FIELDS_MAX)
			weir_fail(err, WEIR_INPUT,
			    "the header has more than %d columns",
			    WEIR_FIELDS_MAX);
		else
			r = weir_fields_init(&k->fields, names, n, err);
	}
	if (r > 0) {
		k->named = true;
		k->bound = 0;
		k->header.len = 0;
		weir_buf_add(&k->header, s, len);
	}
	free(names);
	free(texts);
	weir_buf_fini(&text);
	return r;
}
