/*
 * count, sum, avg, min, max.
 */
#include "op/aggregate.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/timetext.h"
#include "json/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 int128;

static int
bad_state(const char *name, struct weir_error *err)
{
	return weir_fail(
	    err, WEIR_STATE, "saved state: not what %s() saves", name);
}

static void
put_uint(struct weir_buf *out, uint64_t u)
{
	out->len += weir_num_print_uint(weir_buf_reserve(out, WEIR_NUM_MAX), u);
}

/* A double so that it reads back as the same double, whatever it is. */
static void
save_double(struct weir_buf *out, double d)
{
	if (isfinite(d))
		out->len += weir_num_print_double(
		    weir_buf_reserve(out, WEIR_NUM_MAX), d, 1);
	else
		weir_json_double(out, d);
}

static int
load_double(struct weir_value v, double *d)
{
	if (v.kind == WEIR_DOUBLE)
		*d = v.d;
	else if (v.kind != WEIR_STRING)
		return 0;
	else if (v.aux == 3 && memcmp(v.s, "NaN", 3) == 0)
		*d = NAN;
	else if (v.aux == 8 && memcmp(v.s, "Infinity", 8) == 0)
		*d = INFINITY;
	else if (v.aux == 9 && memcmp(v.s, "-Infinity", 9) == 0)
		*d = -INFINITY;
	else
		return 0;
	return 1;
}

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
	put_uint(out, *(const uint64_t *)state);
}

static int
count_load(void *state, struct weir_value v, struct weir_arena *arena,
    size_t *owned, struct weir_error *err)
{
	(void)arena;
	(void)owned;
	if (v.kind != WEIR_INT || v.i < 0)
		return bad_state("count", err);
	*(uint64_t *)state = v.u;
	return 1;
}

