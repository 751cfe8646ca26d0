/*
 * sort.h - lists in order.
 */
#ifndef WEIR_EXPR_SORT_H
#define WEIR_EXPR_SORT_H

#include "expr/func.h"

/*
 * The items in the order of their keys (as many), stable; an error if two keys
 * have no order.
 */
struct weir_value weir_sort(struct weir_env *env,
    const struct weir_value *items, const struct weir_list *keys);

#endif
