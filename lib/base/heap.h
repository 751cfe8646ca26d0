/*
 * heap.h - what comes first: a binary heap of nodes that others hold.
 *
 * A node is a part of whatever waits, best its first member; it says by two
 * numbers when its turn is, and where it stands, so that it can be taken out of
 * the middle. {0} is an empty heap.
 */
#ifndef WEIR_BASE_HEAP_H
#define WEIR_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct weir_heap_node {
	int64_t turn, tie; /* the least turn is first, of equal ones the tie */
	size_t place;
};

struct weir_heap {
	struct weir_heap_node **nodes; /* the first on top */
	size_t n, cap;
};

/* Frees the heap's own memory, not the nodes. */
void weir_heap_fini(struct weir_heap *h);
void weir_heap_push(struct weir_heap *h, struct weir_heap_node *node);
/* Take out a node that is in it. */
void weir_heap_remove(struct weir_heap *h, struct weir_heap_node *node);
/* The first, or NULL. */
static inline void *
weir_heap_first(const struct weir_heap *h)
{
	return h->n > 0 ? h->nodes[0] : NULL;
}
/* All nodes in their order: n of them, free() the array. */
struct weir_heap_node **weir_heap_sorted(const struct weir_heap *h);
size_t weir_heap_bytes(const struct weir_heap *h); /* without the nodes */

#endif
