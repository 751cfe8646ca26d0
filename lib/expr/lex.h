/*
 * lex.h - an expression's text as tokens.
 *
 * Literals are decoded here, into the arena if they have escapes. A lexer can
 * be copied to look ahead and go back.
 */
#ifndef WEIR_EXPR_LEX_H
#define WEIR_EXPR_LEX_H

#include "base/arena.h"
#include "base/buf.h"
#include "expr/source.h"

#include <stdint.h>

enum weir_token_kind {
	WEIR_T_END,
	WEIR_T_NAME,   /* str; reserved words, too */
	WEIR_T_QUOTED, /* `str` */
	WEIR_T_TRUE,
	WEIR_T_FALSE,
	WEIR_T_NULL,
	WEIR_T_IN,
	WEIR_T_INT,  /* u: the magnitude, perhaps beyond int */
	WEIR_T_UINT, /* u */
	WEIR_T_DOUBLE,
	WEIR_T_STRING, /* str */
	WEIR_T_BYTES,
	WEIR_T_LPAREN,
	WEIR_T_RPAREN,
	WEIR_T_LBRACKET,
	WEIR_T_RBRACKET,
	WEIR_T_LBRACE,
	WEIR_T_RBRACE,
	WEIR_T_DOT,
	WEIR_T_COMMA,
	WEIR_T_COLON,
	WEIR_T_QUESTION,
	WEIR_T_NOT,
	WEIR_T_MINUS,
	WEIR_T_PLUS,
	WEIR_T_STAR,
	WEIR_T_SLASH,
	WEIR_T_PERCENT,
	WEIR_T_EQ,
	WEIR_T_NE,
	WEIR_T_LT,
	WEIR_T_LE,
	WEIR_T_GT,
	WEIR_T_GE,
	WEIR_T_AND,
	WEIR_T_OR,
	WEIR_T_ASSIGN /* =, of lists */
};

struct weir_token {
	enum weir_token_kind kind;
	size_t pos, len;
	union {
		struct weir_str str;
		uint64_t u;
		double d;
	};
};

struct weir_lexer {
	const struct weir_source *src;
	struct weir_arena *arena;
	size_t pos;
};

/* The next token: 1 (END at the end, again and again), or -1 as src->err. */
int weir_lex(struct weir_lexer *lx, struct weir_token *tok);

/* Is it a word that CEL reserves (true, false, null and in not included)? */
int weir_lex_reserved(struct weir_str word);

#endif
