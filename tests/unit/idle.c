/*
 * idle: an input whose writer says that it is idle does not hold the watermark
 * back, is still read when it speaks again, and the stage says so, too. A stage
 * that passes everything runs in a child; each step waits for what the last one
 * brought out of it.
 */
#define _GNU_SOURCE
#include "stream/stage.h"

#include "tests/unit/frames.h"
#include "tests/unit/tap.h"

#include <sys/wait.h>

#define INPUTS 2

static struct weir_error err;

static int
pass(void *self, struct weir_stage *st, const struct weir_block *b, uint32_t i,
    uint32_t n, struct weir_error *e)
{
	(void)self;
	return weir_stage_pass(st, b, i, n, e);
}

/* A stage in a child, and its pipes. */
struct run {
	pid_t pid;
	int in[INPUTS], out;
	struct weir_writer *w[INPUTS];
	/* What came out so far. */
	uint64_t events, seq;
	int64_t watermark;
	bool idle;
	enum weir_frame_kind kind;
	struct weir_frame_rows rows;
};

static void
stage(const int *in, int ninputs, int out)
{
	static const struct weir_stage_ops ops = {.events = pass};
	char name[INPUTS][32];
	const char *files[INPUTS];
	struct weir_stage_config c = {.tool = "test",
	    .files = files,
	    .nfiles = (size_t)ninputs,
	    .out_fd = out,
	    .time_unit = -1,
	    .max_line = WEIR_LINE_MAX,
	    .wake_fd = -1,
	    .control_fd = -1};
	struct weir_stage *st;
	int status;

	for (int i = 0; i < ninputs; i++) {
		snprintf(name[i], sizeof name[i], "/dev/fd/%d", in[i]);
		files[i] = name[i];
	}
	st = weir_stage_new(&c, &ops, NULL);
	status = weir_stage_run(st, &err);
	weir_stage_free(st);
	_exit(status);
}

static void
start(struct run *r, int ninputs)
{
	struct weir_hello hello = {0};
	int to[INPUTS][2], from[2], in[INPUTS];

	*r = (struct run){.watermark = WEIR_TIME_NONE};
	if (pipe(from) < 0)
		abort();
	for (int i = 0; i < ninputs; i++) {
		if (pipe(to[i]) < 0)
			abort();
		in[i] = to[i][0];
	}
	r->pid = fork();
	if (r->pid == 0) {
		for (int i = 0; i < ninputs; i++)
			close(to[i][1]);
		close(from[0]);
		stage(in, ninputs, from[1]);
	}
	close(from[1]);
	r->out = from[0];
	for (int i = 0; i < ninputs; i++) {
		close(to[i][0]);
		r->in[i] = to[i][1];
		r->w[i] = weir_writer_new(r->in[i], WEIR_FORMAT_FRAMES);
		weir_writer_hello(r->w[i], &hello, &err);
	}
}

static int
read_whole(int fd, void *buf, size_t len)
{
	for (char *p = buf; len > 0;) {
		ssize_t n = read(fd, p, len);

		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 1;
}

/* The next frame that comes out: 1, or -1. */
static int
next(struct run *r)
{
	unsigned char header[WEIR_FRAME_HEADER];
	static char payload[65536];
	struct weir_frame f;
	struct weir_block b;

	if (read_whole(r->out, header, sizeof header) < 0 ||
	    weir_frame_read_header(&f, header, sizeof payload, &err) < 0 ||
	    read_whole(r->out, payload, f.len) < 0)
		return -1;
	r->kind = f.kind;
	if (f.kind == WEIR_FRAME_WATERMARK)
		return weir_frame_read_watermark(
		    payload, f.len, &r->watermark, &r->idle, &err);
	if (f.kind != WEIR_FRAME_EVENTS)
		return 1;
	if (weir_frame_read_events(&f, payload, &r->rows, &b, &err) < 0)
		return -1;
	r->events += b.n;
	r->watermark = b.watermark_after;
	return 1;
}

/* Read until so many events came out, under at least this watermark. */
static int
until(struct run *r, uint64_t events, int64_t watermark, bool idle)
{
	while (
	    r->events < events || r->watermark < watermark || r->idle != idle)
		if (next(r) < 0 || r->kind == WEIR_FRAME_END)
			return 0;
	return 1;
}

static void
finish(struct run *r, int ninputs)
{
	struct weir_end end = {0};
	int status;

	for (int i = 0; i < ninputs; i++) {
		weir_writer_end(r->w[i], &end, &err);
		weir_writer_free(r->w[i]);
		close(r->in[i]);
	}
	while (next(r) == 1 && r->kind != WEIR_FRAME_END)
		continue;
	waitpid(r->pid, &status, 0);
	ok(r->kind == WEIR_FRAME_END && status == 0, "it ends well");
	weir_frame_rows_fini(&r->rows);
	close(r->out);
}

static void
put(struct run *r, int i, int64_t time)
{
	weir_writer_put(r->w[i], "{}", 2, time, time, 0, &err);
	weir_writer_flush(r->w[i], &err);
}

static void
say(struct run *r, int i, int64_t watermark, bool idle)
{
	weir_writer_watermark(r->w[i], watermark, idle);
	weir_writer_flush(r->w[i], &err);
}

static void
one_input(void)
{
	struct run r;

	start(&r, 1);
	put(&r, 0, 10);
	say(&r, 0, 11, true);
	ok(until(&r, 1, 11, true), "idle is passed on");
	put(&r, 0, 20);
	ok(until(&r, 2, 20, false), "it is heard when it is back");
	say(&r, 0, 21, true);
	ok(until(&r, 2, 21, true), "idle again");
	say(&r, 0, 22, true);
	ok(until(&r, 2, 22, true), "time goes on meanwhile");
	finish(&r, 1);
}

static void
two_inputs(void)
{
	struct run r;

	start(&r, 2);
	put(&r, 0, 10);
	put(&r, 1, 20);
	ok(until(&r, 1, 10, false), "the older one's time counts");
	say(&r, 0, 11, true);
	put(&r, 1, 100);
	ok(until(&r, 3, 100, false), "until it is idle");
	put(&r, 0, 110);
	put(&r, 1, 120);
	ok(until(&r, 4, 110, false), "back, it counts again");
	say(&r, 1, 120, true);
	say(&r, 0, 130, true);
	ok(until(&r, 5, 130, true), "both idle: so is the stage");
	finish(&r, 2);
}

int
main(void)
{
	alarm(20); /* instead of waiting for ever */
	one_input();
	two_inputs();
	return done();
}
