/*
 * convert.h - lines of other formats into events: JSON text, slots and index.
 *
 * A converter writes an event's text once and notes where each value came to
 * lie, so nobody scans that text again. Records are text that ends in a newline
 * with WEIR_PAD readable bytes behind it: a newline stops every scan. Each
 * format is a file; this is what they share, and their face to the reader.
 */
#ifndef WEIR_EVENT_CONVERT_H
#define WEIR_EVENT_CONVERT_H

#include "base/error.h"
#include "base/timetext.h"
#include "event/object.h"
#include "event/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_HEADER_MAX	   (1 << 20) /* bytes of a header */
#define WEIR_REGEX_OVERLAP 4	     /* groups hold at most so much of a line */

enum weir_verdict {
	WEIR_CONVERTED,
	WEIR_BLANK,   /* no event */
	WEIR_REFUSED, /* why says it */
	WEIR_OPEN     /* csv: a quoted field goes on behind the text */
};

struct weir_clf_time {
	char date[18]; /* `10/Oct/2000:13:55:` */
	char zone[5];
	char text[WEIR_TIME_TEXT];
};

struct weir_syslog_time {
	struct weir_time_cache cache;
	int64_t near_s; /* the last time, or where to begin */
	bool begun;
	char minute[13]; /* `Oct 11 22:14:`, as it stood in the text */
	int64_t minute_s;
};

struct weir_converter {
	enum weir_format format;
	struct weir_prover *prover;
	struct weir_fields fields;
	size_t bound;  /* slots of the prover that fields know, plus 1 */
	char why[200]; /* room for a message */
	/* csv, tsv */
	bool named;		/* the names are known */
	bool given;		/* … from --header */
	struct weir_buf header; /* as it stood in the file, else */
	/* clf, combined; syslog */
	struct weir_clf_time clf;
	struct weir_syslog_time syslog;
	bool nested; /* some slot lies inside a field's value */
	struct weir_logfmt *logfmt;
	struct weir_regex *regex;
	unsigned *groups; /* of the fields */
	struct weir_buf scratch;
};

/* What the formats are told: NULL and 0 when not given. */
struct weir_convert_options {
	const char *header; /* --header=a,b,c */
	const char *regex;  /* RE of regex:RE */
	int year;	    /* --year: of the first time without one */
};

/* Is it one of the formats that are converted? */
bool weir_convert_is(enum weir_format format);
/* Has it a time of its own, in `time`? */
bool weir_convert_has_time(enum weir_format format);

/* NULL with *err (WEIR_USAGE) if the options are no good. */
struct weir_converter *weir_converter_new(enum weir_format format,
    const struct weir_convert_options *o, struct weir_prover *prover,
    struct weir_error *err);
void weir_converter_free(struct weir_converter *k);
/*
 * The next file begins: its header is to be read. near_s is a time (seconds
 * since 1970) near to the end of the file, for dates that lack a year.
 */
void weir_converter_begin(struct weir_converter *k, int64_t near_s);
/* Get slots and columns again if the prover has other ones. */
void weir_converter_bind(struct weir_converter *k);
/* What this converter needs to know to go on in the middle of a file. */
struct weir_str weir_converter_context(struct weir_converter *k);
int weir_converter_resume(
    struct weir_converter *k, struct weir_str context, struct weir_error *err);

/* Bytes that the event of a record of len bytes takes at most. */
size_t weir_converter_room(const struct weir_converter *k, size_t len);
/*
 * The line [s, end), which a newline follows, as an object into o: out,
 * slots and index; CONVERTED, BLANK or REFUSED.
 */
enum weir_verdict weir_convert_line(struct weir_converter *k,
    struct weir_object *o, const char *s, const char *end);
/*
 * The record of csv that begins at s, before stop; its newline (or where it
 * went wrong) in *end, and the newlines before that in *inside. It is OPEN if
 * stop comes first. whole: *end is the end of the record even if REFUSED.
 */
enum weir_verdict weir_csv_record(struct weir_converter *k,
    struct weir_object *o, const char *s, const char *stop, const char **end,
    uint32_t *inside, bool *whole);
/* Take the record at s (its newline is at end) as the names: 1 or -1. */
int weir_converter_header(struct weir_converter *k, const char *s,
    const char *end, struct weir_error *err);

/* --- for the formats --- */

enum weir_verdict weir_tsv_line(struct weir_converter *k, struct weir_object *o,
    const char *s, const char *end);
int weir_tsv_header(struct weir_converter *k, const char *s, const char *end,
    struct weir_error *err);
enum weir_verdict weir_logfmt_line(struct weir_converter *k,
    struct weir_object *o, const char *s, const char *end);
void weir_logfmt_bind(struct weir_logfmt *l, struct weir_prover *p);
struct weir_logfmt *weir_logfmt_new(void);
void weir_logfmt_free(struct weir_logfmt *l);
enum weir_verdict weir_clf_line(struct weir_converter *k, struct weir_object *o,
    const char *s, const char *end);
enum weir_verdict weir_syslog_line(struct weir_converter *k,
    struct weir_object *o, const char *s, const char *end);
enum weir_verdict weir_regex_line(struct weir_converter *k,
    struct weir_object *o, const char *s, const char *end);
/*
 * `Oct 11 22:14:15` at s, perhaps with a fraction, in UTC: behind it, or NULL.
 * The year is the one that brings it nearest to the time before it; for the
 * first, the last one that does not bring it a day behind near_s.
 */
const char *weir_syslog_time_read(
    struct weir_syslog_time *t, const char *s, const char *end, int64_t *ns);
int weir_regex_open(
    struct weir_converter *k, const char *pattern, struct weir_error *err);

/* Refuse a record. */
static inline enum weir_verdict
weir_refuse(struct weir_object *o, const char *why)
{
	o->why = why;
	return WEIR_REFUSED;
}

#endif
