/*
 * Goal: the portable twin of the vector scans finds the same fields.
 * Method: the prover compiled with it, put through the same tests.
 */
#define WEIR_PORTABLE 1

#include "lib/json/intern.c"
#include "lib/json/proof.c"
#include "lib/json/prover.c"
#include "tests/unit/prover_slots.c"
