/* visiblefile.c - a regular file that grows by what is committed. */
#include "base/mem.h"
#include "base/text.h"
#include "stream/visible.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW 256

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

static int
file_base(void *self, uint64_t *base, struct weir_error *err)
{
	struct file *f = self;
	struct stat st;
	char shown[SHOW];

	if (fstat(f->fd, &st) == -1)
		return weir_fail_errno(err, "%s",
		    weir_show_into(
			shown, sizeof shown, f->c->path, strlen(f->c->path)));
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
    .verify = file_verify,
    .is_new = file_is_new,
};
