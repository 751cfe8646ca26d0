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
	weir_panes_init(&sw->panes);
	if (weir_window_parse(&sw->spec, config->window, config->offset, err) <
		0 ||
	    weir_keyset_parse(&sw->keys, config->keys, err) < 0 ||
	    weir_aggs_parse(&sw->aggs, config->aggregates, err) < 0 ||
	    check_names(sw, err) < 0) {
		weir_swindow_free(sw);
		return NULL;
	}
	if (sw->spec.kind != WEIR_TUMBLING)
		sw->head = sizeof(uint64_t);
	make_fingerprint(sw);
	return sw;
}

void
weir_swindow_drop(struct weir_swindow *sw, struct weir_groups *groups)
{
	struct weir_group it = {0};

	while (groups->owned > 0 && weir_groups_next(groups, &it))
		weir_aggs_drop(&sw->aggs, weir_swindow_states(sw, it.value),
		    &groups->owned);
	weir_groups_fini(groups);
}

void
weir_swindow_free(struct weir_swindow *sw)
{
	if (sw == NULL)
		return;
	for (size_t i = 0; i < sw->panes.n; i++)
		weir_swindow_drop(sw, &sw->panes.heap[i]->groups);
	weir_panes_fini(&sw->panes);
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

/* --- open panes --- */

void
weir_swindow_set_due(struct weir_swindow *sw, struct weir_stage *st)
{
	struct weir_pane *first = weir_panes_first(&sw->panes);
	int64_t due;

	if (first == NULL || !weir_window_next(&first->ends, sw->closed, &due))
		due = WEIR_TIME_MAX;
	if (due == sw->due)
		return;
	sw->due = due;
	weir_stage_set_due(st, due);
}

void
weir_swindow_close(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_pane *pane)
{
	sw->ngroups -= weir_groups_count(&pane->groups);
	weir_swindow_drop(sw, &pane->groups);
	weir_panes_close(&sw->panes, pane);
	sw->last = NULL;
	weir_swindow_set_due(sw, st);
}

struct weir_pane *
weir_swindow_pane(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_span span)
{
	struct weir_window_ends ends;
	struct weir_pane *pane = sw->last;

	if (pane != NULL && pane->span.start == span.start)
		return pane;
	pane = weir_panes_find(&sw->panes, span.start);
	if (pane == NULL) {
		weir_window_ends(&sw->spec, span, &ends);
		pane = weir_panes_open(&sw->panes, span, ends);
		weir_swindow_set_due(sw, st);
	}
	sw->last = pane;
	return pane;
}

int
weir_swindow_measure(
    struct weir_swindow *sw, struct weir_pane *pane, struct weir_error *err)
{
	size_t bytes;

	weir_panes_measure(&sw->panes, pane);
	if (pane->bytes >= WEIR_TABLE_MAX)
		return weir_fail(err, WEIR_STATE,
		    "a window has outgrown what one can hold: %zu groups take "
		    "%zu bytes; need less with fewer keys or shorter windows",
		    weir_groups_count(&pane->groups), pane->bytes);
	bytes = weir_panes_bytes(&sw->panes);
	if (sw->config.max_state == 0 || bytes <= sw->config.max_state)
		return 1;
	return weir_fail(err, WEIR_STATE,
	    "the state has outgrown --max-state: %zu groups take %zu bytes, "
	    "%ju are allowed; allow more, or need less with fewer keys, "
	    "shorter windows or a smaller --max-delay",
	    sw->ngroups, bytes, (uintmax_t)sw->config.max_state);
}

void
weir_swindow_count(struct weir_swindow *sw, struct weir_stage *st)
{
	struct weir_metrics *m = weir_stage_metrics(st);

	m->state_bytes = weir_panes_bytes(&sw->panes);
	m->state_keys = sw->ngroups;
}

const struct weir_stage_ops weir_swindow_ops = {
    .events = weir_swindow_events,
    .advance = weir_swindow_advance,
    .save = weir_swindow_save,
    .load = weir_swindow_load,
};
