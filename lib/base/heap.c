#include "base/heap.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static int
before(const struct weir_heap_node *a, const struct weir_heap_node *b)
{
	return a->turn != b->turn ? a->turn < b->turn : a->tie < b->tie;
}

static void
place(struct weir_heap *h, struct weir_heap_node *node, size_t i)
{
	h->nodes[i] = node;
	node->place = i;
}

static void
sift_up(struct weir_heap *h, struct weir_heap_node *node, size_t i)
{
	for (; i > 0 && before(node, h->nodes[(i - 1) / 2]); i = (i - 1) / 2)
		place(h, h->nodes[(i - 1) / 2], i);
	place(h, node, i);
}

static void
sift_down(struct weir_heap *h, struct weir_heap_node *node, size_t i)
{
	size_t kid;

	while ((kid = 2 * i + 1) < h->n) {
		if (kid + 1 < h->n && before(h->nodes[kid + 1], h->nodes[kid]))
			kid++;
		if (!before(h->nodes[kid], node))
			break;
		place(h, h->nodes[kid], i);
		i = kid;
	}
	place(h, node, i);
}

void
weir_heap_fini(struct weir_heap *h)
{
	free(h->nodes);
	*h = (struct weir_heap){0};
}

void
weir_heap_push(struct weir_heap *h, struct weir_heap_node *node)
{
	h->nodes = weir_grow(h->nodes, &h->cap, h->n + 1, sizeof *h->nodes);
	sift_up(h, node, h->n++);
}

void
weir_heap_remove(struct weir_heap *h, struct weir_heap_node *node)
{
	size_t i = node->place;
	struct weir_heap_node *last = h->nodes[--h->n];

	if (last != node && i > 0 && before(last, h->nodes[(i - 1) / 2]))
		sift_up(h, last, i);
	else if (last != node)
		sift_down(h, last, i);
}

static int
by_turn(const void *a, const void *b)
{
	const struct weir_heap_node *const *x = a, *const *y = b;

	return before(*y, *x) - before(*x, *y);
}

struct weir_heap_node **
weir_heap_sorted(const struct weir_heap *h)
{
	struct weir_heap_node **all =
	    weir_malloc((h->n + 1) * sizeof(struct weir_heap_node *));

	if (h->n > 0) {
		memcpy(all, h->nodes, h->n * sizeof(struct weir_heap_node *));
		qsort(all, h->n, sizeof(struct weir_heap_node *), by_turn);
	}
	return all;
}

size_t
weir_heap_bytes(const struct weir_heap *h)
{
	return h->cap * sizeof(struct weir_heap_node *);
}
