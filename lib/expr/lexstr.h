/*
 * lexstr.h - string and bytes literals: quotes, prefixes, escapes.
 */
#ifndef WEIR_EXPR_LEXSTR_H
#define WEIR_EXPR_LEXSTR_H

#include "expr/lex.h"

#include <stdbool.h>

/* Does a string or bytes literal begin here? */
bool weir_lex_is_string(const struct weir_lexer *lx);

/* Read it into *tok; 1 or -1 as src->err. */
int weir_lex_string(struct weir_lexer *lx, struct weir_token *tok);

#endif
