#include "event/decode.h"

#include "base/mem.h"

#include <string.h>

#define RS	   0x1e
#define RETRY_MIN  65536 /* below, trying a record again costs nothing */
#define AROUND	   2	 /* RS and newline, around a text of max_line */
#define BLANKS_MAX 65536 /* behind a text; they are not kept for ever */

/* Text between two RS, or before the first; blanks around it are cut off. */
struct record {
	size_t start, end; /* all of it, from its RS */
	size_t text, len;
	bool rs;   /* it begins with RS */
	bool open; /* no RS ends it yet: perhaps more of it comes */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void
weir_seq_arrived(struct weir_reader *r)
{
	if (r->tail.len > 0)
		weir_long_arrived(r, RS);
	if (r->tail.len == 0 || r->tail.done)
		r->ready = r->end;
}

void
weir_seq_end(struct weir_reader *r)
{
	if (r->tail.len > 0)
		weir_long_end(r);
	r->last = true;
	r->ready = r->end;
}

/* The record at *at, behind blanks; false if there are only blanks. */
static bool
find_record(struct weir_reader *r, size_t *at, struct record *rec)
{
	const char *buf = r->buf, *next;
	size_t from;

	while (*at < r->end && is_blank(buf[*at]))
		++*at;
	if (*at == r->end)
		return false;
	rec->start = *at;
	rec->rs = buf[*at] == RS;
	rec->text = *at + rec->rs;
	from = r->scanned > rec->text ? r->scanned : rec->text;
	next = memchr(buf + from, RS, r->end - from);
	rec->open = next == NULL && !r->last;
	rec->end = next == NULL ? r->end : (size_t)(next - buf);
	if (next == NULL)
		r->scanned = r->end;
	rec->len = rec->end - rec->text;
	while (rec->len > 0 && is_blank(buf[rec->text + rec->len - 1]))
		rec->len--;
	while (rec->len > 0 && is_blank(buf[rec->text])) {
		rec->text++;
		rec->len--;
	}
	return true;
}

/*
 * Newlines between an object's tokens become spaces: an event is one line. One
 * behind the object ends the record: returns where it is, or len.
 */
static size_t
join_lines(char *s, size_t len)
{
	bool inside = false;
	size_t depth = 0;

	if (memchr(s, '\n', len) == NULL)
		return len;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"')
			inside = !inside;
		else if (inside)
			i += s[i] == '\\';
		else if (s[i] == '{' || s[i] == '[')
			depth++;
		else if ((s[i] == '}' || s[i] == ']') && depth > 0)
			depth--;
		else if (s[i] == '\n' && depth == 0)
			return i;
		else if (s[i] == '\n')
			s[i] = ' ';
	}
	return len;
}

void
weir_seq_raw(char *raw, size_t len)
{
	size_t at = 1;

	if (len == 0 || raw[0] != RS)
		return;
	while (at < len && is_blank(raw[at]))
		at++;
	join_lines(raw + at, len - at);
}

/* Is what lies between the two too much for a record? */
static bool
over(const struct weir_reader *r, size_t start, size_t end)
{
	return end - start > r->c.max_line + AROUND;
}

/*
 * Is the record, or what it holds up to a newline, an event? Its slots and
 * index go to row n; what follows the newline is left for later.
 */
static bool
prove(struct weir_reader *r, struct record *rec, uint32_t n)
{
	char *s = r->buf + rec->text, *stop, save;
	uint16_t *index =
	    r->index ? r->index + (size_t)n * WEIR_INDEX_MAX : NULL;
	size_t len, end;
	bool good;

	if (!rec->rs || rec->len == 0)
		return false;
	len = join_lines(s, rec->len);
	/* While nothing follows, only a newline says that it is whole. */
	if (rec->open && len == rec->len &&
	    memchr(s + len, '\n', rec->end - rec->text - len) == NULL)
		return false;
	end = len < rec->len ? rec->text + len + 1 : rec->end;
	while (is_blank(s[len - 1]))
		len--;
	if (over(r, rec->start, rec->text + len) ||
	    end - rec->start > 2 * r->c.max_line + BLANKS_MAX)
		return false;
	stop = s + len;
	save = *stop;
	*stop = '\n';
	good = weir_prover_line(r->c.prover, s,
		   r->slots + (size_t)n * r->nslots, index) == stop;
	*stop = save;
	if (good) {
		rec->len = len;
		rec->end = end;
	}
	return good;
}

