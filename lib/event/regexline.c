#include "expr/regex.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/utf8.h"
#include "event/convert.h"

#include <stdlib.h>

static int
bad_pattern(
    const char *pattern, const char *why, size_t at, struct weir_error *err)
{
	struct weir_buf b = {0};

	weir_caret(&b, pattern, strlen(pattern), at);
	weir_fail(err, WEIR_USAGE, "--input=regex:RE: %s\n%s", why,
	    weir_buf_cstr(&b));
	weir_buf_fini(&b);
	return -1;
}

/* The named groups in the order of the pattern. */
static void
take_names(struct weir_converter *k, struct weir_str *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned group;
		struct weir_str name = weir_regex_name(k->regex, i, &group);
		size_t j = i;

		for (; j > 0 && k->groups[j - 1] > group; j--) {
			k->groups[j] = k->groups[j - 1];
			names[j] = names[j - 1];
		}
		k->groups[j] = group;
		names[j] = name;
	}
}

int
weir_regex_open(
    struct weir_converter *k, const char *pattern, struct weir_error *err)
{
	char why[WEIR_REGEX_ERROR];
	struct weir_str *names;
	size_t at, n;
	int r;

	k->regex = weir_regex_new(pattern, strlen(pattern), why, &at);
	if (k->regex == NULL)
		return bad_pattern(pattern, why, at, err);
	weir_regex_speed_up(k->regex);
	weir_regex_keep(k->regex);
	n = weir_regex_names(k->regex);
	if (n == 0)
		return bad_pattern(
		    pattern, "no named group, as in (?<status>[0-9]+)", 0, err);
	names = weir_calloc(n, sizeof *names);
	k->groups = weir_calloc(n, sizeof *k->groups);
	take_names(k, names, n);
	r = weir_fields_init(&k->fields, names, n, err);
	if (r < 0 && err != NULL)
		err->status = WEIR_USAGE;
	free(names);
	return r;
}

enum weir_verdict
weir_regex_line(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	struct weir_str line = {s, (size_t)(end - s)};
	size_t total = 0;
	int r;

	if (weir_utf8_valid(s, line.len) != line.len)
		return weir_refuse(o, "invalid UTF-8");
	r = weir_regex_find(k->regex, line, 0, NULL, k->why);
	if (r <= 0)
		return weir_refuse(
		    o, r < 0 ? k->why : "the line does not match");
	for (size_t i = 0; i < k->fields.n; i++) {
		struct weir_str text =
		    weir_regex_group(k->regex, line, k->groups[i]);

		total += text.len;
		if (total > WEIR_REGEX_OVERLAP * line.len)
			return weir_refuse(o, "its groups overlap too much");
		if (text.s != NULL)
			weir_put_scalar(
			    o, &k->fields.f[i], text.s, text.s + text.len);
	}
	return WEIR_CONVERTED;
}
