#include "op/due.h"

#include "base/mem.h"
#include "base/timetext.h"

#include <stdlib.h>

#define KIDS 4

void
weir_due_fini(struct weir_due *d)
{
	free(d->heap);
	*d = (struct weir_due){0};
}

void
weir_due_push(struct weir_due *d, int64_t time, void *who)
{
	size_t i = d->n++;

	d->heap = weir_grow(d->heap, &d->cap, d->n, sizeof *d->heap);
	for (; i > 0 && time < d->heap[(i - 1) / KIDS].time; i = (i - 1) / KIDS)
		d->heap[i] = d->heap[(i - 1) / KIDS];
	d->heap[i] = (struct weir_due_entry){time, who};
}

int64_t
weir_due_first(const struct weir_due *d)
{
	return d->n > 0 ? d->heap[0].time : WEIR_TIME_MAX;
}

void
weir_due_replace(struct weir_due *d, int64_t time, void *who)
{
	size_t i = 0, kid, end;

	while ((kid = KIDS * i + 1) < d->n) {
		size_t least = kid;

		end = kid + KIDS < d->n ? kid + KIDS : d->n;
		while (++kid < end)
			if (d->heap[kid].time < d->heap[least].time)
				least = kid;
		if (time <= d->heap[least].time)
			break;
		d->heap[i] = d->heap[least];
		i = least;
	}
	d->heap[i] = (struct weir_due_entry){time, who};
}

struct weir_due_entry
weir_due_pop(struct weir_due *d)
{
	struct weir_due_entry top = d->heap[0], last = d->heap[--d->n];

	if (d->n > 0)
		weir_due_replace(d, last.time, last.who);
	return top;
}
