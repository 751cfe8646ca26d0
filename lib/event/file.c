#define _GNU_SOURCE
#include "event/file.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_SIZE (256 << 10)

static int
fail(const struct weir_file *f, const char *what, struct weir_error *err)
{
	char name[256];
	int e = errno;

	weir_show_into(name, sizeof name, f->path, strlen(f->path));
	errno = e;
	return weir_fail_errno(err, "%s: %s", name, what);
}

/*
 * Whoever writes into it may not think of it. Never lowered; beyond the user's
 * budget it stays as it is.
 */
static void
widen_pipe(int fd)
{
#ifdef F_SETPIPE_SZ
	int size = fcntl(fd, F_GETPIPE_SZ);

	if (size > 0 && size < PIPE_SIZE)
		fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
#endif
}

static int
describe(struct weir_file *f, struct weir_error *err)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return fail(f, "cannot stat", err);
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return fail(f, "cannot read", err);
	}
	f->regular = S_ISREG(st.st_mode);
	f->fifo = S_ISFIFO(st.st_mode);
	f->dev = (uint64_t)st.st_dev;
	f->ino = (uint64_t)st.st_ino;
	f->mtime_s = f->regular ? (int64_t)st.st_mtime : 0;
	if (f->fifo)
		widen_pipe(f->fd);
	if (f->regular)
		posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 1;
}

int
weir_file_open(struct weir_file *f, const char *path, struct weir_error *err)
{
	*f = (struct weir_file){.fd = -1, .owned = true};
	f->path = weir_strdup(path);
	/* Not waiting for a FIFO's writer: it may wait for our other input. */
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (f->fd >= 0 && describe(f, err) == 1) {
		/* Only FIFOs are to say that they would block. */
		if (!f->fifo)
			fcntl(f->fd, F_SETFL, O_RDONLY);
		return 1;
	}
	if (f->fd < 0 && errno == ENOENT) {
		weir_file_close(f);
		return 0;
	}
	if (f->fd < 0)
		fail(f, "cannot open", err);
	weir_file_close(f);
	return -1;
}

int
weir_file_adopt(
    struct weir_file *f, int fd, const char *name, struct weir_error *err)
{
	off_t at;

	*f = (struct weir_file){.fd = fd};
	f->path = weir_strdup(name);
	if (describe(f, err) < 0) {
		weir_file_close(f);
		return -1;
	}
	/* The shell may have left it in the middle (`{ read x; tool; } <f`). */
	at = f->regular ? lseek(fd, 0, SEEK_CUR) : 0;
	f->base = at > 0 ? (uint64_t)at : 0;
	return 1;
}

