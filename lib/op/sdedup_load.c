/*
 * The sdedup operator's state back from its lines (sdedup_save.c says how they
 * look). They may be anybody's: what a run of the operator cannot have saved is
 * refused.
 */
#include "op/sdedup_impl.h"

#include "base/mem.h"

#include <string.h>

enum {
	CLOSED,
	EVENTS,
	T,
	RUN,
	N,
	NEWEST,
	M,
	E,
	V,
	AT,
	AGE,
	CELLS,
	X,
	NAMES,
	KEYS = NAMES /* then one slot a key */
};
static const char *const names[NAMES] = {"closed", "events", "t", "run", "n",
    "newest", "m", "e", "v", "at", "age", "cells", "x"};

static void
make_prover(struct weir_sdedup *sd)
{
	struct weir_str path[2];

	sd->prover = weir_prover_new();
	for (size_t i = 0; i < NAMES; i++) {
		path[0] = weir_str(names[i]);
		weir_prover_want(sd->prover, path, 1);
	}
	path[0] = weir_str("k");
	for (size_t i = 0; i < sd->keys.n; i++) {
		path[1] = sd->keys.fields[i].name;
		weir_prover_want(sd->prover, path, 2);
	}
	sd->slots =
	    weir_calloc(weir_prover_slots(sd->prover), sizeof *sd->slots);
}

static int
bad_line(const char *why, struct weir_error *err)
{
	return weir_fail(err, WEIR_STATE, "saved state: %s", why);
}

static bool
there(const struct weir_sdedup *sd, int slot)
{
	return sd->slots[slot].len > 0;
}

static struct weir_str
text_at(const struct weir_sdedup *sd, int slot)
{
	return (struct weir_str){
	    sd->line + sd->slots[slot].off, sd->slots[slot].len};
}

static struct weir_value
value_at(struct weir_sdedup *sd, int slot)
{
	struct weir_str s = text_at(sd, slot);

	if (s.len == 0)
		return (struct weir_value){.kind = WEIR_ABSENT};
	return weir_value_open(
	    weir_value_read(s.s, s.len, &sd->arena), &sd->arena);
}

/* A number; null is WEIR_TIME_NONE if it may be. */
static int
load_number(struct weir_sdedup *sd, int slot, bool maybe, int64_t *n,
    struct weir_error *err)
{
	struct weir_value v = value_at(sd, slot);

	*n = v.kind == WEIR_NULL && maybe ? WEIR_TIME_NONE : v.i;
	if (v.kind != WEIR_INT && (v.kind != WEIR_NULL || !maybe))
		return weir_fail(err, WEIR_STATE,
		    "saved state: \"%s\" is no number", names[slot]);
	return 1;
}

/* A number that an event before this one had. */
static int
load_seq(
    struct weir_sdedup *sd, int slot, uint64_t *seq, struct weir_error *err)
{
	int64_t n;

	if (load_number(sd, slot, false, &n, err) < 0)
		return -1;
	if (n < 0 || (uint64_t)n > sd->seq)
		return bad_line("the number of an event that was not", err);
	*seq = (uint64_t)n;
	return 1;
}

static int
load_span(struct weir_sdedup *sd, int slot, int64_t *lo, int64_t *hi,
    struct weir_error *err)
{
	struct weir_value v = value_at(sd, slot);
	const struct weir_value *item;

	if (v.kind != WEIR_LIST || v.list->n != 2)
		return bad_line("no two times", err);
	item = v.list->items;
	if (item[0].kind != WEIR_INT || item[1].kind != WEIR_INT ||
	    item[0].i == WEIR_TIME_NONE || item[0].i > item[1].i ||
	    item[1].i == WEIR_TIME_MAX)
		return bad_line("times that cannot be", err);
	*lo = item[0].i;
	*hi = item[1].i;
	return 1;
}

static int
load_key(struct weir_sdedup *sd, struct weir_key *key, struct weir_error *err)
{
	struct weir_str parts[WEIR_KEYSET_MAX];

	for (size_t i = 0; i < sd->keys.n; i++)
		parts[i] = text_at(sd, KEYS + (int)i);
	if (weir_keyset_join(&sd->keys, parts, &sd->arena, key, err) < 0) {
		err->status = WEIR_STATE;
		return -1;
	}
	key->text = key->canonical;
	return 1;
}

