#include "expr/parse.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Kids of a node while their number is not known. */
struct kids {
	const struct weir_ast **v;
	size_t n, cap;
};

static struct weir_ast *parse_expr(struct weir_parser *p);
static struct weir_ast *parse_unary(struct weir_parser *p);

int
weir_parser_next(struct weir_parser *p)
{
	p->begin = p->tok.pos;
	p->end = p->tok.pos + p->tok.len;
	return weir_lex(&p->lexer, &p->tok);
}

int
weir_parser_init(struct weir_parser *p, const struct weir_source *src,
    struct weir_arena *arena)
{
	*p = (struct weir_parser){.src = src, .arena = arena};
	p->lexer = (struct weir_lexer){.src = src, .arena = arena};
	if (weir_source_check(src) < 0)
		return -1;
	return weir_parser_next(p);
}

static bool
at(const struct weir_parser *p, enum weir_token_kind kind)
{
	return p->tok.kind == kind;
}

/* What people write who come from other languages. */
static const char *
hint(const struct weir_parser *p)
{
	static const struct {
		const char *word, *hint;
	} hints[] = {{"and", "; write && for \"and\""},
	    {"or", "; write || for \"or\""}, {"not", "; write ! for \"not\""},
	    {"is", "; write == for \"is\""}};
	const char *end = p->src->text + p->end;
	size_t i, n;

	if (at(p, WEIR_T_ASSIGN))
		return "; write == to compare";
	for (i = 0; i < sizeof hints / sizeof *hints; i++) {
		if (at(p, WEIR_T_NAME) &&
		    weir_str_eq(p->tok.str, hints[i].word))
			return hints[i].hint;
		n = strlen(hints[i].word);
		if (at(p, WEIR_T_NAME) && p->end == p->begin + n &&
		    memcmp(end - n, hints[i].word, n) == 0)
			return hints[i].hint;
	}
	return "";
}

int
weir_parser_unexpected(struct weir_parser *p, const char *wanted)
{
	char show[64];

	if (at(p, WEIR_T_END))
		return weir_source_fail(
		    p->src, p->tok.pos, "ends too early: %s", wanted);
	weir_show_into(
	    show, sizeof show, p->src->text + p->tok.pos, p->tok.len);
	return weir_source_fail(
	    p->src, p->tok.pos, "unexpected %s: %s%s", show, wanted, hint(p));
}

static struct weir_ast *
unexpected(struct weir_parser *p, const char *wanted)
{
	weir_parser_unexpected(p, wanted);
	return NULL;
}

/* If the token is of this kind, step over it: 1; 0 if not; -1 on error. */
static int
take(struct weir_parser *p, enum weir_token_kind kind)
{
	if (!at(p, kind))
		return 0;
	return weir_parser_next(p) < 0 ? -1 : 1;
}

/* Step over a token that must be there. */
static int
expect(struct weir_parser *p, enum weir_token_kind kind, const char *wanted)
{
	if (!at(p, kind))
		return weir_parser_unexpected(p, wanted);
	return weir_parser_next(p);
}

static void
push(struct weir_parser *p, struct kids *k, const struct weir_ast *kid)
{
	const struct weir_ast **v;

	if (k->n == k->cap) {
		k->cap = k->cap != 0 ? 2 * k->cap : 4;
		v = weir_arena_alloc(p->arena, k->cap * sizeof *v);
		if (k->n != 0)
			memcpy(v, k->v, k->n * sizeof *v);
		k->v = v;
	}
	k->v[k->n++] = kid;
}

static struct weir_ast *
node(struct weir_parser *p, enum weir_ast_kind kind, size_t pos)
{
	struct weir_ast *a = weir_arena_alloc(p->arena, sizeof *a);

	memset(a, 0, sizeof *a);
	a->kind = (uint8_t)kind;
	a->pos = a->at = (uint32_t)pos;
	a->depth = 1;
	return a;
}

