/*
 * Goal: the aggregates over sketches give what they say, take back what they
 * can, and lose nothing when they are merged, saved and loaded. Method: lists of
 * events with the expected result, cut at every place; then many events; then
 * states that nobody saved.
 */
#include "tests/unit/aggregates.h"
#include "tests/unit/random.h"

#include "op/ddsketch.h"

#include <math.h>

static void
test_quantiles(void)
{
	check("m = median(x), q = quantile(x, 0.9), e = quantile_exact(x, 0.9)",
	    "{}\n{\"x\":null}\n", ",\"m\":null,\"q\":null,\"e\":null", "");
	check("m = median(x), q = quantile(x, 0.9), e = quantile_exact(x, 0.9)",
	    "{\"x\":5.25}\n", ",\"m\":5.25,\"q\":5.25,\"e\":5.25", "");
	check("m = median(x), l = quantile(x, 0), h = quantile(x, 1)",
	    "{\"x\":3}\n{\"x\":-7}\n{\"x\":100}\n{\"x\":2.5}\n{}\n{\"x\":0}\n",
	    ",\"m\":2.483,\"l\":-7,\"h\":100", "");
	check("m = median(x)", "{\"x\":0}\n{\"x\":-0.0}\n", ",\"m\":0", "");
	check("m = median(x)", "{\"x\":1e400}\n{\"x\":1e400}\n{\"x\":1}\n",
	    ",\"m\":\"Infinity\"", "");
	check("e = quantile_exact(x, 0.5)",
	    "{\"x\":3}\n{\"x\":-7}\n{\"x\":100}\n{\"x\":2.5}\n", ",\"e\":2.5",
	    "");
	check("l = quantile_exact(x, 0), h = quantile_exact(x, 1)",
	    "{\"x\":3}\n{\"x\":-1e400}\n{\"x\":100}\n{\"x\":2.5}\n",
	    ",\"l\":\"-Infinity\",\"h\":100", "");
	check("e = quantile_exact(x, 0.5) if y",
	    "{\"x\":3,\"y\":true}\n{\"x\":2,\"y\":false}\n{\"x\":4,\"y\":"
	    "true}\n",
	    ",\"e\":3", "");
	check("m = median(x), e = quantile_exact(x, 0.5), n = count()",
	    "{\"x\":\"a\"}\n{\"x\":1}\n{\"x\":[1]}\n",
	    ",\"m\":1,\"e\":1,\"n\":1",
	    "median(x): string is not a number\n"
	    "median(x): a list or map is not a number\n");
	check("e = quantile_exact(x / y, 0.5)", "{\"x\":0.0,\"y\":0.0}\n",
	    ",\"e\":null", "quantile_exact(x / y, 0.5): NaN is not a number\n");
}

/* Quantiles of the same values have one sketch, others their own. */
static void
test_sharing(void)
{
	struct weir_error err;
	struct bench t;

	check("m = median(x), h = quantile(x, 1), e = quantile_exact(x, 0), "
	      "f = quantile_exact(x, 1), o = quantile(x, 1) if x < 3, "
	      "p = quantile(y, 1)",
	    "{\"x\":3,\"y\":9}\n{\"x\":2}\n{\"x\":4,\"y\":8}\n",
	    ",\"m\":3.0175,\"h\":4,\"e\":2,\"f\":4,\"o\":2,\"p\":9", "");
	check(
	    "m = median(x), h = quantile(x, 0.7), f = quantile_exact(x, 0.5), "
	    "g = quantile_exact(x, 1)",
	    "{\"x\":3}\n{\"x\":2}\n-{\"x\":3}\n-{\"x\":3}\n",
	    ",\"m\":2,\"h\":2,\"f\":2,\"g\":2",
	    "median(x): what is to be taken back was never added\n");
	begin(
	    &t, "quantile(x, 0.5), quantile(x, 0.9), quantile(x, 0.99)", &err);
	ok(t.aggs.size == sizeof(struct weir_ddsketch), "of three, one state");
	no_state(&t, "[null,[1.0,1.0,0,169946,1],null]");
	end(&t);
}

