/*
 * capture.c - a stage in a job: barriers and parts.
 *
 * A barrier captures the stage's state in a forked child, which sees it as it
 * was at that instant while the stream goes on. The child writes the parts,
 * publishes them, reports each to the committer, and exits. What it cannot
 * publish it says in `<part>.failed`, which abandons that checkpoint alone.
 *
 * A part is a line of the runtime's (counters, lengths of side files) and
 * then the operator's lines. The state of -t is a part of its own.
 */
#define _GNU_SOURCE
#include "stream/runtime.h"

#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "json/value.h"
#include "state/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool
weir_stage_has_part(const struct weir_stage *st)
{
	return st->c.fingerprint != NULL || st->c.source_name != NULL ||
	    st->nsides > 0 || weir_stage_aligns(st);
}

int
weir_stage_report(
    struct weir_stage *st, const char *line, struct weir_error *err)
{
	char text[512];
	int len = snprintf(text, sizeof text, "%s\n", line);

	/* Shorter than PIPE_BUF, so that lines never mix. */
	if (len < 0 || (size_t)len >= sizeof text)
		return weir_fail(err, WEIR_SYSTEM, "a report is too long");
	if (weir_write_all(st->report_fd, text, (size_t)len) < 0)
		return weir_fail_errno(err, "cannot report to the committer");
	return 1;
}

static int
report(struct weir_stage *st, const char *what, uint64_t checkpoint,
    const char *file, struct weir_error *err)
{
	char line[400];

	snprintf(line, sizeof line, "%s %llu %s", what,
	    (unsigned long long)checkpoint, file);
	return weir_stage_report(st, line, err);
}

/* --- capturing --- */

/* How far it came; once all has ended that is where it was before. */
static int64_t
reached(const struct weir_stage *st)
{
	int64_t least = WEIR_TIME_MAX;
	size_t i;

	if (!weir_watermark_all_ended(&st->wm))
		return st->wm.merged;
	for (i = 0; i < st->ninputs; i++)
		if (!st->inputs[i].table && st->wm.inputs[i].t < least)
			least = st->wm.inputs[i].t;
	return least;
}

static void
put_watermark(struct weir_buf *out, int64_t t)
{
	weir_buf_puts(out, "\"watermark\":");
	if (t == WEIR_TIME_NONE)
		weir_buf_puts(out, "null");
	else
		weir_buf_printf(out, "%lld", (long long)t);
}

/* How far each input is; their events follow. */
static void
put_inputs(struct weir_buf *out, const struct weir_stage *st)
{
	size_t i;

	weir_buf_putc(out, ',');
	put_watermark(out, reached(st));
	weir_buf_puts(out, ",\"inputs\":[");
	for (i = 0; i < st->ninputs; i++) {
		weir_buf_puts(out, i > 0 ? ",{" : "{");
		put_watermark(out, st->wm.inputs[i].t);
		weir_buf_printf(out, ",\"assigned\":%llu}",
		    (unsigned long long)weir_channel_assigned(&st->inputs[i]));
	}
	weir_buf_putc(out, ']');
}

static int
write_own_line(struct weir_stage *st, struct weir_snapshot_writer *w,
    struct weir_error *err)
{
	struct weir_buf line = {0};
	const char *between = "";
	uint64_t len;
	size_t i;
	int got = 1;

	weir_buf_puts(&line, "{\"metrics\":");
	weir_metrics_save(&line, weir_stage_metrics(st));
	weir_buf_puts(&line, ",\"side\":{");
	for (i = 0; i < st->nsides && got > 0; i++) {
		const char *path = weir_side_path(st->sides[i]);

		if (weir_side_is_edge(st->sides[i]))
			continue;
		got = weir_side_sync(st->sides[i], &len, err);
		weir_buf_puts(&line, between);
		weir_json_string(&line, path, strlen(path));
		weir_buf_printf(&line, ":%llu", (unsigned long long)len);
		between = ",";
	}
	weir_buf_putc(&line, '}');
	if (st->complete)
		weir_buf_puts(&line, ",\"complete\":true");
	if (weir_stage_aligns(st))
		put_inputs(&line, st);
	weir_buf_putc(&line, '}');
	if (got > 0)
		got = weir_snapshot_line(w, line.data, line.len, err);
	weir_buf_fini(&line);
	return got;
}

