/*
 * tool_sandbox.h - a tool gives up what it does not need.
 *
 * Once all that a stage needs is open, Landlock takes from the process, and
 * from those it starts, the right to open, make, remove and run files and to
 * use TCP, but for what its configuration says is opened later: FILEs that wait
 * for their turn or are followed, the job's state directory, files without a
 * name for what is read ahead, programs that decompress.
 */
#ifndef WEIR_CMD_TOOL_SANDBOX_H
#define WEIR_CMD_TOOL_SANDBOX_H

#include "stream/stage.h"

enum sandbox {
	SANDBOX_AUTO,	 /* what the kernel can; in doubt, more is allowed */
	SANDBOX_REQUIRE, /* or fail; only what is named is allowed */
	SANDBOX_OFF
};

/* One of the three words: 1, or 0. */
int sandbox_read(enum sandbox *how, const char *word);
/* Has the kernel what is required? 1, or -1 with *err (WEIR_SYSTEM). */
int sandbox_check(enum sandbox how, struct weir_error *err);
/*
 * Restrict this process for a stage with this configuration; dir is its job's,
 * open, or NULL. 1, or -1 with *err (WEIR_SYSTEM), if required only.
 */
int sandbox_enter(enum sandbox how, const struct weir_stage_config *c,
    const struct weir_dir *dir, struct weir_error *err);

#endif
