/*
 * Goal: each kind of aggregate gives what the page says, to the byte, refuses
 * what it cannot take without a trace, counts the memory it holds, and takes no
 * state that nobody saved. Method: lists of events with the expected result,
 * which must be the same after a save and a load at any place; states by hand.
 */
#include "op/aggregate.h"

#include "base/mem.h"
#include "tap.h"

#include <stdlib.h>

/* Aggregates over events of one prover, and the states of one group. */
struct bench {
	struct weir_prover *prover;
	struct weir_aggs aggs;
	struct weir_arena arena;
	struct weir_slot *slots;
	struct weir_buf text;
	void *states;
	size_t owned;
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
	t->states = weir_calloc(1, t->aggs.size);
	return 1;
}

static void
end(struct bench *t)
{
	if (t->states != NULL)
		weir_aggs_drop(&t->aggs, t->states, &t->owned);
	if (t->owned != 0)
		ok(0, "%zu bytes were not given back", t->owned);
	free(t->states);
	weir_prover_free(t->prover);
	weir_aggs_fini(&t->aggs);
	weir_arena_fini(&t->arena);
	weir_buf_fini(&t->text);
	free(t->slots);
}

static int
read_line(struct bench *t, const char *s, size_t len, struct weir_error *err)
{
	struct weir_row row;

	t->text.len = 0;
	weir_buf_add(&t->text, s, len);
	weir_buf_putc(&t->text, '\n');
	memset(weir_buf_reserve(&t->text, WEIR_PAD), 0, WEIR_PAD);
	if (weir_prover_line(t->prover, t->text.data, t->slots, NULL) == NULL)
		abort();
	row = (struct weir_row){
	    .text = t->text.data, .len = (uint32_t)len, .slots = t->slots};
	weir_arena_reset(&t->arena);
	return weir_aggs_read(&t->aggs, &row, &t->arena, err);
}

/*
 * Add a line, or take one back that begins with '-', at the time that its
 * number in the list is, or at `@N ` before it. What is wrong goes to bad.
 */
static void
apply(struct bench *t, const char *s, size_t len, int64_t time,
    struct weir_buf *bad)
{
	bool undo = *s == '-';
	struct weir_error why;
	char *rest;
	int rc;

	if (*s == '@') {
		time = strtoll(s + 1, &rest, 10);
		len -= (size_t)(rest + 1 - s);
		s = rest + 1;
	}
	rc = read_line(t, s + undo, len - undo, &why);
	if (rc > 0 && undo)
		rc = weir_aggs_undo(&t->aggs, t->states, time, &t->owned, &why);
	else if (rc > 0)
		rc = weir_aggs_check(&t->aggs, t->states, &why);
	if (rc < 0)
		weir_buf_printf(bad, "%s\n", why.text);
	else if (!undo)
		weir_aggs_add(&t->aggs, t->states, time, &t->owned);
}

static int
load(struct bench *t, const char *saved, struct weir_error *err)
{
	struct weir_buf text = {0};
	int rc;

	weir_aggs_drop(&t->aggs, t->states, &t->owned);
	memset(t->states, 0, t->aggs.size);
	weir_buf_puts(&text, saved);
	memset(weir_buf_reserve(&text, WEIR_PAD), '\n', WEIR_PAD);
	rc = weir_aggs_load(&t->aggs, t->states,
	    weir_value_read(text.data, text.len, &t->arena), &t->arena,
	    &t->owned, err);
	weir_buf_fini(&text);
	return rc;
}

static void
reload(struct bench *t)
{
	struct weir_buf saved = {0};
	struct weir_error err;

	weir_aggs_save(&saved, &t->aggs, t->states);
	if (load(t, weir_buf_cstr(&saved), &err) < 0)
		ok(0, "load %s: %s", saved.data, err.text);
	weir_buf_fini(&saved);
}

/* The results after all lines, saved and loaded behind line `cut`. */
static void
run(const char *list, const char *lines, size_t cut, struct weir_buf *out,
    struct weir_buf *bad)
{
	struct weir_error err;
	struct bench t;
	const char *nl;

