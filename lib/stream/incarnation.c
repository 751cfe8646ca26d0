#include "stream/incarnation.h"

#include "base/mem.h"
#include "base/probe.h"
#include "stream/edges.h"
#include "stream/jobfile.h"
#include "stream/jobplace.h"
#include "stream/origin.h"
#include "stream/recover.h"
#include "stream/metrics.h"
#include "stream/waiting.h"

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

#define SECOND_NS  INT64_C(1000000000)
#define KILL_NS	   INT64_C(100000000) /* between two kills */
#define REPORT_MAX 8192		      /* bytes of a report line */

void
weir_incarnation_warn(const struct weir_incarnation *j, const char *text)
{
	if (j->c->warn != NULL)
		j->c->warn(j->c->roles.ctx, text);
}

static void
commit_warn(void *ctx, const char *text)
{
	weir_incarnation_warn(ctx, text);
}

static int
commit_order(void *ctx, const char *line, struct weir_error *err)
{
	struct weir_incarnation *j = ctx;

	(void)err;
	weir_children_order(&j->children, line);
	return 1;
}

/* What older checkpoints than those that are kept needed may go. */
static int
commit_done(void *ctx, struct weir_error *err)
{
	struct weir_incarnation *j = ctx;

	if (weir_jobplace_trim(&j->dir, &j->job, err) == -1)
		return -1;
	weir_children_order(&j->children, "committed");
	return 1;
}

/* --- beginning an incarnation --- */

static int
open_fifo(struct weir_incarnation *j, struct weir_error *err)
{
	int run = weir_run_open(&j->dir, err);
	int r = 1;

	if (run == -1)
		return -1;
	snprintf(
	    j->fifo_name, sizeof j->fifo_name, "commit.%" PRIu64, j->dir.epoch);
	/* for reading and writing: it never ends, whoever comes and goes */
	if (mkfifoat(run, j->fifo_name, 0600) == -1 ||
	    (j->fifo = openat(run, j->fifo_name,
		 O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)) == -1)
		r = weir_fail_errno(
		    err, "%s/run/%s", j->dir.path, j->fifo_name);
	close(run);
	return r;
}

static void
close_fifo(struct weir_incarnation *j)
{
	int run = weir_run_open(&j->dir, NULL);

	if (j->fifo != -1)
		close(j->fifo);
	j->fifo = -1;
	if (run == -1)
		return;
	unlinkat(run, j->fifo_name, 0);
	close(run);
}

/*
 * Did the incarnation before end without an end of the stream? A checkpoint of
 * this epoch was made to begin with.
 */
static bool
crashed(const struct weir_incarnation *j)
{
	return j->restores && j->restored.final == 0 &&
	    j->restored.cp.epoch != j->dir.epoch;
}

/* The ends as the job has them: absolute, and in the order they began with. */
static int
spawn(struct weir_incarnation *j, const struct weir_hello *hello,
    struct weir_error *err)
{
	const struct weir_job *job = &j->job;
	int close_fds[] = {j->dir.fd, j->dir.lock, j->fifo};
	struct weir_roles roles = j->c->roles;
	struct weir_buf reports = {0};
	const char **names = weir_calloc(job->nsinks + 1, sizeof *names);
	const char **paths = weir_calloc(job->nsinks + 1, sizeof *paths);
	int got;

	for (size_t i = 0; i < job->nsinks; i++) {
		names[i] = job->sinks[i].name;
		paths[i] = job->sinks[i].path;
	}
	roles.nsinks = job->nsinks;
	roles.sink_names = names;
	roles.sink_paths = paths;
	roles.source_names = (const char *const *)job->source_names;
	roles.source_paths = (const char *const *)job->source_paths;
	roles.rewinds = job->rewinds;
	roles.rewind_ns = job->rewind_ns;
	roles.fresh = j->restored.nparts == 0;
	roles.skips = j->c->at_most_once && crashed(j);
	roles.again = j->dir.epoch != j->first_epoch;
	roles.pipes = j->pipes;
	roles.dir = j->dir.path;
	roles.gauges = j->gauges;
	weir_status_begin(j);
	roles.epoch = j->dir.epoch;
	weir_buf_printf(&reports, "%s/run/%s", j->dir.path, j->fifo_name);
	roles.reports = weir_buf_cstr(&reports);
	roles.close_fds = close_fds;
	roles.nclose = sizeof close_fds / sizeof *close_fds;
	got = weir_edges_make(&j->dir, &roles, err);
	WEIR_PROBE("run.edges");
	if (got == 1)
		got = weir_spawn(&j->children, &roles, hello, err);
	weir_buf_fini(&reports);
	free(names);
	free(paths);
	return got;
}

