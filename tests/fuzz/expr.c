/*
 * Goal: no expression and no event crash, leak, or run long; the canonical text
 * of an expression means the same as the expression.
 * Method: the first line of the input is an expression, the rest an event. What
 * compiles is evaluated, and so is its canonical text; canonical text and
 * result must agree, otherwise it aborts. The list form is parsed, too.
 */
#include "expr/expr.h"
#include "expr/items.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The result as text: JSON, "absent", or the error. */
static void
evaluate(struct weir_buf *out, struct weir_prover *prover,
    const struct weir_expr *x, const char *line)
{
	struct weir_slot slots[WEIR_PATHS_MAX];
	const char *end = weir_prover_line(prover, line, slots, NULL);
	struct weir_row row = {.text = line};
	struct weir_arena arena = {0};
	struct weir_error err = {0};
	struct weir_value v;
	int rc;

	if (end != NULL) {
		row.len = (uint32_t)(end - line);
		row.slots = slots;
	}
	rc = weir_expr_eval(x, &row, &arena, &v, &err);
	if (rc < 0) {
		weir_buf_puts(out, err.text);
	} else if (rc == 0 || !weir_value_write(out, v)) {
		weir_buf_puts(out, "absent");
	} else {
		weir_value_key(out, v);
	}
	weir_arena_fini(&arena);
}

static void
check_again(struct weir_prover *prover, const struct weir_scope *scope,
    const struct weir_expr *x, const char *line)
{
	char *text = weir_expr_text(x), *again;
	struct weir_buf one = {0}, two = {0};
	struct weir_error err = {0};
	struct weir_expr *y;

	y = weir_expr_compile(scope, text, strlen(text), "canonical", &err);
	if (y == NULL && strlen(text) <= (size_t)64 << 10) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	if (y != NULL) {
		again = weir_expr_text(y);
		evaluate(&one, prover, x, line);
		evaluate(&two, prover, y, line);
		if (strcmp(text, again) != 0 || one.len != two.len ||
		    memcmp(one.data, two.data, one.len) != 0) {
			fprintf(stderr, "%s\n%s\n", text, again);
			abort();
		}
		free(again);
	}
	weir_expr_free(y);
	weir_buf_fini(&one);
	weir_buf_fini(&two);
	free(text);
}

static void
try_items(const char *text)
{
	struct weir_error err = {0};
	struct weir_items items;

	if (weir_items_parse(&items, text, true, "list", &err) == 1)
		weir_items_fini(&items);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weir_prover *prover = weir_prover_new();
	struct weir_scope scope = {.prover = prover};
	char *text = malloc(size + WEIR_PAD + 2), *line;
	struct weir_error err = {0};
	struct weir_expr *x;
	size_t n;

	if (text == NULL)
		abort();
	if (size != 0)
		memcpy(text, data, size);
	memset(text + size, 0, WEIR_PAD + 2);
	text[size] = '\n';
	line = memchr(text, '\n', size + 1);
	n = (size_t)(line - text);
	line += n < size;
	x = weir_expr_compile(&scope, text, n, "expression", &err);
	if (x != NULL)
		check_again(prover, &scope, x, line);
	weir_expr_free(x);
	text[n] = '\0';
	try_items(text);
	free(text);
	weir_prover_free(prover);
	return 0;
}
