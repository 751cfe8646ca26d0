/*
 * approx_distinct: a HyperLogLog; topk: space-saving.
 */
#include "op/aggregate_impl.h"

#include "base/hash.h"
#include "base/mem.h"
#include "op/hll.h"
#include "op/spacesaving.h"

#include <stdlib.h>
#include <string.h>

/* --- approx_distinct --- */

static void
distinct_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct weir_hll *hll = state;
	size_t before = weir_hll_bytes(hll);

	(void)agg;
	weir_hll_add(hll, weir_hash64(in->text->key.s, in->text->key.len));
	*owned += weir_hll_bytes(hll) - before;
}

static int
distinct_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	struct weir_hll *hll = state;
	size_t before = weir_hll_bytes(hll);

	(void)agg;
	(void)err;
	weir_hll_merge(hll, other);
	*owned += weir_hll_bytes(hll) - before;
	return 1;
}

static void
distinct_result(const struct weir_agg *agg, struct weir_buf *out,
    const void *state, struct weir_span span)
{
	(void)agg;
	(void)span;
	weir_agg_put_uint(out, weir_hll_count(state));
}

/* A register has one of 52 values, as many as there are letters. */
_Static_assert(WEIR_HLL_TOP == 51, "letters");

static char
letter(uint8_t rank)
{
	return (char)(rank < 26 ? 'A' + rank : 'a' + (rank - 26));
}

static int
load_letter(char c, uint8_t *rank)
{
	if (c >= 'A' && c <= 'Z')
		*rank = (uint8_t)(c - 'A');
	else if (c >= 'a' && c <= 'z')
		*rank = (uint8_t)(c - 'a' + 26);
	else
		return 0;
	return 1;
}

/* A list of the tokens, or the registers as letters. */
static void
distinct_save(
    const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct weir_hll *hll = state;
	char sep = '[';

	(void)agg;
	if (hll->registers != NULL) {
		weir_buf_putc(out, '"');
		for (size_t i = 0; i < WEIR_HLL_REGISTERS; i++)
			weir_buf_putc(out, letter(hll->registers[i]));
		weir_buf_putc(out, '"');
		return;
	}
	for (size_t i = 0; hll->tokens != NULL && i < (size_t)1 << hll->bits;
	     i++) {
		if (hll->tokens[i] == 0)
			continue;
		weir_buf_putc(out, sep);
		weir_agg_put_uint(out, hll->tokens[i]);
		sep = ',';
	}
	weir_buf_puts(out, sep == '[' ? "[]" : "]");
}

static int
load_tokens(struct weir_hll *hll, const struct weir_list *list)
{
	uint64_t token;

	if (list->n > WEIR_HLL_TOKENS)
		return 0;
	for (size_t i = 0; i < list->n; i++)
		if (!weir_agg_load_uint(list->items[i], &token) ||
		    token > UINT32_MAX ||
		    !weir_hll_add_token(hll, (uint32_t)token))
			return 0;
	return 1;
}

static int
load_registers(struct weir_hll *hll, struct weir_value v)
{
	if (v.kind != WEIR_STRING || v.aux != WEIR_HLL_REGISTERS)
		return 0;
	weir_hll_spread(hll);
	for (size_t i = 0; i < WEIR_HLL_REGISTERS; i++)
		if (!load_letter(v.s[i], &hll->registers[i]))
			return 0;
	return 1;
}

static int
distinct_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	struct weir_hll *hll = state;
	int good = v.kind == WEIR_LIST ? load_tokens(hll, v.list)
				       : load_registers(hll, v);

	(void)arena;
	*owned += weir_hll_bytes(hll);
	return good ? 1 : weir_agg_bad_state(agg->ops->name, err);
}

static void
distinct_fini(const struct weir_agg *agg, void *state, size_t *owned)
{
	(void)agg;
	*owned -= weir_hll_bytes(state);
	weir_hll_fini(state);
}

const struct weir_agg_ops weir_agg_approx_distinct = {
    .name = "approx_distinct",
    .usage = "approx_distinct(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct weir_hll),
    .texts = WEIR_AGG_KEY,
    .add = distinct_add,
    .merge = distinct_merge,
    .result = distinct_result,
    .save = distinct_save,
    .load = distinct_load,
    .fini = distinct_fini,
};

/* --- topk --- */

#define K_MAX 1000
/* Values that are counted: the more, the smaller the error. */
#define TIMES 10
#define LEAST 100

struct topk {
	uint32_t k, capacity;
};

static int
topk_prepare(void **params, const struct weir_value *values, size_t n,
    struct weir_error *err)
{
	struct topk *made;
	uint64_t k;

	if (n != 1 || !weir_agg_load_uint(values[0], &k) || k < 1 || k > K_MAX)
		return weir_fail(
		    err, WEIR_USAGE, "k is a whole number from 1 to %d", K_MAX);
	*params = made = weir_malloc(sizeof *made);
	made->k = (uint32_t)k;
	made->capacity = made->k * TIMES < LEAST ? LEAST : made->k * TIMES;
	return 1;
}

static int
topk_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	(void)agg;
	(void)state;
	if (weir_agg_check_text(in->text->json, err) < 0)
		return -1;
	return weir_agg_check_text(in->text->key, err);
}

