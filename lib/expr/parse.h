/*
 * parse.h - recursive descent over CEL's grammar.
 *
 * Items parse several expressions out of one text, so the parser stops at the
 * first token that cannot belong to an expression; a parser can be copied to
 * look ahead and go back.
 */
#ifndef WEIR_EXPR_PARSE_H
#define WEIR_EXPR_PARSE_H

#include "expr/ast.h"
#include "expr/lex.h"

struct weir_parser {
	const struct weir_source *src;
	struct weir_arena *arena;
	struct weir_lexer lexer;
	struct weir_token tok; /* the one to be looked at */
	size_t begin, end;     /* where the token before it was */
	int depth;
};

/* Begin at the start of src; reads the first token. 1, or -1 as src->err. */
int weir_parser_init(struct weir_parser *p, const struct weir_source *src,
    struct weir_arena *arena);
/* On to the next token: 1 or -1. */
int weir_parser_next(struct weir_parser *p);
/* One expression from the token on, or NULL as src->err. */
struct weir_ast *weir_parser_expr(struct weir_parser *p);
/* Complain about the token: it does not belong there. Returns -1. */
int weir_parser_unexpected(struct weir_parser *p, const char *wanted);

/* The rest is for the parts of the parser. Every NULL or -1 is as src->err. */

/* Kids of a node while their number is not known. */
struct weir_kids {
	const struct weir_ast **v;
	size_t n, cap;
};

void weir_kids_push(
    struct weir_parser *p, struct weir_kids *k, const struct weir_ast *kid);
bool weir_parser_at(const struct weir_parser *p, enum weir_token_kind kind);
/* As unexpected, but NULL. */
struct weir_ast *weir_parser_stop(struct weir_parser *p, const char *wanted);
/* If the token is of this kind, step over it: 1; 0 if not; -1 on error. */
int weir_parser_take(struct weir_parser *p, enum weir_token_kind kind);
/* Step over a token that must be there. */
int weir_parser_expect(
    struct weir_parser *p, enum weir_token_kind kind, const char *wanted);
/* A node that begins at pos; then its kids and its end: NULL if too deep. */
struct weir_ast *weir_parser_node(
    struct weir_parser *p, enum weir_ast_kind kind, size_t pos);
struct weir_ast *weir_parser_finish(
    struct weir_parser *p, struct weir_ast *a, const struct weir_kids *k);
/* A number at the token, with a minus before it (at pos) if negative. */
struct weir_ast *weir_parser_number(
    struct weir_parser *p, bool negative, size_t pos);
/* A literal, a name, a call, brackets; and what may follow: .a [b] .f() */
struct weir_ast *weir_parser_primary(struct weir_parser *p);
struct weir_ast *weir_parser_postfix(
    struct weir_parser *p, struct weir_ast *base);

#endif
