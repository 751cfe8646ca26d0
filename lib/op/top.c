#include "op/top.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Does a give way to b? */
static bool
less(const struct weir_top_entry *a, const struct weir_top_entry *b)
{
	int order = weir_value_compare(a->rank, b->rank);

	return order != 0 ? order < 0 : a->order > b->order;
}

static void
sift_up(struct weir_top_entry *heap, size_t i)
{
	struct weir_top_entry entry = heap[i];

	for (; i > 0 && less(&entry, &heap[(i - 1) / 2]); i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = entry;
}

static void
sift_down(struct weir_top_entry *heap, size_t n)
{
	struct weir_top_entry entry = heap[0];
	size_t i = 0, kid;

	while ((kid = 2 * i + 1) < n) {
		if (kid + 1 < n && less(&heap[kid + 1], &heap[kid]))
			kid++;
		if (!less(&heap[kid], &entry))
			break;
		heap[i] = heap[kid];
		i = kid;
	}
	heap[i] = entry;
}

/* One that is not among the best: remember it if it stands. */
static void
fall(struct weir_top *top, const struct weir_top_entry *entry)
{
	if (entry->group.told == NULL || !entry->group.told->stands)
		return;
	top->fallen = weir_grow(top->fallen, &top->fallen_cap, top->nfallen + 1,
	    sizeof *top->fallen);
	top->fallen[top->nfallen] = *entry;
	top->fallen[top->nfallen++].text = NULL;
}

/* Give the entry a text of its own, and its rank, which may be a string. */
static void
own(struct weir_top_entry *entry, struct weir_str row)
{
	size_t more = entry->rank.kind == WEIR_STRING ? entry->rank.aux : 0;

	entry->text = weir_malloc(row.len + more);
	entry->len = row.len;
	memcpy(entry->text, row.s, row.len);
	if (more > 0)
		memcpy(entry->text + row.len, entry->rank.s, more);
	if (entry->rank.kind == WEIR_STRING)
		entry->rank.s = entry->text + row.len;
}

int
weir_top_offer(struct weir_top *top, const struct weir_emit_group *group,
    struct weir_value rank, struct weir_str row, struct weir_error *err)
{
	struct weir_top_entry entry = {
	    .rank = rank, .order = top->seen++, .group = *group};

	if (!weir_value_ordered(rank, rank) ||
	    (rank.kind == WEIR_DOUBLE && isnan(rank.d)))
		return weir_fail(err, WEIR_INPUT,
		    "--top: there is no greatest %s",
		    rank.kind == WEIR_DOUBLE ? "NaN"
					     : weir_kind_name(rank.kind));
	if (top->n > 0 && !weir_value_ordered(rank, top->heap[0].rank))
		return weir_fail(err, WEIR_INPUT,
		    "--top: %s has no order with %s", weir_kind_name(rank.kind),
		    weir_kind_name(top->heap[0].rank.kind));
	if (top->n == top->most) {
		if (less(&entry, &top->heap[0])) {
			fall(top, &entry);
			return 1;
		}
		fall(top, &top->heap[0]);
		free(top->heap[0].text);
		own(&entry, row);
		top->heap[0] = entry;
		sift_down(top->heap, top->n);
		return 1;
	}
	top->heap =
	    weir_grow(top->heap, &top->cap, top->n + 1, sizeof *top->heap);
	own(&entry, row);
	top->heap[top->n++] = entry;
	sift_up(top->heap, top->n - 1);
	return 1;
}

static int
by_order(const void *a, const void *b)
{
	const struct weir_top_entry *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

void
weir_top_sort(struct weir_top *top)
{
	if (top->n > 0)
		qsort(top->heap, top->n, sizeof *top->heap, by_order);
	if (top->nfallen > 0)
		qsort(top->fallen, top->nfallen, sizeof *top->fallen, by_order);
	top->at = top->fallen_at = 0;
}

const struct weir_top_entry *
weir_top_next(struct weir_top *top)
{
	const struct weir_top_entry *best = top->heap + top->at,
				    *fallen = top->fallen + top->fallen_at;

	if (top->at == top->n && top->fallen_at == top->nfallen)
		return NULL;
	if (top->fallen_at == top->nfallen ||
	    (top->at < top->n && best->order < fallen->order)) {
		top->at++;
		return best;
	}
	top->fallen_at++;
	return fallen;
}

void
weir_top_clear(struct weir_top *top)
{
	for (size_t i = 0; i < top->n; i++)
		free(top->heap[i].text);
	top->n = top->nfallen = top->seen = 0;
}

void
weir_top_fini(struct weir_top *top)
{
	weir_top_clear(top);
	free(top->heap);
	free(top->fallen);
}
