#define _GNU_SOURCE
#include "tests/power/world.h"

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NODES_MAX   100000
#define ENTRIES_MAX 1024 /* of a directory */
#define SECTOR	    512
#define DEPTH_MAX   8

static void *
allocate(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		err(2, NULL);
	return p;
}

static char *
slurp(int dir, const char *name, size_t *len)
{
	struct stat st;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char *s;

	if (fd == -1 || fstat(fd, &st) == -1)
		err(2, "%s", name);
	s = allocate((size_t)st.st_size, 1);
	*len = (size_t)st.st_size;
	if (read(fd, s, *len) != (ssize_t)*len)
		err(2, "%s", name);
	close(fd);
	return s;
}

/* --- the tree at the beginning --- */

static size_t
node_of(struct world *w, uint64_t ino, bool isdir)
{
	struct node *n;

	for (size_t i = 0; i < w->nnodes; i++)
		if (w->nodes[i].ino == ino)
			return i;
	if (w->nnodes == NODES_MAX)
		errx(2, "too many files");
	n = &w->nodes[w->nnodes];
	n->ino = ino;
	n->isdir = isdir;
	if (isdir) {
		n->begin_entries = allocate(ENTRIES_MAX, sizeof *n->entries);
		n->entries = allocate(ENTRIES_MAX, sizeof *n->entries);
	}
	return w->nnodes++;
}

static void
enter(struct entry *entries, size_t *n, const char *name, size_t node)
{
	size_t i = 0;

	while (i < *n && strcmp(entries[i].name, name) != 0)
		i++;
	if (i == ENTRIES_MAX)
		errx(2, "too many names");
	*n += i == *n;
	snprintf(entries[i].name, sizeof entries[i].name, "%s", name);
	entries[i].node = node;
}

static bool
never(const char *name)
{
	(void)name;
	return false;
}

