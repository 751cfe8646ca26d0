/*
 * framer.c - see framer.h.
 */
#include "event/framer.h"

#include "base/mem.h"
#include "event/wire.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_ROWS 512u
#define SLACK	   8 /* elements behind each column, for its padding */
#define PRELUDE	   16
/* Longer names cost more than they save: such events go without an index. */
#define NAMES_BYTES 4096u

void
weir_framer_init(struct weir_framer *f, struct weir_out *out)
{
	*f = (struct weir_framer){.out = out,
	    .watermark = WEIR_TIME_NONE,
	    .watermark_sent = WEIR_TIME_NONE};
	f->text = weir_malloc(out->chunk);
}

void
weir_framer_fini(struct weir_framer *f)
{
	free(f->lens);
	free(f->times);
	free(f->watermarks);
	free(f->flags);
	free(f->index);
	free(f->text);
	weir_buf_fini(&f->raw);
}

/* Room for more rows. */
static void
reserve(struct weir_framer *f, uint32_t more)
{
	size_t cap = f->cap < FIRST_ROWS ? FIRST_ROWS : f->cap, room;

	if (more <= f->cap - f->n)
		return;
	while (cap < f->n + more)
		cap *= 2;
	f->cap = (uint32_t)cap;
	room = cap + SLACK;
	f->lens = weir_realloc(f->lens, room * sizeof *f->lens);
	f->times = weir_realloc(f->times, room * sizeof *f->times);
	f->watermarks =
	    weir_realloc(f->watermarks, room * sizeof *f->watermarks);
	f->flags = weir_realloc(f->flags, room);
	f->index = weir_realloc(
	    f->index, (cap * WEIR_INDEX_MAX + SLACK) * sizeof *f->index);
}

/* A column of len bytes and the zeros that pad it to 8. */
static struct weir_piece
padded(void *column, size_t len)
{
	memset((char *)column + len, 0, weir_pad8(len));
	return (struct weir_piece){column, len + weir_pad8(len)};
}

static int
send_control(struct weir_framer *f, enum weir_frame_kind kind,
    const void *payload, size_t len, struct weir_error *err)
{
	unsigned char header[WEIR_FRAME_HEADER];
	struct weir_piece all[2] = {{header, sizeof header}, {payload, len}};

	weir_frame_write_header(header, kind, 0, f->seq++, all + 1, 1);
	return weir_out_write(f->out, all, 2, err);
}

static int
send_mark(struct weir_framer *f, int64_t t, bool idle, struct weir_error *err)
{
	unsigned char mark[WEIR_FRAME_MARK];

	weir_frame_write_watermark(mark, t, idle);
	f->watermark_sent = t;
	f->idle_sent = idle;
	return send_control(f, WEIR_FRAME_WATERMARK, mark, sizeof mark, err);
}

/* Send the rows with a text that may lie elsewhere. */
static int
send_rows(struct weir_framer *f, const struct weir_piece *text, size_t ntext,
    struct weir_error *err)
{
	static const char no_names[8];
	unsigned char head[WEIR_FRAME_HEADER + PRELUDE];
	unsigned char *prelude = head + WEIR_FRAME_HEADER;
	struct weir_piece all[WEIR_FRAME_PIECES], *p = all;
	size_t n = f->n;

	/* Who was idle says that it is back; only then may it be waited for. */
	if (f->idle_sent && send_mark(f, f->watermark_sent, false, err) < 0)
		return -1;
	weir_put32(prelude, f->mask | WEIR_FRAME_INDEX);
	weir_put32(prelude + 4, 0);
	weir_put64(prelude + 8, (uint64_t)f->watermark);
	*p++ = (struct weir_piece){prelude, PRELUDE};
	*p++ = padded(f->lens, 4 * n);
	if (f->mask & WEIR_FRAME_TIMES)
		*p++ = padded(f->times, 8 * n);
	if (f->mask & WEIR_FRAME_WATERMARKS)
		*p++ = padded(f->watermarks, 8 * n);
	if (f->mask & WEIR_FRAME_FLAGS)
		*p++ = padded(f->flags, n);
	if (f->nnames > 0) {
		*p++ = (struct weir_piece){f->raw.data, f->raw.len};
		*p++ = padded(f->index, 2 * n * f->nnames);
	} else {
		*p++ = (struct weir_piece){no_names, sizeof no_names};
	}
	while (ntext-- > 0)
		*p++ = *text++;
	weir_frame_write_header(
	    head, WEIR_FRAME_EVENTS, f->n, f->seq++, all, (size_t)(p - all));
	all[0] = (struct weir_piece){head, sizeof head};
	f->n = 0;
	f->mask = 0;
	f->nnames = 0;
	f->names_id = 0;
	f->text_len = 0;
	f->watermark_sent = f->watermark;
	return weir_out_write(f->out, all, (size_t)(p - all), err);
}

