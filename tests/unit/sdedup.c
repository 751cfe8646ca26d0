/*
 * Goal: the sdedup operator keeps its limits, at the ends of time, too, and
 * refuses saved state that nobody saved. Method: cases by hand.
 */
#include "base/mem.h"
#include "sdedups.h"
#include "tap.h"

/* --- by hand --- */

static void
finish(struct run *r, const char *want, const char *what)
{
	struct weir_error err;

	ok(fake_end(r->st, &err) > 0 && !r->st->disorder && !r->st->belated,
	    "%s", what);
	is_text(r->st->out.data, r->st->out.len, want);
	stop(r);
}

/* Times as far apart as times can be. */
static void
test_ends_of_time(void)
{
	static const char *const keeps[] = {"first", "last"};
	static const char *const withins[] = {"1ns", "1h", "106751d"};
	struct weir_sdedup_config config = {.keys = "k"};
	struct run r;

	for (int i = 0; i < 12; i++) {
		config.keep = keeps[i % 2];
		config.within = withins[i / 2 % 3];
		config.refresh = i >= 6;
		start_config(&r, &config);
		r.st->delay = INT64_MAX;
		fake_event(r.st, "{\"k\":1,\"n\":1}", INT64_MIN + 1);
		fake_event(r.st, "{\"k\":1,\"n\":2}", INT64_MIN + 1);
		fake_event(r.st, "{\"k\":1,\"n\":3}", INT64_MAX - 1);
		fake_event(r.st, "{\"k\":1,\"n\":4}", INT64_MAX - 1);
		finish(&r,
		    i % 2 == 0 ? "{\"k\":1,\"n\":1}\n{\"k\":1,\"n\":3}\n"
			       : "{\"k\":1,\"n\":2}\n{\"k\":1,\"n\":4}\n",
		    "from end to end of time");
	}
	config = (struct weir_sdedup_config){
	    .keys = "k", .within = "106751d", .keep = "last"};
	start_config(&r, &config);
	r.st->delay = INT64_MAX;
	fake_event(r.st, "{\"k\":1}", INT64_MAX - 1);
	fake_event(r.st, "{\"k\":2}", INT64_MAX - 5);
	fake_event(r.st, "{\"k\":3}", 7);
	finish(&r, "{\"k\":3}\n{\"k\":2}\n{\"k\":1}\n",
	    "runs that only the end of the stream ends");
}

/* Keys that differ, until it stops; how many went in. */
static int
fill(struct run *r, int64_t step, struct weir_error *err)
{
	char json[60];
	int n = 0;

	while (n < 400000) {
		for (int i = 0; i < 100; i++, n++) {
			snprintf(json, sizeof json, "{\"k\":\"user %d\"}", n);
			fake_event(r->st, json, n * step);
		}
		if (fake_flush(r->st, err) < 0)
			return n;
	}
	return -1;
}

static void
test_max_state(void)
{
	static const struct weir_sdedup_config ways[] = {{0}, {.within = "1s"},
	    {.within = "1s", .refresh = true}, {.keep = "last"},
	    {.within = "1s", .keep = "last"}, {.changes = "k"},
	    {.changes = "k", .within = "1s"}, {.approx = "0.001"},
	    {.approx = "0.001", .within = "1s"}};

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct weir_sdedup_config config = ways[i];
		struct weir_error err = {0};
		struct run r;

		config.keys = "k";
		config.max_state = 1000000;
		start_config(&r, &config);
		ok(fill(&r, 1, &err) > 3000 && err.status == WEIR_STATE, "%s",
		    err.text);
		stop(&r);
		if (config.within == NULL)
			continue;
		/* The same keys, but a thousand at a time. */
		start_config(&r, &config);
		ok(fill(&r, 1000000, &err) < 0 &&
			r.st->metrics.state_keys <= 4000,
		    "%ju keys are left", (uintmax_t)r.st->metrics.state_keys);
		stop(&r);
	}
}

static void
refused(struct weir_sdedup_config config, const char *why)
{
	struct weir_error err = {0};
	struct weir_sdedup *sd;

	config.keys = config.keys != NULL ? config.keys : "k";
	sd = weir_sdedup_new(&config, &err);
	ok(sd == NULL && err.status == WEIR_USAGE &&
		strstr(err.text, why) != NULL,
	    "refused: %s", err.text);
	weir_sdedup_free(sd);
}

