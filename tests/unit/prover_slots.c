/*
 * Goal: slots and index hold what a plain reading of the line finds, whether
 * keys come as predicted or not, and hostile streams change nothing in that.
 * Method: lines with what must be in the slots; streams of ever new keys;
 * 300,000 mutated lines (fixed seed) held against tests/unit/naive.h and yajl.
 */
#include "json/check.h"
#include "json/prover.h"
#include "tests/unit/naive.h"
#include "tests/unit/tap.h"

#include <stdlib.h>

#define LINE_MAX_LEN 4096
#define N_PATHS	     (sizeof(paths) / sizeof(*paths))

#define LONG_29	     "kkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define LONG_30	     LONG_29 "k"

static const struct path {
	size_t depth;
	const char *names[4];
} paths[] = {{1, {"a"}}, {1, {"b"}}, {2, {"a", "b"}}, {3, {"a", "b", "c"}},
    {2, {"b", "a"}}, {1, {"status"}}, {1, {""}}, {2, {"", ""}},
    {1, {"\303\251"}}, {1, {"q\"\\"}}, {1, {LONG_29}}, {1, {LONG_30}},
    {2, {LONG_30, LONG_30}}, {4, {"a", "b", "c", "d"}}, {2, {"x", "a"}},
    {2, {"x", "b"}}};

static char buf[LINE_MAX_LEN + 2 * WEIR_PAD];
static struct weir_slot slots[WEIR_PATHS_MAX];
static uint16_t offsets[WEIR_INDEX_MAX];

static int
want(struct weir_prover *p, const struct path *path)
{
	struct weir_str names[4];

	for (size_t i = 0; i < path->depth; i++)
		names[i] = weir_str(path->names[i]);
	return weir_prover_want(p, names, path->depth);
}

static struct weir_prover *
new_prover(void)
{
	struct weir_prover *p = weir_prover_new();

	for (size_t i = 0; i < N_PATHS; i++)
		want(p, &paths[i]);
	return p;
}

static const char *
prove(struct weir_prover *p, const char *line, size_t len, uint16_t *index)
{
	memcpy(buf, line, len);
	memset(buf + len, 0, WEIR_PAD);
	buf[len] = '\n';
	return weir_prover_line(p, buf, slots, index);
}

static int
slot_is(size_t slot, const char *expected)
{
	return slots[slot].len == strlen(expected) &&
	    memcmp(buf + slots[slot].off, expected, strlen(expected)) == 0;
}

/* Are all slots as the naive reading has them? */
static int
slots_agree(void)
{
	for (size_t i = 0; i < N_PATHS; i++) {
		struct weir_str names[4];
		const char *found;
		size_t len;

		for (size_t j = 0; j < paths[i].depth; j++)
			names[j] = weir_str(paths[i].names[j]);
		found = naive_find(buf, names, paths[i].depth, &len);
		if (len != slots[i].len ||
		    (found != NULL && found != buf + slots[i].off))
			return 0;
	}
	return 1;
}

/* Does the index hold every learned top-level key as a plain reading does? */
static int
index_agrees(const struct weir_prover *p)
{
	size_t n = weir_prover_index_count(p);

	for (size_t i = 0; i < WEIR_INDEX_MAX; i++) {
		struct weir_str name;
		const char *found = NULL;
		size_t len;

		if (i < n) {
			name = weir_prover_index_name(p, i);
			found = naive_find(buf, &name, 1, &len);
		}
		if (offsets[i] != (found == NULL ? 0 : found - buf))
			return 0;
	}
	return 1;
}

