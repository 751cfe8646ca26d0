/*
 * calendar.h - days, weeks, months and years of a time zone.
 *
 * The periods of a unit are numbered, so that those of several (a quarter is
 * three months) are arithmetic on whole numbers; where one begins is up to the
 * zone, daylight saving included: a day has 23, 24 or 25 hours. Days are numbered
 * from 1970-01-01, weeks from the one that holds it (they begin on Monday, ISO
 * 8601), months from January of the year 0, years by themselves.
 */
#ifndef WEIR_OP_CALENDAR_H
#define WEIR_OP_CALENDAR_H

#include "base/zone.h"

#include <stdint.h>

enum weir_calendar_unit { WEIR_DAYS, WEIR_WEEKS, WEIR_MONTHS, WEIR_YEARS };

struct weir_calendar {
	struct weir_zone *zone;
	int64_t offset_s; /* periods begin so much later by the clock there */
};

/* Where a period begins: nanoseconds since 1970, at the ends of time cut off. */
int64_t weir_calendar_begin(const struct weir_calendar *c,
    enum weir_calendar_unit unit, int64_t number);
/* The period that t is in. */
int64_t weir_calendar_number(
    const struct weir_calendar *c, enum weir_calendar_unit unit, int64_t t);

#endif
