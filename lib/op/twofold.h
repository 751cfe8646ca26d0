/*
 * twofold.h - sums and products in two doubles, about 106 bits.
 *
 * The second is what rounding loses of the first (Dekker, "A floating-point
 * technique for extending the available precision", 1971; Knuth, 4.2.2). Sums
 * of squares that are kept so come out the same in whatever order they were
 * added, and what was added can be taken away again. No product may exceed
 * 1e300.
 */
#ifndef WEIR_OP_TWOFOLD_H
#define WEIR_OP_TWOFOLD_H

struct weir_twofold {
	double hi, lo;
};

/* a + b, exact. */
static inline struct weir_twofold
weir_twofold_sum(double a, double b)
{
	double sum = a + b, part = sum - a;

	return (struct weir_twofold){sum, (a - (sum - part)) + (b - part)};
}

/* a * b, exact but for underflow: each factor is split into halves. */
static inline struct weir_twofold
weir_twofold_product(double a, double b)
{
	double p = a * b, x = a * 134217729, y = b * 134217729; /* 2^27 + 1 */
	double ah = x - (x - a), al = a - ah;
	double bh = y - (y - b), bl = b - bh;

	return (struct weir_twofold){
	    p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

static inline struct weir_twofold
weir_twofold_add(struct weir_twofold a, struct weir_twofold b)
{
	struct weir_twofold hi = weir_twofold_sum(a.hi, b.hi);
	struct weir_twofold lo = weir_twofold_sum(a.lo, b.lo);

	hi = weir_twofold_sum(hi.hi, hi.lo + lo.hi);
	return weir_twofold_sum(hi.hi, hi.lo + lo.lo);
}

static inline struct weir_twofold
weir_twofold_minus(struct weir_twofold a)
{
	return (struct weir_twofold){-a.hi, -a.lo};
}

static inline struct weir_twofold
weir_twofold_mul(struct weir_twofold a, struct weir_twofold b)
{
	struct weir_twofold p = weir_twofold_product(a.hi, b.hi);

	return weir_twofold_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

/* a / d, for a d that is not 0. */
static inline struct weir_twofold
weir_twofold_div(struct weir_twofold a, double d)
{
	double q = a.hi / d;
	struct weir_twofold rest =
	    weir_twofold_add(a, weir_twofold_minus(weir_twofold_product(q, d)));

	return weir_twofold_sum(q, rest.hi / d);
}

#endif
