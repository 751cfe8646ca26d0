/*
 * waits.h - who waits for which time: a queue, and a heap for those out of turn.
 *
 * Most who come wait longer than all before them: those make a queue, and coming
 * and going costs nothing. The others are in a heap. Who waits for the same time
 * leaves in the order of the numbers that they came with.
 */
#ifndef WEIR_OP_WAITS_H
#define WEIR_OP_WAITS_H

#include <stddef.h>
#include <stdint.h>

struct weir_wait {
	int64_t due;
	uint64_t number;
	void *who; /* borrowed */
};

struct weir_waits {
	struct weir_wait *queue; /* a ring; cap is a power of two */
	size_t head, nqueue, queue_cap;
	struct weir_wait *heap; /* 4 to a parent */
	size_t nheap, heap_cap;
};

void weir_waits_fini(struct weir_waits *w);
void weir_waits_push(
    struct weir_waits *w, int64_t due, uint64_t number, void *who);
/* The first to leave, or NULL; good until the next push or pop. */
const struct weir_wait *weir_waits_first(const struct weir_waits *w);
void weir_waits_pop(struct weir_waits *w); /* it leaves */
/* Who is about so far behind the first, or NULL: for prefetching. */
void *weir_waits_peek(const struct weir_waits *w, size_t i);
size_t weir_waits_bytes(const struct weir_waits *w);

#endif
