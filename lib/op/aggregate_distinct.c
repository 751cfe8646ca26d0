/*
 * distinct, mode, set: what values there are, by their canonical text.
 */
#include "op/aggregate_impl.h"

#include "base/mem.h"
#include "op/bag.h"

#include <stdlib.h>
#include <string.h>

/* A line of saved state holds several of these, and a result many a set. */
#define BYTES_MAX     ((size_t)32 << 20) /* of texts */
#define SET_BYTES_MAX ((size_t)8 << 20)

/* A value; distinct knows nothing but the count. */
struct item {
	uint64_t count; /* how often it came */
	uint64_t seq;	/* when first */
	char *json;	/* as it was written then; NULL: as its key */
};

struct values {
	struct weir_bag bag;
	size_t bytes; /* of texts */
};

static bool
is_lean(const struct weir_agg *agg)
{
	return agg->ops == &weir_agg_distinct;
}

static bool
is_set(const struct weir_agg *agg)
{
	return agg->ops == &weir_agg_set;
}

static int
full(const struct weir_agg *agg, struct weir_error *err)
{
	const struct weir_agg_cap *cap = agg->params;

	if (is_set(agg))
		return weir_agg_full(cap->most, SET_BYTES_MAX, err);
	return weir_fail(err, WEIR_INPUT,
	    "the values take %zu MiB already, no more are told apart",
	    BYTES_MAX >> 20);
}

static bool
same_texts(const struct weir_agg_text *t)
{
	return t->json.len == t->key.len &&
	    (t->json.s == t->key.s ||
		memcmp(t->json.s, t->key.s, t->key.len) == 0);
}

/* Bytes that a value's texts take. */
static size_t
cost(const struct weir_agg *agg, const struct weir_agg_text *t)
{
	return t->key.len + (is_lean(agg) || same_texts(t) ? 0 : t->json.len);
}

/* Is there room for one more, of so many bytes? */
static bool
has_room(const struct weir_agg *agg, const struct values *s, size_t bytes)
{
	const struct weir_agg_cap *cap = agg->params;

	if (!is_set(agg))
		return s->bytes + bytes <= BYTES_MAX;
	return weir_bag_count(&s->bag) < cap->most &&
	    s->bytes + bytes <= SET_BYTES_MAX;
}

static int
values_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct values *s = state;
	const struct weir_agg_text *t = in->text;

	if (weir_agg_check_text(t->key, err) < 0 ||
	    weir_agg_check_text(t->json, err) < 0)
		return -1;
	if (has_room(agg, s, cost(agg, t)) ||
	    weir_bag_get(&s->bag, t->key) != NULL)
		return 1;
	return full(agg, err);
}

/* --- items --- */

static void
drop_json(struct values *s, struct item *item, size_t *owned)
{
	size_t len;

	if (item->json == NULL)
		return;
	len = strlen(item->json);
	s->bytes -= len;
	*owned -= weir_held(len + 1);
	free(item->json);
	item->json = NULL;
}

/* Keep how the value was written, where that is not its key. */
static void
set_json(struct values *s, struct item *item, const struct weir_agg_text *t,
    size_t *owned)
{
	drop_json(s, item, owned);
	if (same_texts(t))
		return;
	item->json = weir_strndup(t->json.s, t->json.len);
	s->bytes += t->json.len;
	*owned += weir_held(t->json.len + 1);
}

/* Add a value that came so often, first at seq. */
static void
take(const struct weir_agg *agg, struct values *s,
    const struct weir_agg_text *t, struct item from, size_t *owned)
{
	int added;
	struct item *item = weir_bag_put(&s->bag, t->key,
	    is_lean(agg) ? sizeof item->count : sizeof *item, &added, owned);

	item->count += from.count;
	if (added)
		s->bytes += t->key.len;
	if (is_lean(agg) || !(added || from.seq < item->seq))
		return;
	item->seq = from.seq;
	set_json(s, item, t, owned);
}

static struct weir_str
json_of(const struct item *item, struct weir_str key)
{
	return item->json != NULL ? weir_str(item->json) : key;
}

static void
values_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	take(agg, state, in->text, (struct item){.count = 1, .seq = in->seq},
	    owned);
}

static int
values_check_undo(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct values *s = state;

	(void)agg;
	return weir_bag_get(&s->bag, in->text->key) != NULL
	    ? 1
	    : weir_agg_never_added(err);
}

static void
values_undo(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct values *s = state;
	struct item *item = weir_bag_get(&s->bag, in->text->key);

	item->count--;
	if (item->count > 0)
		return;
	if (!is_lean(agg))
		drop_json(s, item, owned);
	s->bytes -= in->text->key.len;
	weir_bag_remove(&s->bag, in->text->key, owned);
}

