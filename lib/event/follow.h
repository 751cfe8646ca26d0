/*
 * follow.h - notices that a followed file may have changed.
 *
 * inotify watches the file and its directory; where there is no inotify a
 * timer ticks instead. A notice is a hint to look, never a promise: who watches
 * looks again after adding a watch, and now and then without any notice, since
 * on network file systems others' writes give none.
 */
#ifndef WEIR_EVENT_FOLLOW_H
#define WEIR_EVENT_FOLLOW_H

#include "base/error.h"

#include <stdbool.h>

#define WEIR_FOLLOW_TICK_MS 250	 /* looking without inotify */
#define WEIR_FOLLOW_SURE_MS 1000 /* looking besides inotify */

struct weir_follow {
	int fd;		/* polls readable when it is time to look */
	bool timer;	/* no inotify: it ticks */
	bool dir;	/* the directory is watched */
	int wd, old_wd; /* watches of the file and the one before, or -1 */
};

/*
 * Watch the directory of name (NULL: no name, only a file). notify false: do
 * not use inotify. 1 or -1.
 */
int weir_follow_open(struct weir_follow *w, const char *name, bool notify,
    struct weir_error *err);
void weir_follow_close(struct weir_follow *w);

/* Watch the file behind a descriptor, besides the one added before it. */
void weir_follow_add(struct weir_follow *w, int fd);
/* Forget all notices so far: whatever happens later is noticed anew. */
void weir_follow_drain(struct weir_follow *w);
/* After how many ms to look without a notice, or -1. */
int weir_follow_timeout(const struct weir_follow *w);

#endif
