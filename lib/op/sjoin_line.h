/*
 * sjoin_line.h - what the saved lines of joins have in common.
 *
 * First comes {"closed":T,"events":N}, the watermark and how many events there
 * were; then one line an event, which begins {"side":"left","t":T,"n":N and ends
 * ,"k":{NAME:value},"e":"text"}, where "n" is its number of arrival and "k", by
 * the left keys' names, not there if it has none that matches. What stands in
 * between is the kind's own. When it is loaded, a key is read from the text.
 */
#ifndef WEIR_OP_SJOIN_LINE_H
#define WEIR_OP_SJOIN_LINE_H

#include "op/sjoin_impl.h"

enum weir_sjoin_member {
	WEIR_JOIN_CLOSED,
	WEIR_JOIN_EVENTS,
	WEIR_JOIN_SIDE,
	WEIR_JOIN_T,
	WEIR_JOIN_N,
	WEIR_JOIN_MATCHED,
	WEIR_JOIN_W,
	WEIR_JOIN_ROW,
	WEIR_JOIN_PAIR,
	WEIR_JOIN_DELETE,
	WEIR_JOIN_E,
	WEIR_JOIN_MEMBERS
};

/* An event's place. */
struct weir_sjoin_place {
	int side;
	int64_t time;
	uint64_t number;
	struct weir_str key; /* canonical; when it is saved. s NULL: none */
};

int weir_sjoin_save_head(struct weir_sjoin *sj, int64_t closed,
    uint64_t arrived, struct weir_snapshot_writer *to, struct weir_error *err);
/* Begin an event's line in sj->out, and end it. */
void weir_sjoin_begin_line(
    struct weir_sjoin *sj, const struct weir_sjoin_place *at);
int weir_sjoin_end_line(struct weir_sjoin *sj,
    const struct weir_sjoin_place *at, struct weir_str text,
    struct weir_snapshot_writer *to, struct weir_error *err);

/* Prove a line and find its members: 1, or -1 with *err, as all that follow. */
int weir_sjoin_open_line(
    struct weir_sjoin *sj, struct weir_str line, struct weir_error *err);
bool weir_sjoin_is_head(const struct weir_sjoin *sj);
/* A member of the line; WEIR_ABSENT if it is not there. */
struct weir_value weir_sjoin_member(
    struct weir_sjoin *sj, enum weir_sjoin_member member);
bool weir_sjoin_is_true(struct weir_sjoin *sj, enum weir_sjoin_member member);
int weir_sjoin_load_head(struct weir_sjoin *sj, int64_t *closed,
    uint64_t *arrived, struct weir_error *err);
/* Its number is below arrived. */
int weir_sjoin_load_place(struct weir_sjoin *sj, uint64_t arrived,
    struct weir_sjoin_place *at, struct weir_error *err);
/* The event, proven like what comes in; good until the next line. */
int weir_sjoin_load_row(struct weir_sjoin *sj, struct weir_stage *st,
    struct weir_row *row, struct weir_error *err);
/* Fail with WEIR_STATE. */
int weir_sjoin_bad_line(const char *why, struct weir_error *err);

#endif
