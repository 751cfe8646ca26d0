#include "op/emit.h"

#include "base/mem.h"
#include "base/numshort.h"
#include "base/num.h"
#include "base/text.h"
#include "op/top.h"

#include <stdlib.h>
#include <string.h>

#define OVERHEAD 16 /* bytes that malloc adds, about */
#define TOP_MAX	 1000000

static const char *const timings[] = {"early", "on-time", "late"};

/* --- options --- */

static int
parse_when(struct weir_emit *e, const char *text, struct weir_error *err)
{
	static const char every[] = "every:";
	struct weir_error why;
	char shown[60];

	if (text == NULL || strcmp(text, "final") == 0)
		return 1;
	if (strcmp(text, "update") == 0) {
		e->when = WEIR_EMIT_UPDATE;
		return 1;
	}
	if (strncmp(text, every, sizeof every - 1) != 0)
		return weir_fail(err, WEIR_USAGE,
		    "--emit=%s: one of final, update and every:DUR",
		    weir_show_into(shown, sizeof shown, text, strlen(text)));
	text += sizeof every - 1;
	if (weir_duration_read(text, strlen(text), &e->every_ns, &why) < 0)
		return weir_fail(err, WEIR_USAGE, "--emit=every: %s", why.text);
	if (e->every_ns < 1000000)
		return weir_fail(err, WEIR_USAGE, "--emit=every: at least 1ms");
	e->when = WEIR_EMIT_EVERY;
	return 1;
}

static int
parse_mode(struct weir_emit *e, const char *text, struct weir_error *err)
{
	static const char *const names[] = {"accumulate", "discard", "retract"};
	char shown[60];

	if (text == NULL)
		return 1;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(text, names[i]) == 0) {
			e->mode = (enum weir_emit_mode)i;
			return 1;
		}
	return weir_fail(err, WEIR_USAGE,
	    "--mode=%s: one of accumulate, discard and retract",
	    weir_show_into(shown, sizeof shown, text, strlen(text)));
}

/* Parse an expression over results; its aggregates become some of ours. */
static int
parse_expr(struct weir_emit *e, const struct weir_agg_source *source,
    struct weir_row_expr *x, struct weir_error *err)
{
	x->ast = weir_ast_parse(&e->aggs->items.arena, source->text,
	    source->len, source->what, err);
	if (x->ast != NULL)
		x->ast = weir_aggs_extract(e->aggs, x->ast, NULL, source, err);
	return x->ast != NULL ? 1 : -1;
}

static int
parse_having(struct weir_emit *e, const char *text, struct weir_error *err)
{
	if (text == NULL)
		return 1;
	e->having_source =
	    (struct weir_agg_source){text, strlen(text), "--having"};
	return parse_expr(e, &e->having_source, &e->having, err);
}

/* N:EXPR */
static int
parse_top(struct weir_emit *e, const char *text, struct weir_error *err)
{
	uint64_t n = 0;
	const char *s = text;

	if (text == NULL)
		return 1;
	for (; *s >= '0' && *s <= '9' && n <= TOP_MAX; s++)
		n = 10 * n + (uint64_t)(*s - '0');
	if (s == text || *s != ':' || n == 0 || n > TOP_MAX)
		return weir_fail(err, WEIR_USAGE,
		    "--top is N:EXPR, as in --top='3:n', with N from 1 to %d",
		    TOP_MAX);
	e->top.most = (size_t)n;
	e->rank_source =
	    (struct weir_agg_source){s + 1, strlen(s + 1), "--top"};
	return parse_expr(e, &e->rank_source, &e->rank, err);
}

int
weir_emit_init(struct weir_emit *e, const struct weir_emit_config *c,
    struct weir_keyset *keys, struct weir_aggs *aggs, struct weir_error *err)
{
	*e = (struct weir_emit){.keys = keys, .aggs = aggs, .epoch = c->epoch};
	if (parse_when(e, c->when, err) < 0 || parse_mode(e, c->mode, err) < 0)
		return -1;
	e->panes = e->when != WEIR_EMIT_FINAL || c->again;
	if (parse_having(e, c->having, err) < 0 ||
	    parse_top(e, c->top, err) < 0)
		return -1;
	e->rowed = aggs->computed || e->having.ast != NULL || e->top.most > 0;
	if (e->rowed)
		weir_rows_init(&e->rows, keys, aggs);
	return 1;
}

void
weir_emit_fini(struct weir_emit *e)
{
	weir_top_fini(&e->top);
	weir_expr_free(e->having.expr);
	weir_expr_free(e->rank.expr);
	if (e->rowed)
		weir_rows_fini(&e->rows);
	weir_buf_fini(&e->out);
}

int
weir_emit_compile(struct weir_emit *e, struct weir_error *err)
{
	if (!e->rowed)
		return 1;
	if (weir_rows_compile(&e->rows, err) < 0)
		return -1;
	if (e->having.ast != NULL &&
	    weir_rows_expr(&e->rows, &e->having_source, &e->having, err) < 0)
		return -1;
	if (e->rank.ast != NULL &&
	    weir_rows_expr(&e->rows, &e->rank_source, &e->rank, err) < 0)
		return -1;
	return 1;
}

