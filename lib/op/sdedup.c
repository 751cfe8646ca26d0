/*
 * The sdedup operator: making it, and what its ways have in common.
 */
#include "op/sdedup_impl.h"

#include "base/mem.h"
#include "base/num.h"
#include "expr/ast.h"

#include <stdlib.h>
#include <string.h>

/* --- making it --- */

static int
read_within(struct weir_sdedup *sd, struct weir_error *err)
{
	const char *text = sd->config.within;
	struct weir_error why;

	if (text == NULL)
		return sd->config.refresh
		    ? weir_fail(err, WEIR_USAGE,
			  "--refresh extends the time of --within: say how "
			  "long that is")
		    : 1;
	if (weir_duration_read(text, strlen(text), &sd->within_ns, &why) < 0)
		return weir_fail(err, WEIR_USAGE, "--within: %s", why.text);
	if (sd->within_ns <= 0)
		return weir_fail(err, WEIR_USAGE,
		    "--within: a time longer than 0, as in 10m");
	return 1;
}

static int
read_words(struct weir_sdedup *sd, struct weir_error *err)
{
	const char *keep = sd->config.keep, *late = sd->config.late;

	if (keep != NULL && strcmp(keep, "first") != 0 &&
	    strcmp(keep, "last") != 0)
		return weir_fail(
		    err, WEIR_USAGE, "--keep is one of first and last");
	sd->last = keep != NULL && strcmp(keep, "last") == 0;
	sd->late_pass = late != NULL && strcmp(late, "pass") == 0;
	if (late != NULL && (sd->late_pass || strcmp(late, "drop") == 0))
		sd->config.late = NULL;
	return 1;
}

/* A number like 0.001 or 1e-3; -1 for other text. */
static double
read_rate(const char *s)
{
	size_t n = strspn(s, "0123456789"), len = n;

	if (n > 0 && s[len] == '.' && (n = strspn(s + len + 1, "0123456789")))
		len += 1 + n;
	if (n > 0 && s[len] == 'e' && s[len + 1] == '-' &&
	    (n = strspn(s + len + 2, "0123456789")))
		len += 2 + n;
	return n > 0 && s[len] == '\0' ? weir_num_read_double(s, len) : -1;
}

static int
read_approx(struct weir_sdedup *sd, struct weir_error *err)
{
	const char *text = sd->config.approx;
	double rate;

	if (text == NULL)
		return 1;
	if (sd->last || sd->config.changes != NULL || sd->config.refresh)
		return weir_fail(err, WEIR_USAGE,
		    "--approx remembers that a key was there and no more: it "
		    "does not go with --keep=last, --changes or --refresh");
	rate = read_rate(text);
	if (rate < WEIR_PRINTS_RATE_MIN || rate > 0.5)
		return weir_fail(err, WEIR_USAGE,
		    "--approx: a rate from 0.000001 to 0.5, as in 0.001");
	sd->form = weir_prints_form(
	    rate, sd->within_ns > 0, sd->within_ns > 0 ? 3 : 1);
	return 1;
}

static int
read_changes(struct weir_sdedup *sd, struct weir_error *err)
{
	const char *text = sd->config.changes;

	if (text == NULL)
		return 1;
	if (sd->last)
		return weir_fail(err, WEIR_USAGE,
		    "--changes passes the first event of each value: it does "
		    "not go with --keep=last");
	sd->changes_ast = weir_ast_parse(
	    &sd->ast_arena, text, strlen(text), "--changes", err);
	return sd->changes_ast != NULL ? 1 : -1;
}

/* What was printed since *at is a term (but for the first one, the tool's name). */
static void
begin_term(struct weir_sdedup *sd, size_t *at)
{
	if (*at > 0)
		weir_terms_add(&sd->terms, "", &sd->fingerprint, *at);
	*at = sd->fingerprint.len;
}

