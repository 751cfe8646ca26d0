/*
 * Goal: the sdedup operator gives what a naive model gives, which keeps every
 * event and forgets nothing; and a run that is saved and loaded anywhere gives
 * the same bytes. Method: random streams with a fixed seed (out of order, late,
 * bad, many forms of a key) under all options, cut into runs and moved to
 * another operator at random places; WEIR_STREAMS says how many.
 */
#include "sdedupmodel.h"
#include "tap.h"

/* --- the operator --- */

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

int
main(void)
{
	test_random();
	return done();
}
