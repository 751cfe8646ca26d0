/*
 * retoldmodel.h - a naive model of windows of time that are told more than once,
 * and of the window of a whole stream; and streams of events for it.
 *
 * It keeps all groups and looks at each of them at every step.
 */
#ifndef WEIR_TESTS_UNIT_RETOLDMODEL_H
#define WEIR_TESTS_UNIT_RETOLDMODEL_H

#include "op/swindow.h"

#include "base/mem.h"
#include "fakestage.h"
#include "tap.h"

#define EVENTS	40
#define STREAMS 3000
#define WINDOWS 12 /* that an event is in at most */
#define LIST	"n = count(), s = sum(x), c = count(x) if y > 0"

enum { ABSENT = -1000, BAD = 1000 };
enum { TUMBLING, HOPPING, CUMULATE, GLOBAL, KINDS };
enum { FINAL, UPDATE, EVERY };
enum { ACCUMULATE, DISCARD, TAKE_BACK };

struct input {
	char json[100];
	int64_t time;
	int form, x;
	int undoes; /* the event that it takes back, -1: none, -2: no such */
	bool alarm; /* behind it */
};

/* Forms of keys, and which of them are equal. */
static const struct {
	const char *text;
	int class;
} forms[] = {{"\"a\"", 0}, {"\"\\u0061\"", 0}, {"1", 1}, {"1.0", 1}, {"", 2},
    {"\"b\"", 3}};
#define NFORMS (int)(sizeof forms / sizeof *forms)

struct options {
	char window[80], offset_text[40], lateness_text[40];
	int kind, when, mode;
	int64_t size, slide, offset, delay, lateness;
	bool keyed, retracts, timeless;
	size_t cut;
};

static inline unsigned
below(unsigned n)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}

/* --- the model --- */

struct group {
	int64_t start, end;
	int key, form, order;
	int n, nx, s, c, events;
	int panes;
	bool changed, stands, closed;
	char text[200]; /* that stands */
};

struct model {
	const struct options *o;
	struct weir_buf out, late;
	uint64_t bad, nlate, missed, dropped;
	struct group groups[EVENTS * WINDOWS];
	int ngroups, order;
	int64_t w, seen_start, seen_end;
	bool accepted[EVENTS], undone[EVENTS];
};

static inline bool
has_panes(const struct options *o)
{
	return o->when != FINAL || o->lateness > 0;
}

/*
 * Panes that are shared have an order of their own for groups that vanished and
 * come again.
 */
static inline bool
orders_itself(const struct options *o)
{
	return o->retracts && !has_panes(o) &&
	    (o->kind == HOPPING || o->kind == CUMULATE);
}

static inline int64_t
floor_to(int64_t t, int64_t unit, int64_t offset)
{
	int64_t into = (t - offset) % unit;

	return t - (into < 0 ? into + unit : into);
}

/* Window i of those that t is in, the earliest end first: 1, 0: there is none. */
static inline int
model_window(const struct options *o, int64_t t, int i, struct group *g)
{
	switch (o->kind) {
	case GLOBAL:
		g->start = 0;
		g->end = WEIR_TIME_MAX;
		return i == 0;
	case CUMULATE:
		g->start = floor_to(t, o->size, o->offset);
		g->end = floor_to(t, o->slide, o->offset) + (i + 1) * o->slide;
		return g->end <= g->start + o->size;
	default:
		g->start = floor_to(t, o->slide, o->offset);
		while (g->start + o->size > t)
			g->start -= o->slide;
		g->start += (i + 1) * o->slide;
		g->end = g->start + o->size;
		return g->start <= t;
	}
}

static inline void
write_values(const struct options *o, struct weir_buf *b, const struct group *g)
{
	if (o->keyed && *forms[g->form].text != '\0')
		weir_buf_printf(b, ",\"k\":%s", forms[g->form].text);
	weir_buf_printf(b, ",\"n\":%d", g->n);
	if (g->nx > 0)
		weir_buf_printf(b, ",\"s\":%d", g->s);
	else
		weir_buf_puts(b, ",\"s\":null");
	weir_buf_printf(b, ",\"c\":%d", g->c);
}

static inline void
model_withdraw(struct model *m, struct group *g)
{
	if (g->stands && m->o->mode == TAKE_BACK)
		weir_buf_printf(&m->out, "%s,\"retract\":true}\n", g->text);
	g->stands = false;
}

