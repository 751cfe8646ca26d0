/*
 * Goal: assignments do to an event what op/assign.h and smap(1) say. Method:
 * rows of options, list, event and what must come out; lists that do not
 * compile with the beginning of their message; and random objects edited in
 * two ways that must agree.
 */
#define _GNU_SOURCE
#include "op/assign.h"

#include "base/mem.h"
#include "json/check.h"

#include "tap.h"

#include <stdlib.h>

struct run {
	struct weir_prover *prover;
	struct weir_assign *a;
	struct weir_arena arena;
	struct weir_buf out;
	struct weir_error err;
};

/* Options: "p" projects, "x FIELDS" drops. */
static int
compile(struct run *r, const char *options, const char *list)
{
	struct weir_assign_config c = {.text = list, .what = "list"};

	*r = (struct run){.prover = weir_prover_new()};
	c.scope.prover = r->prover;
	c.project = *options == 'p';
	c.drop = *options == 'x' ? options + 2 : NULL;
	r->a = weir_assign_new(&c, &r->err);
	return r->a != NULL;
}

static void
end(struct run *r)
{
	weir_assign_free(r->a);
	weir_prover_free(r->prover);
	weir_arena_fini(&r->arena);
	weir_buf_fini(&r->out);
}

/* What comes out for an event ("" is none at all), or "error: ...". */
static void
apply(struct run *r, const char *event)
{
	size_t len = strlen(event), n = weir_prover_slots(r->prover);
	struct weir_slot *slots = weir_calloc(n + 1, sizeof *slots);
	char *line = weir_calloc(1, len + WEIR_PAD + 1);
	struct weir_row row = {.text = line, .len = (uint32_t)len};

	memcpy(line, event, len);
	line[len] = '\n';
	r->out.len = 0;
	if (len > 0) {
		row.slots = slots;
		if (weir_prover_line(r->prover, line, slots, NULL) == NULL)
			ok(0, "no event: %s", event);
	}
	if (weir_assign_apply(r->a, &row, &r->arena, &r->out, &r->err) < 0) {
		if (r->out.len != 0)
			ok(0, "something beside the error");
		weir_buf_printf(&r->out, "error: %s", r->err.text);
	}
	weir_arena_reset(&r->arena);
	free(slots);
	free(line);
}

