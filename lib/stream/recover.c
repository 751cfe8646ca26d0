#include "stream/recover.h"

#include "base/probe.h"
#include "stream/visible.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- roll forward --- */

static const struct weir_manifest_sink *
sink_of(const struct weir_manifest *m, const char *name)
{
	for (size_t i = 0; m != NULL && i < m->nsinks; i++)
		if (strcmp(m->sinks[i].name, name) == 0)
			return &m->sinks[i];
	return NULL;
}

/* Open sink k, with what m (NULL: nothing was) committed to it. */
static struct weir_visible *
open_sink(struct weir_visible_config *vc, const struct weir_job_sink *js,
    const struct weir_manifest *m, struct weir_manifest_sink *ms,
    struct weir_error *err)
{
	const struct weir_manifest_sink *known = sink_of(m, js->name);

	*ms = (struct weir_manifest_sink){.name = js->name, .base = js->base};
	if (known != NULL)
		*ms = *known;
	vc->sink = js->name;
	vc->path = js->path;
	return weir_visible_open(vc, weir_sink_committed(ms) == 0, err);
}

/* Before the roll forward; a line that a crash cut through goes in any case. */
static int
cut_tail(const struct weir_job *job, struct weir_visible *v,
    struct weir_manifest_sink *ms, struct weir_error *err)
{
	ms->tail = job->writes == WEIR_WRITES_REPEATS;
	return job->writes == WEIR_WRITES_COMMITTED
	    ? 1
	    : weir_visible_cut(v, ms, ms->tail, err);
}

/* m NULL: nothing was committed. */
static int
forward(const struct weir_dir *d, const struct weir_job *job,
    const struct weir_manifest *m, const struct weir_patience *patience,
    struct weir_error *err)
{
	for (size_t i = 0; i < job->nsinks; i++) {
		struct weir_visible_config vc = {
		    .dir = d, .job = job->id, .patience = patience};
		struct weir_manifest_sink ms;
		struct weir_visible *v;
		int r;

		if (job->sinks[i].path == NULL)
			continue;
		v = open_sink(&vc, &job->sinks[i], m, &ms, err);
		if (v == NULL)
			return -1;
		r = cut_tail(job, v, &ms, err);
		if (r == 1)
			r = weir_visible_forward(v, &ms, err);
		if (r == 1 && m != NULL && m->final != 0)
			r = weir_visible_finish(v, err);
		weir_visible_close(v);
		if (r == -1)
			return -1;
		WEIR_PROBE("recover.forwarded");
	}
	return 1;
}

/* --- how sinks are written --- */

static int
cut_all(const struct weir_dir *d, const struct weir_job *job,
    const struct weir_manifest *m, struct weir_error *err)
{
	for (size_t i = 0; i < job->nsinks; i++) {
		struct weir_visible_config vc = {.dir = d, .job = job->id};
		struct weir_manifest_sink ms;
		struct weir_visible *v;
		int r;

		if (job->sinks[i].path == NULL)
			continue;
		v = open_sink(&vc, &job->sinks[i], m, &ms, err);
		r = v == NULL ? -1 : weir_visible_cut(v, &ms, false, err);
		weir_visible_close(v);
		if (r == -1)
			return -1;
	}
	return 1;
}

int
weir_recover_turn(const struct weir_dir *d, struct weir_job *job,
    const struct weir_manifest *m, enum weir_writes writes,
    struct weir_error *err)
{
	if (job->writes == writes)
		return 1;
	if (job->writes == WEIR_WRITES_REPEATS && cut_all(d, job, m, err) == -1)
		return -1;
	WEIR_PROBE("recover.turns");
	job->writes = writes;
	if (weir_job_save(d, job, err) == -1)
		return -1;
	WEIR_PROBE("recover.turned");
	return 1;
}

/* --- sweep --- */

/* FIFOs of dead incarnations. */
static void
empty_run(const struct weir_dir *d)
{
	int fd = weir_run_open(d, NULL);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *e;
	struct stat st;

	if (dir == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((e = readdir(dir)) != NULL)
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISFIFO(st.st_mode))
			unlinkat(fd, e->d_name, 0);
	closedir(dir);
}

int
weir_recover(const struct weir_dir *d, const struct weir_job *job,
    struct weir_manifest *m, uint64_t *next,
    const struct weir_patience *patience, struct weir_error *err)
{
	int found;

	*m = (struct weir_manifest){0};
	/* before names are swept away, since a number is never used again */
	if (weir_cp_next(d, next, err) == -1)
		return -1;
	found = weir_dir_recover(d, m, err);
	if (found == -1)
		return -1;
	WEIR_PROBE("recover.found");
	if (forward(d, job, found ? m : NULL, patience, err) == -1) {
		weir_manifest_fini(m);
		return -1;
	}
	/* if that fails, the next start tries again */
	weir_dir_sweep(d, SIZE_MAX, NULL);
	empty_run(d);
	WEIR_PROBE("recover.swept");
	return found;
}
