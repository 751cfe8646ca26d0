#include "event/decode.h"

#include "event/retract.h"
#include "json/check.h"
#include "json/proof.h"

#include <string.h>

#define SLACK	  4096 /* read behind a frame: more small ones */
#define NO_COLUMN 0xFF /* the index says nothing of this slot */

static size_t
limit(const struct weir_reader *r)
{
	size_t by_line = r->c.max_line + ((size_t)1 << 20);

	return by_line > WEIR_FRAME_MAX ? by_line : WEIR_FRAME_MAX;
}

static int
corrupt(const struct weir_reader *r, const char *what, struct weir_error *err)
{
	char shown[WEIR_SOURCE_SHOWN];

	return weir_fail(err, WEIR_INPUT,
	    "%s: corrupt frame %llu at byte %llu: %s",
	    weir_source_shown(r->source, shown), (unsigned long long)r->in.seq,
	    (unsigned long long)r->offset, what);
}

/* Put the frame's number and place before what a decoder found. */
static int
located(const struct weir_reader *r, const struct weir_error *inner,
    struct weir_error *err)
{
	corrupt(r, inner->text, err);
	if (err != NULL)
		err->status = inner->status;
	return -1;
}

/* The header at pos, if it is there: 1, 0, or -1. */
static int
header(
    const struct weir_reader *r, struct weir_frame *f, struct weir_error *err)
{
	struct weir_error inner;

	if (r->end - r->pos < WEIR_FRAME_HEADER)
		return 0;
	if (weir_frame_read_header(
		f, (const void *)(r->buf + r->pos), limit(r), &inner) < 0)
		return located(r, &inner, err);
	if (f->seq != r->in.seq)
		return corrupt(r,
		    "its sequence number is another "
		    "(do two write here, or two read?)",
		    err);
	return 1;
}

/*
 * Frames are read up to their end and a little more, so that what is moved to
 * the front is little, too, and a big one is never moved.
 */
size_t
weir_frames_room(struct weir_reader *r)
{
	size_t want = WEIR_FRAME_HEADER + SLACK, cap = r->cap;
	struct weir_frame f;

	weir_reader_compact(r);
	if (header(r, &f, NULL) == 1)
		want += f.len;
	if (want > cap || (cap > WEIR_READ_SIZE && want <= WEIR_READ_SIZE))
		cap = want > WEIR_READ_SIZE ? want : WEIR_READ_SIZE;
	if (cap < r->end + SLACK)
		cap = r->end + SLACK;
	if (cap != r->cap)
		weir_reader_resize(r, cap);
	return want > r->end ? want - r->end : SLACK;
}

bool
weir_frames_ready(const struct weir_reader *r)
{
	size_t have = r->end - r->pos;
	struct weir_frame f;
	int ret;

	if (r->in.busy || (r->in.ended && have > 0))
		return true;
	ret = header(r, &f, NULL);
	return ret < 0 || (ret > 0 && have >= WEIR_FRAME_HEADER + f.len);
}

int
weir_frames_end(struct weir_reader *r, struct weir_error *err)
{
	char shown[WEIR_SOURCE_SHOWN];
	const char *name = weir_source_shown(r->source, shown);
	unsigned long long seq = r->in.seq;

	if (r->in.ended)
		return 1;
	if (r->end > r->pos)
		return weir_fail(err, WEIR_UPSTREAM,
		    "%s: upstream died: it ends inside of frame %llu", name,
		    seq);
	return weir_fail(err, WEIR_UPSTREAM,
	    "%s: upstream died: it ends without END after %llu frames", name,
	    seq);
}

static void
release(struct weir_frames_in *in)
{
	weir_hello_fini(&in->hello);
	weir_barrier_fini(&in->barrier);
	weir_end_fini(&in->end);
	in->hello = (struct weir_hello){0};
	in->barrier = (struct weir_barrier){0};
	in->end = (struct weir_end){0};
}

void
weir_frames_fini(struct weir_reader *r)
{
	release(&r->in);
	weir_frame_rows_fini(&r->in.rows);
}

/* Which column of the index gives each slot? */
static void
map_columns(struct weir_reader *r)
{
	struct weir_frames_in *in = &r->in;
	const struct weir_names *names = in->block.names;

	if (in->names_id == names->id && in->nslots == r->nslots)
		return;
	in->names_id = names->id;
	in->nslots = r->nslots;
	in->prove = r->c.prove;
	for (uint32_t s = 0; s < r->nslots; s++) {
		int nested;
		struct weir_str name =
		    weir_prover_slot_name(r->c.prover, s, &nested);

		in->column[s] = NO_COLUMN;
		in->nested[s] = nested != 0;
		for (uint32_t i = 0; i < names->n; i++)
			if (names->name[i].len == name.len &&
			    memcmp(names->name[i].s, name.s, name.len) == 0)
				in->column[s] = (uint8_t)i;
		if (in->column[s] == NO_COLUMN)
			in->prove = true;
	}
}

