/*
 * count, rate, any, all.
 */
#include "op/aggregate_impl.h"

#include "json/writer.h"

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
	(void)arena;
	(void)owned;
	return weir_agg_load_uint(v, state)
	    ? 1
	    : weir_agg_bad_state(agg->ops->name, err);
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

/* --- rate --- */

static void
rate_result(const struct weir_agg *agg, struct weir_buf *out, const void *state,
    struct weir_span span)
{
	double ns = (double)((weir_int128)span.end - span.start);

	(void)agg;
	if (span.start >= span.end)
		weir_buf_puts(out, "null");
	else
		weir_json_double(
		    out, (double)*(const uint64_t *)state * 1e9 / ns);
}

const struct weir_agg_ops weir_agg_rate = {
    .name = "rate",
    .usage = "rate()",
    .size = sizeof(uint64_t),
    .add = count_add,
    .check_undo = count_check_undo,
    .undo = count_undo,
    .merge = count_merge,
    .result = rate_result,
    .save = count_save,
    .load = count_load,
};

/* --- any, all --- */

struct bools {
	uint64_t n[2]; /* how many were false, how many true */
};

static int
bool_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	uint32_t kind = in->arg[0]->kind;

	(void)agg;
	(void)state;
	if (kind == WEIR_BOOL)
		return 1;
	return weir_fail(err, WEIR_INPUT, "%s is not a bool",
	    kind == WEIR_JSON ? "a list or map" : weir_kind_name(kind));
}

static void
bool_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct bools *s = state;

	(void)agg;
	(void)owned;
	s->n[in->arg[0]->b]++;
}

static int
bool_check_undo(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct bools *s = state;

	if (bool_check(agg, state, in, err) < 0)
		return -1;
	return s->n[in->arg[0]->b] > 0 ? 1 : weir_agg_never_added(err);
}

static void
bool_undo(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct bools *s = state;

	(void)agg;
	(void)owned;
	s->n[in->arg[0]->b]--;
}

static int
bool_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	struct bools *s = state;
	const struct bools *o = other;

	(void)agg;
	(void)owned;
	(void)err;
	s->n[0] += o->n[0];
	s->n[1] += o->n[1];
	return 1;
}

static void
put_bool(struct weir_buf *out, const struct bools *s, bool b)
{
	if (s->n[0] + s->n[1] == 0)
		weir_buf_puts(out, "null");
	else
		weir_buf_puts(out, b ? "true" : "false");
}

static void
any_result(const struct weir_agg *agg, struct weir_buf *out, const void *state,
    struct weir_span span)
{
	const struct bools *s = state;

	(void)agg;
	(void)span;
	put_bool(out, s, s->n[1] > 0);
}

static void
all_result(const struct weir_agg *agg, struct weir_buf *out, const void *state,
    struct weir_span span)
{
	const struct bools *s = state;

	(void)agg;
	(void)span;
	put_bool(out, s, s->n[0] == 0);
}

/* [false, true] */
static void
bool_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct bools *s = state;

	(void)agg;
	weir_buf_putc(out, '[');
	weir_agg_put_uint(out, s->n[0]);
	weir_buf_putc(out, ',');
	weir_agg_put_uint(out, s->n[1]);
	weir_buf_putc(out, ']');
}

static int
bool_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	struct bools *s = state;

	(void)arena;
	(void)owned;
	if (v.kind == WEIR_LIST && v.list->n == 2 &&
	    weir_agg_load_uint(v.list->items[0], &s->n[0]) &&
	    weir_agg_load_uint(v.list->items[1], &s->n[1]))
		return 1;
	return weir_agg_bad_state(agg->ops->name, err);
}

const struct weir_agg_ops weir_agg_any = {
    .name = "any",
    .usage = "any(cond)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct bools),
    .check = bool_check,
    .add = bool_add,
    .check_undo = bool_check_undo,
    .undo = bool_undo,
    .merge = bool_merge,
    .result = any_result,
    .save = bool_save,
    .load = bool_load,
};

const struct weir_agg_ops weir_agg_all = {
    .name = "all",
    .usage = "all(cond)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct bools),
    .check = bool_check,
    .add = bool_add,
    .check_undo = bool_check_undo,
    .undo = bool_undo,
    .merge = bool_merge,
    .result = all_result,
    .save = bool_save,
    .load = bool_load,
};
