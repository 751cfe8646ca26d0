/*
 * visiblesql.c - a table in an SQLite database, as a sink.
 *
 * The rows of a commit and the place that they reach are one transaction, so
 * that the database itself says what it has. It is open only for as long as
 * that takes: a connection must not be there when the process forks.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "json/check.h"
#include "json/prover.h"
#include "state/publish.h"
#include "stream/sqlrows.h"
#include "stream/visible.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW  256
#define PIECE ((size_t)256 << 10)
#define RS    0x1e

struct sql {
	const struct weir_visible_config *c;
	char *path;
	const char *table; /* in c->path */
	char *key;	   /* of the record: SINK:TABLE */
	char shown[SHOW];
};

/* sqlite:FILE?table=NAME, where FILE may have anything in it. */
static void
take_apart(struct sql *s, const struct weir_visible_config *c)
{
	const char *mark = weir_visible_table(c->path);
	struct weir_buf key = {0};

	s->c = c;
	s->path = weir_strndup(c->path + strlen(WEIR_VISIBLE_SQLITE_IS),
	    (size_t)(mark - c->path) - strlen(WEIR_VISIBLE_SQLITE_IS));
	s->table = mark + strlen(WEIR_VISIBLE_TABLE_IS);
	weir_buf_printf(&key, "%s:%s", c->sink, s->table);
	s->key = weir_buf_cstr(&key);
	weir_show_into(s->shown, sizeof s->shown, s->path, strlen(s->path));
}

static struct weir_sqlrows *
connect_to(const struct sql *s, bool create, struct weir_error *err)
{
	if (!create && access(s->path, F_OK) == -1 && errno == ENOENT) {
		weir_fail(err, WEIR_STATE,
		    "%s: the database is gone, but this job has written to "
		    "it: put it back, or begin anew with another -d",
		    s->shown);
		return NULL;
	}
	return weir_sqlrows_open(s->path, s->table, create, err);
}

/* The place that is recorded: 1 with *at, -1. */
static int
recorded(const struct sql *s, struct weir_sqlrows *r, uint64_t *at,
    struct weir_error *err)
{
	int got = weir_sqlrows_place(r, s->c->job, s->key, at, err);

	if (got != 0)
		return got;
	return weir_fail(err, WEIR_STATE,
	    "%s: knows nothing of this job: somebody put another database "
	    "there. Put the old one back, or begin anew with another -d",
	    s->shown);
}

static void
sql_close(void *self)
{
	struct sql *s = self;

	free(s->path);
	free(s->key);
	free(s);
}

static int
check(struct sql *s, bool create, struct weir_error *err)
{
	struct weir_sqlrows *r = connect_to(s, create, err);
	uint64_t at;
	int got;

	if (r == NULL)
		return -1;
	got = create ? weir_sqlrows_place(r, s->c->job, s->key, &at, err)
		     : recorded(s, r, &at, err);
	if (got == 0)
		got = weir_sqlrows_enter(r, s->c->job, s->key, err);
	weir_sqlrows_close(r);
	return got;
}

static int
sql_open(void **self, const struct weir_visible_config *c, bool create,
    struct weir_error *err)
{
	struct sql *s = weir_calloc(1, sizeof *s);

	take_apart(s, c);
	*self = s;
	if (check(s, create, err) == 1)
		return 1;
	sql_close(s);
	return -1;
}

static int
sql_base(void *self, uint64_t *base, struct weir_error *err)
{
	(void)self;
	(void)err;
	*base = 0;
	return 1;
}

static bool
sql_is(void *self, const struct stat *st)
{
	struct sql *s = self;
	struct stat own;

	return stat(s->path, &own) == 0 && own.st_dev == st->st_dev &&
	    own.st_ino == st->st_ino;
}

/* --- rows --- */

static int
add_line(
    struct weir_sqlrows *r, const char *s, size_t len, struct weir_error *err)
{
	char why[256];

	if (len > 0 && *s == RS) {
		s++;
		len--;
	}
	if (weir_check(s, len, why, sizeof why) != 1)
		return weir_fail(err, WEIR_STATE,
		    "pending output: not what a sink writes: %s", why);
	WEIR_PROBE("rows.row");
	return weir_sqlrows_add(r, s, err);
}

/* The whole lines in b are rows; what is left of it moves to its begin. */
static int
add_lines(struct weir_sqlrows *r, struct weir_buf *b, size_t *seen,
    struct weir_error *err)
{
	size_t at = 0;
	char *nl;

	while ((nl = memchr(b->data + *seen, '\n', b->len - *seen)) != NULL) {
		size_t end = (size_t)(nl - b->data);

		if (add_line(r, b->data + at, end - at, err) == -1)
			return -1;
		at = *seen = end + 1;
	}
	memmove(b->data, b->data + at, b->len - at);
	b->len -= at;
	*seen = b->len;
	return 1;
}

