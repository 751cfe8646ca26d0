#define _GNU_SOURCE
#include "event/decode.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Behind cap: the newline that a last line lacks, and the pad. */
#define BEHIND (1 + WEIR_PAD)

void
weir_reader_resize(struct weir_reader *r, size_t cap)
{
	void *p;

	if (cap == 0) {
		if (r->buf != NULL)
			munmap(r->buf, r->cap + BEHIND);
		r->buf = NULL;
		r->cap = 0;
		return;
	}
	if (r->buf == NULL)
		p = mmap(NULL, cap + BEHIND, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	else
		p = mremap(
		    r->buf, r->cap + BEHIND, cap + BEHIND, MREMAP_MAYMOVE);
	if (p == MAP_FAILED)
		abort();
	r->buf = p;
	r->cap = cap;
}

void
weir_reader_compact(struct weir_reader *r)
{
	size_t by = r->pos;

	if (by == 0)
		return;
	memmove(r->buf, r->buf + by, r->end - by);
	r->pos = 0;
	r->end -= by;
	r->scanned = r->scanned > by ? r->scanned - by : 0;
	r->ready = r->ready > by ? r->ready - by : 0;
}

size_t
weir_reader_room(struct weir_reader *r)
{
	size_t rest = r->end - r->pos, cap = r->cap;

	if (rest == 0 || r->cap - r->end < WEIR_READ_SIZE / 2 ||
	    (cap > WEIR_READ_SIZE && rest < WEIR_READ_SIZE / 2))
		weir_reader_compact(r);
	if (rest < WEIR_READ_SIZE / 2)
		cap = WEIR_READ_SIZE;
	else if (cap - r->end < WEIR_READ_SIZE / 2)
		cap *= 2;
	if (cap != r->cap)
		weir_reader_resize(r, cap);
	/* What is read at once is bounded, since it is touched memory. */
	cap -= r->end;
	return cap < WEIR_READ_SIZE ? cap : WEIR_READ_SIZE;
}
