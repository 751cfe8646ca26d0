/*
 * Goal: values are read from JSON, opened, compared, written and made into
 * keys as json/value.h says.
 * Method: small texts with what must come out, then awkward and hostile ones.
 */
#include "json/value.h"

#include "base/mem.h"
#include "json/prover.h"
#include "tap.h"

#include <math.h>
#include <stdlib.h>

static struct weir_arena arena;

/* A copy with the padding that JSON text needs; lives until the end. */
static const char *
padded(const char *text)
{
	size_t len = strlen(text);
	char *s = weir_arena_alloc(&arena, len + 1 + WEIR_PAD);

	memset(s, 0, len + 1 + WEIR_PAD);
	memcpy(s, text, len);
	s[len] = '\n';
	return s;
}

static struct weir_value
value(const char *text)
{
	return weir_value_read(padded(text), strlen(text), &arena);
}

static void
test_kinds(void)
{
	struct weir_value v;

	ok(value("null").kind == WEIR_NULL, "null");
	v = value("true");
	ok(v.kind == WEIR_BOOL && v.b, "true");
	v = value("-42");
	ok(v.kind == WEIR_INT && v.i == -42, "int");
	v = value("9223372036854775807");
	ok(v.kind == WEIR_INT && v.i == INT64_MAX, "greatest int");
	v = value("-9223372036854775808");
	ok(v.kind == WEIR_INT && v.i == INT64_MIN, "least int");
	v = value("9223372036854775808");
	ok(v.kind == WEIR_UINT && v.u == 9223372036854775808u, "uint");
	v = value("18446744073709551616");
	ok(v.kind == WEIR_DOUBLE && v.d == 0x1p64, "beyond uint");
	v = value("-0");
	ok(v.kind == WEIR_DOUBLE && signbit(v.d), "-0 is a double");
	v = value("1e400");
	ok(v.kind == WEIR_DOUBLE && isinf(v.d), "1e400 is infinite");
	v = value("12.5");
	ok(v.kind == WEIR_DOUBLE && v.d == 12.5, "double");
	ok(weir_value_read("", 0, &arena).kind == WEIR_ABSENT, "no text");
}

static void
test_string(const char *text, const char *want)
{
	struct weir_value v = value(text);

	ok(v.kind == WEIR_STRING, "%s is a string", text);
	is_text(v.s, v.aux, want);
}

static void
test_strings(void)
{
	const char *text = padded("\"plain\"");
	struct weir_value v = weir_value_read(text, 7, &arena);

	ok(v.s == text + 1, "a string without escapes stays in its text");
	test_string("\"\"", "");
	test_string("\"a\\n\\t\\\"\\\\\\/\\b\\f\\rz\"", "a\n\t\"\\/\b\f\rz");
	test_string("\"\\u0061\\u00e9\\u20AC\\ud83d\\ude00\"", "aé€😀");
	v = value("\"a\\u0000b\"");
	ok(v.kind == WEIR_STRING && v.aux == 3 && v.s[1] == '\0', "NUL");
	ok(value("\"\\ud800\"").kind == WEIR_ERROR, "half a pair");
	ok(value("\"\\udc00x\"").kind == WEIR_ERROR, "the second half");
	ok(value("\"\\ud800\\u0041\"").kind == WEIR_ERROR, "no pair");
	ok(value("\"\\ud800\\ud800\"").kind == WEIR_ERROR, "two first halves");
}

static void
test_open(void)
{
	struct weir_value v = value("[1, [2], {\"a\" : 3} ]"), m;
	struct weir_buf many = {0};
	int i;

	ok(v.kind == WEIR_JSON, "a list is not taken apart unasked");
	v = weir_value_open(v, &arena);
	ok(v.kind == WEIR_LIST && v.list->n == 3, "list of three");
	ok(v.list->items[1].kind == WEIR_JSON, "only one level");
	m = weir_value_open(
	    value("{ \"a\":1,\"b\" : 2 , \"\\u0061\":3}"), &arena);
	ok(m.kind == WEIR_MAP && m.map->n == 2, "duplicate keys are one");
	ok(m.map->values[0].i == 3, "the last of them wins, in first place");
	ok(weir_value_open(value("{}"), &arena).map->n == 0, "empty map");
	ok(weir_value_open(value("[ ]"), &arena).list->n == 0, "empty list");
	ok(weir_value_open(value("{\"\\ud800\":1}"), &arena).kind == WEIR_ERROR,
	    "a key that is no string");
	ok(weir_value_open(value("[1, \"\\ud800\"]"), &arena).kind ==
		WEIR_ERROR,
	    "an element that is no string");
	weir_buf_putc(&many, '{');
	for (i = 0; i < 3000; i++)
		weir_buf_printf(
		    &many, "%s\"k%d\":%d", i > 0 ? "," : "", i % 1000, i);
	weir_buf_putc(&many, '}');
	m = weir_value_open(value(weir_buf_cstr(&many)), &arena);
	ok(m.kind == WEIR_MAP && m.map->n == 1000, "1000 keys of 3000");
	ok(m.map->values[7].i == 2007, "with their last values");
	weir_buf_fini(&many);
}

/* What write gives for what read made of text. */
static void
test_write(const char *text, const char *want)
{
	struct weir_buf out = {0};

	weir_value_write(&out, value(text));
	is_text(out.data, out.len, want);
	weir_buf_fini(&out);
}

static void
test_written(struct weir_value v, const char *want)
{
	struct weir_buf out = {0};

	ok(weir_value_write(&out, v) == 1, "%s is written", want);
	is_text(out.data, out.len, want);
	weir_buf_fini(&out);
}

