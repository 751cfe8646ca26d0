/*
 * The kind: when sessions are due, and what they take.
 */
#include "op/session.h"

#include "base/mem.h"

#include <stdlib.h>

/* --- when --- */

int64_t
weir_session_end(const struct weir_sessions *p, int64_t last)
{
	int64_t end = weir_time_add(last, p->w.spec.gap_ns);

	return end < WEIR_TIME_MAX ? end : WEIR_TIME_MAX - 1;
}

int64_t
weir_session_over(const struct weir_sessions *p, int64_t end)
{
	return weir_time_add(weir_time_add(end, p->w.lateness_ns), 1);
}

int64_t
weir_session_due(
    const struct weir_sessions *p, const struct weir_session_key *k)
{
	const struct weir_session *oldest = k->newest.newer;
	int64_t due = WEIR_TIME_MAX, over;

	if (k->open != NULL)
		due = weir_session_end(p, k->open->last) + 1;
	if (k->open == oldest)
		return due;
	over = weir_session_over(p, weir_session_end(p, oldest->last));
	return over < due ? over : due;
}

void
weir_session_enter(struct weir_sessions *p, struct weir_session_key *k)
{
	int64_t due = weir_session_due(p, k);

	if (k->due != WEIR_TIME_NONE && k->due <= due)
		return;
	k->due = due;
	k->queued++;
	weir_due_push(&p->queue, due, k);
}

void
weir_session_set_due(struct weir_sessions *p, struct weir_stage *st)
{
	int64_t due = weir_due_first(&p->queue);

	if (due == p->due)
		return;
	p->due = due;
	weir_stage_set_due(st, due);
}

/* --- memory --- */

static size_t
bytes(const struct weir_sessions *p)
{
	return weir_table_bytes(p->table) + p->owned +
	    p->queue.cap * sizeof *p->queue.heap +
	    p->ready_cap * sizeof *p->ready +
	    p->due_cap * sizeof(struct weir_session_key *);
}

int
weir_session_measure(struct weir_sessions *p, struct weir_error *err)
{
	size_t now = bytes(p);

	if (weir_table_bytes(p->table) >= WEIR_TABLE_MAX)
		return weir_fail(err, WEIR_STATE,
		    "the sessions have outgrown what one process can hold: "
		    "%zu of them take %zu bytes; need less with fewer keys or "
		    "a shorter gap",
		    p->n, now);
	return weir_swindow_limit(&p->w, now, p->n, err);
}

void
weir_session_count(struct weir_sessions *p, struct weir_stage *st)
{
	struct weir_metrics *m = weir_stage_metrics(st);

	m->state_bytes = bytes(p);
	m->state_keys = p->n;
}

/* --- the kind --- */

static int
check(const struct weir_swindow_config *c, struct weir_error *err)
{
	if (c->zone != NULL)
		return weir_fail(err, WEIR_USAGE,
		    "--tz: sessions know no calendar; they start with their "
		    "first event");
	if (c->top != NULL)
		return weir_fail(err, WEIR_USAGE,
		    "--top: each session is a window of one group, there is "
		    "nothing to choose from; --having leaves sessions out, and "
		    "a second swindow ranks them");
	return 1;
}

static void
init(struct weir_swindow *sw)
{
	struct weir_sessions *p = (struct weir_sessions *)sw;

	p->closed = WEIR_TIME_NONE;
	p->due = WEIR_TIME_MAX;
	p->told = sw->emit.panes ? sizeof(struct weir_told) : 0;
	p->size = sizeof(struct weir_session) + p->told + sw->aggs.size;
	p->table =
	    weir_table_new(offsetof(struct weir_session_key, newest) + p->size);
}

static void
fini(struct weir_swindow *sw)
{
	struct weir_sessions *p = (struct weir_sessions *)sw;
	struct weir_session_key *k;
	const char *key;
	uint64_t at = 0;
	size_t len;

	while ((k = weir_table_next(p->table, &at, &key, &len)) != NULL)
		weir_session_drop_all(p, k);
	weir_table_free(p->table);
	weir_due_fini(&p->queue);
	free(p->ready);
	free(p->due_keys);
}

static int
open_stage(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_sessions *p = self;

	if (weir_stage_retracts(st))
		return weir_fail(err, WEIR_USAGE,
		    "-w session: the input may take events back, and a session "
		    "cannot be split again; aggregate it over windows of time");
	if (weir_swindow_open(&p->w, st, err) < 0)
		return -1;
	weir_stage_set_hold(st, p->w.lateness_ns);
	if (p->w.emit.when == WEIR_EMIT_EVERY)
		weir_stage_set_alarm(st, p->w.emit.every_ns);
	return 1;
}

static const struct weir_stage_ops ops = {
    .open = open_stage,
    .events = weir_session_events,
    .advance = weir_session_advance,
    .alarm = weir_session_alarm,
    .save = weir_session_save,
    .load = weir_session_load,
    .adopt = weir_swindow_adopt,
};

const struct weir_swindow_kind weir_session_kind = {
    .size = sizeof(struct weir_sessions),
    .ops = &ops,
    .check = check,
    .init = init,
    .fini = fini,
};
