/*
 * session.h - sessions: a key's events with no longer gap between them.
 *
 * A table holds the keys that have sessions; the newest session lies in its
 * key's value, and with the others of the key in a ring in the order of time.
 * They never touch: an event in reach of two makes them one. Sessions whose time
 * is over leave at the watermark that says so, before any event judged under it
 * comes, so that what is in memory is always exactly what counts.
 *
 * Each key has an entry in the queue of who is due. An event that puts the end
 * of its session off leaves the entry alone: when it comes up it is entered
 * again. Should a key become due earlier (a new session before its others), it
 * gets a second entry; the one whose time is not the key's own is stale then.
 */
#ifndef WEIR_OP_SESSION_H
#define WEIR_OP_SESSION_H

#include "op/due.h"
#include "op/swindow_impl.h"
#include "state/table.h"

/* Behind it lie what was told of it, if it may be told again, and its states. */
struct weir_session {
	/* Of the same key; the oldest one is newer than the newest. */
	struct weir_session *older, *newer;
	char *
	    text; /* of the key, as its first event wrote it; NULL: canonical */
	int64_t first, last; /* times of events */
	uint64_t number;     /* of its first event among all */
};

/* A key's value in the table. */
struct weir_session_key {
	int64_t due;	 /* of the entry that counts; WEIR_TIME_NONE: none */
	uint32_t queued; /* entries in the queue */
	uint32_t n;	 /* sessions; 0: only stale entries hold it */
	struct weir_session *open; /* the oldest that has not closed, or NULL */
	struct weir_session newest;
};

/* A session to be told. */
struct weir_session_ready {
	int64_t end;
	struct weir_session *session;
	struct weir_session_key *key;
};

struct weir_sessions {
	struct weir_swindow w;
	struct weir_table *table;
	struct weir_due queue;
	size_t n, owned;   /* sessions; what they own */
	size_t size, told; /* bytes of a session, of its weir_told */
	int64_t closed;	   /* the watermark in force */
	int64_t due;	   /* as the stage knows it */
	struct weir_session_ready *ready; /* scratch */
	struct weir_session_key **due_keys;
	size_t nready, ready_cap, ndue, due_cap;
};

static inline struct weir_told *
weir_session_told(const struct weir_sessions *p, struct weir_session *s)
{
	return p->told > 0 ? (struct weir_told *)(void *)(s + 1) : NULL;
}

static inline void *
weir_session_states(const struct weir_sessions *p, struct weir_session *s)
{
	return (char *)(s + 1) + p->told;
}

/* --- the sessions of a key (session_ring.c) --- */

/* Where an event belongs among the sessions of its key. */
struct weir_session_place {
	struct weir_session *in;    /* the earliest in reach, or NULL */
	struct weir_session *next;  /* another one in reach, newer, or NULL */
	struct weir_session *older; /* of both; NULL: all are newer */
};
struct weir_session_place weir_session_find(
    const struct weir_sessions *p, struct weir_session_key *k, int64_t time);
/* A session at a place where none is in reach; its number is still to be set. */
struct weir_session *weir_session_open(struct weir_sessions *p,
    struct weir_session_key *k, struct weir_session *older,
    const struct weir_key *key, int64_t time);
/*
 * Make two neighbours one, withdrawing what stands of them: the one that
 * remains, or NULL with *err.
 */
struct weir_session *weir_session_merge(struct weir_sessions *p,
    struct weir_stage *st, struct weir_session_key *k, struct weir_session *in,
    struct weir_session *next, struct weir_error *err);
/* The end of s may lie elsewhere now: is it the oldest that is open? */
void weir_session_reopen(const struct weir_sessions *p,
    struct weir_session_key *k, struct weir_session *s);
/* Let go of the key's sessions that are over. */
void weir_session_drop(struct weir_sessions *p, struct weir_session_key *k);
void weir_session_drop_all(struct weir_sessions *p, struct weir_session_key *k);

/* --- when (session.c) --- */

/* The last time of the window. */
int64_t weir_session_end(const struct weir_sessions *p, int64_t last);
/* The least watermark under which a session ending there is over. */
int64_t weir_session_over(const struct weir_sessions *p, int64_t end);
/* The least watermark under which there is something to do for the key. */
int64_t weir_session_due(
    const struct weir_sessions *p, const struct weir_session_key *k);
/* Enter the key if it is due earlier than its entry says. */
void weir_session_enter(struct weir_sessions *p, struct weir_session_key *k);
void weir_session_set_due(struct weir_sessions *p, struct weir_stage *st);
void weir_session_count(struct weir_sessions *p, struct weir_stage *st);
/* -1 with *err if --max-state is outgrown. */
int weir_session_measure(struct weir_sessions *p, struct weir_error *err);

/* --- results (session_result.c) --- */

int weir_session_tell(struct weir_sessions *p, struct weir_stage *st,
    const struct weir_session_ready *r, enum weir_pane_timing timing,
    struct weir_error *err);

int weir_session_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err);
int weir_session_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err);
int weir_session_alarm(
    void *self, struct weir_stage *st, struct weir_error *err);
int weir_session_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err);
int weir_session_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err);

#endif