/* Call each() for every file and directory below fd; closes fd. */
static void
walk(int fd, bool (*skip)(const char *),
    void (*each)(void *, int, const char *, const struct stat *), void *ctx)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;
	struct stat st;

	if (dir == NULL)
		err(2, "a directory");
	while ((e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 && !skip(e->d_name) &&
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			each(ctx, fd, e->d_name, &st);
	closedir(dir);
}

static int
open_dir(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		err(2, "%s", name);
	return fd;
}

struct scan {
	struct world *w;
	size_t dir;
};

static void
scan_one(void *ctx, int fd, const char *name, const struct stat *st)
{
	const struct scan *s = ctx;
	struct node *up = &s->w->nodes[s->dir];
	bool isdir = S_ISDIR(st->st_mode);
	struct scan below = {s->w, 0};
	struct node *n;

	if (!isdir && !S_ISREG(st->st_mode))
		return;
	below.dir = node_of(s->w, st->st_ino, isdir);
	enter(up->begin_entries, &up->nbegin, name, below.dir);
	n = &s->w->nodes[below.dir];
	if (isdir)
		walk(open_dir(fd, name), never, scan_one, &below);
	else if (n->begin == NULL)
		n->begin = slurp(fd, name, &n->begin_len);
}

void
world_begin(struct world *w, bool (*skip)(const char *name))
{
	struct scan s = {w, 0};
	struct stat st;

	*w = (struct world){.nodes = allocate(NODES_MAX, sizeof(struct node))};
	if (stat(".", &st) == -1)
		err(2, "the current directory");
	node_of(w, st.st_ino, true);
	walk(open_dir(AT_FDCWD, "."), skip, scan_one, &s);
}

/* --- the log --- */

/* An operation on what is not of the tree is left out. */
static bool
find_nodes(struct world *w, struct op *o)
{
	size_t before = w->nnodes;

	switch (o->h.kind) {
	case OP_ENTER:
	case OP_LEAVE:
	case OP_MOVE:
		o->dir = o->dir2 = node_of(w, o->h.dir, true);
		if (w->nnodes > before)
			break;
		if (o->h.kind == OP_LEAVE)
			return true;
		o->node = node_of(w, o->h.ino, o->h.isdir);
		if (o->h.kind == OP_MOVE)
			o->dir2 = node_of(w, o->h.dir2, true);
		return true;
	default:
		o->node = node_of(w, o->h.ino, o->h.isdir);
		if (w->nnodes == before)
			return true;
	}
	w->nnodes = before; /* nothing of it is known: it is elsewhere */
	free(w->nodes[before].begin_entries);
	free(w->nodes[before].entries);
	w->nodes[before] = (struct node){0};
	return false;
}

void
world_read(struct world *w, const char *log)
{
	size_t len, cap = 0, at = 0;

	w->log = slurp(AT_FDCWD, log, &len);
	while (at + sizeof(struct op_head) <= len) {
		struct op o = {.fate = KEPT};

		memcpy(&o.h, w->log + at, sizeof o.h);
		o.name = w->log + at + sizeof o.h;
		o.name2 = o.name + o.h.name_len;
		o.data = o.name2 + o.h.name2_len;
		at += sizeof o.h + o.h.name_len + o.h.name2_len + o.h.data_len;
		if (!find_nodes(w, &o))
			continue;
		if (w->nops == cap) {
			cap = cap ? cap * 2 : 1024;
			w->ops = realloc(w->ops, cap * sizeof *w->ops);
			if (w->ops == NULL)
				err(2, NULL);
		}
		w->ops[w->nops++] = o;
	}
}

void
world_free(struct world *w)
{
	for (size_t i = 0; i < w->nnodes; i++) {
		free(w->nodes[i].begin);
		free(w->nodes[i].data);
		free(w->nodes[i].begin_entries);
		free(w->nodes[i].entries);
	}
	free(w->nodes);
	free(w->ops);
	free(w->log);
	*w = (struct world){0};
}

/* --- states --- */

void
world_force(const struct world *w, size_t at, bool *forced)
{
	bool *synced = allocate(w->nnodes, sizeof *synced);

	while (at-- > 0) {
		const struct op *o = &w->ops[at];

		if (o->h.kind == OP_SYNC)
			synced[o->node] = true;
		if (o->h.kind == OP_SYNC)
			forced[at] = true;
		else if (o->h.kind == OP_WRITE || o->h.kind == OP_CUT)
			forced[at] = synced[o->node];
		else
			forced[at] = synced[o->dir] && synced[o->dir2];
	}
	free(synced);
}

static void
leave(struct node *dir, const struct op *o, size_t node)
{
	for (size_t i = 0; i < dir->n; i++)
		if (strlen(dir->entries[i].name) == o->h.name_len &&
		    memcmp(dir->entries[i].name, o->name, o->h.name_len) == 0 &&
		    (node == 0 || dir->entries[i].node == node)) {
			dir->entries[i] = dir->entries[--dir->n];
			return;
		}
}

static void
resize(struct node *n, size_t len)
{
	n->data = realloc(n->data, len + 1);
	if (n->data == NULL)
		err(2, NULL);
	if (len > n->len)
		memset(n->data + n->len, 0, len - n->len);
	n->len = len;
}

static void
put(struct node *n, const struct op *o)
{
	size_t len = o->h.data_len, off = o->h.off, end = off + len;
	uint32_t torn = o->torn;

	if (o->fate == PREFIX)
		end = off + torn % (len + 1);
	if (end > n->len)
		resize(n, end);
	for (size_t i = off; i < end; i++) {
		if (o->fate == ZEROS ||
		    (o->fate == HOLES &&
			(torn * (i / SECTOR + 1) >> 7 & 1) != 0))
			continue;
		n->data[i] = o->data[i - off];
	}
}

static void
apply(struct world *w, const struct op *o)
{
	char name[256];
	struct node *dir;

	switch (o->h.kind) {
	case OP_WRITE: put(&w->nodes[o->node], o); break;
	case OP_CUT: resize(&w->nodes[o->node], o->h.off); break;
	case OP_LEAVE: leave(&w->nodes[o->dir], o, 0); break;
	case OP_MOVE:
		leave(&w->nodes[o->dir], o, o->node);
		dir = &w->nodes[o->dir2];
		snprintf(
		    name, sizeof name, "%.*s", (int)o->h.name2_len, o->name2);
		enter(dir->entries, &dir->n, name, o->node);
		break;
	case OP_ENTER:
		dir = &w->nodes[o->dir];
		snprintf(
		    name, sizeof name, "%.*s", (int)o->h.name_len, o->name);
		enter(dir->entries, &dir->n, name, o->node);
		break;
	default: break;
	}
}

void
world_build(struct world *w, size_t at)
{
	for (size_t i = 0; i < w->nnodes; i++) {
		struct node *n = &w->nodes[i];

		if (n->isdir) {
			n->n = n->nbegin;
			memcpy(n->entries, n->begin_entries,
			    n->n * sizeof *n->entries);
			continue;
		}
		n->len = 0;
		resize(n, n->begin_len);
		if (n->begin_len > 0)
			memcpy(n->data, n->begin, n->begin_len);
	}
	for (size_t i = 0; i < at; i++)
		if (w->ops[i].fate != LOST)
			apply(w, &w->ops[i]);
}

/* --- telling states apart --- */

#define FNV_BEGIN UINT64_C(14695981039346656037)

static uint64_t
fnv(uint64_t h, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(1099511628211);
	return h;
}

static uint64_t
hash_node(const struct world *w, size_t node, uint64_t path, int depth)
{
	const struct node *n = &w->nodes[node];
	uint64_t sum = path * 3;

	if (!n->isdir)
		return fnv(path, n->data, n->len);
	for (size_t i = 0; i < n->n && depth < DEPTH_MAX; i++) {
		const char *name = n->entries[i].name;

		sum += hash_node(w, n->entries[i].node,
		    fnv(path, name, strlen(name) + 1), depth + 1);
	}
	return sum;
}

uint64_t
world_hash(const struct world *w)
{
	return hash_node(w, 0, FNV_BEGIN, 0);
}

struct sum {
	uint64_t path, sum;
};

static void
hash_one(void *ctx, int fd, const char *name, const struct stat *st)
{
	struct sum *up = ctx;
	struct sum own = {fnv(up->path, name, strlen(name) + 1), 0};
	size_t len;
	char *data;

	if (S_ISREG(st->st_mode)) {
		data = slurp(fd, name, &len);
		own.sum = fnv(own.path, data, len);
		free(data);
	} else if (S_ISDIR(st->st_mode)) {
		own.sum = own.path * 3;
		walk(open_dir(fd, name), never, hash_one, &own);
	}
	up->sum += own.sum;
}

uint64_t
world_hash_disk(bool (*skip)(const char *name))
{
	struct sum s = {FNV_BEGIN, FNV_BEGIN * 3};

	walk(open_dir(AT_FDCWD, "."), skip, hash_one, &s);
	return s.sum;
}

/* --- making one --- */

static void
remove_one(void *ctx, int fd, const char *name, const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		walk(open_dir(fd, name), never, remove_one, ctx);
	if (unlinkat(fd, name, S_ISDIR(st->st_mode) ? AT_REMOVEDIR : 0) == -1)
		err(2, "%s", name);
}

/* Where a file has come to be, for those that are linked twice. */
struct made {
	char path[4096];
	uint64_t ino;
};

static void
make_file(const struct node *n, int dir, const char *name, struct made *made)
{
	struct stat st;
	int fd;

	if (made->ino != 0) {
		if (linkat(AT_FDCWD, made->path, dir, name, 0) == -1)
			err(2, "%s", made->path);
		return;
	}
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, n->data, n->len) != (ssize_t)n->len ||
	    fstat(fd, &st) == -1)
		err(2, "%s", name);
	close(fd);
	made->ino = st.st_ino;
}

