#include "state/snapshot.h"

#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "base/timetext.h"
#include "json/check.h"
#include "json/prover.h"
#include "state/lz4.h"
#include "state/publish.h"
#include "state/record.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW	 256
#define END_TEXT 64

/* What follows is wrong with file. */
static int
blame(struct weir_error *err, const char *file)
{
	char shown[SHOW];
	struct weir_error was;

	if (err == NULL)
		return -1;
	was = *err;
	return weir_fail(err, was.status, "%s: %.700s",
	    weir_show_into(shown, sizeof shown, file, strlen(file)), was.text);
}

static size_t
end_line(char out[END_TEXT], uint64_t entries)
{
	return (size_t)snprintf(
	    out, END_TEXT, "{\"end\":true,\"entries\":%" PRIu64 "}", entries);
}

/* --- writing --- */

struct weir_snapshot_writer {
	int dirfd, fd; /* fd: -1 once it is closed */
	char tmp[32];
	char *file;
	struct weir_lz4_writer *lz4;
	uint64_t entries;
};

static int
put_line(struct weir_snapshot_writer *w, const char *s, size_t len,
    struct weir_error *err)
{
	if (weir_lz4_add(w->lz4, s, len, err) < 0 ||
	    weir_lz4_add(w->lz4, "\n", 1, err) < 0)
		return blame(err, w->file);
	return 1;
}

static int
put_header(struct weir_snapshot_writer *w, const struct weir_snapshot_header *h,
    struct weir_error *err)
{
	struct weir_buf b = {0};
	int r;

	weir_buf_putc(&b, '{');
	weir_record_put_str(&b, "weir", "snapshot");
	weir_record_put_u64(&b, "version", WEIR_SNAPSHOT_VERSION);
	weir_record_put_str(&b, "stage", h->stage);
	weir_record_put_str(&b, "kind", h->kind);
	weir_record_put_str(&b, "fingerprint", h->fingerprint);
	if (h->watermark == WEIR_TIME_NONE)
		weir_record_put_str(&b, "watermark", NULL);
	else
		weir_record_put_i64(&b, "watermark", h->watermark);
	weir_record_put_u64(&b, "checkpoint", h->checkpoint);
	weir_record_put_u64(&b, "epoch", h->epoch);
	weir_buf_putc(&b, '}');
	r = put_line(w, b.data, b.len, err);
	weir_buf_fini(&b);
	return r;
}

struct weir_snapshot_writer *
weir_snapshot_create(int dirfd, const char *file,
    const struct weir_snapshot_header *h, struct weir_error *err)
{
	struct weir_snapshot_writer *w = weir_calloc(1, sizeof *w);

	w->dirfd = dirfd;
	w->file = weir_strdup(file);
	w->fd = weir_publish_begin(dirfd, w->tmp, err);
	if (w->fd < 0) {
		blame(err, file);
		goto bad;
	}
	w->lz4 = weir_lz4_begin(w->fd, err);
	if (w->lz4 == NULL) {
		blame(err, file);
		goto bad;
	}
	if (put_header(w, h, err) == 1)
		return w;
bad:
	weir_snapshot_abandon(w);
	return NULL;
}

int
weir_snapshot_line(struct weir_snapshot_writer *w, const char *s, size_t len,
    struct weir_error *err)
{
	assert(len > 0 && memchr(s, '\n', len) == NULL);
	if (len > WEIR_SNAPSHOT_LINE_MAX)
		return weir_fail(err, WEIR_SYSTEM,
		    "%s: one entry of state has %zu bytes, more than %zu",
		    w->file, len, WEIR_SNAPSHOT_LINE_MAX);
	w->entries++;
	return put_line(w, s, len, err);
}

int
weir_snapshot_commit(struct weir_snapshot_writer *w, uint64_t *len,
    struct weir_digest *digest, struct weir_error *err)
{
	struct weir_trailer t;
	char text[END_TEXT];
	uint64_t total;
	int fd = w->fd;

	if (put_line(w, text, end_line(text, w->entries), err) < 0)
		return -1;
	if (weir_lz4_end(w->lz4, w->entries, &t, &total, err) < 0)
		return blame(err, w->file);
	w->fd = -1; /* closed and renamed, or removed, in any case */
	if (weir_publish_end(w->dirfd, fd, w->tmp, w->file, err) < 0)
		return -1;
	if (len != NULL)
		*len = total;
	if (digest != NULL)
		*digest = t.digest;
	return 1;
}

void
weir_snapshot_abandon(struct weir_snapshot_writer *w)
{
	if (w == NULL)
		return;
	if (w->fd >= 0) {
		close(w->fd);
		unlinkat(w->dirfd, w->tmp, 0);
	}
	weir_lz4_free(w->lz4);
	free(w->file);
	free(w);
}

/* --- reading --- */

