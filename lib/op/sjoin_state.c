/*
 * Events that wait, as lines: first {"closed":T,"events":N}, then one line an
 * event, {"side":"left","t":T,"n":N,"matched":true,"w":[A,B],"e":"text"}, where
 * "n" is its number of arrival and "w" what the kind of join keeps of it, if any.
 * Its key is read from its text again.
 */
#include "op/sjoin_keep.h"

#include "base/mem.h"
#include "state/snapshot.h"

#include <string.h>

/* --- saving --- */

static int
save_head(struct weir_keep *k, struct weir_snapshot_writer *to,
    struct weir_error *err)
{
	struct weir_buf *out = &k->sj.out;

	out->len = 0;
	if (k->closed == WEIR_TIME_NONE)
		weir_buf_puts(out, "{\"closed\":null");
	else
		weir_buf_printf(out, "{\"closed\":%jd", (intmax_t)k->closed);
	weir_buf_printf(out, ",\"events\":%ju}", (uintmax_t)k->arrived);
	return weir_snapshot_line(to, out->data, out->len, err);
}

static int
save_event(struct weir_keep *k, const struct weir_kept *e,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	struct weir_buf *out = &k->sj.out;

	out->len = 0;
	weir_buf_printf(out, "{\"side\":\"%s\",\"t\":%jd,\"n\":%ju",
	    e->side == WEIR_LEFT ? "left" : "right", (intmax_t)e->time,
	    (uintmax_t)e->number);
	if (e->matched)
		weir_buf_puts(out, ",\"matched\":true");
	if (k->ops->saves)
		weir_buf_printf(out, ",\"w\":[%jd,%jd]", (intmax_t)e->what[0],
		    (intmax_t)e->what[1]);
	weir_buf_puts(out, ",\"e\":");
	weir_json_string(out, e->text, e->len);
	weir_buf_putc(out, '}');
	return weir_snapshot_line(to, out->data, out->len, err);
}

static int
save_list(struct weir_keep *k, const struct weir_kept_list *l,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct weir_kept *e = weir_kept_at(l, i);

		if (!e->gone && e->last >= k->closed &&
		    save_event(k, e, to, err) < 0)
			return -1;
	}
	return 1;
}

int
weir_keep_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_keep *k = self;
	struct weir_kept_key *key;
	const char *text;
	uint64_t at = 0;
	size_t len;

	if (save_head(k, w, err) < 0)
		return -1;
	while ((key = weir_table_next(k->table, &at, &text, &len)) != NULL)
		if (save_list(k, &key->side[WEIR_LEFT], w, err) < 0 ||
		    save_list(k, &key->side[WEIR_RIGHT], w, err) < 0)
			return -1;
	return 1;
}

/* --- loading --- */

enum { CLOSED, EVENTS, SIDE, T, N, MATCHED, W, E, NAMES };
static const char *const names[NAMES] = {
    "closed", "events", "side", "t", "n", "matched", "w", "e"};

int
weir_keep_bad_line(const char *why, struct weir_error *err)
{
	return weir_fail(err, WEIR_STATE, "saved state: %s", why);
}

static void
make_prover(struct weir_keep *k)
{
	struct weir_str path;

	k->prover = weir_prover_new();
	for (size_t i = 0; i < NAMES; i++) {
		path = weir_str(names[i]);
		weir_prover_want(k->prover, &path, 1);
	}
	k->slots = weir_calloc(NAMES, sizeof *k->slots);
}

static struct weir_value
value_at(struct weir_keep *k, struct weir_str line, int name)
{
	struct weir_slot s = k->slots[name];

	if (s.len == 0)
		return (struct weir_value){.kind = WEIR_ABSENT};
	return weir_value_open(
	    weir_value_read(line.s + s.off, s.len, &k->sj.arena), &k->sj.arena);
}

static int
load_number(struct weir_keep *k, struct weir_str line, int name, uint64_t below,
    uint64_t *n, struct weir_error *err)
{
	struct weir_value v = value_at(k, line, name);

	if (v.kind != WEIR_INT || v.i < 0 || v.u >= below)
		return weir_fail(err, WEIR_STATE,
		    "saved state: \"%s\" is not the number that it must be",
		    names[name]);
	*n = v.u;
	return 1;
}

static int
load_head(struct weir_keep *k, struct weir_str line, struct weir_error *err)
{
	struct weir_value v = value_at(k, line, CLOSED);

	if (v.kind != WEIR_NULL && v.kind != WEIR_INT)
		return weir_keep_bad_line("\"closed\" is no time", err);
	k->closed = v.kind == WEIR_INT ? v.i : WEIR_TIME_NONE;
	return load_number(
	    k, line, EVENTS, UINT64_C(1) << 62, &k->arrived, err);
}

