/*
 * Goal: sessions are what a naive model makes of them, which keeps every event
 * and looks at all sessions at every step; and a run that is saved and loaded
 * anywhere gives the same bytes. Method: random streams with a fixed seed (out
 * of order, late, bad, far jumps, all ways of telling), WEIR_STREAMS of them;
 * and cases by hand.
 */
#include "windowrun.h"

#define YEARS INT64_C(3153600000000000000) /* a hundred of them */

enum { FINAL, UPDATE, EVERY };
enum { ACCUMULATE, DISCARD, RETRACT };

struct options {
	struct weir_swindow_config config;
	char window[40], lateness[40];
	int64_t gap, late, delay;
	int when, mode;
	bool panes, having;
	size_t cut;
};

/* --- the model --- */

struct session {
	int key, panes, arrived; /* arrived: its first event */
	int64_t first, last;
	bool changed, stands, closed, gone;
	char *text; /* of the result that stands */
};

struct model {
	const struct options *o;
	const struct input *in;
	struct session sessions[EVENTS];
	int nsessions;
	int owner[EVENTS]; /* of an event: its session, or -1 */
	bool told[EVENTS]; /* in a part of it, in discard */
	int64_t w;
	struct weir_buf out, late;
	uint64_t bad, nlate;
};

static void
withdraw(struct model *m, struct session *s)
{
	if (s->stands && m->o->mode == RETRACT)
		weir_buf_printf(&m->out, "%.*s,\"retract\":true}\n",
		    (int)strlen(s->text) - 1, s->text);
	s->stands = false;
	free(s->text);
	s->text = NULL;
}

static void
tell(struct model *m, struct session *s, const char *timing)
{
	bool on_time = strcmp(timing, "on-time") == 0;
	bool discards = m->o->panes && m->o->mode == DISCARD;
	struct values v = {0};
	struct weir_buf b = {0};

	if (m->o->panes && !s->changed && !(on_time && !discards))
		return;
	for (int i = 0; i < EVENTS; i++)
		if (m->owner[i] == s - m->sessions && !m->told[i])
			add_values(&v, m->in, i);
	if (m->o->having && v.n < 2) {
		withdraw(m, s);
		return;
	}
	weir_buf_printf(&b, "{\"window_start\":%jd,\"window_end\":%jd",
	    (intmax_t)s->first, (intmax_t)(s->last + m->o->gap));
	write_values(
	    &b, &v, m->in, m->o->config.keys != NULL ? s->arrived : -1);
	if (m->o->panes)
		weir_buf_printf(&b,
		    ",\"pane\":{\"index\":%d,\"timing\":\"%s\"}", s->panes,
		    timing);
	weir_buf_putc(&b, '}');
	withdraw(m, s);
	weir_buf_printf(&m->out, "%s\n", weir_buf_cstr(&b));
	s->text = b.data;
	s->stands = true;
	s->changed = false;
	s->panes++;
	for (int i = 0; i < EVENTS; i++)
		if (discards && m->owner[i] == s - m->sessions)
			m->told[i] = true;
}

static int
by_end(const void *a, const void *b)
{
	const struct session *x = *(struct session *const *)a;
	const struct session *y = *(struct session *const *)b;

	if (x->last != y->last)
		return x->last < y->last ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->arrived - y->arrived;
}

static void
tell_all(struct model *m, struct session **all, size_t n, const char *timing)
{
	qsort(all, n, sizeof *all, by_end);
	for (size_t i = 0; i < n; i++)
		tell(m, all[i], timing);
}

static void
model_advance(struct model *m, int64_t w)
{
	struct session *all[EVENTS];
	size_t n = 0;

	m->w = w;
	for (int k = 0; k < m->nsessions; k++) {
		struct session *s = &m->sessions[k];

		if (!s->gone && !s->closed && s->last + m->o->gap < w)
			all[n++] = s;
	}
	if (m->o->when != UPDATE)
		tell_all(m, all, n, "on-time");
	for (int k = 0; k < m->nsessions; k++) {
		struct session *s = &m->sessions[k];

		s->closed |= s->last + m->o->gap < w;
		s->gone |= s->last + m->o->gap + m->o->late < w;
	}
}

