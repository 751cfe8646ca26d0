/*
 * scan.h - the vector steps that the prover is made of.
 *
 * SSE2 on x86-64, NEON on 64-bit ARM, and a portable twin that looks at eight
 * bytes in a word; chosen when compiling, and -DWEIR_PORTABLE takes the twin
 * anywhere. All read up to 32 bytes beyond where they stop (WEIR_PAD allows
 * for it) and need no bounds, because a newline stops every one of them.
 */
#ifndef WEIR_JSON_SCAN_H
#define WEIR_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if !defined(WEIR_PORTABLE) && defined(__SSE2__)
#define WEIR_SCAN_SSE2 1
#include <emmintrin.h>
#elif !defined(WEIR_PORTABLE) && defined(__aarch64__) && defined(__ARM_NEON)
#define WEIR_SCAN_NEON 1
#include <arm_neon.h>
#endif

/* Bytes that weir_scan_same() compares. */
#define WEIR_SEGMENT 32

/*
 * weir_scan_string: the first byte at or after s that a string scan must look
 * at: a quote, a backslash, a control character or the start of a non-ASCII
 * character.
 *
 * weir_scan_digits: the first byte at or after s that is no digit.
 *
 * weir_scan_plain: in proven text the end of the number, true, false or null
 * that s is in: a comma, a closing bracket, a blank or a control character.
 *
 * weir_scan_nested: in an object or array the first byte at or after s that is a
 * quote or bracket.
 *
 * weir_scan_same: are the first len (1 to 32) bytes at s those of segment? mask
 * has the len low bits set.
 */

#if defined(WEIR_SCAN_SSE2)

static inline const char *
weir_scan_string(const char *s)
{
	const __m128i quote = _mm_set1_epi8('"'), esc = _mm_set1_epi8('\\');
	const __m128i space = _mm_set1_epi8(' ');

	for (;; s += 16) {
		__m128i v = _mm_loadu_si128((const void *)s);
		__m128i odd = _mm_or_si128(_mm_cmplt_epi8(v, space),
		    _mm_or_si128(
			_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, esc)));
		unsigned m = (unsigned)_mm_movemask_epi8(odd);

		if (m != 0)
			return s + __builtin_ctz(m);
	}
}

static inline const char *
weir_scan_digits(const char *s)
{
	const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);

	for (;; s += 16) {
		__m128i v =
		    _mm_sub_epi8(_mm_loadu_si128((const void *)s), zero);
		__m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(v, nine), v);
		unsigned m = ~(unsigned)_mm_movemask_epi8(digit) & 0xFFFF;

		if (m != 0)
			return s + __builtin_ctz(m);
	}
}

static inline const char *
weir_scan_plain(const char *s)
{
	const __m128i comma = _mm_set1_epi8(','), close = _mm_set1_epi8('}');
	const __m128i blank = _mm_set1_epi8(' '), above = _mm_set1_epi8('!');

	for (;; s += 16) {
		__m128i v = _mm_loadu_si128((const void *)s);
		__m128i ends = _mm_or_si128(_mm_cmplt_epi8(v, above),
		    _mm_or_si128(_mm_cmpeq_epi8(v, comma),
			_mm_cmpeq_epi8(_mm_or_si128(v, blank), close)));
		unsigned m = (unsigned)_mm_movemask_epi8(ends);

		if (m != 0)
			return s + __builtin_ctz(m);
	}
}

static inline const char *
weir_scan_nested(const char *s)
{
	const __m128i quote = _mm_set1_epi8('"'), blank = _mm_set1_epi8(' ');
	const __m128i open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}');

	for (;; s += 16) {
		__m128i v = _mm_loadu_si128((const void *)s);
		__m128i low = _mm_or_si128(v, blank);
		__m128i hits = _mm_or_si128(_mm_cmpeq_epi8(v, quote),
		    _mm_or_si128(
			_mm_cmpeq_epi8(low, open), _mm_cmpeq_epi8(low, close)));
		unsigned m = (unsigned)_mm_movemask_epi8(hits);

		if (m != 0)
			return s + __builtin_ctz(m);
	}
}

static inline int
weir_scan_same(const char *s, const char *segment, uint32_t mask, size_t len)
{
	__m128i a = _mm_cmpeq_epi8(_mm_loadu_si128((const void *)s),
	    _mm_loadu_si128((const void *)segment));
	__m128i b = _mm_cmpeq_epi8(_mm_loadu_si128((const void *)(s + 16)),
	    _mm_loadu_si128((const void *)(segment + 16)));
	uint32_t m = (uint32_t)_mm_movemask_epi8(a) |
	    (uint32_t)_mm_movemask_epi8(b) << 16;

	(void)len;
	return (m & mask) == mask;
}

#elif defined(WEIR_SCAN_NEON)

/* Four bits for each byte of a comparison's result. */
static inline uint64_t
weir_scan_nibbles(uint8x16_t v)
{
	uint8x8_t n = vshrn_n_u16(vreinterpretq_u16_u8(v), 4);

	return vget_lane_u64(vreinterpret_u64_u8(n), 0);
}

