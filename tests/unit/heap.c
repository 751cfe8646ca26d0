/*
 * Goal: nodes come out of a heap in their order, whatever was taken out of its
 * middle. Method: random pushes, removals and pops against a search through all.
 */
#include "base/heap.h"

#include "tap.h"

#include <stdlib.h>

#define NODES 300

static struct weir_heap_node nodes[NODES];
static int in[NODES];

static int
least(void)
{
	int best = -1;

	for (int i = 0; i < NODES; i++)
		if (in[i] &&
		    (best < 0 || nodes[i].turn < nodes[best].turn ||
			(nodes[i].turn == nodes[best].turn &&
			    nodes[i].tie < nodes[best].tie)))
			best = i;
	return best;
}

static int
in_order(const struct weir_heap *h)
{
	struct weir_heap_node **all = weir_heap_sorted(h);
	int good = 1;

	for (size_t i = 1; i < h->n; i++)
		good &= all[i - 1]->turn < all[i]->turn ||
		    (all[i - 1]->turn == all[i]->turn &&
			all[i - 1]->tie < all[i]->tie);
	free(all);
	return good;
}

int
main(void)
{
	struct weir_heap h = {0};
	int good = 1, sorted = 1, i, best;

	srand(6);
	ok(weir_heap_first(&h) == NULL, "nothing is first of nothing");
	for (int step = 0; step < 20000; step++) {
		i = rand() % NODES;
		if (!in[i]) {
			nodes[i].turn = rand() % 50;
			nodes[i].tie = i;
			weir_heap_push(&h, &nodes[i]);
			in[i] = 1;
		} else if (step % 2 == 0) {
			weir_heap_remove(&h, &nodes[i]);
			in[i] = 0;
		}
		best = least();
		good &= weir_heap_first(&h) ==
		    (best < 0 ? NULL : (void *)&nodes[best]);
		if (step % 100 == 0)
			sorted &= in_order(&h);
	}
	ok(good, "the first is the least");
	ok(sorted, "all of them sort");
	while (h.n > 0) {
		best = least();
		good &= weir_heap_first(&h) == (void *)&nodes[best];
		weir_heap_remove(&h, &nodes[best]);
		in[best] = 0;
	}
	ok(good && least() < 0, "and all come out");
	weir_heap_fini(&h);
	return done();
}