static int
write_time(struct weir_stage *st, struct weir_snapshot_writer *w,
    struct weir_error *err)
{
	struct weir_buf line = {0};
	size_t i;
	int got = 1;

	for (i = 0; i < st->ninputs && got > 0; i++) {
		if (st->inputs[i].table || st->inputs[i].timing.time == NULL)
			continue;
		line.len = 0;
		if (weir_stage_aligns(st))
			weir_buf_printf(&line, "{\"input\":%zu,\"time\":", i);
		weir_timing_save(&st->inputs[i].timing, &line);
		if (weir_stage_aligns(st))
			weir_buf_putc(&line, '}');
		got = weir_snapshot_line(w, line.data, line.len, err);
	}
	weir_buf_fini(&line);
	return got;
}

static int
write_operator(struct weir_stage *st, struct weir_snapshot_writer *w,
    struct weir_error *err)
{
	if (write_own_line(st, w, err) < 0)
		return -1;
	if (weir_stage_aligns(st) &&
	    weir_channel_save(st, w, st->capturing, err) < 0)
		return -1;
	return st->ops->save != NULL ? st->ops->save(st->self, w, err) : 1;
}

/* A part that cannot be written abandons its checkpoint, and says why. */
static int
give_up(struct weir_stage *st, int cp_fd, uint64_t checkpoint, char *file,
    const struct weir_error *why)
{
	struct weir_error ignored;
	struct weir_buf text = {0};
	char failed[300];

	weir_buf_puts(&text, "{\"error\":");
	weir_json_string(&text, why->text, strlen(why->text));
	weir_buf_puts(&text, "}\n");
	file[strlen(file) - strlen(".part")] = '\0';
	snprintf(failed, sizeof failed, "%s.failed", file);
	weir_publish(cp_fd, failed, text.data, text.len, &ignored);
	weir_buf_fini(&text);
	report(st, "failed", checkpoint, failed, &ignored);
	return 0;
}

typedef int write_part(struct weir_stage *st, struct weir_snapshot_writer *w,
    struct weir_error *err);

static int
same_name(const char *identity, struct weir_error *err)
{
	char shown[256];

	return weir_fail(err, WEIR_STATE,
	    "two stages keep their state as %s: give one of them another name "
	    "with --id",
	    weir_show_into(shown, sizeof shown, identity, strlen(identity)));
}

