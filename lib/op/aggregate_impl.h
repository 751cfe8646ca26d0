/*
 * aggregate_impl.h - what the kinds of aggregates share.
 */
#ifndef WEIR_OP_AGGREGATE_IMPL_H
#define WEIR_OP_AGGREGATE_IMPL_H

#include "op/aggregate.h"

extern const struct weir_agg_ops weir_agg_count, weir_agg_sum, weir_agg_avg,
    weir_agg_min, weir_agg_max;

#define WEIR_AGG_OVERHEAD 16 /* bytes that malloc adds to a piece, about */

__extension__ typedef __int128 weir_int128;

/* An int or a uint, whole. */
static inline weir_int128
weir_agg_whole(struct weir_value v)
{
	return v.kind == WEIR_INT ? (weir_int128)v.i : (weir_int128)v.u;
}

/* Fail with WEIR_STATE: that is not what name() saves. */
int weir_agg_bad_state(const char *name, struct weir_error *err);
/* Fail with WEIR_INPUT: what is to be taken back was never added. */
int weir_agg_never_added(struct weir_error *err);
void weir_agg_put_uint(struct weir_buf *out, uint64_t u);
/* A double so that it reads back as the same double, whatever it is: 1 or 0. */
void weir_agg_save_double(struct weir_buf *out, double d);
int weir_agg_load_double(struct weir_value v, double *d);

#endif
