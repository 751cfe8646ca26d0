/*
 * visibledir.c - a directory of part files, which are there only when finished.
 *
 * Bytes go to unfinished parts in a hidden directory inside; then the
 * bookkeeping there says that they count, and which parts are finished; then
 * those are moved to their names. After a crash either the bookkeeping is that
 * of before, and the log is applied again, or what is left to do is to move
 * what has not been moved. A finished part is never looked at again: it is the
 * reader's, who may have taken it away.
 */
#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "stream/rollapply.h"
#include "stream/visible.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW	     256
#define PART	     "part-"
#define NAME_MAX_LEN 64

struct parts {
	const struct weir_visible_config *c;
	int fd, hidden;
	bool known; /* the bookkeeping was read */
	struct weir_rollstate s;
	char shown[SHOW];
};

/* --- opening --- */

static int
blame(const struct parts *p, struct weir_error *err)
{
	struct weir_error why = *err;

	return weir_fail(err, why.status, "%s: %.700s", p->shown, why.text);
}

/* One that is there may be of a process that was killed before it synced. */
static int
make_dir(int at, const char *name, mode_t mode, struct weir_error *err)
{
	if (mkdirat(at, name, mode) == -1 && errno != EEXIST)
		return weir_fail_errno(err, "%s", name);
	if (fsync(at) == -1)
		return weir_fail_errno(err, "%s", name);
	return 1;
}

static int
open_top(struct parts *p, bool create, struct weir_error *err)
{
	size_t len = strlen(p->c->path);
	char *path = weir_strndup(p->c->path, len > 1 ? len - 1 : len);
	int got = 1;

	if (create && (mkdir(path, 0777) == 0 || errno == EEXIST))
		got = weir_visible_sync_parent(path, err);
	if (got == 1)
		p->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (got == 1 && p->fd == -1 && errno == ENOENT && !create)
		got = weir_fail(err, WEIR_STATE,
		    "%s: the sink is gone, but this job has written to it: "
		    "put it back, or begin anew with another -d",
		    p->shown);
	else if (got == 1 && p->fd == -1)
		got = weir_fail_errno(err, "%s", p->shown);
	free(path);
	return got;
}

