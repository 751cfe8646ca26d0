/*
 * Goal: event times and watermarks of one input. Method: blocks of events from
 * text, the columns compared with what DESIGN's rules give.
 */
#include "stream/timing.h"

#include "tap.h"

#include <stdlib.h>

#define MAX 8

struct fixture {
	struct weir_prover *prover;
	struct weir_timing timing;
	struct weir_block block;
	struct weir_event events[MAX];
	struct weir_slot slots[MAX * 4];
	char text[2048];
	int bad;
	char why[200];
};

static int
on_bad(void *ctx, const struct weir_block *b, uint32_t i, const char *why,
    struct weir_error *err)
{
	struct fixture *f = ctx;

	(void)b;
	(void)i;
	(void)err;
	f->bad++;
	snprintf(f->why, sizeof f->why, "%s", why);
	return 1;
}

static void
begin(struct fixture *f, const struct weir_timing_config *c)
{
	struct weir_error err;

	memset(f, 0, sizeof *f);
	f->prover = weir_prover_new();
	if (weir_timing_init(&f->timing, c, f->prover, &err) < 0)
		printf("Bail out! %s\n", err.text);
}

/* Assign times to the lines; how many events are left. */
static uint32_t
feed(struct fixture *f, const char *lines)
{
	const char *p, *end;
	struct weir_error err;
	uint32_t n = 0;

	snprintf(f->text, sizeof f->text, "%s", lines);
	f->block = (struct weir_block){.text = f->text,
	    .events = f->events,
	    .slots = f->slots,
	    .nslots = (uint32_t)weir_prover_slots(f->prover)};
	for (p = f->text; *p != '\0'; p = end + 1, n++) {
		end = weir_prover_line(
		    f->prover, p, f->slots + n * f->block.nslots, NULL);
		f->events[n] = (struct weir_event){
		    .off = (uint32_t)(p - f->text), .len = (uint32_t)(end - p)};
	}
	f->block.n = n;
	weir_timing_assign(&f->timing, &f->block, on_bad, f, &err);
	return f->block.n;
}

static void
finish(struct fixture *f)
{
	weir_timing_fini(&f->timing);
	weir_prover_free(f->prover);
}

static void
test_delay(void)
{
	struct weir_timing_config c = {
	    .time = "t", .unit = WEIR_NS, .max_delay_ns = 10};
	struct fixture f;

	begin(&f, &c);
	ok(feed(&f, "{\"t\":100}\n{\"t\":95}\n{\"t\":120}\n{\"t\":1}\n") == 4,
	    "four events");
	ok(f.events[0].watermark == WEIR_TIME_NONE &&
		f.events[1].watermark == 90 && f.events[2].watermark == 90 &&
		f.events[3].watermark == 110,
	    "each is judged under the watermark before it");
	ok(f.block.watermark_after == 110 && f.events[3].time == 1,
	    "an old event does not pull it back");
	feed(&f, "{\"t\":125}\n");
	ok(f.events[0].watermark == 110 && f.block.watermark_after == 115,
	    "it goes on in the next block");
	finish(&f);
}

static void
test_marks(void)
{
	struct weir_timing_config c = {
	    .time = "t", .unit = WEIR_NS, .watermark = "wm"};
	struct fixture f;

	begin(&f, &c);
	ok(feed(&f,
	       "{\"t\":5}\n{\"wm\":7}\n{\"t\":6,\"wm\":9}\n"
	       "{\"wm\":3}\n{\"t\":8,\"wm\":null}\n") == 3,
	    "events that only mark are taken out");
	ok(f.events[0].watermark == WEIR_TIME_NONE &&
		f.events[1].watermark == 7 && f.events[1].time == 6 &&
		f.events[2].watermark == 9 && f.events[2].time == 8,
	    "a mark comes after its own event, and never falls");
	ok(f.bad == 0, "none is bad");
	finish(&f);
}

static void
test_forms(void)
{
	struct weir_timing_config c = {.time = "t", .unit = -1};
	struct fixture f;

	begin(&f, &c);
	ok(feed(&f,
	       "{\"t\":\"1970-01-01T00:00:01Z\"}\n"
	       "{\"t\":\"1970-01-01 00:00:02.5+00:00\"}\n"
	       "{\"t\":1700000000123}\n{\"t\":3.5}\n") == 4,
	    "text and numbers are times");
	ok(f.events[0].time == 1000000000 && f.events[1].time == 2500000000,
	    "text");
	ok(f.events[2].time == 1700000000123000000 &&
		f.events[3].time == 3500000,
	    "the first number's size sets the unit: milliseconds");
	ok(feed(&f,
	       "{}\n{\"t\":null}\n{\"t\":\"soon\"}\n{\"t\":1e300}\n"
	       "{\"t\":[]}\n{\"t\":7}\n") == 1 &&
		f.bad == 5,
	    "absent, null, other text, far outside, a list: bad events");
	ok(f.events[0].time == 7000000, "the good one among them stays");
	finish(&f);
}

static int
load(struct fixture *f, const char *text)
{
	char line[256] = {0};
	struct weir_error err;
	int got;

	snprintf(line, sizeof line - WEIR_PAD, "%s", text);
	got = weir_timing_load(&f->timing, weir_str(line), &err);
	return got > 0 ? 0 : err.status;
}

static void
test_state(void)
{
	struct weir_timing_config c = {.time = "t", .unit = -1};
	struct weir_buf saved = {0};
	struct fixture f;

	begin(&f, &c);
	feed(&f, "{\"t\":1700000000123}\n");
	weir_timing_save(&f.timing, &saved);
	finish(&f);
	begin(&f, &c);
	ok(load(&f, weir_buf_cstr(&saved)) == 0, "its state loads");
	feed(&f, "{\"t\":5}\n");
	ok(f.events[0].watermark == 1700000000123000000 &&
		f.events[0].time == 5000000,
	    "watermark and unit go on where they were");
	ok(load(&f, "{\"watermark\":\"x\"}") == WEIR_STATE &&
		load(&f, "[]") == WEIR_STATE,
	    "nonsense is refused");
	weir_buf_fini(&saved);
	finish(&f);
}

static void
test_edges(void)
{
	struct weir_timing_config c = {
	    .time = "t", .unit = WEIR_NS, .max_delay_ns = INT64_MAX};
	struct fixture f;

	begin(&f, &c);
	feed(&f, "{\"t\":-9223372036854775807}\n{\"t\":9223372036854775806}\n");
	ok(f.block.n == 2 && f.block.watermark_after == -1,
	    "arithmetic saturates: the delay is all of time");
	finish(&f);
}

int
main(void)
{
	test_delay();
	test_marks();
	test_forms();
	test_state();
	test_edges();
	return done();
}
