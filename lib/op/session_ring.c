/*
 * The sessions of a key: a ring in the order of time, which an event finds its
 * place in from the newest on.
 */
#include "op/session.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define OVERHEAD 16 /* bytes that malloc adds, about */

/* --- finding --- */

/* Is t no more than a gap behind the last event of s? */
static bool
reaches(const struct weir_sessions *p, const struct weir_session *s, int64_t t)
{
	return t <= s->last ||
	    (uint64_t)t - (uint64_t)s->last <= (uint64_t)p->w.spec.gap_ns;
}

/* Or before its first one? */
static bool
reaches_back(
    const struct weir_sessions *p, const struct weir_session *s, int64_t t)
{
	return t >= s->first ||
	    (uint64_t)s->first - (uint64_t)t <= (uint64_t)p->w.spec.gap_ns;
}

struct weir_session_place
weir_session_find(
    const struct weir_sessions *p, struct weir_session_key *k, int64_t time)
{
	struct weir_session_place at = {NULL, NULL, NULL};
	struct weir_session *s = &k->newest;

	for (uint32_t i = 0; i < k->n; i++, s = s->older) {
		if (!reaches(p, s, time)) {
			at.older = s;
			break;
		}
		if (!reaches_back(p, s, time))
			continue;
		at.next = at.in;
		at.in = s;
	}
	return at;
}

/* --- links --- */

/* Put s behind older. */
static void
link_behind(struct weir_session *older, struct weir_session *s)
{
	s->older = older;
	s->newer = older->newer;
	s->newer->older = s;
	older->newer = s;
}

static void
unlink_node(struct weir_session *s)
{
	s->older->newer = s->newer;
	s->newer->older = s->older;
}

/* Whoever linked to a session links to where its bytes have come. */
static void
relink(struct weir_session_key *k, struct weir_session *from,
    struct weir_session *to)
{
	if (to->older == from)
		to->older = to->newer = to; /* it is alone */
	to->older->newer = to;
	to->newer->older = to;
	if (k->open == from)
		k->open = to;
}

static struct weir_session *
new_node(struct weir_sessions *p)
{
	p->owned += p->size + OVERHEAD;
	return weir_calloc(1, p->size);
}

static void
free_node(struct weir_sessions *p, struct weir_session *s)
{
	p->owned -= p->size + OVERHEAD;
	free(s);
}

/* --- opening --- */

void
weir_session_reopen(const struct weir_sessions *p, struct weir_session_key *k,
    struct weir_session *s)
{
	if (weir_session_end(p, s->last) >= p->closed &&
	    (k->open == NULL || s->last < k->open->last))
		k->open = s;
}

/* Room for a session behind older; the newest one lies with the key. */
static struct weir_session *
make_room(struct weir_sessions *p, struct weir_session_key *k,
    struct weir_session *older)
{
	struct weir_session *newest = &k->newest, *node;

	if (k->n == 0) {
		newest->older = newest->newer = newest;
		return newest;
	}
	node = new_node(p);
	if (older == newest) {
		memcpy(node, newest, p->size);
		relink(k, newest, node);
		memset(newest, 0, p->size);
		link_behind(node, newest);
		return newest;
	}
	/* What is older than all is behind the newest in the ring. */
	link_behind(older != NULL ? older : newest, node);
	return node;
}

struct weir_session *
weir_session_open(struct weir_sessions *p, struct weir_session_key *k,
    struct weir_session *older, const struct weir_key *key, int64_t time)
{
	struct weir_session *s = make_room(p, k, older);

	k->n++;
	p->n++;
	s->first = s->last = time;
	if (key->text.s != key->canonical.s) {
		s->text = weir_strndup(key->text.s, key->text.len);
		p->owned += key->text.len + 1 + OVERHEAD;
	}
	return s;
}

/* --- letting go --- */

/* Free what a session holds. */
static void
clear(struct weir_sessions *p, struct weir_session *s)
{
	if (p->told > 0)
		weir_told_fini(weir_session_told(p, s), &p->owned);
	weir_aggs_drop(&p->w.aggs, weir_session_states(p, s), &p->owned);
	if (s->text != NULL) {
		p->owned -= strlen(s->text) + 1 + OVERHEAD;
		free(s->text);
	}
}

static void
drop_oldest(struct weir_sessions *p, struct weir_session_key *k)
{
	struct weir_session *s = k->newest.newer;

	clear(p, s);
	k->n--;
	p->n--;
	if (k->open == s)
		k->open = NULL;
	if (s == &k->newest) {
		memset(s, 0, p->size);
		return;
	}
	unlink_node(s);
	free_node(p, s);
}

void
weir_session_drop(struct weir_sessions *p, struct weir_session_key *k)
{
	while (k->n > 0 &&
	    weir_session_over(p, weir_session_end(p, k->newest.newer->last)) <=
		p->closed)
		drop_oldest(p, k);
}

void
weir_session_drop_all(struct weir_sessions *p, struct weir_session_key *k)
{
	while (k->n > 0)
		drop_oldest(p, k);
}

/* --- merging --- */

/* What stood of the parts stands no more; the whole goes on counting. */
static int
merge_told(struct weir_sessions *p, struct weir_stage *st,
    struct weir_session *in, struct weir_session *next, struct weir_error *err)
{
	struct weir_told *a = weir_session_told(p, in);
	struct weir_told *b = weir_session_told(p, next);
	int64_t release = weir_swindow_release(p->closed);

	if (a == NULL)
		return 1;
	if (weir_emit_withdraw(&p->w.emit, st, a, release, &p->owned, err) <
		0 ||
	    weir_emit_withdraw(&p->w.emit, st, b, release, &p->owned, err) < 0)
		return -1;
	if (b->panes > a->panes)
		a->panes = b->panes;
	a->changed = true;
	return 1;
}

struct weir_session *
weir_session_merge(struct weir_sessions *p, struct weir_stage *st,
    struct weir_session_key *k, struct weir_session *in,
    struct weir_session *next, struct weir_error *err)
{
	struct weir_session *newer = next->newer;
	char *text = in->text;

	if (merge_told(p, st, in, next, err) < 0)
		return NULL;
	if (weir_aggs_merge(&p->w.aggs, weir_session_states(p, in),
		weir_session_states(p, next), &p->owned, NULL) < 0)
		weir_stage_metrics(st)->bad++;
	if (next->last > in->last)
		in->last = next->last;
	if (next->number < in->number) {
		in->number = next->number;
		in->text = next->text;
		next->text = text;
	}
	clear(p, next);
	/* The newer one's place, which may be the key's, is where both go on. */
	memcpy(next, in, p->size);
	next->newer = newer != in ? newer : next;
	relink(k, in, next);
	free_node(p, in);
	k->n--;
	p->n--;
	return next;
}
