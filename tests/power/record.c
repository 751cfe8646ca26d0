/*
 * record.c - a library to preload, which writes down what is done to files.
 *
 * WEIR_POWER_LOG is the file to append to, WEIR_POWER_ROOT a path on the file
 * system whose regular files and directories count. An operation and its record
 * are one step for all processes: a lock that ends with its holder keeps them in
 * order. Nothing is synced in truth.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/power/log.h"

#define LOG_FD 900 /* out of the way of shells and stages */

static int log_fd = -1;
static dev_t device;
static ino_t messages; /* what is said does not count */

/* The next definition of a function, as a pointer of its type. */
#define NEXT(name)                                                             \
	static __typeof__(name) *next;                                         \
	if (next == NULL)                                                      \
	*(void **)&next = dlsym(RTLD_NEXT, #name)

/* Before a stage shuts itself off from files. */
static void __attribute__((constructor)) begin(void)
{
	const char *path = getenv("WEIR_POWER_LOG");
	const char *root = getenv("WEIR_POWER_ROOT");
	struct stat st;
	int fd;

	if (path == NULL || root == NULL || stat(root, &st) == -1)
		return;
	device = st.st_dev;
	if (fstat(2, &st) == 0 && st.st_dev == device)
		messages = st.st_ino;
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return;
	log_fd = fcntl(fd, F_DUPFD_CLOEXEC, LOG_FD);
	/* the lock of a process goes with any descriptor of the file */
	NEXT(close);
	next(fd);
}

static void
lock(short how)
{
	struct flock l = {.l_type = how, .l_whence = SEEK_SET, .l_len = 1};
	int e = errno;

	while (
	    log_fd != -1 && fcntl(log_fd, F_SETLKW, &l) == -1 && errno == EINTR)
		;
	errno = e;
}

static void
tell(struct op_head h, const char *name, const char *name2, const void *data)
{
	struct iovec v[4];
	int e = errno;

	h.name_len = name != NULL ? (uint32_t)strlen(name) : 0;
	h.name2_len = name2 != NULL ? (uint32_t)strlen(name2) : 0;
	h.pid = (uint32_t)getpid();
	v[0] = (struct iovec){&h, sizeof h};
	v[1] = (struct iovec){(void *)(uintptr_t)name, h.name_len};
	v[2] = (struct iovec){(void *)(uintptr_t)name2, h.name2_len};
	v[3] = (struct iovec){(void *)(uintptr_t)data, h.data_len};
	NEXT(writev);
	if (log_fd != -1 && next(log_fd, v, 4) == -1)
		abort();
	errno = e;
}

static bool
counts(const struct stat *st)
{
	return log_fd != -1 && st->st_dev == device && st->st_ino != messages &&
	    (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode));
}

static bool
counts_fd(int fd, struct stat *st)
{
	return log_fd != -1 && fstat(fd, st) == 0 && counts(st);
}

/* The inode of the directory that a path is in, and its last name. */
static uint64_t
parent(int dir, const char *path, char name[256])
{
	const char *slash = strrchr(path, '/');
	char up[4096] = ".";
	struct stat st;

	snprintf(name, 256, "%s", slash != NULL ? slash + 1 : path);
	if (slash != NULL)
		snprintf(up, sizeof up, "%.*s",
		    slash == path ? 1 : (int)(slash - path), path);
	return fstatat(dir, up, &st, 0) == 0 ? st.st_ino : 0;
}

/* --- files come to be --- */

static void
tell_enter(int dir, const char *path)
{
	struct op_head h = {.kind = OP_ENTER};
	char name[256];
	struct stat st;

	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) != 0 || !counts(&st))
		return;
	h.isdir = S_ISDIR(st.st_mode);
	h.ino = st.st_ino;
	h.dir = parent(dir, path, name);
	tell(h, name, NULL, NULL);
}

static int
open_any(int dir, const char *path, int flags, mode_t mode)
{
	struct op_head cut = {.kind = OP_CUT};
	struct stat st;
	bool was;
	int fd;

	NEXT(openat);
	if (log_fd == -1 || (flags & (O_CREAT | O_TRUNC)) == 0)
		return next(dir, path, flags, mode);
	lock(F_WRLCK);
	was = fstatat(dir, path, &st, 0) == 0;
	fd = next(dir, path, flags, mode);
	if (fd != -1 && !was)
		tell_enter(dir, path);
	if (fd != -1 && was && (flags & O_TRUNC) != 0 && counts(&st)) {
		cut.ino = st.st_ino;
		tell(cut, NULL, NULL, NULL);
	}
	lock(F_UNLCK);
	return fd;
}

#define MODE                                                                   \
	va_list ap;                                                            \
	mode_t mode;                                                           \
	va_start(ap, flags);                                                   \
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;                \
	va_end(ap)

int
open(const char *path, int flags, ...)
{
	MODE;
	return open_any(AT_FDCWD, path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	MODE;
	return open_any(AT_FDCWD, path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	MODE;
	return open_any(dir, path, flags, mode);
}

int
openat64(int dir, const char *path, int flags, ...)
{
	MODE;
	return open_any(dir, path, flags, mode);
}

/* What a build with _FORTIFY_SOURCE calls. */
int __open_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);

int
__open_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}

