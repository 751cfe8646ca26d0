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
 * Integers add up exactly as long as the sum is an int or a uint; the first
 * double makes it a double, with what rounding lost kept beside it (A. Neumaier,
 * "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen",
 * 1974).
 */
enum sum_mode { SUM_INT, SUM_UINT, SUM_DOUBLE };

struct sum {
	uint64_t n : 62, mode : 2;
	union {
		int64_t i;
		uint64_t u;
		double d;
	};
	double lost;
};

static weir_int128
whole(const struct sum *s)
{
	return s->mode == SUM_INT ? (weir_int128)s->i : (weir_int128)s->u;
}

static bool
fits(weir_int128 sum)
{
	return sum >= INT64_MIN && sum <= UINT64_MAX;
}

static void
set_whole(struct sum *s, weir_int128 sum)
{
	s->mode = sum <= INT64_MAX ? SUM_INT : SUM_UINT;
	if (s->mode == SUM_INT)
		s->i = (int64_t)sum;
	else
		s->u = (uint64_t)sum;
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

/* A 65-bit integer is the sum of two doubles. */
static void
add_whole(struct sum *s, weir_int128 i)
{
	double high = (double)i;

	add_double(s, high);
	add_double(s, (double)(i - (weir_int128)high));
}

static void
make_double(struct sum *s)
{
	weir_int128 i = whole(s);

	if (s->mode == SUM_DOUBLE)
		return;
	s->mode = SUM_DOUBLE;
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
	int64_t sum;

	if (v->kind == WEIR_INT && s->mode == SUM_INT &&
	    !__builtin_add_overflow(s->i, v->i, &sum))
		return 1;
	if (number_check(state, in, err) < 0)
		return -1;
	if (v->kind == WEIR_DOUBLE || s->mode == SUM_DOUBLE ||
	    fits(whole(s) + weir_agg_whole(*v)))
		return 1;
	return weir_fail(
	    err, WEIR_INPUT, "the sum leaves the range of 64-bit integers");
}

/* Also for avg, where a sum too big for an integer goes on as a double. */
static void
sum_add(void *state, const struct weir_agg_input *in, size_t *owned)
{
	struct sum *s = state;
	const struct weir_value *v = in->arg[0];
	int64_t sum;

	(void)owned;
	s->n++;
	if (v->kind == WEIR_INT && s->mode == SUM_INT &&
	    !__builtin_add_overflow(s->i, v->i, &sum)) {
		s->i = sum;
	} else if (v->kind == WEIR_DOUBLE) {
		if (s->mode != SUM_DOUBLE)
			make_double(s);
		add_double(s, v->d);
	} else if (s->mode != SUM_DOUBLE &&
	    fits(whole(s) + weir_agg_whole(*v))) {
		set_whole(s, whole(s) + weir_agg_whole(*v));
	} else {
		make_double(s);
		add_whole(s, weir_agg_whole(*v));
	}
}

static int
avg_merge(void *state, const void *other, size_t *owned, struct weir_error *err)
{
	struct sum *s = state;
	const struct sum *o = other;

	(void)owned;
	(void)err;
	if (s->mode != SUM_DOUBLE && o->mode != SUM_DOUBLE &&
	    fits(whole(s) + whole(o))) {
		set_whole(s, whole(s) + whole(o));
	} else if (o->mode != SUM_DOUBLE) {
		make_double(s);
		add_whole(s, whole(o));
	} else {
		make_double(s);
		add_double(s, o->d);
		add_double(s, o->lost);
	}
	s->n += o->n;
	return 1;
}

static int
sum_merge(void *state, const void *other, size_t *owned, struct weir_error *err)
{
	const struct sum *s = state, *o = other;

	if (s->mode != SUM_DOUBLE && o->mode != SUM_DOUBLE &&
	    !fits(whole(s) + whole(o)))
		return weir_fail(err, WEIR_INPUT,
		    "a sum leaves the range of 64-bit integers");
	return avg_merge(state, other, owned, err);
}

static void
sum_result(struct weir_buf *out, const void *state)
{
	const struct sum *s = state;
	char *to = weir_buf_reserve(out, WEIR_NUM_MAX);

	if (s->n == 0)
		weir_buf_puts(out, "null");
	else if (s->mode == SUM_DOUBLE)
		weir_json_double(out, total(s));
	else if (s->mode == SUM_INT)
		out->len += weir_num_print_int(to, s->i);
	else
		out->len += weir_num_print_uint(to, s->u);
}

static void
avg_result(struct weir_buf *out, const void *state)
{
	const struct sum *s = state;

	if (s->n == 0)
		weir_buf_puts(out, "null");
	else if (s->mode == SUM_DOUBLE)
		weir_json_double(out, total(s) / (double)s->n);
	else
		weir_json_double(out, (double)whole(s) / (double)s->n);
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
	if (s->mode == SUM_DOUBLE) {
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

/* A string holding an int or a uint. */
static int
load_whole(struct sum *s, struct weir_value v)
{
	struct weir_num num;

	if (v.kind != WEIR_STRING || v.aux == 0 || v.aux > 20 ||
	    strspn(v.s + (*v.s == '-'), "0123456789") <
		v.aux - (size_t)(*v.s == '-'))
		return 0;
	weir_num_read(v.s, v.aux, &num);
	if (num.kind == WEIR_NUM_DOUBLE)
		return 0;
	set_whole(s,
	    num.kind == WEIR_NUM_INT ? (weir_int128)num.i : (weir_int128)num.u);
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
		s->mode = SUM_DOUBLE;
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
    .merge = avg_merge,
    .result = avg_result,
    .save = sum_save,
    .load = sum_load,
};
