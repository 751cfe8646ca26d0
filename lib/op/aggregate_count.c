/*
 * count.
 */
#include "op/aggregate_impl.h"

static void
count_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	(void)agg;
	(void)in;
	(void)owned;
	++*(uint64_t *)state;
}

static int
count_check_undo(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	(void)agg;
	(void)in;
	return *(const uint64_t *)state > 0 ? 1 : weir_agg_never_added(err);
}

static void
count_undo(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	(void)agg;
	(void)in;
	(void)owned;
	--*(uint64_t *)state;
}

static int
count_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	(void)agg;
	(void)owned;
	(void)err;
	*(uint64_t *)state += *(const uint64_t *)other;
	return 1;
}

static void
count_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	(void)agg;
	weir_agg_put_uint(out, *(const uint64_t *)state);
}

static void
count_result(const struct weir_agg *agg, struct weir_buf *out,
    const void *state, struct weir_span span)
{
	(void)span;
	count_save(agg, out, state);
}

static int
count_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	(void)agg;
	(void)arena;
	(void)owned;
	if (v.kind != WEIR_INT || v.i < 0)
		return weir_agg_bad_state("count", err);
	*(uint64_t *)state = v.u;
	return 1;
}

const struct weir_agg_ops weir_agg_count = {
    .name = "count",
    .usage = "count() or count(x)",
    .max_args = 1,
    .values = 1,
    .size = sizeof(uint64_t),
    .add = count_add,
    .check_undo = count_check_undo,
    .undo = count_undo,
    .merge = count_merge,
    .result = count_result,
    .save = count_save,
    .load = count_load,
};
