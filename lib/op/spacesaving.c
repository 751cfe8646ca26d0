#include "op/spacesaving.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define OVERHEAD 16 /* bytes that malloc adds, about */
#define FIRST	 4  /* entries */

/* --- an entry's texts --- */

static void
set_text(struct weir_spacesaving *ss, struct weir_counter *e,
    struct weir_str key, struct weir_str shown)
{
	int same = key.len == shown.len && memcmp(key.s, shown.s, key.len) == 0;
	size_t need = key.len + (same ? 0 : shown.len);

	if (need > e->room) {
		if (e->text != NULL)
			ss->texts -= e->room + OVERHEAD;
		free(e->text);
		e->text = weir_malloc(need);
		e->room = (uint32_t)need;
		ss->texts += need + OVERHEAD;
	}
	e->key_len = (uint32_t)key.len;
	e->shown_len = same ? 0 : (uint32_t)shown.len;
	memcpy(e->text, key.s, key.len);
	if (!same)
		memcpy(e->text + key.len, shown.s, shown.len);
}

static struct weir_str
key_of(const struct weir_counter *e)
{
	return (struct weir_str){e->text, e->key_len};
}

struct weir_str
weir_spacesaving_shown(const struct weir_counter *e)
{
	if (e->shown_len == 0)
		return key_of(e);
	return (struct weir_str){e->text + e->key_len, e->shown_len};
}

static void
free_text(struct weir_spacesaving *ss, struct weir_counter *e)
{
	if (e->text == NULL)
		return;
	ss->texts -= e->room + OVERHEAD;
	free(e->text);
}

/* --- the index: linear probing, at most half full --- */

static inline size_t
index_size(const struct weir_spacesaving *ss)
{
	return (size_t)ss->cap * 2;
}

/* Where the key's entry number is, or belongs. cap is not 0. */
static size_t
find(const struct weir_spacesaving *ss, struct weir_str key, uint64_t hash)
{
	size_t mask = index_size(ss) - 1, i = hash & mask;
	const struct weir_counter *e;

	for (; ss->index[i] != 0; i = (i + 1) & mask) {
		e = &ss->entries[ss->index[i] - 1];
		if (e->hash == hash && e->key_len == key.len &&
		    memcmp(e->text, key.s, key.len) == 0)
			break;
	}
	return i;
}

static const struct weir_counter *
look_up(const struct weir_spacesaving *ss, struct weir_str key, uint64_t hash)
{
	uint32_t number = ss->cap > 0 ? ss->index[find(ss, key, hash)] : 0;

	return number > 0 ? &ss->entries[number - 1] : NULL;
}

/* Free a place, and close the gap for those that probed over it. */
static void
unindex(struct weir_spacesaving *ss, size_t gap)
{
	size_t mask = index_size(ss) - 1, i = gap, home;

	for (;;) {
		ss->index[gap] = 0;
		do {
			i = (i + 1) & mask;
			if (ss->index[i] == 0)
				return;
			home = ss->entries[ss->index[i] - 1].hash & mask;
		} while (((i - home) & mask) < ((i - gap) & mask));
		ss->index[gap] = ss->index[i];
		gap = i;
	}
}

/* An index for room of cap entries, with all there are. */
static void
reindex(struct weir_spacesaving *ss, uint32_t cap)
{
	size_t mask = (size_t)cap * 2 - 1, at;

	free(ss->index);
	ss->cap = cap;
	ss->index = weir_calloc(index_size(ss), sizeof *ss->index);
	for (uint32_t i = 0; i < ss->n; i++) {
		at = ss->entries[i].hash & mask;
		while (ss->index[at] != 0)
			at = (at + 1) & mask;
		ss->index[at] = i + 1;
	}
}

static void
grow(struct weir_spacesaving *ss)
{
	uint32_t cap = ss->cap == 0 ? FIRST : ss->cap * 2;

	ss->entries = weir_realloc(ss->entries, cap * sizeof *ss->entries);
	reindex(ss, cap);
}

/* --- the heap --- */

/* Which of two is the first to go? */
static inline int
below(const struct weir_counter *a, const struct weir_counter *b)
{
	return a->count != b->count ? a->count < b->count : a->first > b->first;
}

/* The entry at place i has become more: down with it. */
static void
sink(struct weir_spacesaving *ss, uint32_t i)
{
	uint32_t number = ss->heap[i], least;
	struct weir_counter *e = &ss->entries[number];

	for (;; i = least) {
		least = 2 * i + 1;
		if (least >= ss->n)
			break;
		if (least + 1 < ss->n &&
		    below(&ss->entries[ss->heap[least + 1]],
			&ss->entries[ss->heap[least]]))
			least++;
		if (below(e, &ss->entries[ss->heap[least]]))
			break;
		ss->heap[i] = ss->heap[least];
		ss->entries[ss->heap[i]].place = i;
	}
	ss->heap[i] = number;
	e->place = i;
}

static void
make_heap(struct weir_spacesaving *ss)
{
	ss->heap = weir_realloc(ss->heap, ss->n * sizeof *ss->heap);
	for (uint32_t i = 0; i < ss->n; i++) {
		ss->heap[i] = i;
		ss->entries[i].place = i;
	}
	for (uint32_t i = ss->n / 2; i-- > 0;)
		sink(ss, i);
}

/* --- counting --- */

/* A new entry; there is no other of its key. */
static void
append(struct weir_spacesaving *ss, const struct weir_spacesaving_value *v,
    uint64_t hash)
{
	struct weir_counter *e;

	if (ss->n == ss->cap)
		grow(ss);
	ss->index[find(ss, v->key, hash)] = ss->n + 1;
	e = &ss->entries[ss->n++];
	*e = (struct weir_counter){.count = v->count,
	    .error = v->error,
	    .first = v->first,
	    .hash = hash};
	set_text(ss, e, v->key, v->shown);
}

