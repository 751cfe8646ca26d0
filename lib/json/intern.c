#include "json/intern.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

static uint32_t
hash_name(const struct weir_keys *k, unsigned parent, struct weir_str name)
{
	uint64_t h = weir_hash64_keyed(name.s, name.len, k->secret);

	h = (h ^ parent) * UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t)(h >> 32);
}

static void
table_put(struct weir_keys *k, unsigned id)
{
	size_t i = k->names[id].hash & k->mask;

	while (k->table[i] != 0)
		i = (i + 1) & k->mask;
	k->table[i] = (uint16_t)id;
}

/* Room for n keys in all, and a table that is at most half full then. */
static void
reserve(struct weir_keys *k, size_t n)
{
	size_t size = 16;

	if (n <= k->cap)
		return;
	assert(n < WEIR_KEY_UNSET);
	k->keys = weir_realloc(k->keys, n * sizeof(*k->keys));
	k->names = weir_realloc(k->names, n * sizeof(*k->names));
	k->cap = n;
	while (size < 2 * n)
		size *= 2;
	if (k->table != NULL && size == k->mask + 1)
		return;
	free(k->table);
	k->table = weir_calloc(size, sizeof(*k->table));
	k->mask = size - 1;
	for (unsigned id = WEIR_KEY_ROOT + 1; id < k->n; id++)
		table_put(k, id);
}

static unsigned
add(struct weir_keys *k, unsigned parent, struct weir_str name, uint32_t hash)
{
	unsigned id = (unsigned)k->n++;

	assert(k->n <= k->cap);
	k->keys[id] = (struct weir_key){.segment = "\n",
	    .mask = 1,
	    .len = 1,
	    .slot = WEIR_KEY_UNSET,
	    .column = WEIR_KEY_UNSET};
	k->names[id] =
	    (struct weir_key_name){.hash = hash, .parent = (uint16_t)parent};
	k->names[id].name.s = weir_strndup(name.s, name.len);
	k->names[id].name.len = name.len;
	return id;
}

void
weir_keys_init(struct weir_keys *k)
{
	*k = (struct weir_keys){0};
	weir_hash_secret(k->secret);
	reserve(k, WEIR_KEYS_LEARNED + 64);
	add(k, WEIR_KEY_NONE, weir_str(""), 0); /* WEIR_KEY_NONE */
	add(k, WEIR_KEY_NONE, weir_str(""), 0); /* WEIR_KEY_ROOT */
}

void
weir_keys_fini(struct weir_keys *k)
{
	for (size_t i = 0; i < k->n; i++)
		free((void *)(uintptr_t)k->names[i].name.s);
	free(k->names);
	free(k->keys);
	free(k->table);
	*k = (struct weir_keys){0};
}

static unsigned
find(const struct weir_keys *k, unsigned parent, struct weir_str name,
    uint32_t hash)
{
	size_t i = hash & k->mask;

	for (; k->table[i] != 0; i = (i + 1) & k->mask) {
		const struct weir_key_name *x = &k->names[k->table[i]];

		if (x->hash == hash && x->parent == parent &&
		    x->name.len == name.len &&
		    memcmp(x->name.s, name.s, name.len) == 0)
			return k->table[i];
	}
	return WEIR_KEY_NONE;
}

unsigned
weir_keys_find(const struct weir_keys *k, unsigned parent, struct weir_str name)
{
	return find(k, parent, name, hash_name(k, parent, name));
}

unsigned
weir_keys_learn(struct weir_keys *k, unsigned parent, struct weir_str name)
{
	uint32_t hash = hash_name(k, parent, name);
	unsigned id = find(k, parent, name, hash);

	if (id != WEIR_KEY_NONE || name.len > WEIR_KEY_LEN ||
	    k->learned == WEIR_KEYS_LEARNED ||
	    k->names[parent].children == WEIR_KEY_CHILDREN)
		return id;
	id = add(k, parent, name, hash);
	table_put(k, id);
	k->learned++;
	k->names[parent].children++;
	return id;
}

unsigned
weir_keys_want(struct weir_keys *k, unsigned parent, struct weir_str name)
{
	uint32_t hash = hash_name(k, parent, name);
	unsigned id = find(k, parent, name, hash);

	if (id != WEIR_KEY_NONE)
		return id;
	if (k->n + 1 + WEIR_KEYS_LEARNED - k->learned > k->cap)
		reserve(k, k->cap + 256);
	id = add(k, parent, name, hash);
	table_put(k, id);
	return id;
}

void
weir_key_segment(struct weir_key *key, const char *s, size_t len)
{
	if (len > WEIR_SEGMENT)
		return;
	memcpy(key->segment, s, len);
	memset(key->segment + len, 0, WEIR_SEGMENT - len);
	key->mask = len == 32 ? UINT32_MAX : (UINT32_C(1) << len) - 1;
	key->len = key->step = (uint8_t)len;
}
