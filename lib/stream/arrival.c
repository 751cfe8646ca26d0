/*
 * arrival.c - inputs read as they are ready: several that are followed without
 * a time, or under the wall clock.
 */
#include "stream/runtime.h"

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
			return weir_stage_dispatch(st, in, err);
		if (weir_reader_done(in->reader))
			return weir_stage_end_input(st, in, err);
		in->spent = true;
	}
	if (!in->ready && !weir_input_has_ahead(in) &&
	    (in->waiting || !weir_source_regular(in->source)))
		return 0;
	if (weir_stage_read_input(st, in, err) < 0)
		return -1;
	return next_turn(st, err);
}

int
weir_stage_step_arrival(struct weir_stage *st, struct weir_error *err)
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
