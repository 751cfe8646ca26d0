/*
 * corr: Pearson's coefficient.
 */
#include "op/moment.h"

#include "json/writer.h"

#include <math.h>

struct corr {
	uint64_t n;
	struct weir_axis x, y;
	struct weir_twofold xx, yy, xy;
};

static int
corr_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	(void)agg;
	(void)state;
	if (weir_moment_check(in->arg[0], err) < 0)
		return -1;
	return weir_moment_check(in->arg[1], err);
}

static void
corr_put(struct corr *s, const struct weir_agg_input *in, bool undo)
{
	struct weir_twofold dx =
	    weir_moment_distance(&s->x, in->arg[0], s->n == 0);
	struct weir_twofold dy =
	    weir_moment_distance(&s->y, in->arg[1], s->n == 0);

	weir_moment_put(&s->x.sum, dx, undo);
	weir_moment_put(&s->y.sum, dy, undo);
	weir_moment_put(&s->xx, weir_twofold_mul(dx, dx), undo);
	weir_moment_put(&s->yy, weir_twofold_mul(dy, dy), undo);
	weir_moment_put(&s->xy, weir_twofold_mul(dx, dy), undo);
}

static void
corr_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct corr *s = state;

	(void)agg;
	(void)owned;
	corr_put(s, in, false);
	s->n++;
}

static int
corr_check_undo(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct corr *s = state;

	if (corr_check(agg, state, in, err) < 0)
		return -1;
	return s->n > 0 ? 1 : weir_agg_never_added(err);
}

static void
corr_undo(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct corr *s = state;

	(void)agg;
	(void)owned;
	s->n--;
	if (s->n == 0)
		*s = (struct corr){0};
	else
		corr_put(s, in, true);
}

static int
corr_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	struct corr *s = state;
	const struct corr *o = other;
	struct weir_twofold xx[2], yy[2], xy[2], n = {(double)o->n, 0};

	(void)agg;
	(void)owned;
	(void)err;
	if (o->n == 0)
		return 1;
	if (s->n == 0) {
		*s = *o;
		return 1;
	}
	xx[0] = xx[1] = xy[0] = weir_twofold_sum(o->x.from, -s->x.from);
	yy[0] = yy[1] = xy[1] = weir_twofold_sum(o->y.from, -s->y.from);
	weir_moment_put(
	    &s->xx, weir_moment_shifted(&o->xx, &o->x, &o->x, xx, n.hi), false);
	weir_moment_put(
	    &s->yy, weir_moment_shifted(&o->yy, &o->y, &o->y, yy, n.hi), false);
	weir_moment_put(
	    &s->xy, weir_moment_shifted(&o->xy, &o->x, &o->y, xy, n.hi), false);
	weir_moment_put(&s->x.sum, o->x.sum, false);
	weir_moment_put(&s->x.sum, weir_twofold_mul(xx[0], n), false);
	weir_moment_put(&s->y.sum, o->y.sum, false);
	weir_moment_put(&s->y.sum, weir_twofold_mul(yy[0], n), false);
	s->n += o->n;
	return 1;
}

/* Pearson's; null of fewer than two values, or if one of the two is constant. */
static void
corr_result(const struct weir_agg *agg, struct weir_buf *out, const void *state,
    struct weir_span span)
{
	const struct corr *s = state;
	double xx = 0, yy = 0, r;

	(void)agg;
	(void)span;
	if (s->n >= 2) {
		xx = weir_moment_about_means(&s->xx, &s->x, &s->x, s->n);
		yy = weir_moment_about_means(&s->yy, &s->y, &s->y, s->n);
	}
	if (!(xx > 0 && yy > 0)) {
		weir_buf_puts(out, "null");
		return;
	}
	/* The root of the product is nearer, unless that is beyond doubles. */
	r = weir_moment_about_means(&s->xy, &s->x, &s->y, s->n);
	r /= isnormal(xx * yy) ? sqrt(xx * yy) : sqrt(xx) * sqrt(yy);
	weir_json_double(out, fmax(-1, fmin(1, r)));
}

/* null, or [n, first x and y, then sums and their rests: x, y, xx, yy, xy] */
static void
corr_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct corr *s = state;

	(void)agg;
	if (s->n == 0) {
		weir_buf_puts(out, "null");
		return;
	}
	weir_buf_putc(out, '[');
	weir_agg_put_uint(out, s->n);
	weir_buf_putc(out, ',');
	weir_agg_save_double(out, s->x.from);
	weir_buf_putc(out, ',');
	weir_agg_save_double(out, s->y.from);
	weir_moment_save(out, s->x.sum);
	weir_moment_save(out, s->y.sum);
	weir_moment_save(out, s->xx);
	weir_moment_save(out, s->yy);
	weir_moment_save(out, s->xy);
	weir_buf_putc(out, ']');
}

static int
corr_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	struct corr *s = state;
	double *const small[] = {&s->x.from, &s->y.from, &s->x.sum.hi,
	    &s->x.sum.lo, &s->y.sum.hi, &s->y.sum.lo};
	double *const big[] = {
	    &s->xx.hi, &s->xx.lo, &s->yy.hi, &s->yy.lo, &s->xy.hi, &s->xy.lo};

	(void)arena;
	(void)owned;
	if (v.kind == WEIR_NULL)
		return 1;
	if (v.kind == WEIR_LIST && v.list->n == 13 &&
	    weir_agg_load_uint(v.list->items[0], &s->n) && s->n > 0 &&
	    weir_moment_load(
		v.list->items + 1, small, 6, WEIR_MOMENT_SUM_MAX) &&
	    weir_moment_load(
		v.list->items + 7, big, 6, WEIR_MOMENT_PRODUCT_MAX))
		return 1;
	return weir_agg_bad_state(agg->ops->name, err);
}

const struct weir_agg_ops weir_agg_corr = {
    .name = "corr",
    .usage = "corr(x, y)",
    .min_args = 2,
    .max_args = 2,
    .values = 2,
    .size = sizeof(struct corr),
    .check = corr_check,
    .add = corr_add,
    .check_undo = corr_check_undo,
    .undo = corr_undo,
    .merge = corr_merge,
    .result = corr_result,
    .save = corr_save,
    .load = corr_load,
};
