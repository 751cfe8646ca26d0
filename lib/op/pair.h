/*
 * pair.h - a left and a right event, and the result that they make.
 *
 * By default that is the left event's fields, then the right one's that are no
 * keys, where a name that the left one has, too, gets _right behind it; or an
 * object of the two (--nest), or what assignments make of them (--project).
 * A side that is not there (an unmatched event of an outer join) leaves its
 * fields out; nested, it is null.
 */
#ifndef WEIR_OP_PAIR_H
#define WEIR_OP_PAIR_H

#include "base/arena.h"
#include "expr/expr.h"
#include "json/outline.h"
#include "op/assign.h"
#include "op/group.h"

struct weir_pairs_config {
	const char *project; /* assignments, or NULL */
	bool nest;
	const char *where;		      /* a condition on both, or NULL */
	const struct weir_keyset *right_keys; /* parsed, borrowed */
};

/*
 * A right event, taken apart: what of it results by default hold. Made once
 * where an event is met often.
 */
struct weir_pair_right {
	struct weir_str text; /* the event */
	struct weir_str
	    fields; /* a comma before each: those that are no keys */
	const struct weir_outline *outline; /* NULL: not known */
};

/*
 * The names of right events' fields, wanted of left ones: so it is known at
 * once of a left event whether it has a field of such a name.
 */
#define WEIR_PAIR_NAMES 16
struct weir_pair_wanted {
	const struct weir_outline *last; /* of which it is known */
	uint32_t n;
	bool unknown; /* there are others */
	int slot[WEIR_PAIR_NAMES];
};

struct weir_pairs {
	struct weir_pairs_config c;
	struct weir_assign *assign;
	struct weir_expr *where;
	struct weir_arena arena; /* reset per pair */
	struct weir_buf room;
	struct weir_buf fields; /* of the right event in hand */
	/* events that are like others before them */
	struct weir_outlines *outlines[2];
	struct weir_value_place places[WEIR_OUTLINE_MAX];
	struct weir_pair_plan *plans;
	/* the names of others */
	struct weir_pair_name *names;
	size_t nnames, cap;
};

/* Compile. 1, or -1 with *err (WEIR_USAGE); fini it either way. */
int weir_pairs_init(struct weir_pairs *p, const struct weir_pairs_config *c,
    struct weir_error *err);
void weir_pairs_fini(struct weir_pairs *p);

/*
 * Events are their JSON text, WEIR_PAD readable bytes behind it; one that is not
 * there has s NULL.
 */
/* Does the condition hold for the two? 1 (or there is none), 0 or -1. */
int weir_pairs_test(struct weir_pairs *p, struct weir_str left,
    struct weir_str right, struct weir_error *err);
/* Append their result. 1, or -1 with *err (WEIR_INPUT); out is then as it was. */
int weir_pairs_write(struct weir_pairs *p, struct weir_str left,
    struct weir_str right, struct weir_buf *out, struct weir_error *err);

/*
 * Take a right event apart. What comes of it lives until the next event is
 * taken apart or written (fields), and as long as p (names).
 */
void weir_pairs_open(
    struct weir_pairs *p, struct weir_str right, struct weir_pair_right *out);
/* Want the names of its fields of what prover proves. */
void weir_pairs_want(const struct weir_pairs *p,
    const struct weir_pair_right *right, struct weir_prover *prover,
    struct weir_pair_wanted *wanted);
/* Is it known that a left event with these slots has none of these names? */
static inline bool
weir_pairs_apart(const struct weir_pair_wanted *wanted,
    const struct weir_slot *slots, uint32_t nslots)
{
	bool apart = !wanted->unknown;

	for (uint32_t i = 0; apart && i < wanted->n; i++)
		apart = (uint32_t)wanted->slot[i] < nslots &&
		    slots[wanted->slot[i]].len == 0;
	return apart;
}
/* Append its text and right's fields: their result, where names are apart. */
void weir_pairs_write_apart(struct weir_str left,
    const struct weir_pair_right *right, struct weir_buf *out);
/* Append the result of a left event and such a right one; either's text may
 * be absent. */
int weir_pairs_write_open(struct weir_pairs *p, struct weir_str left,
    const struct weir_pair_right *right, struct weir_buf *out,
    struct weir_error *err);

/* Its parts: append the fields of both; and what is known of names. */
void weir_pairs_fields(struct weir_pairs *p, struct weir_str left,
    const struct weir_pair_right *right, struct weir_buf *out);
void weir_pairs_learn(struct weir_pairs *p);
void weir_pairs_forget(struct weir_pairs *p);

#endif
