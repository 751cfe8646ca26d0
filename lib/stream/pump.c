/*
 * pump.c - the loop of a stage: pick an input, hand over runs of events, wait.
 *
 * Inputs are processed in watermark order. Output is flushed when nothing more
 * can be processed at once, when the buffer is full, and after a block if what
 * waits is older than 5 ms: low latency when idle, full writes when busy.
 */
#define _GNU_SOURCE
#include "stream/runtime.h"

#include <errno.h>
#include <poll.h>

#define IDLE_TICK_MS 100 /* how often an idle watermark moves on */
#define PIN_MAX	     64	 /* idle inputs that are watched at once */

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

	if (st->ninputs > 1)
		bound = weir_watermark_bound(&st->wm, in->i);
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
	if (in->timing.time == NULL)
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

static int
process_end(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	const struct weir_end *e = &in->item.end;

	in->have = false;
	if (e->reason == WEIR_FAILED)
		return weir_fail(err, WEIR_UPSTREAM, "upstream failed%s%s",
		    e->message != NULL ? ": " : "",
		    e->message != NULL ? e->message : "");
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

/* --- waiting --- */

struct watch {
	struct pollfd p[PIN_MAX + 4];
	size_t ninputs; /* p[0..ninputs) are inputs, of[] says which */
	size_t of[PIN_MAX];
	size_t n, wake, control, capture, out; /* places in p; n: not watched */
	int timeout_ms;
};

static void
watch_fd(struct watch *w, int fd, size_t *place)
{
	*place = w->n;
	if (fd < 0)
		return;
	w->p[w->n++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void
sooner(struct watch *w, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	if (w->timeout_ms < 0 || ms < w->timeout_ms)
		w->timeout_ms = (int)(ms > 3600000 ? 3600000 : ms);
}

static void
watch_input(struct watch *w, const struct weir_stage *st, size_t i)
{
	const struct weir_input *in = &st->inputs[i];
	int timeout_ms = -1, fd;
	size_t place;

	if (!in->opened || in->source == NULL || w->ninputs >= PIN_MAX)
		return;
	fd = weir_source_fd(in->source, &timeout_ms);
	if (timeout_ms >= 0)
		sooner(w, timeout_ms);
	if (fd < 0)
		return;
	watch_fd(w, fd, &place);
	w->of[w->ninputs++] = i;
}

static void
watch_others(struct watch *w, const struct weir_stage *st)
{
	size_t none = sizeof w->p / sizeof *w->p;

	w->wake = w->control = w->capture = w->out = none;
	if (st->c.wake_fd >= 0)
		watch_fd(w, st->c.wake_fd, &w->wake);
	if (st->c.control_fd >= 0)
		watch_fd(w, st->c.control_fd, &w->control);
	if (st->capture.pid > 0)
		watch_fd(w, st->capture.fd, &w->capture);
	if (st->writer != NULL) {
		/* for nothing but the end of its reader, even with no output */
		watch_fd(w, st->c.out_fd, &w->out);
		w->p[w->out].events = 0;
	}
}

/* What came in besides input: signals, orders, the end of a capture. */
static int
serve(struct weir_stage *st, const struct watch *w, struct weir_error *err)
{
	if (w->wake < w->n && w->p[w->wake].revents != 0 &&
	    st->c.wake_drain != NULL)
		st->c.wake_drain(st->c.ctx);
	if (w->capture < w->n && w->p[w->capture].revents != 0 &&
	    weir_stage_reap(st, err) < 0)
		return -1;
	if (w->out < w->n && (w->p[w->out].revents & POLLERR) != 0) {
		st->reader_gone = true;
		return weir_fail(err, WEIR_SYSTEM, "the reader went away");
	}
	if (w->control < w->n && w->p[w->control].revents != 0 &&
	    st->ops->control(st->self, st, err) < 0)
		return -1;
	return 1;
}

/* poll(2) that takes a signal for "something happened". */
static int
poll_all(struct watch *w, int timeout_ms, struct weir_error *err)
{
	int n = poll(w->p, w->n, timeout_ms);

	if (n >= 0 || errno == EINTR)
		return n > 0;
	return weir_fail_errno(err, "cannot wait for input");
}

/* An input that was silent speaks, or one has been silent for too long. */
static int
mind_idle(struct weir_stage *st, const struct watch *w, size_t awaited,
    struct weir_error *err)
{
	int64_t now = weir_clock_ns();
	bool moved = false;
	size_t k, i;

	for (k = 0; k < w->ninputs; k++) {
		i = w->of[k];
		if (w->p[k].revents == 0)
			continue;
		st->inputs[i].heard_ns = now;
		if (st->wm.inputs[i].idle)
			weir_watermark_idle(&st->wm, i, false);
	}
	if (st->c.idle_ns > 0 && awaited < st->ninputs &&
	    !st->wm.inputs[awaited].idle &&
	    now - st->inputs[awaited].heard_ns >= st->c.idle_ns) {
		moved = weir_watermark_idle(&st->wm, awaited, true) > 0;
		st->idle_base = st->wm.merged;
		st->idle_since_ns = now;
	}
	if (weir_watermark_all_idle(&st->wm) && st->idle_base != WEIR_TIME_NONE)
		moved |= weir_watermark_lift(&st->wm,
			     weir_time_add(
				 st->idle_base, now - st->idle_since_ns)) > 0;
	return moved ? weir_stage_advance(st, st->wm.merged, err) : 1;
}

/* Is there nothing that a flush would write? */
static bool
clean(const struct weir_stage *st)
{
	return st->nsides == 0 &&
	    (st->writer == NULL || !weir_writer_dirty(st->writer));
}

/*
 * Wait until input `awaited` (or, if that is ninputs, any idle one) may have
 * something. Flushes first if it would block.
 */
static int
wait_input(struct weir_stage *st, size_t awaited, struct weir_error *err)
{
	struct watch w = {.timeout_ms = -1};
	size_t i;
	int got;

	if (awaited < st->ninputs)
		watch_input(&w, st, awaited);
	for (i = 0; i < st->ninputs; i++)
		if (i != awaited && st->wm.inputs[i].idle)
			watch_input(&w, st, i);
	watch_others(&w, st);
	if (st->c.idle_ns > 0 && awaited < st->ninputs)
		sooner(&w,
		    (st->inputs[awaited].heard_ns + st->c.idle_ns -
			weir_clock_ns()) /
			    1000000 +
			1);
	if (st->c.idle_ns > 0 && weir_watermark_all_idle(&st->wm))
		sooner(&w, IDLE_TICK_MS);
	/* With nothing to flush first, one call does. */
	got = poll_all(&w, clean(st) ? w.timeout_ms : 0, err);
	if (got == 0 && !clean(st)) {
		if (weir_stage_rest(st, err) < 0)
			return -1;
		if (st->c.stop != NULL && *st->c.stop != 0)
			return 1;
		got = poll_all(&w, w.timeout_ms, err);
	}
	if (got < 0 || serve(st, &w, err) < 0)
		return -1;
	for (i = 0; i < w.ninputs; i++)
		st->inputs[w.of[i]].ready = w.p[i].revents != 0;
	return mind_idle(st, &w, awaited, err);
}

/* Orders are looked at now and then while a file keeps us busy, too. */
static int
glance(struct weir_stage *st, struct weir_error *err)
{
	struct watch w = {.timeout_ms = 0};
	int got;

	if (st->c.control_fd < 0 && st->capture.pid == 0)
		return 1;
	watch_others(&w, st);
	got = poll_all(&w, 0, err);
	return got <= 0 ? got + 1 : serve(st, &w, err);
}

static int
fill(struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	bool regular = weir_source_regular(in->source);
	int got;

	if (in->resting && !regular && !in->ready)
		return rest(st, in, err);
	if (in->waiting || !regular) {
		in->waiting = in->ready = false;
		if (wait_input(st, in->i, err) < 0)
			return -1;
		/* Never read where that would block. */
		if (st->wm.inputs[in->i].idle || (!regular && !in->ready))
			return 1;
	} else if (glance(st, err) < 0) {
		return -1;
	}
	if (st->ended || (st->c.stop != NULL && *st->c.stop != 0))
		return 1;
	in->ready = false;
	got = weir_reader_fill(in->reader, err);
	if (got < 0)
		return -1;
	in->waiting = got == WEIR_GOT_NOTHING;
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
	return 1;
}

static int
step(struct weir_stage *st, struct weir_error *err)
{
	size_t i = weir_watermark_lowest(&st->wm);
	struct weir_input *in;
	int got;

	if (i == st->ninputs)
		return wait_input(st, i, err);
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
	return st->ended ? 1 : wait_input(st, st->ninputs, err);
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
