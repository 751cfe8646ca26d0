/*
 * Goal: the prover accepts exactly the valid objects, whatever their place in
 * memory and however long their strings, and yajl always says the same.
 * Method: tables of texts, each at 64 alignments; strings of every length up to
 * 70 with something odd at every place; limits of depth.
 */
#include "base/text.h"
#include "json/check.h"
#include "json/prover.h"
#include "tests/unit/tap.h"

#include <stdlib.h>

#define A2(s) s s
#define A8(s) A2(A2(A2(s)))

/* Values, good in any place of an object where a value may be. */
static const char *const good_values[] = {"0", "-0", "1", "-1", "10",
    "1234567890", "12345678901234567890", "-98765432109876543210",
    A8("1234567890"), "0.0", "-0.0", "0.5", "1.25", "-1.000001",
    "0." A8("0000000000") "1", "1e1", "1E1", "1e+1", "1e-1", "1.5E+10", "0e0",
    "-0e-0", "1e400", "-1e400", "1e-400", "1e99999999999999999999",
    "123456789012345.6789012345e12", "1e0000000000000000000000001", "true",
    "false", "null", "\"\"", "\"a\"", "\" \"", "\"\\\"\"", "\"\\\\\"",
    "\"\\/\"", "\"\\b\\f\\n\\r\\t\"", "\"/\"", "\"\\u0000\"", "\"\\u001F\"",
    "\"\\uabcd\"", "\"\\uABCD\"", "\"\\uaBcD\"", "\"\\ud83d\\ude00\"",
    "\"\\uD800\"", "\"\\uDC00\"", "\"\\udfff\\ud800\"", "\"\\uD800\\n\"",
    "\"\\uD800\\uD800\"", "\"\\uD800x\"", "\"\\ud83d\\u0041\"", "\"\\\\u12\"",
    "\"\\u0022\"", "\"\177\"", "\"\302\200\"", "\"\337\277\"",
    "\"\340\240\200\"", "\"\355\237\277\"", "\"\356\200\200\"",
    "\"\357\277\277\"", "\"\357\273\277\"", "\"\357\277\276\"",
    "\"\360\220\200\200\"", "\"\364\217\277\277\"",
    "\"\302\200\302\200\\n\303\277\"", "\"a\342\202\254b\360\237\230\200c\"",
    "\"\342\200\250\342\200\251\"", "\"[],:{}'//**/#\"", "[]", "[ ]", "[\t]",
    "[\r]", "{}", "{ }", "[1]", "[ 1 ]", "[1,2]", "[1 , 2]", "[[]]", "[[],[]]",
    "[{}]", "[{},{}]", "[\"\",0,true]", "[null,false,{\"a\":[]}]", "{\"\":0}",
    "{\"b\":1,\"b\":2}", "{\"b\" : 1 }", "{ \"b\":1 , \"c\" :2}",
    "{\"b\":{\"c\":{\"d\":[[[1]]]}}}", "[\"\\\\\",\"\\\\\"]",
    "{\"\\u0061\":{\"\\n\":1}}", "{\"\303\251\":{\"\\ud800\":1}}",
    "[1e1,-0.5e-5]"};

