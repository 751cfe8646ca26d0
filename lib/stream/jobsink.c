#include "stream/jobsink.h"

#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "stream/foreign.h"
#include "stream/sinkout.h"
#include "stream/visible.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOW	256
#define LAST_MS 1000 /* for a writer to go after its END */

struct weir_jobsink {
	const struct weir_stage_config *c;
	const struct weir_jobsink_config *config;
	const struct weir_role *role;
	struct weir_stage *stage;
	struct weir_dir dir; /* our own, so that it is there before events */
	int lock_fd;
	struct weir_sinkout out;
	struct weir_sinkpart part;  /* path and base; parts of the barrier */
	volatile sig_atomic_t stop; /* the job is gone */
};

/* --- beginning --- */

/*
 * Nothing at all may also be what is left of a stage that was killed: unlike
 * other bytes it is worth another try.
 */
static int
no_input(struct weir_jobsink *s, const char *foreign, struct weir_error *err)
{
	const char *why = "";

	if (foreign[0] != '\0')
		why = "; does this command keep it all to itself: ";
	else if (s->config->no_input)
		why = "; does it read standard input, though every source has "
		      "a name?";
	return weir_fail(err, WEIR_UPSTREAM,
	    "nothing has reached the sink %s: the stage before it ended "
	    "without a word%s%s",
	    s->role->name, why, foreign);
}

static int
no_hello(struct weir_jobsink *s, struct weir_error *err)
{
	char name[WEIR_FOREIGN_SHOW];

	weir_foreign_stage(s->config->pipeline, name);
	if (weir_reader_format(weir_stage_reader(s->stage)) == WEIR_FORMAT_AUTO)
		return no_input(s, name, err);
	return weir_fail(err, WEIR_USAGE,
	    "the stream that reaches the sink is not frames of this job%s%s: "
	    "state cannot be kept across a command that does not pass frames "
	    "on; put %s before the job or behind its sink (and leave out -J)",
	    name[0] ? "; it lost them in " : "", name,
	    name[0] ? "that command" : "such a command");
}

static int
open_dir(
    struct weir_jobsink *s, const struct weir_hello *h, struct weir_error *err)
{
	struct stat ours, theirs;
	char shown[SHOW];

	if (stat(s->config->dir, &ours) == -1 || stat(h->dir, &theirs) == -1)
		return weir_fail_errno(err, "the state directory");
	if (ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
		return weir_fail(err, WEIR_USAGE,
		    "the source of this stream keeps its state in %s: give "
		    "the sink the same -d",
		    weir_show_into(
			shown, sizeof shown, h->dir, strlen(h->dir)));
	if (weir_dir_open(&s->dir, h->dir, false, err) != 1)
		return -1;
	s->out.out_fd = weir_out_open(&s->dir, err);
	return s->out.out_fd == -1 ? -1 : 1;
}

/* As long as we live the committer must not think that no sink is there. */
static int
hold_fifo(
    struct weir_jobsink *s, const struct weir_hello *h, struct weir_error *err)
{
	s->lock_fd = weir_report_open(&s->dir, h->epoch, err);
	if (s->lock_fd == -1)
		return -1;
	if (flock(s->lock_fd, LOCK_SH) == -1)
		return weir_fail_errno(err, "cannot reach the committer");
	return 1;
}

static bool
reads_it(const struct weir_job *job, struct weir_visible *v)
{
	struct stat st;

	for (size_t i = 0; i < job->nsources; i++)
		if (stat(job->source_paths[i], &st) == 0 &&
		    weir_visible_is(v, &st))
			return true;
	return false;
}

/* The sink of this name in the job; NULL: one that stands free, for now. */
static const struct weir_job_sink *
sink_of(const struct weir_job *job, const char *name)
{
	for (size_t i = 0; i < job->nsinks; i++)
		if (strcmp(job->sinks[i].name, name) == 0)
			return &job->sinks[i];
	return NULL;
}

static int
check_path(struct weir_jobsink *s, const struct weir_job_sink *known,
    struct weir_error *err)
{
	char a[SHOW];

