#include "stream/sinkout.h"

#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "state/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW  256
#define CHUNK (256u << 10)

/* Output that a barrier cut off; it stays listed until it is visible. */
struct weir_cut {
	char tmp[32]; /* before it is durable */
	char *file;   /* after that */
};

/* --- writing --- */

int
weir_sinkout_now(
    struct weir_sinkout *o, const char *path, struct weir_error *err)
{
	char shown[SHOW];
	off_t end = -1;

	o->fd = open(path, O_RDWR | O_CLOEXEC);
	if (o->fd != -1)
		end = lseek(o->fd, 0, SEEK_END);
	if (end == -1)
		return weir_fail_errno(err, "%s",
		    weir_show_into(shown, sizeof shown, path, strlen(path)));
	o->now = true;
	o->end = (uint64_t)end;
	o->writer = weir_writer_new(o->fd, o->format);
	WEIR_PROBE("sink.opened");
	return 1;
}

bool
weir_sinkout_clean(const struct weir_sinkout *o)
{
	return o->now ? !o->dirty : o->fd == -1;
}

static int
begin_file(struct weir_sinkout *o, struct weir_error *err)
{
	o->fd = weir_publish_begin(o->out_fd, o->tmp, err);
	if (o->fd == -1)
		return -1;
	if (o->roll == NULL)
		o->writer = weir_writer_new(o->fd, o->format);
	WEIR_PROBE("sink.file");
	return 1;
}

/*
 * What comes together is as much as the stages before had ready, so writing it
 * out at once keeps nobody waiting, and writes are long when there is much.
 */
static int
write_now(struct weir_sinkout *o, const struct weir_block *b, uint32_t i,
    uint32_t n, struct weir_error *err)
{
	o->dirty = true;
	if (weir_writer_pass(o->writer, b, i, n, 0, err) == -1 ||
	    weir_writer_flush(o->writer, err) == -1)
		return -1;
	WEIR_PROBE("sink.wrote");
	return 1;
}

int
weir_sinkout_events(struct weir_sinkout *o, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	if (o->now)
		return write_now(o, b, i, n, err);
	if (o->fd == -1 && begin_file(o, err) == -1)
		return -1;
	if (o->roll != NULL)
		return weir_roll_events(o->roll, o->fd, b, i, n, err);
	return weir_writer_pass(o->writer, b, i, n, 0, err);
}

/* --- cutting off --- */

static void
free_writer(struct weir_sinkout *o)
{
	weir_writer_free(o->writer);
	o->writer = NULL;
	if (o->fd != -1)
		close(o->fd);
	o->fd = -1;
}

