/*
 * Events that wait: their lists, and what they take.
 */
#include "op/sjoin_keep.h"

#include "base/mem.h"

#include <stdlib.h>

void
weir_keep_init(struct weir_keep *k, const struct weir_keep_ops *ops)
{
	k->ops = ops;
	k->table = weir_table_new(sizeof(struct weir_kept_key));
	k->closed = WEIR_TIME_NONE;
	k->due = WEIR_TIME_MAX;
}

void
weir_keep_fini(struct weir_keep *k)
{
	const struct weir_wait *w;
	struct weir_kept *e;

	if (k->table == NULL)
		return;
	for (int side = WEIR_LEFT; side <= WEIR_RIGHT; side++) {
		while ((w = weir_waits_first(&k->waits[side])) != NULL) {
			e = w->who;
			weir_waits_pop(&k->waits[side]);
			weir_keep_drop(k, e);
		}
		weir_waits_fini(&k->waits[side]);
		weir_arena_fini(&k->ahead[side].arena);
	}
	weir_table_free(k->table);
}

/* --- memory --- */

static size_t
size_of(size_t len)
{
	return sizeof(struct weir_kept) + len + WEIR_PAD;
}

size_t
weir_keep_bytes(const struct weir_keep *k)
{
	return weir_table_bytes(k->table) + k->owned + k->pool.bytes +
	    weir_waits_bytes(&k->waits[WEIR_LEFT]) +
	    weir_waits_bytes(&k->waits[WEIR_RIGHT]);
}

int
weir_keep_measure(struct weir_keep *k, struct weir_error *err)
{
	if (weir_table_bytes(k->table) >= WEIR_TABLE_MAX)
		return weir_fail(err, WEIR_STATE,
		    "the keys have outgrown what one process can hold: %zu "
		    "events wait; need less with closer bounds or a smaller "
		    "--max-delay",
		    k->n);
	return weir_sjoin_limit(&k->sj, weir_keep_bytes(k), k->n, err);
}

/* --- lists --- */

uint32_t
weir_kept_from(const struct weir_kept_list *l, int64_t t)
{
	uint32_t lo = 0, hi = l->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (weir_kept_at(l, mid)->time < t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
resize(struct weir_keep *k, struct weir_kept_list *l, uint32_t cap)
{
	struct weir_kept **all = weir_malloc(cap * sizeof(struct weir_kept *));

	for (uint32_t i = 0; i < l->n; i++)
		all[i] = weir_kept_at(l, i);
	k->owned += weir_held(cap * sizeof(struct weir_kept *));
	if (l->cap > 0) {
		k->owned -= weir_held(l->cap * sizeof(struct weir_kept *));
		free(l->all);
	}
	l->all = all;
	l->cap = cap;
	l->head = 0;
}

/* Room behind the last one. */
static void
make_room(struct weir_keep *k, struct weir_kept_list *l)
{
	if (l->head + l->n < l->cap)
		return;
	if (l->head > l->cap / 2) {
		memmove(l->all, l->all + l->head, l->n * sizeof *l->all);
		l->head = 0;
	} else {
		resize(k, l, l->n < 4 ? 4 : l->n * 2);
	}
}

/* Its place is behind all that are not later; those come mostly before. */
static void
insert(struct weir_keep *k, struct weir_kept_list *l, struct weir_kept *e)
{
	uint32_t i = l->n;

	if (l->n == 0 && l->cap == 0) {
		l->one = e;
		l->n = 1;
		return;
	}
	make_room(k, l);
	if (weir_kept_at(l, i - 1)->time > e->time)
		i = weir_kept_from(l, e->time + 1);
	while (i > 0 && weir_kept_at(l, i - 1)->time == e->time &&
	    weir_kept_at(l, i - 1)->number > e->number)
		i--; /* only what is loaded */
	memmove(l->all + l->head + i + 1, l->all + l->head + i,
	    (l->n - i) * sizeof *l->all);
	l->all[l->head + i] = e;
	l->n++;
}

/* Out of its list: it is forgotten unless it still waits. */
static void
leave(struct weir_keep *k, struct weir_kept *e)
{
	e->listed = false;
	if (e->waiting)
		return;
	k->n--;
	weir_pool_put(&k->pool, e, size_of(e->len));
}

/* Leave out those that are gone. */
static void
compact(struct weir_keep *k, struct weir_kept_list *l)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		struct weir_kept *e = l->all[l->head + i];

		if (e->gone)
			leave(k, e);
		else
			l->all[n++] = e;
	}
	l->head = 0;
	l->n = n;
	l->ngone = 0;
}

/* Remove a key that has nothing waiting. */
static void
remove_key(struct weir_keep *k, struct weir_kept_key *key)
{
	const char *text;
	size_t len;

	text = weir_table_key(k->table, key, &len);
	weir_table_remove(
	    k->table, text, len, weir_table_hash(k->table, text, len));
}

static void
free_list(struct weir_keep *k, struct weir_kept_list *l)
{
	if (l->cap > 0) {
		k->owned -= weir_held(l->cap * sizeof(struct weir_kept *));
		free(l->all);
	}
	*l = (struct weir_kept_list){.cap = 0};
}

void
weir_keep_sweep(struct weir_keep *k, struct weir_kept_key *key, int side)
{
	struct weir_kept_list *l = &key->side[side];

	while (l->ngone > 0 && weir_kept_at(l, 0)->gone) {
		leave(k, weir_kept_at(l, 0));
		l->n--;
		l->ngone--;
		l->head += l->cap > 0;
	}
	if (l->ngone > l->n / 2)
		compact(k, l);
	if (l->n == 0) {
		free_list(k, l);
		if (key->side[!side].n == 0)
			remove_key(k, key);
	} else if (l->cap > 16 && l->n < l->cap / 4) {
		resize(k, l, l->cap / 2);
	}
}

/* --- events --- */

static uint64_t
hash_of(const struct weir_keep *k, const struct weir_keep_item *item)
{
	struct weir_str key = item->key.canonical;

	return item->generation == weir_table_generation(k->table)
	    ? item->hash
	    : weir_table_hash(k->table, key.s, key.len);
}

struct weir_kept_key *
weir_keep_find(const struct weir_keep *k, const struct weir_keep_item *item)
{
	struct weir_str key = item->key.canonical;

	return weir_table_get(k->table, key.s, key.len, hash_of(k, item));
}

struct weir_kept *
weir_keep_add(
    struct weir_keep *k, const struct weir_arrival *a, uint64_t number)
{
	struct weir_str key = a->item->key.canonical;
	struct weir_kept *e = weir_pool_get(&k->pool, size_of(a->text.len));
	int added;

	*e = (struct weir_kept){.number = number,
	    .time = a->time,
	    .len = (uint32_t)a->text.len,
	    .side = (uint8_t)a->side,
	    .listed = true,
	    .waiting = true};
	memcpy(e->text, a->text.s, a->text.len);
	memset(e->text + a->text.len, '\n', WEIR_PAD);
	e->key = weir_table_put(
	    k->table, key.s, key.len, hash_of(k, a->item), &added);
	insert(k, &e->key->side[a->side], e);
	k->n++;
	return e;
}

void
weir_keep_wait(struct weir_keep *k, struct weir_kept *e, int64_t due)
{
	weir_waits_push(&k->waits[e->side], due, e->number, e);
}

void
weir_keep_drop(struct weir_keep *k, struct weir_kept *e)
{
	e->waiting = false;
	if (!e->listed) {
		leave(k, e);
		return;
	}
	weir_kept_hide(e);
	weir_keep_sweep(k, e->key, e->side);
}