/* 1 published, 0 given up (and said so), -1 nobody could be told. */
static int
publish(struct weir_stage *st, int cp_fd, struct weir_snapshot_header *h,
    write_part *write, struct weir_error *err)
{
	char *file = weir_part_name(h->stage);
	struct weir_snapshot_writer *w;
	int got = -1;

	w = weir_snapshot_create(cp_fd, file, h, err);
	if (w != NULL && write(st, w, err) > 0)
		got = weir_snapshot_commit(w, NULL, NULL, err);
	weir_snapshot_abandon(w);
	WEIR_PROBE("stage.published");
	/* Nobody else may have published it. */
	if (got < 0 && faccessat(cp_fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		same_name(h->stage, err);
	if (got > 0)
		got = report(st, "part", h->checkpoint, file, err);
	else
		got = give_up(st, cp_fd, h->checkpoint, file, err);
	free(file);
	return got;
}

static char *
kind_of(const struct weir_stage *st)
{
	static char stage[] = "stage", source[] = "source", sink[] = "sink";

	if (st->c.source_name == NULL)
		return stage;
	return st->writer != NULL ? source : sink;
}

void
weir_stage_time_print(const struct weir_stage *st, struct weir_buf *out)
{
	size_t i, n = 0;

	for (i = 0; i < st->ninputs; i++) {
		const struct weir_input *in = &st->inputs[i];

		/* Unless told apart, all are as the first. */
		if (in->table || in->timing.time == NULL ||
		    (n > 0 && st->c.noperands == 0))
			continue;
		if (st->c.noperands > 0)
			weir_buf_printf(out, "%s%zu: ", n > 0 ? "; " : "", i);
		weir_timing_fingerprint(&in->timing, out);
		n++;
	}
}

/* The least of what -t gave so far. */
static int64_t
timed_up_to(const struct weir_stage *st)
{
	int64_t least = WEIR_TIME_MAX;
	size_t i;

	for (i = 0; i < st->ninputs; i++)
		if (!st->inputs[i].table && st->inputs[i].timing.time != NULL &&
		    st->inputs[i].timing.watermark < least)
			least = st->inputs[i].timing.watermark;
	return least;
}

/* Publish every part of this stage: 1 all, 0 given up, -1. */
static int
publish_all(struct weir_stage *st, uint64_t checkpoint, struct weir_error *err)
{
	static char none[] = "", time_kind[] = "time";
	struct weir_snapshot_header h = {
	    .checkpoint = checkpoint, .epoch = st->hello.epoch};
	struct weir_cp cp = {checkpoint, st->hello.epoch};
	struct weir_buf print = {0};
	int cp_fd = weir_cp_open(&st->dir, cp, err), got = 1;

	st->capturing = checkpoint;
	if (cp_fd < 0)
		return -1;
	if (st->time_identity != NULL) {
		weir_stage_time_print(st, &print);
		h.stage = st->time_identity;
		h.kind = time_kind;
		h.fingerprint = weir_buf_cstr(&print);
		h.watermark = timed_up_to(st);
		got = publish(st, cp_fd, &h, write_time, err);
		weir_buf_fini(&print);
	}
	if (got > 0 && weir_stage_has_part(st)) {
		char *own = st->c.fingerprint != NULL
		    ? weir_strdup(st->c.fingerprint)
		    : NULL;

		h.stage = st->identity;
		h.kind = kind_of(st);
		h.fingerprint = own != NULL ? own : none;
		h.terms = st->c.terms;
		h.watermark = reached(st);
		got = publish(st, cp_fd, &h, write_operator, err);
		free(own);
	}
	close(cp_fd);
	if (got > 0 && st->ops->published != NULL)
		got = st->ops->published(st->self, st, checkpoint, err);
	return got;
}

int
weir_stage_capture_now(
    struct weir_stage *st, uint64_t checkpoint, struct weir_error *err)
{
	return publish_all(st, checkpoint, err) < 0 ? -1 : 1;
}

/* Add a part to the list, unless a stage before has the same identity. */
static int
add_part(struct weir_parts *parts, const char *identity, struct weir_error *err)
{
	char *file;

	for (size_t i = 0; i < parts->n; i++)
		if (strcmp(parts->part[i].stage, identity) == 0)
			return same_name(identity, err);
	file = weir_part_name(identity);
	weir_parts_add(parts, identity, file);
	free(file);
	return 1;
}

int
weir_stage_add_parts(
    struct weir_stage *st, struct weir_parts *parts, struct weir_error *err)
{
	if (st->time_identity != NULL &&
	    add_part(parts, st->time_identity, err) < 0)
		return -1;
	return weir_stage_has_part(st) ? add_part(parts, st->identity, err) : 1;
}

/* The child must not keep a pipe open that others wait to see closed. */
static void
close_data(struct weir_stage *st)
{
	size_t i;

	for (i = 0; i < st->ninputs; i++)
		if (st->inputs[i].source != NULL) {
			weir_source_hang_up(st->inputs[i].source);
			st->inputs[i].detached = true;
			if (st->inputs[i].queue != NULL)
				weir_queue_detach(st->inputs[i].queue);
		}
	weir_here_leave(&st->here);
	close(st->c.in_fd);
	if (st->c.out_fd >= 0)
		close(st->c.out_fd);
	weir_stage_hang_up_sides(st);
	if (st->c.control_fd >= 0)
		close(st->c.control_fd);
	for (i = 0; i < st->c.nclose; i++)
		close(st->c.close_fds[i]);
}

/* A child that died has published nothing, and told nobody: we do. */
static int
tell_dead_child(
    struct weir_stage *st, uint64_t checkpoint, struct weir_error *err)
{
	struct weir_cp cp = {checkpoint, st->hello.epoch};
	struct weir_error why;
	int cp_fd = weir_cp_open(&st->dir, cp, err);
	char *file;

	if (cp_fd < 0)
		return -1;
	weir_fail(&why, WEIR_SYSTEM, "the process that saved it died");
	file = weir_part_name(
	    weir_stage_has_part(st) ? st->identity : st->time_identity);
	give_up(st, cp_fd, checkpoint, file, &why);
	free(file);
	close(cp_fd);
	return 1;
}

/* There can be no other process. What inputs have read, it would use up here. */
static int
without_child(
    struct weir_stage *st, uint64_t checkpoint, struct weir_error *err)
{
	return weir_stage_aligns(st)
	    ? tell_dead_child(st, checkpoint, err)
	    : weir_stage_capture_now(st, checkpoint, err);
}

static int
capture_in_child(
    struct weir_stage *st, uint64_t checkpoint, struct weir_error *err)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return without_child(st, checkpoint, err);
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return without_child(st, checkpoint, err);
	}
	if (pid == 0) {
		close(ends[0]);
		close_data(st);
		_exit(publish_all(st, checkpoint, err) < 0 ? WEIR_SYSTEM : 0);
	}
	close(ends[1]);
	st->capture = (struct weir_capture){
	    .pid = pid, .fd = ends[0], .checkpoint = checkpoint};
	return 1;
}

