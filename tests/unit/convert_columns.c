/*
 * Goal: csv (RFC 4180) and tsv become the events that they stand for, with exact
 * places; what is wrong costs one line or one record. Method: tests/unit/convert.h.
 */
#define _GNU_SOURCE
#include "tests/unit/convert.h"

#define CSV WEIR_FORMAT_CSV
#define TSV WEIR_FORMAT_TSV

static void
test_csv(void)
{
	gives(CSV, "", "end 0@0");
	gives(CSV, "a,b\n", "end 1@4");
	gives(CSV, "a,b\n1,x\n2,y",
	    "2@4 {\"a\":1,\"b\":\"x\"}\n3@8 {\"a\":2,\"b\":\"y\"}\nend 3@11");
	gives(CSV, "a,b\r\n1,x\r\n2,\r\n",
	    "2@5 {\"a\":1,\"b\":\"x\"}\n3@10 {\"a\":2,\"b\":\"\"}\nend 3@14");
	gives(CSV, "\n\r\na\n\n1\n\n", "5@6 {\"a\":1}\nend 6@9");
	gives(CSV,
	    "\xEF\xBB\xBF"
	    "a\n1\n",
	    "2@5 {\"a\":1}\nend 2@7");
	gives(CSV, "a\n\"1\"\n\"\"\n",
	    "2@2 {\"a\":\"1\"}\n3@6 {\"a\":\"\"}\nend 3@9");
	gives(CSV, "a\n\"x \"\"y\"\"\"\n",
	    "2@2 {\"a\":\"x \\\"y\\\"\"}\nend 2@12");
	gives(CSV, "a,b\n\"1\n2\r\n3\",4\n5,6\n",
	    "2@4 {\"a\":\"1\\n2\\r\\n3\",\"b\":4}\n5@15 {\"a\":5,\"b\":6}\n"
	    "end 5@19");
	gives(CSV, "a,b\n\"x,y\",\"z\"\n",
	    "2@4 {\"a\":\"x,y\",\"b\":\"z\"}\nend 2@14");
	gives(CSV, "a\nb\x01\\c\td\re\n",
	    "2@2 {\"a\":\"b\\u0001\\\\c\\td\\re\"}\nend 2@11");
	gives(CSV, "\"a \"\"b\"\"\",\"c\nd\"\n1,2\n",
	    "3@16 {\"a \\\"b\\\"\":1,\"c\\nd\":2}\nend 3@20");
}

static void
test_numbers(void)
{
	static const char *const numbers[] = {"0", "-0", "1.50", "1e400",
	    "12345678901234567890", "-1.5E-3",
	    "100000000000000000000000000000000000000000000000000"};
	static const char *const texts[] = {"01", "+1", "1.", ".5", "0x1", "1e",
	    "-", "--1", "1 ", " 1", "true", "null", "NaN", "1.2.3",
	    "2026-11-21"};
	char line[200], want[300];

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		snprintf(line, sizeof line, "a\n%s\n", numbers[i]);
		snprintf(want, sizeof want, "2@2 {\"a\":%s}\nend 2@%zu",
		    numbers[i], strlen(line));
		gives(CSV, line, want);
		gives(TSV, line, want);
	}
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		snprintf(line, sizeof line, "a\n%s\n", texts[i]);
		snprintf(want, sizeof want, "2@2 {\"a\":\"%s\"}\nend 2@%zu",
		    texts[i], strlen(line));
		gives(CSV, line, want);
		gives(TSV, line, want);
	}
}

