#include "op/calendar.h"

#include "base/timetext.h"

#define DAY_S	 86400
#define SECOND	 1000000000
#define MONDAY	 3		 /* days from a Monday to 1970-01-01 */
#define FURTHEST INT64_C(200000) /* days from 1970 that times can be */

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The first day of a period, from 1970-01-01. */
static int64_t
first_day(enum weir_calendar_unit unit, int64_t number)
{
	int64_t year;

	switch (unit) {
	case WEIR_DAYS: return number;
	case WEIR_WEEKS: return 7 * number - MONDAY;
	case WEIR_MONTHS:
		year = floor_div(number, 12);
		return weir_days_from_civil(
		    year, (int)(number - 12 * year) + 1, 1);
	case WEIR_YEARS: break;
	}
	return weir_days_from_civil(number, 1, 1);
}

/* The period that a day is in. */
static int64_t
number_of_day(enum weir_calendar_unit unit, int64_t day)
{
	int64_t year;
	int month, of_month;

	if (unit == WEIR_DAYS)
		return day;
	if (unit == WEIR_WEEKS)
		return floor_div(day + MONDAY, 7);
	weir_civil_from_days(day, &year, &month, &of_month);
	return unit == WEIR_MONTHS ? 12 * year + month - 1 : year;
}

/* No period that matters is further away. */
static int64_t
clamp_number(enum weir_calendar_unit unit, int64_t number)
{
	int64_t least = number_of_day(unit, -FURTHEST),
		most = number_of_day(unit, FURTHEST);

	return number < least ? least : number > most ? most : number;
}

int64_t
weir_calendar_begin(
    const struct weir_calendar *c, enum weir_calendar_unit unit, int64_t number)
{
	int64_t s = weir_zone_utc(c->zone,
	    first_day(unit, clamp_number(unit, number)) * DAY_S + c->offset_s);

	if (s > WEIR_TIME_MAX / SECOND)
		return WEIR_TIME_MAX;
	if (s < (WEIR_TIME_NONE + 1) / SECOND)
		return WEIR_TIME_NONE + 1;
	return s * SECOND;
}

int64_t
weir_calendar_number(
    const struct weir_calendar *c, enum weir_calendar_unit unit, int64_t t)
{
	int64_t s = floor_div(t, SECOND);
	int64_t local = s + weir_zone_east(c->zone, s, NULL) - c->offset_s;
	int64_t number = number_of_day(unit, floor_div(local, DAY_S));

	/* A clock that is set back passes a border twice: the first counts. */
	while (weir_calendar_begin(c, unit, number) > t)
		number--;
	while (
	    t < WEIR_TIME_MAX && weir_calendar_begin(c, unit, number + 1) <= t)
		number++;
	return number;
}
