/*
 * Rows and events that wait, as lines: first {"closed":T,"events":N}, then one
 * line each, {"side":"left","t":T,"n":N,"row":true,"pair":true,"e":"text"},
 * where "n" is its number of arrival. "row" says that it is one, and "pair"
 * that its key's other row, told before, matches it; "delete" that it will
 * delete one. Its key is read from its text again.
 */
#include "op/sjoin_changes.h"

#include "base/mem.h"
#include "state/snapshot.h"

#include <string.h>

enum { CLOSED, EVENTS, SIDE, T, N, ROW, PAIR, DELETE, E, NAMES };
static const char *const names[NAMES] = {
    "closed", "events", "side", "t", "n", "row", "pair", "delete", "e"};

/* --- saving --- */

static int
save_head(struct weir_changes *c, struct weir_snapshot_writer *w,
    struct weir_error *err)
{
	struct weir_buf *out = &c->sj.out;

	out->len = 0;
	if (c->closed == WEIR_TIME_NONE)
		weir_buf_puts(out, "{\"closed\":null");
	else
		weir_buf_printf(out, "{\"closed\":%jd", (intmax_t)c->closed);
	weir_buf_printf(out, ",\"events\":%ju}", (uintmax_t)c->arrived);
	return weir_snapshot_line(w, out->data, out->len, err);
}

/* What is a text of flags: `,"row":true` and the like. */
static int
save_change(struct weir_changes *c, const struct weir_change *e,
    const char *what, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_buf *out = &c->sj.out;

	out->len = 0;
	weir_buf_printf(out, "{\"side\":\"%s\",\"t\":%jd,\"n\":%ju%s,\"e\":",
	    e->side == WEIR_LEFT ? "left" : "right", (intmax_t)e->time,
	    (uintmax_t)e->number, what);
	weir_json_string(out, e->text, e->len);
	weir_buf_putc(out, '}');
	return weir_snapshot_line(w, out->data, out->len, err);
}

static int
save_rows(struct weir_changes *c, const struct weir_change_key *key,
    struct weir_snapshot_writer *w, struct weir_error *err)
{
	const struct weir_change *left = key->row[WEIR_LEFT],
				 *right = key->row[WEIR_RIGHT];
	const char *pair =
	    key->pair ? ",\"row\":true,\"pair\":true" : ",\"row\":true";

	if (left != NULL && save_change(c, left, ",\"row\":true", w, err) < 0)
		return -1;
	return right != NULL ? save_change(c, right, pair, w, err) : 1;
}

int
weir_changes_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_changes *c = self;
	const struct weir_change_key *key;
	const struct weir_change *e;
	const char *text;
	uint64_t at = 0;
	size_t len;

	if (save_head(c, w, err) < 0)
		return -1;
	while ((key = weir_table_next(c->table, &at, &text, &len)) != NULL)
		if (save_rows(c, key, w, err) < 0)
			return -1;
	for (e = c->first; e != NULL; e = e->next)
		if (save_change(
			c, e, e->deletes ? ",\"delete\":true" : "", w, err) < 0)
			return -1;
	return 1;
}

/* --- loading --- */

static int
bad_line(const char *why, struct weir_error *err)
{
	return weir_fail(err, WEIR_STATE, "saved state: %s", why);
}

static void
make_prover(struct weir_changes *c)
{
	struct weir_str path;

	c->prover = weir_prover_new();
	for (size_t i = 0; i < NAMES; i++) {
		path = weir_str(names[i]);
		weir_prover_want(c->prover, &path, 1);
	}
	c->slots = weir_calloc(NAMES, sizeof *c->slots);
}

static struct weir_value
value_at(struct weir_changes *c, struct weir_str line, int name)
{
	struct weir_slot s = c->slots[name];

	if (s.len == 0)
		return (struct weir_value){.kind = WEIR_ABSENT};
	return weir_value_open(
	    weir_value_read(line.s + s.off, s.len, &c->sj.arena), &c->sj.arena);
}

static bool
is_true(struct weir_changes *c, struct weir_str line, int name)
{
	struct weir_value v = value_at(c, line, name);

	return v.kind == WEIR_BOOL && v.b;
}

static int
load_number(struct weir_changes *c, struct weir_str line, int name,
    uint64_t below, uint64_t *n, struct weir_error *err)
{
	struct weir_value v = value_at(c, line, name);

	if (v.kind != WEIR_INT || v.i < 0 || v.u >= below)
		return weir_fail(err, WEIR_STATE,
		    "saved state: \"%s\" is not the number that it must be",
		    names[name]);
	*n = v.u;
	return 1;
}

static int
load_head(struct weir_changes *c, struct weir_str line, struct weir_error *err)
{
	struct weir_value v = value_at(c, line, CLOSED);

	if (v.kind != WEIR_NULL && v.kind != WEIR_INT)
		return bad_line("\"closed\" is no time", err);
	if (c->arrived > 0)
		return bad_line("two heads", err);
	c->closed = v.kind == WEIR_INT ? v.i : WEIR_TIME_NONE;
	return load_number(
	    c, line, EVENTS, UINT64_C(1) << 62, &c->arrived, err);
}