	out->len = bad->len = 0;
	if (begin(&t, list, &err) < 0) {
		ok(0, "%s: %s", list, err.text);
	} else {
		for (size_t i = 0; *lines != '\0'; i++, lines = nl + 1) {
			if (i == cut)
				reload(&t);
			nl = strchr(lines, '\n');
			apply(&t, lines, (size_t)(nl - lines), (int64_t)i, bad);
		}
		weir_aggs_write(
		    out, &t.aggs, t.states, (struct weir_span){0, 2000000000});
	}
	weir_buf_cstr(out);
	weir_buf_cstr(bad);
	end(&t);
}

static void
check(const char *list, const char *lines, const char *want, const char *why)
{
	struct weir_buf out = {0}, bad = {0};
	size_t nlines = 0, cut = 0;
	bool good = true;

	for (const char *s = lines; *s != '\0'; s++)
		nlines += *s == '\n';
	for (; good && cut <= nlines; cut++) {
		run(list, lines, cut, &out, &bad);
		good =
		    strcmp(out.data, want) == 0 && strcmp(bad.data, why) == 0;
	}
	if (!ok(good, "%s of %zu events: %s", list, nlines, want))
		printf("# cut before %zu\n# got: %s\n# bad: %s\n", cut - 1,
		    out.data, bad.data);
	weir_buf_fini(&out);
	weir_buf_fini(&bad);
}

static void
test_empty(void)
{
	check("f = first(x), l = last(x), i = argmin(x, y), v = var(x), "
	      "s = stddev(x), c = corr(x, y), o = any(x), a = all(x), "
	      "m = mode(x), d = delta(x), e = ewma(x, 0.5)",
	    "{}\n{\"x\":null,\"y\":null}\n",
	    ",\"f\":null,\"l\":null,\"i\":null,\"v\":null,\"s\":null,"
	    "\"c\":null,\"o\":null,\"a\":null,\"m\":null,\"d\":null,"
	    "\"e\":null",
	    "");
	check("d = distinct(x), l = list(x), s = set(x), r = rate(), "
	      "h = histogram(x, [1])",
	    "{}\n{\"x\":null}\n",
	    ",\"d\":0,\"l\":[],\"s\":[],\"r\":1,"
	    "\"h\":[{\"from\":null,\"to\":1,\"count\":0},"
	    "{\"from\":1,\"to\":null,\"count\":0}]",
	    "");
}

static void
test_first(void)
{
	/* By time, ties by arrival, and as they were written. */
	check("f = first(x), l = last(x)",
	    "@5 {\"x\":1.50}\n@7 {\"x\":\"\\u0061\"}\n@5 {\"x\":2}\n"
	    "@7 {\"x\": {\"a\" : [1]} }\n@6 {\"x\":0}\n",
	    ",\"f\":1.50,\"l\":{\"a\" : [1]}", "");
	check("f = first(x), l = last(x)",
	    "@-5 {\"x\":\"something that is longer than sixteen\"}\n"
	    "@-4 {\"x\":1}\n@-3 {\"x\":\"and another one that is long\"}\n",
	    ",\"f\":\"something that is longer than sixteen\","
	    "\"l\":\"and another one that is long\"",
	    "");
	check("f = first(x * 2), l = last(x + \"!\")", "{\"x\":\"a\"}\n",
	    ",\"f\":null,\"l\":null", "no such overload: string * int\n");
	check("l = last(x + \"\\\"\")", "{\"x\":\"a\"}\n{\"x\":\"b\"}\n",
	    ",\"l\":\"b\\\"\"", "");
	check("i = argmin(x, y), j = argmax(x, y)",
	    "{\"x\":\"a\",\"y\":2}\n{\"x\":\"b\",\"y\":1}\n"
	    "{\"x\":\"c\",\"y\":1.0}\n{\"x\":\"d\",\"y\":2}\n{\"y\":9}\n"
	    "{\"x\":\"e\"}\n{\"x\":null,\"y\":0}\n",
	    ",\"i\":\"b\",\"j\":\"a\"", "");
	check("i = argmin(x, y), j = argmax(x, y)",
	    "{\"x\":1.0,\"y\":\"m\"}\n{\"x\":2e0,\"y\":\"z\"}\n"
	    "{\"x\":3,\"y\":5}\n{\"x\":4,\"y\":[]}\n",
	    ",\"i\":1.0,\"j\":2e0",
	    "argmin(x, y): string and int have no order among them\n"
	    "argmin(x, y): values of type list or map have no order\n");
	check("i = argmin(x, timestamp(y))",
	    "{\"x\":1,\"y\":\"2026-01-02T00:00:00Z\"}\n"
	    "{\"x\":2,\"y\":\"2026-01-01T00:00:00Z\"}\n",
	    ",\"i\":2", "");
}

