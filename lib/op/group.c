#include "op/group.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A window's only group, as long as it has no other. */
struct weir_group_only {
	size_t size, len; /* of the value, of the key */
	char bytes[];	  /* the value, then the key */
};

/* In front of a text in weir_groups.texts. */
struct text_head {
	size_t number; /* of its group, from 0 */
	size_t len;
};

static char *
only_key(const struct weir_group_only *only)
{
	return (char *)(uintptr_t)only->bytes + only->size;
}

static struct weir_group_only *
only_new(const struct weir_key *key, size_t size)
{
	struct weir_group_only *only =
	    weir_calloc(1, sizeof *only + size + key->canonical.len);

	only->size = size;
	only->len = key->canonical.len;
	if (only->len > 0)
		memcpy(only_key(only), key->canonical.s, only->len);
	return only;
}

/* The only group is about to get company. */
static void
make_table(struct weir_groups *g)
{
	struct weir_group_only *only = g->only;
	int added;
	void *value;

	g->table = weir_table_new(only->size);
	value = weir_table_put(g->table, only_key(only), only->len,
	    weir_table_hash(g->table, only_key(only), only->len), &added);
	memcpy(value, only->bytes, only->size);
	free(only);
	g->only = NULL;
}

void *
weir_groups_put(struct weir_groups *g, const struct weir_key *key, size_t size,
    const uint64_t *hash, int *added)
{
	struct weir_str k = key->canonical;

	if (g->table == NULL) {
		*added = g->only == NULL;
		if (g->only == NULL)
			g->only = only_new(key, size);
		else if (g->only->len != k.len ||
		    memcmp(only_key(g->only), k.s, k.len) != 0)
			make_table(g);
		if (g->only != NULL)
			return g->only->bytes;
		hash = NULL;
	}
	return weir_table_put(g->table, k.s, k.len,
	    hash != NULL ? *hash : weir_table_hash(g->table, k.s, k.len),
	    added);
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

void
weir_groups_undo(struct weir_groups *g, const struct weir_key *key)
{
	struct weir_str k = key->canonical;

	if (g->table != NULL)
		weir_table_remove(g->table, k.s, k.len,
		    weir_table_hash(g->table, k.s, k.len));
	free(g->only);
	g->only = NULL;
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
	if (g->table != NULL) {
		it->value = weir_table_next(
		    g->table, &it->at, &it->text.s, &it->text.len);
	} else if (g->only != NULL && it->at++ == 0) {
		it->value = g->only->bytes;
		it->text = (struct weir_str){only_key(g->only), g->only->len};
	} else {
		it->value = NULL;
	}
	if (it->value == NULL)
		return 0;
	find_text(g, it);
	it->number++;
	return 1;
}

size_t
weir_groups_count(const struct weir_groups *g)
{
	return g->table != NULL ? weir_table_count(g->table) : g->only != NULL;
}

size_t
weir_groups_bytes(const struct weir_groups *g)
{
	size_t n = g->texts.cap + g->owned;

	if (g->table != NULL)
		n += weir_table_bytes(g->table);
	if (g->only != NULL)
		n += sizeof *g->only + g->only->size + g->only->len;
	return n;
}

void
weir_groups_fini(struct weir_groups *g)
{
	free(g->only);
	weir_table_free(g->table);
	weir_buf_fini(&g->texts);
	*g = (struct weir_groups){0};
}
