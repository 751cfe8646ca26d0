/*
 * frame_events.c - an EVENTS payload, taken apart into a block's rows.
 *
 * First the payload is cut into its sections, each checked to fit into what is
 * left; then each section is turned into rows in a plain loop that the compiler
 * can make fast, collecting what is wrong instead of branching on it.
 */
#include "event/frame.h"

#include "base/mem.h"
#include "event/wire.h"

#include <stdlib.h>

#define KNOWN_MASK                                                             \
	(WEIR_FRAME_TIMES | WEIR_FRAME_WATERMARKS | WEIR_FRAME_FLAGS |         \
	    WEIR_FRAME_INDEX)
#define KNOWN_FLAGS WEIR_RETRACT

/* A payload's sections; NULL if not there. */
struct sections {
	uint32_t count;
	int64_t after;
	const char *lens, *times, *watermarks, *flags;
	const char *names;
	uint32_t nnames, names_len; /* section's length without padding */
	const char *index;
	const char *text;
	uint32_t text_len;
};

struct cursor {
	const char *p;
	uint64_t left;
};

/* The next len bytes, padded to 8 with zeros; NULL if they are not there. */
static const char *
take(struct cursor *c, uint64_t len)
{
	static const char zero[8];
	const char *p = c->p;
	uint64_t pad = -len & 7;

	if (len + pad > c->left || memcmp(p + len, zero, pad) != 0)
		return NULL;
	c->p += len + pad;
	c->left -= len + pad;
	return p;
}

/* The index: its names, then an offset for each event and name. */
static int
cut_index(struct cursor *c, struct sections *s)
{
	uint64_t n, sum = 0, bytes;

	if (c->left < 4)
		return 0;
	n = weir_get16(c->p);
	bytes = weir_get16(c->p + 2);
	if (n > WEIR_INDEX_MAX || 4 + 2 * n + bytes > c->left)
		return 0;
	for (uint64_t i = 0; i < n; i++)
		sum += weir_get16(c->p + 4 + 2 * i);
	if (sum != bytes)
		return 0;
	s->nnames = (uint32_t)n;
	s->names_len = (uint32_t)(4 + 2 * n + bytes);
	s->names = take(c, s->names_len);
	if (s->names == NULL)
		return 0;
	s->index = take(c, s->count * n * 2);
	return s->index != NULL;
}

/* What is wrong with the payload's outline, or NULL. */
static const char *
cut(const struct weir_frame *f, const char *payload, struct sections *s)
{
	struct cursor c = {payload, f->len};
	const char *head = take(&c, 16);
	uint64_t n = f->count;
	uint32_t mask;

	*s = (struct sections){.count = f->count};
	if (head == NULL)
		return "no room for its mask";
	mask = weir_get32(head);
	if ((mask & ~(uint32_t)KNOWN_MASK) != 0 || weir_get32(head + 4) != 0)
		return "unknown columns";
	s->after = (int64_t)weir_get64(head + 8);
	if ((s->lens = take(&c, n * 4)) == NULL)
		return "lengths cut short";
	if ((mask & WEIR_FRAME_TIMES) && (s->times = take(&c, n * 8)) == NULL)
		return "times cut short";
	if ((mask & WEIR_FRAME_WATERMARKS) &&
	    (s->watermarks = take(&c, n * 8)) == NULL)
		return "watermarks cut short";
	if ((mask & WEIR_FRAME_FLAGS) && (s->flags = take(&c, n)) == NULL)
		return "flags cut short";
	if ((mask & WEIR_FRAME_INDEX) && !cut_index(&c, s))
		return "index cut short";
	s->text = c.p;
	s->text_len = (uint32_t)c.left;
	return NULL;
}

/*
 * Places of the events. Without an index nobody vouches for them, so a newline
 * inside of one is looked for, too: passed on, it would make two lines.
 */
static const char *
place(const struct sections *s, struct weir_event *ev)
{
	uint32_t off = 0;

	for (uint32_t i = 0; i < s->count; i++) {
		uint32_t len = weir_get32(s->lens + 4 * (size_t)i);

		if (len < WEIR_FRAME_EVENT_MIN || len > s->text_len - off)
			return "lengths do not fit the text";
		if (s->text[off + len - 1] != '\n')
			return "an event without its newline";
		if (s->index == NULL &&
		    memchr(s->text + off, '\n', len - 1) != NULL)
			return "a newline inside an event";
		ev[i].off = off;
		ev[i].len = len - 1;
		ev[i].line = i;
		off += len;
	}
	return off == s->text_len ? NULL : "lengths do not fit the text";
}

