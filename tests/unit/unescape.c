/*
 * Goal: escapes become what they stand for, never more than there is room for.
 * Method: tables of text and bytes, each with exactly enough room and one less.
 */
#include "json/unescape.h"
#include "tests/unit/tap.h"

#include <stdint.h>
#include <stdlib.h>

#define TEXT(s) s, sizeof(s) - 1

static const struct {
	const char *text;
	size_t text_len;
	const char *bytes;
	size_t len;
} cases[] = {{TEXT(""), TEXT("")}, {TEXT("plain"), TEXT("plain")},
    {TEXT("\\\"\\\\\\/"), TEXT("\"\\/")},
    {TEXT("\\b\\f\\n\\r\\t"), TEXT("\b\f\n\r\t")},
    {TEXT("a\\nb\\nc"), TEXT("a\nb\nc")}, {TEXT("\\u0041"), TEXT("A")},
    {TEXT("\\u0000x"), TEXT("\0x")}, {TEXT("\\u007f"), TEXT("\177")},
    {TEXT("\\u0080\\u07FF"), TEXT("\302\200\337\277")},
    {TEXT("\\u0800\\uffff"), TEXT("\340\240\200\357\277\277")},
    {TEXT("\\ud7ff\\uE000"), TEXT("\355\237\277\356\200\200")},
    {TEXT("\\ud800\\udc00"), TEXT("\360\220\200\200")},
    {TEXT("\\uDBFF\\uDFFF"), TEXT("\364\217\277\277")},
    {TEXT("\303\251\\u00e9\303\251"), TEXT("\303\251\303\251\303\251")},
    {TEXT("\\\\u0041"), TEXT("\\u0041")}};

static const char *const halves[] = {"\\ud800", "\\udbff", "\\udc00", "\\udfff",
    "\\ud800x", "\\ud800\\n", "\\ud800\\u0041", "\\ud800\\ud800\\udc00",
    "\\udc00\\ud800", "x\\ud83d"};

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = cases[i].len;
		char *out = malloc(len + (len == 0));

		ok(weir_json_unescape(
		       cases[i].text, cases[i].text_len, out, len) == len &&
			memcmp(out, cases[i].bytes, len) == 0,
		    "unescape %s", cases[i].text);
		ok(len == 0 ||
			weir_json_unescape(cases[i].text, cases[i].text_len,
			    out, len - 1) == SIZE_MAX,
		    "no room for it");
		free(out);
	}
	for (size_t i = 0; i < sizeof(halves) / sizeof(*halves); i++) {
		char out[64];

		ok(weir_json_unescape(halves[i], strlen(halves[i]), out,
		       sizeof(out)) == SIZE_MAX,
		    "half a pair: %s", halves[i]);
	}
	return done();
}
