#include "stream/origin.h"

#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "state/save.h"
#include "stream/inspect.h"
#include "stream/jobfile.h"
#include "stream/recover.h"
#include "stream/visible.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SHOW 256

/* A start from elsewhere: what there was, and what is to be. */
struct start {
	const struct weir_dir *d;
	const struct weir_roles *r;
	const struct weir_origin *from;
	struct weir_error *err;
	/* the job as it was: 1, 0 there is none, -1 damaged */
	int known;
	struct weir_job had;
	/* what its sinks are up to: 1, 0 nothing was committed, -1 with why */
	int recovered;
	struct weir_manifest newest;
	struct weir_error why;
	/* where to begin; without parts, anew */
	int fd;
	struct weir_manifest chosen;
	struct weir_job job; /* as it is to be */
};

static void
start_fini(struct start *s)
{
	weir_job_fini(&s->had);
	weir_job_fini(&s->job);
	weir_manifest_fini(&s->newest);
	weir_manifest_fini(&s->chosen);
	if (s->fd != -1)
		close(s->fd);
}

/* What was committed belongs into the old sinks, if that still can be. */
static void
look_back(struct start *s)
{
	uint64_t next;

	s->known = weir_job_load(s->d, &s->had, &s->why);
	s->recovered = s->known;
	if (s->known == 1)
		s->recovered = weir_recover(s->d, &s->had, &s->newest, &next,
		    s->from->patience, &s->why);
	WEIR_PROBE("from.forwarded");
}

/* --- sinks --- */

static const struct weir_manifest_sink *
sink_of(const struct weir_manifest *m, const char *name)
{
	for (size_t i = 0; i < m->nsinks; i++)
		if (strcmp(m->sinks[i].name, name) == 0)
			return &m->sinks[i];
	return NULL;
}

/* How long sink k of the job was when m was committed. */
static uint64_t
committed(const struct weir_manifest *m, const struct weir_job_sink *k)
{
	const struct weir_manifest_sink *s = sink_of(m, k->name);

	return s != NULL ? weir_sink_committed(s) : k->base;
}

static bool
is_at(const struct weir_job_sink *k, const char *path)
{
	return k->path != NULL && strcmp(k->path, path) == 0;
}

/* The file that is given now for a sink of the job: malloc'd, NULL with *err. */
static char *
given(struct start *s, const char *name, struct weir_error *err)
{
	for (size_t i = 0; i < s->r->nsinks; i++)
		if (strcmp(s->r->sink_names[i], name) == 0)
			return weir_visible_name(s->r->sink_paths[i], err);
	weir_fail(err, WEIR_STATE,
	    "this job has a sink %s: give the same ones as when it began, or "
	    "begin another job with another -d",
	    name);
	return NULL;
}

/* Are all sinks those that the job has? */
static bool
same_sinks(struct start *s)
{
	struct weir_error ignored;
	bool same = s->known == 1 && s->had.nsinks == s->r->nsinks;

	for (size_t i = 0; same && i < s->had.nsinks; i++) {
		char *path = given(s, s->had.sinks[i].name, &ignored);

		same = path != NULL && is_at(&s->had.sinks[i], path);
		free(path);
	}
	return same;
}

static int
not_new(struct start *s, const char *path)
{
	static const char *const how[] = {"", "to begin anew",
	    "to go back to that checkpoint", "to go back to that savepoint"};
	bool ours = false;
	char shown[SHOW];

	for (size_t i = 0; s->known == 1 && i < s->had.nsinks; i++)
		ours = ours || is_at(&s->had.sinks[i], path);
	return weir_fail(s->err, WEIR_STATE,
	    "%s: %s needs a new sink, or what is in there would come a second "
	    "time: say another -o, that is not there or empty%s",
	    weir_show_into(shown, sizeof shown, path, strlen(path)),
	    how[s->from->kind],
	    !ours ? ""
		: s->from->rewinds
		? ", or leave out --rewind to go on where the job was"
		: ", or leave out --from to go on where the job was");
}

/* Has the job, if there was one, written nothing there? */
static bool
is_new(struct start *s, const char *name, const char *path)
{
	struct weir_visible_config c = {.job = s->known == 1 ? s->had.id : NULL,
	    .sink = name,
	    .path = path};

	if (s->known == 0)
		return true;
	for (size_t i = 0; s->known == 1 && i < s->had.nsinks; i++)
		if (is_at(&s->had.sinks[i], path))
			return weir_visible_is_new(&c, &s->had.sinks[i].base);
	return weir_visible_is_new(&c, NULL);
}

/* --- the step that counts --- */

