#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
weir_buf_reserve(struct weir_buf *b, size_t more)
{
	if (more > b->cap - b->len)
		b->data = weir_grow(b->data, &b->cap, b->len + more, 1);
	return b->data + b->len;
}

void
weir_buf_add(struct weir_buf *b, const void *data, size_t len)
{
	if (len == 0)
		return;
	memcpy(weir_buf_reserve(b, len), data, len);
	b->len += len;
}

void
weir_buf_puts(struct weir_buf *b, const char *s)
{
	weir_buf_add(b, s, strlen(s));
}

void
weir_buf_putc(struct weir_buf *b, char c)
{
	*weir_buf_reserve(b, 1) = c;
	b->len++;
}

void
weir_buf_printf(struct weir_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len > 0) {
		vsnprintf(weir_buf_reserve(b, (size_t)len + 1), (size_t)len + 1,
		    fmt, again);
		b->len += (size_t)len;
	}
	va_end(again);
}

char *
weir_buf_cstr(struct weir_buf *b)
{
	*weir_buf_reserve(b, 1) = '\0';
	return b->data;
}

void
weir_buf_fini(struct weir_buf *b)
{
	free(b->data);
	*b = (struct weir_buf){0};
}

struct weir_str
weir_str(const char *s)
{
	return (struct weir_str){s, strlen(s)};
}

int
weir_str_eq(struct weir_str a, const char *b)
{
	return a.len == strlen(b) && memcmp(a.s, b, a.len) == 0;
}

int
weir_str_same(struct weir_str a, struct weir_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.s, b.s, a.len) == 0);
}
