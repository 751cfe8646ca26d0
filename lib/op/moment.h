/*
 * moment.h - sums of powers of distances from the first value.
 *
 * In two doubles each they are as exact as sums about the mean (Welford 1962;
 * Chan, Golub, LeVeque 1979), and besides neither the order of events nor that
 * of merging shows, and what is taken back leaves no trace.
 */
#ifndef WEIR_OP_MOMENT_H
#define WEIR_OP_MOMENT_H

#include "op/aggregate_impl.h"
#include "op/twofold.h"

/* One variable: where it began, and the sum of the distances. */
struct weir_axis {
	double from;
	struct weir_twofold sum;
};

/* Is it a number, and not too big to be squared? */
int weir_moment_check(const struct weir_value *v, struct weir_error *err);
/* How far v is from where the axis begins, which is v if it is the first. */
struct weir_twofold weir_moment_distance(
    struct weir_axis *a, const struct weir_value *v, bool first);
/* *sum plus d, or less it. */
void weir_moment_put(
    struct weir_twofold *sum, struct weir_twofold d, bool undo);
/*
 * Of the sum of (x + dx)(y + dy) over n values, from that of xy: products as
 * they are from another beginning, d away.
 */
struct weir_twofold weir_moment_shifted(const struct weir_twofold *p,
    const struct weir_axis *x, const struct weir_axis *y,
    const struct weir_twofold *d, double n);
/* The sum of products of distances from the means. */
double weir_moment_about_means(const struct weir_twofold *p,
    const struct weir_axis *x, const struct weir_axis *y, uint64_t n);
/* Append ",hi,lo". */
void weir_moment_save(struct weir_buf *out, struct weir_twofold t);
/* n doubles up to `most`, so that sums of states are finite: 1 or 0. */
int weir_moment_load(
    const struct weir_value *v, double *const *to, size_t n, double most);
#define WEIR_MOMENT_SUM_MAX	1e140
#define WEIR_MOMENT_PRODUCT_MAX 1e260

#endif
