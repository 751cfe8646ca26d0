/*
 * Goal: aggregates compute what they say, refuse what they cannot take, and
 * lose nothing when they are merged, saved and loaded. Method: lists of events
 * with the expected result; each list is also cut at every place, in two parts
 * to be merged and by a save and a load.
 */
#include "tests/unit/aggregates.h"

static void
test_counts(void)
{
	check("n = count()", "", ",\"n\":0", "");
	check("n = count(), x = count(x)",
	    "{\"x\":1}\n{}\n{\"x\":null}\n{\"x\":[]}\n{\"x\":\"\"}\n",
	    ",\"n\":5,\"x\":3", "");
	check("count() if x > 2, count(x) if x > 2",
	    "{\"x\":1}\n{\"x\":3}\n{}\n{\"x\":4}\n",
	    ",\"count() if x > 2\":2,\"count(x) if x > 2\":2", "");
	check("n = count() if x",
	    "{\"x\":true}\n{\"x\":false}\n{\"x\":1}\n{}\n", ",\"n\":1",
	    "the condition is of type int, not bool\n");
}

static void
test_sums(void)
{
	check("s = sum(x), a = avg(x)", "{}\n{\"x\":null}\n",
	    ",\"s\":null,\"a\":null", "");
	check("s = sum(x), a = avg(x)", "{\"x\":1}\n{\"x\":2}\n{\"x\":4}\n{}\n",
	    ",\"s\":7,\"a\":2.3333333333333335", "");
	check("s = sum(x)", "{\"x\":1}\n{\"x\":0.5}\n{\"x\":-2}\n",
	    ",\"s\":-0.5", "");
	check("s = sum(x * 2)", "{\"x\":1}\n{\"x\":2}\n", ",\"s\":6", "");
	/* Compensated: the small ones are not lost beside the big ones. */
	check("s = sum(x), a = avg(x)",
	    "{\"x\":1.0}\n{\"x\":1e100}\n{\"x\":1.0}\n{\"x\":-1e100}\n",
	    ",\"s\":2,\"a\":0.5", "");
	check("s = sum(x)",
	    "{\"x\":9007199254740993}\n{\"x\":0.5}\n"
	    "{\"x\":-9007199254740992}\n",
	    ",\"s\":1.5", "");
	check("s = sum(x)", "{\"x\":1e308}\n{\"x\":1e308}\n",
	    ",\"s\":\"Infinity\"", "");
}

static void
test_big_sums(void)
{
	/* Exact past int, past 2^53, and back below zero. */
	check("s = sum(x)",
	    "{\"x\":9223372036854775807}\n{\"x\":9223372036854775807}\n",
	    ",\"s\":18446744073709551614", "");
	check("s = sum(x)",
	    "{\"x\":18446744073709551615}\n"
	    "{\"x\":-9223372036854775000}\n{\"x\":5}\n"
	    "{\"x\":-15}\n",
	    ",\"s\":9223372036854776605", "");
	check("s = sum(x), n = count(), a = avg(x)",
	    "{\"x\":18446744073709551615}\n{\"x\":1}\n{\"x\":0}\n",
	    ",\"s\":18446744073709551615,\"n\":2,\"a\":9223372036854776000",
	    "sum(x): the sum leaves the range of 64-bit integers\n");
	check("s = sum(x), n = count()",
	    "{\"x\":-9223372036854775808}\n{\"x\":-1}\n{\"x\":5}\n",
	    ",\"s\":-9223372036854775803,\"n\":2",
	    "sum(x): the sum leaves the range of 64-bit integers\n");
	/* An average has no such limit. */
	check("a = avg(x)",
	    "{\"x\":18446744073709551615}\n{\"x\":18446744073709551615}\n"
	    "{\"x\":18446744073709551612}\n{\"x\":-18446744073709551610}\n",
	    ",\"a\":9223372036854776000", "");
}

