#include "state/table.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "state/slots.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * An entry: the value (a multiple of 8 bytes), then this, then the key, padded
 * to 8. Its index counts units of 8 bytes: the chunk's number, then the place in
 * the chunk. In a free one next leads to the next of its class.
 */
struct entry {
	uint32_t next, prev; /* in order of arrival */
	uint32_t len;
};

#define UNIT	    8
#define CHUNK_BITS  17 /* of an index, inside a chunk */
#define CHUNK_UNITS ((uint32_t)1 << CHUNK_BITS)
#define CHUNK_MAX   32767 /* chunks, so that NONE is no index */
#define CHUNK_FIRST 512	  /* units; each further one is twice the one before */
#define NONE	    UINT32_MAX

/*
 * Free entries by size: one class a unit up to 64, then four a power of two, to
 * which the sizes themselves are rounded up.
 */
#define CLASS_EXACT 64
#define CLASSES	    (CLASS_EXACT + 4 * (CHUNK_BITS - 6) + 1)

struct weir_table {
	struct weir_slots slots, old; /* old: being moved to slots, or empty */
	size_t moved;		      /* groups of old */
	size_t count;
	size_t value_size; /* rounded up to units */
	char **chunk;
	size_t nchunks, chunk_cap;
	uint32_t used, room; /* units of the last chunk */
	uint32_t head, tail; /* in order of arrival */
	size_t bytes;	     /* of chunks */
	uint32_t generation;
	uint32_t free[CLASSES];
	uint8_t secret[WEIR_HASH_SECRET];
};

/* --- entries --- */

static inline char *
at_index(const struct weir_table *t, uint32_t index)
{
	return t->chunk[index >> CHUNK_BITS] +
	    (size_t)(index & (CHUNK_UNITS - 1)) * UNIT;
}

static inline struct entry *
entry_at(const struct weir_table *t, uint32_t index)
{
	return (struct entry *)(void *)(at_index(t, index) + t->value_size);
}

static inline char *
key_of(struct entry *e)
{
	return (char *)(e + 1);
}

/* Units that an entry takes, rounded to its class. */
static uint32_t
units_of(const struct weir_table *t, size_t len, unsigned *class)
{
	uint32_t n =
	    (uint32_t)((t->value_size + sizeof(struct entry) + len + UNIT - 1) /
		UNIT);
	unsigned log;

	if (n <= CLASS_EXACT) {
		*class = n;
		return n;
	}
	log = 31 - (unsigned)__builtin_clz(n - 1); /* 2^log < n <= 2^(log+1) */
	n = (n - 1) >> (log - 2); /* 4..7: the quarter that n - 1 is in */
	*class = CLASS_EXACT + 1 + 4 * (log - 6) + (n - 4);
	return (n + 1) << (log - 2);
}

static uint32_t
units_new(struct weir_table *t, uint32_t n, unsigned class)
{
	uint32_t index = t->free[class];

	if (index != NONE) {
		t->free[class] = entry_at(t, index)->next;
		return index;
	}
	if (n > t->room - t->used) {
		uint32_t room = t->nchunks < CHUNK_BITS
		    ? (uint32_t)CHUNK_FIRST << t->nchunks
		    : CHUNK_UNITS;

		if (room > CHUNK_UNITS)
			room = CHUNK_UNITS;
		while (room < n)
			room *= 2;
		if (t->nchunks == CHUNK_MAX)
			abort(); /* as when memory is out: table.h */
		t->chunk = weir_grow(
		    t->chunk, &t->chunk_cap, t->nchunks + 1, sizeof *t->chunk);
		t->chunk[t->nchunks++] = weir_malloc((size_t)room * UNIT);
		t->bytes += (size_t)room * UNIT;
		t->room = room;
		t->used = 0;
	}
	index = (uint32_t)(t->nchunks - 1) << CHUNK_BITS | t->used;
	t->used += n;
	return index;
}

static uint32_t
entry_new(struct weir_table *t, const void *key, size_t len)
{
	unsigned class;
	uint32_t n = units_of(t, len, &class);
	uint32_t index = units_new(t, n, class);
	struct entry *e = entry_at(t, index);

	memset(at_index(t, index), 0, t->value_size);
	e->len = (uint32_t)len;
	if (len > 0)
		memcpy(key_of(e), key, len);
	e->next = NONE;
	e->prev = t->tail;
	if (t->tail == NONE)
		t->head = index;
	else
		entry_at(t, t->tail)->next = index;
	t->tail = index;
	t->count++;
	return index;
}

