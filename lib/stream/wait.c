/*
 * wait.c - what a stage waits for: input, signals, orders, the end of a capture,
 * of the reader of its output, or of some time.
 *
 * Followers share one descriptor for their notices; which of them are due is
 * asked of each afterwards. All others have a descriptor of their own.
 */
#define _GNU_SOURCE
#include "stream/runtime.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

#define IDLE_TICK_MS 100 /* how often an idle watermark moves on */
#define OTHERS	     5	 /* descriptors besides those of inputs */

struct watch {
	struct pollfd *p;
	size_t *of;	/* p[0..ninputs) are these inputs */
	size_t ninputs; /* that have a descriptor of their own */
	size_t nahead;	/* p[ninputs..ninputs + nahead): read ahead */
	size_t n, wake, control, capture, out, notices; /* in p; NONE */
	size_t awaited;
	int timeout_ms;
};

#define NONE SIZE_MAX

/* Is input i one of those that this wait is for? */
static bool
wanted(const struct weir_stage *st, size_t i, size_t awaited)
{
	const struct weir_input *in = &st->inputs[i];

	if (st->held) /* all are read ahead */
		return false;
	if (in->table || (awaited < st->ninputs && st->inputs[awaited].table))
		return in->source != NULL && i == awaited;
	return in->source != NULL && !st->wm.inputs[i].ended &&
	    (i == awaited || st->arrival || st->wm.inputs[i].idle);
}

static void
watch_fd(struct watch *w, int fd, short events, size_t *place)
{
	*place = w->n;
	w->p[w->n++] = (struct pollfd){.fd = fd, .events = events};
}

static void
sooner(struct watch *w, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	if (w->timeout_ms < 0 || ms < w->timeout_ms)
		w->timeout_ms = (int)(ms > 3600000 ? 3600000 : ms);
}

/* Returns whether it gets its notices from the stage's. */
static bool
watch_input(struct watch *w, const struct weir_stage *st, size_t i)
{
	const struct weir_input *in = &st->inputs[i];
	int timeout_ms = -1, fd;
	size_t place;

	if (in->glob != NULL) {
		fd = weir_notices_fd(st->notices);
		timeout_ms = weir_glob_timeout(in->glob);
	} else {
		fd = weir_source_fd(in->source, &timeout_ms);
	}
	if (timeout_ms >= 0)
		sooner(w, timeout_ms);
	/* Always ready. */
	if (fd < 0 && st->arrival)
		sooner(w, 0);
	if (fd < 0)
		return false;
	if (st->notices != NULL && fd == weir_notices_fd(st->notices))
		return true;
	w->of[w->ninputs++] = i;
	watch_fd(w, fd, POLLIN, &place);
	return false;
}

/* Others that may be read meanwhile. */
static void
watch_ahead(struct watch *w, const struct weir_stage *st)
{
	int timeout_ms, fd;
	size_t i, place;

	for (i = 0; st->queues && i < st->ninputs; i++) {
		const struct weir_input *in = &st->inputs[i];

		if (wanted(st, i, w->awaited) || !weir_input_wants_ahead(in))
			continue;
		fd = weir_source_fd(in->source, &timeout_ms);
		if (fd < 0)
			continue;
		w->of[w->ninputs + w->nahead++] = i;
		watch_fd(w, fd, POLLIN, &place);
	}
}

static void
watch_inputs(struct watch *w, const struct weir_stage *st)
{
	bool notices = false;
	size_t i;

	for (i = 0; i < st->ninputs; i++)
		if (st->inputs[i].glob != NULL || wanted(st, i, w->awaited))
			notices |= watch_input(w, st, i);
	watch_ahead(w, st);
	if (notices)
		watch_fd(w, weir_notices_fd(st->notices), POLLIN, &w->notices);
}

static void
watch_others(struct watch *w, const struct weir_stage *st)
{
	if (st->c.wake_fd >= 0)
		watch_fd(w, st->c.wake_fd, POLLIN, &w->wake);
	if (st->c.control_fd >= 0)
		watch_fd(w, st->c.control_fd, POLLIN, &w->control);
	if (st->capture.pid > 0)
		watch_fd(w, st->capture.fd, POLLIN, &w->capture);
	/* for nothing but the end of its reader, even with no output */
	if (st->writer != NULL)
		watch_fd(w, st->c.out_fd, 0, &w->out);
}

static void
begin(struct watch *w, struct weir_stage *st, size_t awaited)
{
	size_t need = st->ninputs + OTHERS, cap = st->polls_cap;

	if (need > cap) {
		st->polls = weir_grow(
		    st->polls, &st->polls_cap, need, sizeof *st->polls);
		st->polled = weir_grow(
		    st->polled, &cap, st->polls_cap, sizeof *st->polled);
	}
	*w = (struct watch){.p = st->polls,
	    .of = st->polled,
	    .wake = NONE,
	    .control = NONE,
	    .capture = NONE,
	    .out = NONE,
	    .notices = NONE,
	    .awaited = awaited,
	    .timeout_ms = -1};
}

static bool
came(const struct watch *w, size_t place)
{
	return place != NONE && w->p[place].revents != 0;
}

/* What came in besides input: signals, orders, the end of a capture. */
static int
serve(struct weir_stage *st, const struct watch *w, struct weir_error *err)
{
	if (came(w, w->wake) && st->c.wake_drain != NULL)
		st->c.wake_drain(st->c.ctx);
	if (came(w, w->capture) && weir_stage_reap(st, err) < 0)
		return -1;
	if (w->out != NONE && (w->p[w->out].revents & POLLERR) != 0) {
		st->reader_gone = true;
		return weir_fail(err, WEIR_SYSTEM, "the reader went away");
	}
	if (came(w, w->notices))
		weir_notices_drain(st->notices);
	if (came(w, w->control) && st->ops->control(st->self, st, err) < 0)
		return -1;
	return 1;
}

