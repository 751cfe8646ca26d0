/*
 * check.h - what the parts of the checker share.
 *
 * Nodes are made here out of the parsed tree. NULL and -1 are failures, as
 * src->err.
 */
#ifndef WEIR_EXPR_CHECK_H
#define WEIR_EXPR_CHECK_H

#include "expr/build.h"

struct weir_node *weir_node_new(struct weir_build *b, enum weir_node_kind kind,
    const struct weir_ast *ast, size_t n);
/* The node of a part, of any kind. */
struct weir_node *weir_check_part(
    struct weir_build *b, const struct weir_ast *ast);
/* A node with all kids of ast checked; not folded yet. */
struct weir_node *weir_check_kids(
    struct weir_build *b, enum weir_node_kind kind, const struct weir_ast *ast);
/* A string for a constant, copied to where constants live. */
struct weir_value weir_check_keep(
    struct weir_build *b, enum weir_kind kind, const char *s, size_t len);

/* The declared variable, or the macro's variable: 1 and *index, or 0. */
int weir_check_var(
    const struct weir_build *b, struct weir_str name, uint32_t *index);
int weir_check_local(
    const struct weir_build *b, const struct weir_ast *ast, uint32_t *index);
/*
 * Is it a path of names into the event (`a.b`, `a["b"]`, `event.a`)? Then 1
 * with its names; 0 names are the event itself.
 */
int weir_check_path(const struct weir_build *b, const struct weir_ast *ast,
    struct weir_path *path);
struct weir_node *weir_check_field(struct weir_build *b,
    const struct weir_ast *ast, const struct weir_path *path);

/* A call, of a function or a macro (call.c). */
struct weir_node *weir_check_call(
    struct weir_build *b, const struct weir_ast *ast);
/* Is it a macro with variables? Then 1 with its node, or -1; else 0. */
int weir_check_macro(
    struct weir_build *b, const struct weir_ast *ast, struct weir_node **node);

#endif
