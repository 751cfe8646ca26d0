/*
 * Goal: whatever HELLO, watermarks, barriers and ends come on two inputs, in any
 * order, a stage ends by itself with a status that is meant, and what it wrote is
 * frames. Method: the input says, piece by piece, which frames come on which of
 * two inputs; they are whole, with the checksums and numbers that they must have.
 * Outside of a job the same input gives the same events again.
 */
#define _GNU_SOURCE
#include "base/mem.h"
#include "event/wire.h"
#include "state/publish.h"
#include "stream/options.h"
#include "stream/stage.h"

#include "tests/unit/frames.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define INPUTS	  2
#define NUMBERS	  8   /* of checkpoints that there are directories for */
#define INPUT_MAX 400 /* what comes of it fits into a pipe */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[64];
static struct weir_dir dir;
static int reports;

static void
must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "control: %s\n", what);
	abort();
}

static void
clean(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", root);
	must(system(command) == 0, command);
}

/* A job's directory, as its run leaves it to the stages. */
static void
begin(void)
{
	struct weir_error err = {0};
	int run;

	if (root[0] != '\0')
		return;
	snprintf(root, sizeof root, "%s/weir-fuzz.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(root) != NULL, root);
	atexit(clean);
	must(weir_dir_open(&dir, root, true, &err) == 1, err.text);
	must(weir_dir_lead(&dir, &err) == 1, err.text);
	run = weir_run_open(&dir, &err);
	must(mkfifoat(run, "commit.1", 0600) == 0, "a FIFO");
	reports = openat(run, "commit.1", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	close(run);
	for (uint64_t n = 1; n <= NUMBERS; n++)
		close(weir_cp_create(&dir, (struct weir_cp){n, 1}, &err));
}

/* Parts and reports of the run before are gone. */
static void
begin_again(void)
{
	struct weir_error err = {0};
	struct dirent *e;
	char drop[4096];

	while (read(reports, drop, sizeof drop) > 0)
		continue;
	for (uint64_t n = 1; n <= NUMBERS; n++) {
		int fd = weir_cp_open(&dir, (struct weir_cp){n, 1}, &err);
		DIR *d = fdopendir(fd);

		must(d != NULL, "a checkpoint's directory");
		while ((e = readdir(d)) != NULL)
			if (e->d_name[0] != '.')
				unlinkat(fd, e->d_name, 0);
		closedir(d);
	}
}

/* --- the stage --- */

static int
show(void *self, struct weir_stage *st, const struct weir_block *b, uint32_t i,
    uint32_t n, struct weir_error *err)
{
	*(uint64_t *)self += n;
	return weir_stage_pass(st, b, i, n, err);
}

static int
save(void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	(void)self;
	return weir_snapshot_line(w, "{}", 2, err);
}

static int
load_line(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	(void)self;
	(void)st;
	(void)line;
	(void)err;
	return 1;
}

static int
run_stage(const int *in, int out, uint64_t *seen)
{
	static const struct weir_stage_ops ops = {
	    .events = show, .save = save, .load = load_line};
	struct weir_stage_config c;
	struct weir_error err = {0};
	struct weir_stage *st;
	const char *files[INPUTS];
	char names[INPUTS][40];
	int status;

	for (int k = 0; k < INPUTS; k++) {
		snprintf(names[k], sizeof names[k], "/proc/self/fd/%d", in[k]);
		files[k] = names[k];
	}
	weir_stage_defaults(&c, "test");
	c.files = files;
	c.nfiles = INPUTS;
	c.out_fd = out;
	c.output = WEIR_FORMAT_FRAMES;
	c.fingerprint = "counts";
	st = weir_stage_new(&c, &ops, seen);
	status = weir_stage_run(st, &err);
	weir_stage_free(st);
	while (waitpid(-1, NULL, 0) > 0)
		continue;
	must(status == 0 || status == WEIR_INPUT || status == WEIR_UPSTREAM ||
		status == WEIR_STATE || status == WEIR_USAGE,
	    err.text);
	return status;
}

/* --- what it is fed with --- */

struct bytes {
	const uint8_t *p, *end;
};

static uint8_t
next(struct bytes *b)
{
	return b->p < b->end ? *b->p++ : 0;
}

struct feed {
	struct weir_buf bytes;
	uint64_t seq, events;
	int64_t time, mark;
};

/* So many more bytes. */
static unsigned char *
room(struct weir_buf *b, size_t len)
{
	char *p = weir_buf_reserve(b, len);

	b->len += len;
	return (unsigned char *)p;
}

static void
put_frame(
    struct feed *f, unsigned kind, uint32_t count, const void *s, size_t len)
{
	unsigned char header[WEIR_FRAME_HEADER];
	struct weir_piece payload = {s, len};

	weir_frame_write_header(
	    header, (enum weir_frame_kind)kind, count, f->seq++, &payload, 1);
	weir_buf_add(&f->bytes, header, sizeof header);
	weir_buf_add(&f->bytes, s, len);
}

static void
put_hello(struct feed *f, uint8_t how, bool job)
{
	static char id[] = "j", other[] = "k", in[] = "in", two[] = "two",
		    tool[] = "smap", restore[] = "3.1", here[] = ".";
	struct weir_tool_count tools[] = {{tool, 1 + how % 2}};
	struct weir_path path[] = {
	    {how & 2 ? two : in, 1, tools}, {in, 1, tools}};
	struct weir_hello h = {.retract = how & 4};
	struct weir_buf b = {0};

	if (job != ((how & 0xF0) == 0x10))
		h = (struct weir_hello){.job = true,
		    .id = (how & 0xF0) == 0x20 ? other : id,
		    .dir = (how & 0xF0) == 0x30 ? here : dir.path,
		    .epoch = dir.epoch + ((how & 0xF0) == 0x40),
		    .restore = (how & 0xF0) == 0x50 ? restore : NULL,
		    .npaths = how & 8 ? 2 : 1,
		    .paths = path};
	weir_hello_write(&b, &h);
	put_frame(f, WEIR_FRAME_HELLO, 0, b.data, b.len);
	weir_buf_fini(&b);
}

/* A few events; watermarks that fall and flags that are none come, too. */
static void
put_events(struct feed *f, struct bytes *in)
{
	struct weir_buf b = {0}, text = {0};
	uint32_t n = next(in) % 4 + 1u, pad = n % 2 * 4;
	int64_t *times = weir_calloc(2 * (size_t)n, sizeof *times);
	uint8_t flags[8] = {0};

	weir_put32(room(&b, 16),
	    WEIR_FRAME_TIMES | WEIR_FRAME_WATERMARKS | WEIR_FRAME_FLAGS);
	weir_put32(b.data + 4, 0);
	for (uint32_t i = 0; i < n; i++) {
		size_t before = text.len;
		uint8_t how = next(in);

		f->time += (int8_t)next(in);
		weir_buf_printf(&text, "{\"t\":%lld}\n", (long long)f->time);
		weir_put32(room(&b, 4), (uint32_t)(text.len - before));
		times[i] = f->time;
		times[n + i] = f->mark = how & 0xC0 ? f->mark : f->time - 9;
		flags[i] = how % 32 == 31;
	}
	weir_put64(b.data + 8, (uint64_t)f->mark);
	memset(room(&b, pad), 0, pad);
	for (uint32_t i = 0; i < 2 * n; i++)
		weir_put64(room(&b, 8), (uint64_t)times[i]);
	weir_buf_add(&b, flags, sizeof flags);
	weir_buf_add(&b, text.data, text.len);
	put_frame(f, WEIR_FRAME_EVENTS, n, b.data, b.len);
	f->events += n;
	free(times);
	weir_buf_fini(&b);
	weir_buf_fini(&text);
}

static void
put_watermark(struct feed *f, struct bytes *in)
{
	unsigned char payload[WEIR_FRAME_MARK];
	uint8_t how = next(in);

	f->mark += (int8_t)next(in);
	weir_frame_write_watermark(
	    payload, how % 16 == 15 ? WEIR_TIME_MAX : f->mark, how & 1);
	put_frame(f, WEIR_FRAME_WATERMARK, 0, payload, sizeof payload);
}

static void
put_barrier(struct feed *f, struct bytes *in)
{
	uint8_t how = next(in);
	struct weir_barrier barrier = {
	    .checkpoint = how % 16, .events = f->events + (how / 16 == 15)};
	struct weir_buf b = {0};

	weir_parts_add(&barrier.parts, how & 16 ? "in/a.1" : "in/test.1",
	    how & 32 ? "a.part" : "in%2Ftest.1.part");
	weir_barrier_write(&b, &barrier);
	put_frame(f, WEIR_FRAME_BARRIER, 0, b.data, b.len);
	weir_parts_fini(&barrier.parts);
	weir_buf_fini(&b);
}

static void
put_end(struct feed *f, struct bytes *in)
{
	uint8_t how = next(in);
	struct weir_end end = {.reason = (enum weir_end_reason)(how % 3),
	    .status = how % 3 == WEIR_FAILED ? how / 16 % 7 : 0,
	    .checkpoint = how / 4 % 16,
	    .events = f->events + (how >= 240)};
	struct weir_buf b = {0};

	weir_end_write(&b, &end);
	put_frame(f, WEIR_FRAME_END, 0, b.data, b.len);
	weir_buf_fini(&b);
}

/* A payload that the input has as it is. */
static void
put_raw(struct feed *f, struct bytes *in)
{
	unsigned kind = next(in) % 6;
	uint32_t count = next(in) % 8;
	size_t len = next(in);

	if (len > (size_t)(in->end - in->p))
		len = (size_t)(in->end - in->p);
	put_frame(f, kind, count, in->p, len);
	in->p += len;
}

static void
feed(struct feed *f, struct bytes *in, bool job)
{
	while (in->p < in->end) {
		uint8_t how = next(in);
		struct feed *to = &f[how % INPUTS];

		switch (how / INPUTS % 8) {
		case 0:
		case 1: put_events(to, in); break;
		case 2: put_watermark(to, in); break;
		case 3:
		case 4: put_barrier(to, in); break;
		case 5: put_end(to, in); break;
		case 6: put_raw(to, in); break;
		case 7: put_hello(to, next(in), job); break;
		}
	}
}

/* --- what came out --- */

/* Frames, numbered, and as many events as END says; what is amiss, or NULL. */
static const char *
amiss(const struct weir_buf *out, int status, uint64_t seen)
{
	struct walk w = {.p = out->data, .end = out->data + out->len};
	struct weir_error err = {0};
	struct weir_end end;
	uint64_t events = 0;
	bool ended = false, first = true;
	int got;

	while ((got = walk_next(&w, &err)) == 1 && !ended) {
		if (first != (w.f.kind == WEIR_FRAME_HELLO))
			return "HELLO comes first, and once";
		first = false;
		events += w.f.kind == WEIR_FRAME_EVENTS ? w.f.count : 0;
		if (w.f.kind != WEIR_FRAME_END)
			continue;
		ended = true;
		if (weir_end_read(&end, w.payload, w.f.len, &err) < 0 ||
		    end.events != events)
			return "END says how many events there were";
		if (status != 0 && end.reason != WEIR_FAILED)
			return "a failure says so";
		weir_end_fini(&end);
	}
	weir_frame_rows_fini(&w.rows);
	if (got < 0)
		return err.text[0] != '\0' ? "frames" : "frames, cut short";
	if (status == 0 && (!ended || events != seen))
		return "all that was seen comes out";
	return NULL;
}

/* The text of all events; how frames cut it is up to the clock. */
static struct weir_buf
text_of(const struct weir_buf *out)
{
	struct walk w = {.p = out->data, .end = out->data + out->len};
	struct weir_buf text = {0};

	while (walk_next(&w, NULL) == 1)
		if (w.f.kind == WEIR_FRAME_EVENTS)
			weir_buf_add(&text, w.b.text, (size_t)(w.p - w.b.text));
	weir_frame_rows_fini(&w.rows);
	return text;
}

static bool
same(const struct weir_buf *one, const struct weir_buf *two)
{
	struct weir_buf a = text_of(one), b = text_of(two);
	bool r = a.len == b.len &&
	    (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);

	weir_buf_fini(&a);
	weir_buf_fini(&b);
	return r;
}

/* All of it is there from the beginning: the reading end of a pipe. */
static int
filled(const struct weir_buf *b)
{
	int ends[2];

	must(pipe2(ends, O_CLOEXEC) == 0, "a pipe");
	must(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 &&
		write(ends[1], b->data, b->len) == (ssize_t)b->len,
	    "room in a pipe");
	close(ends[1]);
	return ends[0];
}

static struct weir_buf
run_once(const struct feed *f, int *status)
{
	int out = memfd_create("out", MFD_CLOEXEC), in[INPUTS];
	struct weir_buf b;
	const char *what;
	uint64_t seen = 0;

	for (int k = 0; k < INPUTS; k++)
		in[k] = filled(&f[k].bytes);
	*status = run_stage(in, out, &seen);
	for (int k = 0; k < INPUTS; k++)
		close(in[k]);
	b = slurp(out);
	close(out);
	what = amiss(&b, *status, seen);
	must(what == NULL, what);
	return b;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed f[INPUTS] = {{.time = 100}, {.time = 100}};
	struct bytes in = {data, data + size};
	struct weir_buf one, two;
	uint8_t how = next(&in);
	bool job = how & 1;
	int status, again;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	begin();
	for (int k = 0; k < INPUTS; k++)
		put_hello(&f[k], k == 0 ? 0 : how & 14, job);
	feed(f, &in, job);
	if (job)
		begin_again();
	one = run_once(f, &status);
	if (!job) {
		two = run_once(f, &again);
		must(status == again && (status != 0 || same(&one, &two)),
		    "the same again");
		weir_buf_fini(&two);
	}
	weir_buf_fini(&one);
	for (int k = 0; k < INPUTS; k++)
		weir_buf_fini(&f[k].bytes);
	return 0;
}
