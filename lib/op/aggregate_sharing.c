/*
 * What aggregates do that share the state of another: nothing, and null is what
 * they save.
 */
#include "op/aggregate_impl.h"

void
weir_agg_shared_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	(void)agg;
	(void)state;
	(void)in;
	(void)owned;
}

int
weir_agg_shared_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	(void)agg;
	(void)state;
	(void)in;
	(void)err;
	return 1;
}

int
weir_agg_shared_merge(const struct weir_agg *agg, void *state,
    const void *other, size_t *owned, struct weir_error *err)
{
	(void)agg;
	(void)state;
	(void)other;
	(void)owned;
	(void)err;
	return 1;
}

void
weir_agg_shared_save(
    const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	(void)agg;
	(void)state;
	weir_buf_puts(out, "null");
}

int
weir_agg_shared_load(const struct weir_agg *agg, void *state,
    struct weir_value saved, struct weir_arena *arena, size_t *owned,
    struct weir_error *err)
{
	(void)state;
	(void)arena;
	(void)owned;
	return saved.kind == WEIR_NULL
	    ? 1
	    : weir_agg_bad_state(agg->ops->name, err);
}