static int64_t
wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Commit the chosen parts with the job that is to be. */
static int
commit(struct start *s, struct weir_manifest_sink *sinks)
{
	struct weir_manifest m = {.cp = {.epoch = s->d->epoch},
	    .time_ns = wall_ns(),
	    .nparts = s->chosen.nparts,
	    .parts = s->chosen.parts,
	    .nsinks = s->job.nsinks,
	    .sinks = sinks,
	    .branch = s->job.branch,
	    .job = &s->job};

	/* one that is complete stays so; what was suspended goes on */
	if (s->chosen.final == 1 + WEIR_COMPLETE)
		m.final = s->chosen.final;
	if (weir_cp_next(s->d, &m.cp.n, s->err) == -1 ||
	    weir_cp_link(s->d, s->fd, &m, s->err) != 1)
		return -1;
	WEIR_PROBE("from.linked");
	if (weir_manifest_save(s->d, &m, s->err) == -1)
		return -1;
	WEIR_PROBE("from.committed");
	return weir_origin_settle(s->d, s->err);
}

/* The newest manifest that was committed; 0 if none can be read. */
static int
load_newest(
    const struct weir_dir *d, struct weir_manifest *m, struct weir_error *err)
{
	struct weir_cp *cps;
	size_t n;
	int got = weir_cp_list(d, &cps, &n, err);

	if (got == -1)
		return -1;
	for (got = 0; got == 0 && n-- > 0;)
		got = weir_manifest_load(d, cps[n], m, NULL);
	free(cps);
	return got == 1; /* a damaged one is for recovery to judge */
}

/*
 * What is forgotten first: side files must belong to nobody any more, and what
 * pipes gave be gone, before the job file says that all is done.
 */
int
weir_origin_settle(const struct weir_dir *d, struct weir_error *err)
{
	struct weir_manifest m;
	struct weir_job job;
	int got = load_newest(d, &m, err);

	if (got != 1)
		return got == 0 ? 1 : -1;
	if (m.job == NULL)
		goto out;
	got = weir_job_load(d, &job, NULL) != 1 || !weir_job_equal(&job, m.job);
	weir_job_fini(&job);
	if (got == 1 && m.nparts == 0)
		got = weir_dir_forget(d, err);
	if (got == 1) {
		WEIR_PROBE("from.forgotten");
		got = weir_job_save(d, m.job, err);
		WEIR_PROBE("from.settled");
	}
out:
	weir_manifest_fini(&m);
	return got == -1 ? -1 : 1;
}

/* --- anew --- */

static int
check_new(struct start *s)
{
	int got = 1;

	for (size_t i = 0; got == 1 && i < s->r->nsinks; i++) {
		char *path = weir_visible_name(s->r->sink_paths[i], s->err);

		if (path == NULL)
			return -1;
		if (!is_new(s, s->r->sink_names[i], path))
			got = not_new(s, path);
		free(path);
	}
	return got;
}

/* Is it this replay that the job is in, with all its output there? */
static bool
rewound(struct start *s)
{
	struct weir_error ignored;

	return s->from->rewinds && s->known == 1 && s->had.rewinds &&
	    s->had.rewind_ns == s->from->rewind_ns && s->recovered != -1 &&
	    same_sinks(s) && weir_jobfile_same(s->r, &s->had, &ignored) == 1;
}

static int
begin_anew(struct start *s)
{
	struct weir_manifest_sink *sinks;
	int got;

	if (rewound(s))
		return 0;
	if (check_new(s) == -1 ||
	    weir_jobfile_make(s->d, s->r, &s->job, s->err) == -1)
		return -1;
	s->job.branch = weir_jobfile_id();
	s->job.rewinds = s->from->rewinds;
	s->job.rewind_ns = s->from->rewind_ns;
	sinks = weir_calloc(s->job.nsinks + 1, sizeof *sinks);
	for (size_t i = 0; i < s->job.nsinks; i++) {
		sinks[i].name = s->job.sinks[i].name;
		sinks[i].base = s->job.sinks[i].base;
	}
	got = commit(s, sinks);
	free(sinks);
	return got == 1 ? weir_dir_sweep(s->d, 1, s->err) : -1;
}

/* --- from a checkpoint or a savepoint --- */

static int
choose(struct start *s)
{
	struct weir_inspect_from from = {.n = s->from->n};
	int got;

	if (s->from->kind == WEIR_ORIGIN_SAVEPOINT)
		from.name = s->from->name;
	got = weir_inspect_open(s->d, &from, &s->chosen, &s->fd, s->err);
	if (got == 1)
		got = from.name != NULL
		    ? weir_save_verify(
			  s->d, from.name, s->fd, &s->chosen, s->err)
		    : weir_manifest_verify(s->d, &s->chosen, s->err);
	return got == 1 ? 1 : -1;
}

