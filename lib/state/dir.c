#include "state/dir.h"

#include "base/mem.h"
#include "base/text.h"
#include "state/inside.h"
#include "state/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* --- names --- */

int
weir_count_read(const char *s, size_t len, uint64_t *v)
{
	if (len == 0 || len > 19 || (*s == '0' && len > 1))
		return 0;
	*v = 0;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		*v = *v * 10 + (uint64_t)(s[i] - '0');
	}
	return *v <= INT64_MAX;
}

void
weir_cp_print(struct weir_cp cp, char out[WEIR_CP_TEXT])
{
	snprintf(out, WEIR_CP_TEXT, "%" PRIu64 ".%" PRIu64, cp.n, cp.epoch);
}

int
weir_cp_read(const char *s, size_t len, struct weir_cp *cp)
{
	const char *dot = memchr(s, '.', len);

	return dot != NULL && weir_count_read(s, (size_t)(dot - s), &cp->n) &&
	    weir_count_read(dot + 1, len - (size_t)(dot + 1 - s), &cp->epoch);
}

char *
weir_part_name(const char *stage)
{
	struct weir_buf b = {0};

	for (const char *s = stage; *s != '\0'; s++) {
		if (*s == '/')
			weir_buf_puts(&b, "%2F");
		else if (*s == '%')
			weir_buf_puts(&b, "%25");
		else if (*s == '.' && s == stage)
			weir_buf_puts(&b, "%2E"); /* never a hidden file */
		else
			weir_buf_putc(&b, *s);
	}
	weir_buf_puts(&b, ".part");
	return weir_buf_cstr(&b);
}

bool
weir_name_good(const char *name)
{
	const char *s = name;

	while (*s > ' ' && *s <= '~' && *s != '/')
		s++;
	return *s == '\0' && s > name && s - name <= 255 && *name != '.';
}

int
weir_names_read(int fd, struct weir_names *names, struct weir_error *err)
{
	int again = openat(fd, ".", OPEN_DIR); /* an offset of our own */
	struct dirent *e;
	DIR *dir;

	*names = (struct weir_names){0};
	if (again < 0)
		return weir_fail_errno(err, "cannot read a directory");
	dir = fdopendir(again);
	if (dir == NULL) {
		weir_fail_errno(err, "cannot read a directory");
		close(again);
		return -1;
	}
	while ((errno = 0, e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (names->n == WEIR_NAMES_MAX) {
			weir_fail(err, WEIR_STATE, "more than %d files",
			    WEIR_NAMES_MAX);
			closedir(dir);
			weir_names_fini(names);
			return -1;
		}
		names->name = weir_grow(names->name, &names->cap, names->n + 1,
		    sizeof *names->name);
		names->name[names->n++] = weir_strdup(e->d_name);
	}
	if (errno != 0) {
		weir_fail_errno(err, "cannot read a directory");
		closedir(dir);
		weir_names_fini(names);
		return -1;
	}
	closedir(dir);
	return 1;
}

void
weir_names_fini(struct weir_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
	*names = (struct weir_names){0};
}

/* --- messages --- */

int
weir_dir_blame(
    const struct weir_dir *d, const char *place, struct weir_error *err)
{
	char a[WEIR_SHOWN], b[WEIR_SHOWN];
	struct weir_error was;

	if (err == NULL)
		return -1;
	was = *err;
	return weir_fail(err, was.status, "%s%s%.500s",
	    weir_show_into(a, sizeof a, d->path, strlen(d->path)),
	    weir_show_into(b, sizeof b, place, strlen(place)), was.text);
}

int
weir_cp_blame(
    const struct weir_dir *d, struct weir_cp cp, struct weir_error *err)
{
	char text[WEIR_CP_TEXT], place[WEIR_CP_TEXT + 8];

	weir_cp_print(cp, text);
	snprintf(place, sizeof place, "/cp/%s/", text);
	return weir_dir_blame(d, place, err);
}

/* --- directories --- */

int
weir_dir_ours(int fd, const char *shown, struct weir_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return weir_fail_errno(err, "%s", shown);
	if (st.st_uid != geteuid())
		return weir_fail(err, WEIR_STATE,
		    "%s: belongs to user %lu, not to us (user %lu)", shown,
		    (unsigned long)st.st_uid, (unsigned long)geteuid());
	if ((st.st_mode & 022) != 0)
		return weir_fail(err, WEIR_STATE,
		    "%s: others may write to it (mode %03o): chmod go-w first",
		    shown, (unsigned)st.st_mode & 0777);
	return 1;
}

/* Why a directory would not open, from errno. */
static int
fail_open(const char *shown, struct weir_error *err)
{
	if (errno == ELOOP)
		return weir_fail(
		    err, WEIR_STATE, "%s: is a symbolic link", shown);
	if (errno == ENOTDIR) /* links, too, with O_DIRECTORY */
		return weir_fail(err, WEIR_STATE,
		    "%s: not a directory (links are not followed)", shown);
	return weir_fail_errno(err, "%s", shown);
}

int
weir_dir_sub(const struct weir_dir *d, const char *name, bool create,
    struct weir_error *err)
{
	int fd = openat(d->fd, name, OPEN_DIR);

	if (fd < 0 && errno == ENOENT && !create) {
		if (err != NULL)
			err->status = WEIR_OK;
		return -1;
	}
	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(d->fd, name, 0700) != 0 && errno != EEXIST) {
			weir_fail_errno(err, "%s", name);
			return weir_dir_blame(d, "/", err);
		}
		if (fsync(d->fd) != 0) {
			weir_fail_errno(err, "%s", name);
			return weir_dir_blame(d, "/", err);
		}
		fd = openat(d->fd, name, OPEN_DIR);
	}
	if (fd < 0) {
		fail_open(name, err);
		return weir_dir_blame(d, "/", err);
	}
	if (weir_dir_ours(fd, name, err) == 1)
		return fd;
	close(fd);
	return weir_dir_blame(d, "/", err);
}

