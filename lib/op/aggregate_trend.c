/*
 * delta, ewma: numbers in the order of event time, ties in that of arrival.
 */
#include "op/aggregate_impl.h"

#include "base/mem.h"
#include "json/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct moment {
	int64_t time;
	uint64_t seq;
};

static bool
is_before(struct moment a, struct moment b)
{
	return a.time != b.time ? a.time < b.time : a.seq < b.seq;
}

static int
trend_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct weir_value *v = in->arg[0];

	(void)agg;
	(void)state;
	if (weir_agg_check_number(v, err) < 0)
		return -1;
	if (v->kind != WEIR_DOUBLE || isfinite(v->d))
		return 1;
	return weir_fail(err, WEIR_INPUT, "infinity is too big");
}

/* --- delta --- */

struct point {
	struct moment at;
	struct weir_value x; /* a number; absent: none */
};

struct delta {
	struct point first, last;
};

static void
delta_take(struct delta *s, const struct point *p)
{
	if (s->first.x.kind == WEIR_ABSENT || is_before(p->at, s->first.at))
		s->first = *p;
	if (s->last.x.kind == WEIR_ABSENT || !is_before(p->at, s->last.at))
		s->last = *p;
}

static void
delta_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	const struct point p = {{in->time, in->seq}, *in->arg[0]};

	(void)agg;
	(void)owned;
	delta_take(state, &p);
}

static int
delta_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	const struct delta *o = other;

	(void)agg;
	(void)owned;
	(void)err;
	if (o->first.x.kind != WEIR_ABSENT) {
		delta_take(state, &o->first);
		delta_take(state, &o->last);
	}
	return 1;
}

static void
delta_result(const struct weir_agg *agg, struct weir_buf *out,
    const void *state, struct weir_span span)
{
	const struct delta *s = state;
	const struct weir_value *a = &s->first.x, *b = &s->last.x;

	(void)agg;
	(void)span;
	if (a->kind == WEIR_ABSENT)
		weir_buf_puts(out, "null");
	else if (a->kind == WEIR_DOUBLE || b->kind == WEIR_DOUBLE)
		weir_json_double(out, weir_agg_double(b) - weir_agg_double(a));
	else
		weir_agg_put_whole(
		    out, weir_agg_whole(*b) - weir_agg_whole(*a));
}

static void
save_point(struct weir_buf *out, const struct point *p)
{
	weir_agg_put_int(out, p->at.time);
	weir_buf_putc(out, ',');
	weir_agg_put_uint(out, p->at.seq);
	weir_buf_putc(out, ',');
	weir_agg_save_value(out, &p->x);
}

/* null, or [time, arrival, value] of the first, and those of the last */
static void
delta_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct delta *s = state;

	(void)agg;
	if (s->first.x.kind == WEIR_ABSENT) {
		weir_buf_puts(out, "null");
		return;
	}
	weir_buf_putc(out, '[');
	save_point(out, &s->first);
	weir_buf_putc(out, ',');
	save_point(out, &s->last);
	weir_buf_putc(out, ']');
}

static int
load_point(const struct weir_value *v, struct point *p)
{
	p->at.time = v[0].i;
	p->x = v[2];
	return v[0].kind == WEIR_INT && weir_agg_load_uint(v[1], &p->at.seq) &&
	    v[2].kind >= WEIR_INT && v[2].kind <= WEIR_DOUBLE &&
	    (v[2].kind != WEIR_DOUBLE || isfinite(v[2].d));
}

static int
delta_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	struct delta *s = state;

	(void)arena;
	(void)owned;
	if (v.kind == WEIR_NULL)
		return 1;
	if (v.kind == WEIR_LIST && v.list->n == 6 &&
	    load_point(v.list->items, &s->first) &&
	    load_point(v.list->items + 3, &s->last))
		return 1;
	return weir_agg_bad_state(agg->ops->name, err);
}

const struct weir_agg_ops weir_agg_delta = {
    .name = "delta",
    .usage = "delta(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct delta),
    .check = trend_check,
    .add = delta_add,
    .merge = delta_merge,
    .result = delta_result,
    .save = delta_save,
    .load = delta_load,
};

/* --- ewma --- */

/*
 * The average is e = alpha * x + (1 - alpha) * e over all values, beginning with
 * the first. Events come out of order and states are merged, so the newest values
 * are kept: as many as weigh anything, for what is older weighs less than
 * rounding does. They are in order.
 */
#define WEIGHT_MIN 1e-17
#define ALPHA_MIN  0.001

struct alpha {
	double alpha;
	size_t most; /* values that weigh anything */
};

struct sample {
	struct moment at;
	double x;
};

struct ewma {
	struct sample *sample;
	uint32_t n, cap;
};

static int
ewma_prepare(void **params, const struct weir_value *values, size_t n,
    struct weir_error *err)
{
	struct alpha *p;
	double alpha = 0;

	(void)n;
	if (values->kind >= WEIR_INT && values->kind <= WEIR_DOUBLE)
		alpha = weir_agg_double(values);
	if (!(alpha >= ALPHA_MIN && alpha <= 1))
		return weir_fail(
		    err, WEIR_USAGE, "alpha is a number from 0.001 to 1");
	*params = p = weir_calloc(1, sizeof *p);
	p->alpha = alpha;
	p->most = 1;
	for (double weight = 1 - alpha; weight > WEIGHT_MIN;
	     weight *= 1 - alpha)
		p->most++;
	return 1;
}

