#include "op/ddsketch.h"

#include "base/mem.h"
#include "base/num.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_BITS 46
#define ONE	   (UINT64_C(1) << COUNT_BITS) /* of key 1 */
#define COUNT(e)   ((e) & (ONE - 1))
#define KEY(e)	   ((uint32_t)((e) >> COUNT_BITS))
#define LINE_BITS  3
#define FIRST_BITS 3
#define MAX_BITS   12
#define HALF	   9  /* bits of a key: two steps find one */
#define OVERHEAD   16 /* bytes that malloc adds, about */

/* --- values and buckets --- */

/*
 * A magnitude is 2^e * (1 + s), 0 <= s < 1. Its place on a scale that is close
 * to log2 is e + f(s), f(s) = s * (4 - s) / 3, and PARTS buckets of equal
 * length divide each step of e. On that scale ln x grows at most by
 *
 *     max 1 / ((1 + s) * f'(s)) = max 3 / ((1 + s) * (4 - 2 s)) = 3/4
 *
 * (at s = 0 and s = 1), so the borders lo, hi of a bucket have ln(hi / lo) <=
 * 3/4 / PARTS. What is 2 * lo * hi / (lo + hi), is at most
 *
 *     (hi - lo) / (hi + lo) = tanh(ln(hi / lo) / 2) <= tanh(3 / 304) = 0.009868
 *
 * of x away from any x in it. The 24 bits of s that are looked at move a border
 * by 6e-8 of itself, and five digits the result by 5e-5: 0.00992 in all.
 */
#define PARTS	    38
#define FRACTION    24
#define ZERO	    (UINT32_C(1) << 17) /* the key of 0 */
#define MOST	    (2047 * PARTS)	/* infinity's is so far from it */
#define EXPONENT(b) ((uint32_t)((b) >> 52) & 0x7FF)

/* Keys are those of magnitudes, negative ones mirrored, around ZERO. */
static inline uint32_t
key_of(double x)
{
	const uint64_t one = UINT64_C(1) << FRACTION;
	uint64_t bits, s;
	uint32_t part, i;

	memcpy(&bits, &x, sizeof bits);
	if (EXPONENT(bits) == 0)
		return ZERO;
	s = bits >> (52 - FRACTION) & (one - 1);
	/* s * (4 - s) is below 3 * 2^48, so nothing overflows. */
	part = (uint32_t)(s * (4 * one - s) * PARTS / (3 * one * one));
	i = EXPONENT(bits) * PARTS + part;
	return bits >> 63 ? ZERO - i : ZERO + i;
}

/* Where part i begins: f(s) = i / PARTS, solved for 1 + s. */
static double
border(uint32_t i)
{
	return 3 - sqrt(4 - 3.0 * i / PARTS);
}

static double
five_digits(double x)
{
	char text[WEIR_NUM_MAX];
	uint64_t digits, unit = 1;
	int exp10;

	digits = weir_num_shortest(x, &exp10);
	for (; digits / unit >= 100000; exp10++)
		unit *= 10;
	digits = (digits + unit / 2) / unit;
	snprintf(text, sizeof text, "%ue%d", (unsigned)digits, exp10);
	return weir_num_read_double(text, strlen(text));
}

/* What stands for all in a bucket. */
static double
value_of(uint32_t key)
{
	uint32_t i = key > ZERO ? key - ZERO : ZERO - key;
	double lo = border(i % PARTS), hi = border(i % PARTS + 1), x;

	if (i == 0)
		return 0;
	x = ldexp(2 * lo * hi / (lo + hi), (int)(i / PARTS) - 1023);
	if (isfinite(x))
		x = five_digits(x);
	return key < ZERO ? -x : x;
}

/* --- the table --- */

static inline size_t
capacity(const struct weir_ddsketch *sk)
{
	return sk->slots != NULL ? (size_t)1 << sk->bits : 0;
}

/* The slot of a key, or the empty one where it belongs: there always is one. */
static inline uint64_t *
find(const struct weir_ddsketch *sk, uint32_t key)
{
	size_t mask = capacity(sk) - 1;
	/* Eight neighbours share a cache line, and lines are spread. */
	uint64_t line = (key >> 3) * UINT32_C(0x9E3779B1);
	size_t i = line >> (32 + LINE_BITS - sk->bits) << LINE_BITS | (key & 7);

	while (sk->slots[i] != 0 && KEY(sk->slots[i]) != key)
		i = (i + 1) & mask;
	return &sk->slots[i];
}

/* Forget keys without a count, and make room if the others need it. */
static void
rehash(struct weir_ddsketch *sk)
{
	uint64_t *old = sk->slots;
	size_t n = capacity(sk);

	if (old == NULL)
		sk->bits = FIRST_BITS;
	else if (sk->live > n / 8 * 5)
		sk->bits++;
	assert(sk->bits <= MAX_BITS);
	sk->slots = weir_calloc((size_t)1 << sk->bits, sizeof *sk->slots);
	for (size_t i = 0; i < n; i++)
		if (COUNT(old[i]) > 0)
			*find(sk, KEY(old[i])) = old[i];
	sk->used = sk->live;
	free(old);
}

