/*
 * Goal: expressions give the values that they should, and errors say what is
 * wrong and where.
 * Method: tests/conformance/expr.tsv line by line; then messages with carets,
 * limits and scopes in code.
 */
#include "evaluate.h"
#include "tap.h"

#include <stdio.h>

#define DATA "tests/conformance/expr.tsv"

static void
test_line(char *line, int number)
{
	char *expr = line, *event = strchr(line, '\t'), *want;
	struct weir_buf out = {0};

	want = event != NULL ? strchr(event + 1, '\t') : NULL;
	if (!ok(want != NULL, "line %d has three columns", number))
		return;
	*event++ = '\0';
	*want++ = '\0';
	evaluate(&out, weir_str(expr),
	    weir_str(strcmp(event, "-") == 0 ? "" : event));
	if (!ok(as_wanted(out.data, out.len, want), "%d: %s", number, expr))
		printf("# event: %s\n# got:   %.*s\n# want:  %s\n", event,
		    (int)out.len, out.data, want);
	weir_buf_fini(&out);
}

static void
test_data(void)
{
	FILE *f = fopen(DATA, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int number = 0;

	if (!ok(f != NULL, "%s is there (run from the top)", DATA))
		return;
	while ((len = getline(&line, &cap, f)) > 0) {
		number++;
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (len != 0 && line[0] != '#')
			test_line(line, number);
	}
	ok(number > 100, "all of %s was read", DATA);
	free(line);
	fclose(f);
}

/* The whole message of an expression that does not compile. */
static void
refused(const char *text, const char *want)
{
	struct weir_prover *prover = weir_prover_new();
	struct weir_scope scope = {.prover = prover};
	struct weir_error err = {0};
	struct weir_expr *x;

	x = weir_expr_compile(&scope, text, strlen(text), "expression", &err);
	ok(x == NULL && err.status == WEIR_USAGE, "refused: %s", text);
	is_text(err.text, strlen(err.text), want);
	weir_expr_free(x);
	weir_prover_free(prover);
}

static void
test_carets(void)
{
	refused("a ==",
	    "expression: ends too early: expected a value\n"
	    "a ==\n"
	    "    ^");
	refused("status = 500",
	    "expression: unexpected =: write == to compare\n"
	    "status = 500\n"
	    "       ^");
	refused("a and b",
	    "expression: unexpected and: write && for \"and\"\n"
	    "a and b\n"
	    "  ^");
	refused("not a",
	    "expression: unexpected a: write ! for \"not\"\n"
	    "not a\n"
	    "    ^");
	refused("é & b",
	    "expression: unexpected character (a field name beyond ASCII goes "
	    "in `backquotes`)\n"
	    "é & b\n"
	    "^");
	refused("`é` & b",
	    "expression: single '&': write && for \"and\"\n"
	    "`é` & b\n"
	    "    ^");
	refused("path.startWith('/')",
	    "expression: unknown function startWith; is it startsWith?\n"
	    "path.startWith('/')\n"
	    "     ^");
	refused("a == 'x",
	    "expression: string is not closed\n"
	    "a == 'x\n"
	    "     ^");
	refused("a.matches('(')",
	    "expression: bad regular expression: missing closing parenthesis "
	    "at its byte 1\n"
	    "a.matches('(')\n"
	    "          ^");
	refused("a == timestamp('yesterday')",
	    "expression: timestamp: cannot read \"yesterday\"\n"
	    "a == timestamp('yesterday')\n"
	    "               ^");
	refused("\xff", "expression: invalid UTF-8\n\\xff\n^");
}

/* n copies of what, around or between. */
static void
nested(const char *open, const char *middle, const char *close, int n,
    const char *want)
{
	struct weir_buf text = {0}, out = {0};
	int i;

	for (i = 0; i < n; i++)
		weir_buf_puts(&text, open);
	weir_buf_puts(&text, middle);
	for (i = 0; i < n; i++)
		weir_buf_puts(&text, close);
	evaluate(&out, (struct weir_str){text.data, text.len},
	    weir_str("{\"a\":1}"));
	if (!ok(as_wanted(out.data, out.len, want), "%d times %s%s", n, open,
		close))
		printf(
		    "# got:  %.*s\n# want: %s\n", (int)out.len, out.data, want);
	weir_buf_fini(&text);
	weir_buf_fini(&out);
}

static void
test_limits(void)
{
	const char *deep = "compile: nested deeper than 250 levels";

	nested("(", "1", ")", 200, "1");
	nested("(", "1", ")", 20000, deep);
	nested("[", "1", "]", 20000, deep);
	nested("!", "true", "", 200, "true");
	nested("!", "true", "", 60000, deep);
	nested("-", "a", "", 60000, deep);
	nested("{1:", "1", "}", 10000, deep);
	nested("a ? 1 : ", "1", "", 8000, deep);
	nested("", "a", " + 1", 200, "201");
	nested("", "a", " + 1", 10000, deep);
	nested("", "a", ".b", 30000, deep);
	nested("", "a", "[0]", 20000, deep);
	nested("a == 2 || ", "a == 1", "", 6000, "true");
	nested("", "true", " && true", 8000, "true");
	nested("[", "[", "", 60000, deep);
	nested("", "size([1", ", 1", 60000, "compile: longer than 65536 bytes");
	nested("size(", "'a'", ")", 100, "error: no such overload: size(int)");
}

static void
test_scope(void)
{
	static const char *const vars[] = {"left", "count()"};
	struct weir_value values[2] = {
	    {.kind = WEIR_INT, .i = 7}, {.kind = WEIR_INT, .i = 35}};
	struct weir_scope scope = {.vars = vars, .nvars = 2, .no_fields = true};
	struct weir_row row = {.vars = values};
	const char *text = "left + `count()`";
	struct weir_arena arena = {0};
	struct weir_error err = {0};
	struct weir_expr *x;
	struct weir_value v;
	char *canonical;

	x = weir_expr_compile(&scope, text, strlen(text), "--where", &err);
	if (ok(x != NULL, "variables without fields")) {
		ok(weir_expr_eval(x, &row, &arena, &v, &err) == 1 && v.i == 42,
		    "their values");
		ok(weir_expr_field(x) == WEIR_NO_SLOT, "not a field");
		canonical = weir_expr_text(x);
		is_text(canonical, strlen(canonical), text);
		free(canonical);
	}
	weir_expr_free(x);
	x = weir_expr_compile(&scope, "lefd", 4, "--where", &err);
	ok(x == NULL, "a name that is not declared");
	is_text(err.text, strlen(err.text),
	    "--where: unknown name lefd; is it left?\nlefd\n^");
	weir_arena_fini(&arena);
}

static void
test_predicate(void)
{
	struct weir_prover *prover = weir_prover_new();
	struct weir_scope scope = {.prover = prover};
	struct weir_row row = {0};
	struct weir_arena arena = {0};
	struct weir_error err = {0};
	struct weir_expr *x;

	x = weir_expr_compile(&scope, "a > 1", 5, "e", &err);
	ok(weir_expr_test(x, &row, &arena, &err) == 0, "absent: no match");
	weir_expr_free(x);
	x = weir_expr_compile(&scope, "'x'", 3, "e", &err);
	ok(weir_expr_test(x, &row, &arena, &err) == -1, "no bool: an error");
	is_text(err.text, strlen(err.text),
	    "the condition is of type string, not bool");
	weir_expr_free(x);
	x = weir_expr_compile(&scope, "a.b", 3, "e", &err);
	ok(weir_expr_path(x) >= 0, "a.b is just a path");
	ok(weir_expr_field(x) == WEIR_NO_SLOT, "and may be a field \"a.b\"");
	weir_expr_free(x);
	weir_prover_free(prover);
	weir_arena_fini(&arena);
}

int
main(void)
{
	test_data();
	test_carets();
	test_limits();
	test_scope();
	test_predicate();
	return done();
}