/* An early result leaves nothing in the state but that it was told. */
void
weir_emit_print(struct weir_buf *out, const struct weir_emit *e)
{
	static const char *const modes[] = {
	    "", " --mode=discard", " --mode=retract"};

	if (e->panes)
		weir_buf_puts(out, " told again");
	weir_buf_puts(out, e->panes ? modes[e->mode] : "");
}

bool
weir_emit_whole(const struct weir_emit *e)
{
	return e->top.most > 0;
}

/* --- results --- */

static void
put_time(struct weir_emit *e, const char *name, int64_t t)
{
	weir_buf_puts(&e->out, name);
	if (t == WEIR_TIME_NONE) {
		weir_buf_puts(&e->out, "null");
		return;
	}
	e->out.len += weir_time_print_unit(
	    weir_buf_reserve(&e->out, WEIR_TIME_TEXT), t, e->epoch);
}

void
weir_emit_begin(
    struct weir_emit *e, struct weir_stage *st, const struct weir_results *r)
{
	e->st = st;
	e->span = r->span;
	e->time = r->time;
	e->release = r->release;
	e->timing = r->timing;
	e->out.len = 0;
	put_time(e, "{\"window_start\":", r->span.start);
	put_time(e, ",\"window_end\":", r->span.end);
	e->begin = e->out.len;
	e->top.seen = 0;
}

static void
put_pane(struct weir_emit *e, uint32_t index)
{
	weir_buf_puts(&e->out, ",\"pane\":{\"index\":");
	e->out.len +=
	    weir_num_print_uint(weir_buf_reserve(&e->out, WEIR_NUM_MAX), index);
	weir_buf_printf(&e->out, ",\"timing\":\"%s\"}", timings[e->timing]);
}

/* Is there anything to say of the group that is not said yet? */
static bool
is_news(const struct weir_emit *e, const struct weir_told *told)
{
	return told == NULL || told->changed ||
	    (e->timing == WEIR_ON_TIME && e->mode != WEIR_DISCARD);
}

/* Take back what stands; it ends in '}'. */
static int
take_back(struct weir_stage *st, const struct weir_told *told, int64_t release,
    struct weir_error *err)
{
	static const char mark[] = ",\"retract\":true}";
	struct weir_buf b = {0};
	int rc;

	weir_buf_add(&b, told->text, told->len - 1);
	weir_buf_add(&b, mark, sizeof mark - 1);
	rc = weir_stage_put(
	    st, b.data, b.len, told->time, release, WEIR_RETRACT, err);
	weir_buf_fini(&b);
	return rc;
}

/* The text in hand is what stands from now on. */
static void
keep(struct weir_emit *e, struct weir_told *told, size_t *owned)
{
	weir_told_fini(told, owned);
	told->text = weir_strndup(e->out.data, e->out.len);
	told->len = (uint32_t)e->out.len;
	*owned += e->out.len + OVERHEAD;
}

/* The row in hand, all but its pane, is a group's result: put it out. */
static int
tell(struct weir_emit *e, const struct weir_emit_group *g,
    struct weir_error *err)
{
	struct weir_told *told = g->told;

	if (told != NULL)
		put_pane(e, told->panes);
	weir_buf_putc(&e->out, '}');
	if (told != NULL && told->stands && e->mode == WEIR_TAKE_BACK &&
	    take_back(e->st, told, e->release, err) < 0)
		return -1;
	if (weir_stage_put(e->st, e->out.data, e->out.len, e->time, e->release,
		0, err) < 0)
		return -1;
	if (told == NULL)
		return 1;
	told->panes++;
	told->changed = false;
	told->stands = true;
	told->time = e->time;
	if (e->mode == WEIR_TAKE_BACK)
		keep(e, told, g->owned);
	if (e->mode == WEIR_DISCARD)
		weir_aggs_reset(e->aggs, g->states, g->owned);
	return 1;
}

/* The group is none that is told, for now. */
static int
drop(struct weir_emit *e, const struct weir_emit_group *g,
    struct weir_error *err)
{
	return g->told != NULL
	    ? weir_emit_withdraw(e, e->st, g->told, e->release, g->owned, err)
	    : 1;
}

static int
failed(
    struct weir_emit *e, const struct weir_error *why, struct weir_error *err)
{
	return weir_stage_failed(
	    e->st, e->out.data, e->out.len, why->text, err);
}

/* Write the row with what is computed: 1 if it is to be told, 0 or -1. */
static int
compute(struct weir_emit *e, const struct weir_emit_group *g,
    struct weir_error *err)
{
	struct weir_error why;
	struct weir_value v;
	int rc;