	if (known == NULL || strcmp(known->path, s->part.path) == 0)
		return 1;
	weir_show_into(a, sizeof a, known->path, strlen(known->path));
	return weir_fail(err, WEIR_STATE,
	    "the output of this job goes to %s: say -o %s, or begin another "
	    "job with another -d",
	    a, a);
}

static int
open_known(struct weir_jobsink *s, const struct weir_job *job,
    const struct weir_job_sink *known, struct weir_error *err)
{
	struct weir_visible_config vc = {
	    &s->dir, job->id, s->role->name, s->part.path, NULL};
	struct weir_visible *v = weir_visible_open(&vc, known == NULL, err);
	int got = 1;

	if (v == NULL)
		return -1;
	if (known != NULL)
		s->part.base = known->base;
	else
		got = weir_visible_base(v, &s->part.base, err);
	if (got == 1 && s->out.roll != NULL)
		weir_roll_restore(s->out.roll, weir_visible_parts(v));
	if (got == 1 && reads_it(job, v))
		got = weir_fail(
		    err, WEIR_USAGE, "source and sink are the same file");
	weir_visible_close(v);
	if (got == 1 && known != NULL && job->writes != WEIR_WRITES_COMMITTED &&
	    weir_visible_kind(s->part.path) == WEIR_VISIBLE_FILE)
		got = weir_sinkout_now(&s->out, s->part.path, err);
	return got;
}

/*
 * What is visible is the committer's to write, unless the job file says that it
 * is ours. A sink that stands free tells its path and length by its part.
 */
static int
open_visible(struct weir_jobsink *s, struct weir_error *err)
{
	const struct weir_job_sink *known;
	struct weir_job job = {0};
	int got;

	s->part.path = weir_visible_name(s->role->path, err);
	if (s->part.path == NULL || weir_job_load(&s->dir, &job, err) == -1)
		return -1;
	known = sink_of(&job, s->role->name);
	got = check_path(s, known, err);
	if (got == 1)
		got = open_known(s, &job, known, err);
	weir_job_fini(&job);
	return got;
}

/* A part of a directory grows old, whether or not something comes. */
static void
set_alarm(struct weir_jobsink *s)
{
	int64_t due =
	    s->out.roll != NULL ? weir_roll_due(s->out.roll) : INT64_MAX;
	int64_t left = due == INT64_MAX ? 0 : due - weir_roll_wall_ns();

	weir_stage_set_alarm(s->stage, due != INT64_MAX && left < 1 ? 1 : left);
}

static int
sink_open(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_jobsink *s = self;
	const struct weir_hello *h = weir_stage_hello(st);

	WEIR_PROBE("sink.begin");
	if (!h->job)
		return no_hello(s, err);
	if (open_dir(s, h, err) == -1 || hold_fifo(s, h, err) == -1)
		return -1;
	if (open_visible(s, err) == -1)
		return -1;
	set_alarm(s);
	return 1;
}

/* --- writing --- */

static void
tell(struct weir_jobsink *s, uint32_t n)
{
	struct weir_gauge *g = s->role->gauge;

	if (g == NULL)
		return;
	g->events += n;
	g->watermark = weir_stage_metrics(s->stage)->watermark;
}

/* There is something for the next checkpoint. */
static int
report_active(struct weir_jobsink *s, struct weir_error *err)
{
	char line[128];

	snprintf(line, sizeof line, "active %s", s->role->name);
	return weir_stage_report(s->stage, line, err);
}

static int
sink_events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_jobsink *s = self;

	(void)st;
	tell(s, n);
	/* a stage may speak while the source is silent (--idle) */
	if (weir_sinkout_clean(&s->out) && report_active(s, err) == -1)
		return -1;
	return weir_sinkout_events(&s->out, b, i, n, err);
}

static int
sink_alarm(void *self, struct weir_stage *st, struct weir_error *err)
{
	(void)st;
	return report_active(self, err);
}

/* Everything up to here belongs to checkpoint n; all: it finishes parts. */
static int
cut_off(struct weir_jobsink *s, uint64_t n, const struct weir_parts *parts,
    bool all, struct weir_error *err)
{
	struct weir_buf name = {0};
	int got;

	weir_parts_fini(&s->part.parts);
	s->part.parts = (struct weir_parts){0};
	weir_parts_join(&s->part.parts, parts);
	weir_buf_printf(&name, "%s.%" PRIu64 ".%" PRIu64, s->role->name, n,
	    weir_stage_hello(s->stage)->epoch);
	got = weir_sinkout_cut(&s->out, weir_buf_cstr(&name), all, err);
	weir_buf_fini(&name);
	if (got == 1)
		set_alarm(s);
	return got;
}

static int
sink_barrier(void *self, struct weir_stage *st, const struct weir_barrier *b,
    struct weir_error *err)
{
	(void)st;
	tell(self, 0);
	return cut_off(self, b->checkpoint, &b->parts, false, err);
}

