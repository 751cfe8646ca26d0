#include "stream/rollapply.h"

#include "base/mem.h"
#include "base/probe.h"
#include "state/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE	 ((size_t)256 << 10)
#define PART_BUF ((size_t)32 << 10)

struct out {
	uint64_t n;
	int fd;
	struct weir_buf buf;
};

struct weir_rollapply {
	struct weir_rollstate *s;
	int hidden;
	size_t nouts;
	struct out out[WEIR_ROLL_OPEN_MAX];
	/* the log in hand: buf[at, len) is read and not yet used */
	int fd;
	uint64_t off, size;
	char *buf;
	size_t at, len;
};

struct weir_rollapply *
weir_rollapply_new(struct weir_rollstate *s, int hidden)
{
	struct weir_rollapply *a = weir_calloc(1, sizeof *a);

	a->s = s;
	a->hidden = hidden;
	a->buf = weir_malloc(PIECE);
	return a;
}

void
weir_rollapply_free(struct weir_rollapply *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->nouts; i++) {
		close(a->out[i].fd);
		weir_buf_fini(&a->out[i].buf);
	}
	free(a->buf);
	free(a);
}

void
weir_roll_name(uint64_t n, char out[WEIR_ROLL_NAME])
{
	snprintf(out, WEIR_ROLL_NAME, "%010" PRIu64, n);
}

/* --- parts --- */

static int
flush(struct out *o, struct weir_error *err)
{
	size_t half = 0;

#ifdef WEIR_PROBES
	half = o->buf.len / 2; /* a kill in the middle of a write */
	weir_write_all(o->fd, o->buf.data, half);
	WEIR_PROBE("parts.part");
#endif
	if (weir_write_all(o->fd, o->buf.data + half, o->buf.len - half) < 0)
		return weir_fail_errno(err, "part %" PRIu64, o->n);
	o->buf.len = 0;
	return 1;
}

/* What is written of it is durable, and nothing more is to come for now. */
static int
end_out(struct weir_rollapply *a, size_t i, struct weir_error *err)
{
	struct out *o = &a->out[i];

	if (o->buf.len > 0 && flush(o, err) == -1)
		return -1;
	if (fsync(o->fd) == -1)
		return weir_fail_errno(err, "part %" PRIu64, o->n);
	close(o->fd);
	weir_buf_fini(&o->buf);
	a->out[i] = a->out[--a->nouts];
	return 1;
}

/* Open the file of a part, as long as it counts. */
static struct out *
begin_out(struct weir_rollapply *a, const struct weir_rollpart *p,
    struct weir_error *err)
{
	struct out *o = &a->out[a->nouts];
	char name[WEIR_ROLL_NAME];
	struct stat st;

	weir_roll_name(p->n, name);
	*o = (struct out){.n = p->n};
	o->fd = openat(a->hidden, name,
	    O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
		(p->len == 0 ? O_CREAT : 0),
	    0666);
	if (o->fd == -1 || fstat(o->fd, &st) == -1) {
		weir_fail_errno(err, "part %s", name);
		if (o->fd == -1)
			return NULL;
	} else if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size < p->len) {
		weir_fail(err, WEIR_STATE,
		    "part %s: shorter than what was committed to it: "
		    "somebody changed it",
		    name);
	} else if (ftruncate(o->fd, (off_t)p->len) == -1 ||
	    lseek(o->fd, (off_t)p->len, SEEK_SET) == -1) {
		weir_fail_errno(err, "part %s", name);
	} else {
		a->nouts++;
		return o;
	}
	close(o->fd);
	return NULL;
}

static struct out *
out_of(struct weir_rollapply *a, const struct weir_rollpart *p,
    struct weir_error *err)
{
	for (size_t i = 0; i < a->nouts; i++)
		if (a->out[i].n == p->n)
			return &a->out[i];
	return begin_out(a, p, err);
}

/* --- the log --- */

static int
damaged(struct weir_error *err)
{
	return weir_fail(err, WEIR_STATE,
	    "pending output of a directory: not what a sink writes");
}

