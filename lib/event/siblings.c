#define _GNU_SOURCE
#include "event/siblings.h"

#include "base/mem.h"
#include "base/text.h"
#include "event/glob.h"
#include "event/siblings_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TRIES	   3 /* scans, when files move while we look */
#define PLACE_GONE "the saved place is gone: "

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

/* 1 open; 0 it moved meanwhile (or cannot be read: not ours); -1. */
static int
open_entry(
    const struct weir_sibling *e, struct weir_file *f, struct weir_error *err)
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

/*
 * Push the entries from index j on but those of the file done; 1, 0 to scan
 * again, -1.
 */
static int
push_from(const struct weir_sibling_list *l, size_t j, struct weir_inode done,
    struct weir_inode current, struct weir_files *q, struct weir_error *err)
{
	for (; j < l->n; j++) {
		const struct weir_sibling *e = &l->e[j];
		struct weir_file f;
		int r;

		/* Rotated away meanwhile: the rest is for the next look. */
		if (same(e->id, current))
			break;
		if (same(e->id, done) ||
		    (j > 0 && same(e->id, l->e[j - 1].id)) || !e->rotated)
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
try_entry(const struct weir_sibling *e, const struct weir_place *place,
    bool plain, struct weir_files *q, struct weir_error *err)
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
find(const char *name, const struct weir_sibling_list *l,
    const struct weir_place *place, struct weir_inode current,
    struct weir_files *q, size_t *at, struct weir_error *err)
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
		struct weir_sibling_list l = {0};
		size_t at = 0;

		r = weir_sibling_list_scan(name, NULL, &l, err);
		if (r > 0)
			r = find(name, &l, place, current, q, &at, err);
		if (r > 0) {
			r = push_from(&l, at + 1, l.e[at].id, current, q, err);
			weir_sibling_list_fini(&l);
			if (r != 0)
				break;
			gone(name, "its siblings keep moving", err);
		} else if (r == 0 && l.moved)
			gone(name, "its siblings keep moving", err);
		weir_sibling_list_fini(&l);
		weir_files_fini(q);
		if (r < 0)
			break;
	}
	if (r < 0)
		weir_files_fini(q);
	return r;
}

int
weir_siblings_all(const char *name, struct weir_inode current,
    struct weir_files *q, struct weir_error *err)
{
	const struct weir_inode none = {0, 0};
	char shown[256];
	int r = 0;

	for (int i = 0; i < TRIES && r == 0; i++) {
		struct weir_sibling_list l = {0};

		weir_files_fini(q);
		r = weir_sibling_list_scan(name, NULL, &l, err);
		if (r > 0)
			r = push_from(&l, 0, none, current, q, err);
		weir_sibling_list_fini(&l);
	}
	if (r == 0)
		r = weir_fail(err, WEIR_SYSTEM,
		    "%s: its rotated files keep moving",
		    weir_show_into(shown, sizeof shown, name, strlen(name)));
	if (r < 0)
		weir_files_fini(q);
	return r;
}

/* Was the entry read before? Compressed ones are told by content. 1, 0, -1. */
static int
was_read(const struct weir_rotation *r, const struct weir_sibling *e,
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
push_unread(const struct weir_rotation *r, const struct weir_sibling *e,
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
compressed(const struct weir_rotation *r, const struct weir_sibling_list *l,
    struct weir_error *err)
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
push_between(const struct weir_rotation *r, const struct weir_sibling_list *l,
    struct weir_files *q, struct weir_error *err)
{
	const struct weir_inode old = {r->old->dev, r->old->ino};
	const struct weir_inode current = {r->new->dev, r->new->ino};
	struct weir_inode last = old;
	bool new = false;
	int is;

	for (size_t i = 0; i < l->n; i++) {
		const struct weir_sibling *e = &l->e[i];

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
		struct weir_sibling_list l = {0};

		weir_files_fini(q);
		is = weir_sibling_list_scan(r->name, &since, &l, err);
		if (is > 0 && deleted && (is = compressed(r, &l, err)) == 0)
			is = 1;
		else if (is > 0)
			is = push_between(r, &l, q, err);
		weir_sibling_list_fini(&l);
	}
	if (is < 0)
		weir_files_fini(q);
	return is;
}
