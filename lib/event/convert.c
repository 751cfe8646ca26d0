#include "event/convert.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "expr/regex.h"
#include "json/proof.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const clf_names[] = {"host", "ident", "user", "time",
    "method", "path", "protocol", "request", "status", "bytes", "referer",
    "agent"};
static const char *const syslog_names[] = {"time", "host", "app", "pid",
    "msgid", "facility", "severity", "data", "message", "pri"};
static const char *const line_names[] = {"line"};

/* Formats whose fields are always the same. */
static const struct {
	enum weir_format format;
	const char *const *names;
	size_t n;
} fixed[] = {
    {WEIR_FORMAT_CLF, clf_names, 10},
    {WEIR_FORMAT_COMBINED, clf_names, 12},
    {WEIR_FORMAT_SYSLOG, syslog_names, 10},
    {WEIR_FORMAT_LINES, line_names, 1},
};

bool
weir_convert_is(enum weir_format format)
{
	return format >= WEIR_FORMAT_CSV && format <= WEIR_FORMAT_REGEX;
}

bool
weir_convert_has_time(enum weir_format format)
{
	return format == WEIR_FORMAT_CLF || format == WEIR_FORMAT_COMBINED ||
	    format == WEIR_FORMAT_SYSLOG;
}

static void
open_fixed(struct weir_converter *k)
{
	struct weir_str names[WEIR_INDEX_MAX];

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		if (fixed[i].format != k->format)
			continue;
		for (size_t j = 0; j < fixed[i].n; j++)
			names[j] = weir_str(fixed[i].names[j]);
		weir_fields_init(&k->fields, names, fixed[i].n, NULL);
	}
}

/* --header=a,b,c is a line of csv, whatever the format of the rows. */
static int
open_header(
    struct weir_converter *k, const char *header, struct weir_error *err)
{
	size_t len = strlen(header);
	enum weir_format format = k->format;
	char *line = weir_calloc(1, len + 1 + WEIR_PAD);
	int r;

	memcpy(line, header, len);
	line[len] = '\n';
	k->format = WEIR_FORMAT_CSV;
	r = weir_converter_header(k, line, line + len, err);
	k->format = format;
	k->given = true;
	free(line);
	if (r < 0 && err != NULL)
		err->status = WEIR_USAGE;
	return r;
}

struct weir_converter *
weir_converter_new(enum weir_format format,
    const struct weir_convert_options *o, struct weir_prover *prover,
    struct weir_error *err)
{
	struct weir_converter *k = weir_calloc(1, sizeof *k);
	int r = 1;

	k->format = format;
	k->prover = prover;
	/* From its middle, every day of a year is nearest in that year. */
	if (o->year > 0)
		k->syslog.near_s =
		    (weir_days_from_civil(o->year, 1, 1) +
			weir_days_from_civil(o->year + 1, 1, 1)) *
		    43200;
	k->syslog.begun = o->year > 0;
	open_fixed(k);
	if (format == WEIR_FORMAT_LOGFMT)
		k->logfmt = weir_logfmt_new();
	else if (format == WEIR_FORMAT_REGEX)
		r = weir_regex_open(k, o->regex, err);
	else if (o->header != NULL &&
	    (format == WEIR_FORMAT_CSV || format == WEIR_FORMAT_TSV))
		r = open_header(k, o->header, err);
	if (r > 0)
		return k;
	weir_converter_free(k);
	return NULL;
}

void
weir_converter_free(struct weir_converter *k)
{
	if (k == NULL)
		return;
	weir_fields_fini(&k->fields);
	weir_logfmt_free(k->logfmt);
	weir_regex_free(k->regex);
	free(k->groups);
	weir_buf_fini(&k->header);
	weir_buf_fini(&k->scratch);
	free(k);
}

void
weir_converter_begin(struct weir_converter *k, int64_t near_s)
{
	k->header.len = 0;
	k->named = k->given;
	if (!k->syslog.begun)
		k->syslog.near_s = near_s;
}

