#include "stream/commit.h"

#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "event/control.h"
#include "state/publish.h"
#include "state/snapshot.h"
#include "stream/recover.h"
#include "stream/sinkpart.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SHOW	  256
#define WHY_MAX	  4096	/* bytes of a .failed file */
#define FREE_SINK "out" /* the name of a sink that stands free */

enum source_end { SOURCE_RUNS, SOURCE_COMPLETE, SOURCE_PAUSED };

struct sink {
	char *name, *part;	   /* part: the file name of its part */
	int fd;			   /* visible file; -1: not known yet */
	uint64_t visible;	   /* its committed length */
	bool answered;		   /* for the checkpoint in flight */
	struct weir_sinkpart said; /* what its part says */
};

struct weir_committer {
	struct weir_commit_config c;
	size_t nsinks;
	struct sink *sinks;
	enum source_end *ends; /* of each source */
	bool active, drain, done;
	uint64_t next, commits, abandoned;
	int64_t not_before; /* for the next checkpoint */
	/* in flight */
	bool asked;
	bool last; /* it is the end of the stream */
	enum weir_end_reason reason;
	struct weir_cp cp;
	int cpfd;
	int64_t asked_ns;
	size_t nwhole, whole_cap;
	char **whole; /* parts that were reported as published */
	char *failed; /* the first that could not be */
	/* claims on what was restored; NULL once they were checked */
	bool *claimed;
};

/* --- beginning --- */

static const struct weir_manifest_sink *
restored_sink(const struct weir_manifest *m, const char *name)
{
	for (size_t i = 0; m != NULL && i < m->nsinks; i++)
		if (strcmp(m->sinks[i].name, name) == 0)
			return &m->sinks[i];
	return NULL;
}

static int
begin_sinks(struct weir_committer *c, struct weir_error *err)
{
	const struct weir_job *job = c->c.job;

	/* a sink that stands free makes itself known by its first part */
	c->nsinks = job->nsinks ? job->nsinks : 1;
	c->sinks = weir_calloc(c->nsinks, sizeof *c->sinks);
	for (size_t i = 0; i < c->nsinks; i++)
		c->sinks[i].fd = -1;
	for (size_t i = 0; i < c->nsinks; i++) {
		const struct weir_manifest_sink *ms;
		struct sink *s = &c->sinks[i];

		s->name =
		    weir_strdup(job->nsinks ? job->sinks[i].name : FREE_SINK);
		s->part = weir_part_name(s->name);
		if (job->nsinks == 0)
			continue;
		ms = restored_sink(c->c.restored, s->name);
		s->visible =
		    ms != NULL ? weir_sink_committed(ms) : job->sinks[i].base;
		s->fd = weir_visible_open(job->sinks[i].path, false, err);
		if (s->fd == -1)
			return -1;
	}
	return 1;
}

struct weir_committer *
weir_committer_new(const struct weir_commit_config *config, int64_t now_ns,
    struct weir_error *err)
{
	struct weir_committer *c = weir_calloc(1, sizeof *c);

	c->c = *config;
	c->cpfd = -1;
	c->not_before = now_ns + config->every_ns;
	c->ends = weir_calloc(config->job->nsources, sizeof *c->ends);
	if (config->restored != NULL)
		c->claimed = weir_calloc(
		    config->restored->nparts + 1, sizeof *c->claimed);
	c->next = config->next;
	if (begin_sinks(c, err) == 1)
		return c;
	weir_committer_free(c);
	return NULL;
}

static void
forget_flight(struct weir_committer *c)
{
	for (size_t i = 0; i < c->nwhole; i++)
		free(c->whole[i]);
	c->nwhole = 0;
	free(c->failed);
	c->failed = NULL;
	for (size_t i = 0; i < c->nsinks; i++) {
		weir_sinkpart_fini(&c->sinks[i].said);
		c->sinks[i].answered = false;
	}
	if (c->cpfd != -1)
		close(c->cpfd);
	c->cpfd = -1;
	c->asked = false;
}

void
weir_committer_free(struct weir_committer *c)
{
	if (c == NULL)
		return;
	forget_flight(c);
	for (size_t i = 0; i < c->nsinks; i++) {
		free(c->sinks[i].name);
		free(c->sinks[i].part);
		if (c->sinks[i].fd != -1)
			close(c->sinks[i].fd);
	}
	free(c->sinks);
	free(c->whole);
	free(c->ends);
	free(c->claimed);
	free(c);
}

/* --- asking --- */