static int
reap(struct weir_file *f, struct weir_error *err)
{
	pid_t pid = f->pid, got;
	int status;
	char name[256];

	f->pid = 0;
	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	if (got == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 1;
	weir_show_into(name, sizeof name, f->path, strlen(f->path));
	return weir_fail(err, WEIR_INPUT, "%s: cannot be decompressed", name);
}

void
weir_file_close(struct weir_file *f)
{
	if (f->owned && f->fd >= 0)
		close(f->fd);
	if (f->pid > 0)
		reap(f, NULL);
	free(f->path);
	*f = (struct weir_file){.fd = -1};
}

static void
keep_head(struct weir_file *f, const char *data, size_t len)
{
	size_t room = sizeof f->head - f->head_len;

	if (f->off != f->head_len || room == 0)
		return;
	len = len < room ? len : room;
	memcpy(f->head + f->head_len, data, len);
	f->head_len += (uint32_t)len;
}

/* Has a FIFO that gives no bytes ever had a writer? Linux tells by POLLHUP. */
static bool
writer_left(const struct weir_file *f)
{
	struct pollfd p = {.fd = f->fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

int
weir_file_read(struct weir_file *f, char *buf, size_t cap, size_t *got,
    struct weir_error *err)
{
	ssize_t n = read(f->fd, buf, cap);

	*got = 0;
	if (n > 0) {
		keep_head(f, buf, (size_t)n);
		f->off += (uint64_t)n;
		*got = (size_t)n;
		return WEIR_GOT_DATA;
	}
	if (n < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return WEIR_GOT_NOTHING;
	if (n < 0)
		return fail(f, "cannot read", err);
	if (f->fifo && f->owned && f->off == 0 && !writer_left(f))
		return WEIR_GOT_NOTHING;
	if (f->pid > 0 && reap(f, err) < 0)
		return -1;
	return WEIR_GOT_END;
}

static const char *
unpacker(const unsigned char *magic, ssize_t len)
{
	static const struct {
		const char *program;
		unsigned char magic[6];
		ssize_t len;
	} kinds[] = {
	    {"gzip", {0x1f, 0x8b}, 2},
	    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4},
	    {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6},
	    {"lz4", {0x04, 0x22, 0x4d, 0x18}, 4},
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (len >= kinds[i].len &&
		    memcmp(magic, kinds[i].magic, (size_t)kinds[i].len) == 0)
			return kinds[i].program;
	return NULL;
}

/* Run `program -dc` from in to out. Returns an errno value. */
static int
spawn(const char *program, int in, int out, pid_t *pid)
{
	posix_spawn_file_actions_t acts;
	char *name = weir_strdup(program);
	char dc[] = "-dc";
	char *argv[] = {name, dc, NULL}, *envp[] = {NULL};
	int e;

	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_adddup2(&acts, in, 0);
	posix_spawn_file_actions_adddup2(&acts, out, 1);
	posix_spawn_file_actions_addopen(&acts, 2, "/dev/null", O_WRONLY, 0);
	e = posix_spawnp(pid, program, &acts, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&acts);
	free(name);
	return e;
}

int
weir_file_unpack(struct weir_file *f, struct weir_error *err)
{
	unsigned char magic[6];
	ssize_t n = f->regular ? pread(f->fd, magic, sizeof magic, 0) : 0;
	const char *program = unpacker(magic, n);
	int ends[2], e;

	if (program == NULL)
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(f, "cannot make a pipe", err);
	e = spawn(program, f->fd, ends[1], &f->pid);
	close(ends[1]);
	if (e != 0) {
		close(ends[0]);
		errno = e;
		f->pid = 0;
		return weir_fail_errno(err, "cannot run %s", program);
	}
	close(f->fd);
	f->fd = ends[0];
	f->regular = false;
	f->packed = true;
	return 1;
}

uint64_t
weir_file_print(const struct weir_file *f, uint32_t len)
{
	return weir_hash64(f->head, len < f->head_len ? len : f->head_len);
}

/* Read on until off: 1, or 0 if the content ends before. */
static int
read_to(struct weir_file *f, uint64_t off, struct weir_error *err)
{
	char buf[16384];
	size_t got;
	int r;

	while (f->off < off) {
		uint64_t left = off - f->off;

		r = weir_file_read(f, buf,
		    left < sizeof buf ? (size_t)left : sizeof buf, &got, err);
		if (r < 0)
			return -1;
		if (r == WEIR_GOT_END)
			return 0;
	}
	return 1;
}

int
weir_file_match(
    struct weir_file *f, const struct weir_place *place, struct weir_error *err)
{
	struct stat st;
	int r;

	if (!f->packed && (!f->regular || weir_file_rewind(f, err) < 0))
		return f->regular ? -1 : 0;
	r = read_to(f, place->print_len, err);
	if (r <= 0)
		return r;
	if (weir_file_print(f, place->print_len) != place->print)
		return 0;
	if (f->packed)
		return read_to(f, place->offset, err);
	r = read_to(f,
	    place->offset < sizeof f->head ? place->offset : sizeof f->head,
	    err);
	if (r <= 0)
		return r;
	if (fstat(f->fd, &st) < 0 ||
	    lseek(f->fd, (off_t)place->offset, SEEK_SET) < 0)
		return fail(f, "cannot seek", err);
	f->off = place->offset;
	return (uint64_t)st.st_size >= place->offset;
}

int
weir_file_rewind(struct weir_file *f, struct weir_error *err)
{
	if (lseek(f->fd, 0, SEEK_SET) < 0)
		return fail(f, "cannot seek", err);
	f->base = f->off = 0;
	f->head_len = 0;
	return 1;
}

int
weir_file_cut(const struct weir_file *f, struct weir_error *err)
{
	unsigned char now[sizeof f->head];
	struct stat st;
	ssize_t n;

	if (!f->regular)
		return 0;
	if (fstat(f->fd, &st) < 0)
		return fail(f, "cannot stat", err);
	if ((uint64_t)st.st_size < f->base + f->off)
		return 1;
	n = pread(f->fd, now, f->head_len, (off_t)f->base);
	if (n < 0)
		return fail(f, "cannot read", err);
	return (uint32_t)n < f->head_len ||
	    memcmp(now, f->head, f->head_len) != 0;
}