static inline void
model_tell(struct model *m, struct group *g, const char *timing)
{
	bool global = m->o->kind == GLOBAL, panes = has_panes(m->o);
	struct weir_buf b = {0};

	if (panes && !g->changed &&
	    (strcmp(timing, "on-time") != 0 || m->o->mode == DISCARD))
		return;
	if (global && m->o->timeless)
		weir_buf_puts(&b, "{\"window_start\":null,\"window_end\":null");
	else
		weir_buf_printf(&b, "{\"window_start\":%jd,\"window_end\":%jd",
		    (intmax_t)(global ? m->seen_start : g->start),
		    (intmax_t)(global ? m->seen_end : g->end));
	write_values(m->o, &b, g);
	if (panes)
		weir_buf_printf(&b,
		    ",\"pane\":{\"index\":%d,\"timing\":\"%s\"}", g->panes,
		    timing);
	if (panes)
		model_withdraw(m, g);
	snprintf(g->text, sizeof g->text, "%s", weir_buf_cstr(&b));
	weir_buf_printf(&m->out, "%s}\n", g->text);
	weir_buf_fini(&b);
	g->panes++;
	g->changed = false;
	g->stands = true;
	if (panes && m->o->mode == DISCARD)
		g->n = g->nx = g->s = g->c = 0;
}

static inline int
by_end(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->order - y->order;
}

/* The watermark is w now: tell windows that close. */
static inline void
model_advance(struct model *m, int64_t w)
{
	qsort(m->groups, (size_t)m->ngroups, sizeof *m->groups, by_end);
	for (int k = 0; k < m->ngroups; k++) {
		struct group *g = &m->groups[k];

		if (g->closed || g->end > w)
			continue;
		g->closed = true;
		if (m->o->when != UPDATE)
			model_tell(m, g, "on-time");
	}
	m->w = w;
}

static inline void
model_alarm(struct model *m)
{
	for (int k = 0; k < m->ngroups; k++)
		if (!m->groups[k].closed)
			model_tell(m, &m->groups[k], "early");
}

static inline struct group *
model_find(struct model *m, const struct group *at)
{
	for (int k = 0; k < m->ngroups; k++) {
		struct group *g = &m->groups[k];

		if (g->start == at->start && g->end == at->end &&
		    g->key == at->key)
			return g;
	}
	return NULL;
}

static inline void
model_apply(struct model *m, const struct input *in, struct group *at)
{
	int sign = in->undoes == -1 ? 1 : -1;
	struct group *g = model_find(m, at);

	if (g == NULL) {
		g = &m->groups[m->ngroups++];
		*g = *at;
		g->form = in->form;
		g->order = m->order++;
		g->closed = at->end <= m->w;
	}
	g->events += sign;
	g->n += sign;
	if (in->x != ABSENT) {
		g->nx += sign;
		g->s += sign * in->x;
		g->c += sign * (in->form % 2);
	}
	g->changed = true;
	if (g->events == 0) {
		model_withdraw(m, g);
		*g = m->groups[--m->ngroups];
	} else if (g->closed) {
		model_tell(m, g, "late");
	} else if (m->o->when == UPDATE) {
		model_tell(m, g, "early");
	}
}

/* Event i, under watermark w. */
static inline void
model_event(struct model *m, const struct input *in, int i, int64_t w)
{
	struct group at = {.key = m->o->keyed ? forms[in[i].form].class : 0};
	int64_t horizon = w - m->o->lateness;
	int gone = 0, n = 0, undoes = in[i].undoes;

	model_advance(m, w);
	for (; model_window(m->o, in[i].time, n, &at); n++)
		gone += at.end <= horizon;
	if (n == 0) {
		m->dropped++;
	} else if (gone == n) {
		weir_buf_printf(&m->late, "%s\n", in[i].json);
		m->nlate++;
	} else if (in[i].x == BAD || undoes == -2 ||
	    (undoes != -1 && !m->o->retracts)) {
		m->bad++;
	} else {
		m->accepted[i] = true;
		m->missed += (uint64_t)gone;
		if (in[i].time < m->seen_start)
			m->seen_start = in[i].time;
		if (in[i].time > m->seen_end)
			m->seen_end = in[i].time;
		for (n = gone; model_window(m->o, in[i].time, n, &at); n++)
			model_apply(m, &in[i], &at);
	}
}

/* --- random streams --- */

