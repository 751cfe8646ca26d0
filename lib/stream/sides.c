/*
 * sides.c - side files that are edges: what goes out on standard output besides
 * events goes out there, too.
 */
#include "stream/runtime.h"

int
weir_stage_greet_sides(struct weir_stage *st, struct weir_error *err)
{
	struct weir_hello *h = &st->hello;
	bool retract = h->retract;
	int got = 1;

	/* what is put aside came in, whatever comes out */
	h->retract |= st->retracts;
	for (size_t i = 0; i < st->nsides && got > 0; i++)
		got = weir_side_hello(st->sides[i], h, err);
	h->retract = retract;
	return got;
}

void
weir_stage_watermark_sides(struct weir_stage *st, int64_t t)
{
	for (size_t i = 0; i < st->nsides; i++)
		weir_side_watermark(st->sides[i], t);
}

int
weir_stage_barrier_sides(
    struct weir_stage *st, const struct weir_barrier *b, struct weir_error *err)
{
	for (size_t i = 0; i < st->nsides; i++)
		if (weir_side_barrier(st->sides[i], b, err) < 0)
			return -1;
	return 1;
}

int
weir_stage_end_sides(
    struct weir_stage *st, const struct weir_end *e, struct weir_error *err)
{
	for (size_t i = 0; i < st->nsides; i++)
		if (weir_side_end(st->sides[i], e, err) < 0)
			return -1;
	return 1;
}

bool
weir_stage_sides_broken(const struct weir_stage *st)
{
	for (size_t i = 0; i < st->nsides; i++)
		if (weir_side_broken(st->sides[i]))
			return true;
	return false;
}

void
weir_stage_hang_up_sides(struct weir_stage *st)
{
	for (size_t i = 0; i < st->nsides; i++)
		weir_side_hang_up(st->sides[i]);
}