/* Widths, not rates: that is what shapes the state. */
static void
make_fingerprint(struct weir_sdedup *sd)
{
	struct weir_buf *b = &sd->fingerprint;
	char text[WEIR_TIME_TEXT];
	size_t at = 0;

	weir_buf_puts(b, "sdedup");
	begin_term(sd, &at);
	weir_buf_putc(b, ' ');
	weir_keyset_print(b, &sd->keys);
	begin_term(sd, &at);
	if (sd->within_ns > 0)
		weir_buf_printf(b, " --within=%.*s",
		    (int)weir_duration_print(text, sd->within_ns), text);
	begin_term(sd, &at);
	if (sd->config.refresh)
		weir_buf_puts(b, " --refresh");
	begin_term(sd, &at);
	if (sd->last)
		weir_buf_puts(b, " --keep=last");
	begin_term(sd, &at);
	if (sd->form.width > 0)
		weir_buf_printf(b, " --approx (%u bits)", 8 * sd->form.width);
	begin_term(sd, &at);
	if (sd->changes_ast != NULL) {
		weir_buf_puts(b, " --changes=");
		weir_ast_print(sd->changes_ast, b);
	}
	begin_term(sd, &at);
	weir_buf_cstr(b);
}

struct weir_sdedup *
weir_sdedup_new(const struct weir_sdedup_config *config, struct weir_error *err)
{
	struct weir_sdedup *sd = weir_calloc(1, sizeof *sd);

	sd->config = *config;
	sd->closed = WEIR_TIME_NONE;
	sd->due = WEIR_TIME_MAX;
	weir_runs_init(&sd->runs);
	if (read_within(sd, err) < 0 || read_words(sd, err) < 0 ||
	    read_approx(sd, err) < 0 || read_changes(sd, err) < 0 ||
	    weir_keyset_parse(&sd->keys, config->keys, err) < 0) {
		weir_sdedup_free(sd);
		return NULL;
	}
	weir_ages_init(&sd->ages, sd->within_ns);
	make_fingerprint(sd);
	return sd;
}

void
weir_sdedup_free(struct weir_sdedup *sd)
{
	if (sd == NULL)
		return;
	for (size_t i = 0; sd->changes_ast != NULL && i < sd->ages.heap.n; i++)
		weir_said_drop(&weir_ages_at(&sd->ages, i)->keys);
	weir_ages_fini(&sd->ages);
	weir_runs_fini(&sd->runs);
	weir_holds_fini(&sd->holds);
	weir_keyset_fini(&sd->keys);
	weir_expr_free(sd->changes);
	weir_arena_fini(&sd->ast_arena);
	weir_buf_fini(&sd->fingerprint);
	weir_terms_fini(&sd->terms);
	weir_arena_fini(&sd->keys_arena);
	weir_arena_fini(&sd->arena);
	weir_buf_fini(&sd->out);
	weir_buf_fini(&sd->value);
	weir_prover_free(sd->prover);
	free(sd->slots);
	free(sd);
}

const char *
weir_sdedup_fingerprint(const struct weir_sdedup *sd)
{
	return sd->fingerprint.data;
}

const struct weir_terms *
weir_sdedup_terms(const struct weir_sdedup *sd)
{
	return &sd->terms;
}

int
weir_sdedup_attach(
    struct weir_sdedup *sd, struct weir_stage *st, struct weir_error *err)
{
	struct weir_scope scope = {.prover = weir_stage_prover(st)};
	const char *text = sd->config.changes;

	if (sd->config.late != NULL)
		sd->late = weir_stage_side(st, sd->config.late);
	if (sd->last)
		weir_stage_set_hold(
		    st, sd->within_ns > 0 ? sd->within_ns : WEIR_TIME_MAX);
	if (weir_keyset_compile(&sd->keys, scope.prover, err) < 0)
		return -1;
	if (text == NULL)
		return 1;
	sd->changes = weir_expr_compile_ast(
	    &scope, sd->changes_ast, text, strlen(text), "--changes", err);
	return sd->changes != NULL ? 1 : -1;
}

