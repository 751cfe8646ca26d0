#include "op/age.h"

#include "base/mem.h"
#include "base/timetext.h"

#include <stdlib.h>
#include <string.h>

/* --- their order: a binary heap --- */

static void
place(struct weir_ages *ages, struct weir_age *age, size_t i)
{
	ages->heap[i] = age;
	age->place = i;
}

static void
sift_up(struct weir_ages *ages, struct weir_age *age, size_t i)
{
	for (; i > 0 && age->number < ages->heap[(i - 1) / 2]->number;
	     i = (i - 1) / 2)
		place(ages, ages->heap[(i - 1) / 2], i);
	place(ages, age, i);
}

static void
sift_down(struct weir_ages *ages, struct weir_age *age, size_t i)
{
	size_t kid;

	while ((kid = 2 * i + 1) < ages->n) {
		if (kid + 1 < ages->n &&
		    ages->heap[kid + 1]->number < ages->heap[kid]->number)
			kid++;
		if (ages->heap[kid]->number > age->number)
			break;
		place(ages, ages->heap[kid], i);
		i = kid;
	}
	place(ages, age, i);
}

/* --- the ages --- */

void
weir_ages_init(struct weir_ages *ages, int64_t length_ns)
{
	*ages =
	    (struct weir_ages){.length_ns = length_ns, .greatest = INT64_MIN};
	ages->by_number = weir_table_new(sizeof(struct weir_age *));
}

static void
free_age(struct weir_age *age)
{
	weir_groups_fini(&age->keys);
	weir_prints_fini(&age->prints);
	free(age);
}

void
weir_ages_fini(struct weir_ages *ages)
{
	for (size_t i = 0; i < ages->n; i++)
		free_age(ages->heap[i]);
	free(ages->heap);
	weir_table_free(ages->by_number);
	*ages = (struct weir_ages){0};
}

int64_t
weir_ages_number(const struct weir_ages *ages, int64_t t)
{
	int64_t length = ages->length_ns;

	if (length == 0)
		return 0;
	return t / length - (t % length < 0);
}

uint64_t
weir_ages_into(const struct weir_ages *ages, int64_t t)
{
	int64_t into = ages->length_ns == 0 ? 0 : t % ages->length_ns;

	return (uint64_t)(into < 0 ? into + ages->length_ns : into);
}

struct weir_age *
weir_ages_find(struct weir_ages *ages, int64_t number)
{
	struct weir_age **last = &ages->last[number & 3], **at;

	if (*last != NULL && (*last)->number == number)
		return *last;
	if (number > ages->greatest)
		return NULL;
	at = weir_table_get(ages->by_number, &number, sizeof number,
	    weir_table_hash(ages->by_number, &number, sizeof number));
	if (at == NULL)
		return NULL;
	*last = *at;
	return *at;
}

struct weir_age *
weir_ages_open(struct weir_ages *ages, int64_t number)
{
	struct weir_age *age = weir_ages_find(ages, number), **at;
	int added;

	if (age != NULL)
		return age;
	age = weir_calloc(1, sizeof *age);
	age->number = number;
	at = weir_table_put(ages->by_number, &number, sizeof number,
	    weir_table_hash(ages->by_number, &number, sizeof number), &added);
	*at = age;
	ages->last[number & 3] = age;
	if (number > ages->greatest)
		ages->greatest = number;
	ages->heap =
	    weir_grow(ages->heap, &ages->cap, ages->n + 1, sizeof *ages->heap);
	sift_up(ages, age, ages->n++);
	weir_ages_measure(ages, age);
	return age;
}

struct weir_age *
weir_ages_first(const struct weir_ages *ages)
{
	return ages->n > 0 ? ages->heap[0] : NULL;
}

/*
 * Its last time is (number + 1) * length - 1; who asks for it is less than a
 * length after that, and not more than a length before the watermark.
 */
int64_t
weir_ages_end(const struct weir_ages *ages, const struct weir_age *age)
{
	int64_t end;

	if (ages->length_ns == 0 ||
	    __builtin_add_overflow(age->number, 3, &end) ||
	    __builtin_mul_overflow(end, ages->length_ns, &end))
		return WEIR_TIME_MAX;
	return weir_time_add(end, -1);
}

void
weir_ages_close(struct weir_ages *ages, struct weir_age *age)
{
	size_t i = age->place;
	struct weir_age *last = ages->heap[--ages->n];

	if (last != age && i > 0 &&
	    last->number < ages->heap[(i - 1) / 2]->number)
		sift_up(ages, last, i);
	else if (last != age)
		sift_down(ages, last, i);
	weir_table_remove(ages->by_number, &age->number, sizeof age->number,
	    weir_table_hash(ages->by_number, &age->number, sizeof age->number));
	if (ages->last[age->number & 3] == age)
		ages->last[age->number & 3] = NULL;
	ages->bytes -= age->bytes;
	ages->closed++;
	free_age(age);
}

static int
by_number(const void *a, const void *b)
{
	const struct weir_age *const *x = a, *const *y = b;

	return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

struct weir_age **
weir_ages_sorted(const struct weir_ages *ages)
{
	struct weir_age **all =
	    weir_malloc((ages->n + 1) * sizeof(struct weir_age *));

	if (ages->n > 0) {
		memcpy(all, ages->heap, ages->n * sizeof *all);
		qsort(all, ages->n, sizeof *all, by_number);
	}
	return all;
}

void
weir_ages_measure(struct weir_ages *ages, struct weir_age *age)
{
	size_t now =
	    sizeof *age + weir_groups_bytes(&age->keys) + age->prints.bytes;

	ages->bytes += now - age->bytes;
	age->bytes = now;
}

size_t
weir_ages_bytes(const struct weir_ages *ages)
{
	return ages->bytes + ages->cap * sizeof *ages->heap +
	    weir_table_bytes(ages->by_number);
}
