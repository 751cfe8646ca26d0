/*
 * Goal: every example of weir-expr(7) gives what the page says, and every
 * function has one.
 * Method: lines of the page with an arrow are taken apart and run on the event
 * that the page shows.
 */
#include "evaluate.h"
#include "tap.h"

#include "expr/func.h"

#include <stdio.h>

#define PAGE  "man/weir-expr.7"
#define ARROW "\\(-> "

/* What mdoc's escapes in examples stand for. */
static void
unescape(char *s)
{
	static const struct {
		const char *escape, *text;
	} table[] = {{"\\e", "\\"}, {"\\(dq", "\""}, {"\\(:i", "\xC3\xAF"}};
	char *out = s;
	size_t i, n;

	while (*s != '\0') {
		for (i = 0; i < 3; i++)
			if (strncmp(s, table[i].escape,
				strlen(table[i].escape)) == 0)
				break;
		if (i == 3) {
			*out++ = *s++;
			continue;
		}
		s += strlen(table[i].escape);
		n = strlen(table[i].text);
		memcpy(out, table[i].text, n);
		out += n;
	}
	*out = '\0';
}

static void
trim(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && (s[n - 1] == '\n' || s[n - 1] == ' '))
		s[--n] = '\0';
}

static void
test_example(char *line, const struct weir_buf *event)
{
	char *want = strstr(line, ARROW);
	struct weir_buf out = {0};

	*want = '\0';
	want += strlen(ARROW);
	trim(line);
	trim(want);
	unescape(line);
	unescape(want);
	evaluate(
	    &out, weir_str(line), (struct weir_str){event->data, event->len});
	if (!ok(as_wanted(out.data, out.len, want), "%s", line))
		printf(
		    "# got:  %.*s\n# want: %s\n", (int)out.len, out.data, want);
	weir_buf_fini(&out);
}

static void
test_functions(const char *page)
{
	static const struct weir_func *const tables[] = {weir_funcs_basic,
	    weir_funcs_convert, weir_funcs_string, weir_funcs_time,
	    weir_funcs_optional, weir_funcs_math, weir_funcs_text,
	    weir_funcs_format, weir_funcs_list, weir_funcs_regex,
	    weir_funcs_clock, weir_funcs_data, weir_funcs_net};
	const struct weir_func *f;
	char call[64];
	size_t i;

	for (i = 0; i < sizeof tables / sizeof *tables; i++) {
		for (f = tables[i]; f->name != NULL; f++) {
			if (strcmp(f->name, "now") == 0)
				continue;
			snprintf(call, sizeof call, "%s(", f->name);
			ok(strstr(page, call) != NULL, "%s has an example",
			    f->name);
		}
	}
}

int
main(void)
{
	struct weir_buf event = {0}, page = {0};
	FILE *f = fopen(PAGE, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int in_event = 0;

	if (!ok(f != NULL, "%s is there (run from the top)", PAGE))
		return done();
	while ((len = getline(&line, &cap, f)) > 0) {
		weir_buf_add(&page, line, (size_t)len);
		in_event = in_event ? line[0] != '.'
				    : line[0] == '{' && event.len == 0;
		if (in_event)
			weir_buf_add(&event, line, (size_t)len - 1);
		else if (strstr(line, ARROW) != NULL && line[0] != '.')
			test_example(line, &event);
	}
	test_functions(weir_buf_cstr(&page));
	free(line);
	fclose(f);
	weir_buf_fini(&event);
	weir_buf_fini(&page);
	return done();
}
