/*
 * What the parts of the parser share: tokens, complaints, nodes.
 */
#include "expr/parse.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

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

bool
weir_parser_at(const struct weir_parser *p, enum weir_token_kind kind)
{
	return p->tok.kind == kind;
}

/* What people write who come from other languages. */
static const char *
hint(const struct weir_parser *p)
{
	static const struct {
		const char *word, *hint;
	} hints[] = {{"and", "write && for \"and\""},
	    {"or", "write || for \"or\""}, {"not", "write ! for \"not\""},
	    {"is", "write == for \"is\""}};
	const char *end = p->src->text + p->end;
	size_t i, n;

	if (weir_parser_at(p, WEIR_T_ASSIGN))
		return "write == to compare";
	for (i = 0; i < sizeof hints / sizeof *hints; i++) {
		if (weir_parser_at(p, WEIR_T_NAME) &&
		    weir_str_eq(p->tok.str, hints[i].word))
			return hints[i].hint;
		n = strlen(hints[i].word);
		if (weir_parser_at(p, WEIR_T_NAME) && p->end == p->begin + n &&
		    memcmp(end - n, hints[i].word, n) == 0)
			return hints[i].hint;
	}
	return "";
}

int
weir_parser_unexpected(struct weir_parser *p, const char *wanted)
{
	char show[64];

	if (weir_parser_at(p, WEIR_T_END))
		return weir_source_fail(
		    p->src, p->tok.pos, "ends too early: %s", wanted);
	weir_show_into(
	    show, sizeof show, p->src->text + p->tok.pos, p->tok.len);
	if (*hint(p) != '\0')
		wanted = hint(p);
	return weir_source_fail(
	    p->src, p->tok.pos, "unexpected %s: %s", show, wanted);
}

struct weir_ast *
weir_parser_stop(struct weir_parser *p, const char *wanted)
{
	weir_parser_unexpected(p, wanted);
	return NULL;
}

/* If the token is of this kind, step over it: 1; 0 if not; -1 on error. */
int
weir_parser_take(struct weir_parser *p, enum weir_token_kind kind)
{
	if (!weir_parser_at(p, kind))
		return 0;
	return weir_parser_next(p) < 0 ? -1 : 1;
}

/* Step over a token that must be there. */
int
weir_parser_expect(
    struct weir_parser *p, enum weir_token_kind kind, const char *wanted)
{
	if (!weir_parser_at(p, kind))
		return weir_parser_unexpected(p, wanted);
	return weir_parser_next(p);
}

void
weir_kids_push(
    struct weir_parser *p, struct weir_kids *k, const struct weir_ast *kid)
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

struct weir_ast *
weir_parser_node(struct weir_parser *p, enum weir_ast_kind kind, size_t pos)
{
	struct weir_ast *a = weir_arena_alloc(p->arena, sizeof *a);

	memset(a, 0, sizeof *a);
	a->kind = (uint8_t)kind;
	a->pos = a->at = (uint32_t)pos;
	a->depth = 1;
	return a;
}

/* Give a node its kids and its end; NULL if the tree gets too deep. */
struct weir_ast *
weir_parser_finish(
    struct weir_parser *p, struct weir_ast *a, const struct weir_kids *k)
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
