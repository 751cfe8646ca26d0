/*
 * Goal: short numbers read the same without a loop. Method: all of up to four
 * characters and random ones of up to eight, held against weir_num_read(), and
 * what must not be taken for one.
 */
#include "base/numshort.h"

#include "tap.h"

#include <stdlib.h>

static int
same(const char *text, size_t len)
{
	struct weir_num a, b;
	char buf[16];

	memset(buf, "0.e9\" }"[len % 7], sizeof buf); /* what may follow */
	memcpy(buf, text, len);
	weir_num_read(text, len, &b);
	if (weir_num_read_short(buf, len, &a) == 0)
		return __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ ||
		    FLT_EVAL_METHOD != 0;
	return a.kind == b.kind && a.u == b.u;
}

static int
no_short(const char *text)
{
	struct weir_num num;
	char buf[16] = {0};

	memcpy(buf, text, strlen(text));
	return weir_num_read_short(buf, strlen(text), &num) == 0;
}

int
main(void)
{
	static const char *const others[] = {"", "-1", "-0", "1e5", "1E5",
	    "1.5e3", "123456789", "1234567.89", "null", "true", "\"12\"", "[]",
	    "{}", "\"1.5\"", "-1.5"};
	char text[32];
	int good = 1;

	for (int i = 0; i < 10000; i++)
		good &= same(text, (size_t)sprintf(text, "%d", i));
	for (int i = 0; i < 1000; i++)
		for (int k = 0; k < 1000; k++)
			good &=
			    same(text, (size_t)sprintf(text, "%d.%d", i, k));
	ok(good, "all short ones");
	srand(3);
	for (int i = 0; i < 300000; i++) {
		int n = 1 + rand() % 8, len;

		len = sprintf(text, "%d", rand() % 9 + 1);
		while (len < n)
			text[len++] = (char)('0' + rand() % 10);
		if (n > 2 && rand() % 2)
			text[1 + rand() % (n - 2)] = '.';
		good &= same(text, (size_t)len);
	}
	ok(good, "random ones");
	good &= same("0.000001", 8) && same("0", 1) && same("0.0", 3) &&
	    same("99999999", 8) && same("9.999999", 8) && same("999999.9", 8);
	ok(good, "the ends");
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ok(no_short(others[i]), "'%s' is no short number", others[i]);
	return done();
}
