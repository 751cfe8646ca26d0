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
const struct weir_ast *weir_parser_expr(struct weir_parser *p);
/* Complain about the token: it does not belong there. Returns -1. */
int weir_parser_unexpected(struct weir_parser *p, const char *wanted);

#endif