static void
values_fini(const struct weir_agg *agg, void *state, size_t *owned)
{
	struct values *s = state;
	struct item *item;
	struct weir_str key;
	uint64_t at = 0;

	while (
	    !is_lean(agg) && (item = weir_bag_next(&s->bag, &at, &key)) != NULL)
		drop_json(s, item, owned);
	weir_bag_fini(&s->bag, owned);
	s->bytes = 0;
}

/* --- in the order of arrival --- */

struct entry {
	struct item item;
	struct weir_str key;
};

static int
by_seq(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	size_t n = x->key.len < y->key.len ? x->key.len : y->key.len;
	int c;

	if (x->item.seq != y->item.seq)
		return x->item.seq < y->item.seq ? -1 : 1;
	/* Nobody saved that, but there is an order to it. */
	c = memcmp(x->key.s, y->key.s, n);
	return c != 0 ? c
		      : (x->key.len > y->key.len) - (x->key.len < y->key.len);
}

/* The values, first seen first: as many as there are, free() the array. */
static struct entry *
sorted(const struct values *s)
{
	size_t n = weir_bag_count(&s->bag), i = 0;
	struct entry *all = weir_malloc((n + 1) * sizeof *all);
	const struct item *item;
	uint64_t at = 0;

	while ((item = weir_bag_next(&s->bag, &at, &all[i].key)) != NULL)
		all[i++].item = *item;
	qsort(all, n, sizeof *all, by_seq);
	return all;
}

/* --- merging --- */

/* Of a set, what is beyond its cap was seen last: forget it. 1, or -1. */
static int
trim(const struct weir_agg *agg, struct values *s, size_t *owned,
    struct weir_error *err)
{
	const struct weir_agg_cap *cap = agg->params;
	size_t n = weir_bag_count(&s->bag), bytes = 0;
	struct values kept = {0};
	struct entry *all;

	if (n <= cap->most && s->bytes <= SET_BYTES_MAX)
		return 1;
	all = sorted(s);
	for (size_t i = 0; i < n && i < cap->most; i++) {
		struct weir_agg_text t = {
		    json_of(&all[i].item, all[i].key), all[i].key};

		bytes += cost(agg, &t);
		if (bytes > SET_BYTES_MAX)
			break;
		take(agg, &kept, &t, all[i].item, owned);
	}
	free(all);
	values_fini(agg, s, owned);
	*s = kept;
	return full(agg, err);
}

static int
values_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	struct values *s = state;
	const struct values *o = other;
	const struct item *item;
	struct item from = {0};
	struct weir_agg_text t;
	uint64_t at = 0;
	int rc = 1;

	while ((item = weir_bag_next(&o->bag, &at, &t.key)) != NULL) {
		memcpy(&from, item,
		    is_lean(agg) ? sizeof item->count : sizeof *item);
		t.json = json_of(&from, t.key);
		if (is_set(agg) || has_room(agg, s, cost(agg, &t)) ||
		    weir_bag_get(&s->bag, t.key) != NULL)
			take(agg, s, &t, from, owned);
		else
			rc = full(agg, err);
	}
	return is_set(agg) ? trim(agg, s, owned, err) : rc;
}

/* --- results --- */

static void
distinct_result(const struct weir_agg *agg, struct weir_buf *out,
    const void *state, struct weir_span span)
{
	const struct values *s = state;

	(void)agg;
	(void)span;
	weir_agg_put_uint(out, weir_bag_count(&s->bag));
}

/* The value that came most often; of several, the one seen first. */
static void
mode_result(const struct weir_agg *agg, struct weir_buf *out, const void *state,
    struct weir_span span)
{
	const struct values *s = state;
	const struct item *item, *most = NULL;
	struct weir_str key, text = {"null", 4};
	uint64_t at = 0;

	(void)agg;
	(void)span;
	while ((item = weir_bag_next(&s->bag, &at, &key)) != NULL) {
		if (most != NULL &&
		    (item->count < most->count ||
			(item->count == most->count && item->seq > most->seq)))
			continue;
		most = item;
		text = json_of(item, key);
	}
	weir_buf_add(out, text.s, text.len);
}

static void
set_result(const struct weir_agg *agg, struct weir_buf *out, const void *state,
    struct weir_span span)
{
	const struct values *s = state;
	size_t n = weir_bag_count(&s->bag);
	struct entry *all = sorted(s);
	struct weir_str text;

