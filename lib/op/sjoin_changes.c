/*
 * Rows, events that wait to change them, and what they take.
 */
#include "op/sjoin_changes.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

/* --- options --- */

static int
parse_ttl(struct weir_changes *c, const char *text, struct weir_error *err)
{
	struct weir_error why;

	c->ttl = WEIR_TIME_MAX;
	if (text == NULL)
		return 1;
	if (weir_duration_read(text, strlen(text), &c->ttl, &why) < 0)
		return weir_fail(err, WEIR_USAGE, "--ttl: %s", why.text);
	if (c->ttl <= 0)
		return weir_fail(err, WEIR_USAGE,
		    "--ttl: rows live for some time: more than 0s");
	return 1;
}

int
weir_changes_parse(struct weir_changes *c, const struct weir_changes_ops *ops,
    struct weir_error *err)
{
	c->ops = ops;
	c->table = weir_table_new(sizeof(struct weir_change_key));
	c->closed = WEIR_TIME_NONE;
	c->due = WEIR_TIME_MAX;
	return parse_ttl(c, c->sj.config.ttl, err);
}

int
weir_changes_attach(
    struct weir_sjoin *sj, struct weir_stage *st, struct weir_error *err)
{
	struct weir_changes *c = (struct weir_changes *)sj;
	struct weir_scope scope = {.prover = weir_stage_prover(st)};
	const char *text = sj->config.delete_if;

	if (text == NULL)
		return 1;
	c->delete_if =
	    weir_expr_compile(&scope, text, strlen(text), "--delete-if", err);
	return c->delete_if != NULL ? 1 : -1;
}

void
weir_changes_print(struct weir_buf *out, const struct weir_changes *c)
{
	char text[WEIR_TIME_TEXT];

	if (c->sj.config.delete_if != NULL)
		weir_buf_printf(out, " --delete-if=%s", c->sj.config.delete_if);
	if (c->ttl == WEIR_TIME_MAX)
		return;
	weir_buf_puts(out, " --ttl=");
	weir_buf_add(out, text, weir_duration_print(text, c->ttl));
}

static void
let_rows_go(struct weir_changes *c)
{
	struct weir_change_key *key;
	const char *text;
	uint64_t at = 0;
	size_t len;

	while ((key = weir_table_next(c->table, &at, &text, &len)) != NULL) {
		weir_changes_let_go(c, key->row[WEIR_LEFT]);
		weir_changes_let_go(c, key->row[WEIR_RIGHT]);
	}
	weir_table_free(c->table);
}

void
weir_changes_fini(struct weir_sjoin *sj)
{
	struct weir_changes *c = (struct weir_changes *)sj;
	struct weir_change *e;

	while ((e = c->first) != NULL) {
		c->first = e->next;
		weir_changes_let_go(c, e);
	}
	if (c->table != NULL)
		let_rows_go(c);
	for (int side = WEIR_LEFT; side <= WEIR_RIGHT; side++) {
		weir_waits_fini(&c->turns[side]);
		weir_waits_fini(&c->ends[side]);
	}
	weir_expr_free(c->delete_if);
}

/* --- memory --- */

static size_t
size_of(size_t len)
{
	return sizeof(struct weir_change) + len + WEIR_PAD;
}

size_t
weir_changes_bytes(const struct weir_changes *c)
{
	size_t n = weir_table_bytes(c->table) + c->pool.bytes;

	for (int side = WEIR_LEFT; side <= WEIR_RIGHT; side++)
		n += weir_waits_bytes(&c->turns[side]) +
		    weir_waits_bytes(&c->ends[side]);
	return n;
}

int
weir_changes_measure(struct weir_changes *c, struct weir_error *err)
{
	if (weir_table_bytes(c->table) >= WEIR_TABLE_MAX)
		return weir_fail(err, WEIR_STATE,
		    "the keys have outgrown what one process can hold: %zu; "
		    "need less with a --ttl or a smaller --max-delay",
		    weir_table_count(c->table));
	return weir_sjoin_limit(&c->sj, weir_changes_bytes(c), c->n, err);
}

struct weir_change *
weir_changes_copy(struct weir_changes *c, struct weir_str text)
{
	struct weir_change *e = weir_pool_get(&c->pool, size_of(text.len));

	*e = (struct weir_change){.len = (uint32_t)text.len};
	memcpy(e->text, text.s, text.len);
	memset(e->text + text.len, '\n', WEIR_PAD);
	c->n++;
	return e;
}

void
weir_changes_let_go(struct weir_changes *c, struct weir_change *e)
{
	if (e == NULL)
		return;
	c->n--;
	weir_pool_put(&c->pool, e, size_of(e->len));
}

/* --- keys --- */

struct weir_change_key *
weir_changes_key(struct weir_changes *c, const struct weir_change_item *item)
{
	struct weir_str key = item->key.canonical;
	uint64_t hash = item->hash;
	int added;

	if (item->generation != weir_table_generation(c->table))
		hash = weir_table_hash(c->table, key.s, key.len);
	return weir_table_put(c->table, key.s, key.len, hash, &added);
}

void
weir_changes_tidy(struct weir_changes *c, struct weir_change_key *key)
{
	const char *text;
	size_t len;

	if (key->waiting > 0 || key->row[0] != NULL || key->row[1] != NULL ||
	    key->ends[0] || key->ends[1])
		return;
	text = weir_table_key(c->table, key, &len);
	weir_table_remove(
	    c->table, text, len, weir_table_hash(c->table, text, len));
}

struct weir_change *
weir_changes_set(struct weir_changes *c, struct weir_change_key *key, int side,
    struct weir_change *row)
{
	struct weir_change *old = key->row[side];
	int64_t end;

	key->row[side] = row;
	if (row == NULL || key->ends[side])
		return old;
	end = weir_changes_end(c, row);
	if (end == WEIR_TIME_MAX)
		return old;
	key->ends[side] = true;
	weir_waits_push(&c->ends[side], end, row->number, key);
	return old;
}

void
weir_changes_wait(struct weir_changes *c, struct weir_change *e)
{
	e->prev = c->last;
	e->next = NULL;
	*(c->last != NULL ? &c->last->next : &c->first) = e;
	c->last = e;
	if (e->key != NULL)
		e->key->waiting++;
	weir_waits_push(&c->turns[e->side], e->time + 1, e->number, e);
}
