#define _GNU_SOURCE
#include "state/save.h"

#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "state/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define MANIFEST "MANIFEST"
#define TRIES	 100 /* checkpoints that went while they were linked */

/* --- names --- */

bool
weir_save_name(const char *name)
{
	static const char digits[] = "0123456789";
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t len = strlen(name);

	return len > 0 && len <= WEIR_SAVE_NAME && *name != '-' &&
	    strspn(name, chars) == len && strspn(name, digits) < len &&
	    strcmp(name, "latest") != 0 && strcmp(name, "none") != 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
weir_save_list(
    const struct weir_dir *d, struct weir_saves *all, struct weir_error *err)
{
	struct weir_names names;
	bool none;
	int fd = weir_dir_have(d, "save", &none, err), r;

	*all = (struct weir_saves){0};
	if (fd < 0)
		return none ? 1 : -1;
	r = weir_names_read(fd, &names, err);
	close(fd);
	if (r < 0)
		return weir_dir_blame(d, "/save: ", err);
	all->name = weir_calloc(names.n + 1, sizeof *all->name);
	for (size_t i = 0; i < names.n; i++)
		if (weir_save_name(names.name[i]))
			all->name[all->n++] = weir_strdup(names.name[i]);
	weir_names_fini(&names);
	qsort(all->name, all->n, sizeof *all->name, by_name);
	return 1;
}

void
weir_saves_fini(struct weir_saves *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->name[i]);
	free(all->name);
	*all = (struct weir_saves){0};
}

/* Put "<dir>/save/<name>" and between in front of what *err says: -1. */
static int
blame(const struct weir_dir *d, const char *name, const char *between,
    struct weir_error *err)
{
	char place[WEIR_SHOWN + 16];

	snprintf(
	    place, sizeof place, "/save/%.*s%s", WEIR_SHOWN, name, between);
	return weir_dir_blame(d, place, err);
}

/* --- temporary directories --- */

static void
temporary(char tmp[32])
{
	uint64_t r = 0;

	if (getrandom(&r, sizeof r, 0) != sizeof r)
		r = (uint64_t)getpid(); /* taken names are tried again */
	snprintf(tmp, 32, WEIR_TMP "%016llx", (unsigned long long)r);
}

/*
 * Make one in save/, and lock it: a directory that nobody has locked is left
 * over. Whoever sweeps may be quicker than our lock, and then it is gone.
 * A descriptor, -1.
 */