static void
test_moments(void)
{
	check("v = var(x), s = stddev(x)", "{\"x\":3}\n",
	    ",\"v\":null,\"s\":null", "");
	check("v = var(x), s = stddev(x)", "{\"x\":3}\n{\"x\":3.0}\n",
	    ",\"v\":0,\"s\":0", "");
	check("v = var(x), s = stddev(x)",
	    "{\"x\":2}\n{\"x\":4}\n{\"x\":4}\n{\"x\":4}\n{\"x\":5}\n{\"x\":5}"
	    "\n{\"x\":7}\n{\"x\":9}\n{\"x\":5}\n",
	    ",\"v\":4,\"s\":2", "");
	/* Far from 0, which sums of squares alone would not survive. */
	check("v = var(x)",
	    "{\"x\":1000000000000004}\n{\"x\":1000000000000007}\n"
	    "{\"x\":1000000000000013}\n{\"x\":1000000000000016}\n",
	    ",\"v\":30", "");
	/* What is taken back leaves no trace, however big. */
	check("v = var(x), c = corr(x, y)",
	    "{\"x\":1e13,\"y\":3}\n{\"x\":0.25,\"y\":1}\n{\"x\":0.75,\"y\":2}\n"
	    "-{\"x\":1e13,\"y\":3}\n",
	    ",\"v\":0.125,\"c\":1", "");
	check("v = var(x)", "{\"x\":5}\n{\"x\":7}\n-{\"x\":5}\n-{\"x\":7}\n",
	    ",\"v\":null", "");
	check("c = corr(x, y)",
	    "{\"x\":1,\"y\":-2}\n{\"x\":2,\"y\":-4}\n{\"x\":5,\"y\":-10}\n",
	    ",\"c\":-1", "");
	check("c = corr(x, y)",
	    "{\"x\":0.1,\"y\":1}\n{\"x\":0.1,\"y\":2}\n{\"x\":0.1,\"y\":5}\n",
	    ",\"c\":null", "");
	check("v = var(x), c = corr(x, y)",
	    "{\"x\":1e121,\"y\":1}\n{\"x\":\"1\"}\n{\"x\":1,\"y\":true}\n"
	    "{\"x\":1e400,\"y\":1}\n",
	    ",\"v\":null,\"c\":null",
	    "var(x): a value beyond 1e120 is too big to be squared\n"
	    "var(x): string is not a number\n"
	    "corr(x, y): bool is not a number\n"
	    "var(x): a value beyond 1e120 is too big to be squared\n");
	check("v = var(x), n = count()", "-{\"x\":1}\n", ",\"v\":null,\"n\":0",
	    "var(x): what is to be taken back was never added\n");
}

static void
test_bools(void)
{
	check("o = any(x > 2), a = all(x > 2)", "{\"x\":1}\n{\"x\":3}\n{}\n",
	    ",\"o\":true,\"a\":false", "");
	check("o = any(x > 2), a = all(x > 2)", "{\"x\":1}\n{\"x\":1}\n",
	    ",\"o\":false,\"a\":false", "");
	check("o = any(x), a = all(x)",
	    "{\"x\":true}\n{\"x\":false}\n{\"x\":1}\n-{\"x\":false}\n"
	    "-{\"x\":false}\n",
	    ",\"o\":true,\"a\":true",
	    "any(x): int is not a bool\n"
	    "any(x): what is to be taken back was never added\n");
}