/* clang-format off */
static const struct {
	const char *options, *list, *event, *want;
} rows[] = {
	/* setting: others stay as they are, new ones go last */
	{"", "z = a + 1", "{\"a\":1, \"b\" : \"x\"}",
	    "{\"a\":1, \"b\" : \"x\",\"z\":2}"},
	{"", "a = a + 1", "{\"b\":0,\"a\":1.50,\"c\":2}",
	    "{\"b\":0,\"a\":2.5,\"c\":2}"},
	{"", "z = 1", " { } ", "{\"z\":1}"},
	{"", "z = 1", "{\"a\":1e5 } ", "{\"a\":1e5,\"z\":1}"},
	{"", "z = 1, y = 2", "{\"y\":0}", "{\"y\":2,\"z\":1}"},
	{"", "y = x", "{\"x\":1.500}", "{\"x\":1.500,\"y\":1.500}"},
	{"", "y = x", "{\"x\":\"\\u0041\\/\"}",
	    "{\"x\":\"\\u0041\\/\",\"y\":\"\\u0041\\/\"}"},
	{"", "", "{\"x\": 1}", "{\"x\": 1}"},
	{"", "a = null", "{\"a\":1}", "{\"a\":null}"},
	{"", "a = {'k': [1, 2u, 'x']}", "{}", "{\"a\":{\"k\":[1,2,\"x\"]}}"},
	{"", "`odd \"name` = 1", "{}", "{\"odd \\\"name\":1}"},
	{"", "@timestamp = 1", "{\"@timestamp\":0}", "{\"@timestamp\":1}"},
	/* what is absent has no effect */
	{"", "a = nosuch", "{\"a\":1}", "{\"a\":1}"},
	{"", "a = nosuch, b = a + 1", "{\"a\":1}", "{\"a\":1,\"b\":2}"},
	{"p", "a = nosuch, b = a", "{\"a\":1}", "{\"b\":1}"},
	{"p", "a = optional.none(), b = optional.of(2)", "{}", "{\"b\":2}"},
	/* to the left is seen, to the right is not, event is as it was */
	{"", "a = 5, b = a + 1", "{\"a\":1}", "{\"a\":5,\"b\":6}"},
	{"", "b = a + 1, a = 5", "{\"a\":1}", "{\"a\":5,\"b\":2}"},
	{"", "a = 5, b = event.a", "{\"a\":1}", "{\"a\":5,\"b\":1}"},
	{"", "a = b, b = a", "{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":2}"},
	{"", "a.b = c", "{\"c\":1.50}", "{\"c\":1.50,\"a\":{\"b\":1.50}}"},
	{"p", "x = a.b", "{\"a.b\":1.50}", "{\"x\":1.50}"},
	/* keys that are there twice */
	{"", "a = a + 1", "{\"a\":1,\"b\":0,\"a\":2}", "{\"a\":3,\"b\":0}"},
	{"", "a = 0", "{\"\\u0061\":1,\"b\":0,\"a\":2}",
	    "{\"\\u0061\":0,\"b\":0}"},
	{"", "z = a", "{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2,\"z\":2}"},
	{"x a", "", "{\"a\":1,\"b\":0,\"a\":2}", "{\"b\":0}"},
	/* inside objects */
	{"", "a.b = 1", "{\"a\":{\"c\":0}}", "{\"a\":{\"c\":0,\"b\":1}}"},
	{"", "a.b = 1", "{\"a\":{ \"b\": 0, \"c\":0}}",
	    "{\"a\":{\"b\": 1, \"c\":0}}"},
	{"", "a.b.c = 1", "{}", "{\"a\":{\"b\":{\"c\":1}}}"},
	{"", "a.b = 1", "{\"a\":null}", "{\"a\":{\"b\":1}}"},
	{"", "a.b = 1", "{\"a\":[]}",
	    "error: cannot set b in a: that is no object"},
	{"", "a.b.c = 1", "{\"a\":{\"b\":\"x\"}}",
	    "error: cannot set c in b: that is no object"},
	{"", "a.b = nosuch", "{\"a\":[]}", "{\"a\":[]}"},
	{"", "a.b = 1, a.c = a.b + 1, d = a", "{\"a\":{\"x\":0}}",
	    "{\"a\":{\"x\":0,\"b\":1,\"c\":2},"
	    "\"d\":{\"x\":0,\"b\":1,\"c\":2}}"},
	{"", "a = {'k': 1}, a.b = 2", "{\"a\":1}", "{\"a\":{\"k\":1,\"b\":2}}"},
	{"", "a.b = 2, a = 1", "{\"a\":{}}", "{\"a\":1}"},
	{"p", "a.b = 1, c = a", "{\"a\":{\"x\":0}}",
	    "{\"a\":{\"b\":1},\"c\":{\"x\":0,\"b\":1}}"},
	{"p", "a.b = 1", "{\"a\":5}", "{\"a\":{\"b\":1}}"},
	/* projecting */
	{"p", "b, a", "{\"a\":1,\"b\":[ 2 ],\"c\":3}", "{\"b\":[ 2 ],\"a\":1}"},
	{"p", "a.b", "{\"a\":{\"b\":7}}", "{\"a.b\":7}"},
	{"p", "a + 1", "{\"a\":1}", "{\"a + 1\":2}"},
	{"p", "a", "{}", "{}"},
	{"p", "", "{\"a\":1}", "{}"},
	{"p", "r = 0.1 + 0.2", "", "{\"r\":0.30000000000000004}"},
	{"", "r = 1", "", "{\"r\":1}"},
	{"p", "r = nosuch", "", "{}"},
	{"p", "t = timestamp(0), d = duration('1s'), b = b'\\xff', "
	    "k = type(1), n = 0.0 / 0.0", "",
	    "{\"t\":\"1970-01-01T00:00:00Z\",\"d\":\"1s\",\"b\":\"/w==\","
	    "\"k\":\"int\",\"n\":\"NaN\"}"},
	{"p", "a, b = a", "{\"a\":9007199254740993}",
	    "{\"a\":9007199254740993,\"b\":9007199254740993}"},
	{"p", "a = 12345678901234567890u", "{}",
	    "{\"a\":12345678901234567890}"},
	/* removing */
	{"x a", "", "{ \"a\":1, \"b\":2}", "{\"b\":2}"},
	{"x b", "", "{\"a\":1, \"b\":2}", "{\"a\":1}"},
	{"x a,b", "", "{\"a\":1, \"b\":2}", "{}"},
	{"x c", "", "{\"a\":1}", "{\"a\":1}"},
	{"x a", "b = a + 1", "{\"a\":1}", "{\"b\":2}"},
	{"x a.b", "", "{\"a\":{\"b\":1,\"c\":2},\"b\":0}",
	    "{\"a\":{\"c\":2},\"b\":0}"},
	{"x a.b", "", "{\"a\":5}", "{\"a\":5}"},
	{"x a.b", "", "{\"a\":{\"c\":1}}", "{\"a\":{\"c\":1}}"},
	{"x a.b", "a.c = a.b + 1", "{\"a\":{\"b\":1}}", "{\"a\":{\"c\":2}}"},
	{"x `odd name`,@t", "", "{\"odd name\":1,\"@t\":2,\"a\":3}",
	    "{\"a\":3}"},
	/* errors */
	{"", "z = a / 0", "{\"a\":1}", "error: "},
	{"", "z = a + 1", "{\"a\":\"x\"}", "error: "},
	{"", "z = a.b", "{\"a\":1}", "error: "},
};

