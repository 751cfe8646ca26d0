/*
 * The swindow operator: making it, and its state's limits.
 */
#include "op/swindow_impl.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* --- making it --- */

static bool
same_name(struct weir_str a, struct weir_str b)
{
	return a.len == b.len && memcmp(a.s, b.s, a.len) == 0;
}

static int
claim_name(
    const struct weir_swindow *sw, struct weir_str name, struct weir_error *err)
{
	for (size_t i = 0; i < sw->keys.n; i++)
		if (same_name(sw->keys.fields[i].name, name))
			return weir_fail(err, WEIR_USAGE,
			    "aggregates: the name \"%.*s\" is a key's already",
			    (int)name.len, name.s);
	return 1;
}

/* Keys and aggregates stand side by side in a result. */
static int
check_names(const struct weir_swindow *sw, struct weir_error *err)
{
	static const char *const own[] = {"window_start", "window_end"};

	for (size_t i = 0; i < sw->aggs.n; i++)
		if (claim_name(sw, sw->aggs.aggs[i].name, err) < 0)
			return -1;
	for (size_t k = 0; k < 2; k++) {
		bool taken = false;

		for (size_t i = 0; i < sw->keys.n; i++)
			taken |= weir_str_eq(sw->keys.fields[i].name, own[k]);
		for (size_t i = 0; i < sw->aggs.n; i++)
			taken |= weir_str_eq(sw->aggs.aggs[i].name, own[k]);
		if (taken)
			return weir_fail(err, WEIR_USAGE,
			    "%s is a field of every result: give the key or "
			    "aggregate another name",
			    own[k]);
	}
	return 1;
}

static void
make_fingerprint(struct weir_swindow *sw)
{
	struct weir_buf *b = &sw->fingerprint;

	weir_buf_puts(b, "swindow ");
	weir_window_print(b, &sw->spec);
	if (sw->keys.n > 0)
		weir_buf_putc(b, ' ');
	weir_keyset_print(b, &sw->keys);
	weir_buf_puts(b, ": ");
	weir_aggs_print(b, &sw->aggs);
	weir_buf_cstr(b);
}

struct weir_swindow *
weir_swindow_new(
    const struct weir_swindow_config *config, struct weir_error *err)
{
	struct weir_swindow *sw = weir_calloc(1, sizeof *sw);

	sw->config = *config;
	sw->closed = WEIR_TIME_NONE;
	sw->due = WEIR_TIME_MAX;
	weir_windows_init(&sw->windows);
	if (weir_window_parse(&sw->spec, config->window, config->offset, err) <
		0 ||
	    weir_keyset_parse(&sw->keys, config->keys, err) < 0 ||
	    weir_aggs_parse(&sw->aggs, config->aggregates, err) < 0 ||
	    check_names(sw, err) < 0) {
		weir_swindow_free(sw);
		return NULL;
	}
	make_fingerprint(sw);
	return sw;
}

static void
drop_groups(struct weir_swindow *sw, struct weir_groups *groups)
{
	struct weir_group it = {0};

	while (groups->owned > 0 && weir_groups_next(groups, &it))
		weir_aggs_drop(&sw->aggs, it.value, &groups->owned);
	weir_groups_fini(groups);
}

void
weir_swindow_free(struct weir_swindow *sw)
{
	if (sw == NULL)
		return;
	for (size_t i = 0; i < sw->windows.n; i++)
		drop_groups(sw, &sw->windows.heap[i]->groups);
	weir_windows_fini(&sw->windows);
	weir_keyset_fini(&sw->keys);
	weir_aggs_fini(&sw->aggs);
	weir_buf_fini(&sw->fingerprint);
	weir_buf_fini(&sw->out);
	weir_arena_fini(&sw->keys_arena);
	weir_arena_fini(&sw->arena);
	weir_prover_free(sw->prover);
	free(sw->slots);
	free(sw);
}

const char *
weir_swindow_fingerprint(const struct weir_swindow *sw)
{
	return sw->fingerprint.data;
}

int
weir_swindow_attach(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_error *err)
{
	struct weir_prover *prover = weir_stage_prover(st);

	if (sw->config.late != NULL)
		sw->late = weir_stage_side(st, sw->config.late);
	if (weir_keyset_compile(&sw->keys, prover, err) < 0)
		return -1;
	return weir_aggs_compile(&sw->aggs, prover, err);
}

/* --- open windows --- */

