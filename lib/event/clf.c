#include "event/convert.h"

#include <ctype.h>

#define TIME_LEN 20 /* 2000-10-10T20:55:36Z */

enum {
	HOST,
	IDENT,
	USER,
	TIME,
	METHOD,
	PATH,
	PROTOCOL,
	REQUEST,
	STATUS,
	BYTES,
	REFERER,
	AGENT
};

/* What a request that splits consists of. */
struct request {
	const char *path, *path_end, *protocol;
};

static inline int
digit(char c)
{
	return (unsigned char)(c - '0') < 10 ? c - '0' : -1;
}

/* Two digits, or -1. */
static inline int
two(const char *s)
{
	int a = digit(s[0]), b = digit(s[1]);

	return a < 0 || b < 0 ? -1 : 10 * a + b;
}

static int
month(const char *s)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (memcmp(s, names + 3 * i, 3) == 0)
			return i + 1;
	return -1;
}

/* `10/Oct/2000:13:55:36 -0700` into ns since 1970. */
static bool
read_time(const char *s, int64_t *ns)
{
	int day = two(s), mon = month(s + 3), hour = two(s + 12);
	int century = two(s + 7), year = two(s + 9);
	int min = two(s + 15), sec = two(s + 18), east;

	if (s[2] != '/' || s[6] != '/' || s[11] != ':' || s[14] != ':' ||
	    s[17] != ':' || s[20] != ' ' || day < 1 || mon < 1 || century < 0 ||
	    year < 0 || hour < 0 || hour > 23 || min < 0 || min > 59 ||
	    sec < 0 || sec > 60)
		return false;
	year += 100 * century;
	if (day > weir_month_days(year, mon) ||
	    weir_zone_read(s + 21, 5, &east) != 5)
		return false;
	return weir_time_join(weir_days_from_civil(year, mon, day) * 86400 +
		       hour * 3600 + min * 60 + sec - east,
		   0, ns) == 1;
}

/*
 * The time at s as RFC 3339 text in quotes: 22 bytes. Within a minute only the
 * seconds change, whatever the zone.
 */
static bool
put_time(struct weir_clf_time *t, struct weir_object *o, const char *s)
{
	int64_t ns;

	if (memcmp(s, t->date, sizeof t->date) != 0 ||
	    memcmp(s + 21, t->zone, sizeof t->zone) != 0 || s[20] != ' ' ||
	    (unsigned char)(s[18] - '0') > 5 || digit(s[19]) < 0) {
		if (!read_time(s, &ns) ||
		    weir_time_print(t->text, ns) != TIME_LEN)
			return false;
		memcpy(t->date, s, sizeof t->date);
		memcpy(t->zone, s + 21, sizeof t->zone);
		/* A 60th second belongs to the next minute. */
		if (s[18] == '6')
			t->date[0] = '\0';
	} else {
		t->text[17] = s[18];
		t->text[18] = s[19];
	}
	*o->out++ = '"';
	memcpy(o->out, t->text, TIME_LEN);
	o->out += TIME_LEN;
	*o->out++ = '"';
	return true;
}