static const struct {
	const char *options, *list, *want;
} bad[] = {
	{"", "a =", "list: "},
	{"", "a = 1, a = 2", "list: the name \"a\" is there twice"},
	{"", "a = nosuch(1)", "list: "},
	{"", " , ", "list: "},
	{"x a + 1", "", "--drop: a + 1 is no field name"},
	{"x a = 1", "", "--drop: 1 is no field name"},
	{"x a[0]", "", "--drop: a[0] is no field name"},
	{"x a", "a = 1", "--drop: a is set, too"},
	{"x a.b", "a = 1", "--drop: a.b is set, too"},
	{"x a", "a.b = 1", "--drop: a is set, too"},
};
/* clang-format on */

static void
test_rows(void)
{
	const char *want;
	struct run r;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		want = rows[i].want;
		if (!ok(compile(&r, rows[i].options, rows[i].list), "%s | %s",
			rows[i].options, rows[i].list)) {
			printf("# %s\n", r.err.text);
		} else {
			apply(&r, rows[i].event);
			if (strcmp(want, "error: ") == 0)
				r.out.len = r.out.len > 7 ? 7 : r.out.len;
			is_text(r.out.data, r.out.len, want);
		}
		end(&r);
	}
}

static void
test_bad(void)
{
	struct run r;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		ok(!compile(&r, bad[i].options, bad[i].list), "refused: %s%s",
		    bad[i].options, bad[i].list);
		ok(r.err.status == WEIR_USAGE &&
			strncmp(r.err.text, bad[i].want, strlen(bad[i].want)) ==
			    0,
		    "%s", r.err.text);
		end(&r);
	}
}

/* One list goes through many events: nothing of one is left in the next. */
static void
test_again(void)
{
	struct run r;

	compile(&r, "", "a = b, c.d = a");
	apply(&r, "{\"b\":1}");
	is_text(r.out.data, r.out.len, "{\"b\":1,\"a\":1,\"c\":{\"d\":1}}");
	apply(&r, "{\"x\":0}");
	is_text(r.out.data, r.out.len, "{\"x\":0}");
	apply(&r, "{\"a\":2}");
	is_text(r.out.data, r.out.len, "{\"a\":2,\"c\":{\"d\":2}}");
	end(&r);
}

