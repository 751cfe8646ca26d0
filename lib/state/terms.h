/*
 * terms.h - the options that shape a state, one by one.
 *
 * A fingerprint says in one text what a state means; its terms say the same in
 * pieces, such as "-w 1m", so that a reader can tell what has changed and whether
 * the state can still be used. A part has them in its header.
 */
#ifndef WEIR_STATE_TERMS_H
#define WEIR_STATE_TERMS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define WEIR_TERMS_MAX 256

/* {0} has none. */
struct weir_terms {
	size_t n;
	char *term[WEIR_TERMS_MAX];
};

/* Add what stands in b from a byte on, behind a prefix; not if it is nothing. */
void weir_terms_add(struct weir_terms *t, const char *prefix,
    const struct weir_buf *b, size_t from);
void weir_terms_fini(struct weir_terms *t);
/* An option, or else something that stands for itself, as aggregates do. */
bool weir_term_is_option(const char *term);
/* Have both the same options, in the same order? */
bool weir_terms_same_options(
    const struct weir_terms *a, const struct weir_terms *b);
/* Append how they differ: "saved with -w 1m, now -w 5m; ...". */
void weir_terms_compare(struct weir_buf *out, const struct weir_terms *saved,
    const struct weir_terms *now);

#endif
