/*
 * The sdedup operator with --changes: an event passes if EXPR is not what it
 * was at the event of its key before. "Before" goes by time: events wait until
 * the watermark says that no older one follows, and are then judged in the
 * order of their times. Events without a time are judged as they come.
 */
#include "op/sdedup_impl.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define SPARES	 64 /* kept for the next ones */
#define OVERHEAD 16 /* bytes that malloc adds, about */

/* --- what EXPR was --- */

struct weir_str
weir_said_text(const struct weir_said *said)
{
	const char *s = said->small;

	if (said->len > sizeof said->small)
		memcpy(&s, said->small, sizeof s);
	return (struct weir_str){s, said->len};
}

static void
forget_text(struct weir_said *said, size_t *owned)
{
	char *s;

	if (said->len > sizeof said->small) {
		memcpy(&s, said->small, sizeof s);
		free(s);
		*owned -= said->len + OVERHEAD;
	}
	said->len = 0;
}

void
weir_said_set(struct weir_said *said, struct weir_str text, size_t *owned)
{
	char *s;

	forget_text(said, owned);
	if (text.len > sizeof said->small) {
		s = weir_malloc(text.len);
		memcpy(s, text.s, text.len);
		memcpy(said->small, &s, sizeof s);
		*owned += text.len + OVERHEAD;
	} else if (text.len > 0) {
		memcpy(said->small, text.s, text.len);
	}
	said->len = (uint32_t)text.len;
}

void
weir_said_drop(struct weir_groups *groups)
{
	struct weir_group it = {0};

	while (groups->owned > 0 && weir_groups_next(groups, &it))
		forget_text(it.value, &groups->owned);
}

/* --- events that wait --- */

static size_t
bytes_of(const struct weir_held *h)
{
	return sizeof *h + h->cap + OVERHEAD;
}

static struct weir_held *
new_held(struct weir_holds *holds, size_t len)
{
	struct weir_held *h = holds->spares;

	if (h != NULL) {
		holds->spares = h->spare;
		holds->nspares--;
		if (h->cap >= len)
			return h;
		holds->bytes -= bytes_of(h);
		free(h);
	}
	h = weir_malloc(sizeof *h + len);
	h->cap = len;
	holds->bytes += bytes_of(h);
	return h;
}

static void
spare(struct weir_holds *holds, struct weir_held *h)
{
	if (holds->nspares < SPARES) {
		h->spare = holds->spares;
		holds->spares = h;
		holds->nspares++;
		return;
	}
	holds->bytes -= bytes_of(h);
	free(h);
}

void
weir_holds_push(struct weir_holds *holds, int64_t time, uint64_t seq,
    struct weir_str key, struct weir_str value, struct weir_str text)
{
	struct weir_held *h =
	    new_held(holds, key.len + value.len + text.len + 1);

	h->node.turn = time;
	h->node.tie = (int64_t)seq;
	h->key_len = (uint32_t)key.len;
	h->value_len = (uint32_t)value.len;
	h->text_len = (uint32_t)text.len;
	if (key.len > 0)
		memcpy(h->bytes, key.s, key.len);
	if (value.len > 0)
		memcpy(h->bytes + key.len, value.s, value.len);
	memcpy(h->bytes + key.len + value.len, text.s, text.len);
	weir_heap_push(&holds->heap, &h->node);
}

static struct weir_held *
pop(struct weir_holds *holds)
{
	struct weir_held *h = weir_heap_first(&holds->heap);

	weir_heap_remove(&holds->heap, &h->node);
	return h;
}

void
weir_holds_fini(struct weir_holds *holds)
{
	struct weir_held *next;

	for (size_t i = 0; i < holds->heap.n; i++)
		free(holds->heap.nodes[i]);
	for (; holds->spares != NULL; holds->spares = next) {
		next = holds->spares->spare;
		free(holds->spares);
	}
	weir_heap_fini(&holds->heap);
	*holds = (struct weir_holds){0};
}

struct weir_held **
weir_holds_sorted(const struct weir_holds *holds)
{
	return (struct weir_held **)weir_heap_sorted(&holds->heap);
}

/* --- judging --- */

/* The time of the earliest event that waits. */
static int64_t
first_held(const struct weir_sdedup *sd)
{
	const struct weir_held *h = weir_heap_first(&sd->holds.heap);

	return h != NULL ? h->node.turn : WEIR_TIME_MAX;
}

void
weir_holds_set_due(struct weir_sdedup *sd, struct weir_stage *st)
{
	struct weir_age *first = weir_ages_first(&sd->ages);
	int64_t due = WEIR_TIME_MAX;

	if (first != NULL)
		due = weir_ages_end(&sd->ages, first);
	if (first_held(sd) < due)
		due = first_held(sd);
	weir_sdedup_set_due(sd, st, due);
}

/* What EXPR was before t, or NULL; all that came before is in the state. */
static const struct weir_said *
said_before(struct weir_sdedup *sd, const struct weir_key *key, int64_t t)
{
	int64_t number = weir_ages_number(&sd->ages, t);
	const struct weir_said *said = NULL;
	struct weir_age *age = weir_ages_find(&sd->ages, number);

	if (age != NULL)
		said = weir_groups_get(&age->keys, key, NULL);
	if (said != NULL || sd->within_ns == 0)
		return said;
	age = weir_ages_find(&sd->ages, number - 1);
	if (age != NULL)
		said = weir_groups_get(&age->keys, key, NULL);
	if (said != NULL &&
	    weir_sdedup_apart(t, said->time) >= (uint64_t)sd->within_ns)
		return NULL;
	return said;
}