/* The event's text: one object on a line, proven like what comes in. */
static int
load_text(struct weir_keep *k, struct weir_stage *st, struct weir_str line,
    struct weir_arrival *a, struct weir_error *err)
{
	struct weir_prover *prover = weir_stage_prover(st);
	struct weir_value v = value_at(k, line, E);
	char *text;

	if (v.kind != WEIR_STRING || memchr(v.s, '\n', v.aux) != NULL)
		return weir_keep_bad_line("no event", err);
	text = weir_arena_alloc(&k->sj.arena, v.aux + 1 + WEIR_PAD);
	memcpy(text, v.s, v.aux);
	memset(text + v.aux, '\n', 1 + WEIR_PAD);
	if (k->event_slots == NULL)
		k->event_slots = weir_calloc(
		    weir_prover_slots(prover) + 1, sizeof *k->event_slots);
	if (weir_prover_line(prover, text, k->event_slots, NULL) !=
	    text + v.aux)
		return weir_keep_bad_line(
		    "an event that is no JSON object", err);
	a->text = (struct weir_str){text, v.aux};
	a->slots = k->event_slots;
	return 1;
}

static int
load_item(struct weir_keep *k, const struct weir_arrival *a,
    struct weir_keep_item *item, struct weir_error *err)
{
	struct weir_row row = {
	    .text = a->text.s, .len = (uint32_t)a->text.len, .slots = a->slots};

	weir_arena_reset(&k->sj.keys_arena);
	if (weir_sjoin_key(&k->sj, a->side, &row, &item->key, NULL) <= 0)
		return weir_keep_bad_line("an event without a key", err);
	item->generation = weir_table_generation(k->table);
	item->hash = weir_table_hash(
	    k->table, item->key.canonical.s, item->key.canonical.len);
	return 1;
}

/* What the kind keeps of it. */
static int
load_what(struct weir_keep *k, struct weir_str line, struct weir_kept *e,
    struct weir_error *err)
{
	struct weir_value v = value_at(k, line, W);

	if (!k->ops->saves)
		return 1;
	if (v.kind != WEIR_LIST || v.list->n != 2 ||
	    v.list->items[0].kind != WEIR_INT ||
	    v.list->items[1].kind != WEIR_INT)
		return weir_keep_bad_line("\"w\" is not two times", err);
	e->what[0] = v.list->items[0].i;
	e->what[1] = v.list->items[1].i;
	return 1;
}

static int
load_event(struct weir_keep *k, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_value side = value_at(k, line, SIDE),
			  time = value_at(k, line, T),
			  matched = value_at(k, line, MATCHED);
	struct weir_str name = {side.s, side.aux};
	struct weir_keep_item item;
	struct weir_arrival a = {.item = &item};
	struct weir_kept what = {.len = 0};
	struct weir_kept *e;
	uint64_t number = 0;
	int64_t due;

	if (side.kind != WEIR_STRING ||
	    (!weir_str_eq(name, "left") && !weir_str_eq(name, "right")))
		return weir_keep_bad_line("an event of no side", err);
	a.side = weir_str_eq(name, "left") ? WEIR_LEFT : WEIR_RIGHT;
	if (time.kind != WEIR_INT || time.i == WEIR_TIME_NONE ||
	    time.i == WEIR_TIME_MAX)
		return weir_keep_bad_line("an event without a time", err);
	a.time = time.i;
	if (load_number(k, line, N, k->arrived, &number, err) < 0 ||
	    load_what(k, line, &what, err) < 0 ||
	    load_text(k, st, line, &a, err) < 0 ||
	    load_item(k, &a, &item, err) < 0)
		return -1;
	what.matched = matched.kind == WEIR_BOOL && matched.b;
	if (k->ops->restore(k, &a, &what, &due, err) < 0)
		return -1;
	e = weir_keep_add(k, &a, number);
	e->matched = what.matched;
	e->last = what.last;
	memcpy(e->what, what.what, sizeof e->what);
	weir_keep_wait(k, e, due);
	return weir_keep_measure(k, err);
}

int
weir_keep_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_keep *k = self;
	int rc;

	if (k->prover == NULL)
		make_prover(k);
	if (k->sj.arena.total > 0)
		weir_arena_reset(&k->sj.arena);
	if (weir_prover_line(k->prover, line.s, k->slots, NULL) == NULL)
		return weir_keep_bad_line("not a JSON object", err);
	rc = k->slots[EVENTS].len > 0 ? load_head(k, line, err)
				      : load_event(k, st, line, err);
	if (rc > 0)
		weir_keep_set_due(k, st);
	return rc;
}