static bool
is_there(const struct weir_sinkout *o, const char *name)
{
	return faccessat(o->out_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Forget what has become visible: the committer has removed it. */
static void
forget_visible(struct weir_sinkout *o)
{
	size_t left = 0;

	for (size_t i = 0; i < o->ncuts; i++) {
		if (is_there(o, o->cuts[i].tmp) || is_there(o, o->cuts[i].file))
			o->cuts[left++] = o->cuts[i];
		else
			free(o->cuts[i].file);
	}
	o->ncuts = left;
}

/* Finish what is due of a directory; all: every part. */
static int
finish_parts(struct weir_sinkout *o, bool all, struct weir_error *err)
{
	int64_t now = weir_roll_wall_ns();

	if (o->roll == NULL)
		return 1;
	all = all && weir_roll_open(o->roll);
	if (o->fd == -1 && (all || weir_roll_due(o->roll) <= now) &&
	    begin_file(o, err) == -1)
		return -1;
	if (o->fd != -1 && weir_roll_cut(o->roll, o->fd, now, all, err) == -1)
		return -1;
	return 1;
}

static int
note_end(struct weir_sinkout *o, struct weir_error *err)
{
	off_t end;

	if (weir_writer_flush(o->writer, err) == -1)
		return -1;
	end = lseek(o->fd, 0, SEEK_CUR);
	if (end == -1)
		return weir_fail_errno(err, "the visible file");
	o->end = (uint64_t)end;
	o->dirty = false;
	return 1;
}

int
weir_sinkout_cut(
    struct weir_sinkout *o, const char *name, bool all, struct weir_error *err)
{
	struct weir_cut *c;

	if (o->now)
		return note_end(o, err);
	forget_visible(o);
	if (finish_parts(o, all, err) == -1)
		return -1;
	if (o->fd == -1)
		return 1;
	if (o->writer != NULL && weir_writer_flush(o->writer, err) == -1)
		return -1;
	free_writer(o);
	o->cuts = weir_grow(o->cuts, &o->cap, o->ncuts + 1, sizeof *o->cuts);
	c = &o->cuts[o->ncuts++];
	memcpy(c->tmp, o->tmp, sizeof c->tmp);
	c->file = weir_strdup(name);
	WEIR_PROBE("sink.swapped");
	return 1;
}

/* --- capturing --- */

/*
 * A failing fsync is never tried again: what the kernel has of that file is
 * not to be trusted, so the job must go back to what was committed.
 */
static int
tell_broken(struct weir_sinkout *o, const struct weir_error *err)
{
	struct weir_buf line = {0};
	struct weir_error ignored;

	weir_buf_printf(&line, "broken %.400s", err->text);
	weir_stage_report(o->stage, weir_buf_cstr(&line), &ignored);
	weir_buf_fini(&line);
	return -1;
}

static int
make_durable(
    struct weir_sinkout *o, const struct weir_cut *c, struct weir_error *err)
{
	int fd = openat(
	    o->out_fd, c->tmp, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	/* by the capture before, which may have died before it was durable */
	if (fd == -1 && errno == ENOENT && is_there(o, c->file) &&
	    fsync(o->out_fd) == 0)
		return 1;
	if (fd == -1)
		weir_fail_errno(err, "pending output %s", c->file);
	else if (weir_publish_end(o->out_fd, fd, c->tmp, c->file, err) == 1) {
		WEIR_PROBE("sink.synced");
		return 1;
	}
	return tell_broken(o, err);
}

static int
digest_of(struct weir_sinkout *o, const char *file, uint64_t *len,
    struct weir_digest *digest, struct weir_error *err)
{
	struct weir_hasher *h;
	uint64_t size;
	ssize_t got;
	char *chunk;
	int fd;

	if (weir_open_regular(o->out_fd, file, &fd, &size, err) != 1)
		return -1;
	chunk = weir_malloc(CHUNK);
	h = weir_hasher_new();
	for (*len = 0; (got = weir_pread_all(fd, chunk, CHUNK, *len)) > 0;
	     *len += (uint64_t)got)
		weir_hasher_add(h, chunk, (size_t)got);
	*digest = weir_hasher_digest(h);
	weir_hasher_free(h);
	free(chunk);
	close(fd);
	if (got == -1)
		return weir_fail_errno(err, "pending output %s", file);
	return 1;
}

/* All up to the barrier is in the file already, and more may be. */
static int
save_end(
    struct weir_sinkout *o, struct weir_sinkpart *p, struct weir_error *err)
{
	if (fsync(o->fd) == -1) {
		weir_fail_errno(err, "the visible file");
		return tell_broken(o, err);
	}
	WEIR_PROBE("sink.synced");
	p->now = true;
	p->end = o->end;
	return 1;
}

int
weir_sinkout_save(
    struct weir_sinkout *o, struct weir_sinkpart *p, struct weir_error *err)
{
	struct weir_digest digest;
	uint64_t len;

	if (o->now)
		return save_end(o, p, err);
	for (size_t i = 0; i < o->ncuts; i++) {
		if (make_durable(o, &o->cuts[i], err) == -1 ||
		    digest_of(o, o->cuts[i].file, &len, &digest, err) == -1)
			return -1;
		weir_sinkpart_add(p, o->cuts[i].file, len, digest);
	}
	return 1;
}

void
weir_sinkout_fini(struct weir_sinkout *o)
{
	free_writer(o);
	weir_roll_free(o->roll);
	for (size_t i = 0; i < o->ncuts; i++)
		free(o->cuts[i].file);
	free(o->cuts);
	if (o->out_fd != -1)
		close(o->out_fd);
	*o = (struct weir_sinkout)WEIR_SINKOUT;
}
