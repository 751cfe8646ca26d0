#include "stream/supervise.h"

#include "base/buf.h"
#include "stream/incarnation.h"
#include "stream/jobplace.h"
#include "stream/metrics.h"
#include "stream/waiting.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define GRACE_NS    INT64_C(2000000000) /* to end by themselves when one died */
#define PAUSE_NS    INT64_C(100000000)	/* the first before a restart */
#define PAUSE_MAX   INT64_C(10000000000)
#define LONELY_NS   INT64_C(200000000)	 /* how often to look for the sink */
#define PATIENCE_NS INT64_C(10000000000) /* until it counts as gone */
#define SECOND_NS   INT64_C(1000000000)

/* How an incarnation ended. */
enum outcome {
	FINISHED,  /* the end is committed */
	GIVEN_UP,  /* *err says why; a restart would not help */
	TRY_AGAIN, /* *err says why */
	KILLED,	   /* by a second signal */
	LEFT	   /* so, while a command was waited for: *err says so */
};

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
broken(const struct weir_incarnation *j)
{
	if (j->presence.died || j->presence.failed ||
	    weir_waiting_in_vain(j, weir_clock_ns()))
		return true;
	for (size_t i = 0; i < j->children.n; i++) {
		const struct weir_child *c = &j->children.child[i];

		if (c->pid == 0 &&
		    (failed(c) || !weir_committer_ending(j->committer)))
			return true;
	}
	return false;
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

/*
 * A crash counts more than what others make of it: a sink that was reached by
 * nothing suspects the pipeline, but it may have been killed. Whoever writes to
 * one who has left in anger dies of SIGPIPE: that is no crash.
 */
static bool
crashed(int status)
{
	int sig =
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) - 128;

	return sig > 0 && sig != SIGPIPE;
}

static const struct weir_child *
culprit(const struct weir_incarnation *j)
{
	const struct weir_child *worst = NULL;
	int most = 0;

	for (size_t i = 0; i < j->children.n; i++) {
		const struct weir_child *c = &j->children.child[i];
		int w = crashed(c->status) ? 5 : weight(WEXITSTATUS(c->status));

		if (!c->killed && w > most) {
			worst = c;
			most = w;
		}
	}
	return worst;
}

/* Does a sink complain that its stream was cut off? */
static bool
starved(const struct weir_incarnation *j)
{
	for (size_t i = 0; i < j->children.n; i++) {
		const struct weir_child *c = &j->children.child[i];

		if (strcmp(c->what, "sink") == 0 && WIFEXITED(c->status) &&
		    WEXITSTATUS(c->status) == WEIR_UPSTREAM)
			return true;
	}
	return false;
}

static bool
is_final(int status)
{
	return status == WEIR_USAGE || status == WEIR_INPUT ||
	    status == WEIR_STATE;
}

/* It has said why, and would say it again. */
static enum outcome
give_up(int status, struct weir_error *err)
{
	err->status = status;
	err->text[0] = '\0';
	return GIVEN_UP;
}

/* Nobody but the stage that has gone can tell why. */
static enum outcome
blame_stage(
    const struct weir_presence *p, const char *what, struct weir_error *err)
{
	weir_fail(err, WEIR_SYSTEM, "a stage of PIPELINE%s%s%s has %s",
	    p->who[0] ? " (" : "", p->who, p->who[0] ? ")" : "", what);
	return TRY_AGAIN;
}

/* Say what became of a job whose processes have all gone before its end. */
static enum outcome
judge(const struct weir_incarnation *j, struct weir_error *err)
{
	const struct weir_child *c = culprit(j);
	bool dead = c != NULL && crashed(c->status);
	int status;

	if (!dead && j->presence.died)
		return blame_stage(&j->presence, "died", err);
	/* a shell does not know how what is in >(...) or behind & ended */
	if (!dead && is_final(j->stopped))
		return give_up(j->stopped, err);
	if (c == NULL && j->presence.went)
		return blame_stage(
		    &j->presence, "ended before the stream did", err);
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
	if (is_final(status))
		return give_up(status, err);
	if (status == 126 || status == 127) {
		weir_fail(err, WEIR_USAGE,
		    "a command of the pipeline was not found or cannot be "
		    "run (exit status %d)",
		    status);
		return GIVEN_UP;
	}
	weir_fail(err,
	    status == WEIR_UPSTREAM || (status == 1 && starved(j))
		? WEIR_UPSTREAM
		: WEIR_SYSTEM,
	    "%s ended with status %d", c->what, status);
	return TRY_AGAIN;
}