int
__openat_2(int dir, const char *path, int flags)
{
	return open_any(dir, path, flags, 0);
}

int
mkdirat(int dir, const char *path, mode_t mode)
{
	NEXT(mkdirat);
	int r;

	lock(F_WRLCK);
	r = next(dir, path, mode);
	if (r == 0)
		tell_enter(dir, path);
	lock(F_UNLCK);
	return r;
}

int
mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

int
linkat(int from, const char *a, int to, const char *b, int flags)
{
	NEXT(linkat);
	int r;

	lock(F_WRLCK);
	r = next(from, a, to, b, flags);
	if (r == 0)
		tell_enter(to, b);
	lock(F_UNLCK);
	return r;
}

int
link(const char *a, const char *b)
{
	return linkat(AT_FDCWD, a, AT_FDCWD, b, 0);
}

/* --- and go --- */

static void
tell_leave(int dir, const char *path)
{
	struct op_head h = {.kind = OP_LEAVE};
	char name[256];

	h.dir = parent(dir, path, name);
	tell(h, name, NULL, NULL);
}

int
unlinkat(int dir, const char *path, int flags)
{
	NEXT(unlinkat);
	struct stat st;
	bool count;
	int r;

	lock(F_WRLCK);
	count =
	    fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && counts(&st);
	r = next(dir, path, flags);
	if (r == 0 && count)
		tell_leave(dir, path);
	lock(F_UNLCK);
	return r;
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int
rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int
renameat2(int from, const char *a, int to, const char *b, unsigned flags)
{
	NEXT(renameat2);
	struct op_head h = {.kind = OP_MOVE};
	char name[256], name2[256];
	struct stat st;
	bool count;
	int r;

	lock(F_WRLCK);
	count = fstatat(from, a, &st, AT_SYMLINK_NOFOLLOW) == 0 && counts(&st);
	r = next(from, a, to, b, flags);
	if (r == 0 && count) {
		h.ino = st.st_ino;
		h.isdir = S_ISDIR(st.st_mode);
		h.dir = parent(from, a, name);
		h.dir2 = parent(to, b, name2);
		tell(h, name, name2, NULL);
	}
	lock(F_UNLCK);
	return r;
}

int
renameat(int from, const char *a, int to, const char *b)
{
	return renameat2(from, a, to, b, 0);
}

int
rename(const char *a, const char *b)
{
	return renameat2(AT_FDCWD, a, AT_FDCWD, b, 0);
}

/* --- what is in them --- */

static void
tell_write(const struct stat *st, off_t off, const void *p, ssize_t n)
{
	struct op_head h = {.kind = OP_WRITE,
	    .ino = st->st_ino,
	    .off = (uint64_t)off,
	    .data_len = (uint32_t)n};

	tell(h, NULL, NULL, p);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	NEXT(write);
	struct stat st;
	ssize_t got;

	if (!counts_fd(fd, &st))
		return next(fd, p, n);
	lock(F_WRLCK);
	got = next(fd, p, n);
	if (got > 0) /* behind it: right with O_APPEND, too */
		tell_write(&st, lseek(fd, 0, SEEK_CUR) - got, p, got);
	lock(F_UNLCK);
	return got;
}

/* One piece is enough: who calls this goes on with the rest. */
ssize_t
writev(int fd, const struct iovec *v, int n)
{
	NEXT(writev);
	struct stat st;
	int i = 0;

	if (!counts_fd(fd, &st))
		return next(fd, v, n);
	while (i + 1 < n && v[i].iov_len == 0)
		i++;
	return write(fd, v[i].iov_base, v[i].iov_len);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	NEXT(pwrite);
	struct stat st;
	ssize_t got;

	if (!counts_fd(fd, &st))
		return next(fd, p, n, at);
	lock(F_WRLCK);
	got = next(fd, p, n, at);
	if (got > 0)
		tell_write(&st, at, p, got);
	lock(F_UNLCK);
	return got;
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return pwrite(fd, p, n, at);
}

int
ftruncate(int fd, off_t len)
{
	NEXT(ftruncate);
	struct op_head h = {.kind = OP_CUT, .off = (uint64_t)len};
	struct stat st;
	int r;

	if (!counts_fd(fd, &st))
		return next(fd, len);
	h.ino = st.st_ino;
	lock(F_WRLCK);
	r = next(fd, len);
	if (r == 0)
		tell(h, NULL, NULL, NULL);
	lock(F_UNLCK);
	return r;
}

int
ftruncate64(int fd, off64_t len)
{
	return ftruncate(fd, len);
}

int
fsync(int fd)
{
	struct op_head h = {.kind = OP_SYNC};
	struct stat st;

	if (!counts_fd(fd, &st))
		return 0;
	h.ino = st.st_ino;
	h.isdir = S_ISDIR(st.st_mode);
	lock(F_WRLCK);
	tell(h, NULL, NULL, NULL);
	lock(F_UNLCK);
	return 0;
}

int
fdatasync(int fd)
{
	return fsync(fd);
}
