#include "stream/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

static _Noreturn void
stand_by(pid_t group, int lifeline)
{
	static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
	ssize_t got;
	char byte;

#ifdef __linux__
	prctl(PR_SET_NAME, "weir-guard"); /* it is no source and no sink */
#endif
	for (size_t i = 0; i < sizeof deaf / sizeof *deaf; i++)
		signal(deaf[i], SIG_IGN);
	if (setpgid(0, group) == -1)
		_exit(1);
	do
		got = read(lifeline, &byte, 1);
	while (got == 1 || (got == -1 && errno == EINTR));
	kill(0, SIGKILL);
	_exit(1);
}

int
weir_guard_start(
    struct weir_guard *g, pid_t group, void (*shut)(void *ctx), void *ctx)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends) == -1)
		return -1;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		shut(ctx);
		stand_by(group, ends[0]);
	}
	close(ends[0]);
	if (pid == -1) {
		close(ends[1]);
		return -1;
	}
	*g = (struct weir_guard){.pid = pid, .lifeline = ends[1]};
	return 1;
}

void
weir_guard_leave(const struct weir_guard *g)
{
	if (g->pid != 0)
		close(g->lifeline);
}

void
weir_guard_stop(struct weir_guard *g)
{
	if (g->pid == 0)
		return;
	/* before it sees the end of the caller */
	kill(g->pid, SIGKILL);
	waitpid(g->pid, NULL, 0);
	close(g->lifeline);
	*g = (struct weir_guard){.lifeline = -1};
}
