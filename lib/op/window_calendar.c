#include "op/window_calendar.h"

#include "base/text.h"
#include "base/timetext.h"

#include <stdbool.h>
#include <string.h>

static const char *const units[] = {"d", "w", "mo", "y"};

/* --- what the options say --- */

static int
refuse(const char *text, const char *why, struct weir_error *err)
{
	char shown[80];

	return weir_fail(err, WEIR_USAGE, "-w %s: %s",
	    weir_show_into(shown, sizeof shown, text, strlen(text)), why);
}

/* Whole periods, `3mo`: 1, or 0 if it is not of that form. */
static int
read_periods(const char *s, size_t len, struct weir_periods *p)
{
	int64_t n = 0;
	size_t at = 0;

	for (; at < len && s[at] >= '0' && s[at] <= '9' && n < 100000; at++)
		n = 10 * n + (s[at] - '0');
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (at > 0 && n > 0 && len - at == strlen(units[i]) &&
		    memcmp(s + at, units[i], len - at) == 0) {
			*p = (struct weir_periods){
			    (enum weir_calendar_unit)i, n};
			return 1;
		}
	return 0;
}

/* A size or step: periods, or a time that goes by. */
struct part {
	struct weir_periods periods; /* n 0: none */
	int64_t ns;
};

static int
read_part(const char *s, size_t len, struct part *p, struct weir_error *err)
{
	struct weir_error why;

	*p = (struct part){.ns = 0};
	if (read_periods(s, len, &p->periods))
		return 1;
	if (weir_duration_read(s, len, &p->ns, &why) < 0)
		return weir_fail(err, WEIR_USAGE, "-w: %s", why.text);
	if (p->ns <= 0)
		return weir_fail(err, WEIR_USAGE,
		    "-w: a window must be longer than nothing");
	return 1;
}

static bool
is_long(const struct part *p)
{
	return p->periods.n > 0 && p->periods.unit >= WEIR_MONTHS;
}

/* Count both in one unit, if they have one. */
static bool
align(struct weir_periods *a, struct weir_periods *b)
{
	struct weir_periods *finer = a->unit < b->unit ? a : b,
			    *coarser = finer == a ? b : a;

	if (finer->unit == coarser->unit)
		return true;
	if (finer->unit == WEIR_DAYS && coarser->unit == WEIR_WEEKS)
		coarser->n *= 7;
	else if (finer->unit == WEIR_MONTHS && coarser->unit == WEIR_YEARS)
		coarser->n *= 12;
	else
		return false;
	coarser->unit = finer->unit;
	return true;
}

static int
set_tumbling(struct weir_window_spec *spec, const char *text,
    const struct part *size, struct weir_error *err)
{
	spec->kind = WEIR_TUMBLING;
	spec->periods = size->periods;
	if (size->periods.n > 0)
		return 1;
	if (size->ns >= INT64_C(86400000000000))
		return refuse(text,
		    "by the calendar, windows are whole days, weeks, months or "
		    "years, "
		    "as in 1d, 2w, 1mo, 1y, or shorter than a day",
		    err);
	spec->periods = (struct weir_periods){WEIR_DAYS, 1};
	spec->step_ns = size->ns;
	return 1;
}

static int
set_hopping(struct weir_window_spec *spec, const char *text, struct part *size,
    struct part *slide, struct weir_error *err)
{
	spec->kind = WEIR_HOPPING;
	if (size->periods.n == 0 || slide->periods.n == 0 ||
	    !align(&size->periods, &slide->periods))
		return refuse(text,
		    "by the calendar, windows hop by days or weeks (7d/1d), or "
		    "by "
		    "months or years (3mo/1mo)",
		    err);
	spec->periods = size->periods;
	spec->steps = slide->periods;
	return 1;
}

static int
set_cumulating(struct weir_window_spec *spec, const char *text,
    struct part *size, struct part *step, struct weir_error *err)
{
	static const int64_t days[] = {1, 7, 31, 366};

	spec->kind = WEIR_CUMULATE;
	if (size->periods.n == 0)
		return refuse(text,
		    "by the calendar, windows grow up to days, weeks, months "
		    "or "
		    "years: cumulate:1d/1h",
		    err);
	spec->periods = size->periods;
	spec->steps = step->periods;
	spec->step_ns = step->ns;
	if (is_long(step) && !is_long(size))
		return refuse(text, "the step is longer than the size", err);
	/* Steps are counted from where the window starts, a week or not. */
	if (step->periods.n > 0 && step->periods.unit == WEIR_WEEKS &&
	    size->periods.unit != WEIR_WEEKS)
		spec->steps =
		    (struct weir_periods){WEIR_DAYS, 7 * step->periods.n};
	if (step->ns > 0 &&
	    days[size->periods.unit] * size->periods.n >
		step->ns / (INT64_C(86400000000000) / WEIR_PANES_MAX))
		return refuse(text,
		    "a window would be more than 100000 steps to add up", err);
	return 1;
}

