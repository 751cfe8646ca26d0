/*
 * control: HELLO, BARRIER and END must survive the way over the wire, and
 * nothing hostile may get in. Round trips, then payloads wrong in one way each.
 */
#include "base/buf.h"
#include "event/control.h"
#include "tests/unit/tap.h"

#include <stdlib.h>

static struct weir_error err;

static void
hello_join(void)
{
	static const char one[] =
	    "{\"version\":1,\"changes\":\"append\",\"job\":{\"id\":\"j\","
	    "\"dir\":\"/d\",\"epoch\":7,\"restore\":\"3.1\",\"paths\":["
	    "{\"source\":\"in\",\"tools\":{\"swindow\":1,\"smap\":3}}]}}";
	static const char other[] =
	    "{\"version\":1,\"changes\":\"retract\",\"job\":{\"id\":\"j\","
	    "\"dir\":\"/d\",\"epoch\":7,\"restore\":\"3.1\",\"paths\":["
	    "{\"source\":\"in\",\"tools\":{\"swindow\":2,\"time\":1}},"
	    "{\"source\":\"a\",\"tools\":{\"smap\":1}}]}}";
	static const char both[] =
	    "{\"version\":1,\"changes\":\"retract\",\"job\":{\"id\":\"j\","
	    "\"dir\":\"/d\",\"epoch\":7,\"restore\":\"3.1\",\"paths\":["
	    "{\"source\":\"in\",\"tools\":{\"swindow\":2,\"smap\":3,"
	    "\"time\":1}},{\"source\":\"a\",\"tools\":{\"smap\":1}}]}}";
	struct weir_hello a, b, none = {0};
	struct weir_buf out = {0};

	if (weir_hello_read(&a, one, strlen(one), &err) < 0 ||
	    weir_hello_read(&b, other, strlen(other), &err) < 0)
		abort();
	ok(weir_hello_same_job(&a, &b) && weir_hello_same_job(&none, &none),
	    "of one job, or none");
	ok(!weir_hello_same_job(&a, &none), "a job and none");
	b.epoch++;
	ok(!weir_hello_same_job(&a, &b), "another incarnation");
	weir_hello_join(&a, &b);
	weir_hello_write(&out, &a);
	is_text(out.data, out.len, both);
	weir_hello_fini(&a);
	weir_hello_fini(&b);
	weir_buf_fini(&out);
}

static void
hello_round_trip(void)
{
	static const char text[] =
	    "{\"version\":1,\"changes\":\"retract\",\"job\":{\"id\":\"j-1\","
	    "\"dir\":\"/var/\\\"x\",\"epoch\":7,\"restore\":\"3.1\","
	    "\"paths\":[{\"source\":\"in\",\"tools\":{\"swindow\":1,"
	    "\"time\":2}},{\"source\":\"b\",\"tools\":{}}]}}";
	struct weir_hello h, copy;
	struct weir_buf out = {0};
	char *id;

	ok(weir_hello_read(&h, text, strlen(text), &err) == 1, "HELLO reads");
	ok(h.retract && h.job && h.epoch == 7, "its numbers");
	ok(strcmp(h.dir, "/var/\"x") == 0, "its directory");
	ok(h.npaths == 2 && h.paths[0].ntools == 2, "its paths");
	weir_hello_write(&out, &h);
	is_text(out.data, out.len, text);
	weir_hello_copy(&copy, &h);
	weir_hello_fini(&h);
	out.len = 0;
	weir_hello_write(&out, &copy);
	is_text(out.data, out.len, text);

	ok(weir_hello_count(&copy, "swindow") == 2, "second on one path");
	ok(copy.paths[1].tools[0].count == 1, "first on the other");
	id = weir_hello_identity(&copy, "swindow", 2);
	is_text(id, strlen(id), "b+in/swindow.2");
	free(id);
	weir_hello_fini(&copy);

	hello_join();
	h = (struct weir_hello){0};
	out.len = 0;
	weir_hello_write(&out, &h);
	is_text(out.data, out.len, "{\"version\":1,\"changes\":\"append\"}");
	ok(weir_hello_count(&h, "x") == 1, "counting without paths");
	weir_buf_fini(&out);
}

