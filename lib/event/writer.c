/*
 * writer.c - lines and sequences, and the face before framer and renderers.
 */
#include "event/writer.h"

#include "base/mem.h"
#include "event/framer.h"
#include "event/render.h"
#include "event/retract.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define RS '\x1e' /* starts a JSON text of RFC 7464 */

struct weir_writer {
	struct weir_out out;
	enum weir_format format;
	struct weir_framer framer; /* frames */
	char *buf;		   /* lines and sequences, out.chunk bytes */
	size_t len;
	uint64_t events;
	int64_t watermark;
	struct weir_buf control; /* a payload being written */
	struct weir_buf marked;	 /* a retraction as text */
	/* Other formats: their text until it is written. */
	struct weir_render *render;
	struct weir_buf text;
	weir_misfit_fn *misfit;
	void *ctx;
};

struct weir_writer *
weir_writer_new(int fd, enum weir_format format)
{
	struct weir_writer *w = weir_calloc(1, sizeof *w);

	assert(format != WEIR_FORMAT_AUTO);
	weir_out_init(&w->out, fd);
	w->format = format;
	w->watermark = WEIR_TIME_NONE;
	if (format == WEIR_FORMAT_FRAMES)
		weir_framer_init(&w->framer, &w->out);
	else if (weir_render_is(format))
		w->render = weir_render_new(format, NULL);
	else
		w->buf = weir_malloc(w->out.chunk);
	return w;
}

void
weir_writer_free(struct weir_writer *w)
{
	if (w == NULL)
		return;
	if (w->format == WEIR_FORMAT_FRAMES)
		weir_framer_fini(&w->framer);
	free(w->buf);
	weir_buf_fini(&w->control);
	weir_buf_fini(&w->marked);
	weir_render_free(w->render);
	weir_buf_fini(&w->text);
	free(w);
}

void
weir_writer_shape(struct weir_writer *w, const struct weir_shape *shape,
    weir_misfit_fn *misfit, void *ctx)
{
	if (w->render == NULL)
		return;
	assert(w->events == 0);
	weir_render_free(w->render);
	w->render = weir_render_new(w->format, shape);
	w->misfit = misfit;
	w->ctx = ctx;
}

/* Write out what is collected as lines or sequences. */
static int
drain(struct weir_writer *w, struct weir_error *err)
{
	struct weir_piece piece = {w->buf, w->len};

	if (w->render != NULL) {
		piece = (struct weir_piece){w->text.data, w->text.len};
		w->text.len = 0;
	}
	w->len = 0;
	return piece.len == 0 ? 1 : weir_out_write(&w->out, &piece, 1, err);
}

static int
pass_lines(struct weir_writer *w, const char *text, const struct weir_event *ev,
    uint32_t n, struct weir_error *err)
{
	size_t cap = w->out.chunk, len;

	for (uint32_t k; n > 0; ev += k, n -= k) {
		struct weir_piece piece = {text + ev->off, 0};

		k = weir_events_gapless(ev, n, cap - w->len, &len);
		if (k == 0 && w->len > 0) {
			if (drain(w, err) < 0)
				return -1;
			continue;
		}
		if (k == 0) {
			k = 1;
			len = (size_t)ev->len + 1;
		}
		piece.len = len;
		if (len > cap || (w->len == 0 && len >= cap / 2)) {
			/* As good as a full buffer: from where it lies. */
			if (weir_out_write(&w->out, &piece, 1, err) < 0)
				return -1;
		} else {
			memcpy(w->buf + w->len, piece.p, len);
			w->len += len;
		}
	}
	return 1;
}

/* One event, led in by RS in a sequence. */
static int
add_text(
    struct weir_writer *w, const char *text, size_t len, struct weir_error *err)
{
	size_t lead = w->format == WEIR_FORMAT_SEQ, need = lead + len + 1;
	struct weir_piece large[3] = {{"\x1e", lead}, {text, len}, {"\n", 1}};

