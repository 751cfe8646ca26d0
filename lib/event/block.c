#include "event/block.h"

#include <string.h>

void
weir_block_keep(struct weir_block *b, uint32_t j, uint32_t i)
{
	if (i == j)
		return;
	b->events[j] = b->events[i];
	if (b->nslots > 0)
		memcpy(weir_block_slots(b, j), weir_block_slots(b, i),
		    b->nslots * sizeof *b->slots);
	if (b->index != NULL)
		memcpy(b->index + (size_t)j * WEIR_INDEX_MAX,
		    b->index + (size_t)i * WEIR_INDEX_MAX,
		    WEIR_INDEX_MAX * sizeof *b->index);
	if (b->from != NULL)
		b->from[j] = b->from[i];
}

struct weir_str
weir_block_raw(const struct weir_block *b, uint32_t i, uint64_t *offset)
{
	const struct weir_event *e = &b->events[i];

	if (b->from != NULL) {
		*offset = b->offset + b->from[i].off;
		return (struct weir_str){
		    b->origin + b->from[i].at, b->from[i].len};
	}
	*offset = b->offset + e->off;
	return (struct weir_str){b->text + e->off, e->len};
}