static bool
same_cp(const struct weir_cp *a, const struct weir_cp *b)
{
	return a->n == b->n && a->epoch == b->epoch;
}

/*
 * Did the job begin there, in these sinks? A checkpoint may be too old to be
 * kept by now; its number is enough.
 */
static bool
began_there(struct start *s, const struct weir_cp *chosen)
{
	const char *text = s->had.from;
	struct weir_cp cp;

	if (text == NULL || !weir_cp_read(text, strlen(text), &cp) ||
	    s->recovered != 1 || !same_sinks(s))
		return false;
	return chosen != NULL
	    ? same_cp(&cp, chosen)
	    : s->from->kind == WEIR_ORIGIN_CHECKPOINT && s->from->n == cp.n;
}

/* Is it there now? */
static bool
is_there(struct start *s)
{
	return s->recovered == 1 && same_sinks(s) &&
	    same_cp(&s->chosen.cp, &s->newest.cp);
}

/*
 * May the sink stay, as nothing was committed to it since? Then it is as long
 * as it is; else it must be new.
 */
static bool
may_stay(struct start *s, const struct weir_job_sink *k)
{
	return s->recovered == 1 &&
	    weir_branch_same(s->chosen.branch, s->had.branch) &&
	    committed(&s->chosen, k) == committed(&s->newest, k);
}

/* Give sink k of the job that is to be its file: 1, 0 a new one, -1. */
static int
turn_sink(struct start *s, struct weir_job_sink *k, uint64_t *base)
{
	char *path = given(s, k->name, s->err);

	if (path == NULL)
		return -1;
	if (is_at(k, path) && may_stay(s, k)) {
		*base = committed(&s->newest, k);
		free(path);
		return 1;
	}
	if (!is_new(s, k->name, path)) {
		not_new(s, path);
		free(path);
		return -1;
	}
	free(k->path);
	k->path = path;
	return 0;
}

/* A new branch if there is a new sink; sinks[] is what it is committed with. */
static int
turn_sinks(struct start *s, struct weir_manifest_sink *sinks)
{
	struct weir_job *job = &s->job;
	bool turned = false;
	int got = 1;

	for (size_t i = 0; i < job->nsinks && got != -1; i++) {
		sinks[i].name = job->sinks[i].name;
		got = turn_sink(s, &job->sinks[i], &sinks[i].base);
		if (got == 0)
			sinks[i].base = UINT64_MAX;
	}
	if (got == -1 || weir_jobfile_same(s->r, job, s->err) == -1 ||
	    weir_jobfile_apart(s->r, s->err) == -1 ||
	    weir_jobfile_differ(job, s->err) == -1)
		return -1;
	for (size_t i = 0; i < job->nsinks; i++) {
		if (sinks[i].base != UINT64_MAX)
			continue;
		if (weir_jobfile_sink(s->d, job->id, &job->sinks[i], s->err) ==
		    -1)
			return -1;
		sinks[i].base = job->sinks[i].base;
		turned = true;
	}
	if (turned) {
		free(job->branch);
		job->branch = weir_jobfile_id();
	}
	return 1;
}

static int
begin_saved(struct start *s)
{
	struct weir_manifest_sink *sinks;
	char text[WEIR_CP_TEXT];
	int got;

	if (s->known != 1)
		return s->known == 0
		    ? weir_fail(s->err, WEIR_USAGE,
			  "%s: there is no job yet that could go on",
			  s->d->path)
		    : weir_fail(s->err, s->why.status, "%s", s->why.text);
	if (began_there(s, NULL))
		return 0;
	if (choose(s) == -1)
		return -1;
	if (is_there(s) || began_there(s, &s->chosen.cp))
		return 0;
	/* nobody knows how far its sinks are; new ones do not need that */
	if (s->recovered == -1 && same_sinks(s))
		return weir_fail(s->err, s->why.status, "%s", s->why.text);
	if (weir_job_load(s->d, &s->job, s->err) != 1)
		return -1;
	weir_cp_print(s->chosen.cp, text);
	free(s->job.from);
	s->job.from = weir_strdup(text);
	sinks = weir_calloc(s->job.nsinks + 1, sizeof *sinks);
	got = turn_sinks(s, sinks);
	if (got == 1)
		got = commit(s, sinks);
	free(sinks);
	return got;
}

int
weir_origin_begin(const struct weir_dir *d, const struct weir_roles *r,
    const struct weir_origin *from, struct weir_error *err)
{
	struct start s = {.d = d, .r = r, .from = from, .err = err, .fd = -1};
	int got;

	look_back(&s);
	got = from->kind == WEIR_ORIGIN_NONE ? begin_anew(&s) : begin_saved(&s);
	start_fini(&s);
	return got;
}
