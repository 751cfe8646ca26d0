/*
 * list: the values, in the order of arrival.
 */
#include "op/aggregate_impl.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define CAP_DEFAULT 10000
#define CAP_MAX	    1000000
#define BYTES_MAX   ((size_t)8 << 20)

/* --- caps, for sets as well --- */

int
weir_agg_prepare_cap(void **params, const struct weir_value *values, size_t n,
    struct weir_error *err)
{
	struct weir_agg_cap *cap;

	if (n > 0 &&
	    (values->kind != WEIR_INT || values->i < 1 || values->i > CAP_MAX))
		return weir_fail(err, WEIR_USAGE,
		    "max is a whole number from 1 to %d", CAP_MAX);
	*params = cap = weir_calloc(1, sizeof *cap);
	cap->most = n > 0 ? (size_t)values->i : CAP_DEFAULT;
	return 1;
}

int
weir_agg_full(size_t most, size_t bytes, struct weir_error *err)
{
	return weir_fail(err, WEIR_INPUT,
	    "no room: it holds up to %zu values (max), of %zu MiB together",
	    most, bytes >> 20);
}

/* --- the list: number of arrival, length, text, and so on --- */

struct list {
	char *p;
	uint32_t len, cap;
	uint64_t n;
};

struct head {
	uint64_t seq;
	uint32_t len;
} __attribute__((packed));

static struct head
head_at(const struct list *s, size_t at)
{
	struct head h;

	memcpy(&h, s->p + at, sizeof h);
	return h;
}

static bool
has_room(const struct weir_agg *agg, const struct list *s, size_t len)
{
	const struct weir_agg_cap *cap = agg->params;

	return s->n < cap->most &&
	    s->len + sizeof(struct head) + len <= BYTES_MAX;
}

static int
full(const struct weir_agg *agg, struct weir_error *err)
{
	const struct weir_agg_cap *cap = agg->params;

	return weir_agg_full(cap->most, BYTES_MAX, err);
}

static void
append(struct list *s, uint64_t seq, struct weir_str text, size_t *owned)
{
	struct head h = {seq, (uint32_t)text.len};
	size_t need = s->len + sizeof h + text.len;

	if (need > s->cap) {
		if (s->cap > 0)
			*owned -= weir_held(s->cap);
		s->cap = (uint32_t)((need + need / 2 + 31) & ~(size_t)31);
		s->p = weir_realloc(s->p, s->cap);
		*owned += weir_held(s->cap);
	}
	memcpy(s->p + s->len, &h, sizeof h);
	memcpy(s->p + s->len + sizeof h, text.s, text.len);
	s->len = (uint32_t)need;
	s->n++;
}

static int
list_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	if (weir_agg_check_text(in->text->json, err) < 0)
		return -1;
	return has_room(agg, state, in->text->json.len) ? 1 : full(agg, err);
}

static void
list_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	(void)agg;
	append(state, in->seq, in->text->json, owned);
}

/* Where the newest of these texts is, or SIZE_MAX. */
static size_t
find(const struct list *s, struct weir_str text)
{
	size_t found = SIZE_MAX;
	struct head h;

	for (size_t at = 0; at < s->len; at += sizeof h + h.len) {
		h = head_at(s, at);
		if (h.len == text.len &&
		    memcmp(s->p + at + sizeof h, text.s, h.len) == 0)
			found = at;
	}
	return found;
}

static int
list_check_undo(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	(void)agg;
	return find(state, in->text->json) != SIZE_MAX
	    ? 1
	    : weir_agg_never_added(err);
}

static void
list_undo(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	struct list *s = state;
	size_t at = find(s, in->text->json);
	size_t size = sizeof(struct head) + in->text->json.len;

	(void)agg;
	(void)owned;
	memmove(s->p + at, s->p + at + size, s->len - at - size);
	s->len -= (uint32_t)size;
	s->n--;
}

static void
list_fini(const struct weir_agg *agg, void *state, size_t *owned)
{
	struct list *s = state;

	(void)agg;
	if (s->cap > 0)
		*owned -= weir_held(s->cap);
	free(s->p);
	*s = (struct list){0};
}

/* What is beyond the cap arrived last, and is left out. */
static int
list_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	const struct list *o = other;
	struct list *s = state, both = {0}, old = *s;
	size_t i = 0, k = 0;
	int rc = 1;

	while (rc > 0 && (i < old.len || k < o->len)) {
		bool mine = k == o->len ||
		    (i < old.len && head_at(&old, i).seq < head_at(o, k).seq);
		const struct list *from = mine ? &old : o;
		size_t *at = mine ? &i : &k;
		struct head h = head_at(from, *at);
		struct weir_str text = {from->p + *at + sizeof h, h.len};

		if (has_room(agg, &both, h.len))
			append(&both, h.seq, text, owned);
		else
			rc = full(agg, err);
		*at += sizeof h + h.len;
	}
	list_fini(agg, s, owned);
	*s = both;
	return rc;
}

static void
list_result(const struct weir_agg *agg, struct weir_buf *out, const void *state,
    struct weir_span span)
{
	const struct list *s = state;
	struct head h;

	(void)agg;
	(void)span;
	weir_buf_putc(out, '[');
	for (size_t at = 0; at < s->len; at += sizeof h + h.len) {
		h = head_at(s, at);
		if (at > 0)
			weir_buf_putc(out, ',');
		weir_buf_add(out, s->p + at + sizeof h, h.len);
	}
	weir_buf_putc(out, ']');
}

/* [arrival, [value], ...] */
static void
list_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct list *s = state;
	struct head h;

	(void)agg;
	weir_buf_putc(out, '[');
	for (size_t at = 0; at < s->len; at += sizeof h + h.len) {
		h = head_at(s, at);
		if (at > 0)
			weir_buf_putc(out, ',');
		weir_agg_put_uint(out, h.seq);
		weir_buf_putc(out, ',');
		weir_agg_save_text(
		    out, (struct weir_str){s->p + at + sizeof h, h.len});
	}
	weir_buf_putc(out, ']');
}

static int
list_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	struct list *s = state;
	const struct weir_value *item;
	struct weir_str text;
	uint64_t seq, before = 0;

	if (v.kind != WEIR_LIST || v.list->n % 2 != 0)
		return weir_agg_bad_state(agg->ops->name, err);
	for (size_t i = 0; i < v.list->n; i += 2, before = seq) {
		item = v.list->items + i;
		if (!weir_agg_load_uint(item[0], &seq) ||
		    !weir_agg_load_text(item[1], arena, &text) ||
		    seq < before || !has_room(agg, s, text.len))
			return weir_agg_bad_state(agg->ops->name, err);
		append(s, seq, text, owned);
	}
	return 1;
}

const struct weir_agg_ops weir_agg_list = {
    .name = "list",
    .usage = "list(x) or list(x, max)",
    .min_args = 1,
    .max_args = 2,
    .values = 1,
    .size = sizeof(struct list),
    .texts = WEIR_AGG_JSON,
    .prepare = weir_agg_prepare_cap,
    .check = list_check,
    .add = list_add,
    .check_undo = list_check_undo,
    .undo = list_undo,
    .merge = list_merge,
    .result = list_result,
    .save = list_save,
    .load = list_load,
    .fini = list_fini,
    .gathers = true,
};
