#include "expr/source.h"

#include "base/text.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

int
weir_source_fail(const struct weir_source *src, size_t at, const char *fmt, ...)
{
	struct weir_buf show = {0};
	char reason[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	weir_caret(&show, src->text, src->len, at < src->len ? at : src->len);
	while (show.len > 0 && show.data[show.len - 1] == '\n')
		show.len--;
	weir_fail(src->err, WEIR_USAGE, "%s: %s\n%s", src->what, reason,
	    weir_buf_cstr(&show));
	weir_buf_fini(&show);
	return -1;
}

int
weir_source_check(const struct weir_source *src)
{
	size_t good;

	if (src->len > WEIR_EXPR_MAX)
		return weir_fail(src->err, WEIR_USAGE,
		    "%s: longer than %zu bytes", src->what, WEIR_EXPR_MAX);
	good = weir_utf8_valid(src->text, src->len);
	if (good < src->len)
		return weir_source_fail(src, good, "invalid UTF-8");
	return 1;
}
