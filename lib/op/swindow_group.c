/*
 * What the kinds of windows do with events and with groups.
 */
#include "op/swindow_impl.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define OVERHEAD 16 /* bytes that malloc adds, about */

/* --- the input --- */

/* Aggregates that could be asked for, where events are taken back. */
static void
list_undoable(struct weir_buf *out)
{
	const char *before = "";

	for (size_t i = 0; i < weir_agg_nkinds; i++) {
		if (weir_agg_kinds[i]->undo == NULL)
			continue;
		weir_buf_printf(out, "%s%s", before, weir_agg_kinds[i]->name);
		before = ", ";
	}
}

static int
check_retracts(const struct weir_swindow *sw, struct weir_error *err)
{
	const struct weir_agg *agg = weir_aggs_cannot_undo(&sw->aggs);
	struct weir_buf can = {0};
	struct weir_str text;

	if (sw->emit.panes && sw->emit.mode == WEIR_DISCARD)
		return weir_fail(err, WEIR_USAGE,
		    "--mode=discard: the input may take events back that "
		    "were told already; say accumulate or retract");
	if (agg == NULL)
		return 1;
	text = sw->aggs.items.items[agg - sw->aggs.aggs].text;
	list_undoable(&can);
	weir_fail(err, WEIR_USAGE,
	    "%.*s: the input may take events back, and %s() cannot; these "
	    "can: %s",
	    (int)text.len, text.s, agg->ops->name, weir_buf_cstr(&can));
	weir_buf_fini(&can);
	return -1;
}

int
weir_swindow_open(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_error *err)
{
	sw->retracts = weir_stage_retracts(st);
	weir_stage_set_changes(
	    st, sw->emit.panes && sw->emit.mode == WEIR_TAKE_BACK);
	return sw->retracts ? check_retracts(sw, err) : 1;
}

int
weir_swindow_read(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_key *key,
    struct weir_error *err)
{
	struct weir_row row = weir_stage_row(b, i);
	struct weir_error why;
	int rc;

	if (sw->arena.total > 0)
		weir_arena_reset(&sw->arena);
	if ((b->events[i].flags & WEIR_RETRACT) && !sw->retracts)
		rc = weir_fail(&why, WEIR_INPUT,
		    "a retraction, and nothing said that there would be any "
		    "(--retract does)");
	else
		rc = weir_keyset_read(&sw->keys, &row, &sw->arena, key, &why);
	if (rc > 0)
		rc = weir_aggs_read(&sw->aggs, &row, &sw->arena, &why);
	if (rc > 0)
		return 1;
	return weir_stage_bad(st, b, i, why.text, err) < 0 ? -1 : 0;
}

/* --- groups --- */

int
weir_swindow_check(const struct weir_swindow *sw,
    const struct weir_swindow_group *g, bool back, struct weir_error *why)
{
	if (back && (g == NULL || g->events == 0))
		return weir_fail(why, WEIR_INPUT,
		    "it takes back an event that is not there");
	if (back)
		return weir_aggs_check_undo(&sw->aggs, g + 1, why);
	return weir_aggs_check(
	    &sw->aggs, g == NULL ? sw->empty : (const void *)(g + 1), why);
}

void
weir_swindow_apply(struct weir_swindow *sw, struct weir_swindow_group *g,
    const struct weir_event *ev, size_t *owned)
{
	struct weir_error why;

	g->told.changed = true;
	if (ev->flags & WEIR_RETRACT) {
		weir_aggs_undo(&sw->aggs, g + 1, ev->time, owned, &why);
		g->events--;
	} else {
		weir_aggs_add(&sw->aggs, g + 1, ev->time, owned);
		g->events++;
	}
}

void
weir_swindow_name(
    struct weir_swindow_group *g, const struct weir_key *key, size_t *owned)
{
	if (key->text.s == key->canonical.s)
		return;
	g->text = weir_strndup(key->text.s, key->text.len);
	*owned += key->text.len + 1 + OVERHEAD;
}

struct weir_str
weir_swindow_text(const struct weir_swindow_group *g, struct weir_str canonical)
{
	return g->text != NULL ? weir_str(g->text) : canonical;
}

int
weir_swindow_tell(struct weir_swindow *sw, struct weir_swindow_group *g,
    struct weir_str canonical, size_t *owned, struct weir_error *err)
{
	struct weir_emit_group eg = {.key = weir_swindow_text(g, canonical),
	    .states = g + 1,
	    .told = sw->emit.panes ? &g->told : NULL,
	    .owned = owned};

	return weir_emit_group(&sw->emit, &eg, err);
}

void
weir_swindow_drop(
    struct weir_swindow *sw, struct weir_swindow_group *g, size_t *owned)
{
	weir_told_fini(&g->told, owned);
	weir_aggs_drop(&sw->aggs, g + 1, owned);
	if (g->text != NULL)
		*owned -= strlen(g->text) + 1 + OVERHEAD;
	free(g->text);
	g->text = NULL;
}

/* --- saving --- */

void
weir_swindow_save_group(struct weir_swindow *sw, struct weir_buf *out,
    const struct weir_swindow_group *g)
{
	weir_swindow_save_number(out, "e", g->events);
	if (sw->emit.panes) {
		weir_buf_puts(out, ",\"t\":");
		weir_told_save(out, &g->told);
	}
	weir_buf_puts(out, ",\"a\":");
	weir_aggs_save(out, &sw->aggs, g + 1);
}

int
weir_swindow_load_group(struct weir_swindow *sw, struct weir_swindow_group *g,
    size_t *owned, struct weir_error *err)
{
	struct weir_value told = weir_swindow_value(sw, WEIR_SAVED_TOLD);

	if (weir_swindow_load_number(sw, WEIR_SAVED_EVENTS, &g->events, err) <
	    0)
		return -1;
	if (g->events == 0)
		return weir_swindow_bad_line("a group without events", err);
	if (sw->emit.panes &&
	    weir_told_load(&g->told, told, &sw->arena, owned, err) < 0)
		return -1;
	return weir_aggs_load(&sw->aggs, g + 1,
	    weir_swindow_value(sw, WEIR_SAVED_STATES), &sw->arena, owned, err);
}
