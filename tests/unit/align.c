/*
 * align: barriers of several inputs in a job. A stage with two inputs runs in a
 * child over pipes; frames are written by hand, in pieces, with barriers at any
 * place. What came out before the barrier, and what comes after a restore from
 * it when only the rest is sent, must together be what a run in one go gives.
 */
#define _GNU_SOURCE
#include "stream/options.h"
#include "stream/stage.h"

#include "tests/unit/cp.h"
#include "tests/unit/frames.h"
#include "tests/unit/scratch.h"
#include "tests/unit/tap.h"

#include <poll.h>
#include <signal.h>

#define INPUTS	 2
#define EVENTS	 400
#define NONE	 (-1)
#define BY_CLOCK "clock" /* instead of -t */

static struct weir_error err;
static struct weir_dir dir;
static int reports; /* read end */

/* --- the stage: numbers what it sees, and keeps the number --- */

struct op {
	long n;
};

static int
show(void *self, struct weir_stage *st, const struct weir_block *b, uint32_t i,
    uint32_t n, struct weir_error *e)
{
	struct op *o = self;
	char text[2000];

	for (; n > 0; i++, n--) {
		const struct weir_event *ev = &b->events[i];
		int len = snprintf(text, sizeof text,
		    "{\"n\":%ld,\"from\":%zu,\"flags\":%u,\"e\":%.*s}", o->n++,
		    weir_stage_operand(st), ev->flags, (int)ev->len,
		    b->text + ev->off);

		if (weir_stage_put(st, text, (size_t)len, ev->time,
			weir_time_add(ev->watermark, 1), 0, e) < 0)
			return -1;
	}
	return 1;
}

static int
save(void *self, struct weir_snapshot_writer *w, struct weir_error *e)
{
	struct op *o = self;
	char text[40];
	int len = snprintf(text, sizeof text, "{\"n\":%ld}", o->n);

	return weir_snapshot_line(w, text, (size_t)len, e);
}

static int
load_line(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *e)
{
	struct op *o = self;

	(void)st;
	(void)e;
	return sscanf(line.s, "{\"n\":%ld}", &o->n) == 1 ? 1 : -1;
}

static _Noreturn void
stage(const char *const *files, int out, const char *time)
{
	static const struct weir_stage_ops ops = {
	    .events = show, .save = save, .load = load_line};
	struct weir_stage_config c;
	struct weir_stage *st;
	struct op o = {0};
	int status;

	alarm(30);
	weir_stage_defaults(&c, "test");
	c.files = files;
	c.nfiles = INPUTS;
	c.out_fd = out;
	c.output = WEIR_FORMAT_FRAMES;
	c.fingerprint = "counts";
	c.proc_time = time != NULL && strcmp(time, BY_CLOCK) == 0;
	c.time = c.proc_time ? NULL : time;
	c.time_unit = WEIR_NS;
	c.spill_dir = "/none"; /* the job's own is used */
	st = weir_stage_new(&c, &ops, &o);
	status = weir_stage_run(st, &err);
	weir_stage_free(st);
	if (status != 0)
		fprintf(stderr, "# %s\n", err.text);
	_exit(status);
}

/* --- what it is fed with --- */

/* Input k as bytes: events [from, to), with a barrier before number `at`. */
struct feed {
	int k, from, to, at;
	uint64_t checkpoint; /* of the barrier */
	enum weir_end_reason reason;
	int64_t step; /* of times */
};

static struct weir_hello
hello_of(bool job, const char *restore)
{
	static char id[] = "j", in[] = "in", tool[] = "smap";
	static struct weir_tool_count tools[] = {{tool, 1}};
	static struct weir_path path = {in, 1, tools};
	struct weir_hello h = {0};

	if (job) {
		h = (struct weir_hello){.job = true,
		    .id = id,
		    .dir = dir.path,
		    .epoch = dir.epoch,
		    .restore = restore != NULL ? weir_strdup(restore) : NULL,
		    .npaths = 1,
		    .paths = &path};
	}
	return h;
}

