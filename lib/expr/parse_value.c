/*
 * What stands between operators: literals, names, calls, selections.
 */
#include "expr/parse.h"

static struct weir_ast *
constant(struct weir_parser *p, struct weir_value v)
{
	struct weir_ast *a = weir_parser_node(p, WEIR_AST_CONST, p->tok.pos);

	a->value = v;
	if (weir_parser_next(p) < 0)
		return NULL;
	return weir_parser_finish(p, a, &(struct weir_kids){0});
}

/* A number, with a minus before it (at pos) if negative. */
struct weir_ast *
weir_parser_number(struct weir_parser *p, bool negative, size_t pos)
{
	uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
	struct weir_value v = {0};
	struct weir_ast *a;

	if (weir_parser_at(p, WEIR_T_DOUBLE)) {
		v.kind = WEIR_DOUBLE;
		v.d = negative ? -p->tok.d : p->tok.d;
	} else if (weir_parser_at(p, WEIR_T_UINT)) {
		v.kind = WEIR_UINT;
		v.u = p->tok.u;
	} else if (p->tok.u > limit) {
		weir_source_fail(p->src, pos, "int is out of range (%s)",
		    negative ? "the least is -9223372036854775808"
			     : "the greatest is 9223372036854775807; a uint "
			       "ends in u");
		return NULL;
	} else {
		v.kind = WEIR_INT;
		v.u = negative ? -p->tok.u : p->tok.u;
	}
	a = constant(p, v);
	if (a != NULL) {
		a->pos = a->at = (uint32_t)pos;
		a->len = (uint32_t)(p->end - pos);
	}
	return a;
}

/* expr {, expr} [,] up to the closing token, which is stepped over. */
static int
arguments(struct weir_parser *p, struct weir_kids *k,
    enum weir_token_kind close, const char *wanted)
{
	bool literal = close == WEIR_T_RBRACKET;
	struct weir_ast *a;
	int maybe;

	while (!weir_parser_at(p, close)) {
		maybe = literal ? weir_parser_take(p, WEIR_T_QUESTION) : 0;
		if (maybe < 0 || (a = weir_parser_expr(p)) == NULL)
			return -1;
		if (maybe)
			a->flags |= WEIR_AST_MAYBE;
		weir_kids_push(p, k, a);
		if (!weir_parser_at(p, WEIR_T_COMMA))
			break;
		if (weir_parser_next(p) < 0)
			return -1;
		if (!literal && weir_parser_at(p, close))
			return weir_parser_unexpected(p, "expected a value");
	}
	return weir_parser_expect(p, close, wanted);
}

static struct weir_ast *
parse_list(struct weir_parser *p)
{
	struct weir_ast *a = weir_parser_node(p, WEIR_AST_LIST, p->tok.pos);
	struct weir_kids k = {0};

	if (weir_parser_next(p) < 0 ||
	    arguments(p, &k, WEIR_T_RBRACKET, "expected , or ]") < 0)
		return NULL;
	return weir_parser_finish(p, a, &k);
}

static struct weir_ast *
parse_map(struct weir_parser *p)
{
	struct weir_ast *a = weir_parser_node(p, WEIR_AST_MAP, p->tok.pos),
			*key, *value;
	struct weir_kids k = {0};
	int maybe, more = 1;

	if (weir_parser_next(p) < 0)
		return NULL;
	while (more && !weir_parser_at(p, WEIR_T_RBRACE)) {
		maybe = weir_parser_take(p, WEIR_T_QUESTION);
		if (maybe < 0 || (key = weir_parser_expr(p)) == NULL ||
		    weir_parser_expect(
			p, WEIR_T_COLON, "expected : after a map's key") < 0 ||
		    (value = weir_parser_expr(p)) == NULL)
			return NULL;
		if (maybe)
			key->flags |= WEIR_AST_MAYBE;
		weir_kids_push(p, &k, key);
		weir_kids_push(p, &k, value);
		more = weir_parser_take(p, WEIR_T_COMMA);
		if (more < 0)
			return NULL;
	}
	if (weir_parser_expect(p, WEIR_T_RBRACE, "expected , or }") < 0)
		return NULL;
	return weir_parser_finish(p, a, &k);
}

static struct weir_ast *
parse_parens(struct weir_parser *p)
{
	size_t pos = p->tok.pos;
	struct weir_ast *a;

	if (weir_parser_next(p) < 0 || (a = weir_parser_expr(p)) == NULL ||
	    weir_parser_expect(p, WEIR_T_RPAREN, "expected )") < 0)
		return NULL;
	a->pos = (uint32_t)pos;
	a->len = (uint32_t)(p->end - pos);
	if (a->kind == WEIR_AST_NAME || a->kind == WEIR_AST_SELECT)
		a->flags |= WEIR_AST_PARENS;
	return a;
}

