#include "op/age.h"

#include "base/mem.h"
#include "base/timetext.h"

#include <stdlib.h>
#include <string.h>

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
	for (size_t i = 0; i < ages->heap.n; i++)
		free_age(weir_ages_at(ages, i));
	weir_heap_fini(&ages->heap);
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
	age->node.turn = number;
	weir_heap_push(&ages->heap, &age->node);
	weir_ages_measure(ages, age);
	return age;
}

struct weir_age *
weir_ages_first(const struct weir_ages *ages)
{
	return weir_heap_first(&ages->heap);
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
	weir_heap_remove(&ages->heap, &age->node);
	weir_table_remove(ages->by_number, &age->number, sizeof age->number,
	    weir_table_hash(ages->by_number, &age->number, sizeof age->number));
	if (ages->last[age->number & 3] == age)
		ages->last[age->number & 3] = NULL;
	ages->bytes -= age->bytes;
	ages->closed++;
	free_age(age);
}

struct weir_age **
weir_ages_sorted(const struct weir_ages *ages)
{
	return (struct weir_age **)weir_heap_sorted(&ages->heap);
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
	return ages->bytes + weir_heap_bytes(&ages->heap) +
	    weir_table_bytes(ages->by_number);
}
