/*
 * Counted windows as lines: first {"closed":T,"seq":N}, then one line a key,
 * {"w":[first,last],"k":{NAME:value},"n":N,"e":N,"t":[...],"a":[...],"x":[...]}.
 * "w" has the least and the greatest time in the window, and is not there where
 * there is none; "n" is its first event's number; "e" counts the events since
 * the last window was complete; "t", what was told of it, is there if it may be
 * told again; "x" has the panes of windows that overlap, each of them
 * [number,first,last,[states]].
 */
#include "op/counted.h"

#include "state/snapshot.h"

/* --- saving --- */

static void
save_time(struct weir_buf *out, int64_t t)
{
	if (t == WEIR_TIME_NONE)
		weir_buf_puts(out, ",null");
	else
		weir_buf_printf(out, ",%jd", (intmax_t)t);
}

static void
save_panes(struct weir_counted *p, const struct weir_counted_key *k)
{
	struct weir_buf *out = &p->w.out;
	struct weir_counted_pane *pane;

	weir_buf_puts(out, ",\"x\":[");
	for (pane = k->oldest; pane != NULL; pane = pane->newer) {
		weir_buf_printf(out, "%s[%ju", pane == k->oldest ? "" : ",",
		    (uintmax_t)pane->in.number);
		save_time(out, pane->in.first);
		save_time(out, pane->in.last);
		weir_buf_putc(out, ',');
		weir_aggs_save(out, &p->w.aggs, weir_counted_states(pane));
		weir_buf_putc(out, ']');
	}
	weir_buf_putc(out, ']');
}

static int
save_key(struct weir_counted *p, const struct weir_counted_key *k,
    struct weir_str canonical, struct weir_snapshot_writer *to,
    struct weir_error *err)
{
	struct weir_buf *out = &p->w.out;

	out->len = 0;
	weir_buf_putc(out, '{');
	if (k->in.first != WEIR_TIME_NONE)
		weir_buf_printf(out, "\"w\":[%jd,%jd],", (intmax_t)k->in.first,
		    (intmax_t)k->in.last);
	weir_buf_printf(out, "\"e\":%ju", (uintmax_t)k->since);
	if (k->in.number != UINT64_MAX)
		weir_swindow_save_number(out, "n", k->in.number);
	weir_swindow_save_key(
	    &p->w, out, weir_swindow_text(&k->window, canonical));
	if (p->w.emit.panes) {
		weir_buf_puts(out, ",\"t\":");
		weir_told_save(out, &k->window.told);
	}
	weir_buf_puts(out, ",\"a\":");
	weir_aggs_save(out, &p->w.aggs, &k->window + 1);
	if (p->pane > 0)
		save_panes(p, k);
	weir_buf_putc(out, '}');
	return weir_snapshot_keyed_line(
	    to, canonical, out->data, out->len, err);
}

int
weir_counted_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_counted *p = self;
	struct weir_counted_key *k;
	struct weir_str key;
	uint64_t at = 0;

	if (weir_swindow_save_clock(&p->w, p->closed, w, err) < 0)
		return -1;
	while ((k = weir_table_next(p->table, &at, &key.s, &key.len)) != NULL)
		if (save_key(p, k, key, w, err) < 0)
			return -1;
	return 1;
}

/* --- loading --- */

static int
load_time(struct weir_value v, int64_t *t, struct weir_error *err)
{
	*t = WEIR_TIME_NONE;
	if (v.kind == WEIR_NULL)
		return 1;
	if (v.kind != WEIR_INT || v.i == WEIR_TIME_NONE || v.i == WEIR_TIME_MAX)
		return weir_swindow_bad_line("a pane without times", err);
	*t = v.i;
	return 1;
}

static int
load_pane(struct weir_counted *p, struct weir_counted_key *k,
    struct weir_value saved, struct weir_error *err)
{
	struct weir_counted_pane *pane = weir_counted_add_pane(p, k);
	const struct weir_value *item;
	int64_t first, last;

