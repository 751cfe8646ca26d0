/*
 * Goal: joins of two streams give what their definition says. Method: random
 * streams against nested loops; see the parts.
 */
#include "op/sjoin.h"

#include "fakeinputs.h"
#include "tap.h"

int
main(void)
{
	struct weir_sjoin_config c = {.keys = "k", .within = "5ns"};
	struct weir_error err;
	struct weir_sjoin *sj = weir_sjoin_new(&c, &err);
	struct weir_stage st;

	fake_init(&st, weir_sjoin_ops(sj), sj);
	fake_operands(&st, 0, 0);
	ok(weir_sjoin_attach(sj, &st, &err) > 0, "attach");
	ok(st.ops->open(sj, &st, &err) > 0, "open");
	fake_feed(&st, 0, "{\"k\":1,\"l\":1}", 10, 0);
	fake_feed(&st, 0, "{\"k\":1,\"l\":2}", 20, 0);
	ok(fake_pump(&st, &err) > 0 && st.out.len == 0, "waits");
	fake_feed(&st, 1, "{\"k\":1,\"r\":1}", 11, 0);
	fake_feed(&st, 1, "{\"k\":1,\"r\":2}", 16, 0);
	fake_feed(&st, 1, "{\"k\":1,\"r\":3}", 25, 0);
	ok(fake_finish(&st, &err) > 0, "finish");
	is_text(st.out.data, st.out.len,
	    "{\"k\":1,\"l\":1,\"r\":1}\n{\"k\":1,\"l\":2,\"r\":2}\n"
	    "{\"k\":1,\"l\":2,\"r\":3}\n");
	fake_fini(&st);
	weir_sjoin_free(sj);
	return done();
}