struct weir_snapshot_reader {
	char *file;
	int fd;
	struct weir_lz4_reader *lz4;
	struct weir_snapshot_header header;
	struct weir_prover *prover;
	struct weir_buf text; /* decompressed, from at on not yet given out */
	size_t at;
	uint64_t lines;
	int done; /* all is decompressed */
	struct weir_buf wrapped;
};

static int
damaged(struct weir_snapshot_reader *r, const char *why, struct weir_error *err)
{
	weir_fail(err, WEIR_STATE, "damaged: %s", why);
	return blame(err, r->file);
}

/* More text behind what is there: 1, 0 at the end, -1. */
static int
more_text(struct weir_snapshot_reader *r, struct weir_error *err)
{
	int got;

	if (r->done)
		return 0;
	if (r->at > 0) {
		memmove(
		    r->text.data, r->text.data + r->at, r->text.len - r->at);
		r->text.len -= r->at;
		r->at = 0;
	}
	got = weir_lz4_read(r->lz4, &r->text, err);
	if (got < 0)
		return blame(err, r->file);
	r->done = got == 0;
	/* what proves a line looks ahead */
	memset(weir_buf_reserve(&r->text, WEIR_PAD), 0, WEIR_PAD);
	return got;
}

/* The next line, without its newline: 1, 0 at the end, -1. */
static int
next_line(struct weir_snapshot_reader *r, struct weir_str *line,
    struct weir_error *err)
{
	size_t seen = 0;

	for (;;) {
		char *s = r->text.data + r->at, *nl = NULL;
		size_t have = r->text.len - r->at;
		int got;

		if (have > seen)
			nl = memchr(s + seen, '\n', have - seen);
		if (nl != NULL) {
			*line = (struct weir_str){s, (size_t)(nl - s)};
			r->at += line->len + 1;
			return 1;
		}
		if (have > WEIR_SNAPSHOT_LINE_MAX)
			return damaged(r, "a line is too long", err);
		seen = have;
		got = more_text(r, err);
		if (got < 0)
			return -1;
		if (got == 0 && have > 0)
			return damaged(r, "no newline at its end", err);
		if (got == 0)
			return 0;
	}
}

/* Is there nothing behind the line just given? 1 or 0, or -1. */
static int
at_end(struct weir_snapshot_reader *r, struct weir_str *line,
    struct weir_error *err)
{
	size_t start = (size_t)(line->s - r->text.data);
	int got = 1;

	if (r->at < r->text.len)
		return 0;
	if (r->done)
		return 1;
	r->at = start; /* keep the line while text moves */
	got = more_text(r, err);
	line->s = r->text.data + r->at;
	r->at += line->len + 1;
	return got < 0 ? -1 : got == 0;
}

/* Is text, up to its newline and with WEIR_PAD bytes behind, one object? */
static int
prove_object(struct weir_snapshot_reader *r, const char *s, size_t len)
{
	struct weir_slot none;
	char why[8];

	return weir_prover_line(r->prover, s, &none, NULL) == s + len ||
	    weir_check(s, len, why, sizeof why);
}

/* Is the line one JSON value of the kinds allowed? */
static int
prove(struct weir_snapshot_reader *r, struct weir_str line)
{
	struct weir_buf *b = &r->wrapped;

	if (line.len > 0 && *line.s == '{')
		return prove_object(r, line.s, line.len);
	if (line.len == 0 || *line.s != '[')
		return 0;
	/* what proves knows objects only: make it the value of one */
	b->len = 0;
	weir_buf_puts(b, "{\"\":");
	weir_buf_add(b, line.s, line.len);
	weir_buf_puts(b, "}\n");
	memset(weir_buf_reserve(b, WEIR_PAD), 0, WEIR_PAD);
	return prove_object(r, b->data, b->len - 1) &&
	    weir_json_skip(b->data + 4) == b->data + 4 + line.len;
}

static int
read_header(struct weir_snapshot_reader *r, struct weir_error *err)
{
	struct weir_snapshot_header *h = &r->header;
	struct weir_record rec;
	struct weir_str line;
	char *magic = NULL;
	uint64_t version;
	int got = next_line(r, &line, err);

	if (got == 0)
		return damaged(r, "empty", err);
	if (got < 0 || weir_record_parse(&rec, r->file, line, err) < 0)
		return -1;
	got = -1;
	if (weir_record_str(&rec, rec.map, "weir", &magic) < 0 ||
	    weir_record_u64(&rec, rec.map, "version", &version) < 0)
		goto out;
	if (strcmp(magic, "snapshot") != 0 ||
	    version != WEIR_SNAPSHOT_VERSION) {
		damaged(r, "not a snapshot of this version", err);
		goto out;
	}
	if (weir_record_str(&rec, rec.map, "stage", &h->stage) == 1 &&
	    weir_record_str(&rec, rec.map, "kind", &h->kind) == 1 &&
	    weir_record_str(&rec, rec.map, "fingerprint", &h->fingerprint) ==
		1 &&
	    weir_record_i64(&rec, rec.map, "watermark", WEIR_TIME_NONE,
		&h->watermark) == 1 &&
	    weir_record_u64(&rec, rec.map, "checkpoint", &h->checkpoint) == 1 &&
	    weir_record_u64(&rec, rec.map, "epoch", &h->epoch) == 1)
		got = 1;
out:
	free(magic);
	weir_record_fini(&rec);
	return got;
}

