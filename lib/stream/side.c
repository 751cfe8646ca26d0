#define _GNU_SOURCE
#include "stream/side.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/utf8.h"
#include "event/retract.h"
#include "event/writer.h"
#include "json/value.h"
#include "json/writer.h"
#include "state/publish.h"
#include "stream/edges.h"
#include "stream/visible.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLUSH_AT ((size_t)64 << 10)

struct weir_side {
	char *path;
	int fd;
	uint64_t len; /* bytes of the file so far */
	struct weir_buf buf;
	struct weir_writer *edge; /* it is one; or NULL */
	bool greeted;
};

struct weir_side *
weir_side_new(const char *path)
{
	struct weir_side *s = weir_calloc(1, sizeof *s);

	s->path = weir_strdup(path);
	s->fd = -1;
	return s;
}

void
weir_side_free(struct weir_side *s)
{
	if (s == NULL)
		return;
	weir_writer_free(s->edge);
	if (s->fd >= 0)
		close(s->fd);
	weir_buf_fini(&s->buf);
	free(s->path);
	free(s);
}

const char *
weir_side_path(const struct weir_side *s)
{
	return s->path;
}

bool
weir_side_is_stderr(const struct weir_side *s)
{
	return strcmp(s->path, "/dev/stderr") == 0;
}

/* Like weir_fail_errno(), with the path shown safely. */
static int
fail(const struct weir_side *s, const char *what, struct weir_error *err)
{
	char shown[256];
	int e = errno;

	weir_show_into(shown, sizeof shown, s->path, strlen(s->path));
	errno = e;
	return weir_fail_errno(err, "%s: %s", shown, what);
}

/* Cut back to what the checkpoint knew; what came later is written again. */
static int
cut(struct weir_side *s, int64_t saved, struct weir_error *err)
{
	struct stat st;
	char shown[256];

	if (fstat(s->fd, &st) < 0)
		return fail(s, "cannot look at it", err);
	if (!S_ISREG(st.st_mode))
		return weir_fail(err, WEIR_USAGE,
		    "%s: a side file of a job must be a regular file, or a "
		    "named "
		    "sink of it (-o NAME=FILE and \"$NAME\")",
		    weir_show_into(
			shown, sizeof shown, s->path, strlen(s->path)));
	if (st.st_size < saved)
		return weir_fail(err, WEIR_STATE,
		    "%s: shorter than when the checkpoint was made (%lld of "
		    "%lld bytes): put the missing part back, or begin anew "
		    "with another -d",
		    weir_show_into(
			shown, sizeof shown, s->path, strlen(s->path)),
		    (long long)st.st_size, (long long)saved);
	if (ftruncate(s->fd, saved) < 0)
		return fail(s, "cannot cut it back", err);
	if (lseek(s->fd, saved, SEEK_SET) < 0)
		return fail(s, "cannot go to its end", err);
	s->len = (uint64_t)saved;
	return 1;
}

/* Opened anew, standard error would be overwritten if it is a file. */
static int
open_outside_jobs(const struct weir_side *s, int flags)
{
	if (weir_side_is_stderr(s))
		return fcntl(2, F_DUPFD_CLOEXEC, 3);
	return open(s->path, flags | O_TRUNC, 0666);
}

/* Is it the FIFO of a sink of this job? 1, 0 or -1. */
static int
leads_to_sink(const struct weir_side *s, const struct weir_dir *dir,
    struct weir_error *err)
{
	struct weir_buf path = {0};
	struct weir_job job = {0};
	struct stat ours, theirs;
	int got = 0;

	if (fstat(s->fd, &ours) < 0 || !S_ISFIFO(ours.st_mode))
		return 0;
	if (weir_job_load(dir, &job, err) < 0)
		return -1;
	for (size_t i = 0; i < job.nsinks && got == 0; i++) {
		weir_edge_path(&path, dir->path, job.sinks[i].name, dir->epoch);
		got = stat(weir_buf_cstr(&path), &theirs) == 0 &&
		    theirs.st_dev == ours.st_dev &&
		    theirs.st_ino == ours.st_ino;
	}
	weir_buf_fini(&path);
	weir_job_fini(&job);
	return got;
}

int
weir_side_open(struct weir_side *s, const struct weir_dir *dir,
    const char *stage, int64_t saved, struct weir_error *err)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, edge;

	/* In a job nothing is touched before the claim. */
	s->fd = dir == NULL ? open_outside_jobs(s, flags)
			    : open(s->path, flags, 0666);
	if (s->fd < 0)
		return fail(s, "cannot open it for writing", err);
	if (dir == NULL)
		return 1;
	edge = leads_to_sink(s, dir, err);
	if (edge < 0)
		return -1;
	if (edge > 0) {
		s->edge = weir_writer_new(s->fd, WEIR_FORMAT_FRAMES);
		return 1;
	}
	/* its name is to last as long as what a checkpoint says of it */
	if (weir_visible_sync_parent(s->path, err) < 0 ||
	    weir_side_claim(dir, s->fd, s->path, stage, err) < 0)
		return -1;
	return cut(s, saved < 0 ? 0 : saved, err);
}