static void
test_writer(void)
{
	struct weir_buf out = {0};
	struct weir_value v = {.kind = WEIR_ABSENT};

	test_write("[1, 2.50 ]", "[1, 2.50 ]");
	test_write("\"a\\u0041\\u001f\\n\\/\"", "\"aA\\u001f\\n/\"");
	test_write("1.0", "1");
	test_write("-0.0", "-0.0");
	test_write("1e2", "100");
	test_write("18446744073709551615", "18446744073709551615");
	ok(weir_value_write(&out, v) == 0 && out.len == 0, "absent: nothing");
	v = (struct weir_value){.kind = WEIR_DOUBLE, .d = (double)NAN};
	test_written(v, "\"NaN\"");
	v.d = -(double)INFINITY;
	test_written(v, "\"-Infinity\"");
	v = (struct weir_value){
	    .kind = WEIR_TIMESTAMP, .i = -1, .aux = 500000000};
	test_written(v, "\"1969-12-31T23:59:59.500Z\"");
	v = (struct weir_value){
	    .kind = WEIR_DURATION, .i = -1, .aux = (uint32_t)-500000000};
	test_written(v, "\"-1.500s\"");
	v = (struct weir_value){.kind = WEIR_BYTES, .s = "\xff\0a\n", .aux = 4};
	test_written(v, "\"/wBhCg==\"");
	v = weir_value_open(value("{\"a\":[null],\"b\":{}}"), &arena);
	test_written(v, "{\"a\":[null],\"b\":{}}");
	weir_buf_fini(&out);
}

static void
test_key(const char *text, const char *want)
{
	struct weir_buf out = {0};

	weir_value_key(&out, value(text));
	is_text(out.data, out.len, want);
	weir_buf_fini(&out);
}

static void
test_keys(void)
{
	struct weir_value v = {.kind = WEIR_UINT, .u = 1};
	struct weir_buf out = {0};

	test_key("1", "1");
	test_key("1.0", "1");
	test_key("10e-1", "1");
	test_key("-0.0", "0");
	test_key("1.5", "1.5");
	test_key("9223372036854775808.0", "9223372036854775808");
	test_key("-9223372036854775808.0", "-9223372036854775808");
	test_key("1e300", "1e+300");
	test_key("null", "null");
	test_key("\"null\"", "\"null\"");
	test_key("\"\\u0061\"", "\"a\"");
	test_key("\"a\\u0022\\/\\u000a\"", "\"a\\\"/\\n\"");
	test_key("{\"b\":1.0, \"a\":[1e0,{\"y\":1,\"x\":2}],\"b\":2}",
	    "{\"a\":[1,{\"x\":2,\"y\":1}],\"b\":2}");
	test_key("{\"aa\":1,\"a\":2}", "{\"a\":2,\"aa\":1}");
	weir_value_key(&out, v);
	is_text(out.data, out.len, "1");
	weir_buf_fini(&out);
}

static int
order(const char *a, const char *b)
{
	return weir_value_compare(value(a), value(b));
}

static bool
equal(const char *a, const char *b)
{
	return weir_value_equal(value(a), value(b), &arena);
}

static void
test_compare(void)
{
	struct weir_value nan_value = {.kind = WEIR_DOUBLE, .d = (double)NAN};

	ok(order("1", "2") < 0 && order("2", "1.5") > 0, "numbers");
	ok(order("1", "1.0") == 0, "int and double");
	ok(order("-1", "18446744073709551615") < 0, "int and uint");
	ok(order("18446744073709551615", "1e30") < 0, "uint and double");
	ok(order("\"a\"", "\"b\"") < 0 && order("\"ab\"", "\"a\"") > 0,
	    "strings");
	ok(order("\"\\uffff\"", "\"\\ud800\\udc00\"") < 0, "code points");
	ok(order("false", "true") < 0, "bools");
	ok(order("1", "\"1\"") == WEIR_UNORDERED, "int and string");
	ok(order("null", "null") == WEIR_UNORDERED, "nulls have no order");
	ok(weir_value_compare(nan_value, nan_value) == WEIR_UNORDERED, "NaN");
	ok(!weir_value_equal(nan_value, nan_value, &arena), "NaN != NaN");
	ok(equal("null", "null") && !equal("null", "0"), "null");
	ok(equal("[1,2.0]", "[1.0, 2]") && !equal("[1]", "[1,1]"), "lists");
	ok(equal("{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"a\":1}"), "maps");
	ok(!equal("{\"a\":1}", "{\"b\":1}"), "other keys");
	ok(!equal("{}", "[]"), "a map is no list");
	ok(!equal("\"1\"", "1"), "a string is no number");
}

/* As deep as a line may be: nothing may blow up. */
static void
test_depth(void)
{
	struct weir_buf text = {0}, out = {0};
	struct weir_value a, b;
	int i;

	for (i = 0; i < WEIR_DEPTH_MAX; i++)
		weir_buf_puts(&text, i % 2 ? "{\"a\":" : "[");
	weir_buf_putc(&text, '1');
	for (i = WEIR_DEPTH_MAX - 1; i >= 0; i--)
		weir_buf_putc(&text, i % 2 ? '}' : ']');
	a = value(weir_buf_cstr(&text));
	b = value(text.data);
	weir_value_key(&out, a);
	is_text(out.data, out.len, text.data);
	ok(weir_value_equal(a, b, &arena), "deep values are equal");
	weir_buf_fini(&text);
	weir_buf_fini(&out);
}

int
main(void)
{
	test_kinds();
	test_strings();
	test_open();
	test_writer();
	test_keys();
	test_compare();
	test_depth();
	weir_arena_fini(&arena);
	return done();
}
