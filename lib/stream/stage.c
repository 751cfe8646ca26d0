#define _GNU_SOURCE
#include "stream/runtime.h"

#include "base/mem.h"
#include "base/text.h"
#include "event/retract.h"
#include "stream/edges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Tables have no part in the watermark. */
static void
part_tables(struct weir_stage *st)
{
	size_t i;

	for (i = 0; i < st->ninputs && i < st->c.noperands; i++) {
		if (!st->c.operands[i].table)
			continue;
		st->inputs[i].table = st->inputs[i].unread = true;
		weir_watermark_end(&st->wm, i);
		st->ntables++;
	}
}

struct weir_stage *
weir_stage_new(const struct weir_stage_config *c,
    const struct weir_stage_ops *ops, void *self)
{
	struct weir_stage *st = weir_calloc(1, sizeof *st);
	struct weir_str retract = weir_str(WEIR_RETRACT_FIELD);
	size_t i;

	st->c = *c;
	st->timed = c->proc_time;
	st->ops = ops;
	st->self = self;
	st->prover = weir_prover_new();
	st->retract_slot = WEIR_NO_SLOT;
	if (c->retract)
		st->retract_slot = weir_prover_want(st->prover, &retract, 1);
	st->due = WEIR_TIME_MAX;
	st->idle_base = WEIR_TIME_NONE;
	st->report_fd = -1;
	weir_here_init(&st->here);
	st->dir.fd = st->dir.lock = -1;
	st->metrics.watermark = WEIR_TIME_NONE;
	st->metrics.start_ns = weir_clock_ns();
	st->flushed_ns = st->metrics.start_ns;
	st->ninputs = c->nfiles > 0 ? c->nfiles : 1;
	/* Readers hold on to their input: they cannot move later. */
	st->inputs = weir_calloc(weir_stage_inputs_max(c), sizeof *st->inputs);
	for (i = 0; i < st->ninputs; i++) {
		st->inputs[i].stage = st;
		st->inputs[i].i = st->inputs[i].operand = i;
		st->inputs[i].name = c->nfiles > 0 ? c->files[i] : NULL;
	}
	weir_watermark_init(&st->wm, st->ninputs);
	part_tables(st);
	st->met = c->hello != NULL;
	if (c->on_error == WEIR_ON_ERROR_FILE)
		st->dead = weir_stage_side(st, c->error_file);
	return st;
}

void
weir_stage_free(struct weir_stage *st)
{
	size_t i;

	if (st == NULL)
		return;
	for (i = 0; i < st->ninputs; i++) {
		weir_input_close(&st->inputs[i]);
		weir_channel_end(&st->inputs[i]);
		weir_lookout_fini(&st->inputs[i].lookout);
		weir_timing_fini(&st->inputs[i].timing);
		weir_glob_close(st->inputs[i].glob);
		free(st->inputs[i].own_name);
	}
	for (i = 0; i < st->nsides; i++)
		weir_side_free(st->sides[i]);
	free(st->inputs);
	free(st->polls);
	free(st->ahead);
	free(st->polled);
	weir_notices_free(st->notices);
	weir_seen_free(st->seen);
	weir_watermark_fini(&st->wm);
	weir_writer_free(st->writer);
	weir_prover_free(st->prover);
	weir_arena_fini(&st->arena);
	weir_end_fini(&st->end);
	weir_hello_fini(&st->hello);
	if (st->hello.job || st->dir.path != NULL)
		weir_dir_close(&st->dir);
	if (st->report_fd >= 0)
		close(st->report_fd);
	free(st->identity);
	free(st->time_identity);
	free(st);
}

/* --- beginning --- */

/* Every input has its own clock; all read the same expressions. */
static int
open_timing(struct weir_stage *st, struct weir_error *err)
{
	size_t i;

	for (i = 0; i < st->ninputs; i++)
		if (weir_input_timing(&st->inputs[i], err) < 0)
			return -1;
	return 1;
}

