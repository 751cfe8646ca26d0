/*
 * Goal: the swindow operator gives what a naive model gives, which keeps every
 * event and groups them at the end; and a run that is saved and loaded anywhere
 * gives the same bytes. Method: random streams with a fixed seed (out of order,
 * late, bad, many forms of a key), each cut at every place; and cases by hand.
 */
#include "op/swindow.h"

#include "base/mem.h"
#include "fakestage.h"
#include "tap.h"

#define EVENTS	 40
#define STREAMS	 100
#define LIST	 "n = count(), s = sum(x), l = min(x), c = count(x) if y > 0"
#define JSON_MAX 200
#define WINDOWS	 12 /* that an event is in at most */

struct input {
	char json[JSON_MAX];
	int64_t time;
	int key, x; /* x: INT_MIN absent, INT_MAX bad */
};

enum { ABSENT = -1000, BAD = 1000 };

/* Forms of keys, and which of them are equal. */
static const struct {
	const char *text;
	int class;
} forms[] = {{"\"a\"", 0}, {"\"\\u0061\"", 0}, {"1", 1}, {"1.0", 1}, {"1e0", 1},
    {"null", 2}, {"", 3}, {"\"1\"", 4}, {"{\"p\":1, \"q\":[2]}", 5},
    {"{\"q\":[2.0],\"p\":1}", 5}, {"\"bb\"", 6}, {"true", 7}, {"-7", 8}};
#define NFORMS (int)(sizeof forms / sizeof *forms)

struct options {
	char window[80]; /* -w */
	int64_t size, slide, offset, delay;
	bool cumulate;
	int keyed;
	bool gathers; /* there is an aggregate that does */
	size_t cut;
};

/* --- the operator --- */

struct run {
	struct weir_swindow *sw;
	struct weir_stage *st;
};