/* All lines of a pending file are rows. */
static int
add_file(struct weir_sqlrows *r, int fd, uint64_t len, struct weir_error *err)
{
	struct weir_buf b = {0};
	size_t seen = 0;
	int got = 1;

	for (uint64_t off = 0; off < len && got == 1;) {
		size_t want = len - off < PIECE ? (size_t)(len - off) : PIECE;
		char *to = weir_buf_reserve(&b, want + WEIR_PAD);

		if (weir_pread_all(fd, to, want, off) != (ssize_t)want) {
			got = weir_fail_errno(err, "pending output");
			break;
		}
		memset(to + want, 0, WEIR_PAD);
		b.len += want;
		off += want;
		got = add_lines(r, &b, &seen, err);
	}
	if (got == 1 && b.len > 0)
		got = weir_fail(
		    err, WEIR_STATE, "pending output: it ends within a line");
	weir_buf_fini(&b);
	return got;
}

static int
apply(struct sql *s, struct weir_sqlrows *r, const struct weir_manifest_sink *m,
    struct weir_error *err)
{
	int got = weir_sqlrows_begin(r, err), fd;

	for (size_t i = 0; got == 1 && i < m->nfiles; i++) {
		got = weir_sink_pending(s->c->dir, &m->files[i], &fd, err);
		if (got == 0)
			got = weir_fail(err, WEIR_STATE,
			    "%s: what was committed lacks there, and the "
			    "pending file %s/out/%s is gone: restore it",
			    s->shown, s->c->dir->path, m->files[i].file);
		if (got != 1)
			break;
		got = add_file(r, fd, m->files[i].len, err);
		close(fd);
	}
	WEIR_PROBE("rows.added");
	if (got == 1)
		got = weir_sqlrows_end(
		    r, s->c->job, s->key, weir_sink_committed(m), err);
	WEIR_PROBE("rows.committed");
	return got;
}

static int
sql_forward(
    void *self, const struct weir_manifest_sink *m, struct weir_error *err)
{
	struct sql *s = self;
	struct weir_sqlrows *r;
	uint64_t at = 0;
	int got;

	if (m->nfiles == 0 && m->base == 0)
		return 1;
	r = connect_to(s, false, err);
	if (r == NULL)
		return -1;
	got = recorded(s, r, &at, err);
	if (got == 1 && at != weir_sink_committed(m)) {
		if (at == m->base)
			got = apply(s, r, m, err);
		else
			got = weir_fail(err, WEIR_STATE,
			    "%s: its record says that %" PRIu64
			    " bytes were taken over, not %" PRIu64
			    ": somebody changed it. Put the database of then "
			    "back, or begin anew with another -d and a new "
			    "sink",
			    s->shown, at, m->base);
	}
	weir_sqlrows_close(r);
	return got == 1 ? weir_sink_settle(s->c->dir, m, err) : -1;
}

static int
sql_verify(const struct weir_visible_config *c,
    const struct weir_manifest_sink *m, struct weir_error *err)
{
	struct weir_sqlrows *r;
	struct sql s = {0};
	uint64_t at = 0;
	int got = -1;

	take_apart(&s, c);
	r = connect_to(&s, false, err);
	if (r != NULL)
		got = recorded(&s, r, &at, err);
	if (got == 1 && at != m->base && at < weir_sink_committed(m))
		got = weir_fail(
		    err, WEIR_STATE, "its record is not of what was committed");
	weir_sqlrows_close(r);
	free(s.path);
	free(s.key);
	return got;
}

static bool
sql_is_new(const struct weir_visible_config *c, const uint64_t *base)
{
	struct weir_error err;
	struct weir_sqlrows *r;
	struct sql s = {0};
	uint64_t at = 0;
	int got = 1;

	(void)base;
	take_apart(&s, c);
	r = access(s.path, F_OK) == 0 ? connect_to(&s, false, &err) : NULL;
	if (r != NULL && c->job != NULL &&
	    weir_sqlrows_place(r, c->job, s.key, &at, &err) == 1)
		got = at == 0;
	else if (r != NULL)
		got = weir_sqlrows_any(r, &err) == 0;
	else
		got = access(s.path, F_OK) == -1;
	weir_sqlrows_close(r);
	free(s.path);
	free(s.key);
	return got == 1;
}

const struct weir_visible_ops weir_visible_sql = {
    .open = sql_open,
    .close = sql_close,
    .base = sql_base,
    .is = sql_is,
    .forward = sql_forward,
    .verify = sql_verify,
    .is_new = sql_is_new,
};
