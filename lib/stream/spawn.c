#include "stream/spawn.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Said behind PIPELINE to bash: of all the statuses in it the one that tells
 * most. A crash comes first, as others draw wrong conclusions from it. A stage
 * that stops with 2, 3 or 5 says why; one behind it only says (4) that the one
 * before it died, one before it dies of SIGPIPE (141).
 */
static const char tell_status[] =
    "\n__weir_s=(\"${PIPESTATUS[@]}\")\n"
    "for __weir_i in \"${__weir_s[@]}\"; do\n"
    "[ \"$__weir_i\" -gt 128 ] && [ \"$__weir_i\" != 141 ] &&\n"
    "exit \"$__weir_i\"\n"
    "done\n"
    "for __weir_w in 2 3 5 126 127; do\n"
    "for __weir_i in \"${__weir_s[@]}\"; do\n"
    "[ \"$__weir_i\" = \"$__weir_w\" ] && exit \"$__weir_i\"\n"
    "done; done\n"
    "for __weir_i in \"${__weir_s[@]}\"; do\n"
    "case \"$__weir_i\" in 0|4|141) ;; *) exit \"$__weir_i\" ;; esac\n"
    "done\n"
    "for __weir_i in \"${__weir_s[@]}\"; do\n"
    "[ \"$__weir_i\" = 0 ] || exit \"$__weir_i\"\n"
    "done\n"
    "exit 0\n";

static int
pipe_cloexec(int fd[2])
{
	if (pipe(fd) == -1)
		return -1;
	fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	fcntl(fd[1], F_SETFD, FD_CLOEXEC);
	return 0;
}

static void
close_if(int fd)
{
	if (fd != -1)
		close(fd);
}

static struct weir_child *
add(struct weir_children *cs, const char *what, const char *name)
{
	struct weir_child *c = &cs->child[cs->n++];

	*c = (struct weir_child){.what = what, .name = name, .control = -1};
	return c;
}

/*
 * In the new process: close what belongs to others. A pipe end that stays open
 * in the wrong process would hide the end of a stream.
 */
static void
close_others(const struct weir_children *cs, const struct weir_roles *r,
    const struct weir_role *role, const int *pipes, size_t npipes)
{
	for (size_t i = 0; i < cs->n; i++)
		close_if(cs->child[i].control);
	for (size_t i = 0; i < r->nclose; i++)
		close_if(r->close_fds[i]);
	for (size_t i = 0; i < npipes; i++)
		if (pipes[i] != role->in_fd && pipes[i] != role->out_fd)
			close_if(pipes[i]);
}

/* Fork a source or a sink. */
static int
spawn_role(struct weir_children *cs, const struct weir_roles *r,
    struct weir_role *role, const int *pipes, size_t npipes)
{
	bool source = role->hello != NULL;
	struct weir_child *c;
	int control[2];
	pid_t pid;

	if (pipe_cloexec(control) == -1)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(control[1]);
		close_others(cs, r, role, pipes, npipes);
		role->control_fd = control[0];
		_exit(source ? r->source(r->ctx, role) : r->sink(r->ctx, role));
	}
	close(control[0]);
	if (pid == -1) {
		close(control[1]);
		return -1;
	}
	/* a source that does not read its orders must not stop us */
	fcntl(control[1], F_SETFL, O_NONBLOCK);
	c = add(cs, source ? "source" : "sink", role->name);
	c->pid = pid;
	c->control = control[1];
	return 1;
}

static void
exec_shell(const struct weir_roles *r)
{
	struct weir_buf text = {0};

	setenv("WEIR_JOB", "1", 1); /* of_job of its stages */
	weir_buf_puts(&text, r->pipeline);
	if (r->shell != NULL) {
		execlp(r->shell, r->shell, "-c", weir_buf_cstr(&text),
		    (char *)NULL);
		_exit(127);
	}
	weir_buf_puts(&text, tell_status);
	execlp("bash", "bash", "-c", weir_buf_cstr(&text), (char *)NULL);
	execlp("sh", "sh", "-c", r->pipeline, (char *)NULL);
	_exit(127);
}

static int
spawn_pipeline(
    struct weir_children *cs, const struct weir_roles *r, int in, int out)
{
	static const int signals[] = {
	    SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGUSR1};
	struct weir_child *c;
	pid_t pid = fork();

