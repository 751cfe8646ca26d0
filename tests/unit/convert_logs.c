/*
 * Goal: lines of web servers and of syslog become the events that they stand
 * for; a bad one costs itself. Method: tests/unit/convert.h.
 */
#define _GNU_SOURCE
#include "tests/unit/convert.h"

#define CLF	 WEIR_FORMAT_CLF
#define COMBINED WEIR_FORMAT_COMBINED
#define SYSLOG	 WEIR_FORMAT_SYSLOG

#define FRANK                                                                  \
	"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "                      \
	"\"GET /a.gif HTTP/1.0\" 200 2326"
#define FRANK_JSON                                                             \
	"{\"host\":\"127.0.0.1\",\"user\":\"frank\","                          \
	"\"time\":\"2000-10-10T20:55:36Z\",\"method\":\"GET\","                \
	"\"path\":\"/a.gif\",\"protocol\":\"HTTP/1.0\",\"status\":200,"        \
	"\"bytes\":2326"

/* A whole line of syslog, and its object. */
static void
syslog_line(const char *line, const char *json)
{
	struct weir_buf want = {0};
	struct text t = {.s = line, .len = strlen(line), .options.year = 2026};

	weir_buf_printf(&want, "1@0 %s\nend 1@%zu", json, t.len);
	gives_with(SYSLOG, &t, weir_buf_cstr(&want));
	weir_buf_fini(&want);
}

static void
request(const char *quoted, const char *json)
{
	char line[300], want[400];

	snprintf(line, sizeof line,
	    "h - - [01/Jan/2026:00:00:00 +0000] %s 200 1", quoted);
	snprintf(want, sizeof want,
	    "1@0 {\"host\":\"h\",\"time\":\"2026-01-01T00:00:00Z\"%s,"
	    "\"status\":200,\"bytes\":1}\nend 1@%zu",
	    json, strlen(line));
	gives(CLF, line, want);
}

static void
test_requests(void)
{
	request("\"-\"", "");
	request("\"\"", ",\"request\":\"\"");
	request("\"GET /\"", ",\"request\":\"GET /\"");
	request("\"GET /a b HTTP/1.1\"",
	    ",\"method\":\"GET\",\"path\":\"/a b\",\"protocol\":\"HTTP/1.1\"");
	request(
	    "\"\\x16\\x03\\x01\"", ",\"request\":\"\\u0016\\u0003\\u0001\"");
	request("\"\\x16\\xff\"", ",\"request\":\"\\\\x16\\\\xff\"");
	request("\"GET /\\xc3\\xa9\\\"\\\\ HTTP/1.1\"",
	    ",\"method\":\"GET\",\"path\":\"/é\\\"\\\\\","
	    "\"protocol\":\"HTTP/1.1\"");
	request("\"\\q \\x4 \\t\"", ",\"request\":\"\\\\q \\\\x4 \\t\"");
}

static void
test_clf(void)
{
	const char *times[][2] = {
	    {"31/Dec/2025:23:59:60 +0000", "2026-01-01T00:00:00Z"},
	    {"29/Feb/2024:00:00:01 +0130", "2024-02-28T22:30:01Z"}};
	char line[200], want[300];

	refuses(CLF, FRANK, FRANK_JSON "}", "x", "not a line of a common log");
	refuses(CLF, FRANK, FRANK_JSON "}",
	    "h - - [10/Oct/2000:13:55:36] \"GET / HTTP/1.0\" 200 1",
	    "not a line of a common log");
	refuses(CLF, FRANK, FRANK_JSON "}",
	    "h - - [30/Feb/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1",
	    "no time in brackets");
	refuses(CLF, FRANK, FRANK_JSON "}",
	    "h - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0 200 1",
	    "no request in quotes");
	refuses(CLF, FRANK, FRANK_JSON "}",
	    "h - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 2x 1",
	    "no size behind the status");
	refuses(CLF, FRANK, FRANK_JSON "}", FRANK " \"-\" \"x\"",
	    "text behind the size: is it combined?");
	refuses(CLF, FRANK, FRANK_JSON "}",
	    "\xff - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1",
	    "invalid UTF-8");
	gives(CLF, FRANK " \n",
	    "1@0 bad 78 text behind the size: is it "
	    "combined?\nend 1@79");
	gives(CLF, FRANK "\r\n\n", "1@0 " FRANK_JSON "}\nend 2@80");
	for (size_t i = 0; i < 2; i++) {
		snprintf(line, sizeof line, "::1 x a b [%s] \"-\" 000 -",
		    times[i][0]);
		snprintf(want, sizeof want,
		    "1@0 {\"host\":\"::1\",\"ident\":\"x\",\"user\":\"a b\","
		    "\"time\":\"%s\",\"status\":0}\nend 1@%zu",
		    times[i][1], strlen(line));
		gives(CLF, line, want);
	}
}

static void
test_combined(void)
{
	refuses(COMBINED, FRANK " \"http://x/\" \"Mozilla \\\"q\\\"\"",
	    FRANK_JSON ",\"referer\":\"http://x/\","
		       "\"agent\":\"Mozilla \\\"q\\\"\"}",
	    FRANK, "no referer and agent in quotes: is it clf?");
	refuses(COMBINED, FRANK " \"-\" \"-\"", FRANK_JSON "}",
	    FRANK " \"-\" \"-\" x", "text behind the agent");
}