	(void)agg;
	(void)span;
	weir_buf_putc(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			weir_buf_putc(out, ',');
		text = json_of(&all[i].item, all[i].key);
		weir_buf_add(out, text.s, text.len);
	}
	weir_buf_putc(out, ']');
	free(all);
}

/* --- saving --- */

/* [count, key, ...] for distinct, else [count, arrival, [value], ...] */
static void
values_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct values *s = state;
	const struct item *item;
	struct weir_str key;
	uint64_t at = 0;
	const char *sep = "";

	weir_buf_putc(out, '[');
	while ((item = weir_bag_next(&s->bag, &at, &key)) != NULL) {
		weir_buf_puts(out, sep);
		sep = ",";
		weir_agg_put_uint(out, item->count);
		weir_buf_putc(out, ',');
		if (is_lean(agg)) {
			weir_buf_add(out, key.s, key.len);
			continue;
		}
		weir_agg_put_uint(out, item->seq);
		weir_buf_putc(out, ',');
		weir_agg_save_text(out, json_of(item, key));
	}
	weir_buf_putc(out, ']');
}

/* The next item of a saved state, with its texts: 1, or 0 if it is none. */
static int
load_item(const struct weir_agg *agg, const struct weir_value *v,
    struct weir_arena *arena, struct item *item, struct weir_agg_text *t)
{
	struct weir_buf key = {0};
	struct weir_value value = v[1];
	char *copy;

	if (!weir_agg_load_uint(v[0], &item->count) || item->count == 0)
		return 0;
	if (!is_lean(agg)) {
		if (!weir_agg_load_uint(v[1], &item->seq) ||
		    !weir_agg_load_text(v[2], arena, &t->json))
			return 0;
		value = weir_value_read(t->json.s, t->json.len, arena);
	}
	if (value.kind <= WEIR_NULL)
		return 0;
	weir_value_key(&key, value);
	copy = weir_arena_alloc(arena, key.len);
	memcpy(copy, key.data, key.len);
	t->key = (struct weir_str){copy, key.len};
	weir_buf_fini(&key);
	return t->key.len <= WEIR_AGG_TEXT_MAX;
}

/* Merging may put longer texts in the place of shorter ones. */
static bool
may_hold(const struct weir_agg *agg, const struct values *s)
{
	const struct weir_agg_cap *cap = agg->params;

	return s->bytes <= 2 * BYTES_MAX &&
	    !(is_set(agg) && weir_bag_count(&s->bag) == cap->most);
}

static int
values_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	struct values *s = state;
	size_t step = is_lean(agg) ? 2 : 3;
	struct weir_agg_text t = {{NULL, 0}, {NULL, 0}};
	struct item item = {0};

	if (v.kind != WEIR_LIST || v.list->n % step != 0)
		return weir_agg_bad_state(agg->ops->name, err);
	for (size_t i = 0; i < v.list->n; i += step) {
		if (!load_item(agg, v.list->items + i, arena, &item, &t) ||
		    !may_hold(agg, s) || weir_bag_get(&s->bag, t.key) != NULL)
			return weir_agg_bad_state(agg->ops->name, err);
		take(agg, s, &t, item, owned);
	}
	return 1;
}

const struct weir_agg_ops weir_agg_distinct = {
    .name = "distinct",
    .usage = "distinct(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct values),
    .texts = WEIR_AGG_KEY,
    .check = values_check,
    .add = values_add,
    .check_undo = values_check_undo,
    .undo = values_undo,
    .merge = values_merge,
    .result = distinct_result,
    .save = values_save,
    .load = values_load,
    .fini = values_fini,
    .gathers = true,
};

const struct weir_agg_ops weir_agg_mode = {
    .name = "mode",
    .usage = "mode(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct values),
    .texts = WEIR_AGG_JSON | WEIR_AGG_KEY,
    .check = values_check,
    .add = values_add,
    .check_undo = values_check_undo,
    .undo = values_undo,
    .merge = values_merge,
    .result = mode_result,
    .save = values_save,
    .load = values_load,
    .fini = values_fini,
    .gathers = true,
};

const struct weir_agg_ops weir_agg_set = {
    .name = "set",
    .usage = "set(x) or set(x, max)",
    .min_args = 1,
    .max_args = 2,
    .values = 1,
    .size = sizeof(struct values),
    .texts = WEIR_AGG_JSON | WEIR_AGG_KEY,
    .prepare = weir_agg_prepare_cap,
    .check = values_check,
    .add = values_add,
    .check_undo = values_check_undo,
    .undo = values_undo,
    .merge = values_merge,
    .result = set_result,
    .save = values_save,
    .load = values_load,
    .fini = values_fini,
    .gathers = true,
};
