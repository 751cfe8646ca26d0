/*
 * Goal: the portable twins of the scans are as exact for logs, too.
 * Method: what reads them compiled with the twins, put through the same tests.
 */
#define WEIR_PORTABLE 1

#include "lib/event/clf.c"
#include "tests/unit/convert_logs.c"
