/*
 * api.c - weir.h: the stage runtime for programs outside this project.
 */
#define _GNU_SOURCE
#include "weir.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "stream/options.h"
#include "stream/stage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXPRESSIONS_MAX 64
#define NAME_MAX_LEN	32

struct weir_run {
	struct weir_stage_config c;
	struct weir_hooks hooks;
	void *self;
	char *name;
	struct weir_stage *stage; /* made when the options are known */
	size_t nexpr;
	struct weir_expr *expr[EXPRESSIONS_MAX];
	void (*warn)(void *ctx, const char *text);
	void *warn_ctx;
	/* the event in hand */
	const struct weir_block *block;
	uint32_t i;
	int64_t watermark;
};

struct weir_saver {
	struct weir_snapshot_writer *w;
};

static void
warn(void *ctx, const char *text)
{
	struct weir_run *r = ctx;

	if (r->warn != NULL)
		r->warn(r->warn_ctx, text);
}

struct weir_run *
weir_run_new(const char *name, const struct weir_hooks *hooks, void *self)
{
	struct weir_run *r = weir_calloc(1, sizeof *r);

	r->name = weir_strdup(name);
	weir_stage_defaults(&r->c, r->name);
	r->hooks = *hooks;
	r->self = self;
	r->watermark = WEIR_TIME_NONE;
	r->c.warn = warn;
	r->c.ctx = r;
	return r;
}

void
weir_run_free(struct weir_run *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->nexpr; i++)
		weir_expr_free(r->expr[i]);
	weir_stage_free(r->stage);
	free(r->name);
	free(r);
}

int
weir_run_option(struct weir_run *r, const char *name, const char *value,
    struct weir_error *err)
{
	const struct weir_option *o;
	char shown[64];

	if (r->stage != NULL)
		return weir_fail(err, WEIR_USAGE,
		    "options come before fields and expressions");
	for (o = weir_common_options; o->id != 0; o++)
		if (o->id <= WEIR_OPT_MAX_LINE && strcmp(o->name, name) == 0)
			break;
	if (o->id == 0)
		return weir_fail(err, WEIR_USAGE, "no option --%s",
		    weir_show_into(shown, sizeof shown, name, strlen(name)));
	if ((o->arg != NULL) != (value != NULL))
		return weir_fail(err, WEIR_USAGE, "--%s %s a value", name,
		    o->arg != NULL ? "needs" : "takes no");
	return weir_stage_set(&r->c, o->id, value, err);
}

void
weir_run_files(struct weir_run *r, const char *const *names, size_t n)
{
	r->c.files = names;
	r->c.nfiles = n;
}

void
weir_run_descriptors(struct weir_run *r, int in, int out)
{
	r->c.in_fd = in;
	r->c.out_fd = out;
}

void
weir_run_state(struct weir_run *r, const char *fingerprint)
{
	r->c.fingerprint = fingerprint;
}

void
weir_run_needs_time(struct weir_run *r)
{
	r->c.needs_time = true;
}

void
weir_run_warn(
    struct weir_run *r, void (*tell)(void *ctx, const char *text), void *ctx)
{
	r->warn = tell;
	r->warn_ctx = ctx;
}

/* --- hooks, called by the stage --- */

static int
on_events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_run *r = self;
	uint32_t end = i + n;

	r->block = b;
	for (; i < end; i++) {
		r->i = i;
		weir_arena_reset(weir_stage_arena(st));
		r->watermark = b->events[i].watermark;
		if (r->hooks.event(r->self, r, err) < 0)
			return -1;
	}
	r->block = NULL;
	return 1;
}

static int
on_advance(void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_run *r = self;

	r->watermark = w;
	/* Wake up once, unless the hook asks again. */
	weir_stage_set_due(st, WEIR_TIME_MAX);
	return r->hooks.watermark != NULL
	    ? r->hooks.watermark(r->self, r, w, err)
	    : 1;
}

static int
on_finish(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_run *r = self;

	(void)st;
	return r->hooks.end != NULL ? r->hooks.end(r->self, r, err) : 1;
}

static int
on_save(void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_run *r = self;
	struct weir_saver s = {w};

	return r->hooks.save != NULL ? r->hooks.save(r->self, &s, err) : 1;
}

static int
on_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_run *r = self;

	(void)st;
	if (r->hooks.load == NULL)
		return weir_fail(err, WEIR_STATE,
		    "%s: there is saved state, but nothing to load it",
		    r->name);
	return r->hooks.load(r->self, line.s, line.len, err);
}

static const struct weir_stage_ops ops = {
    .events = on_events,
    .advance = on_advance,
    .finish = on_finish,
    .save = on_save,
    .load = on_load,
};

static struct weir_stage *
stage_of(struct weir_run *r)
{
	if (r->stage == NULL)
		r->stage = weir_stage_new(&r->c, &ops, r);
	return r->stage;
}

/* --- fields and expressions --- */

