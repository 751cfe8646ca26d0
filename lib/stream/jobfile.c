#define _XOPEN_SOURCE 700 /* realpath */
#include "stream/jobfile.h"

#include "base/mem.h"
#include "base/text.h"
#include "event/source.h"
#include "state/snapshot.h"
#include "stream/recover.h"
#include "stream/visible.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SHOW 256

/*
 * The directory resolved, the name kept: a file that was rotated, or is not
 * there yet, has a path as well, and a link may be turned to another file.
 */
char *
weir_absolute(const char *path, struct weir_error *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *dir, *real, shown[SHOW];
	struct weir_buf out = {0};

	weir_show_into(shown, sizeof shown, path, strlen(path));
	if (*name == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0) {
		weir_fail(err, WEIR_USAGE, "%s: not the name of a file", shown);
		return NULL;
	}
	dir = slash == NULL ? weir_strdup(".")
	    : slash == path ? weir_strdup("/")
			    : weir_strndup(path, (size_t)(slash - path));
	real = realpath(dir, NULL);
	free(dir);
	if (real == NULL) {
		weir_fail_errno(err, "%s", shown);
		return NULL;
	}
	weir_buf_puts(&out, real);
	if (strcmp(real, "/") != 0)
		weir_buf_putc(&out, '/');
	weir_buf_puts(&out, name);
	free(real);
	return weir_buf_cstr(&out);
}

/* A source's path in the job file: weir_absolute(), or "-". */
static char *
source_name(const char *path, struct weir_error *err)
{
	return weir_pipe_nameless(path) ? weir_strdup("-")
					: weir_absolute(path, err);
}

/* A source must be there. */
static int
check_source(const char *path, struct weir_error *err)
{
	char shown[SHOW];
	struct stat st;

	weir_show_into(shown, sizeof shown, path, strlen(path));
	if (weir_pipe_nameless(path))
		return 1;
	if (stat(path, &st) == -1)
		return weir_fail_errno(err, "%s", shown);
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return weir_fail(
		    err, WEIR_USAGE, "%s: a source is a file or a pipe", shown);
	return 1;
}

char *
weir_jobfile_id(void)
{
	unsigned char secret[WEIR_HASH_SECRET];
	struct weir_digest d;
	char hex[33];

	weir_hash_secret(secret);
	d = weir_digest(secret, sizeof secret);
	weir_digest_print(d, hex);
	return weir_strdup(hex);
}

static int
begin_sources(
    const struct weir_roles *r, struct weir_job *job, struct weir_error *err)
{
	job->nsources = r->nsources;
	job->source_names = weir_calloc(r->nsources, sizeof(char *));
	job->source_paths = weir_calloc(r->nsources, sizeof(char *));
	for (size_t i = 0; i < r->nsources; i++) {
		job->source_names[i] = weir_strdup(r->source_names[i]);
		job->source_paths[i] = source_name(r->source_paths[i], err);
		if (job->source_paths[i] == NULL)
			return -1;
	}
	return 1;
}

static int
two_sinks(struct weir_error *err)
{
	return weir_fail(err, WEIR_USAGE,
	    "two sinks are the same file: each needs one of its own");
}

/*
 * The sink is made before the job says what length it had, so a job never names
 * one that is not there.
 */
int
weir_jobfile_sink(const struct weir_dir *d, const char *id,
    struct weir_job_sink *s, struct weir_error *err)
{
	struct weir_visible_config vc = {d, id, s->name, s->path, NULL};
	struct weir_visible *v = weir_visible_open(&vc, true, err);
	int got;

	if (v == NULL)
		return -1;
	got = weir_visible_base(v, &s->base, err);
	weir_visible_close(v);
	return got;
}

int
weir_jobfile_differ(const struct weir_job *job, struct weir_error *err)
{
	for (size_t i = 0; i < job->nsinks; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(job->sinks[k].path, job->sinks[i].path) == 0)
				return two_sinks(err);
	return 1;
}

static int
begin_sinks(const struct weir_dir *d, const struct weir_roles *r,
    struct weir_job *job, struct weir_error *err)
{
	int got = 1;

	job->sinks = weir_calloc(r->nsinks + 1, sizeof *job->sinks);
	for (size_t i = 0; i < r->nsinks; i++) {
		struct weir_job_sink *s = &job->sinks[job->nsinks++];

		s->name = weir_strdup(r->sink_names[i]);
		s->path = weir_visible_name(r->sink_paths[i], err);
		if (s->path == NULL)
			return -1;
	}
	got = weir_jobfile_differ(job, err);
	for (size_t i = 0; got == 1 && i < job->nsinks; i++)
		got = weir_jobfile_sink(d, job->id, &job->sinks[i], err);
	return got;
}

/*
 * A job that reads what it writes would never end, and a file that two write to
 * is nobody's. What is not there yet may still be: begin_sinks().
 */
int
weir_jobfile_apart(const struct weir_roles *r, struct weir_error *err)
{
	struct stat in, out;

	for (size_t i = 0; i < r->nsources; i++)
		for (size_t k = 0; k < r->nsinks; k++)
			if (stat(r->source_paths[i], &in) == 0 &&
			    stat(r->sink_paths[k], &out) == 0 &&
			    in.st_dev == out.st_dev && in.st_ino == out.st_ino)
				return weir_fail(err, WEIR_USAGE,
				    "source and sink are the same file");
	for (size_t i = 0; i < r->nsinks; i++)
		for (size_t k = 0; k < i; k++)
			if (stat(r->sink_paths[i], &in) == 0 &&
			    stat(r->sink_paths[k], &out) == 0 &&
			    in.st_dev == out.st_dev && in.st_ino == out.st_ino)
				return two_sinks(err);
	return 1;
}