/* Inherited frames go to pipes and sockets only. */
static enum weir_format
output_format(const struct weir_stage *st, enum weir_format input)
{
	struct stat sb;

	if (st->c.output != WEIR_FORMAT_AUTO)
		return st->c.output;
	if (input != WEIR_FORMAT_FRAMES)
		return WEIR_FORMAT_JSON;
	if (fstat(st->c.out_fd, &sb) == 0 &&
	    (S_ISFIFO(sb.st_mode) || S_ISSOCK(sb.st_mode)))
		return WEIR_FORMAT_FRAMES;
	return WEIR_FORMAT_JSON;
}

/* An event that the output's format has no place for is a bad one. */
static int
misfit(void *ctx, const struct weir_block *b, uint32_t i, const char *why,
    struct weir_error *err)
{
	return weir_stage_bad(ctx, b, i, why, err);
}

/* Count this stage into the paths: who it is, for its parts. */
static void
identify(struct weir_stage *st)
{
	struct weir_hello *h = &st->hello;
	uint32_t ordinal;

	if (weir_stage_assigns_time(st)) {
		ordinal = weir_hello_count(h, "time");
		st->time_identity = weir_hello_identity(h, "time", ordinal);
	}
	if (st->c.source_name != NULL) {
		st->identity = weir_strdup(st->c.source_name);
		return;
	}
	ordinal = weir_hello_count(h, st->c.tool);
	st->identity = st->c.id != NULL
	    ? weir_strdup(st->c.id)
	    : weir_hello_identity(h, st->c.tool, ordinal);
}

static int
open_sides(struct weir_stage *st, struct weir_error *err)
{
	size_t i;

	for (i = 0; i < st->nsides; i++)
		if (weir_side_open(st->sides[i], NULL, NULL, -1, err) < 0)
			return -1;
	/* Now files that were not there can be told apart, too. */
	return weir_stage_check_files(st, err);
}

int
weir_stage_greet(struct weir_stage *st, struct weir_error *err)
{
	st->greeted = true;
	return weir_writer_hello(st->writer, &st->hello, err);
}

int
weir_stage_start(
    struct weir_stage *st, enum weir_format input, struct weir_error *err)
{
	if (st->started)
		return 1;
	st->started = true;
	if (input == WEIR_FORMAT_AUTO && weir_stage_reads_nothing(st))
		return weir_fail(err, WEIR_USAGE,
		    "standard input is empty: the sources of this job have "
		    "names: read one as \"$NAME\", or with <");
	if (st->hello.job) {
		identify(st);
		if (st->c.in_job != NULL)
			*st->c.in_job = 1;
	}
	if (st->c.out_fd >= 0) {
		enum weir_format format = output_format(st, input);

		st->writer = weir_writer_new(st->c.out_fd, format);
		st->tells_time = format == WEIR_FORMAT_FRAMES;
		weir_writer_shape(st->writer, &st->c.shape, misfit, st);
		weir_writer_stop_on(st->writer, st->c.stop);
	}
	st->hello.retract |= st->c.retract;
	st->retracts = st->hello.retract;
	if (st->ops->open != NULL && st->ops->open(st->self, st, err) < 0)
		return -1;
	if (st->writer != NULL && weir_stage_greet(st, err) < 0)
		return -1;
	if (st->hello.job && weir_stage_join(st, err) < 0)
		return -1;
	/* The writer died before its HELLO: the job's side files stay whole. */
	if (!st->hello.job && !(st->c.of_job && input == WEIR_FORMAT_AUTO) &&
	    open_sides(st, err) < 0)
		return -1;
	return st->c.settled == NULL
	    ? 1
	    : st->c.settled(
		  st->c.ctx, &st->c, st->hello.job ? &st->dir : NULL, err);
}