static int
set_offset(
    struct weir_window_spec *spec, const char *offset, struct weir_error *err)
{
	struct weir_error why;
	int64_t ns = 0;

	if (offset != NULL &&
	    weir_duration_read(offset, strlen(offset), &ns, &why) < 0)
		return weir_fail(err, WEIR_USAGE, "--offset: %s", why.text);
	if (ns % 1000000000 != 0)
		return weir_fail(err, WEIR_USAGE,
		    "--offset: with a calendar, whole seconds");
	if (ns / 1000000000 > 366 * 86400 || ns / 1000000000 < -366 * 86400)
		return weir_fail(
		    err, WEIR_USAGE, "--offset: no more than a year");
	spec->calendar.offset_s = ns / 1000000000;
	return 1;
}

int
weir_window_calendar_parse(struct weir_window_spec *spec, const char *text,
    const char *offset, const char *zone, struct weir_error *err)
{
	bool grows = strncmp(text, "cumulate:", 9) == 0;
	const char *from = grows ? text + 9 : text, *slash = strchr(from, '/');
	size_t len = slash != NULL ? (size_t)(slash - from) : strlen(from);
	struct part size, step = {.ns = 0};
	struct weir_error why;
	int rc;

	if (read_part(from, len, &size, zone != NULL ? err : &why) < 0 ||
	    (slash != NULL &&
		read_part(slash + 1, strlen(slash + 1), &step,
		    zone != NULL ? err : &why) < 0))
		return zone != NULL ? -1 : 0;
	if (zone == NULL && !is_long(&size) && !is_long(&step))
		return 0;
	if (grows && slash == NULL)
		return refuse(text, "a step is missing: cumulate:1d/1h", err);
	if (zone == NULL)
		zone = "UTC";
	spec->zone_name = zone;
	spec->calendar.zone = weir_zone_new(zone, strlen(zone), &why);
	if (spec->calendar.zone == NULL)
		return weir_fail(err, WEIR_USAGE, "--tz: %s", why.text);
	rc = grows	    ? set_cumulating(spec, text, &size, &step, err)
	    : slash != NULL ? set_hopping(spec, text, &size, &step, err)
			    : set_tumbling(spec, text, &size, err);
	return rc < 0 ? -1 : set_offset(spec, offset, err);
}

static void
print_part(struct weir_buf *out, struct weir_periods p, int64_t ns)
{
	char text[WEIR_TIME_TEXT];

	if (p.n > 0)
		weir_buf_printf(out, "%jd%s", (intmax_t)p.n, units[p.unit]);
	else
		weir_buf_add(out, text, weir_duration_print(text, ns));
}

void
weir_window_calendar_print(
    struct weir_buf *out, const struct weir_window_spec *spec)
{
	struct weir_periods none = {WEIR_DAYS, 0};

	weir_buf_puts(
	    out, spec->kind == WEIR_CUMULATE ? "-w cumulate:" : "-w ");
	if (spec->kind == WEIR_TUMBLING) {
		print_part(out, spec->step_ns > 0 ? none : spec->periods,
		    spec->step_ns);
	} else {
		print_part(out, spec->periods, 0);
		weir_buf_putc(out, '/');
		print_part(out, spec->steps, spec->step_ns);
	}
	weir_buf_printf(out, " --tz=%s", spec->zone_name);
	if (spec->calendar.offset_s != 0)
		weir_buf_printf(
		    out, " --offset=%jds", (intmax_t)spec->calendar.offset_s);
}

/* --- windows one behind the other, and what they are divided into --- */

static int64_t
floor_to(int64_t a, int64_t unit)
{
	int64_t rest = a % unit;

	return a - (rest < 0 ? rest + unit : rest);
}

static int64_t
begin(const struct weir_window_spec *spec, enum weir_calendar_unit unit,
    int64_t number)
{
	return weir_calendar_begin(&spec->calendar, unit, number);
}

static int64_t
number(const struct weir_window_spec *spec, enum weir_calendar_unit unit,
    int64_t t)
{
	return weir_calendar_number(&spec->calendar, unit, t);
}

/* The whole periods that t is in. */
static struct weir_span
whole(const struct weir_window_spec *spec, int64_t t)
{
	enum weir_calendar_unit unit = spec->periods.unit;
	int64_t first = floor_to(number(spec, unit, t), spec->periods.n);

	return (struct weir_span){begin(spec, unit, first),
	    begin(spec, unit, first + spec->periods.n)};
}

/* Which step of the whole that begins at start is t in? */
static int64_t
step_of(const struct weir_window_spec *spec, int64_t start, int64_t t)
{
	enum weir_calendar_unit unit = spec->steps.unit;

	if (spec->steps.n == 0)
		return (int64_t)(((uint64_t)t - (uint64_t)start) /
		    (uint64_t)spec->step_ns);
	return (number(spec, unit, t) - number(spec, unit, start)) /
	    spec->steps.n;
}

