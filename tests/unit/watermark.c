/* Goal: merged watermarks. Method: small scripts, then a naive minimum. */
#include "stream/watermark.h"

#include "tap.h"

#include <stdlib.h>

static void
test_merge(void)
{
	struct weir_watermark wm;

	weir_watermark_init(&wm, 2);
	ok(wm.merged == WEIR_TIME_NONE, "nothing is known at first");
	ok(weir_watermark_lowest(&wm) == 0, "ties go by operand order");
	ok(weir_watermark_raise(&wm, 0, 5) == 0, "one input does not move it");
	ok(weir_watermark_lowest(&wm) == 1, "the lowest goes next");
	ok(weir_watermark_raise(&wm, 1, 3) == 1 && wm.merged == 3, "both do");
	ok(weir_watermark_raise(&wm, 1, 2) == 0 && wm.merged == 3,
	    "it never goes back");
	ok(weir_watermark_bound(&wm, 1) == 4,
	    "an earlier operand wins a tie: the second goes up to 4");
	ok(weir_watermark_bound(&wm, 0) == 3,
	    "the first goes up to 3, the tie included");
	ok(weir_watermark_end(&wm, 1) == 1 && wm.merged == 5,
	    "an input that ended holds nothing back");
	ok(weir_watermark_end(&wm, 0) == 1 && wm.merged == WEIR_TIME_MAX,
	    "the end of all is plus infinity");
	ok(weir_watermark_all_ended(&wm), "all have ended");
	weir_watermark_fini(&wm);
}

static void
test_idle(void)
{
	struct weir_watermark wm;

	weir_watermark_init(&wm, 2);
	weir_watermark_raise(&wm, 0, 10);
	ok(weir_watermark_idle(&wm, 1, true) == 1 && wm.merged == 10,
	    "an idle input holds nothing back");
	ok(weir_watermark_idle(&wm, 0, true) == 0 && wm.merged == 10,
	    "when all are idle it stands still");
	ok(weir_watermark_all_idle(&wm) && weir_watermark_lowest(&wm) == 2,
	    "and there is nothing to process");
	ok(weir_watermark_lift(&wm, 12) == 1 && wm.merged == 12,
	    "the clock lifts it");
	ok(weir_watermark_idle(&wm, 1, false) == 0 && wm.merged == 12,
	    "an input that speaks again does not pull it back");
	ok(wm.inputs[1].t == 12, "its own has risen");
	weir_watermark_end(&wm, 0);
	ok(!weir_watermark_all_idle(&wm), "one active is not all idle");
	weir_watermark_idle(&wm, 1, true);
	ok(weir_watermark_all_idle(&wm), "ended ones do not count");
	weir_watermark_fini(&wm);
}

/* Against the definition, over random steps. */
static void
test_random(void)
{
	struct weir_watermark wm;
	int64_t own[4], merged = WEIR_TIME_NONE, least;
	unsigned seed = 1;
	int step, good = 1;
	size_t i;

	weir_watermark_init(&wm, 4);
	for (i = 0; i < 4; i++)
		own[i] = WEIR_TIME_NONE;
	for (step = 0; step < 20000; step++) {
		seed = seed * 1103515245 + 12345;
		i = seed >> 16 & 3;
		if (own[i] == WEIR_TIME_NONE)
			own[i] = 0;
		own[i] += seed >> 20 & 15;
		weir_watermark_raise(&wm, i, own[i]);
		least = own[0];
		for (i = 1; i < 4; i++)
			least = own[i] < least ? own[i] : least;
		merged = least > merged ? least : merged;
		good &= wm.merged == merged;
		i = weir_watermark_lowest(&wm);
		good &=
		    own[i] == least && weir_watermark_bound(&wm, i) >= least;
	}
	ok(good, "20,000 random steps agree with the minimum");
	weir_watermark_fini(&wm);
}

int
main(void)
{
	test_merge();
	test_idle();
	test_random();
	return done();
}
