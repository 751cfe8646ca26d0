/*
 * The smerge operator. Held events stand in chunks, one behind the other; a
 * chunk goes when its last event has. A heap has them by time and arrival. The
 * state is one line an event: {"t":TIME,"f":FLAGS,"e":EVENT}, in the order of
 * arrival within a time.
 */
#include "op/smerge.h"

#include "base/mem.h"
#include "json/value.h"
#include "state/snapshot.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)256 << 10)

struct chunk {
	size_t live, len, cap; /* events; bytes */
	char text[];
};

struct held {
	int64_t time;
	uint64_t seq;
	struct chunk *chunk;
	const char *text;
	uint32_t len, flags;
};

struct weir_smerge {
	struct weir_smerge_config c;
	struct weir_side *late;
	struct held *heap; /* the earliest on top */
	size_t n, cap, bytes;
	uint64_t seq;
	struct chunk *last; /* takes the next event, or NULL */
	struct weir_buf out;
	/* for loading */
	struct weir_prover *prover;
	struct weir_arena arena;
};

struct weir_smerge *
weir_smerge_new(const struct weir_smerge_config *config)
{
	struct weir_smerge *m = weir_calloc(1, sizeof *m);

	m->c = *config;
	return m;
}

void
weir_smerge_attach(struct weir_smerge *m, struct weir_stage *st)
{
	if (m->c.late != NULL)
		m->late = weir_stage_side(st, m->c.late);
}

/* --- texts --- */

static void
put_chunk(struct weir_smerge *m, struct chunk *c)
{
	m->bytes -= c->cap;
	free(c);
}

static const char *
keep_text(struct weir_smerge *m, const char *text, size_t len)
{
	struct chunk *c = m->last;
	size_t cap = len > CHUNK ? len : CHUNK;

	if (c == NULL || len > c->cap - c->len) {
		if (c != NULL && c->live == 0)
			put_chunk(m, c);
		c = weir_malloc(sizeof *c + cap);
		*c = (struct chunk){.cap = cap};
		m->bytes += cap;
		m->last = c;
	}
	memcpy(c->text + c->len, text, len);
	c->len += len;
	c->live++;
	return c->text + c->len - len;
}

static void
let_go(struct weir_smerge *m, struct chunk *c)
{
	if (--c->live > 0)
		return;
	if (c == m->last)
		c->len = 0;
	else
		put_chunk(m, c);
}

/* --- the order: a binary heap --- */

static bool
before(const struct held *a, const struct held *b)
{
	return a->time != b->time ? a->time < b->time : a->seq < b->seq;
}

static void
push(struct weir_smerge *m, const struct held *h)
{
	size_t i = m->n++;

	m->heap = weir_grow(m->heap, &m->cap, m->n, sizeof *m->heap);
	for (; i > 0 && before(h, &m->heap[(i - 1) / 2]); i = (i - 1) / 2)
		m->heap[i] = m->heap[(i - 1) / 2];
	m->heap[i] = *h;
}

static struct held
pop(struct weir_smerge *m)
{
	struct held first = m->heap[0], h = m->heap[--m->n];
	size_t i = 0, kid;

	while ((kid = 2 * i + 1) < m->n) {
		if (kid + 1 < m->n && before(&m->heap[kid + 1], &m->heap[kid]))
			kid++;
		if (!before(&m->heap[kid], &h))
			break;
		m->heap[i] = m->heap[kid];
		i = kid;
	}
	if (m->n > 0)
		m->heap[i] = h;
	return first;
}

void
weir_smerge_free(struct weir_smerge *m)
{
	struct held h;

	if (m == NULL)
		return;
	while (m->n > 0) {
		h = pop(m);
		let_go(m, h.chunk);
	}
	free(m->last);
	free(m->heap);
	weir_buf_fini(&m->out);
	weir_prover_free(m->prover);
	weir_arena_fini(&m->arena);
	free(m);
}

/* --- events --- */

/* When is the earliest event due: once no other can come before it. */
static void
set_due(const struct weir_smerge *m, struct weir_stage *st)
{
	weir_stage_set_due(
	    st, m->n > 0 ? weir_time_add(m->heap[0].time, 1) : WEIR_TIME_MAX);
}

static int
hold(struct weir_smerge *m, const char *text, struct held h,
    struct weir_error *err)
{
	size_t bytes;

	h.seq = m->seq++;
	h.text = keep_text(m, text, h.len);
	h.chunk = m->last;
	push(m, &h);
	bytes = m->bytes + m->cap * sizeof *m->heap;
	if (m->c.max_state == 0 || bytes <= m->c.max_state)
		return 1;
	return weir_fail(err, WEIR_STATE,
	    "the state has outgrown --max-state: %zu events wait in %zu "
	    "bytes, %ju are allowed; allow more, or need less with a smaller "
	    "--max-delay",
	    m->n, bytes, (uintmax_t)m->c.max_state);
}