/* Count the lowest bucket as the next one: there are two. */
static void
collapse_lowest(struct weir_ddsketch *sk)
{
	uint64_t *lowest = NULL, *next = NULL;

	for (size_t i = 0; i < capacity(sk); i++) {
		uint64_t *e = &sk->slots[i];

		if (COUNT(*e) == 0 || (next != NULL && *e > *next))
			continue;
		if (lowest == NULL || *e < *lowest) {
			next = lowest;
			lowest = e;
		} else {
			next = e;
		}
	}
	assert(lowest != NULL && next != NULL);
	*next += COUNT(*lowest);
	*lowest -= COUNT(*lowest);
	sk->live--;
	sk->floor = KEY(*next);
}

static void
insert_new(struct weir_ddsketch *sk, uint32_t key, uint64_t count)
{
	uint64_t *e;

	if (sk->used + 1u > capacity(sk) / 4 * 3)
		rehash(sk);
	e = find(sk, key);
	sk->used += *e == 0;
	sk->live++;
	*e = (uint64_t)key << COUNT_BITS | count;
	if (sk->live > WEIR_DDSKETCH_BUCKETS)
		collapse_lowest(sk);
}

static inline void
insert(struct weir_ddsketch *sk, uint32_t key, uint64_t count)
{
	uint64_t *e;

	if (key < sk->floor)
		key = sk->floor;
	if (sk->slots != NULL && COUNT(*(e = find(sk, key))) > 0)
		*e += count;
	else
		insert_new(sk, key, count);
}

/* Count all that is below floor as floor. */
static void
raise_floor(struct weir_ddsketch *sk, uint32_t floor)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < capacity(sk); i++) {
		uint64_t *e = &sk->slots[i];

		if (COUNT(*e) == 0 || KEY(*e) >= floor)
			continue;
		sum += COUNT(*e);
		*e -= COUNT(*e);
		sk->live--;
	}
	sk->floor = floor;
	if (sum > 0)
		insert(sk, floor, sum);
}

/* --- values --- */

/* There come values that are not all equal: begin to count in buckets. */
static void
begin_buckets(struct weir_ddsketch *sk)
{
	if (sk->slots == NULL && sk->n > 0)
		insert(sk, key_of(sk->min), sk->n);
}

void
weir_ddsketch_add(struct weir_ddsketch *sk, double x)
{
	x += 0.0; /* of -0 and 0 the first is not to be seen */
	if (sk->slots == NULL) {
		if (sk->n == 0)
			sk->min = sk->max = x;
		if (x == sk->min) {
			sk->n++;
			return;
		}
		begin_buckets(sk);
	}
	sk->n++;
	if (x < sk->min)
		sk->min = x;
	if (x > sk->max)
		sk->max = x;
	insert(sk, key_of(x), 1);
}

/* The key under which x is counted. */
static uint32_t
counted_as(const struct weir_ddsketch *sk, double x)
{
	uint32_t key = key_of(x);

	return key < sk->floor ? sk->floor : key;
}

int
weir_ddsketch_has(const struct weir_ddsketch *sk, double x)
{
	if (sk->n == 0 || x < sk->min || x > sk->max)
		return 0;
	return sk->slots == NULL || COUNT(*find(sk, counted_as(sk, x))) > 0;
}

void
weir_ddsketch_remove(struct weir_ddsketch *sk, double x)
{
	uint32_t key = counted_as(sk, x);
	uint64_t *e;

	if (--sk->n == 0) {
		weir_ddsketch_fini(sk);
		return;
	}
	if (sk->slots == NULL)
		return;
	e = find(sk, key);
	--*e;
	sk->live -= COUNT(*e) == 0;
	/* The bucket may be empty now, had another value than x been there. */
	if (x == sk->min || (COUNT(*e) == 0 && counted_as(sk, sk->min) == key))
		sk->min = NAN;
	if (x == sk->max || (COUNT(*e) == 0 && counted_as(sk, sk->max) == key))
		sk->max = NAN;
}

int
weir_ddsketch_merge(struct weir_ddsketch *sk, const struct weir_ddsketch *other)
{
	if (other->n >= WEIR_DDSKETCH_MAX - sk->n)
		return 0;
	if (other->n == 0)
		return 1;
	if (sk->n == 0) {
		sk->min = other->min;
		sk->max = other->max;
	}
	if (other->slots == NULL && sk->slots == NULL &&
	    other->min == sk->min) {
		sk->n += other->n;
		return 1;
	}
	begin_buckets(sk);
	if (other->floor > sk->floor)
		raise_floor(sk, other->floor);
	if (other->slots == NULL)
		insert(sk, key_of(other->min), other->n);
	for (size_t i = 0; i < capacity(other); i++)
		if (COUNT(other->slots[i]) > 0)
			insert(
			    sk, KEY(other->slots[i]), COUNT(other->slots[i]));
	sk->n += other->n;
	/* What either does not know is not known. */
	if (!(sk->min <= other->min))
		sk->min = isnan(sk->min) ? NAN : other->min;
	if (!(sk->max >= other->max))
		sk->max = isnan(sk->max) ? NAN : other->max;
	return 1;
}

