/*
 * The smerge operator. Held events stand in chunks, one behind the other; a
 * chunk goes when its last event has. A heap has them by time and arrival. The
 * state is one line an event: {"t":TIME,"f":FLAGS,"e":EVENT}, in the order of
 * arrival within a time.
 */
#include "op/smerge.h"

#include "base/heap.h"
#include "base/mem.h"
#include "json/value.h"
#include "state/snapshot.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)256 << 10)

struct chunk {
	size_t live, len, cap; /* events; bytes */
	char bytes[];
};

struct held {
	struct weir_heap_node node; /* by time, then by arrival */
	struct chunk *chunk;
	uint32_t len, flags;
	char text[];
};

struct weir_smerge {
	struct weir_smerge_config c;
	struct weir_side *late;
	struct weir_heap heap;
	size_t bytes; /* of chunks */
	int64_t seq;
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

static struct held *
keep(struct weir_smerge *m, const char *text, size_t len)
{
	struct chunk *c = m->last;
	size_t size = (sizeof(struct held) + len + 7) & ~(size_t)7,
	       cap = size > CHUNK ? size : CHUNK;
	struct held *h;

	if (c == NULL || size > c->cap - c->len) {
		if (c != NULL && c->live == 0)
			put_chunk(m, c);
		c = weir_malloc(sizeof *c + cap);
		*c = (struct chunk){.cap = cap};
		m->bytes += cap;
		m->last = c;
	}
	h = (struct held *)(void *)(c->bytes + c->len);
	c->len += size;
	c->live++;
	h->chunk = c;
	h->len = (uint32_t)len;
	memcpy(h->text, text, len);
	return h;
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

void
weir_smerge_free(struct weir_smerge *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->heap.n; i++)
		let_go(m, ((struct held *)(void *)m->heap.nodes[i])->chunk);
	free(m->last);
	weir_heap_fini(&m->heap);
	weir_buf_fini(&m->out);
	weir_prover_free(m->prover);
	weir_arena_fini(&m->arena);
	free(m);
}

/* --- events --- */

/* When is the earliest event due: once no other can come before it. */
static int64_t
first_due(const struct weir_smerge *m)
{
	const struct held *first = weir_heap_first(&m->heap);

	return first != NULL ? weir_time_add(first->node.turn, 1)
			     : WEIR_TIME_MAX;
}

static size_t
held_bytes(const struct weir_smerge *m)
{
	return m->bytes + weir_heap_bytes(&m->heap);
}

static int
hold(struct weir_smerge *m, struct weir_str text, int64_t time, uint32_t flags,
    struct weir_error *err)
{
	struct held *h = keep(m, text.s, text.len);

	h->node.turn = time;
	h->node.tie = m->seq++;
	h->flags = flags;
	weir_heap_push(&m->heap, &h->node);
	if (m->c.max_state == 0 || held_bytes(m) <= m->c.max_state)
		return 1;
	return weir_fail(err, WEIR_STATE,
	    "the state has outgrown --max-state: %zu events wait in %zu "
	    "bytes, %ju are allowed; allow more, or need less with a smaller "
	    "--max-delay",
	    m->heap.n, held_bytes(m), (uintmax_t)m->c.max_state);
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

/* Say what is held, and until when. */
static void
tell(const struct weir_smerge *m, struct weir_stage *st)
{
	weir_stage_metrics(st)->state_keys = m->heap.n;
	weir_stage_metrics(st)->state_bytes = held_bytes(m);
	weir_stage_set_due(st, first_due(m));
}

/* The end of the stream is past all time, and so may an event be. */
static int
release(struct weir_smerge *m, struct weir_stage *st, int64_t w,
    struct weir_error *err)
{
	struct held *h;
	int rc = 1;

	while (rc > 0 && (h = weir_heap_first(&m->heap)) != NULL &&
	    first_due(m) <= w) {
		weir_heap_remove(&m->heap, &h->node);
		rc = weir_stage_put(st, h->text, h->len, h->node.turn,
		    weir_time_add(h->node.turn, 1), h->flags, err);
		let_go(m, h->chunk);
	}
	tell(m, st);
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
		struct weir_str text = {b->text + ev->off, ev->len};

		/* What came first in this run may be due within it. */
		if (first_due(m) <= ev->watermark &&
		    release(m, st, ev->watermark, err) < 0)
			return -1;
		rc = ev->time < ev->watermark
		    ? too_late(m, st, b, i, err)
		    : hold(m, text, ev->time, ev->flags, err);
	}
	tell(m, st);
	return rc;
}

static int
advance(void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	return release(self, st, w, err);
}

/* --- state --- */

static int
save(void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_smerge *m = self;
	struct held **all = (struct held **)weir_heap_sorted(&m->heap);
	int rc = 1;

	for (size_t i = 0; i < m->heap.n && rc > 0; i++) {
		m->out.len = 0;
		weir_buf_printf(&m->out,
		    "{\"t\":%jd,\"f\":%ju,\"e\":", (intmax_t)all[i]->node.turn,
		    (uintmax_t)all[i]->flags);
		weir_buf_add(&m->out, all[i]->text, all[i]->len);
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
	weir_arena_reset(&m->arena);
	if (hold(m, (struct weir_str){line.s + s[EVENT].off, s[EVENT].len},
		v[TIME].i, (uint32_t)v[FLAGS].u, err) < 0)
		return -1;
	tell(m, st);
	return 1;
}

const struct weir_stage_ops weir_smerge_ops = {
    .events = events,
    .advance = advance,
    .save = save,
    .load = load,
};
