#define _GNU_SOURCE
#include "cmd/tool_signal.h"

#include "base/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the handlers set, and what they read. */
static volatile sig_atomic_t stopped, wants_stats, in_job;
static int wake[2] = {-1, -1};

static void
wake_up(void)
{
	int e = errno;

	if (write(wake[1], "", 1) < 0) {
		/* Full: it is readable anyway. */
	}
	errno = e;
}

/* Inside a job the job decides; a second one outside kills. */
static void
on_stop(int sig)
{
	if (in_job)
		return;
	if (stopped != 0) {
		signal(sig, SIG_DFL);
		raise(sig);
		return;
	}
	stopped = sig;
	wake_up();
}

static void
on_stats(int sig)
{
	(void)sig;
	wants_stats = 1;
	wake_up();
}

static void
on_child(int sig)
{
	(void)sig;
	wake_up();
}

static void
drain(void *ctx)
{
	char buf[64];

	(void)ctx;
	while (read(wake[0], buf, sizeof buf) > 0)
		;
}

/* What whoever started us ignores (nohup) stays ignored. */
static void
handle(int sig, void (*handler)(int))
{
	struct sigaction old, new = {.sa_handler = handler};

	sigemptyset(&new.sa_mask);
	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(sig, &new, NULL);
}

int
tool_signals(struct weir_stage_config *c, struct weir_error *err)
{
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		return weir_fail_errno(err, "cannot make a pipe");
	signal(SIGPIPE, SIG_IGN);
	handle(SIGINT, on_stop);
	handle(SIGTERM, on_stop);
	handle(SIGUSR1, on_stats);
	c->stop = &stopped;
	c->stats = &wants_stats;
	c->in_job = &in_job;
	c->wake_fd = wake[0];
	c->wake_drain = drain;
	return 1;
}

void
tool_watch_children(void)
{
	struct sigaction new = {.sa_handler = on_child};

	/* whoever started us may ignore them, but then they leave no status */
	sigemptyset(&new.sa_mask);
	sigaction(SIGCHLD, &new, NULL);
}

void
tool_end_by_signal(void)
{
	if (stopped == 0 || in_job)
		return;
	signal(stopped, SIG_DFL);
	raise(stopped);
}

#ifdef WEIR_PROBES
static struct {
	char name[64], tool[64];
	long count;
} crash;

static void
on_probe(const char *name)
{
	if (strcmp(name, crash.name) == 0 && --crash.count == 0)
		kill(getpid(), SIGKILL);
}

void
tool_probes(const char *tool)
{
	const char *s = getenv("WEIR_CRASH");

	if (s == NULL ||
	    sscanf(s, "%63[^:]:%ld:%63s", crash.name, &crash.count,
		crash.tool) < 2 ||
	    (crash.tool[0] != '\0' && strcmp(crash.tool, tool) != 0))
		return;
	weir_probe_hook = on_probe;
}
#else
void
tool_probes(const char *tool)
{
	(void)tool;
}
#endif
