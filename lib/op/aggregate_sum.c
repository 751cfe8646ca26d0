/*
 * count, sum, avg.
 */
#include "op/aggregate_impl.h"

#include "base/num.h"
#include "json/writer.h"

#include <math.h>
#include <string.h>

/* --- count --- */

static void
count_add(void *state, const struct weir_agg_input *in, size_t *owned)
{
	(void)in;
	(void)owned;
	++*(uint64_t *)state;
}

static int
count_merge(
    void *state, const void *other, size_t *owned, struct weir_error *err)
{
	(void)owned;
	(void)err;
	*(uint64_t *)state += *(const uint64_t *)other;
	return 1;
}

static void
count_write(struct weir_buf *out, const void *state)
{
	weir_agg_put_uint(out, *(const uint64_t *)state);
}

static int
count_load(void *state, struct weir_value v, struct weir_arena *arena,
    size_t *owned, struct weir_error *err)
{
	(void)arena;
	(void)owned;
	if (v.kind != WEIR_INT || v.i < 0)
		return weir_agg_bad_state("count", err);
	*(uint64_t *)state = v.u;
	return 1;
}

const struct weir_agg_ops weir_agg_count = {
    .name = "count",
    .max_args = 1,
    .size = sizeof(uint64_t),
    .add = count_add,
    .merge = count_merge,
    .result = count_write,
    .save = count_write,
    .load = count_load,
};

/* --- sum and avg --- */

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
number_check(
    const void *state, const struct weir_agg_input *in, struct weir_error *err)
{
	uint32_t kind = in->arg[0]->kind;

	(void)state;
	if (kind >= WEIR_INT && kind <= WEIR_DOUBLE)
		return 1;
	return weir_fail(err, WEIR_INPUT, "%s is not a number",
	    kind == WEIR_JSON ? "a list or map" : weir_kind_name(kind));
}

static int
sum_check(
    const void *state, const struct weir_agg_input *in, struct weir_error *err)
{
	const struct sum *s = state;
	const struct weir_value *v = in->arg[0];

	if (number_check(state, in, err) < 0)
		return -1;
	if (v->kind == WEIR_DOUBLE || s->real ||
	    fits(whole(s) + weir_agg_whole(*v)))
		return 1;
	return weir_fail(
	    err, WEIR_INPUT, "the sum leaves the range of 64-bit integers");
}

static void
sum_add(void *state, const struct weir_agg_input *in, size_t *owned)
{
	struct sum *s = state;
	const struct weir_value *v = in->arg[0];

	(void)owned;
	s->n++;
	if (v->kind != WEIR_DOUBLE && !s->real) {
		set_whole(s, whole(s) + weir_agg_whole(*v));
		return;
	}
	if (!s->real)
		make_real(s);
	if (v->kind == WEIR_DOUBLE)
		add_double(s, v->d);
	else
		add_whole(s, weir_agg_whole(*v));
}

static int
sum_merge(void *state, const void *other, size_t *owned, struct weir_error *err)
{
	struct sum *s = state;
	const struct sum *o = other;

	(void)owned;
	(void)err;
	s->n += o->n;
	if (!s->real && !o->real) {
		set_whole(s, whole(s) + whole(o));
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

/* Sums that were merged may be too big for an int or a uint: so be it. */
static void
put_whole(struct weir_buf *out, weir_int128 i)
{
	unsigned __int128 u =
	    i < 0 ? -(unsigned __int128)i : (unsigned __int128)i;
	const uint64_t ten19 = UINT64_C(10000000000000000000);

	if (i < 0)
		weir_buf_putc(out, '-');
	if (u > UINT64_MAX)
		weir_buf_printf(out, "%ju%019ju", (uintmax_t)(u / ten19),
		    (uintmax_t)(u % ten19));
	else
		weir_agg_put_uint(out, (uint64_t)u);
}

static void
sum_result(struct weir_buf *out, const void *state)
{
	const struct sum *s = state;

	if (s->n == 0)
		weir_buf_puts(out, "null");
	else if (s->real)
		weir_json_double(out, total(s));
	else
		put_whole(out, whole(s));
}

static void
avg_result(struct weir_buf *out, const void *state)
{
	const struct sum *s = state;

	if (s->n == 0)
		weir_buf_puts(out, "null");
	else
		weir_json_double(out,
		    (s->real ? total(s) : (double)whole(s)) / (double)s->n);
}

/* null, [n, "sum"] or [n, sum, lost] */
static void
sum_save(struct weir_buf *out, const void *state)
{
	const struct sum *s = state;

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
		sum_result(out, state);
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
sum_load(void *state, struct weir_value v, struct weir_arena *arena,
    size_t *owned, struct weir_error *err)
{
	struct sum *s = state;
	const struct weir_value *item;
	int good;

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
		    weir_agg_load_double(item[2], &s->lost);
	}
	return good ? 1 : weir_agg_bad_state("sum", err);
}

const struct weir_agg_ops weir_agg_sum = {
    .name = "sum",
    .min_args = 1,
    .max_args = 1,
    .size = sizeof(struct sum),
    .check = sum_check,
    .add = sum_add,
    .merge = sum_merge,
    .result = sum_result,
    .save = sum_save,
    .load = sum_load,
};

const struct weir_agg_ops weir_agg_avg = {
    .name = "avg",
    .min_args = 1,
    .max_args = 1,
    .size = sizeof(struct sum),
    .check = number_check,
    .add = sum_add,
    .merge = sum_merge,
    .result = avg_result,
    .save = sum_save,
    .load = sum_load,
};
