/*
 * Goal: the authoritative verdict on a line is strict, and its reason is one
 * that a person understands, with the right column.
 * Method: a table of lines and the whole reason; small and no room for it.
 */
#include "json/check.h"
#include "json/prover.h"
#include "tests/unit/tap.h"

#include <stdlib.h>

/* A line may hold NUL bytes: its length without the terminating one. */
#define LINE(s) s, sizeof(s) - 1

static const struct {
	const char *line;
	size_t len;
	const char *why;
} bad[] = {
    {LINE(""), "empty"},
    {LINE(" \t\r"), "empty"},
    {LINE("[1]"), "not an object at column 1"},
    {LINE("  5"), "not an object at column 3"},
    {LINE("plain text"), "not an object at column 1"},
    {LINE("\357\273\277{}"), "byte order mark at column 1"},
    {LINE("{\"a\":\"\377\"}"), "invalid UTF-8 at column 7"},
    {LINE("{\"a\":\"\303\"}"), "invalid UTF-8 at column 7"},
    {LINE("{\"a\":\"\300\200\"}"), "invalid UTF-8 at column 7"},
    {LINE("{\"a\":\"\340\200\200\"}"), "invalid UTF-8 at column 7"},
    {LINE("{\"a\":\"\355\240\200\"}"), "invalid UTF-8 at column 7"},
    {LINE("{\"a\":\"\360\200\200\200\"}"), "invalid UTF-8 at column 7"},
    {LINE("{\"a\":\"\364\220\200\200\"}"), "invalid UTF-8 at column 7"},
    {LINE("{\"a\":\"x\342\202"), "invalid UTF-8 at column 8"},
    {LINE("{\"a\":1}\f"), "control character 0x0c at column 8"},
    {LINE("\v{}"), "control character 0x0b at column 1"},
    {LINE("{\"a\":\"\0\"}"), "control character 0x00 at column 7"},
    {LINE("{\n}"), "control character 0x0a at column 2"},
    {LINE("{\"a\":\"x\ty\"}"),
	"unescaped control character in a string at column 8"},
    {LINE("{"), "unexpected end of the line at column 2"},
    {LINE("{\"a\":1  "), "unexpected end of the line at column 9"},
    {LINE("{\"a\":tru"), "unexpected end of the line at column 9"},
    {LINE("{\"a\":-"), "unexpected end of the line at column 7"},
    {LINE("{\"a\":[\"b\",[]"), "unexpected end of the line at column 13"},
    {LINE("{\"a\":\"x"), "string without an end at column 6"},
    {LINE("{\"a\":\"x\\"), "string without an end at column 6"},
    {LINE("{\"a\":\"x\\\""), "string without an end at column 6"},
    {LINE("{\"a\":1,\"b"), "string without an end at column 8"},
    {LINE("{\"a\" 1}"), "expected ':' after the name at column 6"},
    {LINE("{\"a\",\"b\"}"), "expected ':' after the name at column 5"},
    {LINE("{\"a\" \"text\"}"), "expected ':' after the name at column 6"},
    {LINE("{\"a\":1 \"bcd\":2}"),
	"expected ',' or '}' after the value at column 8"},
    {LINE("{\"a\":1]"), "expected ',' or '}' after the value at column 7"},
    {LINE("{\"a\":1:2}"), "expected ',' or '}' after the value at column 7"},
    {LINE("{\"a\":[1  22]}"),
	"expected ',' or ']' after the element at column 10"},
    {LINE("{\"a\":[1}"), "expected ',' or ']' after the element at column 8"},
    {LINE("{\"a\":1,}"), "expected a name in quotes at column 8"},
    {LINE("{null:1}"), "expected a name in quotes at column 2"},
    {LINE("{[]:1}"), "expected a name in quotes at column 2"},
    {LINE("{\"a\":}"), "expected a value at column 6"},
    {LINE("{\"a\":[1,]}"), "expected a value at column 9"},
    {LINE("{\"a\":,}"), "expected a value at column 6"},
    {LINE("{\"a\":nan}"), "expected a value, true, false or null at column 6"},
    {LINE("{\"a\":truth}"),
	"expected a value, true, false or null at column 6"},
    {LINE("{\"a\":None}"), "unexpected character at column 6"},
    {LINE("{a:1}"), "unexpected character at column 2"},
    {LINE("{'a':1}"), "unexpected character at column 2"},
    {LINE("{\"a\":+1}"), "unexpected character at column 6"},
    {LINE("{\"a\":.5}"), "unexpected character at column 6"},
    {LINE("{\"a\":-x}"), "expected a digit after the minus sign at column 7"},
    {LINE("{\"a\":1.}"),
	"expected a digit after the decimal point at column 8"},
    {LINE("{\"a\":1e+}"), "expected a digit in the exponent at column 9"},
    {LINE("{\"a\":\"\\x\"}"), "invalid escape in a string at column 8"},
    {LINE("{\"a\":\"\\u12g4\"}"), "\\u without four hex digits at column 11"},
    {LINE("{\"a\":/**/1}"), "comments are not JSON at column 6"},
    {LINE("{} x"), "text after the object at column 4"},
    {LINE("{}{}"), "text after the object at column 3"},
    {LINE("{\"a\":1}}"), "text after the object at column 8"},
    {LINE("{} \"a"), "text after the object at column 4"},
    {LINE("{} tru"), "text after the object at column 4"},
};

static const char *const good[] = {"{}", " {}\r", "\t{ } ", "{\"a\":1e400}",
    "{\"a\":12345678901234567890123}", "{\"a\":-0}", "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\177\342\200\250\"}", "{\"a\":1,\"a\":2}", "{\"\":[[],{}]}"};

static void
test_depth(void)
{
	char line[2 * 100000 + 8], why[128];

	memcpy(line, "{\"a\":", 5);
	memset(line + 5, '[', 100000);
	ok(!weir_check(line, 100005, why, sizeof(why)), "100,000 brackets");
	is_text(
	    why, strlen(why), "nested deeper than 512 levels at column 517");
	memset(line + 5 + 511, ']', 511);
	line[5 + 2 * 511] = '}';
	ok(weir_check(line, 5 + 2 * 511 + 1, why, sizeof(why)), "512 levels");
}

/* Everything is in its own allocation, so that a sanitizer sees any excess. */
static int
check_exact(const char *s, size_t len, char *why, size_t cap)
{
	char *copy = malloc(len + (len == 0));
	int valid;

	memcpy(copy, s, len);
	valid = weir_check(copy, len, why, cap);
	free(copy);
	return valid;
}

int
main(void)
{
	char why[128];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ok(!check_exact(bad[i].line, bad[i].len, why, sizeof(why)),
		    "a bad line");
		is_text(why, strlen(why), bad[i].why);
		memset(why, 'x', sizeof(why));
		check_exact(bad[i].line, bad[i].len, why, 5);
		ok(strlen(why) == 4, "the reason is cut to the room for it");
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ok(check_exact(good[i], strlen(good[i]), why, sizeof(why)),
		    "a good line");
	test_depth();
	ok(weir_blank("", 0) && weir_blank(" \t\r", 3), "blank lines");
	ok(!weir_blank("\n", 1) && !weir_blank("\f", 1) &&
		!weir_blank("\0", 1) && !weir_blank("  x", 3) &&
		!weir_blank("\302\240", 2),
	    "lines that are not blank");
	return done();
}
