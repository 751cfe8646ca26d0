#include "op/sjoin_line.h"

#include "base/mem.h"
#include "state/snapshot.h"

#include <string.h>

/* In the order of the enum. */
static const char *const names[WEIR_JOIN_MEMBERS] = {"closed", "events", "side",
    "t", "n", "matched", "w", "row", "pair", "delete", "e"};

/* --- saving --- */

int
weir_sjoin_save_head(struct weir_sjoin *sj, int64_t closed, uint64_t arrived,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	struct weir_buf *out = &sj->out;

	out->len = 0;
	if (closed == WEIR_TIME_NONE)
		weir_buf_puts(out, "{\"closed\":null");
	else
		weir_buf_printf(out, "{\"closed\":%jd", (intmax_t)closed);
	weir_buf_printf(out, ",\"events\":%ju}", (uintmax_t)arrived);
	return weir_snapshot_line(to, out->data, out->len, err);
}

void
weir_sjoin_begin_line(struct weir_sjoin *sj, const struct weir_sjoin_place *at)
{
	sj->out.len = 0;
	weir_buf_printf(&sj->out, "{\"side\":\"%s\",\"t\":%jd,\"n\":%ju",
	    at->side == WEIR_LEFT ? "left" : "right", (intmax_t)at->time,
	    (uintmax_t)at->number);
}

int
weir_sjoin_end_line(struct weir_sjoin *sj, const struct weir_sjoin_place *at,
    struct weir_str text, struct weir_snapshot_writer *to,
    struct weir_error *err)
{
	struct weir_buf *out = &sj->out;

	if (at->key.s != NULL) {
		weir_buf_puts(out, ",\"k\":");
		weir_keyset_save(out, &sj->keys[WEIR_LEFT], at->key);
	}
	weir_buf_puts(out, ",\"e\":");
	weir_json_string(out, text.s, text.len);
	weir_buf_putc(out, '}');
	if (at->key.s == NULL)
		return weir_snapshot_line(to, out->data, out->len, err);
	return weir_snapshot_keyed_line(to, at->key, out->data, out->len, err);
}

/* --- loading --- */

int
weir_sjoin_bad_line(const char *why, struct weir_error *err)
{
	return weir_fail(err, WEIR_STATE, "saved state: %s", why);
}

static void
make_prover(struct weir_sjoin *sj)
{
	struct weir_str path;

	sj->lines = weir_prover_new();
	for (size_t i = 0; i < WEIR_JOIN_MEMBERS; i++) {
		path = weir_str(names[i]);
		weir_prover_want(sj->lines, &path, 1);
	}
	sj->slots = weir_calloc(WEIR_JOIN_MEMBERS, sizeof *sj->slots);
}

int
weir_sjoin_open_line(
    struct weir_sjoin *sj, struct weir_str line, struct weir_error *err)
{
	if (sj->lines == NULL)
		make_prover(sj);
	if (sj->arena.total > 0)
		weir_arena_reset(&sj->arena);
	sj->line = line.s;
	if (weir_prover_line(sj->lines, line.s, sj->slots, NULL) == NULL)
		return weir_sjoin_bad_line("not a JSON object", err);
	return 1;
}

bool
weir_sjoin_is_head(const struct weir_sjoin *sj)
{
	return sj->slots[WEIR_JOIN_EVENTS].len > 0;
}

struct weir_value
weir_sjoin_member(struct weir_sjoin *sj, enum weir_sjoin_member member)
{
	struct weir_slot s = sj->slots[member];

	if (s.len == 0)
		return (struct weir_value){.kind = WEIR_ABSENT};
	return weir_value_open(
	    weir_value_read(sj->line + s.off, s.len, &sj->arena), &sj->arena);
}

bool
weir_sjoin_is_true(struct weir_sjoin *sj, enum weir_sjoin_member member)
{
	struct weir_value v = weir_sjoin_member(sj, member);

	return v.kind == WEIR_BOOL && v.b;
}

static int
load_number(struct weir_sjoin *sj, enum weir_sjoin_member member,
    uint64_t below, uint64_t *n, struct weir_error *err)
{
	struct weir_value v = weir_sjoin_member(sj, member);

	if (v.kind != WEIR_INT || v.i < 0 || v.u >= below)
		return weir_fail(err, WEIR_STATE,
		    "saved state: \"%s\" is not the number that it must be",
		    names[member]);
	*n = v.u;
	return 1;
}

int
weir_sjoin_load_head(struct weir_sjoin *sj, int64_t *closed, uint64_t *arrived,
    struct weir_error *err)
{
	struct weir_value v = weir_sjoin_member(sj, WEIR_JOIN_CLOSED);

	if (v.kind != WEIR_NULL && v.kind != WEIR_INT)
		return weir_sjoin_bad_line("\"closed\" is no time", err);
	*closed = v.kind == WEIR_INT ? v.i : WEIR_TIME_NONE;
	return load_number(
	    sj, WEIR_JOIN_EVENTS, UINT64_C(1) << 62, arrived, err);
}

int
weir_sjoin_load_place(struct weir_sjoin *sj, uint64_t arrived,
    struct weir_sjoin_place *at, struct weir_error *err)
{
	struct weir_value side = weir_sjoin_member(sj, WEIR_JOIN_SIDE),
			  time = weir_sjoin_member(sj, WEIR_JOIN_T);
	struct weir_str name = {side.s, side.aux};

	if (side.kind != WEIR_STRING ||
	    (!weir_str_eq(name, "left") && !weir_str_eq(name, "right")))
		return weir_sjoin_bad_line("an event of no side", err);
	if (time.kind != WEIR_INT || time.i == WEIR_TIME_NONE ||
	    time.i == WEIR_TIME_MAX)
		return weir_sjoin_bad_line("an event without a time", err);
	at->side = weir_str_eq(name, "left") ? WEIR_LEFT : WEIR_RIGHT;
	at->time = time.i;
	return load_number(sj, WEIR_JOIN_N, arrived, &at->number, err);
}

int
weir_sjoin_load_row(struct weir_sjoin *sj, struct weir_stage *st,
    struct weir_row *row, struct weir_error *err)
{
	struct weir_prover *prover = weir_stage_prover(st);
	struct weir_value v = weir_sjoin_member(sj, WEIR_JOIN_E);
	char *text;

	/* One object on a line. */
	if (v.kind != WEIR_STRING || memchr(v.s, '\n', v.aux) != NULL)
		return weir_sjoin_bad_line("no event", err);
	text = weir_arena_alloc(&sj->arena, v.aux + 1 + WEIR_PAD);
	memcpy(text, v.s, v.aux);
	memset(text + v.aux, '\n', 1 + WEIR_PAD);
	if (sj->event_slots == NULL)
		sj->event_slots = weir_calloc(
		    weir_prover_slots(prover) + 1, sizeof *sj->event_slots);
	if (weir_prover_line(prover, text, sj->event_slots, NULL) !=
	    text + v.aux)
		return weir_sjoin_bad_line(
		    "an event that is no JSON object", err);
	*row = (struct weir_row){
	    .text = text, .len = v.aux, .slots = sj->event_slots};
	return 1;
}
