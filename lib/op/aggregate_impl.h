/*
 * aggregate_impl.h - what the kinds of aggregates share.
 */
#ifndef WEIR_OP_AGGREGATE_IMPL_H
#define WEIR_OP_AGGREGATE_IMPL_H

#include "op/aggregate.h"

extern const struct weir_agg_ops weir_agg_count, weir_agg_sum, weir_agg_avg,
    weir_agg_min, weir_agg_max, weir_agg_first, weir_agg_last, weir_agg_argmin,
    weir_agg_argmax, weir_agg_var, weir_agg_stddev, weir_agg_corr, weir_agg_any,
    weir_agg_all, weir_agg_distinct, weir_agg_mode, weir_agg_list, weir_agg_set,
    weir_agg_histogram, weir_agg_rate, weir_agg_delta, weir_agg_ewma;

extern const struct weir_agg_ops weir_agg_median, weir_agg_quantile,
    weir_agg_quantile_exact, weir_agg_approx_distinct, weir_agg_topk;

#define WEIR_AGG_TEXT_MAX ((size_t)64 << 10) /* bytes of a text that is kept */
#define WEIR_AGG_OVERHEAD 16 /* bytes that malloc adds to a piece, about */

__extension__ typedef __int128 weir_int128;

/* An int or a uint, whole. */
static inline weir_int128
weir_agg_whole(struct weir_value v)
{
	return v.kind == WEIR_INT ? (weir_int128)v.i : (weir_int128)v.u;
}

/* --- checks --- */

/* Is it an int, a uint, or a double that is not NaN? */
int weir_agg_check_number(const struct weir_value *v, struct weir_error *err);
/* Has v an order with s, the extreme so far (absent: none)? */
int weir_agg_check_order(const struct weir_value *s, const struct weir_value *v,
    struct weir_error *err);
/* Like weir_value_compare(), but an int and a double exactly. */
int weir_agg_compare(const struct weir_value *a, const struct weir_value *b);
/* Is what is to be kept short enough? */
int weir_agg_check_text(struct weir_str text, struct weir_error *err);
/* A number as the nearest double. */
double weir_agg_double(const struct weir_value *v);
/* Fail with WEIR_STATE: that is not what name() saves. */
int weir_agg_bad_state(const char *name, struct weir_error *err);
/* Fail with WEIR_INPUT: what is to be taken back was never added. */
int weir_agg_never_added(struct weir_error *err);

/* Make *params the q of a quantile; without one, that of the median. */
int weir_agg_prepare_quantile(void **params, const struct weir_value *values,
    size_t n, struct weir_error *err);

/* Functions of aggregates that share the state of another. */
void weir_agg_shared_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned);
int weir_agg_shared_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err);
int weir_agg_shared_merge(const struct weir_agg *agg, void *state,
    const void *other, size_t *owned, struct weir_error *err);
void weir_agg_shared_save(
    const struct weir_agg *agg, struct weir_buf *out, const void *state);
int weir_agg_shared_load(const struct weir_agg *agg, void *state,
    struct weir_value saved, struct weir_arena *arena, size_t *owned,
    struct weir_error *err);

/* --- writing and saving; loading is 1 or 0 --- */

void weir_agg_put_uint(struct weir_buf *out, uint64_t u);
void weir_agg_put_int(struct weir_buf *out, int64_t i);
/* Wider than an int or a uint, too. */
void weir_agg_put_whole(struct weir_buf *out, weir_int128 i);
/* A double so that it reads back as the same double, whatever it is. */
void weir_agg_save_double(struct weir_buf *out, double d);
int weir_agg_load_double(struct weir_value v, double *d);
/* Not negative. */
int weir_agg_load_uint(struct weir_value v, uint64_t *u);
/* JSON text comes back byte for byte only out of brackets. */
void weir_agg_save_text(struct weir_buf *out, struct weir_str json);
int weir_agg_load_text(
    struct weir_value v, struct weir_arena *arena, struct weir_str *json);
/* A value that has an order, absent ones too; loaded, strings are borrowed. */
void weir_agg_save_value(struct weir_buf *out, const struct weir_value *v);
int weir_agg_load_value(struct weir_value saved, struct weir_value *v);

/* --- caps: list(x, max), set(x, max) --- */

struct weir_agg_cap {
	size_t most; /* values */
};
int weir_agg_prepare_cap(void **params, const struct weir_value *values,
    size_t n, struct weir_error *err);
/* Fail with WEIR_INPUT: no more than so many values, of so many bytes. */
int weir_agg_full(size_t most, size_t bytes, struct weir_error *err);

/* --- values that are kept --- */

/* Make *s a copy of v; a string's bytes are its own. */
void weir_agg_set_value(
    struct weir_value *s, const struct weir_value *v, size_t *owned);
void weir_agg_drop_value(struct weir_value *s, size_t *owned);

/* A text; short ones lie in the state itself. {0} is none. */
struct weir_kept {
	uint32_t len, cap; /* cap of p, 0: it is here */
	union {
		char *p;
		char here[16];
	};
};
struct weir_str weir_kept_text(const struct weir_kept *k);
void weir_kept_set(struct weir_kept *k, struct weir_str text, size_t *owned);
void weir_kept_fini(struct weir_kept *k, size_t *owned);

/*
 * aggregate_hint.c: say of the item at pos that it is no aggregate, or of the
 * function of this name, and what may have been meant.
 */
void weir_aggs_explain(const struct weir_agg_source *from, size_t pos,
    struct weir_str name, struct weir_buf *b);

#endif
