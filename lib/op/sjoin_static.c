/*
 * Joins with a table that is read whole first: rows by key, the last one of a
 * key counts. When it is read again, its rows stand for all before once the last
 * one came. Its state is one line a row: {"r":ROW}.
 */
#include "op/sjoin_impl.h"

#include "base/mem.h"
#include "state/snapshot.h"
#include "state/table.h"

#include <stdlib.h>
#include <string.h>

/* Rows by key; their texts live as long as all of them. */
struct rows {
	struct weir_table *table; /* of struct weir_pair_right */
	struct weir_arena texts;
	size_t bytes;
};

/* An event of a run, between the two passes. */
struct item {
	struct weir_key key;
	uint64_t hash;
	int found; /* 1: it has a key; 0: none that matches; -1: it is bad */
	const struct weir_pair_right *row; /* of that key, or NULL */
};

struct fixed {
	struct weir_sjoin j;
	struct rows rows, next; /* those that count, those being read */
	struct item run[WEIR_RUN];
	struct weir_prover *prover; /* of the stage */
	struct weir_pair_wanted wanted;
	/* for loading */
	struct weir_prover *lines;
	struct weir_slot *slots;
	size_t nslots;
};

/* --- rows --- */

static void
clear_rows(struct rows *r)
{
	weir_table_free(r->table);
	weir_arena_fini(&r->texts);
	*r = (struct rows){.table = NULL};
}

static struct weir_str
keep_text(struct rows *r, struct weir_str text)
{
	char *copy = weir_arena_alloc(&r->texts, text.len + WEIR_PAD);

	memcpy(copy, text.s, text.len);
	memset(copy + text.len, '\n', WEIR_PAD);
	return (struct weir_str){copy, text.len};
}

/* Its fields mostly stand in its text as they are to come out, at the end. */
static void
open_row(struct fixed *f, struct rows *r, struct weir_pair_right *row)
{
	struct weir_str text = row->text, fields;

	weir_pairs_open(&f->j.pairs, text, row);
	fields = row->fields;
	if (fields.len == 0)
		return;
	if (fields.len < text.len &&
	    memcmp(text.s + text.len - 1 - fields.len, fields.s, fields.len) ==
		0)
		row->fields.s = text.s + text.len - 1 - fields.len;
	else
		row->fields = keep_text(r, fields);
}

static int
put_row(struct fixed *f, struct rows *r, const struct weir_key *key,
    struct weir_str text, struct weir_error *err)
{
	struct weir_pair_right *row;
	int added;

	if (r->table == NULL)
		r->table = weir_table_new(sizeof *row);
	row = weir_table_put(r->table, key->canonical.s, key->canonical.len,
	    weir_table_hash(r->table, key->canonical.s, key->canonical.len),
	    &added);
	row->text = keep_text(r, text);
	open_row(f, r, row);
	weir_pairs_want(&f->j.pairs, row, f->prover, &f->wanted);
	r->bytes = weir_table_bytes(r->table) + r->texts.total;
	return weir_sjoin_limit(&f->j, f->rows.bytes + f->next.bytes,
	    weir_table_count(r->table), err);
}

/* A row of the table that is being read; without a key it meets nobody. */
static int
read_row(struct fixed *f, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, struct weir_error *err)
{
	struct weir_row row = weir_stage_row(b, i);
	struct weir_error why;
	struct weir_key key;
	int rc;

	weir_arena_reset(&f->j.keys_arena);
	rc = weir_sjoin_key(&f->j, WEIR_RIGHT, &row, &key, &why);
	if (rc < 0)
		return weir_stage_bad(st, b, i, why.text, err);
	if (rc == 0) {
		weir_stage_metrics(st)->dropped++;
		return 1;
	}
	return put_row(
	    f, &f->next, &key, (struct weir_str){row.text, row.len}, err);
}

static void
count(const struct fixed *f, struct weir_stage *st)
{
	struct weir_metrics *m = weir_stage_metrics(st);

	m->state_bytes = f->rows.bytes;
	m->state_keys =
	    f->rows.table != NULL ? weir_table_count(f->rows.table) : 0;
}

static int
table(void *self, struct weir_stage *st, size_t operand, struct weir_error *err)
{
	struct fixed *f = self;

	(void)operand;
	(void)err;
	clear_rows(&f->rows);
	f->rows = f->next;
	f->next = (struct rows){.table = NULL};
	if (f->rows.table == NULL)
		f->rows.table = weir_table_new(sizeof(struct weir_pair_right));
	count(f, st);
	return 1;
}

