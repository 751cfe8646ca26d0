/*
 * The windows of a key: the one to be told next, and the panes for those after.
 */
#include "op/counted.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define OVERHEAD 16 /* bytes that malloc adds, about */

void
weir_counted_note(struct weir_counted_events *in, int64_t time, uint64_t number)
{
	if (number < in->number)
		in->number = number;
	if (time == WEIR_TIME_NONE)
		return;
	if (in->first == WEIR_TIME_NONE || time < in->first)
		in->first = time;
	if (time > in->last) /* as any time is, after none */
		in->last = time;
}

static void
note_all(struct weir_counted_events *in, const struct weir_counted_events *more)
{
	weir_counted_note(in, more->first, more->number);
	weir_counted_note(in, more->last, more->number);
}

static void
forget(struct weir_counted_events *in)
{
	in->first = in->last = WEIR_TIME_NONE;
	in->number = UINT64_MAX;
}

/* --- panes --- */

static size_t
pane_size(const struct weir_counted *p)
{
	return sizeof(struct weir_counted_pane) + p->w.aggs.size;
}

struct weir_counted_pane *
weir_counted_add_pane(struct weir_counted *p, struct weir_counted_key *k)
{
	struct weir_counted_pane *pane = p->spare;

	if (pane != NULL) {
		p->spare = pane->newer;
		memset(pane, 0, pane_size(p));
	} else {
		pane = weir_calloc(1, pane_size(p));
		p->owned += pane_size(p) + OVERHEAD;
	}
	forget(&pane->in);
	if (k->newest != NULL)
		k->newest->newer = pane;
	else
		k->oldest = pane;
	k->newest = pane;
	return pane;
}

struct weir_counted_pane *
weir_counted_room(struct weir_counted *p, struct weir_counted_key *k)
{
	return k->since % p->pane == 0 ? weir_counted_add_pane(p, k)
				       : k->newest;
}

/* The oldest pane is in no window any more. */
static void
drop_oldest(struct weir_counted *p, struct weir_counted_key *k)
{
	struct weir_counted_pane *pane = k->oldest;

	k->oldest = pane->newer;
	if (k->oldest == NULL)
		k->newest = NULL;
	weir_aggs_drop(&p->w.aggs, weir_counted_states(pane), &p->owned);
	pane->newer = p->spare;
	p->spare = pane;
}

static uint64_t
count_panes(const struct weir_counted_key *k)
{
	uint64_t n = 0;

	for (const struct weir_counted_pane *pane = k->oldest; pane != NULL;
	     pane = pane->newer)
		n++;
	return n;
}

/* --- windows --- */

bool
weir_counted_pending(
    const struct weir_counted *p, const struct weir_counted_key *k)
{
	return k->since > p->gap;
}

int
weir_counted_next(
    struct weir_counted *p, struct weir_stage *st, struct weir_counted_key *k)
{
	struct weir_counted_pane *pane;
	uint64_t n = count_panes(k);

	for (; n > p->kept; n--)
		drop_oldest(p, k);
	weir_told_fini(&k->window.told, &p->owned);
	k->window.told = (struct weir_told){0};
	weir_aggs_reset(&p->w.aggs, &k->window + 1, &p->owned);
	forget(&k->in);
	k->since = 0;
	for (pane = k->oldest; pane != NULL; pane = pane->newer) {
		note_all(&k->in, &pane->in);
		if (weir_aggs_merge(&p->w.aggs, &k->window + 1,
			weir_counted_states(pane), &p->owned, NULL) < 0)
			weir_stage_metrics(st)->bad++;
	}
	return n > 0;
}

void
weir_counted_clear(struct weir_counted *p, struct weir_counted_key *k)
{
	while (k->oldest != NULL)
		drop_oldest(p, k);
	weir_swindow_drop(&p->w, &k->window, &p->owned);
}
