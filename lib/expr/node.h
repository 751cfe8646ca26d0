/*
 * node.h - the tree after checking: every name has its meaning.
 *
 * The checker makes these nodes out of the parsed tree, folds what is constant,
 * and the compiler turns them into instructions. They live in an arena that is
 * dropped after compiling; what constants point to lives in the expression's.
 */
#ifndef WEIR_EXPR_NODE_H
#define WEIR_EXPR_NODE_H

#include "expr/ast.h"
#include "expr/code.h"

enum weir_node_kind {
	WEIR_N_CONST,  /* value */
	WEIR_N_FIELD,  /* index into the expression's fields */
	WEIR_N_EVENT,  /* the whole event */
	WEIR_N_VAR,    /* index: a declared variable */
	WEIR_N_LOCAL,  /* index: a variable of a macro */
	WEIR_N_HAS,    /* has(kids[0].value), or of a field if kids[0] is one */
	WEIR_N_SELECT, /* kids[0].value */
	WEIR_N_INDEX,
	WEIR_N_UNARY,
	WEIR_N_BINARY,
	WEIR_N_AND,
	WEIR_N_OR,
	WEIR_N_COND,
	WEIR_N_CALL, /* func; index: of its constant pattern, or NONE */
	WEIR_N_LIST,
	WEIR_N_MAP,
	WEIR_N_LOOP, /* op loop kind, over kids[0]; locals from index on */
	WEIR_N_BIND, /* local index = kids[0] in kids[1] */
	WEIR_N_OPT   /* the same if kids[0] has a value; op: wrap the result */
};

struct weir_node {
	uint8_t kind;	/* enum weir_node_kind */
	uint8_t op;	/* enum weir_op */
	uint16_t flags; /* WEIR_AST_OPTIONAL, WEIR_AST_MAYBE */
	uint32_t n;
	uint32_t index;
	uint32_t at; /* for carets */
	struct weir_node **kids;
	const struct weir_func *func;
	struct weir_value value;
};

#endif
