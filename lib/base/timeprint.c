/*
 * Times as text of a format, strftime(3) in the C locale.
 */
#include "base/buf.h"
#include "base/text.h"
#include "base/timetext.h"

#include <string.h>

#define DAY_S INT64_C(86400)

/* A time taken apart. */
struct fields {
	int64_t epoch_s, year;
	int month, day, yday, wday; /* yday from 1, wday from Sunday, 0 */
	int hour, minute, second;
	uint32_t nanos;
	int east_s;
	const char *zone;
};

static const char *const months[] = {"January", "February", "March", "April",
    "May", "June", "July", "August", "September", "October", "November",
    "December"};
static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday"};

static void
take_apart(struct fields *f, int64_t local)
{
	int64_t day = local / DAY_S - (local % DAY_S < 0);
	int rest = (int)(local - day * DAY_S);

	weir_civil_from_days(day, &f->year, &f->month, &f->day);
	f->yday = (int)(day - weir_days_from_civil(f->year, 1, 1)) + 1;
	f->wday = (int)(((day + 4) % 7 + 7) % 7);
	f->hour = rest / 3600;
	f->minute = rest / 60 % 60;
	f->second = rest % 60;
}

static void
put_zone(struct weir_buf *out, int east_s)
{
	int minutes = (east_s < 0 ? -east_s : east_s) / 60;

	weir_buf_printf(out, "%c%02d%02d", east_s < 0 ? '-' : '+', minutes / 60,
	    minutes % 60);
}

/* The fraction: so many digits, or for 0 as many of 3, 6, 9 as it needs. */
static void
put_fraction(struct weir_buf *out, uint32_t nanos, int digits)
{
	char text[10];
	int i;

	if (digits == 0)
		digits = nanos % 1000 != 0 ? 9 : nanos % 1000000 != 0 ? 6 : 3;
	for (i = 9; i > 0; i--) {
		text[i - 1] = (char)('0' + nanos % 10);
		nanos /= 10;
	}
	weir_buf_add(out, text, (size_t)digits);
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

static void
convert(struct weir_buf *out, const struct fields *f, char c)
{
	switch (c) {
	case 'Y': weir_buf_printf(out, "%04d", (int)f->year); break;
	case 'y': weir_buf_printf(out, "%02d", (int)(f->year % 100)); break;
	case 'm': weir_buf_printf(out, "%02d", f->month); break;
	case 'd': weir_buf_printf(out, "%02d", f->day); break;
	case 'e': weir_buf_printf(out, "%2d", f->day); break;
	case 'j': weir_buf_printf(out, "%03d", f->yday); break;
	case 'H': weir_buf_printf(out, "%02d", f->hour); break;
	case 'I': weir_buf_printf(out, "%02d", (f->hour + 11) % 12 + 1); break;
	case 'M': weir_buf_printf(out, "%02d", f->minute); break;
	case 'S': weir_buf_printf(out, "%02d", f->second); break;
	case 'p': weir_buf_puts(out, f->hour < 12 ? "AM" : "PM"); break;
	case 'b':
	case 'h': weir_buf_add(out, months[f->month - 1], 3); break;
	case 'B': weir_buf_puts(out, months[f->month - 1]); break;
	case 'a': weir_buf_add(out, days[f->wday], 3); break;
	case 'A': weir_buf_puts(out, days[f->wday]); break;
	case 's': weir_buf_printf(out, "%lld", (long long)f->epoch_s); break;
	case 'f': put_fraction(out, f->nanos, 0); break;
	case 'z': put_zone(out, f->east_s); break;
	case 'Z': weir_buf_puts(out, f->zone); break;
	case 'n': weir_buf_putc(out, '\n'); break;
	case 't': weir_buf_putc(out, '\t'); break;
	default: weir_buf_putc(out, '%'); break;
	}
}

static void
put_all(struct weir_buf *out, const struct fields *f, const char *fmt)
{
	const char *outer = NULL; /* what follows a long form */

	for (;; fmt++) {
		if (*fmt == '\0' && outer != NULL) {
			fmt = outer;
			outer = NULL;
		}
		if (*fmt == '\0')
			return;
		if (*fmt != '%' || fmt[1] == '\0') {
			weir_buf_putc(out, *fmt);
			continue;
		}
		fmt++;
		if (*fmt >= '1' && *fmt <= '9' && fmt[1] == 'f') {
			put_fraction(out, f->nanos, *fmt++ - '0');
		} else if (long_form(*fmt) != NULL) {
			outer = fmt + 1;
			fmt = long_form(*fmt) - 1;
		} else {
			convert(out, f, *fmt);
		}
	}
}

void
weir_time_print_format(struct weir_buf *out, const char *fmt, int64_t sec,
    uint32_t nanos, const struct weir_time_zone *zone)
{
	struct fields f = {.epoch_s = sec,
	    .nanos = nanos,
	    .east_s = zone->east_s,
	    .zone = zone->name};

	take_apart(&f, sec + zone->east_s);
	put_all(out, &f, fmt);
}

int
weir_time_print_check(const char *fmt, struct weir_error *err)
{
	static const char known[] = "YyfmdejHIMSpbBhaAszZnt%TRDF";
	const char *p = fmt;
	char shown[80];

	for (; (p = strchr(p, '%')) != NULL; p += 2) {
		if (p[1] >= '1' && p[1] <= '9' && p[2] == 'f')
			p++;
		else if (p[1] == '\0' || strchr(known, p[1]) == NULL)
			return weir_fail(err, WEIR_USAGE,
			    "time format: unknown conversion '%s'",
			    weir_show_into(
				shown, sizeof shown, p, p[1] == '\0' ? 1 : 2));
	}
	return 1;
}
