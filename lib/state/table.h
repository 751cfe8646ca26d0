/*
 * table.h - a keyed table: open addressing over entries in order of arrival.
 *
 * A slot holds a tag byte and a 32-bit index, twelve to a cache line; entries
 * (key bytes and a value of fixed size) lie in chunks of up to 1 MiB, linked in
 * order of arrival, and never move, so nothing is doubled by realloc and
 * iteration is first seen first whatever was removed between. The slots grow a
 * little at each put, without a pause. The hash is keyed with a random secret
 * that never shows in any order; a chain over 128 cache lines rehashes the table
 * under a new one. Work in runs: hash all, prefetch, then apply.
 */
#ifndef WEIR_STATE_TABLE_H
#define WEIR_STATE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define WEIR_RUN       256 /* keys hashed and prefetched at once */
#define WEIR_KEY_MAX   ((size_t)64 << 10)  /* bytes of a key */
#define WEIR_VALUE_MAX ((size_t)512 << 10) /* bytes of a value */
/*
 * What 32-bit indexes reach: beyond, a put aborts as when memory is out. Who
 * caps state (--max-state) caps weir_table_bytes() at this.
 */
#define WEIR_TABLE_MAX ((uint64_t)32767 << 20)

struct weir_table;

/* Values are value_size bytes, aligned to 8, zeroed when new. */
struct weir_table *weir_table_new(size_t value_size);
void weir_table_free(struct weir_table *t);
/* Forget all entries and give their memory back; hashes stay good. */
void weir_table_clear(struct weir_table *t);

uint64_t weir_table_hash(
    const struct weir_table *t, const void *key, size_t len);
/* Have the slots of a hash fetched; and, once they are there, the entry. */
void weir_table_prefetch(const struct weir_table *t, uint64_t hash);
void weir_table_prefetch_entry(const struct weir_table *t, uint64_t hash);
/*
 * The value of a key, added (zeroed) if it was not there: *added says so. hash
 * is weir_table_hash() of this table, not older than the last put (a put may
 * change the secret: weir_table_generation() tells). len <= WEIR_KEY_MAX.
 */
void *weir_table_put(struct weir_table *t, const void *key, size_t len,
    uint64_t hash, int *added);
/* The value, or NULL. */
void *weir_table_get(
    const struct weir_table *t, const void *key, size_t len, uint64_t hash);
/*
 * Remove a key: 1 if it was there. Its space is reused by later puts; all of
 * it is given back when the last key goes.
 */
int weir_table_remove(
    struct weir_table *t, const void *key, size_t len, uint64_t hash);
/* The key of a value that is in the table; it stays where it is, too. */
const char *weir_table_key(
    const struct weir_table *t, const void *value, size_t *len);
uint32_t weir_table_generation(const struct weir_table *t);

/*
 * Iterate in order of arrival. *at starts at 0. Returns the value with *key and
 * *len, or NULL at the end. The entry just returned may be removed meanwhile, but
 * no other.
 */
void *weir_table_next(
    const struct weir_table *t, uint64_t *at, const char **key, size_t *len);

size_t weir_table_count(const struct weir_table *t);
size_t weir_table_bytes(const struct weir_table *t); /* memory it holds */

#endif