static uint64_t
next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void
random_value(struct weir_buf *b, uint64_t *seed, int depth)
{
	static const char *const leaves[] = {"1", "-2.5e3", "true", "null",
	    "\"\"", "\"}\"", "\"\\\"{\"", "\"\xc3\xa9\"", "[]", "{}",
	    "[1, {\"a\":[\"]\"]}]"};
	size_t i, n;

	if (depth == 0 || next(seed) % 3 > 0) {
		weir_buf_puts(b, leaves[next(seed) % 11]);
		return;
	}
	n = next(seed) % 6;
	weir_buf_putc(b, '{');
	for (i = 0; i < n; i++) {
		weir_buf_printf(b, "%s%s\"%c\"%s:", i > 0 ? "," : "",
		    next(seed) % 3 ? "" : " ", (char)('a' + next(seed) % 5),
		    next(seed) % 3 ? "" : " ");
		random_value(b, seed, depth - 1);
	}
	weir_buf_putc(b, '}');
}

/* The member of that name, absent if there is none. */
static struct weir_value
member(const char *text, size_t len, const char *name, struct weir_arena *arena)
{
	struct weir_value v =
	    weir_value_open(weir_value_read(text, len, arena), arena);
	struct weir_value key = {.kind = WEIR_STRING, .aux = 1, .s = name};
	const struct weir_value *found = weir_map_get(v.map, key);

	return found != NULL ? *found
			     : (struct weir_value){.kind = WEIR_ABSENT};
}

static bool
same(struct weir_value a, struct weir_value b, struct weir_arena *arena)
{
	return a.kind == WEIR_ABSENT || b.kind == WEIR_ABSENT
	    ? a.kind == b.kind
	    : weir_value_equal(a, b, arena);
}

/* a = b, e.k.l = 1 and without c: is that what became of the event? */
static bool
as_expected(const struct weir_buf *event, const struct weir_buf *out)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct weir_value was[4], is[4];
	struct weir_arena arena = {0};
	bool good = true;
	char why[200];
	size_t i;

	if (!weir_check(out->data, out->len, why, sizeof why))
		return false;
	for (i = 0; i < 4; i++) {
		was[i] = member(event->data, event->len, names[i], &arena);
		is[i] = member(out->data, out->len, names[i], &arena);
	}
	if (was[1].kind != WEIR_ABSENT)
		was[0] = was[1];
	was[2].kind = WEIR_ABSENT;
	for (i = 0; i < 4; i++)
		good &= same(was[i], is[i], &arena);
	good &= memmem(out->data, out->len, "\"k\":{\"l\":1}", 11) != NULL;
	weir_arena_fini(&arena);
	return good;
}

static void
test_random(void)
{
	uint64_t seed = 88172645463325252u;
	struct weir_buf event = {0};
	int i, good = 0, refused = 0;
	struct run r;

	compile(&r, "x c", "a = b, e.k.l = 1");
	for (i = 0; i < 3000; i++) {
		do {
			event.len = 0;
			random_value(&event, &seed, 3);
		} while (event.data[0] != '{');
		apply(&r, weir_buf_cstr(&event));
		weir_buf_reserve(&event, WEIR_PAD);
		memset(event.data + event.len, 0, WEIR_PAD);
		memset(weir_buf_reserve(&r.out, WEIR_PAD), 0, WEIR_PAD);
		if (memcmp(r.out.data, "error:", 6) == 0)
			refused++;
		else if (as_expected(&event, &r.out))
			good++;
		else
			printf("# %s gives %s\n", event.data, r.out.data);
	}
	ok(good + refused == i && good > refused,
	    "%d random events are edited, %d refused", good, refused);
	weir_buf_fini(&event);
	end(&r);
}

int
main(void)
{
	test_rows();
	test_bad();
	test_again();
	test_random();
	return done();
}
