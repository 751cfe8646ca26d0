/*
 * The sessions' results: those that close, those that change, and the end of
 * those that are over.
 */
#include "op/session.h"

#include "base/mem.h"

#include <stdlib.h>

#define SCRATCH_MAX 4096 /* sessions or keys that room is kept for */

/* --- telling --- */

int
weir_session_tell(struct weir_sessions *p, struct weir_stage *st,
    const struct weir_session_ready *r, enum weir_pane_timing timing,
    struct weir_error *err)
{
	struct weir_session *s = r->session;
	struct weir_results results = {.span = {s->first, r->end},
	    .time = r->end,
	    .release = weir_swindow_release(
		timing == WEIR_ON_TIME ? r->end : p->closed),
	    .timing = timing};
	struct weir_emit_group g = {.states = weir_session_states(p, s),
	    .told = weir_session_told(p, s),
	    .owned = &p->owned};

	if (s->text != NULL)
		g.key = weir_str(s->text);
	else
		g.key.s = weir_table_key(p->table, r->key, &g.key.len);
	weir_emit_begin(&p->w.emit, st, &results);
	if (weir_emit_group(&p->w.emit, &g, err) < 0)
		return -1;
	return weir_emit_end(&p->w.emit, err);
}

static void
add_ready(
    struct weir_sessions *p, struct weir_session *s, struct weir_session_key *k)
{
	p->ready =
	    weir_grow(p->ready, &p->ready_cap, p->nready + 1, sizeof *p->ready);
	p->ready[p->nready++] =
	    (struct weir_session_ready){weir_session_end(p, s->last), s, k};
}

/* By end, then by start, then in the order of first events. */
static int
compare(const void *a, const void *b)
{
	const struct weir_session_ready *x = a, *y = b;
	const struct weir_session *s = x->session, *t = y->session;

	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	if (s->first != t->first)
		return s->first < t->first ? -1 : 1;
	return (s->number > t->number) - (s->number < t->number);
}

static int
tell_ready(struct weir_sessions *p, struct weir_stage *st,
    enum weir_pane_timing timing, struct weir_error *err)
{
	int rc = 1;

	if (p->nready > 1)
		qsort(p->ready, p->nready, sizeof *p->ready, compare);
	for (size_t i = 0; i < p->nready && rc > 0; i++)
		rc = weir_session_tell(p, st, &p->ready[i], timing, err);
	p->nready = 0;
	return rc;
}

/* Memory that was needed for very many at once is given back. */
static void
free_scratch(struct weir_sessions *p)
{
	if (p->ready_cap <= SCRATCH_MAX && p->due_cap <= SCRATCH_MAX)
		return;
	free(p->ready);
	free(p->due_keys);
	p->ready = NULL;
	p->due_keys = NULL;
	p->ready_cap = p->due_cap = 0;
}

/* --- time goes on --- */

/* A key without sessions and entries. */
static void
remove_key(struct weir_sessions *p, struct weir_session_key *k)
{
	size_t len;
	const char *key = weir_table_key(p->table, k, &len);

	weir_table_remove(
	    p->table, key, len, weir_table_hash(p->table, key, len));
}

/* The key's sessions that the watermark w closes; is anything to do for it? */
static bool
close_sessions(struct weir_sessions *p, struct weir_session_key *k, int64_t w)
{
	struct weir_session *s = k->open;

	if (weir_session_due(p, k) > w)
		return false;
	while (s != NULL && weir_session_end(p, s->last) < w) {
		if (p->w.emit.when != WEIR_EMIT_UPDATE)
			add_ready(p, s, k);
		s = s == &k->newest ? NULL : s->newer;
	}
	k->open = s;
	return true;
}

/* The entry on top of the queue is due. */
static void
take_entry(struct weir_sessions *p, int64_t w)
{
	struct weir_due_entry e = p->queue.heap[0];
	struct weir_session_key *k = e.who;

	if (k->n > 0 && e.time == k->due && !close_sessions(p, k, w)) {
		/* Its sessions went on meanwhile. */
		k->due = weir_session_due(p, k);
		weir_due_replace(&p->queue, k->due, k);
		return;
	}
	weir_due_pop(&p->queue);
	k->queued--;
	if (k->n == 0 && k->queued == 0)
		remove_key(p, k);
	if (k->n == 0 || e.time != k->due)
		return; /* stale */
	k->due = WEIR_TIME_NONE;
	p->due_keys = weir_grow(
	    p->due_keys, &p->due_cap, p->ndue + 1, sizeof *p->due_keys);
	p->due_keys[p->ndue++] = k;
}

/* Enter the keys anew that were due, or let them go. */
static void
settle(struct weir_sessions *p)
{
	for (size_t i = 0; i < p->ndue; i++) {
		struct weir_session_key *k = p->due_keys[i];

		weir_session_drop(p, k);
		if (k->n > 0)
			weir_session_enter(p, k);
		else if (k->queued == 0)
			remove_key(p, k);
	}
	p->ndue = 0;
}

int
weir_session_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_sessions *p = self;

	while (p->queue.n > 0 && weir_due_first(&p->queue) <= w)
		take_entry(p, w);
	if (tell_ready(p, st, WEIR_ON_TIME, err) < 0)
		return -1;
	if (w > p->closed)
		p->closed = w;
	settle(p);
	free_scratch(p);
	weir_session_set_due(p, st);
	weir_session_count(p, st);
	return p->told > 0 ? weir_session_measure(p, err) : 1;
}

/* --- early results by the wall clock --- */

int
weir_session_alarm(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_sessions *p = self;
	struct weir_session_key *k;
	struct weir_session *s;
	struct weir_told *told;
	const char *key;
	uint64_t at = 0;
	size_t len;

	if (weir_stage_metrics(st)->watermark > p->closed)
		p->closed = weir_stage_metrics(st)->watermark;
	while ((k = weir_table_next(p->table, &at, &key, &len)) != NULL) {
		s = &k->newest;
		for (uint32_t i = 0; i < k->n; i++, s = s->older) {
			told = weir_session_told(p, s);
			if (told != NULL && told->changed)
				add_ready(p, s, k);
		}
	}
	if (tell_ready(p, st, WEIR_EARLY, err) < 0)
		return -1;
	free_scratch(p);
	weir_stage_set_alarm(st, p->w.emit.every_ns);
	weir_session_count(p, st);
	return weir_session_measure(p, err);
}
