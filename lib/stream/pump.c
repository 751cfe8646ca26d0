/*
 * pump.c - the loop of a stage: pick an input, hand over runs of events, wait.
 *
 * Inputs are processed in watermark order; several that are followed without a
 * time as they are ready. Output is flushed when nothing more
 * can be processed at once, when the buffer is full, and after a block if what
 * waits is older than 5 ms: low latency when idle, full writes when busy.
 */
#include "stream/runtime.h"

#include <poll.h>
#include <string.h>

int
weir_stage_flush(struct weir_stage *st, struct weir_error *err)
{
	size_t i;

	for (i = 0; i < st->nsides; i++)
		if (weir_side_flush(st->sides[i], err) < 0)
			return -1;
	if (st->writer != NULL && weir_writer_dirty(st->writer) &&
	    weir_writer_flush(st->writer, err) < 0)
		return -1;
	return 1;
}

int
weir_stage_rest(struct weir_stage *st, struct weir_error *err)
{
	if (st->writer != NULL && weir_writer_rest(st->writer, err) < 0)
		return -1;
	return weir_stage_flush(st, err);
}

int
weir_stage_advance(struct weir_stage *st, int64_t w, struct weir_error *err)
{
	/* In a job this is said by a source that waits for others to end. */
	if (w == WEIR_TIME_MAX && st->hello.job && !st->complete)
		return weir_stage_no_more(st, err);
	st->metrics.watermark = w;
	if (st->ops->advance != NULL && w >= st->due &&
	    st->ops->advance(st->self, st, w, err) < 0)
		return -1;
	/* Only END says that no event follows at all: a writer that dies before
	 * it has closed nothing behind it. */
	if (st->writer != NULL && w != WEIR_TIME_NONE && w != WEIR_TIME_MAX)
		weir_writer_watermark(
		    st->writer, weir_stage_held(st, w), false);
	if (w != WEIR_TIME_NONE && w != WEIR_TIME_MAX)
		weir_stage_watermark_sides(st, weir_stage_held(st, w));
	return 1;
}

int
weir_stage_read_input(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	int got;

	in->ready = false;
	got = weir_reader_fill(in->reader, err);
	if (got < 0)
		return -1;
	in->waiting = in->spent = got == WEIR_GOT_NOTHING;
	in->paused |= got == WEIR_GOT_PAUSE;
	if (got == WEIR_GOT_DATA && st->c.idle_ns > 0)
		in->heard_ns = weir_clock_ns();
	if (st->c.progress != NULL)
		weir_stage_progress(st);
	return 1;
}

int
weir_stage_end_input(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	int moved = weir_watermark_end(&st->wm, in->i);

	if (weir_stage_start(st, weir_reader_format(in->reader), err) < 0)
		return -1;
	/* The end of everything is the end of the stream: not here. */
	if (moved > 0 && !weir_watermark_all_ended(&st->wm) &&
	    weir_stage_advance(st, st->wm.merged, err) < 0)
		return -1;
	weir_stage_metrics(st); /* count it while it is there */
	if (st->c.control_fd < 0)
		weir_input_close(in);
	if (in->own_name != NULL)
		weir_input_retire(in);
	return 1;
}

bool
weir_input_at_end(const struct weir_input *in)
{
	int timeout_ms;
	struct pollfd p = {.events = POLLIN};

	if (!in->end_read)
		return false;
	p.fd = weir_source_fd(in->source, &timeout_ms);
	return p.fd >= 0 && poll(&p, 1, 0) == 0;
}

int
weir_stage_fill(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	bool regular = weir_source_regular(in->source);

	if (regular || weir_input_has_ahead(in))
		st->starved_ns = 0;
	if (weir_input_has_ahead(in)) {
		if (weir_stage_glance(st, err) < 0)
			return -1;
		return st->ended ? 1 : weir_stage_read_input(st, in, err);
	}
	/* Whoever else holds the pipe open: END is the end. */
	if (!regular && weir_input_at_end(in))
		return weir_stage_end_input(st, in, err);
	if (in->resting && !regular && !in->ready)
		return weir_stage_input_rests(st, in, err);
	if (in->waiting || !regular) {
		in->waiting = in->ready = false;
		if (weir_stage_wait(st, in->i, err) < 0)
			return -1;
		/* Never read where that would block. */
		if (st->wm.inputs[in->i].idle || (!regular && !in->ready))
			return 1;
	} else if (weir_stage_glance(st, err) < 0) {
		return -1;
	}
	if (st->ended || (st->c.stop != NULL && *st->c.stop != 0))
		return 1;
	return weir_stage_read_input(st, in, err);
}

static int
step(struct weir_stage *st, struct weir_error *err)
{
	size_t i;
	struct weir_input *in;
	int got;

	if (weir_stage_align(st, err) < 0)
		return -1;
	if (!st->met)
		return weir_stage_meet(st, err);
	in = weir_stage_unread(st);
	if (in != NULL)
		return weir_stage_read_table(st, in, err);
	if (st->arrival)
		return weir_stage_step_arrival(st, err);
	i = weir_watermark_lowest(&st->wm);
	if (i == st->ninputs)
		return weir_stage_wait(st, i, err);
	in = &st->inputs[i];
	if (!in->opened && weir_input_open(in, err) < 0)
		return -1;
	got = weir_input_next(in, err);
	if (got < 0)
		return -1;
	if (got == 0 && weir_reader_done(in->reader))
		return weir_stage_end_input(st, in, err);
	if (got == 0)
		return weir_stage_fill(st, in, err);
	return weir_stage_dispatch(st, in, err);
}

/* A source of a job has read everything: it tells, and waits for orders. */
static int
await_orders(struct weir_stage *st, struct weir_error *err)
{
	bool paused = st->ninputs > 0 && st->inputs[0].paused;

	if (!st->exhausted) {
		st->exhausted = true;
		if (st->ops->exhausted != NULL &&
		    st->ops->exhausted(st->self, st, paused, err) < 0)
			return -1;
	}
	return st->ended ? 1 : weir_stage_wait(st, st->ninputs, err);
}

int
weir_stage_pump(struct weir_stage *st, struct weir_error *err)
{
	int got;

	/* inside a job barriers and the end must still pass */
	while (!st->ended && (!st->finishing || st->hello.job)) {
		if (st->c.stop != NULL && *st->c.stop != 0)
			return 0;
		if (st->c.stats != NULL && *st->c.stats != 0) {
			*st->c.stats = 0;
			if (st->c.show_stats != NULL)
				st->c.show_stats(
				    st->c.ctx, weir_stage_metrics(st));
		}
		if (st->c.reread != NULL && *st->c.reread != 0 &&
		    weir_stage_unread(st) == NULL) {
			*st->c.reread = 0;
			weir_stage_reread(st);
		}
		if (st->nglobs > 0 && weir_stage_look(st, err) < 0)
			return -1;
		if (!weir_watermark_all_ended(&st->wm))
			got = step(st, err);
		else if (st->c.control_fd >= 0)
			got = await_orders(st, err);
		else
			return 1;
		if (got < 0)
			return -1;
	}
	return 1;
}
