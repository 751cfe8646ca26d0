#define _GNU_SOURCE /* memrchr */
/* visiblefile.c - a regular file that grows by what is committed. */
#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "state/publish.h"
#include "stream/visible.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW  256
#define PIECE ((size_t)64 << 10)

struct file {
	const struct weir_visible_config *c;
	int fd;
};

int
weir_visible_sync_parent(const char *path, struct weir_error *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == path ? weir_strdup("/")
	    : slash == NULL	  ? weir_strdup(".")
				  : weir_strndup(path, (size_t)(slash - path));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd == -1 || fsync(fd) == -1 ? -1 : 1;
	char shown[SHOW];

	if (r == -1)
		weir_fail_errno(err, "%s",
		    weir_show_into(shown, sizeof shown, dir, strlen(dir)));
	if (fd != -1)
		close(fd);
	free(dir);
	return r;
}

/* Its descriptor, or -1. */
static int
open_file(const char *path, bool create, struct weir_error *err)
{
	char shown[SHOW];
	struct stat st;
	int fd;

	weir_show_into(shown, sizeof shown, path, strlen(path));
	/* looked at first: opening a FIFO or a device has effects */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return weir_fail(err, WEIR_USAGE,
		    "%s: not a regular file: exactly-once output needs one",
		    shown);
	fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0666);
	if (fd == -1 && errno == ENOENT && !create)
		return weir_fail(err, WEIR_STATE,
		    "%s: the sink is gone, but this job has written to it: "
		    "put it back, or begin anew with another -d",
		    shown);
	if (fd == -1)
		return weir_fail_errno(err, "%s", shown);
	if (create && weir_visible_sync_parent(path, err) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
file_open(void **self, const struct weir_visible_config *c, bool create,
    struct weir_error *err)
{
	int fd = open_file(c->path, create, err);
	struct file *f;

	if (fd == -1)
		return -1;
	f = weir_calloc(1, sizeof *f);
	*f = (struct file){.c = c, .fd = fd};
	*self = f;
	return 1;
}

static void
file_close(void *self)
{
	struct file *f = self;

	close(f->fd);
	free(f);
}

/* Say that something failed with errno: -1. */
static int
failed(const struct file *f, struct weir_error *err)
{
	char shown[SHOW];

	return weir_fail_errno(err, "%s",
	    weir_show_into(
		shown, sizeof shown, f->c->path, strlen(f->c->path)));
}

static int
file_base(void *self, uint64_t *base, struct weir_error *err)
{
	struct file *f = self;
	struct stat st;

	if (fstat(f->fd, &st) == -1)
		return failed(f, err);
	*base = (uint64_t)st.st_size;
	return 1;
}

static bool
file_is(void *self, const struct stat *st)
{
	struct file *f = self;
	struct stat own;

	return fstat(f->fd, &own) == 0 && own.st_dev == st->st_dev &&
	    own.st_ino == st->st_ino;
}

static int
file_forward(
    void *self, const struct weir_manifest_sink *m, struct weir_error *err)
{
	struct file *f = self;

	return weir_sink_forward(f->c->dir, m, f->fd, f->c->path, err);
}

static int
file_digest(void *self, uint64_t off, uint64_t len, struct weir_digest *digest,
    struct weir_error *err)
{
	struct file *f = self;
	struct weir_hasher *h = weir_hasher_new();
	int r = weir_hash_range(f->fd, off, len, h);
	char shown[SHOW];

	*digest = weir_hasher_digest(h);
	weir_hasher_free(h);
	if (r == -1)
		return failed(f, err);
	if (r == 1)
		return 1;
	return weir_fail(err, WEIR_STATE,
	    "%s: somebody cut it while the job wrote to it: put the committed "
	    "output back, or begin anew with another -d and a new sink",
	    weir_show_into(
		shown, sizeof shown, f->c->path, strlen(f->c->path)));
}

/* Where the last line of [from, to) ends, or from: 1 or -1 with errno. */
static int
end_of_lines(int fd, uint64_t from, uint64_t to, uint64_t *end)
{
	char *piece = weir_malloc(PIECE);
	int r = 1;

	for (*end = to; r == 1 && *end > from;) {
		size_t n = *end - from < PIECE ? (size_t)(*end - from) : PIECE;
		const char *nl;

		if (weir_pread_all(fd, piece, n, *end - n) != (ssize_t)n) {
			r = -1;
			break;
		}
		*end -= n;
		nl = memrchr(piece, '\n', n);
		if (nl != NULL) {
			*end += (uint64_t)(nl - piece) + 1;
			break;
		}
	}
	free(piece);
	return r;
}

static int
file_cut(void *self, const struct weir_manifest_sink *m, bool lines,
    struct weir_error *err)
{
	struct file *f = self;
	uint64_t end = weir_sink_committed(m), size = 0;

	if (file_base(self, &size, err) == -1)
		return -1;
	if (size > end && lines && end_of_lines(f->fd, end, size, &end) == -1)
		return failed(f, err);
	if (size <= end)
		return 1;
	if (ftruncate(f->fd, (off_t)end) == -1)
		return failed(f, err);
	WEIR_PROBE("recover.cut");
	if (fsync(f->fd) == -1)
		return failed(f, err);
	WEIR_PROBE("recover.cutsynced");
	return 1;
}

static int
file_verify(const struct weir_visible_config *c,
    const struct weir_manifest_sink *m, struct weir_error *err)
{
	struct stat st;

	if (stat(c->path, &st) == -1)
		return weir_fail(err, WEIR_STATE, "is missing");
	if ((uint64_t)st.st_size < m->base)
		return weir_fail(
		    err, WEIR_STATE, "is shorter than what was committed");
	return 1;
}

static bool
file_is_new(const struct weir_visible_config *c, const uint64_t *base)
{
	struct stat st;

	return stat(c->path, &st) == -1 ||
	    (uint64_t)st.st_size == (base != NULL ? *base : 0);
}

const struct weir_visible_ops weir_visible_file = {
    .open = file_open,
    .close = file_close,
    .base = file_base,
    .is = file_is,
    .forward = file_forward,
    .digest = file_digest,
    .cut = file_cut,
    .verify = file_verify,
    .is_new = file_is_new,
};