/* --- quantiles --- */

uint64_t
weir_quantile_rank(uint64_t n, double q)
{
	/*
	 * 0.07 * 100 is a little more than 7 in doubles, and would be rank 8:
	 * take off more than rounding can have put on.
	 */
	double rank = ceil((double)n * q * (1 - 0x1p-50));

	if (!(rank >= 1))
		return 1;
	return rank >= (double)n ? n : (uint64_t)rank;
}

static int
compare_buckets(const void *a, const void *b)
{
	const struct weir_ddsketch_bucket *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

struct weir_ddsketch_bucket *
weir_ddsketch_buckets(const struct weir_ddsketch *sk, size_t *n)
{
	struct weir_ddsketch_bucket *all;
	size_t have = 0;

	all = weir_malloc((sk->live + 1u) * sizeof *all);
	if (sk->slots == NULL && sk->n > 0)
		all[have++] =
		    (struct weir_ddsketch_bucket){key_of(sk->min), sk->n};
	for (size_t i = 0; i < capacity(sk); i++)
		if (COUNT(sk->slots[i]) > 0)
			all[have++] = (struct weir_ddsketch_bucket){
			    KEY(sk->slots[i]), COUNT(sk->slots[i])};
	qsort(all, have, sizeof *all, compare_buckets);
	*n = have;
	return all;
}

/* The key among first to last at which the sum of counts reaches rank. */
static uint32_t
key_at(const struct weir_ddsketch *sk, uint64_t rank, uint32_t first,
    uint32_t last)
{
	uint64_t sums[1 << HALF];
	unsigned shift = last - first >= 1 << HALF ? HALF : 0;
	uint32_t n = (last - first) >> shift, i = 0;

	memset(sums, 0, (n + 1) * sizeof *sums);
	for (size_t k = 0; k < capacity(sk); k++) {
		uint64_t e = sk->slots[k];

		if (COUNT(e) > 0 && KEY(e) >= first && KEY(e) <= last)
			sums[(KEY(e) - first) >> shift] += COUNT(e);
	}
	for (; i < n && sums[i] < rank; i++)
		rank -= sums[i];
	if (shift == 0)
		return first + i;
	/* One of the ranges: now key by key. */
	first += i << shift;
	return key_at(sk, rank, first, first + (1 << shift) - 1);
}

double
weir_ddsketch_quantile(const struct weir_ddsketch *sk, double q)
{
	uint64_t rank = weir_quantile_rank(sk->n, q);
	double x;

	if ((rank == 1 || sk->slots == NULL) && !isnan(sk->min))
		return sk->min;
	if (rank == sk->n && !isnan(sk->max))
		return sk->max;
	x = value_of(key_at(sk, rank,
	    isnan(sk->min) ? 0 : counted_as(sk, sk->min),
	    isnan(sk->max) ? WEIR_DDSKETCH_KEY_MAX : counted_as(sk, sk->max)));
	if (x < sk->min)
		return sk->min;
	return x > sk->max ? sk->max : x;
}

/* --- the rest --- */

/* Can these be all the buckets of a sketch? Their sum, else 0. */
static uint64_t
sum_of(const struct weir_ddsketch_bucket *buckets, size_t n)
{
	uint64_t sum = 0;

	if (n == 0 || n > WEIR_DDSKETCH_BUCKETS ||
	    buckets[0].key < ZERO - MOST || buckets[n - 1].key > ZERO + MOST)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && buckets[i].key <= buckets[i - 1].key)
			return 0;
		if (buckets[i].count == 0 ||
		    buckets[i].count >= WEIR_DDSKETCH_MAX - sum)
			return 0;
		sum += buckets[i].count;
	}
	return sum;
}

int
weir_ddsketch_fill(struct weir_ddsketch *sk,
    const struct weir_ddsketch_bucket *buckets, size_t n, int collapsed)
{
	if ((sk->n = sum_of(buckets, n)) == 0)
		return 0;
	sk->floor = collapsed ? buckets[0].key : 0;
	if ((!isnan(sk->min) && counted_as(sk, sk->min) != buckets[0].key) ||
	    (!isnan(sk->max) && counted_as(sk, sk->max) != buckets[n - 1].key))
		return 0;
	if (sk->min == sk->max)
		return n == 1 && !collapsed;
	for (size_t i = 0; i < n; i++)
		insert(sk, buckets[i].key, buckets[i].count);
	return 1;
}

size_t
weir_ddsketch_bytes(const struct weir_ddsketch *sk)
{
	return sk->slots == NULL ? 0
				 : capacity(sk) * sizeof *sk->slots + OVERHEAD;
}

void
weir_ddsketch_fini(struct weir_ddsketch *sk)
{
	free(sk->slots);
	*sk = (struct weir_ddsketch){0};
}