	if (need > w->out.chunk - w->len && drain(w, err) < 0)
		return -1;
	if (need > w->out.chunk)
		return weir_out_write(&w->out, large, 3, err);
	if (lead)
		w->buf[w->len++] = RS;
	memcpy(w->buf + w->len, text, len);
	w->len += len;
	w->buf[w->len++] = '\n';
	return 1;
}

/*
 * The text of an event, of *len bytes, with what follows it there; a retraction
 * says that it is one.
 */
static const char *
text_of(struct weir_writer *w, const char *text, const struct weir_event *ev,
    size_t *len)
{
	struct weir_buf *out = &w->marked;

	*len = ev->len;
	if ((ev->flags & WEIR_RETRACT) == 0)
		return text + ev->off;
	out->len = 0;
	weir_retract_write(out, text + ev->off, ev->len);
	*len = out->len;
	weir_buf_putc(out, '\n');
	memset(weir_buf_reserve(out, WEIR_PAD), 0, WEIR_PAD);
	return out->data;
}

static int
pass_each(struct weir_writer *w, const struct weir_block *b, uint32_t i,
    uint32_t n, struct weir_error *err)
{
	for (const struct weir_event *ev = b->events + i; n > 0; ev++, n--) {
		size_t len;
		const char *text = text_of(w, b->text, ev, &len);

		if (add_text(w, text, len, err) < 0)
			return -1;
	}
	return 1;
}

static int
pass_rendered(struct weir_writer *w, const struct weir_block *b, uint32_t i,
    uint32_t n, struct weir_error *err)
{
	uint32_t end = i + n;
	const char *why;
	size_t len;

	for (; i < end; i++) {
		if (weir_render_event(w->render,
			text_of(w, b->text, &b->events[i], &len), &w->text,
			&why)) {
			w->events++;
		} else if (w->misfit == NULL) {
			return weir_fail(err, WEIR_INPUT, "%s", why);
		} else if (w->misfit(w->ctx, b, i, why, err) < 0) {
			return -1;
		}
		if (w->text.len >= w->out.chunk && drain(w, err) < 0)
			return -1;
	}
	return 1;
}

int
weir_writer_pass(struct weir_writer *w, const struct weir_block *b, uint32_t i,
    uint32_t n, int64_t hold_ns, struct weir_error *err)
{
	int64_t last;

	assert(i <= b->n && n <= b->n - i && hold_ns >= 0);
	if (n == 0)
		return 1;
	if (w->render == NULL)
		w->events += n;
	if (w->format == WEIR_FORMAT_FRAMES)
		return weir_framer_pass(&w->framer, b, i, n, hold_ns, err);
	last = weir_time_add(b->events[i + n - 1].watermark, -hold_ns);
	if (last > w->watermark)
		w->watermark = last;
	if (w->render != NULL)
		return pass_rendered(w, b, i, n, err);
	return w->format == WEIR_FORMAT_SEQ ||
		weir_retract_any(b->events + i, n)
	    ? pass_each(w, b, i, n, err)
	    : pass_lines(w, b->text, b->events + i, n, err);
}

/* As a block of its own, with the bytes behind it that readers of it need. */
static int
put_block(struct weir_writer *w, const char *text, size_t len,
    struct weir_event *row, struct weir_error *err)
{
	struct weir_block b = {.n = 1, .events = row, .source = "a result"};

	w->control.len = 0;
	weir_buf_reserve(&w->control, len + 1 + WEIR_PAD);
	memcpy(w->control.data, text, len);
	w->control.data[len] = '\n';
	memset(w->control.data + len + 1, 0, WEIR_PAD);
	b.text = w->control.data;
	return w->render != NULL ? pass_rendered(w, &b, 0, 1, err)
				 : pass_each(w, &b, 0, 1, err);
}