static void
test_values(void)
{
	/* Equal as keys are, shown as first written. */
	check("d = distinct(x), s = set(x), m = mode(x), l = list(x)",
	    "{\"x\":2}\n{\"x\":1.0}\n{\"x\":1}\n{\"x\":\"1\"}\n"
	    "{\"x\":[1, 2]}\n{\"x\":[1.0,2]}\n{\"x\":\"\\u0031\"}\n"
	    "{\"x\":1e0}\n",
	    ",\"d\":4,\"s\":[2,1.0,\"1\",[1, 2]],\"m\":1.0,"
	    "\"l\":[2,1.0,1,\"1\",[1, 2],[1.0,2],\"\\u0031\",1e0]",
	    "");
	check("m = mode(x)", "{\"x\":\"b\"}\n{\"x\":\"a\"}\n", ",\"m\":\"b\"",
	    "");
	check("d = distinct(x), s = set(x), m = mode(x), l = list(x)",
	    "{\"x\":2}\n{\"x\":1.0}\n{\"x\":2}\n{\"x\":1}\n-{\"x\":1}\n"
	    "-{\"x\":2}\n-{\"x\":2}\n-{\"x\":5}\n",
	    ",\"d\":1,\"s\":[1.0],\"m\":1.0,\"l\":[1.0]",
	    "distinct(x): what is to be taken back was never added\n");
	check("l = list(x, 2), s = set(x, 1)",
	    "{\"x\":1}\n{\"x\":1}\n{\"x\":1}\n", ",\"l\":[1,1],\"s\":[1]",
	    "list(x, 2): no room: it holds up to 2 values (max), of 8 MiB "
	    "together\n");
	check("s = set(x, 2), n = count()",
	    "{\"x\":\"b\"}\n{\"x\":\"a\"}\n{\"x\":\"c\"}\n{\"x\":\"a\"}\n",
	    ",\"s\":[\"b\",\"a\"],\"n\":3",
	    "set(x, 2): no room: it holds up to 2 values (max), of 8 MiB "
	    "together\n");
	check("d = distinct(x / y)",
	    "{\"x\":0.0,\"y\":0.0}\n{\"x\":1,\"y\":2}\n", ",\"d\":2", "");
}

static void
test_rest(void)
{
	check("h = histogram(x, [0, 2.50, 10])",
	    "{\"x\":-1}\n{\"x\":0}\n{\"x\":2}\n{\"x\":2.5}\n{\"x\":10}\n"
	    "{\"x\":1e400}\n{\"x\":\"1\"}\n-{\"x\":2}\n-{\"x\":2}\n"
	    "-{\"x\":2}\n",
	    ",\"h\":[{\"from\":null,\"to\":0,\"count\":1},"
	    "{\"from\":0,\"to\":2.5,\"count\":0},"
	    "{\"from\":2.5,\"to\":10,\"count\":1},"
	    "{\"from\":10,\"to\":null,\"count\":2}]",
	    "histogram(x, [0, 2.5, 10]): string is not a number\n"
	    "histogram(x, [0, 2.5, 10]): what is to be taken back was never "
	    "added\n");
	check("r = rate(), e = rate() if x > 1", "{\"x\":1}\n{\"x\":2}\n{}\n",
	    ",\"r\":1.5,\"e\":0.5", "");
	check("d = delta(x)", "@3 {\"x\":10}\n@1 {\"x\":4}\n@2 {\"x\":99}\n",
	    ",\"d\":6", "");
	check("d = delta(x)",
	    "{\"x\":-9223372036854775808}\n{\"x\":18446744073709551615}\n",
	    ",\"d\":27670116110564327423", "");
	check("d = delta(x)", "{\"x\":1}\n{\"x\":1e400}\n{\"x\":0.5}\n",
	    ",\"d\":-0.5", "delta(x): infinity is too big\n");
	check("e = ewma(x, 0.5), l = ewma(x, 1)",
	    "@9 {\"x\":8}\n@1 {\"x\":0}\n@5 {\"x\":4}\n", ",\"e\":5,\"l\":8",
	    "");
	check("s = sum(x), a = avg(x)",
	    "{\"x\":1e400}\n{\"x\":-1e400}\n{\"x\":3}\n-{\"x\":3}\n",
	    ",\"s\":\"Infinity\",\"a\":\"Infinity\"",
	    "sum(x): infinity and -infinity have no sum\n"
	    "sum(x): from an infinite sum nothing is taken back\n");
	check("s = sum(x / y)", "{\"x\":0.0,\"y\":0.0}\n", ",\"s\":null",
	    "sum(x / y): NaN is not a number\n");
	check("n = count(x), s = sum(x), a = avg(x)",
	    "{\"x\":1}\n{\"x\":2.5}\n-{\"x\":2.5}\n-{}\n-{\"x\":7}\n"
	    "-{\"x\":7}\n",
	    ",\"n\":0,\"s\":null,\"a\":null",
	    "count(x): what is to be taken back was never added\n");
	check("n = count(), m = max(x)", "{\"x\":1}\n-{\"x\":1}\n",
	    ",\"n\":1,\"m\":1", "max(x): takes nothing back\n");
}

