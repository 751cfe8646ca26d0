/*
 * sjoin.h - the operator of sjoin: two streams, or a stream and a table.
 *
 * It is made from plain strings, as a command line has them, and plugged into a
 * stage of two FILE operands, left and right, as weir_swindow is (op/swindow.h).
 * Inputs are processed in watermark order, so its output is the same however
 * they interleave.
 */
#ifndef WEIR_OP_SJOIN_H
#define WEIR_OP_SJOIN_H

#include "state/terms.h"
#include "stream/stage.h"

#include <stdint.h>

enum { WEIR_LEFT, WEIR_RIGHT }; /* the operands */

/* How right is met; one of them. */
enum weir_join_how {
	WEIR_JOIN_INTERVAL, /* --within, or bounds that --where implies */
	WEIR_JOIN_WINDOW,   /* --window */
	WEIR_JOIN_TABLE,    /* --table: the newest row as of the left's time */
	WEIR_JOIN_STATIC,   /* --static: rows of a file */
	WEIR_JOIN_TABLES    /* --table-table: both are changelogs */
};

/* What the options say; NULL where one was not given. */
struct weir_sjoin_config {
	const char *keys, *left_keys, *right_keys;
	const char *within, *window;
	bool table, fixed, tables; /* --table, --static, --table-table */
	const char *type;	   /* --type */
	const char *where, *delete_if;
	const char *project;
	bool nest;
	const char *ttl;
	const char *mode;    /* --mode */
	const char *late;    /* a file for late events; NULL: dropped */
	uint64_t max_state;  /* bytes; 0: no limit */
	const char *time[2]; /* -t or --left-time, --right-time */
	const char *time_format;
	int time_unit; /* enum weir_time_unit, or -1: not said */
};

struct weir_sjoin;

/* NULL with *err (WEIR_USAGE) if the options make no sense. */
struct weir_sjoin *weir_sjoin_new(
    const struct weir_sjoin_config *config, struct weir_error *err);
void weir_sjoin_free(struct weir_sjoin *sj);
enum weir_join_how weir_sjoin_how(const struct weir_sjoin *sj);
/* What to plug into the stage, with the operator as self. */
const struct weir_stage_ops *weir_sjoin_ops(const struct weir_sjoin *sj);
/* Readable text of the options that shape the state. */
const char *weir_sjoin_fingerprint(const struct weir_sjoin *sj);
const struct weir_terms *weir_sjoin_terms(const struct weir_sjoin *sj);
/* Compile the expressions for this stage. 1, or -1 with *err (WEIR_USAGE). */
int weir_sjoin_attach(
    struct weir_sjoin *sj, struct weir_stage *st, struct weir_error *err);

#endif
