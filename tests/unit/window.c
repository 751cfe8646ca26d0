/*
 * Goal: events find their windows, at the ends of time too, and windows close
 * by end, then start. Method: cases by hand, and a random heap held against
 * sorting.
 */
#include "op/pane.h"

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

	if (weir_window_parse(&spec, size, offset, NULL, &err) > 0)
		span = weir_window_pane(&spec, t);
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

		good &= weir_window_parse(&spec, sizes[i / 5], offsets[i % 5],
			    NULL, NULL) > 0;
		for (int64_t t = -100 * S; t <= 100 * S; t += 33 * S + 7) {
			a = weir_window_pane(&spec, t);
			b = weir_window_pane(&spec, a.end);
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
	int rc = weir_window_parse(&spec, size, offset, NULL, &err);

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
	refused("session:", NULL, "a gap is missing");
	refused("session:x", NULL, "-w session");
	refused("session:-1s", NULL, "cannot be negative");
	refused("session:1s", "1s", "starts with its first event");
	refused("cumulate:1d", NULL, "a step is missing");
	refused("cumulate:1d/7h", NULL, "no multiple");
	refused("10m/0s", NULL, "longer than nothing");
	refused("10m/", NULL, "-w");
	refused("/1m", NULL, "-w");
	refused("1d/1ms", NULL, "more than 100000 panes");
	refused("1h/61m1ns", NULL, "more than 100000 panes");
	refused("count:", NULL, "is missing");
	refused("count:0", NULL, "at least one event");
	refused("count:-1", NULL, "digits");
	refused("count:5/", NULL, "is missing");
	refused("count:5/0", NULL, "at least one event");
	refused("count:5/1/1", NULL, "digits");
	refused("count:1000000001", NULL, "at most 1000000000");
	refused("count:99999999999999999999999", NULL, "at most 1000000000");
	refused("count:10001/1", NULL, "more than 10000 panes");
	refused("count:5", "1s", "a key's first event");
	refused("global", "1s", "begins where it begins");
	refused("globals", NULL, "-w");
}

static void
test_print(void)
{
	struct weir_window_spec spec;
	struct weir_buf b = {0};

	weir_window_parse(&spec, "90s", "-30s", NULL, NULL);
	weir_window_print(&b, &spec);
	is_text(b.data, b.len, "-w 1m30s --offset=1m");
	b.len = 0;
	weir_window_parse(&spec, "60s/20s", "50s", NULL, NULL);
	weir_window_print(&b, &spec);
	is_text(b.data, b.len, "-w 1m/20s --offset=10s");
	b.len = 0;
	weir_window_parse(&spec, "cumulate:24h/60m", NULL, NULL, NULL);
	weir_window_print(&b, &spec);
	is_text(b.data, b.len, "-w cumulate:1d/1h");
	b.len = 0;
	weir_window_parse(&spec, "60s", "2m", NULL, NULL);
	weir_window_print(&b, &spec);
	is_text(b.data, b.len, "-w 1m");
	b.len = 0;
	weir_window_parse(&spec, "session:90s", NULL, NULL, NULL);
	weir_window_print(&b, &spec);
	is_text(b.data, b.len, "-w session:1m30s");
	b.len = 0;
	weir_window_parse(&spec, "count:100/010", NULL, NULL, NULL);
	weir_window_print(&b, &spec);
	is_text(b.data, b.len, "-w count:100/10");
	b.len = 0;
	weir_window_parse(&spec, "count:5/5", NULL, NULL, NULL);
	weir_window_print(&b, &spec);
	is_text(b.data, b.len, "-w count:5");
	weir_buf_fini(&b);
}

