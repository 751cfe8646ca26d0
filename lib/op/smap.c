/*
 * smap.c - the operator: results are collected and passed on together.
 */
#include "op/smap.h"

#include "base/mem.h"
#include "expr/func.h"
#include "op/assign.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES ((size_t)512 << 10) /* results that are kept together */
#define RESULT_MAX  ((size_t)1 << 30)	/* of one event */

struct weir_smap {
	struct weir_assign *assign;
	struct weir_expr *each; /* NULL: one event gives one */
	bool null_input;
	struct weir_metrics *metrics;
	struct weir_arena element; /* reset for each */
	/* Results that are not passed on yet: their text, and rows over it. */
	struct weir_buf text;
	struct weir_event rows[WEIR_BLOCK_EVENTS];
	struct weir_from from[WEIR_BLOCK_EVENTS]; /* what each comes from */
	uint32_t n;
	const struct weir_block *block; /* the one in hand */
};

/* Pass the results on. */
static int
flush(struct weir_smap *m, struct weir_stage *st, struct weir_error *err)
{
	struct weir_block b = {.n = m->n, .events = m->rows, .from = m->from};

	if (m->n == 0)
		return 1;
	b.source = m->block->source;
	b.line = m->block->line;
	b.offset = m->block->offset;
	b.origin = m->block->from != NULL ? m->block->origin : m->block->text;
	memset(weir_buf_reserve(&m->text, WEIR_PAD), 0, WEIR_PAD);
	b.text = m->text.data;
	b.watermark_after = m->rows[m->n - 1].watermark;
	m->text.len = 0;
	m->n = 0;
	return weir_stage_pass(st, &b, 0, b.n, err);
}

/* The same, if there is no room for another. */
static inline int
flush_full(struct weir_smap *m, struct weir_stage *st, struct weir_error *err)
{
	return m->text.len < BATCH_BYTES && m->n < WEIR_BLOCK_EVENTS
	    ? 1
	    : flush(m, st, err);
}

/* The text from start on is a result, out of event i of the block in hand. */
static inline void
add_row(struct weir_smap *m, uint32_t i, size_t start)
{
	const struct weir_event *e = &m->block->events[i];
	struct weir_event *row = &m->rows[m->n];

	*row = *e;
	row->off = (uint32_t)start;
	row->len = (uint32_t)(m->text.len - start);
	m->from[m->n++] = m->block->from != NULL
	    ? m->block->from[i]
	    : (struct weir_from){e->off, e->len, e->off};
	weir_buf_putc(&m->text, '\n');
}

/* Event i could not be computed. */
static int
fails(struct weir_smap *m, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, struct weir_error *err)
{
	struct weir_error why = *err;

	/* What came before it goes out before the message. */
	if (flush(m, st, err) < 0)
		return -1;
	return weir_stage_bad(st, b, i, why.text, err);
}

/* Append what the row becomes: 1, or -1 with err->text and nothing appended. */
static inline int
compute(struct weir_smap *m, struct weir_row *row, struct weir_arena *arena,
    struct weir_error *err)
{
	size_t start = m->text.len;

	if (weir_assign_apply(m->assign, row, arena, &m->text, err) < 0)
		return -1;
	if (m->text.len - start <= RESULT_MAX)
		return 1;
	m->text.len = start;
	return weir_fail(err, WEIR_INPUT, "the result is longer than 1 GiB");
}

/* The list that --each gives for a row: 1, 0 if there is none, or -1. */
static int
open_list(struct weir_smap *m, const struct weir_row *row,
    struct weir_arena *arena, const struct weir_list **list,
    struct weir_error *err)
{
	struct weir_value v;
	struct weir_str type;
	int rc = weir_expr_eval(m->each, row, arena, &v, err);

	while (rc > 0 && v.kind == WEIR_OPTIONAL && v.opt != NULL)
		v = *v.opt;
	if (rc <= 0 || v.kind == WEIR_NULL || v.kind == WEIR_OPTIONAL)
		return rc < 0 ? -1 : 0;
	v = weir_value_open(v, arena);
	if (v.kind != WEIR_LIST) {
		type = weir_type_name(v);
		return weir_fail(err, WEIR_INPUT, "--each: a %.*s is no list",
		    (int)type.len, type.s);
	}
	*list = v.list;
	return 1;
}

/* The result for one element of a list. */
static int
compute_element(struct weir_smap *m, struct weir_row *row,
    const struct weir_list *list, size_t i, struct weir_error *err)
{
	struct weir_value vars[] = {
	    list->items[i], {.kind = WEIR_INT, .i = (int64_t)i}};

	row->vars = vars;
	weir_arena_reset(&m->element);
	return compute(m, row, &m->element, err);
}

