/*
 * The swindow operator's state as lines: first {"closed":T,"seq":N}, N
 * the next event's number of arrival, then one line a group, in the order of panes and of arrival:
 * {"w":[start,end],"k":{NAME:value},"n":N,"a":[...]}. "n", a group's number
 * among all, is there if panes are merged.
 * Times are nanoseconds since 1970; a key that was absent is left out; what
 * stands in "a" is each aggregate's own matter.
 */
#include "op/swindow_impl.h"

#include "base/mem.h"
#include "base/num.h"
#include "state/snapshot.h"

#include <stdlib.h>
#include <string.h>

/* --- saving --- */

/* A group's number among all, where that is kept. */
static void
save_seq(struct weir_swindow *sw, const void *value)
{
	uint64_t seq;

	if (sw->head == 0)
		return;
	memcpy(&seq, value, sizeof seq);
	weir_buf_printf(&sw->out, ",\"n\":%ju", (uintmax_t)seq);
}

static int
save_pane(struct weir_swindow *sw, const struct weir_pane *w,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	struct weir_buf *out = &sw->out;
	struct weir_group it = {0};
	size_t keys;

	out->len = 0;
	weir_buf_printf(out, "{\"w\":[%jd,%jd],\"k\":", (intmax_t)w->span.start,
	    (intmax_t)w->span.end);
	keys = out->len;
	while (weir_groups_next(&w->groups, &it)) {
		out->len = keys;
		weir_keyset_write(out, &sw->keys, it.text);
		if (out->len == keys)
			weir_buf_putc(out, '{');
		else
			out->data[keys] = '{'; /* for the first comma */
		weir_buf_putc(out, '}');
		save_seq(sw, it.value);
		weir_buf_puts(out, ",\"a\":");
		weir_aggs_save(
		    out, &sw->aggs, weir_swindow_states(sw, it.value));
		weir_buf_putc(out, '}');
		if (weir_snapshot_line(to, out->data, out->len, err) < 0)
			return -1;
	}
	return 1;
}

int
weir_swindow_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_swindow *sw = self;
	struct weir_pane **all;
	int rc;

	sw->out.len = 0;
	if (sw->closed == WEIR_TIME_NONE)
		weir_buf_puts(&sw->out, "{\"closed\":null");
	else
		weir_buf_printf(
		    &sw->out, "{\"closed\":%jd", (intmax_t)sw->closed);
	weir_buf_printf(&sw->out, ",\"seq\":%ju}", (uintmax_t)sw->aggs.seq);
	rc = weir_snapshot_line(w, sw->out.data, sw->out.len, err);
	all = weir_panes_sorted(&sw->panes);
	for (size_t i = 0; i < sw->panes.n && rc > 0; i++)
		rc = save_pane(sw, all[i], w, err);
	free(all);
	return rc;
}

/* --- loading --- */

enum { SLOT_CLOSED, SLOT_EVENTS, SLOT_PANE, SLOT_SEQ, SLOT_STATES, SLOT_KEYS };

static void
make_prover(struct weir_swindow *sw)
{
	struct weir_str path[2] = {{"closed", 6}};

	sw->prover = weir_prover_new();
	weir_prover_want(sw->prover, path, 1);
	path[0] = weir_str("seq");
	weir_prover_want(sw->prover, path, 1);
	path[0] = weir_str("w");
	weir_prover_want(sw->prover, path, 1);
	path[0] = weir_str("n");
	weir_prover_want(sw->prover, path, 1);
	path[0] = weir_str("a");
	weir_prover_want(sw->prover, path, 1);
	path[0] = weir_str("k");
	for (size_t i = 0; i < sw->keys.n; i++) {
		path[1] = sw->keys.fields[i].name;
		weir_prover_want(sw->prover, path, 2);
	}
	sw->slots =
	    weir_calloc(weir_prover_slots(sw->prover), sizeof *sw->slots);
}

/* The value at a slot of the line. */
static struct weir_value
value_at(struct weir_swindow *sw, int slot)
{
	struct weir_slot s = sw->slots[slot];

	return weir_value_open(
	    weir_value_read(sw->line + s.off, s.len, &sw->arena), &sw->arena);
}

