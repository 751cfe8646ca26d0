/*
 * bag.h - a set of texts with a value each, as a part of a group's state.
 *
 * There may be a million groups with three texts each, or one with a million:
 * the first few lie one behind the other in one piece of memory, of which only
 * the pointer is in the state, and are searched through; the next one makes it a
 * table. Iteration is in no order that means anything.
 */
#ifndef WEIR_OP_BAG_H
#define WEIR_OP_BAG_H

#include "base/buf.h"

#include <stdint.h>

struct weir_table;

struct weir_bag {
	union {
		char *list;
		struct weir_table *table;
	};
	uint32_t listed;   /* texts in the list; or BIG: a table */
	uint32_t len, cap; /* bytes of the list */
	uint32_t value;	   /* bytes of a value, a multiple of 8 */
};

/*
 * Where owned is given, it counts the bytes that the bag holds, up and down.
 * Values lie aligned to 8 bytes, and may move at the next put or remove.
 */
void *weir_bag_get(const struct weir_bag *b, struct weir_str text);
/*
 * The same, added if it was not there (*added says so) with a zeroed value of
 * `value` bytes, the same at each call. A text has at most 64 KiB.
 */
void *weir_bag_put(struct weir_bag *b, struct weir_str text, size_t value,
    int *added, size_t *owned);
/* The text must be there. */
void weir_bag_remove(struct weir_bag *b, struct weir_str text, size_t *owned);
size_t weir_bag_count(const struct weir_bag *b);
/* Each text, with its value; *at begins at 0. NULL at the end. */
void *weir_bag_next(
    const struct weir_bag *b, uint64_t *at, struct weir_str *text);
/* Forget all; what the values own is the caller's to free before. */
void weir_bag_fini(struct weir_bag *b, size_t *owned);

#endif
