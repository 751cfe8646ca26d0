/*
 * min, max.
 */
#include "op/aggregate_impl.h"

#include "base/mem.h"
#include "base/timetext.h"

#include <math.h>
#include <stdlib.h>

/*
 * The state is the value itself, absent before the first; a string's bytes are
 * a copy that the state owns.
 */

/* Like weir_value_compare(), but an int and a double exactly. */
static int
compare(const struct weir_value *a, const struct weir_value *b)
{
	int c = weir_value_compare(*a, *b);
	weir_int128 i;

	if (c != 0 || a->kind == b->kind || a->kind < WEIR_INT ||
	    a->kind > WEIR_DOUBLE)
		return c;
	if (a->kind == WEIR_DOUBLE)
		return -compare(b, a);
	if (b->kind != WEIR_DOUBLE)
		return 0;
	i = (weir_int128)b->d; /* integral: it is equal to a's nearest double */
	return (weir_agg_whole(*a) > i) - (weir_agg_whole(*a) < i);
}

static const char *
name_of(uint32_t kind)
{
	return kind == WEIR_JSON ? "list or map" : weir_kind_name(kind);
}

static int
extreme_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct weir_value *s = state, *v = in->arg[0];

	(void)agg;
	if (v->kind == s->kind &&
	    (v->kind == WEIR_INT || (v->kind == WEIR_DOUBLE && v->d == v->d)))
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
	*owned -= s->aux + WEIR_AGG_OVERHEAD;
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
	*owned += v->aux + WEIR_AGG_OVERHEAD;
}

static inline void
extreme_add(
    struct weir_value *s, const struct weir_value *v, int sign, size_t *owned)
{
	if (s->kind == WEIR_INT && v->kind == WEIR_INT) {
		if (sign > 0 ? v->i > s->i : v->i < s->i)
			s->i = v->i;
	} else if (s->kind == WEIR_DOUBLE && v->kind == WEIR_DOUBLE) {
		if (sign > 0 ? v->d > s->d : v->d < s->d)
			s->d = v->d;
	} else if (s->kind == WEIR_ABSENT || compare(v, s) == sign) {
		extreme_set(s, v, owned);
	}
}

static void
min_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	(void)agg;
	extreme_add(state, in->arg[0], -1, owned);
}

static void
max_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	(void)agg;
	extreme_add(state, in->arg[0], 1, owned);
}

static int
extreme_merge(void *state, const struct weir_value *other, int sign,
    size_t *owned, struct weir_error *err)
{
	struct weir_agg_input in = {.arg = {other}};

	if (other->kind == WEIR_ABSENT)
		return 1;
	if (extreme_check(NULL, state, &in, err) < 0)
		return -1;
	extreme_add(state, other, sign, owned);
	return 1;
}

static int
min_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	(void)agg;
	return extreme_merge(state, other, -1, owned, err);
}

static int
max_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	(void)agg;
	return extreme_merge(state, other, 1, owned, err);
}

static void
extreme_result(const struct weir_agg *agg, struct weir_buf *out,
    const void *state, struct weir_span span)
{
	(void)agg;
	(void)span;
	if (!weir_value_write(out, *(const struct weir_value *)state))
		weir_buf_puts(out, "null");
}

/*
 * null, a bool, a string, an integer or a double; [kind, seconds, nanoseconds]
 * for times; [kind, text] for an infinity.
 */
static void
extreme_save(
    const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct weir_value *s = state;

	(void)agg;
	switch (s->kind) {
	case WEIR_DOUBLE:
		if (isfinite(s->d)) {
			weir_agg_save_double(out, s->d);
			break;
		}
		weir_buf_puts(out, "[\"double\",");
		weir_agg_save_double(out, s->d);
		weir_buf_putc(out, ']');
		break;
	case WEIR_TIMESTAMP:
	case WEIR_DURATION:
		weir_buf_printf(out, "[\"%s\",%jd,%d]",
		    s->kind == WEIR_TIMESTAMP ? "timestamp" : "duration",
		    (intmax_t)s->i, (int)(int32_t)s->aux);
		break;
	case WEIR_ABSENT: weir_buf_puts(out, "null"); break;
	default: weir_value_write(out, *s);
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
		return weir_agg_load_double(v[1], &s->d);
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
extreme_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	(void)agg;
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
	default: return weir_agg_bad_state("min or max", err);
	}
}

const struct weir_agg_ops weir_agg_min = {
    .name = "min",
    .usage = "min(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct weir_value),
    .check = extreme_check,
    .add = min_add,
    .merge = min_merge,
    .result = extreme_result,
    .save = extreme_save,
    .load = extreme_load,
    .fini = extreme_fini,
};

const struct weir_agg_ops weir_agg_max = {
    .name = "max",
    .usage = "max(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct weir_value),
    .check = extreme_check,
    .add = max_add,
    .merge = max_merge,
    .result = extreme_result,
    .save = extreme_save,
    .load = extreme_load,
    .fini = extreme_fini,
};
