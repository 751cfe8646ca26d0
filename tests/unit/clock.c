/*
 * clock: alarms ring and the watermark follows the wall clock though nothing
 * comes. An operator runs over a pipe that stays silent; it ends the stage when
 * what it waited for has come. The wall clock is the test's own: it leaps.
 */
#define _GNU_SOURCE
#include "stream/options.h"
#include "stream/runtime.h"

#include "tests/unit/tap.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define S INT64_C(1000000000)

static struct weir_error err;
static int64_t leap_ns; /* the wall clock is ahead by this */

/* Stands before the library's. */
int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int got = (int)syscall(SYS_clock_gettime, id, ts);
	int64_t now;

	if (id != CLOCK_REALTIME || got < 0)
		return got;
	now = (int64_t)ts->tv_sec * S + ts->tv_nsec + leap_ns;
	ts->tv_sec = now / S;
	ts->tv_nsec = now % S;
	return 0;
}

static int64_t
wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * S + ts.tv_nsec;
}

struct op {
	int feed; /* write end of the stage's input */
	int64_t alarm, again, due, saved;
	int rings, runs, advances;
	uint64_t events;
	int64_t least, most; /* of events' times */
	int64_t watermark;   /* of the newest advance */
	bool bad;	     /* something that must not be */
	int leaps;
};

static void
hang_up(struct op *o)
{
	if (o->feed >= 0)
		close(o->feed);
	o->feed = -1;
}

static int
open_op(void *self, struct weir_stage *st, struct weir_error *e)
{
	struct op *o = self;

	(void)e;
	if (o->saved != 0)
		weir_watermark_raise(&st->wm, 0, o->saved);
	if (o->alarm != 0)
		weir_stage_set_alarm(st, o->alarm);
	if (o->due != 0)
		weir_stage_set_due(st, o->due);
	return 1;
}

static int
events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *e)
{
	struct op *o = self;

	(void)st;
	(void)e;
	o->runs++;
	for (o->events += n; n > 0; i++, n--) {
		int64_t t = b->events[i].time;

		o->bad |= t < o->most || t < b->events[i].watermark;
		o->least = o->events == n || t < o->least ? t : o->least;
		o->most = t;
	}
	if (o->leaps-- > 0)
		leap_ns -= 3600 * S;
	return 1;
}

static int
advance(void *self, struct weir_stage *st, int64_t w, struct weir_error *e)
{
	struct op *o = self;

	(void)e;
	o->advances++;
	o->bad |= w < o->watermark;
	if (w != WEIR_TIME_MAX)
		o->watermark = w;
	weir_stage_set_due(st, WEIR_TIME_MAX);
	hang_up(o);
	return 1;
}

static int
ring(void *self, struct weir_stage *st, struct weir_error *e)
{
	struct op *o = self;

	(void)e;
	o->rings++;
	if (o->rings < o->again)
		weir_stage_set_alarm(st, S / 1000);
	else
		hang_up(o);
	return 1;
}

/* Run over a pipe that holds text and stays open until the operator hangs up. */
static int
run(struct op *o, const char *text, bool proc_time, bool hold)
{
	static const struct weir_stage_ops ops = {.open = open_op,
	    .events = events,
	    .advance = advance,
	    .alarm = ring};
	struct weir_stage_config c;
	struct weir_stage *st;
	int ends[2], status;

	if (pipe(ends) < 0 || write(ends[1], text, strlen(text)) < 0)
		abort();
	o->feed = ends[1];
	o->most = o->watermark = WEIR_TIME_NONE;
	weir_stage_defaults(&c, "test");
	c.in_fd = ends[0];
	c.out_fd = -1;
	c.proc_time = proc_time;
	if (!hold)
		hang_up(o);
	st = weir_stage_new(&c, &ops, o);
	status = weir_stage_run(st, &err);
	weir_stage_free(st);
	hang_up(o);
	close(ends[0]);
	return status;
}

static void
alarms(void)
{
	struct op o = {.alarm = S / 100};
	int64_t before = weir_clock_ns();

	ok(run(&o, "{}\n", false, true) == 0 && o.rings == 1,
	    "an alarm rings while nothing comes");
	ok(weir_clock_ns() - before >= S / 100, "not before its time");
	o = (struct op){.alarm = 1, .again = 3};
	ok(run(&o, "{}\n", false, true) == 0 && o.rings == 3,
	    "it is set anew as it rings");
	o = (struct op){.alarm = 1, .again = 1};
	ok(run(&o, "{}\n{}\nbad\n{}\n", false, false) == 0 && o.rings == 1 &&
		o.events == 3,
	    "it rings once, between events, while there is work");
	o = (struct op){.alarm = 3600 * S};
	ok(run(&o, "{}\n", false, false) == 0 && o.rings == 0,
	    "the end of the stream does not wait for it");
}

static void
proc_time(void)
{
	struct op o = {.due = wall() + S / 100};
	int64_t before = wall();

	ok(run(&o, "{\"time\":5}\n{}\n", true, true) == 0 && !o.bad,
	    "times by the clock");
	ok(o.events == 2 && o.least >= before && o.most <= wall(),
	    "whatever events carry");
	ok(o.watermark >= o.due && o.watermark < o.due + 60 * S,
	    "due though nothing comes");
	o = (struct op){.leaps = 1};
	ok(run(&o, "{}\nbad\n{}\nbad\n{}\n", true, false) == 0 && o.runs == 3,
	    "the clock is set back");
	ok(!o.bad && o.most < wall() + 3601 * S && o.most > wall() + 3500 * S,
	    "times are not");
	o = (struct op){.saved = wall() + 1000 * S, .due = wall() + 1001 * S};
	ok(run(&o, "{}\n", true, false) == 0 && o.least == o.saved && !o.bad,
	    "never below what a job promised before");
}

static void
options(void)
{
	struct weir_stage_config c;

	weir_stage_defaults(&c, "test");
	c.proc_time = true;
	ok(weir_stage_check(&c, &err) == 1, "--proc-time");
	c.input = WEIR_FORMAT_CLF;
	ok(weir_stage_check(&c, &err) == 1, "though the format has a time");
	c.time = "ts";
	ok(weir_stage_check(&c, &err) == -1 && err.status == WEIR_USAGE,
	    "not with -t");
	c.time = NULL;
	c.idle_ns = 1;
	ok(weir_stage_check(&c, &err) == -1, "nor --idle");
}

int
main(void)
{
	alarm(20); /* instead of waiting for ever */
	alarms();
	proc_time();
	options();
	return done();
}
