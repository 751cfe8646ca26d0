/*
 * Goal: lists of `name = EXPR [if COND]` are read as expr/items.h says.
 * Method: each list is printed in a plain form and compared; bad lists must
 * give their message with a caret.
 */
#include "expr/items.h"

#include "tap.h"

static void
show(struct weir_buf *out, const struct weir_item *item)
{
	size_t i;

	for (i = 0; i < item->depth; i++) {
		weir_buf_puts(out, i > 0 ? "/" : "");
		weir_buf_add(out, item->path[i].s, item->path[i].len);
	}
	weir_buf_puts(out, item->named ? " := " : " :: ");
	weir_ast_print(item->expr, out);
	if (item->cond != NULL) {
		weir_buf_puts(out, " IF ");
		weir_ast_print(item->cond, out);
	}
	weir_buf_puts(out, ";");
}

static void
good(const char *list, bool allow_if, const char *want)
{
	struct weir_error err = {0};
	struct weir_items items;
	struct weir_buf out = {0};
	size_t i;

	if (!ok(weir_items_parse(&items, list, allow_if, "-k", &err) == 1, "%s",
		list)) {
		printf("# %s\n", err.text);
		return;
	}
	for (i = 0; i < items.n; i++)
		show(&out, &items.items[i]);
	is_text(out.data, out.len, want);
	weir_buf_fini(&out);
	weir_items_fini(&items);
}

static void
bad(const char *list, bool allow_if, const char *want)
{
	struct weir_error err = {0};
	struct weir_items items;

	ok(weir_items_parse(&items, list, allow_if, "-k", &err) == -1,
	    "refused: %s", list);
	ok(err.status == WEIR_USAGE, "as a usage error");
	is_text(err.text, strlen(err.text), want);
}

static void
test_calls(void)
{
	struct weir_error err = {0};
	struct weir_items items;
	struct weir_str name, span;
	struct weir_value v;
	size_t n = 0;

	ok(weir_items_parse(&items, "p = quantile( x , 0.99 ) if y, a.count()",
	       true, "aggregates", &err) == 1,
	    "a list with calls");
	ok(weir_ast_is_call(items.items[0].expr, &name, &n) == 1 && n == 2,
	    "quantile is a call of two");
	is_text(name.s, name.len, "quantile");
	ok(weir_ast_is_const(weir_ast_arg(items.items[0].expr, 1), &v) == 1 &&
		v.d == 0.99,
	    "its second argument is constant");
	span = weir_ast_span(items.items[0].expr, items.text);
	is_text(span.s, span.len, "quantile( x , 0.99 )");
	is_text(items.items[0].text.s, items.items[0].text.len,
	    "quantile( x , 0.99 ) if y");
	ok(weir_ast_is_call(items.items[1].expr, NULL, NULL) == 0,
	    "a method is not a call");
	weir_items_fini(&items);
}

static int
collect(void *arg, struct weir_str name)
{
	weir_buf_add(arg, name.s, name.len);
	weir_buf_putc(arg, ' ');
	return 0;
}

static void
test_names(void)
{
	struct weir_error err = {0};
	struct weir_buf out = {0};
	struct weir_items items;

	ok(weir_items_parse(&items, "f(a.b, c[d]) + `e f`", false, "x", &err) ==
		1,
	    "a list with names");
	weir_ast_names(items.items[0].expr, collect, &out);
	is_text(out.data, out.len, "a c d e f ");
	weir_buf_fini(&out);
	weir_items_fini(&items);
}

int
main(void)
{
	good("host", false, "host :: host;");
	good(" host , a.b ", false, "host :: host;a.b :: a.b;");
	good("n = count()", true, "n := count();");
	good("n=a==b", false, "n := a == b;");
	good("n == 1", false, "n == 1 :: n == 1;");
	good("a.b.c = 1", false, "a/b/c := 1;");
	good("`odd name` = 1, x", false, "odd name := 1;x :: x;");
	good("`odd name`", false, "odd name :: `odd name`;");
	good("@timestamp", false, "@timestamp :: @timestamp;");
	good("a.`b c` = 2", false, "a/b c := 2;");
	good("if = 1, in = 2, true = 3", false, "if := 1;in := 2;true := 3;");
	good("n = sum(x) if y > 1 && z", true, "n := sum(x) IF y > 1 && z;");
	good("count() if level == \"a, b\"", true,
	    "count() if level == \"a, b\" :: count() IF level == \"a, b\";");
	good("x = [1, 2], y = {\"a\": 1}", false,
	    "x := [1, 2];y := {\"a\": 1};");
	good("x = a ? b : c, y = f(1, 2)", false,
	    "x := a ? b : c;y := f(1, 2);");
	bad("", false, "-k: ends too early: expected a value\n\n^");
	bad("a,", false, "-k: ends too early: expected a value\na,\n  ^");
	bad("a b", false, "-k: unexpected b: expected ,\na b\n  ^");
	bad("a if b", false, "-k: unexpected if: expected ,\na if b\n  ^");
	bad("a b", true, "-k: unexpected b: expected , or if\na b\n  ^");
	bad("a = 1, a = 2", false,
	    "-k: the name \"a\" is there twice\na = 1, a = 2\n       ^");
	bad("a, a = 2", false,
	    "-k: the name \"a\" is there twice\na, a = 2\n   ^");
	bad("n = a = b", false,
	    "-k: unexpected =: write == to compare\n"
	    "n = a = b\n      ^");
	bad("n = \"x", false, "-k: string is not closed\nn = \"x\n    ^");
	test_calls();
	test_names();
	return done();
}
