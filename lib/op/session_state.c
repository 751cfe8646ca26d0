/*
 * Sessions as lines: first {"closed":T,"seq":N}, then one line a session,
 * {"w":[first,last],"k":{NAME:value},"n":N,"t":[...],"a":[...]}, where "w" has
 * the times of its first and its last event, "n" is its first event's number, and
 * "t", what was told of it, is there if it may be told again.
 */
#include "op/session.h"

#include "base/mem.h"
#include "state/snapshot.h"

/* --- saving --- */

static int
save_session(struct weir_sessions *p, struct weir_session_key *k,
    struct weir_session *s, struct weir_snapshot_writer *to,
    struct weir_error *err)
{
	struct weir_buf *out = &p->w.out;
	struct weir_str key;

	key.s = weir_table_key(p->table, k, &key.len);
	weir_swindow_begin_line(out, s->first, s->last);
	weir_swindow_save_key(
	    &p->w, out, s->text != NULL ? weir_str(s->text) : key);
	weir_swindow_save_number(out, "n", s->number);
	if (p->told > 0) {
		weir_buf_puts(out, ",\"t\":");
		weir_told_save(out, weir_session_told(p, s));
	}
	weir_buf_puts(out, ",\"a\":");
	weir_aggs_save(out, &p->w.aggs, weir_session_states(p, s));
	weir_buf_putc(out, '}');
	return weir_snapshot_keyed_line(to, key, out->data, out->len, err);
}

int
weir_session_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_sessions *p = self;
	struct weir_session_key *k;
	struct weir_session *s;
	const char *key;
	uint64_t at = 0;
	size_t len;

	if (weir_swindow_save_clock(&p->w, p->closed, w, err) < 0)
		return -1;
	while ((k = weir_table_next(p->table, &at, &key, &len)) != NULL) {
		s = &k->newest;
		for (uint32_t i = 0; i < k->n; i++, s = s->older)
			if (save_session(p, k, s, w, err) < 0)
				return -1;
	}
	return 1;
}

/* --- loading --- */

/* The times of a session that the options can have made. */
static int
load_times(
    struct weir_sessions *p, struct weir_span *times, struct weir_error *err)
{
	if (weir_swindow_load_span(&p->w, times, err) < 0)
		return -1;
	if (times->start > times->end || times->end == WEIR_TIME_MAX ||
	    weir_session_over(p, weir_session_end(p, times->end)) <= p->closed)
		return weir_swindow_bad_line(
		    "a session that cannot be open", err);
	return 1;
}

/* A session of the key that has no other one in reach. */
static struct weir_session *
load_place(struct weir_sessions *p, const struct weir_key *key,
    struct weir_span times, struct weir_error *err)
{
	struct weir_str c = key->canonical;
	struct weir_session_place a, b;
	struct weir_session_key *k;
	struct weir_session *s;
	int added;

	k = weir_table_put(p->table, c.s, c.len,
	    weir_table_hash(p->table, c.s, c.len), &added);
	if (added)
		k->due = WEIR_TIME_NONE;
	a = weir_session_find(p, k, times.start);
	b = weir_session_find(p, k, times.end);
	if (a.in != NULL || b.in != NULL || a.older != b.older) {
		weir_swindow_bad_line("sessions that should be one", err);
		return NULL;
	}
	s = weir_session_open(p, k, a.older, key, times.start);
	s->last = times.end;
	weir_session_reopen(p, k, s);
	weir_session_enter(p, k);
	return s;
}

static int
load_session(
    struct weir_sessions *p, struct weir_stage *st, struct weir_error *err)
{
	struct weir_span times;
	struct weir_session *s;
	struct weir_key key;
	uint64_t number;

	if (load_times(p, &times, err) < 0 ||
	    weir_swindow_load_key(&p->w, &key, err) < 0 ||
	    weir_swindow_load_number(&p->w, WEIR_SAVED_NUMBER, &number, err) <
		0)
		return -1;
	if (number >= p->w.aggs.seq)
		return weir_swindow_bad_line("an event still to come", err);
	s = load_place(p, &key, times, err);
	if (s == NULL)
		return -1;
	s->number = number;
	weir_session_set_due(p, st);
	if (p->told > 0 &&
	    weir_told_load(weir_session_told(p, s),
		weir_swindow_value(&p->w, WEIR_SAVED_TOLD), &p->w.arena,
		&p->owned, err) < 0)
		return -1;
	if (weir_aggs_load(&p->w.aggs, weir_session_states(p, s),
		weir_swindow_value(&p->w, WEIR_SAVED_STATES), &p->w.arena,
		&p->owned, err) < 0)
		return -1;
	return weir_session_measure(p, err);
}

int
weir_session_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_sessions *p = self;
	int rc;

	if (weir_swindow_open_line(&p->w, line, err) < 0)
		return -1;
	rc = weir_swindow_load_clock(&p->w, &p->closed, err);
	return rc == 0 ? load_session(p, st, err) : rc;
}
