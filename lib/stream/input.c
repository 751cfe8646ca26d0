#include "stream/runtime.h"

#include "base/text.h"
#include "event/render.h"
#include "stream/formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#define CLAIM_NS INT64_C(1000000000)

static int
bad_line(void *ctx, const struct weir_bad *bad, struct weir_error *err)
{
	struct weir_input *in = ctx;

	return weir_stage_reject(in->stage, bad, err);
}

/* What is its own of the options. */
static const struct weir_operand_config *
own(const struct weir_input *in)
{
	static const struct weir_operand_config none;
	const struct weir_stage_config *c = &in->stage->c;

	return in->operand < c->noperands ? &c->operands[in->operand] : &none;
}

enum weir_format
weir_input_format(const struct weir_input *in)
{
	const struct weir_operand_config *o = own(in);

	return o->input != WEIR_FORMAT_AUTO
	    ? o->input
	    : weir_formats_of(&in->stage->c, in->name);
}

bool
weir_stage_assigns_time(const struct weir_stage *st)
{
	size_t i;

	for (i = 0; i < st->ninputs; i++)
		if (!st->inputs[i].table && st->inputs[i].timing.time != NULL)
			return true;
	return false;
}

int
weir_input_check(const struct weir_input *in, enum weir_format format,
    struct weir_error *err)
{
	const struct weir_stage_config *c = &in->stage->c;

	if (!c->needs_time || in->table || in->timing.time != NULL ||
	    c->proc_time || format == WEIR_FORMAT_AUTO ||
	    format == WEIR_FORMAT_FRAMES)
		return 1;
	return weir_fail(err, WEIR_USAGE,
	    "no event time: say which field holds it, as in -t ts");
}

int
weir_input_timing(struct weir_input *in, struct weir_error *err)
{
	const struct weir_stage_config *c = &in->stage->c;
	const struct weir_operand_config *o = own(in);
	struct weir_timing_config tc = {.time = in->table ? NULL : c->time,
	    .option = "-t",
	    .format = c->time_format,
	    .watermark = in->table ? NULL : c->watermark,
	    .unit = c->time_unit,
	    .max_delay_ns = c->max_delay_ns};

	if (o->time != NULL)
		tc.time = o->time;
	else if (tc.time == NULL && !in->table && !c->proc_time &&
	    weir_convert_has_time(weir_input_format(in)))
		tc.time = "time";
	if (o->time != NULL && o->time_option != NULL)
		tc.option = o->time_option;
	if (o->time_format != NULL)
		tc.format = o->time_format;
	if (o->time_unit != NULL)
		tc.unit = *o->time_unit;
	if (o->max_delay_ns != NULL)
		tc.max_delay_ns = *o->max_delay_ns;
	return weir_timing_init(&in->timing, &tc, in->stage->prover, err);
}

struct weir_reader *
weir_input_reader(struct weir_input *in, struct weir_source *source)
{
	struct weir_stage *st = in->stage;
	const struct weir_stage_config *c = &st->c;
	struct weir_reader_config rc = {.format = weir_input_format(in),
	    .convert =
		own(in)->convert != NULL ? *own(in)->convert : c->convert,
	    .max_line = c->max_line,
	    .prover = st->prover,
	    .index = c->output == WEIR_FORMAT_FRAMES,
	    .prove = c->prove || weir_render_is(c->output),
	    .bad = bad_line,
	    .ctx = in};

	return weir_reader_new(&rc, source);
}

/*
 * A FIFO in a job is for one reader: each of two would get pieces. One of the
 * run before may be about to go.
 */
static int
claim(struct weir_input *in, struct weir_error *err)
{
	int64_t until = weir_clock_ns() + CLAIM_NS;
	int timeout_ms, fd = weir_source_fd(in->source, &timeout_ms);
	struct stat sb;

	if (fd < 0 || fstat(fd, &sb) < 0 || !S_ISFIFO(sb.st_mode))
		return 1;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		if (weir_clock_ns() > until)
			return weir_fail(err, WEIR_USAGE,
			    "%s: another stage reads it, too: fork the stream "
			    "with tee",
			    weir_source_name(in->source));
		poll(NULL, 0, 10);
	}
	return 1;
}

/* What a job without a source for standard input gives. */
bool
weir_stage_reads_nothing(const struct weir_stage *st)
{
	struct stat sb;

	return st->c.of_job && st->c.nfiles == 0 && st->inputs[0].opened &&
	    fstat(st->c.in_fd, &sb) == 0 && S_ISCHR(sb.st_mode);
}

int
weir_input_open(struct weir_input *in, struct weir_error *err)
{
	struct weir_stage *st = in->stage;
	const struct weir_stage_config *c = &st->c;
	struct weir_source_config sc = {.fd = c->in_fd,
	    .follow = c->follow && !in->table,
	    .once = c->once,
	    .store = c->store,
	    .notices = st->notices,
	    .seen = st->seen,
	    .taken = st->seen != NULL ? weir_stage_taken : NULL,
	    .ctx = in,
	    .pattern = in->own_name ? c->files[in->operand] : NULL};

	if (in->name != NULL) {
		sc.names = &in->name;
		sc.n = 1;
	}
	in->source = weir_source_open(&sc, err);
	if (in->source == NULL)
		return -1;
	if (c->of_job && in->name != NULL && claim(in, err) < 0)
		return -1;
	in->reader = weir_input_reader(in, in->source);
	in->opened = true;
	weir_input_queue(in);
	in->heard_ns = weir_clock_ns();
	return 1;
}

