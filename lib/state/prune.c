/* prune.c - old checkpoints, and what is left over, go (dir.h). */
#include "base/mem.h"
#include "state/dir.h"
#include "state/inside.h"
#include "state/save.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* --- by hand --- */

/* Did somebody else remove it meanwhile? */
static bool
gone(const struct weir_dir *d, struct weir_cp cp)
{
	char name[WEIR_CP_TEXT];
	struct stat st;
	bool none, is;
	int all = weir_dir_have(d, "cp", &none, NULL);

	weir_cp_print(cp, name);
	is =
	    all >= 0 ? fstatat(all, name, &st, AT_SYMLINK_NOFOLLOW) != 0 : none;
	if (all >= 0)
		close(all);
	return is;
}

/* 1 whole, 0 damaged or never committed, -1 nobody can tell. */
static int
is_whole(const struct weir_dir *d, struct weir_cp cp, struct weir_error *err)
{
	struct weir_error why;
	struct weir_manifest m;
	int r = weir_manifest_load(d, cp, &m, &why);

	if (r == 1) {
		r = weir_manifest_verify(d, &m, &why);
		weir_manifest_fini(&m);
	}
	if (r < 0 && why.status != WEIR_STATE)
		return weir_fail(err, why.status, "%s", why.text);
	return r == 1;
}

static int
remove_one(const struct weir_dir *d, struct weir_cp cp, weir_removed *removed,
    void *ctx, struct weir_error *err)
{
	int committed = weir_cp_committed(d, cp, err);

	if (committed < 0 || weir_cp_remove(d, cp, err) < 0)
		return gone(d, cp) ? 1 : -1;
	if (committed)
		removed(ctx, cp);
	return 1;
}

/*
 * Only what is whole counts as kept: a job lives on the newest of those. What is
 * newer and damaged may have visible output, so recovery has to judge it; and
 * what is newer and not committed may be under way.
 */
int
weir_dir_tidy(const struct weir_dir *d, size_t keep, weir_removed *removed,
    void *ctx, struct weir_error *err)
{
	struct weir_cp *cps;
	size_t n, kept = 0;
	int r = weir_cp_list(d, &cps, &n, err);

	if (keep < 1)
		keep = 1;
	while (r == 1 && n-- > 0) {
		int whole = kept < keep ? is_whole(d, cps[n], err) : 0;

		if (whole < 0)
			r = gone(d, cps[n]) ? 1 : -1;
		else if (whole)
			kept++;
		else if (kept > 0)
			r = remove_one(d, cps[n], removed, ctx, err);
	}
	free(cps);
	return r < 0 ? -1 : weir_save_sweep(d, err);
}

/* --- what is left over --- */

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
	return strncmp(name, WEIR_TMP, strlen(WEIR_TMP)) != 0;
}

/* Empty one directory of what keep() does not want, if it is there. */
static int
sweep_sub(const struct weir_dir *d, const char *name,
    bool (*keep)(const void *, const char *), const void *arg,
    struct weir_error *err)
{
	bool none;
	int fd = weir_dir_have(d, name, &none, err), r;

	if (fd < 0)
		return none ? 1 : -1;
	r = weir_dir_empty(fd, keep, arg, err);
	close(fd);
	return r < 0 ? weir_dir_blame(d, "/", err) : 1;
}

int
weir_dir_forget(const struct weir_dir *d, struct weir_error *err)
{
	if (sweep_sub(d, "side", NULL, NULL, err) < 0)
		return -1;
	return sweep_sub(d, "spool", NULL, NULL, err);
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
		r = weir_dir_forget(d, err);
	if (r == 1)
		r = sweep_sub(d, "side", not_temporary, NULL, err);
	if (r == 1 && weir_dir_empty(d->fd, not_temporary, NULL, err) < 0)
		r = weir_dir_blame(d, "/", err);
	if (r == 1)
		r = weir_save_sweep(d, err);
	for (size_t i = 0; i < w.n; i++)
		weir_manifest_fini(&w.m[i]);
	free(w.m);
	return r;
}
