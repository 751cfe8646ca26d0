#include "json/value.h"

#include "base/hash.h"
#include "base/num.h"
#include "json/prover.h"
#include "json/unescape.h"

#include <string.h>

static struct weir_value
failed(const char *message)
{
	return (struct weir_value){
	    .kind = WEIR_ERROR, .aux = (uint32_t)strlen(message), .s = message};
}

const char *
weir_kind_name(enum weir_kind kind)
{
	static const char *const names[] = {"absent", "error", "null_type",
	    "bool", "int", "uint", "double", "string", "bytes",
	    "google.protobuf.Timestamp", "google.protobuf.Duration", "list",
	    "map", "json", "type", "optional_type"};

	return names[kind];
}

static struct weir_value
read_string(const char *s, size_t len, struct weir_arena *arena)
{
	struct weir_value v = {
	    .kind = WEIR_STRING, .aux = (uint32_t)(len - 2), .s = s + 1};
	char *out;
	size_t n;

	if (memchr(s + 1, '\\', len - 2) == NULL)
		return v;
	out = weir_arena_alloc(arena, len - 2);
	n = weir_json_unescape(s + 1, len - 2, out, len - 2);
	if (n == SIZE_MAX)
		return failed("string with half a surrogate pair");
	v.s = out;
	v.aux = (uint32_t)n;
	return v;
}

static struct weir_value
read_number(const char *s, size_t len)
{
	struct weir_num num;
	int64_t i;

	if (weir_value_small_int(s, len, &i))
		return (struct weir_value){.kind = WEIR_INT, .i = i};
	weir_num_read(s, len, &num);
	if (num.kind == WEIR_NUM_DOUBLE)
		return (struct weir_value){.kind = WEIR_DOUBLE, .d = num.d};
	return (struct weir_value){
	    .kind = num.kind == WEIR_NUM_INT ? WEIR_INT : WEIR_UINT,
	    .u = num.u};
}

struct weir_value
weir_value_read(const char *s, size_t len, struct weir_arena *arena)
{
	if (len == 0)
		return (struct weir_value){.kind = WEIR_ABSENT};
	switch (*s) {
	case '"': return read_string(s, len, arena);
	case '{':
	case '[':
		return (struct weir_value){
		    .kind = WEIR_JSON, .aux = (uint32_t)len, .s = s};
	case 't':
	case 'f': return (struct weir_value){.kind = WEIR_BOOL, .b = *s == 't'};
	case 'n': return (struct weir_value){.kind = WEIR_NULL};
	default: return read_number(s, len);
	}
}

static const char *
blanks(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')
		s++;
	return s;
}

/* Values directly inside the list or map at s, a map's keys counted, too. */
static size_t
count(const char *s)
{
	size_t n = 0;

	for (s = blanks(s + 1); *s != ']' && *s != '}'; n++) {
		s = blanks(weir_json_skip(s));
		if (*s == ',' || *s == ':')
			s = blanks(s + 1);
	}
	return n;
}

/* The value at *s, and *s on to the next one or the closing bracket. */
static struct weir_value
next(const char **s, struct weir_arena *arena)
{
	const char *end = weir_json_skip(*s);
	struct weir_value v = weir_value_read(*s, (size_t)(end - *s), arena);

	end = blanks(end);
	if (*end == ',' || *end == ':')
		end = blanks(end + 1);
	*s = end;
	return v;
}

static struct weir_value
open_list(struct weir_value v, struct weir_arena *arena)
{
	struct weir_list *list = weir_arena_alloc(arena, sizeof *list);
	struct weir_value *items;
	const char *s = v.s;
	size_t i;

	list->n = count(s);
	items = weir_arena_alloc(arena, list->n * sizeof *items);
	list->items = items;
	s = blanks(s + 1);
	for (i = 0; i < list->n; i++) {
		items[i] = next(&s, arena);
		if (items[i].kind == WEIR_ERROR)
			return items[i];
	}
	return (struct weir_value){.kind = WEIR_LIST, .list = list};
}

/*
 * Where a key is among keys[0..n), or n. Beyond a handful of keys table, with
 * room for mask + 1 indices plus one (0 is free), makes it quick.
 */
static size_t
find_key(const struct weir_value *keys, size_t n, struct weir_value key,
    uint32_t *table, size_t mask)
{
	size_t i, h;

	if (table == NULL) {
		for (i = 0; i < n; i++)
			if (keys[i].aux == key.aux &&
			    memcmp(keys[i].s, key.s, key.aux) == 0)
				return i;
		return n;
	}
	for (h = weir_hash64(key.s, key.aux) & mask; table[h] != 0;
	     h = (h + 1) & mask) {
		i = table[h] - 1;
		if (keys[i].aux == key.aux &&
		    memcmp(keys[i].s, key.s, key.aux) == 0)
			return i;
	}
	table[h] = (uint32_t)n + 1;
	return n;
}

static struct weir_value
open_map(struct weir_value v, struct weir_arena *arena)
{
	struct weir_map *map = weir_arena_alloc(arena, sizeof *map);
	size_t n = count(v.s) / 2, i, at, mask = 0;
	struct weir_value *keys, *values, key;
	const char *s = blanks(v.s + 1);
	uint32_t *table = NULL;

	keys = weir_arena_alloc(arena, n * sizeof *keys);
	values = weir_arena_alloc(arena, n * sizeof *values);
	if (n > 16) {
		for (mask = 32; mask < 2 * n; mask *= 2)
			continue;
		table = weir_arena_alloc(arena, mask * sizeof *table);
		memset(table, 0, mask * sizeof *table);
		mask--;
	}
	*map = (struct weir_map){0, keys, values};
	for (i = 0; i < n; i++) {
		key = next(&s, arena);
		if (key.kind != WEIR_STRING)
			return key;
		at = find_key(keys, map->n, key, table, mask);
		keys[at] = key;
		values[at] = next(&s, arena);
		if (values[at].kind == WEIR_ERROR)
			return values[at];
		map->n += at == map->n;
	}
	return (struct weir_value){.kind = WEIR_MAP, .map = map};
}

struct weir_value
weir_value_open(struct weir_value v, struct weir_arena *arena)
{
	if (v.kind != WEIR_JSON)
		return v;
	return *v.s == '[' ? open_list(v, arena) : open_map(v, arena);
}