/* The event's text: one object on a line, proven like what comes in. */
static int
load_text(struct weir_changes *c, struct weir_stage *st, struct weir_str line,
    struct weir_str *text, struct weir_error *err)
{
	struct weir_prover *prover = weir_stage_prover(st);
	struct weir_value v = value_at(c, line, E);
	char *copy;

	if (v.kind != WEIR_STRING || memchr(v.s, '\n', v.aux) != NULL)
		return bad_line("no event", err);
	copy = weir_arena_alloc(&c->sj.arena, v.aux + 1 + WEIR_PAD);
	memcpy(copy, v.s, v.aux);
	memset(copy + v.aux, '\n', 1 + WEIR_PAD);
	if (c->event_slots == NULL)
		c->event_slots = weir_calloc(
		    weir_prover_slots(prover) + 1, sizeof *c->event_slots);
	if (weir_prover_line(prover, copy, c->event_slots, NULL) !=
	    copy + v.aux)
		return bad_line("an event that is no JSON object", err);
	*text = (struct weir_str){copy, v.aux};
	return 1;
}

static int
load_item(struct weir_changes *c, int side, struct weir_str text,
    struct weir_change_item *item, struct weir_error *err)
{
	struct weir_row row = {
	    .text = text.s, .len = (uint32_t)text.len, .slots = c->event_slots};

	weir_arena_reset(&c->sj.keys_arena);
	item->keyed = weir_sjoin_key(&c->sj, side, &row, &item->key, NULL);
	if (item->keyed < 0 || (item->keyed == 0 && c->ops->rows[side]))
		return bad_line("an event without a key", err);
	if (item->keyed == 0)
		return 1;
	item->generation = weir_table_generation(c->table);
	item->hash = weir_table_hash(
	    c->table, item->key.canonical.s, item->key.canonical.len);
	return 1;
}

/* What it is apart from its text: its side, time and number. */
static int
load_place(struct weir_changes *c, struct weir_str line, struct weir_change *e,
    struct weir_error *err)
{
	struct weir_value side = value_at(c, line, SIDE),
			  time = value_at(c, line, T);
	struct weir_str name = {side.s, side.aux};

	if (side.kind != WEIR_STRING ||
	    (!weir_str_eq(name, "left") && !weir_str_eq(name, "right")))
		return bad_line("an event of no side", err);
	if (time.kind != WEIR_INT || time.i == WEIR_TIME_NONE ||
	    time.i == WEIR_TIME_MAX)
		return bad_line("an event without a time", err);
	e->side = weir_str_eq(name, "left") ? WEIR_LEFT : WEIR_RIGHT;
	e->time = time.i;
	e->deletes = is_true(c, line, DELETE);
	return load_number(c, line, N, c->arrived, &e->number, err);
}

static int
load_row(struct weir_changes *c, struct weir_change *e, bool pair,
    struct weir_error *err)
{
	int64_t end = weir_changes_end(c, e);

	if (!c->ops->rows[e->side] || e->deletes ||
	    e->key->row[e->side] != NULL)
		return bad_line("a row that cannot be", err);
	if (e->time >= c->closed)
		return bad_line("a row of a time to come", err);
	if (end != WEIR_TIME_MAX && end <= c->closed)
		return bad_line("a row that is over", err);
	if (pair && e->key->row[!e->side] == NULL)
		return bad_line("a pair of one row", err);
	e->key->pair = pair;
	weir_changes_set(c, e->key, e->side, e);
	return 1;
}

static int
load_waiting(
    struct weir_changes *c, struct weir_change *e, struct weir_error *err)
{
	if (e->time < c->closed)
		return bad_line("an event that is over", err);
	if (e->deletes && !c->ops->rows[e->side])
		return bad_line("a left event that deletes", err);
	weir_changes_wait(c, e);
	return 1;
}

static int
load_change(struct weir_changes *c, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_change place = {.len = 0}, *e;
	struct weir_change_item item;
	struct weir_str text;
	int rc;

	if (load_place(c, line, &place, err) < 0 ||
	    load_text(c, st, line, &text, err) < 0 ||
	    load_item(c, place.side, text, &item, err) < 0)
		return -1;
	e = weir_changes_copy(c, text);
	e->side = place.side;
	e->time = place.time;
	e->number = place.number;
	e->deletes = place.deletes;
	e->key = item.keyed > 0 ? weir_changes_key(c, &item) : NULL;
	rc = is_true(c, line, ROW) && e->key != NULL
	    ? load_row(c, e, is_true(c, line, PAIR), err)
	    : load_waiting(c, e, err);
	if (rc < 0) {
		weir_changes_let_go(c, e);
		return -1;
	}
	return weir_changes_measure(c, err);
}

int
weir_changes_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_changes *c = self;
	int rc;

	if (c->prover == NULL)
		make_prover(c);
	if (c->sj.arena.total > 0)
		weir_arena_reset(&c->sj.arena);
	if (weir_prover_line(c->prover, line.s, c->slots, NULL) == NULL)
		return bad_line("not a JSON object", err);
	rc = c->slots[EVENTS].len > 0 ? load_head(c, line, err)
				      : load_change(c, st, line, err);
	if (rc > 0)
		weir_changes_set_due(c, st);
	return rc;
}
