/*
 * Events of sessions, in runs: the second pass, what is to be done with each.
 */
#include "op/session.h"

/* The watermark before the event, which may have closed sessions of this run. */
static int
step(struct weir_sessions *p, struct weir_stage *st, int64_t w,
    struct weir_error *err)
{
	if (w <= p->closed)
		return 1;
	if (w >= p->due && weir_session_advance(p, st, w, err) < 0)
		return -1;
	p->closed = w;
	return 1;
}

/*
 * Tell what the event changed, if it is to be told at once. If not, and the end
 * was moved, what stands is withdrawn: by the time that the next result comes
 * the old end may be so long ago that it could not be taken back any more.
 */
static int
tell_change(struct weir_sessions *p, struct weir_stage *st,
    struct weir_session_key *k, struct weir_session *s, bool moved,
    struct weir_error *err)
{
	struct weir_session_ready r = {weir_session_end(p, s->last), s, k};
	struct weir_told *told = weir_session_told(p, s);

	if (told == NULL)
		return 1;
	told->changed = true;
	if (r.end < p->closed)
		return weir_session_tell(p, st, &r, WEIR_LATE, err);
	if (p->w.emit.when == WEIR_EMIT_UPDATE)
		return weir_session_tell(p, st, &r, WEIR_EARLY, err);
	if (moved)
		return weir_emit_withdraw(&p->w.emit, st, told,
		    weir_swindow_release(p->closed), &p->owned, err);
	return 1;
}

/* Add an event that was read and checked to the sessions in its reach. */
static int
add_event(struct weir_sessions *p, struct weir_stage *st,
    struct weir_session_key *k, struct weir_session_place at,
    const struct weir_key *key, int64_t time, struct weir_error *err)
{
	size_t held = p->owned + p->n;
	struct weir_session *s = at.in;
	bool moved = s != NULL && time > s->last;

	if (s == NULL) {
		s = weir_session_open(p, k, at.older, key, time);
		s->number = p->w.aggs.seq;
	}
	if (time < s->first)
		s->first = time;
	if (time > s->last)
		s->last = time;
	weir_aggs_add(&p->w.aggs, weir_session_states(p, s), time, &p->owned);
	if (at.next != NULL)
		s = weir_session_merge(p, st, k, s, at.next, err);
	if (s == NULL)
		return -1;
	weir_session_reopen(p, k, s);
	if (tell_change(p, st, k, s, moved, err) < 0)
		return -1;
	weir_session_enter(p, k);
	weir_session_set_due(p, st);
	return p->owned + p->n != held ? weir_session_measure(p, err) : 1;
}

/* What happens with event i. */
static int
apply(struct weir_sessions *p, struct weir_stage *st,
    const struct weir_block *b, uint32_t i,
    const struct weir_swindow_item *item, struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];
	struct weir_row row = weir_stage_row(b, i);
	struct weir_str key = item->key.canonical;
	struct weir_session_place at = {NULL, NULL, NULL};
	struct weir_session_key *k;
	struct weir_error why;
	struct weir_key unused;
	uint64_t hash;
	int added;

	if (step(p, st, ev->watermark, err) < 0)
		return -1;
	if (p->w.arena.total > 0)
		weir_arena_reset(&p->w.arena);
	if (item->bad)
		return weir_swindow_read(&p->w, st, b, i, &unused, err) < 0
		    ? -1
		    : 1; /* which said why */
	hash = weir_swindow_hash(item, p->table);
	k = weir_table_get(p->table, key.s, key.len, hash);
	if (k != NULL)
		at = weir_session_find(p, k, ev->time);
	if (at.in == NULL &&
	    weir_session_over(p, weir_session_end(p, ev->time)) <= p->closed)
		return weir_swindow_late(&p->w, st, b, i, err);
	if (weir_aggs_read(&p->w.aggs, &row, &p->w.arena, &why) < 0 ||
	    weir_aggs_check(&p->w.aggs,
		at.in != NULL ? weir_session_states(p, at.in) : p->w.empty,
		&why) < 0)
		return weir_stage_bad(st, b, i, why.text, err);
	if (k == NULL) {
		k = weir_table_put(p->table, key.s, key.len, hash, &added);
		k->due = WEIR_TIME_NONE;
	}
	return add_event(p, st, k, at, &item->key, ev->time, err);
}

int
weir_session_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_sessions *p = self;

	/* An input that was idle may be behind what the others closed. */
	if (weir_stage_metrics(st)->watermark > p->closed)
		p->closed = weir_stage_metrics(st)->watermark;
	while (n > 0) {
		uint32_t run = n < WEIR_RUN ? n : WEIR_RUN;

		weir_swindow_prepare(&p->w, p->table, b, i, run);
		for (uint32_t k = 0; k < run; k++)
			if (apply(p, st, b, i + k, &p->w.run[k], err) < 0)
				return -1;
		i += run;
		n -= run;
	}
	weir_session_count(p, st);
	return 1;
}
