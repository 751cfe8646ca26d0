#include "event/glob.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "event/siblings.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORGET_MS 60000 /* what has not been asked for this long */

/* --- what was read --- */

struct done {
	uint64_t dev, ino, off, print;
	uint32_t print_len;
	int64_t asked_ms; /* when last */
};

struct weir_seen {
	struct done *done;
	size_t n, cap;
};

struct weir_seen *
weir_seen_new(void)
{
	return weir_calloc(1, sizeof(struct weir_seen));
}

void
weir_seen_free(struct weir_seen *s)
{
	if (s == NULL)
		return;
	free(s->done);
	free(s);
}

static struct done *
find(struct weir_seen *s, uint64_t dev, uint64_t ino)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->done[i].ino == ino && s->done[i].dev == dev)
			return &s->done[i];
	return NULL;
}

static void
put(struct weir_seen *s, const struct done *new)
{
	struct done *d = new->ino == 0 ? NULL : find(s, new->dev, new->ino);

	if (d == NULL) {
		if (s->n == s->cap)
			weir_seen_age(s);
		s->done =
		    weir_grow(s->done, &s->cap, s->n + 1, sizeof *s->done);
		d = &s->done[s->n++];
	}
	*d = *new;
	d->asked_ms = weir_follow_now_ms();
}

void
weir_seen_add(struct weir_seen *s, const struct weir_file *f)
{
	struct stat st;

	if ((!f->regular && !f->packed) || f->base + f->off == 0 ||
	    fstat(f->fd, &st) < 0)
		return;
	/*
	 * A deleted file will not be met again, but its inode may, and so may
	 * its content, if it was compressed.
	 */
	put(s,
	    &(struct done){.dev = f->dev,
		.ino = f->packed || st.st_nlink == 0 ? 0 : f->ino,
		.off = f->base + f->off,
		.print_len = f->head_len,
		.print = weir_file_print(f, f->head_len)});
}

int
weir_seen_like(
    const struct weir_seen *s, struct weir_file *f, struct weir_error *err)
{
	int r = 0;

	for (size_t i = 0; i < s->n && r == 0; i++)
		r = weir_file_like(f, s->done[i].print, s->done[i].print_len,
		    s->done[i].off, err);
	return r;
}

void
weir_seen_refuse(struct weir_seen *s, const struct stat *st)
{
	/* No beginning has this print: once it can be read, it differs. */
	put(s,
	    &(struct done){.dev = (uint64_t)st->st_dev,
		.ino = (uint64_t)st->st_ino,
		.print = ~weir_hash64("", 0)});
}

/* Does the file begin as the one that was read did? */
static bool
same_beginning(const struct done *d, const char *path)
{
	unsigned char head[WEIR_PRINT_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return true;
	n = pread(fd, head, d->print_len, 0);
	close(fd);
	return n == (ssize_t)d->print_len &&
	    weir_hash64(head, d->print_len) == d->print;
}

bool
weir_seen_has(struct weir_seen *s, const char *path, const struct stat *st)
{
	struct done *d = find(s, (uint64_t)st->st_dev, (uint64_t)st->st_ino);

	if (d == NULL)
		return false;
	/* The inode of a file that was deleted may be another's by now. */
	if ((uint64_t)st->st_size < d->off || !same_beginning(d, path)) {
		d->ino = 0;
		return false;
	}
	d->asked_ms = weir_follow_now_ms();
	return true;
}

bool
weir_seen_whole(struct weir_seen *s, const char *path, const struct stat *st)
{
	return weir_seen_has(s, path, st) &&
	    find(s, (uint64_t)st->st_dev, (uint64_t)st->st_ino)->off ==
	    (uint64_t)st->st_size;
}

void
weir_seen_age(struct weir_seen *s)
{
	int64_t now = weir_follow_now_ms();
	size_t i = 0;

	while (i < s->n)
		if (now - s->done[i].asked_ms > FORGET_MS)
			s->done[i] = s->done[--s->n];
		else
			i++;
}

/* --- patterns --- */

struct weir_glob {
	char *pattern;
	struct weir_follow w;
};

bool
weir_glob_is(const char *name)
{
	struct stat st;

	return strpbrk(name, "*?[") != NULL && lstat(name, &st) < 0;
}

bool
weir_glob_takes(const char *pattern, const char *path)
{
	return !weir_siblings_packed(path) &&
	    fnmatch(pattern, path, FNM_PATHNAME | FNM_PERIOD) == 0;
}

struct weir_glob *
weir_glob_open(
    const char *pattern, struct weir_notices *notices, struct weir_error *err)
{
	struct weir_glob *g = weir_calloc(1, sizeof *g);

	g->pattern = weir_strdup(pattern);
	/* If there are wildcards in the directory, only the clock tells. */
	if (weir_follow_open(&g->w, notices, pattern, err) == 1) {
		g->w.noticed = g->w.dir_only = true;
		return g;
	}
	weir_glob_close(g);
	return NULL;
}

void
weir_glob_close(struct weir_glob *g)
{
	if (g == NULL)
		return;
	weir_follow_close(&g->w);
	free(g->pattern);
	free(g);
}

const char *
weir_glob_pattern(const struct weir_glob *g)
{
	return g->pattern;
}

int
weir_glob_timeout(const struct weir_glob *g)
{
	return weir_follow_timeout(&g->w);
}

int
weir_glob_look(struct weir_glob *g,
    int (*found)(void *ctx, const char *path, const struct stat *st,
	struct weir_error *err),
    void *ctx, struct weir_error *err)
{
	glob_t all = {0};
	struct stat st;
	int r = 1;

	weir_follow_drain(&g->w);
	switch (glob(g->pattern, 0, NULL, &all)) {
	case 0: break;
	case GLOB_NOSPACE: abort();
	default: return 1; /* none, or not readable now */
	}
	for (size_t i = 0; i < all.gl_pathc && r > 0; i++) {
		const char *path = all.gl_pathv[i];

		if (weir_siblings_packed(path) || stat(path, &st) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		r = found(ctx, path, &st, err);
	}
	globfree(&all);
	return r;
}
