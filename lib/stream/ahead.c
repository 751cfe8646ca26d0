/*
 * ahead.c - reading inputs ahead of their turn.
 *
 * Several inputs are processed in watermark order, so at any time one of them is
 * waited for. If it comes from the same writer as another, through tee, that
 * writer may be stuck because we do not read the other: so while we wait, or have
 * read a piece, others are read, too, as far as their queues have room in memory,
 * and once the awaited one has been silent for a while, without limit into files.
 * Regular files are always there to be read: never ahead.
 */
#include "stream/runtime.h"

#include "base/mem.h"

#include <string.h>
#include <sys/stat.h>

#define AHEAD_BOUND    ((size_t)1 << 20) /* of an input, in memory */
#define AHEAD_READ     ((size_t)256 << 10)
#define SPILL_AFTER_NS INT64_C(100000000)

/* Of the reader: what waits first, then from the source itself. */
static int
read_through(
    void *ctx, char *buf, size_t cap, size_t *got, struct weir_error *err)
{
	struct weir_input *in = ctx;
	int end = in->queued_end;

	if (weir_queue_len(in->queue) > 0)
		return weir_queue_pop(in->queue, buf, cap, got, err) < 0
		    ? -1
		    : WEIR_GOT_DATA;
	*got = 0;
	if (in->detached)
		return WEIR_GOT_NOTHING;
	if (end == 0) {
		end = weir_source_read_direct(in->source, buf, cap, got, err);
		weir_input_saw(in, buf, *got);
		return end;
	}
	if (end - 1 == WEIR_GOT_BOUNDARY)
		in->queued_end = 0; /* and on to what follows */
	return end - 1;
}

/* Is it something that has a writer? */
static bool
has_writer(const struct weir_input *in)
{
	struct stat sb;
	int got;

	if (in->name == NULL)
		got = fstat(in->stage->c.in_fd, &sb);
	else if (strcmp(in->name, "-") == 0)
		got = fstat(0, &sb);
	else
		got = stat(in->name, &sb);
	return got == 0 &&
	    (S_ISFIFO(sb.st_mode) || S_ISSOCK(sb.st_mode) ||
		S_ISCHR(sb.st_mode));
}

int
weir_stage_open_pipes(struct weir_stage *st, struct weir_error *err)
{
	size_t i;

	for (i = 0; st->ninputs > 1 && i < st->ninputs; i++) {
		struct weir_input *in = &st->inputs[i];

		if (!in->opened && in->glob == NULL && has_writer(in) &&
		    weir_input_open(in, err) < 0)
			return -1;
	}
	return 1;
}

void
weir_input_queue(struct weir_input *in)
{
	struct weir_stage *st = in->stage;

	if (st->ninputs == 1 || weir_source_regular(in->source))
		return;
	in->queue = weir_queue_new(AHEAD_BOUND);
	in->queued_end = 0;
	weir_source_set_via(in->source, read_through, in);
	st->queues = true;
}

bool
weir_input_has_ahead(const struct weir_input *in)
{
	return in->queue != NULL &&
	    (weir_queue_len(in->queue) > 0 || in->queued_end != 0);
}

/*
 * Have we waited for long enough to use the disk? Once it is used, that goes on
 * whenever the awaited one is silent, or each piece would take so long.
 */
static bool
may_spill(const struct weir_input *in)
{
	const struct weir_stage *st = in->stage;

	if (st->held)
		return true;
	return st->starved_ns != 0 &&
	    (weir_queue_spilt(in->queue) ||
		weir_clock_ns() - st->starved_ns >= SPILL_AFTER_NS);
}

bool
weir_input_wants_ahead(const struct weir_input *in)
{
	return in->queue != NULL && in->queued_end == 0 &&
	    (weir_queue_room(in->queue) > 0 || may_spill(in));
}

void
weir_stage_starve(struct weir_stage *st, size_t awaited)
{
	if (!st->queues || (st->starved_ns != 0 && st->starved_by == awaited))
		return;
	st->starved_by = awaited;
	st->starved_ns = weir_clock_ns();
}

int64_t
weir_stage_spill_limit(const struct weir_stage *st)
{
	int64_t left;
	size_t i;

	if (!st->queues || st->starved_ns == 0)
		return -1;
	left = st->starved_ns + SPILL_AFTER_NS - weir_clock_ns();
	for (i = 0; i < st->ninputs; i++) {
		const struct weir_input *in = &st->inputs[i];

		if (in->queue != NULL && in->queued_end == 0 &&
		    weir_queue_room(in->queue) == 0 && !may_spill(in))
			return left > 0 ? left / 1000000 + 1 : 0;
	}
	return -1;
}

const char *
weir_stage_spill_dir(const struct weir_stage *st)
{
	if (st->hello.job && st->dir.path != NULL)
		return st->dir.path;
	return st->c.spill_dir != NULL ? st->c.spill_dir : "/tmp";
}

int
weir_input_read_ahead(struct weir_input *in, struct weir_error *err)
{
	struct weir_stage *st = in->stage;
	size_t cap = AHEAD_READ, n;
	int got;

	if (!may_spill(in) && weir_queue_room(in->queue) < cap)
		cap = weir_queue_room(in->queue);
	if (cap == 0)
		return 1;
	if (st->ahead == NULL)
		st->ahead = weir_malloc(AHEAD_READ);
	got = weir_source_read_direct(in->source, st->ahead, cap, &n, err);
	if (got < 0)
		return -1;
	if (got == WEIR_GOT_NOTHING)
		return 1;
	if (st->c.idle_ns > 0)
		in->heard_ns = weir_clock_ns();
	if (got != WEIR_GOT_DATA) {
		in->queued_end = got + 1;
		return 1;
	}
	weir_input_saw(in, st->ahead, n);
	return weir_queue_push(
	    in->queue, st->ahead, n, weir_stage_spill_dir(st), err);
}
