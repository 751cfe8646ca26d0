/*
 * median, quantile: a DDSketch.
 */
#include "op/aggregate_impl.h"

#include "base/mem.h"
#include "json/writer.h"
#include "op/ddsketch.h"

#include <math.h>
#include <stdlib.h>

int
weir_agg_prepare_quantile(void **params, const struct weir_value *values,
    size_t n, struct weir_error *err)
{
	double q = 0.5, *made;

	if (n > 0) {
		if (weir_agg_check_number(&values[0], err) < 0)
			return -1;
		q = weir_agg_double(&values[0]);
	}
	if (!(q >= 0 && q <= 1))
		return weir_fail(
		    err, WEIR_USAGE, "a quantile is from 0 to 1, so is q");
	*params = made = weir_malloc(sizeof *made);
	*made = q;
	return 1;
}

static int
quantile_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct weir_ddsketch *sk = state;

	(void)agg;
	if (sk->n + 1 == WEIR_DDSKETCH_MAX)
		return weir_fail(err, WEIR_INPUT, "too many values");
	return weir_agg_check_number(in->arg[0], err);
}

static void
quantile_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct weir_ddsketch *sk = state;
	size_t before = weir_ddsketch_bytes(sk);

	(void)agg;
	weir_ddsketch_add(sk, weir_agg_double(in->arg[0]));
	*owned += weir_ddsketch_bytes(sk) - before;
}

static int
quantile_check_undo(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	(void)agg;
	if (weir_agg_check_number(in->arg[0], err) < 0)
		return -1;
	return weir_ddsketch_has(state, weir_agg_double(in->arg[0]))
	    ? 1
	    : weir_agg_never_added(err);
}

static void
quantile_undo(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct weir_ddsketch *sk = state;
	size_t before = weir_ddsketch_bytes(sk);

	(void)agg;
	weir_ddsketch_remove(sk, weir_agg_double(in->arg[0]));
	*owned += weir_ddsketch_bytes(sk) - before;
}

static int
quantile_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	struct weir_ddsketch *sk = state;
	size_t before = weir_ddsketch_bytes(sk);
	int merged = weir_ddsketch_merge(sk, other);

	*owned += weir_ddsketch_bytes(sk) - before;
	return merged
	    ? 1
	    : weir_fail(err, WEIR_INPUT, "%s: too many values", agg->ops->name);
}

static void
quantile_result(const struct weir_agg *agg, struct weir_buf *out,
    const void *state, struct weir_span span)
{
	const struct weir_ddsketch *sk = state;
	const double *q = agg->params;

	(void)span;
	if (sk->n == 0)
		weir_buf_puts(out, "null");
	else
		weir_json_double(out, weir_ddsketch_quantile(sk, *q));
}

/*
 * null, or [min, max, collapsed, key, count, gap, count, gap, count, ...]: the
 * first bucket's key, and how much higher the next one's is.
 */
static void
quantile_save(
    const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct weir_ddsketch *sk = state;
	struct weir_ddsketch_bucket *all;
	uint32_t last = 0;
	size_t n;

	(void)agg;
	if (sk->n == 0) {
		weir_buf_puts(out, "null");
		return;
	}
	weir_buf_putc(out, '[');
	weir_agg_save_double(out, sk->min);
	weir_buf_putc(out, ',');
	weir_agg_save_double(out, sk->max);
	weir_buf_puts(out, sk->floor > 0 ? ",1" : ",0");
	all = weir_ddsketch_buckets(sk, &n);
	for (size_t i = 0; i < n; i++) {
		weir_buf_putc(out, ',');
		weir_agg_put_uint(out, all[i].key - last);
		weir_buf_putc(out, ',');
		weir_agg_put_uint(out, all[i].count);
		last = all[i].key;
	}
	weir_buf_putc(out, ']');
	free(all);
}

/* The n buckets of a saved list, or NULL. */
static struct weir_ddsketch_bucket *
load_buckets(const struct weir_value *v, size_t n, struct weir_arena *arena)
{
	struct weir_ddsketch_bucket *all =
	    weir_arena_alloc(arena, n * sizeof *all);
	uint64_t gap;
	uint32_t last = 0;

	for (size_t i = 0; i < n; i++, v += 2) {
		if (!weir_agg_load_uint(v[0], &gap) ||
		    gap > WEIR_DDSKETCH_KEY_MAX - last ||
		    !weir_agg_load_uint(v[1], &all[i].count))
			return NULL;
		all[i].key = last += (uint32_t)gap;
	}
	return all;
}

static int
load_list(struct weir_ddsketch *sk, const struct weir_list *list,
    struct weir_arena *arena)
{
	const struct weir_value *v = list->items;
	struct weir_ddsketch_bucket *all;
	uint64_t collapsed;
	size_t n = list->n / 2 - 1;

	if (list->n < 5 || list->n % 2 == 0 || n > WEIR_DDSKETCH_BUCKETS ||
	    !weir_agg_load_double(v[0], &sk->min) ||
	    !weir_agg_load_double(v[1], &sk->max) ||
	    !weir_agg_load_uint(v[2], &collapsed) || collapsed > 1)
		return 0;
	all = load_buckets(v + 3, n, arena);
	return all != NULL && weir_ddsketch_fill(sk, all, n, (int)collapsed);
}

static int
quantile_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	int good = v.kind == WEIR_NULL ||
	    (v.kind == WEIR_LIST && load_list(state, v.list, arena));

	*owned += weir_ddsketch_bytes(state);
	return good ? 1 : weir_agg_bad_state(agg->ops->name, err);
}

static void
quantile_fini(const struct weir_agg *agg, void *state, size_t *owned)
{
	(void)agg;
	*owned -= weir_ddsketch_bytes(state);
	weir_ddsketch_fini(state);
}

/* One more over the same values. */
static const struct weir_agg_ops sharing = {
    .name = "quantile",
    .add = weir_agg_shared_add,
    .check_undo = weir_agg_shared_check,
    .undo = weir_agg_shared_add,
    .merge = weir_agg_shared_merge,
    .result = quantile_result,
    .save = weir_agg_shared_save,
    .load = weir_agg_shared_load,
};

const struct weir_agg_ops weir_agg_median = {
    .name = "median",
    .usage = "median(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct weir_ddsketch),
    .prepare = weir_agg_prepare_quantile,
    .check = quantile_check,
    .add = quantile_add,
    .check_undo = quantile_check_undo,
    .undo = quantile_undo,
    .merge = quantile_merge,
    .result = quantile_result,
    .save = quantile_save,
    .load = quantile_load,
    .fini = quantile_fini,
    .sharing = &sharing,
};

const struct weir_agg_ops weir_agg_quantile = {
    .name = "quantile",
    .usage = "quantile(x, q)",
    .min_args = 2,
    .max_args = 2,
    .values = 1,
    .size = sizeof(struct weir_ddsketch),
    .prepare = weir_agg_prepare_quantile,
    .check = quantile_check,
    .add = quantile_add,
    .check_undo = quantile_check_undo,
    .undo = quantile_undo,
    .merge = quantile_merge,
    .result = quantile_result,
    .save = quantile_save,
    .load = quantile_load,
    .fini = quantile_fini,
    .sharing = &sharing,
};