static void
barrier_and_end_round_trip(void)
{
	static const char barrier[] =
	    "{\"checkpoint\":12,\"events\":18446744073709551615,\"parts\":"
	    "[[\"in/swindow.1\",\"in%2Fswindow.1.part\"],[\"in\",\"in\"]]}";
	static const char end[] =
	    "{\"reason\":\"failed\",\"status\":6,\"message\":\"a\\nb\","
	    "\"checkpoint\":3,\"events\":9,\"parts\":[]}";
	struct weir_barrier b;
	struct weir_end e;
	struct weir_buf out = {0};

	ok(weir_barrier_read(&b, barrier, strlen(barrier), &err) == 1,
	    "BARRIER reads");
	ok(b.checkpoint == 12 && b.events == UINT64_MAX, "its numbers");
	weir_barrier_write(&out, &b);
	is_text(out.data, out.len, barrier);
	weir_parts_join(&b.parts, &b.parts);
	ok(b.parts.n == 2, "joining what is there adds nothing");
	weir_barrier_fini(&b);

	out.len = 0;
	ok(weir_end_read(&e, end, strlen(end), &err) == 1, "END reads");
	weir_end_write(&out, &e);
	is_text(out.data, out.len, end);
	weir_end_fini(&e);

	e = (struct weir_end){.message = (char[]){"\xff /tmp"}};
	out.len = 0;
	weir_end_write(&out, &e);
	ok(weir_end_read(&e, out.data, out.len, &err) == 1,
	    "a message that is no UTF-8 is still sent");
	is_text(e.message, strlen(e.message), "\\xff /tmp");
	weir_end_fini(&e);
	weir_buf_fini(&out);
}

static void
forward_compatibility(void)
{
	static const char text[] =
	    " {\"new\":[{\"a\":1}],\"version\":1,\"changes\":\"append\","
	    "\"job\":null} \r";
	static const char end[] = "{\"reason\":\"complete\",\"status\":0,"
				  "\"events\":0,\"message\":null}";
	struct weir_hello h;
	struct weir_end e;

	ok(weir_hello_read(&h, text, strlen(text), &err) == 1,
	    "unknown members, null and blanks are fine");
	ok(!h.job, "null is absent");
	weir_hello_fini(&h);
	ok(weir_end_read(&e, end, strlen(end), &err) == 1,
	    "an END may leave out what it has not");
	weir_end_fini(&e);
}

#define JOB(id, dir, epoch, restore, paths)                                    \
	"{\"version\":1,\"job\":{\"id\":" id ",\"dir\":" dir                   \
	",\"epoch\":" epoch ",\"restore\":" restore ",\"paths\":" paths "}}"
#define PATHS "[{\"source\":\"in\",\"tools\":{}}]"