static void
write_event(struct weir_writer *w, const struct feed *f, int i)
{
	int64_t t = 1000 + f->step * i + i * 7 % 5;
	char text[100];
	int len = snprintf(
	    text, sizeof text, "{\"t\":%lld,\"i\":%d}", (long long)t, i);

	if (i == EVENTS / 2) {
		/* deeper than a line of a part may be */
		char deep[1100];
		int n = 0;

		for (n = 5; n < 505; n++)
			deep[n] = '[';
		memcpy(deep, "{\"d\":", 5);
		for (; n < 1005; n++)
			deep[n] = ']';
		snprintf(deep + n, sizeof deep - (size_t)n, ",\"t\":%lld}",
		    (long long)t);
		weir_writer_put(
		    w, deep, strlen(deep), t, 1000 + f->step * i - 10, 0, &err);
		return;
	}
	weir_writer_put(w, text, (size_t)len, t, 1000 + f->step * i - 10,
	    i % 9 == 4 ? WEIR_RETRACT : 0, &err);
	if (i % 37 == 0)
		weir_writer_watermark(w, 1000 + f->step * i, false);
	if (i % 11 == 0)
		weir_writer_flush(w, &err);
}

static struct weir_buf
bytes_of(const struct feed *f, const struct weir_hello *h)
{
	struct weir_barrier barrier = {.checkpoint = f->checkpoint};
	struct weir_end end = {.reason = f->reason, .checkpoint = 9};
	int fd = memfd_create("feed", 0);
	struct weir_writer *w = weir_writer_new(fd, WEIR_FORMAT_FRAMES);
	struct weir_buf b;
	char stage_name[20];

	snprintf(stage_name, sizeof stage_name, "in/before.%d", f->k);
	weir_parts_add(&barrier.parts, stage_name, "x.part");
	weir_parts_add(&end.parts, stage_name, "x.part");
	weir_writer_hello(w, h, &err);
	for (int i = f->from; i < f->to; i++) {
		if (i == f->at)
			weir_writer_barrier(w, &barrier, &err);
		write_event(w, f, i);
	}
	if (f->at == f->to)
		weir_writer_barrier(w, &barrier, &err);
	weir_writer_end(w, &end, &err);
	weir_writer_free(w);
	weir_parts_fini(&barrier.parts);
	weir_parts_fini(&end.parts);
	b = slurp(fd);
	close(fd);
	return b;
}

/* --- a run --- */

struct run {
	pid_t pid;
	int in[INPUTS], out;
	struct weir_buf got;
};

static struct run
start(const char *time)
{
	struct run r = {0};
	const char *names[INPUTS];
	char name[INPUTS][40];
	int fd[INPUTS][2], out[2];

	for (int k = 0; k < INPUTS; k++) {
		if (pipe2(fd[k], O_CLOEXEC) < 0)
			abort();
		snprintf(name[k], sizeof name[k], "/proc/self/fd/%d", fd[k][0]);
		names[k] = name[k];
	}
	if (pipe2(out, O_CLOEXEC) < 0)
		abort();
	r.pid = fork();
	if (r.pid == 0) {
		for (int k = 0; k < INPUTS; k++)
			close(fd[k][1]);
		close(out[0]);
		stage(names, out[1], time);
	}
	for (int k = 0; k < INPUTS; k++) {
		close(fd[k][0]);
		r.in[k] = fd[k][1];
	}
	close(out[1]);
	r.out = out[0];
	return r;
}

/* Take what came out; wait for it if nothing is there. 0 at the end. */
static int
drain(struct run *r, int timeout_ms)
{
	struct pollfd p = {.fd = r->out, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, timeout_ms) <= 0)
		return 1;
	n = read(r->out, weir_buf_reserve(&r->got, 65536), 65536);
	r->got.len += n > 0 ? (size_t)n : 0;
	return n > 0;
}

static void
put(struct run *r, int k, const char *s, size_t len)
{
	while (len > 0) {
		ssize_t n = write(r->in[k], s, len);

		if (n < 0)
			return;
		s += n;
		len -= (size_t)n;
		drain(r, 0);
	}
}

static void
hang_up(struct run *r, int k)
{
	if (r->in[k] >= 0)
		close(r->in[k]);
	r->in[k] = -1;
}

static void
in_pieces(struct run *r, const struct weir_buf *b, uint64_t state)
{
	size_t at[INPUTS] = {0};

	while (at[0] < b[0].len || at[1] < b[1].len) {
		int k;
		size_t n;

		state = state * 6364136223846793005u + 1442695040888963407u;
		k = (int)((state >> 33) % INPUTS);
		n = (state >> 40) % 3000 + 1;
		if (n > b[k].len - at[k])
			n = b[k].len - at[k];
		put(r, k, b[k].data + at[k], n);
		at[k] += n;
		if (at[k] == b[k].len)
			hang_up(r, k);
		/* Now and then it gets the time to go on with what it has. */
		drain(r, (int)(state >> 50) % 3);
	}
}

