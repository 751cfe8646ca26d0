/*
 * Goal: windows of so many events are what a naive model makes of them, which
 * keeps every event of a key; and a run that is saved and loaded anywhere gives
 * the same bytes. Method: random streams with a fixed seed, with and without
 * times, all ways of telling, WEIR_STREAMS of them; and cases by hand.
 */
#include "windowrun.h"

#include "op/window.h"

enum { FINAL, UPDATE, EVERY };
enum { ACCUMULATE, DISCARD, RETRACT };

struct options {
	struct weir_swindow_config config;
	char window[40];
	int size, slide, when, mode;
	bool timed, panes;
	int64_t delay;
	size_t cut;
};

/* --- the model --- */

struct key {
	int all[EVENTS], n; /* its good events */
	int since;	    /* as many are behind the last complete window */
	int panes, told;    /* of the window: results, events in them */
	bool changed;
	char *text; /* of the result that stands */
};

struct model {
	const struct options *o;
	const struct input *in;
	struct key keys[3];
	struct weir_buf out;
	uint64_t bad, dropped;
};

/* The first event of the window that is told next, among all of the key. */
static int
first_of(const struct model *m, const struct key *k)
{
	int next = k->n - k->since + m->o->slide; /* where it is complete */

	return next > m->o->size ? next - m->o->size : 0;
}

static struct weir_span
times_of(const struct model *m, const struct key *k)
{
	struct weir_span span = {INT64_MAX, INT64_MIN};

	for (int i = first_of(m, k); i < k->n; i++) {
		int64_t t = m->in[k->all[i]].time;

		span.start = t < span.start ? t : span.start;
		span.end = t > span.end ? t : span.end;
	}
	return span;
}

/* How the window's key is written: by its first event where it has its own. */
static int
form_of(const struct model *m, const struct key *k)
{
	if (m->o->config.keys == NULL)
		return -1;
	return k->all[m->o->slide < m->o->size ? 0 : k->n - k->since];
}

static void
tell(struct model *m, struct key *k, const char *timing)
{
	bool on_time = strcmp(timing, "on-time") == 0;
	bool discards = m->o->panes && m->o->mode == DISCARD;
	struct weir_span span = times_of(m, k);
	struct weir_buf b = {0};
	struct values v = {0};

	if (m->o->panes && !k->changed && !(on_time && !discards))
		return;
	for (int i = first_of(m, k) + (discards ? k->told : 0); i < k->n; i++)
		add_values(&v, m->in, k->all[i]);
	if (m->o->timed)
		weir_buf_printf(&b, "{\"window_start\":%jd,\"window_end\":%jd",
		    (intmax_t)span.start, (intmax_t)span.end);
	else
		weir_buf_puts(&b, "{\"window_start\":null,\"window_end\":null");
	write_values(&b, &v, m->in, form_of(m, k));
	if (m->o->panes)
		weir_buf_printf(&b,
		    ",\"pane\":{\"index\":%d,\"timing\":\"%s\"}", k->panes,
		    timing);
	weir_buf_putc(&b, '}');
	if (k->text != NULL && m->o->mode == RETRACT)
		weir_buf_printf(&m->out, "%.*s,\"retract\":true}\n",
		    (int)strlen(k->text) - 1, k->text);
	weir_buf_printf(&m->out, "%s\n", weir_buf_cstr(&b));
	free(k->text);
	k->text = b.data;
	k->panes++;
	k->told = k->n - first_of(m, k);
	k->changed = false;
}

static bool
pending(const struct model *m, const struct key *k)
{
	return k->since > 0 && first_of(m, k) < k->n;
}

/* Those that hold something new, by end, start, first event. */
static void
tell_all(struct model *m, const char *timing)
{
	struct key *all[3], *k;
	int n = 0, i;

	for (k = m->keys; k < m->keys + 3; k++) {
		struct weir_span a = times_of(m, k), b;

		if (!pending(m, k))
			continue;
		for (i = n++; i > 0; i--) {
			b = times_of(m, all[i - 1]);
			if (m->o->timed && b.end != a.end) {
				if (b.end < a.end)
					break;
			} else if (m->o->timed && b.start != a.start) {
				if (b.start < a.start)
					break;
			} else if (all[i - 1]->all[first_of(m, all[i - 1])] <
			    k->all[first_of(m, k)]) {
				break;
			}
			all[i] = all[i - 1];
		}
		all[i] = k;
	}
	for (i = 0; i < n; i++)
		tell(m, all[i], timing);
}