static void
bad_hellos(void)
{
	static const char *const bad[] = {"", "{", "[]", "nonsense",
	    "{\"version\":1}{\"version\":1}", "{}", "{\"version\":2}",
	    "{\"version\":\"1\"}", "{\"version\":1.0}", "{\"version\":-1}",
	    "{\"version\":1,\"changes\":\"x\"}",
	    "{\"version\":1,\"changes\":1}", "{\"version\":1,\"job\":[]}",
	    "{\"version\":1,\"\\ud800\":1}",
	    JOB("\"\"", "\"/d\"", "1", "null", PATHS),
	    JOB("\"a\\u0000\"", "\"/d\"", "1", "null", PATHS),
	    JOB("\"j\"", "\"d\"", "1", "null", PATHS),
	    JOB("\"j\"", "\"/d\\u0000\"", "1", "null", PATHS),
	    JOB("\"j\"", "\"/d\"", "-1", "null", PATHS),
	    JOB("\"j\"", "\"/d\"", "1e3", "null", PATHS),
	    JOB("\"j\"", "\"/d\"", "1", "\"3\"", PATHS),
	    JOB("\"j\"", "\"/d\"", "1", "\"3.\"", PATHS),
	    JOB("\"j\"", "\"/d\"", "1", "\".3\"", PATHS),
	    JOB("\"j\"", "\"/d\"", "1", "\"3.1.\"", PATHS),
	    JOB("\"j\"", "\"/d\"", "1", "\"../3.1\"", PATHS),
	    JOB("\"j\"", "\"/d\"", "1", "\"99999999999999999999.1\"", PATHS),
	    JOB("\"j\"", "\"/d\"", "1", "3.1", PATHS),
	    JOB("\"j\"", "\"/d\"", "1", "null", "[]"),
	    JOB("\"j\"", "\"/d\"", "1", "null", "{}"),
	    JOB("\"j\"", "\"/d\"", "1", "null", "[1]"),
	    JOB("\"j\"", "\"/d\"", "1", "null", "[{\"tools\":{}}]"),
	    JOB("\"j\"", "\"/d\"", "1", "null", "[{\"source\":\"in\"}]"),
	    JOB("\"j\"", "\"/d\"", "1", "null",
		"[{\"source\":\"a/b\",\"tools\":{}}]"),
	    JOB("\"j\"", "\"/d\"", "1", "null",
		"[{\"source\":\"a\",\"tools\":{\"..\":1}}]"),
	    JOB("\"j\"", "\"/d\"", "1", "null",
		"[{\"source\":\"a\",\"tools\":{\"t\":4294967296}}]")};
	struct weir_hello h;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		err = (struct weir_error){0};
		ok(weir_hello_read(&h, bad[i], strlen(bad[i]), &err) == -1 &&
			err.status == 3 && h.paths == NULL,
		    "refused: %s", bad[i]);
	}
}

static void
bad_parts(void)
{
	static const char *const bad[] = {"1", "{}", "[1]", "[[]]", "[[\"a\"]]",
	    "[[\"a\",1]]", "[[1,\"a\"]]", "[[\"a\",\"b\",\"c\"]]",
	    "[[\"a\",\"\"]]", "[[\"\",\"b\"]]", "[[\"a\",\"..\"]]",
	    "[[\"a\",\".hidden\"]]", "[[\"a\",\"b/c\"]]",
	    "[[\"a\",\"b\\u0000\"]]", "[[\"a\\n\",\"b\"]]",
	    "[[\"a\\u0085\",\"b\"]]", "[[\"a\\u007f\",\"b\"]]",
	    "[[\"a\",\"\xc3\xa9\"]]", "[[\"a\",\"b c\"]]"};
	struct weir_barrier b;
	char text[200];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text,
		    "{\"checkpoint\":1,\"events\":0,\"parts\":%s}", bad[i]);
		ok(weir_barrier_read(&b, text, strlen(text), &err) == -1,
		    "refused: parts %s", bad[i]);
	}
}

/* {"checkpoint":1,"events":0,"parts":[["s","f"] n times]} */
static int
read_many(size_t n, size_t file_len)
{
	struct weir_buf out = {0};
	struct weir_barrier b;
	int rc;

	weir_buf_puts(&out, "{\"checkpoint\":1,\"events\":0,\"parts\":[");
	for (size_t i = 0; i < n; i++) {
		weir_buf_puts(&out, i > 0 ? ",[\"s\",\"" : "[\"s\",\"");
		for (size_t j = 0; j < file_len; j++)
			weir_buf_putc(&out, 'f');
		weir_buf_puts(&out, "\"]");
	}
	weir_buf_puts(&out, "]}");
	rc = weir_barrier_read(&b, out.data, out.len, &err);
	weir_barrier_fini(&b);
	weir_buf_fini(&out);
	return rc;
}

static void
limits(void)
{
	ok(read_many(WEIR_PARTS_MAX, 1) == 1, "as many parts as allowed");
	ok(read_many(WEIR_PARTS_MAX + 1, 1) == -1, "one part too many");
	ok(read_many(1, 255) == 1, "a file name of 255");
	ok(read_many(1, 256) == -1, "a file name of 256");
	ok(read_many(4000, 300) == -1, "a payload over the limit");
}

int
main(void)
{
	hello_round_trip();
	barrier_and_end_round_trip();
	forward_compatibility();
	bad_hellos();
	bad_parts();
	limits();
	return done();
}