	saved = weir_value_open(saved, &p->w.arena);
	if (saved.kind != WEIR_LIST || saved.list->n != 4)
		return weir_swindow_bad_line("not a pane", err);
	item = saved.list->items;
	if (item[0].kind != WEIR_INT || item[0].i < 0 ||
	    item[0].u >= p->w.aggs.seq)
		return weir_swindow_bad_line("a pane without a number", err);
	if (load_time(item[1], &first, err) < 0 ||
	    load_time(item[2], &last, err) < 0)
		return -1;
	weir_counted_note(&pane->in, first, item[0].u);
	weir_counted_note(&pane->in, last, item[0].u);
	return weir_aggs_load(&p->w.aggs, weir_counted_states(pane), item[3],
	    &p->w.arena, &p->owned, err);
}

/* As many panes as the events since the last window, and what it left. */
static int
load_panes(
    struct weir_counted *p, struct weir_counted_key *k, struct weir_error *err)
{
	struct weir_value v = weir_swindow_value(&p->w, WEIR_SAVED_EXTRA);
	uint64_t begun;

	if (p->pane == 0)
		return k->since > 0
		    ? 1
		    : weir_swindow_bad_line("a key without events", err);
	begun = (k->since + p->pane - 1) / p->pane;
	if (v.kind != WEIR_LIST || v.list->n < begun || v.list->n == 0 ||
	    v.list->n - begun > p->kept)
		return weir_swindow_bad_line("panes that do not fit", err);
	for (size_t i = 0; i < v.list->n; i++)
		if (load_pane(p, k, v.list->items[i], err) < 0)
			return -1;
	return 1;
}

/* What the window's events are: counts, times, numbers. */
static int
load_events(
    struct weir_counted *p, struct weir_counted_key *k, struct weir_error *err)
{
	struct weir_span times = {WEIR_TIME_NONE, WEIR_TIME_NONE};
	uint64_t number = UINT64_MAX;

	if (weir_swindow_load_number(&p->w, WEIR_SAVED_EVENTS, &k->since, err) <
	    0)
		return -1;
	if (k->since >= p->w.spec.every)
		return weir_swindow_bad_line("a window that is full", err);
	if (weir_swindow_saved(&p->w, WEIR_SAVED_NUMBER)) {
		if (weir_swindow_load_number(
			&p->w, WEIR_SAVED_NUMBER, &number, err) < 0)
			return -1;
		if (number >= p->w.aggs.seq)
			return weir_swindow_bad_line(
			    "an event still to come", err);
	}
	if (weir_swindow_saved(&p->w, WEIR_SAVED_WINDOW) &&
	    weir_swindow_load_span(&p->w, &times, err) < 0)
		return -1;
	if (times.start > times.end || times.end == WEIR_TIME_MAX)
		return weir_swindow_bad_line("times that cannot be", err);
	k->in = (struct weir_counted_events){times.start, times.end, number};
	return 1;
}

static int
load_key(struct weir_counted *p, struct weir_error *err)
{
	struct weir_counted_key *k;
	struct weir_key key;
	int added;

	if (weir_swindow_load_key(&p->w, &key, err) < 0)
		return -1;
	k = weir_table_put(p->table, key.canonical.s, key.canonical.len,
	    weir_table_hash(p->table, key.canonical.s, key.canonical.len),
	    &added);
	if (!added)
		return weir_swindow_bad_line("a key is there twice", err);
	weir_swindow_name(&k->window, &key, &p->owned);
	if (load_events(p, k, err) < 0 || load_panes(p, k, err) < 0)
		return -1;
	if (p->w.emit.panes &&
	    weir_told_load(&k->window.told,
		weir_swindow_value(&p->w, WEIR_SAVED_TOLD), &p->w.arena,
		&p->owned, err) < 0)
		return -1;
	if (weir_aggs_load(&p->w.aggs, &k->window + 1,
		weir_swindow_value(&p->w, WEIR_SAVED_STATES), &p->w.arena,
		&p->owned, err) < 0)
		return -1;
	return weir_counted_measure(p, err);
}

int
weir_counted_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_counted *p = self;
	int rc;

	(void)st;
	if (weir_swindow_open_line(&p->w, line, err) < 0)
		return -1;
	rc = weir_swindow_load_clock(&p->w, &p->closed, err);
	return rc == 0 ? load_key(p, err) : rc;
}
