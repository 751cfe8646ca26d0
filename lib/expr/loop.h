/*
 * loop.h - macros that go over lists and maps.
 *
 * all, exists and exists_one test elements, filter and map make lists,
 * transformList, transformMap and transformMapEntry have two variables (index
 * and element, or key and value). The state of a loop lives in the arena; its
 * work is paid from the evaluation's budget.
 */
#ifndef WEIR_EXPR_LOOP_H
#define WEIR_EXPR_LOOP_H

#include "expr/func.h"

enum weir_loop_kind {
	WEIR_LOOP_ALL,
	WEIR_LOOP_EXISTS,
	WEIR_LOOP_EXISTS_ONE,
	WEIR_LOOP_FILTER,
	WEIR_LOOP_LIST,	   /* map, transformList */
	WEIR_LOOP_MAP,	   /* transformMap */
	WEIR_LOOP_ENTRY,   /* transformMapEntry */
	WEIR_LOOP_SORT,	   /* sortBy: the body gives the key to sort by */
	WEIR_LOOP_TWO = 16 /* flag: two variables */
};

/*
 * A loop's locals: its state, then one or two variables. Begin returns 1, or 0
 * if v cannot be gone over: then *v is what the loop gives. Next returns 0 at
 * the end. Guard takes what a filter gave: 1 to take the element. Step returns
 * 1 to go on, 0 when the result is decided.
 */
int weir_loop_begin(
    struct weir_env *env, struct weir_value *v, struct weir_value *locals);
int weir_loop_next(
    struct weir_env *env, unsigned kind, struct weir_value *locals);
int weir_loop_guard(
    struct weir_env *env, struct weir_value *locals, struct weir_value v);
int weir_loop_step(struct weir_env *env, unsigned kind,
    struct weir_value *locals, struct weir_value v);
struct weir_value weir_loop_end(
    struct weir_env *env, unsigned kind, struct weir_value *locals);

/* Take so many steps from the budget; 0 and *error when it is used up. */
int weir_spend(struct weir_env *env, size_t steps, struct weir_value *error);

#endif