static void
test_refusals(void)
{
	refused((struct weir_sdedup_config){.keys = "a,"}, "-k");
	refused((struct weir_sdedup_config){.within = "1x"}, "--within");
	refused((struct weir_sdedup_config){.within = "0s"}, "longer than 0");
	refused((struct weir_sdedup_config){.within = "-1s"}, "longer than 0");
	refused((struct weir_sdedup_config){.keep = "both"}, "--keep");
	refused((struct weir_sdedup_config){.refresh = true}, "--within");
	refused((struct weir_sdedup_config){.changes = "1+"}, "--changes");
	refused(
	    (struct weir_sdedup_config){.changes = "x", .keep = "last"}, "go");
	refused((struct weir_sdedup_config){.approx = "0.1", .changes = "x"},
	    "--approx");
	refused((struct weir_sdedup_config){.approx = "0.1", .keep = "last"},
	    "--approx");
	refused(
	    (struct weir_sdedup_config){
		.approx = "0.1", .refresh = true, .within = "1s"},
	    "--approx");
	for (const char *const *rate = (const char *const[]){"", "0", "1", "-1",
		 "0.", ".1", "1e", "1e-", "0.1x", "0x1", "nan", "1e-7", NULL};
	     *rate != NULL; rate++)
		refused((struct weir_sdedup_config){.approx = *rate}, "a rate");
}

static void
test_fingerprint(void)
{
	static const struct {
		struct weir_sdedup_config config;
		const char *text;
	} all[] = {{{.keys = "id"}, "sdedup -k id = id"},
	    {{.keys = "a,b=c+1",
		 .within = "60s",
		 .refresh = true,
		 .keep = "last",
		 .late = "pass",
		 .max_state = 5},
		"sdedup -k a = a, b = c + 1 --within=1m --refresh --keep=last"},
	    {{.keys = "id", .changes = "x>1 "},
		"sdedup -k id = id --changes=x > 1"},
	    {{.keys = "id", .approx = "0.01"},
		"sdedup -k id = id --approx (16 bits)"},
	    {{.keys = "id", .approx = "1e-5"},
		"sdedup -k id = id --approx (24 bits)"}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct weir_sdedup *sd = weir_sdedup_new(&all[i].config, NULL);
		const char *text = weir_sdedup_fingerprint(sd);

		is_text(text, strlen(text), all[i].text);
		weir_sdedup_free(sd);
	}
}

/* Lines that nobody saved. */
static void
bad_state(struct weir_sdedup_config config, const char *lines)
{
	struct weir_error err = {0};
	struct weir_buf b = {0};
	struct run r;
	int rc;

	config.keys = "k";
	start_config(&r, &config);
	weir_buf_puts(&b, "{\"events\":9,\"closed\":100}\n");
	weir_buf_puts(&b, lines);
	weir_buf_cstr(&b);
	rc = fake_load(r.st, &b, &err);
	ok(rc < 0 && err.status == WEIR_STATE, "no state: %s",
	    rc < 0 ? err.text : lines);
	weir_buf_fini(&b);
	stop(&r);
}

#define K "{\"k\":{\"k\":1},"
#define E ",\"e\":\"{}\"}\n"

