/*
 * Goal: what is shown to people cannot fool a terminal, and points where it
 * should.
 * Method: known texts; random bytes looked through for anything unsafe.
 */
#include "base/text.h"
#include "tests/unit/tap.h"

#include <stdlib.h>

static void
shows(const char *s, size_t len, size_t max, const char *want)
{
	struct weir_buf b = {0};

	weir_show(&b, s, len, max);
	is_text(b.data, b.len, want);
	weir_buf_fini(&b);
}

static void
test_show(void)
{
	struct weir_buf b = {0};

	shows("abc", 3, 10, "abc");
	shows("abc", 3, 3, "abc");
	shows("abcd", 4, 3, "abc...");
	shows("a\033[31m\n\t\177", 9, 99, "a\\x1b[31m\\x0a\\x09\\x7f");
	shows("a\0b", 3, 99, "a\\x00b");
	shows("gr\303\274n \342\202\254 \360\237\230\200", 14, 99,
	    "gr\303\274n \342\202\254 \360\237\230\200");
	shows("\302\233m", 3, 99, "\\xc2\\x9bm");
	shows("\303", 1, 99, "\\xc3");
	shows("\300\257", 2, 99, "\\xc0\\xaf");
	shows("\355\240\200", 3, 99, "\\xed\\xa0\\x80");
	shows("\364\220\200\200", 4, 99, "\\xf4\\x90\\x80\\x80");
	shows("\360\202\202\254", 4, 99, "\\xf0\\x82\\x82\\xac");
	shows("\342\200\256x", 4, 99, "\\xe2\\x80\\xaex");
	shows("a\342\202\254", 4, 3, "a...");
	shows("abc", 3, 0, "...");
	weir_show(&b, "", 0, 0);
	ok(b.len == 0, "nothing of nothing");
	weir_show_lines(&b, "a\033\n\302\233\n\t", 7);
	is_text(b.data, b.len, "a\\x1b\n\\xc2\\x9b\n\\x09");
	weir_buf_fini(&b);
}

static void
test_show_into(void)
{
	static const struct {
		size_t cap;
		const char *s, *want;
	} cases[] = {{10, "abc", "abc"}, {4, "abc", "abc"}, {3, "abc", ".."},
	    {6, "abcdefgh", "ab..."}, {1, "abc", ""}, {2, "abc", "."},
	    {4, "abcd", "..."}, {9, "a\n\n\n", "a\\x0a..."}, {5, "\n", "\\x0a"},
	    {4, "\n", "..."}, {10, "", ""}};
	char out[16];
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memset(out, 'X', sizeof out);
		weir_show_into(
		    out, cases[i].cap, cases[i].s, strlen(cases[i].s));
		is_text(out, strlen(out), cases[i].want);
		ok(out[cases[i].cap] == 'X', "and no byte more");
	}
	out[0] = 'X';
	ok(weir_show_into(out, 0, "abc", 3) == out && out[0] == 'X',
	    "no room at all");
}

static void
test_random(void)
{
	char s[40], into[30], *exact;
	struct weir_buf b = {0};
	unsigned x = 1;
	size_t i, j, bad = 0, len;

	for (i = 0; i < 20000; i++) {
		for (j = 0; j < sizeof s; j++) {
			x = x * 1664525 + 1013904223;
			s[j] = (char)(x >> 24);
		}
		len = x >> 8 & 31;
		exact = malloc(len + 1);
		memcpy(exact, s, len);
		exact = realloc(exact, len ? len : 1);
		b.len = 0;
		weir_show(&b, exact, len, sizeof s);
		weir_show_into(into, sizeof into, exact, len);
		bad += strlen(into) >= sizeof into;
		weir_buf_puts(&b, into);
		for (j = 0; j < b.len; j++)
			bad +=
			    (unsigned char)b.data[j] < 32 || b.data[j] == 127;
		weir_caret(&b, exact, len, x >> 16 & 63);
		free(exact);
	}
	ok(bad == 0, "random bytes");
	weir_buf_fini(&b);
}

static void
test_nearest(void)
{
	static const char *const names[] = {
	    "startsWith", "endsWith", "contains", "matches", "size", "has"};
	static const struct {
		const char *word;
		int want;
	} cases[] = {{"startswith", 0}, {"starstWith", 0}, {"endWith", 1},
	    {"contians", 2}, {"contain", 2}, {"match", 3}, {"matchse", 3},
	    {"sise", 4}, {"isze", 4}, {"hsa", 5}, {"xyz", -1}, {"", -1},
	    {"siizzee", -1}, {"sz", -1}, {"tcontanis", 2}, {"hat", 5}};
	char longest[200];
	const char *const far[] = {longest, "abc"};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ok(weir_nearest(cases[i].word, strlen(cases[i].word), names,
		       6) == cases[i].want,
		    "'%s'", cases[i].word);
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	ok(weir_nearest(longest, 199, names, 6) == -1, "a long word");
	ok(weir_nearest("abd", 3, far, 2) == 1, "a long candidate");
	longest[67] = '\0';
	ok(weir_nearest(longest, 64, far, 2) == 0, "the longest of both");
	ok(weir_nearest("abc", 3, NULL, 0) == -1, "no candidates");
}

static void
points(const char *text, size_t at, const char *want)
{
	struct weir_buf b = {0};

	weir_caret(&b, text, strlen(text), at);
	is_text(b.data, b.len, want);
	weir_buf_fini(&b);
}

static void
test_caret(void)
{
	points("a + b", 2, "a + b\n  ^");
	points("a + b", 0, "a + b\n^");
	points("a + b", 5, "a + b\n     ^");
	points("a + b", 99, "a + b\n     ^");
	points("", 0, "\n^");
	points("a\nbcd\ne", 3, "bcd\n ^");
	points("a\nbcd\ne", 5, "bcd\n   ^");
	points("a\nbcd\ne", 6, "e\n^");
	points("a\n", 2, "\n^");
	points("\303\274 + x", 3, "\303\274 + x\n  ^");
	points("\303\274 + x", 1, "\303\274 + x\n^");
	points("\033 + x", 2, "\\x1b + x\n     ^");
	points("\ta\r\n", 1, " a \n ^");
	points("0123456789012345678901234567890123456789"
	       "0123456789012345678901234567890123456789x",
	    3,
	    "0123456789012345678901234567890123456789"
	    "012345678901234567890123456789012345...\n   ^");
	points("0123456789012345678901234567890123456789"
	       "0123456789012345678901234567890123456789x",
	    80,
	    "...23456789012345678901234567890123456789x\n"
	    "                                         ^");
	points("0123456789012345678901234567890123456789"
	       "0123456789012345678901234567890123456789x",
	    40,
	    "...23456789012345678901234567890123456789"
	    "01234567890123456789012345678901234567...\n"
	    "                                         ^");
}

int
main(void)
{
	test_show();
	test_show_into();
	test_random();
	test_nearest();
	test_caret();
	return done();
}