static int
hex(char c)
{
	int d = digit(c);

	if (d >= 0)
		return d;
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that the escape at s stands for, and its length; 0 if it is none. */
static size_t
unescape(const char *s, const char *end, char *c)
{
	static const char from[] = "\"\\nrtbvf", to[] = "\"\\\n\r\t\b\v\f";
	const char *p;

	if (end - s >= 4 && s[1] == 'x' && hex(s[2]) >= 0 && hex(s[3]) >= 0) {
		*c = (char)(hex(s[2]) << 4 | hex(s[3]));
		return 4;
	}
	p = end - s >= 2 && s[1] != '\0' ? strchr(from, s[1]) : NULL;
	if (p == NULL)
		return 0;
	*c = to[p - from];
	return 2;
}

/*
 * Text with escapes. Bytes that were escaped but are no UTF-8 stay as they are
 * written, for a scanner's noise is no reason to lose the line.
 */
static void
put_escaped(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	while (s < end) {
		const char *run = s;
		struct weir_object probe = *o;
		char c;
		size_t n;

		k->scratch.len = 0;
		while (run < end && *run == '\\' &&
		    (n = unescape(run, end, &c)) > 0) {
			weir_buf_putc(&k->scratch, c);
			run += n;
		}
		if (run == s) {
			const char *next =
			    memchr(s + 1, '\\', (size_t)(end - s - 1));

			run = next != NULL ? next : end;
			weir_put_chars(o, s, run);
		} else {
			n = k->scratch.len;
			weir_buf_putc(&k->scratch, '\n');
			memset(weir_buf_reserve(&k->scratch, WEIR_PAD), 0,
			    WEIR_PAD);
			probe.why = NULL;
			weir_put_chars(
			    &probe, k->scratch.data, k->scratch.data + n);
			if (probe.why != NULL)
				weir_put_chars(o, s, run);
			else
				o->out = probe.out;
		}
		s = run;
	}
}

/* A member, unless its text is just a dash. */
static void
put_text(struct weir_converter *k, struct weir_object *o, int i, const char *s,
    const char *end)
{
	const struct weir_field *f = &k->fields.f[i];

	if (end - s == 1 && *s == '-')
		return;
	weir_member_begin(o, f);
	*o->out++ = '"';
	if (memchr(s, '\\', (size_t)(end - s)) != NULL)
		put_escaped(k, o, s, end);
	else
		weir_put_chars(o, s, end);
	*o->out++ = '"';
	weir_member_end(o, f);
}

/* Does the request consist of method, path and protocol? */
static bool
split(const char *s, const char *end, struct request *r)
{
	const char *p = s;

	while (
	    p < end && (isalpha((unsigned char)*p) || *p == '-' || *p == '_'))
		p++;
	if (p == s || p == end || *p != ' ')
		return false;
	r->path = p + 1;
	for (p = end; p > r->path && p[-1] != ' ';)
		p--;
	r->protocol = p;
	r->path_end = p - 1;
	return r->path_end > r->path && end - p > 5 &&
	    memcmp(p, "HTTP/", 5) == 0;
}

static void
put_request(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	struct request r;

	if (!split(s, end, &r)) {
		put_text(k, o, REQUEST, s, end);
		return;
	}
	put_text(k, o, METHOD, s, r.path - 1);
	put_text(k, o, PATH, r.path, r.path_end);
	put_text(k, o, PROTOCOL, r.protocol, end);
}

/* Digits or a dash at s; where they end, or NULL. */
static const char *
put_number(
    struct weir_converter *k, struct weir_object *o, int i, const char *s)
{
	const char *end;

	if (*s == '-')
		return s + 1;
	/* nginx writes 000 for a request that came to nothing. */
	while (*s == '0' && digit(s[1]) >= 0)
		s++;
	end = weir_scan_digits(s);
	if (end == s)
		return NULL;
	weir_put_json(o, &k->fields.f[i], s, (size_t)(end - s));
	return end;
}

/* The end of the quoted text that begins behind s: its quote, or NULL. */
static const char *
quoted(const char *s, const char *end)
{
	if (*s != '"')
		return NULL;
	for (s++; s < end; s += 2) {
		s += weir_span_to(s, '"', '\\');
		if (s < end && *s == '"')
			return s;
	}
	return NULL;
}

/* Up to the time: where its bracket is, or NULL. */
static const char *
put_client(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	const char *p = s + weir_span_to(s, ' ', ' ');

	if (p >= end || p == s)
		return NULL;
	put_text(k, o, HOST, s, p);
	s = p + 1;
	p = s + weir_span_to(s, ' ', ' ');
	if (p >= end || p == s)
		return NULL;
	put_text(k, o, IDENT, s, p);
	s = p + 1;
	/* A user's name may have spaces in it. */
	for (p = s; p < end; p++) {
		p += weir_span_to(p, '[', '[');
		if (p < end && p > s && p[-1] == ' ' && end - p > 28 &&
		    p[27] == ']')
			break;
	}
	if (p >= end || p - 1 <= s)
		return NULL;
	put_text(k, o, USER, s, p - 1);
	return p + 1;
}

static enum weir_verdict
put_rest(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	bool combined = k->format == WEIR_FORMAT_COMBINED;
	const char *p = quoted(s, end);

	if (p == NULL)
		return weir_refuse(o, "no request in quotes");
	put_request(k, o, s + 1, p);
	s = p + 1;
	if (*s != ' ' || (s = put_number(k, o, STATUS, s + 1)) == NULL)
		return weir_refuse(o, "no status behind the request");
	if (*s != ' ' || (s = put_number(k, o, BYTES, s + 1)) == NULL)
		return weir_refuse(o, "no size behind the status");
	for (int i = REFERER; combined && i <= AGENT; i++) {
		p = *s == ' ' ? quoted(s + 1, end) : NULL;
		if (p == NULL)
			return weir_refuse(
			    o, "no referer and agent in quotes: is it clf?");
		put_text(k, o, i, s + 2, p);
		s = p + 1;
	}
	if (s == end)
		return WEIR_CONVERTED;
	return weir_refuse(o,
	    combined ? "text behind the agent"
		     : "text behind the size: is it combined?");
}

enum weir_verdict
weir_clf_line(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	const struct weir_field *f = &k->fields.f[TIME];

	s = put_client(k, o, s, end);
	if (s == NULL)
		return weir_refuse(o, "not a line of a common log");
	weir_member_begin(o, f);
	if (!put_time(&k->clf, o, s))
		return weir_refuse(o, "no time in brackets");
	weir_member_end(o, f);
	s += 27;
	if (*s != ' ')
		return weir_refuse(o, "no request behind the time");
	return put_rest(k, o, s + 1, end);
}
