#include "op/moment.h"

#include <math.h>

/* Neither squares of distances nor sums of very many must overflow. */
#define VALUE_MAX 1e120

int
weir_moment_check(const struct weir_value *v, struct weir_error *err)
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

struct weir_twofold
weir_moment_distance(
    struct weir_axis *a, const struct weir_value *v, bool first)
{
	double d = weir_agg_double(v);

	if (first)
		*a = (struct weir_axis){.from = d};
	return weir_twofold_sum(d, -a->from);
}

void
weir_moment_put(struct weir_twofold *sum, struct weir_twofold d, bool undo)
{
	*sum = weir_twofold_add(*sum, undo ? weir_twofold_minus(d) : d);
}

struct weir_twofold
weir_moment_shifted(const struct weir_twofold *p, const struct weir_axis *x,
    const struct weir_axis *y, const struct weir_twofold *d, double n)
{
	struct weir_twofold sum =
	    weir_twofold_add(*p, weir_twofold_mul(d[1], x->sum));

	sum = weir_twofold_add(sum, weir_twofold_mul(d[0], y->sum));
	return weir_twofold_add(sum,
	    weir_twofold_mul(
		weir_twofold_mul(d[0], d[1]), (struct weir_twofold){n, 0}));
}

double
weir_moment_about_means(const struct weir_twofold *p, const struct weir_axis *x,
    const struct weir_axis *y, uint64_t n)
{
	struct weir_twofold d = weir_twofold_add(*p,
	    weir_twofold_minus(
		weir_twofold_div(weir_twofold_mul(x->sum, y->sum), (double)n)));

	/* Less than rounding may leave of nothing. */
	return fabs(d.hi) < fabs(p->hi) * 1e-30 ? 0 : d.hi;
}

void
weir_moment_save(struct weir_buf *out, struct weir_twofold t)
{
	weir_buf_putc(out, ',');
	weir_agg_save_double(out, t.hi);
	weir_buf_putc(out, ',');
	weir_agg_save_double(out, t.lo);
}

int
weir_moment_load(
    const struct weir_value *v, double *const *to, size_t n, double most)
{
	for (size_t i = 0; i < n; i++)
		if (!weir_agg_load_double(v[i], to[i]) ||
		    !(fabs(*to[i]) <= most))
			return 0;
	return 1;
}
