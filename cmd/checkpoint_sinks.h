/*
 * checkpoint_sinks.h - what the options of scheckpoint say of its sinks.
 */
#ifndef WEIR_CMD_CHECKPOINT_SINKS_H
#define WEIR_CMD_CHECKPOINT_SINKS_H

#include "cmd/checkpoint_options.h"

/* Without --roll. */
#define CHECKPOINT_ROLL                                                        \
	{                                                                      \
		.size_bytes = 128 << 20, .age_ns = 60 * INT64_C(1000000000)    \
	}

/* --roll: a size (128M), an age (10m), or both. */
void checkpoint_read_roll(struct tool *t, struct weir_roll_config *roll);
/* --roll or --path was given: is there a directory among the sinks? */
void checkpoint_check_roll(struct checkpoint *c);
/* --guarantee and --visible: how are sinks written? */
void checkpoint_check_writes(struct checkpoint *c);

#endif