static void
test_extremes(void)
{
	check("l = min(x), h = max(x)", "{}\n{\"x\":null}\n",
	    ",\"l\":null,\"h\":null", "");
	check("l = min(x), h = max(x)",
	    "{\"x\":3}\n{\"x\":-7}\n{\"x\":2.5}\n{\"x\":18446744073709551615}"
	    "\n",
	    ",\"l\":-7,\"h\":18446744073709551615", "");
	/* Numbers compare exactly, whatever they are. */
	check("h = max(x)",
	    "{\"x\":9007199254740992.0}\n{\"x\":9007199254740993}\n",
	    ",\"h\":9007199254740993", "");
	check("l = min(x)",
	    "{\"x\":9007199254740993}\n{\"x\":9007199254740992.0}\n",
	    ",\"l\":9007199254740992", "");
	check("l = min(x), h = max(x)",
	    "{\"x\":\"pear\"}\n{\"x\":\"\\u0061pple\"}\n{\"x\":\"z\\\"\"}\n"
	    "{\"x\":\"\"}\n",
	    ",\"l\":\"\",\"h\":\"z\\\"\"", "");
	check("l = min(x), h = max(x)", "{\"x\":true}\n{\"x\":false}\n",
	    ",\"l\":false,\"h\":true", "");
	check("l = min(timestamp(x)), h = max(timestamp(x))",
	    "{\"x\":\"2026-01-02T03:04:05.5Z\"}\n"
	    "{\"x\":\"2026-01-02T03:04:05.25Z\"}\n"
	    "{\"x\":\"0001-01-01T00:00:00Z\"}\n",
	    ",\"l\":\"0001-01-01T00:00:00Z\","
	    "\"h\":\"2026-01-02T03:04:05.500Z\"",
	    "");
	check("h = max(duration(x))", "{\"x\":\"-1.5s\"}\n{\"x\":\"-2h\"}\n",
	    ",\"h\":\"-1.500s\"", "");
	check("h = max(x)", "{\"x\":1e400}\n{\"x\":5}\n", ",\"h\":\"Infinity\"",
	    "");
	check("l = min(x)", "{\"x\":-0.0}\n{\"x\":0}\n", ",\"l\":-0.0", "");
}

static void
test_bad_input(void)
{
	check("s = sum(x), n = count()",
	    "{\"x\":1}\n{\"x\":\"a\"}\n{\"x\":[1]}\n{\"x\":true}\n",
	    ",\"s\":1,\"n\":1",
	    "sum(x): string is not a number\n"
	    "sum(x): a list or map is not a number\n"
	    "sum(x): bool is not a number\n");
	check("n = count(), h = max(x)",
	    "{\"x\":1}\n{\"x\":\"a\"}\n{\"x\":{}}\n{\"x\":2}\n",
	    ",\"n\":2,\"h\":2",
	    "max(x): int and string have no order among them\n"
	    "max(x): values of type list or map have no order\n");
	check("n = count(), l = min(x / y)", "{\"x\":0.0,\"y\":0.0}\n",
	    ",\"n\":0,\"l\":null", "min(x / y): NaN has no order\n");
	check("n = count(), m = max(x)", "{\"x\":\"\\ud800\"}\n{\"x\":\"y\"}\n",
	    ",\"n\":1,\"m\":\"y\"", "x: string with half a surrogate pair\n");
	/* A bad event leaves nothing, in the aggregates before it either. */
	check("a = sum(x), b = min(x), c = sum(y)",
	    "{\"x\":5,\"y\":1}\n{\"x\":1,\"y\":\"?\"}\n",
	    ",\"a\":5,\"b\":5,\"c\":1", "sum(y): string is not a number\n");
}

static void
test_refusals(void)
{
	refused("", "aggregates");
	refused("n", "not an aggregate; the list is one word");
	refused("x + 1", "not an aggregate");
	refused("cuont()", "did you mean count?");
	refused("p = frobnicate(x, 0.99)", "unknown aggregate; this version");
	refused("sum()", "0 arguments for sum(x)");
	refused("sum(x, y)", "2 arguments for sum(x)");
	refused("count(x, y)", "2 arguments for count() or count(x)");
	refused("a.b = count()", "one word");
	refused("n = count(), n = sum(x)", "twice");
	refused("sum(x", "aggregates");
	refused("sum(nope(x))", "nope");
	refused("count() if", "aggregates");
}

/* States that nobody saved. */
static void
test_bad_states(void)
{
	static const char *const bad[] = {"{}", "[]", "[1,null]", "[-1,null,1]",
	    "[1.5,null,1]", "[\"1\",null,1]", "[0,[],1]", "[0,[1],1]",
	    "[0,[0,\"1\"],1]", "[0,[1,\"\"],1]", "[0,[1,\"-\"],1]",
	    "[0,[1,\"1x\"],1]",
	    "[0,[1,\"999999999999999999999999999999999999999\"],1]",
	    "[0,[1,1],1]", "[0,[1,1.5,\"x\"],1]", "[0,[1,1.5,2.5,3],1]",
	    "[0,[4611686018427387904,\"1\"],1]", "[0,null,{}]", "[0,null,[]]",
	    "[0,null,[1,2]]", "[0,null,[\"double\",\"1\"]]",
	    "[0,null,[\"timestamp\",1]]", "[0,null,[\"timestamp\",1,-1]]",
	    "[0,null,[\"timestamp\",1,1000000000]]",
	    "[0,null,[\"timestamp\",253402300800,0]]",
	    "[0,null,[\"duration\",1,1.5]]", "[0,null,[\"other\",1,1]]"};
	struct weir_error err;
	struct bench t;

	begin(&t, "count(), sum(x), max(x)", &err);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		no_state(&t, bad[i]);
	end(&t);
}

int
main(void)
{
	test_counts();
	test_sums();
	test_big_sums();
	test_extremes();
	test_bad_input();
	test_refusals();
	test_bad_states();
	return done();
}