void
weir_input_close(struct weir_input *in)
{
	weir_reader_free(in->reader);
	weir_source_close(in->source);
	weir_queue_free(in->queue);
	in->reader = NULL;
	in->source = NULL;
	in->queue = NULL;
	in->queued_end = 0;
	in->have = false;
}

void
weir_input_retire(struct weir_input *in)
{
	struct weir_stage *st = in->stage;
	size_t i = in->i;

	weir_input_close(in);
	weir_timing_fini(&in->timing);
	weir_lookout_fini(&in->lookout);
	free(in->own_name);
	*in = (struct weir_input){.stage = st, .i = i};
}

static int
bad_event(void *ctx, const struct weir_block *b, uint32_t i, const char *why,
    struct weir_error *err)
{
	struct weir_input *in = ctx;

	return weir_stage_bad(in->stage, b, i, why, err);
}

/*
 * Times travel with the events of frames. If this tool needs them and there are
 * none, that is the user's to mend; one event without is a bad event.
 */
static int
check_times(struct weir_input *in, struct weir_block *b, struct weir_error *err)
{
	struct weir_stage *st = in->stage;
	int64_t floor = st->wm.inputs[in->i].t;
	uint32_t i, j = 0;

	for (i = 0; i < b->n; i++) {
		if (b->events[i].watermark < floor)
			b->events[i].watermark = floor;
		if (b->events[i].time != WEIR_TIME_NONE)
			st->timed = true;
		else if (st->c.needs_time)
			break;
	}
	if (b->watermark_after < floor)
		b->watermark_after = floor;
	if (i == b->n)
		return 1;
	if (!st->timed)
		return weir_fail(err, WEIR_USAGE,
		    "no event time: say which field holds it, as in -t ts");
	for (i = 0; i < b->n; i++) {
		if (b->events[i].time == WEIR_TIME_NONE) {
			if (bad_event(in, b, i, "no event time", err) < 0)
				return -1;
			continue;
		}
		weir_block_keep(b, j++, i);
	}
	b->n = j;
	return 1;
}

/*
 * What says so of itself takes an earlier event back. Formats without booleans
 * say it in words.
 */
static void
flag_retractions(struct weir_input *in, struct weir_block *b)
{
	size_t slot = (size_t)in->stage->retract_slot;
	bool words = weir_convert_is(weir_reader_format(in->reader));
	struct weir_str value;
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		const struct weir_slot *at = &weir_block_slots(b, i)[slot];

		value.s = b->text + b->events[i].off + at->off;
		value.len = at->len;
		if (weir_str_eq(value, "true") ||
		    (words && weir_str_eq(value, "\"true\"")))
			b->events[i].flags |= WEIR_RETRACT;
	}
}

static int
assign(struct weir_input *in, struct weir_error *err)
{
	struct weir_block *b = &in->item.block;
	struct weir_stage *st = in->stage;
	bool all = st->hello.job && b->watermark_after == WEIR_TIME_MAX;

	in->at = 0;
	if (in->assigned > 0) { /* and counted: before it was saved */
		in->assigned -= b->n < in->assigned ? b->n : in->assigned;
		st->timed = true;
		return 1;
	}
	st->metrics.in += b->n;
	if (st->retract_slot != WEIR_NO_SLOT && !st->framed)
		flag_retractions(in, b);
	if (st->c.proc_time) /* stamped when the stage has begun */
		return 1;
	if (in->timing.time == NULL)
		return in->table ? 1 : check_times(in, b, err);
	st->timed |= !in->table;
	/* While this input was silent, the stream may have gone on. */
	if (in->timing.watermark < st->wm.inputs[in->i].t)
		in->timing.watermark = st->wm.inputs[in->i].t;
	if (weir_timing_assign(&in->timing, b, bad_event, in, err) < 0)
		return -1;
	if (all) /* whatever they mean by time */
		b->watermark_after = WEIR_TIME_MAX;
	return 1;
}

int
weir_input_decode(struct weir_input *in, struct weir_error *err)
{
	int got;

	while (in->past != NULL) {
		got = weir_reader_next(in->past, &in->item, err);
		if (got == 0)
			got = weir_reader_fill(in->past, err) < 0 ? -1 : 0;
		if (got < 0)
			return -1;
		if (got == 0 || in->item.kind == WEIR_ITEM_HELLO)
			continue;
		if (in->item.kind != WEIR_ITEM_END)
			return 1;
		weir_channel_end(in);
	}
	return weir_reader_next(in->reader, &in->item, err);
}

int
weir_input_next(struct weir_input *in, struct weir_error *err)
{
	int got;

	in->stage->framed =
	    weir_reader_format(in->reader) == WEIR_FORMAT_FRAMES;
	while (!in->have) {
		got = weir_input_decode(in, err);
		if (got <= 0)
			return got;
		in->have = true;
		if (in->item.kind == WEIR_ITEM_EVENTS && assign(in, err) < 0)
			return -1;
	}
	return 1;
}