int
weir_out_open(const struct weir_dir *d, struct weir_error *err)
{
	return weir_dir_sub(d, "out", true, err);
}

int
weir_run_open(const struct weir_dir *d, struct weir_error *err)
{
	return weir_dir_sub(d, "run", true, err);
}

int
weir_report_open(
    const struct weir_dir *d, uint64_t epoch, struct weir_error *err)
{
	int run = weir_run_open(d, err), fd;
	struct stat st;
	char name[48];

	if (run < 0)
		return -1;
	snprintf(name, sizeof name, "commit.%" PRIu64, epoch);
	fd = openat(
	    run, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	close(run);
	if (fd < 0)
		return weir_fail_errno(err, "cannot reach the committer");
	/* Who writes a report waits until it is taken. */
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) &&
	    st.st_uid == geteuid() && fcntl(fd, F_SETFL, O_RDWR) == 0)
		return fd;
	close(fd);
	weir_fail(err, WEIR_STATE, "%s: not a FIFO of ours", name);
	return weir_dir_blame(d, "/run/", err);
}

char *
weir_path_absolute(const char *path, struct weir_error *err)
{
	struct weir_buf b = {0};
	char cwd[4096];

	if (*path != '/') {
		if (getcwd(cwd, sizeof cwd) == NULL) {
			weir_fail_errno(err, "current directory");
			return NULL;
		}
		weir_buf_puts(&b, cwd);
		weir_buf_putc(&b, '/');
	}
	weir_buf_puts(&b, path);
	while (b.len > 1 && b.data[b.len - 1] == '/')
		b.len--;
	return weir_buf_cstr(&b);
}

/* fsync the directory that holds path. */
static int
sync_parent(const char *path, const char *shown, struct weir_error *err)
{
	const char *slash = strrchr(path, '/');
	char *up = slash == path ? weir_strdup("/")
				 : weir_strndup(path, (size_t)(slash - path));
	int fd = open(up, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 1;

	free(up);
	if (fd < 0 || fsync(fd) != 0)
		r = weir_fail_errno(err, "%s: its parent", shown);
	if (fd >= 0)
		close(fd);
	return r;
}

/*
 * Make it, or see that it is a state directory: `lock` is the first thing put
 * there, and a directory with anything else is not taken.
 */
static int
settle(
    struct weir_dir *d, bool create, const char *shown, struct weir_error *err)
{
	struct weir_names names;
	struct stat st;
	size_t n;
	int fd;

	if (fstatat(d->fd, "lock", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	if (errno != ENOENT)
		return weir_fail_errno(err, "%s/lock", shown);
	if (weir_names_read(d->fd, &names, err) < 0)
		return -1;
	n = names.n;
	weir_names_fini(&names);
	if (n > 0)
		return weir_fail(err, WEIR_STATE,
		    "%s: not a state directory: it holds other files", shown);
	if (!create)
		return 0;
	fd = openat(
	    d->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fsync(d->fd) != 0) {
		weir_fail_errno(err, "%s/lock", shown);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	return 1;
}

int
weir_dir_open(
    struct weir_dir *d, const char *path, bool create, struct weir_error *err)
{
	char shown[WEIR_SHOWN];
	int r;

	*d = (struct weir_dir){
	    .fd = -1, .lock = -1, .wait_ms = WEIR_LOCK_WAIT_MS};
	weir_show_into(shown, sizeof shown, path, strlen(path));
	d->path = weir_path_absolute(path, err);
	if (d->path == NULL)
		return -1;
	if (create && mkdir(d->path, 0700) != 0 && errno != EEXIST) {
		r = weir_fail_errno(err, "%s", shown);
		goto out;
	}
	d->fd = open(d->path, OPEN_DIR);
	if (d->fd < 0) {
		r = errno == ENOENT && !create ? 0 : fail_open(shown, err);
		goto out;
	}
	r = weir_dir_ours(d->fd, shown, err);
	if (r == 1)
		r = settle(d, create, shown, err);
	/* whoever made it may have been killed before doing this */
	if (r == 1 && create)
		r = sync_parent(d->path, shown, err);
out:
	if (r != 1)
		weir_dir_close(d);
	return r;
}

void
weir_dir_close(struct weir_dir *d)
{
	if (d->lock >= 0)
		close(d->lock);
	if (d->fd >= 0)
		close(d->fd);
	free(d->path);
	*d = (struct weir_dir){.fd = -1, .lock = -1};
}