static void
set_due(struct weir_swindow *sw, struct weir_stage *st)
{
	struct weir_window *first = weir_windows_first(&sw->windows);
	int64_t due = first != NULL ? first->span.end : WEIR_TIME_MAX;

	if (due == sw->due)
		return;
	sw->due = due;
	weir_stage_set_due(st, due);
}

static void
close_window(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_window *w)
{
	sw->ngroups -= weir_groups_count(&w->groups);
	drop_groups(sw, &w->groups);
	weir_windows_close(&sw->windows, w);
	sw->last = NULL;
	set_due(sw, st);
}

struct weir_window *
weir_swindow_window(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_span span)
{
	struct weir_window *w;

	if (sw->last != NULL && sw->last_span.start == span.start)
		return sw->last;
	w = weir_windows_find(&sw->windows, span.start);
	if (w == NULL) {
		w = weir_windows_open(&sw->windows, span);
		set_due(sw, st);
	}
	sw->last = w;
	sw->last_span = span;
	return w;
}

int
weir_swindow_measure(
    struct weir_swindow *sw, struct weir_window *w, struct weir_error *err)
{
	size_t bytes;

	weir_windows_measure(&sw->windows, w);
	bytes = weir_windows_bytes(&sw->windows);
	if (sw->config.max_state == 0 || bytes <= sw->config.max_state)
		return 1;
	return weir_fail(err, WEIR_STATE,
	    "the state has outgrown --max-state: %zu groups in %zu open "
	    "window%s "
	    "take %zu bytes, %ju are allowed; allow more, or need less with "
	    "fewer keys, shorter windows or a smaller --max-delay",
	    sw->ngroups, sw->windows.n, sw->windows.n == 1 ? "" : "s", bytes,
	    (uintmax_t)sw->config.max_state);
}

static void
count_state(struct weir_swindow *sw, struct weir_stage *st)
{
	struct weir_metrics *m = weir_stage_metrics(st);

	m->state_bytes = weir_windows_bytes(&sw->windows);
	m->state_keys = sw->ngroups;
}

/* --- results --- */

static void
put_time(struct weir_swindow *sw, const char *name, int64_t t)
{
	weir_buf_puts(&sw->out, name);
	sw->out.len += weir_time_print_unit(
	    weir_buf_reserve(&sw->out, WEIR_TIME_TEXT), t, sw->config.epoch);
}

/* Put out the results of a window, which is released when W is at its end. */
static int
put_results(struct weir_swindow *sw, struct weir_stage *st,
    struct weir_window *w, struct weir_error *err)
{
	struct weir_buf *out = &sw->out;
	struct weir_group it = {0};
	int64_t end = w->span.end;
	size_t begin;

	out->len = 0;
	put_time(sw, "{\"window_start\":", w->span.start);
	put_time(sw, ",\"window_end\":", end);
	begin = out->len;
	while (weir_groups_next(&w->groups, &it)) {
		out->len = begin;
		weir_keyset_write(out, &sw->keys, it.text);
		weir_aggs_write(out, &sw->aggs, it.value);
		weir_buf_putc(out, '}');
		if (weir_stage_put(
			st, out->data, out->len, end - 1, end, 0, err) < 0)
			return -1;
	}
	return 1;
}

static int
advance(void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_swindow *sw = self;
	struct weir_window *first;

	while ((first = weir_windows_first(&sw->windows)) != NULL &&
	    first->span.end <= w) {
		if (put_results(sw, st, first, err) < 0)
			return -1;
		close_window(sw, st, first);
	}
	if (w > sw->closed)
		sw->closed = w;
	count_state(sw, st);
	return 1;
}

/* --- events, in runs --- */

static int
refuse(struct weir_stage *st, const struct weir_block *b, uint32_t i,
    const struct weir_error *why, struct weir_error *err)
{
	return weir_stage_bad(st, b, i, why->text, err);
}

