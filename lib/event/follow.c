#define _GNU_SOURCE
#include "event/follow.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int
start_timer(struct weir_follow *w, struct weir_error *err)
{
	const struct timespec tick = {0, WEIR_FOLLOW_TICK_MS * 1000000L};
	const struct itimerspec every = {tick, tick};

	w->timer = true;
	w->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->fd < 0 || timerfd_settime(w->fd, 0, &every, NULL) < 0) {
		weir_fail_errno(err, "cannot make a timer");
		weir_follow_close(w);
		return -1;
	}
	return 1;
}

static void
watch_dir(struct weir_follow *w, const char *name)
{
	const char *slash = strrchr(name, '/');
	char *dir = slash ? weir_strndup(name, (size_t)(slash - name + 1))
			  : weir_strdup(".");

	/* A directory that is not there yet is looked for by the clock. */
	w->dir = inotify_add_watch(
		     w->fd, dir, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) >= 0;
	free(dir);
}

int
weir_follow_open(struct weir_follow *w, const char *name, bool notify,
    struct weir_error *err)
{
	*w = (struct weir_follow){.fd = -1, .wd = -1, .old_wd = -1};
	if (notify)
		w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0)
		return start_timer(w, err);
	if (name != NULL)
		watch_dir(w, name);
	return 1;
}

void
weir_follow_close(struct weir_follow *w)
{
	if (w->fd >= 0)
		close(w->fd);
	*w = (struct weir_follow){.fd = -1, .wd = -1, .old_wd = -1};
}

void
weir_follow_add(struct weir_follow *w, int fd)
{
	char path[32];
	int wd;

	if (w->timer)
		return;
	/* By descriptor: the name may already be another file's. */
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	wd = inotify_add_watch(
	    w->fd, path, IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF);
	if (wd == w->wd)
		return;
	if (w->old_wd >= 0 && w->old_wd != wd)
		inotify_rm_watch(w->fd, w->old_wd);
	w->old_wd = w->wd;
	w->wd = wd;
}

void
weir_follow_drain(struct weir_follow *w)
{
	char buf[4096];

	while (read(w->fd, buf, sizeof buf) > 0)
		;
}

int
weir_follow_timeout(const struct weir_follow *w)
{
	if (w->timer)
		return -1;
	return w->dir && w->wd >= 0 ? WEIR_FOLLOW_SURE_MS : WEIR_FOLLOW_TICK_MS;
}
