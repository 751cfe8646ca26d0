/*
 * out.c - see out.h.
 */
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include "event/out.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define STOP_WAIT_MS 1000

void
weir_out_init(struct weir_out *o, int fd)
{
	int size = -1;

	*o = (struct weir_out){.fd = fd, .chunk = WEIR_OUT_MAX};
#ifdef F_SETPIPE_SZ
	/* Refused beyond the user's budget: then the pipe stays as it is. */
	size = fcntl(fd, F_GETPIPE_SZ);
	if (size > 0 && (size_t)size < WEIR_OUT_MAX) {
		fcntl(fd, F_SETPIPE_SZ, (int)WEIR_OUT_MAX);
		size = fcntl(fd, F_GETPIPE_SZ);
	}
#endif
	/* Half: the reader empties one while the writer fills the other. */
	if (size > 0 && (size_t)size / 2 < o->chunk)
		o->chunk = (size_t)size / 2;
}

static int
failed(struct weir_out *o, struct weir_error *err)
{
	o->broken = errno == EPIPE;
	return weir_fail_errno(err, "cannot write");
}

/* Take the n bytes that were written off the front of *iov. */
static void
advance(struct iovec **iov, int *left, size_t n)
{
	while (*left > 0 && n >= (*iov)->iov_len) {
		n -= (*iov)->iov_len;
		++*iov;
		--*left;
	}
	if (*left > 0) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + n;
		(*iov)->iov_len -= n;
	}
}

/*
 * A signal told us to end after what is complete. A reader that takes nothing
 * for a second must not keep us: then what is left is given up.
 */
static ssize_t
write_stopping(struct weir_out *o, const struct iovec *iov)
{
	struct pollfd p = {.fd = o->fd, .events = POLLOUT};
	int ready;

	do
		ready = poll(&p, 1, STOP_WAIT_MS);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0) {
		errno = EPIPE;
		return -1;
	}
	/* So much fits into a pipe that is ready, without blocking. */
	return write(o->fd, iov->iov_base,
	    iov->iov_len < PIPE_BUF ? iov->iov_len : PIPE_BUF);
}

int
weir_out_write(struct weir_out *o, const struct weir_piece *pieces, size_t n,
    struct weir_error *err)
{
	struct iovec store[WEIR_OUT_PIECES], *iov = store;
	int left = 0;

	assert(n <= WEIR_OUT_PIECES);
	for (size_t i = 0; i < n; i++) {
		if (pieces[i].len == 0)
			continue;
		memcpy(&store[left].iov_base, &pieces[i].p, sizeof(void *));
		store[left++].iov_len = pieces[i].len;
	}
	while (left > 0) {
		ssize_t done = o->stop != NULL && *o->stop != 0
		    ? write_stopping(o, iov)
		    : writev(o->fd, iov, left);

		if (done >= 0) {
			o->bytes += (uint64_t)done;
			advance(&iov, &left, (size_t)done);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			struct pollfd p = {.fd = o->fd, .events = POLLOUT};

			if (poll(&p, 1, -1) < 0 && errno != EINTR)
				return failed(o, err);
		} else if (errno != EINTR) {
			return failed(o, err);
		}
	}
	return 1;
}