/* The same, not good. A newline in one ends the line too early. */
static const char *const bad_values[] = {"", " ", "-", "+", "+1", "--1", "01",
    "-01", "00", "1.", "-1.", ".5", "-.5", "1..2", "1.2.3", "1e", "1e+", "1e-",
    "1e+-1", "1e1.5", "1e1e1", "1.e1", "0x10", "0x", "1_000", "1 2", "1,", ",1",
    "1a", "1-", "1+1", "-a", "- 1", "0 1", "1 e1", "1e 1", "1. 5",
    "\357\274\221", "Infinity", "-Infinity", "NaN", "nan", "inf", "-inf",
    "True", "TRUE", "tru", "truE", "truee", "true1", "t", "fals", "falsee",
    "nul", "nulll", "Null", "n", "undefined", "a", "'a'", "\"", "\"a", "a\"",
    "\"\\\"", "\"a\"\"", "\"a\"b", "\"a\" \"b\"", "\"\\a\"", "\"\\x41\"",
    "\"\\'\"", "\"\\0\"", "\"\\ \"", "\"\\\t\"", "\"\\\302\200\"", "\"\\u\"",
    "\"\\u1\"", "\"\\u12\"", "\"\\u123\"", "\"\\u123g\"", "\"\\u12 4\"",
    "\"\\U1234\"", "\"\\u+123\"", "\"\\uD800\\u\"", "\"\\uD800\\u12\"",
    "\"\\ud83d\\ude0\"", "\"\\", "\"\\u", "\"\\u00", "\"\t\"", "\"\r\"",
    "\"\001\"", "\"\037\"", "\"\f\"", "\"\v\"", "\"\n\"", "\"\200\"",
    "\"\277\"", "\"\300\200\"", "\"\300\257\"", "\"\301\277\"", "\"\302\"",
    "\"\302a\"", "\"\302\300\"", "\"\340\237\277\"", "\"\340\200\200\"",
    "\"\340\240\"", "\"\340\240a\"", "\"\355\240\200\"", "\"\355\277\277\"",
    "\"\355\240\275\355\270\200\"", "\"\356\200\"", "\"\360\217\277\277\"",
    "\"\360\200\200\200\"", "\"\360\220\200\"", "\"\360\220\200a\"",
    "\"\364\220\200\200\"", "\"\365\200\200\200\"", "\"\370\210\200\200\200\"",
    "\"\374\204\200\200\200\200\"", "\"\376\"", "\"\377\"", "\"\303\251\251\"",
    "\"\\n\377\"", "\200", "\303\251", "\357\273\277",
    "\357\273\277"
    "1",
    "[", "]", "[1", "1]", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "[1:2]",
    "[1;2]", "[]]", "[[]", "[}", "{]", "[1}", "{", "}", "{}}", "{{}", "{1}",
    "{1:1}", "{a:1}", "{'a':1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}",
    "{,\"a\":1}", "{\"a\":1,,\"b\":2}", "{\"a\":1 \"b\":2}", "{\"a\" 1}",
    "{\"a\"::1}", "{\"a\",1}", "{\"a\"=1}", "{:1}", "{\"a\":1:2}", "{null:1}",
    "{[]:1}", "{\"a\":1]", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,",
    "{\"\t\":1}", "{\"\\a\":1}", "{\"\377\":1}", "{\"\355\240\200\":1}", "\f1",
    "1\f", "\v1", "1\v", "\n1", "1\n", "[\f1]", "[1\f]", "[1\v,2]", "{\f}",
    "{\"a\"\f:1}", "{\"a\":\f1}", "{\"a\":1\f,\"b\":2}",
    "\302\240"
    "1",
    "1\302\240",
    "\342\200\250"
    "1",
    "\205"
    "1",
    "/**/1", "1/**/", "//", "1//x", "#", "1#", "[1]x", "{}x", "\"a\"x", "truex",
    "*", "&", "\\n", "\\u0031", "\001", "\177", "\033[0m"};

/* Whole lines. */
static const char *const good_lines[] = {"{}", " {}", "{} ", "\t{}\t", "\r{}\r",
    " \t\r { \t\r } \t\r ", "{}\r", "{\"a\":1}\r", "{\"a\":1,\"b\":2}",
    "{ \"a\" : 1 , \"b\" : 2 }", "{\"a\":1,\"a\":2,\"a\":3}", "{\"\":\"\"}",
    "{\"\":1,\"\":2}", "{\"\\u0000\":1}", "{\"a\\\"b\":1,\"a\\\\\":2}",
    "{\t\"a\"\t:\t1\t,\t\"b\"\r:\r2\r}", "{\"\177\":1}", "{\"\303\251\":1}",
    "{\"\357\273\277\":1}",
    "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaa\":1,\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":2,"
    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":3,"
    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":4}"};
