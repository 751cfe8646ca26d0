/*
 * sjoin_keep.h - events that wait for their match, of joins of two streams.
 *
 * A table holds the keys that have events waiting, and of each key a list a side,
 * in the order of time, ties by arrival, so that those in reach of another event
 * are found by halving and stand in a row. Each event also waits for its time:
 * the least watermark under which something is to be done with it, at the latest
 * to let it go. Whether an event that nothing can match any more is still here
 * never shows.
 *
 * The kinds of joins say what happens when an event comes and when its time has
 * come; they begin with struct weir_keep.
 */
#ifndef WEIR_OP_SJOIN_KEEP_H
#define WEIR_OP_SJOIN_KEEP_H

#include "base/pool.h"
#include "op/sjoin_impl.h"
#include "op/sjoin_line.h"
#include "op/waits.h"

/* An event that waits; the kind's own part is what. */
struct weir_kept {
	struct weir_kept_key *key;
	uint64_t number; /* of arrival, among both sides */
	int64_t time;
	int64_t last; /* time at which a match can come */
	int64_t what[2];
	uint32_t len;
	uint8_t side;
	bool matched;
	bool gone;   /* nothing may find it any more */
	bool listed; /* it is in its key's list, whose key is there then */
	bool waiting;
	char text[];
};

/* Of one key and side, in order. One event needs no array. */
struct weir_kept_list {
	union {
		struct weir_kept *one; /* cap 0 */
		struct weir_kept **all;
	};
	uint32_t head, n, cap;
	uint32_t ngone; /* of the n */
};

/* A key's value in the table. */
struct weir_kept_key {
	struct weir_kept_list side[2];
};

/* An event between the two passes. */
struct weir_keep_item {
	struct weir_key key;
	uint64_t hash;
	uint32_t generation; /* of the table that hashed it */
	int keyed;	     /* as weir_sjoin_key() said */
};

/* An event as it comes. */
struct weir_arrival {
	const struct weir_block *b; /* NULL: it is loaded */
	uint32_t i;
	int side;
	int64_t time;
	struct weir_str text;
	const struct weir_slot *slots;
	const struct weir_keep_item *item;
};

struct weir_keep;

/* All return 1, or -1 with *err. */
struct weir_keep_ops {
	int (*arrive)(struct weir_keep *k, struct weir_stage *st,
	    const struct weir_arrival *a, struct weir_error *err);
	/* Its time has come: tell it, let it wait on, or drop it. */
	int (*depart)(struct weir_keep *k, struct weir_stage *st,
	    struct weir_kept *e, int64_t due, struct weir_error *err);
	/*
	 * An event a is loaded as e, of which matched and what are set: check
	 * them, set last, and say what it waits for.
	 */
	int (*restore)(struct weir_keep *k, const struct weir_arrival *a,
	    struct weir_kept *e, int64_t *due, struct weir_error *err);
	bool saves; /* what[] must be */
};

/*
 * What the first pass found of a block of one side. Where two streams take turns
 * they are handed over event by event, so it looks ahead over the block, which
 * stays as it is until all of it was handed over.
 */
struct weir_keep_ahead {
	const struct weir_block *b;
	const struct weir_event *events;
	uint32_t from, to; /* of the block; to == from: nothing */
	struct weir_keep_item item[WEIR_RUN];
	struct weir_arena arena; /* of keys */
};

struct weir_keep {
	struct weir_sjoin sj;
	const struct weir_keep_ops *ops;
	struct weir_table *table;
	struct weir_waits waits[2];
	struct weir_pool pool; /* of events */
	size_t n, owned;       /* events; bytes of lists */
	uint64_t arrived;      /* events ever */
	int64_t closed;	       /* the watermark in force */
	int64_t due;	       /* as the stage knows it */
	int64_t slack;	       /* by which letting go may be put off */
	struct weir_keep_ahead ahead[2];
};

/* Set up; the ops are static. Fini frees all that waits. */
void weir_keep_init(struct weir_keep *k, const struct weir_keep_ops *ops);
void weir_keep_fini(struct weir_keep *k);

