#define _GNU_SOURCE
#include "event/file.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

void
weir_file_widen(int fd)
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
	f->mtime = f->regular ? st.st_mtim : (struct timespec){0};
	if (f->fifo)
		weir_file_widen(f->fd);
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

void
weir_file_close(struct weir_file *f)
{
	if (f->owned && f->fd >= 0)
		close(f->fd);
	weir_unpack_stop(f);
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

/* One read(2). */
static int
read_once(struct weir_file *f, char *buf, size_t cap, size_t *got,
    struct weir_error *err)
{
	ssize_t n;

	/* Nobody would say that a regular file has something again. */
	do
		n = read(f->fd, buf, cap);
	while (n < 0 && errno == EINTR && f->regular);
	if (n > 0) {
		*got = (size_t)n;
		return WEIR_GOT_DATA;
	}
	if (n < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return WEIR_GOT_NOTHING;
	if (n < 0)
		return fail(f, "cannot read", err);
	if (f->fifo && f->owned && f->off == 0 && f->n_held == 0 &&
	    !writer_left(f))
		return WEIR_GOT_NOTHING;
	return WEIR_GOT_END;
}

/*
 * The beginning of what is no regular file: is it compressed? As long as that
 * is open, it is held back.
 */
static int
read_first(struct weir_file *f, char *buf, size_t cap, size_t *got,
    struct weir_error *err)
{
	size_t held = f->n_held, n = 0;
	int r;

	memcpy(buf, f->held, held);
	r = read_once(f, buf + held, cap - held, &n, err);
	if (r < 0 || r == WEIR_GOT_NOTHING)
		return r;
	if (r == WEIR_GOT_END) {
		f->judged = true;
		*got = held;
		return held > 0 ? WEIR_GOT_DATA : r;
	}
	n += held;
	r = weir_unpack_fed(f, buf, n, err);
	if (r == 0 && n < sizeof f->held && weir_unpack_maybe(buf, n)) {
		memcpy(f->held, buf, n);
		f->n_held = (uint8_t)n;
		return WEIR_GOT_NOTHING;
	}
	f->judged = true;
	if (r != 0)
		return r < 0 ? -1 : WEIR_GOT_NOTHING;
	*got = n;
	return WEIR_GOT_DATA;
}

int
weir_file_read(struct weir_file *f, char *buf, size_t cap, size_t *got,
    struct weir_error *err)
{
	int r;

	*got = 0;
	if (!f->judged && f->regular && weir_file_unpack(f, err) < 0)
		return -1;
	if (!f->judged && !f->regular && cap > sizeof f->held)
		r = read_first(f, buf, cap, got, err);
	else
		r = read_once(f, buf, cap, got, err);
	if (r == WEIR_GOT_DATA) {
		keep_head(f, buf, *got);
		f->off += *got;
	}
	if (r == WEIR_GOT_END && weir_unpack_end(f, err) < 0)
		return -1;
	return r;
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

/*
 * Is a place between two events, as far as one sees? In a file that was cut and
 * has grown again it is hardly ever: then what is there is not what was read.
 */
static bool
between(const struct weir_file *f, uint64_t offset)
{
	const unsigned char rs = 0x1e; /* begins a JSON text of a sequence */
	unsigned char around[2];

	if (offset == 0 || (f->head_len >= 4 && !memcmp(f->head, "weir", 4)))
		return true; /* frames are checked as they are read */
	return pread(f->fd, around, 2, (off_t)(offset - 1)) < 2 ||
	    around[0] == '\n' || around[1] == rs;
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
	f->judged = true;
	return (uint64_t)st.st_size >= place->offset &&
	    between(f, place->offset);
}

/* A compressed file is begun anew by unpacking it anew. */
static int
open_again(struct weir_file *f, struct weir_error *err)
{
	char *path = weir_strdup(f->path);
	int r;

	weir_file_close(f);
	r = weir_file_open(f, path, err);
	if (r == 0)
		r = weir_fail(err, WEIR_SYSTEM, "%s: it is gone", path);
	free(path);
	return r;
}

int
weir_file_like(struct weir_file *f, uint64_t print, uint32_t print_len,
    uint64_t off, struct weir_error *err)
{
	if (read_to(f, sizeof f->head, err) < 0)
		return -1;
	if (f->head_len < print_len || weir_file_print(f, print_len) != print)
		return 0;
	/* What is shorter than a print is known whole. */
	return print_len == sizeof f->head || f->off == off;
}

int
weir_file_like_file(
    struct weir_file *f, const struct weir_file *other, struct weir_error *err)
{
	unsigned char head[sizeof f->head];
	struct stat st;
	ssize_t n;

	if (!other->regular || fstat(other->fd, &st) < 0 || st.st_size == 0)
		return 0;
	n = pread(other->fd, head, sizeof head, 0);
	if (n <= 0)
		return 0;
	return weir_file_like(f, weir_hash64(head, (size_t)n), (uint32_t)n,
	    (uint64_t)st.st_size, err);
}

int
weir_file_rewind(struct weir_file *f, struct weir_error *err)
{
	if (f->packed)
		return open_again(f, err);
	if (lseek(f->fd, 0, SEEK_SET) < 0)
		return fail(f, "cannot seek", err);
	f->base = f->off = 0;
	f->head_len = 0;
	f->judged = false;
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
	if (f->packed)
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