	if (weir_rows_write(
		&e->rows, &e->out, g->key, g->states, e->span, &why) == 0 &&
	    failed(e, &why, err) < 0)
		return -1;
	if (e->having.expr == NULL)
		return 1;
	rc = weir_rows_eval(&e->rows, &e->having, &v, &why);
	if (rc > 0 && v.kind != WEIR_BOOL)
		rc = weir_fail(&why, WEIR_INPUT,
		    "--having: %s is not true or false",
		    weir_kind_name(v.kind));
	if (rc < 0)
		return failed(e, &why, err) < 0 ? -1 : 0;
	return rc > 0 && v.b;
}

/* Let the group compete; its row is in hand. */
static int
rank(struct weir_emit *e, const struct weir_emit_group *g,
    struct weir_error *err)
{
	struct weir_error why;
	struct weir_value v;
	struct weir_str row = {e->out.data + e->begin, e->out.len - e->begin};
	int rc = weir_rows_eval(&e->rows, &e->rank, &v, &why);

	if (rc > 0)
		rc = weir_top_offer(&e->top, g, v, row, &why);
	if (rc < 0 && failed(e, &why, err) < 0)
		return -1;
	return rc > 0 ? 1 : drop(e, g, err);
}

int
weir_emit_group(struct weir_emit *e, const struct weir_emit_group *g,
    struct weir_error *err)
{
	int rc = 1;

	if (e->top.most == 0 && !is_news(e, g->told))
		return 1;
	e->out.len = e->begin;
	if (!e->rowed) {
		weir_keyset_write(&e->out, e->keys, g->key);
		weir_aggs_write(&e->out, e->aggs, g->states, e->span);
		return tell(e, g, err);
	}
	rc = compute(e, g, err);
	if (rc <= 0)
		return rc < 0 ? -1 : drop(e, g, err);
	return e->top.most > 0 ? rank(e, g, err) : tell(e, g, err);
}

int
weir_emit_end(struct weir_emit *e, struct weir_error *err)
{
	const struct weir_top_entry *entry;
	int rc = 1;

	if (e->top.most == 0)
		return 1;
	weir_top_sort(&e->top);
	while (rc > 0 && (entry = weir_top_next(&e->top)) != NULL) {
		if (entry->text == NULL) {
			rc = drop(e, &entry->group, err);
		} else if (is_news(e, entry->group.told) ||
		    !entry->group.told->stands) {
			e->out.len = e->begin;
			weir_buf_add(&e->out, entry->text, entry->len);
			rc = tell(e, &entry->group, err);
		}
	}
	weir_top_clear(&e->top);
	return rc;
}

int
weir_emit_withdraw(struct weir_emit *e, struct weir_stage *st,
    struct weir_told *told, int64_t release, size_t *owned,
    struct weir_error *err)
{
	int rc = 1;

	if (told->stands && e->mode == WEIR_TAKE_BACK)
		rc = take_back(st, told, release, err);
	weir_told_fini(told, owned);
	told->stands = false;
	return rc;
}

void
weir_told_fini(struct weir_told *told, size_t *owned)
{
	if (told->text == NULL)
		return;
	*owned -= told->len + OVERHEAD;
	free(told->text);
	told->text = NULL;
	told->len = 0;
}

/* --- saving --- */

/* [panes, changed, stands], and the time and text of what may be taken back. */
void
weir_told_save(struct weir_buf *out, const struct weir_told *told)
{
	weir_buf_printf(out, "[%ju,%s,%s", (uintmax_t)told->panes,
	    told->changed ? "true" : "false", told->stands ? "true" : "false");
	if (told->text != NULL) {
		weir_buf_printf(out, ",%jd,", (intmax_t)told->time);
		weir_json_string(out, told->text, told->len);
	}
	weir_buf_putc(out, ']');
}

static int
bad_told(struct weir_error *err)
{
	return weir_fail(
	    err, WEIR_STATE, "saved state: not what was told of a group");
}

int
weir_told_load(struct weir_told *told, struct weir_value saved,
    struct weir_arena *arena, size_t *owned, struct weir_error *err)
{
	const struct weir_value *item;

	saved = weir_value_open(saved, arena);
	if (saved.kind != WEIR_LIST ||
	    (saved.list->n != 3 && saved.list->n != 5))
		return bad_told(err);
	item = saved.list->items;
	if (item[0].kind != WEIR_INT || item[0].i < 0 ||
	    item[0].i >= UINT32_MAX || item[1].kind != WEIR_BOOL ||
	    item[2].kind != WEIR_BOOL)
		return bad_told(err);
	*told = (struct weir_told){.panes = (uint32_t)item[0].i,
	    .changed = item[1].b,
	    .stands = item[2].b};
	if (saved.list->n == 3)
		return 1;
	/* A result is an object that gets another member when taken back. */
	if (item[3].kind != WEIR_INT || item[4].kind != WEIR_STRING ||
	    item[4].aux < 3 || item[4].s[0] != '{' ||
	    item[4].s[item[4].aux - 1] != '}')
		return bad_told(err);
	told->time = item[3].i;
	told->text = weir_strndup(item[4].s, item[4].aux);
	told->len = item[4].aux;
	*owned += told->len + OVERHEAD;
	return 1;
}
