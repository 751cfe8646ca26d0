#include "op/bag.h"

#include "base/mem.h"
#include "state/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FEW 32 /* texts in a list */
#define BIG UINT32_MAX

/* --- a list: value, length, text, padded to 8, and so on --- */

static size_t
entry_size(const struct weir_bag *b, size_t len)
{
	return (b->value + sizeof(uint32_t) + len + 7) & ~(size_t)7;
}

static struct weir_str
text_of(const struct weir_bag *b, const char *entry)
{
	uint32_t len;

	memcpy(&len, entry + b->value, sizeof len);
	return (struct weir_str){entry + b->value + sizeof len, len};
}

static char *
find_listed(const struct weir_bag *b, struct weir_str text)
{
	struct weir_str t;

	for (size_t at = 0; at < b->len; at += entry_size(b, t.len)) {
		t = text_of(b, b->list + at);
		if (t.len == text.len && memcmp(t.s, text.s, t.len) == 0)
			return b->list + at;
	}
	return NULL;
}

static char *
add_listed(struct weir_bag *b, struct weir_str text, size_t *owned)
{
	size_t size = entry_size(b, text.len), cap = b->cap;
	uint32_t len = (uint32_t)text.len;
	char *entry;

	if (b->len + size > cap) {
		if (cap > 0)
			*owned -= weir_held(cap);
		cap = (b->len + size + b->len / 2 + 15) & ~(size_t)15;
		b->list = weir_realloc(b->list, cap);
		b->cap = (uint32_t)cap;
		*owned += weir_held(cap);
	}
	entry = b->list + b->len;
	memset(entry, 0, b->value);
	memcpy(entry + b->value, &len, sizeof len);
	memcpy(entry + b->value + sizeof len, text.s, len);
	b->len += (uint32_t)size;
	b->listed++;
	return entry;
}

static void
make_table(struct weir_bag *b, size_t *owned)
{
	struct weir_table *t = weir_table_new(b->value);
	struct weir_str text;
	int added;

	for (size_t at = 0; at < b->len; at += entry_size(b, text.len)) {
		text = text_of(b, b->list + at);
		memcpy(weir_table_put(t, text.s, text.len,
			   weir_table_hash(t, text.s, text.len), &added),
		    b->list + at, b->value);
	}
	*owned -= weir_held(b->cap);
	*owned += weir_table_bytes(t);
	free(b->list);
	b->table = t;
	b->listed = BIG;
	b->len = b->cap = 0;
}

/* --- the face --- */

void *
weir_bag_get(const struct weir_bag *b, struct weir_str text)
{
	if (b->listed != BIG)
		return find_listed(b, text);
	return weir_table_get(b->table, text.s, text.len,
	    weir_table_hash(b->table, text.s, text.len));
}

void *
weir_bag_put(struct weir_bag *b, struct weir_str text, size_t value, int *added,
    size_t *owned)
{
	char *entry;
	void *v;

	b->value = (uint32_t)value;
	if (b->listed != BIG) {
		entry = find_listed(b, text);
		*added = entry == NULL;
		if (entry == NULL && b->listed < FEW)
			entry = add_listed(b, text, owned);
		if (entry != NULL)
			return entry;
		make_table(b, owned);
	}
	*owned -= weir_table_bytes(b->table);
	v = weir_table_put(b->table, text.s, text.len,
	    weir_table_hash(b->table, text.s, text.len), added);
	*owned += weir_table_bytes(b->table);
	return v;
}

void
weir_bag_remove(struct weir_bag *b, struct weir_str text, size_t *owned)
{
	char *entry, *next;

	if (b->listed == BIG) {
		*owned -= weir_table_bytes(b->table);
		weir_table_remove(b->table, text.s, text.len,
		    weir_table_hash(b->table, text.s, text.len));
		*owned += weir_table_bytes(b->table);
		return;
	}
	entry = find_listed(b, text);
	assert(entry != NULL);
	next = entry + entry_size(b, text.len);
	memmove(entry, next, (size_t)(b->list + b->len - next));
	b->len -= (uint32_t)(next - entry);
	b->listed--;
}

size_t
weir_bag_count(const struct weir_bag *b)
{
	return b->listed == BIG ? weir_table_count(b->table) : b->listed;
}

void *
weir_bag_next(const struct weir_bag *b, uint64_t *at, struct weir_str *text)
{
	char *entry;

	if (b->listed == BIG)
		return weir_table_next(b->table, at, &text->s, &text->len);
	if (*at == b->len)
		return NULL;
	entry = b->list + *at;
	*text = text_of(b, entry);
	*at += entry_size(b, text->len);
	return entry;
}

void
weir_bag_fini(struct weir_bag *b, size_t *owned)
{
	if (b->listed == BIG) {
		*owned -= weir_table_bytes(b->table);
		weir_table_free(b->table);
	} else if (b->cap > 0) {
		*owned -= weir_held(b->cap);
		free(b->list);
	}
	*b = (struct weir_bag){0};
}
