#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *
weir_malloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (p == NULL)
		abort();
	return p;
}

void *
weir_calloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (p == NULL)
		abort();
	return p;
}

void *
weir_realloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (p == NULL)
		abort();
	return p;
}

char *
weir_strndup(const char *s, size_t len)
{
	char *p = weir_malloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *
weir_strdup(const char *s)
{
	return weir_strndup(s, strlen(s));
}

void *
weir_grow(void *p, size_t *cap, size_t need, size_t elem)
{
	size_t n = *cap;

	if (need <= n)
		return p;
	n = n < 8 ? 8 : n;
	while (n < need)
		n = n > SIZE_MAX / 2 ? need : n * 2;
	if (n > SIZE_MAX / elem)
		abort();
	p = weir_realloc(p, n * elem);
	*cap = n;
	return p;
}