int
weir_side_flush(struct weir_side *s, struct weir_error *err)
{
	size_t len = s->buf.len;

	if (s->edge != NULL)
		return weir_writer_flush(s->edge, err);
	if (len == 0 || s->fd < 0)
		return 1;
	s->buf.len = 0;
	if (weir_write_all(s->fd, s->buf.data, len) < 0)
		return fail(s, "cannot write", err);
	s->len += len;
	return 1;
}

static int
flush_if_full(struct weir_side *s, struct weir_error *err)
{
	return s->buf.len < FLUSH_AT ? 1 : weir_side_flush(s, err);
}

int
weir_side_event(struct weir_side *s, const struct weir_block *b, uint32_t i,
    struct weir_error *err)
{
	const struct weir_event *e = &b->events[i];
	const char *text = b->text + e->off;

	if (s->edge != NULL)
		return weir_writer_pass(s->edge, b, i, 1, 0, err);
	if ((e->flags & WEIR_RETRACT) != 0) {
		weir_retract_write(&s->buf, text, e->len);
		weir_buf_putc(&s->buf, '\n');
	} else {
		weir_buf_add(&s->buf, text, (size_t)e->len + 1);
	}
	return flush_if_full(s, err);
}

/* As a JSON string, with U+FFFD for every byte that is not UTF-8. */
static void
put_text(struct weir_buf *out, const char *s, size_t len)
{
	struct weir_buf shown = {0};
	size_t at = 0, n = weir_utf8_valid(s, len);

	if (n == len) {
		weir_json_string(out, s, len);
		return;
	}
	while (at < len) {
		weir_buf_add(&shown, s + at, n);
		at += n;
		if (at < len) {
			weir_buf_puts(&shown, "\xef\xbf\xbd");
			at++;
		}
		n = weir_utf8_valid(s + at, len - at);
	}
	weir_json_string(out, shown.data, shown.len);
	weir_buf_fini(&shown);
}

/* Bytes that are not UTF-8 are given exactly, too: nothing is lost. */
static void
put_raw(struct weir_buf *out, const struct weir_bad *bad)
{
	put_text(out, bad->raw, bad->raw_len);
	if (weir_utf8_valid(bad->raw, bad->raw_len) == bad->raw_len)
		return;
	weir_buf_puts(out, ",\"base64\":\"");
	weir_json_base64(out, bad->raw, bad->raw_len);
	weir_buf_putc(out, '"');
}

static int
put_on_edge(struct weir_side *s, struct weir_error *err)
{
	int got = weir_writer_put(s->edge, s->buf.data, s->buf.len,
	    WEIR_TIME_NONE, WEIR_TIME_NONE, 0, err);

	s->buf.len = 0;
	return got;
}

int
weir_side_bad(
    struct weir_side *s, const struct weir_bad *bad, struct weir_error *err)
{
	struct weir_buf *out = &s->buf;

	weir_buf_puts(out, "{\"error\":");
	put_text(out, bad->error, strlen(bad->error));
	weir_buf_puts(out, ",\"source\":");
	put_text(out, bad->source, strlen(bad->source));
	if (bad->line > 0)
		weir_buf_printf(out, ",\"line\":%llu,\"offset\":%llu",
		    (unsigned long long)bad->line,
		    (unsigned long long)bad->offset);
	weir_buf_puts(out, ",\"raw\":");
	put_raw(out, bad);
	if (bad->full_len > bad->raw_len)
		weir_buf_printf(
		    out, ",\"length\":%llu", (unsigned long long)bad->full_len);
	weir_buf_putc(out, '}');
	if (s->edge != NULL)
		return put_on_edge(s, err);
	weir_buf_putc(out, '\n');
	return flush_if_full(s, err);
}

int
weir_side_sync(struct weir_side *s, uint64_t *len, struct weir_error *err)
{
	if (weir_side_flush(s, err) < 0)
		return -1;
	*len = s->len;
	if (s->fd >= 0 && fsync(s->fd) < 0)
		return fail(s, "cannot make it durable", err);
	return 1;
}

/* --- edges --- */

bool
weir_side_is_edge(const struct weir_side *s)
{
	return s->edge != NULL;
}

bool
weir_side_broken(const struct weir_side *s)
{
	return s->edge != NULL && weir_writer_broken(s->edge);
}

int
weir_side_hello(
    struct weir_side *s, const struct weir_hello *h, struct weir_error *err)
{
	if (s->edge == NULL)
		return 1;
	s->greeted = true;
	/* at once: the sink does not wait for ever */
	if (weir_writer_hello(s->edge, h, err) < 0)
		return -1;
	return weir_writer_flush(s->edge, err);
}

void
weir_side_watermark(struct weir_side *s, int64_t t)
{
	if (s->edge != NULL)
		weir_writer_watermark(s->edge, t, false);
}

int
weir_side_barrier(
    struct weir_side *s, const struct weir_barrier *b, struct weir_error *err)
{
	return s->edge != NULL ? weir_writer_barrier(s->edge, b, err) : 1;
}

void
weir_side_hang_up(struct weir_side *s)
{
	/* a file is synced by who captures */
	if (s->edge == NULL || s->fd < 0)
		return;
	close(s->fd);
	s->fd = -1;
}

int
weir_side_end(
    struct weir_side *s, const struct weir_end *e, struct weir_error *err)
{
	if (s->edge == NULL || s->fd < 0 || !s->greeted)
		return 1;
	if (weir_writer_end(s->edge, e, err) < 0)
		return -1;
	weir_side_hang_up(s);
	return 1;
}
