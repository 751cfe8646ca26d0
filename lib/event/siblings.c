#define _GNU_SOURCE
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

#define TRIES	   3 /* scans, when files move while we look */
#define SCAN_MAX   65536
#define PLACE_GONE "the saved place is gone: "

struct entry {
	char *path;
	const char *suffix; /* behind NAME, in path */
	bool rotated;	    /* as names go */
	struct weir_inode id;
	struct timespec mtime;
	uint64_t size;
};

struct list {
	struct entry *e;
	size_t n, cap;
	bool moved; /* a file got another name while the list was made */
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
compare_times(const struct timespec *a, const struct timespec *b)
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
	const struct entry *a = va, *b = vb;
	int d = compare_times(&a->mtime, &b->mtime);

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
add(struct list *l, char *path, size_t name_len, const struct timespec *since)
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
		(!by_rotation || compare_times(&st.st_mtim, since) < 0))) {
		free(path);
		return;
	}
	l->e = weir_grow(l->e, &l->cap, l->n + 1, sizeof *l->e);
	l->e[l->n++] = (struct entry){.path = path,
	    .suffix = path + name_len,
	    .rotated = by_rotation,
	    .id = {(uint64_t)st.st_dev, (uint64_t)st.st_ino},
	    .mtime = st.st_mtim,
	    .size = (uint64_t)st.st_size};
}

/* All files NAME*, oldest first, or what rotation left since; 0: some moved. */
static int
scan(const char *name, const struct timespec *since, struct list *l,
    struct weir_error *err)
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
		    !e->rotated)
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

		r = scan(name, NULL, &l, err);
		if (r > 0)
			r = find(name, &l, place, current, q, &at, err);
		if (r > 0) {
			r = push_newer(&l, at, current, q, err);
			list_fini(&l);
			if (r != 0)
				break;
			gone(name, "its siblings keep moving", err);
		} else if (r == 0 && l.moved)
			gone(name, "its siblings keep moving", err);
		list_fini(&l);
		weir_files_fini(q);
		if (r < 0)
			break;
	}
	if (r < 0)
		weir_files_fini(q);
	return r;
}

/* Was the entry read before? Compressed ones are told by content. 1, 0, -1. */
static int
was_read(const struct weir_rotation *r, const struct entry *e,
    struct weir_file *f, struct weir_error *err)
{
	struct stat st = {.st_dev = (dev_t)e->id.dev,
	    .st_ino = (ino_t)e->id.ino,
	    .st_size = (off_t)e->size};
	int is;

	if (!f->packed)
		return weir_seen_has(r->seen, e->path, &st);
	is = weir_file_like(f, weir_file_print(r->old, r->old->head_len),
	    r->old->head_len, r->old->base + r->old->off, err);
	if (is == 0)
		is = weir_seen_like(r->seen, f, err);
	if (is == 0 && weir_file_rewind(f, err) < 0)
		return -1;
	return is;
}

/* Push the entry unless it was read, or is the new file. 1, 0 to scan, -1. */
static int
push_unread(const struct weir_rotation *r, const struct entry *e,
    struct weir_files *q, bool *new, struct weir_error *err)
{
	struct weir_file f;
	int is = open_entry(e, &f, err);

	if (is <= 0)
		return is;
	is = weir_file_unpack(&f, err);
	if (is > 0) {
		is = weir_file_like_file(&f, r->new, err);
		*new = is > 0;
	}
	if (is == 0)
		is = was_read(r, e, &f, err);
	if (is == 0)
		weir_files_push(q, &f);
	weir_file_close(&f);
	return is < 0 ? -1 : 1;
}

/* Is one of them the old file, compressed? 1, 0, -1. */
static int
compressed(
    const struct weir_rotation *r, const struct list *l, struct weir_error *err)
{
	int is = 0;

	for (size_t i = 0; i < l->n && is == 0; i++) {
		struct weir_file f;

		if (!weir_siblings_packed(l->e[i].path) ||
		    open_entry(&l->e[i], &f, NULL) <= 0)
			continue;
		is = weir_file_unpack(&f, err);
		if (is > 0)
			is = weir_file_like(&f,
			    weir_file_print(r->old, r->old->head_len),
			    r->old->head_len, r->old->base + r->old->off, err);
		weir_file_close(&f);
	}
	return is;
}

/* One look; 1, 0 to look again, -1. */
static int
push_between(const struct weir_rotation *r, const struct list *l,
    struct weir_files *q, struct weir_error *err)
{
	const struct weir_inode old = {r->old->dev, r->old->ino};
	const struct weir_inode current = {r->new->dev, r->new->ino};
	struct weir_inode last = old;
	bool new = false;
	int is;

	for (size_t i = 0; i < l->n; i++) {
		const struct entry *e = &l->e[i];

		/* Rotated away meanwhile: the rest is for the next look. */
		if (new || same(e->id, current))
			break;
		if (same(e->id, last) || same(e->id, old) ||
		    (r->pattern && weir_glob_takes(r->pattern, e->path)))
			continue;
		if (q->n == WEIR_SIBLINGS_MAX)
			return 0;
		is = push_unread(r, e, q, &new, err);
		if (is <= 0)
			return is;
		last = e->id;
	}
	return 1;
}

/*
 * When was the old file last changed, and was it deleted? Of a compressed one
 * there is only what it was when it was opened.
 */
static struct timespec
last_change(const struct weir_file *old, bool *deleted)
{
	struct stat st;

	*deleted = false;
	if (old->packed || fstat(old->fd, &st) < 0)
		return old->mtime;
	*deleted = st.st_nlink == 0;
	return st.st_mtim;
}

int
weir_siblings_between(
    const struct weir_rotation *r, struct weir_files *q, struct weir_error *err)
{
	bool deleted;
	struct timespec since = last_change(r->old, &deleted);
	int is = 0;

	for (int i = 0; i < TRIES && is == 0 && q->n < WEIR_SIBLINGS_MAX; i++) {
		struct list l = {0};

		weir_files_fini(q);
		is = scan(r->name, &since, &l, err);
		if (is > 0 && deleted && (is = compressed(r, &l, err)) == 0)
			is = 1;
		else if (is > 0)
			is = push_between(r, &l, q, err);
		list_fini(&l);
	}
	if (is < 0)
		weir_files_fini(q);
	return is;
}
