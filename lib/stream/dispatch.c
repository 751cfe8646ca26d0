/*
 * dispatch.c - what a stage does with an item of an input: it hands events to
 * the operator in runs, and takes note of watermarks, HELLO, barriers and END.
 */
#include "stream/runtime.h"

#include <string.h>

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

	st->operand = in->operand;
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
	bool all = st->hello.job && in->item.watermark == WEIR_TIME_MAX;
	int moved;

	in->have = false;
	in->resting = in->item.idle;
	moved = weir_watermark_idle(&st->wm, in->i, false);
	/* A later -t replaces times and watermarks, but not that this is all. */
	if ((in->timing.time == NULL && !st->c.proc_time) || all)
		moved |=
		    weir_watermark_raise(&st->wm, in->i, in->item.watermark);
	/* A restored stage knows it already: those behind it may not. */
	if (all && st->wm.merged == WEIR_TIME_MAX)
		return weir_stage_no_more(st, err);
	return moved > 0 ? weir_stage_advance(st, st->wm.merged, err) : 1;
}

int
weir_stage_input_rests(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	if (weir_watermark_idle(&st->wm, in->i, true) > 0 &&
	    weir_stage_advance(st, st->wm.merged, err) < 0)
		return -1;
	if (weir_watermark_all_idle(&st->wm) && st->writer != NULL)
		weir_writer_watermark(
		    st->writer, weir_stage_held(st, st->wm.merged), true);
	return 1;
}

static int
process_hello(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	if (weir_stage_take_hello(st, in, err) < 0)
		return -1;
	/* What the others are matters, after all. */
	if (!st->started && weir_stage_streams(st) > 1 && !st->arrival) {
		st->met = false;
		return 1;
	}
	return weir_stage_start(st, WEIR_FORMAT_FRAMES, err);
}

/* What failed first is said once, however many stages pass it on. */
int
weir_stage_upstream_failed(const char *why, struct weir_error *err)
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

	/* It goes on another time: nothing may overtake it now. */
	if (e->reason == WEIR_SUSPENDED && weir_stage_aligns(st))
		return weir_stage_at_suspension(st, err);
	in->have = false;
	in->end_read = true;
	if (e->reason == WEIR_FAILED)
		return weir_stage_upstream_failed(e->message, err);
	weir_parts_join(&st->end.parts, &e->parts);
	if (!st->end_read || e->reason == WEIR_SUSPENDED) {
		st->end.reason = e->reason;
		st->end.checkpoint = e->checkpoint;
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

	if (weir_stage_aligns(st))
		return weir_stage_at_barrier(st, in, err);
	in->have = false;
	weir_parts_join(&b.parts, &in->item.barrier.parts);
	return weir_stage_take_barrier(st, &b, err);
}

int
weir_stage_dispatch(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	if (in->item.kind == WEIR_ITEM_HELLO)
		return process_hello(st, in, err);
	if (weir_input_check(in, weir_reader_format(in->reader), err) < 0 ||
	    weir_stage_start(st, weir_reader_format(in->reader), err) < 0)
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