/*
 * A record that nothing follows yet is complete if a newline behind it is here
 * and it is an event. Long ones are tried again only when they have doubled.
 */
static bool
complete(struct weir_reader *r, struct record *rec, uint32_t n)
{
	if (!over(r, rec->start, rec->end) &&
	    (r->buf[rec->end - 1] != '\n' || rec->len < r->retry))
		return false;
	if (prove(r, rec, n)) {
		r->retry = 0;
		return true;
	}
	r->retry = rec->len < RETRY_MIN ? 0 : rec->len * 2;
	return false;
}

/* Can what is here of an open record not become one any more? */
static bool
hopeless(const struct weir_reader *r)
{
	size_t end = r->end;

	if (!over(r, r->pos, end) || r->last)
		return false;
	if (end - r->pos > 2 * r->c.max_line + BLANKS_MAX)
		return true;
	while (end > r->pos && is_blank(r->buf[end - 1]))
		end--;
	return over(r, r->pos, end);
}

static int
bad_record(
    struct weir_reader *r, const struct record *rec, struct weir_error *err)
{
	char *raw = r->buf + rec->start;
	size_t len = rec->end - rec->start;

	r->retry = 0;
	if (over(r, rec->start, rec->end)) {
		weir_seq_raw(raw, len);
		return weir_reader_over(r, raw, len, len, err);
	}
	if (rec->rs) {
		weir_reader_consume(r, rec->text, 0);
		return weir_reader_judge(r, r->buf + rec->text, rec->len, err);
	}
	return weir_reader_bad(
	    r, "text outside of a record", raw, len, len, err);
}

/* Take record rec as event n, behind the events that end at out. */
static size_t
take(struct weir_reader *r, const struct record *rec, uint32_t n, size_t out)
{
	/* Its RS makes room for the newline. */
	memmove(r->buf + out, r->buf + rec->text, rec->len);
	r->buf[out + rec->len] = '\n';
	r->from[n] = (struct weir_from){(uint32_t)(rec->text - r->pos),
	    (uint32_t)rec->len, (uint32_t)(out - r->pos)};
	r->events[n] = (struct weir_event){
	    .off = (uint32_t)(out - r->pos),
	    .len = (uint32_t)rec->len,
	    .time = WEIR_TIME_NONE,
	    .watermark = WEIR_TIME_NONE,
	    .line = n,
	};
	return out + rec->len + 1;
}

/*
 * Gather events from pos on, up to the first record that is none; *to is how
 * far they reach.
 */
static int
gather(struct weir_reader *r, uint32_t *n, size_t *to, struct weir_error *err)
{
	size_t out = r->pos;
	struct record rec;

	*n = 0;
	*to = r->pos;
	while (*n < r->rows && find_record(r, to, &rec)) {
		if (*n == 0) {
			weir_reader_consume(r, rec.start, 0);
			out = r->pos;
		}
		if (rec.open ? complete(r, &rec, *n) : prove(r, &rec, *n)) {
			out = take(r, &rec, *n, out);
			++*n;
		} else if (rec.open || (rec.len > 0 && *n > 0)) {
			return 1;
		} else if (rec.len > 0) {
			if (bad_record(r, &rec, err) < 0)
				return -1;
			weir_reader_consume(r, rec.end, 1);
		}
		*to = rec.end;
	}
	return 1;
}

int
weir_seq_next(
    struct weir_reader *r, struct weir_read_item *item, struct weir_error *err)
{
	uint32_t n;
	size_t to;

	if (r->tail.len > 0 && !r->tail.done)
		return 0;
	if (r->tail.done && weir_long_next(r, err) < 0)
		return -1;
	weir_reader_rows(r);
	if (r->from == NULL)
		r->from = weir_malloc(WEIR_BLOCK_EVENTS * sizeof *r->from);
	if (gather(r, &n, &to, err) < 0)
		return -1;
	if (n > 0) {
		item->kind = WEIR_ITEM_EVENTS;
		weir_reader_block(r, &item->block, r->pos, n);
		item->block.origin = item->block.text;
		item->block.from = r->from;
		weir_reader_consume(r, to, n);
		r->counts.events += n;
		r->counts.lines += n;
		return 1;
	}
	weir_reader_consume(r, to, 0);
	r->ready = r->pos;
	if (hopeless(r))
		weir_long_arrived(r, RS);
	return 0;
}
