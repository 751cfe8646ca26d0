#define _GNU_SOURCE /* ppoll */
#include "stream/feeder.h"

#include "base/mem.h"
#include "base/probe.h"
#include "state/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE	 65536
#define NAME	 64
#define WAIT_MS	 2000 /* for the end of one that no longer reads */
#define TOO_SOON 255  /* our exit status: it ended before its input did */

/* --- in the feeder --- */

struct feeding {
	int queue, control, out;
	pid_t command;
	bool ended;	 /* nothing follows */
	char last[NAME]; /* given whole */
	char now[NAME];	 /* being given: fd */
	int fd;
	sigset_t asleep; /* SIGCHLD wakes */
	char buf[PIECE];
	size_t at, len;
};

/* The committer is gone, or has had enough: nobody stays. */
static void
end_all(void)
{
	kill(0, SIGKILL);
	_exit(6);
}

static int
exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Only to be woken. */
static void
on_child(int sig)
{
	(void)sig;
}

/* The end of the command is seen whenever we sleep, and only then. */
static void
heed_children(struct feeding *f)
{
	struct sigaction sa = {.sa_handler = on_child};
	sigset_t child;

	sigaction(SIGCHLD, &sa, NULL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &f->asleep);
	sigdelset(&f->asleep, SIGCHLD);
}

