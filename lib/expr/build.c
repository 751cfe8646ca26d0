#include "expr/build.h"

#include "base/mem.h"

uint32_t
weir_build_const(struct weir_build *b, struct weir_value v)
{
	b->consts = weir_grow(
	    b->consts, &b->cap_consts, b->nconsts + 1, sizeof *b->consts);
	b->consts[b->nconsts] = v;
	return (uint32_t)b->nconsts++;
}

int
weir_build_field(struct weir_build *b, const struct weir_str *path,
    size_t depth, size_t at, uint32_t *index)
{
	struct weir_field f = {
	    .parent = WEIR_EXPR_NONE, .type = WEIR_EXPR_NONE};
	struct weir_value type;
	size_t i;

	f.slot = weir_prover_want(b->scope->prover, path, depth);
	if (f.slot == WEIR_NO_SLOT)
		return weir_source_fail(b->src, at,
		    "too many different fields (at most %d)", WEIR_PATHS_MAX);
	for (i = 0; i < b->nfields; i++) {
		if (b->fields[i].slot == f.slot) {
			*index = (uint32_t)i;
			return 1;
		}
	}
	if (depth > 1 &&
	    weir_build_field(b, path, depth - 1, at, &f.parent) < 0)
		return -1;
	if (depth == 1 && weir_type_named(path[0], &type))
		f.type = weir_build_const(b, type);
	b->fields = weir_grow(
	    b->fields, &b->cap_fields, b->nfields + 1, sizeof *b->fields);
	b->fields[b->nfields] = f;
	*index = (uint32_t)b->nfields++;
	return 1;
}

void
weir_build_finish(struct weir_build *b)
{
	struct weir_expr *x = b->x;

	x->code = b->code;
	x->consts = b->consts;
	x->fields = b->fields;
	x->funcs = b->funcs;
	x->regexes = b->regexes;
	x->nregexes = b->nregexes;
	x->stack = b->stack;
	weir_arena_fini(&b->nodes);
}
