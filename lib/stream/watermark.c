#include "stream/watermark.h"

#include "base/mem.h"

#include <stdlib.h>

void
weir_watermark_init(struct weir_watermark *wm, size_t n)
{
	size_t i;

	wm->n = n;
	wm->merged = WEIR_TIME_NONE;
	wm->inputs = weir_calloc(n, sizeof *wm->inputs);
	for (i = 0; i < n; i++)
		wm->inputs[i].t = WEIR_TIME_NONE;
}

void
weir_watermark_fini(struct weir_watermark *wm)
{
	free(wm->inputs);
	*wm = (struct weir_watermark){0};
}

void
weir_watermark_begin(struct weir_watermark *wm, size_t i)
{
	if (i == wm->n)
		wm->inputs =
		    weir_realloc(wm->inputs, ++wm->n * sizeof *wm->inputs);
	wm->inputs[i] = (struct weir_watermark_input){.t = wm->merged};
}

static bool
counts(const struct weir_watermark_input *in)
{
	return !in->idle && !in->ended;
}

/* Work the merged watermark out anew. */
static int
merge(struct weir_watermark *wm)
{
	int64_t least = WEIR_TIME_MAX;
	bool any = false;
	size_t i;

	for (i = 0; i < wm->n; i++) {
		if (!counts(&wm->inputs[i]))
			continue;
		any = true;
		if (wm->inputs[i].t < least)
			least = wm->inputs[i].t;
	}
	if (!any && !weir_watermark_all_ended(wm))
		return 0;
	if (least <= wm->merged)
		return 0;
	wm->merged = least;
	return 1;
}

int
weir_watermark_raise(struct weir_watermark *wm, size_t i, int64_t t)
{
	if (t <= wm->inputs[i].t)
		return 0;
	wm->inputs[i].t = t;
	return merge(wm);
}

int
weir_watermark_idle(struct weir_watermark *wm, size_t i, bool idle)
{
	wm->inputs[i].idle = idle;
	return merge(wm);
}

int
weir_watermark_end(struct weir_watermark *wm, size_t i)
{
	wm->inputs[i].ended = true;
	return merge(wm);
}

int
weir_watermark_lift(struct weir_watermark *wm, int64_t t)
{
	size_t i;

	if (t <= wm->merged)
		return 0;
	for (i = 0; i < wm->n; i++)
		if (wm->inputs[i].t < t)
			wm->inputs[i].t = t;
	wm->merged = t;
	return 1;
}

bool
weir_watermark_all_idle(const struct weir_watermark *wm)
{
	size_t i, idle = 0;

	for (i = 0; i < wm->n; i++) {
		if (counts(&wm->inputs[i]))
			return false;
		idle += !wm->inputs[i].ended;
	}
	return idle > 0;
}

bool
weir_watermark_all_ended(const struct weir_watermark *wm)
{
	size_t i;

	for (i = 0; i < wm->n; i++)
		if (!wm->inputs[i].ended)
			return false;
	return true;
}

size_t
weir_watermark_lowest(const struct weir_watermark *wm)
{
	size_t i, best = wm->n;

	for (i = 0; i < wm->n; i++)
		if (counts(&wm->inputs[i]) &&
		    (best == wm->n || wm->inputs[i].t < wm->inputs[best].t))
			best = i;
	return best;
}

int64_t
weir_watermark_bound(const struct weir_watermark *wm, size_t i)
{
	int64_t bound = WEIR_TIME_MAX, t;
	size_t k;

	for (k = 0; k < wm->n; k++) {
		if (k == i || !counts(&wm->inputs[k]))
			continue;
		t = wm->inputs[k].t;
		if (k < i)
			t = weir_time_add(t, -1);
		if (t < bound)
			bound = t;
	}
	return bound;
}
