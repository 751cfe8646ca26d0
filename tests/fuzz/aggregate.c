/*
 * Goal: no saved state, however hostile, and no events make an aggregate do
 * anything but refuse them, and what it takes gives valid JSON and survives being
 * saved and loaded. Method: the first byte chooses an aggregate; then come
 * lines: an event to add, one to take back after '-', a state after '='
 * that is loaded and merged.
 */
#include "op/aggregate.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const lists[] = {"count(x)", "sum(x)", "avg(x)", "min(x)",
    "max(x)", "first(x)", "last(x)", "argmin(x, y)", "argmax(x, y)", "var(x)",
    "stddev(x)", "corr(x, y)", "any(x)", "all(x)", "distinct(x)", "mode(x)",
    "list(x, 3)", "set(x, 3)", "histogram(x, [-1, 0.5])", "rate()", "delta(x)",
    "ewma(x, 0.99)", "median(x)", "quantile(x, 0.9)", "quantile_exact(x, 0.5)",
    "approx_distinct(x)", "topk(x, 2)"};

static struct weir_aggs aggs;
static struct weir_prover *prover;
static struct weir_slot *slots;
static struct weir_arena arena;
static struct weir_buf line, saved;
static int state_slot;

static void
must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "aggregate: %s\n", what);
	abort();
}

static void
begin(const char *list)
{
	struct weir_str path = {"s", 1};
	struct weir_error err;

	prover = weir_prover_new();
	must(weir_aggs_parse(&aggs, NULL, list, &err) == 1, err.text);
	must(weir_aggs_compile(&aggs, prover, &err) == 1, err.text);
	state_slot = weir_prover_want(prover, &path, 1);
	slots = weir_calloc(weir_prover_slots(prover) + 1, sizeof *slots);
}

static void
end(void)
{
	weir_aggs_fini(&aggs);
	weir_prover_free(prover);
	weir_arena_fini(&arena);
	weir_buf_fini(&line);
	weir_buf_fini(&saved);
	free(slots);
}

/* before, text, after as one proven line: its slots are filled. 1 or 0. */
static int
prove(const char *before, const char *text, size_t len, const char *after)
{
	line.len = 0;
	weir_buf_puts(&line, before);
	weir_buf_add(&line, text, len);
	weir_buf_puts(&line, after);
	weir_buf_putc(&line, '\n');
	memset(weir_buf_reserve(&line, WEIR_PAD), 0, WEIR_PAD);
	weir_arena_reset(&arena);
	return weir_prover_line(prover, line.data, slots, NULL) != NULL;
}

/* The state in the line that was proven. */
static int
load(void *states, size_t *owned, struct weir_error *err)
{
	struct weir_slot s = slots[state_slot];

	return weir_aggs_load(&aggs, states,
	    weir_value_read(line.data + s.off, s.len, &arena), &arena, owned,
	    err);
}

static void
drop(void *states, size_t *owned)
{
	weir_aggs_drop(&aggs, states, owned);
	memset(states, 0, aggs.size);
}

/* The result is JSON, and that of the state that was saved is the same. */
static void
look(void *states, void *again, size_t *owned)
{
	struct weir_span span = {0, 1000000000};
	struct weir_buf result = {0}, other = {0};
	struct weir_error err;

	weir_aggs_write(&result, &aggs, states, span);
	must(prove("{", result.data + 1, result.len - 1, "}"), "a result");
	saved.len = 0;
	weir_aggs_save(&saved, &aggs, states);
	must(prove("{\"s\":", saved.data, saved.len, "}"), "a state");
	must(load(again, owned, &err) == 1, err.text);
	weir_aggs_write(&other, &aggs, again, span);
	must(result.len == other.len &&
		memcmp(result.data, other.data, result.len) == 0,
	    "the same result");
	drop(again, owned);
	weir_buf_fini(&result);
	weir_buf_fini(&other);
}

static void
event(void *states, const char *text, size_t len, int64_t time, size_t *owned)
{
	bool undo = len > 0 && *text == '-';
	struct weir_error err;
	struct weir_row row;

	if (!prove("", text + undo, len - undo, ""))
		return;
	row = (struct weir_row){
	    .text = line.data, .len = (uint32_t)line.len - 1, .slots = slots};
	if (weir_aggs_read(&aggs, &row, &arena, &err) < 0)
		return;
	if (undo)
		weir_aggs_undo(&aggs, states, time, owned, &err);
	else if (weir_aggs_check(&aggs, states, &err) > 0)
		weir_aggs_add(&aggs, states, time, owned);
}

static void
merge(void *states, void *other, const char *text, size_t len, size_t *owned)
{
	struct weir_error err;

	if (!prove("{\"s\":[", text, len, "]}"))
		return;
	if (load(other, owned, &err) > 0)
		weir_aggs_merge(&aggs, states, other, owned, &err);
	else
		must(err.status == WEIR_STATE, err.text);
	drop(other, owned);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data, *stop = s + size, *nl;
	size_t owned = 0;
	void *states, *other;

	if (size == 0)
		return 0;
	begin(lists[*data % (sizeof lists / sizeof *lists)]);
	states = weir_calloc(1, aggs.size);
	other = weir_calloc(1, aggs.size);
	for (s++; s < stop; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(stop - s));
		if (nl == NULL)
			nl = stop;
		if (*s == '=')
			merge(
			    states, other, s + 1, (size_t)(nl - s - 1), &owned);
		else
			event(states, s, (size_t)(nl - s), s - stop, &owned);
		look(states, other, &owned);
	}
	drop(states, &owned);
	must(owned == 0, "memory that is not counted back");
	free(states);
	free(other);
	end();
	return 0;
}
