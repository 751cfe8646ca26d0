/*
 * quantile_exact: all values of a group.
 */
#include "op/aggregate_impl.h"

#include "base/mem.h"
#include "op/ddsketch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The state is a pointer to this, NULL while there are no values. Values are 8
 * bytes until an integer comes that is no double: then all become pairs of the
 * nearest double and what an integer is above it. Pairs have the order of the
 * values, for rounding keeps it. What was sorted stays so: the next result has
 * only what came since to sort.
 */
struct all {
	size_t n, cap, sorted;
	size_t width; /* doubles in a value: 1, 2 */
	double values[];
};

#define FIRST 4 /* values there is room for at first */

static size_t
bytes_of(const struct all *all)
{
	return all == NULL ? 0
			   : sizeof *all + WEIR_AGG_OVERHEAD +
		all->cap * all->width * sizeof *all->values;
}

/* --- one value --- */

/* What an integer is above the nearest double: small, itself a double. */
static double
rest_of(const struct weir_value *v)
{
	if (v->kind == WEIR_DOUBLE)
		return 0;
	return (double)(weir_agg_whole(*v) - (weir_int128)weir_agg_double(v));
}

/* Of either width, by the double and then by the rest. */
static inline int
compare_width(const double *x, const double *y, size_t width)
{
	if (x[0] != y[0])
		return x[0] < y[0] ? -1 : 1;
	return width == 1 ? 0 : (x[1] > y[1]) - (x[1] < y[1]);
}

static int
compare_narrow(const void *a, const void *b)
{
	return compare_width(a, b, 1);
}

static int
compare_wide(const void *a, const void *b)
{
	return compare_width(a, b, 2);
}

/* Integers show all their digits. */
static struct weir_value
value_at(const struct all *all, size_t i)
{
	const double least = -9223372036854775808.0, /* -2^63 and 2^64 */
	    most = 18446744073709551616.0;
	const double *v = &all->values[i * all->width];
	weir_int128 whole;

	if (fabs(v[0]) < 0x1p53 || v[0] < least || v[0] > most ||
	    v[0] != trunc(v[0]))
		return (struct weir_value){.kind = WEIR_DOUBLE, .d = v[0]};
	whole = (weir_int128)v[0] + (all->width == 2 ? (weir_int128)v[1] : 0);
	if (whole > UINT64_MAX) /* only 2^64 itself */
		return (struct weir_value){.kind = WEIR_DOUBLE, .d = v[0]};
	return whole > INT64_MAX
	    ? (struct weir_value){.kind = WEIR_UINT, .u = (uint64_t)whole}
	    : (struct weir_value){.kind = WEIR_INT, .i = (int64_t)whole};
}

/* --- all values --- */

static struct all *
resize(struct all *all, size_t cap, size_t width)
{
	all =
	    weir_realloc(all, sizeof *all + cap * width * sizeof *all->values);
	all->cap = cap;
	return all;
}

/* Room for n values more. */
static struct all *
make_room(struct all *all, size_t more)
{
	size_t cap;

	if (all == NULL) {
		all = weir_calloc(1, sizeof *all);
		all->width = 1;
	}
	if (more <= all->cap - all->n)
		return all;
	cap = all->cap < FIRST ? FIRST : all->cap * 2;
	while (cap - all->n < more)
		cap *= 2;
	return resize(all, cap, all->width);
}

static struct all *
widen(struct all *all)
{
	if (all->width == 2)
		return all;
	all = resize(all, all->cap, 2);
	all->width = 2;
	for (size_t i = all->n; i-- > 0;) {
		all->values[2 * i] = all->values[i];
		all->values[2 * i + 1] = 0;
	}
	return all;
}

static struct all *
append(struct all *all, double near, double rest)
{
	double *v;

	all = make_room(all, 1);
	if (rest != 0)
		all = widen(all);
	v = &all->values[all->n++ * all->width];
	v[0] = near + 0.0; /* no -0, so that it makes no difference */
	if (all->width == 2)
		v[1] = rest;
	return all;
}

/* Put the values behind i, sorted, in their places among those before. */
static void
merge_tail(struct all *all)
{
	size_t width = all->width, head = all->sorted, tail = all->n - head;
	size_t size = width * sizeof *all->values, at = all->n;
	double *v = all->values, *copy = weir_malloc(tail * size);

	memcpy(copy, v + head * width, tail * size);
	while (tail > 0) {
		int left = head > 0 &&
		    compare_width(v + (head - 1) * width,
			copy + (tail - 1) * width, width) > 0;
		const double *from =
		    left ? v + --head * width : copy + --tail * width;

		memmove(v + --at * width, from, size);
	}
	free(copy);
}

static void
sort(struct all *all)
{
	size_t size = all->width * sizeof *all->values;

	if (all->sorted == all->n)
		return;
	qsort(all->values + all->sorted * all->width, all->n - all->sorted,
	    size, all->width == 2 ? compare_wide : compare_narrow);
	if (all->sorted > 0)
		merge_tail(all);
	all->sorted = all->n;
}