	if (pid == -1)
		return -1;
	if (pid == 0) {
		setpgid(0, 0);
		for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
			signal(signals[i], SIG_DFL);
		/* all others are closed by exec */
		if (dup2(in, 0) == -1 || dup2(out, 1) == -1)
			_exit(6);
		exec_shell(r);
	}
	setpgid(pid, pid);
	c = add(cs, "pipeline", NULL);
	c->pid = pid;
	c->group = true;
	return 1;
}

static int
spawn_run(struct weir_children *cs, const struct weir_roles *r,
    const struct weir_hello *hello)
{
	int pipes[4] = {-1, -1, -1, -1}, done = -1;
	struct weir_role source = {.name = r->source_names[0],
	    .path = r->source_paths[0],
	    .hello = hello,
	    .in_fd = -1};
	struct weir_role sink = {
	    .name = r->sink_names[0], .path = r->sink_paths[0], .out_fd = -1};

	if (pipe_cloexec(pipes) == -1 || pipe_cloexec(pipes + 2) == -1)
		goto out;
	source.out_fd = pipes[1];
	sink.in_fd = pipes[2];
	if (spawn_pipeline(cs, r, pipes[0], pipes[3]) == 1 &&
	    spawn_role(cs, r, &sink, pipes, 4) == 1 &&
	    spawn_role(cs, r, &source, pipes, 4) == 1)
		done = 1;
out:
	for (size_t i = 0; i < 4; i++)
		close_if(pipes[i]);
	return done;
}

/*
 * The new process has it: if we kept it open as well, nobody would see the end
 * of what it writes. Something must stay in its place, or the next file that
 * is opened would get that number.
 */
static void
let_go(int fd)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null == -1)
		return;
	dup2(null, fd);
	close(null);
}

int
weir_spawn(struct weir_children *cs, const struct weir_roles *r,
    const struct weir_hello *hello, struct weir_error *err)
{
	struct weir_role alone = {.name = r->source_names[0],
	    .path = r->source_paths[0],
	    .hello = hello,
	    .in_fd = -1,
	    .out_fd = STDOUT_FILENO};
	int done;

	cs->n = 0;
	cs->child = weir_calloc(r->nsources + r->nsinks + 1, sizeof *cs->child);
	if (r->pipeline != NULL) {
		done = spawn_run(cs, r, hello);
	} else {
		done = spawn_role(cs, r, &alone, NULL, 0);
		let_go(alone.out_fd);
	}
	if (done == -1)
		return weir_fail_errno(err, "starting the pipeline");
	return 1;
}

/*
 * Dead, but not waited for: as long as it is a zombie nobody else can have its
 * process group, so what a dead shell left running can be killed safely.
 */
static bool
is_dead(const struct weir_child *c)
{
	siginfo_t si = {0};

	if (waitid(P_PID, (id_t)c->pid, &si, WEXITED | WNOHANG | WNOWAIT) ==
		0 &&
	    si.si_pid == 0)
		return false;
	if (c->group)
		kill(-c->pid, SIGKILL);
	return true;
}

size_t
weir_children_reap(struct weir_children *cs)
{
	size_t left = 0;

	for (size_t i = 0; i < cs->n; i++) {
		struct weir_child *c = &cs->child[i];

		if (c->pid != 0 && is_dead(c)) {
			waitpid(c->pid, &c->status, 0);
			c->pid = 0;
			close_if(c->control);
			c->control = -1;
		}
		left += c->pid != 0;
	}
	return left;
}

void
weir_children_order(struct weir_children *cs, const char *line)
{
	struct weir_buf text = {0};

	weir_buf_puts(&text, line);
	weir_buf_putc(&text, '\n');
	for (size_t i = 0; i < cs->n; i++)
		/* one that is gone shows when it is reaped */
		if (strcmp(cs->child[i].what, "source") == 0 &&
		    cs->child[i].control != -1 &&
		    write(cs->child[i].control, text.data, text.len) == -1)
			continue;
	weir_buf_fini(&text);
}

void
weir_children_stop(struct weir_children *cs)
{
	for (size_t i = 0; i < cs->n; i++) {
		close_if(cs->child[i].control);
		cs->child[i].control = -1;
	}
}

void
weir_children_kill(struct weir_children *cs)
{
	for (size_t i = 0; i < cs->n; i++) {
		struct weir_child *c = &cs->child[i];

		if (c->pid == 0)
			continue;
		c->killed = true;
		kill(c->group ? -c->pid : c->pid, SIGKILL);
	}
}

void
weir_children_fini(struct weir_children *cs)
{
	weir_children_stop(cs);
	free(cs->child);
	*cs = (struct weir_children){0};
}
