/*
 * ddsketch.h - quantiles of a stream, each within 1 % of the true value.
 *
 * After C. Masson, J. E. Rim, H. K. Lee, "DDSketch: a fast and fully-mergeable
 * quantile sketch with relative-error guarantees", PVLDB 12(12), 2019. Values
 * are counted in buckets so narrow that the middle of one stands for all in it.
 * Bucket borders come from a number's exponent and mantissa in integer
 * arithmetic, so that results are the same on every machine. Buckets of both
 * signs have one order; 0 and what is nearer to it than 2^-1022 share one.
 * Only buckets that hold something take memory, 2048 at most: beyond, the
 * lowest are thrown together, which costs the low quantiles their accuracy.
 * 2048 buckets span 16 decades without a gap. What was added, in which order,
 * and how it was cut into sketches that were merged makes no difference; taking
 * back from a sketch whose lowest buckets were thrown together is the exception.
 * {0} is empty.
 */
#ifndef WEIR_OP_DDSKETCH_H
#define WEIR_OP_DDSKETCH_H

#include <stddef.h>
#include <stdint.h>

#define WEIR_DDSKETCH_BUCKETS 2048
#define WEIR_DDSKETCH_KEY_MAX ((UINT32_C(1) << 18) - 1)
/* A sketch holds fewer values than this. */
#define WEIR_DDSKETCH_MAX (UINT64_C(1) << 46)

struct weir_ddsketch {
	uint64_t n;	 /* values */
	double min, max; /* NaN: taken back, so no longer known */
	/*
	 * A hash table of 1 << bits buckets, key << 46 | count; a key whose
	 * count is 0 is free to be forgotten. NULL while all values are equal.
	 */
	uint64_t *slots;
	uint32_t floor : 18; /* keys below count as this one */
	uint32_t bits : 14;
	uint16_t used, live; /* slots with a key; of these with a count */
};

/* A bucket, as sketches are saved. */
struct weir_ddsketch_bucket {
	uint32_t key; /* 1 to WEIR_DDSKETCH_KEY_MAX, in the order of values */
	uint64_t count;
};

/* x is no NaN, and n has not reached the limit. */
void weir_ddsketch_add(struct weir_ddsketch *sk, double x);
/* Could x be among the values? 1 or 0. */
int weir_ddsketch_has(const struct weir_ddsketch *sk, double x);
/* Take x back, which has() sees. */
void weir_ddsketch_remove(struct weir_ddsketch *sk, double x);
/* Add what other holds: 1, or 0 with nothing done if that is too much. */
int weir_ddsketch_merge(
    struct weir_ddsketch *sk, const struct weir_ddsketch *other);

/*
 * The value of rank ceil(q * n), the first is 1, as quantiles of SQL's
 * percentile_disc are: within 1 %, in five digits; the least and the greatest
 * are exact unless they were taken back. n is not 0.
 */
double weir_ddsketch_quantile(const struct weir_ddsketch *sk, double q);
/* The rank of quantile q among n > 0 values: 1 to n. */
uint64_t weir_quantile_rank(uint64_t n, double q);

/* The buckets by key, *n of them; free() them. */
struct weir_ddsketch_bucket *weir_ddsketch_buckets(
    const struct weir_ddsketch *sk, size_t *n);
/*
 * Fill an empty sketch, whose min and max are set, with such buckets; collapsed
 * says whether sk->floor was above 0. 1, or 0 if no sketch can be like that;
 * fini() it then.
 */
int weir_ddsketch_fill(struct weir_ddsketch *sk,
    const struct weir_ddsketch_bucket *buckets, size_t n, int collapsed);
/* Memory besides the struct, malloc's overhead included. */
size_t weir_ddsketch_bytes(const struct weir_ddsketch *sk);
void weir_ddsketch_fini(struct weir_ddsketch *sk);

#endif
