/*
 * Taking up states that were saved by another list of aggregates.
 *
 * What is there under the same text goes on; which state that is depends on who
 * shared whose at that time, so the old list is parsed as it was then.
 */
#include "op/aggregate.h"

#include "base/mem.h"

#include <stdlib.h>

/* The aggregate whose state it is. */
static size_t
owner_of(const struct weir_aggs *aggs, size_t i)
{
	size_t k = 0;

	while (aggs->aggs[k].offset != aggs->aggs[i].offset ||
	    aggs->aggs[k].ops->size == 0)
		k++;
	return k;
}

/* What was saved for a state that aggregate i gives a result of, or -1. */
static ptrdiff_t
find_saved(const struct weir_aggs *aggs, size_t i, const struct weir_aggs *was)
{
	const struct weir_agg_ops *ops = aggs->aggs[owner_of(aggs, i)].ops;
	size_t k = 0, owner;

	while (
	    k < was->n && !weir_str_same(was->aggs[k].text, aggs->aggs[i].text))
		k++;
	if (k == was->n)
		return -1;
	owner = owner_of(was, k);
	return was->aggs[owner].ops->load == ops->load ? (ptrdiff_t)owner : -1;
}

void
weir_aggs_adopt(struct weir_aggs *aggs, const struct weir_aggs *was)
{
	aggs->nsaved = was->n;
	aggs->saved = weir_calloc(aggs->n + 1, sizeof *aggs->saved);
	for (size_t i = 0; i < aggs->n; i++)
		aggs->saved[i] = -1;
	for (size_t i = 0; i < aggs->n; i++) {
		ptrdiff_t *to = &aggs->saved[owner_of(aggs, i)];

		if (*to < 0)
			*to = find_saved(aggs, i, was);
	}
}

bool
weir_aggs_begins(const struct weir_aggs *aggs, size_t i)
{
	return aggs->saved[owner_of(aggs, i)] < 0;
}
