#include "op/window.h"

#include "base/text.h"
#include "base/timetext.h"
#include "op/window_calendar.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 int128;

/* --- what the options say --- */

static int
refuse(const char *text, const char *why, struct weir_error *err)
{
	char shown[80];

	return weir_fail(err, WEIR_USAGE, "-w %s: %s",
	    weir_show_into(shown, sizeof shown, text, strlen(text)), why);
}

static int
read_duration(const char *option, const char *text, size_t len, int64_t *ns,
    struct weir_error *err)
{
	struct weir_error why;

	if (weir_duration_read(text, len, ns, &why) < 0)
		return weir_fail(err, WEIR_USAGE, "%s: %s", option, why.text);
	return 1;
}

static int64_t
floor_mod(int64_t a, int64_t b)
{
	int64_t m = a % b;

	return m < 0 ? m + b : m;
}

int64_t
weir_window_gcd(int64_t a, int64_t b)
{
	int64_t t;

	while (b != 0) {
		t = a % b;
		a = b;
		b = t;
	}
	return a;
}

/* Size and slide, and what follows from them. */
static int
read_sizes(
    struct weir_window_spec *spec, const char *text, struct weir_error *err)
{
	const char *from = text, *slash;

	if (strncmp(text, "cumulate:", 9) == 0) {
		spec->kind = WEIR_CUMULATE;
		from += 9;
	}
	slash = strchr(from, '/');
	if (slash == NULL && spec->kind == WEIR_CUMULATE)
		return refuse(text, "a step is missing: cumulate:1d/1h", err);
	if (read_duration("-w", from,
		slash != NULL ? (size_t)(slash - from) : strlen(from),
		&spec->size_ns, err) < 0)
		return -1;
	spec->slide_ns = spec->size_ns;
	if (slash != NULL &&
	    read_duration(
		"-w", slash + 1, strlen(slash + 1), &spec->slide_ns, err) < 0)
		return -1;
	if (spec->size_ns <= 0 || spec->slide_ns <= 0)
		return refuse(
		    text, "a window must be longer than nothing", err);
	if (slash != NULL && spec->kind == WEIR_TUMBLING &&
	    spec->slide_ns != spec->size_ns)
		spec->kind = WEIR_HOPPING;
	if (spec->kind == WEIR_CUMULATE && spec->size_ns % spec->slide_ns != 0)
		return refuse(text, "the size is no multiple of the step", err);
	return 1;
}

static int
parse_global(struct weir_window_spec *spec, const char *offset,
    const char *zone, struct weir_error *err)
{
	spec->kind = WEIR_GLOBAL;
	if (offset != NULL || zone != NULL)
		return refuse(
		    "global", "the whole stream begins where it begins", err);
	return 1;
}

int
weir_window_parse(struct weir_window_spec *spec, const char *text,
    const char *offset, const char *zone, struct weir_error *err)
{
	int64_t ns = 0;
	int rc;

	if (strncmp(text, "session:", 8) == 0)
		return weir_window_parse_session(spec, text, offset, err);
	if (strncmp(text, "count:", 6) == 0)
		return weir_window_parse_count(spec, text, offset, err);
	*spec = (struct weir_window_spec){.kind = WEIR_TUMBLING};
	if (strcmp(text, "global") == 0)
		return parse_global(spec, offset, zone, err);
	rc = weir_window_calendar_parse(spec, text, offset, zone, err);
	if (rc != 0)
		return rc;
	if (isalpha((unsigned char)text[0]) &&
	    strncmp(text, "cumulate:", 9) != 0)
		return refuse(text,
		    "one of 1m, 10m/1m (hopping), session:30s, cumulate:1d/1h, "
		    "count:100 and global",
		    err);
	if (read_sizes(spec, text, err) < 0)
		return -1;
	spec->pane_ns = weir_window_gcd(spec->size_ns, spec->slide_ns);
	if (spec->size_ns / spec->pane_ns > WEIR_PANES_MAX)
		return refuse(text,
		    "a window would be more than 100000 panes (the greatest "
		    "common measure of its size and its slide) to add up",
		    err);
	if (offset != NULL &&
	    read_duration("--offset", offset, strlen(offset), &ns, err) < 0)
		return -1;
	spec->offset_ns = floor_mod(
	    ns, spec->kind == WEIR_HOPPING ? spec->slide_ns : spec->size_ns);
	return 1;
}

void
weir_window_fini(struct weir_window_spec *spec)
{
	weir_zone_free(spec->calendar.zone);
	spec->calendar.zone = NULL;
}

static void
print_duration(struct weir_buf *out, const char *before, int64_t ns)
{
	char text[WEIR_TIME_TEXT];

	weir_buf_puts(out, before);
	weir_buf_add(out, text, weir_duration_print(text, ns));
}

