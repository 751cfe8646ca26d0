/*
 * timetext.h - times and durations as people write them.
 *
 * A time is a signed 64-bit count of nanoseconds since 1970 UTC. WEIR_TIME_NONE
 * is "no time" and minus infinity, WEIR_TIME_MAX is plus infinity; arithmetic
 * saturates at both.
 */
#ifndef WEIR_BASE_TIMETEXT_H
#define WEIR_BASE_TIMETEXT_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* WEIR_TIME_NONE and WEIR_TIME_MAX: weir.h */
#define WEIR_TIME_TEXT 40 /* bytes that the printers need */

enum weir_time_unit { WEIR_S, WEIR_MS, WEIR_US, WEIR_NS, WEIR_RFC3339 };

/* Remembers the last date: most times in a stream share it. {0} is empty. */
struct weir_time_cache {
	char date[10];
	int64_t base_s;
};

int64_t weir_time_add(int64_t t, int64_t delta_ns); /* saturating */

/* Days since 1970-01-01 of a proleptic Gregorian date, and back. */
int64_t weir_days_from_civil(int64_t year, int month, int day);
void weir_civil_from_days(int64_t days, int64_t *year, int *month, int *day);
int weir_month_days(int64_t year, int month); /* of month 1..12 */

/*
 * A time as seconds since 1970 and 0..999999999 nanoseconds on top, and back.
 * Join returns 1, or 0 if the time is outside the 64 bits or one of the two
 * values that are no time.
 */
int weir_time_join(int64_t sec, uint32_t nanos, int64_t *ns);
void weir_time_split(int64_t ns, int64_t *sec, uint32_t *nanos);

/*
 * Z, z, +hh:mm, -hh:mm, +hhmm or -hhmm at the start of s: returns the bytes
 * read with the seconds east of UTC in *east_s, 0 if there is no such thing.
 */
size_t weir_zone_read(const char *s, size_t len, int *east_s);

/*
 * RFC 3339 text: T, t or a space between date and time, seconds 00 to 60 (60
 * is the second after 59), any number of fraction digits (beyond nine cut
 * off), then a zone as above or nothing (UTC). A date alone is its midnight
 * in UTC. Returns 1 with the time, 0 if this is no such text, there is no such
 * day, or the time is outside the 64 bits.
 */
int weir_time_read(
    struct weir_time_cache *c, const char *s, size_t len, int64_t *ns);

/*
 * strptime(3) format, with %f for a fraction of any length; without a zone
 * (%z) it is UTC. %Y %m %d %e %H %I %M %S %y %j %b %B %h %p %a %A %T %D %F %R
 * %s %z %Z(ignored name) %n %t %% are known, in the C locale. Missing date
 * parts count as 1970-01-01. All of s must match. Returns 1, or 0 as above.
 * *local: it had neither a zone nor %s.
 */
int weir_time_read_format(
    const char *fmt, const char *s, size_t len, int *local, int64_t *ns);
/* 1 if all of fmt is known, else -1 with *err (status WEIR_USAGE). */
int weir_time_format_check(const char *fmt, struct weir_error *err);

/*
 * The way back: local time in that format. %f is a fraction of 3, 6 or 9
 * digits, as needed, %1f to %9f one of so many (cut off), %Z the zone's name.
 */
struct weir_buf;
struct weir_time_zone {
	int east_s;	  /* of UTC */
	const char *name; /* of local time then, like CEST */
};
void weir_time_print_format(struct weir_buf *out, const char *fmt, int64_t sec,
    uint32_t nanos, const struct weir_time_zone *zone);
int weir_time_print_check(const char *fmt, struct weir_error *err);

/*
 * A number of units since 1970; 0 if outside. A double stands for its shortest
 * decimal text, so 1700000000.123 s is .123000000; below a nanosecond it is
 * rounded down.
 */
int weir_time_from_int(int64_t v, enum weir_time_unit unit, int64_t *ns);
int weir_time_from_double(double v, enum weir_time_unit unit, int64_t *ns);
/* The unit that the size of a first number suggests (CLI.md). */
enum weir_time_unit weir_time_guess_unit(double v);

/*
 * RFC 3339 UTC with 0, 3, 6 or 9 fraction digits, as needed. Writes at most
 * WEIR_TIME_TEXT bytes, no NUL; returns the length.
 */
size_t weir_time_print(char *out, int64_t ns);
/* A point and 3, 6 or 9 digits, or nothing for 0: the length. */
size_t weir_fraction_print(char *out, uint32_t nanos);
/* A number of units (rounded down) or, for WEIR_RFC3339, the text in quotes. */
size_t weir_time_print_unit(char *out, int64_t ns, enum weir_time_unit unit);

/*
 * CEL's timestamps: the years 0001 to 9999, as seconds and nanoseconds (as
 * above). The text is RFC 3339 to the letter: T or t, and Z, z, +hh:mm or
 * -hh:mm. Read returns 1 or 0; print writes at most WEIR_TIME_TEXT bytes.
 */
#define WEIR_TIMESTAMP_MIN_S (-INT64_C(62135596800))
#define WEIR_TIMESTAMP_MAX_S INT64_C(253402300799)
int weir_timestamp_read(
    const char *s, size_t len, int64_t *sec, uint32_t *nanos);
size_t weir_timestamp_print(char *out, int64_t sec, uint32_t nanos);

/*
 * CEL's durations: up to 10000 years each way; sec and nanos have one sign.
 * Text is read as in Go (`1h30m`, `-1.5s`, `0`; h, m, s, ms, us, µs, ns) and
 * printed as seconds with 0, 3, 6 or 9 fraction digits (`5400s`, `-1.500s`).
 * Read returns 1, or 0 for other text and for durations out of range.
 */
#define WEIR_CEL_DURATION_MAX_S INT64_C(315576000000)
int weir_cel_duration_read(
    const char *s, size_t len, int64_t *sec, int32_t *nanos);
size_t weir_cel_duration_print(char *out, int64_t sec, int32_t nanos);

/*
 * Durations of options: `250ms`, `5s`, `1m30s`, `2h`, `1d`, `1w`; also us, ns,
 * fractions (`1.5s`), a leading sign; a plain `0` needs no unit. All of s (len
 * bytes) must be one duration. Returns 1, or -1 with *err (status WEIR_USAGE).
 */
int weir_duration_read(
    const char *s, size_t len, int64_t *ns, struct weir_error *err);
/*
 * Such text, for messages: `1m30s`, `1.5ms`, `2w`. It reads back as the same
 * duration. Writes at most WEIR_TIME_TEXT bytes, no NUL; returns the length.
 */
size_t weir_duration_print(char *out, int64_t ns);
/* Sizes: `64k`, `16M`, `2G`, powers of 1024; 1 or -1 with *err. */
int weir_size_read(
    const char *s, size_t len, uint64_t *size, struct weir_error *err);

#endif
