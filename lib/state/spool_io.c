/* spool_io.c - taking bytes from a pipe into a spool, and reading them. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "base/probe.h"
#include "state/inside.h"
#include "state/publish.h"
#include "state/spool_in.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIPE_MAX 65536 /* bytes of a .pipe file */
#define AT_ONCE	 ((size_t)1 << 20)

#ifdef WEIR_PROBES
#define SEGMENT ((uint64_t)64 << 10) /* the crash tests want many */
#else
#define SEGMENT ((uint64_t)4 << 20)
#endif
#define SEGMENTS 8 /* at least, in a full spool */

/* --- which pipe --- */

static void
pipe_name(const struct weir_spool *s, char out[WEIR_SPOOL_NAME])
{
	snprintf(out, WEIR_SPOOL_NAME, "%.64s.pipe", s->source);
}

/* The input being written and its pipe: 1, 0 if none was ever, -1. */
static int
load_pipe(struct weir_spool *s, char **pipe, struct weir_error *err)
{
	struct weir_record r;
	char name[WEIR_SPOOL_NAME];
	int got;

	*pipe = NULL;
	pipe_name(s, name);
	got = weir_record_load(&r, s->dirfd, name, PIPE_MAX, err);
	if (got != 1)
		return got;
	if (weir_record_kind(&r, "spool") < 0 ||
	    weir_record_u64(&r, r.map, "input", &s->input) < 0 ||
	    weir_record_str(&r, r.map, "pipe", pipe) < 0)
		got = -1;
	weir_record_fini(&r);
	return got;
}

static int
save_pipe(struct weir_spool *s, const char *pipe, struct weir_error *err)
{
	struct weir_buf b = {0};
	char name[WEIR_SPOOL_NAME];
	int r;

	pipe_name(s, name);
	weir_record_begin(&b, "spool");
	weir_record_put_u64(&b, "input", s->input);
	weir_record_put_str(&b, "pipe", pipe);
	weir_buf_putc(&b, '}');
	weir_record_seal(&b);
	r = weir_publish_over(s->dirfd, name, b.data, b.len, err);
	weir_buf_fini(&b);
	WEIR_PROBE("spool.pipe");
	return r;
}

/* Go on with the input before if this is the same pipe, else with another. */
static int
begin(struct weir_spool *s, const char *pipe, struct weir_error *err)
{
	uint64_t last = s->n > 0 ? s->seg[s->n - 1].input : 0;
	char *had;
	int got = load_pipe(s, &had, err);

	if (got >= 0 && s->input < last)
		s->input = last;
	if (got == 0 || (got == 1 && strcmp(had, pipe) != 0)) {
		s->input++;
		got = save_pipe(s, pipe, err);
	}
	free(had);
	return got;
}

/* --- opening --- */

/* Durable now, so that a gap can only ever be at the end of the last one. */
static int
sync_all(const struct weir_spool *s, struct weir_error *err)
{
	for (size_t i = 0; i < s->n; i++) {
		char name[WEIR_SPOOL_NAME];
		uint64_t size;
		int fd, r;

		weir_spool_name(name, s->source, &s->seg[i]);
		if (weir_open_regular(s->dirfd, name, &fd, &size, err) != 1)
			return -1;
		r = fsync(fd);
		close(fd);
		if (r != 0)
			return weir_fail_errno(err, "%s", name);
	}
	return 1;
}

int
weir_spool_open(struct weir_spool *s, const struct weir_dir *d,
    const char *source, const char *pipe, struct weir_error *err)
{
	*s = (struct weir_spool){
	    .in = -1, .out = -1, .max = UINT64_MAX, .segment = SEGMENT};
	s->source = weir_strdup(source);
	s->dirfd = weir_dir_sub(d, "spool", true, err);
	if (s->dirfd < 0 || weir_spool_list(s, err) < 0 ||
	    sync_all(s, err) < 0 || begin(s, pipe, err) < 0) {
		weir_spool_close(s);
		return -1;
	}
	s->at_input = s->n > 0 ? s->seg[0].input : s->input;
	s->at = s->n > 0 ? s->seg[0].start : 0;
	return 1;
}

