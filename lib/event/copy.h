/*
 * copy.h - the vector step that converters are made of: copy and look at once.
 *
 * SSE2 on x86-64 and a portable twin of eight bytes in a word, chosen when
 * compiling; -DWEIR_PORTABLE takes the twin anywhere. It reads and writes up to
 * WEIR_COPY_OVER bytes beyond where it stops, and needs no bounds, because a
 * newline stops it.
 */
#ifndef WEIR_EVENT_COPY_H
#define WEIR_EVENT_COPY_H

#include "json/scan.h"

#include <stddef.h>
#include <stdint.h>

#define WEIR_COPY_OVER 32

/*
 * Copy from s to out up to the first byte that cannot go into a JSON string as
 * it is (quote, backslash, control character), is not ASCII, or is the
 * delimiter. Returns how many came before it.
 */
#ifdef WEIR_SCAN_SSE2

static inline size_t
weir_copy_plain(char *out, const char *s, char delimiter)
{
	const __m128i quote = _mm_set1_epi8('"'), esc = _mm_set1_epi8('\\');
	const __m128i space = _mm_set1_epi8(' ');
	const __m128i stop = _mm_set1_epi8(delimiter);

	for (size_t n = 0;; n += 16) {
		__m128i v = _mm_loadu_si128((const void *)(s + n));
		__m128i odd = _mm_or_si128(_mm_cmplt_epi8(v, space),
		    _mm_or_si128(
			_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, esc)));
		unsigned m;

		_mm_storeu_si128((void *)(out + n), v);
		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, stop));
		m = (unsigned)_mm_movemask_epi8(odd);
		if (m != 0)
			return n + (unsigned)__builtin_ctz(m);
	}
}

/* How many bytes at s come before the first a, b or newline. */
static inline size_t
weir_span_to(const char *s, char a, char b)
{
	const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b);
	const __m128i nl = _mm_set1_epi8('\n');

	for (size_t n = 0;; n += 16) {
		__m128i v = _mm_loadu_si128((const void *)(s + n));
		__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, nl),
		    _mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, vb)));
		unsigned m = (unsigned)_mm_movemask_epi8(hit);

		if (m != 0)
			return n + (unsigned)__builtin_ctz(m);
	}
}

#else

#define WEIR_COPY_ONES	UINT64_C(0x0101010101010101)
#define WEIR_COPY_HIGHS UINT64_C(0x8080808080808080)

/* The high bit of each byte of v that is zero; exact for every byte. */
static inline uint64_t
weir_copy_zeros(uint64_t v)
{
	return ~(((v & ~WEIR_COPY_HIGHS) + ~WEIR_COPY_HIGHS) | v) &
	    WEIR_COPY_HIGHS;
}

/* Which byte in memory order holds the first of these high bits? */
static inline unsigned
weir_copy_first(uint64_t highs)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (unsigned)__builtin_ctzll(highs) / 8;
#else
	return (unsigned)__builtin_clzll(highs) / 8;
#endif
}

static inline size_t
weir_copy_plain(char *out, const char *s, char delimiter)
{
	const uint64_t stop = WEIR_COPY_ONES * (unsigned char)delimiter;

	for (size_t n = 0;; n += 8) {
		uint64_t v, odd;

		memcpy(&v, s + n, 8);
		memcpy(out + n, &v, 8);
		odd = v & WEIR_COPY_HIGHS;
		odd |= weir_copy_zeros(v & WEIR_COPY_ONES * 0xE0);
		odd |= weir_copy_zeros(v ^ WEIR_COPY_ONES * '"');
		odd |= weir_copy_zeros(v ^ WEIR_COPY_ONES * '\\');
		odd |= weir_copy_zeros(v ^ stop);
		if (odd != 0)
			return n + weir_copy_first(odd);
	}
}

/* How many bytes at s come before the first a, b or newline. */
static inline size_t
weir_span_to(const char *s, char a, char b)
{
	const uint64_t va = WEIR_COPY_ONES * (unsigned char)a;
	const uint64_t vb = WEIR_COPY_ONES * (unsigned char)b;

	for (size_t n = 0;; n += 8) {
		uint64_t v, hit;

		memcpy(&v, s + n, 8);
		hit = weir_copy_zeros(v ^ WEIR_COPY_ONES * '\n');
		hit |= weir_copy_zeros(v ^ va) | weir_copy_zeros(v ^ vb);
		if (hit != 0)
			return n + weir_copy_first(hit);
	}
}

#endif
#endif
