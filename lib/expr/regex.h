/*
 * regex.h - regular expressions, by PCRE2: the one module that includes it.
 *
 * CEL's regular expressions are RE2's; PCRE2 knows all of that syntax, with $
 * made to match at the very end only. It backtracks, so a match has limits on
 * its work and its memory; hitting one is an error. Back references, which no
 * RE2 has, are refused.
 */
#ifndef WEIR_EXPR_REGEX_H
#define WEIR_EXPR_REGEX_H

#include "expr/func.h"

#include <stddef.h>

#define WEIR_REGEX_ERROR 200 /* bytes that a message needs */

struct weir_regex;

/*
 * Compile a pattern. NULL with the reason in why (WEIR_REGEX_ERROR bytes) and
 * the offset in the pattern in *at.
 */
struct weir_regex *weir_regex_new(
    const char *pattern, size_t len, char *why, size_t *at);
void weir_regex_free(struct weir_regex *re);

/* Does it match anywhere in s? 1, 0, or -1 with the reason in why. */
int weir_regex_match(
    const struct weir_regex *re, const char *s, size_t len, char *why);

/* The function `matches` on a value. */
struct weir_value weir_regex_test(
    struct weir_env *env, const struct weir_regex *re, struct weir_value v);

#endif
