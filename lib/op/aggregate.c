#include "op/aggregate.h"

#include "base/numshort.h"

/* --- an event --- */

/* What a field holds, without the evaluator; the usual is read_field()'s. */
static int
read_other(const struct weir_agg_expr *x, const char *s, size_t len,
    struct weir_arena *arena, struct weir_value *v, struct weir_error *err)
{
	struct weir_num num;

	if (len == 0) {
		v->kind = WEIR_ABSENT;
		return 1;
	}
	if (*s > '9' || (*s < '0' && *s != '-')) {
		*v = weir_value_read(s, len, arena);
		if (v->kind == WEIR_ERROR)
			return weir_fail(err, WEIR_INPUT, "%s: %.*s",
			    x->canonical, (int)v->aux, v->s);
		return 1;
	}
	weir_num_read(s, len, &num);
	v->kind = WEIR_INT + (uint32_t)num.kind; /* int, uint, double */
	v->u = num.u;
	return 1;
}

static inline int
read_field(const struct weir_agg_expr *x, const struct weir_row *row,
    struct weir_arena *arena, struct weir_value *v, struct weir_error *err)
{
	struct weir_slot slot = row->slots[x->slot];
	const char *s = row->text + slot.off;
	struct weir_num num;

	if (!weir_num_read_short(s, slot.len, &num))
		return read_other(x, s, slot.len, arena, v, err);
	v->kind = WEIR_INT + (uint32_t)num.kind; /* int, uint, double */
	v->u = num.u;
	return 1;
}

/* The value's texts that aggregates want: out of the event, or made. */
static void
read_texts(struct weir_agg_expr *x, const struct weir_row *row,
    const struct weir_value *v)
{
	int slot = x->slot != WEIR_NO_SLOT
	    ? x->slot
	    : weir_expr_slot(x->expr, row->slots);
	struct weir_agg_text *text = &x->text;

	*text = (struct weir_agg_text){{NULL, 0}, {NULL, 0}};
	if (slot != WEIR_NO_SLOT) {
		text->json = (struct weir_str){
		    row->text + row->slots[slot].off, row->slots[slot].len};
		if (weir_value_is_key(text->json.s, text->json.len)) {
			text->key = text->json;
			return;
		}
	} else if (x->texts & WEIR_AGG_JSON) {
		x->json.len = 0;
		weir_value_write(&x->json, *v);
		text->json = (struct weir_str){x->json.data, x->json.len};
	}
	if (x->texts & WEIR_AGG_KEY) {
		x->key.len = 0;
		weir_value_key(&x->key, *v);
		text->key = (struct weir_str){x->key.data, x->key.len};
	}
}

int
weir_aggs_read(struct weir_aggs *aggs, const struct weir_row *row,
    struct weir_arena *arena, struct weir_error *err)
{
	struct weir_agg_expr *x = aggs->exprs;
	struct weir_value *v = aggs->values;
	int rc;

	for (size_t i = 0; i < aggs->nexprs; i++, x++, v++) {
		if (x->cond) {
			rc = weir_expr_test(x->expr, row, arena, err);
			v->b = rc > 0;
		} else if (x->slot != WEIR_NO_SLOT) {
			rc = read_field(x, row, arena, v, err);
		} else {
			rc = weir_expr_eval(x->expr, row, arena, v, err);
			if (rc == 0)
				v->kind = WEIR_ABSENT;
		}
		if (rc < 0)
			return -1;
		if (x->texts != 0 && v->kind > WEIR_NULL)
			read_texts(x, row, v);
	}
	return 1;
}

/* Does the event that was read count for agg? */
static inline bool
counts(const struct weir_aggs *aggs, const struct weir_agg *agg)
{
	if (agg->cond >= 0 && !aggs->values[agg->cond].b)
		return false;
	for (size_t i = 0; i < agg->nvalues; i++)
		if (aggs->values[agg->value[i]].kind == WEIR_ABSENT ||
		    aggs->values[agg->value[i]].kind == WEIR_NULL)
			return false;
	return true;
}

/* An aggregate's name for what went wrong, as it was written. */
static int
fail(const struct weir_agg *agg, const struct weir_error *why,
    struct weir_error *err)
{
	return weir_fail(err, WEIR_INPUT, "%.*s: %s", (int)agg->text.len,
	    agg->text.s, why->text);
}

int
weir_aggs_check(
    const struct weir_aggs *aggs, const void *states, struct weir_error *err)
{
	const struct weir_agg *agg = aggs->aggs;
	struct weir_error why;

	for (size_t i = 0; i < aggs->n; i++, agg++)
		if (agg->ops->check != NULL && counts(aggs, agg) &&
		    agg->ops->check(agg, (const char *)states + agg->offset,
			&aggs->inputs[i], &why) < 0)
			return fail(agg, &why, err);
	return 1;
}

