/*
 * source_in.h - a source inside: the file being read, and what follows it.
 *
 * Reading goes through the queue of files that rotation left, then the file
 * that has the name, then the next name. What follows is opened early and
 * turned to late: after the boundary was given out and the next read asked for.
 */
#ifndef WEIR_EVENT_SOURCE_IN_H
#define WEIR_EVENT_SOURCE_IN_H

#include "event/file.h"
#include "event/follow.h"
#include "event/siblings.h"
#include "event/source.h"

struct weir_source {
	struct weir_source_config c;
	size_t i;		 /* which name */
	struct weir_file file;	 /* being read; fd -1: not there yet */
	struct weir_files queue; /* to be read after it, before names[i + 1] */
	bool turn;		 /* the next read begins what follows */
	bool cut;		 /* … which is the same file, anew */
	int ended;		 /* WEIR_GOT_END or PAUSE came (as that + 1) */

	bool following; /* the rest is used: names[i] is followed */
	struct weir_follow w;
	bool idle;		/* the last read found nothing */
	struct weir_seen *seen; /* what was read: c.seen, or its own */
	struct weir_file new;	/* what has the name now, not read yet */
	int64_t new_ms;		/* when it was first seen */
	int64_t gone_ms;	/* the file has had no name since; 0: it has */
	bool gone; /* the next read closes it, and waits for another */

	weir_source_via *via; /* NULL: directly */
	void *via_ctx;
	uint64_t read; /* bytes, of all files */
	char descriptor[32];
};

bool weir_source_is_stdin(const char *name);
/* Of an open file; {0, 0} if there is none. */
struct weir_inode weir_source_inode(const struct weir_file *f);
/* Open the current name, and follow it if need be. 1 or -1. */
int weir_source_begin(struct weir_source *s, struct weir_error *err);
/* Let go of the current name and all that was queued. */
void weir_source_end(struct weir_source *s);

#endif
