/*
 * fakeinputs.h - two operands for the stage in memory of fakestage.h.
 *
 * Events are fed to an operand as they would arrive, in any interleaving, and
 * handed over in the order of watermarks, ties by operand, as lib/stream does: as
 * far as is known of both. What the operator gives must not depend on how the
 * two arrived.
 */
#ifndef WEIR_TESTS_UNIT_FAKEINPUTS_H
#define WEIR_TESTS_UNIT_FAKEINPUTS_H

#include "fakestage.h"

/* After fake_init(); the delays are as --max-delay. */
static inline void
fake_operands(struct weir_stage *st, int64_t left_delay, int64_t right_delay)
{
	st->two = true;
	for (int i = 0; i < 2; i++) {
		struct fake_input *in = &st->in[i];

		in->delay = i == 0 ? left_delay : right_delay;
		in->newest = in->watermark = in->reached = WEIR_TIME_NONE;
		in->block.source = in->next.source = "test";
	}
}

/* One more event arrives. */
static inline void
fake_feed(struct weir_stage *st, int operand, const char *json, int64_t time,
    uint32_t flags)
{
	struct fake_input *in = &st->in[operand];
	struct weir_block *b = &in->next;

	b->events =
	    weir_grow(b->events, &in->next_cap, b->n + 1u, sizeof *b->events);
	b->events[b->n++] =
	    (struct weir_event){.off = (uint32_t)in->next_text.len,
		.len = (uint32_t)strlen(json),
		.time = time,
		.watermark = in->watermark,
		.flags = flags};
	weir_buf_puts(&in->next_text, json);
	weir_buf_putc(&in->next_text, '\n');
	if (time > in->newest)
		in->newest = time;
	if (weir_time_add(in->newest, -in->delay) > in->watermark)
		in->watermark = weir_time_add(in->newest, -in->delay);
	b->watermark_after = in->watermark;
}

/* No more will. */
static inline void
fake_feed_end(struct weir_stage *st, int operand)
{
	st->in[operand].ended = true;
}

/* Prove what is in hand; again, for another stage that goes on with it. */
static inline void
fake_prove(struct weir_stage *st, struct fake_input *in)
{
	struct weir_block *b = &in->block;

	memset(weir_buf_reserve(&in->text, WEIR_PAD), 0, WEIR_PAD);
	b->text = in->text.data;
	b->nslots = (uint32_t)weir_prover_slots(st->prover);
	free(b->slots);
	b->slots = weir_calloc((size_t)b->n * b->nslots, sizeof *b->slots);
	for (uint32_t i = 0; i < b->n; i++)
		if (weir_prover_line(st->prover, b->text + b->events[i].off,
			weir_block_slots(b, i), NULL) == NULL)
			abort(); /* the test's own events are JSON */
}

/* Take in hand what has arrived: false if nothing has. */
static inline bool
fake_take(struct weir_stage *st, struct fake_input *in)
{
	struct weir_block b = in->block;
	struct weir_buf text = in->text;
	size_t cap = in->cap;

	if (in->next.n == 0)
		return false;
	in->block = in->next;
	in->text = in->next_text;
	in->cap = in->next_cap;
	in->next = b;
	in->next_text = text;
	in->next_cap = cap;
	in->next.n = 0;
	in->next_text.len = 0;
	in->at = 0;
	fake_prove(st, in);
	return true;
}

/* Whose turn it is; NULL once all is over. */
static inline struct fake_input *
fake_lowest(struct weir_stage *st)
{
	struct fake_input *a = &st->in[0], *b = &st->in[1];

	if (a->over || b->over)
		return !a->over ? a : !b->over ? b : NULL;
	return a->reached <= b->reached ? a : b;
}

/* The merged watermark rose, perhaps. */
static inline int
fake_rise(struct weir_stage *st, struct weir_error *err)
{
	const struct fake_input *in = fake_lowest(st);

	if (in == NULL || in->reached <= st->watermark)
		return 1;
	st->watermark = in->reached;
	return fake_advance(st, st->watermark, err);
}

/* Up to which watermark it is that operand's turn. */
static inline int64_t
fake_bound(const struct weir_stage *st, const struct fake_input *in)
{
	const struct fake_input *other = &st->in[in == &st->in[0]];

	if (other->over)
		return WEIR_TIME_MAX;
	return weir_time_add(other->reached, in == &st->in[0] ? 0 : -1);
}

/* Hand over a run of what is in hand, if it is still that operand's turn. */
static inline int
fake_run(struct weir_stage *st, struct fake_input *in, struct weir_error *err)
{
	struct weir_block *b = &in->block;
	uint32_t i = in->at, end = i + 1;
	int64_t bound = fake_bound(st, in);

	if (b->events[i].watermark > in->reached)
		in->reached = b->events[i].watermark;
	if (fake_rise(st, err) < 0)
		return -1;
	if (fake_lowest(st) != in)
		return 1;
	if (fake_advance(st, st->watermark, err) < 0)
		return -1;
	while (end < b->n && b->events[end].watermark < st->due &&
	    b->events[end].watermark <= bound &&
	    (st->cut == 0 || end - i < st->cut))
		end++;
	st->operand = (size_t)(in - st->in);
	in->at = end;
	if (st->ops->events(st->self, st, b, i, end - i, err) < 0)
		return -1;
	if (end < b->n)
		return 1;
	in->reached = b->watermark_after;
	return fake_rise(st, err);
}

/* Hand over all that the other operand does not hold back. 1, or -1. */
static inline int
fake_pump(struct weir_stage *st, struct weir_error *err)
{
	struct fake_input *in;

	while ((in = fake_lowest(st)) != NULL) {
		if (in->at == in->block.n && !fake_take(st, in)) {
			if (!in->ended)
				return 1;
			in->over = true;
			if (fake_rise(st, err) < 0)
				return -1;
		} else if (fake_run(st, in, err) < 0) {
			return -1;
		}
	}
	return 1;
}

/* Both have ended: the rest, and the end of the stream. */
static inline int
fake_finish(struct weir_stage *st, struct weir_error *err)
{
	fake_feed_end(st, 0);
	fake_feed_end(st, 1);
	if (fake_pump(st, err) < 0 ||
	    st->ops->advance(st->self, st, WEIR_TIME_MAX, err) < 0)
		return -1;
	return st->ops->finish != NULL ? st->ops->finish(st->self, st, err) : 1;
}

/*
 * The stage `to` goes on where `from` is: inputs, output and counters are its
 * own then; what the operator holds is saved and loaded by the test.
 */
static inline void
fake_hand_over(struct weir_stage *from, struct weir_stage *to)
{
	to->watermark = from->watermark;
	to->metrics = from->metrics;
	to->cut = from->cut;
	to->sent = from->sent;
	to->disorder = from->disorder;
	to->stale = from->stale;
	to->promised = from->promised;
	to->belated = from->belated;
	to->out = from->out;
	to->late = from->late;
	to->bad = from->bad;
	from->out = from->late = from->bad = (struct weir_buf){0};
	to->two = true;
	for (int i = 0; i < 2; i++) {
		to->in[i] = from->in[i];
		from->in[i] = (struct fake_input){0};
		if (to->in[i].block.n > 0)
			fake_prove(to, &to->in[i]);
	}
}

#endif
