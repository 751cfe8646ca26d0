/*
 * first, last; argmin, argmax: one value of the group, kept as it was written.
 */
#include "op/aggregate_impl.h"

/* --- first, last --- */

struct first {
	int64_t time;
	uint64_t seq;
	struct weir_kept x; /* none: empty */
};

static int
first_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	(void)agg;
	(void)state;
	return weir_agg_check_text(in->text->json, err);
}

/* Take the value if it comes before the one that is kept, or behind it. */
static void
first_take(struct first *s, const struct first *o, struct weir_str x, bool last,
    size_t *owned)
{
	bool before = o->time != s->time ? o->time < s->time : o->seq < s->seq;

	if (s->x.len > 0 && before == last)
		return;
	s->time = o->time;
	s->seq = o->seq;
	weir_kept_set(&s->x, x, owned);
}

static void
first_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	const struct first one = {.time = in->time, .seq = in->seq};

	(void)agg;
	first_take(state, &one, in->text->json, false, owned);
}

static void
last_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	const struct first one = {.time = in->time, .seq = in->seq};

	(void)agg;
	first_take(state, &one, in->text->json, true, owned);
}

static int
first_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	const struct first *o = other;

	(void)err;
	if (o->x.len > 0)
		first_take(state, o, weir_kept_text(&o->x),
		    agg->ops == &weir_agg_last, owned);
	return 1;
}

static void
put_kept(struct weir_buf *out, const struct weir_kept *k)
{
	struct weir_str text = weir_kept_text(k);

	if (text.len == 0)
		weir_buf_puts(out, "null");
	else
		weir_buf_add(out, text.s, text.len);
}

static void
first_result(const struct weir_agg *agg, struct weir_buf *out,
    const void *state, struct weir_span span)
{
	const struct first *s = state;

	(void)agg;
	(void)span;
	put_kept(out, &s->x);
}

/* null, or [time, arrival, [value]] */
static void
first_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct first *s = state;

	(void)agg;
	if (s->x.len == 0) {
		weir_buf_puts(out, "null");
		return;
	}
	weir_buf_putc(out, '[');
	weir_agg_put_int(out, s->time);
	weir_buf_putc(out, ',');
	weir_agg_put_uint(out, s->seq);
	weir_buf_putc(out, ',');
	weir_agg_save_text(out, weir_kept_text(&s->x));
	weir_buf_putc(out, ']');
}

static int
first_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	struct first *s = state;
	const struct weir_value *item;
	struct weir_str x;

	if (v.kind == WEIR_NULL)
		return 1;
	if (v.kind != WEIR_LIST || v.list->n != 3)
		return weir_agg_bad_state(agg->ops->name, err);
	item = v.list->items;
	if (item[0].kind != WEIR_INT || !weir_agg_load_uint(item[1], &s->seq) ||
	    !weir_agg_load_text(item[2], arena, &x))
		return weir_agg_bad_state(agg->ops->name, err);
	s->time = item[0].i;
	weir_kept_set(&s->x, x, owned);
	return 1;
}

static void
first_fini(const struct weir_agg *agg, void *state, size_t *owned)
{
	struct first *s = state;

	(void)agg;
	weir_kept_fini(&s->x, owned);
}

const struct weir_agg_ops weir_agg_first = {
    .name = "first",
    .usage = "first(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct first),
    .texts = WEIR_AGG_JSON,
    .check = first_check,
    .add = first_add,
    .merge = first_merge,
    .result = first_result,
    .save = first_save,
    .load = first_load,
    .fini = first_fini,
};

const struct weir_agg_ops weir_agg_last = {
    .name = "last",
    .usage = "last(x)",
    .min_args = 1,
    .max_args = 1,
    .values = 1,
    .size = sizeof(struct first),
    .texts = WEIR_AGG_JSON,
    .check = first_check,
    .add = last_add,
    .merge = first_merge,
    .result = first_result,
    .save = first_save,
    .load = first_load,
    .fini = first_fini,
};

/* --- argmin, argmax --- */

struct where {
	struct weir_value by; /* absent: empty */
	uint64_t seq;
	struct weir_kept x;
};

static int
where_check(const struct weir_agg *agg, const void *state,
    const struct weir_agg_input *in, struct weir_error *err)
{
	const struct where *s = state;
	const struct weir_value *by = in->arg[1];

	(void)agg;
	if (by->kind == WEIR_STRING && by->aux > WEIR_AGG_TEXT_MAX)
		return weir_agg_check_text(
		    (struct weir_str){by->s, by->aux}, err);
	if (weir_agg_check_order(&s->by, by, err) < 0)
		return -1;
	return weir_agg_check_text(in->text->json, err);
}

