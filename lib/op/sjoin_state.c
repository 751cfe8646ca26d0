/*
 * Events that wait, as lines (sjoin_line.h): "matched" says that it is, and "w"
 * is what the kind of join keeps of it, two numbers, if any.
 */
#include "op/sjoin_keep.h"

#include "base/mem.h"
#include "state/snapshot.h"

#include <string.h>

/* --- saving --- */

static int
save_event(struct weir_keep *k, const struct weir_kept *e, struct weir_str key,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	struct weir_sjoin_place at = {e->side, e->time, e->number, key};
	struct weir_buf *out = &k->sj.out;

	weir_sjoin_begin_line(&k->sj, &at);
	if (e->matched)
		weir_buf_puts(out, ",\"matched\":true");
	if (k->ops->saves)
		weir_buf_printf(out, ",\"w\":[%jd,%jd]", (intmax_t)e->what[0],
		    (intmax_t)e->what[1]);
	return weir_sjoin_end_line(
	    &k->sj, &at, (struct weir_str){e->text, e->len}, to, err);
}

static int
save_list(struct weir_keep *k, const struct weir_kept_list *l,
    struct weir_str key, struct weir_snapshot_writer *to,
    struct weir_error *err)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct weir_kept *e = weir_kept_at(l, i);

		if (!e->gone && e->last >= k->closed &&
		    save_event(k, e, key, to, err) < 0)
			return -1;
	}
	return 1;
}

int
weir_keep_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_keep *k = self;
	struct weir_kept_key *key;
	struct weir_str text;
	uint64_t at = 0;

	if (weir_sjoin_save_head(&k->sj, k->closed, k->arrived, w, err) < 0)
		return -1;
	while (
	    (key = weir_table_next(k->table, &at, &text.s, &text.len)) != NULL)
		if (save_list(k, &key->side[WEIR_LEFT], text, w, err) < 0 ||
		    save_list(k, &key->side[WEIR_RIGHT], text, w, err) < 0)
			return -1;
	return 1;
}

/* --- loading --- */

static int
load_item(struct weir_keep *k, int side, const struct weir_row *row,
    struct weir_keep_item *item, struct weir_error *err)
{
	weir_arena_reset(&k->sj.keys_arena);
	if (weir_sjoin_key(&k->sj, side, row, &item->key, NULL) <= 0)
		return weir_sjoin_bad_line("an event without a key", err);
	item->generation = weir_table_generation(k->table);
	item->hash = weir_table_hash(
	    k->table, item->key.canonical.s, item->key.canonical.len);
	return 1;
}

/* What the kind keeps of it. */
static int
load_what(struct weir_keep *k, struct weir_kept *e, struct weir_error *err)
{
	struct weir_value v = weir_sjoin_member(&k->sj, WEIR_JOIN_W);

	if (!k->ops->saves)
		return 1;
	if (v.kind != WEIR_LIST || v.list->n != 2 ||
	    v.list->items[0].kind != WEIR_INT ||
	    v.list->items[1].kind != WEIR_INT)
		return weir_sjoin_bad_line("\"w\" is not two times", err);
	e->what[0] = v.list->items[0].i;
	e->what[1] = v.list->items[1].i;
	return 1;
}

static int
load_event(struct weir_keep *k, struct weir_stage *st, struct weir_error *err)
{
	struct weir_sjoin_place at;
	struct weir_keep_item item;
	struct weir_arrival a = {.item = &item};
	struct weir_kept what = {.len = 0};
	struct weir_kept *e;
	struct weir_row row;
	int64_t due;

	if (weir_sjoin_load_place(&k->sj, k->arrived, &at, err) < 0 ||
	    load_what(k, &what, err) < 0 ||
	    weir_sjoin_load_row(&k->sj, st, &row, err) < 0 ||
	    load_item(k, at.side, &row, &item, err) < 0)
		return -1;
	a.side = at.side;
	a.time = at.time;
	a.text = (struct weir_str){row.text, row.len};
	a.slots = row.slots;
	what.matched = weir_sjoin_is_true(&k->sj, WEIR_JOIN_MATCHED);
	if (k->ops->restore(k, &a, &what, &due, err) < 0)
		return -1;
	e = weir_keep_add(k, &a, at.number);
	e->matched = what.matched;
	e->last = what.last;
	memcpy(e->what, what.what, sizeof e->what);
	weir_keep_wait(k, e, due);
	return weir_keep_measure(k, err);
}

int
weir_keep_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_keep *k = self;
	int rc;

	if (weir_sjoin_open_line(&k->sj, line, err) < 0)
		return -1;
	rc = weir_sjoin_is_head(&k->sj)
	    ? weir_sjoin_load_head(&k->sj, &k->closed, &k->arrived, err)
	    : load_event(k, st, err);
	if (rc > 0)
		weir_keep_set_due(k, st);
	return rc;
}