/* First pass: window, key and hash of each event, and what is wrong with it. */
static void
prepare(struct weir_swindow *sw, const struct weir_block *b, uint32_t i,
    uint32_t n, int64_t closed)
{
	struct weir_window *w = sw->last;
	struct weir_span span =
	    w != NULL ? sw->last_span : (struct weir_span){0, 0};
	struct weir_swindow_item *item = sw->run;
	const struct weir_event *ev = b->events + i;

	weir_arena_reset(&sw->keys_arena);
	for (uint32_t k = 0; k < n; k++, item++, ev++) {
		struct weir_row row = weir_stage_row(b, i + k);

		if (ev->time < span.start || ev->time >= span.end) {
			span = weir_window_assign(&sw->spec, ev->time);
			w = weir_windows_find(&sw->windows, span.start);
		}
		item->span = span;
		item->window = w;
		item->late = span.end <= ev->watermark || span.end <= closed;
		item->hashed = false;
		if (item->late)
			continue;
		item->bad = (ev->flags & WEIR_RETRACT) ||
		    weir_keyset_read(
			&sw->keys, &row, &sw->keys_arena, &item->key, NULL) < 0;
		if (item->bad || w == NULL || w->groups.table == NULL)
			continue;
		item->hash = weir_table_hash(w->groups.table,
		    item->key.canonical.s, item->key.canonical.len);
		item->generation = weir_table_generation(w->groups.table);
		item->hashed = true;
		weir_table_prefetch(w->groups.table, item->hash);
	}
}

/* Say again, aloud, why the first pass found the event bad. */
static int
refuse_key(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err)
{
	struct weir_row row = weir_stage_row(b, i);
	struct weir_error why;
	struct weir_key key;

	if (b->events[i].flags & WEIR_RETRACT)
		weir_fail(&why, WEIR_INPUT,
		    "a retraction: this version takes no event back");
	else
		weir_keyset_read(&sw->keys, &row, &sw->arena, &key, &why);
	return refuse(st, b, i, &why, err);
}

static int
put_late(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err)
{
	weir_stage_metrics(st)->late++;
	return sw->late != NULL ? weir_side_event(sw->late, b, i, err) : 1;
}

/*
 * Add an event whose values were read to its group: 1, 0 with *why if the
 * group's states cannot take it (nothing is left of it then), -1 with *err.
 */
static int
add_event(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_swindow_item *item, int64_t time, struct weir_error *why,
    struct weir_error *err)
{
	struct weir_window *w = item->window;
	struct weir_groups *g;
	size_t owned;
	void *states;
	int added, hashed;

	if (w == NULL)
		w = weir_swindow_window(sw, st, item->span);
	g = &w->groups;
	hashed =
	    item->hashed && item->generation == weir_table_generation(g->table);
	states = weir_groups_put(
	    g, &item->key, sw->aggs.size, hashed ? &item->hash : NULL, &added);
	if (weir_aggs_check(&sw->aggs, states, why) < 0) {
		if (added)
			weir_groups_undo(g, &item->key);
		if (weir_groups_count(g) == 0)
			close_window(sw, st, w);
		return 0;
	}
	owned = g->owned;
	weir_aggs_add(&sw->aggs, states, time, &g->owned);
	if (!added && g->owned == owned)
		return 1;
	if (added) {
		weir_groups_keep(g, &item->key);
		sw->ngroups++;
	}
	return weir_swindow_measure(sw, w, err);
}

/* Second pass: what happens with event i. */
static int
apply(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_block *b, uint32_t i,
    const struct weir_swindow_item *item, struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];
	struct weir_row row = weir_stage_row(b, i);
	struct weir_error why;
	int rc;

	/* A window that opened in this run may be due within it. */
	if (ev->watermark >= sw->due && advance(sw, st, ev->watermark, err) < 0)
		return -1;
	if (item->late)
		return put_late(sw, st, b, i, err);
	if (sw->arena.total > 0)
		weir_arena_reset(&sw->arena);
	if (item->bad)
		return refuse_key(sw, st, b, i, err);
	if (weir_aggs_read(&sw->aggs, &row, &sw->arena, &why) < 0)
		return refuse(st, b, i, &why, err);
	rc = add_event(sw, st, item, ev->time, &why, err);
	return rc == 0 ? refuse(st, b, i, &why, err) : rc;
}

static int
events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_swindow *sw = self;
	int64_t closed = weir_stage_metrics(st)->watermark;

	/* An input that was idle may be behind what the others closed. */
	if (closed < sw->closed)
		closed = sw->closed;
	while (n > 0) {
		uint32_t run = n < WEIR_RUN ? n : WEIR_RUN;

		prepare(sw, b, i, run, closed);
		for (uint32_t k = 0; k < run; k++)
			if (apply(sw, st, b, i + k, &sw->run[k], err) < 0)
				return -1;
		i += run;
		n -= run;
	}
	count_state(sw, st);
	return 1;
}

const struct weir_stage_ops weir_swindow_ops = {
    .events = events,
    .advance = advance,
    .save = weir_swindow_save,
    .load = weir_swindow_load,
};