static void __attribute__((format(printf, 2, 3)))
warn(const struct weir_committer *c, const char *fmt, ...)
{
	struct weir_buf text = {0};
	char line[1024];
	va_list ap;

	if (c->c.warn == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	weir_buf_puts(&text, line);
	c->c.warn(c->c.ctx, weir_buf_cstr(&text));
	weir_buf_fini(&text);
}

static bool
all_ended(const struct weir_committer *c)
{
	for (size_t i = 0; i < c->c.job->nsources; i++)
		if (c->ends[i] == SOURCE_RUNS)
			return false;
	return true;
}

static enum weir_end_reason
end_reason(const struct weir_committer *c)
{
	for (size_t i = 0; i < c->c.job->nsources; i++)
		if (c->ends[i] != SOURCE_COMPLETE)
			return WEIR_SUSPENDED;
	return c->drain ? WEIR_SUSPENDED : WEIR_COMPLETE;
}

/*
 * The directory comes first, so that the number is taken, whatever happens,
 * before anybody can write a file of that number.
 */
static int
ask(struct weir_committer *c, bool last, int64_t now_ns, struct weir_error *err)
{
	struct weir_error why;
	char order[64];

	c->cp = (struct weir_cp){c->next, c->c.dir->epoch};
	c->not_before = now_ns + c->c.every_ns;
	c->cpfd = weir_cp_create(c->c.dir, c->cp, &why);
	if (c->cpfd == -1) { /* a full disk may have room the next time */
		c->abandoned++;
		warn(c, "checkpoint %" PRIu64 " was given up: %s", c->cp.n,
		    why.text);
		return 1;
	}
	c->next++;
	c->asked = true;
	c->asked_ns = now_ns;
	c->last = last;
	c->active = false;
	c->reason = last ? end_reason(c) : WEIR_COMPLETE;
	WEIR_PROBE("commit.created");
	if (last)
		snprintf(order, sizeof order, "end %" PRIu64 " %s", c->cp.n,
		    c->reason == WEIR_COMPLETE ? "complete" : "suspended");
	else
		snprintf(order, sizeof order, "barrier %" PRIu64, c->cp.n);
	if (c->c.order(c->c.ctx, order, err) == -1)
		return -1;
	WEIR_PROBE("commit.asked");
	return 1;
}

int
weir_committer_tick(
    struct weir_committer *c, int64_t now_ns, struct weir_error *err)
{
	bool last = c->drain || all_ended(c);

	if (c->asked || c->done || now_ns < weir_committer_due(c))
		return 1;
	return ask(c, last, now_ns, err);
}

int64_t
weir_committer_due(const struct weir_committer *c)
{
	if (c->asked || c->done)
		return INT64_MAX;
	/* the end waits for nothing, unless the last try just failed */
	if (c->drain || all_ended(c))
		return c->abandoned ? c->not_before : INT64_MIN;
	return c->active ? c->not_before : INT64_MAX;
}

void
weir_committer_drain(struct weir_committer *c)
{
	c->drain = true;
}

bool
weir_committer_done(const struct weir_committer *c)
{
	return c->done;
}

bool
weir_committer_ending(const struct weir_committer *c)
{
	return c->done || (c->asked && c->last);
}

uint64_t
weir_committer_commits(const struct weir_committer *c)
{
	return c->commits;
}

uint64_t
weir_committer_abandoned(const struct weir_committer *c)
{
	return c->abandoned;
}

/* --- giving up --- */

/* "in%2Fswindow.1" of a file name in a checkpoint's directory. */
static size_t
stem(const char *file)
{
	const char *dot = strrchr(file, '.');

	return dot != NULL ? (size_t)(dot - file) : strlen(file);
}

/* What <stage>.failed says, shown; "" if it says nothing. */
static void
read_failed(struct weir_committer *c, const char *file, char out[SHOW])
{
	struct weir_buf name = {0}, text = {0};

	weir_buf_add(&name, file, stem(file));
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
static int
give_up(struct weir_committer *c, const char *file, const char *why,
    struct weir_error *err)
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
	warn(c, "checkpoint %" PRIu64 " was given up: %s: %s", c->cp.n, shown,
	    said[0] ? said : why);
	c->active = true; /* what it should have saved is still to be saved */
	forget_flight(c);
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
enter_sink(struct weir_committer *c, struct sink *s, struct weir_error *err)
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
	s->fd = weir_visible_open(s->said.path, false, err);
	if (s->fd == -1)
		return -1;
	s->visible = s->said.base;
	job->sinks = weir_calloc(1, sizeof *job->sinks);
	job->sinks[0] = (struct weir_job_sink){.name = weir_strdup(s->name),
	    .path = weir_strdup(s->said.path),
	    .base = s->said.base};
	job->nsinks = 1;
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
		const struct sink *s = &c->sinks[i];

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

static void
add_sinks(struct weir_committer *c, struct weir_manifest *m)
{
	m->sinks = weir_calloc(c->nsinks, sizeof *m->sinks);
	m->nsinks = c->nsinks;
	for (size_t i = 0; i < c->nsinks; i++) {
		struct sink *s = &c->sinks[i];

		m->sinks[i].name = weir_strdup(s->name);
		m->sinks[i].base = s->visible;
		m->sinks[i].files = s->said.files;
		m->sinks[i].nfiles = s->said.nfiles;
		s->said.files = NULL;
		s->said.nfiles = s->said.cap = 0;
	}
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
		struct sink *s = &c->sinks[i];

		if (weir_sink_forward(c->c.dir, &m->sinks[i], s->fd,
			c->c.job->sinks[i].path, err) == -1)
			return -1;
		s->visible = weir_sink_committed(&m->sinks[i]);
		WEIR_PROBE("commit.forwarded");
	}
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
	return give_up(c, "MANIFEST", why.text, err);
}

static int
commit(struct weir_committer *c, int64_t now_ns, struct weir_error *err)
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
		r = give_up(c, file, "it is not whole", err);
		goto out;
	}
	add_sinks(c, &m);
	WEIR_PROBE("commit.collected");
	if (weir_manifest_save(c->c.dir, &m, err) == -1) {
		r = save_failed(c, err);
		goto out;
	}
	WEIR_PROBE("commit.manifest");
	if (forward(c, &m, err) == -1)
		goto out;
	c->commits++;
	c->done = c->last;
	forget_flight(c);
	/* if that fails, the next commit tries again */
	weir_dir_prune(c->c.dir, c->c.keep, NULL);
	WEIR_PROBE("commit.pruned");
	r = 1;
