#define _GNU_SOURCE
#include "event/decode.h"

#include "json/check.h"

#include <string.h>

static const char bom[] = "\xEF\xBB\xBF";

/* Bytes up to buf + to belong to the line, too; keep what is to be shown. */
static void
add_long(struct weir_reader *r, size_t to)
{
	struct weir_long_line *t = &r->tail;
	size_t n = to - (r->pos + t->kept), room = WEIR_BAD_RAW_MAX - t->kept;

	t->len += n;
	t->kept += n < room ? n : room;
}

void
weir_long_arrived(struct weir_reader *r, char delimiter)
{
	struct weir_long_line *t = &r->tail;
	const char *at = NULL;

	if (t->len > 0)
		at =
		    memchr(r->buf + r->scanned, delimiter, r->end - r->scanned);
	if (at == NULL) {
		add_long(r, r->end);
		r->end = r->scanned = r->pos + t->kept;
		return;
	}
	t->end = (size_t)(at - r->buf);
	add_long(r, t->end);
	t->done = true;
}

void
weir_long_end(struct weir_reader *r)
{
	r->tail.done = true;
	r->tail.end = r->end;
}

int
weir_long_next(struct weir_reader *r, struct weir_error *err)
{
	struct weir_long_line t = r->tail;
	bool newline = t.end < r->end && r->buf[t.end] == '\n';
	int ret;

	if (!t.done)
		return 0;
	if (r->format == WEIR_FORMAT_SEQ)
		weir_seq_raw(r->buf + r->pos, t.kept);
	ret = weir_reader_over(r, r->buf + r->pos, t.kept, t.len, err);
	r->pos = t.end;
	r->offset += t.len;
	r->line++;
	if (newline) {
		r->pos++;
		r->offset++;
	}
	r->tail = (struct weir_long_line){0};
	return ret;
}

/* A byte order mark at the beginning of a file is not part of its first line. */
static void
skip_bom(struct weir_reader *r)
{
	if (r->end - r->pos < 3)
		return;
	r->fresh = false;
	if (r->offset == 0 && memcmp(r->buf + r->pos, bom, 3) == 0)
		weir_reader_consume(r, r->pos + 3, 0);
	if (r->scanned < r->pos)
		r->scanned = r->pos;
}

void
weir_lines_arrived(struct weir_reader *r)
{
	const char *last;

	if (r->fresh)
		skip_bom(r);
	if (r->tail.len > 0) {
		weir_long_arrived(r, '\n');
		if (!r->tail.done)
			return;
	}
	last = memrchr(r->buf + r->scanned, '\n', r->end - r->scanned);
	r->scanned = r->end;
	if (last != NULL)
		r->ready = (size_t)(last + 1 - r->buf);
	else if (r->end - r->pos > r->c.max_line)
		weir_long_arrived(r, '\n');
}

void
weir_lines_end(struct weir_reader *r)
{
	if (r->tail.len > 0) {
		weir_long_end(r);
	} else if (r->end > r->pos && r->end > r->ready) {
		r->buf[r->end++] = '\n';
		r->added = true;
	}
	r->ready = r->scanned = r->end;
}

/* Prove lines from pos on; returns how many are events. */
static uint32_t
prove(struct weir_reader *r)
{
	struct weir_prover *p = r->c.prover;
	const char *start = r->buf + r->pos, *s = start;
	const char *stop = r->buf + r->ready;
	struct weir_slot *slots = r->slots;
	uint16_t *index = r->index;
	uint32_t n = 0;

	while (s < stop && n < r->rows) {
		const char *nl = weir_prover_line(p, s, slots, index);

		if (nl == NULL || (size_t)(nl - s) > r->c.max_line) {
			r->refused = true;
			break;
		}
		r->events[n] = (struct weir_event){
		    .off = (uint32_t)(s - start),
		    .len = (uint32_t)(nl - s),
		    .time = WEIR_TIME_NONE,
		    .watermark = WEIR_TIME_NONE,
		    .line = n,
		};
		n++;
		slots += r->nslots;
		if (index != NULL)
			index += WEIR_INDEX_MAX;
		s = nl + 1;
	}
	return n;
}

/* The line at pos is no event: blank, or bad. */
static int
odd_line(struct weir_reader *r, struct weir_error *err)
{
	const char *s = r->buf + r->pos;
	const char *nl = memchr(s, '\n', r->ready - r->pos);
	size_t len = (size_t)(nl - s);
	int ret = 1;

	r->refused = false;
	if (len > r->c.max_line) {
		ret = weir_reader_over(r, s, len, len, err);
	} else if (weir_blank(s, len)) {
		r->counts.blank++;
		r->counts.lines++;
	} else {
		ret = weir_reader_judge(r, s, len, err);
	}
	weir_reader_consume(r, r->pos + len + 1, 1);
	return ret;
}

int
weir_lines_next(
    struct weir_reader *r, struct weir_read_item *item, struct weir_error *err)
{
	uint32_t n;
	size_t start, end;

	if (r->tail.done && weir_long_next(r, err) < 0)
		return -1;
	while (r->pos < r->ready) {
		if (r->refused) {
			if (odd_line(r, err) < 0)
				return -1;
			continue;
		}
		weir_reader_rows(r);
		n = prove(r);
		if (n == 0)
			continue;
		start = r->pos;
		end = start + r->events[n - 1].off + r->events[n - 1].len + 1;
		item->kind = WEIR_ITEM_EVENTS;
		weir_reader_block(r, &item->block, start, n);
		weir_reader_consume(r, end, n);
		r->counts.events += n;
		r->counts.lines += n;
		return 1;
	}
	return 0;
}
