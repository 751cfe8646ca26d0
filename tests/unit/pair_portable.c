/*
 * Goal: the portable twins of the scans for outlines find what they find.
 * Method: outlines compiled with them, put through the tests of pairs.
 */
#define WEIR_PORTABLE 1

#include "lib/json/outline.c"
#include "tests/unit/pair.c"
