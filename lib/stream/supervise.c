#include "stream/supervise.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "event/source.h"
#include "state/snapshot.h"
#include "stream/commit.h"
#include "stream/jobfile.h"
#include "stream/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_NS    INT64_C(2000000000) /* to end by themselves when one died */
#define PAUSE_NS    INT64_C(100000000)	/* the first before a restart */
#define PAUSE_MAX   INT64_C(10000000000)
#define LONELY_NS   INT64_C(200000000)	 /* how often to look for the sink */
#define PATIENCE_NS INT64_C(10000000000) /* until it counts as gone */
#define REPORT_MAX  8192		 /* bytes of a report line */
#define SECOND_NS   INT64_C(1000000000)

/* How an incarnation ended. */
enum outcome {
	FINISHED,  /* the end is committed */
	GIVEN_UP,  /* *err says why; a restart would not help */
	TRY_AGAIN, /* *err says why */
	KILLED	   /* by a second signal */
};

struct job {
	const struct weir_supervise_config *c;
	struct weir_dir dir;
	struct weir_job job;
	struct weir_manifest restored; /* {0}: beginning anew */
	bool restores;
	uint64_t next;	      /* checkpoint */
	uint64_t first_epoch; /* of this run */
	bool started;	      /* it has worked once */
	struct weir_committer *committer;
	struct weir_children children;
	int fifo;
	char fifo_name[48];
	struct weir_buf reports; /* read from the FIFO, not yet taken */
	int signal;		 /* that asked for an end; 0: none */
	int64_t lonely_ns;	 /* since when no sink is there; 0: one is */
};

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * SECOND_NS + ts.tv_nsec;
}

static void
warn(const struct job *j, const char *text)
{
	if (j->c->warn != NULL)
		j->c->warn(j->c->roles.ctx, text);
}

static void
commit_warn(void *ctx, const char *text)
{
	warn(ctx, text);
}

static int
commit_order(void *ctx, const char *line, struct weir_error *err)
{
	struct job *j = ctx;

	(void)err;
	weir_children_order(&j->children, line);
	return 1;
}

/* --- beginning an incarnation --- */

static int
open_fifo(struct job *j, struct weir_error *err)
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
close_fifo(struct job *j)
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

static int
start_children(struct job *j, struct weir_error *err)
{
	char restore[WEIR_CP_TEXT];
	struct weir_path path = {.source = j->job.source_names[0]};
	struct weir_hello hello = {.job = true,
	    .id = j->job.id,
	    .dir = j->dir.path,
	    .epoch = j->dir.epoch,
	    .npaths = 1,
	    .paths = &path};
	int close_fds[] = {j->dir.fd, j->dir.lock, j->fifo};
	struct weir_roles roles = j->c->roles;
	const char *sink_name = NULL, *sink_path = NULL;

	if (j->restores) {
		weir_cp_print(j->restored.cp, restore);
		hello.restore = restore;
	}
	if (j->job.nsinks > 0) {
		sink_name = j->job.sinks[0].name;
		sink_path = j->job.sinks[0].path;
	}
	roles.sink_names = &sink_name;
	roles.sink_paths = &sink_path;
	roles.source_names = (const char *const *)j->job.source_names;
	roles.source_paths = (const char *const *)j->job.source_paths;
	roles.close_fds = close_fds;
	roles.nclose = sizeof close_fds / sizeof *close_fds;
	return weir_spawn(&j->children, &roles, &hello, err);
}

static int
start_committer(struct job *j, struct weir_error *err)
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
	    .warn = commit_warn,
	    .ctx = j};

	j->committer = weir_committer_new(&c, now_ns(), err);
	return j->committer == NULL ? -1 : 1;
}

/*
 * Lead, recover. Everything that lived under an older epoch is gone once the
 * lead is ours, so what lies in the directory no longer changes. 1, or -1.
 */
