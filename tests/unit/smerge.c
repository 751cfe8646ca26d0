/*
 * Goal: smerge --sort gives events in the order of their times, ties as they came,
 * but for those that come too late, whatever runs it gets them in; and a state
 * that is saved and loaded anywhere goes on the same. Method: random streams
 * against a stable sort of what a plain reading of the watermark lets through.
 */
#include "op/smerge.h"

#include "base/mem.h"
#include "fakestage.h"
#include "tap.h"

#include <stdlib.h>

#define EVENTS 60

struct model {
	int64_t time;
	int seq;
};

static int
by_time(const void *a, const void *b)
{
	const struct model *x = a, *y = b;

	return x->time != y->time ? (x->time > y->time) - (x->time < y->time)
				  : x->seq - y->seq;
}

/* What should come out of events at these times, and what is late. */
static void
expect(const int64_t *times, int n, int64_t delay, struct weir_buf *out,
    struct weir_buf *late)
{
	struct model kept[EVENTS];
	int64_t newest = WEIR_TIME_NONE;
	int k = 0;

	for (int i = 0; i < n; i++) {
		if (i > 0 && times[i] < newest - delay)
			weir_buf_printf(late, "{\"n\":%d}\n", i);
		else
			kept[k++] = (struct model){times[i], i};
		if (times[i] > newest)
			newest = times[i];
	}
	qsort(kept, (size_t)k, sizeof *kept, by_time);
	for (int i = 0; i < k; i++)
		weir_buf_printf(out, "{\"n\":%d}\n", kept[i].seq);
}

/* Save, and go on in another operator. */
static struct weir_smerge *
move(struct weir_stage *st, struct weir_smerge *from,
    const struct weir_smerge_config *c)
{
	struct weir_snapshot_writer saved = {0};
	struct weir_smerge *to = weir_smerge_new(c);
	struct weir_error err;

	if (weir_smerge_ops.save(from, &saved, &err) < 0)
		ok(0, "saved: %s", err.text);
	weir_buf_cstr(&saved.lines);
	weir_smerge_free(from);
	weir_smerge_attach(to, st);
	st->self = to;
	st->due = WEIR_TIME_MAX;
	if (fake_load(st, &saved.lines, &err) < 0)
		ok(0, "loaded: %s", err.text);
	weir_buf_fini(&saved.lines);
	return to;
}

static int
same(const struct weir_buf *a, const struct weir_buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static int
stream(int64_t delay, size_t cut, int moved)
{
	struct weir_smerge_config c = {.sort = true, .late = "late"};
	struct weir_smerge *m = weir_smerge_new(&c);
	struct weir_buf out = {0}, late = {0};
	struct weir_stage st;
	struct weir_error err;
	int64_t times[EVENTS];
	char json[30];
	int n = rand() % EVENTS, good;

	fake_init(&st, &weir_smerge_ops, m);
	weir_smerge_attach(m, &st);
	st.delay = delay;
	st.cut = cut;
	for (int i = 0; i < n; i++) {
		times[i] = i / 2 + rand() % 8;
		snprintf(json, sizeof json, "{\"n\":%d}", i);
		fake_event(&st, json, times[i]);
		if (rand() % 10 == 0 && fake_flush(&st, &err) < 0)
			ok(0, "flushed: %s", err.text);
		if (i == moved && fake_flush(&st, &err) > 0)
			m = move(&st, m, &c);
	}
	if (fake_end(&st, &err) < 0)
		ok(0, "ended: %s", err.text);
	expect(times, n, delay, &out, &late);
	good = same(&st.out, &out) && same(&st.late, &late) && !st.disorder;
	fake_fini(&st);
	weir_smerge_free(m);
	weir_buf_fini(&out);
	weir_buf_fini(&late);
	return good;
}

static void
test_random(void)
{
	int good = 1;

	srand(3);
	for (int i = 0; i < 3000; i++)
		good &= stream(rand() % 10, (size_t)(rand() % 5),
		    i % 3 == 0 ? rand() % EVENTS : -1);
	ok(good, "random streams, sorted");
}

static void
test_limits(void)
{
	struct weir_smerge_config c = {.sort = true, .max_state = 600000};
	struct weir_smerge *m = weir_smerge_new(&c);
	struct weir_stage st;
	struct weir_error err = {.text = ""};
	static const char *const bad[] = {"[1]\n", "{\"t\":1,\"f\":0}\n",
	    "{\"t\":\"x\",\"f\":0,\"e\":{}}\n", "{\"t\":1,\"f\":8,\"e\":{}}\n",
	    "{\"t\":1,\"f\":0,\"e\":[]}\n", "{\"f\":0,\"e\":{}}\n"};
	int rc = 1;

	fake_init(&st, &weir_smerge_ops, m);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct weir_buf b = {0};

		weir_buf_puts(&b, bad[i]);
		weir_buf_cstr(&b);
		ok(fake_load(&st, &b, &err) < 0, "no state: %s", err.text);
		weir_buf_fini(&b);
	}
	st.delay = 1000000;
	for (int i = 0; i < 20000 && rc > 0; i++) {
		fake_event(&st, "{\"text\":\"some text for an event\"}", i);
		if (i % 100 == 0)
			rc = fake_flush(&st, &err);
	}
	ok(rc < 0 && strstr(err.text, "--max-state") != NULL, "%s", err.text);
	fake_fini(&st);
	weir_smerge_free(m);
}

int
main(void)
{
	test_random();
	test_limits();
	return done();
}
