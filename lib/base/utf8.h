/*
 * utf8.h - strings as sequences of code points.
 */
#ifndef WEIR_BASE_UTF8_H
#define WEIR_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes at the start of s are valid UTF-8; len if all are. */
size_t weir_utf8_valid(const char *s, size_t len);

/* Code points in valid UTF-8. */
size_t weir_utf8_count(const char *s, size_t len);

/* Byte offset of code point i (or len if there are no more). */
size_t weir_utf8_offset(const char *s, size_t len, size_t i);

/* Bytes of the code point that begins with this byte of valid UTF-8. */
static inline size_t
weir_utf8_len(char c)
{
	unsigned char u = (unsigned char)c;

	return u < 0x80 ? 1 : u < 0xE0 ? 2 : u < 0xF0 ? 3 : 4;
}

/* Write a code point (not a surrogate) to out[4]; its length. */
size_t weir_utf8_put(char *out, uint32_t cp);

/* The code point at s, in valid UTF-8. */
uint32_t weir_utf8_get(const char *s);

#endif
