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
#include "json/value.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	if (strcmp(h->fingerprint, fingerprint) != 0) {
		weir_snapshot_mismatch(stage, h->fingerprint, fingerprint, err);
		goto fail;
	}
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

static int
restore_time(struct weir_stage *st, int cp_fd, struct weir_error *err)
{
	struct weir_timing *t = &st->inputs[0].timing;
	struct weir_snapshot_reader *r;
	struct weir_buf print = {0};
	struct weir_str line;
	bool found;
	int got = 1;

	weir_timing_fingerprint(t, &print);
	r = open_part(
	    st, cp_fd, st->time_identity, weir_buf_cstr(&print), &found, err);
	weir_buf_fini(&print);
	if (r == NULL)
		return found ? -1 : 1;
	while ((got = weir_snapshot_next(r, &line, err)) > 0)
		if (weir_timing_load(t, line, err) < 0) {
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
};

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
	}
	st->out_before = st->metrics.out;
	return 1;
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
	if (st->time_identity == NULL)
		weir_watermark_raise(
		    &st->wm, 0, weir_snapshot_header(r)->watermark);
	while ((got = weir_snapshot_next(r, &line, err)) > 0) {
		if (first)
			got = read_own_line(st, line, saved, err);
		else if (st->ops->load != NULL)
			got = st->ops->load(st->self, st, line, err);
		first = false;
		if (got < 0)
			break;
	}
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
	if (got > 0 && st->time_identity != NULL)
		weir_watermark_raise(
		    &st->wm, 0, st->inputs[0].timing.watermark);
	return got;
}

static int
open_report(struct weir_stage *st, struct weir_error *err)
{
	char name[48];
	int run_fd = weir_run_open(&st->dir, err);

	if (run_fd < 0)
		return -1;
	snprintf(name, sizeof name, "commit.%llu",
	    (unsigned long long)st->hello.epoch);
	/* O_RDWR: never blocks, and never a SIGPIPE if the reader is gone. */
	st->report_fd = openat(run_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	close(run_fd);
	if (st->report_fd < 0)
		return weir_fail_errno(err, "cannot reach the committer");
	return 1;
}

int
weir_stage_join(struct weir_stage *st, struct weir_error *err)
{
	struct saved saved = {0};
	int got = -1;
	size_t i;

	if (weir_dir_open(&st->dir, st->hello.dir, false, err) <= 0 ||
	    weir_dir_join(&st->dir, st->hello.epoch, err) < 0 ||
	    open_report(st, err) < 0)
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
	got = 1;
out:
	weir_arena_fini(&saved.arena);
	return got;
}