static int
send_frame(struct weir_framer *f, struct weir_error *err)
{
	struct weir_piece text = {f->text, f->text_len};

	return send_rows(f, &text, 1, err);
}

/* The names section of an index, padded. */
static void
write_names(struct weir_buf *raw, const struct weir_names *names)
{
	size_t bytes = 0, head = 4 + 2 * (size_t)names->n;
	char *p;

	for (uint32_t i = 0; i < names->n; i++)
		bytes += names->name[i].len;
	assert(bytes <= UINT16_MAX);
	raw->len = 0;
	p = weir_buf_reserve(raw, head + bytes + 8);
	weir_put16(p, (uint16_t)names->n);
	weir_put16(p + 2, (uint16_t)bytes);
	for (uint32_t i = 0; i < names->n; i++)
		weir_put16(p + 4 + 2 * i, (uint16_t)names->name[i].len);
	raw->len = head;
	for (uint32_t i = 0; i < names->n; i++)
		weir_buf_add(raw, names->name[i].s, names->name[i].len);
	weir_buf_add(raw, "\0\0\0\0\0\0\0", weir_pad8(raw->len));
}

/* Go on with a block's names, in a new frame if this one has others. */
static int
use_names(struct weir_framer *f, const struct weir_names *names,
    struct weir_error *err)
{
	if (names->id == f->names_id)
		return 1;
	if (f->nnames > 0 && send_frame(f, err) < 0)
		return -1;
	if (names->id != f->raw_id)
		write_names(&f->raw, names);
	f->names_id = f->raw_id = names->id;
	f->nnames = names->n;
	if (f->n > 0) /* were put here before */
		memset(f->index, 0xff, 2 * (size_t)f->n * f->nnames);
	return 1;
}

/* Is there an index worth sending? */
static bool
has_index(const struct weir_framer *f, const struct weir_block *b)
{
	size_t bytes = 0;

	if (b->index == NULL || b->names == NULL || b->names->n == 0)
		return false;
	if (b->names->id == f->raw_id)
		return true;
	for (uint32_t i = 0; i < b->names->n; i++)
		bytes += b->names->name[i].len;
	return bytes <= NAMES_BYTES;
}

uint32_t
weir_events_gapless(
    const struct weir_event *ev, uint32_t n, size_t room, size_t *bytes)
{
	uint32_t k = 0;
	size_t len = 0;

	while (k < n && ev[k].off == ev[0].off + len &&
	    len + ev[k].len + 1 <= room)
		len += (size_t)ev[k++].len + 1;
	*bytes = len;
	return k;
}

static void
add_text(struct weir_framer *f, const char *text, const struct weir_event *ev,
    uint32_t n)
{
	size_t len;

	for (uint32_t k; n > 0; ev += k, n -= k) {
		k = weir_events_gapless(ev, n, SIZE_MAX, &len);
		memcpy(f->text + f->text_len, text + ev->off, len);
		f->text_len += len;
	}
}

/* How many of n events fit into this frame? */
static uint32_t
fitting(const struct weir_framer *f, const struct weir_event *ev, uint32_t n)
{
	size_t row = 4 + 8 + 8 + 1 + 2 * (size_t)f->nnames;
	size_t used = WEIR_FRAME_HEADER + PRELUDE + 4 * 8 +
	    (f->nnames > 0 ? f->raw.len : 0) + f->n * row + f->text_len;
	size_t left = used < f->out->chunk ? f->out->chunk - used : 0;
	uint32_t k = 0;

	if (n > WEIR_FRAME_EVENTS_MAX - f->n)
		n = WEIR_FRAME_EVENTS_MAX - f->n;
	for (; k < n && row + ev[k].len + 1 <= left; k++)
		left -= row + ev[k].len + 1;
	return k;
}

/*
 * Is a run of k events, with nothing waiting before it, as good as a full
 * frame? Then its text is sent from where it lies.
 */
static bool
fills_frame(const struct weir_framer *f, const struct weir_event *ev,
    uint32_t k, struct weir_piece *text)
{
	return f->n == 0 &&
	    weir_events_gapless(ev, k, SIZE_MAX, &text->len) == k &&
	    text->len > f->out->chunk / 2;
}