static int
start_children(struct weir_incarnation *j, struct weir_error *err)
{
	char restore[WEIR_CP_TEXT];
	struct weir_hello hello = {.job = true,
	    .id = j->job.id,
	    .dir = j->dir.path,
	    .epoch = j->dir.epoch,
	    .npaths = j->job.nsources};
	int got;

	hello.paths = weir_calloc(hello.npaths, sizeof *hello.paths);
	for (size_t i = 0; i < hello.npaths; i++)
		hello.paths[i].source = j->job.source_names[i];
	if (j->restores) {
		weir_cp_print(j->restored.cp, restore);
		hello.restore = restore;
	}
	got = spawn(j, &hello, err);
	free(hello.paths);
	return got;
}

static int
start_committer(struct weir_incarnation *j, struct weir_error *err)
{
	struct weir_commit_config c = {.dir = &j->dir,
	    .job = &j->job,
	    .restored = j->restores ? &j->restored : NULL,
	    .next = j->next,
	    .every_ns = j->c->every_ns,
	    .keep = j->c->keep,
	    .drop = j->c->drop,
	    .ndrop = j->c->ndrop,
	    .order = commit_order,
	    .committed = j->c->spool > 0 ? commit_done : NULL,
	    .warn = commit_warn,
	    .patience = &j->patience,
	    .ctx = j};

	j->committer = weir_committer_new(&c, weir_clock_ns(), err);
	return j->committer == NULL ? -1 : 1;
}

/*
 * Only once: restarts go on from what this run has committed. What a run that
 * was killed in there has left undone comes first.
 */
static int
begin_from(struct weir_incarnation *j, struct weir_error *err)
{
	struct weir_origin from = j->c->from;
	int got = weir_origin_settle(&j->dir, err);

	if (got == -1 || j->first_epoch != 0 || from.kind == WEIR_ORIGIN_LATEST)
		return got;
	from.patience = &j->patience;
	got = weir_origin_begin(&j->dir, &j->c->roles, &from, err);
	if (got == 0)
		weir_incarnation_warn(
		    j, "this job has begun from there already: it goes on");
	return got == -1 ? -1 : 1;
}

int
weir_incarnation_lead(struct weir_incarnation *j, struct weir_error *err)
{
	int r = weir_dir_open(&j->dir, j->c->dir, true, err);

	weir_waiting_begin(j);

	if (r == -1 || weir_dir_lead(&j->dir, err) == -1)
		return -1;
	WEIR_PROBE("run.leads");
	if (begin_from(j, err) == -1)
		return -1;
	if (j->first_epoch == 0)
		j->first_epoch = j->dir.epoch;
	if (weir_jobfile_open(&j->dir, &j->c->roles, &j->job, err) == -1)
		return -1;
	WEIR_PROBE("run.job");
	r = weir_recover(
	    &j->dir, &j->job, &j->restored, &j->next, &j->patience, err);
	if (r == -1)
		return -1;
	j->restores = r == 1;
	WEIR_PROBE("run.recovered");
	return weir_recover_turn(&j->dir, &j->job,
	    j->restores ? &j->restored : NULL, j->c->writes, err);
}

int
weir_incarnation_start(struct weir_incarnation *j, struct weir_error *err)
{
	if (open_fifo(j, err) == -1)
		return -1;
	WEIR_PROBE("run.fifo");
	/* the children first: they must not have the committer's files */
	if (start_children(j, err) == -1 || start_committer(j, err) == -1)
		return -1;
	j->started = true;
	j->waiting = (struct weir_wait){.begin_ns = weir_clock_ns()};
	WEIR_PROBE("run.started");
	return 1;
}

void
weir_incarnation_end(struct weir_incarnation *j)
{
	weir_committer_free(j->committer);
	j->committer = NULL;
	if (j->fifo != -1) /* it was started */
		weir_edges_remove(&j->dir, &j->c->roles);
	weir_children_fini(&j->children);
	if (j->fifo != -1)
		close_fifo(j);
	weir_presence_fini(&j->presence);
	weir_manifest_fini(&j->restored);
	j->restored = (struct weir_manifest){0};
	weir_job_fini(&j->job);
	j->job = (struct weir_job){0};
	weir_dir_close(&j->dir);
	j->dir = (struct weir_dir){.fd = -1, .lock = -1};
	j->reports.len = 0;
	j->stopped = 0;
}

