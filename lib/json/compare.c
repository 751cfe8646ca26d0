/*
 * Equality and order of values.
 */
#include "json/value.h"

#include <math.h>
#include <string.h>

#define CMP(a, b) (((a) > (b)) - ((a) < (b)))

static bool
is_number(struct weir_value v)
{
	return v.kind >= WEIR_INT && v.kind <= WEIR_DOUBLE;
}

/*
 * An integer and a double are compared as doubles once the double is known to
 * be in the integer's range; that is CEL's rule, and its vectors hold us to it.
 */
static int
compare_int(int64_t i, double d)
{
	if (isnan(d))
		return WEIR_UNORDERED;
	if (d < -9223372036854775808.0)
		return 1;
	if (d > 9223372036854775808.0)
		return -1;
	return CMP((double)i, d);
}

static int
compare_uint(uint64_t u, double d)
{
	if (isnan(d))
		return WEIR_UNORDERED;
	if (d < 0)
		return 1;
	if (d > 18446744073709551616.0)
		return -1;
	return CMP((double)u, d);
}

static int
flip(int c)
{
	return c == WEIR_UNORDERED ? c : -c;
}

static int
compare_numbers(struct weir_value a, struct weir_value b)
{
	if (a.kind == b.kind) {
		if (a.kind == WEIR_INT)
			return CMP(a.i, b.i);
		if (a.kind == WEIR_UINT)
			return CMP(a.u, b.u);
		return isnan(a.d) || isnan(b.d) ? WEIR_UNORDERED
						: CMP(a.d, b.d);
	}
	if (a.kind > b.kind)
		return flip(compare_numbers(b, a));
	if (b.kind == WEIR_UINT)
		return a.i < 0 ? -1 : CMP((uint64_t)a.i, b.u);
	return a.kind == WEIR_INT ? compare_int(a.i, b.d)
				  : compare_uint(a.u, b.d);
}

static int
compare_text(struct weir_value a, struct weir_value b)
{
	size_t n = a.aux < b.aux ? a.aux : b.aux;
	int c = n != 0 ? memcmp(a.s, b.s, n) : 0;

	return c != 0 ? CMP(c, 0) : CMP(a.aux, b.aux);
}

bool
weir_value_ordered(struct weir_value a, struct weir_value b)
{
	if (is_number(a))
		return is_number(b);
	return a.kind == b.kind &&
	    (a.kind == WEIR_BOOL ||
		(a.kind >= WEIR_STRING && a.kind <= WEIR_DURATION));
}

int
weir_value_compare(struct weir_value a, struct weir_value b)
{
	if (!weir_value_ordered(a, b))
		return WEIR_UNORDERED;
	switch (a.kind) {
	case WEIR_BOOL: return CMP(a.b, b.b);
	case WEIR_STRING: /* UTF-8 sorts as its code points do */
	case WEIR_BYTES: return compare_text(a, b);
	case WEIR_TIMESTAMP:
		return a.i != b.i ? CMP(a.i, b.i) : CMP(a.aux, b.aux);
	case WEIR_DURATION:
		return a.i != b.i ? CMP(a.i, b.i)
				  : CMP((int32_t)a.aux, (int32_t)b.aux);
	default: return compare_numbers(a, b);
	}
}

const struct weir_value *
weir_map_get(const struct weir_map *map, struct weir_value key)
{
	const struct weir_value *k = map->keys;
	size_t i;

	if (key.kind == WEIR_STRING) {
		for (i = 0; i < map->n; i++)
			if (k[i].kind == WEIR_STRING && k[i].aux == key.aux &&
			    memcmp(k[i].s, key.s, key.aux) == 0)
				return &map->values[i];
		return NULL;
	}
	for (i = 0; i < map->n; i++)
		if (weir_value_compare(k[i], key) == 0)
			return &map->values[i];
	return NULL;
}

static bool
equal_lists(const struct weir_list *a, const struct weir_list *b,
    struct weir_arena *arena)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!weir_value_equal(a->items[i], b->items[i], arena))
			return false;
	return true;
}

static bool
equal_maps(const struct weir_map *a, const struct weir_map *b,
    struct weir_arena *arena)
{
	const struct weir_value *v;
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		v = weir_map_get(b, a->keys[i]);
		if (v == NULL || !weir_value_equal(a->values[i], *v, arena))
			return false;
	}
	return true;
}

static bool
equal_optionals(
    struct weir_value a, struct weir_value b, struct weir_arena *arena)
{
	if (a.opt == NULL || b.opt == NULL)
		return a.opt == b.opt;
	return weir_value_equal(*a.opt, *b.opt, arena);
}

bool
weir_value_equal(
    struct weir_value a, struct weir_value b, struct weir_arena *arena)
{
	if (weir_value_ordered(a, b))
		return weir_value_compare(a, b) == 0;
	a = weir_value_open(a, arena);
	b = weir_value_open(b, arena);
	if (a.kind != b.kind)
		return false;
	switch (a.kind) {
	case WEIR_NULL: return true;
	case WEIR_LIST: return equal_lists(a.list, b.list, arena);
	case WEIR_MAP: return equal_maps(a.map, b.map, arena);
	case WEIR_TYPE: return compare_text(a, b) == 0;
	case WEIR_OPTIONAL: return equal_optionals(a, b, arena);
	default: return false;
	}
}