static int
bad_line(const char *why, struct weir_error *err)
{
	return weir_fail(err, WEIR_STATE, "saved state: %s", why);
}

static int
load_closed(struct weir_swindow *sw, struct weir_error *err)
{
	struct weir_value v = value_at(sw, SLOT_EVENTS);

	if (v.kind != WEIR_INT || v.i < 0 || v.i >= INT64_C(1) << 62)
		return bad_line("\"seq\" is no number of events", err);
	sw->aggs.seq = v.u;
	v = value_at(sw, SLOT_CLOSED);
	if (v.kind == WEIR_NULL)
		return 1;
	if (v.kind != WEIR_INT)
		return bad_line("\"closed\" is no time", err);
	sw->closed = v.i;
	return 1;
}

static int
load_span(
    struct weir_swindow *sw, struct weir_span *span, struct weir_error *err)
{
	struct weir_value v = value_at(sw, SLOT_PANE);
	const struct weir_value *item;
	struct weir_window_ends ends;
	struct weir_span want;

	if (v.kind != WEIR_LIST || v.list->n != 2)
		return bad_line("no window", err);
	item = v.list->items;
	if (item[0].kind != WEIR_INT || item[1].kind != WEIR_INT ||
	    item[0].i == WEIR_TIME_NONE)
		return bad_line("a window without times", err);
	*span = (struct weir_span){item[0].i, item[1].i};
	want = weir_window_pane(&sw->spec, span->start);
	if (want.start != span->start || want.end != span->end ||
	    !weir_window_ends(&sw->spec, want, &ends) ||
	    ends.last <= sw->closed)
		return bad_line("a window that cannot be open", err);
	return 1;
}

static int
load_key(struct weir_swindow *sw, struct weir_key *key, struct weir_error *err)
{
	struct weir_str parts[WEIR_KEYSET_MAX];

	for (size_t i = 0; i < sw->keys.n; i++)
		parts[i] =
		    (struct weir_str){sw->line + sw->slots[SLOT_KEYS + i].off,
			sw->slots[SLOT_KEYS + i].len};
	return weir_keyset_join(&sw->keys, parts, &sw->arena, key, err);
}

static int
load_seq(struct weir_swindow *sw, void *value, struct weir_error *err)
{
	struct weir_value v = value_at(sw, SLOT_SEQ);

	if (sw->head == 0)
		return 1;
	if (v.kind != WEIR_INT || v.i < 0 || v.i == INT64_MAX)
		return bad_line("a group without its number", err);
	memcpy(value, &v.u, sizeof v.u);
	if (v.u >= sw->seq)
		sw->seq = v.u + 1;
	return 1;
}

static int
load_group(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_error *err)
{
	struct weir_span span;
	struct weir_pane *pane;
	struct weir_key key;
	void *value;
	int added;

	if (load_span(sw, &span, err) < 0 || load_key(sw, &key, err) < 0)
		return -1;
	pane = weir_swindow_pane(sw, st, span);
	value = weir_groups_put(
	    &pane->groups, &key, sw->head + sw->aggs.size, NULL, &added);
	if (!added)
		return bad_line("a group is there twice", err);
	weir_groups_keep(&pane->groups, &key);
	sw->ngroups++;
	if (load_seq(sw, value, err) < 0 ||
	    weir_aggs_load(&sw->aggs, weir_swindow_states(sw, value),
		value_at(sw, SLOT_STATES), &sw->arena, &pane->groups.owned,
		err) < 0)
		return -1;
	return weir_swindow_measure(sw, pane, err);
}

int
weir_swindow_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_swindow *sw = self;

	if (sw->prover == NULL)
		make_prover(sw);
	if (sw->arena.total > 0)
		weir_arena_reset(&sw->arena);
	sw->line = line.s;
	if (weir_prover_line(sw->prover, line.s, sw->slots, NULL) == NULL)
		return bad_line("not a JSON object", err);
	if (sw->slots[SLOT_CLOSED].len > 0)
		return load_closed(sw, err);
	return load_group(sw, st, err);
}
