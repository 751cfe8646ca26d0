/*
 * The kind: what it refuses, and what it takes.
 */
#include "op/counted.h"

#include "base/mem.h"

#include <stdlib.h>

/* --- memory --- */

static size_t
bytes(const struct weir_counted *p)
{
	return weir_table_bytes(p->table) + p->owned +
	    p->all_cap * sizeof(struct weir_counted_key *);
}

int
weir_counted_measure(struct weir_counted *p, struct weir_error *err)
{
	size_t now = bytes(p), n = weir_table_count(p->table);

	if (weir_table_bytes(p->table) >= WEIR_TABLE_MAX)
		return weir_fail(err, WEIR_STATE,
		    "the windows have outgrown what one process can hold: "
		    "%zu of them take %zu bytes; need less with fewer keys",
		    n, now);
	return weir_swindow_limit(&p->w, now, n, err);
}

void
weir_counted_count(struct weir_counted *p, struct weir_stage *st)
{
	struct weir_metrics *m = weir_stage_metrics(st);

	m->state_bytes = bytes(p);
	m->state_keys = weir_table_count(p->table);
}

/* --- the kind --- */

static int
check(const struct weir_swindow_config *c, struct weir_error *err)
{
	if (c->zone != NULL)
		return weir_fail(err, WEIR_USAGE,
		    "--tz: windows of so many events know no calendar");
	if (c->lateness != NULL)
		return weir_fail(err, WEIR_USAGE,
		    "--lateness: no event is late for a window of so many "
		    "events; leave it out");
	if (c->top != NULL)
		return weir_fail(err, WEIR_USAGE,
		    "--top: each key has windows of its own, there is nothing "
		    "to choose from; --having leaves results out, and a second "
		    "swindow ranks them");
	return 1;
}

static void
init(struct weir_swindow *sw)
{
	struct weir_counted *p = (struct weir_counted *)sw;
	const struct weir_window_spec *spec = &sw->spec;

	p->closed = WEIR_TIME_NONE;
	if (spec->every > spec->count)
		p->gap = spec->every - spec->count;
	if (spec->every < spec->count) {
		p->pane = weir_window_count_pane(spec);
		p->kept = (spec->count - spec->every) / p->pane;
	}
	p->table =
	    weir_table_new(sizeof(struct weir_counted_key) + sw->aggs.size);
}

static void
fini(struct weir_swindow *sw)
{
	struct weir_counted *p = (struct weir_counted *)sw;
	struct weir_counted_pane *pane;
	struct weir_counted_key *k;
	const char *key;
	uint64_t at = 0;
	size_t len;

	while ((k = weir_table_next(p->table, &at, &key, &len)) != NULL)
		weir_counted_clear(p, k);
	weir_table_free(p->table);
	while ((pane = p->spare) != NULL) {
		p->spare = pane->newer;
		free(pane);
	}
	free(p->all);
}

static int
open_stage(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_counted *p = self;

	if (weir_stage_retracts(st))
		return weir_fail(err, WEIR_USAGE,
		    "-w count: the input may take events back, and a window "
		    "that was full cannot be filled again; aggregate it over "
		    "windows of time");
	if (weir_swindow_open(&p->w, st, err) < 0)
		return -1;
	if (p->w.emit.when == WEIR_EMIT_EVERY)
		weir_stage_set_alarm(st, p->w.emit.every_ns);
	return 1;
}

static const struct weir_stage_ops ops = {
    .open = open_stage,
    .events = weir_counted_events,
    .advance = weir_counted_advance,
    .alarm = weir_counted_alarm,
    .save = weir_counted_save,
    .load = weir_counted_load,
    .adopt = weir_swindow_adopt,
};

const struct weir_swindow_kind weir_counted_kind = {
    .size = sizeof(struct weir_counted),
    .ops = &ops,
    .check = check,
    .init = init,
    .fini = fini,
};
