/*
 * Goal: outlines find the members that are there, and are the same for the same
 * names. Method: random objects of every sort against going member by member;
 * the limits by hand.
 */
#include "json/outline.h"

#include "base/mem.h"
#include "json/members.h"
#include "random.h"
#include "tap.h"

#include <stdlib.h>

static const char *const names[] = {"a", "b", "aa", "", "\\u0061", "a b",
    "\xc3\xa4", "a name that is longer than one segment is",
    "a name that is longer than one segment, too"};
static const char *const values[] = {"1", "-2.5e+3", "true", "null", "\"\"",
    "\"x\"", "\"\\\"}\"", "\"\xc3\xa4, :\"", "[]", "{}", "[1,\"]\",{\"a\":2}]",
    "{\"b\": [ {} , \"}\" ] }", "\"longer than sixteen bytes, with \\\\\""};

#define PICK(of) (of)[(unsigned)rnd() % (sizeof(of) / sizeof *(of))]

static const char *
blank(int style)
{
	static const char *const blanks[] = {" ", "\t", "", "", "\n"};

	return style == 0 ? "" : style == 1 ? " " : PICK(blanks);
}

/* An object of a few names; its style says how blanks stand in it. */
static void
make(struct weir_buf *b, int style)
{
	int n = (int)(rnd() % 6);

	b->len = 0;
	weir_buf_printf(b, "%s{", style == 2 ? blank(2) : "");
	for (int i = 0; i < n; i++) {
		const char *name = PICK(names), *value = PICK(values);

		weir_buf_printf(b, "%s\"%s\"", i > 0 ? "," : "", name);
		weir_buf_printf(b, "%s:%s%s%s", style == 2 ? blank(2) : "",
		    blank(style), value, style == 2 ? blank(2) : "");
	}
	weir_buf_puts(b, "}");
	memset(weir_buf_reserve(b, WEIR_PAD), '\n', WEIR_PAD);
}

/* Is that what is at its places? The names go from the last to the first. */
static bool
agrees(const char *s, const struct weir_outline *o,
    const struct weir_value_place *places)
{
	const struct weir_outline *name[WEIR_OUTLINE_MAX];
	const char *at = weir_members(s);
	struct weir_member m;
	uint32_t n = o->n, i;

	for (; o != NULL; o = o->prev)
		name[o->n - 1] = o;
	for (i = 0; weir_member_next(&at, &m); i++)
		if (i == n || !weir_str_same(m.name, name[i]->name) ||
		    m.value.s != places[i].begin ||
		    m.value.s + m.value.len != places[i].end)
			return false;
	return i == n;
}

static void
test_random(void)
{
	struct weir_value_place places[WEIR_OUTLINE_MAX];
	const struct weir_outline *o, *again;
	struct weir_outlines *all = NULL;
	struct weir_buf b = {0};
	int bad = 0, found = 0;

	for (int i = 0; i < 200000; i++) {
		if (i % 2000 == 0) {
			weir_outlines_free(all);
			all = weir_outlines_new();
		}
		make(&b, i % 3);
		o = weir_outline_read(all, b.data, places);
		again = weir_outline_read(all, b.data, places);
		found += o != NULL;
		if (o == again && (o == NULL || agrees(b.data, o, places)))
			continue;
		if (bad++ < 3)
			printf("# %.*s\n", (int)b.len, b.data);
	}
	ok(bad == 0 && found > 20000, "%d of 200000 objects found, %d wrong",
	    found, bad);
	weir_outlines_free(all);
	weir_buf_fini(&b);
}

static const struct weir_outline *
of(struct weir_outlines *all, const char *text)
{
	struct weir_value_place places[WEIR_OUTLINE_MAX];
	const struct weir_outline *o;
	struct weir_buf b = {0};

	weir_buf_puts(&b, text);
	memset(weir_buf_reserve(&b, WEIR_PAD), '\n', WEIR_PAD);
	o = weir_outline_read(all, b.data, places);
	weir_buf_fini(&b);
	return o;
}

static void
test_limits(void)
{
	struct weir_outlines *all = weir_outlines_new();
	const struct weir_outline *tight, *loose;
	struct weir_buf b = {0};

	tight = of(all, "{\"a\":1,\"b\":2}");
	loose = of(all, "{\"a\": 1, \"b\": 2}");
	ok(tight != NULL && tight->tight && tight->n == 2, "names alone");
	ok(loose != NULL && !loose->tight && loose != tight, "with blanks");
	ok(of(all, "{\"a\":\"x\",\"b\":[]}") == tight, "other values");
	ok(of(all, "{\"a\":1}") == tight->prev, "fewer members");
	ok(of(all, "{}") == NULL && of(all, "{ }") == NULL, "empty");
	for (int i = 0; i <= WEIR_OUTLINE_MAX; i++) {
		weir_buf_printf(&b, "%s\"n%d\":1}", i > 0 ? "," : "{", i);
		ok((of(all, weir_buf_cstr(&b)) != NULL) ==
			(i < WEIR_OUTLINE_MAX),
		    "%d members", i + 1);
		b.len--;
	}
	for (int i = 0; i < 20; i++) {
		b.len = 0;
		weir_buf_printf(&b, "{\"x\":1,\"n%d\":1}", i);
		of(all, weir_buf_cstr(&b));
	}
	ok(of(all, "{\"x\":1,\"n3\":1}") != NULL &&
		of(all, "{\"x\":1,\"n19\":1}") == NULL,
	    "no more than 16 follow one");
	weir_buf_fini(&b);
	weir_outlines_free(all);
}

int
main(void)
{
	test_random();
	test_limits();
	return done();
}