static int64_t
step_begin(const struct weir_window_spec *spec, struct weir_span in, int64_t i)
{
	enum weir_calendar_unit unit = spec->steps.unit;
	int64_t t = in.start;

	if (i > 0 && spec->steps.n == 0)
		t = weir_time_add(in.start, i * spec->step_ns);
	else if (i > 0)
		t = begin(spec, unit,
		    number(spec, unit, in.start) + i * spec->steps.n);
	return t < in.end ? t : in.end;
}

/* The step that t is in, or the whole if it has none. */
static struct weir_span
step(const struct weir_window_spec *spec, int64_t t)
{
	struct weir_span in = whole(spec, t);
	int64_t i;

	if (spec->step_ns == 0 && spec->steps.n == 0)
		return in;
	i = step_of(spec, in.start, t);
	return (struct weir_span){
	    step_begin(spec, in, i), step_begin(spec, in, i + 1)};
}

/* --- windows that hop: whole numbers of one unit --- */

static struct weir_span
hop_pane(const struct weir_window_spec *spec, int64_t t)
{
	enum weir_calendar_unit unit = spec->periods.unit;
	int64_t n = weir_window_gcd(spec->periods.n, spec->steps.n);
	int64_t first = floor_to(number(spec, unit, t), n);

	return (struct weir_span){
	    begin(spec, unit, first), begin(spec, unit, first + n)};
}

/* The numbers at which windows of a pane end: first, last; 0 if none do. */
static int
hop_ends(const struct weir_window_spec *spec, struct weir_span pane,
    int64_t *first, int64_t *last)
{
	enum weir_calendar_unit unit = spec->periods.unit;
	int64_t n = spec->periods.n, m = spec->steps.n;
	int64_t a = number(spec, unit, pane.start);

	*first = floor_to(a + weir_window_gcd(n, m) - n + m - 1, m) + n;
	*last = floor_to(a, m) + n;
	return *first <= *last;
}

/* --- the functions of window.h --- */

struct weir_span
weir_window_calendar_pane(const struct weir_window_spec *spec, int64_t t)
{
	return spec->kind == WEIR_HOPPING ? hop_pane(spec, t) : step(spec, t);
}

int
weir_window_calendar_ends(const struct weir_window_spec *spec,
    struct weir_span pane, struct weir_window_ends *ends)
{
	enum weir_calendar_unit unit = spec->periods.unit;
	int64_t first, last;

	*ends = (struct weir_window_ends){
	    .first = pane.end, .last = pane.end, .calendar = spec};
	if (spec->kind == WEIR_CUMULATE)
		ends->last = whole(spec, pane.start).end;
	if (spec->kind != WEIR_HOPPING)
		return 1;
	if (!hop_ends(spec, pane, &first, &last))
		return 0;
	ends->first = begin(spec, unit, first);
	ends->last = begin(spec, unit, last);
	return 1;
}

uint64_t
weir_window_calendar_ended(const struct weir_window_ends *ends, int64_t t)
{
	const struct weir_window_spec *spec = ends->calendar;
	enum weir_calendar_unit unit = spec->periods.unit;
	int64_t first = ends->first, last = ends->last, start;

	if (t < first)
		return 0;
	if (spec->kind == WEIR_TUMBLING || first == last)
		return 1;
	if (spec->kind == WEIR_HOPPING)
		return (uint64_t)((number(spec, unit, t < last ? t : last) -
				      number(spec, unit, first)) /
			   spec->steps.n) +
		    1;
	start = whole(spec, first - 1).start;
	return (uint64_t)(step_of(spec, start, t < last ? t : last - 1) -
		   step_of(spec, start, first)) +
	    (t < last ? 1 : 2);
}

int
weir_window_calendar_next(
    const struct weir_window_ends *ends, int64_t t, int64_t *end)
{
	const struct weir_window_spec *spec = ends->calendar;
	enum weir_calendar_unit unit = spec->periods.unit;
	int64_t first;

	*end = ends->first;
	if (t < ends->first)
		return 1;
	if (t >= ends->last)
		return 0;
	if (spec->kind == WEIR_CUMULATE) {
		*end = step(spec, t).end;
		return 1;
	}
	first = number(spec, unit, ends->first);
	*end = begin(spec, unit,
	    first + floor_to(number(spec, unit, t) - first, spec->steps.n) +
		spec->steps.n);
	return 1;
}

struct weir_span
weir_window_calendar_span(
    const struct weir_window_spec *spec, struct weir_span pane, int64_t end)
{
	enum weir_calendar_unit unit = spec->periods.unit;

	if (spec->kind == WEIR_TUMBLING)
		return pane;
	if (spec->kind == WEIR_CUMULATE)
		return (struct weir_span){whole(spec, pane.start).start, end};
	return (struct weir_span){
	    begin(spec, unit, number(spec, unit, end) - spec->periods.n), end};
}