/* The committer has failed: *err says why. */
static enum outcome
committer_failed(struct weir_incarnation *j, const struct weir_error *err)
{
	weir_incarnation_wind_down(j, 0);
	if (j->command.left)
		return LEFT;
	return err->status == WEIR_SYSTEM ? TRY_AGAIN : GIVEN_UP;
}

/*
 * A source that stands free has ended: its readers may still be on their way
 * to the end, or gone for good. True once no sink lived for PATIENCE_NS.
 */
static bool
abandoned(struct weir_incarnation *j)
{
	if (!weir_incarnation_lonely(j)) {
		j->lonely_ns = 0;
		return false;
	}
	if (j->lonely_ns == 0)
		j->lonely_ns = weir_clock_ns();
	return weir_clock_ns() - j->lonely_ns > PATIENCE_NS;
}

/* Output that nobody keeps would be lost. */
static enum outcome
leaks(struct weir_error *err)
{
	weir_fail(err, WEIR_USAGE,
	    "PIPELINE writes to standard output, but every sink has a name: "
	    "write to it with >, or say where the rest goes with -o FILE");
	return GIVEN_UP;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static enum outcome
watch(struct weir_incarnation *j, struct weir_error *err)
{
	if (j->signal != 0) /* it came while something was waited for */
		weir_committer_drain(j->committer);
	for (;;) {
		int64_t due;
		size_t left;

		if (!weir_waiting_heed(j)) {
			weir_incarnation_wind_down(j, 0);
			return KILLED;
		}
		/* who is gone has reported before: reap first, then read */
		left = weir_children_reap(&j->children);
		if (weir_incarnation_reports(j, err) == -1 ||
		    weir_committer_check(j->committer, err) == -1 ||
		    weir_committer_tick(j->committer, weir_clock_ns(), err) ==
			-1)
			return committer_failed(j, err);
		if (weir_committer_done(j->committer)) {
			weir_incarnation_wind_down(j, GRACE_NS);
			return FINISHED;
		}
		if (weir_children_leak(&j->children)) {
			weir_incarnation_wind_down(j, 0);
			return leaks(err);
		}
		if (broken(j)) {
			weir_incarnation_wind_down(j, GRACE_NS);
			return judge(j, err);
		}
		weir_waiting_tell(j, weir_clock_ns());
		weir_status_tell(j, weir_clock_ns());
		due = sooner(sooner(weir_committer_due(j->committer),
				 weir_waiting_due(j)),
		    weir_status_due(j));
		if (left == 0) {
			if (j->c->roles.pipeline != NULL || abandoned(j))
				return judge(j, err);
			due = weir_clock_ns() + LONELY_NS;
		}
		weir_incarnation_wait(j, due);
	}
}

/* --- the whole run --- */

/*
 * Was the end committed before? Then there is nothing to do, unless its
 * sources have grown since the windows were closed. 1 finished, 0 not, -1.
 */
static int
finished(struct weir_incarnation *j, struct weir_error *err)
{
	const struct weir_manifest *m = &j->restored;
	char text[160];
	int grown;

	if (!j->restores || m->final == 0)
		return 0;
	if (j->started && m->cp.epoch >= j->first_epoch)
		return 1; /* by this run, which died on the way out */
	if (m->final != 1 + WEIR_COMPLETE)
		return 0;
	grown = weir_jobplace_grown(&j->dir, &j->job, m, j->pipes, err);
	if (grown != 0)
		return -1;
	snprintf(text, sizeof text,
	    "this job is finished: checkpoint %" PRIu64
	    " was the end of its source; there is nothing new",
	    m->cp.n);
	weir_incarnation_warn(j, text);
	return 1;
}

static enum outcome
live(struct weir_incarnation *j, struct weir_error *err)
{
	int r;

	r = weir_incarnation_lead(j, err);
	if (j->command.left)
		return LEFT;
	if (r == -1)
		return err->status == WEIR_SYSTEM && j->started ? TRY_AGAIN
								: GIVEN_UP;
	r = finished(j, err);
	if (r == 1)
		return FINISHED;
	if (r == -1)
		return GIVEN_UP;
	if (weir_incarnation_start(j, err) == -1) {
		weir_incarnation_wind_down(j, 0);
		return err->status == WEIR_SYSTEM ? TRY_AGAIN : GIVEN_UP;
	}
	return watch(j, err);
}

/* Wait before the next try; false if a signal says to stop. */
static bool
pause_before(
    struct weir_incarnation *j, unsigned tries, const struct weir_error *err)
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
	weir_incarnation_warn(j, weir_buf_cstr(&text));
	weir_buf_fini(&text);
	for (until = weir_clock_ns() + ns; weir_clock_ns() < until;) {
		if (*j->c->stop != 0)
			return false;
		weir_incarnation_wait(j, until);
	}
	return true;
}

