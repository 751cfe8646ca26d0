#define _GNU_SOURCE
#include "event/decode.h"

#include "json/check.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX    ((size_t)256 << 10) /* a block ends when it has so much */
#define OVER_HEADER "the header is over the limit"
#define TEXT_KEEP   ((size_t)8 << 20) /* room that stays allocated */

/* What was found at some place. */
struct record {
	size_t len; /* without its newline */
	uint32_t lines;
	bool over; /* the limit */
};

static bool
has_header(const struct weir_converter *k)
{
	return k->format == WEIR_FORMAT_CSV || k->format == WEIR_FORMAT_TSV;
}

/*
 * While a quoted field of csv is open, only a newline outside of quotes can be
 * the end of its record: no byte is looked at twice.
 */
static bool
record_ended(struct weir_reader *r)
{
	const char *s = r->buf + r->scanned, *end = r->buf + r->end;
	bool ended = false;

	r->buf[r->end] = '\n'; /* stops the scan */
	for (; s < end && !ended; s++) {
		s += weir_span_to(s, '"', '"');
		if (s < end && *s == '"')
			r->conv.inside = !r->conv.inside;
		else if (s < end)
			ended = !r->conv.inside;
	}
	r->buf[r->end] = '\0';
	r->scanned = r->end;
	return ended;
}

void
weir_convert_arrived(struct weir_reader *r)
{
	const char *last;

	if (!r->conv.open) {
		weir_lines_arrived(r);
		return;
	}
	if (!record_ended(r) && r->end - r->pos <= r->c.max_line)
		return;
	last = memrchr(r->buf + r->pos, '\n', r->end - r->pos);
	r->ready = (size_t)(last + 1 - r->buf);
	r->conv.open = false;
}

void
weir_convert_end(struct weir_reader *r)
{
	r->last = true;
	r->conv.open = false;
	/* An open record may well end in a newline. */
	if (r->tail.len == 0 && r->end > r->pos && r->buf[r->end - 1] == '\n')
		r->ready = r->scanned = r->end;
	else
		weir_lines_end(r);
}

/* More of the record at pos has to come. */
static void
wait_for_more(struct weir_reader *r)
{
	r->conv.open = true;
	r->conv.inside = true;
	r->scanned = r->ready;
	record_ended(r);
	r->ready = r->pos;
}

static bool
blank(const struct weir_converter *k, const char *s, size_t len)
{
	switch (k->format) {
	case WEIR_FORMAT_LINES: return false;
	case WEIR_FORMAT_CSV:
	case WEIR_FORMAT_TSV:
	case WEIR_FORMAT_REGEX: return len == 0 || (len == 1 && *s == '\r');
	default: return weir_blank(s, len);
	}
}

/*
 * A record of csv. One that is quoted wrongly, or is not closed within the
 * limit, costs the line that it begins with; what is behind is tried again.
 */
static enum weir_verdict
convert_csv(struct weir_reader *r, struct weir_object *o, const char *s,
    struct record *rec)
{
	const char *ready = r->buf + r->ready, *stop = ready, *end, *first;
	size_t max = r->c.max_line, left = (size_t)(r->buf + r->end - s);
	enum weir_verdict v;
	uint32_t inside;
	bool whole;

	/* Newline or not: what is within the limit decides. */
	if (left > max)
		stop = s + max + 1;
	r->buf[r->end] = '\n'; /* stops the scan */
	v = weir_csv_record(r->conv.k, o, s, stop, &end, &inside, &whole);
	r->buf[r->end] = '\0';
	rec->len = (size_t)(end - s);
	rec->lines = inside + 1;
	rec->over = false;
	if (whole && rec->len <= max)
		return v;
	if (v == WEIR_OPEN && !r->last && left <= max)
		return WEIR_OPEN;
	/* What is wrong at the limit itself cannot be known: CR LF or not. */
	if (v != WEIR_REFUSED || whole || rec->len >= max)
		o->why = "a quoted field is not closed";
	first = memchr(s, '\n', (size_t)(ready - s));
	rec->len = (size_t)(first - s);
	rec->lines = 1;
	rec->over = rec->len > max;
	return WEIR_REFUSED;
}

