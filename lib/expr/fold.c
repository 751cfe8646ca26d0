/*
 * Constant folding: what has the same value for every event is computed once.
 */
#include "expr/build.h"

#include <stdlib.h>

static bool
can_fold(const struct weir_node *node)
{
	size_t i;

	if (node->kind < WEIR_N_HAS || node->kind > WEIR_N_MAP ||
	    (node->kind == WEIR_N_CALL && (node->func->flags & WEIR_F_IMPURE)))
		return false;
	for (i = 0; i < node->n; i++)
		if (node->kids[i]->kind != WEIR_N_CONST)
			return false;
	return true;
}

void
weir_fold(struct weir_build *b, struct weir_node *node)
{
	struct weir_expr x = {0};
	struct weir_build sub = {.x = &x, .src = b->src, .scope = b->scope};
	struct weir_row row = {0};
	struct weir_value v;

	if (!can_fold(node))
		return;
	weir_compile(&sub, node);
	weir_build_finish(&sub);
	x.regexes = b->regexes;
	x.zones = b->x->zones;
	v = weir_eval(&x, &row, &b->x->arena);
	free(sub.code);
	free(sub.consts);
	free(sub.funcs);
	/* An error must stay one that && and || can absorb. */
	if (v.kind <= WEIR_ERROR)
		return;
	node->kind = WEIR_N_CONST;
	node->n = 0;
	node->value = v;
}
