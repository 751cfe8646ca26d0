/*
 * channel.c - events that an input has read and not processed, as state.
 *
 * At a barrier they are all that lies ahead of it: the rest of the block in hand,
 * what a restored stage has not come to yet, and what is behind in the reader
 * and in the queue. The process that captures has its own copy of all that and
 * simply decodes on. Each event becomes a line of the part.
 *
 * Restored, they become frames in a file without a name, which is read before
 * the input itself. Those in the block had their times from -t already; they are
 * so many at the beginning. The others get them as they would have.
 */
#define _GNU_SOURCE
#include "stream/runtime.h"

#include "json/check.h"
#include "json/value.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define DEEP 256

/* --- saving --- */

static void
put_time(struct weir_buf *out, const char *name, int64_t t)
{
	if (t != WEIR_TIME_NONE)
		weir_buf_printf(out, ",\"%s\":%lld", name, (long long)t);
}

/* A line may be no deeper than an event: what is deep goes as a string. */
static void
put_event(struct weir_buf *out, const char *s, size_t len)
{
	size_t opened = 0, i;

	for (i = 0; i < len && opened < DEEP; i++)
		opened += s[i] == '{' || s[i] == '[';
	if (opened < DEEP) {
		weir_buf_puts(out, ",\"event\":");
		weir_buf_add(out, s, len);
	} else {
		weir_buf_puts(out, ",\"text\":");
		weir_json_string(out, s, len);
	}
}

/* One line: an event, or (NULL) a watermark alone. */
static int
put_line(struct weir_snapshot_writer *w, const struct weir_input *in,
    const char *text, const struct weir_event *e, struct weir_error *err)
{
	struct weir_buf line = {0};
	int got;

	weir_buf_printf(&line, "{\"input\":%zu", in->i);
	put_time(&line, "watermark", e->watermark);
	if (text != NULL) {
		put_time(&line, "time", e->time);
		if (e->flags & WEIR_RETRACT)
			weir_buf_puts(&line, ",\"retract\":true");
		put_event(&line, text + e->off, e->len);
	}
	weir_buf_putc(&line, '}');
	got = weir_snapshot_line(w, line.data, line.len, err);
	weir_buf_fini(&line);
	return got;
}

static int
put_block(struct weir_snapshot_writer *w, const struct weir_input *in,
    uint32_t from, struct weir_error *err)
{
	const struct weir_block *b = &in->item.block;
	struct weir_event after = {.watermark = b->watermark_after};
	uint32_t i;

	for (i = from; i < b->n; i++)
		if (put_line(w, in, b->text, &b->events[i], err) < 0)
			return -1;
	return b->watermark_after == WEIR_TIME_NONE
	    ? 1
	    : put_line(w, in, NULL, &after, err);
}

/* The next item of what was read: 1, 0 if that is all, -1. */
static int
decode_on(struct weir_input *in, struct weir_error *err)
{
	int got;

	while ((got = weir_input_decode(in, err)) == 0) {
		if (weir_reader_done(in->reader))
			return 0;
		got = weir_reader_fill(in->reader, err);
		if (got < 0 || got == WEIR_GOT_NOTHING)
			return got < 0 ? -1 : 0;
	}
	return got;
}

/* Decode on as far as barrier n, the end, or all there is. */
static int
put_rest(struct weir_snapshot_writer *w, struct weir_input *in, uint64_t n,
    struct weir_error *err)
{
	struct weir_read_item *item = &in->item;
	struct weir_event mark;
	int got;

	while ((got = decode_on(in, err)) > 0) {
		if (item->kind == WEIR_ITEM_END ||
		    (item->kind == WEIR_ITEM_BARRIER &&
			item->barrier.checkpoint >= n))
			return 1;
		mark = (struct weir_event){.watermark = item->watermark};
		if (item->kind == WEIR_ITEM_WATERMARK)
			got = put_line(w, in, NULL, &mark, err);
		else if (item->kind == WEIR_ITEM_EVENTS)
			got = put_block(w, in, 0, err);
		if (got < 0)
			return -1;
	}
	return got;
}

/* Does the item in hand stand for the place up to which is captured? */
static bool
stands(const struct weir_input *in, uint64_t n)
{
	return in->have &&
	    (in->item.kind == WEIR_ITEM_END ||
		(in->item.kind == WEIR_ITEM_BARRIER &&
		    in->item.barrier.checkpoint >= n));
}

uint64_t
weir_channel_assigned(const struct weir_input *in)
{
	uint64_t n = in->assigned;

	if (in->have && in->item.kind == WEIR_ITEM_EVENTS)
		n += in->item.block.n - in->at;
	return n;
}

int
weir_channel_save(struct weir_stage *st, struct weir_snapshot_writer *w,
    uint64_t n, struct weir_error *err)
{
	size_t i;

	for (i = 0; i < st->ninputs; i++) {
		struct weir_input *in = &st->inputs[i];

		if (in->table || in->reader == NULL || stands(in, n))
			continue;
		if (in->have && in->item.kind == WEIR_ITEM_EVENTS &&
		    put_block(w, in, in->at, err) < 0)
			return -1;
		in->have = false;
		if (put_rest(w, in, n, err) < 0)
			return -1;
	}
	return weir_snapshot_line(w, "{\"input\":null}", 14, err);
}

/* --- restoring --- */

struct line {
	int64_t input, time, watermark;
	bool last, retract;
	struct weir_str event;
};