static int
run(struct weir_stage *st, struct weir_error *err)
{
	/* the ends of a job are children of `run` */
	if (st->c.source_name == NULL)
		weir_here_begin(&st->here, st->c.of_job);
	if (open_timing(st, err) < 0 || weir_stage_check_files(st, err) < 0 ||
	    weir_stage_open_many(st, err) < 0 ||
	    weir_stage_open_pipes(st, err) < 0)
		return -1;
	if (st->c.hello != NULL) {
		weir_hello_copy(&st->hello, st->c.hello);
		st->hello_read = true;
		if (weir_input_open(&st->inputs[0], err) < 0 ||
		    weir_stage_start(st, WEIR_FORMAT_AUTO, err) < 0)
			return -1;
	}
	if (weir_stage_pump(st, err) < 0)
		return -1;
	if (st->ended)
		return 1;
	if (st->c.stop != NULL && *st->c.stop != 0)
		return weir_stage_rest(st, err);
	if (weir_stage_start(st, WEIR_FORMAT_AUTO, err) < 0)
		return -1;
	return weir_stage_close(st, err);
}

static int
run_to_end(struct weir_stage *st, struct weir_error *err)
{
	struct weir_error ignored;

	if (run(st, err) >= 0)
		return st->status;
	if (st->reader_gone ||
	    (st->writer != NULL && weir_writer_broken(st->writer)) ||
	    weir_stage_sides_broken(st))
		return st->status;
	if (st->capture.pid > 0)
		weir_stage_reap(st, &ignored);
	weir_stage_tell_failure(st, err);
	return err->status;
}

int
weir_stage_run(struct weir_stage *st, struct weir_error *err)
{
	int status = run_to_end(st, err);

	weir_here_end(&st->here, status);
	return status;
}

/* --- what operators call --- */

struct weir_prover *
weir_stage_prover(struct weir_stage *st)
{
	return st->prover;
}

struct weir_arena *
weir_stage_arena(struct weir_stage *st)
{
	return &st->arena;
}

struct weir_metrics *
weir_stage_metrics(struct weir_stage *st)
{
	struct weir_metrics *m = &st->metrics;
	struct weir_reader_counts c;
	size_t i;

	if (st->writer != NULL) {
		m->out = st->out_before + weir_writer_events(st->writer);
		m->bytes_out = weir_writer_bytes(st->writer);
	}
	for (i = 0; i < st->ninputs; i++) {
		if (st->inputs[i].reader == NULL)
			continue;
		c = weir_reader_counts(st->inputs[i].reader);
		m->bytes_in += c.bytes - st->inputs[i].counted.bytes;
		m->blank += c.blank - st->inputs[i].counted.blank;
		st->inputs[i].counted = c;
	}
	return m;
}

bool
weir_stage_timed(const struct weir_stage *st)
{
	return st->timed;
}

size_t
weir_stage_operand(const struct weir_stage *st)
{
	return st->operand;
}

int64_t
weir_stage_input_watermark(const struct weir_stage *st, size_t operand)
{
	int64_t least = WEIR_TIME_MAX;
	size_t i;

	for (i = 0; i < st->ninputs; i++)
		if (st->inputs[i].operand == operand &&
		    !st->wm.inputs[i].ended && st->wm.inputs[i].t < least)
			least = st->wm.inputs[i].t;
	return least;
}

void
weir_stage_set_due(struct weir_stage *st, int64_t due)
{
	st->due = due;
}

bool
weir_stage_retracts(const struct weir_stage *st)
{
	return st->retracts;
}

void
weir_stage_set_changes(struct weir_stage *st, bool retract)
{
	st->hello.retract = retract;
}

void
weir_stage_set_hold(struct weir_stage *st, int64_t hold_ns)
{
	st->hold_ns = hold_ns;
}

void
weir_stage_finish(struct weir_stage *st, int status)
{
	st->finishing = true;
	st->status = status;
}

int
weir_stage_pass(struct weir_stage *st, const struct weir_block *b, uint32_t i,
    uint32_t n, struct weir_error *err)
{
	return weir_writer_pass(st->writer, b, i, n, st->hold_ns, err);
}

int
weir_stage_put(struct weir_stage *st, const char *text, size_t len,
    int64_t time, int64_t release, uint32_t flags, struct weir_error *err)
{
	return weir_writer_put(st->writer, text, len, time,
	    weir_time_add(release, -1 - st->hold_ns), flags, err);
}

