/*
 * follow.h - notices that followed files may have changed.
 *
 * inotify watches the files and their directories, one instance for all that a
 * stage follows; where there is no inotify a timer ticks instead. A notice is a
 * hint to look, never a promise: who watches looks again after adding a watch,
 * and now and then without any notice, since on network file systems others'
 * writes give none.
 */
#ifndef WEIR_EVENT_FOLLOW_H
#define WEIR_EVENT_FOLLOW_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_FOLLOW_TICK_MS 250	 /* looking without inotify */
#define WEIR_FOLLOW_SURE_MS 1000 /* looking besides inotify */

struct weir_notices;

/* One that watches: a file, the one before it, and their directory. */
struct weir_follow {
	struct weir_notices *notices; /* NULL: not open */
	bool own;		      /* nobody shares the notices */
	bool noticed;		      /* since the last look */
	bool dir_only;		      /* there is no file to watch */
	int64_t looked_ms;
	int dir;	/* watch of the directory, or -1 */
	int wd, old_wd; /* watches of the file and the one before, or -1 */
};

/* notify false: do not use inotify. NULL with *err. */
struct weir_notices *weir_notices_new(bool notify, struct weir_error *err);
void weir_notices_free(struct weir_notices *n);
int weir_notices_fd(const struct weir_notices *n); /* polls readable */
/* Tell those whom the notices so far are for. */
void weir_notices_drain(struct weir_notices *n);

/*
 * Watch the directory of name (NULL: no name, only a file), by notices, or, if
 * that is NULL, by its own. w stays where it is until it is closed. 1 or -1.
 */
int weir_follow_open(struct weir_follow *w, struct weir_notices *notices,
    const char *name, struct weir_error *err);
void weir_follow_close(struct weir_follow *w);

/* Watch the file behind a descriptor, besides the one added before it. */
void weir_follow_add(struct weir_follow *w, int fd);
/* About to look: whatever happens later is noticed anew. */
void weir_follow_drain(struct weir_follow *w);
/* After how many ms to look without a (further) notice, or -1. */
int weir_follow_timeout(const struct weir_follow *w);

int64_t weir_follow_now_ms(void); /* the monotonic clock */

#endif
