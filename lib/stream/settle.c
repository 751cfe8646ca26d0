/* settle.c - a checkpoint that all have answered is given up, or counts. */
#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "state/publish.h"
#include "state/snapshot.h"
#include "stream/committer.h"
#include "stream/recover.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHOW	256
#define WHY_MAX 4096 /* bytes of a .failed file */

/* --- giving up --- */

/* What <stage>.failed says, shown; "" if it says nothing. */
static void
read_failed(struct weir_committer *c, const char *file, char out[SHOW])
{
	struct weir_buf name = {0}, text = {0};

	weir_buf_add(&name, file, weir_committer_stem(file));
	weir_buf_puts(&name, ".failed");
	out[0] = '\0';
	if (weir_slurp(c->cpfd, weir_buf_cstr(&name), WHY_MAX, &text, NULL) ==
	    1) {
		while (text.len > 0 && text.data[text.len - 1] == '\n')
			text.len--;
		weir_show_into(out, SHOW, text.data, text.len);
	}
	weir_buf_fini(&name);
	weir_buf_fini(&text);
}

/*
 * The stream goes on, and the pending output of n with it: the sinks list it
 * again in their next part. The directory goes at the next commit, since its
 * number must stay taken until a higher one is there.
 */
int
weir_committer_give_up(struct weir_committer *c, const char *file,
    const char *why, struct weir_error *err)
{
	char said[SHOW], shown[SHOW];

	read_failed(c, file, said);
	weir_show_into(shown, sizeof shown, file, strlen(file));
	c->abandoned++;
	if (c->last)
		return weir_fail(err, WEIR_SYSTEM,
		    "the last checkpoint, %" PRIu64
		    ", could not be written: %s: %s",
		    c->cp.n, shown, said[0] ? said : why);
	weir_committer_warn(c, "checkpoint %" PRIu64 " was given up: %s: %s",
	    c->cp.n, shown, said[0] ? said : why);
	c->active = true; /* what it should have saved is still to be saved */
	weir_committer_land(c);
	WEIR_PROBE("commit.abandoned");
	return 1;
}

/* --- committing --- */

static bool
dropped(const struct weir_committer *c, const char *stage)
{
	for (size_t i = 0; i < c->c.ndrop; i++)
		if (strcmp(c->c.drop[i], stage) == 0)
			return true;
	for (size_t i = 0; i < c->nsinks; i++)
		if (strcmp(c->sinks[i].name, stage) == 0)
			return true; /* was for the committer */
	return false;
}

/*
 * A barrier has passed every stage, so each has restored by now: a part that
 * nobody claimed would be lost by this commit.
 */
static int
check_claims(struct weir_committer *c, struct weir_error *err)
{
	const struct weir_manifest *m = c->c.restored;
	char shown[SHOW];

	for (size_t i = 0; c->claimed != NULL && i < m->nparts; i++) {
		const char *stage = m->parts[i].stage;

		if (c->claimed[i] || dropped(c, stage))
			continue;
		weir_show_into(shown, sizeof shown, stage, strlen(stage));
		return weir_fail(err, WEIR_STATE,
		    "checkpoint %" PRIu64 " holds state of %s, which no stage "
		    "of this pipeline takes up: put the stage back (or name "
		    "it with --id), or say --drop-state=%s to lose its state",
		    m->cp.n, shown, shown);
	}
	free(c->claimed);
	c->claimed = NULL;
	return 1;
}

/* The first commit of a job whose sink stands free: enter the sink. */
static int
enter_sink(struct weir_committer *c, struct weir_commit_sink *s,
    struct weir_error *err)
{
	struct weir_job *job = c->c.job;
	char shown[SHOW];