static void
make_dir(const struct world *w, size_t node, const char *path,
    struct made *made, int depth)
{
	const struct node *n = &w->nodes[node];
	int fd = open_dir(AT_FDCWD, path);

	for (size_t i = 0; i < n->n && depth < DEPTH_MAX; i++) {
		size_t below = n->entries[i].node;
		const char *name = n->entries[i].name;
		char full[4096];

		snprintf(full, sizeof full, "%.3800s/%s", path, name);
		if (!w->nodes[below].isdir) {
			make_file(&w->nodes[below], fd, name, &made[below]);
			if (made[below].path[0] == '\0')
				strcpy(made[below].path, full);
			continue;
		}
		if (mkdirat(fd, name, 0700) == -1)
			err(2, "%s", full);
		make_dir(w, below, full, made, depth + 1);
	}
	close(fd);
}

/* Side files are known by their inodes (side/DEVICE-INODE). */
static void
rename_claims(const struct world *w, const struct made *made)
{
	DIR *dir = opendir("state/side");
	struct dirent *e;
	uint64_t dev, ino;
	char name[64];

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (sscanf(e->d_name, "%" SCNu64 "-%" SCNu64, &dev, &ino) != 2)
			continue;
		for (size_t i = 0; i < w->nnodes; i++) {
			if (w->nodes[i].ino != ino || made[i].ino == 0)
				continue;
			snprintf(name, sizeof name, "%" PRIu64 "-%" PRIu64, dev,
			    made[i].ino);
			renameat(dirfd(dir), e->d_name, dirfd(dir), name);
			break;
		}
	}
	if (dir != NULL)
		closedir(dir);
}

void
world_write(struct world *w, bool (*skip)(const char *name))
{
	struct made *made = allocate(w->nnodes, sizeof *made);

	walk(open_dir(AT_FDCWD, "."), skip, remove_one, NULL);
	make_dir(w, 0, ".", made, 0);
	rename_claims(w, made);
	free(made);
}
