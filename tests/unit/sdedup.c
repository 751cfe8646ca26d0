/*
 * Goal: the sdedup operator gives what a naive model gives, which keeps every
 * event and forgets nothing; and a run that is saved and loaded anywhere gives
 * the same bytes. Method: random streams with a fixed seed (out of order, late,
 * bad, many forms of a key) under all options, cut into runs and moved to
 * another operator at random places; WEIR_STREAMS says how many. Then cases by
 * hand: limits, saved state that nobody saved, ends of time.
 */
#include "op/sdedup.h"

#include "base/mem.h"
#include "fakestage.h"
#include "tap.h"

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

/* --- the operator --- */

struct run {
	struct weir_sdedup *sd;
	struct weir_stage *st;
};

static void
start_config(struct run *r, const struct weir_sdedup_config *config)
{
	struct weir_error err;

	r->sd = weir_sdedup_new(config, &err);
	if (r->sd == NULL) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	r->st = weir_malloc(sizeof *r->st);
	fake_init(r->st, weir_sdedup_ops(r->sd), r->sd);
	if (weir_sdedup_attach(r->sd, r->st, &err) < 0) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

static void
start(struct run *r, const struct options *o)
{
	char within[40];
	struct weir_sdedup_config config = {
	    .keys = o->keyed == 1 ? "k" : "k, m = y * 2",
	    .within = o->within > 0 ? within : NULL,
	    .keep = o->last ? "last" : NULL,
	    .changes = o->changes ? "x" : NULL,
	    .approx = o->approx ? "0.001" : NULL,
	    .refresh = o->refresh,
	    .late = o->late};

	snprintf(within, sizeof within, "%jdns", (intmax_t)o->within);
	start_config(r, &config);
	r->st->delay = o->delay;
	r->st->cut = o->cut;
}

static void
stop(struct run *r)
{
	fake_fini(r->st);
	free(r->st);
	weir_sdedup_free(r->sd);
}

static void
feed(struct run *r, const struct input *in, size_t n)
{
	struct weir_error err;

	for (size_t i = 0; i < n; i++) {
		fake_event(r->st, in[i].json, in[i].time);
		if (in[i].retract)
			r->st->block.events[r->st->block.n - 1].flags =
			    WEIR_RETRACT;
	}
	if (fake_flush(r->st, &err) < 0)
		ok(0, "flush: %s", err.text);
}

static int
equal(const struct weir_buf *a, const struct weir_buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* Save, and go on in another operator, which inherits the output. */
static void
move(struct run *r, const struct options *o)
{
	struct weir_snapshot_writer saved = {0}, again = {0};
	const struct weir_stage_ops *ops = r->st->ops;
	struct weir_error err;
	struct run to;

	start(&to, o);
	ops->save(r->sd, &saved, &err);
	weir_buf_cstr(&saved.lines);
	to.st->newest = r->st->newest;
	to.st->watermark = r->st->watermark;
	to.st->metrics = r->st->metrics;
	to.st->out = r->st->out;
	to.st->late = r->st->late;
	to.st->bad = r->st->bad;
	to.st->sent = r->st->sent;
	to.st->disorder = r->st->disorder;
	to.st->promised = r->st->promised;
	to.st->belated = r->st->belated;
	r->st->out = r->st->late = r->st->bad = (struct weir_buf){0};
	if (fake_load(to.st, &saved.lines, &err) < 0)
		ok(0, "load: %s", err.text);
	ops->save(to.sd, &again, &err);
	if (!equal(&again.lines, &saved.lines))
		ok(0, "the state saves as it was loaded:\n%s",
		    saved.lines.data);
	if (to.st->metrics.state_keys != r->st->metrics.state_keys)
		ok(0, "as many keys as were saved");
	weir_buf_fini(&saved.lines);
	weir_buf_fini(&again.lines);
	stop(r);
	*r = to;
}

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

/* --- the two against each other --- */

static unsigned
below(unsigned n)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}

static void
make_input(struct input *in, const struct options *o, int64_t *now)
{
	struct weir_buf b = {0};

	*now += below(8);
	if (below(40) == 0)
		*now += 200;
	in->time = *now - (int64_t)below(below(3) == 0 ? 60 : 6);
	if (!o->timed)
		in->time = WEIR_TIME_NONE;
	in->key = (int)below((unsigned)o->nforms);
	in->value = (int)below(NVALUES);
	in->retract = below(50) == 0;
	weir_buf_printf(&b, "{\"t\":%d,\"y\":%d",
	    o->timed ? (int)in->time : (int)*now, in->key % 2);
	if (*forms[in->key].text != '\0')
		weir_buf_printf(&b, ",\"k\":%s", forms[in->key].text);
	if (*values[in->value].text != '\0')
		weir_buf_printf(&b, ",\"x\":%s", values[in->value].text);
	weir_buf_puts(&b, "}");
	snprintf(in->json, sizeof in->json, "%s", weir_buf_cstr(&b));
	weir_buf_fini(&b);
}

static void
make_options(struct options *o)
{
	static const char *const lates[] = {"drop", "pass", "a file"};

	*o = (struct options){.delay = below(2) * below(50),
	    .timed = below(8) > 0,
	    .late = lates[below(3)],
	    .keyed = 1 + (int)below(2),
	    .nforms = below(3) == 0 ? NFORMS : 2 + (int)below(3),
	    .cut = below(2) * (1 + below(5))};
	switch (below(4)) {
	case 0: o->last = true; break;
	case 1: o->changes = true; break;
	case 2: o->approx = true; break;
	}
	if (o->timed && below(5) > 0) {
		o->within = 1 + below(below(2) ? 12 : 60);
		o->refresh = !o->approx && below(2);
	}
}

/* One run, moved to another operator at two places: 1 if as the model. */
static int
compare(const struct model *want)
{
	const struct options *o = want->o;
	size_t at[3] = {below(EVENTS), below(EVENTS), EVENTS}, done = 0;
	struct weir_error err;
	struct run r;
	int good;

	start(&r, o);
	for (int i = 0; i < 3; i++) {
		if (at[i] > done) {
			feed(&r, want->in + done, at[i] - done);
			done = at[i];
		}
		if (i < 2)
			move(&r, o);
	}
	fake_end(r.st, &err);
	good = equal(&r.st->out, &want->out) &&
	    equal(&r.st->late, &want->late) &&
	    r.st->metrics.bad == want->nbad &&
	    r.st->metrics.late == want->nlate &&
	    r.st->metrics.dropped == want->ndropped && !r.st->disorder &&
	    !r.st->belated;
	if (!good)
		printf("# %s within %jd delay %jd late %s keyed %d%s%s%s%s\n"
		       "# moved at %zu, %zu; %d %d; got\n%.*s# want\n%.*s",
		    weir_sdedup_fingerprint(r.sd), (intmax_t)o->within,
		    (intmax_t)o->delay, o->late, o->keyed,
		    o->last ? " last" : "", o->changes ? " changes" : "",
		    o->refresh ? " refresh" : "", o->timed ? "" : " untimed",
		    at[0], at[1], r.st->disorder, r.st->belated,
		    (int)r.st->out.len, r.st->out.data, (int)want->out.len,
		    want->out.data);
	stop(&r);
	return good;
}

static void
test_random(void)
{
	const char *n = getenv("WEIR_STREAMS");
	long streams = n != NULL ? atol(n) : STREAMS, i;
	struct input in[EVENTS];
	struct options o;
	int good = 1;

	for (i = 0; i < streams && good; i++) {
		struct model want = {.o = &o, .in = in};
		int64_t now = (int64_t)below(200) - 100;

		make_options(&o);
		for (size_t k = 0; k < EVENTS; k++)
			make_input(&in[k], &o, &now);
		model(&want);
		good = compare(&want);
		weir_buf_fini(&want.out);
		weir_buf_fini(&want.late);
	}
	ok(good, "%ld random streams, moved and cut", i);
}

/* --- by hand --- */

static void
finish(struct run *r, const char *want, const char *what)
{
	struct weir_error err;

	ok(fake_end(r->st, &err) > 0 && !r->st->disorder && !r->st->belated,
	    "%s", what);
	is_text(r->st->out.data, r->st->out.len, want);
	stop(r);
}

/* Times as far apart as times can be. */
static void
test_ends_of_time(void)
{
	static const char *const keeps[] = {"first", "last"};
	static const char *const withins[] = {"1ns", "1h", "106751d"};
	struct weir_sdedup_config config = {.keys = "k"};
	struct run r;

	for (int i = 0; i < 12; i++) {
		config.keep = keeps[i % 2];
		config.within = withins[i / 2 % 3];
		config.refresh = i >= 6;
		start_config(&r, &config);
		r.st->delay = INT64_MAX;
		fake_event(r.st, "{\"k\":1,\"n\":1}", INT64_MIN + 1);
		fake_event(r.st, "{\"k\":1,\"n\":2}", INT64_MIN + 1);
		fake_event(r.st, "{\"k\":1,\"n\":3}", INT64_MAX - 1);
		fake_event(r.st, "{\"k\":1,\"n\":4}", INT64_MAX - 1);
		finish(&r,
		    i % 2 == 0 ? "{\"k\":1,\"n\":1}\n{\"k\":1,\"n\":3}\n"
			       : "{\"k\":1,\"n\":2}\n{\"k\":1,\"n\":4}\n",
		    "from end to end of time");
	}
	config = (struct weir_sdedup_config){
	    .keys = "k", .within = "106751d", .keep = "last"};
	start_config(&r, &config);
	r.st->delay = INT64_MAX;
	fake_event(r.st, "{\"k\":1}", INT64_MAX - 1);
	fake_event(r.st, "{\"k\":2}", INT64_MAX - 5);
	fake_event(r.st, "{\"k\":3}", 7);
	finish(&r, "{\"k\":3}\n{\"k\":2}\n{\"k\":1}\n",
	    "runs that only the end of the stream ends");
}

/* Keys that differ, until it stops; how many went in. */
static int
fill(struct run *r, int64_t step, struct weir_error *err)
{
	char json[60];
	int n = 0;

	while (n < 400000) {
		for (int i = 0; i < 100; i++, n++) {
			snprintf(json, sizeof json, "{\"k\":\"user %d\"}", n);
			fake_event(r->st, json, n * step);
		}
		if (fake_flush(r->st, err) < 0)
			return n;
	}
	return -1;
}

static void
test_max_state(void)
{
	static const struct weir_sdedup_config ways[] = {{0}, {.within = "1s"},
	    {.within = "1s", .refresh = true}, {.keep = "last"},
	    {.within = "1s", .keep = "last"}, {.changes = "k"},
	    {.changes = "k", .within = "1s"}, {.approx = "0.001"},
	    {.approx = "0.001", .within = "1s"}};

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct weir_sdedup_config config = ways[i];
		struct weir_error err = {0};
		struct run r;

		config.keys = "k";
		config.max_state = 1000000;
		start_config(&r, &config);
		ok(fill(&r, 1, &err) > 3000 && err.status == WEIR_STATE, "%s",
		    err.text);
		stop(&r);
		if (config.within == NULL)
			continue;
		/* The same keys, but a thousand at a time. */
		start_config(&r, &config);
		ok(fill(&r, 1000000, &err) < 0 &&
			r.st->metrics.state_keys <= 4000,
		    "%ju keys are left", (uintmax_t)r.st->metrics.state_keys);
		stop(&r);
	}
}

