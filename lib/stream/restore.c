/*
 * restore.c - a stage in a job: joining it, and taking up saved state.
 *
 * The HELLO says which job this is and which checkpoint to restore. A stage
 * finds its parts by its identity; a part that is not there means a stage that
 * is new, which begins anew. The committer holds the reports of what was
 * claimed against what was saved.
 */
#define _GNU_SOURCE
#include "stream/runtime.h"

#include "base/probe.h"
#include "base/text.h"
#include "json/value.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Other options may do with what there is. */
static int
adopt(struct weir_stage *st, const struct weir_snapshot_header *saved,
    const char *fingerprint, struct weir_error *err)
{
	struct weir_buf note = {0}, text = {0};
	int got = 0;

	if (saved->terms->n > 0 && st->ops->adopt != NULL &&
	    strcmp(saved->stage, st->identity) == 0)
		got = st->ops->adopt(st->self, saved->terms, &note);
	if (got <= 0)
		got = weir_snapshot_mismatch(
		    saved, fingerprint, st->c.terms, err);
	else if (note.len > 0 && st->c.warn != NULL) {
		weir_show(&text, st->identity, strlen(st->identity), 128);
		weir_buf_printf(&text, ": %s", weir_buf_cstr(&note));
		st->c.warn(st->c.ctx, weir_buf_cstr(&text));
	}
	weir_buf_fini(&note);
	weir_buf_fini(&text);
	return got;
}

