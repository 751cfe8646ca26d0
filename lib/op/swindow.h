/*
 * swindow.h - the operator of swindow: groups and aggregates over windows.
 *
 * It is made from plain strings, as a command line has them, and plugged into
 * a stage: new, then weir_stage_new() with its fingerprint, weir_swindow_ops()
 * and itself, then attach, then weir_stage_run(). Its results come out in the order
 * in which windows close, by end and then by start; inside a window groups
 * come in the order of their first events.
 */
#ifndef WEIR_OP_SWINDOW_H
#define WEIR_OP_SWINDOW_H

#include "base/timetext.h"
#include "state/terms.h"
#include "stream/stage.h"

#include <stdint.h>

/* What the options say; NULL where one was not given. */
struct weir_swindow_config {
	const char *window;	 /* -w */
	const char *offset;	 /* --offset */
	const char *zone;	 /* --tz */
	const char *keys;	 /* -k */
	const char *aggregates;	 /* the operand */
	const char *lateness;	 /* --lateness */
	const char *late;	 /* a file for late events; NULL: dropped */
	const char *emit, *mode; /* --emit, --mode */
	const char *having, *top;
	uint64_t max_state;	   /* bytes; 0: no limit */
	enum weir_time_unit epoch; /* of times in results, WEIR_RFC3339 */
};

struct weir_swindow;

/* NULL with *err (WEIR_USAGE) if the options make no sense. */
struct weir_swindow *weir_swindow_new(
    const struct weir_swindow_config *config, struct weir_error *err);
void weir_swindow_free(struct weir_swindow *sw);
/* Readable text of the options that shape the state. */
const char *weir_swindow_fingerprint(const struct weir_swindow *sw);
const struct weir_terms *weir_swindow_terms(const struct weir_swindow *sw);
/* Compile the expressions for this stage. 1, or -1 with *err (WEIR_USAGE). */
int weir_swindow_attach(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_error *err);

/* What to plug into the stage, with the operator as self. */
const struct weir_stage_ops *weir_swindow_ops(const struct weir_swindow *sw);

#endif
