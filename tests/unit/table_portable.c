/*
 * Goal: the portable twin of the vector search finds what it finds.
 * Method: the table compiled with it, put through the same tests.
 */
#define WEIR_PORTABLE 1

#include "lib/state/slots.c"
#include "lib/state/table.c"
#include "tests/unit/table.c"