/* --- lists --- */

static inline struct weir_kept *
weir_kept_at(const struct weir_kept_list *l, uint32_t i)
{
	return l->cap == 0 ? l->one : l->all[l->head + i];
}
/* The first that is not before t; l->n if there is none. */
uint32_t weir_kept_from(const struct weir_kept_list *l, int64_t t);

/* What waits of the item's key, or NULL. */
struct weir_kept_key *weir_keep_find(
    const struct weir_keep *k, const struct weir_keep_item *item);
/* A copy of the event, in its list; it is to wait for something at once. */
struct weir_kept *weir_keep_add(
    struct weir_keep *k, const struct weir_arrival *a, uint64_t number);
void weir_keep_wait(struct weir_keep *k, struct weir_kept *e, int64_t due);
/* Forget an event whose time has come. */
void weir_keep_drop(struct weir_keep *k, struct weir_kept *e);
/*
 * Nothing is to find it any more, though it still waits. Sweep its list then,
 * when nobody goes through it.
 */
static inline void
weir_kept_hide(struct weir_kept *e)
{
	if (!e->gone)
		e->key->side[e->side].ngone++;
	e->gone = true;
}
void weir_keep_sweep(struct weir_keep *k, struct weir_kept_key *key, int side);

size_t weir_keep_bytes(const struct weir_keep *k); /* all of it */
/* -1 with *err if --max-state is outgrown. */
int weir_keep_measure(struct weir_keep *k, struct weir_error *err);

/* --- results (sjoin_tell.c) --- */

/* Does --where hold for the two? 1, 0 or -1. */
int weir_keep_holds(struct weir_keep *k, struct weir_stage *st,
    const struct weir_arrival *a, const struct weir_kept *e,
    struct weir_error *err);
/* The pair of them. */
int weir_keep_tell_pair(struct weir_keep *k, struct weir_stage *st,
    const struct weir_arrival *a, const struct weir_kept *e,
    struct weir_error *err);
/* An event of one side alone. */
struct weir_keep_one {
	int side;
	struct weir_str text;
	int64_t time, release;
};
int weir_keep_tell_one(struct weir_keep *k, struct weir_stage *st,
    const struct weir_keep_one *one, struct weir_error *err);

static inline struct weir_keep_one
weir_keep_came(const struct weir_keep *k, const struct weir_arrival *a)
{
	return (struct weir_keep_one){a->side, a->text, a->time, k->closed + 1};
}
static inline struct weir_keep_one
weir_keep_waited(const struct weir_kept *e, int64_t release)
{
	return (struct weir_keep_one){
	    e->side, {e->text, e->len}, e->time, release};
}

/* --- the stage's callbacks, or parts of them --- */

/* Refuses what may hold retractions. */
int weir_keep_open(
    struct weir_keep *k, struct weir_stage *st, struct weir_error *err);
int weir_keep_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err);
int weir_keep_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err);
int weir_keep_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err);
int weir_keep_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err);
/* Tell the stage what is due next: after what is loaded. */
void weir_keep_set_due(struct weir_keep *k, struct weir_stage *st);
/* A saved line cannot be: -1 with *err. */
/* Say why the key of an event is none. */
int weir_keep_refuse(struct weir_keep *k, struct weir_stage *st,
    const struct weir_arrival *a, struct weir_error *err);

/* Does this type of join put out pairs? Unmatched events of that side? */
static inline bool
weir_keep_pairs(const struct weir_keep *k)
{
	return k->sj.type < WEIR_SEMI;
}
static inline bool
weir_keep_tells(const struct weir_keep *k, int side)
{
	enum weir_join_type type = k->sj.type;

	return side == WEIR_LEFT
	    ? type == WEIR_LEFT_OUTER || type == WEIR_FULL_OUTER ||
		type == WEIR_ANTI
	    : type == WEIR_RIGHT_OUTER || type == WEIR_FULL_OUTER;
}

#endif
