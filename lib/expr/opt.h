/*
 * opt.h - optional values: `a.?b`, `a[?b]`, `[?a]`, optMap.
 */
#ifndef WEIR_EXPR_OPT_H
#define WEIR_EXPR_OPT_H

#include "expr/func.h"

/* optional.none(), and optional.of(v); errors and absence stay as they are. */
struct weir_value weir_opt_none(void);
struct weir_value weir_opt_of(struct weir_env *env, struct weir_value v);

/*
 * `a.?name`, `a[?b]`: an optional. What is missing, a itself included, gives
 * none; selecting from an optional selects from its value.
 */
struct weir_value weir_opt_select(
    struct weir_env *env, struct weir_value a, struct weir_value name);
struct weir_value weir_opt_index(
    struct weir_env *env, struct weir_value a, struct weir_value b);

/* `?v` in a literal: v marked, an error if it is not optional. */
struct weir_value weir_opt_maybe(struct weir_env *env, struct weir_value v);
/* Is it so marked? */
bool weir_opt_is_maybe(struct weir_value v);

/*
 * Begin optMap on *v: 1 with its value in *local, or 0 with the result of the
 * whole in *v.
 */
int weir_opt_begin(
    struct weir_env *env, struct weir_value *v, struct weir_value *local);

#endif