/* Integers that no double holds, among others. */
static void
test_wide(void)
{
	static const char lines[] =
	    "{\"x\":9007199254740993}\n{\"x\":9007199254740992.0}\n"
	    "{\"x\":18446744073709551615}\n{\"x\":-9223372036854775807}\n"
	    "{\"x\":9223372036854775807}\n{\"x\":0.5}\n"
	    "{\"x\":18446744073709551616}\n";
	static const char *const want[] = {"-9223372036854775807", "0.5",
	    "9007199254740992", "9007199254740993", "9223372036854775807",
	    "18446744073709551615", "18446744073709552000"};
	char list[64], result[64];

	for (int i = 0; i < 7; i++) {
		snprintf(list, sizeof list, "e = quantile_exact(x, %d / 7.0)",
		    i + 1);
		snprintf(result, sizeof result, ",\"e\":%s", want[i]);
		check(list, lines, result, "");
	}
}

static void
test_undo(void)
{
	check("e = quantile_exact(x, 1), m = quantile(x, 1)",
	    "{\"x\":1}\n{\"x\":2}\n{\"x\":3}\n-{\"x\":3}\n-{}\n",
	    ",\"e\":2,\"m\":2.0196", "");
	check("e = quantile_exact(x, 0), m = quantile(x, 0), n = median(x)",
	    "{\"x\":1}\n{\"x\":2}\n-{\"x\":1}\n-{\"x\":2}\n{\"x\":7}\n",
	    ",\"e\":7,\"m\":7,\"n\":7", "");
	check("e = quantile_exact(x, 0.5)",
	    "{\"x\":9007199254740992}\n{\"x\":9007199254740993}\n"
	    "-{\"x\":9007199254740993}\n{\"x\":1}\n{\"x\":5}\n-{\"x\":5.0}\n",
	    ",\"e\":1", "");
	check("e = quantile_exact(x, 0)",
	    "{\"x\":1}\n{\"x\":2}\n{\"x\":3}\n-{\"x\":3}\n{\"x\":0}\n",
	    ",\"e\":0", "");
	check("e = quantile_exact(x, 0.5)",
	    "{\"x\":1}\n{\"x\":3}\n-{\"x\":2}\n-{\"x\":9007199254740993}\n",
	    ",\"e\":1",
	    "quantile_exact(x, 0.5): what is to be taken back was never "
	    "added\n"
	    "quantile_exact(x, 0.5): what is to be taken back was never "
	    "added\n");
	check("m = median(x)", "-{\"x\":1}\n{\"x\":3}\n-{\"x\":2}\n",
	    ",\"m\":3",
	    "median(x): what is to be taken back was never added\n"
	    "median(x): what is to be taken back was never added\n");
	check("d = approx_distinct(x)", "{\"x\":1}\n-{\"x\":1}\n", ",\"d\":1",
	    "approx_distinct(x): takes nothing back\n");
	check("k = topk(x, 1)", "{\"x\":1}\n-{\"x\":1}\n",
	    ",\"k\":[{\"value\":1,\"count\":1}]",
	    "topk(x, 1): takes nothing back\n");
}

static void
test_values(void)
{
	check("d = approx_distinct(x), k = topk(x, 2)", "{}\n{\"x\":null}\n",
	    ",\"d\":0,\"k\":null", "");
	/* Equal values are one, and shown as the first was written. */
	check("d = approx_distinct(x), k = topk(x, 9)",
	    "{\"x\":1.0}\n{\"x\":\"1\"}\n{\"x\":1}\n{\"x\":1e0}\n{\"x\":true}\n"
	    "{\"x\":{\"b\":1,\"a\": [2]}}\n{\"x\":{\"a\":[2.0],\"b\":1}}\n",
	    ",\"d\":4,\"k\":[{\"value\":1.0,\"count\":3},"
	    "{\"value\":{\"b\":1,\"a\": [2]},\"count\":2},"
	    "{\"value\":\"1\",\"count\":1},{\"value\":true,\"count\":1}]",
	    "");
	check("k = topk(x, 2)",
	    "{\"x\":\"\\u0061\"}\n{\"x\":\"b\"}\n{\"x\":\"a\"}\n{\"x\":\"c\"}\n"
	    "{\"x\":\"c\"}\n{\"x\":\"b\"}\n",
	    ",\"k\":[{\"value\":\"\\u0061\",\"count\":2},"
	    "{\"value\":\"b\",\"count\":2}]",
	    "");
	check("k = topk(x + y, 1)",
	    "{\"x\":1,\"y\":2}\n{\"x\":2,\"y\":0}\n{\"x\":2,\"y\":1}\n",
	    ",\"k\":[{\"value\":3,\"count\":2}]", "");
}

