#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static void
fill(struct weir_error *err, int status, const char *fmt, va_list ap)
{
	err->status = status;
	vsnprintf(err->text, sizeof err->text, fmt, ap);
}

int
weir_fail(struct weir_error *err, int status, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	fill(err, status, fmt, ap);
	va_end(ap);
	return -1;
}

int
weir_fail_errno(struct weir_error *err, const char *fmt, ...)
{
	int e = errno;
	size_t len;
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	fill(err, WEIR_SYSTEM, fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof err->text - len, ": %s", strerror(e));
	return -1;
}
