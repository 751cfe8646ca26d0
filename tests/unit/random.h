/*
 * random.h - numbers that are the same in every run.
 */
#ifndef WEIR_TESTS_UNIT_RANDOM_H
#define WEIR_TESTS_UNIT_RANDOM_H

#include <stdint.h>

/* splitmix64 */
static inline uint64_t
rnd(void)
{
	static uint64_t state = 1;
	uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

/* From 0 to 1, that excluded. */
static inline double
rnd_unit(void)
{
	return (double)(rnd() >> 11) * 0x1p-53;
}

/* About normal, mean 0, variance 1. */
static inline double
rnd_normal(void)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += rnd_unit();
	return sum;
}

#endif
