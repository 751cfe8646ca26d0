#define _GNU_SOURCE
#include "stream/spooled.h"

#include "base/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define AT_ONCE ((size_t)1 << 20)

static int
ensure_open(struct weir_spooled *s, struct weir_error *err)
{
	if (s->opened)
		return 1;
	if (weir_spool_open(&s->spool, s->dir, s->source, s->pipe->id, err) ==
	    -1)
		return -1;
	weir_spool_limit(&s->spool, s->max);
	s->opened = true;
	WEIR_PROBE("spool.opened");
	return 1;
}

static bool
is_socket(const struct weir_spooled *s)
{
	return s->pipe->through[0] != -1;
}

static bool
has_bytes(int fd)
{
	int n = 0;

	return ioctl(fd, FIONREAD, &n) == 0 && n > 0;
}

bool
weir_spooled_full(const struct weir_spooled *s)
{
	return s->opened && weir_spool_full(&s->spool);
}

/* --- taking --- */

/*
 * What is in the pipe between is the run's: it is there for the next
 * incarnation. The end of the socket is the end once that is empty.
 */
static int
take_socket(struct weir_spooled *s, struct weir_error *err)
{
	ssize_t n = splice(s->fd, NULL, s->pipe->through[1], NULL, AT_ONCE,
	    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	int got;

	if (n == -1 && errno != EAGAIN && errno != EINTR)
		return weir_fail_errno(err, "reading source %s", s->source);
	WEIR_PROBE("spool.socket");
	got = weir_spool_take(&s->spool, s->pipe->through[0], err);
	return n == 0 && got == WEIR_GOT_NOTHING &&
		!has_bytes(s->pipe->through[0])
	    ? WEIR_GOT_END
	    : got;
}

/* Has a FIFO that gives no bytes ever had a writer? */
static bool
writer_left(const struct weir_spooled *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

/*
 * The writers of a FIFO have left; others may come. A new descriptor does not
 * tell of those who left for ever.
 */
static int
await_writers(struct weir_spooled *s, struct weir_error *err)
{
	char path[32];
	int fd;

	if (weir_spool_turn(&s->spool, s->pipe->id, err) == -1)
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", s->fd);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return weir_fail_errno(err, "source %s", s->source);
	if (s->fd != s->pipe->fd)
		close(s->fd);
	s->fd = fd;
	return WEIR_GOT_NOTHING;
}

static int
take(struct weir_spooled *s, struct weir_error *err)
{
	int got;

	if (is_socket(s))
		return take_socket(s, err);
	got = weir_spool_take(&s->spool, s->fd, err);
	if (got != WEIR_GOT_END || !s->pipe->fifo)
		return got;
	if (!writer_left(s))
		return WEIR_GOT_NOTHING;
	return s->follow ? await_writers(s, err) : got;
}

/* --- what the stage reads --- */

static int
spooled_read(
    void *ctx, char *buf, size_t cap, size_t *got, struct weir_error *err)
{
	struct weir_spooled *s = ctx;
	int r;

	*got = 0;
	if (ensure_open(s, err) == -1)
		return -1;
	if (!weir_spool_unread(&s->spool)) {
		r = take(s, err);
		if (r == -1 || r == WEIR_GOT_END)
			return r;
		/* nobody reads again before there is room */
		if (weir_spooled_full(s) && s->full(s->ctx, err) == -1)
			return -1;
	}
	return weir_spool_read(&s->spool, buf, cap, got, err);
}

static bool
spooled_ready(void *ctx)
{
	const struct weir_spooled *s = ctx;

	return !s->opened || weir_spool_unread(&s->spool) ||
	    (is_socket(s) && !weir_spool_full(&s->spool) &&
		has_bytes(s->pipe->through[0]));
}

static int
spooled_fd(void *ctx)
{
	const struct weir_spooled *s = ctx;

	return spooled_ready(ctx) || weir_spool_full(&s->spool) ? -1 : s->fd;
}

static void
spooled_place(void *ctx, uint64_t offset, struct weir_place *place)
{
	const struct weir_spooled *s = ctx;

	if (s->opened)
		weir_spool_place(&s->spool, offset, place);
	else /* nothing was read, nor ever before */
		*place = (struct weir_place){
		    .name = place->name, .line = place->line, .ino = 1};
}

static int
spooled_seek(void *ctx, const struct weir_place *place, struct weir_error *err)
{
	struct weir_spooled *s = ctx;

	return ensure_open(s, err) == -1
	    ? -1
	    : weir_spool_seek(&s->spool, place, err);
}

/* --- the whole --- */

void
weir_spooled_init(struct weir_spooled *s, const char *source,
    const struct weir_pipe *pipe, bool follow, uint64_t max)
{
	*s = (struct weir_spooled){.source = source,
	    .pipe = pipe,
	    .follow = follow,
	    .max = max,
	    .fd = pipe->fd,
	    .store = {.ctx = s,
		.read = spooled_read,
		.ready = spooled_ready,
		.fd = spooled_fd,
		.place = spooled_place,
		.seek = spooled_seek}};
}

void
weir_spooled_fini(struct weir_spooled *s)
{
	if (s->opened)
		weir_spool_close(&s->spool);
	if (s->pipe != NULL && s->fd != s->pipe->fd)
		close(s->fd);
	s->opened = false;
}

int
weir_spooled_sync(const struct weir_spooled *s, struct weir_error *err)
{
	return s->opened ? weir_spool_sync(&s->spool, err) : 1;
}

void
weir_spooled_recount(struct weir_spooled *s)
{
	if (s->opened)
		weir_spool_recount(&s->spool);
}