int
weir_field(struct weir_run *r, const char *path, struct weir_error *err)
{
	struct weir_scope scope = {.prover = NULL};
	struct weir_expr *x;
	char shown[64];
	int slot;

	scope.prover = weir_stage_prover(stage_of(r));
	x = weir_expr_compile(&scope, path, strlen(path), "field", err);
	if (x == NULL)
		return -1;
	slot = weir_expr_path(x);
	weir_expr_free(x);
	if (slot == WEIR_NO_SLOT)
		return weir_fail(err, WEIR_USAGE, "'%s' is not a field",
		    weir_show_into(shown, sizeof shown, path, strlen(path)));
	return slot;
}

int
weir_expression(struct weir_run *r, const char *text, struct weir_error *err)
{
	struct weir_scope scope = {.prover = NULL};
	struct weir_expr *x;

	if (r->nexpr == EXPRESSIONS_MAX)
		return weir_fail(err, WEIR_USAGE, "too many expressions");
	scope.prover = weir_stage_prover(stage_of(r));
	x = weir_expr_compile(&scope, text, strlen(text), "expression", err);
	if (x == NULL)
		return -1;
	r->expr[r->nexpr] = x;
	return (int)r->nexpr++;
}

static int
good_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= NAME_MAX_LEN && s[n] == '\0';
}

int
weir_run(struct weir_run *r, struct weir_error *err)
{
	if (!good_name(r->name))
		weir_fail(err, WEIR_USAGE,
		    "a stage's name is lower case letters, digits and '-'");
	else if (weir_stage_check(&r->c, err) > 0)
		return weir_stage_run(stage_of(r), err);
	return WEIR_USAGE;
}

/* --- the event in hand --- */

const char *
weir_event_text(struct weir_run *r, size_t *len)
{
	const struct weir_event *e = &r->block->events[r->i];

	*len = e->len;
	return r->block->text + e->off;
}

int64_t
weir_event_time(struct weir_run *r)
{
	return r->block->events[r->i].time;
}

unsigned
weir_event_flags(struct weir_run *r)
{
	return r->block->events[r->i].flags;
}

int
weir_get_json(struct weir_run *r, int field, const char **text, size_t *len)
{
	struct weir_row row = weir_stage_row(r->block, r->i);
	const struct weir_slot *slot = &row.slots[field];

	if (slot->len == 0)
		return 0;
	*text = row.text + slot->off;
	*len = slot->len;
	return 1;
}

/* The value of a field; WEIR_ABSENT if it is not there. */
static struct weir_value
get(struct weir_run *r, int field)
{
	struct weir_arena *a = weir_stage_arena(r->stage);
	const char *text;
	size_t len;

	if (!weir_get_json(r, field, &text, &len))
		return (struct weir_value){.kind = WEIR_ABSENT};
	return weir_value_read(text, len, a);
}

int
weir_get_string(struct weir_run *r, int field, const char **s, size_t *len)
{
	struct weir_value v = get(r, field);

	if (v.kind != WEIR_STRING)
		return 0;
	*s = v.s;
	*len = v.aux;
	return 1;
}

int
weir_get_int(struct weir_run *r, int field, int64_t *i)
{
	struct weir_value v = get(r, field);

	*i = v.i;
	return v.kind == WEIR_INT;
}

int
weir_get_double(struct weir_run *r, int field, double *d)
{
	struct weir_value v = get(r, field);

	switch ((enum weir_kind)v.kind) {
	case WEIR_INT: *d = (double)v.i; return 1;
	case WEIR_UINT: *d = (double)v.u; return 1;
	case WEIR_DOUBLE: *d = v.d; return isfinite(v.d);
	default: return 0;
	}
}

int
weir_test(struct weir_run *r, int expression, struct weir_error *err)
{
	struct weir_row row = weir_stage_row(r->block, r->i);

	return weir_expr_test(
	    r->expr[expression], &row, weir_stage_arena(r->stage), err);
}

int
weir_bad_event(struct weir_run *r, const char *why, struct weir_error *err)
{
	return weir_stage_bad(r->stage, r->block, r->i, why, err);
}

/* --- output --- */

int
weir_pass(struct weir_run *r, struct weir_error *err)
{
	return weir_stage_pass(r->stage, r->block, r->i, 1, err);
}

int
weir_put(struct weir_run *r, const char *json, size_t len, int64_t time,
    int64_t release, struct weir_error *err)
{
	if (memchr(json, '\n', len) != NULL)
		return weir_fail(
		    err, WEIR_USAGE, "a new event must be one line");
	/* In an event hook W itself is in force; release - 1 is sent. */
	if (r->block != NULL && release == r->watermark)
		release = weir_time_add(release, 1);
	return weir_stage_put(r->stage, json, len, time, release, 0, err);
}

int64_t
weir_watermark(struct weir_run *r)
{
	return r->watermark;
}

void
weir_wake(struct weir_run *r, int64_t t)
{
	weir_stage_set_due(stage_of(r), t);
}

void
weir_hold(struct weir_run *r, int64_t delay_ns)
{
	weir_stage_set_hold(stage_of(r), delay_ns);
}

int
weir_save(
    struct weir_saver *s, const char *json, size_t len, struct weir_error *err)
{
	return weir_snapshot_line(s->w, json, len, err);
}