void
weir_window_print(struct weir_buf *out, const struct weir_window_spec *spec)
{
	if (spec->kind == WEIR_SESSION || spec->kind == WEIR_COUNTED) {
		weir_window_print_form(out, spec);
		return;
	}
	if (spec->kind == WEIR_GLOBAL) {
		weir_buf_puts(out, "-w global");
		return;
	}
	if (spec->calendar.zone != NULL) {
		weir_window_calendar_print(out, spec);
		return;
	}
	print_duration(out,
	    spec->kind == WEIR_CUMULATE ? "-w cumulate:" : "-w ",
	    spec->size_ns);
	if (spec->kind != WEIR_TUMBLING)
		print_duration(out, "/", spec->slide_ns);
	if (spec->offset_ns != 0)
		print_duration(out, " --offset=", spec->offset_ns);
}

/* --- where windows lie --- */

static int64_t
clamp(int128 t)
{
	if (t >= WEIR_TIME_MAX)
		return WEIR_TIME_MAX;
	return t <= WEIR_TIME_NONE ? WEIR_TIME_NONE + 1 : (int64_t)t;
}

/* The last start of windows, one each unit, at t or before it. */
static int128
floor_start(const struct weir_window_spec *spec, int128 t, int64_t unit)
{
	int128 into = (t - spec->offset_ns) % unit;

	return t - (into < 0 ? into + unit : into);
}

struct weir_span
weir_window_pane(const struct weir_window_spec *spec, int64_t t)
{
	int64_t into;
	struct weir_span span;

	if (spec->calendar.zone != NULL)
		return weir_window_calendar_pane(spec, t);
	into = floor_mod(t, spec->pane_ns) -
	    (spec->kind == WEIR_TUMBLING ? spec->offset_ns
					 : spec->offset_ns % spec->pane_ns);
	if (into < 0)
		into += spec->pane_ns;
	if (__builtin_sub_overflow(t, into, &span.start) ||
	    span.start == WEIR_TIME_NONE)
		span.start = WEIR_TIME_NONE + 1;
	span.end = weir_time_add(t, spec->pane_ns - into);
	return span;
}

int
weir_window_ends(const struct weir_window_spec *spec, struct weir_span pane,
    struct weir_window_ends *ends)
{
	int128 first;

	if (spec->calendar.zone != NULL)
		return weir_window_calendar_ends(spec, pane, ends);
	ends->calendar = NULL;
	ends->stride = spec->slide_ns;
	ends->first = ends->last = pane.end;
	if (spec->kind == WEIR_TUMBLING)
		return 1;
	if (spec->kind == WEIR_CUMULATE) {
		ends->last =
		    clamp(floor_start(spec, pane.start, spec->size_ns) +
			spec->size_ns);
		return 1;
	}
	/* The first window that reaches to the end of the pane. */
	first = floor_start(spec,
	    (int128)pane.end - spec->size_ns + spec->slide_ns - 1,
	    spec->slide_ns);
	if (first > pane.start)
		return 0;
	ends->first = clamp(first + spec->size_ns);
	ends->last = clamp(
	    floor_start(spec, pane.start, spec->slide_ns) + spec->size_ns);
	return 1;
}

uint64_t
weir_window_ended(const struct weir_window_ends *ends, int64_t t)
{
	if (ends->calendar != NULL)
		return weir_window_calendar_ended(ends, t);
	if (t < ends->first)
		return 0;
	if (t > ends->last)
		t = ends->last;
	return (uint64_t)(((int128)t - ends->first) / ends->stride) + 1;
}

int
weir_window_next(const struct weir_window_ends *ends, int64_t t, int64_t *end)
{
	int128 next;

	if (ends->calendar != NULL)
		return weir_window_calendar_next(ends, t, end);
	*end = ends->first;
	if (t < ends->first)
		return 1;
	if (t >= ends->last)
		return 0;
	next = ends->first +
	    (((int128)t - ends->first) / ends->stride + 1) * ends->stride;
	*end = next < ends->last ? (int64_t)next : ends->last;
	return 1;
}

struct weir_span
weir_window_span(
    const struct weir_window_spec *spec, struct weir_span pane, int64_t end)
{
	if (spec->calendar.zone != NULL)
		return weir_window_calendar_span(spec, pane, end);
	if (spec->kind == WEIR_TUMBLING)
		return pane;
	if (spec->kind == WEIR_CUMULATE)
		return (struct weir_span){
		    clamp(floor_start(spec, pane.start, spec->size_ns)), end};
	return (struct weir_span){
	    clamp(floor_start(spec,
		(int128)end - spec->size_ns + spec->slide_ns - 1,
		spec->slide_ns)),
	    end};
}
