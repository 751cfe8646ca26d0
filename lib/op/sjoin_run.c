/*
 * Events of joins of two streams, in runs: a first pass finds keys and has what
 * waits of them fetched, a second one does, in order, what is to be done with
 * each. Before an event is looked at, those whose time has come by then go.
 */
#include "op/sjoin_keep.h"

#include "base/mem.h"

#define NEAR 8 /* events that come soon */

/* --- those whose time has come --- */

/* Who is next to go, among both sides; left first. */
static struct weir_waits *
first_waits(struct weir_keep *k, const struct weir_wait **first)
{
	const struct weir_wait *l = weir_waits_first(&k->waits[WEIR_LEFT]),
			       *r = weir_waits_first(&k->waits[WEIR_RIGHT]);

	if (l != NULL && (r == NULL || l->due <= r->due)) {
		*first = l;
		return &k->waits[WEIR_LEFT];
	}
	*first = r;
	return &k->waits[WEIR_RIGHT];
}

/* Have those who go soon fetched, and before them what they point to. */
static void
fetch(const struct weir_waits *from)
{
	const struct weir_kept *e = weir_waits_peek(from, 4);

	__builtin_prefetch(weir_waits_peek(from, 8));
	if (e != NULL)
		__builtin_prefetch(e->key);
}

static int
release(struct weir_keep *k, struct weir_stage *st, int64_t w,
    struct weir_error *err)
{
	const struct weir_wait *first;
	struct weir_waits *from;
	struct weir_kept *e;
	int64_t due;

	while (
	    (from = first_waits(k, &first)), first != NULL && first->due <= w) {
		e = first->who;
		due = first->due;
		weir_waits_pop(from);
		fetch(from);
		if (k->ops->depart(k, st, e, due, err) < 0)
			return -1;
	}
	return 1;
}

void
weir_keep_set_due(struct weir_keep *k, struct weir_stage *st)
{
	const struct weir_wait *first;
	int64_t due = WEIR_TIME_MAX;

	first_waits(k, &first);
	if (first != NULL)
		due = weir_time_add(first->due, k->slack);
	if (due == k->due)
		return;
	k->due = due;
	weir_stage_set_due(st, due);
}

static void
count(const struct weir_keep *k, struct weir_metrics *m)
{
	m->state_bytes = weir_keep_bytes(k);
	m->state_keys = k->n;
}

int
weir_keep_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_keep *k = self;

	if (release(k, st, w, err) < 0)
		return -1;
	if (w > k->closed)
		k->closed = w;
	weir_keep_set_due(k, st);
	count(k, weir_stage_metrics(st));
	return 1;
}

/* --- events --- */

static void
prepare_item(struct weir_keep *k, int side, const struct weir_block *b,
    uint32_t i, struct weir_keep_item *item)
{
	struct weir_row row = weir_stage_row(b, i);

	/* Why it is bad is said in its turn. */
	item->keyed = weir_sjoin_key(&k->sj, side, &row, &item->key, NULL);
	if (item->keyed <= 0)
		return;
	item->hash = weir_table_hash(
	    k->table, item->key.canonical.s, item->key.canonical.len);
	item->generation = weir_table_generation(k->table);
	weir_table_prefetch(k->table, item->hash);
}

/* Its slots are there by now: have its key fetched, too. */
static inline void
fetch_item(
    const struct weir_keep *k, const struct weir_keep_ahead *ahead, uint32_t i)
{
	const struct weir_keep_item *item = &ahead->item[i - ahead->from];

	if (i < ahead->to && item->keyed > 0)
		weir_table_prefetch_entry(k->table, item->hash);
}

/* What the first pass found of event i. */
static const struct weir_keep_item *
look_ahead(
    struct weir_keep *k, int side, const struct weir_block *b, uint32_t i)
{
	struct weir_keep_ahead *ahead = &k->ahead[side];
	struct weir_arena other = k->sj.keys_arena;

	if (i > ahead->from && i < ahead->to && ahead->b == b &&
	    ahead->events == b->events) {
		fetch_item(k, ahead, i + NEAR);
		return &ahead->item[i - ahead->from];
	}
	k->sj.keys_arena = ahead->arena;
	weir_arena_reset(&k->sj.keys_arena);
	ahead->b = b;
	ahead->events = b->events;
	ahead->from = i;
	ahead->to = b->n - i < WEIR_RUN ? b->n : i + WEIR_RUN;
	for (uint32_t j = 0; j < ahead->to - i; j++)
		prepare_item(k, side, b, i + j, &ahead->item[j]);
	ahead->arena = k->sj.keys_arena;
	k->sj.keys_arena = other;
	return &ahead->item[0];
}

int
weir_keep_refuse(struct weir_keep *k, struct weir_stage *st,
    const struct weir_arrival *a, struct weir_error *err)
{
	struct weir_row row = weir_stage_row(a->b, a->i);
	struct weir_error why;
	struct weir_key key;

	weir_sjoin_key(&k->sj, a->side, &row, &key, &why);
	return weir_stage_bad(st, a->b, a->i, why.text, err);
}

static int
apply(struct weir_keep *k, struct weir_stage *st, const struct weir_arrival *a,
    struct weir_error *err)
{
	int64_t w = a->b->events[a->i].watermark;

	if (w > k->closed) {
		if ((k->slack == 0 || w >= k->due) &&
		    release(k, st, w, err) < 0)
			return -1;
		k->closed = w;
	}
	return k->ops->arrive(k, st, a, err);
}

int
weir_keep_events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_keep *k = self;
	struct weir_arrival a = {.b = b, .side = (int)weir_stage_operand(st)};
	struct weir_metrics *m = weir_stage_metrics(st);
	uint32_t end;

	/* An input that was idle may be behind what the others closed. */
	if (m->watermark > k->closed)
		k->closed = m->watermark;
	for (end = i + n; i < end; i++) {
		const struct weir_event *ev = &b->events[i];

		a.i = i;
		a.time = ev->time;
		a.text = (struct weir_str){b->text + ev->off, ev->len};
		a.slots = weir_block_slots(b, i);
		a.item = look_ahead(k, a.side, b, i);
		if (apply(k, st, &a, err) < 0)
			return -1;
	}
	weir_keep_set_due(k, st);
	count(k, m);
	return 1;
}

int
weir_keep_open(
    struct weir_keep *k, struct weir_stage *st, struct weir_error *err)
{
	(void)k;
	if (weir_stage_retracts(st))
		return weir_fail(err, WEIR_USAGE,
		    "the input may take events back, and pairs that came out "
		    "would stand: join it with --table-table, or aggregate it "
		    "first");
	return 1;
}