static const char *const bad_lines[] = {"", " ", "\t\r ", "[]", "[{}]", "1",
    "\"a\"", "null", "true", "a", "{", "}", "{}{}", "{} {}", "{},", ",{}",
    "{}}", "{}]", "{} x", "x {}", "{}\"", "{} \"abc", "{} tru", "{} -", "{}\\",
    "\357\273\277{}", "{}\357\273\277", "{\357\273\277}", "\f{}", "{}\f",
    "\v{}", "{}\v", "{}\001", "{} /**/", "/**/{}", "\302\240{}", "\377{}",
    "{}\377", "\036{}", "({})", "{\"a\":1", "{\"a\":1]", "{\"a\":1}}",
    "{\"a\":1},", "{\"a\":1};", "{\"a\"", "{\"a", "{\"", "{\"a\":\"",
    "{\"a\":\"\\", "{a}", "{\"a\":1 \"b\":2}", "{\"a\":1,}", "{,\"a\":1}",
    "{\"a\":1,,\"b\":1}", "{\"a\":1;\"b\":2}", "{\"a\":1,\"b\"}",
    "{\"a\":1,\"b\":}", "{\"a\":1,2}", "{\"a\":1,true}", "{\"a\":1,{}}",
    "{\"a\":1,[]}", "{{}}", "{[]}", "{\"a\":{\"b\":[1,2}}"};

static struct weir_prover *prover;
static struct weir_slot slots[4];
static uint16_t offsets[WEIR_INDEX_MAX];
static char *room; /* aligned, ROOM bytes */

#define ROOM 262144

/*
 * Prove a line (its newline not included) at an offset from 64-byte alignment,
 * with a newline, then an unclosed string behind it. 1 if both sides accept
 * it, 0 if both reject it, -1 if they disagree.
 */
static int
verdict(const char *text, size_t len, size_t offset)
{
	const char *end;
	char *s = room + offset;
	char why[128];
	int accepted;

	memcpy(s, text, len);
	memset(s + len, 'x', WEIR_PAD);
	memcpy(s + len, "\n\"", 2);
	end = weir_prover_line(prover, s, slots, offset % 2 ? offsets : NULL);
	accepted = weir_check(s, len, why, sizeof(why));
	if (end != NULL && end != s + len)
		return accepted ? -1 : 0; /* ended at a newline inside */
	return accepted == (end != NULL) ? accepted : -1;
}

static int
verdict_everywhere(const char *text, size_t len, int expected)
{
	for (size_t offset = 0; offset < 64; offset++) {
		if (verdict(text, len, offset) != expected)
			return 0;
	}
	return 1;
}

/* A text as it can stand in TAP; valid until the next call. */
static const char *
shown(const char *text)
{
	static char out[256];

	return weir_show_into(out, sizeof(out), text, strlen(text));
}

/* The value alone, last, in the middle, and inside an array and an object. */
static void
test_value(const char *value, int expected)
{
	static const struct {
		const char *before, *behind;
	} frames[] = {{"{\"a\":", "}"}, {"{\"b\":1,\"a\":", ",\"c\":2}"},
	    {"{ \"a\" : ", " }"}, {"{\"l\":[", "]}"}, {"{\"l\":[0,", ",0]}"},
	    {"{\"o\":{\"a\":", "}}"}, {"{\"l\":[{\"a\":", "}]}"}};
	int good = 1, found = 1;
	char line[512];

	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		size_t before = strlen(frames[i].before);
		int len = snprintf(line, sizeof(line), "%s%s%s",
		    frames[i].before, value, frames[i].behind);

		/* nothing, or a blank, between brackets is an empty array */
		if (i == 3 && value[strspn(value, " ")] == '\0')
			continue;
		good &= verdict_everywhere(line, (size_t)len, expected);
		if (expected && i < 3)
			found &= slots[0].off == before &&
			    slots[0].len == strlen(value);
	}
	ok(good && found, "%s: %s", expected ? "valid" : "not valid",
	    shown(value));
}