static void
entry_drop(struct weir_table *t, uint32_t index)
{
	struct entry *e = entry_at(t, index);
	unsigned class;

	if (e->prev == NONE)
		t->head = e->next;
	else
		entry_at(t, e->prev)->next = e->next;
	if (e->next == NONE)
		t->tail = e->prev;
	else
		entry_at(t, e->next)->prev = e->prev;
	units_of(t, e->len, &class);
	e->next = t->free[class];
	t->free[class] = index;
	t->count--;
}

static inline int
same_key(const struct entry *e, const void *key, size_t len)
{
	const char *a = (const char *)(e + 1), *b = key;
	uint64_t x[2], y[2];

	if (e->len != len)
		return 0;
	if (len > 16 || len < 8)
		return len == 0 || memcmp(a, b, len) == 0;
	memcpy(&x[0], a, 8);
	memcpy(&y[0], b, 8);
	memcpy(&x[1], a + len - 8, 8);
	memcpy(&y[1], b + len - 8, 8);
	return x[0] == y[0] && x[1] == y[1];
}

/* The place of a key in slots: its group, and its slot in *at. */
static inline struct weir_group *
find(const struct weir_table *t, const struct weir_slots *s,
    struct weir_str key, uint64_t hash, unsigned *at)
{
	size_t i = weir_slots_home(s, hash);
	uint8_t tag = weir_slots_tag(hash);

	for (size_t n = 1; n <= s->size; n++) {
		struct weir_group *g = &s->group[i];

		for (unsigned m = weir_slots_match(g, tag); m != 0;
		     m &= m - 1) {
			*at = (unsigned)__builtin_ctz(m);
			if (same_key(
				entry_at(t, g->index[*at]), key.s, key.len))
				return g;
		}
		if (g->passed == 0)
			return NULL;
		i = weir_slots_step(s, i, n);
	}
	return NULL;
}

/* --- growing and rehashing --- */

static uint64_t
hash_at(const struct weir_table *t, uint32_t index)
{
	struct entry *e = entry_at(t, index);

	return weir_hash64_keyed(key_of(e), e->len, t->secret);
}

/* All entries under a new secret; again if that one is unlucky, too. */
static void
rehash(struct weir_table *t)
{
	size_t size = t->slots.size;
	uint32_t i;

	weir_slots_fini(&t->old);
	do {
		weir_slots_fini(&t->slots);
		weir_slots_init(&t->slots, size);
		weir_hash_secret(t->secret);
		t->generation++;
		for (i = t->head; i != NONE; i = entry_at(t, i)->next)
			if (!weir_slots_add(&t->slots, hash_at(t, i), i))
				break;
	} while (i != NONE);
}

/* Move one group of old; 0 if that made a chain too long. */
static int
move_group(struct weir_table *t)
{
	struct weir_group *g = &t->old.group[t->moved++];

	if (t->moved + 1 < t->old.size) /* the one after next */
		for (unsigned i = 0; i < WEIR_SLOTS; i++)
			if (g[2].tag[i])
				__builtin_prefetch(entry_at(t, g[2].index[i]));
	for (unsigned i = 0; i < WEIR_SLOTS; i++) {
		if (g->tag[i] == 0)
			continue;
		if (!weir_slots_add(
			&t->slots, hash_at(t, g->index[i]), g->index[i]))
			return 0;
		g->tag[i] = 0; /* passed stays: others went by here */
	}
	if (t->moved == t->old.size)
		weir_slots_fini(&t->old);
	return 1;
}

/*
 * Grow without a pause: the slots double at once, and each put then moves one
 * group, which ends long before the next doubling.
 */
static int
grow(struct weir_table *t)
{
	while (t->old.size > 0)
		if (!move_group(t))
			return 0;
	t->old = t->slots;
	t->moved = 0;
	weir_slots_init(&t->slots, t->old.size * 2);
	return 1;
}

/* --- the face --- */

static void
reset(struct weir_table *t)
{
	t->head = t->tail = NONE;
	t->used = t->room = 0;
	t->count = t->nchunks = t->bytes = 0;
	for (size_t i = 0; i < CLASSES; i++)
		t->free[i] = NONE;
	weir_slots_init(&t->slots, WEIR_SLOTS_MIN);
}

struct weir_table *
weir_table_new(size_t value_size)
{
	struct weir_table *t = weir_calloc(1, sizeof *t);

	assert(value_size <= WEIR_VALUE_MAX);
	t->value_size = (value_size + UNIT - 1) / UNIT * UNIT;
	weir_hash_secret(t->secret);
	reset(t);
	return t;
}

