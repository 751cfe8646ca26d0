/*
 * Goal: events find their windows, at the ends of time too, and windows close
 * by end, then start. Method: cases by hand, and a random heap held against
 * sorting.
 */
#include "op/window.h"

#include "base/timetext.h"
#include "tap.h"

#include <stdlib.h>

#define S INT64_C(1000000000)

static void
span_is(
    const char *size, const char *offset, int64_t t, int64_t start, int64_t end)
{
	struct weir_window_spec spec;
	struct weir_error err;
	struct weir_span span = {0, 0};

	if (weir_window_parse(&spec, size, offset, &err) > 0)
		span = weir_window_assign(&spec, t);
	ok(span.start == start && span.end == end,
	    "-w %s --offset=%s at %jd: [%jd, %jd)", size, offset ? offset : "0",
	    (intmax_t)t, (intmax_t)span.start, (intmax_t)span.end);
}

static void
test_assign(void)
{
	int64_t m = 60 * S;

	span_is("1m", NULL, 0, 0, m);
	span_is("1m", NULL, m - 1, 0, m);
	span_is("1m", NULL, m, m, 2 * m);
	span_is("1m", NULL, -1, -m, 0);
	span_is("1m", NULL, -m, -m, 0);
	span_is("1m", NULL, -m - 1, -2 * m, -m);
	span_is("1m", "10s", 9 * S, -50 * S, 10 * S);
	span_is("1m", "10s", 10 * S, 10 * S, 70 * S);
	span_is("1m", "-10s", 49 * S, -10 * S, 50 * S);
	span_is("1m", "-10s", 50 * S, 50 * S, 110 * S);
	span_is("1m", "1h10s", 10 * S, 10 * S, 70 * S);
	span_is("1ns", NULL, 7, 7, 8);
	span_is("1w", "-3d", 0, -3 * 86400 * S, 4 * 86400 * S);
	/* At the ends of time. */
	span_is("1s", NULL, INT64_MAX - 1, 9223372036 * S, WEIR_TIME_MAX);
	span_is("1s", NULL, INT64_MIN + 1, WEIR_TIME_NONE + 1, -9223372036 * S);
	span_is("9223372036854775807ns", NULL, 5, 0, WEIR_TIME_MAX);
	span_is("9223372036854775807ns", NULL, -5, -INT64_MAX, 0);
	span_is(
	    "9223372036854775807ns", "-1ns", INT64_MAX - 2, -1, INT64_MAX - 1);
	span_is("9223372036854775807ns", "1ns", INT64_MIN + 1,
	    WEIR_TIME_NONE + 1, WEIR_TIME_NONE + 2);
}

/* Every t near a border lies in its window, and the next begins at its end. */
static void
test_tiling(void)
{
	static const char *const sizes[] = {"1ns", "7ns", "1s", "1m", "1d"};
	static const char *const offsets[] = {"0", "3ns", "-3ns", "1h", "-1w"};
	int good = 1;

	for (size_t i = 0; i < 25; i++) {
		struct weir_window_spec spec;
		struct weir_span a, b;

		good &= weir_window_parse(
			    &spec, sizes[i / 5], offsets[i % 5], NULL) > 0;
		for (int64_t t = -100 * S; t <= 100 * S; t += 33 * S + 7) {
			a = weir_window_assign(&spec, t);
			b = weir_window_assign(&spec, a.end);
			good &= a.start <= t && t < a.end && b.start == a.end &&
			    a.end - a.start == spec.size_ns;
		}
	}
	ok(good, "windows lie side by side");
}

static void
refused(const char *size, const char *offset, const char *why)
{
	struct weir_window_spec spec;
	struct weir_error err = {0};
	int rc = weir_window_parse(&spec, size, offset, &err);

	ok(rc < 0 && err.status == WEIR_USAGE && strstr(err.text, why) != NULL,
	    "-w '%s' is refused: %s", size, err.text);
}

static void
test_refusals(void)
{
	refused("", NULL, "-w");
	refused("1", NULL, "-w");
	refused("0", NULL, "longer than nothing");
	refused("-1m", NULL, "longer than nothing");
	refused("1m", "x", "--offset");
	refused("10m/1m", NULL, "hopping windows are not known");
	refused("session:30s", NULL, "session windows");
	refused("cumulate:1d/1h", NULL, "cumulating windows");
	refused("count:100", NULL, "count windows");
	refused("global", NULL, "only tumbling");
	refused("1mo", NULL, "-w");
}

static void
test_print(void)
{
	struct weir_window_spec spec;
	struct weir_buf b = {0};

	weir_window_parse(&spec, "90s", "-30s", NULL);
	weir_window_print(&b, &spec);
	is_text(b.data, b.len, "-w 1m30s --offset=1m");
	b.len = 0;
	weir_window_parse(&spec, "60s", "2m", NULL);
	weir_window_print(&b, &spec);
	is_text(b.data, b.len, "-w 1m");
	weir_buf_fini(&b);
}

static int
in_order(struct weir_window **all, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (all[i - 1]->span.end > all[i]->span.end ||
		    (all[i - 1]->span.end == all[i]->span.end &&
			all[i - 1]->span.start >= all[i]->span.start))
			return 0;
	return 1;
}

static void
test_closing(void)
{
	struct weir_windows ws;
	struct weir_window **all, *w;
	int64_t last = INT64_MIN, opened = 0, closed = 0;
	int good = 1, found = 1;

	srand(1);
	weir_windows_init(&ws);
	for (int i = 0; i < 3000; i++) {
		int64_t start = rand() % 1000;

		w = weir_windows_find(&ws, start);
		found &= w == NULL || w->span.start == start;
		if (w == NULL) {
			/* Several windows share an end. */
			weir_windows_open(&ws,
			    (struct weir_span){start, (start / 100 + 1) * 100});
			opened++;
		} else if (rand() % 3 == 0) {
			weir_windows_close(&ws, w);
			closed++;
			found &= weir_windows_find(&ws, start) == NULL;
		}
	}
	ok(found, "windows are found by their start");
	all = weir_windows_sorted(&ws);
	ok(in_order(all, ws.n), "all windows in the order of closing");
	for (size_t i = 0; (w = weir_windows_first(&ws)) != NULL; i++) {
		good &= w == all[i] && w->span.end >= last;
		last = w->span.end;
		weir_windows_close(&ws, w);
		closed++;
	}
	ok(good, "they close in that order");
	ok(opened == closed && ws.bytes == 0, "none is left");
	free(all);
	weir_windows_fini(&ws);
}

int
main(void)
{
	test_assign();
	test_tiling();
	test_refusals();
	test_print();
	test_closing();
	return done();
}