static void
test_long_values(void)
{
	struct weir_buf line = {0};

	weir_buf_puts(&line, "{\"x\":\"");
	for (int i = 0; i < 65535; i++)
		weir_buf_putc(&line, 'x');
	weir_buf_puts(&line, "\"}\n");
	check("d = approx_distinct(x)", weir_buf_cstr(&line), ",\"d\":1", "");
	check("k = topk(x, 1), n = count()", line.data, ",\"k\":null,\"n\":0",
	    "topk(x, 1): a value of 65537 bytes; up to 65536 are kept\n");
	weir_buf_fini(&line);
}

/* A string field x, so many different ones. */
static void
put_line(struct weir_buf *out, unsigned value)
{
	weir_buf_printf(out, "{\"x\":\"value %u\",\"y\":%u}\n", value, value);
}

/* Many events: every way of cutting them gives the same result. */
static void
test_many(const char *list)
{
	struct weir_buf lines = {0}, want = {0}, out = {0};
	struct weir_error err;
	struct bench t;
	const size_t cut = 3000;

	for (unsigned i = 0; i < 8000; i++)
		put_line(&lines, (unsigned)(rnd_unit() * rnd_unit() * 5000));
	weir_buf_cstr(&lines);
	begin(&t, list, &err);
	run(&t, lines.data, cut, WHOLE, &want, &out);
	run(&t, lines.data, cut, RELOADED, &out, &out);
	ok(same(&out, weir_buf_cstr(&want)), "%s: saved and loaded", list);
	out.len = 0;
	if (strncmp(list, "topk", 4) != 0) {
		run(&t, lines.data, cut, MERGED, &out, &out);
		ok(same(&out, want.data), "%s: merged: %s", list, want.data);
	}
	end(&t);
	weir_buf_fini(&lines);
	weir_buf_fini(&want);
	weir_buf_fini(&out);
}

/* The memory that a state counts is what malloc gives, or nearly. */
static void
test_owned(void)
{
	struct bench t;
	struct weir_error err;
	struct weir_buf lines = {0}, bad = {0};
	size_t owned = 0;
	const char *s;
	void *states;

	begin(&t,
	    "quantile_exact(y, 0.5), median(y), topk(x, 3), approx_distinct(x)",
	    &err);
	states = weir_calloc(1, t.aggs.size);
	put_line(&lines, 1);
	s = weir_buf_cstr(&lines);
	add(&t, states, &owned, &s, &bad);
	ok(owned <= 700, "one event: %zu bytes", owned);
	lines.len = 0;
	for (unsigned i = 0; i < 5000; i++)
		put_line(&lines, i);
	for (s = weir_buf_cstr(&lines); *s != '\0';)
		add(&t, states, &owned, &s, &bad);
	ok(owned > 8192 * 8 + 16384 && owned < 150000,
	    "5000 different ones: %zu bytes", owned);
	weir_aggs_drop(&t.aggs, states, &owned);
	ok(owned == 0, "all given back");
	free(states);
	end(&t);
	weir_buf_fini(&lines);
	weir_buf_fini(&bad);
}

static void
test_refusals(void)
{
	refused("quantile(x)", "1 argument for quantile(x, q)");
	refused("quantile(x, 1.5)", "from 0 to 1");
	refused("quantile(x, -0.1)", "from 0 to 1");
	refused("quantile(x, \"a\")", "string is not a number");
	refused("quantile(x, 0.0 / 0.0)", "not a number");
	refused("quantile(x, y)", "constant");
	refused("median(x, 0.5)", "2 arguments for median(x)");
	refused("quantile_exact(x, 2)", "from 0 to 1");
	refused("topk(x)", "1 argument for topk(x, k)");
	refused("topk(x, 0)", "from 1 to 1000");
	refused("topk(x, 1001)", "from 1 to 1000");
	refused("topk(x, 1.5)", "from 1 to 1000");
	refused("approx_distinct(x, 2)", "2 arguments");
}

/* bad in place of one state of the list, null in that of others. */
static void
none_of(const char *list, const char *const *bad)
{
	struct weir_error err;
	struct bench t;
	char text[400];

	begin(&t, list, &err);
	for (; *bad != NULL; bad++) {
		snprintf(text, sizeof text, "[%s]", *bad);
		no_state(&t, text);
	}
	end(&t);
}