void
weir_aggs_add(struct weir_aggs *aggs, void *states, int64_t time, size_t *owned)
{
	const struct weir_agg *agg = aggs->aggs;
	struct weir_agg_input *in = aggs->inputs;

	for (size_t i = 0; i < aggs->n; i++, agg++, in++) {
		if (!counts(aggs, agg))
			continue;
		in->time = time;
		in->seq = aggs->seq;
		agg->ops->add(agg, (char *)states + agg->offset, in, owned);
	}
	aggs->seq++;
}

/* --- taking an event back --- */

int
weir_aggs_check_undo(
    const struct weir_aggs *aggs, const void *states, struct weir_error *err)
{
	const struct weir_agg *agg = aggs->aggs;
	struct weir_error why;
	int rc = 1;

	for (size_t i = 0; i < aggs->n; i++, agg++) {
		if (!counts(aggs, agg))
			continue;
		rc = agg->ops->undo == NULL
		    ? weir_fail(&why, WEIR_INPUT, "takes nothing back")
		    : agg->ops->check_undo(agg,
			  (const char *)states + agg->offset, &aggs->inputs[i],
			  &why);
		if (rc < 0)
			return fail(agg, &why, err);
	}
	return 1;
}

int
weir_aggs_undo(struct weir_aggs *aggs, void *states, int64_t time,
    size_t *owned, struct weir_error *err)
{
	const struct weir_agg *agg = aggs->aggs;

	if (weir_aggs_check_undo(aggs, states, err) < 0)
		return -1;
	for (size_t i = 0; i < aggs->n; i++, agg++) {
		if (!counts(aggs, agg))
			continue;
		aggs->inputs[i].time = time;
		agg->ops->undo(
		    agg, (char *)states + agg->offset, &aggs->inputs[i], owned);
	}
	return 1;
}

const struct weir_agg *
weir_aggs_cannot_undo(const struct weir_aggs *aggs)
{
	for (size_t i = 0; i < aggs->n; i++)
		if (aggs->aggs[i].ops->undo == NULL)
			return &aggs->aggs[i];
	return NULL;
}

/* --- the states of a group --- */

int
weir_aggs_merge(const struct weir_aggs *aggs, void *states, const void *other,
    size_t *owned, struct weir_error *err)
{
	const struct weir_agg *agg = aggs->aggs;
	int rc = 1;

	for (size_t i = 0; i < aggs->n; i++, agg++)
		if (agg->ops->merge(agg, (char *)states + agg->offset,
			(const char *)other + agg->offset, owned, err) < 0)
			rc = -1;
	return rc;
}

void
weir_aggs_write(struct weir_buf *out, const struct weir_aggs *aggs,
    const void *states, struct weir_span span)
{
	const struct weir_agg_column *c = aggs->columns;
	const struct weir_agg *agg;

	for (size_t i = 0; i < aggs->ncolumns; i++, c++) {
		agg = &aggs->aggs[c->agg];
		weir_buf_add(out, c->json, c->json_len);
		agg->ops->result(
		    agg, out, (const char *)states + agg->offset, span);
	}
}

void
weir_aggs_save(
    struct weir_buf *out, const struct weir_aggs *aggs, const void *states)
{
	const struct weir_agg *agg = aggs->aggs;

	for (size_t i = 0; i < aggs->n; i++, agg++) {
		weir_buf_putc(out, i == 0 ? '[' : ',');
		agg->ops->save(agg, out, (const char *)states + agg->offset);
	}
	weir_buf_putc(out, ']');
}

int
weir_aggs_load(const struct weir_aggs *aggs, void *states,
    struct weir_value saved, struct weir_arena *arena, size_t *owned,
    struct weir_error *err)
{
	const struct weir_agg *agg = aggs->aggs;
	size_t n = aggs->saved != NULL ? aggs->nsaved : aggs->n;
	ptrdiff_t k;

	saved = weir_value_open(saved, arena);
	if (saved.kind != WEIR_LIST || saved.list->n != n)
		return weir_fail(err, WEIR_STATE,
		    "saved state: not the states of %zu aggregates", n);
	for (size_t i = 0; i < aggs->n; i++, agg++) {
		k = aggs->saved != NULL ? aggs->saved[i] : (ptrdiff_t)i;
		if (k >= 0 &&
		    agg->ops->load(agg, (char *)states + agg->offset,
			weir_value_open(saved.list->items[k], arena), arena,
			owned, err) < 0)
			return -1;
	}
	return 1;
}

void
weir_aggs_drop(const struct weir_aggs *aggs, void *states, size_t *owned)
{
	const struct weir_agg *agg = aggs->aggs;

	for (size_t i = 0; i < aggs->n; i++, agg++)
		if (agg->ops->fini != NULL)
			agg->ops->fini(
			    agg, (char *)states + agg->offset, owned);
}

void
weir_aggs_reset(const struct weir_aggs *aggs, void *states, size_t *owned)
{
	weir_aggs_drop(aggs, states, owned);
	memset(states, 0, aggs->size);
}