	if (job->nsinks > 0) {
		struct weir_job_sink *js = &job->sinks[s - c->sinks];

		if (strcmp(js->path, s->said.path) == 0)
			return 1;
		weir_show_into(shown, sizeof shown, js->path, strlen(js->path));
		return weir_fail(err, WEIR_STATE,
		    "this job's output goes to %s: another sink needs "
		    "another -d",
		    shown);
	}
	s->visible = s->said.base;
	free(job->sinks);
	job->sinks = weir_calloc(1, sizeof *job->sinks);
	job->sinks[0] = (struct weir_job_sink){.name = weir_strdup(s->name),
	    .path = weir_strdup(s->said.path),
	    .base = s->said.base};
	job->nsinks = 1;
	if (weir_committer_open(c, s, job->sinks[0].path, err) == -1)
		return -1;
	return weir_job_save(c->c.dir, job, err);
}

static int
add_part(struct weir_committer *c, struct weir_manifest *m, size_t *cap,
    const char *stage, const char *file)
{
	struct weir_manifest_part *p;

	for (size_t i = 0; i < m->nparts; i++)
		if (strcmp(m->parts[i].stage, stage) == 0)
			return 1; /* several sinks list it */
	m->parts = weir_grow(m->parts, cap, m->nparts + 1, sizeof *m->parts);
	p = &m->parts[m->nparts];
	*p = (struct weir_manifest_part){0};
	if (weir_snapshot_check(c->cpfd, file, &p->len, &p->digest, NULL) != 1)
		return -1;
	p->stage = weir_strdup(stage);
	p->file = weir_strdup(file);
	m->nparts++;
	return 1;
}

/* The parts of all lists, whole on the disk; else -1 with the file. */
static int
add_parts(struct weir_committer *c, struct weir_manifest *m, const char **file)
{
	size_t cap = 0;

	for (size_t i = 0; i < c->nsinks; i++) {
		const struct weir_commit_sink *s = &c->sinks[i];

		for (size_t k = 0; k < s->said.parts.n; k++) {
			const struct weir_part_ref *r = &s->said.parts.part[k];

			*file = r->file;
			if (add_part(c, m, &cap, r->stage, r->file) == -1)
				return -1;
		}
		*file = s->part;
		if (add_part(c, m, &cap, s->name, s->part) == -1)
			return -1;
	}
	return 1;
}

/*
 * What a source has given is known to be kept only if its place is: a stream
 * that leads nowhere would be read again, or not at all, after a crash.
 */
static int
check_sources(struct weir_committer *c, const struct weir_manifest *m,
    struct weir_error *err)
{
	for (size_t i = 0; i < c->c.job->nsources && c->c.job->nsources > 1;
	     i++) {
		const char *name = c->c.job->source_names[i];
		size_t k = 0;

		while (k < m->nparts && strcmp(m->parts[k].stage, name) != 0)
			k++;
		if (k == m->nparts)
			return weir_fail(err, WEIR_USAGE,
			    "what comes from source %s reaches no sink: its "
			    "place cannot be kept; let its stream end in a "
			    "sink, or take the source out",
			    name);
	}
	return 1;
}

/*
 * A sink that writes at once has made durable all up to the end that it says:
 * that is entered as a pending file that was appended, and has gone.
 */
static int
add_written(struct weir_committer *c, struct weir_commit_sink *s,
    struct weir_error *err)
{
	struct weir_sinkpart *p = &s->said;
	struct weir_digest digest;
	struct weir_buf name = {0};

	if (!p->now || p->end == s->visible)
		return 1;
	if (p->nfiles > 0 || p->end < s->visible)
		return weir_fail(err, WEIR_STATE,
		    "sink %s says that it ends at %" PRIu64 ", but %" PRIu64
		    " bytes of it were committed",
		    s->name, p->end, s->visible);
	if (weir_visible_digest(
		s->v, s->visible, p->end - s->visible, &digest, err) == -1)
		return -1;
	weir_buf_printf(
	    &name, "%s.%" PRIu64 ".%" PRIu64, s->name, c->cp.n, c->cp.epoch);
	weir_sinkpart_add(p, weir_buf_cstr(&name), p->end - s->visible, digest);
	weir_buf_fini(&name);
	return 1;
}

