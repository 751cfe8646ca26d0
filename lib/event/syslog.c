#include "event/convert.h"

#include <stdio.h>

enum { TIME, HOST, APP, PID, MSGID, FACILITY, SEVERITY, DATA, MESSAGE, PRI };

#define PRI_MAX 191

static const char *const facilities[] = {"kern", "user", "mail", "daemon",
    "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7"};
static const char *const severities[] = {
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

static void
put_name(struct weir_object *o, const struct weir_field *f, const char *name)
{
	size_t len = strlen(name);

	weir_member_begin(o, f);
	*o->out++ = '"';
	memcpy(o->out, name, len);
	o->out += len;
	*o->out++ = '"';
	weir_member_end(o, f);
}

/* `<PRI>` at s: behind it; s if there is none; NULL if it is no good. */
static const char *
read_pri(const char *s, int *pri)
{
	const char *p = s + 1;

	*pri = -1;
	if (*s != '<')
		return s;
	*pri = 0;
	while (p < s + 4 && *p >= '0' && *p <= '9')
		*pri = 10 * *pri + (*p++ - '0');
	if (p == s + 1 || *p != '>' || *pri > PRI_MAX)
		return NULL;
	return p + 1;
}

static void
put_pri(struct weir_converter *k, struct weir_object *o, int pri)
{
	const struct weir_field *f = k->fields.f;
	char text[WEIR_KEY_ROOM];

	if (pri < 0)
		return;
	put_name(o, &f[FACILITY], facilities[pri / 8]);
	put_name(o, &f[SEVERITY], severities[pri % 8]);
	weir_put_json(
	    o, &f[PRI], text, (size_t)snprintf(text, sizeof text, "%d", pri));
}

static void
put_time(struct weir_converter *k, struct weir_object *o, int64_t ns)
{
	const struct weir_field *f = &k->fields.f[TIME];

	weir_member_begin(o, f);
	*o->out++ = '"';
	o->out += weir_time_print(o->out, ns);
	*o->out++ = '"';
	weir_member_end(o, f);
}

/* A member, unless it is empty or a dash. */
static void
put_text(struct weir_converter *k, struct weir_object *o, int i, const char *s,
    const char *end)
{
	if (s == end || (end - s == 1 && *s == '-'))
		return;
	weir_put_string(o, &k->fields.f[i], s, end);
}

static void
put_pid(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	if (s != end && !(end - s == 1 && *s == '-'))
		weir_put_scalar(o, &k->fields.f[PID], s, end);
}

/* --- RFC 5424 --- */

/* Where an SD-NAME at s ends; s if there is none. */
static const char *
sd_name(const char *s, const char *end)
{
	while (s < end && *s != ' ' && *s != '=' && *s != ']' && *s != '"')
		s++;
	return s;
}

/* `name="value"` at s; behind it, or NULL. */
static const char *
put_param(struct weir_object *o, const char *s, const char *end)
{
	const char *p = sd_name(s, end);

	if (p == s || end - p < 2 || p[0] != '=' || p[1] != '"')
		return NULL;
	*o->out++ = '"';
	weir_put_chars(o, s, p);
	memcpy(o->out, "\":\"", 3);
	o->out += 3;
	for (s = p + 2; s < end && *s != '"'; s = p) {
		p = s + 1;
		/* A backslash that escapes nothing is itself. */
		if (*s == '\\' && p < end &&
		    (*p == '"' || *p == '\\' || *p == ']'))
			p = ++s + 1;
		else
			p += weir_span_to(p, '"', '\\');
		if (p > end)
			p = end;
		weir_put_chars(o, s, p);
	}
	*o->out++ = '"';
	return s < end ? s + 1 : NULL;
}

/* One `[id name="value" …]` at s; behind it, or NULL. */
static const char *
put_element(struct weir_object *o, const char *s, const char *end)
{
	const char *p = sd_name(s + 1, end);
	bool first = true;

	if (p == s + 1)
		return NULL;
	*o->out++ = '"';
	weir_put_chars(o, s + 1, p);
	memcpy(o->out, "\":{", 3);
	o->out += 3;
	for (s = p; s < end && *s == ' '; first = false) {
		if (!first)
			*o->out++ = ',';
		s = put_param(o, s + 1, end);
		if (s == NULL)
			return NULL;
	}
	if (s >= end || *s != ']')
		return NULL;
	*o->out++ = '}';
	return s + 1;
}

/* Structured data at s, or a dash; behind it, or NULL. */
static const char *
put_data(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	const struct weir_field *f = &k->fields.f[DATA];

	if (s < end && *s == '-')
		return s + 1;
	if (s >= end || *s != '[')
		return NULL;
	weir_member_begin(o, f);
	for (char before = '{'; s < end && *s == '['; before = ',') {
		*o->out++ = before;
		s = put_element(o, s, end);
		if (s == NULL)
			return NULL;
	}
	*o->out++ = '}';
	weir_member_end(o, f);
	return s;
}

static enum weir_verdict
rfc5424(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	static const int order[] = {TIME, HOST, APP, PID, MSGID};
	int64_t ns;

	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		const char *p = s + weir_span_to(s, ' ', ' ');

		if (p >= end || p == s)
			return weir_refuse(o, "a header field is missing");
		if (order[i] == PID) {
			put_pid(k, o, s, p);
		} else if (order[i] != TIME) {
			put_text(k, o, order[i], s, p);
		} else if (p - s != 1 || *s != '-') {
			if (!weir_time_read(
				&k->syslog.cache, s, (size_t)(p - s), &ns))
				return weir_refuse(o, "the time is no good");
			put_time(k, o, ns);
		}
		s = p + 1;
	}
	s = put_data(k, o, s, end);
	if (s == NULL || (s < end && *s != ' '))
		return weir_refuse(o, "the structured data is no good");
	if (s == end)
		return WEIR_CONVERTED;
	s++;
	if (end - s >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)
		s += 3;
	weir_put_string(o, &k->fields.f[MESSAGE], s, end);
	return WEIR_CONVERTED;
}