static int
finish(struct run *r)
{
	int status;

	for (int k = 0; k < INPUTS; k++)
		hang_up(r, k);
	while (drain(r, -1))
		continue;
	close(r->out);
	waitpid(r->pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What came out: events as lines, and where the first barrier stands. */
struct seen {
	struct weir_buf text;
	size_t before; /* the barrier, or SIZE_MAX */
	uint64_t checkpoint;
	size_t nparts;
	enum weir_end_reason reason;
	bool ended, retract;
	char *path_tools;
	int64_t watermark;
};

static struct seen
look(const struct run *r)
{
	struct walk w = {.p = r->got.data, .end = r->got.data + r->got.len};
	struct seen s = {.before = SIZE_MAX};
	struct weir_barrier b;
	struct weir_end e;

	while (walk_next(&w, &err) == 1) {
		if (w.f.kind == WEIR_FRAME_EVENTS) {
			weir_buf_add(
			    &s.text, w.b.text, (size_t)(w.p - w.b.text));
			s.watermark = w.b.watermark_after;
		} else if (w.f.kind == WEIR_FRAME_BARRIER &&
		    weir_barrier_read(&b, w.payload, w.f.len, &err) == 1) {
			if (s.before == SIZE_MAX) {
				s.before = s.text.len;
				s.checkpoint = b.checkpoint;
				s.nparts = b.parts.n;
			}
			weir_barrier_fini(&b);
		} else if (w.f.kind == WEIR_FRAME_END &&
		    weir_end_read(&e, w.payload, w.f.len, &err) == 1) {
			s.ended = true;
			s.reason = e.reason;
			weir_end_fini(&e);
		}
	}
	weir_frame_rows_fini(&w.rows);
	return s;
}

static void
seen_fini(struct seen *s)
{
	weir_buf_fini(&s->text);
}

/* --- the job around it --- */

static void
begin_epoch(void)
{
	char name[64];
	struct weir_error e;
	struct weir_cp cp;
	int run;

	if (weir_dir_lead(&dir, &e) < 0) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	run = weir_run_open(&dir, &e);
	snprintf(name, sizeof name, "commit.%d", (int)dir.epoch);
	if (mkfifoat(run, name, 0600) < 0)
		abort();
	if (reports > 0)
		close(reports);
	reports = openat(run, name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	close(run);
	cp = (struct weir_cp){1, dir.epoch};
	close(weir_cp_create(&dir, cp, &e));
	cp.n = 9;
	close(weir_cp_create(&dir, cp, &e));
}

/* Wait until that is reported. */
static int
reported(const char *what)
{
	static char text[8192];
	size_t len = 0;
	struct pollfd p = {.fd = reports, .events = POLLIN};

	text[0] = '\0';
	while (strstr(text, what) == NULL) {
		ssize_t n;

		if (poll(&p, 1, 10000) <= 0)
			break;
		n = read(reports, text + len, sizeof text - 1 - len);
		if (n <= 0)
			break;
		text[len += (size_t)n] = '\0';
	}
	if (strstr(text, what) == NULL)
		printf("# reports: %s\n", text);
	return strstr(text, what) != NULL;
}

/* A run in one go, outside of a job. */
static struct seen
whole(const int64_t *step, const char *time)
{
	struct weir_hello none = {.retract = true};
	struct weir_buf b[INPUTS];
	struct run r = start(time);
	struct seen s;

	for (int k = 0; k < INPUTS; k++) {
		struct feed f = {
		    .k = k, .to = EVENTS, .at = NONE, .step = step[k]};

		b[k] = bytes_of(&f, &none);
	}
	in_pieces(&r, b, 1);
	ok(finish(&r) == 0, "in one go");
	s = look(&r);
	for (int k = 0; k < INPUTS; k++)
		weir_buf_fini(&b[k]);
	weir_buf_fini(&r.got);
	return s;
}

static int
feed(const struct feed *fs, const char *restore, const char *time,
    uint64_t seed, struct seen *s)
{
	struct weir_hello h;
	struct weir_buf b[INPUTS];
	struct run r;
	int status;

	begin_epoch();
	h = hello_of(true, restore);
	h.retract = true;
	for (int k = 0; k < INPUTS; k++)
		b[k] = bytes_of(&fs[k], &h);
	r = start(time);
	in_pieces(&r, b, seed);
	status = finish(&r);
	*s = look(&r);
	for (int k = 0; k < INPUTS; k++)
		weir_buf_fini(&b[k]);
	weir_buf_fini(&r.got);
	free(h.restore);
	return status;
}

/* Cut at a and b, crash, restore, and cut once more at c and d. */
static int
cut(const int *at, const int64_t *step, const char *time,
    const struct seen *want, uint64_t seed)
{
	struct feed f[INPUTS];
	struct seen s[3];
	char restore[30];
	struct weir_buf all = {0};
	int good = 1;

	for (int run = 0; run < 3; run++) {
		for (int k = 0; k < INPUTS; k++)
			f[k] = (struct feed){.k = k,
			    .from = run == 0 ? 0 : at[2 * (run - 1) + k],
			    .to = EVENTS,
			    .at = run == 2 ? NONE : at[2 * run + k],
			    .checkpoint = 1,
			    .step = step[k]};
		snprintf(restore, sizeof restore, "1.%d", (int)dir.epoch);
		good &= feed(f, run == 0 ? NULL : restore, time,
			    seed + (uint64_t)run, &s[run]) == 0;
		good &= s[run].ended && s[run].reason == WEIR_COMPLETE;
		if (run < 2)
			good &= s[run].before != SIZE_MAX &&
			    s[run].checkpoint == 1 && s[run].nparts >= 3 &&
			    reported("part 1 in%2Ftest.1.part");
		if (s[run].before > s[run].text.len)
			s[run].before = s[run].text.len;
		weir_buf_add(&all, s[run].text.data,
		    run < 2 ? s[run].before : s[run].text.len);
	}
	good &= all.len == want->text.len &&
	    memcmp(all.data, want->text.data, all.len) == 0;
	if (!good)
		printf("# at %d %d, %d %d, seed %d: %zu bytes, want %zu\n",
		    at[0], at[1], at[2], at[3], (int)seed, all.len,
		    want->text.len);
	for (int run = 0; run < 3; run++)
		seen_fini(&s[run]);
	weir_buf_fini(&all);
	return good;
}

static void
cuts(const char *time)
{
	static const int at[][4] = {{0, 0, 0, 0}, {10, 300, 20, 350},
	    {200, 200, 201, 400}, {399, 1, 400, 30}, {0, 400, 400, 400},
	    {137, 138, 300, 139}};
	static const int64_t step[][INPUTS] = {{10, 10}, {3, 50}};
	struct seen want;
	uint64_t seed = 100;
	int good = 1;

	for (size_t j = 0; j < 2; j++) {
		want = whole(step[j], time);
		for (size_t i = 0; i < sizeof at / sizeof *at; i++)
			good &= cut(at[i], step[j], time, &want, seed += 10);
		seen_fini(&want);
	}
	ok(good, time != NULL ? "cuts anywhere, with -t" : "cuts anywhere");
}

/*
 * What is read decides, not what is processed: input 1 is far ahead, and its
 * events stay in their queue as state.
 */
static void
reading_decides(void)
{
	struct feed f[INPUTS] = {
	    {.k = 0, .to = 5, .at = 5, .checkpoint = 1, .step = 1},
	    {.k = 1, .to = EVENTS, .at = 390, .checkpoint = 1, .step = 100}};
	struct weir_hello h;
	struct weir_buf b[INPUTS];
	struct seen s = {0};
	struct run r;
	size_t tail[INPUTS];

	begin_epoch();
	h = hello_of(true, NULL);
	r = start(NULL);
	for (int k = 0; k < INPUTS; k++) {
		struct weir_end end = {.checkpoint = 9};
		struct weir_buf payload = {0};

		b[k] = bytes_of(&f[k], &h);
		weir_end_write(&payload, &end);
		weir_buf_fini(&payload);
		tail[k] = 0;
	}
	/* all of 1; of 0 all but END, which is longer than 10 bytes */
	put(&r, 1, b[1].data, b[1].len);
	tail[0] = 10;
	put(&r, 0, b[0].data, b[0].len - tail[0]);
	do
		s = (seen_fini(&s), look(&r));
	while (s.before == SIZE_MAX && drain(&r, 10000));
	ok(s.before != SIZE_MAX && s.text.len < 10 * 100,
	    "it is passed when all have read it");
	ok(reported("part 1 in%2Ftest.1.part"), "and what was queued is saved");
	seen_fini(&s);
	kill(r.pid, SIGKILL);
	finish(&r);
	for (int k = 0; k < INPUTS; k++)
		weir_buf_fini(&b[k]);
	weir_buf_fini(&r.got);
}

/* One waits at a barrier that the other, whose writer died, never brings. */
static void
writer_died(void)
{
	struct feed f[INPUTS] = {
	    {.k = 0, .to = 5, .at = 5, .checkpoint = 1, .step = 1},
	    {.k = 1, .to = 5, .at = NONE, .step = 1}};
	struct weir_hello h;
	struct weir_buf b[INPUTS];
	struct run r;

	begin_epoch();
	h = hello_of(true, NULL);
	r = start(NULL);
	for (int k = 0; k < INPUTS; k++) {
		b[k] = bytes_of(&f[k], &h);
		/* without END, which is longer than 10 bytes */
		put(&r, k, b[k].data, b[k].len - 10);
		weir_buf_fini(&b[k]);
	}
	hang_up(&r, 1);
	while (drain(&r, -1))
		continue;
	ok(finish(&r) == WEIR_UPSTREAM, "a writer that died ends the wait");
	weir_buf_fini(&r.got);
}

/* Ended for now: nothing overtakes what the other would still bring. */
static void
suspended(void)
{
	static const int64_t step[INPUTS] = {10, 10};
	struct feed f[INPUTS] = {{.k = 0,
				     .to = 300,
				     .at = NONE,
				     .reason = WEIR_SUSPENDED,
				     .step = 10},
	    {.k = 1,
		.to = 100,
		.at = NONE,
		.reason = WEIR_SUSPENDED,
		.step = 10}};
	struct seen want = whole(step, NULL), one, two;
	char restore[30];
	int good;

	good = feed(f, NULL, NULL, 5, &one) == 0 && one.ended &&
	    one.reason == WEIR_SUSPENDED && reported("part 9 ");
	snprintf(restore, sizeof restore, "9.%d", (int)dir.epoch);
	f[0] = (struct feed){
	    .k = 0, .from = 300, .to = EVENTS, .at = NONE, .step = 10};
	f[1] = (struct feed){
	    .k = 1, .from = 100, .to = EVENTS, .at = NONE, .step = 10};
	good &= feed(f, restore, NULL, 6, &two) == 0;
	good &= one.text.len < want.text.len * 6 / 10;
	weir_buf_add(&one.text, two.text.data, two.text.len);
	ok(good && one.text.len == want.text.len &&
		memcmp(one.text.data, want.text.data, want.text.len) == 0,
	    "suspended, and gone on with");
	seen_fini(&want);
	seen_fini(&one);
	seen_fini(&two);
}

/* Inputs that are read as they come wait for each other's barriers, too. */
static void
by_clock(void)
{
	struct feed f[INPUTS] = {
	    {.k = 0, .to = EVENTS, .at = 10, .checkpoint = 1, .step = 10},
	    {.k = 1, .to = EVENTS, .at = 390, .checkpoint = 1, .step = 10}};
	struct seen s;
	size_t lines = 0;

	ok(feed(f, NULL, BY_CLOCK, 8, &s) == 0 && s.ended &&
		s.before != SIZE_MAX,
	    "by the clock");
	for (size_t i = 0; i < s.text.len; i++)
		lines += s.text.data[i] == '\n';
	ok(lines == INPUTS * EVENTS, "all came");
	seen_fini(&s);
}

/* A barrier that not all have is no reason to go on behind it. */
static void
failures(void)
{
	struct feed f[INPUTS] = {
	    {.k = 0, .to = 50, .at = 20, .checkpoint = 1, .step = 10},
	    {.k = 1, .to = 50, .at = NONE, .reason = WEIR_FAILED, .step = 10}};
	struct seen s;

	ok(feed(f, NULL, NULL, 7, &s) == WEIR_UPSTREAM && s.before == SIZE_MAX,
	    "one side failed");
	ok(s.ended && s.reason == WEIR_FAILED, "that is passed on");
	seen_fini(&s);
}

int
main(void)
{
	char path[64], state[80];

	alarm(120); /* instead of waiting for ever */
	signal(SIGPIPE, SIG_IGN);
	scratch_begin(path);
	snprintf(state, sizeof state, "%s/state", path);
	must(weir_dir_open(&dir, state, true, &err), &err);
	cuts(NULL);
	cuts("t");
	reading_decides();
	writer_died();
	suspended();
	by_clock();
	failures();
	weir_dir_close(&dir);
	scratch_end(path);
	return done();
}
