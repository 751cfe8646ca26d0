#include "event/siblings.h"

#include "base/mem.h"
#include "base/text.h"
#include "event/glob.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TRIES	   3	/* scans, when files move while we look */
#define SCAN_MAX   4096 /* siblings that are looked at */
#define PLACE_GONE "the saved place is gone: "

struct entry {
	char *path;
	const char *suffix; /* behind NAME, in path */
	struct weir_inode id;
	struct timespec mtime;
};

struct list {
	struct entry *e;
	size_t n, cap;
};

static void
list_fini(struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->e[i].path);
	free(l->e);
	*l = (struct list){0};
}

static bool
same(struct weir_inode a, struct weir_inode b)
{
	return a.ino == b.ino && a.dev == b.dev;
}

void
weir_files_push(struct weir_files *q, struct weir_file *f)
{
	q->file = weir_grow(q->file, &q->cap, q->n + 1, sizeof *q->file);
	q->file[q->n++] = *f;
	*f = (struct weir_file){.fd = -1};
}

void
weir_files_shift(struct weir_files *q, struct weir_file *f)
{
	*f = q->file[0];
	q->n--;
	memmove(q->file, q->file + 1, q->n * sizeof *q->file);
}

void
weir_files_fini(struct weir_files *q)
{
	for (size_t i = 0; i < q->n; i++)
		weir_file_close(&q->file[i]);
	free(q->file);
	*q = (struct weir_files){0};
}

/* "NAME.3" is older than "NAME.2"; dates in names grow. */
static int
by_suffix(const char *a, const char *b)
{
	if (a[0] == '.' && b[0] == '.' && isdigit((unsigned char)a[1]) &&
	    isdigit((unsigned char)b[1]) && strlen(a) < 8 && strlen(b) < 8)
		return atoi(b + 1) - atoi(a + 1);
	return strcmp(a, b);
}

static int
by_time(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;

	if (a->mtime.tv_sec != b->mtime.tv_sec)
		return a->mtime.tv_sec < b->mtime.tv_sec ? -1 : 1;
	if (a->mtime.tv_nsec != b->mtime.tv_nsec)
		return a->mtime.tv_nsec < b->mtime.tv_nsec ? -1 : 1;
	return by_suffix(a->suffix, b->suffix);
}

static void
add(struct list *l, const char *dir, size_t dir_len, const char *file,
    size_t base_len)
{
	struct stat st;
	struct entry *e;
	struct weir_buf path = {0};

	weir_buf_add(&path, dir, dir_len);
	weir_buf_puts(&path, file);
	if (stat(weir_buf_cstr(&path), &st) < 0 || !S_ISREG(st.st_mode)) {
		weir_buf_fini(&path);
		return;
	}
	l->e = weir_grow(l->e, &l->cap, l->n + 1, sizeof *l->e);
	e = &l->e[l->n++];
	e->path = path.data;
	e->suffix = path.data + dir_len + base_len;
	e->id = (struct weir_inode){(uint64_t)st.st_dev, (uint64_t)st.st_ino};
	e->mtime = st.st_mtim;
}

/* All regular files NAME*, oldest first. */
static int
scan(const char *name, struct list *l, struct weir_error *err)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	size_t dir_len = (size_t)(base - name), base_len = strlen(base);
	char *path = dir_len ? weir_strndup(name, dir_len) : weir_strdup(".");
	DIR *d = opendir(path);
	struct dirent *de;

	if (d == NULL) {
		weir_fail_errno(err, "cannot list the directory of %s", base);
		free(path);
		return -1;
	}
	while (l->n < SCAN_MAX && (de = readdir(d)) != NULL)
		if (strncmp(de->d_name, base, base_len) == 0 &&
		    de->d_name[base_len] != '\0')
			add(l, name, dir_len, de->d_name, base_len);
	closedir(d);
	free(path);
	if (l->n > 0)
		qsort(l->e, l->n, sizeof *l->e, by_time);
	return 1;
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
rotated(const struct list *l, const struct entry *e)
{
	size_t len = stem_len(e->path);
	const char *s = e->suffix, *end = e->path + len;

	while (s < end && !isdigit((unsigned char)*s))
		s++;
	if (s == end || end[-1] == '~')
		return false;
	for (size_t i = 0; i < l->n && e->path[len] != '\0'; i++)
		if (strlen(l->e[i].path) == len &&
		    memcmp(l->e[i].path, e->path, len) == 0)
			return false;
	return true;
}

/* 1 open; 0 it moved meanwhile (or cannot be read: not ours); -1. */
static int
open_entry(const struct entry *e, struct weir_file *f, struct weir_error *err)
{
	int r = weir_file_open(f, e->path, err);

	if (r < 0 && err != NULL && errno == EACCES)
		return 0;
	if (r <= 0)
		return r;
	if (same((struct weir_inode){f->dev, f->ino}, e->id))
		return 1;
	weir_file_close(f);
	return 0;
}

