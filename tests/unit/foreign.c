/*
 * foreign: what the text of a pipeline tells, of pipelines as people write them.
 */
#include "stream/foreign.h"

#include "tests/unit/tap.h"

static void
stage(const char *pipeline, const char *want)
{
	char out[WEIR_FOREIGN_SHOW];

	ok(strcmp(weir_foreign_stage(pipeline, out), want) == 0, "%s: %s",
	    pipeline, out);
}

static void
untimed(const char *pipeline, bool want)
{
	static const char *const names[] = {"a", "ab", "c"};
	const char *meet[2] = {"", ""};
	bool got = weir_foreign_untimed(pipeline, names, 3, meet);

	ok(got == want, "%s: %s %s", pipeline, meet[0], meet[1]);
	ok(!got || strcmp(meet[0], meet[1]) != 0, "two of them");
}

int
main(void)
{
	stage("sfilter true | jq . | smap a=1", "jq");
	stage("X=1 sfilter 'a | b' | /usr/bin/tee x", "");
	stage("cat | sfilter true | dd", "dd");
	stage("", "");
	untimed("sfilter true \"$a\" \"$c\" | swindow count()", true);
	untimed("sfilter true ${a} $ab", true);
	untimed("sfilter true $ab", false);
	untimed("sfilter true $a >x & sfilter true $c", false);
	untimed("sfilter true $a\nsfilter true $c | smap 'x = 1'", false);
	untimed("sfilter -t ts true $a $c", false);
	untimed("sfilter -Ft ts true $a $c", false);
	untimed("sfilter --time=ts true $a $c", false);
	untimed(
	    "sfilter true $a $c | swindow --proc-time -w 1m 'count()'", false);
	untimed("sjoin --left-time=x --right-time=y -k k $a $c", false);
	untimed("sfilter -i clf true $a $c", false);
	untimed("smerge $a $c", false);
	untimed("'", false);
	return done();
}
