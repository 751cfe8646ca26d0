/*
 * Fields whose names have dots: a.b.c is the event's field "a.b.c" if there is
 * one, else c in "a.b" if there is that, else c in b in a.
 */
#include "expr/code.h"
#include "expr/ops.h"

const struct weir_dotted *
weir_dotted_find(const struct weir_expr *x, const struct weir_field *f,
    const struct weir_slot *slots)
{
	const struct weir_dotted *d;
	uint32_t i;

	for (i = 0; i < f->ndotted; i++) {
		d = &x->dotted[f->dotted + i];
		if (slots[d->slot].len != 0)
			return d;
	}
	return NULL;
}

struct weir_value
weir_dotted_load(struct weir_env *env, const struct weir_expr *x,
    const struct weir_dotted *d)
{
	const struct weir_slot *slot = &env->row->slots[d->slot];
	struct weir_value v =
	    weir_value_read(env->row->text + slot->off, slot->len, env->arena);
	uint32_t i;

	for (i = 0; i < d->nrest; i++)
		v = weir_op_select(env, v, x->consts[d->rest + i]);
	return v;
}
