/*
 * sum, avg.
 */
#include "op/aggregate_impl.h"

#include "json/writer.h"

#include <math.h>

/*
 * Integers add up exactly, in 128 bits; the first double makes the sum one, with
 * what rounding lost kept beside it (A. Neumaier, "Rundungsfehleranalyse
 * einiger Verfahren zur Summation endlicher Summen", 1974).
 */
struct sum {
	uint64_t n : 63, real : 1;
	union {
		uint64_t low;
		double d;
	};
	union {
		int64_t high;
		double lost;
	};
};

static weir_int128
whole(const struct sum *s)
{
	return (
	    weir_int128)((unsigned __int128)(uint64_t)s->high << 64 | s->low);
}

static void
set_whole(struct sum *s, weir_int128 sum)
{
	s->low = (uint64_t)sum;
	s->high = (int64_t)(sum >> 64);
}

/* Without overflow in the face of a state that nobody saved. */
static weir_int128
plus(weir_int128 a, weir_int128 b)
{
	return (weir_int128)((unsigned __int128)a + (unsigned __int128)b);
}

/* Is it an int or a uint? */
static bool
fits(weir_int128 sum)
{
	return sum >= INT64_MIN && sum <= UINT64_MAX;
}

/* What rounding loses of a sum of two is a double itself (Knuth, 4.2.2). */
static inline void
add_double(struct sum *s, double d)
{
	double sum = s->d + d, part = sum - s->d;
	double lost = (s->d - (sum - part)) + (d - part);

	/* Of an infinite sum nothing can be told. */
	s->lost = isfinite(sum) ? s->lost + lost : 0;
	s->d = sum;
}

/*
 * A whole number in two doubles: exact up to 2^106, and beyond that what is lost
 * is beyond any double.
 */
static void
add_whole(struct sum *s, weir_int128 i)
{
	double high = (double)i;

	add_double(s, high);
	add_double(s, (double)(i - (weir_int128)high));
}

static void
make_real(struct sum *s)
{
	weir_int128 i = whole(s);

	s->real = 1;
	s->d = s->lost = 0;
	add_whole(s, i);
}

static double
total(const struct sum *s)
{
	return s->d + s->lost;
}

static int
infinities(struct weir_error *err)
{
	return weir_fail(err, WEIR_INPUT, "infinity and -infinity have no sum");
}

/* A sum that is infinite stays so, and never becomes NaN. */
static int
avg_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct sum *s = state;
	const struct weir_value *v = in->arg[0];

	(void)agg;
	if (v->kind == WEIR_INT || (v->kind == WEIR_DOUBLE && isfinite(v->d)))
		return 1;
	if (weir_agg_check_number(v, err) < 0)
		return -1;
	if (v->kind == WEIR_DOUBLE && s->real && isnan(s->d + v->d))
		return infinities(err);
	return 1;
}

static int
sum_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct sum *s = state;
	const struct weir_value *v = in->arg[0];

	if (avg_check(agg, state, in, err) < 0)
		return -1;
	if (v->kind == WEIR_DOUBLE || s->real ||
	    fits(plus(whole(s), weir_agg_whole(*v))))
		return 1;
	return weir_fail(
	    err, WEIR_INPUT, "the sum leaves the range of 64-bit integers");
}

static void
sum_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct sum *s = state;
	const struct weir_value *v = in->arg[0];

	(void)agg;
	(void)owned;
	s->n++;
	if (v->kind != WEIR_DOUBLE && !s->real) {
		set_whole(s, plus(whole(s), weir_agg_whole(*v)));
		return;
	}
	if (!s->real)
		make_real(s);
	if (v->kind == WEIR_DOUBLE)
		add_double(s, v->d);
	else
		add_whole(s, weir_agg_whole(*v));
}

/*
 * Integers are taken back exactly; of doubles rounding may leave a trace, until
 * the last one goes.
 */
static int
avg_check_undo(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct sum *s = state;
	const struct weir_value *v = in->arg[0];

	(void)agg;
	if (weir_agg_check_number(v, err) < 0)
		return -1;
	if (s->n == 0 || (v->kind == WEIR_DOUBLE && !s->real))
		return weir_agg_never_added(err);
	if (s->n > 1 && s->real &&
	    !(isfinite(s->d) && (v->kind != WEIR_DOUBLE || isfinite(v->d))))
		return weir_fail(err, WEIR_INPUT,
		    "from an infinite sum nothing is taken back");
	return 1;
}

static int
sum_check_undo(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct sum *s = state;

	if (avg_check_undo(agg, state, in, err) < 0)
		return -1;
	if (s->real || fits(plus(whole(s), -weir_agg_whole(*in->arg[0]))))
		return 1;
	return weir_fail(
	    err, WEIR_INPUT, "the sum leaves the range of 64-bit integers");
}

