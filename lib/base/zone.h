/*
 * zone.h - time zones: how far local time is from UTC, and when.
 *
 * A zone is a fixed offset or one of the system's tz database, whose compiled
 * files (RFC 8536) are read here, strictly and within limits. What lies behind
 * the last change in a file goes by the rule that ends it.
 */
#ifndef WEIR_BASE_ZONE_H
#define WEIR_BASE_ZONE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define WEIR_ZONE_NAME 64 /* bytes of a zone's name */
#define WEIR_ZONE_ABBR 16 /* bytes of `CEST` and such, NUL included */

struct weir_zone;

/*
 * The zone of that name: `UTC`, `GMT`, `Z`, `+hh:mm`, `-hh:mm`, `hh:mm` (one
 * digit is enough for the hours), or a name in the database like
 * `Europe/Berlin`. Names are letters, digits and
 * _ + - / only. NULL with *err (WEIR_USAGE): there is no such zone, or no
 * database.
 */
struct weir_zone *weir_zone_new(
    const char *name, size_t len, struct weir_error *err);
void weir_zone_free(struct weir_zone *z);

/* Seconds east of UTC at sec, seconds since 1970; abbr may be NULL. */
int weir_zone_east(const struct weir_zone *z, int64_t sec, char *abbr);

/*
 * The way back, from local time: the first, if the clock was set back over it;
 * if it was set forward over it, what it is without that.
 */
int64_t weir_zone_utc(const struct weir_zone *z, int64_t local_s);

/* A zone out of a compiled file's bytes; NULL if it is none. */
struct weir_zone *weir_zone_parse(const void *data, size_t len);

/* The rule at the end of a file, a TZ of POSIX: `CET-1CEST,M3.5.0,M10.5.0/3` */
struct weir_zone_half {
	int east_s;
	char abbr[WEIR_ZONE_ABBR];
};

struct weir_zone_day {
	char form; /* M month.week.day, J day 1..365, D day 0..365 */
	int month, week, day;
	int time_s; /* of the local time before it */
};

struct weir_zone_rule {
	struct weir_zone_half standard, summer;
	int changes; /* there is a summer */
	struct weir_zone_day begin, end;
};

/* 1, or 0 if it is no such rule. */
int weir_zone_rule_read(struct weir_zone_rule *r, const char *s, size_t len);
/* What holds at sec. */
const struct weir_zone_half *weir_zone_rule_at(
    const struct weir_zone_rule *r, int64_t sec);

#endif