int
weir_writer_put(struct weir_writer *w, const char *text, size_t len,
    int64_t time, int64_t watermark, uint32_t flags, struct weir_error *err)
{
	struct weir_event row = {.len = (uint32_t)len,
	    .time = time,
	    .watermark = watermark,
	    .flags = flags};

	assert(len >= WEIR_FRAME_EVENT_MIN - 1 && len < UINT32_MAX / 2);
	if (w->render == NULL)
		w->events++;
	if (w->format == WEIR_FORMAT_FRAMES)
		return weir_framer_put(&w->framer, text, len, &row, err);
	if (watermark > w->watermark)
		w->watermark = watermark;
	if (w->render != NULL || flags != 0)
		return put_block(w, text, len, &row, err);
	return add_text(w, text, len, err);
}

void
weir_writer_watermark(struct weir_writer *w, int64_t t, bool idle)
{
	int64_t *mark = w->format == WEIR_FORMAT_FRAMES ? &w->framer.watermark
							: &w->watermark;

	if (t > *mark)
		*mark = t;
	w->framer.idle = idle;
}

int
weir_writer_flush(struct weir_writer *w, struct weir_error *err)
{
	return w->format == WEIR_FORMAT_FRAMES
	    ? weir_framer_flush(&w->framer, err)
	    : drain(w, err);
}

int
weir_writer_rest(struct weir_writer *w, struct weir_error *err)
{
	if (w->render != NULL)
		weir_render_rest(w->render, &w->text);
	return weir_writer_dirty(w) ? weir_writer_flush(w, err) : 1;
}

/* Flush, then send the payload in w->control. */
static int
send_control(
    struct weir_writer *w, enum weir_frame_kind kind, struct weir_error *err)
{
	if (weir_writer_flush(w, err) < 0)
		return -1;
	return w->format != WEIR_FORMAT_FRAMES
	    ? 1
	    : weir_framer_control(
		  &w->framer, kind, w->control.data, w->control.len, err);
}

int
weir_writer_hello(
    struct weir_writer *w, const struct weir_hello *h, struct weir_error *err)
{
	assert(w->framer.seq == 0);
	w->control.len = 0;
	weir_hello_write(&w->control, h);
	return send_control(w, WEIR_FRAME_HELLO, err);
}

int
weir_writer_barrier(
    struct weir_writer *w, const struct weir_barrier *b, struct weir_error *err)
{
	struct weir_barrier counted = *b;

	counted.events = w->events;
	w->control.len = 0;
	weir_barrier_write(&w->control, &counted);
	return send_control(w, WEIR_FRAME_BARRIER, err);
}

int
weir_writer_end(
    struct weir_writer *w, const struct weir_end *e, struct weir_error *err)
{
	struct weir_end counted = *e;

	counted.events = w->events;
	if (w->render != NULL)
		weir_render_end(w->render, &w->text);
	w->control.len = 0;
	weir_end_write(&w->control, &counted);
	return send_control(w, WEIR_FRAME_END, err);
}

void
weir_writer_stop_on(struct weir_writer *w, const volatile sig_atomic_t *stop)
{
	w->out.stop = stop;
}

bool
weir_writer_broken(const struct weir_writer *w)
{
	return w->out.broken;
}

bool
weir_writer_dirty(const struct weir_writer *w)
{
	if (w->format == WEIR_FORMAT_FRAMES)
		return weir_framer_dirty(&w->framer);
	if (w->render != NULL)
		return w->text.len > 0 || weir_render_holds(w->render);
	return w->len > 0;
}

uint64_t
weir_writer_events(const struct weir_writer *w)
{
	return w->events;
}

uint64_t
weir_writer_bytes(const struct weir_writer *w)
{
	return w->out.bytes;
}

int64_t
weir_writer_sent(const struct weir_writer *w)
{
	return w->format == WEIR_FORMAT_FRAMES ? w->framer.watermark
					       : w->watermark;
}