static void
test_bad_csv(void)
{
	gives(CSV, "a,b\n1\n1,2,3\n4,5\n",
	    "2@4 bad 1 1 field where the header has 2\n"
	    "3@6 bad 5 3 fields where the header has 2\n"
	    "4@12 {\"a\":4,\"b\":5}\nend 4@16");
	gives(CSV, "a\n\xff\n\xC0\x80\n\xED\xA0\x80\n1\n",
	    "2@2 bad 1 invalid UTF-8\n3@4 bad 2 invalid UTF-8\n"
	    "4@7 bad 3 invalid UTF-8\n5@11 {\"a\":1}\nend 5@13");
	gives(CSV, "a\nx\"y\n1\n",
	    "2@2 bad 3 a quote inside an unquoted field\n"
	    "3@6 {\"a\":1}\nend 3@8");
	gives(CSV, "a\n\"x\"y\n1\n",
	    "2@2 bad 4 text behind a field's closing quote\n"
	    "3@7 {\"a\":1}\nend 3@9");
	/* An open quote costs the line that it is in. */
	gives(CSV, "a,b\n\"x,1\n2,3\n4,5\n",
	    "2@4 bad 4 a quoted field is not closed\n"
	    "3@9 {\"a\":2,\"b\":3}\n4@13 {\"a\":4,\"b\":5}\nend 4@17");
	gives(CSV, "a,b\n\"x,1\n2,\"y\"\n",
	    "2@4 bad 4 text behind a field's closing quote\n"
	    "3@9 {\"a\":2,\"b\":\"y\"}\nend 3@15");
	/* A record of several lines that is ragged goes as a whole. */
	gives(CSV, "a,b\n\"x\ny\"\n2,3\n",
	    "2@4 bad 5 1 field where the header has 2\n"
	    "4@10 {\"a\":2,\"b\":3}\nend 4@14");
}

static void
test_limit(void)
{
	struct text t = {.s = "a\n123456789012345678901\n\"x\ny\nz\"\n"
			      "\"123456789\n12345678901234567\"\n1\n",
	    .max_line = 20};

	t.len = strlen(t.s);
	gives_with(CSV, &t,
	    "2@2 bad 21 line of 21 bytes is over the limit of 20\n"
	    "3@24 {\"a\":\"x\\ny\\nz\"}\n"
	    "6@32 bad 10 a quoted field is not closed\n"
	    "7@43 bad 18 a quote inside an unquoted field\n"
	    "8@62 {\"a\":1}\nend 8@64");
	t.s = "a\n\"\"\"\"\"\"\n\\\\\\\\\\\\\\\\\n1\n";
	t.len = strlen(t.s);
	t.max_line = 18;
	gives_with(CSV, &t,
	    "2@2 {\"a\":\"\\\"\\\"\"}\n3@9 bad 8 its JSON text of 24 bytes is "
	    "over the limit of 18\n4@18 {\"a\":1}\nend 4@20");
}

static void
test_headers(void)
{
	struct text t = {.s = "1,2\n", .len = 4};

	t.options.header = "x,\"y z\"";
	gives_with(CSV, &t, "1@0 {\"x\":1,\"y z\":2}\nend 1@4");
	t.s = "1\t2\n";
	gives_with(TSV, &t, "1@0 {\"x\":1,\"y z\":2}\nend 1@4");
	gives(CSV, "a,a\n1,2\n",
	    "error 3 descriptor 3:1: the header has two columns `a`; "
	    "--header=a,b,… names them");
	gives(CSV, "a,\n1,2\n",
	    "error 3 descriptor 3:1: the header has a column without a name; "
	    "--header=a,b,… names them");
	gives(CSV, "\na\"\n1,2\n",
	    "error 3 descriptor 3:2: the header is no good: "
	    "a quote inside an unquoted field");
	gives(CSV, "\"a\n1,2\n",
	    "error 3 descriptor 3:1: the header is no good: "
	    "a quoted field is not closed");
	gives(TSV, "\xff\n1\n",
	    "error 3 descriptor 3:1: the header is no good: invalid UTF-8");
}

static void
test_tsv(void)
{
	gives(TSV, "a\tb\n1\tx y\n\t\n",
	    "2@4 {\"a\":1,\"b\":\"x y\"}\n3@10 {\"a\":\"\",\"b\":\"\"}\nend "
	    "3@12");
	gives(TSV, "a\r\nx\\ty\\nz\\\\w\\r\\q\\\r\n",
	    "2@3 {\"a\":\"x\\ty\\nz\\\\w\\r\\\\q\\\\\"}\nend 2@20");
	gives(TSV, "a\n\"x\"\n", "2@2 {\"a\":\"\\\"x\\\"\"}\nend 2@6");
	gives(TSV, "a\\tb\tc\n1\t2\n3\n4\t5\n",
	    "2@7 {\"a\\tb\":1,\"c\":2}\n3@11 bad 1 1 field where the header "
	    "has 2\n4@13 {\"a\\tb\":4,\"c\":5}\nend 4@17");
}

int
main(void)
{
	test_csv();
	test_numbers();
	test_bad_csv();
	test_limit();
	test_headers();
	test_tsv();
	return done();
}
