/*
 * evaluate.h - one expression on one event, for tests that are data.
 */
#ifndef WEIR_TESTS_UNIT_EVALUATE_H
#define WEIR_TESTS_UNIT_EVALUATE_H

#include "base/mem.h"
#include "expr/expr.h"

#include <stdlib.h>
#include <string.h>

/*
 * Append what the expression gives: JSON, "absent", "error: ..." or
 * "compile: ..." (only the reason, not the text and caret). An empty event
 * stands for none at all.
 */
static inline void
evaluate(struct weir_buf *out, struct weir_str expr, struct weir_str event)
{
	struct weir_prover *prover = weir_prover_new();
	struct weir_scope scope = {.prover = prover};
	struct weir_slot *slots = NULL;
	char *line = weir_calloc(1, event.len + WEIR_PAD + 1), *reason;
	struct weir_row row = {.text = line, .len = (uint32_t)event.len};
	struct weir_arena arena = {0};
	struct weir_error err = {0};
	struct weir_value v;
	struct weir_expr *x;
	int rc;

	x = weir_expr_compile(&scope, expr.s, expr.len, "compile", &err);
	if (x == NULL) {
		reason = strchr(err.text, '\n');
		weir_buf_add(out, err.text,
		    reason != NULL ? (size_t)(reason - err.text)
				   : strlen(err.text));
		goto out;
	}
	slots = weir_calloc(weir_prover_slots(prover) + 1, sizeof *slots);
	if (event.len != 0)
		memcpy(line, event.s, event.len);
	line[event.len] = '\n';
	row.slots = event.len != 0 ? slots : NULL;
	if (event.len != 0 &&
	    weir_prover_line(prover, line, slots, NULL) == NULL) {
		weir_buf_puts(out, "bad event");
		goto out;
	}
	rc = weir_expr_eval(x, &row, &arena, &v, &err);
	if (rc < 0)
		weir_buf_printf(out, "error: %s", err.text);
	else if (rc == 0 || weir_value_write(out, v) == 0)
		weir_buf_puts(out, "absent");
out:
	weir_arena_fini(&arena);
	weir_expr_free(x);
	weir_prover_free(prover);
	free(slots);
	free(line);
}

/* Is got what was wanted? Of errors, only what is written must agree. */
static inline int
as_wanted(const char *got, size_t len, const char *want)
{
	size_t n = strlen(want);

	if (strncmp(want, "error", 5) == 0 || strncmp(want, "compile", 7) == 0)
		return len >= n && memcmp(got, want, n) == 0;
	return len == n && memcmp(got, want, n) == 0;
}

#endif