void
weir_converter_bind(struct weir_converter *k)
{
	size_t n = weir_prover_slots(k->prover);
	int nested;

	if (k->bound == n + 1)
		return;
	k->bound = n + 1;
	weir_fields_bind(&k->fields, k->prover);
	if (k->logfmt != NULL)
		weir_logfmt_bind(k->logfmt, k->prover);
	k->nested = false;
	for (size_t i = 0; i < n; i++) {
		weir_prover_slot_name(k->prover, i, &nested);
		k->nested |= nested != 0;
	}
}

struct weir_str
weir_converter_context(struct weir_converter *k)
{
	if (k->format == WEIR_FORMAT_SYSLOG && k->syslog.begun) {
		k->header.len = 0;
		weir_buf_printf(
		    &k->header, "%lld", (long long)k->syslog.near_s);
	}
	return (struct weir_str){k->header.data, k->header.len};
}

int
weir_converter_resume(
    struct weir_converter *k, struct weir_str context, struct weir_error *err)
{
	struct weir_buf b = {0};
	int r = 1;

	if (context.len == 0)
		return 1;
	weir_buf_add(&b, context.s, context.len);
	weir_buf_putc(&b, '\n');
	memset(weir_buf_reserve(&b, WEIR_PAD), 0, WEIR_PAD);
	if (k->format == WEIR_FORMAT_SYSLOG) {
		k->syslog.near_s = strtoll(b.data, NULL, 10);
		k->syslog.begun = true;
	} else if ((k->format == WEIR_FORMAT_CSV ||
		       k->format == WEIR_FORMAT_TSV) &&
	    !k->given) {
		r = weir_converter_header(k, b.data, b.data + context.len, err);
		if (r < 0 && err != NULL)
			err->status = WEIR_STATE;
	}
	weir_buf_fini(&b);
	return r;
}

size_t
weir_converter_room(const struct weir_converter *k, size_t len)
{
	/* Members of logfmt and syslog's data are made of the line itself. */
	size_t times = k->regex != NULL ? WEIR_REGEX_OVERLAP : 1;

	return WEIR_EXPANSION * times * (len + 1) + k->fields.keys_len +
	    8 * k->fields.n + WEIR_OBJECT_ROOM;
}

static enum weir_verdict
text_line(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	weir_put_string(o, &k->fields.f[0], s, end);
	return WEIR_CONVERTED;
}

static enum weir_verdict
line(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	switch (k->format) {
	case WEIR_FORMAT_TSV: return weir_tsv_line(k, o, s, end);
	case WEIR_FORMAT_LOGFMT: return weir_logfmt_line(k, o, s, end);
	case WEIR_FORMAT_CLF:
	case WEIR_FORMAT_COMBINED: return weir_clf_line(k, o, s, end);
	case WEIR_FORMAT_SYSLOG: return weir_syslog_line(k, o, s, end);
	case WEIR_FORMAT_REGEX: return weir_regex_line(k, o, s, end);
	default: return text_line(k, o, s, end);
	}
}

enum weir_verdict
weir_convert_line(struct weir_converter *k, struct weir_object *o,
    const char *s, const char *end)
{
	enum weir_verdict v = line(k, o, s, end);

	return v == WEIR_CONVERTED && o->why != NULL ? WEIR_REFUSED : v;
}

bool
weir_is_number(const char *s, const char *end)
{
	return weir_proof_number(s) == end;
}

const char *
weir_put_odd(struct weir_object *o, const char *s, const char *end)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	static const char hex[] = "0123456789abcdef";
	unsigned char c = (unsigned char)*s;
	const char *p = c != 0 ? strchr(from, c) : NULL, *run = s;
	size_t n;

	if (p != NULL) {
		*o->out++ = '\\';
		*o->out++ = to[p - from];
		return s + 1;
	}
	if (c < 0x20) {
		memcpy(o->out, "\\u00", 4);
		o->out[4] = hex[c >> 4];
		o->out[5] = hex[c & 15];
		o->out += 6;
		return s + 1;
	}
	if (c < 0x80) {
		*o->out++ = *s;
		return s + 1;
	}
	while (run < end && (unsigned char)*run >= 0x80)
		run++;
	n = weir_utf8_valid(s, (size_t)(run - s));
	memcpy(o->out, s, n);
	o->out += n;
	if (n < (size_t)(run - s))
		o->why = "invalid UTF-8";
	return run;
}
