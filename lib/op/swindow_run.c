#include "op/swindow_impl.h"

#include "base/mem.h"

void
weir_swindow_prepare(struct weir_swindow *sw, struct weir_table *table,
    const struct weir_block *b, uint32_t i, uint32_t n)
{
	struct weir_swindow_item *item;

	if (sw->run == NULL)
		sw->run = weir_calloc(WEIR_RUN, sizeof *sw->run);
	item = sw->run;
	weir_arena_reset(&sw->keys_arena);
	for (uint32_t k = 0; k < n; k++, item++) {
		struct weir_row row = weir_stage_row(b, i + k);

		/* Why it is bad is said in its turn, by weir_swindow_read(). */
		item->bad = (b->events[i + k].flags & WEIR_RETRACT) ||
		    weir_keyset_read(
			&sw->keys, &row, &sw->keys_arena, &item->key, NULL) < 0;
		if (item->bad)
			continue;
		item->hash = weir_table_hash(
		    table, item->key.canonical.s, item->key.canonical.len);
		item->generation = weir_table_generation(table);
		weir_table_prefetch(table, item->hash);
	}
}
