/*
 * sdedupmodel.h - a naive model of sdedup, which keeps every event and forgets
 * nothing.
 */
#ifndef WEIR_TESTS_UNIT_SDEDUPMODEL_H
#define WEIR_TESTS_UNIT_SDEDUPMODEL_H

#include "base/mem.h"
#include "sdedups.h"

#define EVENTS	 60
#define STREAMS	 3000
#define JSON_MAX 200

struct input {
	char json[JSON_MAX];
	int64_t time;
	int key, value; /* which form */
	bool retract;
};

/* Forms of keys, and which of them are equal; -1 cannot be read. */
static const struct {
	const char *text;
	int class;
} forms[] = {{"\"a\"", 0}, {"\"\\u0061\"", 0}, {"1", 1}, {"1.0", 1},
    {"null", 2}, {"", 3}, {"\"1\"", 4}, {"{\"p\":1, \"q\":[2]}", 5},
    {"{\"q\":[2.0],\"p\":1}", 5}, {"\"bb\"", 6}, {"true", 7},
    {"\"\\ud800\"", -1}};
#define NFORMS (int)(sizeof forms / sizeof *forms)

/* Of what --changes looks at. */
static const struct {
	const char *text;
	int class;
} values[] = {{"1", 0}, {"1.0", 0}, {"2", 1}, {"null", 2}, {"", 3},
    {"\"a text of more than twelve bytes\"", 4}, {"[1,2]", 5}, {"[1,2.0]", 5}};
#define NVALUES (int)(sizeof values / sizeof *values)

struct options {
	bool last, changes, approx, refresh, timed;
	const char *late;
	int64_t within, delay;
	int keyed, nforms;
	size_t cut;
};

/* --- the model --- */

/* A time that counts: of an event, or of a run of them. */
struct mark {
	int key, event, value;
	int64_t lo, hi;
	int newest; /* event */
	bool open, dead;
};

struct model {
	const struct options *o;
	const struct input *in;
	struct weir_buf out, late;
	uint64_t nbad, nlate, ndropped;
	struct mark marks[EVENTS];
	int nmarks;
	bool waits[EVENTS];
	int64_t w;
};

static void
say(struct weir_buf *to, const struct input *in)
{
	weir_buf_puts(to, in->json);
	weir_buf_putc(to, '\n');
}

static int
key_of(const struct model *m, int i)
{
	int class = forms[m->in[i].key].class * 2;

	return m->o->keyed == 2 ? class + m->in[i].key % 2 : class;
}

/* Is t less than DUR from what is marked? */
static bool
near(const struct model *m, const struct mark *k, int64_t t)
{
	if (m->o->within == 0)
		return true;
	return t > k->lo - m->o->within && t < k->hi + m->o->within;
}

static struct mark *
put_mark(struct model *m, int i)
{
	struct mark *k = &m->marks[m->nmarks++];

	*k = (struct mark){.key = key_of(m, i),
	    .event = i,
	    .value = values[m->in[i].value].class,
	    .lo = m->in[i].time,
	    .hi = m->in[i].time,
	    .newest = i,
	    .open = true};
	return k;
}

static void
model_first(struct model *m, int i)
{
	bool repeat = false;

	for (int k = 0; k < m->nmarks; k++)
		repeat |= m->marks[k].key == key_of(m, i) &&
		    near(m, &m->marks[k], m->in[i].time);
	if (!repeat || m->o->refresh)
		put_mark(m, i);
	if (repeat)
		m->ndropped++;
	else
		say(&m->out, &m->in[i]);
}

/* --keep=last: what ends by w comes out, the first to end first. */
static void
model_release(struct model *m, int64_t w)
{
	struct mark *best;

	do {
		best = NULL;
		for (int k = 0; k < m->nmarks; k++) {
			struct mark *x = &m->marks[k];

			if (x->open && !x->dead && m->o->within > 0 &&
			    x->hi + m->o->within <= w &&
			    (best == NULL || x->hi < best->hi ||
				(x->hi == best->hi && x->event < best->event)))
				best = x;
		}
		if (best != NULL) {
			best->open = false;
			say(&m->out, &m->in[best->newest]);
		}
	} while (best != NULL);
}

static void
model_newest(struct model *m, struct mark *k, int i)
{
	int64_t t = m->in[i].time, was = m->in[k->newest].time;

	if (t > was || (t == was && i > k->newest))
		k->newest = i;
}

