/*
 * align.c - barriers of several inputs.
 *
 * A barrier is passed when every input has read it, whether or not what stands
 * before it has been processed: that is captured with the state (channel.c). An
 * input that has ended has read every barrier. One that is processed up to a
 * barrier which others have not read yet stands still, while all are read on;
 * so nothing behind a barrier gets into the state before it.
 */
#include "stream/runtime.h"

bool
weir_stage_aligns(const struct weir_stage *st)
{
	return st->hello.job && weir_stage_streams(st) > 1;
}

void
weir_input_saw(struct weir_input *in, const char *s, size_t len)
{
	struct weir_lookout *l = &in->lookout;

	if (in->table || !weir_lookout_see(l, s, len))
		return;
	in->stage->saw = true;
}

/* No need to process what is before it: nothing will be committed. */
static int
look_for_failure(struct weir_stage *st, struct weir_error *err)
{
	size_t i;

	for (i = 0; i < st->ninputs; i++) {
		const struct weir_lookout *l = &st->inputs[i].lookout;

		if (l->ended && l->end.reason == WEIR_FAILED)
			return weir_stage_upstream_failed(l->end.message, err);
	}
	return 1;
}

/* The number of the barrier that all have read, or 0. */
static uint64_t
aligned(const struct weir_stage *st)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < st->ninputs; i++) {
		const struct weir_lookout *l = &st->inputs[i].lookout;

		if (st->inputs[i].table)
			continue;
		if (l->nseen == 0 && !l->ended)
			return 0;
		if (l->nseen > 0 && l->seen[0].checkpoint > n)
			n = l->seen[0].checkpoint;
	}
	return n;
}

/*
 * Forget barriers before n, which were given up, and take n with the parts
 * before us. Returns whether each input that goes on has read it.
 */
static bool
gather(struct weir_stage *st, uint64_t n, struct weir_barrier *b)
{
	size_t i;

	for (i = 0; i < st->ninputs; i++) {
		struct weir_lookout *l = &st->inputs[i].lookout;

		while (l->nseen > 0 && l->seen[0].checkpoint < n)
			weir_lookout_shift(l);
		if (l->nseen == 0 && !l->ended && !st->inputs[i].table)
			return false;
	}
	for (i = 0; i < st->ninputs; i++) {
		struct weir_lookout *l = &st->inputs[i].lookout;

		if (l->nseen > 0 && l->seen[0].checkpoint == n) {
			weir_parts_join(&b->parts, &l->seen[0].parts);
			weir_lookout_shift(l);
		} else {
			weir_parts_join(&b->parts, &l->end.parts);
		}
	}
	return true;
}

int
weir_stage_align(struct weir_stage *st, struct weir_error *err)
{
	uint64_t n;

	if (!st->saw || !st->started || !weir_stage_aligns(st))
		return 1;
	if (look_for_failure(st, err) < 0)
		return -1;
	while ((n = aligned(st)) > 0) {
		struct weir_barrier b = {.checkpoint = n};

		if (!gather(st, n, &b))
			continue;
		st->passed = n;
		if (weir_stage_take_barrier(st, &b, err) < 0)
			return -1;
	}
	st->saw = false;
	return 1;
}

/*
 * Of an input that was read up to where its writer died, or to what is no frame
 * of a job, no barrier will be seen any more.
 */
static int
look_for_death(const struct weir_stage *st, struct weir_error *err)
{
	char shown[WEIR_SOURCE_SHOWN];
	size_t i;

	for (i = 0; i < st->ninputs; i++) {
		const struct weir_input *in = &st->inputs[i];
		const struct weir_lookout *l = &in->lookout;

		if (in->table || l->nseen > 0 || l->ended)
			continue;
		if (l->blind)
			return weir_fail(err, WEIR_INPUT,
			    "%s: corrupt frames before the barrier",
			    weir_source_shown(in->source, shown));
		if (in->queued_end == WEIR_GOT_END + 1)
			return weir_fail(err, WEIR_UPSTREAM,
			    "%s: upstream died: it ends without END",
			    weir_source_shown(in->source, shown));
	}
	return 1;
}

/* Stand still, and read on, until the others have read as far. */
static int
stand(struct weir_stage *st, struct weir_error *err)
{
	int got;

	if (st->saw)
		return 1;
	if (look_for_death(st, err) < 0)
		return -1;
	st->held = true;
	got = weir_stage_wait(st, st->ninputs, err);
	st->held = false;
	return got;
}

int
weir_stage_at_barrier(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	if (in->item.barrier.checkpoint > st->passed)
		return stand(st, err);
	in->have = false;
	return 1;
}

int
weir_stage_at_suspension(struct weir_stage *st, struct weir_error *err)
{
	struct weir_end *e = &st->end;
	size_t i;

	for (i = 0; i < st->ninputs; i++)
		if (!st->inputs[i].table && !st->inputs[i].lookout.ended) {
			st->saw = false;
			return stand(st, err);
		}
	for (i = 0; i < st->ninputs; i++) {
		const struct weir_end *own = &st->inputs[i].lookout.end;

		weir_parts_join(&e->parts, &own->parts);
		if (own->checkpoint > e->checkpoint)
			e->checkpoint = own->checkpoint;
	}
	e->reason = WEIR_SUSPENDED;
	return weir_stage_close(st, err);
}
