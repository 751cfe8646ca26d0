/*
 * siblings_list.h - the files NAME* beside a log, in the order of their times.
 */
#ifndef WEIR_EVENT_SIBLINGS_LIST_H
#define WEIR_EVENT_SIBLINGS_LIST_H

#include "event/siblings.h"

#include <time.h>

struct weir_sibling {
	char *path;
	const char *suffix; /* behind NAME, in path */
	bool rotated;	    /* as names go */
	struct weir_inode id;
	struct timespec mtime;
	uint64_t size;
};

struct weir_sibling_list {
	struct weir_sibling *e;
	size_t n, cap;
	bool moved; /* a file got another name while the list was made */
};

void weir_sibling_list_fini(struct weir_sibling_list *l);
/*
 * All files NAME*, the oldest first; or, if since is given, those that rotation
 * left and that were changed since. 1; 0 if some moved meanwhile; -1.
 */
int weir_sibling_list_scan(const char *name, const struct timespec *since,
    struct weir_sibling_list *l, struct weir_error *err);

#endif
