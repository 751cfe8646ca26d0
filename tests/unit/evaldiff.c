/*
 * Goal: the evaluator gives the values, absences and errors that a second,
 * simple one gives.
 * Method: expressions and events made of random bytes from a fixed seed, both
 * evaluators side by side (walk.h); tests/fuzz/evaldiff.c goes on with it.
 */
#include "walkgen.h"

#include "tap.h"

#define RUNS  30000
#define BYTES 300

int
main(void)
{
	uint64_t x = 88172645463325252; /* xorshift64 */
	int same = 0, different = 0, i, j;
	uint8_t data[BYTES];

	for (i = 0; i < RUNS && different < 5; i++) {
		for (j = 0; j < BYTES; j++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			data[j] = (uint8_t)(x >> 24);
		}
		switch (gen_run(data, sizeof data)) {
		case 1: same++; break;
		case -1: different++; break;
		default: break;
		}
	}
	ok(different == 0, "both evaluators agree");
	ok(same > RUNS * 9 / 10, "%d of %d were compared", same, RUNS);
	return done();
}
