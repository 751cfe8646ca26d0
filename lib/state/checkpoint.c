/* checkpoint.c - the directories under cp/, and what is left over (dir.h). */
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
#define TMP	 ".tmp."

/* cp/ or another one: a descriptor, or -1 with *none if it is not there. */
static int
open_sub(const struct weir_dir *d, const char *name, bool *none,
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
	int all = open_sub(d, "cp", &none, err), fd = -1;

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
	int fd = open_sub(d, "cp", &none, err), r;

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
	int fd = open_sub(d, where, &none, err), r;

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

/* Remove the files in fd that keep() does not want. */
static int
empty(int fd, bool (*keep)(const void *, const char *), const void *arg,
    struct weir_error *err)
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
	if (empty(fd, NULL, NULL, err) < 0)
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

/*
 * Remove all committed checkpoints but the newest keep, and what was never
 * committed: of any number if idle, else only below the newest committed one.
 * The highest number stays taken until there is a higher one, even if we die
 * before that: the next start goes by the names that it finds.
 */
static int
thin(const struct weir_dir *d, size_t keep, bool idle, struct weir_error *err)
{
	struct weir_cp *cps;
	size_t n, all, kept = 0;
	int r = weir_cp_list(d, &cps, &n, err);

	for (all = n; r == 1 && n-- > 0;) {
		bool highest_left = n + 1 == all && keep > 0;
		int committed = weir_cp_committed(d, cps[n], err);

		if (committed < 0)
			r = -1;
		else if (committed && kept < keep)
			kept++;
		else if (committed || (idle && !highest_left) || kept > 0)
			r = weir_cp_remove(d, cps[n], err);
	}
	free(cps);
	return r;
}

int
weir_dir_prune(const struct weir_dir *d, size_t keep, struct weir_error *err)
{
	return thin(d, keep < 1 ? 1 : keep, false, err);
}

/* What the kept manifests say of out/. */
struct wanted {
	size_t n;
	struct weir_manifest *m;
};

static bool
is_wanted(const void *arg, const char *name)
{
	const struct wanted *w = arg;

	for (size_t i = 0; i < w->n; i++)
		for (size_t k = 0; k < w->m[i].nsinks; k++)
			for (size_t f = 0; f < w->m[i].sinks[k].nfiles; f++)
				if (strcmp(w->m[i].sinks[k].files[f].file,
					name) == 0)
					return true;
	return false;
}

static bool
not_temporary(const void *arg, const char *name)
{
	(void)arg;
	return strncmp(name, TMP, strlen(TMP)) != 0;
}

/* Empty one directory of what keep() does not want, if it is there. */
static int
sweep_sub(const struct weir_dir *d, const char *name,
    bool (*keep)(const void *, const char *), const void *arg,
    struct weir_error *err)
{
	bool none;
	int fd = open_sub(d, name, &none, err), r;

	if (fd < 0)
		return none ? 1 : -1;
	r = empty(fd, keep, arg, err);
	close(fd);
	return r < 0 ? weir_dir_blame(d, "/", err) : 1;
}

/* Load the manifests that thin() kept; a damaged one stops the sweep. */
static int
load_wanted(const struct weir_dir *d, struct wanted *w, struct weir_error *err)
{
	struct weir_cp *cps;
	size_t n;
	int r = weir_cp_list(d, &cps, &n, err);

	*w = (struct wanted){0};
	if (r == 1)
		w->m = weir_calloc(n, sizeof *w->m);
	for (size_t i = 0; i < n && r == 1; i++) {
		r = weir_manifest_load(d, cps[i], &w->m[w->n], err);
		w->n += r == 1;
	}
	free(cps);
	return r < 0 ? -1 : 1;
}

int
weir_dir_sweep(const struct weir_dir *d, size_t keep, struct weir_error *err)
{
	struct wanted w;
	int r = thin(d, keep, true, err);

	if (r < 0)
		return -1;
	r = load_wanted(d, &w, err);
	if (r == 1)
		r = sweep_sub(d, "out", is_wanted, &w, err);
	if (r == 1 && keep == 0)
		r = sweep_sub(d, "side", NULL, NULL, err);
	if (r == 1)
		r = sweep_sub(d, "side", not_temporary, NULL, err);
	if (r == 1 && empty(d->fd, not_temporary, NULL, err) < 0)
		r = weir_dir_blame(d, "/", err);
	for (size_t i = 0; i < w.n; i++)
		weir_manifest_fini(&w.m[i]);
	free(w.m);
	return r;
}
