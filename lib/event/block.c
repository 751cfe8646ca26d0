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
}
