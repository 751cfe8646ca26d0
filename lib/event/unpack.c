#define _GNU_SOURCE
#include "base/mem.h"
#include "base/text.h"
#include "event/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD_FD 3 /* where the feeder finds the bytes that were read */

static const struct {
	const char *program;
	char magic[WEIR_MAGIC_MAX + 1];
	size_t len;
} kinds[] = {
    {"gzip", "\x1f\x8b", 2},
    {"zstd", "\x28\xb5\x2f\xfd", 4},
    {"xz", "\xfd\x37\x7a\x58\x5a\x00", 6},
    {"lz4", "\x04\x22\x4d\x18", 4},
};

static const char *
unpacker(const char *head, size_t len)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (len >= kinds[i].len &&
		    memcmp(head, kinds[i].magic, kinds[i].len) == 0)
			return kinds[i].program;
	return NULL;
}

bool
weir_unpack_is(const char *head, size_t len)
{
	return unpacker(head, len) != NULL;
}

bool
weir_unpack_maybe(const char *head, size_t len)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (len < kinds[i].len &&
		    memcmp(head, kinds[i].magic, len) == 0)
			return true;
	return false;
}

/*
 * Run argv from in to out; extra, if not -1, as descriptor 3. In a process group
 * of its own, since it is to live until we are done. Returns an errno value.
 */
static int
spawn(const char *const *words, int in, int out, int extra, pid_t *pid)
{
	posix_spawn_file_actions_t acts;
	posix_spawnattr_t attr;
	sigset_t pipe_signal;
	char *argv[4] = {NULL}, *envp[] = {NULL};
	int e;

	for (size_t i = 0; words[i] != NULL; i++)
		argv[i] = weir_strdup(words[i]);
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &pipe_signal);
	posix_spawnattr_setflags(
	    &attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_adddup2(&acts, in, 0);
	if (extra >= 0)
		posix_spawn_file_actions_adddup2(&acts, extra, HEAD_FD);
	posix_spawn_file_actions_adddup2(&acts, out, 1);
	posix_spawn_file_actions_addopen(&acts, 2, "/dev/null", O_WRONLY, 0);
	e = posix_spawnp(pid, words[0], &acts, &attr, argv, envp);
	posix_spawn_file_actions_destroy(&acts);
	posix_spawnattr_destroy(&attr);
	for (size_t i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	return e;
}

static int
fail(const struct weir_file *f, const char *what, struct weir_error *err)
{
	char name[256];
	int e = errno;

	weir_show_into(name, sizeof name, f->path, strlen(f->path));
	errno = e;
	return weir_fail_errno(err, "%s: %s", name, what);
}

static int
cannot_run(const struct weir_file *f, const char *program, int e,
    struct weir_error *err)
{
	char name[256];

	weir_show_into(name, sizeof name, f->path, strlen(f->path));
	if (e == ENOENT)
		return weir_fail(err, WEIR_SYSTEM,
		    "%s: compressed, and the program that reads it is not "
		    "installed: %s",
		    name, program);
	errno = e;
	return weir_fail_errno(err, "%s: cannot run %s", name, program);
}

/* Unpack what comes from in: f->fd is where the content can be read. */
static int
unpack(struct weir_file *f, const char *program, int in, struct weir_error *err)
{
	const char *const words[] = {program, "-dc", NULL};
	int ends[2], e;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(f, "cannot make a pipe", err);
	e = spawn(words, in, ends[1], -1, &f->pid);
	close(ends[1]);
	if (e != 0) {
		close(ends[0]);
		f->pid = 0;
		return cannot_run(f, program, e, err);
	}
	if (f->owned)
		close(f->fd);
	f->fd = ends[0];
	f->owned = true;
	f->regular = f->fifo = false;
	f->spawner = getpid();
	weir_file_widen(f->fd);
	return 1;
}

int
weir_file_unpack(struct weir_file *f, struct weir_error *err)
{
	char head[WEIR_MAGIC_MAX];
	const char *program;
	ssize_t n;

	if (f->judged || !f->regular)
		return f->packed;
	n = pread(f->fd, head, sizeof head, (off_t)f->base);
	if (n <= 0)
		return 0;
	f->judged = true;
	program = unpacker(head, (size_t)n);
	if (program == NULL)
		return 0;
	f->packed = true;
	return unpack(f, program, f->fd, err);
}

/* A descriptor that head can be read from, or -1. */
static int
hold(const char *head, size_t len)
{
	int fd = memfd_create("weir", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, head, len) == (ssize_t)len &&
	    lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Hand on head, then what else comes: *out is where it can be read. */
static int
feed(struct weir_file *f, const char *head, size_t len, int *out,
    struct weir_error *err)
{
	static const char *const words[] = {"cat", "/dev/fd/3", "-", NULL};
	int held = hold(head, len), ends[2], e;

	if (held < 0)
		return fail(f, "cannot hold what was read", err);
	if (pipe2(ends, O_CLOEXEC) < 0) {
		close(held);
		return fail(f, "cannot make a pipe", err);
	}
	/* Another program does not expect that a read would block. */
	if (f->owned)
		fcntl(f->fd, F_SETFL, O_RDONLY);
	e = spawn(words, f->fd, ends[1], held, &f->feeder);
	close(held);
	close(ends[1]);
	*out = ends[0];
	if (e == 0)
		return 1;
	close(ends[0]);
	f->feeder = 0;
	return cannot_run(f, words[0], e, err);
}

int
weir_unpack_fed(
    struct weir_file *f, const char *head, size_t len, struct weir_error *err)
{
	const char *program = unpacker(head, len);
	int in = -1, r;

	if (program == NULL)
		return 0;
	if (feed(f, head, len, &in, err) < 0)
		return -1;
	f->spawner = getpid();
	r = unpack(f, program, in, err);
	close(in);
	/* What it writes comes when it comes. */
	if (r > 0)
		fcntl(f->fd, F_SETFL, O_RDONLY | O_NONBLOCK);
	return r;
}

static int
wait_for(pid_t pid)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid ? status : -1;
}

int
weir_unpack_end(struct weir_file *f, struct weir_error *err)
{
	char name[256];
	int status;

	if (f->pid == 0)
		return 1;
	status = wait_for(f->pid);
	f->pid = 0;
	if (status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 1;
	weir_show_into(name, sizeof name, f->path, strlen(f->path));
	return weir_fail(err, WEIR_INPUT,
	    "%s: cannot be decompressed: it is damaged or incomplete", name);
}

void
weir_unpack_stop(struct weir_file *f)
{
	const pid_t pids[] = {f->pid, f->feeder};

	/* A forked child has the numbers, but they are not its children. */
	for (size_t i = 0; i < 2 && f->spawner == getpid(); i++)
		if (pids[i] > 0) {
			kill(pids[i], SIGTERM);
			wait_for(pids[i]);
		}
	f->pid = f->feeder = 0;
}
