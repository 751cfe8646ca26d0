/*
 * Goal: the results of pairs of events. Method: pairs by hand, in every form;
 * and random names against writing them one by one.
 */
#include "op/pair.h"

#include "base/mem.h"
#include "json/members.h"
#include "random.h"
#include "tap.h"

#include <stdlib.h>

/* Text with readable bytes behind it. */
static struct weir_str
event(struct weir_buf *b, const char *json)
{
	b->len = 0;
	if (json == NULL)
		return (struct weir_str){NULL, 0};
	weir_buf_puts(b, json);
	memset(weir_buf_reserve(b, WEIR_PAD), 0, WEIR_PAD);
	return (struct weir_str){b->data, b->len};
}

static struct weir_keyset keys;

static void
gives(const struct weir_pairs_config *config, const char *left,
    const char *right, const char *want)
{
	struct weir_buf l = {0}, r = {0}, out = {0};
	struct weir_pairs_config c = *config;
	struct weir_pairs p;
	struct weir_error err;
	int rc;

	c.right_keys = &keys;
	if (weir_pairs_init(&p, &c, &err) < 0) {
		ok(0, "%s", err.text);
		return;
	}
	rc = weir_pairs_test(&p, event(&l, left), event(&r, right), &err);
	if (rc > 0)
		rc = weir_pairs_write(
		    &p, event(&l, left), event(&r, right), &out, &err);
	if (rc < 0)
		is_text("error", 5, want);
	else
		is_text(out.data != NULL ? out.data : "", out.len, want);
	weir_pairs_fini(&p);
	weir_buf_fini(&l);
	weir_buf_fini(&r);
	weir_buf_fini(&out);
}

static void
test_fields(void)
{
	struct weir_pairs_config c = {.nest = false};

	gives(&c, "{\"k\":1,\"a\":2}", "{\"k\":1.0,\"b\":3}",
	    "{\"k\":1,\"a\":2,\"b\":3}");
	gives(&c, "{\"k\":1,\"v\":2}", "{\"v\":\"x\",\"k\":1}",
	    "{\"k\":1,\"v\":2,\"v_right\":\"x\"}");
	gives(&c, " { \"k\" : 1 , \"v\" : [1, 2] } ", "{ \"v\" : {\"w\" : 1} }",
	    " { \"k\" : 1 , \"v\" : [1, 2] ,\"v_right\":{\"w\" : 1}}");
	gives(&c, "{}", "{\"b\":3}", "{\"b\":3}");
	gives(&c, "{}", "{\"b\":3,\"c\":4}", "{\"b\":3,\"c\":4}");
	gives(&c, "{\"a\":1}", "{}", "{\"a\":1}");
	gives(&c, "{\"a\":1}", "{\"k\":5}", "{\"a\":1}");
	/* Names are equal as what they stand for. */
	gives(&c, "{\"\\u0061\":1}", "{\"a\":2,\"\\u006b\":3}",
	    "{\"\\u0061\":1,\"a_right\":2}");
	gives(&c, "{ }", "{\"b\":3,\"c\":4}", "{ \"b\":3,\"c\":4}");
	/* Where names only seem to clash, or only seem not to. */
	gives(&c, "{\"a\":\"b\",\"c\":{\"b\":1}}", "{\"b\":3}",
	    "{\"a\":\"b\",\"c\":{\"b\":1},\"b\":3}");
	gives(&c, "{\"a\":\"\\\"b\\\":\"}", "{\"b\":3}",
	    "{\"a\":\"\\\"b\\\":\",\"b\":3}");
	gives(&c, "{\"xb\":1,\"bx\":2}", "{\"b\":3}",
	    "{\"xb\":1,\"bx\":2,\"b\":3}");
	gives(&c, "{\"b\" :1}", "{\"b\":3}", "{\"b\" :1,\"b_right\":3}");
	gives(&c, "{\"b\"\t:1}", "{\"b\":3}", "{\"b\"\t:1,\"b_right\":3}");
	gives(&c, "{\"\":1}", "{\"\":3}", "{\"\":1,\"_right\":3}");
	gives(&c, "{\"a\":1}", "{\"\":3}", "{\"a\":1,\"\":3}");
	gives(&c, "{\"a\":1,\"\\u0062\":2}", "{\"b\":3}",
	    "{\"a\":1,\"\\u0062\":2,\"b_right\":3}");
	gives(&c, "{\"0123456789abcdef\":1,\"long name here\":2}",
	    "{\"z\":0,\"long name here\":3}",
	    "{\"0123456789abcdef\":1,\"long name here\":2,\"z\":0,"
	    "\"long name here_right\":3}");
	/* One side alone is as it was. */
	gives(&c, "{\"k\":1,\"a\":2}", NULL, "{\"k\":1,\"a\":2}");
	gives(&c, NULL, "{\"k\":1,\"b\":2}", "{\"k\":1,\"b\":2}");
}