static void
warn_bad(struct weir_stage *st, const char *where, const struct weir_bad *bad)
{
	struct weir_buf text = {0};

	if (st->c.warn == NULL || st->warned > WEIR_WARNINGS_MAX)
		return;
	if (st->warned++ == WEIR_WARNINGS_MAX) {
		st->c.warn(st->c.ctx, "more bad lines: counted, not shown");
		return;
	}
	weir_buf_printf(&text, "%s%s", where, bad->error);
	st->c.warn(st->c.ctx, weir_buf_cstr(&text));
	weir_buf_fini(&text);
}

int
weir_stage_reject(
    struct weir_stage *st, const struct weir_bad *found, struct weir_error *err)
{
	char shown[256], where[320];
	struct weir_bad copy = *found, *bad = &copy;

	/* Places in a stream of frames depend on how it was cut, and begin anew
	 * after a restart: they would tell nobody anything. */
	if (st->framed)
		bad->line = bad->offset = 0;
	if (st->framed && st->hello.job)
		bad->source = weir_edge_source(&st->hello, bad->source);
	weir_show_into(shown, sizeof shown, bad->source, strlen(bad->source));
	if (bad->line > 0)
		snprintf(where, sizeof where, "%s:%llu: ", shown,
		    (unsigned long long)bad->line);
	else
		snprintf(where, sizeof where, "%s: ", shown);
	st->metrics.bad++;
	if (st->c.on_error == WEIR_ON_ERROR_FAIL)
		return weir_fail(err, WEIR_INPUT, "%s%s", where, bad->error);
	if (st->dead != NULL)
		return weir_side_bad(st->dead, bad, err);
	warn_bad(st, where, bad);
	return 1;
}

int
weir_stage_bad(struct weir_stage *st, const struct weir_block *b, uint32_t i,
    const char *why, struct weir_error *err)
{
	uint64_t offset;
	struct weir_str raw = weir_block_raw(b, i, &offset);
	struct weir_bad bad = {.error = why,
	    .source = b->source,
	    .line = b->line + b->events[i].line,
	    .offset = offset,
	    .raw = raw.s,
	    .raw_len = raw.len,
	    .full_len = raw.len};

	return weir_stage_reject(st, &bad, err);
}

int
weir_stage_failed(struct weir_stage *st, const char *text, size_t len,
    const char *why, struct weir_error *err)
{
	struct weir_bad bad = {.error = why,
	    .source = "result",
	    .raw = text,
	    .raw_len = len,
	    .full_len = len};

	return weir_stage_reject(st, &bad, err);
}

struct weir_side *
weir_stage_side(struct weir_stage *st, const char *path)
{
	size_t i;

	for (i = 0; i < st->nsides; i++)
		if (strcmp(weir_side_path(st->sides[i]), path) == 0)
			return st->sides[i];
	if (st->nsides == WEIR_SIDES_MAX)
		return NULL;
	st->sides[st->nsides] = weir_side_new(path);
	return st->sides[st->nsides++];
}

const struct weir_hello *
weir_stage_hello(const struct weir_stage *st)
{
	return &st->hello;
}

struct weir_dir *
weir_stage_dir(struct weir_stage *st)
{
	return &st->dir;
}

struct weir_source *
weir_stage_source(struct weir_stage *st)
{
	return st->inputs[0].source;
}

struct weir_reader *
weir_stage_reader(struct weir_stage *st)
{
	return st->inputs[0].reader;
}

void
weir_stage_progress(struct weir_stage *st)
{
	uint64_t done = 0, size = 0, d, s;
	int64_t now = weir_clock_ns();
	size_t i;

	if (now - st->told_ns < 100000000)
		return;
	st->told_ns = now;
	for (i = 0; i < st->ninputs; i++) {
		if (st->inputs[i].source == NULL)
			continue;
		weir_source_progress(st->inputs[i].source, &d, &s);
		done += d;
		size += s;
	}
	st->c.progress(st->c.ctx, done, size, weir_stage_metrics(st));
}
