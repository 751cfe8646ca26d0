/*
 * full.c - a disk that is full: preloaded, writing fails with ENOSPC on files
 * whose path holds $FULL_BELOW, as long as the file $FULL_WHILE is there.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int
is_full(int fd)
{
	const char *below = getenv("FULL_BELOW"), *when = getenv("FULL_WHILE");
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	path[n < 0 ? 0 : n] = '\0';
	if (below == NULL || when == NULL || strstr(path, below) == NULL ||
	    access(when, F_OK) != 0)
		return 0;
	errno = ENOSPC;
	return 1;
}

/* The C library's function of that name. */
#define REAL(name, ...)                                                        \
	static ssize_t (*real)(__VA_ARGS__);                                   \
	if (real == NULL)                                                      \
		*(void **)&real = dlsym(RTLD_NEXT, name);

ssize_t
write(int fd, const void *data, size_t len)
{
	REAL("write", int, const void *, size_t)
	return is_full(fd) ? -1 : real(fd, data, len);
}

ssize_t
writev(int fd, const struct iovec *iov, int n)
{
	REAL("writev", int, const struct iovec *, int)
	return is_full(fd) ? -1 : real(fd, iov, n);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
	REAL("pwrite", int, const void *, size_t, off_t)
	return is_full(fd) ? -1 : real(fd, data, len, at);
}