/* With --refresh all that i belongs to becomes one. */
static void
model_merge(struct model *m, struct mark *to, int i)
{
	for (int k = 0; k < m->nmarks; k++) {
		struct mark *x = &m->marks[k];

		if (x == to || x->dead || !x->open || x->key != to->key ||
		    !near(m, x, m->in[i].time))
			continue;
		model_newest(m, to, x->newest);
		to->lo = x->lo < to->lo ? x->lo : to->lo;
		to->hi = x->hi > to->hi ? x->hi : to->hi;
		to->event = x->event < to->event ? x->event : to->event;
		x->dead = true;
	}
	to->lo = m->in[i].time < to->lo ? m->in[i].time : to->lo;
	to->hi = m->in[i].time > to->hi ? m->in[i].time : to->hi;
}

static void model_late(struct model *m, int i);

static void
model_last(struct model *m, int i)
{
	int64_t t = m->in[i].time;
	struct mark *best = NULL;
	bool over = false;

	for (int k = 0; k < m->nmarks; k++) {
		struct mark *x = &m->marks[k];

		if (x->dead || x->key != key_of(m, i) || !near(m, x, t))
			continue;
		over |= !x->open;
		if (x->open &&
		    (best == NULL || (x->lo <= t && best->lo > t) ||
			(x->lo <= t && x->lo > best->lo) ||
			(x->lo > t && best->lo > t && x->lo < best->lo)))
			best = x;
	}
	if (best == NULL && over) {
		model_late(m, i);
		return;
	}
	m->ndropped += best != NULL;
	if (best == NULL)
		best = put_mark(m, i);
	if (m->o->refresh)
		model_merge(m, best, i);
	model_newest(m, best, i);
	model_release(m, m->w);
}

static void
model_changed(struct model *m, int i)
{
	struct mark *was = NULL;
	int64_t t = m->in[i].time;
	bool same;

	for (int k = 0; k < m->nmarks; k++)
		if (m->marks[k].key == key_of(m, i))
			was = &m->marks[k];
	same = was != NULL && was->value == values[m->in[i].value].class &&
	    (m->o->within == 0 || t - was->lo < m->o->within);
	if (!same || m->o->refresh)
		put_mark(m, i);
	if (same)
		m->ndropped++;
	else
		say(&m->out, &m->in[i]);
}

/* --changes: what waits and is not later than w, in order. */
static void
model_settle(struct model *m, int64_t w)
{
	int best;

	do {
		best = -1;
		for (int i = 0; i < EVENTS; i++)
			if (m->waits[i] && m->in[i].time <= w &&
			    (best < 0 || m->in[i].time < m->in[best].time))
				best = i;
		if (best >= 0) {
			m->waits[best] = false;
			model_changed(m, best);
		}
	} while (best >= 0);
}

static void
model_late(struct model *m, int i)
{
	m->nlate++;
	if (strcmp(m->o->late, "pass") == 0)
		say(&m->out, &m->in[i]);
	else if (strcmp(m->o->late, "drop") != 0)
		say(&m->late, &m->in[i]);
}

static void
model_event(struct model *m, int i)
{
	const struct options *o = m->o;
	int64_t t = m->in[i].time;
	bool bad = forms[m->in[i].key].class < 0 || m->in[i].retract, late;

	late = o->changes ? o->timed && t < m->w
			  : o->within > 0 && t < m->w - o->within;
	if (late && strcmp(o->late, "pass") == 0 && !o->last && !o->changes) {
		/* it is read, and counts */
		if (bad) {
			m->nbad++;
			return;
		}
		put_mark(m, i);
	}
	if (late) {
		model_late(m, i);
	} else if (bad) {
		m->nbad++;
	} else if (o->last) {
		model_last(m, i);
	} else if (o->changes && o->timed) {
		m->waits[i] = true;
		model_settle(m, m->w);
	} else if (o->changes) {
		model_changed(m, i);
	} else {
		model_first(m, i);
	}
}

static void
model(struct model *m)
{
	int64_t newest = INT64_MIN / 2;

	for (int i = 0; i < EVENTS; i++) {
		m->w = newest - m->o->delay;
		if (m->o->last)
			model_release(m, m->w);
		if (m->o->changes)
			model_settle(m, m->w);
		model_event(m, i);
		if (m->o->timed && m->in[i].time > newest)
			newest = m->in[i].time;
	}
	model_settle(m, INT64_MAX);
	if (m->o->last && m->o->within > 0)
		model_release(m, INT64_MAX);
	for (int k = 0; k < m->nmarks && m->o->last && m->o->within == 0; k++)
		say(&m->out, &m->in[m->marks[k].newest]);
}

#endif