/* The canonical text of "v", empty if there is none, in sd->value. */
static int
load_value(struct weir_sdedup *sd, struct weir_error *err)
{
	struct weir_value v;

	sd->value.len = 0;
	if (!there(sd, V))
		return 1;
	v = value_at(sd, V);
	if (v.kind == WEIR_ERROR)
		return bad_line("a value that none can be", err);
	weir_value_key(&sd->value, v);
	return 1;
}

/* An event's text: one object on a line. It is proven like what comes in. */
static int
load_text(struct weir_sdedup *sd, struct weir_str *text, struct weir_error *err)
{
	struct weir_value v = value_at(sd, E);
	struct weir_prover *prover;
	const char *end = NULL;
	struct weir_slot none;
	char *copy;

	if (v.kind != WEIR_STRING || memchr(v.s, '\n', v.aux) != NULL)
		return bad_line("no event", err);
	copy = weir_arena_alloc(&sd->arena, v.aux + 1 + WEIR_PAD);
	memcpy(copy, v.s, v.aux);
	memset(copy + v.aux, '\n', 1 + WEIR_PAD);
	prover = weir_prover_new();
	end = weir_prover_line(prover, copy, &none, NULL);
	weir_prover_free(prover);
	if (end != copy + v.aux)
		return bad_line("an event that is no JSON object", err);
	*text = (struct weir_str){copy, v.aux};
	return 1;
}

static int
load_head(struct weir_sdedup *sd, struct weir_error *err)
{
	int64_t n;

	if (load_number(sd, EVENTS, false, &n, err) < 0 ||
	    load_number(sd, CLOSED, true, &sd->closed, err) < 0)
		return -1;
	if (n < 0 || n > INT64_MAX / 2)
		return bad_line("so many events cannot have been", err);
	sd->seq = (uint64_t)n;
	return 1;
}

/* The age of a saved time; one that is over would not have been saved. */
static int
load_age(struct weir_sdedup *sd, int64_t number, struct weir_age **age,
    struct weir_error *err)
{
	struct weir_age asked = {.number = number};

	if (sd->within_ns == 0 ? number != 0
			       : weir_ages_end(&sd->ages, &asked) <= sd->closed)
		return bad_line("a time that is over", err);
	*age = weir_ages_open(&sd->ages, number);
	return 1;
}

static int
load_entry(struct weir_sdedup *sd, struct weir_error *err)
{
	size_t size = sd->changes_ast != NULL ? sizeof(struct weir_said)
	    : sd->within_ns > 0		      ? sizeof(struct weir_seen)
					      : 0;
	int64_t lo = 0, hi = 0, number;
	struct weir_age *age;
	struct weir_key key;
	void *value;
	int added;

	if (load_key(sd, &key, err) < 0 ||
	    (sd->within_ns > 0 && load_span(sd, T, &lo, &hi, err) < 0))
		return -1;
	number = weir_ages_number(&sd->ages, lo);
	if (number != weir_ages_number(&sd->ages, hi))
		return bad_line("times of two ages", err);
	if (load_age(sd, number, &age, err) < 0)
		return -1;
	value = weir_groups_put(&age->keys, &key, size, NULL, &added);
	if (!added)
		return bad_line("a key is there twice", err);
	weir_groups_keep(&age->keys, &key);
	sd->nkeys++;
	if (sd->changes_ast != NULL) {
		if (load_value(sd, err) < 0)
			return -1;
		((struct weir_said *)value)->time = hi;
		weir_said_set(value,
		    (struct weir_str){sd->value.data, sd->value.len},
		    &age->keys.owned);
	} else if (size > 0) {
		*(struct weir_seen *)value = (struct weir_seen){lo, hi};
	}
	weir_ages_measure(&sd->ages, age);
	return weir_sdedup_check(sd, err);
}

static int
load_prints(struct weir_sdedup *sd, struct weir_error *err)
{
	int64_t number, cells, at;
	struct weir_value hex = value_at(sd, X);
	struct weir_age *age;
	uint64_t count;

	if (load_number(sd, AGE, false, &number, err) < 0 ||
	    load_number(sd, CELLS, false, &cells, err) < 0 ||
	    load_number(sd, AT, false, &at, err) < 0 ||
	    load_age(sd, number, &age, err) < 0)
		return -1;
	if (sd->form.width == 0 || hex.kind != WEIR_STRING || cells < 0 ||
	    at < 0)
		return bad_line("no piece of a table", err);
	count = age->prints.count;
	if (!weir_prints_take(&age->prints, sd->form, (uint64_t)cells,
		(size_t)at, (struct weir_str){hex.s, hex.aux}))
		return bad_line("a piece of a table that does not fit", err);
	sd->nkeys += (size_t)(age->prints.count - count);
	weir_ages_measure(&sd->ages, age);
	return weir_sdedup_check(sd, err);
}