/* The file and its trailer: 1, 0 if there is none, -1. */
static int
open_file(int dirfd, const char *file, int *fd, uint64_t *size,
    struct weir_trailer *t, struct weir_error *err)
{
	int got = weir_open_regular(dirfd, file, fd, size, err);

	if (got != 1)
		return got;
	if (weir_lz4_trailer(*fd, *size, t, err) == 1)
		return 1;
	close(*fd);
	*fd = -1;
	return blame(err, file);
}

struct weir_snapshot_reader *
weir_snapshot_open(int dirfd, const char *file, struct weir_error *err)
{
	struct weir_snapshot_reader *r = weir_calloc(1, sizeof *r);
	struct weir_trailer t;
	uint64_t size;
	int got;

	r->file = weir_strdup(file);
	r->fd = -1;
	got = open_file(dirfd, file, &r->fd, &size, &t, err);
	if (got == 0) {
		weir_fail(err, WEIR_STATE, "there is no such part");
		blame(err, file);
	}
	if (got != 1)
		goto bad;
	if (weir_lz4_verify(r->fd, &t, err) < 0 ||
	    (r->lz4 = weir_lz4_open(r->fd, &t, err)) == NULL) {
		blame(err, file);
		goto bad;
	}
	r->header.entries = t.entries;
	r->prover = weir_prover_new();
	weir_buf_reserve(&r->text, WEIR_PAD);
	if (read_header(r, err) == 1)
		return r;
bad:
	weir_snapshot_close(r);
	return NULL;
}

const struct weir_snapshot_header *
weir_snapshot_header(const struct weir_snapshot_reader *r)
{
	return &r->header;
}

int
weir_snapshot_next(struct weir_snapshot_reader *r, struct weir_str *line,
    struct weir_error *err)
{
	char text[END_TEXT];
	int got = next_line(r, line, err), last;

	if (got < 0)
		return -1;
	if (got == 0) /* after the last line, or instead of it */
		return r->lines > r->header.entries
		    ? 0
		    : damaged(r, "no last line", err);
	last = at_end(r, line, err);
	if (last < 0)
		return -1;
	if (last) {
		size_t n = end_line(text, r->lines);

		if (r->lines != r->header.entries || n != line->len ||
		    memcmp(text, line->s, n) != 0)
			return damaged(r, "its last line is missing", err);
		r->lines++;
		return 0;
	}
	if (!prove(r, *line))
		return damaged(r, "a line is not JSON", err);
	r->lines++;
	return 1;
}

void
weir_snapshot_close(struct weir_snapshot_reader *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0)
		close(r->fd);
	weir_lz4_close(r->lz4);
	weir_prover_free(r->prover);
	weir_buf_fini(&r->text);
	weir_buf_fini(&r->wrapped);
	free(r->header.stage);
	free(r->header.kind);
	free(r->header.fingerprint);
	free(r->file);
	free(r);
}

int
weir_snapshot_check(int dirfd, const char *file, uint64_t *len,
    struct weir_digest *digest, struct weir_error *err)
{
	struct weir_trailer t;
	int fd, got = open_file(dirfd, file, &fd, len, &t, err);

	if (got != 1)
		return got;
	close(fd);
	*digest = t.digest;
	return 1;
}

int
weir_snapshot_verify(int dirfd, const char *file, uint64_t len,
    struct weir_digest digest, struct weir_error *err)
{
	struct weir_trailer t;
	uint64_t size;
	int fd, got = open_file(dirfd, file, &fd, &size, &t, err);

	if (got == 0) {
		weir_fail(err, WEIR_STATE, "there is no such part");
		return blame(err, file);
	}
	if (got < 0)
		return -1;
	if (size != len || t.digest.lo != digest.lo || t.digest.hi != digest.hi)
		got = weir_fail(err, WEIR_STATE,
		    "damaged: not the part that the manifest lists");
	else
		got = weir_lz4_verify(fd, &t, err);
	close(fd);
	return got < 0 ? blame(err, file) : 1;
}

int
weir_snapshot_mismatch(const char *stage, const char *saved, const char *now,
    struct weir_error *err)
{
	char a[SHOW], b[SHOW], c[SHOW];

	return weir_fail(err, WEIR_STATE,
	    "state of %s does not fit the options\n"
	    "  saved: %s\n  now:   %s\n"
	    "go back to the saved options, or start anew with --from=none",
	    weir_show_into(a, sizeof a, stage, strlen(stage)),
	    weir_show_into(b, sizeof b, saved, strlen(saved)),
	    weir_show_into(c, sizeof c, now, strlen(now)));
}
