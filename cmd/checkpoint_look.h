/*
 * checkpoint_look.h - the commands of scheckpoint that need no job: a look at the
 * state directory, savepoints, old checkpoints.
 */
#ifndef WEIR_CMD_CHECKPOINT_LOOK_H
#define WEIR_CMD_CHECKPOINT_LOOK_H

#include "cmd/checkpoint_options.h"

/* Do it: the exit status. */
int checkpoint_look(struct checkpoint *c, enum checkpoint_command command);

#endif
