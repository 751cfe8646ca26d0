#include "stream/bucket.h"

#include <string.h>

static bool
is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("-_.=+,@:", c));
}

/* Names of part files are ours: no directory may take one. */
static bool
is_taken(const char *s, size_t len)
{
	return len >= 5 && memcmp(s, "part-", 5) == 0;
}

static int
add_name(struct weir_buf *out, const char *s, size_t len)
{
	bool odd = s[0] == '.' || is_taken(s, len);
	size_t begin = out->len;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (is_plain(c) && (i > 0 || !odd))
			weir_buf_putc(out, (char)c);
		else
			weir_buf_printf(out, "%%%02X", c);
		if (out->len - begin > WEIR_BUCKET_NAME)
			return 0;
	}
	return 1;
}

int
weir_bucket_path(struct weir_buf *out, const char *s, size_t len)
{
	const char *end = s + len;
	size_t begin = out->len, depth = 0;

	while (s < end) {
		const char *slash = memchr(s, '/', (size_t)(end - s));
		size_t n = (size_t)((slash != NULL ? slash : end) - s);

		if (n > 0) {
			if (++depth > 1)
				weir_buf_putc(out, '/');
			if (depth > WEIR_BUCKET_DEPTH || !add_name(out, s, n) ||
			    out->len - begin > WEIR_BUCKET_PATH)
				return 0;
		}
		s += n + 1;
	}
	return 1;
}

bool
weir_bucket_good(const char *path)
{
	size_t len = strlen(path), n = 0, depth = 1;

	if (len > WEIR_BUCKET_PATH)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (path[i] == '/') {
			if (n == 0)
				return false;
			n = 0;
			depth++;
			continue;
		}
		if (!is_plain((unsigned char)path[i]) && path[i] != '%')
			return false;
		if (n == 0 && (path[i] == '.' || is_taken(path + i, len - i)))
			return false;
		n++;
	}
	return depth <= WEIR_BUCKET_DEPTH && (n > 0 || len == 0);
}