static void
test_found(void)
{
	/* what must be in the slots of a, b, a.b and a.b.c */
	static const struct {
		const char *line, *expected[4];
	} cases[] = {{"{}", {"", "", "", ""}}, {"{\"a\":1}", {"1", "", "", ""}},
	    {" {\t\"a\" : 1 , \"b\" : [ 2 ] } ", {"1", "[ 2 ]", "", ""}},
	    {"{\"b\":\"x\",\"a\":null}", {"null", "\"x\"", "", ""}},
	    {"{\"a\":1,\"a\":2}", {"2", "", "", ""}},
	    {"{\"a\":{\"b\":1},\"a\":{\"c\":2}}", {"{\"c\":2}", "", "", ""}},
	    {"{\"a\":{\"b\":1},\"a\":5}", {"5", "", "", ""}},
	    {"{\"a\":{\"b\":1},\"a\":{}}", {"{}", "", "", ""}},
	    {"{\"a\":{\"b\":1},\"a\":[{\"b\":2}]}",
		{"[{\"b\":2}]", "", "", ""}},
	    {"{\"a\":{\"b\":{\"c\":1}},\"a\":{\"b\":2}}",
		{"{\"b\":2}", "", "2", ""}},
	    {"{\"a\":{\"b\":{\"c\":1},\"b\":3}}",
		{"{\"b\":{\"c\":1},\"b\":3}", "", "3", ""}},
	    {"{\"a\":{\"b\":{\"c\":1},\"b\":{\"c\":2,\"c\":3}}}",
		{"{\"b\":{\"c\":1},\"b\":{\"c\":2,\"c\":3}}", "",
		    "{\"c\":2,\"c\":3}", "3"}},
	    {"{\"\\u0061\":{\"\\u0062\":{\"\\u0063\":1}}}",
		{"{\"\\u0062\":{\"\\u0063\":1}}", "", "{\"\\u0063\":1}", "1"}},
	    {"{\"a\":{\"b\":1},\"\\u0061\":0}", {"0", "", "", ""}},
	    {"{\"x\":{\"a\":1,\"b\":2},\"y\":[{\"a\":1}]}", {"", "", "", ""}},
	    {"{\"\\ud800\":1,\"a\\u0000\":2,\"A\":3}", {"", "", "", ""}}};
	struct weir_prover *p = new_prover();

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			const char *line = cases[i].line;
			int good =
			    prove(p, line, strlen(line), offsets) != NULL;

			for (size_t j = 0; j < 4; j++)
				good &= slot_is(j, cases[i].expected[j]);
			ok(good && slots_agree() && index_agrees(p),
			    "found in %s", line);
		}
	}
	weir_prover_free(p);
}

/* The same keys in other orders, with other blanks, or written with escapes. */
static void
test_predictions(void)
{
	static const char *const lines[] = {"{\"status\":1,\"a\":2,\"b\":3}",
	    "{\"a\":2,\"b\":3,\"status\":1}", "{\"a\":2,\"status\":1}",
	    "{\"b\":2,\"status\":1,\"a\":3}",
	    "{\"status\": 1, \"a\": 2, \"b\": 3}",
	    "{ \"status\" : 1 , \"a\" : 2 , \"b\" : 3 }",
	    "{\"st\\u0061tus\":1,\"\\u0061\":2,\"b\":3}",
	    "{\"" LONG_29 "\":1,\"" LONG_30 "\":{\"" LONG_30 "\":2}}",
	    "{\"" LONG_29 "\": 1, \"" LONG_30 "\": {\"" LONG_30 "\": 2}}",
	    "{\"q\\\"\\\\\":1,\"\303\251\":2,\"\":{\"\":3}}",
	    "{\"q\\u0022\\\\\":1,\"\\u00e9\":2,\"\":{\"\":{\"\":3}}}",
	    "{\"a\":{\"b\":{\"c\":{\"d\":1}}},\"x\":{\"a\":1,\"b\":2}}",
	    "{\"x\":{\"b\":1,\"a\":2},\"a\":{\"b\":{\"c\":{\"d\":1,\"d\":2}}}}",
	    "{\"a\":1                                   ,\"b\":2}",
	    "{\"a\":                                    1,\"b\":2}",
	    "{\"statu\":1,\"statuss\":2,\"status\":3,\"Status\":4}"};
	size_t n = sizeof(lines) / sizeof(*lines);
	struct weir_prover *p = new_prover();
	int good = 1;

	for (size_t i = 0; i < n * n; i++) {
		for (int j = 0; j < 3; j++) {
			const char *line = lines[j == 1 ? i / n : i % n];

			good &= prove(p, line, strlen(line), offsets) != NULL &&
			    slots_agree() && index_agrees(p);
		}
	}
	ok(good, "keys in every order and style, one after another");
	/* a prediction must not accept what is not valid */
	prove(p, "{\"a\":{\"b\":1},\"b\":2}", 19, NULL);
	ok(prove(p, "{\"a\":{\"b\":1},\"b\"", 15, NULL) == NULL &&
		prove(p, "{\"a\":{\"b\":1},\"b\":}", 18, NULL) == NULL &&
		prove(p, "{\"a\":{\"b\":1},\"b\":2", 18, NULL) == NULL &&
		prove(p, "{\"a\":{\"b\":1}\"b\":2}", 18, NULL) == NULL &&
		prove(p, "{\"a\":{\"b\":1},\"b\" 2}", 19, NULL) == NULL,
	    "lines that begin as predicted and are not valid");
	weir_prover_free(p);
}