/* A window of no length has no rate. */
static void
test_no_length(void)
{
	struct weir_buf out = {0};
	struct weir_error err;
	struct bench t;

	begin(&t, "r = rate()", &err);
	weir_aggs_write(&out, &t.aggs, t.states, (struct weir_span){5, 5});
	is_text(out.data, out.len, ",\"r\":null");
	out.len = 0;
	read_line(&t, "{}", 2, &err);
	weir_aggs_add(&t.aggs, t.states, 0, &t.owned);
	weir_aggs_write(
	    &out, &t.aggs, t.states, (struct weir_span){INT64_MIN, INT64_MAX});
	is_text(out.data, out.len, ",\"r\":5.421010862427522e-11");
	weir_buf_fini(&out);
	end(&t);
}

/* Thousands of values, which come and go, in states that are merged. */
static void
test_many(void)
{
	struct weir_buf bad = {0}, out = {0};
	struct weir_error err;
	struct bench t;
	void *other;
	size_t most;
	char s[80];

	begin(&t, "d = distinct(x), m = mode(x), s = set(x) if x < 3", &err);
	for (int i = 0; i < 5000; i++)
		apply(&t, s, (size_t)snprintf(s, sizeof s, "{\"x\":%d.0}", i),
		    i, &bad);
	other = t.states;
	t.states = weir_calloc(1, t.aggs.size);
	for (int i = 0; i < 6000; i++)
		apply(&t, s, (size_t)snprintf(s, sizeof s, "{\"x\":%d}", i), i,
		    &bad);
	reload(&t);
	for (int i = 100; i < 5990; i++)
		apply(&t, s, (size_t)snprintf(s, sizeof s, "-{\"x\":%d}", i), i,
		    &bad);
	reload(&t);
	most = t.owned;
	weir_aggs_merge(&t.aggs, t.states, other, &t.owned, &err);
	ok(t.owned > most && bad.len == 0, "%zu bytes for 5010 values: %.*s",
	    t.owned, (int)bad.len, bad.data);
	weir_aggs_write(&out, &t.aggs, t.states, (struct weir_span){0, 1});
	is_text(out.data, out.len, ",\"d\":5010,\"m\":0.0,\"s\":[0.0,1.0,2.0]");
	weir_aggs_drop(&t.aggs, other, &t.owned);
	free(other);
	weir_buf_fini(&bad);
	weir_buf_fini(&out);
	end(&t);
}

/* Sets and lists that are too big together keep what arrived first. */
static void
test_merged_caps(void)
{
	struct weir_buf bad = {0}, out = {0};
	struct weir_error err;
	struct bench t;
	void *other;
	char s[80];
	int rc;

	begin(&t, "s = set(x, 5), l = list(x, 5)", &err);
	other = weir_calloc(1, t.aggs.size);
	for (int i = 0; i < 8; i++) {
		void *mine = t.states;

		t.states = i % 3 == 0 ? mine : other;
		apply(&t, s, (size_t)snprintf(s, sizeof s, "{\"x\":%d}", 9 - i),
		    i, &bad);
		t.states = mine;
	}
	rc = weir_aggs_merge(&t.aggs, t.states, other, &t.owned, &err);
	weir_aggs_write(&out, &t.aggs, t.states, (struct weir_span){0, 1});
	ok(rc < 0 && bad.len == 0, "they do not fit: %s", err.text);
	is_text(out.data, out.len, ",\"s\":[9,8,7,6,5],\"l\":[9,8,7,6,5]");
	weir_aggs_drop(&t.aggs, other, &t.owned);
	free(other);
	weir_buf_fini(&bad);
	weir_buf_fini(&out);
	end(&t);
}