static void
refused(struct weir_sdedup_config config, const char *why)
{
	struct weir_error err = {0};
	struct weir_sdedup *sd;

	config.keys = config.keys != NULL ? config.keys : "k";
	sd = weir_sdedup_new(&config, &err);
	ok(sd == NULL && err.status == WEIR_USAGE &&
		strstr(err.text, why) != NULL,
	    "refused: %s", err.text);
	weir_sdedup_free(sd);
}

static void
test_refusals(void)
{
	refused((struct weir_sdedup_config){.keys = "a,"}, "-k");
	refused((struct weir_sdedup_config){.within = "1x"}, "--within");
	refused((struct weir_sdedup_config){.within = "0s"}, "longer than 0");
	refused((struct weir_sdedup_config){.within = "-1s"}, "longer than 0");
	refused((struct weir_sdedup_config){.keep = "both"}, "--keep");
	refused((struct weir_sdedup_config){.refresh = true}, "--within");
	refused((struct weir_sdedup_config){.changes = "1+"}, "--changes");
	refused(
	    (struct weir_sdedup_config){.changes = "x", .keep = "last"}, "go");
	refused((struct weir_sdedup_config){.approx = "0.1", .changes = "x"},
	    "--approx");
	refused((struct weir_sdedup_config){.approx = "0.1", .keep = "last"},
	    "--approx");
	refused(
	    (struct weir_sdedup_config){
		.approx = "0.1", .refresh = true, .within = "1s"},
	    "--approx");
	for (const char *const *rate = (const char *const[]){"", "0", "1", "-1",
		 "0.", ".1", "1e", "1e-", "0.1x", "0x1", "nan", "1e-7", NULL};
	     *rate != NULL; rate++)
		refused((struct weir_sdedup_config){.approx = *rate}, "a rate");
}