/* Ever new keys, at the top and inside, before and behind wanted ones. */
static void
test_new_keys(void)
{
	struct weir_prover *p = new_prover();
	struct path late = {2, {"late", "found"}};
	char line[512];
	int good = 1, len, slot;

	for (unsigned i = 0; i < 50000; i++) {
		len = snprintf(line, sizeof(line),
		    "{\"k%u\":1,\"a\":{\"n%u\":%u,\"b\":%u},\"m%u\":{\"x%u\":"
		    "{\"y%u\":2}},\"" LONG_30 "%0*u\":1,\"status\":%u}",
		    i, i, i, i, i % 300, i % 40, i, i % 300, i, i);
		good &= prove(p, line, (size_t)len, offsets) != NULL;
		if (i % 100 == 0)
			good &= slots_agree() && index_agrees(p);
	}
	ok(good && weir_prover_index_count(p) == WEIR_INDEX_MAX,
	    "50,000 lines of new keys");
	slot = want(p, &late);
	len = snprintf(line, sizeof(line), "{\"late\":{\"found\":7},\"a\":8}");
	prove(p, line, (size_t)len, NULL);
	ok(slot == N_PATHS && slot_is(N_PATHS, "7") && slot_is(0, "8"),
	    "a path wanted when nothing more is learned");
	weir_prover_free(p);
}

static void
test_want(void)
{
	struct weir_prover *p = new_prover();
	struct weir_str names[WEIR_PATH_DEPTH + 1], name;
	char text[16], line[1100];
	int nested, slot = 0;

	ok(weir_prover_slots(p) == N_PATHS && want(p, &paths[3]) == 3,
	    "the same path, the same slot");
	name = weir_prover_slot_name(p, 3, &nested);
	ok(weir_str_eq(name, "a") && nested, "slot_name of a nested path");
	name = weir_prover_slot_name(p, 5, &nested);
	ok(weir_str_eq(name, "status") && !nested, "slot_name of a name");
	for (size_t i = 0; i <= WEIR_PATH_DEPTH; i++)
		names[i] = weir_str("z");
	ok(weir_prover_want(p, names, 0) == WEIR_NO_SLOT &&
		weir_prover_want(p, names, WEIR_PATH_DEPTH + 1) ==
		    WEIR_NO_SLOT &&
		weir_prover_want(p, names, WEIR_PATH_DEPTH) == N_PATHS,
	    "paths of 0, 33 and 32 names");
	snprintf(line, sizeof(line), "{\"%01000d\":[5]}", 7);
	name = (struct weir_str){line + 2, 1000};
	slot = weir_prover_want(p, &name, 1);
	ok(prove(p, line, strlen(line), offsets) &&
		slot_is((size_t)slot, "[5]"),
	    "a name of 1000 bytes");
	while (slot != WEIR_NO_SLOT) {
		snprintf(text, sizeof(text), "w%zu", weir_prover_slots(p));
		name = weir_str(text);
		slot = weir_prover_want(p, &name, 1);
	}
	ok(weir_prover_slots(p) == WEIR_PATHS_MAX && want(p, &paths[2]) == 2,
	    "no more than 256 paths, and those there stay");
	ok(prove(p, "{\"w255\":1,\"w100\":2}", 19, NULL) && slot_is(255, "1") &&
		slot_is(100, "2"),
	    "the last of 256 paths");
	weir_prover_free(p);
	weir_prover_free(NULL);
}

/* Columns are given in order of appearance, and what has none stays out. */
static void
test_index(void)
{
	struct weir_prover *p = weir_prover_new();
	static char big[80000];
	int good = 1;

	prove(p, "{\"x\":1,\"y\":{\"z\":2},\"x\":3}", 25, offsets);
	ok(weir_prover_index_count(p) == 2 && offsets[0] == 23 &&
		offsets[1] == 11 && offsets[2] == 0,
	    "offsets of the last x and of y, not of z");
	ok(weir_str_eq(weir_prover_index_name(p, 1), "y"), "a column's name");
	prove(p, "{\"w\":1}", 7, offsets);
	ok(offsets[0] == 0 && offsets[1] == 0 && offsets[2] == 5,
	    "a new column, the others empty");
	for (size_t off = 65530; off < 65540; off++) {
		snprintf(big, sizeof(big), "{\"x\":\"%0*d\",\"y\":1}\n",
		    (int)off - 12, 0);
		weir_prover_line(p, big, slots, offsets);
		good &= offsets[0] == 5 &&
		    offsets[1] == (off < 65535 ? off : 65535);
	}
	ok(good, "offsets at the limit of 16 bits");
	weir_prover_free(p);
}