/* Read on behind what is left: 1, 0 at the end, -1. */
static int
read_more(struct weir_rollapply *a, struct weir_error *err)
{
	size_t room, want;
	ssize_t got;

	memmove(a->buf, a->buf + a->at, a->len - a->at);
	a->len -= a->at;
	a->at = 0;
	room = PIECE - a->len;
	want = a->size - a->off < room ? (size_t)(a->size - a->off) : room;
	if (want == 0)
		return 0;
	got = weir_pread_all(a->fd, a->buf + a->len, want, a->off);
	if (got != (ssize_t)want)
		return weir_fail_errno(err, "pending output");
	a->off += want;
	a->len += want;
	return 1;
}

/* The next line: 1, 0 at the end of the log, -1. */
static int
next_line(
    struct weir_rollapply *a, struct weir_roll_line *l, struct weir_error *err)
{
	char *nl;

	while ((nl = memchr(a->buf + a->at, '\n', a->len - a->at)) == NULL) {
		int got = a->len - a->at < WEIR_ROLL_LINE ? read_more(a, err)
							  : damaged(err);

		if (got == -1)
			return -1;
		if (got == 0)
			return a->len > a->at ? damaged(err) : 0;
	}
	if (!weir_roll_read(l, a->buf + a->at, (size_t)(nl - (a->buf + a->at))))
		return damaged(err);
	a->at = (size_t)(nl - a->buf) + 1;
	return 1;
}

/* The bytes behind a line are for a part. */
static int
append(struct weir_rollapply *a, struct weir_rollpart *p, uint64_t len,
    struct weir_error *err)
{
	struct out *o = out_of(a, p, err);

	if (o == NULL)
		return -1;
	while (len > 0) {
		size_t n = a->len - a->at;

		if (n == 0) {
			int got = read_more(a, err);

			if (got != 1)
				return got == 0 ? damaged(err) : -1;
			continue;
		}
		if (n > len)
			n = (size_t)len;
		weir_buf_add(&o->buf, a->buf + a->at, n);
		if (o->buf.len >= PART_BUF && flush(o, err) == -1)
			return -1;
		a->at += n;
		len -= n;
		p->len += n;
	}
	return 1;
}

static int
finish(struct weir_rollapply *a, size_t part, struct weir_error *err)
{
	uint64_t n = a->s->open[part].n;

	for (size_t i = 0; i < a->nouts; i++)
		if (a->out[i].n == n && end_out(a, i, err) == -1)
			return -1;
	if (a->s->ndone == WEIR_ROLL_DONE_MAX)
		return weir_fail(err, WEIR_SYSTEM,
		    "more than %d parts at once: let them grow (--roll)",
		    WEIR_ROLL_DONE_MAX);
	weir_rollstate_finish(a->s, part);
	return 1;
}

static int
take_line(struct weir_rollapply *a, const struct weir_roll_line *l,
    struct weir_error *err)
{
	struct weir_rollstate *s = a->s;
	size_t i = weir_rollstate_find(s, l->n);

	if (l->verb == WEIR_ROLL_OPEN) {
		if (i < s->nopen || l->n < s->next ||
		    s->nopen == WEIR_ROLL_OPEN_MAX)
			return damaged(err);
		weir_rollstate_open(s, l->n, l->path, l->since_ns, l->seq);
		return 1;
	}
	if (i == s->nopen)
		return damaged(err);
	return l->verb == WEIR_ROLL_PART ? append(a, &s->open[i], l->len, err)
					 : finish(a, i, err);
}

int
weir_rollapply_log(
    struct weir_rollapply *a, int fd, uint64_t size, struct weir_error *err)
{
	struct weir_roll_line l;
	int got;

	a->fd = fd;
	a->off = 0;
	a->size = size;
	a->at = a->len = 0;
	while ((got = next_line(a, &l, err)) == 1)
		if (take_line(a, &l, err) == -1)
			return -1;
	return got == 0 ? 1 : -1;
}

int
weir_rollapply_sync(struct weir_rollapply *a, struct weir_error *err)
{
	while (a->nouts > 0)
		if (end_out(a, a->nouts - 1, err) == -1)
			return -1;
	if (fsync(a->hidden) == -1)
		return weir_fail_errno(err, "unfinished parts");
	return 1;
}