static void
model_event(struct model *m, int i)
{
	struct key *k =
	    &m->keys
		 [m->o->config.keys != NULL ? forms[m->in[i].form].class : 0];

	if (m->in[i].x == BAD) {
		m->bad++;
		return;
	}
	k->all[k->n++] = i;
	k->since++;
	k->changed = true;
	m->dropped += first_of(m, k) >= k->n;
	if (k->since == m->o->slide) {
		tell(m, k, "on-time");
		free(k->text);
		k->text = NULL;
		k->since = k->told = k->panes = 0;
	} else if (m->o->when == UPDATE && pending(m, k)) {
		tell(m, k, "early");
	}
}

/* --- the two against each other --- */

static void
make_options(struct options *o)
{
	static const char *const whens[] = {"final", "update", "every:1s"};
	static const char *const modes[] = {"accumulate", "discard", "retract"};

	*o = (struct options){.size = 1 + (int)below(9),
	    .when = (int)below(3),
	    .mode = (int)below(3),
	    .timed = below(4) > 0,
	    .delay = below(2) * below(50),
	    .cut = below(2) * (1 + below(5))};
	o->slide = below(3) == 0 ? o->size : 1 + (int)below(9);
	o->panes = o->when != FINAL;
	snprintf(o->window, sizeof o->window, "count:%d/%d", o->size, o->slide);
	o->config = (struct weir_swindow_config){.window = o->window,
	    .keys = below(3) == 0 ? NULL : "k",
	    .aggregates = LIST,
	    .emit = whens[o->when],
	    .mode = modes[o->mode],
	    .late = "late",
	    .epoch = WEIR_NS};
}

static void
make_input(struct input *in, const struct options *o)
{
	int64_t now = 0;

	for (int i = 0; i < EVENTS; i++) {
		now += below(12);
		make_json(&in[i], i);
		in[i].time =
		    o->timed ? now - (int64_t)below(90) : WEIR_TIME_NONE;
	}
}