static inline const char *
weir_scan_string(const char *s)
{
	for (;; s += 16) {
		uint8x16_t v = vld1q_u8((const uint8_t *)s);
		uint8x16_t odd =
		    vorrq_u8(vcltq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(' ')),
			vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')),
			    vceqq_u8(v, vdupq_n_u8('\\'))));
		uint64_t m = weir_scan_nibbles(odd);

		if (m != 0)
			return s + (__builtin_ctzll(m) >> 2);
	}
}

static inline const char *
weir_scan_digits(const char *s)
{
	for (;; s += 16) {
		uint8x16_t v =
		    vsubq_u8(vld1q_u8((const uint8_t *)s), vdupq_n_u8('0'));
		uint64_t m = weir_scan_nibbles(vcgtq_u8(v, vdupq_n_u8(9)));

		if (m != 0)
			return s + (__builtin_ctzll(m) >> 2);
	}
}

static inline const char *
weir_scan_plain(const char *s)
{
	for (;; s += 16) {
		uint8x16_t v = vld1q_u8((const uint8_t *)s);
		uint8x16_t low = vorrq_u8(v, vdupq_n_u8(' '));
		uint8x16_t ends = vorrq_u8(vcleq_u8(v, vdupq_n_u8(' ')),
		    vorrq_u8(vceqq_u8(v, vdupq_n_u8(',')),
			vceqq_u8(low, vdupq_n_u8('}'))));
		uint64_t m = weir_scan_nibbles(ends);

		if (m != 0)
			return s + (__builtin_ctzll(m) >> 2);
	}
}

static inline const char *
weir_scan_nested(const char *s)
{
	for (;; s += 16) {
		uint8x16_t v = vld1q_u8((const uint8_t *)s);
		uint8x16_t low = vorrq_u8(v, vdupq_n_u8(' '));
		uint8x16_t hits = vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')),
		    vorrq_u8(vceqq_u8(low, vdupq_n_u8('{')),
			vceqq_u8(low, vdupq_n_u8('}'))));
		uint64_t m = weir_scan_nibbles(hits);

		if (m != 0)
			return s + (__builtin_ctzll(m) >> 2);
	}
}

static inline int
weir_scan_same(const char *s, const char *segment, uint32_t mask, size_t len)
{
	const uint8_t *p = (const uint8_t *)s;
	const uint8_t *q = (const uint8_t *)segment;
	uint64_t a, b;

	(void)mask;
	a = weir_scan_nibbles(vceqq_u8(vld1q_u8(p), vld1q_u8(q)));
	if (len <= 16)
		return ~a << (64 - 4 * len) == 0;
	b = weir_scan_nibbles(vceqq_u8(vld1q_u8(p + 16), vld1q_u8(q + 16)));
	return ~a == 0 && ~b << (128 - 4 * len) == 0;
}

#else

#define WEIR_SCAN_ONES	UINT64_C(0x0101010101010101)
#define WEIR_SCAN_HIGHS UINT64_C(0x8080808080808080)

/* The high bit of each byte of v that is zero; exact for every byte. */
static inline uint64_t
weir_scan_zeros(uint64_t v)
{
	return ~(((v & ~WEIR_SCAN_HIGHS) + ~WEIR_SCAN_HIGHS) | v) &
	    WEIR_SCAN_HIGHS;
}

/* Which byte in memory order holds the first of these high bits? */
static inline unsigned
weir_scan_first(uint64_t highs)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (unsigned)__builtin_ctzll(highs) / 8;
#else
	return (unsigned)__builtin_clzll(highs) / 8;
#endif
}

static inline const char *
weir_scan_string(const char *s)
{
	for (;; s += 8) {
		uint64_t v, odd;

		memcpy(&v, s, 8);
		odd = v & WEIR_SCAN_HIGHS;
		odd |= weir_scan_zeros(v & WEIR_SCAN_ONES * 0xE0);
		odd |= weir_scan_zeros(v ^ WEIR_SCAN_ONES * '"');
		odd |= weir_scan_zeros(v ^ WEIR_SCAN_ONES * '\\');
		if (odd != 0)
			return s + weir_scan_first(odd);
	}
}

static inline const char *
weir_scan_digits(const char *s)
{
	while ((unsigned char)(*s - '0') < 10)
		s++;
	return s;
}

static inline const char *
weir_scan_plain(const char *s)
{
	while ((unsigned char)*s > ' ' && *s != ',' && (*s | ' ') != '}')
		s++;
	return s;
}

static inline const char *
weir_scan_nested(const char *s)
{
	while (*s != '"' && (*s | ' ') != '{' && (*s | ' ') != '}')
		s++;
	return s;
}

static inline int
weir_scan_same(const char *s, const char *segment, uint32_t mask, size_t len)
{
	(void)mask;
	return memcmp(s, segment, len) == 0;
}

#endif

static inline const char *
weir_scan_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\r')
		s++;
	return s;
}

#endif