out:
	weir_manifest_fini(&m);
	return r;
}

/* --- reports --- */

static bool
is_whole(const struct weir_committer *c, const char *file)
{
	for (size_t i = 0; i < c->nwhole; i++)
		if (strcmp(c->whole[i], file) == 0)
			return true;
	return false;
}

/*
 * Every sink has answered: give up if a part failed; commit once every part
 * that they list is there. Until the sinks have answered nothing else is asked
 * for, so a sink has never more than one barrier to work on.
 */
static int
settle(struct weir_committer *c, int64_t now_ns, struct weir_error *err)
{
	for (size_t i = 0; i < c->nsinks; i++)
		if (!c->sinks[i].answered)
			return 1;
	if (c->failed != NULL)
		return give_up(c, c->failed, "it could not be written", err);
	for (size_t i = 0; i < c->nsinks; i++) {
		const struct weir_parts *p = &c->sinks[i].said.parts;

		for (size_t k = 0; k < p->n; k++)
			if (!is_whole(c, p->part[k].file))
				return 1;
	}
	return commit(c, now_ns, err);
}

static int
take_part(struct weir_committer *c, const char *file, struct weir_error *err)
{
	if (is_whole(c, file))
		return 1;
	c->whole =
	    weir_grow(c->whole, &c->whole_cap, c->nwhole + 1, sizeof *c->whole);
	c->whole[c->nwhole++] = weir_strdup(file);
	for (size_t i = 0; i < c->nsinks; i++) {
		struct sink *s = &c->sinks[i];

		if (strcmp(s->part, file) != 0 || s->answered)
			continue;
		if (weir_sinkpart_load(&s->said, c->cpfd, file, err) == -1)
			return -1;
		s->answered = true;
	}
	return 1;
}

static void
take_failure(struct weir_committer *c, const char *file)
{
	size_t len = stem(file);

	if (c->failed == NULL)
		c->failed = weir_strdup(file);
	for (size_t i = 0; i < c->nsinks; i++)
		if (stem(c->sinks[i].part) == len &&
		    memcmp(c->sinks[i].part, file, len) == 0)
			c->sinks[i].answered = true;
}

static void
take_end(struct weir_committer *c, const char *name, size_t len, bool paused)
{
	for (size_t i = 0; i < c->c.job->nsources; i++)
		if (weir_str_eq((struct weir_str){name, len},
			c->c.job->source_names[i]))
			c->ends[i] = paused ? SOURCE_PAUSED : SOURCE_COMPLETE;
}

static void
take_claim(struct weir_committer *c, const char *file)
{
	const struct weir_manifest *m = c->c.restored;

	for (size_t i = 0; c->claimed != NULL && i < m->nparts; i++)
		if (strcmp(m->parts[i].file, file) == 0)
			c->claimed[i] = true;
}

int
weir_committer_report(struct weir_committer *c, const char *line,
    int64_t now_ns, struct weir_error *err)
{
	const char *verb = line, *rest, *last = strrchr(line, ' ');
	size_t len = strcspn(line, " ");
	char *end, shown[SHOW];
	uint64_t n;

	if (last == NULL)
		return 1;
	rest = line + len + 1;
	last++;
#define IS(word) weir_str_eq((struct weir_str){verb, len}, word)
	if (IS("active")) {
		c->active = true;
	} else if (IS("eof") && last > rest) {
		take_end(c, rest, (size_t)(last - 1 - rest),
		    strcmp(last, "paused") == 0);
	} else if (IS("restored")) {
		take_claim(c, last);
	} else if (IS("broken")) {
		weir_show_into(shown, sizeof shown, rest, strlen(rest));
		return weir_fail(err, WEIR_SYSTEM, "%s", shown);
	} else if (IS("part") || IS("failed")) {
		n = strtoull(rest, &end, 10);
		if (!c->asked || n != c->cp.n || *end != ' ')
			return 1; /* late, of one that was given up */
		if (IS("failed"))
			take_failure(c, end + 1);
		else if (take_part(c, end + 1, err) == -1)
			return -1;
		return settle(c, now_ns, err);
	}
#undef IS
	return 1;
}
