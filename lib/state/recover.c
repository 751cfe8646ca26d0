/* recover.c - which checkpoint to go on from (dir.h). */
#include "base/text.h"
#include "state/dir.h"
#include "state/inside.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A damaged checkpoint may be passed over only if nothing of its output has
 * become visible: what an older one gives then is what it would have given.
 * Any doubt counts as visible.
 */

static const struct weir_manifest_sink *
sink_of(const struct weir_manifest *m, const char *name)
{
	for (size_t i = 0; i < m->nsinks; i++)
		if (strcmp(m->sinks[i].name, name) == 0)
			return &m->sinks[i];
	return NULL;
}

/* Are all pending files of a damaged checkpoint, as far as it says, there? */
static bool
pending_there(const struct weir_dir *d, struct weir_cp cp)
{
	struct weir_manifest m;
	struct stat st;
	bool all = true;
	int out;

	if (weir_manifest_load(d, cp, &m, NULL) != 1)
		return true; /* unreadable: the sinks' lengths must tell */
	out = weir_dir_sub(d, "out", false, NULL);
	for (size_t i = 0; i < m.nsinks; i++)
		for (size_t k = 0; k < m.sinks[i].nfiles && all; k++)
			all = out >= 0 &&
			    fstatat(out, m.sinks[i].files[k].file, &st,
				AT_SYMLINK_NOFOLLOW) == 0;
	if (out >= 0)
		close(out);
	weir_manifest_fini(&m);
	return all;
}

/* Is it of these sinks, and has every one no more than the older checkpoint committed? */
static bool
within(const struct weir_dir *d, const struct weir_manifest *older)
{
	struct weir_job job;
	bool good;

	if (weir_job_load(d, &job, NULL) != 1)
		return false;
	good = weir_branch_same(job.branch, older->branch);
	for (size_t i = 0; i < job.nsinks && good; i++) {
		const struct weir_job_sink *s = &job.sinks[i];
		const struct weir_manifest_sink *was = sink_of(older, s->name);
		uint64_t end = was != NULL ? weir_sink_committed(was) : s->base;
		struct stat st;

		good = s->path != NULL && stat(s->path, &st) == 0 &&
		    S_ISREG(st.st_mode) && (uint64_t)st.st_size <= end;
	}
	weir_job_fini(&job);
	return good;
}

static int
refuse(struct weir_cp cp, const struct weir_error *why,
    const struct weir_manifest *older, struct weir_error *err)
{
	char text[WEIR_CP_TEXT];

	weir_cp_print(cp, text);
	return weir_fail(err, WEIR_STATE,
	    "checkpoint %s is damaged, %s:\n"
	    "  %.600s\n"
	    "restore the state directory from a copy, or begin anew with "
	    "another -d and a new sink",
	    text,
	    older != NULL ? "and its output may be visible already"
			  : "and no older one is whole",
	    why->text);
}

/* 1 if cp is whole, 0 if it was never committed, -1 with *why. */
static int
try(const struct weir_dir *d, struct weir_cp cp, struct weir_manifest *m,
    struct weir_error *why)
{
	int r = weir_manifest_load(d, cp, m, why);

	if (r == 1 && weir_manifest_verify(d, m, why) < 0) {
		weir_manifest_fini(m);
		r = -1;
	}
	return r;
}

static int
find(const struct weir_dir *d, struct weir_manifest *m, struct weir_error *err)
{
	struct weir_error why, first = {0};
	struct weir_cp *cps, newest = {0, 0};
	size_t n, bad = 0;
	bool hidden = true;
	int r;

	*m = (struct weir_manifest){0};
	if (weir_cp_list(d, &cps, &n, err) < 0)
		return -1;
	for (r = 0; r == 0 && n-- > 0;) {
		r = try(d, cps[n], m, &why);
		if (r >= 0)
			continue;
		if (why.status != WEIR_STATE) { /* I/O: no verdict at all */
			weir_fail(err, why.status, "%s", why.text);
			break;
		}
		if (bad++ == 0) {
			first = why;
			newest = cps[n];
		}
		hidden = hidden && pending_there(d, cps[n]);
		r = 0;
	}
	free(cps);
	if (r < 0 || bad == 0)
		return r;
	if (r == 1 && hidden && within(d, m))
		return 1;
	refuse(newest, &first, r == 1 ? m : NULL, err);
	weir_manifest_fini(m);
	return -1;
}

/* fsync a directory of the state; one that is not there has no names. */
static int
sync_sub(const struct weir_dir *d, const char *name, struct weir_error *err)
{
	struct weir_error why = {0};
	int fd = weir_dir_sub(d, name, false, &why), r = 1;

	if (fd < 0)
		return why.status == WEIR_OK
		    ? 1
		    : weir_fail(err, why.status, "%s", why.text);
	if (fsync(fd) != 0) {
		weir_fail_errno(err, "%s", name);
		r = weir_dir_blame(d, "/", err);
	}
	close(fd);
	return r;
}

/*
 * The run that committed it may have been killed before the names that it gave
 * were durable: what becomes visible now must not outlast them.
 */
static int
keep_names(const struct weir_dir *d, struct weir_cp cp, struct weir_error *err)
{
	char text[WEIR_CP_TEXT], name[WEIR_CP_TEXT + 3];

	weir_cp_print(cp, text);
	snprintf(name, sizeof name, "cp/%s", text);
	return sync_sub(d, name, err) == 1 && sync_sub(d, "cp", err) == 1
	    ? sync_sub(d, "out", err)
	    : -1;
}

int
weir_dir_recover(
    const struct weir_dir *d, struct weir_manifest *m, struct weir_error *err)
{
	int r = find(d, m, err);

	if (r == 1 && keep_names(d, m->cp, err) == -1) {
		weir_manifest_fini(m);
		return -1;
	}
	return r;
}