int
weir_sdedup_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_sdedup *sd = self;
	weir_sdedup_apply *apply = sd->changes_ast != NULL
	    ? weir_sdedup_apply_changes
	    : weir_sdedup_apply_last;

	weir_sdedup_catch_up(sd, st);
	while (n > 0) {
		uint32_t run = n < WEIR_RUN ? n : WEIR_RUN;

		weir_sdedup_prepare(sd, b, i, run);
		for (uint32_t k = 0; k < run; k++)
			if (apply(sd, st, b, i + k, &sd->run[k], err) < 0)
				return -1;
		i += run;
		n -= run;
	}
	weir_sdedup_count(sd, st);
	return weir_sdedup_flush(sd, st, b, err);
}

const struct weir_stage_ops *
weir_sdedup_ops(const struct weir_sdedup *sd)
{
	if (sd->last)
		return &weir_sdedup_last_ops;
	return sd->changes_ast != NULL ? &weir_sdedup_changes_ops
				       : &weir_sdedup_first_ops;
}

int
weir_sdedup_open(void *self, struct weir_stage *st, struct weir_error *err)
{
	(void)self;
	(void)err;
	weir_stage_set_changes(st, false); /* retractions end here */
	return 1;
}

/* --- limits --- */

size_t
weir_sdedup_bytes(const struct weir_sdedup *sd)
{
	return weir_ages_bytes(&sd->ages) + weir_runs_bytes(&sd->runs) +
	    sd->holds.bytes + weir_heap_bytes(&sd->holds.heap);
}

/* What would make the state smaller. */
static const char *
advice(const struct weir_sdedup *sd)
{
	bool exact = !sd->last && sd->changes == NULL && sd->form.width == 0;

	if (sd->within_ns == 0)
		return exact ? "--within or --approx" : "--within";
	return exact ? "a shorter --within, a smaller --max-delay or --approx"
		     : "a shorter --within or a smaller --max-delay";
}

int
weir_sdedup_outgrown(const struct weir_sdedup *sd, struct weir_error *err)
{
	return weir_fail(err, WEIR_STATE,
	    "the state has outgrown --max-state: %zu keys take %zu bytes, %ju "
	    "are allowed; allow more, or need less with %s",
	    sd->nkeys, weir_sdedup_bytes(sd), (uintmax_t)sd->config.max_state,
	    advice(sd));
}

int
weir_sdedup_check(const struct weir_sdedup *sd, struct weir_error *err)
{
	const struct weir_table *t = sd->runs.table;

	if (t != NULL && weir_table_bytes(t) >= WEIR_TABLE_MAX)
		return weir_fail(err, WEIR_STATE,
		    "%zu keys are more than one table can hold", sd->nkeys);
	if (sd->config.max_state == 0 ||
	    weir_sdedup_bytes(sd) <= sd->config.max_state)
		return 1;
	return weir_sdedup_outgrown(sd, err);
}

void
weir_sdedup_count(struct weir_sdedup *sd, struct weir_stage *st)
{
	struct weir_metrics *m = weir_stage_metrics(st);

	m->state_bytes = weir_sdedup_bytes(sd);
	m->state_keys = sd->nkeys;
}

/* --- time --- */

void
weir_sdedup_set_due(struct weir_sdedup *sd, struct weir_stage *st, int64_t due)
{
	if (due == sd->due)
		return;
	sd->due = due;
	weir_stage_set_due(st, due);
}

void
weir_sdedup_forget(struct weir_sdedup *sd, struct weir_stage *st, int64_t w)
{
	struct weir_age *age;

	(void)st;
	while ((age = weir_ages_first(&sd->ages)) != NULL &&
	    weir_ages_end(&sd->ages, age) <= w && w != WEIR_TIME_MAX) {
		sd->nkeys -=
		    weir_groups_count(&age->keys) + (size_t)age->prints.count;
		if (sd->changes_ast != NULL)
			weir_said_drop(&age->keys);
		weir_ages_close(&sd->ages, age);
	}
}

