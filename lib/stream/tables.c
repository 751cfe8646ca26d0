/*
 * tables.c - inputs that are read whole, before the streams beside them go on.
 */
#include "stream/runtime.h"

#include <string.h>

struct weir_input *
weir_stage_unread(struct weir_stage *st)
{
	size_t i;

	if (st->ntables == 0)
		return NULL;
	for (i = 0; i < st->ninputs; i++)
		if (st->inputs[i].unread)
			return &st->inputs[i];
	return NULL;
}

void
weir_stage_reread(struct weir_stage *st)
{
	size_t i;

	for (i = 0; i < st->ninputs; i++) {
		struct weir_input *in = &st->inputs[i];

		/* Standard input cannot be read twice. */
		if (!in->table || strcmp(in->name, "-") == 0)
			continue;
		weir_input_close(in);
		in->opened = in->waiting = in->end_read = false;
		in->unread = true;
	}
}

void
weir_stage_skip_tables(struct weir_stage *st)
{
	size_t i;

	for (i = 0; i < st->ninputs; i++)
		st->inputs[i].unread = false;
}

/* It has no part in the order of events. */
static int
take_events(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	struct weir_block *b = &in->item.block;
	uint32_t i;

	for (i = 0; i < b->n; i++)
		b->events[i].watermark = WEIR_TIME_NONE;
	b->watermark_after = WEIR_TIME_NONE;
	st->operand = in->operand;
	return b->n > 0 ? st->ops->events(st->self, st, b, 0, b->n, err) : 1;
}

static int
take_item(struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	in->have = false;
	switch (in->item.kind) {
	case WEIR_ITEM_EVENTS: return take_events(st, in, err);
	case WEIR_ITEM_HELLO:
		if (!in->item.hello.job)
			return 1;
		return weir_fail(err, WEIR_USAGE,
		    "%s: a stream of the job, which has no end to wait for, "
		    "cannot be a table",
		    weir_source_name(in->source));
	case WEIR_ITEM_END:
		if (in->item.end.reason == WEIR_FAILED)
			return weir_stage_upstream_failed(
			    in->item.end.message, err);
		in->end_read = true;
		return 1;
	case WEIR_ITEM_WATERMARK:
	case WEIR_ITEM_BARRIER: break;
	}
	return 1;
}

static int
is_whole(struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	weir_stage_metrics(st); /* count it while it is there */
	weir_input_close(in);
	in->unread = false;
	st->operand = in->operand;
	return st->ops->table != NULL
	    ? st->ops->table(st->self, st, in->operand, err)
	    : 1;
}

int
weir_stage_read_table(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	int got;

	if (!in->opened && weir_input_open(in, err) < 0)
		return -1;
	got = weir_input_next(in, err);
	if (got < 0)
		return -1;
	if (got > 0)
		return take_item(st, in, err);
	if (weir_reader_done(in->reader) || weir_input_at_end(in))
		return is_whole(st, in, err);
	return weir_stage_fill(st, in, err);
}
