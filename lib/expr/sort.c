#include "expr/sort.h"

#include "expr/loop.h"

#include <string.h>

/* Merge two sorted runs of indices, from[a..m) and from[m..b). */
static void
merge(const struct weir_value *keys, const uint32_t *from, uint32_t *to,
    size_t a, size_t m, size_t b)
{
	size_t i = a, j = m, at = a;

	while (i < m && j < b)
		to[at++] =
		    weir_value_compare(keys[from[j]], keys[from[i]]) == -1
		    ? from[j++]
		    : from[i++];
	while (i < m)
		to[at++] = from[i++];
	while (j < b)
		to[at++] = from[j++];
}

static const uint32_t *
sorted(const struct weir_value *keys, uint32_t *from, uint32_t *to, size_t n)
{
	size_t width, a, m, b;
	uint32_t *swap;

	for (width = 1; width < n; width *= 2) {
		for (a = 0; a < n; a += 2 * width) {
			m = a + width < n ? a + width : n;
			b = a + 2 * width < n ? a + 2 * width : n;
			merge(keys, from, to, a, m, b);
		}
		swap = from;
		from = to;
		to = swap;
	}
	return from;
}

struct weir_value
weir_sort(struct weir_env *env, const struct weir_value *items,
    const struct weir_list *keys)
{
	size_t n = keys->n, i;
	struct weir_list *list = weir_arena_alloc(env->arena, sizeof *list);
	struct weir_value *out, error;
	const uint32_t *order;
	uint32_t *index;
	struct weir_str x, y;

	for (i = 0; i < n; i++) {
		if (weir_value_ordered(keys->items[0], keys->items[i]))
			continue;
		x = weir_type_name(keys->items[0]);
		y = weir_type_name(keys->items[i]);
		return weir_error_value(env,
		    "cannot sort %.*s and %.*s together", (int)x.len, x.s,
		    (int)y.len, y.s);
	}
	if (!weir_room(env, n * (sizeof *out + 8), &error) ||
	    !weir_spend(env, n, &error))
		return error;
	out = weir_arena_alloc(env->arena, n * sizeof *out);
	index = weir_arena_alloc(env->arena, 2 * n * sizeof *index);
	for (i = 0; i < n; i++)
		index[i] = (uint32_t)i;
	order = sorted(keys->items, index, index + n, n);
	for (i = 0; i < n; i++)
		out[i] = items[order[i]];
	*list = (struct weir_list){n, out};
	return (struct weir_value){.kind = WEIR_LIST, .list = list};
}
