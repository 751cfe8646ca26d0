/*
 * fault.c - a library to preload, in which one call of the system fails.
 *
 * WEIR_FAULT=CALL:ERROR:N lets the Nth CALL of a process fail with ERROR, an
 * errno's name, or SHORT (fewer bytes are read or written than asked for);
 * WEIR_FAULT_TOKEN is a file: who takes it away first has the failure, so that
 * there is one in all processes together. With WEIR_FAULT_EVER every call from
 * the Nth on fails, in every process. Calls: read, write, fsync, rename,
 * close, open, malloc, fork.
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
#include <sys/uio.h>
#include <unistd.h>

static struct {
	bool read, ever;
	char call[16];
	int error; /* -1: short */
	long n, count;
	const char *token;
} fault;

static int
error_of(const char *name)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EINTR", EINTR},
	    {"EAGAIN", EAGAIN}, {"ENOMEM", ENOMEM}, {"EMFILE", EMFILE},
	    {"EDQUOT", EDQUOT}, {"EROFS", EROFS}, {"SHORT", -1}};

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (strcmp(name, errors[i].name) == 0)
			return errors[i].error;
	return EIO;
}

static void
read_fault(void)
{
	const char *s = getenv("WEIR_FAULT");
	char error[16] = "";

	fault.read = true;
	fault.token = getenv("WEIR_FAULT_TOKEN");
	fault.ever = getenv("WEIR_FAULT_EVER") != NULL;
	if (s == NULL ||
	    sscanf(s, "%15[^:]:%15[^:]:%ld", fault.call, error, &fault.n) != 3)
		fault.call[0] = '\0';
	fault.error = error_of(error);
}

/* Does this call fail? Then errno is set. */
static bool
fails(const char *call)
{
	if (!fault.read)
		read_fault();
	if (strcmp(call, fault.call) != 0 || ++fault.count < fault.n)
		return false;
	if (!fault.ever &&
	    (fault.count > fault.n || fault.token == NULL ||
		unlink(fault.token) < 0))
		return false;
	errno = fault.error;
	return true;
}

/* The next definition of a function, as a pointer of its type. */
#define NEXT(name)                                                             \
	static __typeof__(name) *next;                                         \
	if (next == NULL)                                                      \
	*(void **)&next = dlsym(RTLD_NEXT, #name)

#define COUNT(name, call, type, length, params, args, shorter)                 \
	type name params                                                       \
	{                                                                      \
		NEXT(name);                                                    \
		if ((length) > 1 && fails(call)) {                             \
			if (fault.error > 0)                                   \
				return -1;                                     \
			return next shorter;                                   \
		}                                                              \
		return next args;                                              \
	}

COUNT(read, "read", ssize_t, n, (int fd, void *p, size_t n), (fd, p, n),
    (fd, p, n / 2))
COUNT(write, "write", ssize_t, n, (int fd, const void *p, size_t n), (fd, p, n),
    (fd, p, n / 2))
COUNT(pread, "read", ssize_t, n, (int fd, void *p, size_t n, off_t at),
    (fd, p, n, at), (fd, p, n / 2, at))
COUNT(readv, "read", ssize_t, n, (int fd, const struct iovec *v, int n),
    (fd, v, n), (fd, v, 1))
COUNT(writev, "write", ssize_t, n, (int fd, const struct iovec *v, int n),
    (fd, v, n), (fd, v, 1))
COUNT(fsync, "fsync", int, 2, (int fd), (fd), (fd))
COUNT(rename, "rename", int, 2, (const char *a, const char *b), (a, b), (a, b))
COUNT(renameat, "rename", int, 2, (int d, const char *a, int e, const char *b),
    (d, a, e, b), (d, a, e, b))

/* A close that fails has closed all the same. */
int
close(int fd)
{
	NEXT(close);
	int rc = next(fd);

	return fails("close") ? -1 : rc;
}

int
open(const char *path, int flags, ...)
{
	NEXT(open);
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails("open") ? -1 : next(path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	NEXT(openat);
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails("open") ? -1 : next(dir, path, flags, mode);
}

pid_t
fork(void)
{
	NEXT(fork);
	return fails("fork") ? -1 : next();
}

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *
malloc(size_t size)
{
	return fails("malloc") ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return fails("malloc") ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	return fails("malloc") ? NULL : __libc_realloc(p, size);
}
