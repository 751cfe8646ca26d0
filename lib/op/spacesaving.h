/*
 * spacesaving.h - the most frequent values of a stream, in bounded memory.
 *
 * After A. Metwally, D. Agrawal, A. El Abbadi, "Efficient computation of
 * frequent and top-k elements in data streams", ICDT 2005. A fixed number of
 * values is counted. When one more comes, it takes the place of the value with
 * the least count, and that count is both the start of its own and its error:
 * the true count is between count - error and count. While the values fit,
 * counts are exact. Merging two summaries adds, to a value that one of them
 * does not count, what it may have missed there (P. Agarwal et al., "Mergeable
 * summaries", PODS 2012); the bounds hold, and no error is above the number of
 * values added, over the capacity. Of equal counts the value that came first
 * stays, and stands first. {0} is empty.
 */
#ifndef WEIR_OP_SPACESAVING_H
#define WEIR_OP_SPACESAVING_H

#include "base/buf.h"

#include <stdint.h>

struct weir_counter {
	uint64_t count, error;
	uint64_t first; /* when its count began: an event's number */
	uint64_t hash;
	/* Key, then the text that is shown if it is another. */
	char *text;
	uint32_t key_len, shown_len, room;
	uint32_t place; /* in the heap */
};

struct weir_spacesaving {
	struct weir_counter *entries;
	uint32_t *index; /* hash table of entry numbers + 1, 0: free */
	uint32_t *heap;	 /* when full: entry numbers, the least on top */
	uint32_t n, cap; /* entries; room for them, a power of 2 */
	uint64_t missed; /* the most that a value without an entry may have */
	size_t texts;	 /* bytes, malloc's overhead included */
};

/* A value to be counted. */
struct weir_spacesaving_value {
	struct weir_str key, shown; /* equal values have equal keys */
	uint64_t first;		    /* the event's number */
	uint64_t count, error;	    /* error is below count */
};

/* Count a value once. capacity is at least 1, and the same in every call. */
void weir_spacesaving_add(struct weir_spacesaving *ss, uint32_t capacity,
    const struct weir_spacesaving_value *v);
void weir_spacesaving_merge(struct weir_spacesaving *ss, uint32_t capacity,
    const struct weir_spacesaving *other);
/* The entries, the most frequent first: n pointers, to be freed. */
const struct weir_counter **weir_spacesaving_sorted(
    const struct weir_spacesaving *ss);
struct weir_str weir_spacesaving_shown(const struct weir_counter *e);

/*
 * Add what was saved of an entry, not more than capacity, then call loaded().
 * Each 1, or 0 if it cannot be.
 */
int weir_spacesaving_load(
    struct weir_spacesaving *ss, const struct weir_spacesaving_value *v);
int weir_spacesaving_loaded(struct weir_spacesaving *ss, uint32_t capacity);

/* Memory besides the struct, malloc's overhead included. */
size_t weir_spacesaving_bytes(const struct weir_spacesaving *ss);
void weir_spacesaving_fini(struct weir_spacesaving *ss);

#endif