static void
test_bad_states(void)
{
	static const char *const quantile[] = {"1", "{}", "[]", "[1.0]",
	    "[1.0,1.0,0]", "[1.0,1.0,0,5]", "[1.0,1.0,0,1,1]",
	    "[1.0,2.0,0,169946,1]", "[1,1.0,0,169946,1]",
	    "[1.0,\"x\",0,169946,1]", "[1.0,1.0,2,169946,1]",
	    "[1.0,1.0,1,169946,1]", "[1.0,1.0,0,169946,0]",
	    "[1.0,1.0,0,169946,-1]", "[1.0,1.0,0,169946,1.5]",
	    "[1.0,1.0,0,169946,70368744177664]", "[1.0,\"NaN\",0,169946,1,0,1]",
	    "[1.0,\"NaN\",0,169946,1,99999,1]",
	    "[1.0,\"NaN\",0,169946,1,18446744073709551615,1]",
	    "[\"NaN\",\"NaN\",0,5,1]", NULL};
	static const char *const exact[] = {"1", "{}", "[]", "[\"a\"]",
	    "[1,\"NaN\"]", "[1,[2]]", "[true]", "[null]", NULL};
	static const char *const distinct[] = {"1", "null", "{}", "\"abc\"",
	    "[0]", "[40]", "[-1]", "[1.5]", "[4294967297]", "[\"1\"]", "[[1]]",
	    NULL};
	static const char *const topk[] = {"1", "null", "[]", "[0,[1],1,0]",
	    "[0,1,1,0,0]", "[0,[],1,0,0]", "[0,[1,2],1,0,0]",
	    "[0,[null],1,0,0]", "[0,[1],0,0,0]", "[0,[1],1,1,0]",
	    "[0,[1],1,2,0]", "[-1,[1],1,0,0]", "[0,[1],-1,0,0]",
	    "[0,[1],1,0,-1]", "[1,[1],1,0,0]", "[0,[1],1,0,0,[1.0],1,0,1]",
	    "[0,[\"\\ud800\"],1,0,0]", NULL};

	none_of("quantile(x, 0.5)", quantile);
	none_of("quantile_exact(x, 0.5)", exact);
	none_of("approx_distinct(x)", distinct);
	none_of("topk(x, 2)", topk);
}

/* The like of the bad ones, that could have been saved. */
static void
test_good_states(void)
{
	static const char good[] =
	    "[[1.0,\"NaN\",0,169946,1,1,70368744177662],[1,\"Infinity\"],"
	    "[1,39,4294967271],[0,[1],1,0,0,[\"1\"],2,1,1]]";
	struct weir_error err = {0};
	struct bench t;
	void *states;
	size_t owned = 0;

	begin(&t,
	    "quantile(x, 0.5), quantile_exact(x, 0.5), approx_distinct(x), "
	    "topk(x, 2)",
	    &err);
	states = weir_calloc(1, t.aggs.size);
	ok(load(&t, states, good, strlen(good), &owned, &err) > 0,
	    "good states: %s", err.text);
	weir_aggs_drop(&t.aggs, states, &owned);
	free(states);
	end(&t);
}

/* More than there may be. */
static void
test_big_states(void)
{
	struct weir_buf text = {0};
	struct weir_error err;
	struct bench t;

	begin(&t, "quantile(x, 0.5)", &err);
	weir_buf_puts(&text, "[[\"NaN\",\"NaN\",0,100000,1");
	for (int i = 0; i < WEIR_DDSKETCH_BUCKETS; i++)
		weir_buf_puts(&text, ",1,1");
	weir_buf_puts(&text, "]]");
	no_state(&t, weir_buf_cstr(&text));
	end(&t);
	begin(&t, "topk(x, 2)", &err);
	text.len = 0;
	weir_buf_puts(&text, "[[0");
	for (int i = 0; i < 101; i++)
		weir_buf_printf(&text, ",[%d],1,0,%d", i, i);
	weir_buf_puts(&text, "]]");
	no_state(&t, weir_buf_cstr(&text));
	end(&t);
	begin(&t, "approx_distinct(x)", &err);
	text.len = 0;
	weir_buf_puts(&text, "[\"");
	for (int i = 0; i < 16383; i++)
		weir_buf_putc(&text, 'A');
	weir_buf_puts(&text, "0\"]");
	no_state(&t, weir_buf_cstr(&text));
	text.data[text.len - 3] = 'A';
	text.data[text.len - 1] = ',';
	weir_buf_puts(&text, "1]");
	no_state(&t, weir_buf_cstr(&text));
	end(&t);
	weir_buf_fini(&text);
}