/* A directory with checkpoints and no job is not one to begin in. */
static int
check_empty(const struct weir_dir *d, struct weir_error *err)
{
	struct weir_cp *cps = NULL;
	char shown[SHOW];
	size_t n = 0;

	if (weir_cp_list(d, &cps, &n, err) == -1)
		return -1;
	free(cps);
	if (n == 0)
		return 1;
	return weir_fail(err, WEIR_STATE,
	    "%s: there are checkpoints, but the file `job` is missing",
	    weir_show_into(shown, sizeof shown, d->path, strlen(d->path)));
}

/* As it is given: NAME=FILE, or FILE alone for the one without a name. */
static void
show_end(
    char out[SHOW], const char *name, const char *path, const char *standard)
{
	struct weir_buf text = {0};

	if (standard == NULL || strcmp(name, standard) != 0)
		weir_buf_printf(&text, "%s=", name);
	weir_buf_puts(&text, path);
	weir_show_into(out, SHOW, text.data, text.len);
	weir_buf_fini(&text);
}

static int
differs(const char *what, const char *option, const char *had, const char *now,
    struct weir_error *err)
{
	return weir_fail(err, WEIR_STATE,
	    "the %s of this job is %s, not %s: say %s %s, or begin another "
	    "job with another -d",
	    what, had, now, option, had);
}

/* Sources or sinks: what the job has, and what is given now. */
struct ends {
	const char *what, *option, *standard;
	size_t had, n;
	const char *const *had_names, *const *had_paths;
	const char *const *names, *const *paths;
	char *(*name)(const char *path, struct weir_error *err);
};

/* Which of those that the job has is called so? had if none is. */
static size_t
find_end(const struct ends *e, const char *name)
{
	size_t i = 0;

	while (i < e->had && strcmp(e->had_names[i], name) != 0)
		i++;
	return i;
}

/* The same names with the same files, in any order. */
static int
compare_ends(const struct ends *e, struct weir_error *err)
{
	char had[SHOW], now[SHOW];
	char *path;
	int same = 1;

	if (e->n != e->had)
		return weir_fail(err, WEIR_STATE,
		    "this job has %zu %s%s, not %zu: give the same ones, or "
		    "begin another job with another -d",
		    e->had, e->what, e->had == 1 ? "" : "s", e->n);
	for (size_t i = 0; same == 1 && i < e->n; i++) {
		size_t k = find_end(e, e->names[i]);
		const char *was;

		if (k == e->had)
			return weir_fail(err, WEIR_STATE,
			    "this job has no %s %s: give the same ones as "
			    "when it began, or begin another job with "
			    "another -d",
			    e->what, e->names[i]);
		path = e->name(e->paths[i], err);
		if (path == NULL)
			return -1;
		was = e->had_paths[k] != NULL ? e->had_paths[k] : "-";
		if (strcmp(was, path) != 0) {
			show_end(had, e->names[i], was, e->standard);
			show_end(now, e->names[i], path, e->standard);
			same = differs(e->what, e->option, had, now, err);
		}
		free(path);
	}
	return same;
}

int
weir_jobfile_same(const struct weir_roles *r, const struct weir_job *job,
    struct weir_error *err)
{
	const char **names = weir_calloc(job->nsinks + 1, sizeof *names);
	const char **paths = weir_calloc(job->nsinks + 1, sizeof *paths);
	struct ends sources = {"source", "-i", r->std_source, job->nsources,
	    r->nsources, (const char *const *)job->source_names,
	    (const char *const *)job->source_paths, r->source_names,
	    r->source_paths, source_name};
	struct ends sinks = {"sink", "-o", r->std_sink, job->nsinks, r->nsinks,
	    names, paths, r->sink_names, r->sink_paths, weir_visible_name};
	int same;

	for (size_t i = 0; i < job->nsinks; i++) {
		names[i] = job->sinks[i].name;
		paths[i] = job->sinks[i].path;
	}
	same = compare_ends(&sources, err);
	/* one that stands free is not known here, or not yet */
	if (same == 1 && job->nsinks > 0 && r->nsinks > 0)
		same = compare_ends(&sinks, err);
	free(names);
	free(paths);
	return same;
}

int
weir_jobfile_make(const struct weir_dir *d, const struct weir_roles *r,
    struct weir_job *job, struct weir_error *err)
{
	for (size_t i = 0; i < r->nsources; i++)
		if (check_source(r->source_paths[i], err) == -1)
			return -1;
	if (weir_jobfile_apart(r, err) == -1)
		return -1;
	job->id = weir_jobfile_id();
	return begin_sources(r, job, err) == -1 ? -1
						: begin_sinks(d, r, job, err);
}

int
weir_jobfile_open(const struct weir_dir *d, const struct weir_roles *r,
    struct weir_job *job, struct weir_error *err)
{
	int got;

	*job = (struct weir_job){0};
	got = weir_job_load(d, job, err);
	if (got == -1)
		return -1;
	if (got == 1)
		return weir_jobfile_same(r, job, err);
	if (check_empty(d, err) == -1)
		return -1;
	if (weir_jobfile_make(d, r, job, err) == -1)
		return -1;
	return weir_job_save(d, job, err);
}
