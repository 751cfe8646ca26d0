#define _GNU_SOURCE
#include "state/publish.h"

#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOW  256		  /* bytes for a name in a message */
#define PIECE ((size_t)256 << 10) /* read at a time */

int
weir_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n == 0) {
			errno = EIO;
			return -1;
		} else if (errno == EAGAIN) {
			struct pollfd pfd = {.fd = fd, .events = POLLOUT};

			if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
				return -1;
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 1;
}

int
weir_publish_begin(int dirfd, char tmp[32], struct weir_error *err)
{
	uint64_t r;
	int fd = -1;

	for (int tries = 0; tries < 100 && fd < 0; tries++) {
		if (getrandom(&r, sizeof r, 0) != sizeof r)
			return weir_fail_errno(err, "random bytes");
		snprintf(tmp, 32, ".tmp.%016llx", (unsigned long long)r);
		fd = openat(dirfd, tmp,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0)
		return weir_fail_errno(err, "cannot create a file");
	if (fchmod(fd, 0600) != 0) { /* whatever the umask is */
		weir_fail_errno(err, "%s", tmp);
		close(fd);
		unlinkat(dirfd, tmp, 0);
		return -1;
	}
	WEIR_PROBE("publish.created");
	return fd;
}

/* Rename to a name that must not be there. */
static int
rename_new(int dirfd, const char *tmp, const char *name)
{
#ifdef RENAME_NOREPLACE
	if (renameat2(dirfd, tmp, dirfd, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
#endif
	/* file systems that cannot do that in one step */
	if (linkat(dirfd, tmp, dirfd, name, 0) != 0)
		return -1;
	return unlinkat(dirfd, tmp, 0);
}

static int
finish(int dirfd, int fd, const char *tmp, const char *name, bool over)
{
	int e;

	WEIR_PROBE("publish.written");
	if (fsync(fd) != 0) {
		e = errno; /* never again: the next one would lie */
		close(fd);
		errno = e;
		return -1;
	}
	if (close(fd) != 0)
		return -1;
	WEIR_PROBE("publish.synced");
	if ((over ? renameat(dirfd, tmp, dirfd, name)
		  : rename_new(dirfd, tmp, name)) != 0)
		return -1;
	WEIR_PROBE("publish.renamed");
	if (fsync(dirfd) != 0)
		return -1;
	WEIR_PROBE("publish.done");
	return 1;
}

static int
end(int dirfd, int fd, const char *tmp, const char *name, bool over,
    struct weir_error *err)
{
	char shown[SHOW];

	if (finish(dirfd, fd, tmp, name, over) == 1)
		return 1;
	weir_fail_errno(
	    err, "%s", weir_show_into(shown, sizeof shown, name, strlen(name)));
	unlinkat(dirfd, tmp, 0);
	return -1;
}

int
weir_publish_end(int dirfd, int fd, const char *tmp, const char *name,
    struct weir_error *err)
{
	return end(dirfd, fd, tmp, name, false, err);
}

static int
publish(int dirfd, const char *name, struct weir_str data, bool over,
    struct weir_error *err)
{
	char tmp[32], shown[SHOW];
	int fd = weir_publish_begin(dirfd, tmp, err);

	if (fd < 0)
		return -1;
	if (weir_write_all(fd, data.s, data.len) < 0) {
		weir_fail_errno(err, "%s",
		    weir_show_into(shown, sizeof shown, name, strlen(name)));
		close(fd);
		unlinkat(dirfd, tmp, 0);
		return -1;
	}
	return end(dirfd, fd, tmp, name, over, err);
}

int
weir_publish(int dirfd, const char *name, const void *data, size_t len,
    struct weir_error *err)
{
	return publish(dirfd, name, (struct weir_str){data, len}, false, err);
}

int
weir_publish_over(int dirfd, const char *name, const void *data, size_t len,
    struct weir_error *err)
{
	return publish(dirfd, name, (struct weir_str){data, len}, true, err);
}

/*
 * Is what has this name, or what was opened, a file that only we write? It may
 * have other names: savepoints are links.
 */
static int
check_file(const struct stat *st, const char *shown, struct weir_error *err)
{
	if (S_ISLNK(st->st_mode))
		return weir_fail(
		    err, WEIR_STATE, "%s: is a symbolic link", shown);
	if (!S_ISREG(st->st_mode))
		return weir_fail(
		    err, WEIR_STATE, "%s: not a regular file", shown);
	if (st->st_uid != geteuid())
		return weir_fail(err, WEIR_STATE,
		    "%s: belongs to user %lu, not to us (user %lu)", shown,
		    (unsigned long)st->st_uid, (unsigned long)geteuid());
	if ((st->st_mode & 022) != 0)
		return weir_fail(err, WEIR_STATE,
		    "%s: others may write to it (mode %03o): chmod go-w first",
		    shown, (unsigned)st->st_mode & 0777);
	return 1;
}

/*
 * Open a file to read, whoever put it there: no link, no device, and a FIFO
 * does not make us wait. It is looked at first, since opening can have effects,
 * and again, since it may be another by then. 1 with *fd and *size, 0, -1 as
 * weir_slurp().
 */
int
weir_open_regular(int dirfd, const char *name, int *fd, uint64_t *size,
    struct weir_error *err)
{
	char shown[SHOW];
	struct stat st;
	int r;

	*fd = -1;
	weir_show_into(shown, sizeof shown, name, strlen(name));
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : weir_fail_errno(err, "%s", shown);
	if (check_file(&st, shown, err) < 0)
		return -1;
	*fd = openat(dirfd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT)
		return 0;
	r = *fd < 0 || fstat(*fd, &st) != 0 ? weir_fail_errno(err, "%s", shown)
					    : check_file(&st, shown, err);
	if (r == 1) {
		*size = (uint64_t)st.st_size;
		return 1;
	}
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return -1;
}

/* As much as there is up to len, from off: how much, or -1 with errno. */
ssize_t
weir_pread_all(int fd, void *data, size_t len, uint64_t off)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = pread(
		    fd, (char *)data + have, len - have, (off_t)(off + have));

		if (n > 0)
			have += (size_t)n;
		else if (n == 0)
			break;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)have;
}

int
weir_hash_range(int fd, uint64_t off, uint64_t len, struct weir_hasher *h)
{
	char *piece = weir_malloc(PIECE);
	int r = 1;

	while (len > 0 && r == 1) {
		size_t want = len < PIECE ? (size_t)len : PIECE;
		ssize_t n = weir_pread_all(fd, piece, want, off);

		if (n < 0)
			r = -1;
		else if ((size_t)n != want)
			r = 0;
		else
			weir_hasher_add(h, piece, want);
		off += want;
		len -= want;
	}
	free(piece);
	return r;
}

int
weir_file_verify(int dirfd, const char *name, uint64_t len,
    const struct weir_digest *digest, struct weir_error *err)
{
	struct weir_digest found;
	struct weir_hasher *h;
	uint64_t size;
	int fd, r = weir_open_regular(dirfd, name, &fd, &size, err);

	if (r <= 0)
		return r;
	if (size != len) { /* not hashed: a file of nothing can be huge */
		close(fd);
		return weir_fail(err, WEIR_STATE,
		    "%s: damaged: %llu bytes, the manifest says %llu", name,
		    (unsigned long long)size, (unsigned long long)len);
	}
	h = weir_hasher_new();
	r = weir_hash_range(fd, 0, len, h);
	found = weir_hasher_digest(h);
	weir_hasher_free(h);
	if (r < 0)
		weir_fail_errno(err, "%s", name);
	else if (r == 0 || found.lo != digest->lo || found.hi != digest->hi)
		r = weir_fail(err, WEIR_STATE,
		    "%s: damaged: not the bytes that the manifest says", name);
	close(fd);
	return r;
}

int
weir_slurp(int dirfd, const char *name, size_t max, struct weir_buf *out,
    struct weir_error *err)
{
	char shown[SHOW];
	uint64_t size;
	int fd, r = weir_open_regular(dirfd, name, &fd, &size, err);
	ssize_t n;

	if (r <= 0)
		return r;
	weir_show_into(shown, sizeof shown, name, strlen(name));
	if (size > max) {
		r = weir_fail(err, WEIR_STATE,
		    "%s: too big (%llu bytes, at most %zu)", shown,
		    (unsigned long long)size, max);
		goto out;
	}
	n = weir_pread_all(
	    fd, weir_buf_reserve(out, (size_t)size + 1), (size_t)size, 0);
	if (n < 0)
		r = weir_fail_errno(err, "%s", shown);
	else
		out->len += (size_t)n;
out:
	close(fd);
	return r;
}
