/*
 * var, stddev: of a sample.
 */
#include "op/moment.h"

#include "json/writer.h"

#include <math.h>

struct var {
	uint64_t n;
	struct weir_axis x;
	struct weir_twofold xx;
};

static int
var_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	(void)agg;
	(void)state;
	return weir_moment_check(in->arg[0], err);
}

static void
var_put(struct var *s, const struct weir_value *v, bool undo)
{
	struct weir_twofold d = weir_moment_distance(&s->x, v, s->n == 0);

	weir_moment_put(&s->x.sum, d, undo);
	weir_moment_put(&s->xx, weir_twofold_mul(d, d), undo);
}

static void
var_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct var *s = state;

	(void)agg;
	(void)owned;
	var_put(s, in->arg[0], false);
	s->n++;
}

static int
var_check_undo(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct var *s = state;

	if (var_check(agg, state, in, err) < 0)
		return -1;
	return s->n > 0 ? 1 : weir_agg_never_added(err);
}

static void
var_undo(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct var *s = state;

	(void)agg;
	(void)owned;
	s->n--;
	if (s->n == 0)
		*s = (struct var){0};
	else
		var_put(s, in->arg[0], true);
}

static int
var_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	struct var *s = state;
	const struct var *o = other;
	struct weir_twofold d[2], n = {(double)o->n, 0};

	(void)agg;
	(void)owned;
	(void)err;
	if (o->n == 0)
		return 1;
	if (s->n == 0) {
		*s = *o;
		return 1;
	}
	d[0] = d[1] = weir_twofold_sum(o->x.from, -s->x.from);
	weir_moment_put(
	    &s->xx, weir_moment_shifted(&o->xx, &o->x, &o->x, d, n.hi), false);
	weir_moment_put(&s->x.sum, o->x.sum, false);
	weir_moment_put(&s->x.sum, weir_twofold_mul(d[0], n), false);
	s->n += o->n;
	return 1;
}

/* The variance; -1 if there is none. */
static double
variance(const struct var *s)
{
	double sum;

	if (s->n < 2)
		return -1;
	sum = weir_moment_about_means(&s->xx, &s->x, &s->x, s->n);
	return sum > 0 ? sum / (double)(s->n - 1) : 0;
}

static void
var_result(const struct weir_agg *agg, struct weir_buf *out, const void *state,
    struct weir_span span)
{
	double var = variance(state);

	(void)agg;
	(void)span;
	if (var < 0)
		weir_buf_puts(out, "null");
	else
		weir_json_double(out, var);
}

static void
stddev_result(const struct weir_agg *agg, struct weir_buf *out,
    const void *state, struct weir_span span)
{
	double var = variance(state);

	(void)agg;
	(void)span;
	if (var < 0)
		weir_buf_puts(out, "null");
	else
		weir_json_double(out, sqrt(var));
}

/* null, or [n, first value, sum, its rest, sum of squares, its rest] */
static void
var_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct var *s = state;

	(void)agg;
	if (s->n == 0) {
		weir_buf_puts(out, "null");
		return;
	}
	weir_buf_putc(out, '[');
	weir_agg_put_uint(out, s->n);
	weir_buf_putc(out, ',');
	weir_agg_save_double(out, s->x.from);
	weir_moment_save(out, s->x.sum);
	weir_moment_save(out, s->xx);
	weir_buf_putc(out, ']');
}

static int
var_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	struct var *s = state;
	double *const small[] = {&s->x.from, &s->x.sum.hi, &s->x.sum.lo};
	double *const big[] = {&s->xx.hi, &s->xx.lo};

	(void)arena;
	(void)owned;
	if (v.kind == WEIR_NULL)
		return 1;
	if (v.kind == WEIR_LIST && v.list->n == 6 &&
	    weir_agg_load_uint(v.list->items[0], &s->n) && s->n > 0 &&
	    weir_moment_load(
		v.list->items + 1, small, 3, WEIR_MOMENT_SUM_MAX) &&
	    weir_moment_load(
		v.list->items + 4, big, 2, WEIR_MOMENT_PRODUCT_MAX))
		return 1;
	return weir_agg_bad_state(agg->ops->name, err);
}

const struct weir_agg_ops weir_agg_var = {
    .name = "var",
    .usage = "var(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct var),
    .check = var_check,
    .add = var_add,
    .check_undo = var_check_undo,
    .undo = var_undo,
    .merge = var_merge,
    .result = var_result,
    .save = var_save,
    .load = var_load,
};

const struct weir_agg_ops weir_agg_stddev = {
    .name = "stddev",
    .usage = "stddev(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct var),
    .check = var_check,
    .add = var_add,
    .check_undo = var_check_undo,
    .undo = var_undo,
    .merge = var_merge,
    .result = stddev_result,
    .save = var_save,
    .load = var_load,
};
