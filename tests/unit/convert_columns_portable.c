/*
 * Goal: the portable twin of the copying scan is as exact as it is.
 * Method: csv and tsv compiled with it, put through the same tests.
 */
#define WEIR_PORTABLE 1

#include "lib/event/columns.c"
#include "lib/event/convert.c"
#include "lib/event/csv.c"
#include "tests/unit/convert_columns.c"
