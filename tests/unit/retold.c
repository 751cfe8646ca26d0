/*
 * Goal: windows of time that are told more than once, or whose events are taken
 * back, and the window of a whole stream, say what a naive model says, which
 * keeps all groups and looks at each of them at every step; a run that is saved
 * and loaded anywhere gives the same bytes. And windows over results that are
 * told at every change, and taken back, say what they say over final ones. Method: random streams with a fixed
 * seed over all options (WEIR_STREAMS of them; alarms ring at random places),
 * each cut at a random place.
 */
#include "retoldmodel.h"

#define STREAMS 3000

/* --- the operator --- */

struct run {
	struct weir_swindow *sw;
	struct weir_stage *st;
};

static void
start(struct run *r, const struct options *o)
{
	static const char *const whens[] = {"final", "update", "every:1s"};
	static const char *const modes[] = {"accumulate", "discard", "retract"};
	struct weir_swindow_config config = {.window = o->window,
	    .offset = o->kind == GLOBAL ? NULL : o->offset_text,
	    .keys = o->keyed ? "k" : NULL,
	    .aggregates = LIST,
	    .lateness = o->lateness_text,
	    .emit = whens[o->when],
	    .mode = modes[o->mode],
	    .late = "late",
	    .epoch = WEIR_NS};
	struct weir_error err;

	r->sw = weir_swindow_new(&config, &err);
	if (r->sw == NULL) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	r->st = weir_malloc(sizeof *r->st);
	fake_init(r->st, weir_swindow_ops(r->sw), r->sw);
	r->st->delay = o->delay;
	r->st->cut = o->cut;
	r->st->retracts = o->retracts;
	if (weir_swindow_attach(r->sw, r->st, &err) < 0 ||
	    weir_swindow_ops(r->sw)->open(r->sw, r->st, &err) < 0) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

static void
stop(struct run *r)
{
	fake_fini(r->st);
	free(r->st);
	weir_swindow_free(r->sw);
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
	to.st->stale = r->st->stale;
	r->st->out = r->st->late = r->st->bad = (struct weir_buf){0};
	if (fake_load(to.st, &saved.lines, &err) < 0)
		ok(0, "load: %s\n%s", err.text, saved.lines.data);
	weir_swindow_ops(to.sw)->save(to.sw, &again, &err);
	if (again.lines.len != saved.lines.len ||
	    memcmp(again.lines.data, saved.lines.data, saved.lines.len) != 0)
		ok(0, "the state saves as it was loaded");
	weir_buf_fini(&saved.lines);
	weir_buf_fini(&again.lines);
	stop(r);
	*r = to;
}

static void
feed(struct run *r, const struct options *o, const struct input *in)
{
	struct weir_error err;

	fake_event(r->st, in->json, o->timeless ? WEIR_TIME_NONE : in->time);
	if (in->undoes != -1)
		r->st->block.events[r->st->block.n - 1].flags = WEIR_RETRACT;
	if (!in->alarm)
		return;
	if (fake_flush(r->st, &err) < 0)
		ok(0, "flush: %s", err.text);
	if (o->when == EVERY)
		weir_swindow_ops(r->sw)->alarm(r->sw, r->st, &err);
}

/* --- the two against each other --- */

static int
equal(const struct weir_buf *a, const struct weir_buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sort_lines(struct weir_buf *b)
{
	char *lines[EVENTS * WINDOWS * 4], *copy = weir_buf_cstr(b), *save;
	struct weir_buf sorted = {0};
	size_t n = 0;

	for (char *s = strtok_r(copy, "\n", &save); s != NULL;
	     s = strtok_r(NULL, "\n", &save))
		lines[n++] = s;
	qsort(lines, n, sizeof *lines, by_text);
	for (size_t i = 0; i < n; i++)
		weir_buf_printf(&sorted, "%s\n", lines[i]);
	weir_buf_fini(b);
	*b = sorted;
}

static int
compare(
    const struct input *in, const struct options *o, struct model *want, int at)
{
	struct weir_error err;
	struct run r;
	int good;

	start(&r, o);
	for (int i = 0; i <= EVENTS; i++) {
		if (i == at) {
			fake_flush(r.st, &err);
			move(&r, o);
		}
		if (i < EVENTS)
			feed(&r, o, &in[i]);
	}
	if (fake_end(r.st, &err) < 0)
		ok(0, "end: %s", err.text);
	if (orders_itself(o)) {
		sort_lines(&r.st->out);
		sort_lines(&want->out);
	}
	good = equal(&r.st->out, &want->out) &&
	    equal(&r.st->late, &want->late) && r.st->metrics.bad == want->bad &&
	    r.st->metrics.late == want->nlate &&
	    r.st->metrics.late_windows == want->missed &&
	    r.st->metrics.dropped == want->dropped && !r.st->disorder &&
	    !r.st->stale && r.st->metrics.state_keys == 0;
	if (!good)
		printf("# -w %s %s %s when %d mode %d%s%s, cut at %d, got\n"
		       "%.*s# want\n%.*s# %ju %ju %ju %ju, disorder %d stale %d"
		       ", left %ju\n",
		    o->window, o->offset_text, o->lateness_text, o->when,
		    o->mode, o->keyed ? " keyed" : "",
		    o->retracts ? " retracts" : "", at, (int)r.st->out.len,
		    r.st->out.data, (int)want->out.len, want->out.data,
		    r.st->metrics.bad - want->bad,
		    r.st->metrics.late - want->nlate,
		    r.st->metrics.late_windows - want->missed,
		    r.st->metrics.dropped - want->dropped, r.st->disorder,
		    r.st->stale, (uintmax_t)r.st->metrics.state_keys);
	stop(&r);
	return good;
}

static void
test_random(int n)
{
	static struct model m;
	struct input in[EVENTS];
	struct options o;
	int good = 1;

	for (int i = 0; i < n && good; i++) {
		make_options(&o);
		m = (struct model){.o = &o,
		    .w = INT64_MIN,
		    .seen_start = INT64_MAX,
		    .seen_end = INT64_MIN};
		make_stream(in, &m);
		good = compare(in, &o, &m, (int)below(EVENTS + 1));
		weir_buf_fini(&m.out);
		weir_buf_fini(&m.late);
	}
	ok(good, "%d random streams, each cut somewhere", n);
}

/* --- windows over windows --- */

static void
start_config(struct run *r, const struct weir_swindow_config *config,
    const struct weir_stage *like)
{
	struct weir_error err;

	r->sw = weir_swindow_new(config, &err);
	if (r->sw == NULL) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	r->st = weir_malloc(sizeof *r->st);
	fake_init(r->st, weir_swindow_ops(r->sw), r->sw);
	r->st->retracts = like->changes;
	if (weir_swindow_attach(r->sw, r->st, &err) < 0 ||
	    weir_swindow_ops(r->sw)->open(r->sw, r->st, &err) < 0)
		ok(0, "%s", err.text);
}

/* Feed results to windows of their own, under the watermarks they came under. */
static void
chain(const struct run *from, const char *window, struct weir_buf *out)
{
	struct weir_swindow_config config = {.window = window,
	    .aggregates = "s = sum(n), c = count(), a = avg(s)",
	    .epoch = WEIR_NS};
	struct weir_buf json = {0};
	struct weir_error err;
	struct run to;

	start_config(&to, &config, from->st);
	to.st->delay = WEIR_TIME_MAX; /* watermarks are explicit */
	for (size_t i = 0; i < from->st->nresults; i++) {
		const struct fake_result *it = &from->st->results[i];
		int64_t w = weir_time_add(it->release, -1 - from->st->hold);

		json.len = 0;
		weir_buf_add(&json, from->st->out.data + it->off, it->len);
		if (w > to.st->watermark)
			to.st->watermark = w;
		fake_event(to.st, weir_buf_cstr(&json), it->time);
		to.st->block.events[to.st->block.n - 1].flags = it->flags;
	}
	if (fake_end(to.st, &err) < 0)
		ok(0, "end of the chain: %s", err.text);
	if (to.st->metrics.bad > 0 || to.st->metrics.late > 0)
		ok(0, "%.*s", (int)to.st->bad.len, to.st->bad.data);
	weir_buf_add(out, to.st->out.data, to.st->out.len);
	weir_buf_fini(&json);
	stop(&to);
}

static void
run_chain(const struct options *o, const struct input *in, const char *window,
    struct weir_buf *out)
{
	struct weir_error err;
	struct run r;

	start(&r, o);
	for (int i = 0; i < EVENTS; i++)
		feed(&r, o, &in[i]);
	if (fake_end(r.st, &err) < 0)
		ok(0, "end: %s", err.text);
	chain(&r, window, out);
	stop(&r);
}

static void
test_chain(int n)
{
	static const char *const windows[] = {"50ns", "30ns/10ns", "7ns"};
	static struct model m;
	struct weir_buf updates = {0}, finals = {0};
	struct input in[EVENTS];
	struct options o;
	int good = 1;

	for (int i = 0; i < n && good; i++) {
		const char *window = windows[below(3)];

		do
			make_options(&o);
		while (o.kind == GLOBAL);
		o.lateness = 0;
		strcpy(o.lateness_text, "0s");
		o.mode = TAKE_BACK;
		o.when = UPDATE + (int)below(2);
		m = (struct model){.o = &o,
		    .w = INT64_MIN,
		    .seen_start = INT64_MAX,
		    .seen_end = INT64_MIN};
		make_stream(in, &m);
		updates.len = finals.len = 0;
		run_chain(&o, in, window, &updates);
		o.when = FINAL;
		run_chain(&o, in, window, &finals);
		good = equal(&updates, &finals);
		weir_buf_fini(&m.out);
		weir_buf_fini(&m.late);
	}
	if (!good)
		printf("# -w %s: updates\n%.*s# finals\n%.*s", o.window,
		    (int)updates.len, updates.data, (int)finals.len,
		    finals.data);
	ok(good, "%d windows over updates as over final results", n);
	weir_buf_fini(&updates);
	weir_buf_fini(&finals);
}

/* --- by hand --- */

static void
test_cannot_undo(void)
{
	struct weir_swindow_config config = {
	    .window = "1m", .aggregates = "n = count(), f = ewma(x, 0.5)"};
	struct weir_error err = {0};
	struct run r = {weir_swindow_new(&config, &err), NULL};
	struct weir_stage st;

	fake_init(&st, weir_swindow_ops(r.sw), r.sw);
	st.retracts = true;
	weir_swindow_attach(r.sw, &st, &err);
	ok(weir_swindow_ops(r.sw)->open(r.sw, &st, &err) < 0 &&
		err.status == WEIR_USAGE && strstr(err.text, "ewma") != NULL &&
		strstr(err.text, "count, sum") != NULL,
	    "refused: %s", err.text);
	fake_fini(&st);
	weir_swindow_free(r.sw);
}

static void
test_max_state(void)
{
	struct weir_swindow_config config = {.window = "1h/1m",
	    .keys = "k",
	    .aggregates = "n = count()",
	    .emit = "update",
	    .mode = "retract",
	    .max_state = 1000000};
	struct weir_stage none = {0};
	struct weir_error err = {0};
	char json[40];
	struct run r;
	int rc = 1, i;

	start_config(&r, &config, &none);
	for (i = 0; rc > 0 && i < 10000; i++) {
		snprintf(json, sizeof json, "{\"k\":\"key %d\"}", i);
		fake_event(r.st, json, 0);
		rc = fake_flush(r.st, &err);
	}
	ok(rc < 0 && err.status == WEIR_STATE && i > 30 && i < 100,
	    "60 windows times %d keys are too many: %s", i, err.text);
	stop(&r);
}

/* Lines that nobody saved. */
static void
bad_lines(struct weir_swindow_config config, const char *const *lines)
{
	struct weir_stage like = {.changes = true};
	struct weir_error err;
	struct run r;

	for (; *lines != NULL; lines++) {
		struct weir_buf saved = {0};

		err = (struct weir_error){0};
		start_config(&r, &config, &like);
		weir_buf_puts(&saved, *lines);
		weir_buf_cstr(&saved);
		ok(fake_load(r.st, &saved, &err) < 0 &&
			err.status == WEIR_STATE,
		    "-w %s refuses: %s", config.window, err.text);
		weir_buf_fini(&saved);
		stop(&r);
	}
}

#define CLOSED "{\"closed\":20,\"seq\":9}\n"
#define TOLD   ",\"t\":[1,true,true],\"a\":[1]}\n"

static void
test_bad_lines(void)
{
	static const char *const retold[] = {CLOSED "[]\n", CLOSED "{}\n",
	    CLOSED "{\"w\":[0,11],\"k\":{},\"e\":1" TOLD,
	    CLOSED "{\"w\":[0,10],\"k\":{},\"e\":1" TOLD,
	    CLOSED "{\"w\":[10,10],\"k\":{},\"e\":1" TOLD,
	    CLOSED "{\"w\":[30,40],\"k\":{},\"e\":0" TOLD,
	    CLOSED "{\"w\":[30,40],\"k\":{},\"e\":-1" TOLD,
	    CLOSED "{\"w\":[30,40],\"k\":{}" TOLD,
	    CLOSED "{\"w\":[30,40],\"k\":{},\"e\":1,\"a\":[1]}\n",
	    CLOSED "{\"w\":[30,40],\"k\":{},\"e\":1,\"t\":[1,true,true]}\n",
	    CLOSED "{\"w\":[30,40],\"k\":{},\"e\":1" TOLD
		   "{\"w\":[30,40],\"k\":{},\"e\":1" TOLD,
	    NULL};
	static const char *const global[] = {CLOSED "{\"x\":[2,1]}\n",
	    CLOSED "{\"x\":7}\n", CLOSED "{\"x\":[1]}\n", NULL};
	static const char *const shared[] = {CLOSED "{\"x\":\"no\"}\n",
	    CLOSED "{\"x\":30}\n",
	    CLOSED "{\"w\":[10,15],\"k\":{},\"n\":1,\"e\":1,\"x\":[0,1],"
		   "\"a\":[1]}\n",
	    CLOSED "{\"x\":20}\n{\"w\":[10,15],\"k\":{},\"n\":1,\"e\":1,"
		   "\"x\":[3,1],\"a\":[1]}\n",
	    CLOSED "{\"x\":20}\n{\"w\":[10,15],\"k\":{},\"n\":1,\"e\":1,"
		   "\"x\":[2,1],\"a\":[1]}\n",
	    CLOSED "{\"x\":20}\n{\"w\":[10,15],\"k\":{},\"n\":1,\"e\":1,"
		   "\"x\":[0,1],\"a\":[1]}\n{\"w\":[15,20],\"k\":{},"
		   "\"n\":1,\"e\":1,\"x\":[0,1],\"a\":[1]}\n",
	    CLOSED "{\"x\":20}\n{\"w\":[10,16],\"k\":{},\"n\":1,\"e\":1,"
		   "\"x\":[0,1],\"a\":[1]}\n",
	    CLOSED "{\"x\":20}\n{\"w\":[10,15],\"k\":{},\"n\":1,\"e\":1,"
		   "\"x\":[0,1],\"a\":[\"x\"]}\n",
	    CLOSED "{\"x\":20}\n{\"w\":[15,20],\"k\":{},\"n\":1,\"e\":1,"
		   "\"a\":[1]}\n",
	    NULL};
	struct weir_swindow_config config = {
	    .window = "10ns", .aggregates = "count()", .lateness = "5ns"};

	bad_lines(config, retold);
	config.window = "global";
	bad_lines(config, global);
	config.window = "10ns/5ns";
	config.lateness = NULL;
	bad_lines(config, shared);
}

int
main(void)
{
	const char *text = getenv("WEIR_STREAMS");
	int streams = text != NULL ? atoi(text) : STREAMS;

	test_random(streams);
	test_chain(streams / 4);
	test_cannot_undo();
	test_max_state();
	test_bad_lines();
	return done();
}
