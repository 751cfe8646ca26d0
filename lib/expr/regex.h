/*
 * regex.h - regular expressions, by PCRE2: the one module that includes it.
 *
 * CEL's regular expressions are RE2's; PCRE2 knows all of that syntax, with $
 * made to match at the very end only. What it knows beyond is refused. It
 * backtracks, so a match has limits on its work and its memory; hitting one is
 * an error.
 */
#ifndef WEIR_EXPR_REGEX_H
#define WEIR_EXPR_REGEX_H

#include "base/buf.h"

#include <stddef.h>

#define WEIR_REGEX_ERROR  200 /* bytes that a message needs */
#define WEIR_REGEX_GROUPS 10  /* the match itself is one */

struct weir_regex;

/*
 * Compile a pattern. NULL with the reason in why (WEIR_REGEX_ERROR bytes) and
 * the offset in the pattern in *at.
 */
struct weir_regex *weir_regex_new(
    const char *pattern, size_t len, char *why, size_t *at);
/* Make machine code of it: worth it if it is to match often. */
void weir_regex_speed_up(struct weir_regex *re);
void weir_regex_free(struct weir_regex *re);

/*
 * The first match at or after byte from of s: 1, 0, or -1 with the reason in
 * why. groups (NULL, or WEIR_REGEX_GROUPS of them) gets the match and what its
 * groups caught; s NULL where one caught nothing.
 */
int weir_regex_find(const struct weir_regex *re, struct weir_str s, size_t from,
    struct weir_str *groups, char *why);
/* How many groups the pattern has. */
size_t weir_regex_groups(const struct weir_regex *re);

/*
 * Named groups: how many there are; the name of the i-th, in the order of names,
 * and the number of its group. From keep on, whatever was matched last can be
 * asked for any group (s NULL where it caught nothing).
 */
size_t weir_regex_names(const struct weir_regex *re);
struct weir_str weir_regex_name(
    const struct weir_regex *re, size_t i, unsigned *group);
void weir_regex_keep(struct weir_regex *re);
struct weir_str weir_regex_group(
    const struct weir_regex *re, struct weir_str s, unsigned group);

#endif
