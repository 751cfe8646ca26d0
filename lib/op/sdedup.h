/*
 * sdedup.h - the operator of sdedup: drop repeats.
 *
 * It is made from plain strings, as a command line has them, and plugged into
 * a stage: new, then weir_stage_new() with its fingerprint, weir_sdedup_ops()
 * and itself, then attach, then weir_stage_run(). Keys are forgotten by
 * watermark; whether one is still in memory when it no longer counts never
 * shows in the output.
 */
#ifndef WEIR_OP_SDEDUP_H
#define WEIR_OP_SDEDUP_H

#include "state/terms.h"
#include "stream/stage.h"

#include <stdint.h>

/* What the options say; NULL where one was not given. */
struct weir_sdedup_config {
	const char *keys;    /* -k */
	const char *within;  /* --within; then events must have times */
	const char *keep;    /* --keep */
	const char *changes; /* --changes */
	const char *approx;  /* --approx */
	const char *late;    /* --late */
	bool refresh;	     /* --refresh */
	uint64_t max_state;  /* bytes; 0: no limit */
};

struct weir_sdedup;

/* NULL with *err (WEIR_USAGE) if the options make no sense. */
struct weir_sdedup *weir_sdedup_new(
    const struct weir_sdedup_config *config, struct weir_error *err);
void weir_sdedup_free(struct weir_sdedup *sd);
/* Readable text of the options that shape the state. */
const char *weir_sdedup_fingerprint(const struct weir_sdedup *sd);
const struct weir_terms *weir_sdedup_terms(const struct weir_sdedup *sd);
/* Compile the expressions for this stage. 1, or -1 with *err (WEIR_USAGE). */
int weir_sdedup_attach(
    struct weir_sdedup *sd, struct weir_stage *st, struct weir_error *err);

/* What to plug into the stage, with the operator as self. */
const struct weir_stage_ops *weir_sdedup_ops(const struct weir_sdedup *sd);

#endif
