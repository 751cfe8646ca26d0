/* checkpoint.c - the directories under cp/ (dir.h). */
#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "state/dir.h"
#include "state/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int
weir_dir_have(const struct weir_dir *d, const char *name, bool *none,
    struct weir_error *err)
{
	struct weir_error why = {0};
	int fd = weir_dir_sub(d, name, false, &why);

	*none = fd < 0 && why.status == WEIR_OK;
	if (fd < 0 && !*none)
		weir_fail(err, why.status, "%s", why.text);
	return fd;
}

/* What *err says is wrong with the checkpoint as such: -1. */
static int
blame_whole(const struct weir_dir *d, struct weir_cp cp, struct weir_error *err)
{
	char text[WEIR_CP_TEXT], place[WEIR_CP_TEXT + 8];

	weir_cp_print(cp, text);
	snprintf(place, sizeof place, "/cp/%s: ", text);
	return weir_dir_blame(d, place, err);
}

int
weir_cp_create(
    const struct weir_dir *d, struct weir_cp cp, struct weir_error *err)
{
	int all = weir_dir_sub(d, "cp", true, err), fd;
	char name[WEIR_CP_TEXT];

	if (all < 0)
		return -1;
	weir_cp_print(cp, name);
	if (mkdirat(all, name, 0700) != 0 || fsync(all) != 0 ||
	    (fd = openat(all, name, OPEN_DIR)) < 0) {
		weir_fail_errno(err, "cannot create it");
		close(all);
		return blame_whole(d, cp, err);
	}
	close(all);
	WEIR_PROBE("checkpoint.created");
	return fd;
}

int
weir_cp_open(
    const struct weir_dir *d, struct weir_cp cp, struct weir_error *err)
{
	char name[WEIR_CP_TEXT];
	bool none;
	int all = weir_dir_have(d, "cp", &none, err), fd = -1;

	if (all < 0 && !none)
		return -1;
	weir_cp_print(cp, name);
	if (all >= 0)
		fd = openat(all, name, OPEN_DIR);
	if (fd < 0) {
		if (none || errno == ENOENT)
			weir_fail(err, WEIR_STATE, "no such checkpoint");
		else if (errno == ENOTDIR || errno == ELOOP)
			weir_fail(err, WEIR_STATE, "not a directory");
		else
			weir_fail_errno(err, "cannot open it");
		blame_whole(d, cp, err);
	} else if (weir_dir_ours(fd, name, err) < 0) {
		close(fd);
		fd = weir_dir_blame(d, "/cp/", err);
	}
	if (all >= 0)
		close(all);
	return fd;
}

static int
compare(const void *a, const void *b)
{
	const struct weir_cp *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return (x->epoch > y->epoch) - (x->epoch < y->epoch);
}

int
weir_cp_list(const struct weir_dir *d, struct weir_cp **cps, size_t *n,
    struct weir_error *err)
{
	struct weir_names names;
	bool none;
	int fd = weir_dir_have(d, "cp", &none, err), r;

	*cps = NULL;
	*n = 0;
	if (fd < 0)
		return none ? 1 : -1;
	r = weir_names_read(fd, &names, err);
	close(fd);
	if (r < 0)
		return weir_dir_blame(d, "/cp: ", err);
	*cps = weir_calloc(names.n, sizeof **cps);
	for (size_t i = 0; i < names.n; i++)
		*n += (size_t)weir_cp_read(
		    names.name[i], strlen(names.name[i]), &(*cps)[*n]);
	weir_names_fini(&names);
	if (*n > 0)
		qsort(*cps, *n, sizeof **cps, compare);
	return 1;
}

int
weir_cp_committed(
    const struct weir_dir *d, struct weir_cp cp, struct weir_error *err)
{
	int fd = weir_cp_open(d, cp, err), r;
	struct stat st;

	if (fd < 0)
		return -1;
	r = fstatat(fd, "MANIFEST", &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!r && errno != ENOENT) {
		weir_fail_errno(err, "MANIFEST");
		r = weir_cp_blame(d, cp, err);
	}
	close(fd);
	return r;
}

/* The checkpoint that a pending file's name, <sink>.<n>.<e>, speaks of. */
static int
pending_cp(const char *name, struct weir_cp *cp)
{
	const char *dot = strrchr(name, '.');

	while (dot != NULL && dot > name && *--dot != '.')
		;
	return dot != NULL && dot > name && *dot == '.' &&
	    weir_cp_read(dot + 1, strlen(dot + 1), cp);
}

/* Raise *most to the highest number in any name under a directory. */
static int
highest(const struct weir_dir *d, const char *where,
    int (*read)(const char *, struct weir_cp *), uint64_t *most,
    struct weir_error *err)
{
	struct weir_names names;
	struct weir_cp cp;
	bool none;
	int fd = weir_dir_have(d, where, &none, err), r;

	if (fd < 0)
		return none ? 1 : -1;
	r = weir_names_read(fd, &names, err);
	close(fd);
	if (r < 0)
		return weir_dir_blame(d, "/", err);
	for (size_t i = 0; i < names.n; i++)
		if (read(names.name[i], &cp) && cp.n > *most)
			*most = cp.n;
	weir_names_fini(&names);
	return 1;
}

static int
name_cp(const char *name, struct weir_cp *cp)
{
	return weir_cp_read(name, strlen(name), cp);
}

int
weir_cp_next(const struct weir_dir *d, uint64_t *n, struct weir_error *err)
{
	*n = 0;
	if (highest(d, "cp", name_cp, n, err) < 0 ||
	    highest(d, "out", pending_cp, n, err) < 0)
		return -1;
	if (*n >= INT64_MAX) {
		weir_fail(err, WEIR_STATE, "no checkpoint numbers are left");
		return weir_dir_blame(d, ": ", err);
	}
	++*n;
	return 1;
}

/* --- removing --- */

int
weir_dir_empty(int fd, bool (*keep)(const void *, const char *),
    const void *arg, struct weir_error *err)
{
	struct weir_names names;
	char shown[WEIR_SHOWN];
	int r = 1;

	if (weir_names_read(fd, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.name[i];

		if (keep != NULL && keep(arg, name))
			continue;
		if (unlinkat(fd, name, 0) != 0 && errno != ENOENT)
			r = weir_fail_errno(err, "%s",
			    weir_show_into(
				shown, sizeof shown, name, strlen(name)));
	}
	weir_names_fini(&names);
	return r;
}

int
weir_cp_remove(
    const struct weir_dir *d, struct weir_cp cp, struct weir_error *err)
{
	int fd = weir_cp_open(d, cp, err), all, r = -1;
	char name[WEIR_CP_TEXT];

	if (fd < 0)
		return -1;
	if (unlinkat(fd, "MANIFEST", 0) != 0 && errno != ENOENT) {
		weir_fail_errno(err, "cannot remove MANIFEST");
		goto out;
	}
	if (fsync(fd) != 0) { /* never parts gone and manifest back */
		weir_fail_errno(err, "cannot remove MANIFEST");
		goto out;
	}
	WEIR_PROBE("remove.manifest");
	if (weir_dir_empty(fd, NULL, NULL, err) < 0)
		goto out;
	WEIR_PROBE("remove.parts");
	all = weir_dir_sub(d, "cp", true, err);
	if (all < 0)
		goto out;
	weir_cp_print(cp, name);
	r = unlinkat(all, name, AT_REMOVEDIR) == 0
	    ? 1
	    : weir_fail_errno(err, "cannot remove it");
	close(all);
out:
	close(fd);
	return r < 0 ? blame_whole(d, cp, err) : 1;
}