/* poll(2) that takes a signal for "something happened". */
static int
poll_all(struct watch *w, int timeout_ms, struct weir_error *err)
{
	int n = poll(w->p, w->n, timeout_ms);

	if (n >= 0 || errno == EINTR)
		return n > 0;
	return weir_fail_errno(err, "cannot wait for input");
}

/* Which inputs may have something? */
static void
mark_ready(struct weir_stage *st, const struct watch *w)
{
	int64_t now = st->c.idle_ns > 0 ? weir_clock_ns() : 0;
	size_t i, k;

	for (i = 0; i < st->ninputs; i++)
		if (wanted(st, i, w->awaited) &&
		    weir_source_regular(st->inputs[i].source))
			st->inputs[i].ready =
			    weir_source_due(st->inputs[i].source);
	for (k = 0; k < w->ninputs; k++) {
		i = w->of[k];
		st->inputs[i].ready = w->p[k].revents != 0;
		if (st->inputs[i].ready)
			st->inputs[i].heard_ns = now;
	}
}

static int
read_ahead(struct weir_stage *st, const struct watch *w, struct weir_error *err)
{
	size_t k, end = w->ninputs + w->nahead;

	for (k = w->ninputs; k < end; k++)
		if (w->p[k].revents != 0 &&
		    weir_input_read_ahead(&st->inputs[w->of[k]], err) < 0)
			return -1;
	return 1;
}

/* An input that was silent may speak, or one has been silent for too long. */
static int
mind_idle(struct weir_stage *st, size_t awaited, struct weir_error *err)
{
	int64_t now;
	bool moved = false;
	size_t i;

	for (i = 0; i < st->ninputs; i++)
		if (st->wm.inputs[i].idle &&
		    (st->inputs[i].ready ||
			weir_input_has_ahead(&st->inputs[i])))
			weir_watermark_idle(&st->wm, i, false);
	if (st->c.idle_ns <= 0)
		return 1;
	now = weir_clock_ns();
	if (awaited < st->ninputs && !st->inputs[awaited].table &&
	    !st->wm.inputs[awaited].idle && !st->inputs[awaited].ready &&
	    now - st->inputs[awaited].heard_ns >= st->c.idle_ns) {
		moved = weir_watermark_idle(&st->wm, awaited, true) > 0;
		st->idle_base = st->wm.merged;
		st->idle_since_ns = now;
	}
	if (weir_watermark_all_idle(&st->wm) && st->idle_base != WEIR_TIME_NONE)
		moved |= weir_watermark_lift(&st->wm,
			     weir_time_add(
				 st->idle_base, now - st->idle_since_ns)) > 0;
	return moved ? weir_stage_advance(st, st->wm.merged, err) : 1;
}

static void
set_limits(struct watch *w, const struct weir_stage *st)
{
	int64_t ms = weir_stage_clock_limit(st);

	if (ms >= 0)
		sooner(w, ms);
	ms = weir_stage_spill_limit(st);
	if (ms >= 0)
		sooner(w, ms);
	if (st->c.idle_ns <= 0)
		return;
	if (w->awaited < st->ninputs && !st->inputs[w->awaited].table)
		sooner(w,
		    (st->inputs[w->awaited].heard_ns + st->c.idle_ns -
			weir_clock_ns()) /
			    1000000 +
			1);
	if (weir_watermark_all_idle(&st->wm))
		sooner(w, IDLE_TICK_MS);
}

/* Is there nothing that a flush would write? */
static bool
clean(const struct weir_stage *st)
{
	return st->nsides == 0 &&
	    (st->writer == NULL || !weir_writer_dirty(st->writer));
}

int
weir_stage_wait(struct weir_stage *st, size_t awaited, struct weir_error *err)
{
	struct watch w;
	int got;

	weir_stage_starve(st, awaited);
	begin(&w, st, awaited);
	watch_inputs(&w, st);
	watch_others(&w, st);
	set_limits(&w, st);
	/* With nothing to flush first, one call does. */
	got = poll_all(&w, clean(st) ? w.timeout_ms : 0, err);
	if (got == 0 && w.timeout_ms != 0 && !clean(st)) {
		if (weir_stage_rest(st, err) < 0)
			return -1;
		if (st->c.stop != NULL && *st->c.stop != 0)
			return 1;
		got = poll_all(&w, w.timeout_ms, err);
	}
	if (got < 0 || serve(st, &w, err) < 0)
		return -1;
	mark_ready(st, &w);
	if (awaited < st->ninputs && st->inputs[awaited].ready)
		st->starved_ns = 0;
	else if (w.nahead > 0 && !clean(st) && weir_stage_rest(st, err) < 0)
		return -1;
	if (read_ahead(st, &w, err) < 0 || mind_idle(st, awaited, err) < 0)
		return -1;
	return weir_stage_mind_clock(st, err);
}

int
weir_stage_glance(struct weir_stage *st, struct weir_error *err)
{
	struct watch w;

	if (st->c.control_fd < 0 && st->capture.pid == 0 && !st->arrival &&
	    !st->queues)
		return 1;
	begin(&w, st, st->ninputs);
	if (st->arrival || st->queues)
		watch_inputs(&w, st);
	watch_others(&w, st);
	if (poll_all(&w, 0, err) < 0 || serve(st, &w, err) < 0)
		return -1;
	if (st->arrival)
		mark_ready(st, &w);
	return read_ahead(st, &w, err);
}
