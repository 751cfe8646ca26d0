/*
 * min, max.
 */
#include "op/aggregate_impl.h"

/*
 * The state is the value itself, absent before the first; a string's bytes are
 * a copy that the state owns.
 */

static int
extreme_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct weir_value *s = state, *v = in->arg[0];

	(void)agg;
	if (v->kind == s->kind &&
	    (v->kind == WEIR_INT || (v->kind == WEIR_DOUBLE && v->d == v->d)))
		return 1;
	return weir_agg_check_order(s, v, err);
}

static inline void
extreme_add(
    struct weir_value *s, const struct weir_value *v, int sign, size_t *owned)
{
	if (s->kind == WEIR_INT && v->kind == WEIR_INT) {
		if (sign > 0 ? v->i > s->i : v->i < s->i)
			s->i = v->i;
	} else if (s->kind == WEIR_DOUBLE && v->kind == WEIR_DOUBLE) {
		if (sign > 0 ? v->d > s->d : v->d < s->d)
			s->d = v->d;
	} else if (s->kind == WEIR_ABSENT || weir_agg_compare(v, s) == sign) {
		weir_agg_set_value(s, v, owned);
	}
}

static void
min_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	(void)agg;
	extreme_add(state, in->arg[0], -1, owned);
}

static void
max_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	(void)agg;
	extreme_add(state, in->arg[0], 1, owned);
}

static int
extreme_merge(void *state, const struct weir_value *other, int sign,
    size_t *owned, struct weir_error *err)
{
	struct weir_agg_input in = {.arg = {other}};

	if (other->kind == WEIR_ABSENT)
		return 1;
	if (extreme_check(NULL, state, &in, err) < 0)
		return -1;
	extreme_add(state, other, sign, owned);
	return 1;
}

static int
min_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	(void)agg;
	return extreme_merge(state, other, -1, owned, err);
}

static int
max_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	(void)agg;
	return extreme_merge(state, other, 1, owned, err);
}

static void
extreme_result(const struct weir_agg *agg, struct weir_buf *out,
    const void *state, struct weir_span span)
{
	(void)agg;
	(void)span;
	if (!weir_value_write(out, *(const struct weir_value *)state))
		weir_buf_puts(out, "null");
}

static void
extreme_save(
    const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	(void)agg;
	weir_agg_save_value(out, state);
}

static int
extreme_load(const struct weir_agg *agg, void *state, struct weir_value saved,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	struct weir_value v;

	(void)arena;
	if (!weir_agg_load_value(saved, &v))
		return weir_agg_bad_state(agg->ops->name, err);
	weir_agg_set_value(state, &v, owned);
	return 1;
}

static void
extreme_fini(const struct weir_agg *agg, void *state, size_t *owned)
{
	(void)agg;
	weir_agg_drop_value(state, owned);
}

const struct weir_agg_ops weir_agg_min = {
    .name = "min",
    .usage = "min(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct weir_value),
    .check = extreme_check,
    .add = min_add,
    .merge = min_merge,
    .result = extreme_result,
    .save = extreme_save,
    .load = extreme_load,
    .fini = extreme_fini,
};

const struct weir_agg_ops weir_agg_max = {
    .name = "max",
    .usage = "max(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct weir_value),
    .check = extreme_check,
    .add = max_add,
    .merge = max_merge,
    .result = extreme_result,
    .save = extreme_save,
    .load = extreme_load,
    .fini = extreme_fini,
};