/* What was read of the next rows is not all there is. */
static void
stay(void *self, struct weir_stage *st, size_t operand)
{
	struct fixed *f = self;

	(void)operand;
	clear_rows(&f->next);
	count(f, st);
}

/* --- the stream --- */

/* The keys of a run, then their rows; and the memory that those lie in. */
static void
prepare(struct fixed *f, const struct weir_block *b, uint32_t i, uint32_t n)
{
	const struct weir_table *t = f->rows.table;
	struct item *item = f->run;

	weir_arena_reset(&f->j.keys_arena);
	for (uint32_t k = 0; k < n; k++, item++) {
		struct weir_row row = weir_stage_row(b, i + k);

		item->found = (b->events[i + k].flags & WEIR_RETRACT)
		    ? -1
		    : weir_sjoin_key(&f->j, WEIR_LEFT, &row, &item->key, NULL);
		item->row = NULL;
		if (item->found <= 0)
			continue;
		item->hash = weir_table_hash(
		    t, item->key.canonical.s, item->key.canonical.len);
		weir_table_prefetch(t, item->hash);
	}
	item = f->run;
	for (uint32_t k = 0; k < n; k++, item++)
		if (item->found > 0)
			weir_table_prefetch_entry(t, item->hash);
	item = f->run;
	for (uint32_t k = 0; k < n; k++, item++) {
		if (item->found <= 0)
			continue;
		item->row = weir_table_get(t, item->key.canonical.s,
		    item->key.canonical.len, item->hash);
		if (item->row != NULL) {
			__builtin_prefetch(item->row->fields.s);
			__builtin_prefetch(item->row->fields.s + 64);
		}
	}
}

/* Say why the event has no key. */
static int
refuse(struct fixed *f, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, struct weir_error *err)
{
	struct weir_row row = weir_stage_row(b, i);
	struct weir_error why;
	struct weir_key key;

	if (b->events[i].flags & WEIR_RETRACT)
		weir_fail(&why, WEIR_INPUT,
		    "a retraction, which --static does not take back");
	else
		weir_sjoin_key(&f->j, WEIR_LEFT, &row, &key, &why);
	return weir_stage_bad(st, b, i, why.text, err);
}

static int
join(struct fixed *f, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, const struct item *item, struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];
	struct weir_sjoin_result r = {.left = {b->text + ev->off, ev->len},
	    .time = ev->time,
	    .release = weir_time_add(ev->watermark, 1)};
	const struct weir_pair_right *row = item->row;
	int rc;

	if (item->found < 0)
		return refuse(f, st, b, i, err);
	if (row != NULL) {
		rc = f->j.config.where == NULL
		    ? 1
		    : weir_sjoin_test(&f->j, st, r.left, row->text, err);
		if (rc < 0)
			return -1;
		if (rc > 0) {
			r.right = row->text;
			r.open = row;
			r.apart = weir_pairs_apart(
			    &f->wanted, weir_block_slots(b, i), b->nslots);
		}
	}
	switch (f->j.type) {
	case WEIR_SEMI:
	case WEIR_ANTI:
		if ((r.right.s != NULL) == (f->j.type == WEIR_SEMI))
			return weir_stage_pass(st, b, i, 1, err);
		break;
	default:
		if (r.right.s != NULL || f->j.type == WEIR_LEFT_OUTER)
			return weir_sjoin_put(&f->j, st, &r, err);
	}
	weir_stage_metrics(st)->dropped++;
	return 1;
}

static int
events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	struct fixed *f = self;
	bool row = weir_stage_operand(st) == WEIR_RIGHT;

	for (; row && n > 0; i++, n--)
		if (read_row(f, st, b, i, err) < 0)
			return -1;
	while (n > 0) {
		uint32_t run = n < WEIR_RUN ? n : WEIR_RUN;

		prepare(f, b, i, run);
		for (uint32_t k = 0; k < run; k++)
			if (join(f, st, b, i + k, &f->run[k], err) < 0)
				return -1;
		i += run;
		n -= run;
	}
	return 1;
}

/* --- state --- */