static int
make_temporary(int all, char tmp[32], struct weir_error *err)
{
	for (int i = 0; i < TRIES; i++) {
		struct stat st;
		int fd;

		temporary(tmp);
		if (mkdirat(all, tmp, 0700) != 0) {
			if (errno == EEXIST)
				continue;
			break;
		}
		fd = openat(all, tmp, OPEN_DIR);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			break;
		if (fchmod(fd, 0700) == 0 &&
		    flock(fd, LOCK_EX | LOCK_NB) == 0 &&
		    fstatat(all, tmp, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			WEIR_PROBE("save.created");
			return fd;
		}
		close(fd);
	}
	return weir_fail_errno(err, "cannot create a directory");
}

/* Remove a directory in save/ with all that is in it. */
static int
remove_temporary(int all, const char *tmp, int fd, struct weir_error *err)
{
	if (weir_dir_empty(fd, NULL, NULL, err) < 0)
		return -1;
	if (unlinkat(all, tmp, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 1;
	return weir_fail_errno(err, "%s", tmp);
}

static int
sweep_one(int all, const char *tmp, struct weir_error *err)
{
	int fd = openat(all, tmp, OPEN_DIR), r = 1;

	if (fd < 0)
		return 1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		r = remove_temporary(all, tmp, fd, err);
	close(fd);
	return r;
}

int
weir_save_sweep(const struct weir_dir *d, struct weir_error *err)
{
	struct weir_names names;
	bool none;
	int all = weir_dir_have(d, "save", &none, err), r;

	if (all < 0)
		return none ? 1 : -1;
	r = weir_names_read(all, &names, err);
	for (size_t i = 0; r == 1 && i < names.n; i++)
		if (strncmp(names.name[i], WEIR_TMP, strlen(WEIR_TMP)) == 0)
			r = sweep_one(all, names.name[i], err);
	if (r == 1)
		weir_names_fini(&names);
	close(all);
	return r < 0 ? weir_dir_blame(d, "/save/", err) : 1;
}

/* --- linking --- */

/* 1, 0 if it is not there, -1. */
static int
link_file(int from, const char *file, int to, struct weir_error *err)
{
	bool gone;

	if (linkat(from, file, to, file, 0) == 0)
		return 1;
	gone = errno == ENOENT;
	weir_fail_errno(err, "cannot link %s", file);
	return gone ? 0 : -1;
}

static int
link_parts(
    int from, const struct weir_manifest *m, int to, struct weir_error *err)
{
	int r = 1;

	for (size_t i = 0; r == 1 && i < m->nparts; i++)
		r = link_file(from, m->parts[i].file, to, err);
	return r;
}

int
weir_cp_link(const struct weir_dir *d, int fd, const struct weir_manifest *m,
    struct weir_error *err)
{
	int to = weir_cp_create(d, m->cp, err), r;

	if (to < 0)
		return -1;
	r = link_parts(fd, m, to, err);
	WEIR_PROBE("link.parts");
	if (r == 1 && fsync(to) != 0)
		r = weir_fail_errno(err, "cannot link the parts");
	close(to);
	return r == 1 ? 1 : (weir_cp_blame(d, m->cp, err), r);
}

/* --- making one --- */

static int
is_there(const struct weir_dir *d, const char *name, struct weir_error *err)
{
	weir_fail(err, WEIR_USAGE,
	    "there is a savepoint %s already: choose another name, or remove "
	    "it first: scheckpoint prune -d DIR --savepoint=%s",
	    name, name);
	return weir_dir_blame(d, ": ", err);
}

/*
 * Links of checkpoint cp, verified, in the empty directory to: 1, 0 if the
 * checkpoint went meanwhile (or was never committed), -1.
 */
static int
copy(
    const struct weir_dir *d, struct weir_cp cp, int to, struct weir_error *err)
{
	struct weir_manifest m = {0};
	int from = weir_cp_open(d, cp, err), r;

	if (from < 0)
		return 0; /* what is no directory of ours is no checkpoint */
	r = weir_manifest_load_in(from, &cp, &m, err);
	if (r == 1)
		r = link_parts(from, &m, to, err);
	WEIR_PROBE("save.parts");
	if (r == 1)
		r = link_file(from, MANIFEST, to, err);
	/* what is linked stays: so it is looked at only now */
	if (r == 1)
		r = weir_manifest_verify_parts(to, &m, err);
	if (r < 0)
		weir_cp_blame(d, cp, err);
	weir_manifest_fini(&m);
	close(from);
	return r;
}

/* The newest one that stays long enough, in the directory to. */
static int
copy_newest(const struct weir_dir *d, int to, struct weir_cp *cp,
    struct weir_error *err)
{
	int r = 0;

	for (int i = 0; i < TRIES && r == 0; i++) {
		struct weir_cp *cps;
		size_t n;

		if (weir_cp_list(d, &cps, &n, err) < 0)
			return -1;
		while (r == 0 && n-- > 0) {
			*cp = cps[n];
			r = weir_cp_committed(d, *cp, NULL) == 1
			    ? copy(d, *cp, to, err)
			    : 0;
			if (r == 0 && weir_dir_empty(to, NULL, NULL, err) < 0)
				r = -1;
		}
		free(cps);
	}
	if (r == 0) {
		weir_fail(err, WEIR_USAGE, "there is no checkpoint yet");
		return weir_dir_blame(d, ": ", err);
	}
	return r;
}

/* Give it its name, which must be free. */
static int
publish(const struct weir_dir *d, int all, const char *tmp, const char *name,
    struct weir_error *err)
{
	int r = -1;

	WEIR_PROBE("save.linked");
#ifdef RENAME_NOREPLACE
	r = renameat2(all, tmp, all, name, RENAME_NOREPLACE);
	if (r != 0 && (errno == EINVAL || errno == ENOSYS))
#endif
		/* never over one that holds something */
		r = renameat(all, tmp, all, name);
	if (r != 0 && (errno == EEXIST || errno == ENOTEMPTY))
		return is_there(d, name, err);
	WEIR_PROBE("save.renamed");
	if (r != 0 || fsync(all) != 0) {
		weir_fail_errno(err, "cannot publish it");
		return blame(d, name, ": ", err);
	}
	return 1;
}

int
weir_save_make(const struct weir_dir *d, const char *name, struct weir_cp *cp,
    struct weir_error *err)
{
	struct weir_error ignored;
	struct stat st;
	char tmp[32];
	int all = weir_dir_sub(d, "save", true, err), fd = -1, r = -1;

	if (all < 0)
		return -1;
	weir_save_sweep(d, NULL);
	if (fstatat(all, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		is_there(d, name, err);
	else if ((fd = make_temporary(all, tmp, err)) < 0)
		weir_dir_blame(d, "/save: ", err);
	else
		r = copy_newest(d, fd, cp, err);
	if (r == 1 && fsync(fd) != 0) {
		weir_fail_errno(err, "cannot save it");
		r = blame(d, name, ": ", err);
	}
	if (r == 1)
		r = publish(d, all, tmp, name, err);
	if (r < 0 && fd >= 0)
		remove_temporary(all, tmp, fd, &ignored);
	if (fd >= 0)
		close(fd);
	close(all);
	return r;
}

/* --- removing --- */

int
weir_save_remove(
    const struct weir_dir *d, const char *name, struct weir_error *err)
{
	char tmp[32];
	bool none;
	int all = weir_dir_have(d, "save", &none, err), fd, r;

	if (all < 0)
		return none ? 0 : -1;
	/* first its name: it is there whole, or not at all */
	temporary(tmp);
	if (renameat(all, name, all, tmp) != 0) {
		r = errno == ENOENT ? 0
				    : weir_fail_errno(err, "cannot remove it");
		goto out;
	}
	WEIR_PROBE("save.hidden");
	r = fsync(all) == 0 ? 1 : weir_fail_errno(err, "cannot remove it");
	fd = openat(all, tmp, OPEN_DIR);
	if (fd >= 0) {
		if (r == 1)
			r = remove_temporary(all, tmp, fd, err);
		close(fd);
	} else if (unlinkat(all, tmp, 0) != 0) { /* a file, or a link */
		r = weir_fail_errno(err, "cannot remove it");
	}
out:
	close(all);
	return r < 0 ? blame(d, name, ": ", err) : r;
}

/* --- reading --- */

int
weir_save_open(
    const struct weir_dir *d, const char *name, struct weir_error *err)
{
	char shown[WEIR_SHOWN];
	bool none = false;
	int all = weir_dir_have(d, "save", &none, err), fd = -1;

	if (all < 0 && !none)
		return -1;
	if (all >= 0 && weir_save_name(name))
		fd = openat(all, name, OPEN_DIR);
	else
		errno = ENOENT;
	if (fd < 0 && errno == ENOENT) {
		weir_fail(err, WEIR_USAGE,
		    "there is no savepoint %s: `scheckpoint list` shows what "
		    "is kept",
		    weir_show_into(shown, sizeof shown, name, strlen(name)));
		weir_dir_blame(d, ": ", err);
	} else if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		weir_fail(err, WEIR_STATE,
		    "not a directory (links are not followed)");
		blame(d, name, ": ", err);
	} else if (fd < 0) {
		weir_fail_errno(err, "cannot open it");
		blame(d, name, ": ", err);
	} else if (weir_dir_ours(fd, name, err) < 0) {
		close(fd);
		fd = weir_dir_blame(d, "/save/", err);
	}
	if (all >= 0)
		close(all);
	return fd;
}

int
weir_save_load(const struct weir_dir *d, const char *name, int fd,
    struct weir_manifest *m, struct weir_error *err)
{
	int r = weir_manifest_load_in(fd, NULL, m, err);

	if (r == 0)
		weir_fail(err, WEIR_STATE, "damaged: there is no " MANIFEST);
	return r == 1 ? 1 : blame(d, name, r == 0 ? ": " : "/", err);
}

int
weir_save_verify(const struct weir_dir *d, const char *name, int fd,
    const struct weir_manifest *m, struct weir_error *err)
{
	return weir_manifest_verify_parts(fd, m, err) == 1
	    ? 1
	    : blame(d, name, "/", err);
}
