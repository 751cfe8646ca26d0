/*
 * Goal: aggregates compute what they say, refuse what they cannot take, and
 * lose nothing when they are merged, saved and loaded. Method: lists of events
 * with the expected result; each list is also cut at every place, in two parts
 * to be merged and by a save and a load.
 */
#include "op/aggregate.h"

#include "base/mem.h"
#include "tap.h"

#include <stdlib.h>

/* Aggregates over events, one a line, of one prover. */
struct bench {
	struct weir_prover *prover;
	struct weir_aggs aggs;
	struct weir_arena arena;
	struct weir_slot *slots;
	struct weir_buf text;
};

static int
begin(struct bench *t, const char *list, struct weir_error *err)
{
	*t = (struct bench){.prover = weir_prover_new()};
	if (weir_aggs_parse(&t->aggs, NULL, list, err) < 0 ||
	    weir_aggs_compile(&t->aggs, t->prover, err) < 0)
		return -1;
	t->slots =
	    weir_calloc(weir_prover_slots(t->prover) + 1, sizeof *t->slots);
	return 1;
}

static void
end(struct bench *t)
{
	weir_prover_free(t->prover);
	weir_aggs_fini(&t->aggs);
	weir_arena_fini(&t->arena);
	weir_buf_fini(&t->text);
	free(t->slots);
}

/* Add the event in *s, and move on. What is wrong with it goes to bad. */
static void
add(struct bench *t, void *states, size_t *owned, const char **s,
    struct weir_buf *bad)
{
	const char *nl = strchr(*s, '\n');
	struct weir_error why;
	struct weir_row row;

	t->text.len = 0;
	weir_buf_add(&t->text, *s, (size_t)(nl - *s) + 1);
	memset(weir_buf_reserve(&t->text, WEIR_PAD), 0, WEIR_PAD);
	*s = nl + 1;
	if (weir_prover_line(t->prover, t->text.data, t->slots, NULL) == NULL)
		abort();
	row = (struct weir_row){.text = t->text.data,
	    .len = (uint32_t)t->text.len - 1,
	    .slots = t->slots};
	weir_arena_reset(&t->arena);
	if (weir_aggs_read(&t->aggs, &row, &t->arena, &why) < 0 ||
	    weir_aggs_check(&t->aggs, states, &why) < 0) {
		weir_buf_printf(bad, "%s\n", why.text);
		return;
	}
	weir_aggs_add(&t->aggs, states, 0, owned);
}

/* States anew out of their saved text. */
static void *
reload(struct bench *t, void *states, size_t *owned)
{
	struct weir_error err;
	struct weir_buf saved = {0};
	void *again = weir_calloc(1, t->aggs.size);

	weir_aggs_save(&saved, &t->aggs, states);
	weir_aggs_drop(&t->aggs, states, owned);
	free(states);
	memset(weir_buf_reserve(&saved, WEIR_PAD), '\n', WEIR_PAD);
	if (*owned != 0 ||
	    weir_aggs_load(&t->aggs, again,
		weir_value_read(saved.data, saved.len, &t->arena), &t->arena,
		owned, &err) < 0)
		ok(0, "load %.*s: %s", (int)saved.len, saved.data, err.text);
	weir_buf_fini(&saved);
	return again;
}

enum how { WHOLE, MERGED, RELOADED };

/* The results after all lines, cut behind line `cut` as `how` says. */
static void
run(struct bench *t, const char *lines, size_t cut, enum how how,
    struct weir_buf *out, struct weir_buf *bad)
{
	void *states = weir_calloc(1, t->aggs.size), *first = NULL;
	size_t owned = 0;
	struct weir_error err;

	for (size_t i = 0; *lines != '\0'; i++) {
		if (i == cut && how == RELOADED)
			states = reload(t, states, &owned);
		if (i == cut && how == MERGED) {
			first = states;
			states = weir_calloc(1, t->aggs.size);
		}
		add(t, states, &owned, &lines, bad);
	}
	if (first != NULL) {
		if (weir_aggs_merge(&t->aggs, first, states, &owned, &err) < 0)
			weir_buf_printf(bad, "%s\n", err.text);
		weir_aggs_drop(&t->aggs, states, &owned);
		free(states);
		states = first;
	}
	weir_aggs_write(
	    out, &t->aggs, states, (struct weir_span){0, 1000000000});
	weir_aggs_drop(&t->aggs, states, &owned);
	if (owned != 0)
		ok(0, "%zu bytes were not given back", owned);
	free(states);
}

static int
same(const struct weir_buf *b, const char *text)
{
	return b->len == strlen(text) &&
	    (b->len == 0 || memcmp(b->data, text, b->len) == 0);
}

static void
check(const char *list, const char *lines, const char *want, const char *why)
{
	struct weir_buf out = {0}, bad = {0};
	struct weir_error err;
	struct bench t;
	size_t nlines = 0, wrong = 0;

	if (begin(&t, list, &err) < 0) {
		ok(0, "%s: %s", list, err.text);
		end(&t);
		return;
	}
	for (const char *s = lines; *s != '\0'; s++)
		nlines += *s == '\n';
	for (size_t cut = 0; cut <= nlines; cut++)
		for (enum how how = WHOLE; how <= RELOADED; how++) {
			/* What is refused depends on what came before. */
			if (how == MERGED && *why != '\0')
				continue;
			out.len = bad.len = 0;
			run(&t, lines, cut, how, &out, &bad);
			wrong += !same(&out, want) || !same(&bad, why);
		}
	if (!ok(wrong == 0, "%s of %zu events: %s", list, nlines, want))
		printf("# got: %.*s\n# bad: %.*s\n", (int)out.len, out.data,
		    (int)bad.len, bad.data);
	weir_buf_fini(&out);
	weir_buf_fini(&bad);
	end(&t);
}

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
refused(const char *list, const char *why)
{
	struct weir_error err = {0};
	struct bench t;
	int rc = begin(&t, list, &err);

	ok(rc < 0 && err.status == WEIR_USAGE && strstr(err.text, why) != NULL,
	    "%s is refused: %s", list, rc < 0 ? err.text : "no");
	end(&t);
}

static void
test_refusals(void)
{
	refused("", "aggregates");
	refused("n", "not an aggregate; this version knows count, sum, avg");
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
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct weir_buf text = {0};
		void *states = weir_calloc(1, t.aggs.size);
		size_t owned = 0;
		int rc;

		weir_buf_puts(&text, bad[i]);
		memset(weir_buf_reserve(&text, WEIR_PAD), '\n', WEIR_PAD);
		err.status = 0;
		rc = weir_aggs_load(&t.aggs, states,
		    weir_value_read(text.data, text.len, &t.arena), &t.arena,
		    &owned, &err);
		ok(rc < 0 && err.status == WEIR_STATE, "no state: %s", bad[i]);
		weir_aggs_drop(&t.aggs, states, &owned);
		free(states);
		weir_buf_fini(&text);
	}
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
