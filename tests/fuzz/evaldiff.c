/*
 * Goal: the evaluator gives the values, absences and errors that a second,
 * simple one gives.
 * Method: the input's bytes choose an event and an expression (walkgen.h); both
 * evaluators run; where they differ it aborts.
 */
#include "tests/unit/walkgen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (gen_run(data, size) < 0)
		abort();
	return 0;
}
