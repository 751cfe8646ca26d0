/*
 * sjoin_bound.h - what a condition on two events says of their times.
 *
 * Of --where, the parts joined by && that compare one side's time field (what -t
 * says, if that is a field) with something that the other side alone tells bound
 * the times at which a match can come: `right.ts <= left.expires`. So the join
 * knows how long to keep an event. What such a part compares is compared as
 * times, too: whether an event that is over is still there then never matters.
 */
#ifndef WEIR_OP_SJOIN_BOUND_H
#define WEIR_OP_SJOIN_BOUND_H

#include "base/timetext.h"
#include "expr/expr.h"
#include "op/sjoin.h"

#define WEIR_BOUNDS_MAX 8 /* that depend on the event, of one side */

struct weir_bounds {
	/* Of right.time - left.time; -WEIR_TIME_MAX and WEIR_TIME_MAX: none. */
	int64_t lo, hi;
	/* Until when, of the other side's time, an event of a side matches. */
	struct weir_expr *until[2][WEIR_BOUNDS_MAX];
	size_t n[2];

	struct weir_expr *time[2]; /* its time field, where that matters */
	const char *format;
	int unit; /* of times that are numbers, once it is known; or -1 */
	struct weir_time_cache cache;
	struct weir_arena tree;
	struct weir_arena arena; /* reset per event */
};

/*
 * Read --where, if there is one, which compiles. {0} before; fini it either way.
 * 1, or -1 with *err.
 */
int weir_bounds_init(struct weir_bounds *b, const struct weir_sjoin_config *c,
    struct weir_error *err);
void weir_bounds_fini(struct weir_bounds *b);
/*
 * An event of that side (WEIR_PAD readable bytes behind it) matches until *last:
 * lower it if the event says so. 1, or -1 with *err (WEIR_INPUT).
 */
int weir_bounds_until(struct weir_bounds *b, int side, struct weir_str event,
    int64_t time, int64_t *last, struct weir_error *err);

#endif
