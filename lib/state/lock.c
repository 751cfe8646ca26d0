/* lock.c - who may act for a job: epochs and the lock (dir.h). */
#define _GNU_SOURCE
#include "base/mem.h"
#include "base/probe.h"
#include "state/dir.h"
#include "state/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS	    10 /* between tries for the lock */
#define HOLDERS_MAX 8  /* process ids in a message */

/* The newest epoch in *e, 0 if there is none. */
static int
newest(const struct weir_dir *d, int dir, uint64_t *e, struct weir_error *err)
{
	struct weir_names names;
	uint64_t v;

	*e = 0;
	if (weir_names_read(dir, &names, err) < 0)
		return weir_dir_blame(d, "/epoch: ", err);
	for (size_t i = 0; i < names.n; i++)
		if (weir_count_read(names.name[i], strlen(names.name[i]), &v) &&
		    v > *e)
			*e = v;
	weir_names_fini(&names);
	return 1;
}

static void
epoch_name(uint64_t e, char out[24])
{
	snprintf(out, 24, "%" PRIu64, e);
}

/*
 * Raise *e to the newest epoch that wrote a checkpoint. Its own file may be
 * gone, from a copy made without empty files for one; the number is used up.
 */
static int
written(const struct weir_dir *d, uint64_t *e, struct weir_error *err)
{
	struct weir_cp *cps;
	size_t n;

	if (weir_cp_list(d, &cps, &n, err) < 0)
		return -1;
	while (n-- > 0)
		if (cps[n].epoch > *e)
			*e = cps[n].epoch;
	free(cps);
	return 1;
}

/* Create the next epoch, exclusively and durably. */
static int
create_epoch(struct weir_dir *d, int dir, struct weir_error *err)
{
	char name[24];
	int fd;

	if (newest(d, dir, &d->epoch, err) < 0 ||
	    written(d, &d->epoch, err) < 0)
		return -1;
	do {
		if (d->epoch == INT64_MAX) {
			weir_fail(err, WEIR_STATE, "no epochs are left");
			return weir_dir_blame(d, ": ", err);
		}
		epoch_name(++d->epoch, name);
		fd = openat(dir, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	} while (fd < 0 && errno == EEXIST);
	if (fd >= 0)
		close(fd);
	if (fd < 0 || fsync(dir) != 0) {
		weir_fail_errno(err, "%s", name);
		return weir_dir_blame(d, "/epoch/", err);
	}
	WEIR_PROBE("epoch.created");
	return 1;
}

/* Open `lock`, unless we have it from leading an earlier epoch. */
static int
open_lock(struct weir_dir *d, struct weir_error *err)
{
	struct stat st;
	int fd;

	if (d->lock >= 0)
		return 1;
	fd = openat(d->fd, "lock",
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno != ELOOP && errno != ENXIO && errno != EISDIR) {
		weir_fail_errno(err, "lock");
		return weir_dir_blame(d, "/", err);
	}
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid()) {
		if (fd >= 0)
			close(fd);
		weir_fail(err, WEIR_STATE, "lock: not a regular file of ours");
		return weir_dir_blame(d, "/", err);
	}
	d->lock = fd;
	return 1;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Take the lock in a mode: 1, 0 if the wait is over, -1. */
static int
take(const struct weir_dir *d, int mode, int64_t until_ms,
    struct weir_error *err)
{
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};

	while (flock(d->lock, mode | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			weir_fail_errno(err, "lock");
			return weir_dir_blame(d, "/", err);
		}
		if (now_ms() >= until_ms)
			return 0;
		nanosleep(&pause, NULL);
	}
	return 1;
}

/* Append the ids of the processes that hold the lock, as far as known. */
static void
add_holders(int fd, struct weir_buf *out)
{
	FILE *f = fopen("/proc/locks", "re");
	char line[256], want[64];
	struct stat st;
	int n = 0;
	long pid;

	if (f == NULL || fstat(fd, &st) != 0)
		goto out;
	snprintf(want, sizeof want, " %02x:%02x:%llu ", major(st.st_dev),
	    minor(st.st_dev), (unsigned long long)st.st_ino);
	while (n < HOLDERS_MAX && fgets(line, sizeof line, f) != NULL) {
		if (strstr(line, " FLOCK ") == NULL ||
		    strstr(line, "->") != NULL || strstr(line, want) == NULL ||
		    sscanf(line, "%*s %*s %*s %*s %ld", &pid) != 1 || pid <= 0)
			continue;
		weir_buf_printf(
		    out, "%s%ld", n++ == 0 ? ": process " : ", ", pid);
	}
out:
	if (f != NULL)
		fclose(f);
}

