#define _GNU_SOURCE
#include "stream/queue.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING_MIN  ((size_t)64 << 10)
#define GIVE_BACK ((int64_t)8 << 20) /* blocks of the file, so many at a time */

struct weir_queue {
	size_t bound;
	char *ring; /* cap bytes; len of them from at on */
	size_t cap, at, len;
	int fd;		  /* the file, or -1 */
	int64_t from, to; /* of it */
	int64_t given;	  /* back, before from */
	bool detached;
};

struct weir_queue *
weir_queue_new(size_t bound)
{
	struct weir_queue *q = weir_calloc(1, sizeof *q);

	q->bound = bound;
	q->fd = -1;
	return q;
}

void
weir_queue_free(struct weir_queue *q)
{
	if (q == NULL)
		return;
	if (q->fd >= 0)
		close(q->fd);
	free(q->ring);
	free(q);
}

uint64_t
weir_queue_len(const struct weir_queue *q)
{
	return q->len + (uint64_t)(q->to - q->from);
}

bool
weir_queue_spilt(const struct weir_queue *q)
{
	return q->to > q->from;
}

size_t
weir_queue_room(const struct weir_queue *q)
{
	return weir_queue_spilt(q) ? 0 : q->bound - q->len;
}

/* Make the ring large enough for len bytes. */
static void
widen(struct weir_queue *q, size_t len)
{
	size_t cap = q->cap < RING_MIN ? RING_MIN : q->cap, first;
	char *ring;

	if (len <= q->cap)
		return;
	while (cap < len)
		cap *= 2;
	cap = cap < q->bound ? cap : q->bound;
	ring = weir_malloc(cap);
	first = q->cap - q->at < q->len ? q->cap - q->at : q->len;
	if (q->len > 0) {
		memcpy(ring, q->ring + q->at, first);
		memcpy(ring + first, q->ring, q->len - first);
	}
	free(q->ring);
	q->ring = ring;
	q->cap = cap;
	q->at = 0;
}

static void
push_ring(struct weir_queue *q, const char *s, size_t len)
{
	size_t end, first;

	if (len == 0)
		return;
	widen(q, q->len + len);
	end = (q->at + q->len) % q->cap;
	first = q->cap - end < len ? q->cap - end : len;
	memcpy(q->ring + end, s, first);
	memcpy(q->ring, s + first, len - first);
	q->len += len;
}

static size_t
pop_ring(struct weir_queue *q, char *buf, size_t cap)
{
	size_t n = q->len < cap ? q->len : cap, first;

	first = q->cap - q->at < n ? q->cap - q->at : n;
	memcpy(buf, q->ring + q->at, first);
	memcpy(buf + first, q->ring, n - first);
	q->len -= n;
	q->at = q->len == 0 ? 0 : (q->at + n) % q->cap;
	return n;
}

/* A file without a name, also where the file system has no such thing. */
int
weir_queue_file(const char *dir)
{
	char path[4096];
	int fd, e;

	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	if (snprintf(path, sizeof path, "%s/weir.XXXXXX", dir) >=
	    (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	e = errno;
	if (fd >= 0)
		unlink(path);
	errno = e;
	return fd;
}

static int
push_file(struct weir_queue *q, const char *s, size_t len, const char *dir,
    struct weir_error *err)
{
	ssize_t n;

	if (q->fd < 0)
		q->fd = weir_queue_file(dir);
	if (q->fd < 0)
		return weir_fail_errno(err,
		    "cannot keep in %s what was read ahead of its turn", dir);
	for (; len > 0; s += n, len -= (size_t)n, q->to += n) {
		n = pwrite(q->fd, s, len, q->to);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return weir_fail_errno(err,
			    "cannot keep in %s what was read ahead of its turn",
			    dir);
	}
	return 1;
}

/* What was read of the file needs no room any more. */
static void
give_back(struct weir_queue *q)
{
	if (q->detached)
		return;
	if (q->from == q->to) {
		/* It would not matter if this failed. */
		if (ftruncate(q->fd, 0) == 0)
			q->from = q->to = q->given = 0;
	} else if (q->from - q->given >= GIVE_BACK) {
		fallocate(q->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		    q->given, q->from - q->given);
		q->given = q->from;
	}
}

int
weir_queue_push(struct weir_queue *q, const char *s, size_t len,
    const char *dir, struct weir_error *err)
{
	size_t room = weir_queue_room(q);

	if (room > len)
		room = len;
	push_ring(q, s, room);
	return room == len ? 1 : push_file(q, s + room, len - room, dir, err);
}

int
weir_queue_pop(struct weir_queue *q, char *buf, size_t cap, size_t *got,
    struct weir_error *err)
{
	int64_t left = q->to - q->from;
	ssize_t n;

	*got = 0;
	if (q->len > 0) {
		*got = pop_ring(q, buf, cap);
		return 1;
	}
	if (left == 0 || cap == 0)
		return 1;
	if (left < (int64_t)cap)
		cap = (size_t)left;
	do
		n = pread(q->fd, buf, cap, q->from);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return weir_fail_errno(
		    err, "cannot read again what was read ahead of its turn");
	if (n == 0)
		return weir_fail(err, WEIR_SYSTEM,
		    "what was read ahead of its turn has been cut off");
	*got = (size_t)n;
	q->from += n;
	give_back(q);
	return 1;
}

void
weir_queue_detach(struct weir_queue *q)
{
	q->detached = true;
}