static void
sum_undo(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct sum *s = state;
	const struct weir_value *v = in->arg[0];

	(void)agg;
	(void)owned;
	s->n--;
	if (s->n == 0)
		*s = (struct sum){0};
	else if (!s->real)
		set_whole(s, plus(whole(s), -weir_agg_whole(*v)));
	else if (v->kind == WEIR_DOUBLE)
		add_double(s, -v->d);
	else
		add_whole(s, -weir_agg_whole(*v));
}

static int
sum_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	struct sum *s = state;
	const struct sum *o = other;

	(void)agg;
	(void)owned;
	if (s->real && o->real && isnan(s->d + o->d))
		return infinities(err);
	s->n += o->n;
	if (!s->real && !o->real) {
		set_whole(s, plus(whole(s), whole(o)));
		return 1;
	}
	if (!s->real)
		make_real(s);
	if (o->real) {
		add_double(s, o->d);
		add_double(s, o->lost);
	} else {
		add_whole(s, whole(o));
	}
	return 1;
}

static void
sum_result(const struct weir_agg *agg, struct weir_buf *out, const void *state,
    struct weir_span span)
{
	const struct sum *s = state;

	(void)agg;
	(void)span;
	if (s->n == 0)
		weir_buf_puts(out, "null");
	else if (s->real)
		weir_json_double(out, total(s));
	else
		weir_agg_put_whole(out, whole(s));
}

static void
avg_result(const struct weir_agg *agg, struct weir_buf *out, const void *state,
    struct weir_span span)
{
	const struct sum *s = state;

	(void)agg;
	(void)span;
	if (s->n == 0)
		weir_buf_puts(out, "null");
	else
		weir_json_double(out,
		    (s->real ? total(s) : (double)whole(s)) / (double)s->n);
}

/* null, [n, "sum"] or [n, sum, lost] */
static void
sum_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct sum *s = state;

	(void)agg;
	if (s->n == 0) {
		weir_buf_puts(out, "null");
		return;
	}
	weir_buf_putc(out, '[');
	weir_agg_put_uint(out, s->n);
	if (s->real) {
		weir_buf_putc(out, ',');
		weir_agg_save_double(out, s->d);
		weir_buf_putc(out, ',');
		weir_agg_save_double(out, s->lost);
	} else {
		weir_buf_puts(out, ",\"");
		weir_agg_put_whole(out, whole(s));
		weir_buf_putc(out, '"');
	}
	weir_buf_putc(out, ']');
}

/* A string of up to 38 digits, which 128 bits hold. */
static int
load_whole(struct sum *s, struct weir_value v)
{
	weir_int128 i = 0;
	size_t at = v.kind == WEIR_STRING && v.aux > 0 && *v.s == '-';

	if (v.kind != WEIR_STRING || v.aux == at || v.aux - at > 38)
		return 0;
	for (size_t k = at; k < v.aux; k++) {
		if (v.s[k] < '0' || v.s[k] > '9')
			return 0;
		i = i * 10 + (v.s[k] - '0');
	}
	set_whole(s, at ? -i : i);
	return 1;
}

static int
sum_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	struct sum *s = state;
	const struct weir_value *item;
	int good;

	(void)agg;
	(void)arena;
	(void)owned;
	if (v.kind == WEIR_NULL)
		return 1;
	if (v.kind != WEIR_LIST || v.list->n < 2 || v.list->n > 3)
		return weir_agg_bad_state("sum", err);
	item = v.list->items;
	if (item[0].kind != WEIR_INT || item[0].i <= 0 ||
	    item[0].i >= INT64_C(1) << 62)
		return weir_agg_bad_state("sum", err);
	s->n = item[0].u;
	if (v.list->n == 2) {
		good = load_whole(s, item[1]);
	} else {
		s->real = 1;
		good = weir_agg_load_double(item[1], &s->d) &&
		    weir_agg_load_double(item[2], &s->lost) && !isnan(s->d) &&
		    isfinite(s->lost);
	}
	return good ? 1 : weir_agg_bad_state("sum", err);
}

const struct weir_agg_ops weir_agg_sum = {
    .name = "sum",
    .usage = "sum(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct sum),
    .check = sum_check,
    .add = sum_add,
    .check_undo = sum_check_undo,
    .undo = sum_undo,
    .merge = sum_merge,
    .result = sum_result,
    .save = sum_save,
    .load = sum_load,
};

const struct weir_agg_ops weir_agg_avg = {
    .name = "avg",
    .usage = "avg(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct sum),
    .check = avg_check,
    .add = sum_add,
    .check_undo = avg_check_undo,
    .undo = sum_undo,
    .merge = sum_merge,
    .result = avg_result,
    .save = sum_save,
    .load = sum_load,
};