/* Runs of a key lie one behind the other. */
static bool
has_room(const struct weir_run *run)
{
	return (run->older == NULL || run->older->hi <= run->lo) &&
	    (run->newer == NULL || run->newer->lo >= run->hi);
}

static int
load_open_run(
    struct weir_sdedup *sd, struct weir_run *run, struct weir_error *err)
{
	struct weir_str text = {0};

	if (load_seq(sd, N, &run->seq, err) < 0 ||
	    load_seq(sd, M, &run->arrival, err) < 0 ||
	    load_number(sd, NEWEST, true, &run->newest, err) < 0 ||
	    load_text(sd, &text, err) < 0)
		return -1;
	weir_runs_text(&sd->runs, run, text.s, text.len);
	return 1;
}

static int
load_run(struct weir_sdedup *sd, struct weir_error *err)
{
	int64_t lo = 0, hi = 0, end;
	struct weir_run *run;
	struct weir_key key;

	if (!sd->last)
		return bad_line("a run", err);
	if (load_key(sd, &key, err) < 0 ||
	    (sd->within_ns > 0 && load_span(sd, RUN, &lo, &hi, err) < 0))
		return -1;
	run = weir_runs_add(sd, &key, lo, hi);
	end = weir_time_add(hi, sd->within_ns);
	if (sd->within_ns == 0)
		return run->older != NULL || run->newer != NULL
		    ? bad_line("a key is there twice", err)
		    : load_open_run(sd, run, err);
	if ((!sd->config.refresh && lo != hi) || !has_room(run))
		return bad_line("a run that cannot be", err);
	if (there(sd, E)) {
		if (load_open_run(sd, run, err) < 0)
			return -1;
		weir_runs_push(&sd->runs, run);
		if (run->newest < hi || end <= sd->closed)
			return bad_line("a run that cannot be open", err);
	} else {
		weir_runs_retire(&sd->runs, run);
		if (end > sd->closed ||
		    weir_time_add(end, sd->within_ns) <= sd->closed)
			return bad_line("a run that is not over", err);
	}
	return weir_sdedup_check(sd, err);
}

static int
load_held(struct weir_sdedup *sd, struct weir_error *err)
{
	struct weir_str text = {0};
	struct weir_key key;
	uint64_t seq;
	int64_t t;

	if (sd->changes_ast == NULL)
		return bad_line("an event that waits", err);
	if (load_key(sd, &key, err) < 0 || load_seq(sd, N, &seq, err) < 0 ||
	    load_number(sd, AT, false, &t, err) < 0 ||
	    load_value(sd, err) < 0 || load_text(sd, &text, err) < 0)
		return -1;
	if (t <= sd->closed || t == WEIR_TIME_MAX)
		return bad_line("an event that need not wait", err);
	weir_holds_push(&sd->holds, t, seq, key.canonical,
	    (struct weir_str){sd->value.data, sd->value.len}, text);
	return weir_sdedup_check(sd, err);
}

static int
load_line(struct weir_sdedup *sd, struct weir_error *err)
{
	if (there(sd, EVENTS))
		return load_head(sd, err);
	if (there(sd, X))
		return load_prints(sd, err);
	if (there(sd, RUN) || there(sd, NEWEST))
		return load_run(sd, err);
	if (there(sd, AT))
		return load_held(sd, err);
	if (sd->last || sd->form.width > 0)
		return bad_line("a line that says nothing", err);
	return load_entry(sd, err);
}

int
weir_sdedup_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_sdedup *sd = self;
	struct weir_age *first;

	if (sd->prover == NULL)
		make_prover(sd);
	if (sd->arena.total > 0)
		weir_arena_reset(&sd->arena);
	sd->line = line.s;
	if (weir_prover_line(sd->prover, line.s, sd->slots, NULL) == NULL)
		return bad_line("not a JSON object", err);
	if (load_line(sd, err) < 0)
		return -1;
	first = weir_ages_first(&sd->ages);
	if (sd->last)
		weir_runs_set_due(sd, st);
	else if (sd->changes_ast != NULL)
		weir_holds_set_due(sd, st);
	else if (first != NULL)
		weir_sdedup_set_due(sd, st, weir_ages_end(&sd->ages, first));
	weir_sdedup_count(sd, st);
	return 1;
}