static int
say(struct weir_sdedup *sd, const struct weir_key *key, struct weir_str value,
    int64_t t, struct weir_error *err)
{
	struct weir_age *age =
	    weir_ages_open(&sd->ages, weir_ages_number(&sd->ages, t));
	struct weir_said *said;
	size_t owned = age->keys.owned;
	int added;

	said = weir_groups_put(&age->keys, key, sizeof *said, NULL, &added);
	if (added) {
		weir_groups_keep(&age->keys, key);
		sd->nkeys++;
	}
	said->time = t;
	weir_said_set(said, value, &age->keys.owned);
	if (!added && age->keys.owned == owned)
		return 1;
	weir_ages_measure(&sd->ages, age);
	if (age->bytes >= WEIR_TABLE_MAX)
		return weir_sdedup_outgrown(sd, err);
	return weir_sdedup_check(sd, err);
}

/* 1 if an event passes, 0 if nothing has changed, -1. */
static int
judge(struct weir_sdedup *sd, struct weir_str canonical, struct weir_str value,
    int64_t t, struct weir_error *err)
{
	struct weir_key key = {canonical, canonical};
	const struct weir_said *said = said_before(sd, &key, t);
	struct weir_str was;
	bool same = false;

	if (said != NULL) {
		was = weir_said_text(said);
		same = was.len == value.len &&
		    (was.len == 0 || memcmp(was.s, value.s, was.len) == 0);
	}
	if ((!same || sd->config.refresh) && say(sd, &key, value, t, err) < 0)
		return -1;
	return !same;
}

static int
release(struct weir_sdedup *sd, struct weir_stage *st, struct weir_held *h,
    struct weir_error *err)
{
	struct weir_str key = {h->bytes, h->key_len};
	struct weir_str value = {h->bytes + h->key_len, h->value_len};
	int rc = judge(sd, key, value, h->node.turn, err);

	if (rc > 0)
		rc = weir_stage_put(st, value.s + value.len, h->text_len,
		    h->node.turn, h->node.turn, 0, err);
	else
		weir_stage_metrics(st)->dropped += rc == 0;
	spare(&sd->holds, h);
	return rc < 0 ? -1 : 1;
}

static int
changes_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_sdedup *sd = self;

	while (first_held(sd) <= w && sd->holds.heap.n > 0)
		if (release(sd, st, pop(&sd->holds), err) < 0)
			return -1;
	weir_sdedup_forget(sd, st, w);
	if (w > sd->closed)
		sd->closed = w;
	weir_holds_set_due(sd, st);
	weir_sdedup_count(sd, st);
	return 1;
}

/* --- events --- */

/* EXPR at an event, as canonical text in sd->value: 1, or -1 with *why. */
static int
read_value(struct weir_sdedup *sd, const struct weir_block *b, uint32_t i,
    struct weir_error *why)
{
	struct weir_row row = weir_stage_row(b, i);
	struct weir_value v;
	int rc;

	if (sd->arena.total > 0)
		weir_arena_reset(&sd->arena);
	sd->value.len = 0;
	rc = weir_expr_eval(sd->changes, &row, &sd->arena, &v, why);
	if (rc > 0)
		weir_value_key(&sd->value, v);
	return rc < 0 ? -1 : 1;
}

/* An event with a time waits; all that has not later than w is judged then. */
static int
hold(struct weir_sdedup *sd, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, struct weir_str key, struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];
	struct weir_str value = {sd->value.data, sd->value.len};
	struct weir_str text = {b->text + ev->off, ev->len};

	weir_holds_push(&sd->holds, ev->time, sd->seq++, key, value, text);
	if (first_held(sd) <= sd->closed)
		return changes_advance(sd, st, sd->closed, err);
	weir_holds_set_due(sd, st);
	return weir_sdedup_check(sd, err);
}

static int
late(struct weir_sdedup *sd, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, struct weir_error *err)
{
	if (!sd->late_pass)
		return weir_sdedup_late(sd, st, b, i, err);
	weir_stage_metrics(st)->late++;
	return weir_sdedup_keep(sd, st, b, i, err);
}

int
weir_sdedup_apply_changes(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, const struct weir_sdedup_item *item,
    struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];
	struct weir_str value;
	struct weir_error why;
	int rc;

	if (ev->watermark > sd->closed) {
		sd->closed = ev->watermark;
		if (ev->watermark >= sd->due &&
		    (weir_sdedup_flush(sd, st, b, err) < 0 ||
			changes_advance(sd, st, ev->watermark, err) < 0))
			return -1;
	}
	if (ev->time != WEIR_TIME_NONE && ev->time < sd->closed)
		return late(sd, st, b, i, err);
	if (item->bad)
		return weir_sdedup_refuse(sd, st, b, i, err);
	if (read_value(sd, b, i, &why) < 0)
		return weir_stage_bad(st, b, i, why.text, err);
	if (ev->time != WEIR_TIME_NONE)
		return weir_sdedup_flush(sd, st, b, err) < 0
		    ? -1
		    : hold(sd, st, b, i, item->key.canonical, err);
	value = (struct weir_str){sd->value.data, sd->value.len};
	rc = judge(sd, item->key.canonical, value, 0, err);
	if (rc > 0)
		return weir_sdedup_keep(sd, st, b, i, err);
	weir_stage_metrics(st)->dropped += rc == 0;
	return rc < 0 ? -1 : 1;
}

const struct weir_stage_ops weir_sdedup_changes_ops = {
    .open = weir_sdedup_open,
    .events = weir_sdedup_events,
    .advance = changes_advance,
    .save = weir_sdedup_save,
    .load = weir_sdedup_load,
};
