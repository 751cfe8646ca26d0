/*
 * clock.c - what a stage does by the wall clock: alarms, and --proc-time.
 *
 * An alarm counts time that goes by; --proc-time asks what time it is, and lets
 * the watermark stand wherever that clock does. It is asked once a block, and
 * when the wait for input is over.
 */
#define _GNU_SOURCE
#include "stream/runtime.h"

#include <time.h>

#define LOOK_MS 60000 /* the clock may be set while we wait for it */
#define TICK_MS 1000  /* how often those behind us are told the time */

static int64_t
wall_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The same, but never back, nor below what was promised. */
static int64_t
read_clock(struct weir_stage *st)
{
	int64_t now = wall_clock();

	if (st->now < st->wm.merged && st->wm.merged != WEIR_TIME_MAX)
		st->now = st->wm.merged;
	if (now > st->now)
		st->now = now;
	return st->now;
}

void
weir_stage_stamp(struct weir_stage *st, struct weir_block *b)
{
	int64_t now = read_clock(st);

	for (uint32_t i = 0; i < b->n; i++)
		b->events[i].time = b->events[i].watermark = now;
	b->watermark_after = now;
}

/* In how many ms will so many ns be over? Rounded up. */
static int64_t
ms_of(int64_t ns)
{
	return ns > 0 ? ns / 1000000 + 1 : 0;
}

int64_t
weir_stage_clock_limit(const struct weir_stage *st)
{
	int64_t ms = -1, left, due;

	if (st->alarm_ns != 0)
		ms = ms_of(st->alarm_ns - weir_clock_ns());
	if (!st->c.proc_time || (st->due == WEIR_TIME_MAX && !st->tells_time))
		return ms;
	left = st->tells_time ? TICK_MS : LOOK_MS;
	due = ms_of(weir_time_add(st->due, -wall_clock()));
	left = due < left ? due : left;
	return ms < 0 || left < ms ? left : ms;
}

int
weir_stage_mind_clock(struct weir_stage *st, struct weir_error *err)
{
	if (!st->started || st->ended)
		return 1;
	if (st->alarm_ns != 0 && weir_clock_ns() >= st->alarm_ns) {
		st->alarm_ns = 0;
		if (st->ops->alarm != NULL &&
		    st->ops->alarm(st->self, st, err) < 0)
			return -1;
	}
	if (!st->c.proc_time ||
	    weir_watermark_lift(&st->wm, read_clock(st)) == 0)
		return 1;
	return weir_stage_advance(st, st->wm.merged, err);
}

void
weir_stage_set_alarm(struct weir_stage *st, int64_t in_ns)
{
	st->alarm_ns = in_ns > 0 ? weir_time_add(weir_clock_ns(), in_ns) : 0;
}