static int
take_over(struct job *j, struct weir_error *err)
{
	int r = weir_dir_open(&j->dir, j->c->dir, true, err);

	if (r == -1 || weir_dir_lead(&j->dir, err) == -1)
		return -1;
	WEIR_PROBE("run.leads");
	if (j->first_epoch == 0)
		j->first_epoch = j->dir.epoch;
	if (weir_jobfile_open(&j->dir, &j->c->roles, &j->job, err) == -1)
		return -1;
	WEIR_PROBE("run.job");
	r = weir_recover(&j->dir, &j->job, &j->restored, &j->next, err);
	if (r == -1)
		return -1;
	j->restores = r == 1;
	WEIR_PROBE("run.recovered");
	return 1;
}

static void
let_go(struct job *j)
{
	weir_committer_free(j->committer);
	j->committer = NULL;
	weir_children_fini(&j->children);
	if (j->fifo != -1)
		close_fifo(j);
	weir_manifest_fini(&j->restored);
	j->restored = (struct weir_manifest){0};
	weir_job_fini(&j->job);
	j->job = (struct weir_job){0};
	weir_dir_close(&j->dir);
	j->dir = (struct weir_dir){.fd = -1, .lock = -1};
	j->reports.len = 0;
}

/* --- the reports --- */

/* Take all lines that are there. */
static int
take_reports(struct job *j, struct weir_error *err)
{
	struct weir_buf *b = &j->reports;
	ssize_t got;

	while ((got = read(j->fifo, weir_buf_reserve(b, REPORT_MAX),
		    REPORT_MAX)) > 0) {
		size_t at = 0;
		char *nl;

		b->len += (size_t)got;
		while ((nl = memchr(b->data + at, '\n', b->len - at))) {
			*nl = '\0';
			if (weir_committer_report(j->committer, b->data + at,
				now_ns(), err) == -1)
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
	return 1;
}

/*
 * Is no sink there? Each holds a shared lock on the FIFO while it lives. A
 * source that stands free has no other way to see that its sink is gone.
 */
static bool
sink_gone(const struct job *j)
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

static void
wait_for(struct job *j, int64_t until)
{
	struct pollfd p[2] = {{.fd = j->c->wake_fd, .events = POLLIN},
	    {.fd = j->fifo, .events = POLLIN}};
	int64_t left = until == INT64_MAX ? -1 : until - now_ns();
	int ms;

	if (left < 0)
		ms = until == INT64_MAX ? -1 : 0;
	else if (left > 3600 * SECOND_NS)
		ms = 3600 * 1000;
	else
		ms = (int)((left + 999999) / 1000000);
	if (poll(p, 2, ms) > 0 && p[0].revents != 0)
		j->c->wake_drain(j->c->roles.ctx);
}

/* --- watching --- */

static bool
failed(const struct weir_child *c)
{
	return c->pid == 0 &&
	    !(WIFEXITED(c->status) && WEXITSTATUS(c->status) == 0);
}

/*
 * Has a process gone that should not have? Once the end was asked for, all may
 * end with 0; before that nobody may.
 */
static bool
broken(const struct job *j)
{
	for (size_t i = 0; i < j->children.n; i++) {
		const struct weir_child *c = &j->children.child[i];

		if (c->pid == 0 &&
		    (failed(c) || !weir_committer_ending(j->committer)))
			return true;
	}
	return false;
}

/* Give all a moment to end by themselves and say why; then kill. */
static void
wind_down(struct job *j, int64_t grace_ns)
{
	int64_t until = now_ns() + grace_ns;

	weir_children_stop(&j->children);
	while (weir_children_reap(&j->children) > 0) {
		struct weir_error ignored;

		if (now_ns() >= until)
			weir_children_kill(&j->children);
		/* reports are still read, so that nobody hangs on them */
		if (j->committer != NULL && take_reports(j, &ignored) == -1)
			j->reports.len = 0;
		wait_for(j, now_ns() < until ? until : now_ns() + PAUSE_NS);
	}
}

/* How telling an exit status is of what went wrong first. */
static int
weight(int status)
{
	switch (status) {
	case 0: return 0;
	case WEIR_UPSTREAM: return 1;
	case WEIR_USAGE:
	case WEIR_INPUT:
	case WEIR_STATE: return 4;
	case 126:
	case 127: return 3;
	default: return 2;
	}
}

static const struct weir_child *
culprit(const struct job *j)
{
	const struct weir_child *worst = NULL;
	int most = 0;

	for (size_t i = 0; i < j->children.n; i++) {
		const struct weir_child *c = &j->children.child[i];
		int w =
		    WIFEXITED(c->status) ? weight(WEXITSTATUS(c->status)) : 2;

		if (!c->killed && w > most) {
			worst = c;
			most = w;
		}
	}
	return worst;
}

/* Say what became of a job whose processes have all gone before its end. */
static enum outcome
judge(const struct job *j, struct weir_error *err)
{
	const struct weir_child *c = culprit(j);
	int status;

	if (c == NULL) {
		weir_fail(err, WEIR_UPSTREAM,
		    "the stream was cut off before its end was committed");
		return TRY_AGAIN;
	}
	if (!WIFEXITED(c->status) || WEXITSTATUS(c->status) > 128) {
		weir_fail(err, WEIR_SYSTEM, "%s died of signal %d", c->what,
		    WIFEXITED(c->status) ? WEXITSTATUS(c->status) - 128
					 : WTERMSIG(c->status));
		return TRY_AGAIN;
	}
	status = WEXITSTATUS(c->status);
	switch (status) {
	case WEIR_USAGE:
	case WEIR_INPUT:
	case WEIR_STATE:
		/* it has said why, and would say it again */
		err->status = status;
		err->text[0] = '\0';
		return GIVEN_UP;
	case 126:
	case 127:
		weir_fail(err, WEIR_USAGE,
		    "a command of the pipeline was not found or cannot be "
		    "run (exit status %d)",
		    status);
		return GIVEN_UP;
	default:
		weir_fail(err,
		    status == WEIR_UPSTREAM ? WEIR_UPSTREAM : WEIR_SYSTEM,
		    "%s ended with status %d", c->what, status);
		return TRY_AGAIN;
	}
}

/* The committer has failed: *err says why. */
static enum outcome
committer_failed(struct job *j, const struct weir_error *err)
{
	wind_down(j, 0);
	return err->status == WEIR_SYSTEM ? TRY_AGAIN : GIVEN_UP;
}

/* React to SIGINT and SIGTERM: drain once, then kill. false: kill. */
static bool
heed_signals(struct job *j)
{
	int sig = (int)*j->c->stop;

	if (sig == 0)
		return true;
	if (j->signal != 0)
		return false;
	*j->c->stop = 0;
	j->signal = sig;
	weir_committer_drain(j->committer);
	return true;
}

/*
 * A source that stands free has ended: its readers may still be on their way
 * to the end, or gone for good. True once no sink lived for PATIENCE_NS.
 */
static bool
abandoned(struct job *j)
{
	if (!sink_gone(j)) {
		j->lonely_ns = 0;
		return false;
	}
	if (j->lonely_ns == 0)
		j->lonely_ns = now_ns();
	return now_ns() - j->lonely_ns > PATIENCE_NS;
}

static enum outcome
watch(struct job *j, struct weir_error *err)
{
	for (;;) {
		int64_t due;
		size_t left;

		if (!heed_signals(j)) {
			wind_down(j, 0);
			return KILLED;
		}
		/* who is gone has reported before: reap first, then read */
		left = weir_children_reap(&j->children);
		if (take_reports(j, err) == -1 ||
		    weir_committer_tick(j->committer, now_ns(), err) == -1)
			return committer_failed(j, err);
		if (weir_committer_done(j->committer)) {
			wind_down(j, GRACE_NS);
			return FINISHED;
		}
		if (broken(j)) {
			wind_down(j, GRACE_NS);
			return judge(j, err);
		}
		due = weir_committer_due(j->committer);
		if (left == 0) {
			if (j->c->roles.pipeline != NULL || abandoned(j))
				return judge(j, err);
			due = now_ns() + LONELY_NS;
		}
		wait_for(j, due);
	}
}

/* --- the whole run --- */

/*
 * Was the end committed before? Then there is nothing to do, unless its
 * sources have grown since the windows were closed. 1 finished, 0 not, -1.
 */
static int
finished(struct job *j, struct weir_error *err)
{
	const struct weir_manifest *m = &j->restored;
	char text[160];
	int grown;

	if (!j->restores || m->final == 0)
		return 0;
	if (m->cp.epoch >= j->first_epoch)
		return 1; /* by this run, which died on the way out */
	if (m->final != 1 + WEIR_COMPLETE)
		return 0;
	grown = weir_jobfile_grown(&j->dir, &j->job, m, err);
	if (grown != 0)
		return -1;
	snprintf(text, sizeof text,
	    "this job is finished: checkpoint %" PRIu64
	    " was the end of its source; there is nothing new",
	    m->cp.n);
	warn(j, text);
	return 1;
}

static enum outcome
incarnation(struct job *j, struct weir_error *err)
{
	int r;

	if (take_over(j, err) == -1)
		return err->status == WEIR_SYSTEM && j->started ? TRY_AGAIN
								: GIVEN_UP;
	r = finished(j, err);
	if (r == 1)
		return FINISHED;
	if (r == -1)
		return GIVEN_UP;
	if (open_fifo(j, err) == -1)
		return GIVEN_UP;
	WEIR_PROBE("run.fifo");
	if (start_children(j, err) == -1 || start_committer(j, err) == -1) {
		wind_down(j, 0);
		return TRY_AGAIN;
	}
	j->started = true;
	WEIR_PROBE("run.started");
	return watch(j, err);
}

/* Wait before the next try; false if a signal says to stop. */
static bool
pause_before(struct job *j, unsigned tries, const struct weir_error *err)
{
	int64_t ns = PAUSE_NS, until;
	struct weir_buf text = {0};

	while (--tries > 0 && ns < PAUSE_MAX)
		ns *= 2;
	if (ns > PAUSE_MAX)
		ns = PAUSE_MAX;
	weir_buf_printf(&text,
	    "%s: restarting in %.1f s from the last "
	    "checkpoint",
	    err->text, (double)ns / SECOND_NS);
	warn(j, weir_buf_cstr(&text));
	weir_buf_fini(&text);
	for (until = now_ns() + ns; now_ns() < until;) {
		if (*j->c->stop != 0)
			return false;
		wait_for(j, until);
	}
	return true;
}

int
weir_supervise(
    const struct weir_supervise_config *config, struct weir_error *err)
{
	struct job j = {.c = config, .dir = {.fd = -1, .lock = -1}, .fifo = -1};
	unsigned tries = 0;
	enum outcome o;

	for (;;) {
		o = incarnation(&j, err);
		if (j.committer != NULL &&
		    weir_committer_commits(j.committer) > 0)
			tries = 0;
		let_go(&j);
		if (o == TRY_AGAIN && j.signal != 0)
			o = KILLED;
		if (o != TRY_AGAIN || config->roles.pipeline == NULL ||
		    ++tries > config->restarts)
			break;
		if (!pause_before(&j, tries, err)) {
			j.signal = (int)*config->stop;
			o = KILLED;
			break;
		}
	}
	weir_buf_fini(&j.reports);
	*config->stop = j.signal;
	if (o == FINISHED)
		return WEIR_OK;
	if (o == KILLED)
		return weir_fail(err, WEIR_SYSTEM,
			   "killed before the last checkpoint was written: "
			   "run it again to go on from the one before"),
		       WEIR_SYSTEM;
	return err->status;
}
