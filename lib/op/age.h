/*
 * age.h - which keys were seen when, forgotten an age at a time.
 *
 * Time is divided into ages as long as what is to be remembered (DUR): two times
 * of one age are less than DUR apart, and two whose ages are not neighbours are
 * not. So a key has one entry an age, whoever asks looks at three ages at most,
 * and an age is forgotten as a whole, once the watermark says that nobody can
 * ask for it any more: no entry is ever searched for or moved. Without DUR
 * there is one age, for ever.
 */
#ifndef WEIR_OP_AGE_H
#define WEIR_OP_AGE_H

#include "base/heap.h"
#include "op/group.h"
#include "op/prints.h"

/* What an age holds: keys with a value each, or fingerprints. */
struct weir_age {
	struct weir_heap_node node; /* by number */
	int64_t number;
	struct weir_groups keys;
	struct weir_prints prints;
	size_t bytes; /* as last added to the sum of all */
};

struct weir_ages {
	int64_t length_ns;     /* 0: one age, for ever */
	struct weir_heap heap; /* the earliest on top */
	struct weir_table *by_number;
	struct weir_age *last[4]; /* found last, by number modulo 4 */
	int64_t greatest;	  /* number of an age so far */
	uint64_t closed; /* ages so far: what was known of them is void */
	size_t bytes;	 /* of ages and their keys, as last counted */
};

void weir_ages_init(struct weir_ages *ages, int64_t length_ns);
/* What the values own is the caller's to free before. */
void weir_ages_fini(struct weir_ages *ages);

/* The number of the age that t is in, and how far t is into it. */
int64_t weir_ages_number(const struct weir_ages *ages, int64_t t);
uint64_t weir_ages_into(const struct weir_ages *ages, int64_t t);
/* The age of that number, or NULL if nothing is known of it. */
struct weir_age *weir_ages_find(struct weir_ages *ages, int64_t number);
/* The same, made if need be. */
struct weir_age *weir_ages_open(struct weir_ages *ages, int64_t number);
/* The earliest, or NULL. */
struct weir_age *weir_ages_first(const struct weir_ages *ages);
/*
 * The least watermark by which nobody asks for the age any more: who asks is
 * not older than DUR before the watermark, and asks for what is less than DUR
 * before him. WEIR_TIME_MAX: never.
 */
int64_t weir_ages_end(const struct weir_ages *ages, const struct weir_age *age);
/* Forget an age. */
void weir_ages_close(struct weir_ages *ages, struct weir_age *age);
/* All of them, the earliest first: n, free() the array. */
static inline struct weir_age *
weir_ages_at(const struct weir_ages *ages, size_t i) /* i < heap.n */
{
	return (struct weir_age *)(void *)ages->heap.nodes[i];
}
struct weir_age **weir_ages_sorted(const struct weir_ages *ages);
/* Count an age anew: call after it grew. */
void weir_ages_measure(struct weir_ages *ages, struct weir_age *age);
size_t weir_ages_bytes(const struct weir_ages *ages);

#endif
