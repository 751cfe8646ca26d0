/*
 * expr.h - CEL expressions over the fields of an event.
 *
 * The language is the Common Expression Language (google/cel-spec,
 * doc/langdef.md) with the deviations of weir-expr(7): numbers promote, a
 * missing field is absent rather than an error. Text goes through lexer,
 * parser (to a tree), checker (names, arity, constant folding), and compiler
 * (to instructions); the evaluator runs those. Expressions intern the paths
 * that they name in the prover at compile time and fetch nothing else.
 */
#ifndef WEIR_EXPR_EXPR_H
#define WEIR_EXPR_EXPR_H

#include "base/arena.h"
#include "base/error.h"
#include "json/prover.h"
#include "json/value.h"

#include <stdbool.h>

/* What names mean: fields of an event, and declared variables before them. */
struct weir_scope {
	struct weir_prover *prover; /* where field paths are interned */
	const char *const *vars;    /* declared names; slot in row.vars */
	size_t nvars;
	bool no_fields; /* undeclared names are an error */
};

/*
 * One event as an expression sees it. A len of 0 stands for no event at all:
 * fields are absent, but names of types (`int`) mean the types.
 */
struct weir_row {
	const char *text; /* the event's text and length */
	uint32_t len;
	const struct weir_slot *slots;
	const struct weir_value *vars;
	int64_t now_ns; /* what now() gives; only for --proc-time users */
};

struct weir_expr;
struct weir_ast; /* expr/ast.h */

/*
 * Compile text. Returns NULL with *err (WEIR_USAGE): the reason, then the text
 * with a caret under the place, and a suggestion for a near miss. what names
 * the thing in messages ("expression", "-k").
 */
struct weir_expr *weir_expr_compile(const struct weir_scope *scope,
    const char *text, size_t len, const char *what, struct weir_error *err);
/* Compile a tree out of text (which messages show). */
struct weir_expr *weir_expr_compile_ast(const struct weir_scope *scope,
    const struct weir_ast *ast, const char *text, size_t len, const char *what,
    struct weir_error *err);
void weir_expr_free(struct weir_expr *x);

/*
 * Evaluate. Returns 1 with *out, 0 if absent, -1 with err->text (WEIR_INPUT)
 * naming the operation and the types. What *out points to lives until the
 * arena is reset or the event is gone.
 */
int weir_expr_eval(const struct weir_expr *x, const struct weir_row *row,
    struct weir_arena *arena, struct weir_value *out, struct weir_error *err);
/*
 * Evaluate as a predicate: 1 it holds, 0 it does not or is absent, -1 error
 * (a value that is not a bool is one).
 */
int weir_expr_test(const struct weir_expr *x, const struct weir_row *row,
    struct weir_arena *arena, struct weir_error *err);

/*
 * If the expression is just one field, which is always in the same slot: that
 * one, else WEIR_NO_SLOT.
 */
int weir_expr_field(const struct weir_expr *x);
/*
 * The same for one event, whose field "a.b" is a.b, too. What has no slot must
 * be evaluated.
 */
int weir_expr_slot(const struct weir_expr *x, const struct weir_slot *slots);
/* The slot of a field that is a path, without fields of names with dots. */
int weir_expr_path(const struct weir_expr *x);
/* The canonical text of an expression, for fingerprints; malloc'd. */
char *weir_expr_text(const struct weir_expr *x);

#endif