/* A saved part, or NULL with *found false if there is none. */
static struct weir_snapshot_reader *
open_part(struct weir_stage *st, int cp_fd, const char *stage,
    const char *fingerprint, bool *found, struct weir_error *err)
{
	const struct weir_snapshot_header *h;
	struct weir_snapshot_reader *r = NULL;
	char *file = weir_part_name(stage);
	char line[400];

	*found = faccessat(cp_fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (!*found)
		goto out;
	r = weir_snapshot_open(cp_fd, file, err);
	if (r == NULL)
		goto out;
	h = weir_snapshot_header(r);
	if (strcmp(h->fingerprint, fingerprint) != 0 &&
	    adopt(st, h, fingerprint, err) < 0)
		goto fail;
	snprintf(line, sizeof line, "restored %s %s", stage, file);
	if (weir_stage_report(st, line, err) < 0)
		goto fail;
out:
	free(file);
	return r;
fail:
	weir_snapshot_close(r);
	free(file);
	return NULL;
}

/* The first input that is no table: the one there is, most often. */
static struct weir_input *
first_stream(struct weir_stage *st)
{
	size_t i = 0;

	while (st->inputs[i].table)
		i++;
	return &st->inputs[i];
}

static int
load_time(struct weir_stage *st, struct weir_str line, struct weir_error *err)
{
	struct weir_arena *a = weir_stage_arena(st);
	struct weir_value v, m = {.kind = WEIR_ABSENT};
	int64_t k = -1;
	size_t i;
	char *text;

	if (!weir_stage_aligns(st))
		return weir_timing_load(&first_stream(st)->timing, line, err);
	weir_arena_reset(a);
	v = weir_value_open(weir_value_read(line.s, line.len, a), a);
	for (i = 0; v.kind == WEIR_MAP && i < v.map->n; i++) {
		struct weir_str name = {v.map->keys[i].s, v.map->keys[i].aux};

		if (weir_str_eq(name, "time"))
			m = v.map->values[i];
		else if (weir_str_eq(name, "input") &&
		    v.map->values[i].kind == WEIR_INT)
			k = v.map->values[i].i;
	}
	if (m.kind != WEIR_JSON || k < 0 || k >= (int64_t)st->ninputs ||
	    st->inputs[k].timing.time == NULL)
		return weir_fail(
		    err, WEIR_STATE, "the saved time state makes no sense");
	text = weir_arena_alloc(a, m.aux + WEIR_PAD);
	memcpy(text, m.s, m.aux);
	memset(text + m.aux, 0, WEIR_PAD);
	return weir_timing_load(
	    &st->inputs[k].timing, (struct weir_str){text, m.aux}, err);
}

static int
restore_time(struct weir_stage *st, int cp_fd, struct weir_error *err)
{
	struct weir_snapshot_reader *r;
	struct weir_buf print = {0};
	struct weir_str line;
	bool found;
	int got = 1;

	weir_stage_time_print(st, &print);
	r = open_part(
	    st, cp_fd, st->time_identity, weir_buf_cstr(&print), &found, err);
	weir_buf_fini(&print);
	if (r == NULL)
		return found ? -1 : 1;
	while ((got = weir_snapshot_next(r, &line, err)) > 0)
		if (load_time(st, line, err) < 0) {
			got = -1;
			break;
		}
	weir_snapshot_close(r);
	return got < 0 ? -1 : 1;
}

/* The saved length of the side file at path, or -1. */
static int64_t
saved_length(const struct weir_value *sides, const char *path)
{
	size_t i;

	if (sides->kind != WEIR_MAP)
		return -1;
	for (i = 0; i < sides->map->n; i++) {
		const struct weir_value *k = &sides->map->keys[i];

		if (weir_str_eq((struct weir_str){k->s, k->aux}, path) &&
		    sides->map->values[i].kind == WEIR_INT)
			return sides->map->values[i].i;
	}
	return -1;
}

/* What the runtime saved in front of the operator's lines. */
struct saved {
	struct weir_arena arena;
	struct weir_value sides;
	int64_t watermark;
	bool told;   /* how far inputs were */
	bool inputs; /* lines of their events follow */
};

/* How far an input was. */
static int
read_input(struct weir_input *in, const struct weir_value *v)
{
	size_t i;

	if (v->kind != WEIR_MAP)
		return 0;
	for (i = 0; i < v->map->n; i++) {
		struct weir_str name = {v->map->keys[i].s, v->map->keys[i].aux};
		struct weir_value m = v->map->values[i];

		if (m.kind != WEIR_INT)
			continue;
		if (weir_str_eq(name, "watermark"))
			weir_watermark_raise(&in->stage->wm, in->i, m.i);
		else if (weir_str_eq(name, "assigned") && m.i >= 0)
			in->assigned = (uint64_t)m.i;
	}
	return 1;
}

static int
read_inputs(struct weir_stage *st, struct weir_value v, struct saved *saved,
    struct weir_error *err)
{
	size_t i;

	if (!weir_stage_aligns(st) || v.kind != WEIR_LIST ||
	    v.list->n != st->ninputs)
		return weir_fail(err, WEIR_STATE,
		    "the state of %s was saved with %zu inputs, now there %s "
		    "%zu: give the same ones",
		    st->identity, v.kind == WEIR_LIST ? v.list->n : 0,
		    st->ninputs == 1 ? "is" : "are", st->ninputs);
	for (i = 0; i < st->ninputs; i++) {
		struct weir_value m =
		    weir_value_open(v.list->items[i], &saved->arena);

		if (!read_input(&st->inputs[i], &m))
			return weir_fail(err, WEIR_STATE,
			    "the part of %s makes no sense", st->identity);
	}
	saved->told = saved->inputs = true;
	return 1;
}

static int
read_own_line(struct weir_stage *st, struct weir_str line, struct saved *saved,
    struct weir_error *err)
{
	struct weir_arena *a = &saved->arena;
	char *text = weir_arena_alloc(a, line.len + WEIR_PAD);
	struct weir_value v, m;
	size_t i;

	memcpy(text, line.s, line.len);
	memset(text + line.len, 0, WEIR_PAD);
	v = weir_value_open(weir_value_read(text, line.len, a), a);
	if (v.kind != WEIR_MAP)
		return weir_fail(err, WEIR_STATE,
		    "the part of %s makes no sense", st->identity);
	for (i = 0; i < v.map->n; i++) {
		struct weir_str name = {v.map->keys[i].s, v.map->keys[i].aux};

		m = v.map->values[i];
		if (weir_str_eq(name, "side"))
			saved->sides = weir_value_open(m, a);
		else if (weir_str_eq(name, "metrics") && m.kind == WEIR_JSON)
			weir_metrics_load(&st->metrics, m.s, m.aux);
		else if (weir_str_eq(name, "watermark") && m.kind == WEIR_INT)
			saved->watermark = m.i;
		else if (weir_str_eq(name, "complete"))
			st->complete = m.kind == WEIR_BOOL && m.b;
		else if (weir_str_eq(name, "inputs") &&
		    read_inputs(st, weir_value_open(m, a), saved, err) < 0)
			return -1;
	}
	st->out_before = st->metrics.out;
	return 1;
}

/* A line of an event, or the last of those. */
static int
restore_channel(struct weir_stage *st, struct weir_str line,
    struct saved *saved, struct weir_error *err)
{
	int got = weir_channel_load(st, line, err);

	if (got != 0)
		return got;
	saved->inputs = false;
	/* One that was idle may be behind, and has to catch up. */
	weir_watermark_lift(&st->wm, saved->watermark);
	return weir_channel_begin(st, err);
}

static int
restore_operator(struct weir_stage *st, int cp_fd, struct saved *saved,
    struct weir_error *err)
{
	const char *print = st->c.fingerprint ? st->c.fingerprint : "";
	struct weir_snapshot_reader *r;
	struct weir_str line;
	bool found, first = true;
	int got;

	r = open_part(st, cp_fd, st->identity, print, &found, err);
	if (r == NULL)
		return found ? -1 : 1;
	if (st->time_identity == NULL && !weir_stage_aligns(st))
		weir_watermark_raise(&st->wm, first_stream(st)->i,
		    weir_snapshot_header(r)->watermark);
	while ((got = weir_snapshot_next(r, &line, err)) > 0) {
		if (first)
			got = read_own_line(st, line, saved, err);
		else if (saved->inputs)
			got = restore_channel(st, line, saved, err);
		else if (st->ops->load != NULL)
			got = st->ops->load(st->self, st, line, err);
		first = false;
		if (got < 0)
			break;
	}
	if (got == 0 && (saved->inputs || saved->told != weir_stage_aligns(st)))
		got = weir_fail(err, WEIR_STATE,
		    "the part of %s does not say how far its inputs were",
		    st->identity);
	weir_snapshot_close(r);
	return got < 0 ? -1 : 1;
}

static int
restore(struct weir_stage *st, struct saved *saved, struct weir_error *err)
{
	const char *from = st->hello.restore;
	struct weir_cp cp;
	int cp_fd, got = 1;

	if (from == NULL)
		return 1;
	if (!weir_cp_read(from, strlen(from), &cp))
		return weir_fail(err, WEIR_INPUT,
		    "the stream asks to restore a checkpoint with no name");
	cp_fd = weir_cp_open(&st->dir, cp, err);
	if (cp_fd < 0)
		return -1;
	if (st->time_identity != NULL)
		got = restore_time(st, cp_fd, err);
	if (got > 0 && weir_stage_has_part(st))
		got = restore_operator(st, cp_fd, saved, err);
	close(cp_fd);
	if (got > 0 && st->time_identity != NULL && !weir_stage_aligns(st))
		weir_watermark_raise(&st->wm, first_stream(st)->i,
		    first_stream(st)->timing.watermark);
	return got;
}

/* `run` is to know: also of a stage that it has not started. */
static int
appear(struct weir_stage *st, struct weir_error *err)
{
	struct weir_buf path = {0};
	char line[400];

	weir_buf_printf(&path, "%s/run/commit.%llu", st->hello.dir,
	    (unsigned long long)st->hello.epoch);
	if (st->c.source_name == NULL)
		weir_here_begin(&st->here, weir_buf_cstr(&path));
	weir_buf_fini(&path);
	snprintf(line, sizeof line, "joined %s %.300s",
	    st->here.fd >= 0 ? st->here.name : "-",
	    st->identity != NULL ? st->identity : "");
	return st->here.fd >= 0 || st->c.source_name != NULL
	    ? weir_stage_report(st, line, err)
	    : 1;
}

int
weir_stage_join(struct weir_stage *st, struct weir_error *err)
{
	struct saved saved = {.watermark = WEIR_TIME_NONE};
	int got = -1;
	size_t i;

	WEIR_PROBE("stage.joins");
	if (weir_dir_open(&st->dir, st->hello.dir, false, err) <= 0 ||
	    weir_dir_join(&st->dir, st->hello.epoch, err) < 0 ||
	    (st->report_fd = weir_report_open(&st->dir, st->hello.epoch, err)) <
		0)
		return -1;
	if (appear(st, err) < 0)
		return -1;
	WEIR_PROBE("stage.joined");
	if (restore(st, &saved, err) < 0)
		goto out;
	for (i = 0; i < st->nsides; i++)
		if (weir_side_open(st->sides[i], &st->dir, st->identity,
			saved_length(
			    &saved.sides, weir_side_path(st->sides[i])),
			err) < 0)
			goto out;
	WEIR_PROBE("stage.restored");
	got = weir_stage_greet_sides(st, err);
out:
	weir_arena_fini(&saved.arena);
	return got;
}