int
weir_stage_reap(struct weir_stage *st, struct weir_error *err)
{
	struct weir_capture c = st->capture;
	int status;
	pid_t got;

	if (c.pid == 0)
		return 1;
	do
		got = waitpid(c.pid, &status, 0);
	while (got < 0 && errno == EINTR);
	close(c.fd);
	st->capture = (struct weir_capture){0};
	if (got == c.pid && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		st->metrics.checkpoints++;
		return 1;
	}
	return tell_dead_child(st, c.checkpoint, err);
}

int
weir_stage_take_barrier(
    struct weir_stage *st, struct weir_barrier *b, struct weir_error *err)
{
	int got = -1;

	if (!st->hello.job) {
		weir_fail(
		    err, WEIR_INPUT, "corrupt stream: a barrier outside a job");
		goto out;
	}
	WEIR_PROBE("stage.barrier");
	if (st->ops->barrier != NULL &&
	    st->ops->barrier(st->self, st, b, err) < 0)
		goto out;
	/* Buffers go out before the fork, so that they exist once. */
	if (weir_stage_flush(st, err) < 0 || weir_stage_reap(st, err) < 0)
		goto out;
	if ((st->time_identity != NULL || weir_stage_has_part(st)) &&
	    capture_in_child(st, b->checkpoint, err) < 0)
		goto out;
	WEIR_PROBE("stage.captured");
	if (weir_stage_add_parts(st, &b->parts, err) < 0)
		goto out;
	got = 1;
	if (st->writer != NULL) {
		b->events = weir_writer_events(st->writer);
		got = weir_writer_barrier(st->writer, b, err);
	}
	if (got > 0)
		got = weir_stage_barrier_sides(st, b, err);
	WEIR_PROBE("stage.forwarded");
out:
	weir_barrier_fini(b);
	return got;
}

int
weir_stage_barrier(
    struct weir_stage *st, uint64_t checkpoint, struct weir_error *err)
{
	struct weir_barrier b = {.checkpoint = checkpoint};

	return weir_stage_take_barrier(st, &b, err);
}