/*
 * An event for each element, or one bad event: none comes out before all are
 * known to be good. Those that fit are kept meanwhile; those beyond are
 * computed again when their time has come, so that memory stays small.
 */
static int
split(struct weir_smap *m, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, struct weir_error *err)
{
	struct weir_row row = weir_stage_row(b, i);
	const struct weir_list *list;
	size_t at, kept = 0, start = m->text.len, end;
	uint32_t n = m->n;
	int rc = open_list(m, &row, weir_stage_arena(st), &list, err);

	if (rc < 0)
		return fails(m, st, b, i, err);
	if (rc == 0 || list->n == 0) {
		m->metrics->dropped++;
		return 1;
	}
	for (at = 0; at < list->n; at++) {
		end = m->text.len;
		if (compute_element(m, &row, list, at, err) < 0) {
			m->text.len = start;
			m->n = n;
			return fails(m, st, b, i, err);
		}
		if (kept == at && end < BATCH_BYTES &&
		    m->n < WEIR_BLOCK_EVENTS) {
			add_row(m, i, end);
			kept++;
		} else {
			m->text.len = end;
		}
	}
	for (at = kept; at < list->n; at++) {
		if (flush_full(m, st, err) < 0)
			return -1;
		end = m->text.len;
		if (compute_element(m, &row, list, at, err) < 0)
			return -1;
		add_row(m, i, end);
	}
	return 1;
}

static int
events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_arena *arena = weir_stage_arena(st);
	struct weir_smap *m = self;
	uint32_t end = i + n;
	struct weir_row row;
	size_t start;
	int rc;

	m->block = b;
	for (; i < end; i++) {
		if (flush_full(m, st, err) < 0)
			return -1;
		weir_arena_reset(arena);
		if (m->each != NULL) {
			rc = split(m, st, b, i, err);
		} else {
			row = weir_stage_row(b, i);
			start = m->text.len;
			rc = compute(m, &row, arena, err);
			if (rc > 0)
				add_row(m, i, start);
			else
				rc = fails(m, st, b, i, err);
		}
		if (rc < 0)
			return -1;
	}
	return flush(m, st, err);
}

static int
open_map(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_smap *m = self;

	(void)err;
	m->metrics = weir_stage_metrics(st);
	return 1;
}

/* The one event of --null-input. */
static int
finish(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_event none = {
	    .time = WEIR_TIME_NONE, .watermark = WEIR_TIME_NONE};
	struct weir_block b = {.text = "", .n = 1, .events = &none};
	struct weir_smap *m = self;
	const struct weir_list *list;
	struct weir_row row = {.text = ""};
	size_t i, n = 1, start;
	int rc = 1;

	if (!m->null_input)
		return 1;
	b.source = "the result";
	m->block = &b;
	if (m->each != NULL) {
		rc = open_list(m, &row, weir_stage_arena(st), &list, err);
		n = rc > 0 ? list->n : 0;
	}
	for (i = 0; i < n && rc >= 0; i++) {
		rc = flush_full(m, st, err);
		start = m->text.len;
		if (rc > 0 && m->each != NULL)
			rc = compute_element(m, &row, list, i, err);
		else if (rc > 0)
			rc = compute(m, &row, weir_stage_arena(st), err);
		if (rc > 0)
			add_row(m, 0, start);
	}
	return rc < 0 ? -1 : flush(m, st, err);
}

const struct weir_stage_ops weir_smap_ops = {
    .open = open_map, .events = events, .finish = finish};

struct weir_smap *
weir_smap_new(void)
{
	return weir_calloc(1, sizeof(struct weir_smap));
}

int
weir_smap_compile(struct weir_smap *m, const struct weir_smap_config *c,
    struct weir_prover *prover, struct weir_error *err)
{
	static const char *const names[] = {"it", "index"};
	struct weir_assign_config ac = {.text = c->assignments,
	    .what = "ASSIGNMENTS",
	    .drop = c->drop,
	    .project = c->project,
	    .scope.prover = prover};

	m->null_input = c->null_input;
	if (c->each != NULL) {
		m->each = weir_expr_compile(
		    &ac.scope, c->each, strlen(c->each), "--each", err);
		if (m->each == NULL)
			return -1;
		ac.scope.vars = names;
		ac.scope.nvars = 2;
	}
	m->assign = weir_assign_new(&ac, err);
	return m->assign != NULL ? 1 : -1;
}

void
weir_smap_free(struct weir_smap *m)
{
	if (m == NULL)
		return;
	weir_assign_free(m->assign);
	weir_expr_free(m->each);
	weir_arena_fini(&m->element);
	weir_buf_fini(&m->text);
	free(m);
}