/* A value that is too long to be kept. */
static void
test_long(void)
{
	static const char *const lists[] = {"first(x)", "last(x)",
	    "argmin(x, n)", "argmax(n, x)", "list(x)", "set(x)", "mode(x)",
	    "distinct(x)"};
	struct weir_buf event = {0};

	weir_buf_puts(&event, "{\"n\":1,\"x\":\"");
	for (size_t i = 0; i < 65600; i++)
		weir_buf_putc(&event, 'x');
	weir_buf_puts(&event, "\"}");
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct weir_error err = {0};
		struct bench t;

		begin(&t, lists[i], &err);
		ok(read_line(&t, event.data, event.len, &err) > 0 &&
			weir_aggs_check(&t.aggs, t.states, &err) < 0 &&
			strstr(err.text, "up to 65536 are kept") != NULL,
		    "too long: %s", err.text);
		end(&t);
	}
	weir_buf_fini(&event);
}

static void
test_constants(void)
{
	static const struct {
		const char *list, *why;
	} bad[] = {{"ewma(x)", "1 argument for ewma(x, alpha)"},
	    {"e = ewma(x, y)",
		"must be a constant, without fields\n"
		"e = ewma(x, y)\n            ^"},
	    {"ewma(x, 0)", "ewma(x, alpha): alpha is a number from"},
	    {"ewma(x, 1.5)", "alpha is"}, {"ewma(x, \"1\")", "alpha is"},
	    {"ewma(x, null)", "alpha is"}, {"ewma(x, 0.0 / 0.0)", "alpha is"},
	    {"ewma(x, 1 / 0)", "division by zero"},
	    {"ewma(x, {}[?1])", "no value"}, {"ewma(x, nope(1))", "nope"},
	    {"histogram(x, [])", "edges is a list"},
	    {"histogram(x, 5)", "edges is a list"},
	    {"histogram(x, [1, 1.0])", "ascending"},
	    {"histogram(x, [2, 1])", "ascending"},
	    {"histogram(x, [1, \"2\"])", "numbers"},
	    {"histogram(x, [1, 1e308 * 10.0])", "numbers"},
	    {"histogram(x, [1, z])", "without fields"},
	    {"histogram(x, lists.range(1001))", "1 to 1000"},
	    {"list(x, 0)", "max is a whole number from 1"},
	    {"list(x, 1000001)", "max is"}, {"set(x, 2.5)", "max is"},
	    {"list(x, 1, 2)", "3 arguments for list(x) or list(x, max)"},
	    {"rate(x)", "1 argument for rate()"},
	    {"argmin(x)", "1 argument for argmin(x, by)"},
	    {"corr(x)", "1 argument for corr(x, y)"}};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct weir_error err = {0};
		struct bench t;
		int rc = begin(&t, bad[i].list, &err);

		ok(rc < 0 && err.status == WEIR_USAGE &&
			strstr(err.text, bad[i].why) != NULL,
		    "%s is refused: %s", bad[i].list, rc < 0 ? err.text : "no");
		end(&t);
	}
	check("e = ewma(x, 1 / 2.0), "
	      "h = histogram(x, lists.range(2).map(i, i * 10))",
	    "{\"x\":4}\n{\"x\":6}\n",
	    ",\"e\":5,\"h\":[{\"from\":null,\"to\":0,\"count\":0},"
	    "{\"from\":0,\"to\":10,\"count\":2},"
	    "{\"from\":10,\"to\":null,\"count\":0}]",
	    "");
}