static void
model_alarm(struct model *m)
{
	struct session *all[EVENTS];
	size_t n = 0;

	for (int k = 0; k < m->nsessions; k++)
		if (!m->sessions[k].gone && m->sessions[k].changed)
			all[n++] = &m->sessions[k];
	tell_all(m, all, n, "early");
}

/* Make b, which begins later, part of a. */
static void
model_merge(struct model *m, struct session *a, struct session *b)
{
	for (int i = 0; i < EVENTS; i++)
		if (m->owner[i] == b - m->sessions)
			m->owner[i] = (int)(a - m->sessions);
	withdraw(m, a);
	withdraw(m, b);
	if (b->last > a->last)
		a->last = b->last;
	if (b->arrived < a->arrived)
		a->arrived = b->arrived;
	if (b->panes > a->panes)
		a->panes = b->panes;
	b->gone = true;
}

static void
model_add(struct model *m, int i, struct session *hit[2], int nhit)
{
	int64_t t = m->in[i].time;
	struct session *s = hit[0];
	bool moved = nhit > 0 && t > s->last;

	if (nhit == 0) {
		s = &m->sessions[m->nsessions++];
		*s = (struct session){.key = m->o->config.keys == NULL
			? 0
			: forms[m->in[i].form].class,
		    .arrived = i,
		    .first = t,
		    .last = t};
	}
	m->owner[i] = (int)(s - m->sessions);
	if (t < s->first)
		s->first = t;
	if (t > s->last)
		s->last = t;
	if (nhit == 2)
		model_merge(m, s, hit[1]);
	s->changed = true;
	s->closed = s->last + m->o->gap < m->w;
	if (s->closed)
		tell(m, s, "late");
	else if (m->o->when == UPDATE)
		tell(m, s, "early");
	else if (moved)
		withdraw(m, s);
}

static void
model_event(struct model *m, int i)
{
	int64_t t = m->in[i].time, gap = m->o->gap;
	int key = m->o->config.keys == NULL ? 0 : forms[m->in[i].form].class;
	struct session *hit[2] = {NULL, NULL};
	int nhit = 0;

	m->owner[i] = -1;
	for (int k = 0; k < m->nsessions; k++) {
		struct session *s = &m->sessions[k];

		if (s->gone || s->key != key || t < s->first - gap ||
		    t > s->last + gap)
			continue;
		hit[nhit++] = s;
	}
	if (nhit == 2 && hit[1]->first < hit[0]->first) {
		struct session *other = hit[0];

		hit[0] = hit[1];
		hit[1] = other;
	}
	if (nhit == 0 && t + gap + m->o->late < m->w) {
		weir_buf_printf(&m->late, "%s\n", m->in[i].json);
		m->nlate++;
	} else if (m->in[i].x == BAD) {
		m->bad++;
	} else {
		model_add(m, i, hit, nhit);
	}
}

static void
model_fini(struct model *m)
{
	for (int k = 0; k < m->nsessions; k++)
		free(m->sessions[k].text);
	weir_buf_fini(&m->out);
	weir_buf_fini(&m->late);
}

/* --- the two against each other --- */

static void
make_options(struct options *o)
{
	static const char *const whens[] = {"final", "update", "every:1s"};
	static const char *const modes[] = {"accumulate", "discard", "retract"};

	*o = (struct options){.gap = below(30),
	    .late = below(2) * below(60),
	    .delay = below(2) * below(50),
	    .when = (int)below(3),
	    .mode = (int)below(3),
	    .having = below(4) == 0,
	    .cut = below(2) * (1 + below(5))};
	o->panes = o->when != FINAL || o->late > 0;
	snprintf(
	    o->window, sizeof o->window, "session:%jdns", (intmax_t)o->gap);
	snprintf(o->lateness, sizeof o->lateness, "%jdns", (intmax_t)o->late);
	o->config = (struct weir_swindow_config){.window = o->window,
	    .lateness = o->lateness,
	    .keys = below(3) == 0 ? NULL : "k",
	    .aggregates = LIST,
	    .emit = whens[o->when],
	    .mode = modes[o->mode],
	    .having = o->having ? "n > 1" : NULL,
	    .late = "late",
	    .epoch = WEIR_NS};
}

