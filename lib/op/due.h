/*
 * due.h - who is due next: a heap of times, the earliest on top.
 *
 * Whoever is entered may become due later without a word: when the entry comes
 * up, it is entered again under the time that holds by then. So an event that
 * puts its window's end off costs nothing here.
 */
#ifndef WEIR_OP_DUE_H
#define WEIR_OP_DUE_H

#include <stddef.h>
#include <stdint.h>

struct weir_due_entry {
	int64_t time;
	void *who; /* borrowed */
};

struct weir_due {
	struct weir_due_entry *heap; /* 4 to a parent */
	size_t n, cap;
};

void weir_due_fini(struct weir_due *d);
void weir_due_push(struct weir_due *d, int64_t time, void *who);
/* The earliest time, WEIR_TIME_MAX if there is nobody. */
int64_t weir_due_first(const struct weir_due *d);
struct weir_due_entry weir_due_pop(struct weir_due *d);
/* Pop and push at once. */
void weir_due_replace(struct weir_due *d, int64_t time, void *who);

#endif
