/*
 * histogram.
 *
 * The state is a pointer to counts, one more than there are edges: below the
 * first, from each up to the next, and from the last on.
 */
#include "op/aggregate_impl.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EDGES_MAX 1000

struct edges {
	size_t n;
	struct weir_value edge[];
};

static int
bad_edges(struct weir_error *err)
{
	return weir_fail(err, WEIR_USAGE,
	    "edges is a list of 1 to %d ascending numbers", EDGES_MAX);
}

static int
edges_prepare(void **params, const struct weir_value *values, size_t n,
    struct weir_error *err)
{
	const struct weir_list *list = values->list;
	struct edges *e;

	(void)n;
	if (values->kind != WEIR_LIST || list->n == 0 || list->n > EDGES_MAX)
		return bad_edges(err);
	for (size_t i = 0; i < list->n; i++)
		if (weir_agg_check_number(&list->items[i], err) < 0 ||
		    !isfinite(weir_agg_double(&list->items[i])) ||
		    (i > 0 &&
			weir_agg_compare(
			    &list->items[i - 1], &list->items[i]) >= 0))
			return bad_edges(err);
	*params = e = weir_malloc(sizeof *e + list->n * sizeof *e->edge);
	e->n = list->n;
	memcpy(e->edge, list->items, list->n * sizeof *e->edge);
	return 1;
}

/* Which count a number belongs to: how many edges are at it or below. */
static size_t
place(const struct weir_agg *agg, const struct weir_value *v)
{
	const struct edges *e = agg->params;
	size_t low = 0, high = e->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (weir_agg_compare(&e->edge[mid], v) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static size_t
size_of(const struct weir_agg *agg)
{
	const struct edges *e = agg->params;

	return (e->n + 1) * sizeof(uint64_t);
}

static uint64_t *
counts(const struct weir_agg *agg, uint64_t **state, size_t *owned)
{
	if (*state == NULL) {
		*state = weir_calloc(1, size_of(agg));
		*owned += weir_held(size_of(agg));
	}
	return *state;
}

static int
histogram_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	(void)agg;
	(void)state;
	return weir_agg_check_number(in->arg[0], err);
}

static void
histogram_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	counts(agg, state, owned)[place(agg, in->arg[0])]++;
}

static int
histogram_check_undo(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	uint64_t *const *s = state;

	if (weir_agg_check_number(in->arg[0], err) < 0)
		return -1;
	return *s != NULL && (*s)[place(agg, in->arg[0])] > 0
	    ? 1
	    : weir_agg_never_added(err);
}

static void
histogram_undo(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	counts(agg, state, owned)[place(agg, in->arg[0])]--;
}

static int
histogram_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	const struct edges *e = agg->params;
	uint64_t *const *o = other, *to;

	(void)err;
	if (*o == NULL)
		return 1;
	to = counts(agg, state, owned);
	for (size_t i = 0; i <= e->n; i++)
		to[i] += (*o)[i];
	return 1;
}

static void
put_edge(struct weir_buf *out, const struct edges *e, size_t i)
{
	if (i < e->n)
		weir_value_write(out, e->edge[i]);
	else
		weir_buf_puts(out, "null");
}

/* [{"from":null,"to":1,"count":0},...,{"from":10,"to":null,"count":2}] */
static void
histogram_result(const struct weir_agg *agg, struct weir_buf *out,
    const void *state, struct weir_span span)
{
	const struct edges *e = agg->params;
	uint64_t *const *s = state;

	(void)span;
	for (size_t i = 0; i <= e->n; i++) {
		weir_buf_puts(out, i == 0 ? "[{\"from\":" : ",{\"from\":");
		put_edge(out, e, i - 1); /* of the first, none */
		weir_buf_puts(out, ",\"to\":");
		put_edge(out, e, i);
		weir_buf_puts(out, ",\"count\":");
		weir_agg_put_uint(out, *s != NULL ? (*s)[i] : 0);
		weir_buf_putc(out, '}');
	}
	weir_buf_putc(out, ']');
}

/* null, or the counts */
static void
histogram_save(
    const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct edges *e = agg->params;
	uint64_t *const *s = state;

	if (*s == NULL) {
		weir_buf_puts(out, "null");
		return;
	}
	for (size_t i = 0; i <= e->n; i++) {
		weir_buf_putc(out, i == 0 ? '[' : ',');
		weir_agg_put_uint(out, (*s)[i]);
	}
	weir_buf_putc(out, ']');
}

static int
histogram_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	const struct edges *e = agg->params;
	uint64_t *to;

	(void)arena;
	if (v.kind == WEIR_NULL)
		return 1;
	if (v.kind != WEIR_LIST || v.list->n != e->n + 1)
		return weir_agg_bad_state(agg->ops->name, err);
	to = counts(agg, state, owned);
	for (size_t i = 0; i <= e->n; i++)
		if (!weir_agg_load_uint(v.list->items[i], &to[i]))
			return weir_agg_bad_state(agg->ops->name, err);
	return 1;
}

static void
histogram_fini(const struct weir_agg *agg, void *state, size_t *owned)
{
	uint64_t **s = state;

	if (*s != NULL)
		*owned -= weir_held(size_of(agg));
	free(*s);
	*s = NULL;
}

const struct weir_agg_ops weir_agg_histogram = {
    .name = "histogram",
    .usage = "histogram(x, edges)",
    .min_args = 2,
    .max_args = 2,
    .values = 1,
    .size = sizeof(uint64_t *),
    .prepare = edges_prepare,
    .check = histogram_check,
    .add = histogram_add,
    .check_undo = histogram_check_undo,
    .undo = histogram_undo,
    .merge = histogram_merge,
    .result = histogram_result,
    .save = histogram_save,
    .load = histogram_load,
    .fini = histogram_fini,
};