static void
test_tables(void)
{
	for (size_t i = 0; i < sizeof(good_values) / sizeof(char *); i++)
		test_value(good_values[i], 1);
	for (size_t i = 0; i < sizeof(bad_values) / sizeof(char *); i++)
		test_value(bad_values[i], 0);
	for (size_t i = 0; i < sizeof(good_lines) / sizeof(char *); i++)
		ok(verdict_everywhere(good_lines[i], strlen(good_lines[i]), 1),
		    "valid line: %s", shown(good_lines[i]));
	for (size_t i = 0; i < sizeof(bad_lines) / sizeof(char *); i++)
		ok(verdict_everywhere(bad_lines[i], strlen(bad_lines[i]), 0),
		    "not a valid line: %s", shown(bad_lines[i]));
}

/* Each byte value in each place that takes only some. */
static void
test_bytes(void)
{
	static const char *const lines[] = {"?{\"a\":\"b\"}", "{?\"a\":\"b\"}",
	    "{\"?\":\"b\"}", "{\"a\"?:\"b\"}", "{\"a\":?\"b\"}",
	    "{\"a\":\"?\"}", "{\"a\":\"\\?\"}", "{\"a\":\"\\u00?0\"}",
	    "{\"a\":\"b\"?}", "{\"a\":\"b\"}?", "{\"a\":1?}", "{\"a\":?}"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		size_t len = strlen(lines[i]);
		int agree = 1, accepted = 0;
		char line[64];

		for (int c = 0; c < 256; c++) {
			int v;

			memcpy(line, lines[i], len);
			*strchr(line, '?') = (char)c;
			v = verdict(line, len, 0);
			agree &= v >= 0;
			accepted += v > 0;
		}
		ok(agree && accepted > 0, "any byte for ? in %s (%d pass)",
		    lines[i], accepted);
	}
	ok(verdict_everywhere("{\"a\":\"\0\"}", 9, 0), "NUL in a string");
	ok(verdict_everywhere("{\0}", 3, 0), "NUL between tokens");
	ok(verdict_everywhere("{}\0", 3, 0), "NUL behind the object");
}

/* Long runs of any byte where a name should be, before any name is known. */
static void
test_runs(void)
{
	static const char *const frames[] = {"{?1}", "{?{}}", "{\"a\":1,?1}",
	    "{\"a\":{?1}}", "{?", "{\"a\":1,?"};
	struct weir_prover *kept = prover;
	char line[128];
	int good = 1;

	for (int c = 0; c < 256; c++) {
		for (size_t n = 1; n <= 40; n++) {
			const char *frame = frames[(n + (size_t)c) % 6];
			size_t before = strcspn(frame, "?");
			size_t behind = strlen(frame) - before - 1;

			memcpy(line, frame, before);
			memset(line + before, c, n);
			memcpy(line + before + n, frame + before + 1, behind);
			prover = weir_prover_new();
			good &= verdict(line, before + n + behind, 0) == 0;
			good &= verdict(line, before + n + behind, 1) == 0;
			weir_prover_free(prover);
		}
	}
	prover = kept;
	ok(good, "runs of one byte in place of a name");
}

