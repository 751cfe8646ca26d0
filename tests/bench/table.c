/*
 * Goal: the keyed table's speed, longest pause and memory with 1 M keys.
 * Method: puts of distinct 16-byte keys in runs of 256, then the same keys
 * again in another order. Prints one line a measurement; the first round is
 * fresh memory and is not counted.
 */
#define _POSIX_C_SOURCE 200809L
#include "base/mem.h"
#include "state/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEYS 1000000
#define LEN  16

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Put all keys, every stride-th first; the longest run of 256 in *pause. */
static double
put_all(struct weir_table *t, const char *keys, size_t stride, double *pause)
{
	double start = now(), last = start;
	uint64_t hash[WEIR_RUN];
	const char *key[WEIR_RUN];
	size_t at = 0;
	int added;

	*pause = 0;
	for (size_t i = 0; i < KEYS; i += WEIR_RUN) {
		size_t n = KEYS - i < WEIR_RUN ? KEYS - i : WEIR_RUN;

		for (size_t k = 0; k < n; k++) {
			key[k] = keys + at * LEN;
			at = (at + stride) % KEYS;
			hash[k] = weir_table_hash(t, key[k], LEN);
			weir_table_prefetch(t, hash[k]);
		}
		for (size_t k = 0; k < n; k++) {
			uint64_t *v =
			    weir_table_put(t, key[k], LEN, hash[k], &added);

			v[0]++;
			v[1] += k;
		}
		if (now() - last > *pause)
			*pause = now() - last;
		last = now();
	}
	return KEYS / (now() - start) / 1e6;
}

int
main(void)
{
	char *keys = weir_malloc((size_t)KEYS * LEN + 1);
	uint64_t r = 88172645463325252u;

	for (size_t i = 0; i < KEYS; i++) {
		r ^= r << 13;
		r ^= r >> 7;
		r ^= r << 17;
		sprintf(keys + i * LEN, "%016llx", (unsigned long long)r);
	}
	for (int round = 0; round < 4; round++) {
		struct weir_table *t = weir_table_new(16);
		double p1, p2, p3;
		double add = put_all(t, keys, 1, &p1);
		double again = put_all(t, keys, 1, &p2);
		double mixed = put_all(t, keys, 617291, &p3);

		if (round > 0)
			printf("table: add %.2f, again %.2f, any order %.2f "
			       "M/s; longest run %.2f ms; %.1f bytes a key\n",
			    add, again, mixed, p1 * 1e3,
			    (double)weir_table_bytes(t) / KEYS);
		weir_table_free(t);
	}
	free(keys);
	return 0;
}
