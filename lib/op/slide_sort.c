/*
 * Groups of a window in the order of their first events: a radix sort, digit by
 * digit from the least one on, since numbers of groups are close to each other.
 */
#include "op/slide.h"

#include "base/mem.h"

#include <stdlib.h>

#define BITS   8
#define DIGITS (1u << BITS)

/* One digit: 1, or 0 if all have the same. */
static int
sort_digit(const struct weir_slide_result *from, struct weir_slide_result *to,
    size_t n, uint64_t least, unsigned shift)
{
	size_t counts[DIGITS] = {0}, sum = 0, count;

	for (size_t i = 0; i < n; i++)
		counts[(from[i].first - least) >> shift & (DIGITS - 1)]++;
	for (size_t d = 0; d < DIGITS; d++) {
		count = counts[d];
		if (count == n)
			return 0;
		counts[d] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[counts[(from[i].first - least) >> shift & (DIGITS - 1)]++] =
		    from[i];
	return 1;
}

static void
swap(struct weir_slide_result **a, struct weir_slide_result **b)
{
	struct weir_slide_result *c = *a;

	*a = *b;
	*b = c;
}

struct weir_slide_result *
weir_slide_sort(struct weir_slide_result *all, size_t n)
{
	struct weir_slide_result *other;
	uint64_t least = UINT64_MAX, most = 0;
	bool sorted = true;

	for (size_t i = 0; i < n; i++) {
		sorted &= all[i].first >= most;
		least = all[i].first < least ? all[i].first : least;
		most = all[i].first > most ? all[i].first : most;
	}
	if (sorted)
		return all;
	other = weir_malloc(n * sizeof *other);
	for (unsigned shift = 0; shift < 64 && (most - least) >> shift > 0;
	     shift += BITS)
		if (sort_digit(all, other, n, least, shift))
			swap(&all, &other);
	free(other);
	return all;
}