/*
 * Fill slots by an index row: 1; 0 if that is not enough to know them; -1 if
 * the row points to something that is no value.
 */
static int
slots_by_index(const struct weir_frames_in *in, const char *text,
    const uint16_t *row, struct weir_slot *slots)
{
	for (uint32_t s = 0; s < in->nslots; s++) {
		unsigned off = row[in->column[s]];
		const char *end;

		slots[s] = (struct weir_slot){0, 0};
		if (off == 0)
			continue;
		if (off == WEIR_INDEX_UNKNOWN || in->nested[s])
			return 0;
		/*
		 * The writer vouches for the event; a value that is computed
		 * with is proven all the same, which finds its end, too.
		 */
		end = weir_proof_value(text + off, 1);
		if (end == NULL)
			return -1;
		slots[s] =
		    (struct weir_slot){off, (uint32_t)(end - text) - off};
	}
	return 1;
}

/* Slots (and the index, if there is none) of event i, as row n. */
static bool
fill_row(struct weir_reader *r, uint32_t i, uint32_t n)
{
	struct weir_frames_in *in = &r->in;
	const struct weir_event *e = &in->block.events[i];
	const char *text = in->block.text + e->off;
	struct weir_slot *slots = r->slots + (size_t)n * r->nslots;
	uint16_t *index = NULL;
	int ret = 0;

	/* A retraction may have to be rewritten: it is proven, too. */
	if (in->block.index == NULL)
		index = r->index ? r->index + (size_t)n * WEIR_INDEX_MAX : NULL;
	else if (!in->prove && e->flags == 0)
		ret = slots_by_index(in, text,
		    in->block.index + (size_t)i * WEIR_INDEX_MAX, slots);
	if (ret == 0)
		ret = weir_prover_line(r->c.prover, text, slots, index) ==
		    text + e->len;
	return ret == 1;
}

static int
bad_event(struct weir_reader *r, uint32_t i, struct weir_error *err)
{
	const struct weir_block *b = &r->in.block;
	const char *text = b->text + b->events[i].off;
	size_t len = b->events[i].len;
	uint64_t offset = r->offset;
	char why[64];
	int ret;

	r->offset += (uint64_t)(text - (r->buf + r->pos));
	if (b->index != NULL && weir_check(text, len, why, sizeof why) == 1)
		ret = weir_reader_bad(
		    r, "the index of its frame is wrong", text, len, len, err);
	else
		ret = weir_reader_judge(r, text, len, err);
	r->offset = offset;
	r->line++;
	return ret;
}

static void
end_of_frame(struct weir_reader *r)
{
	weir_reader_consume(r, r->in.frame_end, 0);
	r->in.busy = false;
	r->in.seq++;
}

/* Give out events [i, i + n) of the frame. */
static void
give(struct weir_reader *r, uint32_t i, uint32_t n, struct weir_block *b)
{
	struct weir_frames_in *in = &r->in;
	const struct weir_block *all = &in->block;

	*b = *all;
	b->events += i;
	b->n = n;
	b->slots = r->slots;
	b->nslots = r->nslots;
	if (all->index != NULL) {
		b->index += (size_t)i * WEIR_INDEX_MAX;
	} else if (r->index != NULL) {
		weir_reader_names(r);
		b->index = r->index;
		b->names = &r->names;
	}
	for (uint32_t k = 0; i > 0 && k < n; k++)
		b->events[k].line = k;
	if (i + n < all->n)
		b->watermark_after = all->events[i + n].watermark;
	b->source = weir_source_name(r->source);
	b->line = r->line + 1;
	b->offset = r->offset + (uint64_t)(all->text - (r->buf + r->pos));
	r->line += n;
	r->counts.events += n;
	r->counts.lines += n;
}

/* The next run of the frame's events; 0 when it is done. */
static int
next_events(
    struct weir_reader *r, struct weir_read_item *item, struct weir_error *err)
{
	struct weir_frames_in *in = &r->in;
	uint32_t left = in->block.n - in->i, n = 0;

