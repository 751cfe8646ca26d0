/* forward.c - committed output becomes visible, and is never cut (dir.h). */
#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "state/dir.h"
#include "state/inside.h"
#include "state/publish.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)256 << 10)

/* One sink on its way. */
struct forward {
	const struct weir_dir *d;
	int out; /* the directory; -1: not there */
	int visible;
	const char *shown; /* the visible file's name for messages */
	uint64_t size;	   /* of the visible file */
	struct weir_error *err;
};

static int
other_bytes(struct forward *f)
{
	return weir_fail(f->err, WEIR_STATE,
	    "%s: holds other bytes than were committed to it: somebody changed "
	    "it. Put the committed output back, or begin anew with "
	    "another -d and a new sink",
	    f->shown);
}

uint64_t
weir_sink_committed(const struct weir_manifest_sink *sink)
{
	uint64_t end = sink->base;

	for (size_t i = 0; i < sink->nfiles; i++)
		end += sink->files[i].len;
	return end;
}

/* A pending file that is gone must be in the visible one from off on. */
static int
check_gone(struct forward *f, const struct weir_pending *p, uint64_t off)
{
	struct weir_hasher *h;
	struct weir_digest got;
	int r;

	if (f->size < off + p->len)
		return weir_fail(f->err, WEIR_STATE,
		    "%s: %llu bytes, but %llu were committed, and their "
		    "pending file %s/out/%s is gone: restore one of them",
		    f->shown, (unsigned long long)f->size,
		    (unsigned long long)(off + p->len), f->d->path, p->file);
	h = weir_hasher_new();
	r = weir_hash_range(f->visible, off, p->len, h);
	got = weir_hasher_digest(h);
	weir_hasher_free(h);
	if (r < 0)
		return weir_fail_errno(f->err, "%s", f->shown);
	if (r == 0 || got.lo != p->digest.lo || got.hi != p->digest.hi)
		return other_bytes(f);
	return 1;
}

/* pwrite(2) all of it; -1 with errno. */
static int
put(int fd, const char *p, size_t len, uint64_t off)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return -1;
		}
		p += n;
		len -= (size_t)n;
		off += (uint64_t)n;
	}
	return 1;
}

/*
 * A power failure can leave the length of what was appended without all of its
 * bytes: those read as zeros.
 */
static bool
is_torn(const char *want, const char *is, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is[i] != want[i] && is[i] != '\0')
			return false;
	return true;
}

/*
 * Are the first len bytes of fd those of the visible file from off on? What was
 * torn is written again.
 */
static int
compare(struct forward *f, int fd, uint64_t off, uint64_t len)
{
	char *a = weir_malloc(2 * PIECE), *b = a + PIECE;
	int r = 1;

	for (uint64_t at = 0; at < len && r == 1;) {
		size_t want = len - at < PIECE ? (size_t)(len - at) : PIECE;
		ssize_t n = weir_pread_all(fd, a, want, at);
		ssize_t m = weir_pread_all(f->visible, b, want, off + at);

		if (n < 0 || m < 0)
			r = weir_fail_errno(f->err, "%s", f->shown);
		else if ((size_t)n != want || (size_t)m != want ||
		    !is_torn(a, b, want))
			r = other_bytes(f);
		else if (memcmp(a, b, want) != 0 &&
		    put(f->visible, a, want, off + at) < 0)
			r = weir_fail_errno(f->err, "%s", f->shown);
		at += want;
	}
	free(a);
	return r;
}

/* Append len bytes of fd from at on: they belong at off + at. */
static int
append(struct forward *f, int fd, uint64_t off, uint64_t at, uint64_t len)
{
	char *piece = weir_malloc(PIECE);
	int r = 1;

	for (uint64_t end = at + len; at < end && r == 1;) {
		size_t want = end - at < PIECE ? (size_t)(end - at) : PIECE;
		size_t half = 0;

		if (weir_pread_all(fd, piece, want, at) != (ssize_t)want) {
			r = weir_fail_errno(f->err, "pending output");
			break;
		}
#ifdef WEIR_PROBES
		half = want / 2; /* a kill in the middle of a write */
		put(f->visible, piece, half, off + at);
		WEIR_PROBE("forward.part");
#endif
		if (put(f->visible, piece + half, want - half,
			off + at + half) < 0)
			r = weir_fail_errno(f->err, "%s", f->shown);
		at += want;
	}
	free(piece);
	if (r == 1 && f->size < off + at)
		f->size = off + at;
	return r;
}

