#include "stream/timing.h"

#include "base/num.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const unit_names[] = {"s", "ms", "us", "ns"};

static void
say_absent(struct weir_timing *t, const struct weir_timing_config *c)
{
	char shown[64];

	snprintf(t->absent, sizeof t->absent, "no time: %s %s is not there",
	    c->option != NULL ? c->option : "-t",
	    weir_show_into(shown, sizeof shown, c->time, strlen(c->time)));
}

int
weir_timing_init(struct weir_timing *t, const struct weir_timing_config *c,
    struct weir_prover *prover, struct weir_error *err)
{
	struct weir_scope scope = {.prover = prover};

	*t = (struct weir_timing){.c = *c, .unit = c->unit};
	t->watermark = WEIR_TIME_NONE;
	t->time_slot = WEIR_NO_SLOT;
	if (c->time != NULL) {
		t->time = weir_expr_compile(&scope, c->time, strlen(c->time),
		    c->option != NULL ? c->option : "-t", err);
		if (t->time == NULL)
			return -1;
		t->time_slot = weir_expr_field(t->time);
		say_absent(t, c);
	}
	if (c->watermark != NULL) {
		t->mark = weir_expr_compile(&scope, c->watermark,
		    strlen(c->watermark), "--watermark", err);
		if (t->mark == NULL)
			return -1;
	}
	return 1;
}

void
weir_timing_fini(struct weir_timing *t)
{
	weir_expr_free(t->time);
	weir_expr_free(t->mark);
	weir_arena_fini(&t->arena);
	*t = (struct weir_timing){0};
}

static int
from_text(struct weir_timing *t, const char *s, size_t len, int64_t *ns)
{
	int local;

	if (t->c.format != NULL)
		return weir_time_read_format(t->c.format, s, len, &local, ns);
	return weir_time_read(&t->cache, s, len, ns);
}

static int
from_number(struct weir_timing *t, const struct weir_num *n, int64_t *ns)
{
	double d = n->kind == WEIR_NUM_INT ? (double)n->i
	    : n->kind == WEIR_NUM_UINT	   ? (double)n->u
					   : n->d;

	if (t->unit < 0)
		t->unit = (int)weir_time_guess_unit(d);
	if (n->kind == WEIR_NUM_INT)
		return weir_time_from_int(
		    n->i, (enum weir_time_unit)t->unit, ns);
	return weir_time_from_double(d, (enum weir_time_unit)t->unit, ns);
}

/* A value that an expression gave: 1 with the time, else 0 with the reason. */
static int
from_value(struct weir_timing *t, const struct weir_value *v, int64_t *ns,
    const char **why)
{
	struct weir_num n = {0};

	*why = "not a time";
	switch ((enum weir_kind)v->kind) {
	case WEIR_TIMESTAMP:
		*why = "time outside the years 1677 to 2262";
		if (!weir_time_from_int(v->i, WEIR_S, ns))
			return 0;
		*ns = weir_time_add(*ns, (int64_t)v->aux);
		return *ns != WEIR_TIME_MAX;
	case WEIR_STRING: return from_text(t, v->s, v->aux, ns);
	case WEIR_INT:
		n = (struct weir_num){.kind = WEIR_NUM_INT, .i = v->i};
		return from_number(t, &n, ns);
	case WEIR_UINT:
		n = (struct weir_num){.kind = WEIR_NUM_UINT, .u = v->u};
		return from_number(t, &n, ns);
	case WEIR_DOUBLE:
		n = (struct weir_num){.kind = WEIR_NUM_DOUBLE, .d = v->d};
		return from_number(t, &n, ns);
	case WEIR_NULL: *why = "no time: null"; return 0;
	default: return 0;
	}
}

/* 1 a time, 0 none (why says more), by the general way. */
static int
evaluate(struct weir_timing *t, const struct weir_expr *x,
    const struct weir_row *row, int64_t *ns, const char **why,
    struct weir_error *scratch)
{
	struct weir_value v;
	int got;

	weir_arena_reset(&t->arena);
	got = weir_expr_eval(x, row, &t->arena, &v, scratch);
	if (got < 0) {
		*why = scratch->text;
		return 0;
	}
	if (got == 0) {
		*why = t->absent;
		return 0;
	}
	if (!from_value(t, &v, ns, why))
		return 0;
	return *ns != WEIR_TIME_NONE && *ns != WEIR_TIME_MAX;
}

/* Text or a whole number, as it stands: 1, or 0 for all that is less simple. */
static int
from_slot(struct weir_timing *t, const char *s, size_t len, int64_t *ns)
{
	struct weir_num n = {.kind = WEIR_NUM_INT};

	if (len >= 2 && s[0] == '"')
		return from_text(t, s + 1, len - 2, ns);
	return len > 0 && weir_value_small_int(s, len, &n.i) &&
	    from_number(t, &n, ns);
}