static void
topk_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	const struct topk *params = agg->params;
	struct weir_spacesaving *ss = state;
	struct weir_spacesaving_value v = {.key = in->text->key,
	    .shown = in->text->json,
	    .first = in->seq,
	    .count = 1};
	size_t before = weir_spacesaving_bytes(ss);

	weir_spacesaving_add(ss, params->capacity, &v);
	*owned += weir_spacesaving_bytes(ss) - before;
}

static int
topk_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	const struct topk *params = agg->params;
	struct weir_spacesaving *ss = state;
	size_t before = weir_spacesaving_bytes(ss);

	(void)err;
	weir_spacesaving_merge(ss, params->capacity, other);
	*owned += weir_spacesaving_bytes(ss) - before;
	return 1;
}

static void
put_counter(struct weir_buf *out, const struct weir_counter *c)
{
	struct weir_str shown = weir_spacesaving_shown(c);

	weir_buf_puts(out, "{\"value\":");
	weir_buf_add(out, shown.s, shown.len);
	weir_buf_puts(out, ",\"count\":");
	weir_agg_put_uint(out, c->count);
	if (c->error > 0) {
		weir_buf_puts(out, ",\"error\":");
		weir_agg_put_uint(out, c->error);
	}
	weir_buf_putc(out, '}');
}

static void
topk_result(const struct weir_agg *agg, struct weir_buf *out, const void *state,
    struct weir_span span)
{
	const struct topk *params = agg->params;
	const struct weir_spacesaving *ss = state;
	const struct weir_counter **all;

	(void)span;
	if (ss->n == 0) {
		weir_buf_puts(out, "null");
		return;
	}
	all = weir_spacesaving_sorted(ss);
	for (uint32_t i = 0; i < ss->n && i < params->k; i++) {
		weir_buf_putc(out, i == 0 ? '[' : ',');
		put_counter(out, all[i]);
	}
	weir_buf_putc(out, ']');
	free(all);
}

/*
 * [missed, [value], count, error, first, [value], count, error, first, ...],
 * from the most frequent on.
 */
static void
topk_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct weir_spacesaving *ss = state;
	const struct weir_counter **all = weir_spacesaving_sorted(ss);

	(void)agg;
	weir_buf_putc(out, '[');
	weir_agg_put_uint(out, ss->missed);
	for (uint32_t i = 0; i < ss->n; i++) {
		weir_buf_putc(out, ',');
		weir_agg_save_text(out, weir_spacesaving_shown(all[i]));
		weir_buf_putc(out, ',');
		weir_agg_put_uint(out, all[i]->count);
		weir_buf_putc(out, ',');
		weir_agg_put_uint(out, all[i]->error);
		weir_buf_putc(out, ',');
		weir_agg_put_uint(out, all[i]->first);
	}
	weir_buf_putc(out, ']');
	free(all);
}

/* One of the saved counters: four values. */
static int
load_counter(struct weir_spacesaving *ss, const struct weir_value *saved,
    struct weir_arena *arena)
{
	struct weir_spacesaving_value v = {0};
	struct weir_value value;
	struct weir_buf key = {0};
	int good;

	if (!weir_agg_load_text(saved[0], arena, &v.shown) ||
	    v.shown.len > WEIR_AGG_TEXT_MAX ||
	    !weir_agg_load_uint(saved[1], &v.count) ||
	    !weir_agg_load_uint(saved[2], &v.error) ||
	    !weir_agg_load_uint(saved[3], &v.first))
		return 0;
	value = weir_value_read(v.shown.s, v.shown.len, arena);
	if (value.kind == WEIR_ERROR)
		return 0;
	weir_value_key(&key, value);
	v.key = (struct weir_str){key.data, key.len};
	good = weir_spacesaving_load(ss, &v);
	weir_buf_fini(&key);
	return good;
}

static int
load_counters(struct weir_spacesaving *ss, uint32_t capacity,
    const struct weir_list *list, struct weir_arena *arena)
{
	if (list->n % 4 != 1 || list->n / 4 > capacity ||
	    !weir_agg_load_uint(list->items[0], &ss->missed))
		return 0;
	for (size_t i = 1; i < list->n; i += 4)
		if (!load_counter(ss, &list->items[i], arena))
			return 0;
	return weir_spacesaving_loaded(ss, capacity);
}

static int
topk_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	const struct topk *params = agg->params;
	int good = v.kind == WEIR_LIST &&
	    load_counters(state, params->capacity, v.list, arena);

	*owned += weir_spacesaving_bytes(state);
	return good ? 1 : weir_agg_bad_state(agg->ops->name, err);
}

static void
topk_fini(const struct weir_agg *agg, void *state, size_t *owned)
{
	(void)agg;
	*owned -= weir_spacesaving_bytes(state);
	weir_spacesaving_fini(state);
}

const struct weir_agg_ops weir_agg_topk = {
    .name = "topk",
    .usage = "topk(x, k)",
    .min_args = 2,
    .max_args = 2,
    .values = 1,
    .size = sizeof(struct weir_spacesaving),
    .texts = WEIR_AGG_JSON | WEIR_AGG_KEY,
    .prepare = topk_prepare,
    .check = topk_check,
    .add = topk_add,
    .merge = topk_merge,
    .result = topk_result,
    .save = topk_save,
    .load = topk_load,
    .fini = topk_fini,
};