/* Verify a pending file, compare what is visible of it, append the rest. */
static int
forward_file(struct forward *f, const struct weir_pending *p, uint64_t off)
{
	uint64_t len, have = f->size > off ? f->size - off : 0;
	int fd, r;

	r = f->out < 0
	    ? 0
	    : weir_file_verify(f->out, p->file, p->len, &p->digest, f->err);
	if (r == 0)
		return check_gone(f, p, off);
	if (r == 1)
		r = weir_open_regular(f->out, p->file, &fd, &len, f->err);
	if (r != 1)
		return weir_dir_blame(f->d, "/out/", f->err);
	if (have > p->len)
		have = p->len;
	r = compare(f, fd, off, have);
	if (r == 1 && have < p->len)
		r = append(f, fd, off, have, p->len - have);
	close(fd);
	return r;
}

static int
check_size(struct forward *f, const struct weir_manifest_sink *sink)
{
	uint64_t end = weir_sink_committed(sink);
	struct stat st;

	if (fstat(f->visible, &st) != 0)
		return weir_fail_errno(f->err, "%s", f->shown);
	if (!S_ISREG(st.st_mode))
		return weir_fail(
		    f->err, WEIR_STATE, "%s: not a regular file", f->shown);
	f->size = (uint64_t)st.st_size;
	if (f->size < sink->base)
		return weir_fail(f->err, WEIR_STATE,
		    "%s: %llu bytes, but %llu were committed to it: somebody "
		    "cut it. Put the committed output back, or begin anew with "
		    "another -d and a new sink",
		    f->shown, (unsigned long long)f->size,
		    (unsigned long long)sink->base);
	if (f->size > end && !sink->tail)
		return weir_fail(f->err, WEIR_STATE,
		    "%s: %llu bytes, but only %llu were committed to it: "
		    "somebody else wrote to it. Take their bytes out, or begin "
		    "anew with another -d and a new sink",
		    f->shown, (unsigned long long)f->size,
		    (unsigned long long)end);
	return 1;
}

/* Pending files that are visible go; out -1: there are none. */
static int
remove_all(const struct weir_dir *d, int out,
    const struct weir_manifest_sink *sink, struct weir_error *err)
{
	for (size_t i = 0; i < sink->nfiles; i++)
		if (out >= 0 && unlinkat(out, sink->files[i].file, 0) != 0 &&
		    errno != ENOENT) {
			weir_fail_errno(err, "%s", sink->files[i].file);
			return weir_dir_blame(d, "/out/", err);
		}
	WEIR_PROBE("forward.removed");
	return 1;
}

/* out/: 1, 0 if it is not there, -1. */
static int
open_out(const struct weir_dir *d, int *out, struct weir_error *err)
{
	struct weir_error why = {0};

	*out = weir_dir_sub(d, "out", false, &why);
	if (*out >= 0)
		return 1;
	return why.status == WEIR_OK
	    ? 0
	    : weir_fail(err, why.status, "%s", why.text);
}

int
weir_sink_pending(const struct weir_dir *d, const struct weir_pending *p,
    int *fd, struct weir_error *err)
{
	uint64_t len;
	int out, r = open_out(d, &out, err);

	if (r != 1)
		return r;
	r = weir_file_verify(out, p->file, p->len, &p->digest, err);
	if (r == 1)
		r = weir_open_regular(out, p->file, fd, &len, err);
	close(out);
	return r < 0 ? weir_dir_blame(d, "/out/", err) : r;
}

int
weir_sink_settle(const struct weir_dir *d,
    const struct weir_manifest_sink *sink, struct weir_error *err)
{
	int out, r;

	if (sink->nfiles == 0)
		return 1;
	r = open_out(d, &out, err);
	if (r == 1)
		r = remove_all(d, out, sink, err);
	if (out >= 0)
		close(out);
	return r < 0 ? -1 : 1;
}

static int
forward_all(struct forward *f, const struct weir_manifest_sink *sink)
{
	uint64_t off = sink->base;

	for (size_t i = 0; i < sink->nfiles; i++) {
		if (forward_file(f, &sink->files[i], off) < 0)
			return -1;
		off += sink->files[i].len;
	}
	WEIR_PROBE("forward.appended");
	if (fsync(f->visible) != 0)
		return weir_fail_errno(f->err, "%s", f->shown);
	WEIR_PROBE("forward.synced");
	return remove_all(f->d, f->out, sink, f->err);
}

int
weir_sink_forward(const struct weir_dir *d,
    const struct weir_manifest_sink *sink, int visible, const char *path,
    struct weir_error *err)
{
	char shown[WEIR_SHOWN];
	struct forward f = {
	    .d = d, .visible = visible, .shown = shown, .err = err};
	int r;

	weir_show_into(shown, sizeof shown, path, strlen(path));
	if (check_size(&f, sink) < 0)
		return -1;
	if (sink->nfiles == 0)
		return 1;
	if (open_out(d, &f.out, err) < 0)
		return -1;
	r = forward_all(&f, sink);
	if (f.out >= 0)
		close(f.out);
	return r;
}
