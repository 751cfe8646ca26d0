#include "op/waits.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define KIDS	  4
#define QUEUE_MIN 64

void
weir_waits_fini(struct weir_waits *w)
{
	free(w->queue);
	free(w->heap);
	*w = (struct weir_waits){0};
}

static bool
before(const struct weir_wait *a, const struct weir_wait *b)
{
	return a->due != b->due ? a->due < b->due : a->number < b->number;
}

/* --- the queue --- */

static struct weir_wait *
queued(const struct weir_waits *w, size_t i)
{
	return &w->queue[(w->head + i) & (w->queue_cap - 1)];
}

static void
resize(struct weir_waits *w, size_t cap)
{
	struct weir_wait *queue = weir_malloc(cap * sizeof *queue);

	for (size_t i = 0; i < w->nqueue; i++)
		queue[i] = *queued(w, i);
	free(w->queue);
	w->queue = queue;
	w->queue_cap = cap;
	w->head = 0;
}

static void
enqueue(struct weir_waits *w, struct weir_wait e)
{
	if (w->nqueue == w->queue_cap)
		resize(w, w->nqueue > 0 ? w->nqueue * 2 : QUEUE_MIN);
	*queued(w, w->nqueue++) = e;
}

static void
dequeue(struct weir_waits *w)
{
	w->head = (w->head + 1) & (w->queue_cap - 1);
	w->nqueue--;
	if (w->queue_cap > QUEUE_MIN && w->nqueue < w->queue_cap / 4)
		resize(w, w->queue_cap / 2);
}

/* --- the heap --- */

static void
heap_push(struct weir_waits *w, struct weir_wait e)
{
	size_t i = w->nheap++;

	w->heap = weir_grow(w->heap, &w->heap_cap, w->nheap, sizeof *w->heap);
	for (; i > 0 && before(&e, &w->heap[(i - 1) / KIDS]);
	     i = (i - 1) / KIDS)
		w->heap[i] = w->heap[(i - 1) / KIDS];
	w->heap[i] = e;
}

static void
heap_pop(struct weir_waits *w)
{
	struct weir_wait last = w->heap[--w->nheap];
	size_t i = 0, kid, end;

	while ((kid = KIDS * i + 1) < w->nheap) {
		size_t least = kid;

		end = kid + KIDS < w->nheap ? kid + KIDS : w->nheap;
		while (++kid < end)
			if (before(&w->heap[kid], &w->heap[least]))
				least = kid;
		if (before(&last, &w->heap[least]))
			break;
		w->heap[i] = w->heap[least];
		i = least;
	}
	if (w->nheap > 0)
		w->heap[i] = last;
	if (w->heap_cap > QUEUE_MIN && w->nheap < w->heap_cap / 4) {
		w->heap_cap /= 2;
		w->heap = weir_realloc(w->heap, w->heap_cap * sizeof *w->heap);
	}
}

/* --- both --- */

void
weir_waits_push(struct weir_waits *w, int64_t due, uint64_t number, void *who)
{
	struct weir_wait e = {due, number, who};

	if (w->nqueue == 0 || before(queued(w, w->nqueue - 1), &e))
		enqueue(w, e);
	else
		heap_push(w, e);
}

const struct weir_wait *
weir_waits_first(const struct weir_waits *w)
{
	const struct weir_wait *first = w->nqueue > 0 ? queued(w, 0) : NULL;

	if (w->nheap > 0 && (first == NULL || before(&w->heap[0], first)))
		first = &w->heap[0];
	return first;
}

void
weir_waits_pop(struct weir_waits *w)
{
	if (weir_waits_first(w) == w->heap && w->nheap > 0)
		heap_pop(w);
	else
		dequeue(w);
}

void *
weir_waits_peek(const struct weir_waits *w, size_t i)
{
	return i < w->nqueue ? queued(w, i)->who : NULL;
}

size_t
weir_waits_bytes(const struct weir_waits *w)
{
	return w->queue_cap * sizeof *w->queue + w->heap_cap * sizeof *w->heap;
}