/* Take x if its `by` is less, or greater; of equal ones the first to arrive. */
static void
where_take(struct where *s, const struct where *o, struct weir_str x, int sign,
    size_t *owned)
{
	int c = sign;

	if (s->by.kind != WEIR_ABSENT)
		c = weir_agg_compare(&o->by, &s->by);
	if (c != sign && (c != 0 || o->seq > s->seq))
		return;
	weir_agg_set_value(&s->by, &o->by, owned);
	s->seq = o->seq;
	weir_kept_set(&s->x, x, owned);
}

static void
argmin_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	const struct where one = {.by = *in->arg[1], .seq = in->seq};

	(void)agg;
	where_take(state, &one, in->text->json, -1, owned);
}

static void
argmax_add(const struct weir_agg *agg, void *state,
    const struct weir_agg_input *in, size_t *owned)
{
	const struct where one = {.by = *in->arg[1], .seq = in->seq};

	(void)agg;
	where_take(state, &one, in->text->json, 1, owned);
}

static int
where_merge(const struct weir_agg *agg, void *state, const void *other,
    size_t *owned, struct weir_error *err)
{
	struct where *s = state;
	const struct where *o = other;

	if (o->by.kind == WEIR_ABSENT)
		return 1;
	if (weir_agg_check_order(&s->by, &o->by, err) < 0)
		return -1;
	where_take(s, o, weir_kept_text(&o->x),
	    agg->ops == &weir_agg_argmin ? -1 : 1, owned);
	return 1;
}

static void
where_result(const struct weir_agg *agg, struct weir_buf *out,
    const void *state, struct weir_span span)
{
	const struct where *s = state;

	(void)agg;
	(void)span;
	put_kept(out, &s->x);
}

/* null, or [by, arrival, [x]] */
static void
where_save(const struct weir_agg *agg, struct weir_buf *out, const void *state)
{
	const struct where *s = state;

	(void)agg;
	if (s->by.kind == WEIR_ABSENT) {
		weir_buf_puts(out, "null");
		return;
	}
	weir_buf_putc(out, '[');
	weir_agg_save_value(out, &s->by);
	weir_buf_putc(out, ',');
	weir_agg_put_uint(out, s->seq);
	weir_buf_putc(out, ',');
	weir_agg_save_text(out, weir_kept_text(&s->x));
	weir_buf_putc(out, ']');
}

static int
where_load(const struct weir_agg *agg, void *state, struct weir_value v,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	struct where *s = state;
	const struct weir_value *item;
	struct weir_value by;
	struct weir_str x;

	if (v.kind == WEIR_NULL)
		return 1;
	if (v.kind != WEIR_LIST || v.list->n != 3)
		return weir_agg_bad_state(agg->ops->name, err);
	item = v.list->items;
	if (!weir_agg_load_value(weir_value_open(item[0], arena), &by) ||
	    by.kind == WEIR_ABSENT || !weir_agg_load_uint(item[1], &s->seq) ||
	    !weir_agg_load_text(item[2], arena, &x))
		return weir_agg_bad_state(agg->ops->name, err);
	weir_agg_set_value(&s->by, &by, owned);
	weir_kept_set(&s->x, x, owned);
	return 1;
}

static void
where_fini(const struct weir_agg *agg, void *state, size_t *owned)
{
	struct where *s = state;

	(void)agg;
	weir_agg_drop_value(&s->by, owned);
	weir_kept_fini(&s->x, owned);
}

const struct weir_agg_ops weir_agg_argmin = {
    .name = "argmin",
    .usage = "argmin(x, by)",
    .min_args = 2,
    .max_args = 2,
    .values = 2,
    .size = sizeof(struct where),
    .texts = WEIR_AGG_JSON,
    .check = where_check,
    .add = argmin_add,
    .merge = where_merge,
    .result = where_result,
    .save = where_save,
    .load = where_load,
    .fini = where_fini,
};

const struct weir_agg_ops weir_agg_argmax = {
    .name = "argmax",
    .usage = "argmax(x, by)",
    .min_args = 2,
    .max_args = 2,
    .values = 2,
    .size = sizeof(struct where),
    .texts = WEIR_AGG_JSON,
    .check = where_check,
    .add = argmax_add,
    .merge = where_merge,
    .result = where_result,
    .save = where_save,
    .load = where_load,
    .fini = where_fini,
};
