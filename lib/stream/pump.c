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
	st->metrics.watermark = w;
	if (st->ops->advance != NULL && w >= st->due &&
	    st->ops->advance(st->self, st, w, err) < 0)
		return -1;
	/* Only END says that no event follows at all: a writer that dies before
	 * it has closed nothing behind it. */
	if (st->writer != NULL && w != WEIR_TIME_NONE && w != WEIR_TIME_MAX)
		weir_writer_watermark(
		    st->writer, weir_time_add(w, -st->hold_ns), false);
	return 1;
}

/* Flush what is older than 5 ms; a full buffer has flushed itself. */
static int
flush_aged(struct weir_stage *st, struct weir_error *err)
{
	uint64_t bytes;
	int64_t now;

	if (st->writer == NULL || !weir_writer_dirty(st->writer))
		return 1;
	now = weir_clock_ns();
	bytes = weir_writer_bytes(st->writer);
	if (bytes != st->flushed_bytes) {
		st->flushed_bytes = bytes;
		st->flushed_ns = now;
	}
	if (now - st->flushed_ns < WEIR_FLUSH_AGE_NS)
		return 1;
	st->flushed_ns = now;
	return weir_stage_flush(st, err);
}

/* The run that begins at event i: all before due, and before the bound. */
static uint32_t
run_end(const struct weir_block *b, uint32_t i, int64_t due, int64_t bound)
{
	if (due > b->watermark_after && bound >= b->watermark_after)
		return b->n;
	do
		i++;
	while (i < b->n && b->events[i].watermark < due &&
	    b->events[i].watermark <= bound);
	return i;
}

/* Hand over events until the block is done or another input's turn comes. */
static int
process(struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	struct weir_block *b = &in->item.block;
	int64_t bound = WEIR_TIME_MAX, w;
	uint32_t end;

	if (st->c.proc_time) {
		weir_stage_stamp(st, b);
		/* It is as late for every other input. */
		if (weir_watermark_lift(&st->wm, b->watermark_after) > 0 &&
		    weir_stage_advance(st, st->wm.merged, err) < 0)
			return -1;
	} else if (st->ninputs > 1) {
		bound = weir_watermark_bound(&st->wm, in->i);
	}
	in->resting = false;
	while (in->at < b->n && !st->finishing) {
		w = b->events[in->at].watermark;
		weir_watermark_raise(&st->wm, in->i, w);
		if (w > bound)
			return 1;
		if (w >= st->due && weir_stage_advance(st, w, err) < 0)
			return -1;
		end = run_end(b, in->at, st->due, bound);
		if (st->ops->events(
			st->self, st, b, in->at, end - in->at, err) < 0)
			return -1;
		in->at = end;
	}
	in->have = false;
	if (weir_watermark_raise(&st->wm, in->i, b->watermark_after) > 0 &&
	    weir_stage_advance(st, st->wm.merged, err) < 0)
		return -1;
	if (st->alarm_ns != 0 && weir_stage_mind_clock(st, err) < 0)
		return -1;
	return flush_aged(st, err);
}

static int
process_watermark(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	int moved;

	in->have = false;
	in->resting = in->item.idle;
	moved = weir_watermark_idle(&st->wm, in->i, false);
	/* A later -t replaces times and watermarks. */
	if (in->timing.time == NULL && !st->c.proc_time)
		moved |=
		    weir_watermark_raise(&st->wm, in->i, in->item.watermark);
	return moved > 0 ? weir_stage_advance(st, st->wm.merged, err) : 1;
}

/* An input whose writer says that it is idle has nothing more for now. */
static int
rest(struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	if (weir_watermark_idle(&st->wm, in->i, true) > 0 &&
	    weir_stage_advance(st, st->wm.merged, err) < 0)
		return -1;
	if (weir_watermark_all_idle(&st->wm) && st->writer != NULL)
		weir_writer_watermark(st->writer,
		    weir_time_add(st->wm.merged, -st->hold_ns), true);
	return 1;
}

static int
process_hello(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	in->have = false;
	if (in->item.hello.job && st->ninputs > 1)
		return weir_fail(err, WEIR_USAGE,
		    "several inputs inside a job: name them as sources of "
		    "the job instead");
	if (!st->hello_read && !st->started) {
		weir_hello_copy(&st->hello, &in->item.hello);
		st->hello_read = true;
	}
	return weir_stage_start(st, WEIR_FORMAT_FRAMES, err);
}

