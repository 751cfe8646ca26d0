#include "state/snapshot.h"

#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "base/timetext.h"
#include "json/value.h"
#include "state/lz4.h"
#include "state/part.h"
#include "state/publish.h"
#include "state/record.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW 256

int
weir_part_blame(struct weir_error *err, const char *file)
{
	char shown[SHOW];
	struct weir_error was;

	if (err == NULL)
		return -1;
	was = *err;
	return weir_fail(err, was.status, "%s: %.700s",
	    weir_show_into(shown, sizeof shown, file, strlen(file)), was.text);
}

size_t
weir_part_end_line(char out[WEIR_END_TEXT], uint64_t entries)
{
	return (size_t)snprintf(out, WEIR_END_TEXT,
	    "{\"end\":true,\"entries\":%" PRIu64 "}", entries);
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
    const uint64_t *key, struct weir_error *err)
{
	if (weir_lz4_line(w->lz4, s, len, key, err) < 0)
		return weir_part_blame(err, w->file);
	return 1;
}

static void
put_terms(struct weir_buf *out, const struct weir_terms *t)
{
	if (t == NULL || t->n == 0)
		return;
	weir_buf_puts(out, ",\"options\":");
	for (size_t i = 0; i < t->n; i++) {
		weir_buf_putc(out, i > 0 ? ',' : '[');
		weir_json_string(out, t->term[i], strlen(t->term[i]));
	}
	weir_buf_putc(out, ']');
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
	put_terms(&b, h->terms);
	if (h->watermark == WEIR_TIME_NONE)
		weir_record_put_str(&b, "watermark", NULL);
	else
		weir_record_put_i64(&b, "watermark", h->watermark);
	weir_record_put_u64(&b, "checkpoint", h->checkpoint);
	weir_record_put_u64(&b, "epoch", h->epoch);
	weir_buf_putc(&b, '}');
	r = put_line(w, b.data, b.len, NULL, err);
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
		weir_part_blame(err, file);
		goto bad;
	}
	w->lz4 = weir_lz4_begin(w->fd, err);
	if (w->lz4 == NULL) {
		weir_part_blame(err, file);
		goto bad;
	}
	if (put_header(w, h, err) == 1)
		return w;
bad:
	weir_snapshot_abandon(w);
	return NULL;
}

static int
put_entry(struct weir_snapshot_writer *w, const char *s, size_t len,
    const uint64_t *key, struct weir_error *err)
{
	assert(len > 0 && memchr(s, '\n', len) == NULL);
	if (len > WEIR_SNAPSHOT_LINE_MAX)
		return weir_fail(err, WEIR_SYSTEM,
		    "%s: one entry of state has %zu bytes, more than %zu",
		    w->file, len, WEIR_SNAPSHOT_LINE_MAX);
	w->entries++;
	return put_line(w, s, len, key, err);
}

int
weir_snapshot_line(struct weir_snapshot_writer *w, const char *s, size_t len,
    struct weir_error *err)
{
	return put_entry(w, s, len, NULL, err);
}

int
weir_snapshot_keyed_line(struct weir_snapshot_writer *w, struct weir_str key,
    const char *s, size_t len, struct weir_error *err)
{
	uint64_t hash = weir_keyindex_hash(key);

	return put_entry(w, s, len, &hash, err);
}

int
weir_snapshot_commit(struct weir_snapshot_writer *w, uint64_t *len,
    struct weir_digest *digest, struct weir_error *err)
{
	struct weir_trailer t;
	char text[WEIR_END_TEXT];
	uint64_t total;
	int fd = w->fd;

	if (put_line(w, text, weir_part_end_line(text, w->entries), NULL, err) <
	    0)
		return -1;
	if (weir_lz4_end(w->lz4, w->entries, &t, &total, err) < 0)
		return weir_part_blame(err, w->file);
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

/* --- looking from outside --- */

int
weir_part_open(int dirfd, const char *file, int *fd, uint64_t *size,
    struct weir_trailer *t, struct weir_error *err)
{
	int got = weir_open_regular(dirfd, file, fd, size, err);

	if (got != 1)
		return got;
	if (weir_lz4_trailer(*fd, *size, t, err) == 1)
		return 1;
	close(*fd);
	*fd = -1;
	return weir_part_blame(err, file);
}

int
weir_snapshot_check(int dirfd, const char *file, uint64_t *len,
    struct weir_digest *digest, struct weir_error *err)
{
	struct weir_trailer t;
	int fd, got = weir_part_open(dirfd, file, &fd, len, &t, err);

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
	int fd, got = weir_part_open(dirfd, file, &fd, &size, &t, err);

	if (got == 0) {
		weir_fail(err, WEIR_STATE, "there is no such part");
		return weir_part_blame(err, file);
	}
	if (got < 0)
		return -1;
	if (size != len || t.digest.lo != digest.lo || t.digest.hi != digest.hi)
		got = weir_fail(err, WEIR_STATE,
		    "damaged: not the part that the manifest lists");
	else
		got = weir_lz4_verify(fd, &t, err);
	close(fd);
	return got < 0 ? weir_part_blame(err, file) : 1;
}

int
weir_snapshot_mismatch(const struct weir_snapshot_header *saved,
    const char *now, const struct weir_terms *terms, struct weir_error *err)
{
	char a[SHOW], b[SHOW], c[SHOW];
	struct weir_buf how = {0};

	if (saved->terms != NULL && saved->terms->n > 0 && terms != NULL) {
		weir_buf_puts(&how, ": ");
		weir_terms_compare(&how, saved->terms, terms);
	}
	weir_fail(err, WEIR_STATE,
	    "state of %s does not fit the options%.300s\n"
	    "  saved: %s\n  now:   %s\n"
	    "go back to the saved options, or begin anew with another -d "
	    "and a new sink",
	    weir_show_into(a, sizeof a, saved->stage, strlen(saved->stage)),
	    weir_buf_cstr(&how),
	    weir_show_into(
		b, sizeof b, saved->fingerprint, strlen(saved->fingerprint)),
	    weir_show_into(c, sizeof c, now, strlen(now)));
	weir_buf_fini(&how);
	return -1;
}
