/*
 * ops.h - what operators do with two values.
 *
 * Where an operand is an error the result is that error; else, where one is
 * absent, the result is absent. && and || first let the operand that decides
 * decide.
 */
#ifndef WEIR_EXPR_OPS_H
#define WEIR_EXPR_OPS_H

#include "expr/ast.h"
#include "expr/func.h"

struct weir_value weir_op_unary(
    struct weir_env *env, enum weir_op op, struct weir_value a);
struct weir_value weir_op_binary(struct weir_env *env, enum weir_op op,
    struct weir_value a, struct weir_value b);
struct weir_value weir_op_and(
    struct weir_env *env, struct weir_value a, struct weir_value b);
struct weir_value weir_op_or(
    struct weir_env *env, struct weir_value a, struct weir_value b);
/* The error or absence that a is as a condition, being no bool. */
struct weir_value weir_op_no_condition(
    struct weir_env *env, struct weir_value a);

/* a[b]; a.name; has(a.name) */
struct weir_value weir_op_index(
    struct weir_env *env, struct weir_value a, struct weir_value b);
struct weir_value weir_op_select(
    struct weir_env *env, struct weir_value a, struct weir_value name);
struct weir_value weir_op_has(
    struct weir_env *env, struct weir_value a, struct weir_value name);

/* A map of n keys and values, in turns. */
struct weir_value weir_op_map(
    struct weir_env *env, const struct weir_value *v, size_t n);
struct weir_value weir_op_list(
    struct weir_env *env, const struct weir_value *v, size_t n);

/* + - * / % of numbers (arith.c). */
struct weir_value weir_arith(struct weir_env *env, enum weir_op op,
    struct weir_value a, struct weir_value b);
/* "no such overload: string + int" */
struct weir_value weir_op_no_overload(struct weir_env *env, enum weir_op op,
    struct weir_value a, struct weir_value b);

#endif