static void
drop_all(struct weir_table *t)
{
	weir_slots_fini(&t->slots);
	weir_slots_fini(&t->old);
	for (size_t i = 0; i < t->nchunks; i++)
		free(t->chunk[i]);
}

void
weir_table_free(struct weir_table *t)
{
	if (t == NULL)
		return;
	drop_all(t);
	free(t->chunk);
	free(t);
}

void
weir_table_clear(struct weir_table *t)
{
	drop_all(t);
	reset(t);
}

uint64_t
weir_table_hash(const struct weir_table *t, const void *key, size_t len)
{
	return weir_hash64_keyed(key, len, t->secret);
}

void
weir_table_prefetch(const struct weir_table *t, uint64_t hash)
{
	__builtin_prefetch(
	    &t->slots.group[weir_slots_home(&t->slots, hash)], 1);
	if (t->old.size > 0)
		__builtin_prefetch(
		    &t->old.group[weir_slots_home(&t->old, hash)]);
}

void
weir_table_prefetch_entry(const struct weir_table *t, uint64_t hash)
{
	const struct weir_group *g =
	    &t->slots.group[weir_slots_home(&t->slots, hash)];
	unsigned m = weir_slots_match(g, weir_slots_tag(hash));
	const char *value;

	if (m == 0)
		return; /* it is new, or went on to another group */
	value = at_index(t, g->index[__builtin_ctz(m)]);
	__builtin_prefetch(value);
	__builtin_prefetch(value + t->value_size + sizeof(struct entry));
}

void *
weir_table_get(
    const struct weir_table *t, const void *key, size_t len, uint64_t hash)
{
	struct weir_str k = {key, len};
	unsigned at;
	struct weir_group *g = find(t, &t->slots, k, hash, &at);

	if (g == NULL && t->old.size > 0)
		g = find(t, &t->old, k, hash, &at);
	return g != NULL ? at_index(t, g->index[at]) : NULL;
}

void *
weir_table_put(struct weir_table *t, const void *key, size_t len, uint64_t hash,
    int *added)
{
	void *value = weir_table_get(t, key, len, hash);
	uint32_t index;
	int fits = 1;

	*added = value == NULL;
	if (value != NULL)
		return value;
	assert(len <= WEIR_KEY_MAX);
	index = entry_new(t, key, len);
	if (t->old.size > 0)
		fits = move_group(t);
	if (fits && t->count > t->slots.size * WEIR_SLOTS_LOAD)
		fits = grow(t);
	if (!fits || !weir_slots_add(&t->slots, hash, index))
		rehash(t); /* enters the new one, too */
	return at_index(t, index);
}

int
weir_table_remove(
    struct weir_table *t, const void *key, size_t len, uint64_t hash)
{
	struct weir_str k = {key, len};
	struct weir_slots *s = &t->slots;
	unsigned at;
	struct weir_group *g = find(t, s, k, hash, &at);
	size_t i, n = 0;

	if (g == NULL && t->old.size > 0) {
		s = &t->old;
		g = find(t, s, k, hash, &at);
	}
	if (g == NULL)
		return 0;
	g->tag[at] = 0;
	for (i = weir_slots_home(s, hash); &s->group[i] != g;
	     i = weir_slots_step(s, i, ++n))
		s->group[i].passed--;
	entry_drop(t, g->index[at]);
	if (t->count == 0 && t->nchunks > 1)
		weir_table_clear(t);
	return 1;
}

const char *
weir_table_key(const struct weir_table *t, const void *value, size_t *len)
{
	const struct entry *e =
	    (const void *)((const char *)value + t->value_size);

	*len = e->len;
	return (const char *)(e + 1);
}

uint32_t
weir_table_generation(const struct weir_table *t)
{
	return t->generation;
}

void *
weir_table_next(
    const struct weir_table *t, uint64_t *at, const char **key, size_t *len)
{
	uint32_t index = *at == 0 ? t->head : (uint32_t)(*at - 1);
	struct entry *e;

	if (index == NONE) {
		*at = (uint64_t)NONE + 1;
		return NULL;
	}
	e = entry_at(t, index);
	*at = (uint64_t)e->next + 1;
	*key = key_of(e);
	*len = e->len;
	return at_index(t, index);
}

size_t
weir_table_count(const struct weir_table *t)
{
	return t->count;
}

size_t
weir_table_bytes(const struct weir_table *t)
{
	return sizeof *t + t->chunk_cap * sizeof *t->chunk + t->bytes +
	    (t->slots.size + t->old.size) * sizeof(struct weir_group);
}