/* They never fall. */
static void
add_watermarks(struct weir_framer *f, const struct weir_event *ev, uint32_t n,
    int64_t hold_ns)
{
	int64_t last = f->watermark, *to = f->watermarks + f->n;

	for (uint32_t i = 0; i < n; i++) {
		int64_t t = ev[i].watermark;

		if (hold_ns != 0)
			t = weir_time_add(t, -hold_ns);
		last = t > last ? t : last;
		to[i] = (int64_t)WEIR_LE64((uint64_t)last);
	}
	if (last != WEIR_TIME_NONE)
		f->mask |= WEIR_FRAME_WATERMARKS;
	f->watermark = last;
}

/* Rows for n events; index is that of their block, or NULL. */
static void
add_rows(struct weir_framer *f, const struct weir_event *ev, uint32_t n,
    const uint16_t *index, int64_t hold_ns)
{
	uint32_t flags = 0, at = f->n, nnames = f->nnames;
	bool times = false;
	uint16_t *to;

	reserve(f, n);
	to = f->index + (size_t)at * nnames;
	for (uint32_t i = 0; i < n; i++)
		f->lens[at + i] = WEIR_LE32(ev[i].len + 1);
	for (uint32_t i = 0; i < n; i++) {
		times |= ev[i].time != WEIR_TIME_NONE;
		f->times[at + i] = (int64_t)WEIR_LE64((uint64_t)ev[i].time);
	}
	for (uint32_t i = 0; i < n; i++) {
		flags |= ev[i].flags;
		f->flags[at + i] = (unsigned char)ev[i].flags;
	}
	add_watermarks(f, ev, n, hold_ns);
	f->mask |= (times ? WEIR_FRAME_TIMES : 0) |
	    (flags != 0 ? WEIR_FRAME_FLAGS : 0);
	if (index == NULL)
		memset(to, 0xff, 2 * (size_t)n * nnames);
	for (uint32_t i = 0; index != NULL && i < n; i++, to += nnames)
		for (uint32_t j = 0; j < nnames; j++)
			to[j] = WEIR_LE16(index[i * WEIR_INDEX_MAX + j]);
	f->n += n;
	f->idle = false;
}

int
weir_framer_pass(struct weir_framer *f, const struct weir_block *b, uint32_t i,
    uint32_t n, int64_t hold_ns, struct weir_error *err)
{
	bool indexed = has_index(f, b);

	if (indexed && use_names(f, b->names, err) < 0)
		return -1;
	while (n > 0) {
		const struct weir_event *ev = b->events + i;
		const uint16_t *index =
		    indexed ? b->index + (size_t)i * WEIR_INDEX_MAX : NULL;
		uint32_t k = fitting(f, ev, n);
		struct weir_piece text;

		if (k == 0 && f->n > 0) {
			if (send_frame(f, err) < 0 ||
			    (indexed && use_names(f, b->names, err) < 0))
				return -1;
			continue;
		}
		text =
		    (struct weir_piece){b->text + ev->off, (size_t)ev->len + 1};
		if (k == 0 || fills_frame(f, ev, k, &text)) {
			/* k is 0: larger than a frame should be */
			k = k == 0 ? 1 : k;
			add_rows(f, ev, k, index, hold_ns);
			if (send_rows(f, &text, 1, err) < 0 ||
			    (indexed && use_names(f, b->names, err) < 0))
				return -1;
		} else {
			add_text(f, b->text, ev, k);
			add_rows(f, ev, k, index, hold_ns);
		}
		i += k;
		n -= k;
	}
	return 1;
}

int
weir_framer_put(struct weir_framer *f, const char *text, size_t len,
    const struct weir_event *row, struct weir_error *err)
{
	struct weir_piece large[2] = {{text, len}, {"\n", 1}};

	if (fitting(f, row, 1) == 0) {
		if (f->n > 0 && send_frame(f, err) < 0)
			return -1;
		if (fitting(f, row, 1) == 0) {
			add_rows(f, row, 1, NULL, 0);
			return send_rows(f, large, 2, err);
		}
	}
	memcpy(f->text + f->text_len, text, len);
	f->text[f->text_len + len] = '\n';
	f->text_len += len + 1;
	add_rows(f, row, 1, NULL, 0);
	return 1;
}

bool
weir_framer_dirty(const struct weir_framer *f)
{
	return f->n > 0 || f->watermark > f->watermark_sent ||
	    f->idle != f->idle_sent;
}

int
weir_framer_control(struct weir_framer *f, enum weir_frame_kind kind,
    const void *payload, size_t len, struct weir_error *err)
{
	assert(f->n == 0);
	return send_control(f, kind, payload, len, err);
}

int
weir_framer_flush(struct weir_framer *f, struct weir_error *err)
{
	if (f->n > 0 && send_frame(f, err) < 0)
		return -1;
	return !weir_framer_dirty(f) ? 1
				     : send_mark(f, f->watermark, f->idle, err);
}