/* Strings of every length with something odd at every place. */
static void
test_lengths(void)
{
	static const struct {
		const char *text;
		int valid;
	} odd[] = {{"", 1}, {"\\n", 1}, {"\\u0041", 1}, {"\303\251", 1},
	    {"\342\202\254", 1}, {"\360\237\230\200", 1}, {"\177", 1},
	    {"\\", 0}, {"\t", 0}, {"\037", 0}, {"\200", 0}, {"\303", 0},
	    {"\342\202", 0}, {"\360\237\230", 0}, {"\"", 0}, {"\n", 0}};
	char line[256];

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		size_t odd_len = strlen(odd[i].text);
		int good = 1;

		for (size_t n = 0; n <= 70; n++) {
			for (size_t at = 0; at <= n; at++) {
				int len = snprintf(line, sizeof(line),
				    "{\"a\":\"%.*s%s%.*s\",\"b\":1}", (int)at,
				    A8("xxxxxxxxxx"), odd[i].text,
				    (int)(n - at), A8("xxxxxxxxxx"));

				good &= verdict(line, (size_t)len, n % 64) ==
				    odd[i].valid;
				good &= !odd[i].valid ||
				    slots[0].len == n + 2 + odd_len;
			}
		}
		ok(good, "strings up to 70 bytes with odd piece %zu", i);
	}
}

static void
test_digits(void)
{
	char line[128];
	int good = 1;

	for (int n = 1; n <= 70; n++) {
		int len = snprintf(
		    line, sizeof(line), "{\"a\":%.*s}", n, A8("1234567890"));

		good &= verdict_everywhere(line, (size_t)len, 1) &&
		    slots[0].len == (uint32_t)n;
		len = snprintf(
		    line, sizeof(line), "{\"a\":1.%.*sx}", n, A8("1234567890"));
		good &= verdict_everywhere(line, (size_t)len, 0);
	}
	ok(good, "numbers of up to 70 digits");
}

/* The verdict on before, n times open, inner, n times close (and a bracket). */
static int
nested(const char *before, size_t n, const char *open, const char *inner,
    const char *close)
{
	struct weir_buf b = {0};
	int v;

	weir_buf_puts(&b, before);
	for (size_t i = 0; i < n; i++)
		weir_buf_puts(&b, open);
	weir_buf_puts(&b, inner);
	for (size_t i = 0; i < n; i++)
		weir_buf_puts(&b, close);
	weir_buf_puts(&b, *before != '\0' ? "}" : "");
	v = verdict(b.data, b.len, 3);
	weir_buf_fini(&b);
	return v;
}

static void
test_depth(void)
{
	size_t max = WEIR_DEPTH_MAX;

	ok(nested("{\"a\":", max - 1, "[", "", "]") == 1, "arrays down to 512");
	ok(nested("{\"a\":", max, "[", "", "]") == 0, "arrays down to 513");
	ok(nested("", max, "{\"a\":", "1", "}") == 1, "objects down to 512");
	ok(nested("", max + 1, "{\"a\":", "1", "}") == 0,
	    "objects down to 513");
	ok(nested("", max - 1, "{\"a\":", "[]", "}") == 1,
	    "an array in objects, at 512");
	ok(nested("", max, "{\"a\":", "[]", "}") == 0,
	    "an array in objects, at 513");
	ok(nested("", max, "{\"a\":", "{}", "}") == 0,
	    "an empty object at 513");
	ok(nested("{\"a\":", max / 2, "[{\"b\":", "1", "}]") == 0,
	    "mixed, at 513");
	ok(nested("{\"a\":[", max / 2 - 1, "{\"b\":[", "1", "]}") == 0,
	    "mixed, not closed");
	ok(nested("{\"a\":", max / 2 - 1, "[{\"b\":", "[1]", "}]") == 1,
	    "mixed, at 512");
	ok(nested("{\"a\":", 100000, "[", "", "") == 0, "100,000 brackets");
	ok(nested("", 25000, "{\"a\":", "", "") == 0, "25,000 objects");
	ok(nested("{\"a\":[{}", 30000, ",[{}]", "]", "") == 1,
	    "60,000 brackets side by side");
}

int
main(void)
{
	struct weir_str path = weir_str("a");

	room = aligned_alloc(64, ROOM);
	prover = weir_prover_new();
	weir_prover_want(prover, &path, 1);
	test_tables();
	test_bytes();
	test_runs();
	test_lengths();
	test_digits();
	test_depth();
	weir_prover_free(prover);
	free(room);
	return done();
}
