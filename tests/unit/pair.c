/*
 * Goal: the results of pairs of events. Method: pairs by hand, in every form.
 */
#include "op/pair.h"

#include "base/mem.h"
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

int
main(void)
{
	struct weir_error err;

	if (weir_keyset_parse(&keys, "k", &err) < 0)
		return 1;
	test_fields();
	test_forms();
	weir_keyset_fini(&keys);
	return done();
}
