/*
 * items.h - comma-separated lists of `name = EXPR [if COND]` or just `EXPR`.
 *
 * Keys, assignments and aggregates share this form (CLI.md). A name may be an
 * identifier, `odd name` in backquotes, or a path a.b; without one the text of
 * the expression as written is the name.
 */
#ifndef WEIR_EXPR_ITEMS_H
#define WEIR_EXPR_ITEMS_H

#include "base/error.h"
#include "expr/ast.h"

#include <stdbool.h>

struct weir_item {
	struct weir_str *path; /* the name; more than one part for a.b */
	size_t depth;
	bool named;		     /* false: the name is the text */
	const struct weir_ast *expr; /* EXPR */
	const struct weir_ast *cond; /* COND or NULL */
	struct weir_str text;	     /* EXPR [if COND] as written, trimmed */
};

struct weir_items {
	char *text; /* a copy of the whole list */
	size_t len;
	size_t n;
	struct weir_item *items;
	struct weir_arena arena; /* holds the trees and names */
};

/*
 * Parse a list. allow_if says whether ` if COND` is part of the form. Returns 1
 * or -1 with *err (WEIR_USAGE; text and caret). A name that is there twice is
 * an error.
 */
int weir_items_parse(struct weir_items *items, const char *text, bool allow_if,
    const char *what, struct weir_error *err);
void weir_items_fini(struct weir_items *items);

#endif