/* --- events --- */

/* The hash of a key in an age: 0 its own, 1 the one before. */
static void
hash_key(struct weir_sdedup_item *item, const struct weir_age *age, int which)
{
	const struct weir_table *table;

	item->hashed[which] = age != NULL && age->keys.table != NULL;
	if (!item->hashed[which])
		return;
	table = age->keys.table;
	item->hash[which] = weir_table_hash(
	    table, item->key.canonical.s, item->key.canonical.len);
	item->generation[which] = weir_table_generation(table);
	weir_table_prefetch(table, item->hash[which]);
}

static void
hash_print(struct weir_sdedup *sd, struct weir_sdedup_item *item)
{
	struct weir_str key = item->key.canonical;
	const struct weir_age *age;

	item->hash[0] = weir_hash64(key.s, key.len);
	for (int before = 0; before < (sd->within_ns > 0 ? 2 : 1); before++) {
		age = weir_ages_find(&sd->ages, item->number - before);
		if (age != NULL)
			weir_prints_prefetch(
			    &age->prints, sd->form, item->hash[0]);
	}
}

static void
prepare_item(struct weir_sdedup *sd, const struct weir_block *b, uint32_t i,
    struct weir_sdedup_item *item)
{
	struct weir_row row = weir_stage_row(b, i);

	item->closed = sd->ages.closed;
	item->hashed[0] = item->hashed[1] = false;
	item->bad = (b->events[i].flags & WEIR_RETRACT) ||
	    weir_keyset_read(
		&sd->keys, &row, &sd->keys_arena, &item->key, NULL) < 0;
	/* Runs and events that wait are looked up when their turn comes. */
	if (item->bad || sd->last || sd->changes != NULL)
		return;
	item->number = weir_ages_number(&sd->ages, b->events[i].time);
	if (sd->form.width > 0) {
		hash_print(sd, item);
		return;
	}
	hash_key(item, weir_ages_find(&sd->ages, item->number), 0);
	if (sd->within_ns > 0)
		hash_key(item, weir_ages_find(&sd->ages, item->number - 1), 1);
}

void
weir_sdedup_prepare(
    struct weir_sdedup *sd, const struct weir_block *b, uint32_t i, uint32_t n)
{
	weir_arena_reset(&sd->keys_arena);
	for (uint32_t k = 0; k < n; k++)
		prepare_item(sd, b, i + k, &sd->run[k]);
}

int
weir_sdedup_flush(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_block *b, struct weir_error *err)
{
	uint32_t from = sd->from, end = sd->end;

	sd->from = sd->end = 0;
	return end > from ? weir_stage_pass(st, b, from, end - from, err) : 1;
}

int
weir_sdedup_keep(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err)
{
	if (i != sd->end || sd->from == sd->end) {
		if (weir_sdedup_flush(sd, st, b, err) < 0)
			return -1;
		sd->from = i;
	}
	sd->end = i + 1;
	return 1;
}

/* Say again, aloud, why the first pass found the event bad. */
int
weir_sdedup_refuse(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err)
{
	struct weir_row row = weir_stage_row(b, i);
	struct weir_error why;
	struct weir_key key;

	if (sd->arena.total > 0)
		weir_arena_reset(&sd->arena);
	if (b->events[i].flags & WEIR_RETRACT)
		weir_fail(&why, WEIR_INPUT,
		    "a retraction: what came out is not taken back");
	else
		weir_keyset_read(&sd->keys, &row, &sd->arena, &key, &why);
	return weir_stage_bad(st, b, i, why.text, err);
}

int
weir_sdedup_late(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err)
{
	weir_stage_metrics(st)->late++;
	return sd->late != NULL ? weir_side_event(sd->late, b, i, err) : 1;
}