static void
start_command(struct feeding *f, const char *command)
{
	int fd[2];

	if (pipe(fd) == -1)
		_exit(6);
	f->command = fork();
	if (f->command == 0) {
		for (int sig = 1; sig < 32; sig++)
			signal(sig, SIG_DFL);
		sigprocmask(SIG_SETMASK, &f->asleep, NULL);
		if (dup2(fd[0], 0) == -1)
			_exit(6);
		close(fd[0]);
		close(fd[1]);
		execlp("bash", "bash", "-c", command, (char *)NULL);
		execlp("sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (f->command == -1)
		_exit(6);
	close(fd[0]);
	f->out = fd[1];
	fcntl(f->out, F_SETFL, O_NONBLOCK);
}

/* Forget the files before the name; NULL: all. */
static void
forget(struct feeding *f, const char *before)
{
	struct weir_names names;

	if (weir_names_read(f->queue, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		if (before == NULL || strcmp(names.name[i], before) < 0)
			unlinkat(f->queue, names.name[i], 0);
	weir_names_fini(&names);
	WEIR_PROBE("feeder.forgot");
}

/* Open the file behind the last one, if it is there. */
static void
next_file(struct feeding *f)
{
	struct weir_names names;
	int left = 1;

	if (ioctl(f->out, FIONREAD, &left) == 0 && left == 0)
		forget(f, f->last);
	if (weir_names_read(f->queue, &names, NULL) < 0)
		_exit(6);
	f->now[0] = '\0';
	for (size_t i = 0; i < names.n; i++)
		if (strlen(names.name[i]) < NAME &&
		    strcmp(names.name[i], f->last) > 0 &&
		    (f->now[0] == '\0' || strcmp(names.name[i], f->now) < 0))
			strcpy(f->now, names.name[i]);
	weir_names_fini(&names);
	if (f->now[0] == '\0')
		return;
	f->fd = openat(f->queue, f->now, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (f->fd == -1)
		_exit(6);
	WEIR_PROBE("feeder.next");
}

/* Is there something to write? */
static bool
fill(struct feeding *f)
{
	ssize_t n;

	while (f->at == f->len) {
		if (f->fd == -1)
			next_file(f);
		if (f->fd == -1)
			return false;
		n = read(f->fd, f->buf, sizeof f->buf);
		if (n < 0)
			_exit(6);
		f->at = 0;
		f->len = (size_t)n;
		if (n > 0)
			return true;
		close(f->fd);
		f->fd = -1;
		strcpy(f->last, f->now);
		WEIR_PROBE("feeder.given");
	}
	return true;
}

static void
read_control(struct feeding *f)
{
	char c;
	ssize_t n = read(f->control, &c, 1);

	if (n == 0)
		end_all();
	if (n == 1 && c == 'e')
		f->ended = true;
}

/* It has ended; what it was given is not needed again if it ended well. */
static void
end_with(struct feeding *f, int status, bool too_soon)
{
	int code = exit_code(status);

	if (code != 0)
		_exit(code);
	if (too_soon)
		_exit(TOO_SOON);
	forget(f, NULL);
	_exit(0);
}

/* Sleep until something can be done, or the command ends. */
static int
sleep_on(struct feeding *f, struct pollfd *p, nfds_t n, int ms)
{
	struct timespec limit = {ms / 1000, 0};

	return ppoll(p, n, ms < 0 ? NULL : &limit, &f->asleep);
}

/*
 * Wait for the command; its end, or ours. One that has only closed its input
 * has a moment to say by its exit status why.
 */
static void
await(struct feeding *f, bool too_soon)
{
	struct pollfd p = {.fd = f->control, .events = POLLIN};
	int status;

	WEIR_PROBE("feeder.awaits");
	while (waitpid(f->command, &status, WNOHANG) == 0) {
		int got = sleep_on(f, &p, 1, too_soon ? WAIT_MS : -1);

		if (got > 0)
			read_control(f);
		if (got == 0)
			_exit(TOO_SOON);
	}
	end_with(f, status, too_soon);
}

static void
write_on(struct feeding *f)
{
	ssize_t n = write(f->out, f->buf + f->at, f->len - f->at);

	if (n > 0)
		f->at += (size_t)n;
	else if (n < 0 && errno == EPIPE)
		await(f, true);
}

static void
feed(struct feeding *f)
{
	int status;

	for (;;) {
		bool some = fill(f);
		struct pollfd p[2] = {
		    {.fd = f->out, .events = some ? POLLOUT : 0},
		    {.fd = f->control, .events = POLLIN}};

		if (!some && f->ended) {
			close(f->out);
			await(f, false);
		}
		if (waitpid(f->command, &status, WNOHANG) == f->command)
			end_with(f, status, true);
		if (sleep_on(f, p, 2, -1) == -1)
			continue;
		if (p[1].revents != 0)
			read_control(f);
		if (p[0].revents & (POLLERR | POLLHUP))
			await(f, true);
		if (p[0].revents & POLLOUT)
			write_on(f);
	}
}

/* --- in the committer --- */

int
weir_feeder_start(struct weir_feeder *f, int queue, const char *command,
    struct weir_error *err)
{
	int fd[2];

	if (pipe(fd) == -1)
		return weir_fail_errno(err, "a command that is a sink");
	fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	fcntl(fd[1], F_SETFD, FD_CLOEXEC);
	f->pid = fork();
	if (f->pid == 0) {
		struct feeding *own = weir_calloc(1, sizeof *own);

		setpgid(0, 0);
		close(fd[1]);
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		signal(SIGPIPE, SIG_IGN);
		heed_children(own);
		WEIR_PROBE("feeder.begin");
		own->queue = queue;
		own->control = fd[0];
		own->fd = -1;
		start_command(own, command);
		feed(own);
	}
	close(fd[0]);
	if (f->pid == -1) {
		f->pid = 0;
		close(fd[1]);
		return weir_fail_errno(err, "a command that is a sink");
	}
	setpgid(f->pid, f->pid);
	f->control = fd[1];
	return 1;
}

static int
say_end(const struct weir_feeder *f, int status, struct weir_error *err)
{
	int code = exit_code(status);

	if (code == TOO_SOON)
		return weir_fail(err, WEIR_SYSTEM,
		    "the command that is the sink %s ended before its input "
		    "did",
		    f->sink);
	if (code > 128)
		return weir_fail(err, WEIR_SYSTEM,
		    "the command that is the sink %s died of signal %d",
		    f->sink, code - 128);
	return weir_fail(err, WEIR_SYSTEM,
	    "the command that is the sink %s ended with exit status %d",
	    f->sink, code);
}

/* It has ended by itself: nobody of its group stays. */
static void
bury(struct weir_feeder *f)
{
	kill(-f->pid, SIGKILL);
	f->pid = 0;
	close(f->control);
}

int
weir_feeder_check(struct weir_feeder *f, struct weir_error *err)
{
	int status;

	if (f->pid == 0 || waitpid(f->pid, &status, WNOHANG) != f->pid)
		return 1;
	bury(f);
	return say_end(f, status, err);
}

static int
tell(struct weir_feeder *f, const char *what, struct weir_error *err)
{
	if (write(f->control, what, 1) == -1 && errno != EPIPE)
		return weir_fail_errno(
		    err, "the command that is the sink %s", f->sink);
	return 1;
}

int
weir_feeder_wake(struct weir_feeder *f, struct weir_error *err)
{
	return weir_feeder_check(f, err) == -1 ? -1 : tell(f, "n", err);
}

int
weir_feeder_end(struct weir_feeder *f, struct weir_error *err)
{
	return tell(f, "e", err);
}

int
weir_feeder_ended(struct weir_feeder *f, struct weir_error *err)
{
	int status;

	if (waitpid(f->pid, &status, WNOHANG) != f->pid)
		return 0;
	if (status != 0) {
		bury(f);
		return say_end(f, status, err);
	}
	f->pid = 0; /* what it has left behind may live */
	close(f->control);
	return 1;
}

void
weir_feeder_kill(struct weir_feeder *f)
{
	if (f->pid == 0)
		return;
	kill(-f->pid, SIGKILL);
	while (waitpid(f->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	close(f->control);
	f->pid = 0;
}