/* States that nobody saved: %s is the aggregate's. */
static void
test_bad_states(void)
{
	static const struct {
		const char *list, *saved[16];
	} bad[] = {
	    {"first(x)",
		{"1", "[]", "[1,2]", "[1,2,3]", "[1,2,[]]", "[1,2,[null]]",
		    "[1,2,[1,2]]", "[1,-1,[1]]", "[1.5,1,[1]]", "[1,1,{}]",
		    "[1,2,[3],4]", "[1,2,[\"\\ud800\"]]"}},
	    {"argmax(x, y)",
		{"1", "[null,1,[1]]", "[1,1,1]", "[1,-1,[1]]",
		    "[[\"double\",\"NaN\"],1,[1]]", "[{},1,[1]]",
		    "[[\"timestamp\",253402300800,0],1,[1]]", "[1,1,[]]"}},
	    {"var(x)",
		{"[]", "[0,1.0,1.0,0.0,1.0,0.0]", "[1,1.0,1.0,0.0,1.0]",
		    "[1,1,1.0,0.0,1.0,0.0]", "[1,1e141,1.0,0.0,1.0,0.0]",
		    "[1,\"NaN\",1.0,0.0,1.0,0.0]",
		    "[1,1.0,\"Infinity\",0.0,1.0,0.0]",
		    "[1,1.0,1.0,0.0,1e261,0.0]", "{}"}},
	    {"corr(x, y)",
		{"[]", "[1,1.0,1.0,0.0,1.0,0.0]",
		    "[1,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,\"NaN\"]",
		    "[-1,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0]"}},
	    {"any(x)", {"null", "[1]", "[1,-1]", "[1,2,3]", "[1,\"2\"]"}},
	    {"rate()", {"null", "-1", "1.5", "[1]"}},
	    {"distinct(x)",
		{"1", "[1]", "[0,1]", "[-1,1]", "[1,null]", "[1,1,2,1.0]",
		    "[1,\"a\",1,\"\\u0061\"]", "[1,\"\\ud800\"]"}},
	    {"mode(x)",
		{"1", "[1,2]", "[0,1,[1]]", "[1,-1,[1]]", "[1,1,1]", "[1,1,[]]",
		    "[1,1,[1],1,2,[1.0]]", "[1,1,[null]]",
		    "[1,1,[\"\\ud800\"]]"}},
	    {"set(x, 2)",
		{"1", "[1,1,[1],1,2,[2],1,3,[3]]", "[1,1,[1],1,2,[1.0]]"}},
	    {"list(x, 2)",
		{"1", "[1]", "[1,1]", "[2,[1],1,[2]]", "[1,[1],2,[2],3,[3]]",
		    "[-1,[1]]", "[1,[1,2]]", "[1,[null]]"}},
	    {"histogram(x, [1])",
		{"1", "[]", "[1]", "[1,-1]", "[1,2,3]", "[1,1.5]"}},
	    {"delta(x)",
		{"1", "[]", "[1,1,1]", "[1,1,1,1,1,\"1\"]", "[1,1,1,1,-1,1]",
		    "[1,1,1,1.5,1,1]", "[1,1,1,1,1,1e400]",
		    "[1,1,null,1,1,1]"}},
	    {"ewma(x, 0.99999)",
		{"1", "[1]", "[1,1,1]", "[1,1,1.0,1,1,1.0,0,1,1.0]",
		    "[1,1,1.0,0,1,1.0]", "[1,-1,1.0]", "[1,1,\"NaN\"]",
		    "[1,1,1e400]",
		    "[1,1,1.0,2,1,1.0,3,1,1.0,4,1,1.0,5,1,1.0]"}},
	    {"sum(x)", {"[1,\"NaN\",0.0]", "[1,1.0,\"NaN\"]"}}};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct weir_error err;
		struct bench t;

		begin(&t, bad[i].list, &err);
		for (size_t k = 0; k < 16 && bad[i].saved[k] != NULL; k++) {
			char text[200];

			snprintf(text, sizeof text, "[%s]", bad[i].saved[k]);
			err.status = 0;
			ok(load(&t, text, &err) < 0 && err.status == WEIR_STATE,
			    "%s: no state: %s", bad[i].list, text);
		}
		end(&t);
	}
}

int
main(void)
{
	test_empty();
	test_first();
	test_moments();
	test_bools();
	test_values();
	test_rest();
	test_no_length();
	test_many();
	test_merged_caps();
	test_long();
	test_constants();
	test_bad_states();
	return done();
}