static void
test_fingerprint(void)
{
	static const struct {
		struct weir_sdedup_config config;
		const char *text;
	} all[] = {{{.keys = "id"}, "sdedup -k id = id"},
	    {{.keys = "a,b=c+1",
		 .within = "60s",
		 .refresh = true,
		 .keep = "last",
		 .late = "pass",
		 .max_state = 5},
		"sdedup -k a = a, b = c + 1 --within=1m --refresh --keep=last"},
	    {{.keys = "id", .changes = "x>1 "},
		"sdedup -k id = id --changes=x > 1"},
	    {{.keys = "id", .approx = "0.01"},
		"sdedup -k id = id --approx (16 bits)"},
	    {{.keys = "id", .approx = "1e-5"},
		"sdedup -k id = id --approx (24 bits)"}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct weir_sdedup *sd = weir_sdedup_new(&all[i].config, NULL);
		const char *text = weir_sdedup_fingerprint(sd);

		is_text(text, strlen(text), all[i].text);
		weir_sdedup_free(sd);
	}
}

/* Lines that nobody saved. */
static void
bad_state(struct weir_sdedup_config config, const char *lines)
{
	struct weir_error err = {0};
	struct weir_buf b = {0};
	struct run r;
	int rc;

	config.keys = "k";
	start_config(&r, &config);
	weir_buf_puts(&b, "{\"events\":9,\"closed\":100}\n");
	weir_buf_puts(&b, lines);
	weir_buf_cstr(&b);
	rc = fake_load(r.st, &b, &err);
	ok(rc < 0 && err.status == WEIR_STATE, "no state: %s",
	    rc < 0 ? err.text : lines);
	weir_buf_fini(&b);
	stop(&r);
}

