/*
 * aggregates.h - aggregates over events given as text, without an operator.
 */
#ifndef WEIR_TESTS_UNIT_AGGREGATES_H
#define WEIR_TESTS_UNIT_AGGREGATES_H

#include "op/aggregate.h"

#include "base/mem.h"
#include "tests/unit/tap.h"

#include <stdlib.h>

/* Aggregates over events, one a line, of one prover. */
struct bench {
	struct weir_prover *prover;
	struct weir_aggs aggs;
	struct weir_arena arena;
	struct weir_slot *slots;
	struct weir_buf text;
};

static int
begin(struct bench *t, const char *list, struct weir_error *err)
{
	*t = (struct bench){.prover = weir_prover_new()};
	if (weir_aggs_parse(&t->aggs, NULL, list, err) < 0 ||
	    weir_aggs_compile(&t->aggs, t->prover, err) < 0)
		return -1;
	t->slots =
	    weir_calloc(weir_prover_slots(t->prover) + 1, sizeof *t->slots);
	return 1;
}

static void
end(struct bench *t)
{
	weir_prover_free(t->prover);
	weir_aggs_fini(&t->aggs);
	weir_arena_fini(&t->arena);
	weir_buf_fini(&t->text);
	free(t->slots);
}

/* Read the event in *s, and move on. -1 if that is not possible. */
static int
read_event(struct bench *t, const char **s, struct weir_error *why)
{
	const char *nl = strchr(*s, '\n');
	struct weir_row row;

	t->text.len = 0;
	weir_buf_add(&t->text, *s, (size_t)(nl - *s) + 1);
	memset(weir_buf_reserve(&t->text, WEIR_PAD), 0, WEIR_PAD);
	*s = nl + 1;
	if (weir_prover_line(t->prover, t->text.data, t->slots, NULL) == NULL)
		abort();
	row = (struct weir_row){.text = t->text.data,
	    .len = (uint32_t)t->text.len - 1,
	    .slots = t->slots};
	weir_arena_reset(&t->arena);
	return weir_aggs_read(&t->aggs, &row, &t->arena, why);
}

/*
 * Add the event in *s, or take it back if it begins with a minus, and move on.
 * What is wrong with it goes to bad.
 */
static void
add(struct bench *t, void *states, size_t *owned, const char **s,
    struct weir_buf *bad)
{
	struct weir_error why;
	int undo = **s == '-', rc;

	*s += undo;
	rc = read_event(t, s, &why);
	if (rc > 0)
		rc = undo ? weir_aggs_undo(&t->aggs, states, 0, owned, &why)
			  : weir_aggs_check(&t->aggs, states, &why);
	if (rc < 0)
		weir_buf_printf(bad, "%s\n", why.text);
	else if (!undo)
		weir_aggs_add(&t->aggs, states, 0, owned);
}

/* Load states from their saved text: what weir_aggs_load() says. */
static int
load(struct bench *t, void *states, const char *text, size_t len, size_t *owned,
    struct weir_error *err)
{
	struct weir_buf saved = {0};
	int rc;

	weir_buf_add(&saved, text, len);
	memset(weir_buf_reserve(&saved, WEIR_PAD), '\n', WEIR_PAD);
	rc = weir_aggs_load(&t->aggs, states,
	    weir_value_read(saved.data, saved.len, &t->arena), &t->arena, owned,
	    err);
	weir_buf_fini(&saved);
	return rc;
}

/* States anew out of their saved text. */
static void *
reload(struct bench *t, void *states, size_t *owned)
{
	struct weir_error err;
	struct weir_buf saved = {0};
	void *again = weir_calloc(1, t->aggs.size);

	weir_aggs_save(&saved, &t->aggs, states);
	weir_aggs_drop(&t->aggs, states, owned);
	free(states);
	if (*owned != 0 ||
	    load(t, again, saved.data, saved.len, owned, &err) < 0)
		ok(0, "load %.*s: %s", (int)saved.len, saved.data, err.text);
	weir_buf_fini(&saved);
	return again;
}

enum how { WHOLE, MERGED, RELOADED };

/* The results after all lines, cut behind line `cut` as `how` says. */
static void
run(struct bench *t, const char *lines, size_t cut, enum how how,
    struct weir_buf *out, struct weir_buf *bad)
{
	void *states = weir_calloc(1, t->aggs.size), *first = NULL;
	struct weir_span span = {0, 1000000000};
	size_t owned = 0;
	struct weir_error err;

	for (size_t i = 0; *lines != '\0'; i++) {
		if (i == cut && how == RELOADED)
			states = reload(t, states, &owned);
		if (i == cut && how == MERGED) {
			first = states;
			states = weir_calloc(1, t->aggs.size);
		}
		add(t, states, &owned, &lines, bad);
	}
	if (first != NULL) {
		if (weir_aggs_merge(&t->aggs, first, states, &owned, &err) < 0)
			weir_buf_printf(bad, "%s\n", err.text);
		weir_aggs_drop(&t->aggs, states, &owned);
		free(states);
		states = first;
	}
	weir_aggs_write(out, &t->aggs, states, span);
	weir_aggs_drop(&t->aggs, states, &owned);
	if (owned != 0)
		ok(0, "%zu bytes were not given back", owned);
	free(states);
}

static int
same(const struct weir_buf *b, const char *text)
{
	return b->len == strlen(text) &&
	    (b->len == 0 || memcmp(b->data, text, b->len) == 0);
}

/*
 * The results of a list over lines, whole and cut at every place, merged unless
 * something is refused or taken back: that depends on what came before.
 */
static void
check(const char *list, const char *lines, const char *want, const char *why)
{
	struct weir_buf out = {0}, bad = {0};
	struct weir_error err;
	struct bench t;
	size_t nlines = 0, wrong = 0;
	int whole = *why != '\0' || *lines == '-' || strstr(lines, "\n-");

	if (begin(&t, list, &err) < 0) {
		ok(0, "%s: %s", list, err.text);
		end(&t);
		return;
	}
	for (const char *s = lines; *s != '\0'; s++)
		nlines += *s == '\n';
	for (size_t cut = 0; cut <= nlines; cut++)
		for (enum how how = WHOLE; how <= RELOADED; how++) {
			if (how == MERGED && whole)
				continue;
			out.len = bad.len = 0;
			run(&t, lines, cut, how, &out, &bad);
			wrong += !same(&out, want) || !same(&bad, why);
		}
	if (!ok(wrong == 0, "%s of %zu events: %s", list, nlines, want))
		printf("# got: %.*s\n# bad: %.*s\n", (int)out.len, out.data,
		    (int)bad.len, bad.data);
	weir_buf_fini(&out);
	weir_buf_fini(&bad);
	end(&t);
}

/* The list does not compile, for this reason. */
static void
refused(const char *list, const char *why)
{
	struct weir_error err = {0};
	struct bench t;
	int rc = begin(&t, list, &err);

	ok(rc < 0 && err.status == WEIR_USAGE && strstr(err.text, why) != NULL,
	    "%s is refused: %s", list, rc < 0 ? err.text : "no");
	end(&t);
}

/* Nobody can have saved this. */
static void
no_state(struct bench *t, const char *text)
{
	void *states = weir_calloc(1, t->aggs.size);
	struct weir_error err = {0};
	size_t owned = 0;
	int rc = load(t, states, text, strlen(text), &owned, &err);

	ok(rc < 0 && err.status == WEIR_STATE, "no state: %s", text);
	weir_aggs_drop(&t->aggs, states, &owned);
	ok(owned == 0, "and nothing is left of it");
	free(states);
}

#endif