/* Change a few characters. */
static void
mutate(struct weir_buf *text)
{
	static const char to[] = "0123456789,-[].\"Aze";

	for (unsigned n = 1 + rnd() % 3; n > 0; n--)
		text->data[1 + rnd() % (text->len - 2)] =
		    to[rnd() % (sizeof to - 1)];
}

static int
is_json(struct weir_prover *prover, const struct weir_buf *text)
{
	struct weir_buf line = {0};
	int good;

	weir_buf_printf(&line, "{\"a\":%.*s}\n", (int)text->len, text->data);
	memset(weir_buf_reserve(&line, WEIR_PAD), 0, WEIR_PAD);
	good = weir_prover_line(prover, line.data, NULL, NULL) != NULL;
	weir_buf_fini(&line);
	return good;
}

/* Use states that were loaded as an operator would: what they save loads. */
static int
lives(struct bench *t, void *states, size_t *owned)
{
	static const char events[] = "{\"x\":7}\n-{\"x\":7}\n{\"x\":-0.5}\n";
	const char *s = events;
	struct weir_buf saved = {0}, bad = {0};
	struct weir_error err;
	void *other = weir_calloc(1, t->aggs.size);
	size_t others = 0;
	int good;

	while (*s != '\0')
		add(t, states, owned, &s, &bad);
	weir_aggs_save(&saved, &t->aggs, states);
	good = load(t, other, saved.data, saved.len, &others, &err) > 0;
	weir_aggs_merge(&t->aggs, states, other, owned, &err);
	weir_aggs_write(&bad, &t->aggs, states, (struct weir_span){0, 1});
	weir_aggs_drop(&t->aggs, other, &others);
	free(other);
	weir_buf_fini(&saved);
	weir_buf_fini(&bad);
	return good && others == 0;
}

/* Saved states with errors in them are refused, or good for all. */
static void
test_mutations(const char *list)
{
	struct weir_prover *prover = weir_prover_new();
	struct weir_buf saved = {0}, text = {0}, bad = {0};
	const char *s = "{\"x\":1}\n{\"x\":2.5}\n{\"x\":-300}\n{\"x\":1}\n";
	struct weir_error err;
	struct bench t;
	void *states;
	size_t owned = 0;
	int good = 1, loaded = 0;

	begin(&t, list, &err);
	states = weir_calloc(1, t.aggs.size);
	while (*s != '\0')
		add(&t, states, &owned, &s, &bad);
	weir_aggs_save(&saved, &t.aggs, states);
	for (int i = 0; i < 10000; i++) {
		weir_aggs_reset(&t.aggs, states, &owned);
		text.len = 0;
		weir_buf_add(&text, saved.data, saved.len);
		mutate(&text);
		if (!is_json(prover, &text) ||
		    load(&t, states, text.data, text.len, &owned, &err) < 0)
			continue;
		loaded++;
		if (!lives(&t, states, &owned))
			good = 0;
	}
	weir_aggs_drop(&t.aggs, states, &owned);
	ok(good && owned == 0 && loaded > 100 && loaded < 9000,
	    "%s: %d of 10000 changed states are taken", list, loaded);
	free(states);
	end(&t);
	weir_prover_free(prover);
	weir_buf_fini(&saved);
	weir_buf_fini(&text);
	weir_buf_fini(&bad);
}

int
main(void)
{
	test_quantiles();
	test_sharing();
	test_wide();
	test_undo();
	test_values();
	test_long_values();
	test_many("quantile(y, 0.9)");
	test_many("quantile_exact(y, 0.9)");
	test_many("approx_distinct(x)");
	test_many("topk(x, 3)");
	test_owned();
	test_refusals();
	test_good_states();
	test_bad_states();
	test_big_states();
	test_mutations("quantile(x, 0.5)");
	test_mutations("quantile_exact(x, 0.5)");
	test_mutations("approx_distinct(x)");
	test_mutations("topk(x, 2)");
	return done();
}
