/*
 * globs.c - inputs that appear while the stage runs: files that match a pattern.
 *
 * A pattern has a place among the inputs, but is idle for ever. What it finds
 * becomes an input of its own, which begins under the watermark that is in
 * force then, and ends when its file is deleted; its place serves the next one.
 */
#include "stream/runtime.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

static bool
is_pattern(const struct weir_stage_config *c, size_t i)
{
	return c->follow && c->hello == NULL && i < c->nfiles &&
	    weir_glob_is(c->files[i]);
}

static bool
any_pattern(const struct weir_stage_config *c)
{
	size_t i;

	for (i = 0; i < c->nfiles; i++)
		if (is_pattern(c, i))
			return true;
	return false;
}

size_t
weir_stage_inputs_max(const struct weir_stage_config *c)
{
	size_t n = c->nfiles > 0 ? c->nfiles : 1;

	return any_pattern(c) ? n + WEIR_INPUTS_MAX : n;
}

static int
open_patterns(struct weir_stage *st, struct weir_error *err)
{
	size_t i;

	for (i = 0; i < st->ninputs; i++) {
		struct weir_input *in = &st->inputs[i];

		if (!is_pattern(&st->c, i))
			continue;
		in->glob = weir_glob_open(in->name, st->notices, err);
		if (in->glob == NULL)
			return -1;
		weir_watermark_idle(&st->wm, i, true);
		st->nglobs++;
	}
	return 1;
}

int
weir_stage_open_many(struct weir_stage *st, struct weir_error *err)
{
	size_t i;

	if ((!st->c.follow && !st->c.proc_time) || st->c.hello != NULL ||
	    (weir_stage_streams(st) == 1 && !any_pattern(&st->c)))
		return 1;
	st->arrival = !weir_stage_assigns_time(st);
	st->notices = weir_notices_new(true, err);
	st->seen = weir_seen_new();
	if (st->notices == NULL || open_patterns(st, err) < 0)
		return -1;
	/* All, so that a pattern does not take what is named, too. */
	for (i = 0; i < st->ninputs; i++)
		if (st->inputs[i].glob == NULL &&
		    weir_input_open(&st->inputs[i], err) < 0)
			return -1;
	return 1;
}

/* Is the file an input, or was it one, under this name or another? */
static bool
known(struct weir_stage *st, const char *path, const struct stat *sb)
{
	size_t n, i = st->known_at;

	/* They come in the order of their inputs: begin behind the last one. */
	for (n = 0; n < st->ninputs; n++, i++) {
		const struct weir_input *in;

		if (i >= st->ninputs)
			i = 0;
		in = &st->inputs[i];
		if (in->source != NULL &&
		    (strcmp(in->name != NULL ? in->name : "", path) == 0 ||
			weir_source_has(in->source, (uint64_t)sb->st_dev,
			    (uint64_t)sb->st_ino))) {
			st->known_at = i + 1;
			return true;
		}
	}
	return weir_seen_has(st->seen, path, sb) || weir_stage_writes(st, sb);
}

bool
weir_stage_taken(void *ctx, const char *path, const struct stat *sb)
{
	const struct weir_input *in = ctx;
	const struct weir_stage *st = in->stage;
	size_t i;

	for (i = 0; i < st->ninputs; i++)
		if (i != in->i && st->inputs[i].source != NULL &&
		    weir_source_has(st->inputs[i].source, (uint64_t)sb->st_dev,
			(uint64_t)sb->st_ino))
			return true;
	return weir_seen_whole(st->seen, path, sb);
}

/* The first place behind the operands that is free. */
static struct weir_input *
free_place(struct weir_stage *st)
{
	size_t i = st->c.nfiles;

	while (i < st->ninputs && st->inputs[i].own_name != NULL)
		i++;
	if (i == st->c.nfiles + WEIR_INPUTS_MAX)
		return NULL;
	if (i == st->ninputs)
		st->ninputs++;
	weir_watermark_begin(&st->wm, i);
	st->inputs[i] = (struct weir_input){.stage = st, .i = i};
	return &st->inputs[i];
}

static int
leave(struct weir_stage *st, struct weir_input *in)
{
	weir_watermark_end(&st->wm, in->i);
	weir_input_retire(in);
	return 1;
}

/* It cannot be read: that is told, and it is left alone until it can be. */
static int
refuse(struct weir_stage *st, struct weir_input *in, const struct stat *sb,
    const struct weir_error *why)
{
	weir_seen_refuse(st->seen, sb);
	if (st->c.warn != NULL)
		st->c.warn(st->c.ctx, why->text);
	return leave(st, in);
}

static int
found(
    void *ctx, const char *path, const struct stat *sb, struct weir_error *err)
{
	const struct weir_input *by = ctx;
	struct weir_stage *st = by->stage;
	struct weir_input *in;
	char shown[256];

	if (known(st, path, sb))
		return 1;
	in = free_place(st);
	if (in == NULL)
		return weir_fail(err, WEIR_SYSTEM,
		    "%s: more than %d files at a time; let patterns that "
		    "match fewer go to several processes",
		    weir_show_into(
			shown, sizeof shown, by->name, strlen(by->name)),
		    WEIR_INPUTS_MAX);
	in->operand = by->operand;
	in->name = in->own_name = weir_strdup(path);
	if (weir_input_timing(in, err) < 0)
		return -1;
	if (weir_input_open(in, err) > 0)
		/* Has another file got the name meanwhile? We look again. */
		return weir_source_has(in->source, (uint64_t)sb->st_dev,
			   (uint64_t)sb->st_ino)
		    ? 1
		    : leave(st, in);
	return errno == EACCES ? refuse(st, in, sb, err) : -1;
}

int
weir_stage_look(struct weir_stage *st, struct weir_error *err)
{
	size_t i;

	for (i = 0; i < st->c.nfiles; i++) {
		struct weir_glob *g = st->inputs[i].glob;

		if (g == NULL || weir_glob_timeout(g) != 0)
			continue;
		if (weir_glob_look(g, found, &st->inputs[i], err) < 0)
			return -1;
		weir_seen_age(st->seen);
	}
	return 1;
}
