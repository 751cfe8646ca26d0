/*
 * Goal: the portable twin of the search for names finds what it finds.
 * Method: the fields of pairs compiled with it, put through the same tests.
 */
#define WEIR_PORTABLE 1

#include "lib/op/pair_fields.c"
#include "tests/unit/pair.c"