static void
make_input(struct input *in)
{
	int64_t now = (int64_t)below(200) - 100;

	for (int i = 0; i < EVENTS; i++) {
		now += below(12);
		if (below(30) == 0)
			now += 500;
		if (below(100) == 0 && now < YEARS)
			now += YEARS;
		make_json(&in[i], i);
		in[i].time = now - (int64_t)below(below(3) == 0 ? 90 : 8);
		if (below(100) == 0)
			in[i].time -= YEARS;
	}
}

/* The stream, cut into pieces, alarms and moves between them: 1 if alike. */
static int
compare(const struct options *o, const struct input *in, int pieces)
{
	struct model m = {.o = o, .in = in, .w = INT64_MIN / 2};
	struct weir_error err;
	struct run r;
	int good = 1;

	memset(m.owner, -1, sizeof m.owner);
	start(&r, &o->config);
	r.st->delay = o->delay;
	r.st->cut = o->cut;
	for (int i = 0; i < EVENTS && good; i++) {
		model_event(&m, i);
		fake_event(r.st, in[i].json, in[i].time);
		model_advance(&m, r.st->watermark);
		if (pieces == 0 || below((unsigned)pieces) > 0)
			continue;
		good &= fake_flush(r.st, &err) > 0;
		if (o->when == EVERY && below(2) == 0) {
			model_alarm(&m);
			weir_swindow_ops(r.sw)->alarm(r.sw, r.st, &err);
		}
		if (below(2) == 0)
			good &= move(&r, &o->config);
	}
	good &= fake_end(r.st, &err) > 0;
	model_advance(&m, INT64_MAX);
	good &= equal(&r.st->out, &m.out) && equal(&r.st->late, &m.late) &&
	    r.st->metrics.bad == m.bad && r.st->metrics.late == m.nlate &&
	    r.st->metrics.state_keys == 0 && !r.st->disorder && !r.st->stale &&
	    r.st->hold == o->late &&
	    r.st->changes == (o->panes && o->mode == RETRACT);
	if (!good)
		printf("# -w %s --lateness=%s --emit=%s --mode=%s delay %jd, "
		       "disorder %d, stale %d, got\n%.*s# want\n%.*s",
		    o->window, o->lateness, o->config.emit, o->config.mode,
		    (intmax_t)o->delay, r.st->disorder, r.st->stale,
		    (int)r.st->out.len, r.st->out.data, (int)m.out.len,
		    m.out.data);
	model_fini(&m);
	stop(&r);
	return good;
}

static void
test_random(int n)
{
	struct input in[EVENTS];
	struct options o;
	int good = 1;

	for (int i = 0; i < n && good; i++) {
		make_options(&o);
		make_input(in);
		good = compare(&o, in, i % 4 == 0 ? 0 : 1 + (int)below(12));
		if (!good)
			printf("# stream %d\n", i);
	}
	ok(good, "%d random streams", n);
}

/* Saved lines with bytes changed are refused, or taken for what they say. */
static void
test_mauled(int n)
{
	struct input in[EVENTS];
	struct weir_error err;
	struct options o;
	int taken = 0;

	for (int i = 0; i < n; i++) {
		struct run r;

		make_options(&o);
		make_input(in);
		start(&r, &o.config);
		r.st->delay = o.delay;
		for (int k = 0; k < EVENTS / 2; k++)
			fake_event(r.st, in[k].json, in[k].time);
		fake_flush(r.st, &err);
		taken += maul(&r, &o.config, in + EVENTS / 2, EVENTS / 2);
		stop(&r);
	}
	ok(taken > 0 && taken < n,
	    "of %d states with bytes changed %d are taken", n, taken);
}

