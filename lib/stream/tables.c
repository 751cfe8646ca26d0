/*
 * tables.c - inputs that are read whole, before the streams beside them go on.
 */
#include "stream/runtime.h"

#include <string.h>
#include <sys/stat.h>

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

/* Standard input and pipes cannot be read twice. */
static bool
is_gone(const struct weir_input *in)
{
	struct stat sb;

	return strcmp(in->name, "-") == 0 ||
	    (stat(in->name, &sb) == 0 && !S_ISREG(sb.st_mode) &&
		!S_ISDIR(sb.st_mode));
}

void
weir_stage_reread(struct weir_stage *st)
{
	size_t i;

	for (i = 0; i < st->ninputs; i++) {
		struct weir_input *in = &st->inputs[i];

		if (!in->table || is_gone(in))
			continue;
		weir_input_close(in);
		in->opened = in->waiting = in->end_read = false;
		in->unread = in->again = true;
	}
}

/*
 * What it holds is known from before, so that it cannot be read now, or is no
 * good, is no reason to end.
 */
static int
leave(struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	struct weir_buf text = {0};

	if (!in->again)
		return -1;
	if (st->c.warn != NULL) {
		weir_buf_printf(&text,
		    "%s (read again as a table: what it held before stays)",
		    err->text);
		st->c.warn(st->c.ctx, weir_buf_cstr(&text));
		weir_buf_fini(&text);
	}
	weir_stage_metrics(st);
	weir_input_close(in);
	in->opened = true;
	in->unread = false;
	if (st->ops->stay != NULL)
		st->ops->stay(st->self, st, in->operand);
	return 1;
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

/* What is no events. */
static int
take_sign(struct weir_input *in, struct weir_error *err)
{
	char shown[WEIR_SOURCE_SHOWN];

	if (in->item.kind == WEIR_ITEM_HELLO && in->item.hello.job)
		return weir_fail(err, WEIR_USAGE,
		    "%s: a source of the job is a stream, and a table is read "
		    "whole before the first event: name the table's own file "
		    "here, which the job keeps in its state",
		    weir_source_shown(in->source, shown));
	if (in->item.kind != WEIR_ITEM_END)
		return 1;
	if (in->item.end.reason == WEIR_FAILED)
		return weir_stage_upstream_failed(in->item.end.message, err);
	in->end_read = true;
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
		return leave(st, in, err);
	got = weir_input_next(in, err);
	if (got < 0)
		return leave(st, in, err);
	if (got > 0) {
		in->have = false;
		if (in->item.kind == WEIR_ITEM_EVENTS)
			return take_events(st, in, err);
		return take_sign(in, err) < 0 ? leave(st, in, err) : 1;
	}
	if (weir_reader_done(in->reader) || weir_input_at_end(in))
		return is_whole(st, in, err);
	if (!in->again)
		return weir_stage_fill(st, in, err);
	/* It is a regular file. What fails of other inputs does fail. */
	if (weir_stage_glance(st, err) < 0)
		return -1;
	if (st->ended || (st->c.stop != NULL && *st->c.stop != 0))
		return 1;
	return weir_stage_read_input(st, in, err) < 0 ? leave(st, in, err) : 1;
}