/* Where a value is, once sorted: 1 or 0. */
static int
find(struct all *all, const struct weir_value *v, size_t *at)
{
	const double want[2] = {weir_agg_double(v), rest_of(v)};
	size_t lo = 0, hi;

	if (all == NULL || (all->width == 1 && want[1] != 0))
		return 0;
	sort(all);
	for (hi = all->n; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_width(
			&all->values[mid * all->width], want, all->width) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*at = lo;
	return lo < all->n &&
	    compare_width(&all->values[lo * all->width], want, all->width) == 0;
}

/* --- the aggregate --- */

static int
exact_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	(void)agg;
	(void)state;
	return weir_agg_check_number(in->arg[0], err);
}

static void
exact_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct all **all = state;
	size_t before = bytes_of(*all);

	(void)agg;
	*all = append(*all, weir_agg_double(in->arg[0]), rest_of(in->arg[0]));
	*owned += bytes_of(*all) - before;
}

static int
exact_check_undo(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	struct all *const *all = state;
	size_t at;

	if (exact_check(agg, state, in, err) < 0)
		return -1;
	return find(*all, in->arg[0], &at) ? 1 : weir_agg_never_added(err);
}

static void
exact_fini(const struct weir_agg *agg, void *state, size_t *owned)
{
	struct all **all = state;

	(void)agg;
	*owned -= bytes_of(*all);
	free(*all);
	*all = NULL;
}

static void
exact_undo(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct all *all = *(struct all **)state;
	size_t at, size = all->width * sizeof *all->values;

	if (!find(all, in->arg[0], &at))
		return;
	all->sorted = --all->n;
	if (all->n == 0)
		exact_fini(agg, state, owned);
	else
		memmove(&all->values[at * all->width],
		    &all->values[(at + 1) * all->width], (all->n - at) * size);
}

static int
exact_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	struct all **all = state;
	const struct all *o = *(struct all *const *)other;
	size_t before = bytes_of(*all);

	(void)agg;
	(void)err;
	if (o == NULL)
		return 1;
	*all = make_room(*all, o->n);
	for (size_t i = 0; i < o->n; i++)
		*all = append(*all, o->values[i * o->width],
		    o->width == 2 ? o->values[2 * i + 1] : 0);
	*owned += bytes_of(*all) - before;
	return 1;
}

static void
exact_result(const struct weir_agg *agg, struct weir_buf *out,
    const void *state, struct weir_span span)
{
	struct all *all = *(struct all *const *)state;
	const double *q = agg->params;

	(void)span;
	if (all == NULL) {
		weir_buf_puts(out, "null");
		return;
	}
	sort(all);
	weir_value_write(
	    out, value_at(all, weir_quantile_rank(all->n, *q) - 1));
}

/* null, or the values, those that were sorted first. */
static void
exact_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct all *all = *(struct all *const *)state;
	struct weir_value v;

	(void)agg;
	if (all == NULL) {
		weir_buf_puts(out, "null");
		return;
	}
	for (size_t i = 0; i < all->n; i++) {
		weir_buf_putc(out, i == 0 ? '[' : ',');
		v = value_at(all, i);
		if (v.kind == WEIR_DOUBLE && !isfinite(v.d))
			weir_agg_save_double(out, v.d);
		else
			weir_value_write(out, v);
	}
	weir_buf_putc(out, ']');
}

static int
exact_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	struct all **all = state;
	struct weir_value item;

	(void)arena;
	if (v.kind == WEIR_NULL)
		return 1;
	if (v.kind != WEIR_LIST || v.list->n == 0)
		return weir_agg_bad_state(agg->ops->name, err);
	for (size_t i = 0; i < v.list->n; i++) {
		item = v.list->items[i];
		if (item.kind == WEIR_STRING) {
			if (!weir_agg_load_double(item, &item.d))
				break;
			item.kind = WEIR_DOUBLE;
		}
		if (weir_agg_check_number(&item, NULL) < 0)
			break;
		*all = append(*all, weir_agg_double(&item), rest_of(&item));
	}
	*owned += bytes_of(*all);
	return *all != NULL && (*all)->n == v.list->n
	    ? 1
	    : weir_agg_bad_state(agg->ops->name, err);
}

/* One more over the same values. */
static const struct weir_agg_ops sharing = {
    .name = "quantile_exact",
    .add = weir_agg_shared_add,
    .check_undo = weir_agg_shared_check,
    .undo = weir_agg_shared_add,
    .merge = weir_agg_shared_merge,
    .result = exact_result,
    .save = weir_agg_shared_save,
    .load = weir_agg_shared_load,
};

const struct weir_agg_ops weir_agg_quantile_exact = {
    .name = "quantile_exact",
    .usage = "quantile_exact(x, q)",
    .min_args = 2,
    .max_args = 2,
    .values = 1,
    .size = sizeof(struct all *),
    .prepare = weir_agg_prepare_quantile,
    .check = exact_check,
    .add = exact_add,
    .check_undo = exact_check_undo,
    .undo = exact_undo,
    .merge = exact_merge,
    .result = exact_result,
    .save = exact_save,
    .load = exact_load,
    .fini = exact_fini,
    .sharing = &sharing,
    .gathers = true,
};