static int
read_member(struct line *l, struct weir_str name, const struct weir_value *v)
{
	char why[128];

	if (weir_str_eq(name, "event")) {
		l->event = (struct weir_str){v->s, v->aux};
		return v->kind == WEIR_JSON && v->aux >= 2 && *v->s == '{';
	}
	if (weir_str_eq(name, "text")) {
		l->event = (struct weir_str){v->s, v->aux};
		return v->kind == WEIR_STRING &&
		    weir_check(v->s, v->aux, why, sizeof why) == 1;
	}
	if (weir_str_eq(name, "retract")) {
		l->retract = v->kind == WEIR_BOOL && v->b;
		return 1;
	}
	if (weir_str_eq(name, "input") && v->kind == WEIR_NULL) {
		l->last = true;
		return 1;
	}
	if (weir_str_eq(name, "input"))
		l->input = v->i;
	else if (weir_str_eq(name, "time"))
		l->time = v->i;
	else if (weir_str_eq(name, "watermark"))
		l->watermark = v->i;
	else
		return 1;
	return v->kind == WEIR_INT;
}

static bool
read_line(struct line *l, struct weir_str text, struct weir_arena *a)
{
	struct weir_value v =
	    weir_value_open(weir_value_read(text.s, text.len, a), a);
	size_t i;

	*l = (struct line){
	    .input = -1, .time = WEIR_TIME_NONE, .watermark = WEIR_TIME_NONE};
	if (v.kind != WEIR_MAP)
		return false;
	for (i = 0; i < v.map->n; i++) {
		struct weir_str name = {v.map->keys[i].s, v.map->keys[i].aux};

		if (!read_member(l, name, &v.map->values[i]))
			return false;
	}
	return l->last || l->input >= 0;
}

/* The input's file; the writer is not the stage's output. */
static int
begin_past(struct weir_input *in, struct weir_error *err)
{
	const char *dir = weir_stage_spill_dir(in->stage);
	struct weir_hello none = {0};

	if (in->past_writer != NULL)
		return 1;
	in->past_fd = weir_queue_file(dir);
	if (in->past_fd < 0)
		return weir_fail_errno(
		    err, "cannot keep in %s what was in between", dir);
	in->past_writer = weir_writer_new(in->past_fd, WEIR_FORMAT_FRAMES);
	return weir_writer_hello(in->past_writer, &none, err);
}

int
weir_channel_load(
    struct weir_stage *st, struct weir_str text, struct weir_error *err)
{
	struct weir_arena *a = weir_stage_arena(st);
	struct weir_input *in;
	struct line l;

	weir_arena_reset(a);
	if (!read_line(&l, text, a))
		return weir_fail(err, WEIR_STATE,
		    "a saved event of an input makes no sense");
	if (l.last)
		return 0;
	in = l.input < (int64_t)st->ninputs ? &st->inputs[l.input] : NULL;
	if (in == NULL || in->table)
		return weir_fail(err, WEIR_STATE,
		    "saved events of an input that is not there: the stage has "
		    "other inputs than when they were saved");
	if (begin_past(in, err) < 0)
		return -1;
	if (l.event.s != NULL) {
		if (weir_writer_put(in->past_writer, l.event.s, l.event.len,
			l.time, l.watermark, l.retract ? WEIR_RETRACT : 0,
			err) < 0)
			return -1;
		/* So that a block has events of one kind. */
		if (in->past_put++ + 1 == in->assigned)
			return weir_writer_flush(in->past_writer, err);
		return 1;
	}
	weir_writer_watermark(in->past_writer, l.watermark, false);
	return weir_writer_flush(in->past_writer, err);
}

/* At a place of our own: a forked child shares that of the file. */
static int
read_past(void *ctx, char *buf, size_t cap, size_t *got, struct weir_error *err)
{
	struct weir_input *in = ctx;
	ssize_t n;

	do
		n = pread(in->past_fd, buf, cap, in->past_at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return weir_fail_errno(err, "cannot read what was in between");
	*got = (size_t)n;
	in->past_at += n;
	return n > 0 ? WEIR_GOT_DATA : WEIR_GOT_END;
}

int
weir_channel_begin(struct weir_stage *st, struct weir_error *err)
{
	struct weir_end end = {.reason = WEIR_COMPLETE};
	size_t i;

	for (i = 0; i < st->ninputs; i++) {
		struct weir_input *in = &st->inputs[i];
		struct weir_source_config sc = {.fd = in->past_fd};

		if (in->assigned > in->past_put)
			return weir_fail(err, WEIR_STATE,
			    "saved events of an input are missing");
		if (in->past_writer == NULL)
			continue;
		if (weir_writer_end(in->past_writer, &end, err) < 0)
			return -1;
		weir_writer_free(in->past_writer);
		in->past_writer = NULL;
		in->past_source = weir_source_open(&sc, err);
		if (in->past_source == NULL)
			return -1;
		in->past_at = 0;
		weir_source_set_via(in->past_source, read_past, in);
		in->past = weir_input_reader(in, in->past_source);
	}
	return 1;
}

void
weir_channel_end(struct weir_input *in)
{
	weir_reader_free(in->past);
	weir_source_close(in->past_source);
	weir_writer_free(in->past_writer);
	if (in->past_fd > 0)
		close(in->past_fd);
	in->past = NULL;
	in->past_source = NULL;
	in->past_writer = NULL;
	in->past_fd = 0;
}
