/*
 * smap.h - the operator of smap: assignments on every event of a stream.
 *
 * A result has the time and flags of the event that it came from. With a list
 * to go through (each), an event gives one result for each element, or is bad
 * as a whole; with no input, there is one result at the end of the stream, and
 * an expression that fails there ends the stage.
 */
#ifndef WEIR_OP_SMAP_H
#define WEIR_OP_SMAP_H

#include "stream/stage.h"

struct weir_smap_config {
	const char *assignments;
	const char *drop; /* NULL: nothing */
	const char *each; /* NULL: no list */
	bool project, null_input;
};

extern const struct weir_stage_ops weir_smap_ops;

struct weir_smap *weir_smap_new(void);
/* Between making the stage and its run: 1, or -1 with *err (WEIR_USAGE). */
int weir_smap_compile(struct weir_smap *m, const struct weir_smap_config *c,
    struct weir_prover *prover, struct weir_error *err);
void weir_smap_free(struct weir_smap *m);

#endif