/* An event before a column was there must not seem to lack what it has. */
static void
test_index_wanted_late(void)
{
	struct weir_prover *p = weir_prover_new();
	struct weir_str name;
	char line[400];
	int len = snprintf(line, sizeof(line), "{\"%0300d\":1,\"x\":2}", 7);

	prove(p, line, (size_t)len, offsets);
	name = (struct weir_str){line + 2, 300};
	weir_prover_want(p, &name, 1);
	prove(p, line, (size_t)len, offsets);
	ok(weir_prover_index_count(p) == 1 && slot_is(0, "1"),
	    "no column for a name that went by unlearned");
	name = weir_str("y");
	weir_prover_want(p, &name, 1);
	prove(p, "{\"x\":1,\"z\":2,\"y\":3}", 19, offsets);
	ok(weir_prover_index_count(p) == 2 &&
		weir_str_eq(weir_prover_index_name(p, 1), "z"),
	    "nor for one that may have been it");
	weir_prover_free(p);
}

static void
test_skip(void)
{
	static const char *const values[] = {"1", "-1.5e+10", "true", "null",
	    "\"\"", "\"a\\\"b\\\\\"", "\"\303\251\303\251\342\202\254\"", "[]",
	    "{}", "[1,[2,{\"a]\":\"}\"}],3]",
	    "{\"a\":{\"b\":[\"\\\\\",\"]\"]}}",
	    "\"0123456789012345678901234567890123456789\\\"\"", "[[[[]]]]"};
	static const char *const behind[] = {",", "}", "]", " ", "\n", "\r\n"};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		int good = 1;

		for (size_t j = 0; j < 6; j++) {
			memset(buf, '"', sizeof(buf));
			snprintf(buf, 128, "%s%s", values[i], behind[j]);
			good &= weir_json_skip(buf) == buf + strlen(values[i]);
		}
		ok(good, "skip %s", values[i]);
	}
}

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Change, drop, double or move a few bytes of the line. */
static size_t
mutate(uint64_t *r, char *line, size_t len)
{
	static const char likely[] = "{}[]:,\"\\ \t\f\n0129eE+-.truefalsnabcdx/"
				     "\200\277\303\251\340\355\360\364";

	for (uint64_t n = next_random(r) % 4; n-- > 0 && len > 0;) {
		size_t at = next_random(r) % len;
		size_t run = 1 + next_random(r) % 12;
		char c = likely[next_random(r) % (sizeof(likely) - 1)];

		run = run < len - at ? run : len - at;
		switch (next_random(r) % 5) {
		case 0: line[at] = c; break;
		case 1: line[at] = (char)next_random(r); break;
		case 2:
			memmove(line + at, line + at + run, len - at - run);
			len -= run;
			break;
		case 3:
			if (len + run >= LINE_MAX_LEN)
				break;
			memmove(line + at + run, line + at, len - at);
			len += run;
			break;
		default:
			memmove(line + next_random(r) % (len - run + 1),
			    line + at, run);
			break;
		}
	}
	return len;
}

static void
test_mutations(void)
{
	static const char *const seeds[] = {
	    "{\"a\":{\"b\":{\"c\":{\"d\":1}}},\"b\":{\"a\":[1,{}]},\"status\":"
	    "2}",
	    "{\"status\":200,\"a\":\"x\\u00e9\\n\",\"b\":-1.5e3,\"a\":{\"b\":1}"
	    "}",
	    "{ \"x\" : { \"a\" : true , \"b\" : null } , \"\" : { \"\" : [ ] } "
	    "}",
	    "{\"\303\251\":\"\303\251\342\202\254\360\237\230\200\","
	    "\"q\\\"\\\\\":0}",
	    "{\"\\u0061\":{\"\\u0062\":1},\"a\":{\"b\":{\"c\":false}},\"b\":1}",
	    "{\"" LONG_29 "\":1,\"" LONG_30 "\":{\"" LONG_30
	    "\":\"xxxxxxxxxxxx\"}}"};
	struct weir_prover *p = new_prover();
	uint64_t r = 88172645463325252;
	unsigned valid = 0, wrong = 0;
	char line[LINE_MAX_LEN], why[128];

	for (unsigned i = 0; i < 300000; i++) {
		const char *seed = seeds[next_random(&r) % 6], *end;
		size_t len = strlen(seed), cut;
		int expected;

		memcpy(line, seed, len);
		len = mutate(&r, line, len);
		end = prove(p, line, len, offsets);
		cut = (size_t)((char *)memchr(buf, '\n', len + 1) - buf);
		expected = weir_check(line, cut, why, sizeof(why));
		if (expected != (end != NULL) ||
		    (expected &&
			(end != buf + cut || !slots_agree() ||
			    !index_agrees(p)))) {
			wrong++;
			printf("# %.*s\n", (int)cut, line);
		}
		valid += (unsigned)expected;
	}
	ok(wrong == 0 && valid > 50000, "300,000 mutated lines, %u valid",
	    valid);
	weir_prover_free(p);
}

int
main(void)
{
	test_found();
	test_predictions();
	test_new_keys();
	test_want();
	test_index();
	test_index_wanted_late();
	test_skip();
	test_mutations();
	return done();
}