static int
open_hidden(struct parts *p, bool create, struct weir_error *err)
{
	char name[NAME_MAX_LEN + 8];

	snprintf(name, sizeof name, ".weir-%.*s", NAME_MAX_LEN - 1, p->c->sink);
	if (create && make_dir(p->fd, name, 0700, err) == -1)
		return blame(p, err);
	p->hidden = openat(
	    p->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (p->hidden == -1 && errno == ENOENT)
		return weir_fail(err, WEIR_STATE,
		    "%s: its %s is gone, which says what was committed: put it "
		    "back, or begin anew with another -d and another directory",
		    p->shown, name);
	/* likewise what is found there: parts are moved by what it says */
	if (p->hidden == -1 || fsync(p->hidden) == -1)
		return weir_fail_errno(err, "%s%s", p->shown, name);
	return 1;
}

/* Are there part files that nobody keeps book of? 1, 0, -1. */
static int
has_parts(struct parts *p, struct weir_error *err)
{
	int fd = openat(p->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *e;
	int found = 0;

	if (dir == NULL) {
		if (fd != -1)
			close(fd);
		return weir_fail_errno(err, "%s", p->shown);
	}
	while (!found && (e = readdir(dir)) != NULL)
		found = strncmp(e->d_name, PART, strlen(PART)) == 0;
	closedir(dir);
	return found;
}

/* A job begins here: numbers go on where the job before has left them. */
static int
begin(struct parts *p, int found, struct weir_error *err)
{
	int others = found == 1 ? 0 : has_parts(p, err);

	if (others == -1)
		return -1;
	if (others == 1)
		return weir_fail(err, WEIR_STATE,
		    "%s: there are part files, but no record of them: give "
		    "another directory, or move them away",
		    p->shown);
	if (found == 1 && p->s.nopen > 0)
		return weir_fail(err, WEIR_STATE,
		    "%s: another job has %zu unfinished part%s there: let it "
		    "run to its end, give another directory, or remove its "
		    "`.weir-%s` and move its part files away",
		    p->shown, p->s.nopen, p->s.nopen == 1 ? "" : "s",
		    p->c->sink);
	if (found == 0)
		p->s.next = 1;
	free(p->s.job);
	free(p->s.sink);
	p->s.job = weir_strdup(p->c->job);
	p->s.sink = weir_strdup(p->c->sink);
	p->s.at = 0;
	return weir_rollstate_save(&p->s, p->hidden, err) == 1 ? 1
							       : blame(p, err);
}

/* What counts of unfinished parts must be there. */
static int
check_open(struct parts *p, struct weir_error *err)
{
	for (size_t i = 0; i < p->s.nopen; i++) {
		const struct weir_rollpart *part = &p->s.open[i];
		char name[WEIR_ROLL_NAME];
		struct stat st;

		weir_roll_name(part->n, name);
		if (part->len == 0)
			continue;
		if (fstatat(p->hidden, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
		    !S_ISREG(st.st_mode) || (uint64_t)st.st_size < part->len)
			return weir_fail(err, WEIR_STATE,
			    "%s.weir-%s/%s: an unfinished part of %" PRIu64
			    " bytes is not there whole: somebody changed it. "
			    "Put it back, or begin anew with another -d and "
			    "another directory",
			    p->shown, p->c->sink, name, part->len);
	}
	return 1;
}

static int
load(struct parts *p, bool create, struct weir_error *err)
{
	int found = weir_rollstate_load(&p->s, p->hidden, err);

	if (found == -1)
		return blame(p, err);
	if (found == 1 && strcmp(p->s.job, p->c->job) == 0)
		return check_open(p, err);
	if (create)
		return begin(p, found, err);
	if (found == 0)
		return weir_fail(err, WEIR_STATE,
		    "%s: the record of what was committed is gone: put it "
		    "back, or begin anew with another -d and another directory",
		    p->shown);
	return weir_fail(err, WEIR_STATE,
	    "%s: another job writes there now: give each a directory of its "
	    "own",
	    p->shown);
}

static void
dir_close(void *self)
{
	struct parts *p = self;

	if (p->hidden != -1)
		close(p->hidden);
	if (p->fd != -1)
		close(p->fd);
	weir_rollstate_fini(&p->s);
	free(p);
}

static int
dir_open(void **self, const struct weir_visible_config *c, bool create,
    struct weir_error *err)
{
	struct parts *p = weir_calloc(1, sizeof *p);

	*p = (struct parts){.c = c, .fd = -1, .hidden = -1};
	weir_show_into(p->shown, sizeof p->shown, c->path, strlen(c->path));
	if (open_top(p, create, err) == 1 && open_hidden(p, create, err) == 1 &&
	    load(p, create, err) == 1) {
		*self = p;
		return 1;
	}
	dir_close(p);
	return -1;
}

static int
dir_base(void *self, uint64_t *base, struct weir_error *err)
{
	struct parts *p = self;

	(void)err;
	*base = p->s.at;
	return 1;
}

static bool
dir_is(void *self, const struct stat *st)
{
	(void)self;
	(void)st;
	return false;
}

static const struct weir_rollstate *
dir_parts(void *self)
{
	struct parts *p = self;

	return &p->s;
}

/* --- finishing --- */

/* Open a directory beneath, made durably if need be: a descriptor or -1. */
static int
open_beneath(struct parts *p, const char *path, struct weir_error *err)
{
	int at = openat(p->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *copy = weir_strdup(path), *save = NULL;

	for (char *name = strtok_r(copy, "/", &save); name != NULL && at != -1;
	     name = strtok_r(NULL, "/", &save)) {
		int next = -1;

		if (make_dir(at, name, 0777, err) == 1) {
			next = openat(at, name,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
			if (next == -1)
				weir_fail_errno(err, "%s", path);
		}
		close(at);
		at = next;
	}
	free(copy);
	return at == -1 ? blame(p, err) : at;
}

/* 1 if it was moved, 0 if that was done before. */
static int
move_part(struct parts *p, const struct weir_rollpart *part, int to,
    struct weir_error *err)
{
	char from[WEIR_ROLL_NAME], name[NAME_MAX_LEN];

	weir_roll_name(part->n, from);
	snprintf(name, sizeof name, PART "%s%s", from,
	    part->seq ? ".json-seq" : ".json");
	if (faccessat(p->hidden, from, F_OK, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT
		    ? 0
		    : weir_fail_errno(err, "%s%s", p->shown, name);
	if (faccessat(to, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return weir_fail(err, WEIR_STATE,
		    "%s%s%s%s: is there, though it was not yet to be: somebody "
		    "else writes there; move it away",
		    p->shown, part->path, part->path[0] ? "/" : "", name);
	if (renameat(p->hidden, from, to, name) == -1)
		return weir_fail_errno(err, "%s%s", p->shown, name);
	WEIR_PROBE("parts.moved");
	return 1;
}

static int
close_synced(struct parts *p, int fd, struct weir_error *err)
{
	int got = fd == -1 || fsync(fd) == 0
	    ? 1
	    : weir_fail_errno(err, "%s", p->shown);

	if (fd != -1)
		close(fd);
	return got;
}

/* What was finished gets its name. */
static int
move_finished(struct parts *p, struct weir_error *err)
{
	const struct weir_rollstate *s = &p->s;
	int to = -1, got = 1;

	for (size_t i = 0; got != -1 && i < s->ndone; i++) {
		if (i == 0 || strcmp(s->done[i].path, s->done[i - 1].path)) {
			got = close_synced(p, to, err);
			to = -1;
			if (got == -1)
				break;
			to = open_beneath(p, s->done[i].path, err);
			if (to == -1)
				return -1;
		}
		got = move_part(p, &s->done[i], to, err);
	}
	if (got == -1) {
		close(to);
		return -1;
	}
	if (close_synced(p, to, err) == -1)
		return -1;
	if (s->ndone > 0 && fsync(p->hidden) == -1)
		return weir_fail_errno(err, "%s", p->shown);
	weir_rollstate_settle(&p->s);
	return 1;
}

/* --- forwarding --- */

static int
apply_all(
    struct parts *p, const struct weir_manifest_sink *m, struct weir_error *err)
{
	struct weir_rollapply *a = weir_rollapply_new(&p->s, p->hidden);
	int got = 1, fd;

	for (size_t i = 0; got == 1 && i < m->nfiles; i++) {
		got = weir_sink_pending(p->c->dir, &m->files[i], &fd, err);
		if (got == 0)
			got = weir_fail(err, WEIR_STATE,
			    "%s: what was committed lacks there, and the "
			    "pending file %s/out/%s is gone: restore it",
			    p->shown, p->c->dir->path, m->files[i].file);
		if (got != 1)
			break;
		got = weir_rollapply_log(a, fd, m->files[i].len, err);
		close(fd);
		if (got == -1)
			blame(p, err);
	}
	WEIR_PROBE("parts.appended");
	if (got == 1 && weir_rollapply_sync(a, err) == -1)
		got = blame(p, err);
	weir_rollapply_free(a);
	return got;
}

static int
dir_forward(
    void *self, const struct weir_manifest_sink *m, struct weir_error *err)
{
	uint64_t end = weir_sink_committed(m);
	struct parts *p = self;

	if (p->s.at != end) {
		if (p->s.at != m->base)
			return weir_fail(err, WEIR_STATE,
			    "%s: its record says that %" PRIu64
			    " bytes were taken over, not %" PRIu64
			    ": somebody changed it. Put the committed output "
			    "back, or begin anew with another -d and a new "
			    "sink",
			    p->shown, p->s.at, m->base);
		/* moved long ago, by this process or the recovery before it */
		weir_rollstate_settle(&p->s);
		if (apply_all(p, m, err) == -1)
			return -1;
		WEIR_PROBE("parts.synced");
		p->s.at = end;
		if (weir_rollstate_save(&p->s, p->hidden, err) == -1)
			return blame(p, err);
		WEIR_PROBE("parts.counted");
	}
	if (p->s.ndone > 0 && move_finished(p, err) == -1)
		return -1;
	return weir_sink_settle(p->c->dir, m, err);
}

static int
dir_verify(const struct weir_visible_config *c,
    const struct weir_manifest_sink *m, struct weir_error *err)
{
	void *self;
	struct parts *p;
	bool reaches;

	if (dir_open(&self, c, false, err) == -1)
		return -1;
	p = self;
	reaches = p->s.at == m->base || p->s.at >= weir_sink_committed(m);
	dir_close(p);
	return reaches ? 1
		       : weir_fail(err, WEIR_STATE,
			     "its record is not of what was committed");
}

static bool
dir_is_new(const struct weir_visible_config *c, const uint64_t *base)
{
	struct parts p = {.c = c, .fd = -1, .hidden = -1};
	struct weir_error err;
	bool is_new;

	(void)base;
	if (open_top(&p, false, &err) == -1)
		return err.status == WEIR_STATE;
	is_new = has_parts(&p, &err) == 0 &&
	    (open_hidden(&p, false, &err) == -1
		    ? err.status == WEIR_STATE
		    : weir_rollstate_load(&p.s, p.hidden, &err) == 1 &&
			p.s.at == 0);
	weir_rollstate_fini(&p.s);
	if (p.hidden != -1)
		close(p.hidden);
	close(p.fd);
	return is_new;
}

const struct weir_visible_ops weir_visible_dir = {
    .open = dir_open,
    .close = dir_close,
    .base = dir_base,
    .is = dir_is,
    .forward = dir_forward,
    .verify = dir_verify,
    .is_new = dir_is_new,
    .parts = dir_parts,
};