static int
fail_held(const struct weir_dir *d, struct weir_error *err)
{
	struct weir_buf b = {0};

	add_holders(d->lock, &b);
	weir_fail(err, WEIR_STATE,
	    "in use by another run%s; stop it first, or wait for its end",
	    weir_buf_cstr(&b));
	weir_buf_fini(&b);
	return weir_dir_blame(d, ": ", err);
}

/* The newest epoch must be ours. */
static int
check_epoch(const struct weir_dir *d, int dir, struct weir_error *err)
{
	uint64_t e;

	if (newest(d, dir, &e, err) < 0)
		return -1;
	if (e == d->epoch)
		return 1;
	weir_fail(err, WEIR_STATE,
	    "a newer run has taken over (epoch %" PRIu64 ", ours is %" PRIu64
	    ")",
	    e, d->epoch);
	return weir_dir_blame(d, ": ", err);
}

/* Older epochs have done their work. A failure here harms nothing. */
static void
drop_older(int dir, uint64_t ours)
{
	struct weir_names names;
	uint64_t v;

	if (weir_names_read(dir, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		if (weir_count_read(names.name[i], strlen(names.name[i]), &v) &&
		    v < ours)
			unlinkat(dir, names.name[i], 0);
	weir_names_fini(&names);
}

/*
 * Exclusive, so that nobody of an older epoch lives; then a new epoch, and
 * shared again. The epoch comes after the lock: who waits in vain must leave no
 * newer epoch behind, even for a moment, or a stage of the run that lives would
 * take itself for a zombie. A process of an older epoch that opens the lock only
 * now finds the newer one.
 */
static int
take_over(struct weir_dir *d, int dir, struct weir_error *err)
{
	int64_t until = now_ms() + d->wait_ms;
	int r = take(d, LOCK_EX, until, err);

	if (r == 1) {
		WEIR_PROBE("lock.exclusive");
		r = create_epoch(d, dir, err);
	}
	/* The change of locks is not atomic: another may lead in between. */
	if (r == 1)
		r = take(d, LOCK_SH, until, err);
	if (r == 0)
		return fail_held(d, err);
	if (r < 0)
		return -1;
	WEIR_PROBE("lock.shared");
	return check_epoch(d, dir, err);
}

static void
unlock(struct weir_dir *d)
{
	if (d->lock >= 0)
		close(d->lock);
	d->lock = -1;
}

/*
 * What we find may have been made by a process that was killed before it synced
 * the directory: what is built on that must not outlast it.
 */
static int
sync_names(const struct weir_dir *d, struct weir_error *err)
{
	if (fsync(d->fd) == 0)
		return 1;
	weir_fail_errno(err, "cannot make it durable");
	return weir_dir_blame(d, ": ", err);
}

int
weir_dir_lead(struct weir_dir *d, struct weir_error *err)
{
	int dir = weir_dir_sub(d, "epoch", true, err), r;

	if (dir < 0)
		return -1;
	r = sync_names(d, err);
	if (r == 1)
		r = open_lock(d, err);
	if (r == 1)
		r = take_over(d, dir, err);
	if (r == 1)
		drop_older(dir, d->epoch);
	else
		unlock(d);
	close(dir);
	return r;
}

int
weir_dir_join(struct weir_dir *d, uint64_t epoch, struct weir_error *err)
{
	int dir = weir_dir_sub(d, "epoch", true, err), r;

	if (dir < 0)
		return -1;
	d->epoch = epoch;
	r = open_lock(d, err);
	if (r == 1) {
		r = take(d, LOCK_SH, now_ms() + d->wait_ms, err);
		if (r == 0)
			r = fail_held(d, err);
	}
	if (r == 1) {
		WEIR_PROBE("join.shared");
		r = check_epoch(d, dir, err);
	}
	if (r != 1)
		unlock(d);
	close(dir);
	return r;
}

int
weir_dir_alone(struct weir_dir *d, struct weir_error *err)
{
	return open_lock(d, err) < 0 ? -1 : take(d, LOCK_EX, 0, err);
}
