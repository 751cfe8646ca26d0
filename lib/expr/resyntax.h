/*
 * resyntax.h - is a regular expression one of RE2's?
 *
 * CEL's regular expressions are RE2's; the engine here knows more, which would
 * not mean the same elsewhere and can make it backtrack. This goes over a
 * pattern once and refuses what RE2 does not know. It does not see to what is
 * wrong in both: that is the engine's.
 */
#ifndef WEIR_EXPR_RESYNTAX_H
#define WEIR_EXPR_RESYNTAX_H

#include <stddef.h>

/*
 * NULL, or why it is refused, with the offset in *at. Where the same text means
 * something else to the engine, it is changed in its place (\v).
 */
const char *weir_regex_syntax(char *pattern, size_t len, size_t *at);

#endif
