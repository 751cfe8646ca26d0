#include "expr/build.h"

#include "base/mem.h"
#include "json/writer.h"

static void emit(struct weir_build *b, const struct weir_node *node);

/* Append an instruction that leaves the stack effect values higher. */
static size_t
add(struct weir_build *b, struct weir_insn in, int effect)
{
	b->code =
	    weir_grow(b->code, &b->cap_code, b->ncode + 1, sizeof *b->code);
	b->code[b->ncode] = in;
	b->depth += (uint32_t)effect;
	if (b->depth > b->stack)
		b->stack = b->depth;
	return b->ncode++;
}

static struct weir_insn
insn(enum weir_opcode op, size_t n, uint32_t a, uint32_t b)
{
	return (struct weir_insn){
	    .op = (uint16_t)op, .n = (uint16_t)n, .a = a, .b = b};
}

static uint32_t
here(const struct weir_build *b)
{
	return (uint32_t)b->ncode;
}

static uint32_t
func_index(struct weir_build *b, const struct weir_func *f)
{
	size_t i;

	for (i = 0; i < b->nfuncs; i++)
		if (b->funcs[i] == f)
			return (uint32_t)i;
	b->funcs =
	    weir_grow(b->funcs, &b->cap_funcs, b->nfuncs + 1, sizeof *b->funcs);
	b->funcs[b->nfuncs] = f;
	return (uint32_t)b->nfuncs++;
}

/* a < b as b > a. */
static enum weir_op
mirror(enum weir_op op)
{
	switch (op) {
	case WEIR_OP_LT: return WEIR_OP_GT;
	case WEIR_OP_LE: return WEIR_OP_GE;
	case WEIR_OP_GT: return WEIR_OP_LT;
	case WEIR_OP_GE: return WEIR_OP_LE;
	default: return op;
	}
}

/* field OP constant as one instruction, if there is one for it: 1, else 0. */
static int
emit_fused(struct weir_build *b, const struct weir_node *node)
{
	const struct weir_node *f = node->kids[0], *c = node->kids[1];
	enum weir_op op = (enum weir_op)node->op;
	enum weir_opcode code;

	if (op < WEIR_OP_EQ || op > WEIR_OP_GE)
		return 0;
	if (f->kind == WEIR_N_CONST) {
		f = node->kids[1];
		c = node->kids[0];
		op = mirror(op);
	}
	if (f->kind != WEIR_N_FIELD || c->kind != WEIR_N_CONST)
		return 0;
	if (c->value.kind >= WEIR_INT && c->value.kind <= WEIR_DOUBLE)
		code = WEIR_I_FIELD_NUMBER;
	else if (c->value.kind == WEIR_STRING && op <= WEIR_OP_NE &&
	    weir_json_plain(c->value.s, c->value.aux) == c->value.aux)
		code = WEIR_I_FIELD_STRING;
	else
		return 0;
	add(b, insn(code, op, f->index, weir_build_const(b, c->value)), 1);
	return 1;
}

static void
emit_chain(struct weir_build *b, const struct weir_node *node)
{
	bool and = node->kind == WEIR_N_AND;
	size_t first = b->ncode, i;

	emit(b, node->kids[0]);
	for (i = 1; i < node->n; i++) {
		/* Until the end is known, a is the jump before this one. */
		first = add(b,
		    insn(and? WEIR_I_AND_JUMP : WEIR_I_OR_JUMP, 0,
			i == 1 ? WEIR_EXPR_NONE : (uint32_t)first, 0),
		    0);
		emit(b, node->kids[i]);
		add(b, insn(and? WEIR_I_AND : WEIR_I_OR, 0, 0, 0), -1);
	}
	while (first != WEIR_EXPR_NONE) {
		i = b->code[first].a;
		b->code[first].a = here(b);
		first = i;
	}
}

static void
emit_cond(struct weir_build *b, const struct weir_node *node)
{
	size_t branch, jump;

	emit(b, node->kids[0]);
	branch = add(b, insn(WEIR_I_BRANCH, 0, 0, 0), -1);
	emit(b, node->kids[1]);
	jump = add(b, insn(WEIR_I_JUMP, 0, 0, 0), -1);
	b->code[branch].a = here(b);
	emit(b, node->kids[2]);
	b->code[jump].a = here(b);
	b->code[branch].b = here(b);
}

static void
emit_has(struct weir_build *b, const struct weir_node *node)
{
	const struct weir_node *kid = node->kids[0];

	if (kid->kind == WEIR_N_FIELD && node->value.kind != WEIR_STRING) {
		add(b, insn(WEIR_I_HAS_FIELD, 0, kid->index, 0), 1);
		return;
	}
	emit(b, kid);
	add(b, insn(WEIR_I_HAS, 0, weir_build_const(b, node->value), 0), 0);
}

static void
emit_kids(struct weir_build *b, const struct weir_node *node)
{
	size_t i;

	for (i = 0; i < node->n; i++)
		emit(b, node->kids[i]);
}

