/*
 * The kinds of aggregates.
 */
#include "op/aggregate_impl.h"

const struct weir_agg_ops *const weir_agg_kinds[] = {&weir_agg_count,
    &weir_agg_sum, &weir_agg_avg, &weir_agg_min, &weir_agg_max, &weir_agg_first,
    &weir_agg_last, &weir_agg_argmin, &weir_agg_argmax, &weir_agg_var,
    &weir_agg_stddev, &weir_agg_corr, &weir_agg_any, &weir_agg_all,
    &weir_agg_distinct, &weir_agg_mode, &weir_agg_list, &weir_agg_set,
    &weir_agg_median, &weir_agg_quantile, &weir_agg_quantile_exact,
    &weir_agg_approx_distinct, &weir_agg_topk, &weir_agg_histogram,
    &weir_agg_rate, &weir_agg_delta, &weir_agg_ewma};
const size_t weir_agg_nkinds = sizeof weir_agg_kinds / sizeof *weir_agg_kinds;