static const struct weir_agg_ops count_ops = {
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

static int128
whole(const struct sum *s)
{
	return s->mode == SUM_INT ? (int128)s->i : (int128)s->u;
}

static int128
whole_of(struct weir_value v)
{
	return v.kind == WEIR_INT ? (int128)v.i : (int128)v.u;
}

static bool
fits(int128 sum)
{
	return sum >= INT64_MIN && sum <= UINT64_MAX;
}

static void
set_whole(struct sum *s, int128 sum)
{
	s->mode = sum <= INT64_MAX ? SUM_INT : SUM_UINT;
	if (s->mode == SUM_INT)
		s->i = (int64_t)sum;
	else
		s->u = (uint64_t)sum;
}

static void
add_double(struct sum *s, double d)
{
	double sum = s->d + d;

	if (!isfinite(sum)) /* nothing was lost that could be told */
		s->lost = 0;
	else
		s->lost +=
		    fabs(s->d) >= fabs(d) ? (s->d - sum) + d : (d - sum) + s->d;
	s->d = sum;
}

/* A 65-bit integer is the sum of two doubles. */
static void
add_whole(struct sum *s, int128 i)
{
	double high = (double)i;

	add_double(s, high);
	add_double(s, (double)(i - (int128)high));
}

static void
make_double(struct sum *s)
{
	int128 i = whole(s);

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
	    fits(whole(s) + whole_of(*v)))
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
		make_double(s);
		add_double(s, v->d);
	} else if (s->mode != SUM_DOUBLE && fits(whole(s) + whole_of(*v))) {
		set_whole(s, whole(s) + whole_of(*v));
	} else {
		make_double(s);
		add_whole(s, whole_of(*v));
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
	put_uint(out, s->n);
	if (s->mode == SUM_DOUBLE) {
		weir_buf_putc(out, ',');
		save_double(out, s->d);
		weir_buf_putc(out, ',');
		save_double(out, s->lost);
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
	set_whole(s, num.kind == WEIR_NUM_INT ? (int128)num.i : (int128)num.u);
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
		return bad_state("sum", err);
	item = v.list->items;
	if (item[0].kind != WEIR_INT || item[0].i <= 0 ||
	    item[0].i >= INT64_C(1) << 62)
		return bad_state("sum", err);
	s->n = item[0].u;
	if (v.list->n == 2) {
		good = load_whole(s, item[1]);
	} else {
		s->mode = SUM_DOUBLE;
		good = load_double(item[1], &s->d) &&
		    load_double(item[2], &s->lost);
	}
	return good ? 1 : bad_state("sum", err);
}

static const struct weir_agg_ops sum_ops = {
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

static const struct weir_agg_ops avg_ops = {
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

/* --- min and max --- */

/*
 * The state is the value itself, absent before the first; a string's bytes are
 * a copy that the state owns.
 */

/* Like weir_value_compare(), but an int and a double exactly. */
static int
compare(const struct weir_value *a, const struct weir_value *b)
{
	int c = weir_value_compare(*a, *b);
	int128 i;

	if (c != 0 || a->kind == b->kind || a->kind < WEIR_INT ||
	    a->kind > WEIR_DOUBLE)
		return c;
	if (a->kind == WEIR_DOUBLE)
		return -compare(b, a);
	if (b->kind != WEIR_DOUBLE)
		return 0;
	i = (int128)b->d; /* integral: it is equal to a's nearest double */
	return (whole_of(*a) > i) - (whole_of(*a) < i);
}

static const char *
name_of(uint32_t kind)
{
	return kind == WEIR_JSON ? "list or map" : weir_kind_name(kind);
}

static int
extreme_check(
    const void *state, const struct weir_agg_input *in, struct weir_error *err)
{
	const struct weir_value *s = state, *v = in->arg[0];

	if (v->kind == WEIR_INT && s->kind == WEIR_INT)
		return 1;
	if (v->kind == WEIR_BYTES || !weir_value_ordered(*v, *v))
		return weir_fail(err, WEIR_INPUT,
		    "values of type %s have no order", name_of(v->kind));
	if (v->kind == WEIR_DOUBLE && isnan(v->d))
		return weir_fail(err, WEIR_INPUT, "NaN has no order");
	if (s->kind != WEIR_ABSENT && !weir_value_ordered(*s, *v))
		return weir_fail(err, WEIR_INPUT,
		    "%s and %s have no order among them", name_of(s->kind),
		    name_of(v->kind));
	return 1;
}

static void
extreme_fini(void *state, size_t *owned)
{
	struct weir_value *s = state;

	if (s->kind != WEIR_STRING)
		return;
	*owned -= s->aux;
	free((char *)(uintptr_t)s->s);
	s->kind = WEIR_ABSENT;
}

static void
extreme_set(struct weir_value *s, const struct weir_value *v, size_t *owned)
{
	extreme_fini(s, owned);
	*s = *v;
	if (v->kind != WEIR_STRING)
		return;
	s->s = weir_strndup(v->s, v->aux);
	*owned += v->aux;
}

static inline void
extreme_add(
    struct weir_value *s, const struct weir_value *v, int sign, size_t *owned)
{
	if (s->kind == WEIR_INT && v->kind == WEIR_INT) {
		if (sign > 0 ? v->i > s->i : v->i < s->i)
			s->i = v->i;
	} else if (s->kind == WEIR_ABSENT || compare(v, s) == sign) {
		extreme_set(s, v, owned);
	}
}

static void
min_add(void *state, const struct weir_agg_input *in, size_t *owned)
{
	extreme_add(state, in->arg[0], -1, owned);
}

static void
max_add(void *state, const struct weir_agg_input *in, size_t *owned)
{
	extreme_add(state, in->arg[0], 1, owned);
}

static int
extreme_merge(void *state, const struct weir_value *other, int sign,
    size_t *owned, struct weir_error *err)
{
	struct weir_agg_input in = {.arg = {other}};

	if (other->kind == WEIR_ABSENT)
		return 1;
	if (extreme_check(state, &in, err) < 0)
		return -1;
	extreme_add(state, other, sign, owned);
	return 1;
}

static int
min_merge(void *state, const void *other, size_t *owned, struct weir_error *err)
{
	return extreme_merge(state, other, -1, owned, err);
}

static int
max_merge(void *state, const void *other, size_t *owned, struct weir_error *err)
{
	return extreme_merge(state, other, 1, owned, err);
}

static void
extreme_result(struct weir_buf *out, const void *state)
{
	if (!weir_value_write(out, *(const struct weir_value *)state))
		weir_buf_puts(out, "null");
}

/*
 * null, a bool, a string, an integer or a double; [kind, seconds, nanoseconds]
 * for times; [kind, text] for an infinity.
 */
static void
extreme_save(struct weir_buf *out, const void *state)
{
	const struct weir_value *s = state;

	switch (s->kind) {
	case WEIR_DOUBLE:
		if (isfinite(s->d)) {
			save_double(out, s->d);
			break;
		}
		weir_buf_puts(out, "[\"double\",");
		save_double(out, s->d);
		weir_buf_putc(out, ']');
		break;
	case WEIR_TIMESTAMP:
	case WEIR_DURATION:
		weir_buf_printf(out, "[\"%s\",%jd,%d]",
		    s->kind == WEIR_TIMESTAMP ? "timestamp" : "duration",
		    (intmax_t)s->i, (int)(int32_t)s->aux);
		break;
	default: extreme_result(out, state);
	}
}

/* What was saved as a list. */
static int
load_special(struct weir_value *s, const struct weir_list *list)
{
	const struct weir_value *v = list->items;
	struct weir_str kind;

	if (list->n < 2 || v[0].kind != WEIR_STRING)
		return 0;
	kind = (struct weir_str){v[0].s, v[0].aux};
	if (list->n == 2 && weir_str_eq(kind, "double")) {
		s->kind = WEIR_DOUBLE;
		return load_double(v[1], &s->d);
	}
	if (list->n != 3 || v[1].kind != WEIR_INT || v[2].kind != WEIR_INT ||
	    v[2].i <= -1000000000 || v[2].i >= 1000000000)
		return 0;
	s->i = v[1].i;
	s->aux = (uint32_t)v[2].i;
	if (weir_str_eq(kind, "timestamp")) {
		s->kind = WEIR_TIMESTAMP;
		return v[2].i >= 0 && s->i >= WEIR_TIMESTAMP_MIN_S &&
		    s->i <= WEIR_TIMESTAMP_MAX_S;
	}
	s->kind = WEIR_DURATION;
	return weir_str_eq(kind, "duration") &&
	    s->i >= -WEIR_CEL_DURATION_MAX_S && s->i <= WEIR_CEL_DURATION_MAX_S;
}

static int
extreme_load(void *state, struct weir_value v, struct weir_arena *arena,
    size_t *owned, struct weir_error *err)
{
	(void)arena;
	switch (v.kind) {
	case WEIR_NULL: return 1;
	case WEIR_BOOL:
	case WEIR_INT:
	case WEIR_UINT:
	case WEIR_DOUBLE:
	case WEIR_STRING: extreme_set(state, &v, owned); return 1;
	case WEIR_LIST:
		if (load_special(state, v.list))
			return 1;
		/* fall through */
	default: return bad_state("min or max", err);
	}
}

static const struct weir_agg_ops min_ops = {
    .name = "min",
    .min_args = 1,
    .max_args = 1,
    .size = sizeof(struct weir_value),
    .check = extreme_check,
    .add = min_add,
    .merge = min_merge,
    .result = extreme_result,
    .save = extreme_save,
    .load = extreme_load,
    .fini = extreme_fini,
};

static const struct weir_agg_ops max_ops = {
    .name = "max",
    .min_args = 1,
    .max_args = 1,
    .size = sizeof(struct weir_value),
    .check = extreme_check,
    .add = max_add,
    .merge = max_merge,
    .result = extreme_result,
    .save = extreme_save,
    .load = extreme_load,
    .fini = extreme_fini,
};

const struct weir_agg_ops *const weir_agg_kinds[] = {
    &count_ops, &sum_ops, &avg_ops, &min_ops, &max_ops};
const size_t weir_agg_nkinds = sizeof weir_agg_kinds / sizeof *weir_agg_kinds;