/* --- RFC 3164, and what programs make of it --- */

/*
 * Tag and message at s: `app[pid]: text`, `app: text`, or only text (then app
 * is not set).
 */
static void
put_content(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	const char *p = s + weir_span_to(s, ' ', ' '), *tag, *bracket;

	if (p > end)
		p = end;
	tag = p > s && p[-1] == ':' ? p - 1 : p;
	if (tag > s && (tag < p || tag[-1] == ']')) {
		bracket = tag[-1] == ']' ? tag - 1 : s;
		while (bracket > s && *bracket != '[')
			bracket--;
		if (bracket > s) {
			put_text(k, o, APP, s, bracket);
			put_pid(k, o, bracket + 1, tag - 1);
		} else {
			put_text(k, o, APP, s, tag);
		}
		s = p < end ? p + 1 : end;
	}
	weir_put_string(o, &k->fields.f[MESSAGE], s, end);
}

static enum weir_verdict
rfc3164(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	int64_t ns;
	const char *p;

	if (end - s > 10 && *s >= '0' && *s <= '9') {
		p = s + weir_span_to(s, ' ', ' ');
		if (p >= end ||
		    !weir_time_read(&k->syslog.cache, s, (size_t)(p - s), &ns))
			return weir_refuse(o, "the time is no good");
	} else {
		p = weir_syslog_time_read(&k->syslog, s, end, &ns);
		if (p == NULL)
			return weir_refuse(o, "no time where one is expected");
	}
	put_time(k, o, ns);
	if (p == end || *p != ' ')
		return weir_refuse(o, "nothing behind the time");
	s = p + 1;
	p = s + weir_span_to(s, ' ', ' ');
	/* A program on this host may leave it out. */
	if (p < end && p > s && p[-1] != ':') {
		put_text(k, o, HOST, s, p);
		s = p + 1;
	}
	put_content(k, o, s, end);
	return WEIR_CONVERTED;
}

enum weir_verdict
weir_syslog_line(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	enum weir_verdict v;
	int pri;

	s = read_pri(s, &pri);
	if (s == NULL)
		return weir_refuse(o, "the priority is no good");
	if (pri >= 0 && end - s >= 2 && s[0] == '1' && s[1] == ' ')
		v = rfc5424(k, o, s + 2, end);
	else
		v = rfc3164(k, o, s, end);
	if (v != WEIR_CONVERTED)
		return v;
	put_pri(k, o, pri);
	return WEIR_CONVERTED;
}