static void
ewma_room(struct ewma *s, size_t cap, size_t *owned)
{
	if (s->cap > 0)
		*owned -= weir_held(s->cap * sizeof *s->sample);
	s->sample = weir_realloc(s->sample, cap * sizeof *s->sample);
	s->cap = (uint32_t)cap;
	*owned += weir_held(cap * sizeof *s->sample);
}

/* Where a sample of this moment belongs, searched from the end. */
static size_t
ewma_place(const struct ewma *s, struct moment at)
{
	size_t i = s->n;

	while (i > 0 && is_before(at, s->sample[i - 1].at))
		i--;
	return i;
}

/* Up to twice as many as weigh anything lie there, so that few are moved. */
static void
ewma_take(
    struct ewma *s, const struct alpha *p, struct sample one, size_t *owned)
{
	size_t i, cap = 2 * (s->cap > 0 ? s->cap : 1);

	if (s->n == 2 * p->most) {
		s->n = (uint32_t)p->most;
		memmove(s->sample, s->sample + s->n, s->n * sizeof *s->sample);
	}
	if (s->n == s->cap)
		ewma_room(s, cap < 2 * p->most ? cap : 2 * p->most, owned);
	i = ewma_place(s, one.at);
	memmove(
	    s->sample + i + 1, s->sample + i, (s->n - i) * sizeof *s->sample);
	s->sample[i] = one;
	s->n++;
}

static void
ewma_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	const struct sample one = {
	    {in->time, in->seq}, weir_agg_double(in->arg[0])};

	ewma_take(state, agg->params, one, owned);
}

static int
ewma_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	const struct alpha *p = agg->params;
	const struct ewma *o = other;
	struct ewma *s = state, both = {0};
	size_t i = s->n, k = o->n, at = i + k < p->most ? i + k : p->most;

	(void)err;
	if (o->n == 0)
		return 1;
	ewma_room(&both, at, owned);
	both.n = (uint32_t)at;
	while (at-- > 0) /* the newest first */
		both.sample[at] = k == 0 ||
			(i > 0 &&
			    is_before(o->sample[k - 1].at, s->sample[i - 1].at))
		    ? s->sample[--i]
		    : o->sample[--k];
	agg->ops->fini(agg, s, owned);
	*s = both;
	return 1;
}

static void
ewma_result(const struct weir_agg *agg, struct weir_buf *out, const void *state,
    struct weir_span span)
{
	const struct alpha *p = agg->params;
	const struct ewma *s = state;
	size_t i = s->n > p->most ? s->n - p->most : 0;
	double e;

	(void)span;
	if (s->n == 0) {
		weir_buf_puts(out, "null");
		return;
	}
	e = s->sample[i].x;
	while (++i < s->n)
		e = p->alpha * s->sample[i].x + (1 - p->alpha) * e;
	weir_json_double(out, e);
}

/* [time, arrival, value, ...] */
static void
ewma_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct alpha *p = agg->params;
	const struct ewma *s = state;
	size_t first = s->n > p->most ? s->n - p->most : 0;

	weir_buf_putc(out, '[');
	for (size_t i = first; i < s->n; i++) {
		if (i > first)
			weir_buf_putc(out, ',');
		weir_agg_put_int(out, s->sample[i].at.time);
		weir_buf_putc(out, ',');
		weir_agg_put_uint(out, s->sample[i].at.seq);
		weir_buf_putc(out, ',');
		weir_agg_save_double(out, s->sample[i].x);
	}
	weir_buf_putc(out, ']');
}

static int
load_sample(const struct weir_value *v, struct sample *one)
{
	one->at.time = v[0].i;
	return v[0].kind == WEIR_INT &&
	    weir_agg_load_uint(v[1], &one->at.seq) &&
	    weir_agg_load_double(v[2], &one->x) && isfinite(one->x);
}

static int
ewma_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	const struct alpha *p = agg->params;
	struct ewma *s = state;
	struct sample one;

	(void)arena;
	if (v.kind != WEIR_LIST || v.list->n % 3 != 0 ||
	    v.list->n / 3 > p->most)
		return weir_agg_bad_state(agg->ops->name, err);
	for (size_t i = 0; i < v.list->n; i += 3) {
		if (!load_sample(v.list->items + i, &one) ||
		    ewma_place(s, one.at) != s->n)
			return weir_agg_bad_state(agg->ops->name, err);
		ewma_take(s, p, one, owned);
	}
	return 1;
}

static void
ewma_fini(const struct weir_agg *agg, void *state, size_t *owned)
{
	struct ewma *s = state;

	(void)agg;
	if (s->cap > 0)
		*owned -= weir_held(s->cap * sizeof *s->sample);
	free(s->sample);
	*s = (struct ewma){0};
}

const struct weir_agg_ops weir_agg_ewma = {
    .name = "ewma",
    .usage = "ewma(x, alpha)",
    .min_args = 2,
    .max_args = 2,
    .values = 1,
    .size = sizeof(struct ewma),
    .prepare = ewma_prepare,
    .check = trend_check,
    .add = ewma_add,
    .merge = ewma_merge,
    .result = ewma_result,
    .save = ewma_save,
    .load = ewma_load,
    .fini = ewma_fini,
};
