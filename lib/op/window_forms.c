/*
 * Windows that do not divide time: sessions, and windows of so many events.
 */
#include "op/window.h"

#include "base/num.h"
#include "base/text.h"
#include "base/timetext.h"

#include <string.h>

static int
refuse(const char *text, const char *why, struct weir_error *err)
{
	char shown[80];

	return weir_fail(err, WEIR_USAGE, "-w %s: %s",
	    weir_show_into(shown, sizeof shown, text, strlen(text)), why);
}

static int
refuse_offset(const char *text, const char *offset, const char *why,
    struct weir_error *err)
{
	char shown[80];

	if (offset == NULL)
		return 1;
	return weir_fail(err, WEIR_USAGE, "--offset: -w %s has none: %s",
	    weir_show_into(shown, sizeof shown, text, strlen(text)), why);
}

int
weir_window_parse_session(struct weir_window_spec *spec, const char *text,
    const char *offset, struct weir_error *err)
{
	const char *gap = text + strlen("session:");
	struct weir_error why;

	*spec = (struct weir_window_spec){.kind = WEIR_SESSION};
	if (*gap == '\0')
		return refuse(text, "a gap is missing: session:30s", err);
	if (weir_duration_read(gap, strlen(gap), &spec->gap_ns, &why) < 0)
		return weir_fail(err, WEIR_USAGE, "-w session: %s", why.text);
	if (spec->gap_ns < 0)
		return refuse(text, "a gap cannot be negative", err);
	return refuse_offset(
	    text, offset, "a session starts with its first event", err);
}

/* Digits, a number of 1 to WEIR_COUNT_MAX. */
static int
read_count(const char *text, const char *s, size_t len, uint64_t *n,
    struct weir_error *err)
{
	*n = 0;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return refuse(text,
			    "a number of events is digits: count:100 or "
			    "count:100/10",
			    err);
		*n = *n * 10 + (uint64_t)(s[i] - '0');
		if (*n > WEIR_COUNT_MAX)
			return refuse(text,
			    "a window has at most 1000000000 events", err);
	}
	if (*n == 0)
		return refuse(text,
		    len == 0 ? "a number of events is missing: count:100"
			     : "a window has at least one event",
		    err);
	return 1;
}

static uint64_t
gcd(uint64_t a, uint64_t b)
{
	uint64_t t;

	while (b != 0) {
		t = a % b;
		a = b;
		b = t;
	}
	return a;
}

int
weir_window_parse_count(struct weir_window_spec *spec, const char *text,
    const char *offset, struct weir_error *err)
{
	const char *from = text + strlen("count:"), *slash = strchr(from, '/');
	size_t len = slash != NULL ? (size_t)(slash - from) : strlen(from);

	*spec = (struct weir_window_spec){.kind = WEIR_COUNTED};
	if (read_count(text, from, len, &spec->count, err) < 0)
		return -1;
	spec->every = spec->count;
	if (slash != NULL &&
	    read_count(text, slash + 1, strlen(slash + 1), &spec->every, err) <
		0)
		return -1;
	if (spec->count / gcd(spec->count, spec->every) > WEIR_COUNT_PANES_MAX)
		return refuse(text,
		    "a window would be more than 10000 panes (the greatest "
		    "common measure of the two numbers) to add up",
		    err);
	return refuse_offset(
	    text, offset, "it starts with a key's first event", err);
}

uint64_t
weir_window_count_pane(const struct weir_window_spec *spec)
{
	return gcd(spec->count, spec->every);
}

void
weir_window_print_form(
    struct weir_buf *out, const struct weir_window_spec *spec)
{
	char text[WEIR_TIME_TEXT];

	if (spec->kind == WEIR_SESSION) {
		weir_buf_puts(out, "-w session:");
		weir_buf_add(
		    out, text, weir_duration_print(text, spec->gap_ns));
		return;
	}
	weir_buf_printf(out, "-w count:%ju", (uintmax_t)spec->count);
	if (spec->every != spec->count)
		weir_buf_printf(out, "/%ju", (uintmax_t)spec->every);
}
