/*
 * sjoin_changes.h - changes of rows in the order of event time, of joins with
 * tables.
 *
 * Events of both sides wait until the watermark is past their time; then they
 * are applied in the order of time, so that of each key and side one row is
 * enough: the newest. Of events of the same time one side goes first, and of one
 * side the one that arrived first. A row may live so long and no longer; it
 * ends after what is earlier and before what is of that time.
 *
 * The kinds of joins say what applying an event means, and the end of a row;
 * they begin with struct weir_changes.
 */
#ifndef WEIR_OP_SJOIN_CHANGES_H
#define WEIR_OP_SJOIN_CHANGES_H

#include "base/pool.h"
#include "op/sjoin_impl.h"
#include "op/sjoin_line.h"
#include "op/waits.h"

/* An event that waits for its turn, or the row that it has become. */
struct weir_change {
	struct weir_change *prev, *next; /* of those that wait, by arrival */
	struct weir_change_key *key;	 /* NULL: it has none that matches */
	uint64_t number;		 /* of arrival, among both sides */
	int64_t time;
	uint32_t len;
	uint8_t side;
	bool deletes; /* it is a tombstone */
	char text[];
};

/* A key's value in the table; there as long as any of this is. */
struct weir_change_key {
	struct weir_change *row[2];
	uint32_t waiting; /* events */
	bool ends[2];	  /* its row's end is waited for */
	bool pair;	  /* its two rows match; set by the kind, saved */
};

/* An event between the two passes. */
struct weir_change_item {
	struct weir_key key;
	uint64_t hash;
	uint32_t generation; /* of the table that hashed it */
	int keyed;	     /* as weir_sjoin_key() said */
};

struct weir_changes;

struct weir_changes_ops {
	/*
	 * Its turn has come. It is let go afterwards, unless it has become a
	 * row (weir_changes_set).
	 */
	int (*apply)(struct weir_changes *c, struct weir_stage *st,
	    struct weir_change *e, struct weir_error *err);
	/* The row's life is over at t: take it away (weir_changes_set). */
	int (*expire)(struct weir_changes *c, struct weir_stage *st,
	    struct weir_change_key *key, int side, int64_t t,
	    struct weir_error *err);
	bool rows[2];	/* is that side a table? */
	int goes_first; /* the side, of the same time */
};

struct weir_changes {
	struct weir_sjoin sj;
	const struct weir_changes_ops *ops;
	struct weir_expr *delete_if;
	int64_t ttl; /* of rows; WEIR_TIME_MAX: for ever */
	struct weir_table *table;
	struct weir_change *first, *last; /* that wait */
	struct weir_waits turns[2];	  /* of events, by side */
	struct weir_waits ends[2];	  /* of rows: who is the key */
	struct weir_pool pool;		  /* of events and rows */
	size_t n;			  /* of them */
	uint64_t arrived;		  /* events ever */
	int64_t closed;			  /* the watermark in force */
	int64_t due;			  /* as the stage knows it */
	struct weir_change_item run[WEIR_RUN];
};

/* What the options say of tables, for the kind's own. 1, or -1 with *err. */
int weir_changes_parse(struct weir_changes *c,
    const struct weir_changes_ops *ops, struct weir_error *err);
int weir_changes_attach(
    struct weir_sjoin *sj, struct weir_stage *st, struct weir_error *err);
void weir_changes_fini(struct weir_sjoin *sj);
/* `--delete-if=… --ttl=…`, those that were given. */
void weir_changes_print(struct weir_buf *out, const struct weir_changes *c);

/* When a row ends; WEIR_TIME_MAX: never. */
static inline int64_t
weir_changes_end(const struct weir_changes *c, const struct weir_change *row)
{
	return weir_time_add(row->time, c->ttl);
}
static inline struct weir_str
weir_change_text(const struct weir_change *e)
{
	return (struct weir_str){e->text, e->len};
}

/*
 * The row of a key and side is this from now on (NULL: there is none). Returns
 * the one before, which is the caller's to let go.
 */
struct weir_change *weir_changes_set(struct weir_changes *c,
    struct weir_change_key *key, int side, struct weir_change *row);
/* NULL is fine. */
void weir_changes_let_go(struct weir_changes *c, struct weir_change *e);

/* An event in a struct of its own, without a key and waiting for nothing. */
struct weir_change *weir_changes_copy(
    struct weir_changes *c, struct weir_str text);
/* The key of an item, added if it is not there. */
struct weir_change_key *weir_changes_key(
    struct weir_changes *c, const struct weir_change_item *item);
/* Forget a key that nothing is known of any more. */
void weir_changes_tidy(struct weir_changes *c, struct weir_change_key *key);
/* Let it wait for its turn, behind those before. */
void weir_changes_wait(struct weir_changes *c, struct weir_change *e);
size_t weir_changes_bytes(const struct weir_changes *c); /* all of it */
/* -1 with *err if --max-state is outgrown. */
int weir_changes_measure(struct weir_changes *c, struct weir_error *err);
/* Tell the stage what is due next. */
void weir_changes_set_due(struct weir_changes *c, struct weir_stage *st);

/* --- the stage's callbacks --- */

int weir_changes_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err);
int weir_changes_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err);
int weir_changes_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err);
int weir_changes_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err);

#endif
