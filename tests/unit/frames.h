/*
 * frames.h - for tests: a block made by hand, and a walk along frames.
 */
#ifndef WEIR_TESTS_UNIT_FRAMES_H
#define WEIR_TESTS_UNIT_FRAMES_H

#include "base/mem.h"
#include "event/control.h"
#include "event/frame.h"
#include "event/writer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A block whose rows grow one by one. */
struct made {
	struct weir_block b;
	struct weir_buf text;
	size_t events_cap, index_cap;
	struct weir_names names;
};

/* Add an event; gap bytes of something else come before it. */
static inline struct weir_event *
made_add(struct made *m, const char *json, size_t len, size_t gap)
{
	struct weir_event *ev;
	uint32_t i = m->b.n++;

	m->b.events =
	    weir_grow(m->b.events, &m->events_cap, m->b.n, sizeof *m->b.events);
	for (; gap > 0; gap--)
		weir_buf_putc(&m->text, gap == 1 ? '\n' : '?');
	ev = &m->b.events[i];
	*ev = (struct weir_event){.off = (uint32_t)m->text.len,
	    .len = (uint32_t)len,
	    .time = WEIR_TIME_NONE,
	    .watermark = WEIR_TIME_NONE,
	    .line = i};
	weir_buf_add(&m->text, json, len);
	weir_buf_putc(&m->text, '\n');
	weir_buf_reserve(&m->text, WEIR_PAD);
	m->b.text = m->text.data;
	return ev;
}

/* Give every event of the block an index of n names. */
static inline void
made_index(struct made *m, uint32_t n, const char *const *names)
{
	m->names.n = n;
	for (uint32_t i = 0; i < n; i++)
		m->names.name[i] = weir_str(names[i]);
	m->names.id = weir_names_id(&m->names);
	m->b.index = weir_grow(m->b.index, &m->index_cap,
	    ((size_t)m->b.n + 1) * WEIR_INDEX_MAX, sizeof *m->b.index);
	memset(m->b.index, 0, (size_t)m->b.n * WEIR_INDEX_MAX * 2);
	m->b.names = &m->names;
}

static inline void
made_fini(struct made *m)
{
	free(m->b.events);
	free(m->b.index);
	weir_buf_fini(&m->text);
	*m = (struct made){0};
}

/* Everything in a file, from its beginning; WEIR_PAD zeros behind it. */
static inline struct weir_buf
slurp(int fd)
{
	struct weir_buf b = {0};
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	do {
		n = read(fd, weir_buf_reserve(&b, 65536), 65536);
		b.len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	memset(weir_buf_reserve(&b, WEIR_PAD), 0, WEIR_PAD);
	return b;
}

/* A walk along frames that lie in memory. */
struct walk {
	const char *p, *end;
	uint64_t seq;
	struct weir_frame f;
	const char *payload;
	struct weir_frame_rows rows;
	struct weir_block b;
};

/* The next frame, verified: 1, 0 at the end, -1 if it is no good. */
static inline int
walk_next(struct walk *w, struct weir_error *err)
{
	const unsigned char *header = (const unsigned char *)w->p;

	if (w->p == w->end)
		return 0;
	if (w->end - w->p < WEIR_FRAME_HEADER)
		return weir_fail(err, WEIR_UPSTREAM, "header cut short");
	if (weir_frame_read_header(&w->f, header, WEIR_FRAME_MAX, err) < 0)
		return -1;
	if (w->f.len > (size_t)(w->end - w->p) - WEIR_FRAME_HEADER)
		return weir_fail(err, WEIR_UPSTREAM, "payload cut short");
	w->payload = w->p + WEIR_FRAME_HEADER;
	if (weir_frame_verify(&w->f, header, w->payload, err) < 0)
		return -1;
	if (w->f.seq != w->seq++)
		return weir_fail(err, WEIR_INPUT, "gap in the sequence");
	w->p = w->payload + w->f.len;
	if (w->f.kind != WEIR_FRAME_EVENTS)
		return 1;
	return weir_frame_read_events(&w->f, w->payload, &w->rows, &w->b, err);
}

#endif
