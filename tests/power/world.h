/*
 * world.h - what a power failure may leave behind of recorded operations.
 *
 * A world is a tree of files, all of it durable, and what was done to it since
 * (log.h). Of each operation before the failure a fate is chosen: what a sync
 * of its own file (for data) or of its own directory (for names) followed is
 * kept; any other may be lost, kept, or torn, in any combination. So a sync of a
 * file says nothing of its name, one of a directory nothing of what is in its
 * files, and no order holds between files that were not synced. A rename is one
 * step.
 */
#ifndef WEIR_TESTS_POWER_WORLD_H
#define WEIR_TESTS_POWER_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/power/log.h"

enum fate {
	LOST,
	KEPT,
	PREFIX, /* of the data of a write */
	HOLES,	/* the size, but only some sectors: the others read as zeros */
	ZEROS	/* the size, but none of the data */
};

struct op {
	struct op_head h;
	const char *name, *name2, *data;
	size_t node, dir, dir2; /* of the world */
	enum fate fate;
	uint32_t torn; /* by what a write is torn */
};

struct entry {
	char name[256];
	size_t node;
};

struct node {
	uint64_t ino;
	bool isdir;
	/* at the beginning, and in the state that was built */
	char *begin, *data;
	size_t begin_len, len;
	struct entry *begin_entries, *entries;
	size_t nbegin, n;
};

struct world {
	char *log;
	size_t nops, nnodes;
	struct op *ops;
	struct node *nodes; /* the first is the root */
};

/* The tree under the current directory as it is now, but what skip() names. */
void world_begin(struct world *w, bool (*skip)(const char *name));
/* What was done to it, from a log. */
void world_read(struct world *w, const char *log);
void world_free(struct world *w);

/* Must op i be kept, if the power fails before op `at`? */
void world_force(const struct world *w, size_t at, bool *forced);
/* The state of the ops before `at` with their fates. */
void world_build(struct world *w, size_t at);
/* A number that tells states apart. */
uint64_t world_hash(const struct world *w);
/* The same of the current directory as it is. */
uint64_t world_hash_disk(bool (*skip)(const char *name));
/* Make the current directory what was built, but what skip() names. */
void world_write(struct world *w, bool (*skip)(const char *name));

#endif