static void
test_rfc5424(void)
{
	syslog_line("<34>1 2003-10-11T22:14:15.003Z m.example.com su - ID47 - "
		    "\xEF\xBB\xBF'su root' failed",
	    "{\"time\":\"2003-10-11T22:14:15.003Z\",\"host\":"
	    "\"m.example.com\",\"app\":\"su\",\"msgid\":\"ID47\","
	    "\"message\":\"'su root' failed\",\"facility\":\"auth\","
	    "\"severity\":\"crit\",\"pri\":34}");
	syslog_line("<165>1 2003-08-24T05:14:15.000003-07:00 1.2.3.4 a 81 - "
		    "[x@1 i=\"3\" e=\"A\\]\\\"\\\\\\n\"][y][z q=\"\"]",
	    "{\"time\":\"2003-08-24T12:14:15.000003Z\",\"host\":\"1.2.3.4\","
	    "\"app\":\"a\",\"pid\":81,\"data\":{\"x@1\":{\"i\":\"3\","
	    "\"e\":\"A]\\\"\\\\\\\\n\"},\"y\":{},\"z\":{\"q\":\"\"}},"
	    "\"facility\":\"local4\",\"severity\":\"notice\",\"pri\":165}");
	syslog_line("<0>1 - - - - - -",
	    "{\"facility\":\"kern\",\"severity\":\"emerg\",\"pri\":0}");
	refuses(SYSLOG, "<0>1 - - - - - -",
	    "{\"facility\":\"kern\",\"severity\":\"emerg\",\"pri\":0}",
	    "<0>1 - - - - - [x a=\"b]", "the structured data is no good");
	refuses(SYSLOG, "<0>1 - - - - - -",
	    "{\"facility\":\"kern\",\"severity\":\"emerg\",\"pri\":0}",
	    "<192>1 - - - - - -", "the priority is no good");
	refuses(SYSLOG, "<0>1 - - - - - -",
	    "{\"facility\":\"kern\",\"severity\":\"emerg\",\"pri\":0}",
	    "<0>1 2003-13-11T22:14:15Z - - - - -", "the time is no good");
	refuses(SYSLOG, "<0>1 - - - - - -",
	    "{\"facility\":\"kern\",\"severity\":\"emerg\",\"pri\":0}",
	    "<0>1 - - - -", "a header field is missing");
}

static void
test_rfc3164(void)
{
	syslog_line("<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
	    "{\"time\":\"2026-10-11T22:14:15Z\",\"host\":\"mymachine\","
	    "\"app\":\"su\",\"message\":\"'su root' failed\",\"facility\":"
	    "\"auth\",\"severity\":\"crit\",\"pri\":34}");
	syslog_line("Feb  5 17:32:18 h postfix/smtpd[12345]: x: y",
	    "{\"time\":\"2026-02-05T17:32:18Z\",\"host\":\"h\",\"app\":"
	    "\"postfix/smtpd\",\"pid\":12345,\"message\":\"x: y\"}");
	syslog_line("2026-11-21T06:59:15.5+01:00 h CRON[1]: (root) CMD",
	    "{\"time\":\"2026-11-21T05:59:15.500Z\",\"host\":\"h\",\"app\":"
	    "\"CRON\",\"pid\":1,\"message\":\"(root) CMD\"}");
	syslog_line("Oct 11 22:14:15.25 h last message repeated 2 times",
	    "{\"time\":\"2026-10-11T22:14:15.250Z\",\"host\":\"h\","
	    "\"message\":\"last message repeated 2 times\"}");
	syslog_line("<13>Oct 11 22:14:15 app: no host",
	    "{\"time\":\"2026-10-11T22:14:15Z\",\"app\":\"app\",\"message\":"
	    "\"no host\",\"facility\":\"user\",\"severity\":\"notice\","
	    "\"pri\":13}");
	refuses(SYSLOG, "Jan  1 00:00:00 h a: b",
	    "{\"time\":\"2026-01-01T00:00:00Z\",\"host\":\"h\",\"app\":\"a\","
	    "\"message\":\"b\"}",
	    "Jan 32 00:00:00 h a: b", "no time where one is expected");
}

/* Years that the lines do not tell. */
static void
test_years(void)
{
	struct text t = {.s = "Dec 31 23:59:59 h a: 1\n"
			      "Jan  1 00:00:01 h a: 2\n"
			      "Dec 31 23:59:58 h a: 3\n"
			      "Feb 29 00:00:00 h a: 4\n",
	    .options.year = 2023};

	t.len = strlen(t.s);
	gives_with(SYSLOG, &t,
	    "1@0 {\"time\":\"2023-12-31T23:59:59Z\",\"host\":\"h\","
	    "\"app\":\"a\",\"message\":\"1\"}\n"
	    "2@23 {\"time\":\"2024-01-01T00:00:01Z\",\"host\":\"h\","
	    "\"app\":\"a\",\"message\":\"2\"}\n"
	    "3@46 {\"time\":\"2023-12-31T23:59:58Z\",\"host\":\"h\","
	    "\"app\":\"a\",\"message\":\"3\"}\n"
	    "4@69 {\"time\":\"2024-02-29T00:00:00Z\",\"host\":\"h\","
	    "\"app\":\"a\",\"message\":\"4\"}\n"
	    "end 4@92");
}

int
main(void)
{
	test_requests();
	test_clf();
	test_combined();
	test_rfc5424();
	test_rfc3164();
	test_years();
	return done();
}
