#include "op/group.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FEW	 8  /* groups in a list */
#define OVERHEAD 16 /* bytes that malloc adds, about */

/* A listed group. */
struct weir_group_entry {
	struct weir_group_entry *next;
	uint32_t size, len; /* of the value, of the key */
	char bytes[];	    /* the value, then the key */
};

/* In front of a text in weir_groups.texts. */
struct text_head {
	size_t number; /* of its group, from 0 */
	size_t len;
};

static const char *
key_of(const struct weir_group_entry *e)
{
	return e->bytes + e->size;
}

static size_t
bytes_of(const struct weir_group_entry *e)
{
	return sizeof *e + e->size + e->len + OVERHEAD;
}

static struct weir_group_entry *
find_listed(const struct weir_groups *g, struct weir_str key)
{
	struct weir_group_entry *e;

	for (e = g->first; e != NULL; e = e->next)
		if (e->len == key.len && memcmp(key_of(e), key.s, key.len) == 0)
			return e;
	return NULL;
}

static struct weir_group_entry *
add_listed(struct weir_groups *g, struct weir_str key, size_t size)
{
	struct weir_group_entry *e = weir_calloc(1, sizeof *e + size + key.len);

	e->size = (uint32_t)size;
	e->len = (uint32_t)key.len;
	if (key.len > 0)
		memcpy(e->bytes + size, key.s, key.len);
	if (g->last != NULL)
		g->last->next = e;
	else
		g->first = e;
	g->last = e;
	g->nlisted++;
	g->listed_bytes += bytes_of(e);
	return e;
}

static void
free_list(struct weir_groups *g)
{
	struct weir_group_entry *e, *next;

	for (e = g->first; e != NULL; e = next) {
		next = e->next;
		free(e);
	}
	g->first = g->last = NULL;
	g->nlisted = g->listed_bytes = 0;
}

static void
make_table(struct weir_groups *g, size_t size)
{
	int added;

	g->table = weir_table_new(size);
	for (struct weir_group_entry *e = g->first; e != NULL; e = e->next)
		memcpy(
		    weir_table_put(g->table, key_of(e), e->len,
			weir_table_hash(g->table, key_of(e), e->len), &added),
		    e->bytes, size);
	free_list(g);
}

void *
weir_groups_put(struct weir_groups *g, const struct weir_key *key, size_t size,
    const uint64_t *hash, int *added)
{
	struct weir_str k = key->canonical;
	struct weir_group_entry *e;

	if (g->table == NULL) {
		e = find_listed(g, k);
		*added = e == NULL;
		if (e == NULL && g->nlisted < FEW)
			e = add_listed(g, k, size);
		if (e != NULL)
			return e->bytes;
		make_table(g, size);
		hash = NULL;
	}
	return weir_table_put(g->table, k.s, k.len,
	    hash != NULL ? *hash : weir_table_hash(g->table, k.s, k.len),
	    added);
}

void *
weir_groups_get(const struct weir_groups *g, const struct weir_key *key,
    const uint64_t *hash)
{
	struct weir_str k = key->canonical;
	struct weir_group_entry *e;

	if (g->table == NULL) {
		e = find_listed(g, k);
		return e != NULL ? e->bytes : NULL;
	}
	return weir_table_get(g->table, k.s, k.len,
	    hash != NULL ? *hash : weir_table_hash(g->table, k.s, k.len));
}

void
weir_groups_keep(struct weir_groups *g, const struct weir_key *key)
{
	struct text_head head = {weir_groups_count(g) - 1, key->text.len};

	if (key->text.s == key->canonical.s)
		return;
	weir_buf_add(&g->texts, &head, sizeof head);
	weir_buf_add(&g->texts, key->text.s, key->text.len);
}

void *
weir_groups_find(const struct weir_groups *g, struct weir_str canonical)
{
	struct weir_group_entry *e;

	if (g->table != NULL)
		return weir_table_get(g->table, canonical.s, canonical.len,
		    weir_table_hash(g->table, canonical.s, canonical.len));
	e = find_listed(g, canonical);
	return e != NULL ? e->bytes : NULL;
}

void
weir_groups_remove(struct weir_groups *g, struct weir_str canonical)
{
	struct weir_group_entry *e, **at = &g->first, *before = NULL;

	if (g->table != NULL) {
		weir_table_remove(g->table, canonical.s, canonical.len,
		    weir_table_hash(g->table, canonical.s, canonical.len));
		return;
	}
	e = find_listed(g, canonical);
	assert(e != NULL); /* who removes a group knows that it is there */
	for (; *at != e; at = &(*at)->next)
		before = *at;
	*at = e->next;
	if (g->last == e)
		g->last = before;
	g->nlisted--;
	g->listed_bytes -= bytes_of(e);
	free(e);
}

void
weir_groups_undo(struct weir_groups *g, const struct weir_key *key)
{
	weir_groups_remove(g, key->canonical);
}

/* The text of group it->number, if it is not the canonical one. */
static void
find_text(const struct weir_groups *g, struct weir_group *it)
{
	struct text_head head;

	if (it->text_at == g->texts.len)
		return;
	memcpy(&head, g->texts.data + it->text_at, sizeof head);
	if (head.number != it->number)
		return;
	it->text.s = g->texts.data + it->text_at + sizeof head;
	it->text.len = head.len;
	it->text_at += sizeof head + head.len;
}

int
weir_groups_next(const struct weir_groups *g, struct weir_group *it)
{
	const struct weir_group_entry *e;

	if (g->table != NULL) {
		it->value = weir_table_next(
		    g->table, &it->at, &it->canonical.s, &it->canonical.len);
	} else {
		e = it->number == 0 ? g->first : it->entry->next;
		it->entry = e;
		it->value = e != NULL ? (void *)(uintptr_t)e->bytes : NULL;
		if (e != NULL)
			it->canonical = (struct weir_str){key_of(e), e->len};
	}
	if (it->value == NULL)
		return 0;
	it->text = it->canonical;
	find_text(g, it);
	it->number++;
	return 1;
}

size_t
weir_groups_count(const struct weir_groups *g)
{
	return g->table != NULL ? weir_table_count(g->table) : g->nlisted;
}

size_t
weir_groups_bytes(const struct weir_groups *g)
{
	return g->texts.cap + g->owned + g->listed_bytes +
	    (g->table != NULL ? weir_table_bytes(g->table) : 0);
}

void
weir_groups_fini(struct weir_groups *g)
{
	free_list(g);
	weir_table_free(g->table);
	weir_buf_fini(&g->texts);
	*g = (struct weir_groups){0};
}
