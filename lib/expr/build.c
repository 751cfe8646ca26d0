#include "expr/build.h"

#include "base/mem.h"

#include <string.h>

uint32_t
weir_build_const(struct weir_build *b, struct weir_value v)
{
	b->consts = weir_grow(
	    b->consts, &b->cap_consts, b->nconsts + 1, sizeof *b->consts);
	b->consts[b->nconsts] = v;
	return (uint32_t)b->nconsts++;
}

static int
want(struct weir_build *b, const struct weir_str *names, size_t n, size_t at)
{
	int slot = weir_prover_want(b->scope->prover, names, n);

	return slot != WEIR_NO_SLOT
	    ? slot
	    : weir_source_fail(b->src, at,
		  "too many different fields (at most %d)", WEIR_PATHS_MAX);
}

/* Names for constants: the number of the first. */
static uint32_t
add_names(struct weir_build *b, const struct weir_path *path)
{
	uint32_t first = (uint32_t)b->nconsts;
	const struct weir_str *name;
	char *copy;
	size_t i;

	for (i = 0; i < path->depth; i++) {
		name = &path->names[i];
		copy = weir_arena_alloc(&b->x->arena, name->len + 1);
		memcpy(copy, name->s, name->len);
		weir_build_const(b, weir_text(copy, name->len));
	}
	return first;
}

/* The places of a field in names with dots, the longest name first. */
static int
add_dotted(struct weir_build *b, const struct weir_path *path, size_t at,
    struct weir_field *f)
{
	uint32_t names = add_names(b, path);
	struct weir_buf name = {0};
	struct weir_dotted d;
	size_t n, i;

	f->dotted = (uint32_t)b->ndotted;
	for (n = f->ndotted + 1; n > 1; n--) {
		name.len = 0;
		for (i = 0; i < n; i++) {
			weir_buf_puts(&name, i > 0 ? "." : "");
			weir_buf_add(
			    &name, path->names[i].s, path->names[i].len);
		}
		d.slot =
		    want(b, &(struct weir_str){name.data, name.len}, 1, at);
		if (d.slot < 0)
			break;
		d.rest = names + (uint32_t)n;
		d.nrest = (uint32_t)(path->depth - n);
		b->dotted = weir_grow(b->dotted, &b->cap_dotted, b->ndotted + 1,
		    sizeof *b->dotted);
		b->dotted[b->ndotted++] = d;
	}
	weir_buf_fini(&name);
	return n > 1 ? -1 : 1;
}

/* How many names with dots a path may begin with. */
static uint32_t
count_dotted(const struct weir_path *path)
{
	size_t n = path->plain;

	n = n < WEIR_DOTTED_NAMES ? n : WEIR_DOTTED_NAMES;
	return n > 1 ? (uint32_t)n - 1 : 0;
}

int
weir_build_field(struct weir_build *b, const struct weir_path *path, size_t at,
    uint32_t *index)
{
	struct weir_field f = {
	    .parent = WEIR_EXPR_NONE, .type = WEIR_EXPR_NONE};
	struct weir_path up = *path;
	struct weir_value type;
	size_t i;

	f.slot = want(b, path->names, path->depth, at);
	if (f.slot < 0)
		return -1;
	f.ndotted = count_dotted(path);
	for (i = 0; i < b->nfields; i++) {
		if (b->fields[i].slot == f.slot &&
		    b->fields[i].ndotted == f.ndotted) {
			*index = (uint32_t)i;
			return 1;
		}
	}
	up.depth--;
	up.plain = 0;
	if (up.depth > 0 && weir_build_field(b, &up, at, &f.parent) < 0)
		return -1;
	if (f.ndotted > 0 && add_dotted(b, path, at, &f) < 0)
		return -1;
	if (path->depth == 1 && weir_type_named(path->names[0], &type))
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
	x->dotted = b->dotted;
	x->funcs = b->funcs;
	x->regexes = b->regexes;
	x->nregexes = b->nregexes;
	x->stack = b->stack;
	weir_arena_fini(&b->nodes);
}
