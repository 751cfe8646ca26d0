/*
 * wire.h - little-endian numbers in frames, at any address.
 */
#ifndef WEIR_EVENT_WIRE_H
#define WEIR_EVENT_WIRE_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define WEIR_LE16(v) __builtin_bswap16(v)
#define WEIR_LE32(v) __builtin_bswap32(v)
#define WEIR_LE64(v) __builtin_bswap64(v)
#else
#define WEIR_LE16(v) (v)
#define WEIR_LE32(v) (v)
#define WEIR_LE64(v) (v)
#endif

static inline uint16_t
weir_get16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return WEIR_LE16(v);
}

static inline uint32_t
weir_get32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return WEIR_LE32(v);
}

static inline uint64_t
weir_get64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return WEIR_LE64(v);
}

static inline void
weir_put16(void *p, uint16_t v)
{
	v = WEIR_LE16(v);
	memcpy(p, &v, sizeof v);
}

static inline void
weir_put32(void *p, uint32_t v)
{
	v = WEIR_LE32(v);
	memcpy(p, &v, sizeof v);
}

static inline void
weir_put64(void *p, uint64_t v)
{
	v = WEIR_LE64(v);
	memcpy(p, &v, sizeof v);
}

/* Bytes up to the next multiple of 8. */
static inline size_t
weir_pad8(size_t n)
{
	return -n & 7;
}

#endif
