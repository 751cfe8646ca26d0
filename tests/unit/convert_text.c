/*
 * Goal: logfmt, lines and what a regular expression catches become the events
 * that they stand for; a bad line costs itself. Method: tests/unit/convert.h.
 */
#define _GNU_SOURCE
#include "tests/unit/convert.h"

#define LOGFMT WEIR_FORMAT_LOGFMT
#define LINES  WEIR_FORMAT_LINES

static void
logfmt(const char *line, const char *json)
{
	char want[400];

	snprintf(want, sizeof want, "1@0 %s\nend 1@%zu", json, strlen(line));
	gives(LOGFMT, line, want);
}

static void
test_logfmt(void)
{
	logfmt("a=1", "{\"a\":1}");
	logfmt("  a=1 \t b=x  ", "{\"a\":1,\"b\":\"x\"}");
	logfmt("a b= c=\"\"", "{\"a\":true,\"b\":\"\",\"c\":\"\"}");
	logfmt("a=true b=false c=null d=True e=\"true\"",
	    "{\"a\":true,\"b\":false,\"c\":null,\"d\":\"True\","
	    "\"e\":\"true\"}");
	logfmt("a=01 b=\"5\" c=-5e3 d=5s",
	    "{\"a\":\"01\",\"b\":\"5\",\"c\":-5e3,\"d\":\"5s\"}");
	logfmt("a=\"x \\\"y\\\" \\\\ \\n \\u00e9 C:\\dir \\u12\"",
	    "{\"a\":\"x \\\"y\\\" \\\\ \\n \\u00e9 C:\\\\dir \\\\u12\"}");
	logfmt("url=http://x?a=b&c=d \xC3\xA9=\xC3\xA9 a\\b=\\",
	    "{\"url\":\"http://x?a=b&c=d\",\"é\":\"é\",\"a\\\\b\":\"\\\\\"}");
	logfmt("a=1 a=2", "{\"a\":1,\"a\":2}");
	logfmt("a=\x01\x7f", "{\"a\":\"\\u0001\x7f\"}");
	refuses(LOGFMT, "a=1", "{\"a\":1}", "a=\"x",
	    "a quoted value is not closed");
	refuses(
	    LOGFMT, "a=1", "{\"a\":1}", "=x", "no name where one is expected");
	refuses(LOGFMT, "a=1", "{\"a\":1}", "a=x\"y",
	    "no space between two fields");
	refuses(LOGFMT, "a=1", "{\"a\":1}", "a=\"x\"y",
	    "no space between two fields");
	refuses(LOGFMT, "a=1", "{\"a\":1}", "a=\xff", "invalid UTF-8");
	refuses(LOGFMT, "a=1", "{\"a\":1}", "\xff=1", "invalid UTF-8");
	gives(LOGFMT, "\n \t\r\na=1\n", "3@5 {\"a\":1}\nend 3@9");
}

/* More names than are remembered: all are still written. */
static void
test_many_names(void)
{
	struct weir_buf s = {0}, want = {0};
	struct text t;
	size_t at;

	for (int i = 0; i < 3000; i++) {
		at = s.len;
		weir_buf_printf(&s, "n%d=%d last=%d\n", i, i, i);
		weir_buf_printf(&want, "%d@%zu {\"n%d\":%d,\"last\":%d}\n",
		    i + 1, at, i, i, i);
	}
	weir_buf_printf(&want, "end 3000@%zu", s.len);
	t = (struct text){.s = s.data, .len = s.len};
	gives_with(LOGFMT, &t, weir_buf_cstr(&want));
	weir_buf_fini(&s);
	weir_buf_fini(&want);
}

static void
test_lines(void)
{
	struct text t = {.s = "a\0b\n", .len = 4};

	gives(LINES, "a\n\n b \r\n\"\\\n\x1b[0m\nlast",
	    "1@0 {\"line\":\"a\"}\n2@2 {\"line\":\"\"}\n3@3 {\"line\":\" b "
	    "\"}\n"
	    "4@8 {\"line\":\"\\\"\\\\\"}\n5@11 {\"line\":\"\\u001b[0m\"}\n"
	    "6@16 {\"line\":\"last\"}\nend 6@20");
	refuses(
	    LINES, "x", "{\"line\":\"x\"}", "\xE2\x28\xA1", "invalid UTF-8");
	gives_with(LINES, &t, "1@0 {\"line\":\"a\\u0000b\"}\nend 1@4");
}

static void
test_regex(void)
{
	struct text t = {.s = "GET /x 200\n404\n\nPUT /y -\nA\xff 1\n",
	    .options.regex =
		"^(?<verb>[A-Z]+) (?P<rest>(?<path>\\S+) (?:(?<code>\\d+)|-))"};
	struct weir_prover *p = weir_prover_new();
	struct weir_convert_options o = {.regex = "x("};
	struct weir_error err;

	t.len = strlen(t.s);
	gives_with(WEIR_FORMAT_REGEX, &t,
	    "1@0 {\"verb\":\"GET\",\"rest\":\"/x 200\",\"path\":\"/x\","
	    "\"code\":200}\n2@11 bad 3 the line does not match\n"
	    "4@16 {\"verb\":\"PUT\",\"rest\":\"/y -\",\"path\":\"/y\"}\n"
	    "5@25 bad 4 invalid UTF-8\nend 5@30");
	t.s = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n";
	t.len = strlen(t.s);
	t.options.regex = "^(?<x>(a+)+)$";
	gives_with(
	    WEIR_FORMAT_REGEX, &t, "1@0 bad 31 match limit exceeded\nend 1@32");
	ok(weir_converter_new(WEIR_FORMAT_REGEX, &o, p, &err) == NULL &&
		err.status == WEIR_USAGE,
	    "an expression that does not compile is refused");
	o.regex = "(a)";
	ok(weir_converter_new(WEIR_FORMAT_REGEX, &o, p, &err) == NULL &&
		strstr(err.text, "no named group") != NULL,
	    "and one without a name in it");
	weir_prover_free(p);
}

int
main(void)
{
	test_logfmt();
	test_many_names();
	test_lines();
	test_regex();
	return done();
}
