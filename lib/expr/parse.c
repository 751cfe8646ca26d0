/*
 * The parser's operators, from what binds least; parse_value.c has the rest.
 */
#include "expr/parse.h"

static bool
at_number(const struct weir_parser *p)
{
	return weir_parser_at(p, WEIR_T_INT) ||
	    weir_parser_at(p, WEIR_T_DOUBLE);
}

static struct weir_ast *
parse_unary(struct weir_parser *p)
{
	struct weir_ast *a, *kid;
	struct weir_kids k = {0};
	size_t pos = p->tok.pos;
	enum weir_op op =
	    weir_parser_at(p, WEIR_T_NOT) ? WEIR_OP_NOT : WEIR_OP_NEG;

	if (!weir_parser_at(p, WEIR_T_NOT) && !weir_parser_at(p, WEIR_T_MINUS))
		return weir_parser_postfix(p, weir_parser_primary(p));
	if (++p->depth > WEIR_EXPR_DEPTH) {
		weir_source_fail(p->src, pos, "nested deeper than %d levels",
		    WEIR_EXPR_DEPTH);
		return NULL;
	}
	if (weir_parser_next(p) < 0)
		return NULL;
	if (op == WEIR_OP_NEG && at_number(p)) {
		p->depth--;
		return weir_parser_postfix(p, weir_parser_number(p, true, pos));
	}
	a = weir_parser_node(p, WEIR_AST_UNARY, pos);
	a->op = (uint8_t)op;
	if ((kid = parse_unary(p)) == NULL)
		return NULL;
	p->depth--;
	weir_kids_push(p, &k, kid);
	return weir_parser_finish(p, a, &k);
}

/* How tightly a binary operator binds, 0 if the token is none. */
static int
binding(enum weir_token_kind kind, enum weir_op *op)
{
	switch (kind) {
	case WEIR_T_STAR: *op = WEIR_OP_MUL; return 3;
	case WEIR_T_SLASH: *op = WEIR_OP_DIV; return 3;
	case WEIR_T_PERCENT: *op = WEIR_OP_MOD; return 3;
	case WEIR_T_PLUS: *op = WEIR_OP_ADD; return 2;
	case WEIR_T_MINUS: *op = WEIR_OP_SUB; return 2;
	case WEIR_T_EQ: *op = WEIR_OP_EQ; return 1;
	case WEIR_T_NE: *op = WEIR_OP_NE; return 1;
	case WEIR_T_LT: *op = WEIR_OP_LT; return 1;
	case WEIR_T_LE: *op = WEIR_OP_LE; return 1;
	case WEIR_T_GT: *op = WEIR_OP_GT; return 1;
	case WEIR_T_GE: *op = WEIR_OP_GE; return 1;
	case WEIR_T_IN: *op = WEIR_OP_IN; return 1;
	default: return 0;
	}
}

/* Operators that bind at least as tightly as level, left to right. */
static struct weir_ast *
parse_binary(struct weir_parser *p, int level)
{
	struct weir_ast *left = parse_unary(p), *right, *a;
	enum weir_op op = WEIR_OP_EQ;
	struct weir_kids k;
	int b;

	while (left != NULL && (b = binding(p->tok.kind, &op)) >= level &&
	    b != 0) {
		a = weir_parser_node(p, WEIR_AST_BINARY, left->pos);
		a->at = (uint32_t)p->tok.pos;
		a->op = (uint8_t)op;
		if (weir_parser_next(p) < 0 ||
		    (right = parse_binary(p, b + 1)) == NULL)
			return NULL;
		k = (struct weir_kids){0};
		weir_kids_push(p, &k, left);
		weir_kids_push(p, &k, right);
		left = weir_parser_finish(p, a, &k);
	}
	return left;
}

/* a && b && c as one node; a alone as itself. The same for ||. */
static struct weir_ast *
parse_chain(struct weir_parser *p, enum weir_token_kind sign)
{
	bool or = sign == WEIR_T_OR;
	struct weir_ast *a, *first, *kid;
	struct weir_kids k = {0};

	first = or ? parse_chain(p, WEIR_T_AND) : parse_binary(p, 1);
	if (first == NULL || !weir_parser_at(p, sign))
		return first;
	a = weir_parser_node(p, or ? WEIR_AST_OR : WEIR_AST_AND, first->pos);
	a->at = (uint32_t)p->tok.pos;
	weir_kids_push(p, &k, first);
	while (weir_parser_at(p, sign)) {
		if (weir_parser_next(p) < 0)
			return NULL;
		kid = or ? parse_chain(p, WEIR_T_AND) : parse_binary(p, 1);
		if (kid == NULL)
			return NULL;
		weir_kids_push(p, &k, kid);
	}
	return weir_parser_finish(p, a, &k);
}

static struct weir_ast *
parse_cond(struct weir_parser *p)
{
	struct weir_ast *a = parse_chain(p, WEIR_T_OR), *cond, *yes, *no;
	struct weir_kids k = {0};

	if (a == NULL || !weir_parser_at(p, WEIR_T_QUESTION))
		return a;
	cond = weir_parser_node(p, WEIR_AST_COND, a->pos);
	cond->at = (uint32_t)p->tok.pos;
	if (weir_parser_next(p) < 0 ||
	    (yes = parse_chain(p, WEIR_T_OR)) == NULL ||
	    weir_parser_expect(p, WEIR_T_COLON, "expected : of the ?") < 0 ||
	    (no = weir_parser_expr(p)) == NULL)
		return NULL;
	weir_kids_push(p, &k, a);
	weir_kids_push(p, &k, yes);
	weir_kids_push(p, &k, no);
	return weir_parser_finish(p, cond, &k);
}

struct weir_ast *
weir_parser_expr(struct weir_parser *p)
{
	struct weir_ast *a;

	if (++p->depth > WEIR_EXPR_DEPTH) {
		weir_source_fail(p->src, p->tok.pos,
		    "nested deeper than %d levels", WEIR_EXPR_DEPTH);
		return NULL;
	}
	a = parse_cond(p);
	p->depth--;
	return a;
}

const struct weir_ast *
weir_ast_parse(struct weir_arena *arena, const char *text, size_t len,
    const char *what, struct weir_error *err)
{
	struct weir_source src = {text, len, what, err};
	const struct weir_ast *a;
	struct weir_parser p;

	if (weir_parser_init(&p, &src, arena) < 0 ||
	    (a = weir_parser_expr(&p)) == NULL)
		return NULL;
	if (p.tok.kind != WEIR_T_END)
		return weir_parser_stop(
		    &p, "the expression is complete before it");
	return a;
}
