/*
 * buf.h - a byte buffer that grows, and a borrowed slice of bytes.
 *
 * {0} is an empty buffer. What data points to is valid until the next append.
 */
#ifndef WEIR_BASE_BUF_H
#define WEIR_BASE_BUF_H

#include <stddef.h>

/* Bytes that belong to somebody else; not NUL-terminated. */
struct weir_str {
	const char *s;
	size_t len;
};

/* Bytes of any type, to be written or summed with others. */
struct weir_piece {
	const void *p;
	size_t len;
};

struct weir_buf {
	char *data;
	size_t len, cap;
};

/* Room for more bytes behind len; returns where they go. */
char *weir_buf_reserve(struct weir_buf *b, size_t more);
void weir_buf_add(struct weir_buf *b, const void *data, size_t len);
void weir_buf_puts(struct weir_buf *b, const char *s);
void weir_buf_putc(struct weir_buf *b, char c);
void weir_buf_printf(struct weir_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Ends the bytes with a NUL that is not counted, and returns them. */
char *weir_buf_cstr(struct weir_buf *b);
void weir_buf_fini(struct weir_buf *b);

struct weir_str weir_str(const char *s); /* of a C string */
int weir_str_eq(struct weir_str a, const char *b);
int weir_str_same(struct weir_str a, struct weir_str b);

#endif
