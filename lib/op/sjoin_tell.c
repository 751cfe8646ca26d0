/*
 * Results of joins of two streams.
 */
#include "op/sjoin_keep.h"

int
weir_keep_holds(struct weir_keep *k, struct weir_stage *st,
    const struct weir_arrival *a, const struct weir_kept *e,
    struct weir_error *err)
{
	struct weir_str other = {e->text, e->len};

	if (k->sj.config.where == NULL)
		return 1;
	return a->side == WEIR_LEFT
	    ? weir_sjoin_test(&k->sj, st, a->text, other, err)
	    : weir_sjoin_test(&k->sj, st, other, a->text, err);
}

int
weir_keep_tell_pair(struct weir_keep *k, struct weir_stage *st,
    const struct weir_arrival *a, const struct weir_kept *e,
    struct weir_error *err)
{
	struct weir_str other = {e->text, e->len};
	struct weir_sjoin_result r = {
	    .left = a->side == WEIR_LEFT ? a->text : other,
	    .right = a->side == WEIR_LEFT ? other : a->text,
	    .time = a->time > e->time ? a->time : e->time,
	    .release = k->closed + 1};

	return weir_sjoin_put(&k->sj, st, &r, err);
}

int
weir_keep_tell_one(struct weir_keep *k, struct weir_stage *st,
    const struct weir_keep_one *one, struct weir_error *err)
{
	struct weir_sjoin_result r = {
	    .time = one->time, .release = one->release};

	if (one->side == WEIR_LEFT)
		r.left = one->text;
	else
		r.right = one->text;
	return weir_sjoin_put(&k->sj, st, &r, err);
}