/*
 * Behind END comes the end of the FIFO. If something else does, a second stage
 * writes there, of which nobody would ever know.
 */
static int
stand_alone(struct weir_jobsink *s, struct weir_error *err)
{
	struct pollfd p = {.fd = s->role->in_fd, .events = POLLIN};

	if (poll(&p, 1, LAST_MS) <= 0 || (p.revents & POLLIN) == 0)
		return 1;
	return weir_fail(err, WEIR_USAGE,
	    "two stages write to $%s: bring their streams together first, or "
	    "give each a sink of its own",
	    s->role->name);
}

static int
sink_end(void *self, struct weir_stage *st, const struct weir_end *e,
    struct weir_error *err)
{
	struct weir_jobsink *s = self;

	(void)st;
	if (e->checkpoint == 0)
		return weir_fail(err, WEIR_USAGE,
		    "a stage has ended the stream before its source did: "
		    "inside a job every stage must read to the end");
	if (s->role->fifo != NULL && stand_alone(s, err) == -1)
		return -1;
	/* while nobody runs the job nobody sees how old a part is */
	return cut_off(s, e->checkpoint, &e->parts,
	    e->reason == WEIR_COMPLETE || s->config->roll.age_ns > 0, err);
}

static int
sink_save(void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_jobsink *s = self;

	if (weir_sinkout_save(&s->out, &s->part, err) == -1)
		return -1;
	return weir_sinkpart_save(&s->part, w, err);
}

/* --- the whole --- */

static void
job_is_gone(void *ctx)
{
	struct weir_jobsink *s = ctx;

	s->stop = SIGTERM;
}

static void
pass_warning(void *ctx, const char *text)
{
	const struct weir_jobsink *s = ctx;

	if (s->c->warn != NULL)
		s->c->warn(s->c->ctx, text);
}

static const struct weir_stage_ops ops = {
    .open = sink_open,
    .events = sink_events,
    .save = sink_save,
    .alarm = sink_alarm,
    .barrier = sink_barrier,
    .end = sink_end,
};

/* A directory is written otherwise. */
static int
make_roll(struct weir_jobsink *s, struct weir_error *err)
{
	char *path = weir_visible_name(s->role->path, err);
	bool dir = path != NULL && weir_visible_kind(path) == WEIR_VISIBLE_DIR;

	if (path == NULL)
		return -1;
	free(path);
	if (!dir)
		return 1;
	s->out.roll = weir_roll_new(&s->config->roll,
	    weir_stage_prover(s->stage), s->config->output, err);
	if (s->out.roll == NULL)
		return -1;
	weir_roll_warn(s->out.roll, pass_warning, s);
	return 1;
}

struct weir_jobsink *
weir_jobsink_new(const struct weir_stage_config *c,
    const struct weir_role *role, const struct weir_jobsink_config *config,
    struct weir_error *err)
{
	struct weir_jobsink *s = weir_calloc(1, sizeof *s);
	struct weir_stage_config own = *c;

	*s = (struct weir_jobsink){.c = c,
	    .config = config,
	    .role = role,
	    .dir = {.fd = -1, .lock = -1},
	    .lock_fd = -1,
	    .out = WEIR_SINKOUT};
	own.in_fd = role->in_fd;
	own.out_fd = -1;
	own.source_name = role->name;
	if (role->control_fd != -1) {
		/* nothing ever comes through it but its end */
		own.stop = &s->stop;
		own.wake_fd = role->control_fd;
		own.wake_drain = job_is_gone;
		own.warn = pass_warning;
		own.show_stats = NULL;
		own.progress = NULL;
		own.ctx = s;
	}
	s->stage = weir_stage_new(&own, &ops, s);
	s->out.stage = s->stage;
	s->out.format = config->output;
	if (make_roll(s, err) == 1)
		return s;
	weir_jobsink_free(s);
	return NULL;
}

struct weir_stage *
weir_jobsink_stage(struct weir_jobsink *s)
{
	return s->stage;
}

void
weir_jobsink_free(struct weir_jobsink *s)
{
	if (s == NULL)
		return;
	weir_stage_free(s->stage);
	weir_sinkout_fini(&s->out);
	weir_sinkpart_fini(&s->part);
	if (s->lock_fd != -1)
		close(s->lock_fd);
	weir_dir_close(&s->dir);
	free(s);
}
