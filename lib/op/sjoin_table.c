/*
 * The join with a table: a left event meets the row of its key as of its own
 * time, whether or not that row is replaced later.
 */
#include "op/sjoin_changes.h"

/* A left event and the row that it meets, if --where holds for them. */
static int
join(struct weir_changes *c, struct weir_stage *st, const struct weir_change *e,
    struct weir_error *err)
{
	const struct weir_change *row =
	    e->key != NULL ? e->key->row[WEIR_RIGHT] : NULL;
	struct weir_sjoin_result r = {.left = weir_change_text(e),
	    .time = e->time,
	    .release = e->time + 1};
	int found = row != NULL;

	if (found && c->sj.config.where != NULL)
		found = weir_sjoin_test(
		    &c->sj, st, r.left, weir_change_text(row), err);
	if (found < 0)
		return -1;
	if (found && c->sj.type < WEIR_SEMI)
		r.right = weir_change_text(row);
	if (found ? c->sj.type != WEIR_ANTI
		  : c->sj.type == WEIR_LEFT_OUTER || c->sj.type == WEIR_ANTI)
		return weir_sjoin_put(&c->sj, st, &r, err);
	weir_stage_metrics(st)->dropped++;
	return 1;
}

static int
apply(struct weir_changes *c, struct weir_stage *st, struct weir_change *e,
    struct weir_error *err)
{
	if (e->side == WEIR_LEFT)
		return join(c, st, e, err);
	weir_changes_let_go(
	    c, weir_changes_set(c, e->key, WEIR_RIGHT, e->deletes ? NULL : e));
	return 1;
}

static int
expire(struct weir_changes *c, struct weir_stage *st,
    struct weir_change_key *key, int side, int64_t t, struct weir_error *err)
{
	(void)st;
	(void)t;
	(void)err;
	weir_changes_let_go(c, weir_changes_set(c, key, side, NULL));
	return 1;
}

static const struct weir_changes_ops changes_ops = {.apply = apply,
    .expire = expire,
    .rows = {false, true},
    .goes_first = WEIR_RIGHT};

/* --- the kind --- */

/* Each left event has one result, for good. */
static int
open_stage(void *self, struct weir_stage *st, struct weir_error *err)
{
	(void)self;
	(void)err;
	weir_stage_set_changes(st, false);
	return 1;
}

static int
parse(struct weir_sjoin *sj, struct weir_error *err)
{
	if (sj->type == WEIR_RIGHT_OUTER || sj->type == WEIR_FULL_OUTER)
		return weir_fail(err, WEIR_USAGE,
		    "--table: a later event may always meet a row, so no row "
		    "is ever unmatched; --type is inner, left, semi or anti");
	if (sj->config.mode != NULL)
		return weir_fail(err, WEIR_USAGE,
		    "--table: what comes out stays, whatever becomes of the "
		    "row; --mode goes with --table-table");
	return weir_changes_parse((struct weir_changes *)sj, &changes_ops, err);
}

static void
print(struct weir_buf *out, const struct weir_sjoin *sj)
{
	weir_buf_puts(out, "--table");
	weir_changes_print(out, (const struct weir_changes *)sj);
}

static const struct weir_stage_ops ops = {.open = open_stage,
    .events = weir_changes_events,
    .advance = weir_changes_advance,
    .save = weir_changes_save,
    .load = weir_changes_load};

const struct weir_sjoin_kind weir_sjoin_table_kind = {
    .size = sizeof(struct weir_changes),
    .ops = &ops,
    .parse = parse,
    .attach = weir_changes_attach,
    .fini = weir_changes_fini,
    .print = print};