/* The stream, cut into pieces, alarms and moves between them: 1 if alike. */
static int
compare(const struct options *o, const struct input *in, int pieces)
{
	struct model m = {.o = o, .in = in};
	struct weir_error err;
	struct run r;
	int good = 1;

	start(&r, &o->config);
	r.st->delay = o->delay;
	r.st->cut = o->cut;
	for (int i = 0; i < EVENTS && good; i++) {
		model_event(&m, i);
		fake_event(r.st, in[i].json, in[i].time);
		if (pieces == 0 || below((unsigned)pieces) > 0)
			continue;
		good &= fake_flush(r.st, &err) > 0;
		if (o->when == EVERY && below(2) == 0) {
			tell_all(&m, "early");
			weir_swindow_ops(r.sw)->alarm(r.sw, r.st, &err);
		}
		if (below(2) == 0)
			good &= move(&r, &o->config);
	}
	good &= fake_end(r.st, &err) > 0;
	if (o->when != UPDATE)
		tell_all(&m, "on-time");
	good &= equal(&r.st->out, &m.out) && r.st->metrics.bad == m.bad &&
	    r.st->metrics.late == 0 && r.st->metrics.dropped == m.dropped &&
	    r.st->metrics.state_keys == 0 && !r.st->disorder &&
	    r.st->changes == (o->panes && o->mode == RETRACT);
	if (!good)
		printf("# -w %s --emit=%s --mode=%s bad %ju %ju dropped %ju "
		       "%ju, got\n%.*s# want\n%.*s",
		    o->window, o->config.emit, o->config.mode,
		    (uintmax_t)r.st->metrics.bad, (uintmax_t)m.bad,
		    (uintmax_t)r.st->metrics.dropped, (uintmax_t)m.dropped,
		    (int)r.st->out.len, r.st->out.data, (int)m.out.len,
		    m.out.data);
	for (int i = 0; i < 3; i++)
		free(m.keys[i].text);
	weir_buf_fini(&m.out);
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
		make_input(in, &o);
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
		make_input(in, &o);
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

static const struct weir_swindow_config plain = {.window = "count:3",
    .keys = "k",
    .aggregates = "n = count()",
    .epoch = WEIR_NS};

static void
test_max_state(void)
{
	struct weir_swindow_config config = plain;
	struct weir_error err = {0};
	char json[40];
	struct run r;
	int rc;

	config.max_state = 1 << 20;
	start(&r, &config);
	for (int i = 0; i < 300000; i++) {
		snprintf(json, sizeof json, "{\"k\":%d}", i / 3);
		fake_event(r.st, json, i);
	}
	ok(fake_flush(r.st, &err) > 0 && r.st->metrics.out == 100000 &&
		r.st->metrics.state_keys == 0,
	    "windows that are complete take no memory");
	for (int i = 0; i < 100000; i++) {
		snprintf(json, sizeof json, "{\"k\":%d}", i);
		fake_event(r.st, json, 300000);
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
	c[3].lateness = "0s";
	for (size_t i = 0; i < 4; i++) {
		struct weir_error err = {0};

		ok(weir_swindow_new(&c[i], &err) == NULL &&
			err.status == WEIR_USAGE,
		    "refused: %s", err.text);
	}
}

/* Lines that nobody saved. */
static void
test_bad_state(const char *window, const char *const *bad)
{
	static const char clock[] = "{\"closed\":100,\"seq\":5}\n";
	struct weir_swindow_config config = plain;

	config.window = window;
	for (; *bad != NULL; bad++) {
		struct weir_error err = {0};
		struct weir_buf b = {0};
		struct run r;

		start(&r, &config);
		weir_buf_puts(&b, clock);
		weir_buf_puts(&b, *bad);
		weir_buf_cstr(&b);
		ok(fake_load(r.st, &b, &err) < 0, "no state: %s", err.text);
		weir_buf_fini(&b);
		stop(&r);
	}
}

int
main(void)
{
	static const char *const bad[] = {"[]\n", "{}\n",
	    "{\"e\":0,\"k\":{},\"a\":[0]}\n", "{\"e\":3,\"k\":{},\"a\":[0]}\n",
	    "{\"e\":-1,\"k\":{},\"a\":[0]}\n", "{\"e\":1,\"k\":{}}\n",
	    "{\"w\":[2,1],\"e\":1,\"k\":{},\"a\":[1]}\n",
	    "{\"w\":[1,9223372036854775807],\"e\":1,\"k\":{},\"a\":[1]}\n",
	    "{\"e\":1,\"n\":5,\"k\":{},\"a\":[1]}\n",
	    "{\"e\":1,\"n\":1,\"k\":{},\"a\":[1]}\n"
	    "{\"e\":1,\"n\":2,\"k\":{},\"a\":[1]}\n",
	    NULL};
	static const char *const panes[] = {
	    "{\"e\":1,\"n\":1,\"k\":{},\"a\":[1]}\n",
	    "{\"e\":0,\"n\":1,\"k\":{},\"a\":[1],\"x\":[]}\n",
	    "{\"e\":1,\"n\":1,\"k\":{},\"a\":[1],\"x\":[]}\n",
	    "{\"e\":1,\"n\":1,\"k\":{},\"a\":[1],\"x\":[1]}\n",
	    "{\"e\":1,\"n\":1,\"k\":{},\"a\":[1],\"x\":[[1,2,3]]}\n",
	    "{\"e\":1,\"n\":1,\"k\":{},\"a\":[1],\"x\":[[5,2,3,[1]]]}\n",
	    "{\"e\":1,\"n\":1,\"k\":{},\"a\":[1],\"x\":[[1,{},3,[1]]]}\n",
	    "{\"e\":1,\"n\":1,\"k\":{},\"a\":[1],\"x\":[[1,2,3,[{}]]]}\n",
	    "{\"e\":1,\"n\":1,\"k\":{},\"a\":[1],\"x\":[[1,2,3,[1]],"
	    "[1,2,3,[1]],[1,2,3,[1]],[1,2,3,[1]]]}\n",
	    NULL};

	test_random(streams(3000));
	test_mauled(1000);
	test_max_state();
	test_retractions();
	test_refusals();
	test_bad_state("count:3", bad);
	test_bad_state("count:4/2", panes);
	return done();
}