/* Columns of one number an event. */
static const char *
columns(const struct sections *s, struct weir_event *ev)
{
	int64_t last = WEIR_TIME_NONE, t;
	uint32_t n = s->count, flags = 0;
	int falls = 0;

	for (uint32_t i = 0; i < n; i++)
		ev[i].time = s->times == NULL
		    ? WEIR_TIME_NONE
		    : (int64_t)weir_get64(s->times + 8 * (size_t)i);
	for (uint32_t i = 0; i < n; i++) {
		t = s->watermarks == NULL
		    ? WEIR_TIME_NONE
		    : (int64_t)weir_get64(s->watermarks + 8 * (size_t)i);
		falls |= t < last;
		last = ev[i].watermark = t;
	}
	for (uint32_t i = 0; i < n; i++) {
		ev[i].flags = s->flags == NULL ? 0 : (unsigned char)s->flags[i];
		flags |= ev[i].flags;
	}
	if (falls || s->after < last)
		return "a watermark that falls";
	return (flags & ~(uint32_t)KNOWN_FLAGS) != 0 ? "unknown flags" : NULL;
}

/* The index in rows of WEIR_INDEX_MAX. */
static const char *
index_rows(
    const struct sections *s, const struct weir_event *ev, uint16_t *index)
{
	uint32_t n = s->nnames;
	const char *p = s->index;
	unsigned bad = 0;

	for (uint32_t i = 0; i < s->count; i++) {
		uint16_t *row = index + (size_t)i * WEIR_INDEX_MAX;
		/* Beyond len - 1 there is only WEIR_INDEX_UNKNOWN. */
		unsigned max = ev[i].len - 1;

		for (uint32_t j = 0; j < n; j++, p += 2) {
			unsigned v = weir_get16(p);

			row[j] = (uint16_t)v;
			bad |= (unsigned)(v > max) &
			    (unsigned)(v != WEIR_INDEX_UNKNOWN);
		}
	}
	return bad ? "an index that points outside its event" : NULL;
}

/* Take the names over, unless they are those of the frame before. */
static const char *
names_of(const struct sections *s, struct weir_frame_rows *rows)
{
	struct weir_names *names = &rows->names;
	struct weir_buf *raw = &rows->name_text;
	const char *text;

	if (names->id != 0 && raw->len == s->names_len &&
	    memcmp(raw->data, s->names, s->names_len) == 0)
		return NULL;
	raw->len = 0;
	weir_buf_add(raw, s->names, s->names_len);
	names->n = s->nnames;
	text = raw->data + 4 + 2 * (size_t)names->n;
	for (uint32_t i = 0; i < names->n; i++) {
		struct weir_str *name = &names->name[i];

		name->s = text;
		name->len = weir_get16(raw->data + 4 + 2 * (size_t)i);
		text += name->len;
		for (uint32_t j = 0; j < i; j++)
			if (names->name[j].len == name->len &&
			    memcmp(names->name[j].s, name->s, name->len) == 0)
				return "a name twice in the index";
	}
	names->id = weir_names_id(names);
	return NULL;
}

static const char *
fill(const struct weir_frame *f, const char *payload,
    struct weir_frame_rows *rows, struct weir_block *b)
{
	struct sections s;
	const char *wrong = cut(f, payload, &s);

	if (wrong != NULL)
		return wrong;
	rows->events = weir_grow(
	    rows->events, &rows->events_cap, s.count, sizeof *rows->events);
	*b = (struct weir_block){.text = s.text,
	    .n = s.count,
	    .events = rows->events,
	    .watermark_after = s.after};
	if ((wrong = place(&s, b->events)) != NULL ||
	    (wrong = columns(&s, b->events)) != NULL || s.index == NULL)
		return wrong;
	rows->index = weir_grow(rows->index, &rows->index_cap,
	    (size_t)s.count * WEIR_INDEX_MAX, sizeof *rows->index);
	b->index = rows->index;
	b->names = &rows->names;
	if ((wrong = index_rows(&s, b->events, b->index)) != NULL)
		return wrong;
	return names_of(&s, rows);
}

int
weir_frame_read_events(const struct weir_frame *f, const char *payload,
    struct weir_frame_rows *rows, struct weir_block *b, struct weir_error *err)
{
	const char *wrong = fill(f, payload, rows, b);

	if (wrong == NULL)
		return 1;
	rows->names.id = 0; /* may be half of the new ones */
	return weir_fail(err, WEIR_INPUT, "%s", wrong);
}

void
weir_frame_rows_fini(struct weir_frame_rows *rows)
{
	free(rows->events);
	free(rows->index);
	weir_buf_fini(&rows->name_text);
	*rows = (struct weir_frame_rows){0};
}
