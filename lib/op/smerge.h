/*
 * smerge.h - the operator of smerge --sort: events in the order of their times.
 *
 * Inputs are merged by the stage, in watermark order. What is left to do for a
 * full order is to hold each event until the watermark has passed its time, and
 * then to let go what is due by time, ties in the order in which they came.
 */
#ifndef WEIR_OP_SMERGE_H
#define WEIR_OP_SMERGE_H

#include "stream/stage.h"

#include <stdbool.h>
#include <stdint.h>

struct weir_smerge_config {
	bool sort;
	/* With sort, events that come too late for it: */
	bool pass_late;	    /* let them through at once */
	const char *late;   /* or a file for them; NULL: they are dropped */
	uint64_t max_state; /* bytes; 0: no limit */
};

struct weir_smerge;

struct weir_smerge *weir_smerge_new(const struct weir_smerge_config *config);
void weir_smerge_free(struct weir_smerge *m);
/* Make the side file; before the run. */
void weir_smerge_attach(struct weir_smerge *m, struct weir_stage *st);

extern const struct weir_stage_ops weir_smerge_ops; /* self: the operator */

#endif