void
weir_spool_close(struct weir_spool *s)
{
	if (s->in >= 0)
		close(s->in);
	if (s->out >= 0)
		close(s->out);
	if (s->dirfd >= 0)
		close(s->dirfd);
	free(s->source);
	free(s->seg);
	*s = (struct weir_spool){.dirfd = -1, .in = -1, .out = -1};
}

void
weir_spool_limit(struct weir_spool *s, uint64_t max)
{
	s->max = max;
	s->segment = max / SEGMENTS < SEGMENT ? max / SEGMENTS + 1 : SEGMENT;
}

/* --- taking --- */

/* Where the input that is written ends. */
static uint64_t
end_of_input(const struct weir_spool *s)
{
	const struct weir_spool_segment *g =
	    s->n > 0 ? &s->seg[s->n - 1] : NULL;

	return g != NULL && g->input == s->input ? g->start + g->len : 0;
}

/* Begin another segment: what is in the one before is on the disk then. */
static int
next_segment(struct weir_spool *s, struct weir_error *err)
{
	struct weir_spool_segment g = {
	    .input = s->input, .start = end_of_input(s)};
	char name[WEIR_SPOOL_NAME];

	if (s->out >= 0 && fsync(s->out) != 0)
		return weir_fail_errno(err, "the spool of %s", s->source);
	if (s->out >= 0)
		close(s->out);
	WEIR_PROBE("spool.full");
	weir_spool_name(name, s->source, &g);
	s->out = openat(s->dirfd, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->out < 0)
		return weir_fail_errno(err, "spool/%s", name);
	s->seg = weir_grow(s->seg, &s->cap, s->n + 1, sizeof *s->seg);
	s->seg[s->n++] = g;
	WEIR_PROBE("spool.segment");
	return 1;
}

