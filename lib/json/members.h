/*
 * members.h - the members of a JSON object, one by one, in proven text.
 *
 * For what goes through a whole object (rewriting it, other formats), where
 * slots would not tell where members begin and end. Names come as they are
 * spelled; weir_member_name() says what they stand for.
 */
#ifndef WEIR_JSON_MEMBERS_H
#define WEIR_JSON_MEMBERS_H

#include "base/buf.h"
#include "json/prover.h"

#include <stdbool.h>

struct weir_member {
	const char *begin;    /* behind the { or comma, blanks included */
	struct weir_str name; /* as spelled, without its quotes */
	bool escaped;	      /* it has escapes */
	struct weir_str value;
	const char *end; /* at the comma or } */
};

/* Where the members of the object at s begin; blanks before it are skipped. */
const char *weir_members(const char *s);
/*
 * The member at *at, and *at on to the next: 1, or 0 behind the last, where *at
 * is the closing bracket. WEIR_PAD bytes behind the object must be readable.
 */
int weir_member_next(const char **at, struct weir_member *m);
/*
 * What the name stands for. *room is used for a name with escapes (grown as
 * need be); one with half a surrogate pair stands for how it is spelled.
 */
struct weir_str weir_member_name(
    const struct weir_member *m, struct weir_buf *room);

#endif