static enum weir_verdict
convert_line(struct weir_reader *r, struct weir_object *o, const char *s,
    struct record *rec)
{
	const char *end = s + rec->len;

	if (end > s && end[-1] == '\r')
		end--;
	return weir_convert_line(r->conv.k, o, s, end);
}

/* Make what was converted an object; is it within the limit? */
static bool
close_object(struct weir_reader *r, struct weir_object *o)
{
	struct weir_convert_in *c = &r->conv;
	size_t len;

	if (o->out == o->text)
		o->out++;
	o->text[0] = '{';
	*o->out++ = '}';
	len = (size_t)(o->out - o->text);
	if (len > r->c.max_line) {
		snprintf(c->k->why, sizeof c->k->why,
		    "its JSON text of %zu bytes is over the limit of %zu", len,
		    r->c.max_line);
		o->why = c->k->why;
		return false;
	}
	*o->out++ = '\n';
	memset(o->out, 0, WEIR_PAD);
	c->text.len += len + 1;
	if (c->k->nested && c->k->format == WEIR_FORMAT_SYSLOG)
		weir_prover_line(r->c.prover, o->text, o->slots, NULL);
	return true;
}

/* The record at s, as row n behind the text there is. */
static enum weir_verdict
convert(struct weir_reader *r, const char *s, uint32_t n, struct weir_object *o,
    struct record *rec)
{
	struct weir_convert_in *c = &r->conv;
	bool csv = c->k->format == WEIR_FORMAT_CSV;
	const char *ready = r->buf + r->ready;
	size_t room = (size_t)(r->buf + r->end - s);
	enum weir_verdict v;

	*rec = (struct record){.lines = 1};
	if (!csv || *s == '\n' || *s == '\r') {
		const char *nl = memchr(s, '\n', (size_t)(ready - s));

		rec->len = (size_t)(nl - s);
		/* Too long before blank: where reads end must not matter. */
		rec->over = rec->len > r->c.max_line;
		if (!rec->over && blank(c->k, s, rec->len))
			return WEIR_BLANK;
		if (rec->over && !csv)
			return WEIR_REFUSED;
		room = csv ? room : rec->len;
	}
	*o = (struct weir_object){.slots = r->slots + (size_t)n * r->nslots};
	if (r->index != NULL) {
		o->index = r->index + (size_t)n * WEIR_INDEX_MAX;
		memset(o->index, 0, WEIR_INDEX_MAX * sizeof *o->index);
	}
	for (uint32_t i = 0; i < r->nslots; i++)
		o->slots[i] = (struct weir_slot){0, 0};
	o->text = o->out = weir_buf_reserve(
	    &c->text, weir_converter_room(c->k, room) + WEIR_PAD);
	v = csv ? convert_csv(r, o, s, rec) : convert_line(r, o, s, rec);
	if (v == WEIR_CONVERTED && (c->k->named || !has_header(c->k)) &&
	    !close_object(r, o))
		v = WEIR_REFUSED;
	return v;
}

/*
 * Records from pos on, up to the first that is no event: how many are. *to is
 * where they end, and *lines of how many lines they were.
 */
static uint32_t
gather(struct weir_reader *r, size_t *to, uint32_t *lines, enum weir_verdict *v,
    struct weir_object *o, struct record *rec)
{
	struct weir_convert_in *c = &r->conv;
	uint32_t n = 0;

	*to = r->pos;
	*lines = 0;
	c->text.len = 0;
	while (*to < r->ready && n < r->rows && c->text.len < TEXT_MAX) {
		size_t at = c->text.len;

		*v = convert(r, r->buf + *to, n, o, rec);
		if (*v != WEIR_CONVERTED)
			break;
		r->events[n] = (struct weir_event){
		    .off = (uint32_t)at,
		    .len = (uint32_t)(c->text.len - at - 1),
		    .time = WEIR_TIME_NONE,
		    .watermark = WEIR_TIME_NONE,
		    .line = *lines,
		};
		r->from[n++] = (struct weir_from){(uint32_t)(*to - r->pos),
		    (uint32_t)rec->len, (uint32_t)(*to - r->pos)};
		*to += rec->len + 1;
		*lines += rec->lines;
	}
	return n;
}

