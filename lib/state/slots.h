/*
 * slots.h - where the table's entries are: tags and indexes in cache lines.
 *
 * Slots come in groups of one cache line. passed counts the entries that found
 * this group full and went on, so that a search ends at the first group that
 * nobody passed, and a removal leaves no tombstone.
 */
#ifndef WEIR_STATE_SLOTS_H
#define WEIR_STATE_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__) && !defined(WEIR_PORTABLE)
#include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(WEIR_PORTABLE)
#include <arm_neon.h>
#endif

#define WEIR_SLOTS	 12
#define WEIR_SLOTS_LOAD	 10  /* entries a group on average, before growing */
#define WEIR_SLOTS_CHAIN 128 /* groups: longer, and the keys know our secret */
#define WEIR_SLOTS_MIN	 4   /* groups, a power of two */

struct weir_group {
	uint8_t tag[WEIR_SLOTS]; /* 0: empty */
	uint32_t passed;
	uint32_t index[WEIR_SLOTS];
};
_Static_assert(sizeof(struct weir_group) == 64, "a group is a cache line");

struct weir_slots {
	struct weir_group *group;
	void *memory; /* of group, which is aligned to 64 */
	size_t size;  /* a power of two */
};

/* A bit for each slot whose tag is this one. */
static inline unsigned
weir_slots_match(const struct weir_group *g, uint8_t tag)
{
#if defined(__SSE2__) && !defined(WEIR_PORTABLE)
	__m128i v = _mm_load_si128((const void *)g);

	v = _mm_cmpeq_epi8(v, _mm_set1_epi8((char)tag));
	return (unsigned)_mm_movemask_epi8(v) & ((1U << WEIR_SLOTS) - 1);
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(WEIR_PORTABLE)
	static const uint8_t bit[16] = {
	    1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 0, 0, 0, 0};
	uint8x16_t v = vceqq_u8(vld1q_u8((const uint8_t *)g), vdupq_n_u8(tag));

	v = vandq_u8(v, vld1q_u8(bit));
	return vaddv_u8(vget_low_u8(v)) |
	    (unsigned)vaddv_u8(vget_high_u8(v)) << 8;
#else
	unsigned m = 0;

	for (unsigned i = 0; i < WEIR_SLOTS; i++)
		m |= (unsigned)(g->tag[i] == tag) << i;
	return m;
#endif
}

static inline uint8_t
weir_slots_tag(uint64_t hash)
{
	return (uint8_t)((uint8_t)hash + ((uint8_t)hash == 0));
}

static inline size_t
weir_slots_home(const struct weir_slots *s, uint64_t hash)
{
	return (size_t)(hash >> 8) & (s->size - 1);
}

/* Triangular numbers modulo a power of two: every group once. */
static inline size_t
weir_slots_step(const struct weir_slots *s, size_t i, size_t n)
{
	return (i + n) & (s->size - 1);
}

/* size empty groups. */
void weir_slots_init(struct weir_slots *s, size_t size);
void weir_slots_fini(struct weir_slots *s);
/* Enter an index: 1, or 0 if the chain is too long (nothing is changed). */
int weir_slots_add(struct weir_slots *s, uint64_t hash, uint32_t index);

#endif