/* Push the entries behind index i; 1, 0 to scan again, -1. */
static int
push_newer(const struct list *l, size_t i, struct weir_inode current,
    struct weir_files *q, struct weir_error *err)
{
	for (size_t j = i + 1; j < l->n; j++) {
		const struct entry *e = &l->e[j];
		struct weir_file f;
		int r;

		/* Rotated away meanwhile: the rest is for the next look. */
		if (same(e->id, current))
			break;
		if (same(e->id, l->e[i].id) || same(e->id, l->e[j - 1].id) ||
		    !rotated(l, e))
			continue;
		if (q->n == WEIR_SIBLINGS_MAX)
			return weir_fail(err, WEIR_STATE,
			    "%s: more than %d rotated files to catch up with",
			    e->path, WEIR_SIBLINGS_MAX);
		r = open_entry(e, &f, err);
		if (r > 0 && weir_file_unpack(&f, err) < 0) {
			weir_file_close(&f);
			r = -1;
		}
		if (r <= 0)
			return r;
		weir_files_push(q, &f);
	}
	return 1;
}

/*
 * Is the entry the place's file? plain: by inode; else compressed, by content.
 * If so it is put into q, ready. 1, 0, -1.
 */
static int
try_entry(const struct entry *e, const struct weir_place *place, bool plain,
    struct weir_files *q, struct weir_error *err)
{
	struct weir_file f;
	int r, packed;

	if (plain && e->id.ino != place->ino)
		return 0;
	r = open_entry(e, &f, err);
	if (r <= 0)
		return r;
	packed = weir_file_unpack(&f, NULL);
	r = 0;
	/* A renumbered device is no other file if the content is the same. */
	if (plain && packed == 0 &&
	    (e->id.dev == place->dev || place->print_len > 0))
		r = weir_file_match(&f, place, err);
	else if (!plain && packed == 1 && place->print_len > 0)
		r = weir_file_match(&f, place, NULL) == 1;
	if (r == 1)
		weir_files_push(q, &f);
	else
		weir_file_close(&f);
	return r;
}

static int
gone(const char *name, const char *why, struct weir_error *err)
{
	char shown[256];

	weir_show_into(shown, sizeof shown, name, strlen(name));
	weir_fail(err, WEIR_STATE, "%s: " PLACE_GONE "%s", shown, why);
	return 0;
}

/* One look: the index of the place's file in *at; 1, 0, -1. */
static int
find(const char *name, const struct list *l, const struct weir_place *place,
    struct weir_inode current, struct weir_files *q, size_t *at,
    struct weir_error *err)
{
	int r;

	for (int plain = 1; plain >= 0; plain--) {
		for (size_t i = 0; i < l->n; i++) {
			if (same(l->e[i].id, current))
				continue;
			r = try_entry(&l->e[i], place, plain, q, err);
			if (r < 0)
				return -1;
			if (r > 0)
				*at = i;
			if (r > 0 && plain)
				return 1;
		}
		if (q->n > 1)
			return gone(name,
			    "more than one compressed file could be it", err);
		if (q->n == 1)
			return 1;
	}
	return gone(
	    name, "the file is neither there nor among its rotated ones", err);
}

int
weir_siblings_find(const char *name, const struct weir_place *place,
    struct weir_inode current, struct weir_files *q, struct weir_error *err)
{
	int r = 0;

	for (int i = 0; i < TRIES; i++) {
		struct list l = {0};
		size_t at = 0;

		r = scan(name, &l, err);
		if (r > 0)
			r = find(name, &l, place, current, q, &at, err);
		if (r > 0) {
			r = push_newer(&l, at, current, q, err);
			list_fini(&l);
			if (r != 0)
				break;
			gone(name, "its siblings keep moving", err);
		}
		list_fini(&l);
		weir_files_fini(q);
		if (r < 0)
			break;
	}
	if (r < 0)
		weir_files_fini(q);
	return r;
}

/* Leave those that the pattern takes, old apart, out of the list. */
static void
list_leave(struct list *l, const char *pattern, struct weir_inode old)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		if (!same(l->e[i].id, old) &&
		    weir_glob_takes(pattern, l->e[i].path))
			free(l->e[i].path);
		else
			l->e[n++] = l->e[i];
	l->n = n;
}

int
weir_siblings_between(const char *name, const char *pattern,
    struct weir_inode old, struct weir_inode current, struct weir_files *q,
    struct weir_error *err)
{
	int r = 0;

	for (int i = 0; i < TRIES && r == 0; i++) {
		struct list l = {0};
		size_t at = 0;

		weir_files_fini(q);
		r = scan(name, &l, err);
		if (pattern != NULL)
			list_leave(&l, pattern, old);
		while (at < l.n && !same(l.e[at].id, old))
			at++;
		/* Not there: deleted, or moving while the list was made. */
		if (r > 0)
			r = at < l.n ? push_newer(&l, at, current, q, err) : 0;
		list_fini(&l);
	}
	if (r < 0)
		weir_files_fini(q);
	return r < 0 ? -1 : 1;
}