/* The last segment, if it has room, else another. */
static int
open_out(struct weir_spool *s, struct weir_error *err)
{
	struct weir_spool_segment *g = s->n > 0 ? &s->seg[s->n - 1] : NULL;
	char name[WEIR_SPOOL_NAME];

	if (g == NULL || g->input != s->input || g->len >= s->segment)
		return next_segment(s, err);
	if (s->out >= 0)
		return 1;
	weir_spool_name(name, s->source, g);
	s->out = openat(s->dirfd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	return s->out < 0 ? weir_fail_errno(err, "spool/%s", name) : 1;
}

bool
weir_spool_full(const struct weir_spool *s)
{
	return s->used >= s->max;
}

int
weir_spool_take(struct weir_spool *s, int fd, struct weir_error *err)
{
	struct weir_spool_segment *g;
	size_t room = AT_ONCE;
	off64_t at;
	ssize_t n;

	if (weir_spool_full(s))
		return WEIR_GOT_NOTHING;
	if (open_out(s, err) < 0)
		return -1;
	g = &s->seg[s->n - 1];
	at = (off64_t)g->len;
	if (room > s->segment - g->len)
		room = s->segment - g->len;
	if (room > s->max - s->used)
		room = s->max - s->used;
	WEIR_PROBE("spool.take");
	n = splice(
	    fd, NULL, s->out, &at, room, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return WEIR_GOT_NOTHING;
	if (n < 0)
		return weir_fail_errno(
		    err, "writing the spool of source %s", s->source);
	if (n == 0)
		return WEIR_GOT_END;
	g->len += (uint64_t)n;
	s->used += (uint64_t)n;
	WEIR_PROBE("spool.taken");
	return WEIR_GOT_DATA;
}

int
weir_spool_turn(struct weir_spool *s, const char *pipe, struct weir_error *err)
{
	if (end_of_input(s) == 0)
		return 1;
	s->input++;
	return save_pipe(s, pipe, err);
}

int
weir_spool_sync(const struct weir_spool *s, struct weir_error *err)
{
	WEIR_PROBE("spool.sync");
	if ((s->out >= 0 && fsync(s->out) != 0) || fsync(s->dirfd) != 0)
		return weir_fail_errno(err, "the spool of %s", s->source);
	WEIR_PROBE("spool.synced");
	return 1;
}

/* --- reading --- */

/* The segment that holds the place that is read next, or NULL. */
static const struct weir_spool_segment *
segment_here(struct weir_spool *s)
{
	while (s->in_seg < s->n) {
		const struct weir_spool_segment *g = &s->seg[s->in_seg];

		if (g->input > s->at_input ||
		    (g->input == s->at_input && s->at < g->start + g->len))
			return g->input == s->at_input ? g : NULL;
		if (s->in_seg + 1 == s->n)
			return NULL; /* it may still grow */
		if (s->in >= 0)
			close(s->in);
		s->in = -1;
		s->in_seg++;
	}
	return NULL;
}

bool
weir_spool_unread(const struct weir_spool *s)
{
	return s->at_input < s->input || s->at < end_of_input(s);
}

int
weir_spool_read(struct weir_spool *s, char *buf, size_t cap, size_t *got,
    struct weir_error *err)
{
	const struct weir_spool_segment *g;
	char name[WEIR_SPOOL_NAME];
	uint64_t size, left;
	ssize_t n;

	if (s->turn) {
		s->at_input++;
		s->at = 0;
	}
	s->turn = false;
	g = segment_here(s);
	*got = 0;
	if (g == NULL) {
		s->turn = s->at_input < s->input;
		return s->turn ? WEIR_GOT_BOUNDARY : WEIR_GOT_NOTHING;
	}
	weir_spool_name(name, s->source, g);
	if (s->in < 0 &&
	    weir_open_regular(s->dirfd, name, &s->in, &size, err) != 1)
		return weir_fail(err, WEIR_STATE, "spool/%s is gone", name);
	left = g->start + g->len - s->at;
	n = weir_pread_all(
	    s->in, buf, left < cap ? (size_t)left : cap, s->at - g->start);
	if (n <= 0)
		return weir_fail(err, WEIR_STATE, "spool/%s: it was cut", name);
	s->at += (uint64_t)n;
	*got = (size_t)n;
	return WEIR_GOT_DATA;
}

void
weir_spool_place(
    const struct weir_spool *s, uint64_t offset, struct weir_place *place)
{
	place->dev = 0;
	place->ino = s->at_input;
	place->offset = offset;
}

/* Is the place in what is kept? */
static bool
holds(const struct weir_spool *s, const struct weir_place *p)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct weir_spool_segment *g = &s->seg[i];

		if (g->input == p->ino && g->start <= p->offset &&
		    p->offset <= g->start + g->len)
			return true;
	}
	/* an input that nothing has come of yet */
	return p->offset == 0 && p->ino <= s->input &&
	    (s->n == 0 || p->ino >= s->seg[0].input);
}

int
weir_spool_seek(struct weir_spool *s, const struct weir_place *place,
    struct weir_error *err)
{
	if (place->dev != 0)
		return 1;
	if (!holds(s, place)) {
		weir_fail(err, WEIR_STATE,
		    "source %s: the saved place is gone: the spool does not "
		    "hold byte %" PRIu64 " of input %" PRIu64,
		    s->source, place->offset, place->ino);
		return 0;
	}
	if (s->in >= 0)
		close(s->in);
	s->in = -1;
	s->in_seg = 0;
	s->turn = false;
	s->at_input = place->ino;
	s->at = place->offset;
	return 1;
}

uint64_t
weir_spool_left(const struct weir_spool *s)
{
	uint64_t left = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct weir_spool_segment *g = &s->seg[i];

		if (g->input > s->at_input ||
		    (g->input == s->at_input && g->start >= s->at))
			left += g->len;
		else if (g->input == s->at_input && s->at < g->start + g->len)
			left += g->start + g->len - s->at;
	}
	return left;
}
