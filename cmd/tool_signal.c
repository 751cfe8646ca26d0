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
static volatile sig_atomic_t stopped, wants_stats, wants_tables, in_job;
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
on_reread(int sig)
{
	(void)sig;
	wants_tables = 1;
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
tool_reread(struct weir_stage_config *c)
{
	handle(SIGHUP, on_reread);
	c->reread = &wants_tables;
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
#define CRASHES 4

static struct crash {
	char probe[64], role[64];
	long count;
} crashes[CRASHES];
static size_t ncrashes;
static char role[64];

static void
token(size_t i, char path[512])
{
	const char *dir = getenv("WEIR_CRASH_DIR");

	snprintf(path, 512, "%s/%zu", dir != NULL ? dir : ".", i);
}

/* Forks of scheckpoint go on as another role; their first probe says so. */
static void
note(const char *name)
{
	const char *log = getenv("WEIR_CRASH_LOG");
	char line[160];
	int fd, n;

	if (strcmp(name, "source.begin") == 0)
		strcpy(role, "source");
	if (strcmp(name, "sink.begin") == 0)
		strcpy(role, "sink");
	if (strcmp(name, "feeder.begin") == 0)
		strcpy(role, "feeder");
	if (log == NULL)
		return;
	fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	n = snprintf(line, sizeof line, "%s %s\n", role, name);
	if (fd >= 0 && write(fd, line, (size_t)n) == n)
		close(fd);
}

/*
 * The token's length counts, for all processes of the role: most that come by
 * a probe are children that capture once and are gone.
 */
static bool
is_due(const char *path, long count)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	bool due;

	if (fd < 0)
		return false;
	due = write(fd, ".", 1) == 1 && lseek(fd, 0, SEEK_CUR) == count;
	close(fd);
	return due;
}

/* Whoever takes the token of a crash dies; the next one is armed by that. */
static void
on_probe(const char *name)
{
	char path[512];
	size_t i;

	note(name);
	for (i = 0; i < ncrashes; i++) {
		struct crash *c = &crashes[i];

		token(i, path);
		if (access(path, F_OK) != 0)
			continue;
		if (strcmp(name, c->probe) == 0 && strcmp(role, c->role) == 0 &&
		    is_due(path, labs(c->count)) && unlink(path) == 0)
			kill(getpid(), c->count < 0 ? SIGSTOP : SIGKILL);
		return;
	}
}

void
tool_probes(const char *tool)
{
	const char *s = getenv("WEIR_CRASH");

	snprintf(role, sizeof role, "%s", tool);
	while (s != NULL && *s != '\0' && ncrashes < CRASHES) {
		struct crash *c = &crashes[ncrashes++];

		if (sscanf(s, "%63[^:]:%ld:%63[^ ]", c->probe, &c->count,
			c->role) != 3)
			abort();
		s += strcspn(s, " ");
		s += strspn(s, " ");
	}
	weir_probe_hook = on_probe;
}
#else
void
tool_probes(const char *tool)
{
	(void)tool;
}
#endif