	weir_reader_rows(r);
	if (in->block.index != NULL)
		map_columns(r);
	if (in->block.index != NULL && r->nslots == 0 && !r->c.prove &&
	    !weir_retract_any(in->block.events + in->i, left))
		n = left; /* nothing is wanted: nothing is looked at */
	else
		while (n < left && n < r->rows && fill_row(r, in->i + n, n))
			n++;
	if (n == 0) {
		if (bad_event(r, in->i, err) < 0)
			return -1;
		n = 1;
	} else {
		item->kind = WEIR_ITEM_EVENTS;
		give(r, in->i, n, &item->block);
	}
	in->i += n;
	if (in->i < in->block.n)
		return item->block.n > 0;
	end_of_frame(r);
	if (item->block.n > 0)
		return 1;
	/* The last one was bad: what comes behind it is still true. */
	item->kind = WEIR_ITEM_WATERMARK;
	item->watermark = in->block.watermark_after;
	return item->watermark > WEIR_TIME_NONE;
}

/* A number is never used again, nor one before it. */
static int
rises(struct weir_frames_in *in, struct weir_error *err)
{
	if (in->barrier.checkpoint <= in->barriers)
		return weir_fail(err, WEIR_INPUT,
		    "barrier %llu comes after %llu",
		    (unsigned long long)in->barrier.checkpoint,
		    (unsigned long long)in->barriers);
	in->barriers = in->barrier.checkpoint;
	return 1;
}

static int
control(struct weir_reader *r, const struct weir_frame *f, const char *payload,
    struct weir_read_item *item, struct weir_error *err)
{
	struct weir_frames_in *in = &r->in;
	uint64_t events = in->events;
	int ret;

	switch (f->kind) {
	case WEIR_FRAME_HELLO:
		item->kind = WEIR_ITEM_HELLO;
		ret = weir_hello_read(&in->hello, payload, f->len, err);
		item->hello = in->hello;
		break;
	case WEIR_FRAME_BARRIER:
		item->kind = WEIR_ITEM_BARRIER;
		ret = weir_barrier_read(&in->barrier, payload, f->len, err);
		if (ret == 1)
			ret = rises(in, err);
		item->barrier = in->barrier;
		events = in->barrier.events;
		break;
	case WEIR_FRAME_END:
		item->kind = WEIR_ITEM_END;
		ret = weir_end_read(&in->end, payload, f->len, err);
		item->end = in->end;
		events = in->end.events;
		in->ended = true;
		break;
	default:
		item->kind = WEIR_ITEM_WATERMARK;
		ret = weir_frame_read_watermark(
		    payload, f->len, &item->watermark, &item->idle, err);
	}
	if (ret == 1 && events != in->events)
		return weir_fail(err, WEIR_INPUT,
		    "%llu events were sent, %llu came",
		    (unsigned long long)events, (unsigned long long)in->events);
	return ret;
}

/* Decode the whole frame at pos: 1 with an item, 2 events to give out, -1. */
static int
open_frame(struct weir_reader *r, const struct weir_frame *f,
    struct weir_read_item *item, struct weir_error *err)
{
	struct weir_frames_in *in = &r->in;
	const char *head = r->buf + r->pos, *payload = head + WEIR_FRAME_HEADER;
	struct weir_error inner;

	if (weir_frame_verify(f, (const void *)head, payload, &inner) < 0)
		return located(r, &inner, err);
	if ((f->kind == WEIR_FRAME_HELLO) != (f->seq == 0))
		return corrupt(
		    r, "HELLO is the first frame, and only the first", err);
	in->frame_end = r->pos + WEIR_FRAME_HEADER + f->len;
	if (f->kind == WEIR_FRAME_EVENTS) {
		if (weir_frame_read_events(
			f, payload, &in->rows, &in->block, &inner) < 0)
			return located(r, &inner, err);
		in->i = 0;
		in->events += f->count;
		in->busy = true;
		return 2;
	}
	if (control(r, f, payload, item, &inner) < 0)
		return located(r, &inner, err);
	end_of_frame(r);
	return 1;
}

int
weir_frames_next(
    struct weir_reader *r, struct weir_read_item *item, struct weir_error *err)
{
	struct weir_frames_in *in = &r->in;
	struct weir_frame f;
	int ret;

	release(in);
	*item = (struct weir_read_item){0};
	for (;;) {
		while (in->busy) {
			ret = next_events(r, item, err);
			if (ret != 0)
				return ret;
		}
		if (in->ended && r->end > r->pos)
			return corrupt(r, "bytes after END", err);
		ret = header(r, &f, err);
		if (ret <= 0)
			return ret;
		if (r->end - r->pos < WEIR_FRAME_HEADER + (size_t)f.len)
			return 0;
		ret = open_frame(r, &f, item, err);
		if (ret != 2)
			return ret;
	}
}