static void
test_forms(void)
{
	struct weir_pairs_config nest = {.nest = true},
				 project = {.project =
						"l = left.a, r = right.b + 1"},
				 where = {.where = "left.a < right.b"};

	gives(&nest, "{\"a\":1}", "{\"b\":2}",
	    "{\"left\":{\"a\":1},\"right\":{\"b\":2}}");
	gives(&nest, "{\"a\":1}", NULL, "{\"left\":{\"a\":1},\"right\":null}");
	gives(&nest, NULL, "{\"b\":2}", "{\"left\":null,\"right\":{\"b\":2}}");
	gives(&project, "{\"a\":1}", "{\"b\":2}", "{\"l\":1,\"r\":3}");
	gives(&project, "{\"a\":1}", NULL, "{\"l\":1}");
	gives(&project, NULL, "{\"b\":2}", "{\"r\":3}");
	gives(&project, "{\"a\":1}", "{\"b\":\"x\"}", "error");
	gives(&where, "{\"a\":1}", "{\"b\":2}", "{\"a\":1,\"b\":2}");
	gives(&where, "{\"a\":3}", "{\"b\":2}", "");
	gives(&where, "{\"a\":3}", "{}", "");
	gives(&where, "{\"a\":[]}", "{\"b\":2}", "error");
}

/* Name i of a few, some of which end alike. */
static const char *const some[] = {
    "a", "aa", "ba", "b", "", "\\u0061", "a b", "k", "a:", "\\\"a"};
#define NSOME (sizeof some / sizeof *some)

/* An object with the names of bits, and blanks of all sorts. */
static void
object(struct weir_buf *b, unsigned bits, int salt)
{
	static const char *const blanks[] = {"", "", "", " ", "\t"};
	int n = 0;

	weir_buf_puts(b, "{");
	for (unsigned i = 0; i < NSOME; i++)
		if (bits >> i & 1)
			weir_buf_printf(b, "%s\"%s\"%s:%s\"%s\"",
			    n++ > 0 ? "," : "", some[i], blanks[rnd() % 5],
			    blanks[rnd() % 5],
			    some[((unsigned)salt + i) % NSOME]);
	weir_buf_puts(b, "}");
}

/* What it should be, name by name; "a" and its escape are one name. */
static void
expect(struct weir_buf *b, const char *left, unsigned l, const char *right,
    unsigned r)
{
	const char *at = weir_members(right);
	struct weir_member m;
	unsigned i = 0;
	size_t begin;

	l |= l & 33 ? 33 : 0;
	weir_buf_add(b, left, strlen(left) - 1);
	begin = b->len;
	for (; weir_member_next(&at, &m); i++) {
		while ((r >> i & 1) == 0)
			i++;
		if (strcmp(some[i], "k") == 0)
			continue;
		weir_buf_printf(b, "%s\"%s%s\":%.*s",
		    begin > 1 || b->len > begin ? "," : "", some[i],
		    l >> i & 1 ? "_right" : "", (int)m.value.len, m.value.s);
	}
	weir_buf_puts(b, "}");
}

static void
test_names(void)
{
	struct weir_pairs_config c = {.right_keys = &keys};
	struct weir_buf l = {0}, r = {0}, out = {0}, want = {0};
	struct weir_error err;
	struct weir_pairs p;
	int bad = 0;

	weir_pairs_init(&p, &c, &err);
	for (int i = 0; i < 100000; i++) {
		unsigned lbits = (unsigned)rnd() % 1024 & (unsigned)rnd(),
			 rbits = (unsigned)rnd() % 1024 & (unsigned)rnd();

		l.len = r.len = out.len = want.len = 0;
		object(&l, lbits, i);
		object(&r, rbits, i + 1);
		memset(weir_buf_reserve(&l, WEIR_PAD), 0, WEIR_PAD);
		memset(weir_buf_reserve(&r, WEIR_PAD), 0, WEIR_PAD);
		expect(&want, l.data, lbits, r.data, rbits);
		weir_pairs_write(&p, (struct weir_str){l.data, l.len},
		    (struct weir_str){r.data, r.len}, &out, &err);
		if (out.len == want.len &&
		    memcmp(out.data, want.data, out.len) == 0)
			continue;
		if (bad++ < 3)
			printf("# %s\n# %s\n# got %.*s\n# not %.*s\n", l.data,
			    r.data, (int)out.len, out.data, (int)want.len,
			    want.data);
	}
	ok(bad == 0, "names of all sorts, %d differ", bad);
	weir_pairs_fini(&p);
	weir_buf_fini(&l);
	weir_buf_fini(&r);
	weir_buf_fini(&out);
	weir_buf_fini(&want);
}

int
main(void)
{
	struct weir_error err;

	if (weir_keyset_parse(&keys, "k", &err) < 0)
		return 1;
	test_fields();
	test_forms();
	test_names();
	weir_keyset_fini(&keys);
	return done();
}
