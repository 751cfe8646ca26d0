/*
 * var, stddev, corr.
 *
 * The states are sums of powers of the distances from the first value, in two
 * doubles each. That is as exact as sums about the mean
 * (Welford 1962; Chan, Golub, LeVeque 1979), and besides neither the order of
 * events nor of merging shows, and what is taken back leaves no trace.
 */
#include "op/aggregate_impl.h"

#include "json/writer.h"
#include "op/twofold.h"

#include <math.h>

/* Squares of differences must neither overflow nor their sums. */
#define VALUE_MAX 1e120

/* One variable: where it began, and the sum of the distances. */
struct axis {
	double from;
	struct weir_twofold sum;
};

static int
moment_check_value(const struct weir_value *v, struct weir_error *err)
{
	if (v->kind == WEIR_INT)
		return 1;
	if (weir_agg_check_number(v, err) < 0)
		return -1;
	if (v->kind == WEIR_UINT || fabs(v->d) <= VALUE_MAX)
		return 1;
	return weir_fail(
	    err, WEIR_INPUT, "a value beyond 1e120 is too big to be squared");
}

/* How far v is from where the axis begins, which is v if it is the first. */
static struct weir_twofold
distance(struct axis *a, const struct weir_value *v, bool first)
{
	double d = weir_agg_double(v);

	if (first)
		*a = (struct axis){.from = d};
	return weir_twofold_sum(d, -a->from);
}

/* *sum plus d, or less it. */
static void
put(struct weir_twofold *sum, struct weir_twofold d, bool undo)
{
	*sum = weir_twofold_add(*sum, undo ? weir_twofold_minus(d) : d);
}

/*
 * Products p of distances, as they are from another beginning: of the sum of
 * (x + dx)(y + dy) over n values what comes to that of xy.
 */
static struct weir_twofold
shifted(const struct weir_twofold *p, const struct axis *x,
    const struct axis *y, const struct weir_twofold *d, double n)
{
	struct weir_twofold sum =
	    weir_twofold_add(*p, weir_twofold_mul(d[1], x->sum));

	sum = weir_twofold_add(sum, weir_twofold_mul(d[0], y->sum));
	return weir_twofold_add(sum,
	    weir_twofold_mul(
		weir_twofold_mul(d[0], d[1]), (struct weir_twofold){n, 0}));
}

/* The sum of products of distances from the means. */
static double
about_means(const struct weir_twofold *p, const struct axis *x,
    const struct axis *y, uint64_t n)
{
	struct weir_twofold d = weir_twofold_add(*p,
	    weir_twofold_minus(
		weir_twofold_div(weir_twofold_mul(x->sum, y->sum), (double)n)));

	/* Less than rounding may leave of nothing. */
	return fabs(d.hi) < fabs(p->hi) * 1e-29 ? 0 : d.hi;
}

static void
save_twofold(struct weir_buf *out, struct weir_twofold t)
{
	weir_buf_putc(out, ',');
	weir_agg_save_double(out, t.hi);
	weir_buf_putc(out, ',');
	weir_agg_save_double(out, t.lo);
}

/* Doubles that a state may hold, so that sums of states are finite. */
static int
load_doubles(
    const struct weir_value *v, double *const *to, size_t n, double most)
{
	for (size_t i = 0; i < n; i++)
		if (!weir_agg_load_double(v[i], to[i]) ||
		    !(fabs(*to[i]) <= most))
			return 0;
	return 1;
}

/* --- var, stddev --- */

struct var {
	uint64_t n;
	struct axis x;
	struct weir_twofold xx;
};

static int
var_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	(void)agg;
	(void)state;
	return moment_check_value(in->arg[0], err);
}

static void
var_put(struct var *s, const struct weir_value *v, bool undo)
{
	struct weir_twofold d = distance(&s->x, v, s->n == 0);

	put(&s->x.sum, d, undo);
	put(&s->xx, weir_twofold_mul(d, d), undo);
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
	put(&s->xx, shifted(&o->xx, &o->x, &o->x, d, n.hi), false);
	put(&s->x.sum, o->x.sum, false);
	put(&s->x.sum, weir_twofold_mul(d[0], n), false);
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
	sum = about_means(&s->xx, &s->x, &s->x, s->n);
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
	save_twofold(out, s->x.sum);
	save_twofold(out, s->xx);
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
	    load_doubles(v.list->items + 1, small, 3, 1e140) &&
	    load_doubles(v.list->items + 4, big, 2, 1e260))
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

/* --- corr --- */

struct corr {
	uint64_t n;
	struct axis x, y;
	struct weir_twofold xx, yy, xy;
};

static int
corr_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	(void)agg;
	(void)state;
	if (moment_check_value(in->arg[0], err) < 0)
		return -1;
	return moment_check_value(in->arg[1], err);
}

static void
corr_put(struct corr *s, const struct weir_agg_input *in, bool undo)
{
	struct weir_twofold dx = distance(&s->x, in->arg[0], s->n == 0);
	struct weir_twofold dy = distance(&s->y, in->arg[1], s->n == 0);

	put(&s->x.sum, dx, undo);
	put(&s->y.sum, dy, undo);
	put(&s->xx, weir_twofold_mul(dx, dx), undo);
	put(&s->yy, weir_twofold_mul(dy, dy), undo);
	put(&s->xy, weir_twofold_mul(dx, dy), undo);
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
	put(&s->xx, shifted(&o->xx, &o->x, &o->x, xx, n.hi), false);
	put(&s->yy, shifted(&o->yy, &o->y, &o->y, yy, n.hi), false);
	put(&s->xy, shifted(&o->xy, &o->x, &o->y, xy, n.hi), false);
	put(&s->x.sum, o->x.sum, false);
	put(&s->x.sum, weir_twofold_mul(xx[0], n), false);
	put(&s->y.sum, o->y.sum, false);
	put(&s->y.sum, weir_twofold_mul(yy[0], n), false);
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
		xx = about_means(&s->xx, &s->x, &s->x, s->n);
		yy = about_means(&s->yy, &s->y, &s->y, s->n);
	}
	if (!(xx > 0 && yy > 0)) {
		weir_buf_puts(out, "null");
		return;
	}
	r = about_means(&s->xy, &s->x, &s->y, s->n) / sqrt(xx) / sqrt(yy);
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
	save_twofold(out, s->x.sum);
	save_twofold(out, s->y.sum);
	save_twofold(out, s->xx);
	save_twofold(out, s->yy);
	save_twofold(out, s->xy);
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
	    load_doubles(v.list->items + 1, small, 6, 1e140) &&
	    load_doubles(v.list->items + 7, big, 6, 1e260))
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