/* All windows of the pane that t is in: their ends and starts. */
static void
windows_are(const char *size, const char *offset, int64_t t_s, const char *want)
{
	struct weir_window_spec spec;
	struct weir_window_ends ends;
	struct weir_span pane, span;
	struct weir_buf b = {0};
	int64_t end = WEIR_TIME_NONE;
	uint64_t n = 0;

	weir_window_parse(&spec, size, offset, NULL, NULL);
	pane = weir_window_pane(&spec, t_s * S);
	if (weir_window_ends(&spec, pane, &ends))
		while (weir_window_next(&ends, end, &end)) {
			n++;
			span = weir_window_span(&spec, pane, end);
			weir_buf_printf(&b, "[%jd,%jd)",
			    (intmax_t)(span.start / S),
			    (intmax_t)(span.end / S));
			if (weir_window_ended(&ends, end) != n ||
			    weir_window_ended(&ends, end - 1) != n - 1)
				weir_buf_puts(&b, " miscounted ");
		}
	printf("# -w %s --offset=%s at %jd s\n", size,
	    offset != NULL ? offset : "0", (intmax_t)t_s);
	is_text(b.data != NULL ? b.data : "", b.len, want);
	weir_buf_fini(&b);
}

static void
test_overlapping(void)
{
	windows_are("10s", NULL, 5, "[0,10)");
	windows_are("10s/10s", NULL, 5, "[0,10)");
	windows_are("10s/5s", NULL, 7, "[0,10)[5,15)");
	windows_are("10s/5s", NULL, 5, "[0,10)[5,15)");
	windows_are("10s/5s", NULL, 4, "[-5,5)[0,10)");
	windows_are("10s/5s", NULL, -1, "[-10,0)[-5,5)");
	windows_are("10s/4s", NULL, 7, "[0,10)[4,14)");
	windows_are("10s/4s", NULL, 9, "[0,10)[4,14)[8,18)");
	windows_are("10s/4s", "-1s", 9, "[3,13)[7,17)");
	windows_are("10s/4s", "7s", 9, "[3,13)[7,17)");
	/* Hops over stretches that no window takes. */
	windows_are("4s/10s", NULL, 13, "[10,14)");
	windows_are("4s/10s", NULL, 14, "");
	windows_are("4s/10s", NULL, 19, "");
	windows_are("4s/10s", NULL, -7, "[-10,-6)");
	windows_are("cumulate:6s/2s", NULL, 7, "[6,8)[6,10)[6,12)");
	windows_are("cumulate:6s/2s", NULL, 9, "[6,10)[6,12)");
	windows_are("cumulate:6s/2s", NULL, 11, "[6,12)");
	windows_are("cumulate:6s/2s", "1s", 11, "[7,13)");
	windows_are("cumulate:6s/2s", NULL, -5, "[-6,-4)[-6,-2)[-6,0)");
	/* At the end of time windows are cut off. */
	windows_are("10s/5s", NULL, 9223372036, "[9223372030,9223372036)");
}

static int
in_order(struct weir_pane **all, size_t n)
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
	struct weir_panes ws;
	struct weir_pane **all, *w;
	int64_t last = INT64_MIN, opened = 0, closed = 0;
	int good = 1, found = 1;

	srand(1);
	weir_panes_init(&ws);
	for (int i = 0; i < 3000; i++) {
		int64_t end = rand() % 1000;

		w = weir_panes_find(&ws, end);
		found &= w == NULL || w->span.end == end;
		if (w == NULL) {
			/* Several windows share a start. */
			weir_panes_open(&ws,
			    (struct weir_span){(end - 1) / 100 * 100, end},
			    (struct weir_window_ends){.stride = 1});
			opened++;
		} else if (rand() % 3 == 0) {
			weir_panes_close(&ws, w);
			closed++;
			found &= weir_panes_find(&ws, end) == NULL;
		}
	}
	ok(found, "windows are found by their end");
	all = weir_panes_sorted(&ws);
	ok(in_order(all, ws.heap.n), "all windows in the order of closing");
	for (size_t i = 0; (w = weir_panes_first(&ws)) != NULL; i++) {
		good &= w == all[i] && w->span.end >= last;
		last = w->span.end;
		weir_panes_close(&ws, w);
		closed++;
	}
	ok(good, "they close in that order");
	ok(opened == closed && ws.bytes == 0, "none is left");
	free(all);
	weir_panes_fini(&ws);
}

int
main(void)
{
	test_assign();
	test_tiling();
	test_overlapping();
	test_refusals();
	test_print();
	test_closing();
	return done();
}