static int
save(void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct fixed *f = self;
	struct weir_buf *out = &f->j.out;
	const struct weir_pair_right *row;
	struct weir_str key;
	uint64_t at = 0;

	if (f->rows.table == NULL)
		return 1;
	while ((row = weir_table_next(f->rows.table, &at, &key.s, &key.len)) !=
	    NULL) {
		out->len = 0;
		weir_buf_puts(out, "{\"k\":");
		weir_keyset_save(out, &f->j.keys[WEIR_LEFT], key);
		weir_buf_puts(out, ",\"r\":");
		weir_buf_add(out, row->text.s, row->text.len);
		weir_buf_putc(out, '}');
		if (weir_snapshot_keyed_line(w, key, out->data, out->len, err) <
		    0)
			return -1;
	}
	return 1;
}

static int
bad_line(struct weir_error *err)
{
	return weir_fail(err, WEIR_STATE, "saved state: not a row of a table");
}

/* The row that a line holds, where it stays good for now. */
static int
open_line(struct fixed *f, struct weir_str line, struct weir_str *text,
    struct weir_error *err)
{
	struct weir_str name = {"r", 1};
	struct weir_slot slot;

	if (f->lines == NULL) {
		f->lines = weir_prover_new();
		weir_prover_want(f->lines, &name, 1);
	}
	if (weir_prover_line(f->lines, line.s, &slot, NULL) == NULL ||
	    slot.len == 0 || line.s[slot.off] != '{')
		return bad_line(err);
	f->j.out.len = 0;
	weir_buf_add(&f->j.out, line.s + slot.off, slot.len);
	memset(weir_buf_reserve(&f->j.out, WEIR_PAD), '\n', WEIR_PAD);
	*text = (struct weir_str){f->j.out.data, slot.len};
	return 1;
}

static int
load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct fixed *f = self;
	struct weir_str text;
	struct weir_row row;
	struct weir_key key;

	if (open_line(f, line, &text, err) < 0)
		return -1;
	/* A row may have names that are wanted from now on. */
	f->slots = weir_grow(f->slots, &f->nslots, weir_prover_slots(f->prover),
	    sizeof *f->slots);
	if (weir_prover_line(f->prover, text.s, f->slots, NULL) == NULL)
		return bad_line(err);
	row = (struct weir_row){
	    .text = text.s, .len = (uint32_t)text.len, .slots = f->slots};
	weir_arena_reset(&f->j.keys_arena);
	if (weir_sjoin_key(&f->j, WEIR_RIGHT, &row, &key, err) <= 0)
		return bad_line(err);
	weir_stage_skip_tables(st);
	return put_row(f, &f->rows, &key, text, err);
}

/* --- the kind --- */

static int
parse(struct weir_sjoin *sj, struct weir_error *err)
{
	const struct weir_sjoin_config *c = &sj->config;

	if (sj->type == WEIR_RIGHT_OUTER || sj->type == WEIR_FULL_OUTER)
		return weir_fail(err, WEIR_USAGE,
		    "--static: a stream may always bring another event, so no "
		    "row is ever unmatched; --type is inner, left, semi or "
		    "anti");
	if (c->delete_if != NULL || c->ttl != NULL || c->mode != NULL ||
	    c->late != NULL)
		return weir_fail(err, WEIR_USAGE,
		    "--static: the file is all there is; --delete-if, --ttl, "
		    "--mode and --late do not go with it");
	return 1;
}

static int
attach(struct weir_sjoin *sj, struct weir_stage *st, struct weir_error *err)
{
	struct fixed *f = (struct fixed *)sj;

	(void)err;
	f->prover = weir_stage_prover(st);
	return 1;
}

static void
fini(struct weir_sjoin *sj)
{
	struct fixed *f = (struct fixed *)sj;

	clear_rows(&f->rows);
	clear_rows(&f->next);
	weir_prover_free(f->lines);
	free(f->slots);
}

static void
print(struct weir_buf *out, const struct weir_sjoin *sj)
{
	(void)sj;
	weir_buf_puts(out, "--static");
}

static const struct weir_stage_ops ops = {
    .events = events,
    .table = table,
    .stay = stay,
    .save = save,
    .load = load,
};

const struct weir_sjoin_kind weir_sjoin_static_kind = {
    .size = sizeof(struct fixed),
    .ops = &ops,
    .parse = parse,
    .attach = attach,
    .fini = fini,
    .print = print,
};
