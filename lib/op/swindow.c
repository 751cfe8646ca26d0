/*
 * The swindow operator: making it, and its state's limits.
 */
#include "op/swindow_impl.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* --- making it --- */

static int
claim_name(
    const struct weir_swindow *sw, struct weir_str name, struct weir_error *err)
{
	for (size_t i = 0; i < sw->keys.n; i++)
		if (weir_str_same(sw->keys.fields[i].name, name))
			return weir_fail(err, WEIR_USAGE,
			    "aggregates: the name \"%.*s\" is a key's already",
			    (int)name.len, name.s);
	return 1;
}

/* Keys and aggregates stand side by side in a result. */
static int
check_names(const struct weir_swindow *sw, struct weir_error *err)
{
	static const char *const own[] = {"window_start", "window_end", "pane"};
	size_t n = sw->emit.panes ? 3 : 2;

	for (size_t i = 0; i < sw->aggs.ncolumns; i++)
		if (claim_name(sw, sw->aggs.columns[i].name, err) < 0)
			return -1;
	for (size_t k = 0; k < n; k++) {
		bool taken = false;

		for (size_t i = 0; i < sw->keys.n; i++)
			taken |= weir_str_eq(sw->keys.fields[i].name, own[k]);
		for (size_t i = 0; i < sw->aggs.ncolumns; i++)
			taken |= weir_str_eq(sw->aggs.columns[i].name, own[k]);
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
	struct weir_terms *terms = &sw->terms;
	size_t at;

	weir_buf_puts(b, "swindow ");
	at = b->len;
	weir_window_print(b, &sw->spec);
	weir_terms_add(terms, "", b, at);
	at = b->len;
	if (sw->keys.n > 0)
		weir_buf_putc(b, ' ');
	weir_keyset_print(b, &sw->keys);
	weir_terms_add(terms, "", b, at);
	weir_buf_puts(b, ": ");
	weir_aggs_print(b, &sw->aggs, terms);
	at = b->len;
	if (sw->lateness_ns > 0)
		weir_buf_printf(
		    b, " --lateness=%jdns", (intmax_t)sw->lateness_ns);
	weir_terms_add(terms, "", b, at);
	at = b->len;
	weir_emit_print(b, &sw->emit);
	weir_terms_add(terms, "--emit: ", b, at);
	weir_buf_cstr(b);
}

static int
parse_lateness(struct weir_swindow *sw, struct weir_error *err)
{
	const char *text = sw->config.lateness;
	struct weir_error why;

	if (text == NULL)
		return 1;
	if (weir_duration_read(text, strlen(text), &sw->lateness_ns, &why) < 0)
		return weir_fail(err, WEIR_USAGE, "--lateness: %s", why.text);
	if (sw->lateness_ns < 0)
		return weir_fail(
		    err, WEIR_USAGE, "--lateness: it cannot be negative");
	return 1;
}

static int
parse(struct weir_swindow *sw, struct weir_error *err)
{
	const struct weir_swindow_config *c = &sw->config;
	struct weir_emit_config emit = {.when = c->emit,
	    .mode = c->mode,
	    .having = c->having,
	    .top = c->top,
	    .epoch = c->epoch};

	if (weir_keyset_parse(&sw->keys, c->keys, err) < 0 ||
	    weir_aggs_parse(&sw->aggs, &sw->keys, c->aggregates, err) < 0 ||
	    parse_lateness(sw, err) < 0)
		return -1;
	emit.again = sw->lateness_ns > 0;
	if (weir_emit_init(&sw->emit, &emit, &sw->keys, &sw->aggs, err) < 0)
		return -1;
	return check_names(sw, err);
}

/* May a group be told more than once? */
static bool
is_retold(const struct weir_swindow_config *c)
{
	struct weir_error why;
	int64_t ns = 0;

	if (c->emit != NULL && strcmp(c->emit, "final") != 0)
		return true;
	return c->lateness != NULL &&
	    weir_duration_read(c->lateness, strlen(c->lateness), &ns, &why) >
	    0 &&
	    ns > 0;
}

/* Who keeps such windows? */
static const struct weir_swindow_kind *
find_kind(const struct weir_window_spec *spec,
    const struct weir_swindow_config *config)
{
	if (spec->kind == WEIR_SESSION)
		return &weir_session_kind;
	if (spec->kind == WEIR_COUNTED)
		return &weir_counted_kind;
	if (spec->kind == WEIR_GLOBAL || is_retold(config))
		return &weir_retold_kind;
	return &weir_paned_kind;
}

struct weir_swindow *
weir_swindow_new(
    const struct weir_swindow_config *config, struct weir_error *err)
{
	const struct weir_swindow_kind *kind;
	struct weir_window_spec spec;
	struct weir_swindow *sw;

	if (weir_window_parse(
		&spec, config->window, config->offset, config->zone, err) < 0) {
		weir_window_fini(&spec);
		return NULL;
	}
	kind = find_kind(&spec, config);
	if (kind->check != NULL && kind->check(config, err) < 0) {
		weir_window_fini(&spec);
		return NULL;
	}
	sw = weir_calloc(1, kind->size);
	sw->config = *config;
	sw->spec = spec;
	if (parse(sw, err) < 0) {
		weir_swindow_free(sw);
		return NULL;
	}
	sw->empty = weir_calloc(1, sw->aggs.size + 1);
	sw->kind = kind;
	kind->init(sw);
	make_fingerprint(sw);
	return sw;
}

void
weir_swindow_free(struct weir_swindow *sw)
{
	if (sw == NULL)
		return;
	if (sw->kind != NULL)
		sw->kind->fini(sw);
	weir_window_fini(&sw->spec);
	weir_emit_fini(&sw->emit); /* knows keys and aggregates */
	weir_keyset_fini(&sw->keys);
	weir_aggs_fini(&sw->aggs);
	weir_buf_fini(&sw->fingerprint);
	weir_terms_fini(&sw->terms);
	weir_buf_fini(&sw->out);
	weir_arena_fini(&sw->keys_arena);
	weir_arena_fini(&sw->arena);
	weir_prover_free(sw->prover);
	free(sw->slots);
	free(sw->empty);
	free(sw->run);
	free(sw);
}

const struct weir_stage_ops *
weir_swindow_ops(const struct weir_swindow *sw)
{
	return sw->kind->ops;
}

const char *
weir_swindow_fingerprint(const struct weir_swindow *sw)
{
	return sw->fingerprint.data;
}

const struct weir_terms *
weir_swindow_terms(const struct weir_swindow *sw)
{
	return &sw->terms;
}

int
weir_swindow_attach(
    struct weir_swindow *sw, struct weir_stage *st, struct weir_error *err)
{
	struct weir_prover *prover = weir_stage_prover(st);

	if (sw->config.late != NULL)
		sw->late = weir_stage_side(st, sw->config.late);
	if (weir_keyset_compile(&sw->keys, prover, err) < 0 ||
	    weir_aggs_compile(&sw->aggs, prover, err) < 0)
		return -1;
	return weir_emit_compile(&sw->emit, err);
}

/* --- what the kinds share --- */

int
weir_swindow_limit(const struct weir_swindow *sw, size_t bytes, size_t groups,
    struct weir_error *err)
{
	if (sw->config.max_state == 0 || bytes <= sw->config.max_state)
		return 1;
	return weir_fail(err, WEIR_STATE,
	    "the state has outgrown --max-state: %zu group%s in %zu bytes, "
	    "%ju are allowed; allow more, or need less with fewer keys, "
	    "shorter windows or a smaller --max-delay",
	    groups, groups == 1 ? "" : "s", bytes,
	    (uintmax_t)sw->config.max_state);
}

int
weir_swindow_late(struct weir_swindow *sw, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err)
{
	weir_stage_metrics(st)->late++;
	return sw->late != NULL ? weir_side_event(sw->late, b, i, err) : 1;
}
