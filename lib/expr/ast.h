/*
 * ast.h - the tree that an expression's text parses to.
 *
 * Nodes are never changed after parsing; they live in the arena that the parser
 * was given, and borrow names from the text. Macros (`has`, `all`, ...) are
 * plain calls here: the checker gives them their meaning. Chains of && and ||
 * are one node with many kids, so that long ones are not deep.
 */
#ifndef WEIR_EXPR_AST_H
#define WEIR_EXPR_AST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "json/value.h"

#include <stdbool.h>
#include <stdint.h>

enum weir_ast_kind {
	WEIR_AST_CONST,	 /* value */
	WEIR_AST_NAME,	 /* name */
	WEIR_AST_SELECT, /* kids[0] . name */
	WEIR_AST_INDEX,	 /* kids[0] [ kids[1] ] */
	WEIR_AST_CALL,	 /* name ( kids... ), or kids[0] . name ( kids... ) */
	WEIR_AST_UNARY,	 /* op kids[0] */
	WEIR_AST_BINARY, /* kids[0] op kids[1] */
	WEIR_AST_AND,	 /* kids[0] && kids[1] && ... */
	WEIR_AST_OR,
	WEIR_AST_COND, /* kids[0] ? kids[1] : kids[2] */
	WEIR_AST_LIST,
	WEIR_AST_MAP /* kids: key, value, key, value, ... */
};

enum weir_op {
	WEIR_OP_NOT,
	WEIR_OP_NEG,
	WEIR_OP_ADD,
	WEIR_OP_SUB,
	WEIR_OP_MUL,
	WEIR_OP_DIV,
	WEIR_OP_MOD,
	WEIR_OP_EQ,
	WEIR_OP_NE,
	WEIR_OP_LT,
	WEIR_OP_LE,
	WEIR_OP_GT,
	WEIR_OP_GE,
	WEIR_OP_IN
};

enum {
	WEIR_AST_METHOD = 1,   /* a CALL with a receiver, kids[0] */
	WEIR_AST_OPTIONAL = 2, /* a.?b, a[?b] */
	WEIR_AST_QUOTED = 4,   /* the name stood in backquotes */
	WEIR_AST_ROOT = 8,     /* a NAME or CALL after a leading dot */
	WEIR_AST_MAYBE = 16,   /* an element or key after ? in a literal */
	WEIR_AST_PARENS = 32   /* a NAME or SELECT in brackets of its own */
};

struct weir_ast {
	uint8_t kind;	/* enum weir_ast_kind */
	uint8_t op;	/* enum weir_op */
	uint16_t depth; /* of the tree below, a leaf is 1 */
	uint32_t flags;
	uint32_t pos, len; /* where in the text */
	uint32_t at;	   /* what a caret should point at: operator, name */
	uint32_t n;	   /* kids */
	struct weir_str name;
	struct weir_value value;
	const struct weir_ast *const *kids;
};

/*
 * Parse all of text as one expression. Returns NULL with *err (WEIR_USAGE).
 * The text must outlive the tree.
 */
const struct weir_ast *weir_ast_parse(struct weir_arena *arena,
    const char *text, size_t len, const char *what, struct weir_error *err);

/*
 * Is it a call of a global function, `name(args...)`? Then 1 with its name and
 * number of arguments (either pointer may be NULL), else 0.
 */
int weir_ast_is_call(
    const struct weir_ast *ast, struct weir_str *name, size_t *nargs);
/* Argument i of such a call. */
const struct weir_ast *weir_ast_arg(const struct weir_ast *ast, size_t i);

/* Is it a constant? Then 1 with its value (`-5` and `"x"` are; `1 + 1` not). */
int weir_ast_is_const(const struct weir_ast *ast, struct weir_value *value);

/* The part of text (that the tree was parsed from) that it covers. */
struct weir_str weir_ast_span(const struct weir_ast *ast, const char *text);

/*
 * Call fn for every plain name in the tree, in order (`a` of `a.b`; variables
 * of macros, too), until it returns other than 0: that is the result, else 0.
 */
int weir_ast_names(const struct weir_ast *ast,
    int (*fn)(void *arg, struct weir_str name), void *arg);

/*
 * Put other nodes in the place of some: fn is asked about each node, and gives
 * 1 with another one in *node, 0 to go on with its kids, or -1 to end with
 * that. Nodes above others are copied; what is as it was is shared.
 */
int weir_ast_replace(struct weir_arena *arena, const struct weir_ast **ast,
    int (*fn)(void *arg, const struct weir_ast **node), void *arg);

/*
 * Append the canonical text: one spelling of constants and spaces, brackets
 * only where they are needed. It parses to the same tree.
 */
void weir_ast_print(const struct weir_ast *ast, struct weir_buf *out);

/* How an operator is written. */
const char *weir_op_text(enum weir_op op);

#endif
