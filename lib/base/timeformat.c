#include "base/text.h"
#include "base/timetext.h"

#include <string.h>

#define DAY_S INT64_C(86400)

/* What the text said so far. */
struct fields {
	int64_t epoch_s; /* %s */
	int year, month, day, yday;
	int hour, minute, second;
	int pm; /* -1 not said, 0 AM, 1 PM */
	int has_epoch, has_zone, hour12;
	int east_s;
	uint32_t nanos;
};

struct reader {
	const char *p, *end;
	struct fields f;
};

static const char *const months[] = {"january", "february", "march", "april",
    "may", "june", "july", "august", "september", "october", "november",
    "december", NULL};
static const char *const days[] = {"sunday", "monday", "tuesday", "wednesday",
    "thursday", "friday", "saturday", NULL};
static const char *const halves[] = {"am", "pm", NULL};

static int
digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void
skip_space(struct reader *r)
{
	while (r->p < r->end && space(*r->p))
		r->p++;
}

/* A number of up to width digits from lo to hi, perhaps after spaces. */
static int
number(struct reader *r, int width, int lo, int hi, int *out)
{
	int v = 0, n = 0;

	skip_space(r);
	for (; n < width && r->p < r->end && digit(*r->p); n++)
		v = v * 10 + *r->p++ - '0';
	*out = v;
	return n > 0 && v >= lo && v <= hi;
}

/* One of names, whole or its first three letters, in either case. */
static int
name(struct reader *r, const char *const *names, int *out)
{
	size_t left = (size_t)(r->end - r->p), n, len;
	int i;

	for (i = 0; names[i] != NULL; i++) {
		len = strlen(names[i]);
		for (n = 0; n < len && n < left; n++)
			if ((r->p[n] | 0x20) != names[i][n])
				break;
		if (n < 3 && n < len)
			continue;
		r->p += n == len ? len : 3;
		*out = i;
		return 1;
	}
	return 0;
}

static int
epoch(struct reader *r)
{
	int negative = r->p < r->end && *r->p == '-', n = 0;
	int64_t v = 0;

	r->p += negative;
	for (; n < 18 && r->p < r->end && digit(*r->p); n++)
		v = v * 10 + *r->p++ - '0';
	r->f.epoch_s = negative ? -v : v;
	r->f.has_epoch = 1;
	return n > 0;
}

static int
fraction(struct reader *r)
{
	uint32_t v = 0;
	int n;

	for (n = 0; r->p < r->end && digit(*r->p); n++, r->p++)
		if (n < 9)
			v = v * 10 + (uint32_t)(*r->p - '0');
	if (n == 0)
		return 0;
	for (; n < 9; n++)
		v *= 10;
	r->f.nanos = v;
	return 1;
}

/* As in RFC 3339, or hours alone. */
static int
zone(struct reader *r)
{
	size_t n = weir_zone_read(r->p, (size_t)(r->end - r->p), &r->f.east_s);
	int hours, sign;

	r->f.has_zone = 1;
	if (n > 0) {
		r->p += n;
		return 1;
	}
	if (r->end - r->p < 3 || (*r->p != '+' && *r->p != '-') ||
	    !digit(r->p[1]) || !digit(r->p[2]))
		return 0;
	sign = *r->p++ == '-' ? -1 : 1;
	if (!number(r, 2, 0, 23, &hours))
		return 0;
	r->f.east_s = sign * hours * 3600;
	/* Four digits or a colon, and yet no zone: not hours alone. */
	return r->p == r->end || (!digit(*r->p) && *r->p != ':');
}

/* A two-digit year, as POSIX has it: 69 is 1969, 68 is 2068. */
static int
short_year(struct reader *r)
{
	if (!number(r, 2, 0, 99, &r->f.year))
		return 0;
	r->f.year += r->f.year < 69 ? 2000 : 1900;
	return 1;
}

static int
month_name(struct reader *r)
{
	if (!name(r, months, &r->f.month))
		return 0;
	r->f.month++;
	return 1;
}

static int
hour(struct reader *r, int twelve)
{
	r->f.hour12 = twelve;
	return twelve ? number(r, 2, 1, 12, &r->f.hour)
		      : number(r, 2, 0, 23, &r->f.hour);
}