static void
emit_select(struct weir_build *b, const struct weir_node *node)
{
	bool maybe = node->flags & WEIR_AST_OPTIONAL;

	emit(b, node->kids[0]);
	add(b,
	    insn(maybe ? WEIR_I_OPT_SELECT : WEIR_I_SELECT, 0,
		weir_build_const(b, node->value), 0),
	    0);
}

static void
emit_call(struct weir_build *b, const struct weir_node *node)
{
	emit_kids(b, node);
	add(b,
	    insn(WEIR_I_CALL, node->n, func_index(b, node->func), node->index),
	    1 - (int)node->n);
}

static void
emit_literal(struct weir_build *b, const struct weir_node *node)
{
	bool list = node->kind == WEIR_N_LIST, maybe;
	size_t i;

	for (i = 0; i < node->n; i++) {
		emit(b, node->kids[i]);
		/* In a map the mark is on the key, and means the value. */
		maybe = list
		    ? node->kids[i]->flags & WEIR_AST_MAYBE
		    : i % 2 == 1 && (node->kids[i - 1]->flags & WEIR_AST_MAYBE);
		if (maybe)
			add(b, insn(WEIR_I_MAYBE, 0, 0, 0), 0);
	}
	add(b,
	    insn(list ? WEIR_I_LIST : WEIR_I_MAP, list ? node->n : node->n / 2,
		0, 0),
	    1 - (int)node->n);
}

static void
emit_loop(struct weir_build *b, const struct weir_node *node)
{
	uint32_t base = node->index, next;
	size_t begin, jump;

	emit(b, node->kids[0]);
	begin = add(b, insn(WEIR_I_LOOP_BEGIN, 0, base, 0), -1);
	next = (uint32_t)add(b, insn(WEIR_I_LOOP_NEXT, node->op, base, 0), 0);
	if (node->n == 3) {
		emit(b, node->kids[1]);
		add(b, insn(WEIR_I_LOOP_IF, 0, base, next), -1);
	}
	emit(b, node->kids[node->n - 1]);
	jump = add(b, insn(WEIR_I_LOOP_STEP, node->op, base, next), -1);
	b->code[next].b = (uint32_t)jump + 1;
	add(b, insn(WEIR_I_LOOP_END, node->op, base, 0), 1);
	b->code[begin].b = here(b);
}

static void
emit_bind(struct weir_build *b, const struct weir_node *node)
{
	bool opt = node->kind == WEIR_N_OPT;
	size_t begin;

	emit(b, node->kids[0]);
	begin = add(b,
	    insn(opt ? WEIR_I_OPT_BEGIN : WEIR_I_SET_LOCAL, 0, node->index, 0),
	    -1);
	emit(b, node->kids[1]);
	if (opt && node->op)
		add(b, insn(WEIR_I_OPT_WRAP, 0, 0, 0), 0);
	if (opt)
		b->code[begin].b = here(b);
}

static void
emit(struct weir_build *b, const struct weir_node *node)
{
	switch ((enum weir_node_kind)node->kind) {
	case WEIR_N_CONST:
		add(b,
		    insn(WEIR_I_CONST, 0, weir_build_const(b, node->value), 0),
		    1);
		break;
	case WEIR_N_FIELD:
		add(b, insn(WEIR_I_FIELD, 0, node->index, 0), 1);
		break;
	case WEIR_N_EVENT: add(b, insn(WEIR_I_EVENT, 0, 0, 0), 1); break;
	case WEIR_N_VAR: add(b, insn(WEIR_I_VAR, 0, node->index, 0), 1); break;
	case WEIR_N_LOCAL:
		add(b, insn(WEIR_I_LOCAL, 0, node->index, 0), 1);
		break;
	case WEIR_N_HAS: emit_has(b, node); break;
	case WEIR_N_SELECT: emit_select(b, node); break;
	case WEIR_N_INDEX:
		emit_kids(b, node);
		add(b,
		    insn(node->flags & WEIR_AST_OPTIONAL ? WEIR_I_OPT_INDEX
							 : WEIR_I_INDEX,
			0, 0, 0),
		    -1);
		break;
	case WEIR_N_UNARY:
		emit(b, node->kids[0]);
		add(b, insn(WEIR_I_UNARY, node->op, 0, 0), 0);
		break;
	case WEIR_N_BINARY:
		if (emit_fused(b, node))
			break;
		emit_kids(b, node);
		add(b, insn(WEIR_I_BINARY, node->op, 0, 0), -1);
		break;
	case WEIR_N_AND:
	case WEIR_N_OR: emit_chain(b, node); break;
	case WEIR_N_COND: emit_cond(b, node); break;
	case WEIR_N_CALL: emit_call(b, node); break;
	case WEIR_N_LIST:
	case WEIR_N_MAP: emit_literal(b, node); break;
	case WEIR_N_LOOP: emit_loop(b, node); break;
	case WEIR_N_BIND:
	case WEIR_N_OPT: emit_bind(b, node); break;
	}
}

void
weir_compile(struct weir_build *b, const struct weir_node *root)
{
	b->depth = b->stack = b->x->locals;
	emit(b, root);
	add(b, insn(WEIR_I_RETURN, 0, 0, 0), 0);
}
