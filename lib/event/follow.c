#define _GNU_SOURCE
#include "event/follow.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Who wants to know of a watch; wd -1: of ticks alone. */
struct watch {
	int wd;
	struct weir_follow *who;
};

struct weir_notices {
	int fd;
	bool timer; /* no inotify: it ticks */
	struct watch *watch;
	size_t n, cap;
};

int64_t
weir_follow_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- notices --- */

struct weir_notices *
weir_notices_new(bool notify, struct weir_error *err)
{
	const struct timespec tick = {0, WEIR_FOLLOW_TICK_MS * 1000000L};
	const struct itimerspec every = {tick, tick};
	struct weir_notices *n = weir_calloc(1, sizeof *n);

	n->fd = notify ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1;
	if (n->fd >= 0)
		return n;
	n->timer = true;
	n->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (n->fd >= 0 && timerfd_settime(n->fd, 0, &every, NULL) == 0)
		return n;
	weir_fail_errno(err, "cannot make a timer");
	weir_notices_free(n);
	return NULL;
}

void
weir_notices_free(struct weir_notices *n)
{
	if (n == NULL)
		return;
	if (n->fd >= 0)
		close(n->fd);
	free(n->watch);
	free(n);
}

int
weir_notices_fd(const struct weir_notices *n)
{
	return n->fd;
}

/* wd -1: everybody's. */
static void
tell(struct weir_notices *n, int wd)
{
	for (size_t i = 0; i < n->n; i++)
		if (wd < 0 || n->watch[i].wd == wd)
			n->watch[i].who->noticed = true;
}

void
weir_notices_drain(struct weir_notices *n)
{
	_Alignas(struct inotify_event) char buf[4096];
	const struct inotify_event *e;
	ssize_t len;

	while ((len = read(n->fd, buf, sizeof buf)) > 0) {
		if (n->timer) {
			tell(n, -1);
			continue;
		}
		/* wd is -1 where notices were lost. */
		for (ssize_t at = 0; at < len;
		     at += (ssize_t)(sizeof *e + e->len)) {
			e = (const void *)(buf + at);
			tell(n, e->wd);
		}
	}
}

static void
enlist(struct weir_notices *n, int wd, struct weir_follow *who)
{
	n->watch = weir_grow(n->watch, &n->cap, n->n + 1, sizeof *n->watch);
	n->watch[n->n++] = (struct watch){wd, who};
}

/* Who no longer wants to know of wd; the last one takes the watch away. */
static void
strike(struct weir_notices *n, int wd, const struct weir_follow *who)
{
	bool others = false;

	for (size_t i = 0; i < n->n; i++) {
		if (n->watch[i].wd != wd)
			continue;
		if (n->watch[i].who == who)
			n->watch[i--] = n->watch[--n->n];
		else
			others = true;
	}
	if (wd >= 0 && !others)
		inotify_rm_watch(n->fd, wd);
}

/* --- one that follows --- */

static void
watch_dir(struct weir_follow *w, const char *name)
{
	const char *slash = strrchr(name, '/');
	char *dir = slash ? weir_strndup(name, (size_t)(slash - name + 1))
			  : weir_strdup(".");

	/* A directory that is not there yet is looked for by the clock. */
	w->dir = inotify_add_watch(
	    w->notices->fd, dir, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
	if (w->dir >= 0)
		enlist(w->notices, w->dir, w);
	free(dir);
}

int
weir_follow_open(struct weir_follow *w, struct weir_notices *notices,
    const char *name, struct weir_error *err)
{
	*w = (struct weir_follow){
	    .notices = notices, .dir = -1, .wd = -1, .old_wd = -1};
	if (notices == NULL) {
		w->own = true;
		w->notices = weir_notices_new(true, err);
		if (w->notices == NULL)
			return -1;
	}
	enlist(w->notices, -1, w);
	if (name != NULL && !w->notices->timer)
		watch_dir(w, name);
	return 1;
}

void
weir_follow_close(struct weir_follow *w)
{
	if (w->own) {
		/* Nothing is unwatched: a parent may go on with it. */
		weir_notices_free(w->notices);
	} else if (w->notices != NULL) {
		strike(w->notices, -1, w);
		strike(w->notices, w->dir, w);
		strike(w->notices, w->wd, w);
		strike(w->notices, w->old_wd, w);
	}
	*w = (struct weir_follow){.dir = -1, .wd = -1, .old_wd = -1};
}

void
weir_follow_add(struct weir_follow *w, int fd)
{
	char path[32];
	int wd;

	if (w->notices->timer)
		return;
	/* By descriptor: the name may already be another file's. */
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	wd = inotify_add_watch(w->notices->fd, path,
	    IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_MASK_ADD);
	if (wd == w->wd)
		return;
	if (w->old_wd >= 0 && w->old_wd != wd)
		strike(w->notices, w->old_wd, w);
	if (wd >= 0 && wd != w->old_wd)
		enlist(w->notices, wd, w);
	w->old_wd = w->wd;
	w->wd = wd;
}

void
weir_follow_drain(struct weir_follow *w)
{
	weir_notices_drain(w->notices);
	w->noticed = false;
	w->looked_ms = weir_follow_now_ms();
}

int
weir_follow_timeout(const struct weir_follow *w)
{
	bool sure = w->dir >= 0 && (w->wd >= 0 || w->dir_only);
	int64_t every = sure ? WEIR_FOLLOW_SURE_MS : WEIR_FOLLOW_TICK_MS;
	int64_t left;

	if (w->noticed)
		return 0;
	if (w->notices->timer)
		return -1;
	/* All at the same moments: that is one awakening for many files. */
	left = (w->looked_ms / every + 1) * every - weir_follow_now_ms();
	return left > 0 ? (int)left : 0;
}