/* What stands for a conversion that is short for others. */
static const char *
long_form(char c)
{
	switch (c) {
	case 'T': return "%H:%M:%S";
	case 'R': return "%H:%M";
	case 'D': return "%m/%d/%y";
	case 'F': return "%Y-%m-%d";
	default: return NULL;
	}
}

static int
convert(struct reader *r, char c)
{
	int ignored;

	switch (c) {
	case 'Y': return number(r, 4, 0, 9999, &r->f.year);
	case 'y': return short_year(r);
	case 'm': return number(r, 2, 1, 12, &r->f.month);
	case 'd':
	case 'e': return number(r, 2, 1, 31, &r->f.day);
	case 'j': return number(r, 3, 1, 366, &r->f.yday);
	case 'H': return hour(r, 0);
	case 'I': return hour(r, 1);
	case 'M': return number(r, 2, 0, 59, &r->f.minute);
	case 'S': return number(r, 2, 0, 60, &r->f.second);
	case 'p': return name(r, halves, &r->f.pm);
	case 'b':
	case 'B':
	case 'h': return month_name(r);
	case 'a':
	case 'A': return name(r, days, &ignored);
	case 'f': return fraction(r);
	case 's': return epoch(r);
	case 'z': return zone(r);
	case 'Z':
		while (r->p < r->end && letter(*r->p))
			r->p++;
		return 1;
	case 'n':
	case 't': skip_space(r); return 1;
	case '%': return r->p < r->end && *r->p++ == '%';
	default: return 0;
	}
}

static int
read_all(struct reader *r, const char *fmt)
{
	const char *outer = NULL; /* what follows a long form */
	char c;

	for (;;) {
		c = *fmt++;
		if (c == '\0') {
			if (outer == NULL)
				return 1;
			fmt = outer;
			outer = NULL;
		} else if (space(c)) {
			skip_space(r);
		} else if (c != '%') {
			if (r->p == r->end || *r->p++ != c)
				return 0;
		} else if (long_form(*fmt) != NULL) {
			outer = fmt + 1;
			fmt = long_form(*fmt);
		} else if (*fmt == '\0' || !convert(r, *fmt++)) {
			return 0;
		}
	}
}

/* Seconds since 1970 of what was read; 0 if there is no such day. */
static int
put_together(const struct fields *f, int64_t *sec)
{
	int month = f->month, day = f->day, h = f->hour;

	if (f->has_epoch) {
		*sec = f->epoch_s;
		return 1;
	}
	if (f->hour12 && f->pm >= 0)
		h = h % 12 + 12 * f->pm;
	if (f->yday > 0) {
		if (f->yday > 337 + weir_month_days(f->year, 2))
			return 0;
		month = 1;
		day = f->yday;
	} else if (day > weir_month_days(f->year, month)) {
		return 0;
	}
	*sec = weir_days_from_civil(f->year, month, day) * DAY_S + h * 3600 +
	    f->minute * 60 + f->second - f->east_s;
	return 1;
}

int
weir_time_read_format(
    const char *fmt, const char *s, size_t len, int *local, int64_t *ns)
{
	struct reader r = {.p = s, .end = s + len};
	int64_t sec;

	r.f.year = 1970;
	r.f.month = r.f.day = 1;
	r.f.pm = -1;
	if (!read_all(&r, fmt) || r.p != r.end || !put_together(&r.f, &sec))
		return 0;
	*local = !r.f.has_epoch && !r.f.has_zone;
	return weir_time_join(sec, r.f.nanos, ns);
}

int
weir_time_format_check(const char *fmt, struct weir_error *err)
{
	static const char known[] = "YyfmdejHIMSpbBhaAszZnt%TRDF";
	const char *p = fmt;
	char shown[80];

	for (; (p = strchr(p, '%')) != NULL; p += 2)
		if (p[1] == '\0' || strchr(known, p[1]) == NULL)
			return weir_fail(err, WEIR_USAGE,
			    "time format: unknown conversion '%s'",
			    weir_show_into(
				shown, sizeof shown, p, p[1] == '\0' ? 1 : 2));
	return 1;
}
