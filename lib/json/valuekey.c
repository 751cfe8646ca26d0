/*
 * Values as canonical keys.
 */
#include "json/value.h"

#include "base/num.h"
#include "json/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A key or an element that is being put in order. */
struct piece {
	struct weir_str key;
	struct weir_value value;
};

static void put_key(
    struct weir_buf *out, struct weir_value v, struct weir_arena *arena);

/* Integral doubles as the integers that they equal. */
static void
put_double(struct weir_buf *out, double d)
{
	char num[WEIR_NUM_MAX];

	if (d != trunc(d) ||
	    !(d >= -9223372036854775808.0 && d < 18446744073709551616.0))
		weir_json_double(out, d);
	else if (d < 0)
		weir_buf_add(out, num, weir_num_print_int(num, (int64_t)d));
	else
		weir_buf_add(out, num, weir_num_print_uint(num, (uint64_t)d));
}

static void
put_list(struct weir_buf *out, const struct weir_list *list,
    struct weir_arena *arena)
{
	size_t i;

	weir_buf_putc(out, '[');
	for (i = 0; i < list->n; i++) {
		if (i > 0)
			weir_buf_putc(out, ',');
		put_key(out, list->items[i], arena);
	}
	weir_buf_putc(out, ']');
}

static int
compare_pieces(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	size_t n = x->key.len < y->key.len ? x->key.len : y->key.len;
	int c = memcmp(x->key.s, y->key.s, n);

	return c != 0 ? c
		      : (x->key.len > y->key.len) - (x->key.len < y->key.len);
}

/* The key's own canonical form, as a JSON string. */
static struct weir_str
key_text(struct weir_value key, struct weir_arena *arena)
{
	struct weir_buf b = {0};
	struct weir_str str;
	char *copy;

	if (key.kind != WEIR_STRING)
		weir_buf_putc(&b, '"');
	put_key(&b, key, arena);
	if (key.kind != WEIR_STRING)
		weir_buf_putc(&b, '"');
	copy = weir_arena_alloc(arena, b.len);
	memcpy(copy, b.data, b.len);
	str = (struct weir_str){copy, b.len};
	weir_buf_fini(&b);
	return str;
}

static void
put_map(
    struct weir_buf *out, const struct weir_map *map, struct weir_arena *arena)
{
	struct piece *pieces;
	size_t i;

	pieces = weir_arena_alloc(arena, map->n * sizeof *pieces);
	for (i = 0; i < map->n; i++)
		pieces[i] = (struct piece){
		    key_text(map->keys[i], arena), map->values[i]};
	if (map->n > 1)
		qsort(pieces, map->n, sizeof *pieces, compare_pieces);
	weir_buf_putc(out, '{');
	for (i = 0; i < map->n; i++) {
		if (i > 0)
			weir_buf_putc(out, ',');
		weir_buf_add(out, pieces[i].key.s, pieces[i].key.len);
		weir_buf_putc(out, ':');
		put_key(out, pieces[i].value, arena);
	}
	weir_buf_putc(out, '}');
}

static void
put_container(
    struct weir_buf *out, struct weir_value v, struct weir_arena *arena)
{
	struct weir_value open = weir_value_open(v, arena);

	if (open.kind == WEIR_LIST)
		put_list(out, open.list, arena);
	else if (open.kind == WEIR_MAP)
		put_map(out, open.map, arena);
	else /* half a surrogate pair in a key: its own text must do */
		weir_value_write(out, v);
}

static void
put_key(struct weir_buf *out, struct weir_value v, struct weir_arena *arena)
{
	switch (v.kind) {
	case WEIR_DOUBLE: put_double(out, v.d); break;
	case WEIR_LIST:
	case WEIR_MAP:
	case WEIR_JSON: put_container(out, v, arena); break;
	case WEIR_OPTIONAL:
		if (v.opt != NULL)
			put_key(out, *v.opt, arena);
		break;
	case WEIR_ERROR: weir_buf_puts(out, "null"); break;
	default: weir_value_write(out, v); break;
	}
}

void
weir_value_key(struct weir_buf *out, struct weir_value v)
{
	struct weir_arena arena = {0};

	/* What most keys are. */
	if (v.kind == WEIR_STRING) {
		weir_json_string(out, v.s, v.aux);
		return;
	}
	if (v.kind == WEIR_INT) {
		out->len += weir_num_print_int(
		    weir_buf_reserve(out, WEIR_NUM_MAX), v.i);
		return;
	}
	put_key(out, v, &arena);
	weir_arena_fini(&arena);
}
