/* side.c - which stage a side file belongs to (dir.h). */
#include "base/mem.h"
#include "base/text.h"
#include "state/dir.h"
#include "state/inside.h"
#include "state/publish.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a claim says. */
struct claim {
	char *path, *stage;
};

static void
claim_fini(struct claim *c)
{
	free(c->path);
	free(c->stage);
	*c = (struct claim){0};
}

/* 1, 0 if there is none, -1. */
static int
load(int dir, const char *name, struct claim *c, struct weir_error *err)
{
	struct weir_record r;
	int got = weir_record_load(&r, dir, name, WEIR_SIDE_MAX, err);

	*c = (struct claim){0};
	if (got != 1)
		return got;
	if (weir_record_kind(&r, "side") < 0 ||
	    weir_record_str(&r, r.map, "path", &c->path) < 0 ||
	    weir_record_str(&r, r.map, "stage", &c->stage) < 0)
		got = -1;
	weir_record_fini(&r);
	if (got < 0)
		claim_fini(c);
	return got;
}

static int
save(int dir, const char *name, const struct claim *c, bool over,
    struct weir_error *err)
{
	struct weir_buf b = {0};
	int r;

	weir_record_begin(&b, "side");
	weir_record_put_str(&b, "path", c->path);
	weir_record_put_str(&b, "stage", c->stage);
	weir_buf_putc(&b, '}');
	weir_record_seal(&b);
	r = over ? weir_publish_over(dir, name, b.data, b.len, err)
		 : weir_publish(dir, name, b.data, b.len, err);
	weir_buf_fini(&b);
	return r;
}

/* The claimed file is gone, and its inode serves another file by now. */
static bool
stale(const struct claim *c, const struct stat *now)
{
	struct stat st;

	return stat(c->path, &st) != 0 || st.st_dev != now->st_dev ||
	    st.st_ino != now->st_ino;
}

/* Ours already: 0, ours now: 1, another stage's: -1. */
static int
settle(int dir, const char *name, const struct claim *ours,
    const struct stat *st, struct weir_error *err)
{
	char shown[WEIR_SHOWN], a[WEIR_SHOWN], b[WEIR_SHOWN];
	struct weir_error why;
	struct claim was;
	int r = load(dir, name, &was, err);

	if (r < 0)
		return -1;
	if (r == 0) {
		if (save(dir, name, ours, false, &why) == 1)
			return 1;
		/* another may have been quicker */
		r = load(dir, name, &was, err);
		if (r < 0)
			return -1;
		if (r == 0)
			return weir_fail(err, why.status, "%s", why.text);
	}
	if (strcmp(was.stage, ours->stage) == 0)
		r = 0;
	else if (stale(&was, st))
		r = save(dir, name, ours, true, err);
	else
		r = weir_fail(err, WEIR_USAGE,
		    "%s: both %s and %s write to this side file: give each a "
		    "file of its own",
		    weir_show_into(
			shown, sizeof shown, ours->path, strlen(ours->path)),
		    weir_show_into(a, sizeof a, was.stage, strlen(was.stage)),
		    weir_show_into(
			b, sizeof b, ours->stage, strlen(ours->stage)));
	claim_fini(&was);
	return r;
}

static bool
is_file(const char *path, const struct stat *st)
{
	struct stat now;

	return path != NULL && stat(path, &now) == 0 &&
	    now.st_dev == st->st_dev && now.st_ino == st->st_ino;
}

/* What the job reads or commits to is not to be emptied. */
static int
check_apart(const struct weir_dir *d, const char *path, const struct stat *st,
    struct weir_error *err)
{
	char shown[WEIR_SHOWN];
	const char *what = NULL;
	struct weir_job job;
	int r = weir_job_load(d, &job, err);

	if (r <= 0)
		return r;
	for (size_t i = 0; i < job.nsources; i++)
		if (is_file(job.source_paths[i], st))
			what = "source";
	for (size_t i = 0; i < job.nsinks; i++)
		if (is_file(job.sinks[i].path, st))
			what = "sink";
	weir_job_fini(&job);
	if (what == NULL)
		return 1;
	return weir_fail(err, WEIR_USAGE,
	    "%s: it is the %s of this job: a side file needs a file of its own",
	    weir_show_into(shown, sizeof shown, path, strlen(path)), what);
}

int
weir_side_claim(const struct weir_dir *d, int fd, const char *path,
    const char *stage, struct weir_error *err)
{
	struct claim ours = {0};
	struct stat st;
	char name[64], *full;
	int dir, r;

	if (fstat(fd, &st) != 0)
		return weir_fail_errno(err, "side file");
	if (check_apart(d, path, &st, err) < 0)
		return -1;
	dir = weir_dir_sub(d, "side", true, err);
	if (dir < 0)
		return -1;
	full = weir_path_absolute(path, err);
	if (full == NULL) {
		close(dir);
		return -1;
	}
	ours.path = full;
	ours.stage = weir_strdup(stage);
	snprintf(name, sizeof name, "%" PRIu64 "-%" PRIu64, (uint64_t)st.st_dev,
	    (uint64_t)st.st_ino);
	r = settle(dir, name, &ours, &st, err);
	claim_fini(&ours);
	close(dir);
	if (r < 0 && err != NULL && err->status != WEIR_USAGE)
		return weir_dir_blame(d, "/side/", err);
	return r;
}
