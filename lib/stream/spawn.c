#include "stream/spawn.h"

#include "base/buf.h"
#include "base/mem.h"
#include "stream/edges.h"

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
	close_if(cs->leak);
	weir_guard_leave(&cs->guard);
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

	setenv("WEIR_JOB", r->reports, 1); /* of_job of its stages */
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
		weir_edges_export(r);
		exec_shell(r);
	}
	setpgid(pid, pid);
	c = add(cs, "pipeline", NULL);
	c->pid = pid;
	c->group = true;
	return 1;
}

/* The pipes at both ends of the pipeline. */
enum { SHELL_IN, SOURCE_OUT, SINK_IN, SHELL_OUT, NPIPES };

struct everything {
	const struct weir_children *cs;
	const struct weir_roles *r;
	const int *pipes;
};

static void
shut_all(void *ctx)
{
	const struct everything *e = ctx;
	struct weir_role none = {.in_fd = -1, .out_fd = -1};

	close_others(e->cs, e->r, &none, e->pipes, NPIPES);
}

static int
spawn_guard(
    struct weir_children *cs, const struct weir_roles *r, const int *pipes)
{
	struct everything e = {cs, r, pipes};

	return weir_guard_start(&cs->guard, cs->child[0].pid, shut_all, &e);
}

static int
open_pipes(struct weir_children *cs, const struct weir_roles *r, int *pipes)
{
	if (r->std_source != NULL) {
		if (pipe_cloexec(pipes) == -1)
			return -1;
	} else {
		pipes[SHELL_IN] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (pipes[SHELL_IN] == -1)
			return -1;
	}
	if (pipe_cloexec(pipes + SINK_IN) == -1)
		return -1;
	if (r->std_sink == NULL) {
		cs->leak = pipes[SINK_IN];
		pipes[SINK_IN] = -1;
		fcntl(cs->leak, F_SETFL, O_NONBLOCK);
	}
	return 1;
}

/* A source (hello) or a sink of a pipeline: on a pipe, or a FIFO. */
static int
spawn_end(struct weir_children *cs, const struct weir_roles *r, size_t i,
    const struct weir_hello *hello, const int *pipes)
{
	const char *name = hello ? r->source_names[i] : r->sink_names[i];
	const char *standard = hello ? r->std_source : r->std_sink;
	struct weir_role role = {.name = name,
	    .path = hello ? r->source_paths[i] : r->sink_paths[i],
	    .hello = hello,
	    .in_fd = -1,
	    .out_fd = -1,
	    .several = r->nsources > 1,
	    .rewinds = r->rewinds,
	    .rewind_ns = r->rewind_ns,
	    .fresh = r->fresh,
	    .skips = r->skips,
	    .again = r->again,
	    .pipe = hello && r->pipes ? weir_pipes_find(r->pipes, name) : NULL};
	struct weir_buf fifo = {0};
	int got;

	if (r->gauges != NULL)
		role.gauge = &r->gauges[hello ? i : r->nsources + i];
	if (standard != NULL && strcmp(standard, name) == 0) {
		if (hello != NULL)
			role.out_fd = pipes[SOURCE_OUT];
		else
			role.in_fd = pipes[SINK_IN];
	} else {
		weir_edge_path(&fifo, r->dir, name, r->epoch);
		role.fifo = weir_buf_cstr(&fifo);
	}
	got = spawn_role(cs, r, &role, pipes, NPIPES);
	weir_buf_fini(&fifo);
	return got;
}

static int
spawn_run(struct weir_children *cs, const struct weir_roles *r,
    const struct weir_hello *hello)
{
	int pipes[NPIPES] = {-1, -1, -1, -1}, done;

	done = open_pipes(cs, r, pipes);
	if (done == 1)
		done = spawn_pipeline(cs, r, pipes[SHELL_IN], pipes[SHELL_OUT]);
	if (done == 1)
		done = spawn_guard(cs, r, pipes);
	for (size_t i = 0; done == 1 && i < r->nsinks; i++)
		done = spawn_end(cs, r, i, NULL, pipes);
	for (size_t i = 0; done == 1 && i < r->nsources; i++) {
		struct weir_hello own = *hello;

		own.npaths = 1;
		own.paths = &hello->paths[i];
		done = spawn_end(cs, r, i, &own, pipes);
	}
	for (size_t i = 0; i < NPIPES; i++)
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
	    .out_fd = STDOUT_FILENO,
	    .rewinds = r->rewinds,
	    .rewind_ns = r->rewind_ns,
	    .fresh = r->fresh,
	    .skips = r->skips,
	    .again = r->again,
	    .pipe = r->pipes ? weir_pipes_find(r->pipes, r->source_names[0])
			     : NULL};
	int done;

	cs->n = 0;
	cs->leak = -1;
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
 * process group, so what a dead shell left running can be killed safely. What
 * one that ended well left, as in >(...), has yet to end itself.
 */
static bool
is_dead(struct weir_child *c)
{
	siginfo_t si = {0};

	if (waitid(P_PID, (id_t)c->pid, &si, WEXITED | WNOHANG | WNOWAIT) ==
		0 &&
	    si.si_pid == 0)
		return false;
	if (!c->group)
		return true;
	if (si.si_code == CLD_EXITED && si.si_status == 0)
		c->zombie = c->pid;
	else
		kill(-c->pid, SIGKILL);
	return true;
}

static void
bury(struct weir_child *c)
{
	if (c->zombie == 0)
		return;
	kill(-c->zombie, SIGKILL);
	waitpid(c->zombie, NULL, 0);
	c->zombie = 0;
}

bool
weir_children_leak(struct weir_children *cs)
{
	char byte;
	ssize_t got;

	if (cs->leak == -1)
		return false;
	got = read(cs->leak, &byte, 1);
	if (got == 0) { /* all have closed it */
		close(cs->leak);
		cs->leak = -1;
	}
	return got == 1;
}

size_t
weir_children_reap(struct weir_children *cs)
{
	size_t left = 0;

	for (size_t i = 0; i < cs->n; i++) {
		struct weir_child *c = &cs->child[i];

		if (c->pid != 0 && is_dead(c)) {
			if (c->zombie == 0)
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

		bury(c);
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
	for (size_t i = 0; i < cs->n; i++)
		bury(&cs->child[i]);
	weir_guard_stop(&cs->guard);
	if (cs->n > 0)
		close_if(cs->leak);
	free(cs->child);
	*cs = (struct weir_children){.leak = -1};
}
