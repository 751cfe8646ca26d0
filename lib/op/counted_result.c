/*
 * The results of counted windows: of one that is complete, of those that
 * changed, and of what is left at the end.
 */
#include "op/counted.h"

#include "base/mem.h"

#include <stdlib.h>

int
weir_counted_tell(struct weir_counted *p, struct weir_stage *st,
    struct weir_counted_key *k, enum weir_pane_timing timing,
    struct weir_error *err)
{
	struct weir_results results = {.span = {k->in.first, k->in.last},
	    .time = k->in.last,
	    .release = weir_swindow_release(p->closed),
	    .timing = timing};
	struct weir_str key;

	key.s = weir_table_key(p->table, k, &key.len);
	weir_emit_begin(&p->w.emit, st, &results);
	if (weir_swindow_tell(&p->w, &k->window, key, &p->owned, err) < 0)
		return -1;
	return weir_emit_end(&p->w.emit, err);
}

/* By end, then by start, then in the order of first events. */
static int
compare(const void *a, const void *b)
{
	const struct weir_counted_key *const *x = a, *const *y = b;
	const struct weir_counted_events *s = &(*x)->in, *t = &(*y)->in;

	if (s->last != t->last)
		return s->last < t->last ? -1 : 1;
	if (s->first != t->first)
		return s->first < t->first ? -1 : 1;
	return (s->number > t->number) - (s->number < t->number);
}

/* Tell the windows that hold something new; early, only what changed. */
static int
tell_pending(struct weir_counted *p, struct weir_stage *st,
    enum weir_pane_timing timing, struct weir_error *err)
{
	struct weir_counted_key *k;
	const char *key;
	uint64_t at = 0;
	size_t len;
	int rc = 1;

	p->nall = 0;
	while ((k = weir_table_next(p->table, &at, &key, &len)) != NULL) {
		if (!weir_counted_pending(p, k))
			continue;
		p->all = weir_grow(p->all, &p->all_cap, p->nall + 1,
		    sizeof(struct weir_counted_key *));
		p->all[p->nall++] = k;
	}
	if (p->nall > 0)
		qsort(p->all, p->nall, sizeof(struct weir_counted_key *),
		    compare);
	for (size_t i = 0; i < p->nall && rc > 0; i++)
		rc = weir_counted_tell(p, st, p->all[i], timing, err);
	return rc;
}

int
weir_counted_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_counted *p = self;
	struct weir_counted_key *k;
	const char *key;
	uint64_t at = 0;
	size_t len;

	if (w < WEIR_TIME_MAX)
		return 1;
	if (p->w.emit.when != WEIR_EMIT_UPDATE &&
	    tell_pending(p, st, WEIR_ON_TIME, err) < 0)
		return -1;
	while ((k = weir_table_next(p->table, &at, &key, &len)) != NULL)
		weir_counted_clear(p, k);
	weir_table_clear(p->table);
	weir_counted_count(p, st);
	return 1;
}

int
weir_counted_alarm(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_counted *p = self;

	if (weir_stage_metrics(st)->watermark > p->closed)
		p->closed = weir_stage_metrics(st)->watermark;
	if (tell_pending(p, st, WEIR_EARLY, err) < 0)
		return -1;
	weir_stage_set_alarm(st, p->w.emit.every_ns);
	weir_counted_count(p, st);
	return weir_counted_measure(p, err);
}