static int
add_sinks(
    struct weir_committer *c, struct weir_manifest *m, struct weir_error *err)
{
	for (size_t i = 0; i < c->nsinks; i++)
		if (add_written(c, &c->sinks[i], err) == -1)
			return -1;
	m->sinks = weir_calloc(c->nsinks, sizeof *m->sinks);
	m->nsinks = c->nsinks;
	for (size_t i = 0; i < c->nsinks; i++) {
		struct weir_commit_sink *s = &c->sinks[i];

		m->sinks[i].name = weir_strdup(s->name);
		m->sinks[i].base = s->visible;
		m->sinks[i].files = s->said.files;
		m->sinks[i].nfiles = s->said.nfiles;
		s->said.files = NULL;
		s->said.nfiles = s->said.cap = 0;
	}
	return 1;
}

/*
 * The commit point has passed: whatever fails from here on, the next
 * incarnation makes this output visible before anything else.
 */
static int
forward(struct weir_committer *c, const struct weir_manifest *m,
    struct weir_error *err)
{
	for (size_t i = 0; i < c->nsinks; i++) {
		struct weir_commit_sink *s = &c->sinks[i];

		/* it may be longer by now, as its sink goes on */
		if (!s->said.now &&
		    weir_visible_forward(s->v, &m->sinks[i], err) == -1)
			return -1;
		s->visible = weir_sink_committed(&m->sinks[i]);
		WEIR_PROBE("commit.forwarded");
	}
	/* which may take long: all have what is theirs before */
	for (size_t i = 0; c->last && i < c->nsinks; i++)
		if (weir_visible_finish(c->sinks[i].v, err) == -1)
			return -1;
	return 1;
}

static int64_t
wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* A manifest that could not be saved: is it there all the same? */
static int
save_failed(struct weir_committer *c, struct weir_error *err)
{
	struct weir_error why = *err;
	struct weir_manifest m;
	int r = weir_manifest_load(c->c.dir, c->cp, &m, NULL);

	if (r == 1)
		weir_manifest_fini(&m);
	/* renamed, but perhaps not durable: only a new start can tell */
	if (r != 0)
		return -1;
	return weir_committer_give_up(c, "MANIFEST", why.text, err);
}

static void
note_commit(struct weir_committer *c, const struct weir_manifest *m)
{
	c->commits++;
	c->committed =
	    (struct weir_committed){.n = m->cp.n, .took_ns = m->duration_ns};
	for (size_t i = 0; i < m->nparts; i++)
		c->committed.bytes += m->parts[i].len;
}

const struct weir_committed *
weir_committer_committed(const struct weir_committer *c)
{
	return &c->committed;
}

int
weir_committer_commit(
    struct weir_committer *c, int64_t now_ns, struct weir_error *err)
{
	struct weir_manifest m = {.cp = c->cp,
	    .time_ns = wall_ns(),
	    .duration_ns = now_ns - c->asked_ns,
	    .final = c->last ? 1 + (int)c->reason : 0};
	const char *file = "";
	int r = -1;

	if (check_claims(c, err) == -1)
		return -1;
	for (size_t i = 0; i < c->nsinks; i++)
		if (enter_sink(c, &c->sinks[i], err) == -1)
			return -1;
	if (add_parts(c, &m, &file) == -1) {
		r = weir_committer_give_up(c, file, "it is not whole", err);
		goto out;
	}
	if (check_sources(c, &m, err) == -1)
		goto out;
	if (c->c.job->branch != NULL)
		m.branch = weir_strdup(c->c.job->branch);
	if (add_sinks(c, &m, err) == -1)
		goto out;
	WEIR_PROBE("commit.collected");
	if (weir_manifest_save(c->c.dir, &m, err) == -1) {
		r = save_failed(c, err);
		goto out;
	}
	WEIR_PROBE("commit.manifest");
	if (forward(c, &m, err) == -1)
		goto out;
	note_commit(c, &m);
	c->done = c->last;
	weir_committer_land(c);
	/* if that fails, the next commit tries again */
	weir_dir_prune(c->c.dir, c->c.keep, NULL);
	WEIR_PROBE("commit.pruned");
	r = c->c.committed == NULL ? 1 : c->c.committed(c->c.ctx, err);
out:
	weir_manifest_fini(&m);
	return r;
}
