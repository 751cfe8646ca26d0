/*
 * ending.c - how a stage ends: complete, suspended, or with a failure.
 */
#include "stream/runtime.h"

#include <string.h>

/* Once: all windows close, and what they give goes out. */
static int
complete(struct weir_stage *st, struct weir_error *err)
{
	if (st->complete)
		return 1;
	st->complete = true;
	if (weir_stage_advance(st, WEIR_TIME_MAX, err) < 0)
		return -1;
	if (st->ops->finish != NULL && st->ops->finish(st->self, st, err) < 0)
		return -1;
	return 1;
}

int
weir_stage_no_more(struct weir_stage *st, struct weir_error *err)
{
	if (complete(st, err) < 0)
		return -1;
	if (st->writer != NULL)
		weir_writer_watermark(st->writer, WEIR_TIME_MAX, false);
	weir_stage_watermark_sides(st, WEIR_TIME_MAX);
	return 1;
}

int
weir_stage_close(struct weir_stage *st, struct weir_error *err)
{
	struct weir_end *e = &st->end;

	if (e->reason == WEIR_COMPLETE && complete(st, err) < 0)
		return -1;
	if (st->ops->end != NULL && st->ops->end(st->self, st, e, err) < 0)
		return -1;
	if (st->hello.job) {
		if (weir_stage_reap(st, err) < 0 ||
		    weir_stage_capture_now(st, e->checkpoint, err) < 0)
			return -1;
		if (weir_stage_add_parts(st, &e->parts, err) < 0)
			return -1;
	}
	st->ended = true;
	if (weir_stage_flush(st, err) < 0 ||
	    weir_stage_end_sides(st, e, err) < 0)
		return -1;
	if (st->writer == NULL)
		return 1;
	e->events = weir_writer_events(st->writer);
	return weir_writer_end(st->writer, e, err);
}

int
weir_stage_end(struct weir_stage *st, enum weir_end_reason reason,
    uint64_t checkpoint, struct weir_error *err)
{
	if (weir_stage_start(st, WEIR_FORMAT_AUTO, err) < 0)
		return -1;
	st->end.reason = reason;
	st->end.checkpoint = checkpoint;
	return weir_stage_close(st, err);
}

void
weir_stage_tell_failure(struct weir_stage *st, const struct weir_error *err)
{
	struct weir_end e = {.reason = WEIR_FAILED, .status = err->status};
	struct weir_error ignored;
	char text[sizeof err->text];

	/* It may have failed before it began; then those behind it would take
	 * silence for the end. */
	if (st->writer == NULL && st->c.out_fd >= 0 &&
	    st->c.output == WEIR_FORMAT_FRAMES) {
		st->writer = weir_writer_new(st->c.out_fd, st->c.output);
		weir_writer_stop_on(st->writer, st->c.stop);
	}
	memcpy(text, err->text, sizeof text);
	e.message = text;
	weir_stage_end_sides(st, &e, &ignored);
	if (st->writer == NULL || weir_writer_broken(st->writer))
		return;
	if (!st->greeted)
		weir_stage_greet(st, &ignored);
	e.events = weir_writer_events(st->writer);
	weir_writer_end(st->writer, &e, &ignored);
}