#define K "{\"k\":{\"k\":1},"
#define E ",\"e\":\"{}\"}\n"

static void
test_bad_state(void)
{
	static const struct weir_sdedup_config ever = {0},
					       within = {.within = "10ns"},
					       last = {.keep = "last"},
					       runs = {.within = "10ns",
						   .keep = "last"},
					       changes = {.changes = "x"},
					       approx = {.approx = "0.01"},
					       timed = {.approx = "0.01",
						   .within = "10ns"};
	static const struct {
		const struct weir_sdedup_config *config;
		const char *lines;
	} all[] = {{&ever, "[]\n"}, {&ever, "{\"events\":1}\n"},
	    {&ever, "{\"events\":-1,\"closed\":1}\n"},
	    {&ever, "{\"events\":1,\"closed\":\"x\"}\n"},
	    {&ever, "{\"k\":{\"k\":\"\\ud800\"}}\n"},
	    {&ever, K "\"z\":0}\n" K "\"z\":0}\n"},
	    {&ever, K "\"run\":[1,1]}\n"}, {&ever, K "\"at\":200,\"n\":1" E},
	    {&ever, "{\"age\":0,\"cells\":256,\"at\":0,\"x\":\"00\"}\n"},
	    {&within, K "\"t\":5}\n"}, {&within, K "\"t\":[5]}\n"},
	    {&within, K "\"z\":5}\n"}, {&within, K "\"t\":[101,\"x\"]}\n"},
	    {&within, K "\"t\":[109,101]}\n"},
	    {&within, K "\"t\":[101,111]}\n"}, {&within, K "\"t\":[70,70]}\n"},
	    {&last, K "\"n\":1,\"newest\":1,\"m\":10" E},
	    {&last, K "\"n\":-1,\"newest\":1,\"m\":1" E},
	    {&last, K "\"n\":1,\"newest\":1.5,\"m\":1" E},
	    {&last, K "\"n\":1,\"newest\":1,\"m\":1,\"e\":5}\n"},
	    {&last, K "\"n\":1,\"newest\":1,\"m\":1,\"e\":\"[]\"}\n"},
	    {&last, K "\"n\":1,\"newest\":1,\"m\":1,\"e\":\"{}\\n{}\"}\n"},
	    {&last, K "\"n\":1,\"newest\":1,\"m\":1,\"e\":\"\"}\n"},
	    {&last, K "\"n\":1,\"newest\":1,\"m\":1}\n"},
	    {&last,
		K "\"n\":1,\"newest\":1,\"m\":1" E K
		  "\"n\":2,\"newest\":1,\"m\":2" E},
	    {&last, "{\"k\":{}}\n"}, {&runs, K "\"run\":[95,95]}\n"},
	    {&runs, K "\"run\":[80,80]}\n"}, {&runs, K "\"run\":[85,86]}\n"},
	    {&runs, K "\"run\":[90,90],\"n\":1,\"newest\":90,\"m\":1" E},
	    {&runs, K "\"run\":[95,95],\"n\":1,\"newest\":94,\"m\":1" E},
	    {&runs, K "\"run\":[95,97],\"n\":1,\"newest\":97,\"m\":1" E},
	    {&changes, K "\"at\":100,\"n\":1" E},
	    {&changes, K "\"at\":null,\"n\":1" E},
	    {&changes, K "\"at\":101,\"n\":10" E},
	    {&changes, K "\"at\":101,\"n\":1}\n"},
	    {&changes, K "\"v\":\"\\ud800\"}\n"}, {&approx, K "\"z\":0}\n"},
	    {&approx, "{\"age\":1,\"cells\":256,\"at\":0,\"x\":\"00\"}\n"},
	    {&approx, "{\"age\":0,\"cells\":256,\"at\":0,\"x\":\"00\"}\n"},
	    {&approx, "{\"age\":0,\"cells\":9999,\"at\":0,\"x\":\"00\"}\n"},
	    {&approx, "{\"age\":0,\"cells\":-1,\"at\":0,\"x\":\"00\"}\n"},
	    {&approx, "{\"age\":0,\"cells\":256,\"at\":512,\"x\":\"00\"}\n"},
	    {&approx, "{\"age\":0,\"cells\":256,\"at\":0,\"x\":5}\n"},
	    {&timed, "{\"age\":7,\"cells\":256,\"at\":0,\"x\":\"\"}\n"}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		bad_state(*all[i].config, all[i].lines);
}

/* A table whose cells are all full would be searched for ever. */
static void
test_full_table(void)
{
	struct weir_buf b = {0};

	weir_buf_puts(&b, "{\"age\":0,\"cells\":256,\"at\":0,\"x\":\"");
	for (int i = 0; i < 256; i++)
		weir_buf_puts(&b, "ffff");
	weir_buf_puts(&b, "\"}\n");
	bad_state(
	    (struct weir_sdedup_config){.approx = "0.01"}, weir_buf_cstr(&b));
	weir_buf_fini(&b);
}

int
main(void)
{
	test_random();
	test_ends_of_time();
	test_max_state();
	test_refusals();
	test_fingerprint();
	test_bad_state();
	test_full_table();
	return done();
}