/* --- by hand --- */

static const struct weir_swindow_config plain = {
    .window = "session:10ns", .aggregates = "n = count()", .epoch = WEIR_NS};

static void
test_ends_of_time(void)
{
	struct weir_swindow_config config = plain;
	struct weir_error err;
	struct run r;

	config.window = "session:1d";
	start(&r, &config);
	fake_event(r.st, "{}", INT64_MIN + 1);
	fake_event(r.st, "{}", 0);
	fake_event(r.st, "{}", INT64_MAX - 1);
	fake_event(r.st, "{}", 0);
	ok(fake_end(r.st, &err) > 0, "a jump from end to end of time");
	ok(r.st->metrics.out == 3 && r.st->metrics.late == 1 &&
		!r.st->disorder && !r.st->stale,
	    "three sessions, one late event");
	is_text(r.st->out.data, r.st->out.len,
	    "{\"window_start\":-9223372036854775807,"
	    "\"window_end\":-9223285636854775807,\"n\":1}\n"
	    "{\"window_start\":0,\"window_end\":86400000000000,\"n\":1}\n"
	    "{\"window_start\":9223372036854775806,"
	    "\"window_end\":9223372036854775806,\"n\":1}\n");
	stop(&r);
}

/* A session that never ends is one entry; nothing of it is put off by force. */
static void
test_endless(void)
{
	struct weir_swindow_config config = plain;
	struct weir_error err;
	struct run r;
	uint64_t bytes;

	config.max_state = 100000;
	config.keys = "k";
	start(&r, &config);
	fake_event(r.st, "{\"k\":1}", 0);
	fake_flush(r.st, &err);
	bytes = r.st->metrics.state_bytes;
	for (int i = 1; i < 50000; i++) {
		fake_event(r.st, "{\"k\":1}", i * INT64_C(7));
		if (i % 1000 == 0)
			fake_flush(r.st, &err);
	}
	fake_flush(r.st, &err);
	ok(r.st->metrics.state_keys == 1 &&
		r.st->metrics.state_bytes <= bytes + 200 &&
		r.st->metrics.out == 0,
	    "a session that never ends takes %ju bytes",
	    (uintmax_t)r.st->metrics.state_bytes);
	stop(&r);
}

/* Many sessions of one key at once, and one event for each gap between them. */
static void
test_many(void)
{
	struct weir_swindow_config config = plain;
	struct weir_error err;
	struct run r;
	enum { N = 20000 };

	start(&r, &config);
	r.st->delay = INT64_C(1) << 40;
	for (int i = 0; i < N; i++)
		fake_event(r.st, "{}", i * INT64_C(20));
	fake_flush(r.st, &err);
	ok(r.st->metrics.state_keys == N, "%d sessions of one key", N);
	for (int i = N - 1; i > 0; i--)
		fake_event(r.st, "{}", i * INT64_C(20) - 10);
	fake_flush(r.st, &err);
	ok(r.st->metrics.state_keys == 1, "merged into one");
	fake_end(r.st, &err);
	is_text(r.st->out.data, r.st->out.len,
	    "{\"window_start\":0,\"window_end\":399990,\"n\":39999}\n");
	stop(&r);
}

static void
test_max_state(void)
{
	struct weir_swindow_config config = plain;
	struct weir_error err = {0};
	char json[40];
	struct run r;
	int rc;

	config.keys = "k";
	config.max_state = 1 << 20;
	start(&r, &config);
	for (int i = 0; i < 100000; i++) {
		snprintf(json, sizeof json, "{\"k\":%d}", i);
		fake_event(r.st, json, 100 * INT64_C(1) + i * INT64_C(1000));
	}
	ok(fake_flush(r.st, &err) > 0 && r.st->metrics.out == 99999,
	    "sessions that are over take no memory");
	for (int i = 0; i < 100000; i++) {
		snprintf(json, sizeof json, "{\"k\":%d}", i);
		fake_event(r.st, json, INT64_C(1) << 40);
	}
	rc = fake_flush(r.st, &err);
	ok(rc < 0 && err.status == WEIR_STATE, "too many do: %s", err.text);
	stop(&r);
}