/* --- the reports --- */

static int
take_report(
    struct weir_incarnation *j, const char *line, struct weir_error *err)
{
	int64_t now = weir_clock_ns();
	bool taken;
	int run, stopped;

	if (sscanf(line, "stopped %d", &stopped) == 1) {
		j->stopped = stopped;
		j->stopped_ns = now;
		return 1;
	}
	run =
	    strncmp(line, "here ", 5) == 0 ? weir_run_open(&j->dir, NULL) : -1;
	taken = weir_presence_report(
	    &j->presence, run, line, weir_committer_ending(j->committer), now);
	if (run != -1)
		close(run);
	return taken ? 1 : weir_committer_report(j->committer, line, now, err);
}

int
weir_incarnation_reports(struct weir_incarnation *j, struct weir_error *err)
{
	struct weir_buf *b = &j->reports;
	ssize_t got;

	weir_presence_look(&j->presence);

	while ((got = read(j->fifo, weir_buf_reserve(b, REPORT_MAX),
		    REPORT_MAX)) > 0) {
		size_t at = 0;
		char *nl;

		b->len += (size_t)got;
		while ((nl = memchr(b->data + at, '\n', b->len - at))) {
			*nl = '\0';
			if (take_report(j, b->data + at, err) == -1)
				return -1;
			at = (size_t)(nl - b->data) + 1;
		}
		memmove(b->data, b->data + at, b->len - at);
		b->len -= at;
		if (b->len > REPORT_MAX)
			b->len = 0; /* nobody of ours writes that */
	}
	if (got == -1 && errno != EAGAIN && errno != EINTR)
		return weir_fail_errno(err, "reading reports");
	weir_presence_judge(&j->presence);
	return 1;
}

/* Ours come first: a signal, a report, what should not come out. */
enum { WAKE, REPORT, LEAK, NOURS };

static size_t
watched(struct weir_incarnation *j)
{
	size_t n = NOURS + weir_presence_count(&j->presence);

	j->polls = weir_grow(j->polls, &j->polls_cap, n, sizeof *j->polls);
	j->polls[WAKE] = (struct pollfd){.fd = j->c->wake_fd, .events = POLLIN};
	j->polls[REPORT] = (struct pollfd){.fd = j->fifo, .events = POLLIN};
	j->polls[LEAK] =
	    (struct pollfd){.fd = j->children.leak, .events = POLLIN};
	weir_presence_polls(&j->presence, j->polls + NOURS);
	return n;
}

void
weir_incarnation_wait(struct weir_incarnation *j, int64_t until)
{
	int64_t left = until == INT64_MAX ? -1 : until - weir_clock_ns();
	size_t n = watched(j);
	int ms;

	if (left < 0)
		ms = until == INT64_MAX ? -1 : 0;
	else if (left > 3600 * SECOND_NS)
		ms = 3600 * 1000;
	else
		ms = (int)((left + 999999) / 1000000);
	if (poll(j->polls, n, ms) > 0 && j->polls[WAKE].revents != 0)
		j->c->wake_drain(j->c->roles.ctx);
}

bool
weir_incarnation_lonely(const struct weir_incarnation *j)
{
	int run = weir_run_open(&j->dir, NULL);
	int fd = -1;
	bool gone;

	if (run != -1)
		fd = openat(run, j->fifo_name,
		    O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	gone = fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (fd != -1)
		close(fd);
	if (run != -1)
		close(run);
	return gone;
}

void
weir_incarnation_wind_down(struct weir_incarnation *j, int64_t grace_ns)
{
	int64_t until = weir_clock_ns() + grace_ns;

	weir_children_stop(&j->children);
	weir_presence_close(&j->presence); /* all are to go now */
	while (weir_children_reap(&j->children) > 0) {
		struct weir_error ignored;

		if (weir_clock_ns() >= until)
			weir_children_kill(&j->children);
		/* reports are still read, so that nobody hangs on them */
		if (j->committer != NULL &&
		    weir_incarnation_reports(j, &ignored) == -1)
			j->reports.len = 0;
		weir_incarnation_wait(j,
		    weir_clock_ns() < until ? until
					    : weir_clock_ns() + KILL_NS);
	}
}
