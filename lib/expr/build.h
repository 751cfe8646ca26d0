/*
 * build.h - an expression while it is being made.
 *
 * The checker and the compiler fill these arrays; the finished expression takes
 * them over. Nodes live in an arena that ends with the building.
 */
#ifndef WEIR_EXPR_BUILD_H
#define WEIR_EXPR_BUILD_H

#include "expr/node.h"
#include "expr/source.h"

#define WEIR_DOTTED_NAMES 8 /* names that one with dots can be made of */

/* Names down into the event; none are the event itself. */
struct weir_path {
	struct weir_str names[WEIR_PATH_DEPTH];
	size_t depth, plain; /* the first plain ones stood as a.b.c */
	bool exact;	     /* behind `event`: no dots */
};

struct weir_build {
	const struct weir_scope *scope;
	const struct weir_source *src;
	struct weir_expr *x; /* its arena keeps what constants point to */
	struct weir_arena nodes;
	struct weir_insn *code;
	struct weir_value *consts;
	struct weir_field *fields;
	struct weir_dotted *dotted;
	const struct weir_func **funcs;
	struct weir_regex **regexes;
	size_t ncode, nconsts, nfields, ndotted, nfuncs, nregexes;
	size_t cap_code, cap_consts, cap_fields, cap_dotted, cap_funcs;
	size_t cap_regexes;
	uint32_t depth, stack;	   /* of the frame here, and at most */
	struct weir_local *locals; /* innermost first */
	uint32_t nlocals;	   /* in use here */
	uint32_t decided; /* && and || around that a constant decides */
};

/* A variable of a macro while its body is checked. */
struct weir_local {
	struct weir_local *outer;
	struct weir_str name;
	uint32_t index;
};

/*
 * The nodes of a tree (check.c): names resolved, calls checked, constants
 * folded. NULL as src->err.
 */
struct weir_node *weir_check_tree(
    struct weir_build *b, const struct weir_ast *ast);

/* Fold a node whose kids are constants, if that gives a value (fold.c). */
void weir_fold(struct weir_build *b, struct weir_node *node);

/* Instructions for a tree, the last of them RETURN (compile.c). */
void weir_compile(struct weir_build *b, const struct weir_node *root);

/* The number of a constant that code refers to. */
uint32_t weir_build_const(struct weir_build *b, struct weir_value v);
/*
 * A field, interned in the prover; -1 as src->err (caret at). Its first plain
 * names may be one name with dots in the event, too.
 */
int weir_build_field(struct weir_build *b, const struct weir_path *path,
    size_t at, uint32_t *index);
/* Give the arrays to the expression. */
void weir_build_finish(struct weir_build *b);

#endif