static void
give(struct weir_reader *r, struct weir_block *b, uint32_t n)
{
	weir_reader_block(r, b, r->pos, n);
	b->origin = b->text;
	b->text = r->conv.text.data;
	b->from = r->from;
}

/* The record at pos is no event. 1, 0 to wait, -1. */
static int
odd_record(struct weir_reader *r, enum weir_verdict v,
    const struct weir_object *o, const struct record *rec,
    struct weir_error *err)
{
	const char *s = r->buf + r->pos;
	int ret = 1;

	if (v == WEIR_OPEN) {
		wait_for_more(r);
		return 0;
	}
	if (v == WEIR_BLANK) {
		r->counts.blank++;
		r->counts.lines++;
	} else if (rec->over) {
		ret = weir_reader_over(r, s, rec->len, rec->len, err);
	} else {
		ret = weir_reader_bad(r, o->why, s, rec->len, rec->len, err);
		r->counts.lines += rec->lines - 1;
	}
	weir_reader_consume(r, r->pos + rec->len + 1, rec->lines);
	return ret;
}

static int
bad_header(const struct weir_reader *r, const char *why, struct weir_error *err)
{
	char shown[WEIR_SOURCE_SHOWN];

	return weir_fail(err, WEIR_INPUT, "%s:%llu: %s",
	    weir_source_shown(r->source, shown),
	    (unsigned long long)r->line + 1, why);
}

/* The first record of a file names the columns. 1, 0 to wait, -1. */
static int
take_header(struct weir_reader *r, struct weir_error *err)
{
	struct weir_converter *k = r->conv.k;
	const char *s = r->buf + r->pos, *end;
	struct weir_error inner = {.text = OVER_HEADER};
	struct weir_object o;
	struct record rec;
	enum weir_verdict v;
	int ret = -1;

	r->conv.text.len = 0;
	v = convert(r, s, 0, &o, &rec);
	if (v == WEIR_OPEN || v == WEIR_BLANK)
		return odd_record(r, v, &o, &rec, err);
	end = s + rec.len;
	if (end > s && end[-1] == '\r')
		end--;
	if (!rec.over)
		ret = weir_converter_header(k, s, end, &inner);
	if (ret < 0)
		return bad_header(r, inner.text, err);
	r->counts.lines += rec.lines;
	weir_reader_consume(r, r->pos + rec.len + 1, rec.lines);
	return 1;
}

static void
begin(struct weir_reader *r)
{
	struct weir_convert_in *c = &r->conv;

	if (!c->begun)
		weir_converter_begin(c->k, weir_source_time(r->source));
	c->begun = true;
	if (c->text.cap > TEXT_KEEP)
		weir_buf_fini(&c->text);
	weir_reader_rows(r);
	weir_converter_bind(c->k);
}

int
weir_convert_next(
    struct weir_reader *r, struct weir_read_item *item, struct weir_error *err)
{
	struct weir_object o;
	enum weir_verdict v = WEIR_BLANK;
	struct record rec;
	uint32_t n, lines;
	size_t to;
	int ret;

	if (r->tail.done) {
		begin(r);
		if (has_header(r->conv.k) && !r->conv.k->named)
			return bad_header(r, OVER_HEADER, err);
		if (weir_long_next(r, err) < 0)
			return -1;
	}
	while (r->pos < r->ready) {
		begin(r);
		if (has_header(r->conv.k) && !r->conv.k->named) {
			ret = take_header(r, err);
			if (ret <= 0)
				return ret;
			continue;
		}
		n = gather(r, &to, &lines, &v, &o, &rec);
		if (n == 0) {
			ret = odd_record(r, v, &o, &rec, err);
			if (ret <= 0)
				return ret;
			continue;
		}
		item->kind = WEIR_ITEM_EVENTS;
		give(r, &item->block, n);
		weir_reader_consume(r, to, lines);
		r->counts.events += n;
		r->counts.lines += lines;
		return 1;
	}
	return 0;
}
