/*
 * What the saved lines of all kinds of windows have in common: one JSON object
 * a line, of the members that swindow_impl.h lists.
 */
#include "op/swindow_impl.h"

#include "base/mem.h"
#include "base/num.h"
#include "state/snapshot.h"

#include <string.h>

/* --- saving --- */

int
weir_swindow_save_clock(struct weir_swindow *sw, int64_t closed,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	sw->out.len = 0;
	if (closed == WEIR_TIME_NONE)
		weir_buf_puts(&sw->out, "{\"closed\":null");
	else
		weir_buf_printf(&sw->out, "{\"closed\":%jd", (intmax_t)closed);
	weir_buf_printf(&sw->out, ",\"seq\":%ju}", (uintmax_t)sw->aggs.seq);
	return weir_snapshot_line(to, sw->out.data, sw->out.len, err);
}

void
weir_swindow_save_key(
    struct weir_swindow *sw, struct weir_buf *out, struct weir_str text)
{
	weir_buf_puts(out, ",\"k\":");
	weir_keyset_save(out, &sw->keys, text);
}

/* Without printf: it would take half the time of saving a group. */
void
weir_swindow_begin_line(struct weir_buf *out, int64_t start, int64_t end)
{
	out->len = 0;
	weir_buf_puts(out, "{\"w\":[");
	out->len +=
	    weir_num_print_int(weir_buf_reserve(out, WEIR_NUM_MAX), start);
	weir_buf_putc(out, ',');
	out->len +=
	    weir_num_print_int(weir_buf_reserve(out, WEIR_NUM_MAX), end);
	weir_buf_putc(out, ']');
}

void
weir_swindow_save_number(struct weir_buf *out, const char *name, uint64_t u)
{
	weir_buf_puts(out, ",\"");
	weir_buf_puts(out, name);
	weir_buf_puts(out, "\":");
	out->len += weir_num_print_uint(weir_buf_reserve(out, WEIR_NUM_MAX), u);
}

/* --- loading --- */

/* In the order of the enum. */
static const char *const members[WEIR_SAVED_KEYS] = {
    "closed", "seq", "w", "n", "e", "a", "t", "x"};

static void
make_prover(struct weir_swindow *sw)
{
	struct weir_str path[2];

	sw->prover = weir_prover_new();
	for (size_t i = 0; i < WEIR_SAVED_KEYS; i++) {
		path[0] = weir_str(members[i]);
		weir_prover_want(sw->prover, path, 1);
	}
	path[0] = weir_str("k");
	for (size_t i = 0; i < sw->keys.n; i++) {
		path[1] = sw->keys.fields[i].name;
		weir_prover_want(sw->prover, path, 2);
	}
	sw->slots =
	    weir_calloc(weir_prover_slots(sw->prover), sizeof *sw->slots);
}

int
weir_swindow_bad_line(const char *why, struct weir_error *err)
{
	return weir_fail(err, WEIR_STATE, "saved state: %s", why);
}

int
weir_swindow_open_line(
    struct weir_swindow *sw, struct weir_str line, struct weir_error *err)
{
	if (sw->prover == NULL)
		make_prover(sw);
	if (sw->arena.total > 0)
		weir_arena_reset(&sw->arena);
	sw->line = line.s;
	if (weir_prover_line(sw->prover, line.s, sw->slots, NULL) == NULL)
		return weir_swindow_bad_line("not a JSON object", err);
	return 1;
}

bool
weir_swindow_saved(const struct weir_swindow *sw, int member)
{
	return sw->slots[member].len > 0;
}

struct weir_value
weir_swindow_value(struct weir_swindow *sw, int member)
{
	struct weir_slot s = sw->slots[member];

	if (s.len == 0)
		return (struct weir_value){.kind = WEIR_ABSENT};
	return weir_value_open(
	    weir_value_read(sw->line + s.off, s.len, &sw->arena), &sw->arena);
}

int
weir_swindow_load_clock(
    struct weir_swindow *sw, int64_t *closed, struct weir_error *err)
{
	struct weir_value v = weir_swindow_value(sw, WEIR_SAVED_CLOSED);

	if (v.kind == WEIR_ABSENT)
		return 0;
	if (v.kind == WEIR_NULL)
		*closed = WEIR_TIME_NONE;
	else if (v.kind == WEIR_INT)
		*closed = v.i;
	else
		return weir_swindow_bad_line("\"closed\" is no time", err);
	return weir_swindow_load_number(sw, WEIR_SAVED_SEQ, &sw->aggs.seq, err);
}

int
weir_swindow_load_span(
    struct weir_swindow *sw, struct weir_span *span, struct weir_error *err)
{
	struct weir_value v = weir_swindow_value(sw, WEIR_SAVED_WINDOW);
	const struct weir_value *item;

	if (v.kind != WEIR_LIST || v.list->n != 2)
		return weir_swindow_bad_line("no window", err);
	item = v.list->items;
	if (item[0].kind != WEIR_INT || item[1].kind != WEIR_INT ||
	    item[0].i == WEIR_TIME_NONE)
		return weir_swindow_bad_line("a window without times", err);
	*span = (struct weir_span){item[0].i, item[1].i};
	return 1;
}

int
weir_swindow_load_key(
    struct weir_swindow *sw, struct weir_key *key, struct weir_error *err)
{
	struct weir_str parts[WEIR_KEYSET_MAX];

	for (size_t i = 0; i < sw->keys.n; i++) {
		struct weir_slot s = sw->slots[WEIR_SAVED_KEYS + i];

		parts[i] = (struct weir_str){sw->line + s.off, s.len};
	}
	return weir_keyset_join(&sw->keys, parts, &sw->arena, key, err);
}

int
weir_swindow_load_number(
    struct weir_swindow *sw, int member, uint64_t *u, struct weir_error *err)
{
	struct weir_value v = weir_swindow_value(sw, member);

	if (v.kind != WEIR_INT || v.i < 0 || v.i >= INT64_C(1) << 62)
		return weir_fail(err, WEIR_STATE,
		    "saved state: \"%s\" is not the number that it must be",
		    members[member]);
	*u = v.u;
	return 1;
}