/* Put a new value in the place of the least. */
static void
replace(struct weir_spacesaving *ss, const struct weir_spacesaving_value *v,
    uint64_t hash)
{
	uint32_t number = ss->heap[0];
	struct weir_counter *e = &ss->entries[number];

	unindex(ss, find(ss, key_of(e), e->hash));
	ss->index[find(ss, v->key, hash)] = number + 1;
	ss->missed = e->error = e->count;
	e->count += v->count;
	e->first = v->first;
	e->hash = hash;
	set_text(ss, e, v->key, v->shown);
	sink(ss, 0);
}

void
weir_spacesaving_add(struct weir_spacesaving *ss, uint32_t capacity,
    const struct weir_spacesaving_value *v)
{
	uint64_t hash = weir_hash64(v->key.s, v->key.len);
	uint32_t number;

	if (ss->cap > 0 && (number = ss->index[find(ss, v->key, hash)]) > 0) {
		ss->entries[number - 1].count += v->count;
		if (ss->heap != NULL)
			sink(ss, ss->entries[number - 1].place);
	} else if (ss->n < capacity) {
		append(ss, v, hash);
	} else {
		if (ss->heap == NULL)
			make_heap(ss);
		replace(ss, v, hash);
	}
}

/* --- merging --- */

/* What both count; of the texts the first that was seen. */
static void
merge_entry(struct weir_spacesaving *ss, struct weir_counter *e,
    const struct weir_counter *o)
{
	e->count += o->count;
	e->error += o->error;
	if (o->first >= e->first)
		return;
	e->first = o->first;
	set_text(ss, e, key_of(o), weir_spacesaving_shown(o));
}

static int
compare_entries(const void *a, const void *b)
{
	const struct weir_counter *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return 0;
}

/* Keep the most frequent ones. */
static void
cut(struct weir_spacesaving *ss, uint32_t capacity)
{
	if (ss->n <= capacity)
		return;
	qsort(ss->entries, ss->n, sizeof *ss->entries, compare_entries);
	if (ss->missed < ss->entries[capacity].count)
		ss->missed = ss->entries[capacity].count;
	while (ss->n > capacity)
		free_text(ss, &ss->entries[--ss->n]);
	while (ss->cap / 2 >= capacity)
		ss->cap /= 2;
	ss->entries = weir_realloc(ss->entries, ss->cap * sizeof *ss->entries);
	reindex(ss, ss->cap);
}

void
weir_spacesaving_merge(struct weir_spacesaving *ss, uint32_t capacity,
    const struct weir_spacesaving *other)
{
	uint32_t had = ss->n;
	uint64_t missed = ss->missed;

	for (uint32_t i = 0; i < had; i++) {
		struct weir_counter *e = &ss->entries[i];
		const struct weir_counter *o =
		    look_up(other, key_of(e), e->hash);

		if (o != NULL) {
			merge_entry(ss, e, o);
		} else {
			e->count += other->missed;
			e->error += other->missed;
		}
	}
	for (uint32_t i = 0; i < other->n; i++) {
		const struct weir_counter *o = &other->entries[i];

		if (look_up(ss, key_of(o), o->hash) == NULL)
			append(ss,
			    &(struct weir_spacesaving_value){key_of(o),
				weir_spacesaving_shown(o), o->first,
				o->count + missed, o->error + missed},
			    o->hash);
	}
	ss->missed += other->missed;
	cut(ss, capacity);
	free(ss->heap);
	ss->heap = NULL;
}

static int
compare_pointers(const void *a, const void *b)
{
	return compare_entries(*(const struct weir_counter *const *)a,
	    *(const struct weir_counter *const *)b);
}

const struct weir_counter **
weir_spacesaving_sorted(const struct weir_spacesaving *ss)
{
	const struct weir_counter **all = weir_malloc(ss->n * sizeof *all);

	for (uint32_t i = 0; i < ss->n; i++)
		all[i] = &ss->entries[i];
	qsort(all, ss->n, sizeof *all, compare_pointers);
	return all;
}

/* --- the rest --- */

int
weir_spacesaving_load(
    struct weir_spacesaving *ss, const struct weir_spacesaving_value *v)
{
	uint64_t hash = weir_hash64(v->key.s, v->key.len);

	if (v->count == 0 || v->error >= v->count ||
	    look_up(ss, v->key, hash) != NULL)
		return 0;
	append(ss, v, hash);
	return 1;
}

int
weir_spacesaving_loaded(struct weir_spacesaving *ss, uint32_t capacity)
{
	if (ss->missed > 0 && ss->n != capacity)
		return 0;
	for (uint32_t i = 0; i < ss->n; i++)
		if (ss->entries[i].count < ss->missed)
			return 0;
	return 1;
}

size_t
weir_spacesaving_bytes(const struct weir_spacesaving *ss)
{
	size_t bytes = ss->texts;

	if (ss->cap > 0)
		bytes += ss->cap * sizeof *ss->entries +
		    index_size(ss) * sizeof *ss->index + 2 * OVERHEAD;
	if (ss->heap != NULL)
		bytes += ss->n * sizeof *ss->heap + OVERHEAD;
	return bytes;
}

void
weir_spacesaving_fini(struct weir_spacesaving *ss)
{
	for (uint32_t i = 0; i < ss->n; i++)
		free(ss->entries[i].text);
	free(ss->entries);
	free(ss->index);
	free(ss->heap);
	*ss = (struct weir_spacesaving){0};
}
