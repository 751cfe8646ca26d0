/*
 * outline.h - what is the same in an object as in those before: its names.
 *
 * Most objects of a stream have the same names in the same order. What stands
 * before each value (`,"name":`, blanks included) is remembered as a tree, and at
 * each place what came last is expected first: an object like one before is taken
 * apart with one comparison a member. Names with escapes, long ones, and more
 * than are worth it are not remembered.
 */
#ifndef WEIR_JSON_OUTLINE_H
#define WEIR_JSON_OUTLINE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define WEIR_OUTLINE_MAX 64 /* members */

/* Its last member, and by prev those before: never changed, nor freed alone. */
struct weir_outline {
	const struct weir_outline *prev; /* NULL for the first member's */
	struct weir_str before;		 /* all that stands before the value */
	struct weir_str name;		 /* in before */
	bool tight;	 /* before has no blanks around the name */
	uint32_t n;	 /* members up to here */
	uint32_t number; /* of those remembered */
};

struct weir_value_place {
	const char *begin, *end;
};

struct weir_outlines;

struct weir_outlines *weir_outlines_new(void);
void weir_outlines_free(struct weir_outlines *o); /* NULL is fine */
/*
 * Take apart the object at s, in proven text with WEIR_PAD readable bytes behind
 * it: where its values are, WEIR_OUTLINE_MAX at most. Returns its outline, the same
 * one for all that differ in values alone; NULL if it is empty or not remembered.
 */
const struct weir_outline *weir_outline_read(
    struct weir_outlines *o, const char *s, struct weir_value_place *values);

#endif