static void
start_config(struct run *r, const struct weir_swindow_config *config)
{
	struct weir_error err;

	r->sw = weir_swindow_new(config, &err);
	if (r->sw == NULL) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	r->st = weir_malloc(sizeof *r->st);
	fake_init(r->st, weir_swindow_ops(r->sw), r->sw);
	if (weir_swindow_attach(r->sw, r->st, &err) < 0) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

static void
start(struct run *r, const struct options *o)
{
	char offset[40];
	struct weir_swindow_config config = {.window = o->window,
	    .offset = offset,
	    .keys = o->keyed == 0 ? NULL
		: o->keyed == 1	  ? "k"
				  : "k, m = y * 2",
	    .aggregates = o->gathers ? LIST ", q = distinct(none)" : LIST,
	    .late = "late",
	    .epoch = WEIR_NS};

	snprintf(offset, sizeof offset, "%jdns", (intmax_t)o->offset);
	start_config(r, &config);
	r->st->delay = o->delay;
	r->st->cut = o->cut;
}

static void
stop(struct run *r)
{
	fake_fini(r->st);
	free(r->st);
	weir_swindow_free(r->sw);
}

static void
feed(struct run *r, const struct input *in, size_t n)
{
	struct weir_error err;

	for (size_t i = 0; i < n; i++)
		fake_event(r->st, in[i].json, in[i].time);
	if (fake_flush(r->st, &err) < 0)
		ok(0, "flush: %s", err.text);
}

/* Save, and go on in another operator, which inherits the output. */
static void
move(struct run *r, const struct options *o)
{
	struct weir_snapshot_writer saved = {0}, again = {0};
	struct weir_error err;
	struct run to;

	start(&to, o);
	weir_swindow_ops(r->sw)->save(r->sw, &saved, &err);
	weir_buf_cstr(&saved.lines);
	to.st->newest = r->st->newest;
	to.st->watermark = r->st->watermark;
	to.st->metrics = r->st->metrics;
	to.st->out = r->st->out;
	to.st->late = r->st->late;
	to.st->bad = r->st->bad;
	to.st->sent = r->st->sent;
	to.st->disorder = r->st->disorder;
	r->st->out = r->st->late = r->st->bad = (struct weir_buf){0};
	if (fake_load(to.st, &saved.lines, &err) < 0)
		ok(0, "load: %s", err.text);
	weir_swindow_ops(to.sw)->save(to.sw, &again, &err);
	if (again.lines.len != saved.lines.len ||
	    memcmp(again.lines.data, saved.lines.data, saved.lines.len) != 0)
		ok(0, "the state saves as it was loaded");
	weir_buf_fini(&saved.lines);
	weir_buf_fini(&again.lines);
	stop(r);
	*r = to;
}

/* --- the model --- */

struct group {
	int64_t start, end;
	int key, first; /* the first event's form of key */
	int n, nx, s, l, c;
};

static int64_t
floor_to(int64_t t, int64_t unit, int64_t offset)
{
	int64_t into = (t - offset) % unit;

	return t - (into < 0 ? into + unit : into);
}

/* Window i of those that t is in, the earliest end first: 1, 0 if there is none. */
static int
model_window(const struct options *o, int64_t t, int i, struct group *g)
{
	if (o->cumulate) {
		g->start = floor_to(t, o->size, o->offset);
		g->end = floor_to(t, o->slide, o->offset) + (i + 1) * o->slide;
		return g->end <= g->start + o->size;
	}
	g->start = floor_to(t, o->slide, o->offset);
	while (g->start + o->size > t)
		g->start -= o->slide;
	g->start += (i + 1) * o->slide;
	g->end = g->start + o->size;
	return g->start <= t;
}

static void
model_add(struct group *g, int x, int y)
{
	g->n++;
	if (x == ABSENT)
		return;
	g->l = g->nx == 0 || x < g->l ? x : g->l;
	g->nx++;
	g->s += x;
	g->c += y;
}

static int
by_end(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->first - y->first;
}

static void
model_write(const struct group *g, const struct input *in,
    const struct options *o, struct weir_buf *out)
{
	weir_buf_printf(out, "{\"window_start\":%jd,\"window_end\":%jd",
	    (intmax_t)g->start, (intmax_t)g->end);
	if (o->keyed && *forms[in[g->first].key].text != '\0')
		weir_buf_printf(out, ",\"k\":%s", forms[in[g->first].key].text);
	if (o->keyed == 2)
		weir_buf_printf(out, ",\"m\":%d", in[g->first].key % 2 * 2);
	weir_buf_printf(out, ",\"n\":%d", g->n);
	if (g->nx > 0)
		weir_buf_printf(out, ",\"s\":%d,\"l\":%d", g->s, g->l);
	else
		weir_buf_puts(out, ",\"s\":null,\"l\":null");
	weir_buf_printf(
	    out, ",\"c\":%d%s}\n", g->c, o->gathers ? ",\"q\":0" : "");
}

struct model {
	struct weir_buf out, late;
	uint64_t bad, nlate, missed, dropped;
	struct group groups[EVENTS * WINDOWS];
	size_t ngroups;
};

static void
model_put(struct model *m, const struct input *in, int i, struct group at)
{
	size_t k;

	for (k = 0; k < m->ngroups; k++)
		if (m->groups[k].start == at.start &&
		    m->groups[k].end == at.end && m->groups[k].key == at.key)
			break;
	if (k == m->ngroups) {
		at.first = i;
		m->groups[m->ngroups++] = at;
	}
	model_add(&m->groups[k], in[i].x, in[i].key % 2);
}

static void
model_event(struct model *m, const struct input *in, int i,
    const struct options *o, int64_t watermark)
{
	struct group at = {0};
	int missed = 0, n = 0;

	at.key = o->keyed == 0 ? 0 : forms[in[i].key].class * 2;
	if (o->keyed == 2)
		at.key += in[i].key % 2;
	for (; model_window(o, in[i].time, n, &at); n++)
		missed += at.end <= watermark;
	if (n == 0) {
		m->dropped++;
	} else if (missed == n) {
		weir_buf_printf(&m->late, "%s\n", in[i].json);
		m->nlate++;
	} else if (in[i].x == BAD) {
		m->bad++;
	} else {
		m->missed += (uint64_t)missed;
		for (n = missed; model_window(o, in[i].time, n, &at); n++)
			model_put(m, in, i, at);
	}
}

static void
model(const struct input *in, int n, const struct options *o, struct model *m)
{
	int64_t newest = INT64_MIN / 2;

	for (int i = 0; i < n; i++) {
		model_event(m, in, i, o, newest - o->delay);
		if (in[i].time > newest)
			newest = in[i].time;
	}
	qsort(m->groups, m->ngroups, sizeof *m->groups, by_end);
	for (size_t k = 0; k < m->ngroups; k++)
		model_write(&m->groups[k], in, o, &m->out);
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
make_input(struct input *in, int64_t *now)
{
	struct weir_buf b = {0};

	*now += below(8);
	if (below(40) == 0)
		*now += 500; /* jumps, over windows that stay empty */
	in->time = *now - (int64_t)below(below(3) == 0 ? 60 : 6);
	in->key = (int)below(NFORMS);
	in->x = (int)below(12) - 3;
	if (below(6) == 0)
		in->x = ABSENT;
	if (below(15) == 0)
		in->x = BAD;
	weir_buf_printf(&b, "{\"y\":%d", in->key % 2);
	if (*forms[in->key].text != '\0')
		weir_buf_printf(&b, ",\"k\":%s", forms[in->key].text);
	if (in->x == BAD)
		weir_buf_puts(&b, ",\"x\":\"?\"");
	else if (in->x != ABSENT)
		weir_buf_printf(&b, ",\"x\":%d", in->x);
	else if (below(2))
		weir_buf_puts(&b, ",\"x\":null");
	weir_buf_puts(&b, "}");
	snprintf(in->json, sizeof in->json, "%s", weir_buf_cstr(&b));
	weir_buf_fini(&b);
}

static int
equal(const struct weir_buf *a, const struct weir_buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* One run, moved to another operator behind event `at`: 1 if as the model. */
static int
compare(const struct input *in, const struct options *o,
    const struct model *want, size_t at)
{
	struct weir_error err;
	struct run r;
	int good;

	start(&r, o);
	feed(&r, in, at);
	move(&r, o);
	feed(&r, in + at, EVENTS - at);
	fake_end(r.st, &err);
	good = equal(&r.st->out, &want->out) &&
	    equal(&r.st->late, &want->late) && r.st->metrics.bad == want->bad &&
	    r.st->metrics.late == want->nlate && !r.st->disorder &&
	    r.st->metrics.state_keys == 0;
	if (!good)
		printf("# cut at %zu, got\n%.*s# want\n%.*s", at,
		    (int)r.st->out.len, r.st->out.data, (int)want->out.len,
		    want->out.data);
	stop(&r);
	return good;
}

static void
make_options(struct options *o, int kind)
{
	int64_t unit = 1 + below(8);

	*o = (struct options){.offset = (int64_t)below(90) - 45,
	    .delay = below(2) * below(50),
	    .keyed = (int)below(3),
	    .gathers = below(4) == 0,
	    .cut = below(2) * (1 + below(5))};
	switch (kind) {
	case 0:
		o->size = o->slide = 1 + below(30);
		snprintf(
		    o->window, sizeof o->window, "%jdns", (intmax_t)o->size);
		return;
	case 1: /* a few deep, gaps between them now and then */
		o->slide = unit * (1 + below(3));
		o->size = unit * (1 + below(9));
		break;
	default:
		o->cumulate = true;
		o->slide = unit;
		o->size = unit * (1 + below(6));
	}
	snprintf(o->window, sizeof o->window, "%s%jdns/%jdns",
	    o->cumulate ? "cumulate:" : "", (intmax_t)o->size,
	    (intmax_t)o->slide);
}

static void
test_random(const char *name, int kind)
{
	struct input in[EVENTS];
	struct options o;
	int good = 1;

	for (int i = 0; i < STREAMS && good; i++) {
		struct model want = {0};
		int64_t now = (int64_t)below(200) - 100;

		make_options(&o, kind);
		for (size_t k = 0; k < EVENTS; k++)
			make_input(&in[k], &now);
		model(in, EVENTS, &o, &want);
		for (size_t at = 0; at <= EVENTS && good; at++)
			good = compare(in, &o, &want, at);
		weir_buf_fini(&want.out);
		weir_buf_fini(&want.late);
	}
	ok(good, "%d random streams of %s windows, cut everywhere: -w %s",
	    STREAMS, name, o.window);
}

/* --- by hand --- */

static void
test_ends_of_time(void)
{
	struct weir_swindow_config config = {
	    .window = "1h", .aggregates = "n = count()", .epoch = WEIR_RFC3339};
	struct weir_error err;
	struct run r;

	start_config(&r, &config);
	fake_event(r.st, "{}", INT64_MIN + 1);
	fake_event(r.st, "{}", 0);
	fake_event(r.st, "{}", INT64_MAX - 1);
	fake_event(r.st, "{}", 0);
	ok(fake_end(r.st, &err) > 0, "a jump from end to end of time");
	ok(r.st->metrics.out == 3 && r.st->metrics.late == 1 && !r.st->disorder,
	    "three windows, one late event");
	is_text(r.st->out.data, r.st->out.len,
	    "{\"window_start\":\"1677-09-21T00:12:43.145224193Z\","
	    "\"window_end\":\"1677-09-21T01:00:00Z\",\"n\":1}\n"
	    "{\"window_start\":\"1970-01-01T00:00:00Z\","
	    "\"window_end\":\"1970-01-01T01:00:00Z\",\"n\":1}\n"
	    "{\"window_start\":\"2262-04-11T23:00:00Z\","
	    "\"window_end\":\"2262-04-11T23:47:16.854775807Z\",\"n\":1}\n");
	stop(&r);
}

/* A bad event leaves no window and no group behind. */
static void
test_bad_alone(void)
{
	struct weir_swindow_config config = {.window = "1s",
	    .keys = "k",
	    .aggregates = "n = count(), s = sum(x)",
	    .epoch = WEIR_S};
	struct weir_error err;
	struct run r;

	start_config(&r, &config);
	fake_event(r.st, "{\"k\":\"\\u0061\",\"x\":\"y\"}", 0);
	fake_event(r.st, "{\"k\":\"b\",\"x\":1}", 0);
	fake_event(r.st, "{\"k\":\"a\",\"x\":\"y\"}", 0);
	fake_event(r.st, "{\"k\":\"\\ud800\",\"x\":1}", 0);
	fake_event(r.st, "{\"k\":\"a\",\"x\":1}", 0);
	fake_event(r.st, "{\"k\":\"c\",\"x\":\"y\"}", 9000000000);
	ok(fake_flush(r.st, &err) > 0 && r.st->metrics.state_keys == 0,
	    "no state is left of bad events");
	fake_end(r.st, &err);
	is_text(r.st->out.data, r.st->out.len,
	    "{\"window_start\":0,\"window_end\":1,\"k\":\"b\",\"n\":1,\"s\":1}"
	    "\n{\"window_start\":0,\"window_end\":1,\"k\":\"a\",\"n\":1,\"s\":"
	    "1}"
	    "\n");
	is_text(r.st->bad.data, r.st->bad.len,
	    "sum(x): string is not a number\n"
	    "sum(x): string is not a number\n"
	    "key: string with half a surrogate pair\n"
	    "sum(x): string is not a number\n");
	stop(&r);
}

/* Memory that states own is counted where it is, panes shared or not. */
static void
test_owned(void)
{
	struct weir_swindow_config config = {
	    .window = "100ns/10ns", .keys = "k", .max_state = 1000000};
	struct weir_error err;
	char json[100];
	struct run r;
	int good = 1;

	for (int gathers = 0; gathers < 2; gathers++) {
		config.aggregates = gathers
		    ? "a = min(s), b = set(s), d = distinct(s)"
		    : "a = min(s), b = last(s)";
		start_config(&r, &config);
		for (int i = 0; i < 3000; i++) {
			snprintf(json, sizeof json,
			    "{\"k\":\"\\u0061%u\",\"s\":\"a longer %u\"}",
			    below(20), below(1000));
			fake_event(r.st, json, i / 4 - (int64_t)below(60));
		}
		good &= fake_flush(r.st, &err) > 0;
		good &= r.st->metrics.state_bytes > 10000 &&
		    r.st->metrics.state_bytes < 1000000;
		good &= fake_end(r.st, &err) > 0 &&
		    r.st->metrics.state_bytes < 10000;
		stop(&r);
	}
	ok(good, "what states own is counted");
}

/* Groups come in the order of their first events, however many there are. */
static void
test_many_keys(void)
{
	struct weir_swindow_config config = {.window = "100us/10us",
	    .keys = "k",
	    .aggregates = "lo = min(i)",
	    .epoch = WEIR_NS};
	struct weir_error err;
	int64_t end = -1, lo = 0, lines = 0;
	char json[60];
	int good = 1;
	struct run r;

	start_config(&r, &config);
	for (int i = 0; i < 100000; i++) {
		snprintf(
		    json, sizeof json, "{\"k\":%u,\"i\":%d}", below(3000), i);
		fake_event(r.st, json, i * 10 - (int64_t)below(900));
	}
	good &= fake_end(r.st, &err) > 0;
	for (const char *s = strtok(weir_buf_cstr(&r.st->out), "\n"); s != NULL;
	     s = strtok(NULL, "\n"), lines++) {
		int64_t at = strtoll(strstr(s, "_end\":") + 6, NULL, 10);
		int64_t i = strtoll(strstr(s, "lo\":") + 4, NULL, 10);

		good &= at > end || (at == end && i > lo);
		end = at;
		lo = i;
	}
	ok(good && lines > 250000, "%jd groups in order", (intmax_t)lines);
	stop(&r);
}

static void
test_max_state(void)
{
	struct weir_swindow_config config = {.window = "1s",
	    .keys = "k",
	    .aggregates = "n = count()",
	    .max_state = 100000};
	struct weir_error err = {0};
	char json[40];
	struct run r;
	int rc;

	start_config(&r, &config);
	for (int i = 0; i < 500; i++) {
		snprintf(json, sizeof json, "{\"k\":%d}", i % 100);
		fake_event(r.st, json, 0);
	}
	ok(fake_flush(r.st, &err) > 0, "a few groups fit");
	for (int i = 0; i < 10000; i++) {
		snprintf(json, sizeof json, "{\"k\":%d}", i);
		fake_event(r.st, json, 0);
	}
	rc = fake_flush(r.st, &err);
	ok(rc < 0 && err.status == WEIR_STATE, "too many do not: %s", err.text);
	ok(r.st->metrics.out == 0, "and nothing came out");
	stop(&r);
}

static void
refused(struct weir_swindow_config config, const char *why)
{
	struct weir_error err = {0};
	struct weir_swindow *sw;

	if (config.window == NULL)
		config.window = "1m";
	if (config.aggregates == NULL)
		config.aggregates = "count()";
	sw = weir_swindow_new(&config, &err);
	ok(sw == NULL && err.status == WEIR_USAGE &&
		strstr(err.text, why) != NULL,
	    "refused: %s", err.text);
	weir_swindow_free(sw);
}

static void
test_refusals(void)
{
	refused((struct weir_swindow_config){.window = "count:0"}, "count");
	refused((struct weir_swindow_config){.keys = "a,"}, "-k");
	refused((struct weir_swindow_config){.keys = "a.b = c"}, "-k");
	refused((struct weir_swindow_config){.keys = "n = a",
		    .aggregates = "n = count()"},
	    "a key's already");
	refused(
	    (struct weir_swindow_config){.aggregates = "window_end = count()"},
	    "window_end is a field");
	refused((struct weir_swindow_config){.keys = "window_start"},
	    "window_start is a field");
}

static void
test_fingerprint(void)
{
	struct weir_swindow_config config = {.window = "60s",
	    .offset = "-10s",
	    .keys = "host,s=status/100",
	    .aggregates = "n=count( ),count()  if x>1"};
	struct weir_swindow *sw = weir_swindow_new(&config, NULL);
	const char *text = weir_swindow_fingerprint(sw);

	is_text(text, strlen(text),
	    "swindow -w 1m --offset=50s -k host = host, s = status / 100: "
	    "count(), count() if x > 1");
	weir_swindow_free(sw);
}

/* Lines that nobody saved. */
static void
test_bad_state(void)
{
	static const char *const bad[] = {"[]\n", "{\"w\":[0,1000000000]}\n",
	    "{\"closed\":\"x\",\"seq\":0}\n", "{\"closed\":null,\"seq\":-1}\n",
	    "{\"closed\":null}\n", "{\"w\":[0,5],\"k\":{},\"a\":[1]}\n",
	    "{\"w\":[5,1000000005],\"k\":{},\"a\":[1]}\n",
	    "{\"w\":[0,1000000000],\"k\":{},\"a\":[1,2]}\n",
	    "{\"w\":[0,1e9],\"k\":{},\"a\":[1]}\n",
	    "{\"w\":{},\"k\":{},\"a\":[1]}\n",
	    "{\"w\":[0,1000000000],\"k\":{\"k\":\"\\ud800\"},\"a\":[1]}\n",
	    "{\"w\":[0,1000000000],\"k\":{\"k\":1},\"a\":[1]}\n"
	    "{\"w\":[0,1000000000],\"k\":{\"k\":1.0},\"a\":[1]}\n",
	    "{\"closed\":1000000000,\"seq\":2}\n"
	    "{\"w\":[0,1000000000],\"k\":{},\"a\":[1]}\n"};
	struct weir_swindow_config config = {
	    .window = "1s", .keys = "k", .aggregates = "n = count()"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct weir_error err = {0};
		struct weir_buf b = {0};
		struct run r;

		start_config(&r, &config);
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
	test_random("tumbling", 0);
	test_random("hopping", 1);
	test_random("cumulating", 2);
	test_ends_of_time();
	test_bad_alone();
	test_many_keys();
	test_owned();
	test_max_state();
	test_refusals();
	test_fingerprint();
	test_bad_state();
	return done();
}