static void
test_bad_state(void)
{
	static const struct weir_sdedup_config ever = {0},
					       within = {.within = "10ns"},
					       last = {.keep = "last"},
					       runs = {.within = "10ns",
						   .keep = "last"},
					       changes = {.changes = "x"},
					       approx = {.approx = "0.01"},
					       timed = {.approx = "0.01",
						   .within = "10ns"};
	static const struct {
		const struct weir_sdedup_config *config;
		const char *lines;
	} all[] = {{&ever, "[]\n"}, {&ever, "{\"events\":1}\n"},
	    {&ever, "{\"events\":-1,\"closed\":1}\n"},
	    {&ever, "{\"events\":1,\"closed\":\"x\"}\n"},
	    {&ever, "{\"k\":{\"k\":\"\\ud800\"}}\n"},
	    {&ever, K "\"z\":0}\n" K "\"z\":0}\n"},
	    {&ever, K "\"run\":[1,1]}\n"}, {&ever, K "\"at\":200,\"n\":1" E},
	    {&ever, "{\"age\":0,\"cells\":256,\"at\":0,\"x\":\"00\"}\n"},
	    {&within, K "\"t\":5}\n"}, {&within, K "\"t\":[5]}\n"},
	    {&within, K "\"z\":5}\n"}, {&within, K "\"t\":[101,\"x\"]}\n"},
	    {&within, K "\"t\":[109,101]}\n"},
	    {&within, K "\"t\":[101,111]}\n"}, {&within, K "\"t\":[70,70]}\n"},
	    {&last, K "\"n\":1,\"newest\":1,\"m\":10" E},
	    {&last, K "\"n\":-1,\"newest\":1,\"m\":1" E},
	    {&last, K "\"n\":1,\"newest\":1.5,\"m\":1" E},
	    {&last, K "\"n\":1,\"newest\":1,\"m\":1,\"e\":5}\n"},
	    {&last, K "\"n\":1,\"newest\":1,\"m\":1,\"e\":\"[]\"}\n"},
	    {&last, K "\"n\":1,\"newest\":1,\"m\":1,\"e\":\"{}\\n{}\"}\n"},
	    {&last, K "\"n\":1,\"newest\":1,\"m\":1,\"e\":\"\"}\n"},
	    {&last, K "\"n\":1,\"newest\":1,\"m\":1}\n"},
	    {&last,
		K "\"n\":1,\"newest\":1,\"m\":1" E K
		  "\"n\":2,\"newest\":1,\"m\":2" E},
	    {&last, "{\"k\":{}}\n"}, {&runs, K "\"run\":[95,95]}\n"},
	    {&runs, K "\"run\":[80,80]}\n"}, {&runs, K "\"run\":[85,86]}\n"},
	    {&runs, K "\"run\":[90,90],\"n\":1,\"newest\":90,\"m\":1" E},
	    {&runs, K "\"run\":[95,95],\"n\":1,\"newest\":94,\"m\":1" E},
	    {&runs, K "\"run\":[95,97],\"n\":1,\"newest\":97,\"m\":1" E},
	    {&changes, K "\"at\":100,\"n\":1" E},
	    {&changes, K "\"at\":null,\"n\":1" E},
	    {&changes, K "\"at\":101,\"n\":10" E},
	    {&changes, K "\"at\":101,\"n\":1}\n"},
	    {&changes, K "\"v\":\"\\ud800\"}\n"}, {&approx, K "\"z\":0}\n"},
	    {&approx, "{\"age\":1,\"cells\":256,\"at\":0,\"x\":\"00\"}\n"},
	    {&approx, "{\"age\":0,\"cells\":256,\"at\":0,\"x\":\"00\"}\n"},
	    {&approx, "{\"age\":0,\"cells\":9999,\"at\":0,\"x\":\"00\"}\n"},
	    {&approx, "{\"age\":0,\"cells\":-1,\"at\":0,\"x\":\"00\"}\n"},
	    {&approx, "{\"age\":0,\"cells\":256,\"at\":512,\"x\":\"00\"}\n"},
	    {&approx, "{\"age\":0,\"cells\":256,\"at\":0,\"x\":5}\n"},
	    {&timed, "{\"age\":7,\"cells\":256,\"at\":0,\"x\":\"\"}\n"}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		bad_state(*all[i].config, all[i].lines);
}

/* A table whose cells are all full would be searched for ever. */
static void
test_full_table(void)
{
	struct weir_buf b = {0};

	weir_buf_puts(&b, "{\"age\":0,\"cells\":256,\"at\":0,\"x\":\"");
	for (int i = 0; i < 256; i++)
		weir_buf_puts(&b, "ffff");
	weir_buf_puts(&b, "\"}\n");
	bad_state(
	    (struct weir_sdedup_config){.approx = "0.01"}, weir_buf_cstr(&b));
	weir_buf_fini(&b);
}

int
main(void)
{
	test_ends_of_time();
	test_max_state();
	test_refusals();
	test_fingerprint();
	test_bad_state();
	test_full_table();
	return done();
}
