/*
 * top.h - the N groups of a window with the greatest ranks.
 *
 * Groups are offered one by one, with the rows that they would be told as; a
 * heap keeps the best. Of equal ranks the one offered first is greater. Then
 * they come out in the order in which they were offered.
 */
#ifndef WEIR_OP_TOP_H
#define WEIR_OP_TOP_H

#include "op/emit.h"

struct weir_top_entry {
	struct weir_value rank;
	size_t order; /* of its coming */
	struct weir_emit_group group;
	char *text; /* its row; NULL: it is no longer one of the best */
	size_t len;
};

/*
 * Offer a group: 1; -1 with *err if its rank has no order, or none with those
 * before. The group's pointers must stay good until it is cleared.
 */
int weir_top_offer(struct weir_top *top, const struct weir_emit_group *group,
    struct weir_value rank, struct weir_str row, struct weir_error *err);
/* All are offered: order them. */
void weir_top_sort(struct weir_top *top);
/*
 * The next of the best, and of those that are none and yet stand, in order; NULL
 * at the end.
 */
const struct weir_top_entry *weir_top_next(struct weir_top *top);
void weir_top_clear(struct weir_top *top);
void weir_top_fini(struct weir_top *top);

#endif