static void
test_retractions(void)
{
	struct weir_swindow *sw = weir_swindow_new(&plain, NULL);
	struct weir_error err = {0};
	struct weir_stage st;

	fake_init(&st, weir_swindow_ops(sw), sw);
	st.retracts = true;
	ok(weir_swindow_ops(sw)->open(sw, &st, &err) < 0 &&
		err.status == WEIR_USAGE,
	    "refused: %s", err.text);
	fake_fini(&st);
	weir_swindow_free(sw);
}

static void
test_refusals(void)
{
	struct weir_swindow_config c[4] = {plain, plain, plain, plain};

	c[0].zone = "UTC";
	c[1].top = "3:n";
	c[2].offset = "1s";
	c[3].lateness = "-1s";
	for (size_t i = 0; i < 4; i++) {
		struct weir_error err = {0};

		ok(weir_swindow_new(&c[i], &err) == NULL &&
			err.status == WEIR_USAGE,
		    "refused: %s", err.text);
	}
}

static void
test_fingerprint(void)
{
	struct weir_swindow_config config = plain;
	struct weir_swindow *sw;
	const char *text;

	config.window = "session:90s";
	config.lateness = "1m";
	config.mode = "retract";
	sw = weir_swindow_new(&config, NULL);
	text = weir_swindow_fingerprint(sw);
	is_text(text, strlen(text),
	    "swindow -w session:1m30s: count() --lateness=60000000000ns told "
	    "again --mode=retract");
	weir_swindow_free(sw);
}

/* Lines that nobody saved. */
static void
test_bad_state(void)
{
	static const char clock[] = "{\"closed\":100,\"seq\":5}\n";
	static const char *const bad[] = {"[]\n", "{}\n",
	    "{\"w\":[200,100],\"k\":{},\"n\":0,\"a\":[1]}\n",
	    "{\"w\":[1,89],\"k\":{},\"n\":0,\"a\":[1]}\n",
	    "{\"w\":[1,9223372036854775807],\"k\":{},\"n\":0,\"a\":[1]}\n",
	    "{\"w\":[100,200],\"k\":{},\"n\":5,\"a\":[1]}\n",
	    "{\"w\":[100,200],\"k\":{},\"n\":-1,\"a\":[1]}\n",
	    "{\"w\":[100,200],\"k\":{},\"n\":0,\"a\":[1,2]}\n",
	    "{\"w\":[100,200],\"k\":{},\"n\":0}\n",
	    "{\"w\":[100,200],\"n\":0,\"a\":[1],\"k\":{\"k\":\"\\ud800\"}}\n",
	    "{\"w\":[100,200],\"k\":{},\"n\":0,\"a\":[1]}\n"
	    "{\"w\":[210,210],\"k\":{},\"n\":1,\"a\":[1]}\n",
	    "{\"w\":[200,200],\"k\":{},\"n\":0,\"a\":[1]}\n"
	    "{\"w\":[100,300],\"k\":{},\"n\":1,\"a\":[1]}\n"};
	struct weir_swindow_config config = plain;

	config.keys = "k";
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct weir_error err = {0};
		struct weir_buf b = {0};
		struct run r;

		start(&r, &config);
		weir_buf_puts(&b, clock);
		weir_buf_puts(&b, bad[i]);
		weir_buf_cstr(&b);
		ok(fake_load(r.st, &b, &err) < 0, "no state: %s", err.text);
		weir_buf_fini(&b);
		stop(&r);
	}
}

int
main(void)
{
	test_random(streams(3000));
	test_mauled(1000);
	test_ends_of_time();
	test_endless();
	test_many();
	test_max_state();
	test_retractions();
	test_refusals();
	test_fingerprint();
	test_bad_state();
	return done();
}
