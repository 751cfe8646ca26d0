/* spool.c - the segments of a spool: which there are, and which may go. */
#include "state/spool.h"

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
#include <sys/stat.h>
#include <unistd.h>

/* --- names --- */

void
weir_spool_name(char out[WEIR_SPOOL_NAME], const char *source,
    const struct weir_spool_segment *g)
{
	snprintf(out, WEIR_SPOOL_NAME, "%.64s.%" PRIu64 ".%" PRIu64, source,
	    g->input, g->start);
}

/* Is it the name of a segment of this source? */
static bool
read_name(const char *name, const char *source, struct weir_spool_segment *g)
{
	size_t len = strlen(source);
	const char *dot;

	if (strncmp(name, source, len) != 0 || name[len] != '.')
		return false;
	name += len + 1;
	dot = strchr(name, '.');
	return dot != NULL &&
	    weir_count_read(name, (size_t)(dot - name), &g->input) &&
	    weir_count_read(dot + 1, strlen(dot + 1), &g->start) &&
	    g->input > 0;
}

static int
by_place(const void *va, const void *vb)
{
	const struct weir_spool_segment *a = va, *b = vb;

	if (a->input != b->input)
		return a->input < b->input ? -1 : 1;
	return (a->start > b->start) - (a->start < b->start);
}

/* --- what is there --- */

int
weir_spool_blame(const struct weir_spool *s, struct weir_error *err)
{
	struct weir_error was = *err;

	return weir_fail(
	    err, was.status, "spool of %s: %.500s", s->source, was.text);
}

static int
add(struct weir_spool *s, const char *name, struct weir_spool_segment *g,
    struct weir_error *err)
{
	int fd, got;

	got = weir_open_regular(s->dirfd, name, &fd, &g->len, err);
	if (got < 1)
		return got;
	close(fd);
	if (g->len > INT64_MAX - g->start)
		return weir_fail(err, WEIR_STATE, "%s: too big", name);
	s->seg = weir_grow(s->seg, &s->cap, s->n + 1, sizeof *s->seg);
	s->seg[s->n++] = *g;
	s->used += g->len;
	return 1;
}

/* Between two segments of an input there is nothing that is missing. */
static int
check(const struct weir_spool *s, struct weir_error *err)
{
	for (size_t i = 1; i < s->n; i++) {
		const struct weir_spool_segment *a = &s->seg[i - 1];
		const struct weir_spool_segment *b = &s->seg[i];
		uint64_t want = a->input == b->input ? a->start + a->len : 0;

		if (b->start != want)
			return weir_fail(err, WEIR_STATE,
			    "bytes are missing before byte %" PRIu64
			    " of input %" PRIu64
			    ": bring its file back, or begin anew with "
			    "another -d and -o",
			    b->start, b->input);
	}
	return 1;
}

int
weir_spool_list(struct weir_spool *s, struct weir_error *err)
{
	struct weir_names names;
	int got = 1;

	s->n = 0;
	s->used = 0;
	if (weir_names_read(s->dirfd, &names, err) < 0)
		return weir_spool_blame(s, err);
	for (size_t i = 0; got >= 0 && i < names.n; i++) {
		struct weir_spool_segment g;

		if (read_name(names.name[i], s->source, &g))
			got = add(s, names.name[i], &g, err);
	}
	weir_names_fini(&names);
	if (s->n > 0)
		qsort(s->seg, s->n, sizeof *s->seg, by_place);
	if (got < 0 || check(s, err) < 0)
		return weir_spool_blame(s, err);
	return 1;
}

void
weir_spool_recount(struct weir_spool *s)
{
	size_t gone = 0;
	char name[WEIR_SPOOL_NAME];

	/* what is still to be read is never among them */
	while (gone < s->n) {
		weir_spool_name(name, s->source, &s->seg[gone]);
		if (faccessat(s->dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			break;
		s->used -= s->seg[gone++].len;
	}
	s->n -= gone;
	memmove(s->seg, s->seg + gone, s->n * sizeof *s->seg);
	if (s->in_seg < gone && s->in >= 0) { /* read to its end */
		close(s->in);
		s->in = -1;
	}
	s->in_seg = s->in_seg > gone ? s->in_seg - gone : 0;
}

/* --- for the leader --- */

/* 1; 0 if there is no spool; -1. */
static int
look(struct weir_spool *s, const struct weir_dir *d, const char *source,
    struct weir_error *err)
{
	struct weir_error why = {0};

	*s = (struct weir_spool){.dirfd = -1, .in = -1, .out = -1};
	s->dirfd = weir_dir_sub(d, "spool", false, &why);
	if (s->dirfd < 0 && why.status == WEIR_OK)
		return 0;
	if (s->dirfd < 0)
		return weir_fail(err, why.status, "%s", why.text);
	s->source = weir_strdup(source);
	if (weir_spool_list(s, err) == 1)
		return 1;
	weir_spool_close(s);
	return -1;
}

int
weir_spool_trim(const struct weir_dir *d, const char *source,
    const struct weir_place *place, struct weir_error *err)
{
	struct weir_spool s;
	char name[WEIR_SPOOL_NAME];
	int got = place->dev != 0 ? 0 : look(&s, d, source, err);

	if (got < 1)
		return got;
	/* the last one stays: it is being written */
	for (size_t i = 0; i + 1 < s.n && got == 1; i++) {
		const struct weir_spool_segment *next = &s.seg[i + 1];

		if (next->input > place->ino ||
		    (next->input == place->ino && next->start > place->offset))
			break;
		weir_spool_name(name, source, &s.seg[i]);
		if (unlinkat(s.dirfd, name, 0) != 0 && errno != ENOENT)
			got = weir_fail_errno(err, "spool/%s", name);
		WEIR_PROBE("spool.trimmed");
	}
	weir_spool_close(&s);
	return got;
}

bool
weir_spool_is(const struct weir_dir *d, const char *source)
{
	struct weir_error ignored;
	struct stat st;
	char name[WEIR_SPOOL_NAME];
	int got, fd = weir_dir_sub(d, "spool", false, &ignored);

	if (fd < 0)
		return false;
	snprintf(name, sizeof name, "%.64s.pipe", source);
	got = fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW);
	close(fd);
	return got == 0;
}

int
weir_spool_grown(const struct weir_dir *d, const char *source,
    const struct weir_place *place, struct weir_error *err)
{
	struct weir_spool s;
	int got = place->dev != 0 ? 0 : look(&s, d, source, err);
	const struct weir_spool_segment *last;

	if (got < 1)
		return got;
	last = s.n > 0 ? &s.seg[s.n - 1] : NULL;
	got = last != NULL &&
	    (last->input > place->ino ||
		(last->input == place->ino &&
		    last->start + last->len > place->offset));
	weir_spool_close(&s);
	return got;
}
