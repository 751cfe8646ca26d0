#define _GNU_SOURCE
#include "event/siblings_list.h"

#include "base/mem.h"
#include "event/siblings.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SCAN_MAX 65536

void
weir_sibling_list_fini(struct weir_sibling_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->e[i].path);
	free(l->e);
	*l = (struct weir_sibling_list){0};
}

/* "NAME.3" is older than "NAME.2"; dates and numbers in names grow. */
static int
by_suffix(const char *a, const char *b)
{
	if (a[0] == '.' && b[0] == '.' && isdigit((unsigned char)a[1]) &&
	    isdigit((unsigned char)b[1]) && strlen(a) < 8 && strlen(b) < 8)
		return atoi(b + 1) - atoi(a + 1);
	return strverscmp(a, b);
}

static int
weir_compare_mtimes(const struct timespec *a, const struct timespec *b)
{
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? -1 : 1;
	if (a->tv_nsec != b->tv_nsec)
		return a->tv_nsec < b->tv_nsec ? -1 : 1;
	return 0;
}

static int
by_time(const void *va, const void *vb)
{
	const struct weir_sibling *a = va, *b = vb;
	int d = weir_compare_mtimes(&a->mtime, &b->mtime);

	return d != 0 ? d : by_suffix(a->suffix, b->suffix);
}

/* Length of the path without the ending of a compression program. */
static size_t
stem_len(const char *path)
{
	static const char *const endings[] = {".gz", ".zst", ".xz", ".lz4"};
	size_t len = strlen(path);

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t n = strlen(endings[i]);

		if (len > n && strcmp(path + len - n, endings[i]) == 0)
			return len - n;
	}
	return len;
}

bool
weir_siblings_packed(const char *path)
{
	return path[stem_len(path)] != '\0';
}

/*
 * Does rotation give such names? There is a digit in them, and they are not the
 * compressed twin, perhaps still being written, of a file that is there, too.
 */
static bool
rotated(const char *path, const char *suffix)
{
	size_t len = stem_len(path);
	const char *s = suffix, *end = path + len;
	struct stat st;
	char *stem;
	bool twin;

	while (s < end && !isdigit((unsigned char)*s))
		s++;
	if (s >= end || end[-1] == '~')
		return false;
	if (path[len] == '\0')
		return true;
	stem = weir_strndup(path, len);
	twin = lstat(stem, &st) == 0;
	free(stem);
	return !twin;
}

/* Take path, if it is such a file, unless it was last changed before since. */
static void
add(struct weir_sibling_list *l, char *path, size_t name_len,
    const struct timespec *since)
{
	/* In this order: what has no twin any more is compressed to its end. */
	bool by_rotation = rotated(path, path + name_len);
	struct stat st;

	if (stat(path, &st) < 0) {
		l->moved |= lstat(path, &st) < 0;
		st.st_mode = 0;
	}
	if (!S_ISREG(st.st_mode) ||
	    (since != NULL &&
		(!by_rotation ||
		    weir_compare_mtimes(&st.st_mtim, since) < 0))) {
		free(path);
		return;
	}
	l->e = weir_grow(l->e, &l->cap, l->n + 1, sizeof *l->e);
	l->e[l->n++] = (struct weir_sibling){.path = path,
	    .suffix = path + name_len,
	    .rotated = by_rotation,
	    .id = {(uint64_t)st.st_dev, (uint64_t)st.st_ino},
	    .mtime = st.st_mtim,
	    .size = (uint64_t)st.st_size};
}

int
weir_sibling_list_scan(const char *name, const struct timespec *since,
    struct weir_sibling_list *l, struct weir_error *err)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	size_t dir_len = (size_t)(base - name), base_len = strlen(base);
	char *dir = dir_len ? weir_strndup(name, dir_len) : weir_strdup(".");
	DIR *d = opendir(dir);
	struct dirent *de;

	free(dir);
	if (d == NULL)
		return weir_fail_errno(
		    err, "cannot list the directory of %s", base);
	while (l->n < SCAN_MAX && (de = readdir(d)) != NULL) {
		struct weir_buf path = {0};

		if (strncmp(de->d_name, base, base_len) != 0 ||
		    de->d_name[base_len] == '\0')
			continue;
		weir_buf_add(&path, name, dir_len);
		weir_buf_puts(&path, de->d_name);
		weir_buf_cstr(&path);
		add(l, path.data, dir_len + base_len, since);
	}
	closedir(d);
	if (l->n == SCAN_MAX)
		return weir_fail(err, WEIR_STATE,
		    "more than %d files have names that begin as that of %s",
		    SCAN_MAX, base);
	if (l->n > 0)
		qsort(l->e, l->n, sizeof *l->e, by_time);
	return !l->moved;
}
