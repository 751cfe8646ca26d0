/*
 * Rows and events that wait, as lines (sjoin_line.h): "row" says that it is one,
 * and "pair" that its key's other row, told before, matches it; "delete" that it
 * will delete one.
 */
#include "op/sjoin_changes.h"

#include "base/mem.h"
#include "state/snapshot.h"

#include <string.h>

/* --- saving --- */

/* What is a text of flags: `,"row":true` and the like. */
static int
save_change(struct weir_changes *c, const struct weir_change *e,
    const char *what, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_sjoin_place at = {e->side, e->time, e->number, {NULL, 0}};

	if (e->key != NULL)
		at.key.s = weir_table_key(c->table, e->key, &at.key.len);
	weir_sjoin_begin_line(&c->sj, &at);
	weir_buf_puts(&c->sj.out, what);
	return weir_sjoin_end_line(
	    &c->sj, &at, (struct weir_str){e->text, e->len}, w, err);
}

static int
save_rows(struct weir_changes *c, const struct weir_change_key *key,
    struct weir_snapshot_writer *w, struct weir_error *err)
{
	const struct weir_change *left = key->row[WEIR_LEFT],
				 *right = key->row[WEIR_RIGHT];
	const char *pair =
	    key->pair ? ",\"row\":true,\"pair\":true" : ",\"row\":true";

	if (left != NULL && save_change(c, left, ",\"row\":true", w, err) < 0)
		return -1;
	return right != NULL ? save_change(c, right, pair, w, err) : 1;
}

int
weir_changes_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_changes *c = self;
	const struct weir_change_key *key;
	const struct weir_change *e;
	const char *text;
	uint64_t at = 0;
	size_t len;

	if (weir_sjoin_save_head(&c->sj, c->closed, c->arrived, w, err) < 0)
		return -1;
	while ((key = weir_table_next(c->table, &at, &text, &len)) != NULL)
		if (save_rows(c, key, w, err) < 0)
			return -1;
	for (e = c->first; e != NULL; e = e->next)
		if (save_change(
			c, e, e->deletes ? ",\"delete\":true" : "", w, err) < 0)
			return -1;
	return 1;
}

/* --- loading --- */

static int
load_head(struct weir_changes *c, struct weir_error *err)
{
	if (c->arrived > 0)
		return weir_sjoin_bad_line("two heads", err);
	return weir_sjoin_load_head(&c->sj, &c->closed, &c->arrived, err);
}

static int
load_item(struct weir_changes *c, int side, const struct weir_row *row,
    struct weir_change_item *item, struct weir_error *err)
{
	weir_arena_reset(&c->sj.keys_arena);
	item->keyed = weir_sjoin_key(&c->sj, side, row, &item->key, NULL);
	if (item->keyed < 0 || (item->keyed == 0 && c->ops->rows[side]))
		return weir_sjoin_bad_line("an event without a key", err);
	if (item->keyed == 0)
		return 1;
	item->generation = weir_table_generation(c->table);
	item->hash = weir_table_hash(
	    c->table, item->key.canonical.s, item->key.canonical.len);
	return 1;
}

static int
load_row(struct weir_changes *c, struct weir_change *e, bool pair,
    struct weir_error *err)
{
	int64_t end = weir_changes_end(c, e);

	if (!c->ops->rows[e->side] || e->deletes ||
	    e->key->row[e->side] != NULL)
		return weir_sjoin_bad_line("a row that cannot be", err);
	if (e->time >= c->closed)
		return weir_sjoin_bad_line("a row of a time to come", err);
	if (end != WEIR_TIME_MAX && end <= c->closed)
		return weir_sjoin_bad_line("a row that is over", err);
	if (pair && e->key->row[!e->side] == NULL)
		return weir_sjoin_bad_line("a pair of one row", err);
	e->key->pair = pair;
	weir_changes_set(c, e->key, e->side, e);
	return 1;
}

static int
load_waiting(
    struct weir_changes *c, struct weir_change *e, struct weir_error *err)
{
	if (e->time < c->closed)
		return weir_sjoin_bad_line("an event that is over", err);
	if (e->deletes && !c->ops->rows[e->side])
		return weir_sjoin_bad_line("a left event that deletes", err);
	weir_changes_wait(c, e);
	return 1;
}

static int
load_change(
    struct weir_changes *c, struct weir_stage *st, struct weir_error *err)
{
	struct weir_sjoin_place at;
	struct weir_change_item item;
	struct weir_change *e;
	struct weir_row row;
	int rc;

	if (weir_sjoin_load_place(&c->sj, c->arrived, &at, err) < 0 ||
	    weir_sjoin_load_row(&c->sj, st, &row, err) < 0 ||
	    load_item(c, at.side, &row, &item, err) < 0)
		return -1;
	e = weir_changes_copy(c, (struct weir_str){row.text, row.len});
	e->side = at.side;
	e->time = at.time;
	e->number = at.number;
	e->deletes = weir_sjoin_is_true(&c->sj, WEIR_JOIN_DELETE);
	e->key = item.keyed > 0 ? weir_changes_key(c, &item) : NULL;
	rc = weir_sjoin_is_true(&c->sj, WEIR_JOIN_ROW) && e->key != NULL
	    ? load_row(c, e, weir_sjoin_is_true(&c->sj, WEIR_JOIN_PAIR), err)
	    : load_waiting(c, e, err);
	if (rc < 0) {
		weir_changes_let_go(c, e);
		return -1;
	}
	return weir_changes_measure(c, err);
}

int
weir_changes_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_changes *c = self;
	int rc;

	if (weir_sjoin_open_line(&c->sj, line, err) < 0)
		return -1;
	rc = weir_sjoin_is_head(&c->sj) ? load_head(c, err)
					: load_change(c, st, err);
	if (rc > 0)
		weir_changes_set_due(c, st);
	return rc;
}