/* What failed first is said once, however many stages pass it on. */
static int
upstream_failed(const char *why, struct weir_error *err)
{
	static const char said[] = "upstream failed: ";

	if (why == NULL)
		return weir_fail(err, WEIR_UPSTREAM, "upstream failed");
	if (strncmp(why, said, sizeof said - 1) == 0)
		why += sizeof said - 1;
	return weir_fail(err, WEIR_UPSTREAM, "%s%s", said, why);
}

static int
process_end(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	const struct weir_end *e = &in->item.end;

	in->have = false;
	in->end_read = true;
	if (e->reason == WEIR_FAILED)
		return upstream_failed(e->message, err);
	if (!st->end_read || e->reason == WEIR_SUSPENDED) {
		st->end.reason = e->reason;
		st->end.checkpoint = e->checkpoint;
		weir_parts_join(&st->end.parts, &e->parts);
		st->end_read = true;
	}
	return 1;
}

static int
process_barrier(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	/* a copy: the item stays the reader's */
	struct weir_barrier b = {.checkpoint = in->item.barrier.checkpoint};

	in->have = false;
	weir_parts_join(&b.parts, &in->item.barrier.parts);
	return weir_stage_take_barrier(st, &b, err);
}

static int
dispatch(struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	if (in->item.kind == WEIR_ITEM_HELLO)
		return process_hello(st, in, err);
	if (weir_stage_start(st, weir_reader_format(in->reader), err) < 0)
		return -1;
	switch (in->item.kind) {
	case WEIR_ITEM_EVENTS: return process(st, in, err);
	case WEIR_ITEM_WATERMARK: return process_watermark(st, in, err);
	case WEIR_ITEM_BARRIER: return process_barrier(st, in, err);
	case WEIR_ITEM_END: return process_end(st, in, err);
	case WEIR_ITEM_HELLO: break;
	}
	return 1;
}

/* One read, which will not block. */
static int
read_input(struct weir_stage *st, struct weir_input *in, struct weir_error *err)
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

static int
end_input(struct weir_stage *st, struct weir_input *in, struct weir_error *err)
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

/* Has END been read, and nothing behind it that would be too much? */
static bool
at_end(const struct weir_input *in)
{
	int timeout_ms;
	struct pollfd p = {.events = POLLIN};

	if (!in->end_read)
		return false;
	p.fd = weir_source_fd(in->source, &timeout_ms);
	return p.fd >= 0 && poll(&p, 1, 0) == 0;
}

static int
fill(struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	bool regular = weir_source_regular(in->source);

	/* Whoever else holds the pipe open: END is the end. */
	if (!regular && at_end(in))
		return end_input(st, in, err);
	if (in->resting && !regular && !in->ready)
		return rest(st, in, err);
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
	return read_input(st, in, err);
}

/* Its turn is over. A round is a good time to look who is ready. */
static int
next_turn(struct weir_stage *st, struct weir_error *err)
{
	if (++st->turn < st->ninputs)
		return 1;
	st->turn = 0;
	return weir_stage_glance(st, err);
}

/*
 * Events come out as they arrive: of each input in turn what one read gives. 1,
 * 0 if this input has nothing now, -1.
 */
static int
take_turn(struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	int got;

	if (in->source == NULL || st->wm.inputs[in->i].ended)
		return 0;
	if (!in->spent) {
		got = weir_input_next(in, err);
		if (got < 0)
			return -1;
		/* Frames have times, after all: in watermark order from now. */
		if (weir_reader_format(in->reader) == WEIR_FORMAT_FRAMES &&
		    !st->c.proc_time)
			st->arrival = false;
		if (got > 0)
			return dispatch(st, in, err);
		if (weir_reader_done(in->reader))
			return end_input(st, in, err);
		in->spent = true;
	}
	if (!in->ready && (in->waiting || !weir_source_regular(in->source)))
		return 0;
	if (read_input(st, in, err) < 0)
		return -1;
	return next_turn(st, err);
}

static int
step_arrival(struct weir_stage *st, struct weir_error *err)
{
	size_t n;
	int got;

	for (n = 0; n < st->ninputs; n++) {
		got = take_turn(st, &st->inputs[st->turn], err);
		if (got != 0)
			return got;
		st->turn = (st->turn + 1) % st->ninputs;
	}
	return weir_stage_wait(st, st->ninputs, err);
}

static int
step(struct weir_stage *st, struct weir_error *err)
{
	size_t i;
	struct weir_input *in;
	int got;

	if (st->arrival)
		return step_arrival(st, err);
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
		return end_input(st, in, err);
	if (got == 0)
		return fill(st, in, err);
	return dispatch(st, in, err);
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