/* What is said at the end, and the exit status. */
static int
conclude(const struct weir_incarnation *j, enum outcome o, unsigned tries,
    struct weir_error *err)
{
	struct weir_error why = *err;

	if (o == FINISHED)
		return WEIR_OK;
	if (o == KILLED)
		weir_fail(err, WEIR_SYSTEM,
		    "ended before a last checkpoint was written: run it again "
		    "to go on from the one before");
	else if (o == TRY_AGAIN && j->c->roles.pipeline == NULL)
		weir_fail(err, why.status,
		    "%.700s: run the pipeline again to go on from the last "
		    "checkpoint",
		    why.text);
	else if (o == TRY_AGAIN && tries > 1)
		weir_fail(err, why.status,
		    "%.700s: given up after %u restarts without a new "
		    "checkpoint",
		    why.text, tries - 1);
	return err->status;
}

/* What a pipe gave is gone with the process that read it, unless it is kept. */
static int
check_pipes(const struct weir_supervise_config *c, const struct weir_pipes *p,
    struct weir_error *err)
{
	if (p->n == 0 || c->spool > 0 || c->at_most_once)
		return 1;
	return weir_fail(err, WEIR_USAGE,
	    "source %s is a pipe, which cannot be read again after a crash: "
	    "say --spool, which keeps on disk what it gave, or "
	    "--guarantee=at-most-once, if what is under way may be lost",
	    p->pipe[0].source);
}

/*
 * The stream was lost though nobody crashed. Once that may be what somebody
 * else's end looked like; twice, before anything was committed, PIPELINE does it.
 */
static enum outcome
loses_stream(struct weir_error *err)
{
	weir_fail(err, WEIR_USAGE,
	    "PIPELINE loses the stream, as said above: all commands in it must "
	    "pass on the frames of weir's stages; put others before the job or "
	    "behind its sink");
	return GIVEN_UP;
}

static int
supervise(struct weir_incarnation *j, struct weir_error *err)
{
	const struct weir_supervise_config *config = j->c;
	unsigned tries = 0, lost = 0;
	enum outcome o;

	weir_status_open(j);
	for (;;) {
		o = live(j, err);
		if (j->committer != NULL &&
		    weir_committer_commits(j->committer) > 0)
			tries = lost = 0;
		else if (o == TRY_AGAIN && err->status == WEIR_UPSTREAM &&
		    ++lost == 2)
			o = loses_stream(err);
		weir_incarnation_end(j);
		if (o != TRY_AGAIN || config->roles.pipeline == NULL ||
		    j->signal != 0 || ++tries > config->restarts)
			break;
		j->restarts++;
		if (!pause_before(j, tries, err)) {
			j->signal = (int)*config->stop;
			o = KILLED;
			break;
		}
	}
	*config->stop = j->signal;
	return conclude(j, o, tries, err);
}

int
weir_supervise(
    const struct weir_supervise_config *config, struct weir_error *err)
{
	struct weir_pipes pipes;
	struct weir_incarnation j = {.c = config,
	    .dir = {.fd = -1, .lock = -1},
	    .pipes = &pipes,
	    .fifo = -1,
	    .children = {.leak = -1}};
	int status;

	if (weir_pipes_open(&pipes, &config->roles, err) == -1 ||
	    check_pipes(config, &pipes, err) == -1)
		status = err->status;
	else
		status = supervise(&j, err);
	weir_buf_fini(&j.reports);
	free(j.polls);
	weir_status_close(&j);
	weir_pipes_close(&pipes);
	return status;
}