static int
event_time(struct weir_timing *t, const struct weir_row *row, int64_t *ns,
    const char **why, struct weir_error *scratch)
{
	const struct weir_slot *slot;
	int at = t->time_slot;
	const char *s;

	if (at == WEIR_NO_SLOT)
		at = weir_expr_slot(t->time, row->slots);
	if (at != WEIR_NO_SLOT) {
		slot = &row->slots[at];
		s = row->text + slot->off;
		if (from_slot(t, s, slot->len, ns) && *ns != WEIR_TIME_NONE &&
		    *ns != WEIR_TIME_MAX)
			return 1;
	}
	return evaluate(t, t->time, row, ns, why, scratch);
}

/* Where an explicit watermark is there, rise to it: 1 if it was there. */
static int
mark(struct weir_timing *t, const struct weir_row *row,
    struct weir_error *scratch)
{
	const char *why;
	int64_t w;

	if (!evaluate(t, t->mark, row, &w, &why, scratch))
		return 0;
	if (w > t->watermark)
		t->watermark = w;
	return 1;
}

int
weir_timing_assign(struct weir_timing *t, struct weir_block *b,
    weir_timing_bad *bad, void *ctx, struct weir_error *err)
{
	struct weir_error scratch;
	uint32_t i, j = 0;

	for (i = 0; i < b->n; i++) {
		struct weir_event *e = &b->events[i];
		struct weir_row row = {.text = b->text + e->off,
		    .len = e->len,
		    .slots = weir_block_slots(b, i)};
		int64_t before = t->watermark, ns, rise;
		const char *why = "no time";
		int timed, marked = 0;

		timed = event_time(t, &row, &ns, &why, &scratch);
		if (t->mark != NULL) {
			struct weir_error own;

			marked = mark(t, &row, &own);
		} else if (timed) {
			rise = weir_time_add(ns, -t->c.max_delay_ns);
			if (rise > t->watermark)
				t->watermark = rise;
		}
		if (!timed) {
			if (!marked && bad(ctx, b, i, why, err) < 0)
				return -1;
			continue;
		}
		e->time = ns;
		e->watermark = before;
		weir_block_keep(b, j++, i);
	}
	b->n = j;
	b->watermark_after = t->watermark;
	return 1;
}

void
weir_timing_save(const struct weir_timing *t, struct weir_buf *out)
{
	weir_buf_puts(out, "{\"watermark\":");
	if (t->watermark == WEIR_TIME_NONE)
		weir_buf_puts(out, "null");
	else
		weir_buf_printf(out, "%lld", (long long)t->watermark);
	if (t->unit >= 0 && t->unit <= WEIR_NS)
		weir_buf_printf(out, ",\"unit\":\"%s\"", unit_names[t->unit]);
	weir_buf_putc(out, '}');
}

static int
load_member(struct weir_timing *t, const struct weir_value *k,
    const struct weir_value *v)
{
	struct weir_str name = {k->s, k->aux};
	size_t i;

	if (weir_str_eq(name, "watermark")) {
		if (v->kind == WEIR_INT)
			t->watermark = v->i;
		return v->kind == WEIR_INT || v->kind == WEIR_NULL;
	}
	if (!weir_str_eq(name, "unit"))
		return 1;
	if (v->kind != WEIR_STRING)
		return 0;
	for (i = 0; i < sizeof unit_names / sizeof *unit_names; i++)
		if (weir_str_eq(
			(struct weir_str){v->s, v->aux}, unit_names[i])) {
			t->unit = (int)i;
			return 1;
		}
	return 0;
}

int
weir_timing_load(
    struct weir_timing *t, struct weir_str line, struct weir_error *err)
{
	struct weir_value v;
	size_t i;
	int ok;

	weir_arena_reset(&t->arena);
	v = weir_value_open(
	    weir_value_read(line.s, line.len, &t->arena), &t->arena);
	ok = v.kind == WEIR_MAP;
	for (i = 0; ok && i < v.map->n; i++)
		ok = load_member(t, &v.map->keys[i], &v.map->values[i]);
	if (!ok)
		return weir_fail(
		    err, WEIR_STATE, "the saved time state makes no sense");
	return 1;
}

void
weir_timing_fingerprint(const struct weir_timing *t, struct weir_buf *out)
{
	char *text = weir_expr_text(t->time);

	weir_buf_printf(out, "time %s", text);
	free(text);
	if (t->c.format != NULL)
		weir_buf_printf(out, ", format %s", t->c.format);
	if (t->c.unit >= 0)
		weir_buf_printf(out, ", unit %s", unit_names[t->c.unit]);
}