static int
too_late(struct weir_smerge *m, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err)
{
	weir_stage_metrics(st)->late++;
	if (m->c.pass_late)
		return weir_stage_pass(st, b, i, 1, err);
	return m->late != NULL ? weir_side_event(m->late, b, i, err) : 1;
}

static void
count(const struct weir_smerge *m, struct weir_stage *st)
{
	weir_stage_metrics(st)->state_keys = m->n;
	weir_stage_metrics(st)->state_bytes =
	    m->bytes + m->cap * sizeof *m->heap;
}

static int
release(struct weir_smerge *m, struct weir_stage *st, int64_t w,
    struct weir_error *err)
{
	struct held h;
	int rc = 1;

	while (rc > 0 && m->n > 0 && weir_time_add(m->heap[0].time, 1) <= w) {
		h = pop(m);
		rc = weir_stage_put(st, h.text, h.len, h.time,
		    weir_time_add(h.time, 1), h.flags, err);
		let_go(m, h.chunk);
	}
	set_due(m, st);
	count(m, st);
	return rc;
}

static int
events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_smerge *m = self;
	const struct weir_event *ev = b->events + i;
	int rc = 1;

	if (!m->c.sort)
		return weir_stage_pass(st, b, i, n, err);
	for (; n > 0 && rc > 0; i++, n--, ev++) {
		/* What came first in this run may be due within it. */
		if (m->n > 0 &&
		    weir_time_add(m->heap[0].time, 1) <= ev->watermark)
			rc = release(m, st, ev->watermark, err);
		if (rc < 0)
			break;
		if (ev->time < ev->watermark)
			rc = too_late(m, st, b, i, err);
		else
			rc = hold(m, b->text + ev->off,
			    (struct held){.time = ev->time,
				.len = ev->len,
				.flags = ev->flags},
			    err);
	}
	set_due(m, st);
	count(m, st);
	return rc;
}

static int
advance(void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	return release(self, st, w, err);
}

/* --- state --- */

static int
by_order(const void *a, const void *b)
{
	return before(a, b) ? -1 : before(b, a);
}

static int
save(void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_smerge *m = self;
	struct held *all = weir_malloc(m->n * sizeof *all);
	int rc = 1;

	if (m->n > 0) {
		memcpy(all, m->heap, m->n * sizeof *all);
		qsort(all, m->n, sizeof *all, by_order);
	}
	for (size_t i = 0; i < m->n && rc > 0; i++) {
		m->out.len = 0;
		weir_buf_printf(&m->out,
		    "{\"t\":%jd,\"f\":%ju,\"e\":", (intmax_t)all[i].time,
		    (uintmax_t)all[i].flags);
		weir_buf_add(&m->out, all[i].text, all[i].len);
		weir_buf_putc(&m->out, '}');
		rc = weir_snapshot_line(w, m->out.data, m->out.len, err);
	}
	free(all);
	return rc;
}

enum { TIME, FLAGS, EVENT, MEMBERS };

static int
load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	static const char *const names[] = {"t", "f", "e"};
	struct weir_smerge *m = self;
	struct weir_slot s[MEMBERS];
	struct weir_value v[EVENT];

	if (m->prover == NULL) {
		m->prover = weir_prover_new();
		for (size_t i = 0; i < MEMBERS; i++) {
			struct weir_str name = weir_str(names[i]);

			weir_prover_want(m->prover, &name, 1);
		}
	}
	if (weir_prover_line(m->prover, line.s, s, NULL) == NULL)
		return weir_fail(err, WEIR_STATE, "saved state: not JSON");
	for (size_t i = 0; i < EVENT; i++)
		v[i] = weir_value_read(line.s + s[i].off, s[i].len, &m->arena);
	if (v[TIME].kind != WEIR_INT || v[TIME].i == WEIR_TIME_NONE ||
	    v[FLAGS].kind != WEIR_INT || (v[FLAGS].u & ~WEIR_RETRACT) != 0 ||
	    s[EVENT].len == 0 || line.s[s[EVENT].off] != '{')
		return weir_fail(err, WEIR_STATE, "saved state: no event");
	if (hold(m, line.s + s[EVENT].off,
		(struct held){.time = v[TIME].i,
		    .len = s[EVENT].len,
		    .flags = (uint32_t)v[FLAGS].u},
		err) < 0)
		return -1;
	weir_arena_reset(&m->arena);
	set_due(m, st);
	return 1;
}

const struct weir_stage_ops weir_smerge_ops = {
    .events = events,
    .advance = advance,
    .save = save,
    .load = load,
};