/* Give a node its kids and its end; NULL if the tree gets too deep. */
static struct weir_ast *
finish(struct weir_parser *p, struct weir_ast *a, const struct kids *k)
{
	size_t i;

	a->len = (uint32_t)(p->end - a->pos);
	a->n = (uint32_t)k->n;
	a->kids = k->v;
	for (i = 0; i < k->n; i++)
		if (k->v[i]->depth >= a->depth)
			a->depth = (uint16_t)(k->v[i]->depth + 1);
	if (a->depth <= WEIR_EXPR_DEPTH)
		return a;
	weir_source_fail(
	    p->src, a->at, "nested deeper than %d levels", WEIR_EXPR_DEPTH);
	return NULL;
}

static struct weir_ast *
constant(struct weir_parser *p, struct weir_value v)
{
	struct weir_ast *a = node(p, WEIR_AST_CONST, p->tok.pos);

	a->value = v;
	if (weir_parser_next(p) < 0)
		return NULL;
	return finish(p, a, &(struct kids){0});
}

/* A number, with a minus before it (at pos) if negative. */
static struct weir_ast *
number(struct weir_parser *p, bool negative, size_t pos)
{
	uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
	struct weir_value v = {0};
	struct weir_ast *a;

	if (at(p, WEIR_T_DOUBLE)) {
		v.kind = WEIR_DOUBLE;
		v.d = negative ? -p->tok.d : p->tok.d;
	} else if (at(p, WEIR_T_UINT)) {
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
arguments(struct weir_parser *p, struct kids *k, enum weir_token_kind close,
    const char *wanted)
{
	bool literal = close == WEIR_T_RBRACKET;
	struct weir_ast *a;
	int maybe;

	while (!at(p, close)) {
		maybe = literal ? take(p, WEIR_T_QUESTION) : 0;
		if (maybe < 0 || (a = parse_expr(p)) == NULL)
			return -1;
		if (maybe)
			a->flags |= WEIR_AST_MAYBE;
		push(p, k, a);
		if (!at(p, WEIR_T_COMMA))
			break;
		if (weir_parser_next(p) < 0)
			return -1;
		if (!literal && at(p, close))
			return weir_parser_unexpected(p, "expected a value");
	}
	return expect(p, close, wanted);
}

static struct weir_ast *
parse_list(struct weir_parser *p)
{
	struct weir_ast *a = node(p, WEIR_AST_LIST, p->tok.pos);
	struct kids k = {0};

	if (weir_parser_next(p) < 0 ||
	    arguments(p, &k, WEIR_T_RBRACKET, "expected , or ]") < 0)
		return NULL;
	return finish(p, a, &k);
}

static struct weir_ast *
parse_map(struct weir_parser *p)
{
	struct weir_ast *a = node(p, WEIR_AST_MAP, p->tok.pos), *key, *value;
	struct kids k = {0};
	int maybe, more = 1;

	if (weir_parser_next(p) < 0)
		return NULL;
	while (more && !at(p, WEIR_T_RBRACE)) {
		maybe = take(p, WEIR_T_QUESTION);
		if (maybe < 0 || (key = parse_expr(p)) == NULL ||
		    expect(p, WEIR_T_COLON, "expected : after a map's key") <
			0 ||
		    (value = parse_expr(p)) == NULL)
			return NULL;
		if (maybe)
			key->flags |= WEIR_AST_MAYBE;
		push(p, &k, key);
		push(p, &k, value);
		more = take(p, WEIR_T_COMMA);
		if (more < 0)
			return NULL;
	}
	if (expect(p, WEIR_T_RBRACE, "expected , or }") < 0)
		return NULL;
	return finish(p, a, &k);
}

static struct weir_ast *
parse_parens(struct weir_parser *p)
{
	size_t pos = p->tok.pos;
	struct weir_ast *a;

	if (weir_parser_next(p) < 0 || (a = parse_expr(p)) == NULL ||
	    expect(p, WEIR_T_RPAREN, "expected )") < 0)
		return NULL;
	a->pos = (uint32_t)pos;
	a->len = (uint32_t)(p->end - pos);
	return a;
}

/* [.] name, or [.] name ( arguments ) */
static struct weir_ast *
parse_name(struct weir_parser *p)
{
	struct weir_ast *a = node(p, WEIR_AST_NAME, p->tok.pos);
	struct kids k = {0};

	if (at(p, WEIR_T_DOT)) {
		a->flags |= WEIR_AST_ROOT;
		if (weir_parser_next(p) < 0)
			return NULL;
	}
	if (!at(p, WEIR_T_NAME) && !at(p, WEIR_T_QUOTED))
		return unexpected(p, "expected a name");
	if (at(p, WEIR_T_QUOTED)) {
		a->flags |= WEIR_AST_QUOTED;
	} else if (weir_lex_reserved(p->tok.str)) {
		weir_source_fail(p->src, p->tok.pos,
		    "%.*s is a reserved word; a field of that name is `%.*s`",
		    (int)p->tok.str.len, p->tok.str.s, (int)p->tok.str.len,
		    p->tok.str.s);
		return NULL;
	}
	a->name = p->tok.str;
	if (weir_parser_next(p) < 0)
		return NULL;
	if (at(p, WEIR_T_LPAREN) && !(a->flags & WEIR_AST_QUOTED)) {
		a->kind = WEIR_AST_CALL;
		if (weir_parser_next(p) < 0 ||
		    arguments(p, &k, WEIR_T_RPAREN, "expected , or )") < 0)
			return NULL;
	}
	return finish(p, a, &k);
}

static struct weir_ast *
parse_primary(struct weir_parser *p)
{
	struct weir_value v = {0};

	switch (p->tok.kind) {
	case WEIR_T_INT:
	case WEIR_T_UINT:
	case WEIR_T_DOUBLE: return number(p, false, p->tok.pos);
	case WEIR_T_STRING:
	case WEIR_T_BYTES:
		v.kind = at(p, WEIR_T_STRING) ? WEIR_STRING : WEIR_BYTES;
		v.aux = (uint32_t)p->tok.str.len;
		v.s = p->tok.str.s;
		return constant(p, v);
	case WEIR_T_TRUE:
	case WEIR_T_FALSE:
		v.kind = WEIR_BOOL;
		v.b = at(p, WEIR_T_TRUE);
		return constant(p, v);
	case WEIR_T_NULL: v.kind = WEIR_NULL; return constant(p, v);
	case WEIR_T_LPAREN: return parse_parens(p);
	case WEIR_T_LBRACKET: return parse_list(p);
	case WEIR_T_LBRACE: return parse_map(p);
	case WEIR_T_NAME:
	case WEIR_T_QUOTED:
	case WEIR_T_DOT: return parse_name(p);
	default: return unexpected(p, "expected a value");
	}
}

/* base . name, base .? name, base . name ( arguments ) */
static struct weir_ast *
parse_select(struct weir_parser *p, struct weir_ast *base)
{
	struct weir_ast *a = node(p, WEIR_AST_SELECT, base->pos);
	struct kids k = {0};
	int maybe;

	push(p, &k, base);
	if (weir_parser_next(p) < 0 || (maybe = take(p, WEIR_T_QUESTION)) < 0)
		return NULL;
	if (maybe)
		a->flags |= WEIR_AST_OPTIONAL;
	a->at = (uint32_t)p->tok.pos;
	switch (p->tok.kind) {
	case WEIR_T_QUOTED: a->flags |= WEIR_AST_QUOTED; break;
	case WEIR_T_NAME: break;
	default: return unexpected(p, "expected a name after the dot");
	}
	a->name = p->tok.str;
	if (weir_parser_next(p) < 0)
		return NULL;
	if (at(p, WEIR_T_LPAREN) && a->flags == 0) {
		a->kind = WEIR_AST_CALL;
		a->flags = WEIR_AST_METHOD;
		if (weir_parser_next(p) < 0 ||
		    arguments(p, &k, WEIR_T_RPAREN, "expected , or )") < 0)
			return NULL;
	}
	return finish(p, a, &k);
}

/* base [ expr ], base [? expr ] */
static struct weir_ast *
parse_index(struct weir_parser *p, struct weir_ast *base)
{
	struct weir_ast *a = node(p, WEIR_AST_INDEX, base->pos), *index;
	struct kids k = {0};
	int maybe;

	a->at = (uint32_t)p->tok.pos;
	if (weir_parser_next(p) < 0 || (maybe = take(p, WEIR_T_QUESTION)) < 0 ||
	    (index = parse_expr(p)) == NULL ||
	    expect(p, WEIR_T_RBRACKET, "expected ]") < 0)
		return NULL;
	if (maybe)
		a->flags |= WEIR_AST_OPTIONAL;
	push(p, &k, base);
	push(p, &k, index);
	return finish(p, a, &k);
}

static struct weir_ast *
parse_postfix(struct weir_parser *p, struct weir_ast *a)
{
	while (a != NULL) {
		if (at(p, WEIR_T_DOT))
			a = parse_select(p, a);
		else if (at(p, WEIR_T_LBRACKET))
			a = parse_index(p, a);
		else
			break;
	}
	return a;
}

static bool
at_number(const struct weir_parser *p)
{
	return at(p, WEIR_T_INT) || at(p, WEIR_T_DOUBLE);
}

static struct weir_ast *
parse_unary(struct weir_parser *p)
{
	struct weir_ast *a, *kid;
	struct kids k = {0};
	size_t pos = p->tok.pos;
	enum weir_op op = at(p, WEIR_T_NOT) ? WEIR_OP_NOT : WEIR_OP_NEG;

	if (!at(p, WEIR_T_NOT) && !at(p, WEIR_T_MINUS))
		return parse_postfix(p, parse_primary(p));
	if (++p->depth > WEIR_EXPR_DEPTH) {
		weir_source_fail(p->src, pos, "nested deeper than %d levels",
		    WEIR_EXPR_DEPTH);
		return NULL;
	}
	if (weir_parser_next(p) < 0)
		return NULL;
	if (op == WEIR_OP_NEG && at_number(p)) {
		p->depth--;
		return parse_postfix(p, number(p, true, pos));
	}
	a = node(p, WEIR_AST_UNARY, pos);
	a->op = (uint8_t)op;
	if ((kid = parse_unary(p)) == NULL)
		return NULL;
	p->depth--;
	push(p, &k, kid);
	return finish(p, a, &k);
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
	struct kids k;
	int b;

	while (left != NULL && (b = binding(p->tok.kind, &op)) >= level &&
	    b != 0) {
		a = node(p, WEIR_AST_BINARY, left->pos);
		a->at = (uint32_t)p->tok.pos;
		a->op = (uint8_t)op;
		if (weir_parser_next(p) < 0 ||
		    (right = parse_binary(p, b + 1)) == NULL)
			return NULL;
		k = (struct kids){0};
		push(p, &k, left);
		push(p, &k, right);
		left = finish(p, a, &k);
	}
	return left;
}

/* a && b && c as one node; a alone as itself. The same for ||. */
static struct weir_ast *
parse_chain(struct weir_parser *p, enum weir_token_kind sign)
{
	bool or = sign == WEIR_T_OR;
	struct weir_ast *a, *first, *kid;
	struct kids k = {0};

	first = or ? parse_chain(p, WEIR_T_AND) : parse_binary(p, 1);
	if (first == NULL || !at(p, sign))
		return first;
	a = node(p, or ? WEIR_AST_OR : WEIR_AST_AND, first->pos);
	a->at = (uint32_t)p->tok.pos;
	push(p, &k, first);
	while (at(p, sign)) {
		if (weir_parser_next(p) < 0)
			return NULL;
		kid = or ? parse_chain(p, WEIR_T_AND) : parse_binary(p, 1);
		if (kid == NULL)
			return NULL;
		push(p, &k, kid);
	}
	return finish(p, a, &k);
}

static struct weir_ast *
parse_cond(struct weir_parser *p)
{
	struct weir_ast *a = parse_chain(p, WEIR_T_OR), *cond, *yes, *no;
	struct kids k = {0};

	if (a == NULL || !at(p, WEIR_T_QUESTION))
		return a;
	cond = node(p, WEIR_AST_COND, a->pos);
	cond->at = (uint32_t)p->tok.pos;
	if (weir_parser_next(p) < 0 ||
	    (yes = parse_chain(p, WEIR_T_OR)) == NULL ||
	    expect(p, WEIR_T_COLON, "expected : of the ?") < 0 ||
	    (no = parse_expr(p)) == NULL)
		return NULL;
	push(p, &k, a);
	push(p, &k, yes);
	push(p, &k, no);
	return finish(p, cond, &k);
}

static struct weir_ast *
parse_expr(struct weir_parser *p)
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
weir_parser_expr(struct weir_parser *p)
{
	return parse_expr(p);
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
		return unexpected(&p, "the expression is complete before it");
	return a;
}