static inline void
make_options(struct options *o)
{
	int64_t unit = 1 + below(8);

	*o = (struct options){.kind = (int)below(KINDS),
	    .when = (int)below(3),
	    .mode = (int)below(3),
	    .offset = (int64_t)below(90) - 45,
	    .delay = below(2) * below(50),
	    .lateness = below(3) * below(40),
	    .keyed = below(3) > 0,
	    .retracts = below(2),
	    .cut = below(2) * (1 + below(5))};
	if (o->retracts && o->mode == DISCARD)
		o->mode = TAKE_BACK;
	o->slide = unit * (1 + below(3));
	o->size = unit * (1 + below(9));
	if (o->kind == TUMBLING)
		o->slide = o->size;
	if (o->kind == CUMULATE) {
		o->slide = unit;
		o->size = unit * (1 + below(6));
	}
	o->timeless = o->kind == GLOBAL && below(4) == 0;
	if (o->timeless)
		o->delay = 0;
	snprintf(o->window, sizeof o->window,
	    o->kind == GLOBAL	      ? "global"
		: o->kind == TUMBLING ? "%jdns"
		: o->kind == HOPPING  ? "%jdns/%jdns"
				      : "cumulate:%jdns/%jdns",
	    (intmax_t)o->size, (intmax_t)o->slide);
	snprintf(o->offset_text, sizeof o->offset_text, "%jdns",
	    (intmax_t)o->offset);
	snprintf(o->lateness_text, sizeof o->lateness_text, "%jdns",
	    (intmax_t)o->lateness);
}

static inline void
write_json(struct input *in)
{
	struct weir_buf b = {0};

	weir_buf_printf(&b, "{\"y\":%d", in->form % 2);
	if (in->undoes == -2)
		weir_buf_puts(&b, ",\"k\":\"never\"");
	else if (*forms[in->form].text != '\0')
		weir_buf_printf(&b, ",\"k\":%s", forms[in->form].text);
	if (in->x == BAD)
		weir_buf_puts(&b, ",\"x\":\"?\"");
	else if (in->x != ABSENT)
		weir_buf_printf(&b, ",\"x\":%d", in->x);
	weir_buf_puts(&b, in->undoes != -1 ? ",\"retract\":true}" : "}");
	snprintf(in->json, sizeof in->json, "%s", weir_buf_cstr(&b));
	weir_buf_fini(&b);
}

/* Take back an event that went in and is there yet, or one of no such key. */
static inline bool
make_undo(struct input *in, int i, struct model *m)
{
	int k = i > 0 ? (int)below((unsigned)i) : 0;
	bool unknown = m->o->keyed && below(5) == 0;

	if (i == 0 ||
	    (!unknown &&
		(!m->accepted[k] || m->undone[k] || in[k].undoes != -1)))
		return false;
	in[i] = in[k];
	in[i].undoes = unknown ? -2 : k;
	if (!unknown)
		m->undone[k] = true;
	return true;
}

static inline void
make_event(struct input *in, int i, int64_t *now, struct model *m)
{
	*now += below(8);
	if (below(40) == 0)
		*now += below(4) == 0 ? INT64_C(3155760000000000000) / 4 : 500;
	if (below(4) == 0 && m->o->retracts && make_undo(in, i, m)) {
		in[i].alarm = below(6) == 0;
		write_json(&in[i]);
		return;
	}
	in[i] = (struct input){.undoes = -1, .alarm = below(6) == 0};
	in[i].time = *now - (int64_t)below(below(3) == 0 ? 60 : 6);
	in[i].form = (int)below((unsigned)NFORMS);
	if (orders_itself(m->o) && in[i].form < 4)
		in[i].form &= ~1; /* and may show another form of the key */
	in[i].x = below(6) == 0 ? ABSENT
	    : below(15) == 0	? BAD
				: (int)below(12) - 3;
	write_json(&in[i]);
}

/* Make a stream and what the model says of it. */
static inline void
make_stream(struct input *in, struct model *m)
{
	int64_t now = (int64_t)below(200) - 100, newest = INT64_MIN / 2;
	int64_t w = newest;

	for (int i = 0; i < EVENTS; i++) {
		make_event(in, i, &now, m);
		model_event(m, in, i, w);
		if (in[i].time > newest)
			newest = in[i].time;
		w = m->o->timeless ? w : newest - m->o->delay;
		model_advance(m, w);
		if (in[i].alarm && m->o->when == EVERY)
			model_alarm(m);
	}
	model_advance(m, WEIR_TIME_MAX);
}

#endif