/* [.] name, or [.] name ( arguments ) */
static struct weir_ast *
parse_name(struct weir_parser *p)
{
	struct weir_ast *a = weir_parser_node(p, WEIR_AST_NAME, p->tok.pos);
	struct weir_kids k = {0};
	size_t pos;

	if (weir_parser_at(p, WEIR_T_DOT)) {
		a->flags |= WEIR_AST_ROOT;
		if (weir_parser_next(p) < 0)
			return NULL;
	}
	if (!weir_parser_at(p, WEIR_T_NAME) &&
	    !weir_parser_at(p, WEIR_T_QUOTED))
		return weir_parser_stop(p, "expected a name");
	if (weir_parser_at(p, WEIR_T_QUOTED))
		a->flags |= WEIR_AST_QUOTED;
	a->name = p->tok.str;
	pos = p->tok.pos;
	if (weir_parser_next(p) < 0)
		return NULL;
	/* A field has no such name; an aggregate may: var(x). */
	if (!(a->flags & WEIR_AST_QUOTED) && weir_lex_reserved(a->name) &&
	    !weir_parser_at(p, WEIR_T_LPAREN)) {
		weir_source_fail(p->src, pos,
		    "%.*s is a reserved word; a field of that name is `%.*s`",
		    (int)a->name.len, a->name.s, (int)a->name.len, a->name.s);
		return NULL;
	}
	if (weir_parser_at(p, WEIR_T_LPAREN) && !(a->flags & WEIR_AST_QUOTED)) {
		a->kind = WEIR_AST_CALL;
		if (weir_parser_next(p) < 0 ||
		    arguments(p, &k, WEIR_T_RPAREN, "expected , or )") < 0)
			return NULL;
	}
	return weir_parser_finish(p, a, &k);
}

struct weir_ast *
weir_parser_primary(struct weir_parser *p)
{
	struct weir_value v = {0};

	switch (p->tok.kind) {
	case WEIR_T_INT:
	case WEIR_T_UINT:
	case WEIR_T_DOUBLE: return weir_parser_number(p, false, p->tok.pos);
	case WEIR_T_STRING:
	case WEIR_T_BYTES:
		v.kind =
		    weir_parser_at(p, WEIR_T_STRING) ? WEIR_STRING : WEIR_BYTES;
		v.aux = (uint32_t)p->tok.str.len;
		v.s = p->tok.str.s;
		return constant(p, v);
	case WEIR_T_TRUE:
	case WEIR_T_FALSE:
		v.kind = WEIR_BOOL;
		v.b = weir_parser_at(p, WEIR_T_TRUE);
		return constant(p, v);
	case WEIR_T_NULL: v.kind = WEIR_NULL; return constant(p, v);
	case WEIR_T_LPAREN: return parse_parens(p);
	case WEIR_T_LBRACKET: return parse_list(p);
	case WEIR_T_LBRACE: return parse_map(p);
	case WEIR_T_NAME:
	case WEIR_T_QUOTED:
	case WEIR_T_DOT: return parse_name(p);
	default: return weir_parser_stop(p, "expected a value");
	}
}

/* base . name, base .? name, base . name ( arguments ) */
static struct weir_ast *
parse_select(struct weir_parser *p, struct weir_ast *base)
{
	struct weir_ast *a = weir_parser_node(p, WEIR_AST_SELECT, base->pos);
	struct weir_kids k = {0};
	int maybe;

	weir_kids_push(p, &k, base);
	if (weir_parser_next(p) < 0 ||
	    (maybe = weir_parser_take(p, WEIR_T_QUESTION)) < 0)
		return NULL;
	if (maybe)
		a->flags |= WEIR_AST_OPTIONAL;
	a->at = (uint32_t)p->tok.pos;
	switch (p->tok.kind) {
	case WEIR_T_QUOTED: a->flags |= WEIR_AST_QUOTED; break;
	case WEIR_T_NAME: break;
	default: return weir_parser_stop(p, "expected a name after the dot");
	}
	a->name = p->tok.str;
	if (weir_parser_next(p) < 0)
		return NULL;
	if (weir_parser_at(p, WEIR_T_LPAREN) && a->flags == 0) {
		a->kind = WEIR_AST_CALL;
		a->flags = WEIR_AST_METHOD;
		if (weir_parser_next(p) < 0 ||
		    arguments(p, &k, WEIR_T_RPAREN, "expected , or )") < 0)
			return NULL;
	}
	return weir_parser_finish(p, a, &k);
}

/* base [ expr ], base [? expr ] */
static struct weir_ast *
parse_index(struct weir_parser *p, struct weir_ast *base)
{
	struct weir_ast *a = weir_parser_node(p, WEIR_AST_INDEX, base->pos),
			*index;
	struct weir_kids k = {0};
	int maybe;

	a->at = (uint32_t)p->tok.pos;
	if (weir_parser_next(p) < 0 ||
	    (maybe = weir_parser_take(p, WEIR_T_QUESTION)) < 0 ||
	    (index = weir_parser_expr(p)) == NULL ||
	    weir_parser_expect(p, WEIR_T_RBRACKET, "expected ]") < 0)
		return NULL;
	if (maybe)
		a->flags |= WEIR_AST_OPTIONAL;
	weir_kids_push(p, &k, base);
	weir_kids_push(p, &k, index);
	return weir_parser_finish(p, a, &k);
}

struct weir_ast *
weir_parser_postfix(struct weir_parser *p, struct weir_ast *a)
{
	while (a != NULL) {
		if (weir_parser_at(p, WEIR_T_DOT))
			a = parse_select(p, a);
		else if (weir_parser_at(p, WEIR_T_LBRACKET))
			a = parse_index(p, a);
		else
			break;
	}
	return a;
}
