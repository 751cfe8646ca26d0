/*
 * writer: what goes in comes out, whole and in order, in every format. Writes
 * into memory files and small pipes, read back byte for byte or frame by frame.
 */
#define _GNU_SOURCE
#include "event/writer.h"

#include "tests/unit/frames.h"
#include "tests/unit/tap.h"

#include <signal.h>
#include <sys/wait.h>

static struct weir_error err;

static int
memory(void)
{
	return memfd_create("test", 0);
}

/* n events of various lengths, with gaps before every third if gaps is set. */
static void
make(struct made *m, uint32_t n, size_t gaps)
{
	struct weir_buf json = {0};

	for (uint32_t i = 0; i < n; i++) {
		struct weir_event *ev;

		json.len = 0;
		weir_buf_printf(&json, "{\"i\":%lu,\"s\":\"%.*s\"}",
		    (unsigned long)i, (int)(i % 97),
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		ev = made_add(m, json.data, json.len, i % 3 == 2 ? gaps : 0);
		ev->time = (int64_t)i * 1000;
		ev->watermark = i == 0 ? WEIR_TIME_NONE : (int64_t)i * 1000 - 5;
		ev->flags = i % 5 == 4 ? WEIR_RETRACT : 0;
	}
	weir_buf_fini(&json);
}

/* The same as text: there a retraction would be written otherwise. */
static void
make_plain(struct made *m, uint32_t n, size_t gaps)
{
	make(m, n, gaps);
	for (uint32_t i = 0; i < n; i++)
		m->b.events[i].flags = 0;
}

static void
lines(size_t gaps)
{
	struct made m = {0};
	struct weir_buf want = {0}, got;
	int fd = memory();
	struct weir_writer *w = weir_writer_new(fd, WEIR_FORMAT_JSON);

	make_plain(&m, 20000, gaps);
	for (uint32_t i = 0; i < m.b.n; i++)
		weir_buf_add(
		    &want, m.b.text + m.b.events[i].off, m.b.events[i].len + 1);
	ok(weir_writer_pass(w, &m.b, 0, 7, 0, &err) == 1, "a few");
	ok(weir_writer_dirty(w) && weir_writer_bytes(w) == 0, "they wait");
	ok(weir_writer_pass(w, &m.b, 7, m.b.n - 7, 0, &err) == 1, "many");
	ok(weir_writer_flush(w, &err) == 1, "flush");
	ok(!weir_writer_dirty(w), "nothing waits");
	got = slurp(fd);
	ok(got.len == want.len && memcmp(got.data, want.data, got.len) == 0,
	    "%zu bytes of lines with gaps of %zu", want.len, gaps);
	ok(weir_writer_bytes(w) == got.len, "bytes are counted");
	ok(weir_writer_events(w) == m.b.n, "events are counted");
	weir_writer_free(w);
	weir_buf_fini(&want);
	weir_buf_fini(&got);
	made_fini(&m);
	close(fd);
}

static void
frames(size_t gaps)
{
	struct made m = {0};
	struct weir_buf got;
	struct walk walk = {0};
	int fd = memory(), same = 1, rc;
	int64_t behind = WEIR_TIME_NONE;
	bool idle;
	uint32_t at = 0, nframes = 0;
	struct weir_hello hello = {0};
	struct weir_end end = {0};
	struct weir_writer *w = weir_writer_new(fd, WEIR_FORMAT_FRAMES);

	make(&m, 20000, gaps);
	ok(weir_writer_hello(w, &hello, &err) == 1, "hello");
	ok(weir_writer_pass(w, &m.b, 0, 7, 0, &err) == 1, "a few");
	ok(weir_writer_pass(w, &m.b, 7, m.b.n - 7, 0, &err) == 1, "many");
	weir_writer_watermark(w, 1000000000, false);
	ok(weir_writer_end(w, &end, &err) == 1, "end");
	got = slurp(fd);
	walk.p = got.data;
	walk.end = got.data + got.len;
	while ((rc = walk_next(&walk, &err)) == 1) {
		if (walk.f.kind == WEIR_FRAME_WATERMARK)
			weir_frame_read_watermark(
			    walk.payload, walk.f.len, &behind, &idle, &err);
		if (walk.f.kind != WEIR_FRAME_EVENTS)
			continue;
		nframes++;
		behind = walk.b.watermark_after;
		for (uint32_t i = 0; i < walk.b.n; i++, at++) {
			struct weir_event *a = &walk.b.events[i];
			struct weir_event *b = &m.b.events[at];

			same &= a->len == b->len && a->time == b->time &&
			    a->watermark == b->watermark &&
			    a->flags == b->flags &&
			    memcmp(walk.b.text + a->off, m.b.text + b->off,
				a->len + 1) == 0;
		}
	}
	ok(rc == 0, "the frames are good: %s", err.text);
	ok(same && at == m.b.n, "%lu events in %lu frames with gaps of %zu",
	    (unsigned long)at, (unsigned long)nframes, gaps);
	ok(behind == 1000000000, "the watermark behind them");
	weir_frame_rows_fini(&walk.rows);
	weir_writer_free(w);
	weir_buf_fini(&got);
	made_fini(&m);
	close(fd);
}

/* Open a writer of frames on a memory file, HELLO written. */
static struct weir_writer *
frame_writer(int *fd)
{
	struct weir_hello hello = {0};
	struct weir_writer *w;

	*fd = memory();
	w = weir_writer_new(*fd, WEIR_FORMAT_FRAMES);
	weir_writer_hello(w, &hello, &err);
	return w;
}

/* The frames written so far; *got holds their bytes. HELLO is passed over. */
static struct walk
written(int fd, struct weir_buf *got)
{
	struct walk walk = {0};

	*got = slurp(fd);
	walk.p = got->data;
	walk.end = got->data + got->len;
	walk_next(&walk, &err);
	return walk;
}

static void
index_and_names(void)
{
	static const char *const names[] = {"a", "bb", "c"};
	struct made m = {0};
	struct weir_names copy;
	struct weir_block plain;
	struct weir_buf got;
	struct walk walk;
	int fd;
	struct weir_writer *w = frame_writer(&fd);

	for (int i = 0; i < 4; i++)
		made_add(&m, "{\"a\":1,\"bb\":2}", 14, 0);
	made_index(&m, 2, names);
	for (uint32_t i = 0; i < m.b.n; i++) {
		m.b.index[i * WEIR_INDEX_MAX] = 5;
		m.b.index[i * WEIR_INDEX_MAX + 1] = 12;
	}
	weir_writer_put(w, "{}", 2, 7, WEIR_TIME_NONE, 0, &err);
	weir_writer_pass(w, &m.b, 0, 1, 0, &err);
	weir_writer_put(w, "{}", 2, 8, WEIR_TIME_NONE, 0, &err);
	copy = m.names; /* the same names, elsewhere */
	m.b.names = &copy;
	weir_writer_pass(w, &m.b, 1, 1, 0, &err);
	made_index(&m, 3, names);
	weir_writer_pass(w, &m.b, 2, 1, 0, &err);
	plain = m.b;
	plain.index = NULL;
	weir_writer_pass(w, &plain, 3, 1, 0, &err);
	weir_writer_flush(w, &err);
	weir_writer_put(w, "{}", 2, 9, WEIR_TIME_NONE, 0, &err);
	weir_writer_flush(w, &err);

	walk = written(fd, &got);
	ok(walk_next(&walk, &err) == 1 && walk.b.n == 4, "one frame of four");
	ok(walk.b.names->n == 2 && walk.b.index[0] == WEIR_INDEX_UNKNOWN &&
		walk.b.index[1] == WEIR_INDEX_UNKNOWN,
	    "put before the names came: look yourself");
	ok(walk.b.index[WEIR_INDEX_MAX] == 5 &&
		walk.b.index[WEIR_INDEX_MAX + 1] == 12,
	    "the index is passed on");
	ok(walk.b.index[2 * WEIR_INDEX_MAX + 1] == WEIR_INDEX_UNKNOWN,
	    "put between: look yourself");
	ok(walk.b.index[3 * WEIR_INDEX_MAX + 1] == 12,
	    "equal names do not end a frame");
	ok(walk_next(&walk, &err) == 1 && walk.b.n == 2 &&
		walk.b.names->n == 3 && weir_str_eq(walk.b.names->name[2], "c"),
	    "other names begin a frame");
	ok(walk.b.index[WEIR_INDEX_MAX] == WEIR_INDEX_UNKNOWN,
	    "an event without an index joins it");
	ok(walk_next(&walk, &err) == 1 && walk.b.n == 1 &&
		walk.b.index != NULL && walk.b.names->n == 0,
	    "put alone: proven, nothing known");
	ok(walk_next(&walk, &err) == 0, "that is all");
	weir_frame_rows_fini(&walk.rows);
	weir_buf_fini(&got);
	weir_writer_free(w);
	made_fini(&m);
	close(fd);
}

static void
watermarks(void)
{
	struct made m = {0};
	struct weir_buf got;
	struct walk walk;
	int64_t t;
	bool idle;
	int fd;
	struct weir_writer *w = frame_writer(&fd);
	static const int64_t before[] = {WEIR_TIME_NONE, 100, 90, 200};
	static const int64_t after[] = {WEIR_TIME_NONE, 70, 70, 170};

	weir_writer_watermark(w, WEIR_TIME_NONE, false);
	ok(!weir_writer_dirty(w), "no watermark is nothing to send");
	weir_writer_watermark(w, WEIR_TIME_NONE, true);
	ok(weir_writer_dirty(w), "falling idle is");
	weir_writer_flush(w, &err);
	for (int i = 0; i < 4; i++)
		made_add(&m, "{}", 2, 0)->watermark = before[i];
	weir_writer_pass(w, &m.b, 0, 4, 30, &err);
	ok(weir_writer_sent(w) == 170, "watermarks less the hold");
	weir_writer_watermark(w, 160, false);
	weir_writer_flush(w, &err);
	weir_writer_watermark(w, 170, false);
	ok(!weir_writer_dirty(w), "a watermark that does not rise");
	weir_writer_watermark(w, 171, false);
	weir_writer_flush(w, &err);
	weir_writer_put(w, "{}", 2, 0, WEIR_TIME_MAX, 0, &err);
	weir_writer_flush(w, &err);

	walk = written(fd, &got);
	ok(walk_next(&walk, &err) == 1 && walk.f.kind == WEIR_FRAME_WATERMARK &&
		weir_frame_read_watermark(
		    walk.payload, walk.f.len, &t, &idle, &err) == 1 &&
		idle && t == WEIR_TIME_NONE,
	    "idle before any watermark");
	ok(walk_next(&walk, &err) == 1 && walk.f.kind == WEIR_FRAME_WATERMARK &&
		weir_frame_read_watermark(
		    walk.payload, walk.f.len, &t, &idle, &err) == 1 &&
		!idle && t == WEIR_TIME_NONE,
	    "no longer idle");
	ok(walk_next(&walk, &err) == 1 && walk.b.n == 4, "then events");
	for (int i = 0; i < 4; i++)
		ok(walk.b.events[i].watermark == after[i],
		    "watermark before event %d", i);
	ok(walk.b.watermark_after == 170, "watermark after them");
	ok(walk_next(&walk, &err) == 1 && walk.f.kind == WEIR_FRAME_WATERMARK &&
		weir_frame_read_watermark(
		    walk.payload, walk.f.len, &t, &idle, &err) == 1 &&
		!idle && t == 171,
	    "one that rose");
	ok(walk_next(&walk, &err) == 1 &&
		walk.b.watermark_after == WEIR_TIME_MAX,
	    "the end of time");
	weir_frame_rows_fini(&walk.rows);
	weir_buf_fini(&got);
	weir_writer_free(w);
	made_fini(&m);
	close(fd);
}

static void
columns_left_out(void)
{
	static const uint32_t want[] = {8, 9, 11, 15};
	struct weir_buf got;
	struct walk walk;
	int fd;
	struct weir_writer *w = frame_writer(&fd);

	for (int i = 0; i < 4; i++) {
		weir_writer_put(w, "{}", 2, i > 0 ? 1 : WEIR_TIME_NONE,
		    i > 1 ? 1 : WEIR_TIME_NONE, i > 2, &err);
		weir_writer_flush(w, &err);
	}
	walk = written(fd, &got);
	for (int i = 0; i < 4; i++)
		ok(walk_next(&walk, &err) == 1 &&
			memcmp(walk.payload, &want[i], 1) == 0,
		    "columns %lu", (unsigned long)want[i]);
	weir_frame_rows_fini(&walk.rows);
	weir_buf_fini(&got);
	weir_writer_free(w);
	close(fd);
}

static void
barriers(void)
{
	struct weir_buf got;
	struct walk walk;
	int fd;
	struct weir_writer *w = frame_writer(&fd);
	struct weir_barrier b = {.checkpoint = 5, .events = 99}, back;

	weir_parts_add(&b.parts, "in", "in.part");
	weir_writer_put(w, "{}", 2, 1, 1, 0, &err);
	weir_writer_watermark(w, 2, false);
	ok(weir_writer_barrier(w, &b, &err) == 1, "a barrier");
	ok(!weir_writer_dirty(w), "it flushes");
	walk = written(fd, &got);
	ok(walk_next(&walk, &err) == 1 && walk.b.n == 1 &&
		walk.b.watermark_after == 2,
	    "what came before it comes before it");
	ok(walk_next(&walk, &err) == 1 && walk.f.kind == WEIR_FRAME_BARRIER &&
		weir_barrier_read(&back, walk.payload, walk.f.len, &err) == 1,
	    "then the barrier");
	ok(back.checkpoint == 5 && back.events == 1 && back.parts.n == 1,
	    "with the events counted");
	weir_barrier_fini(&b);
	weir_barrier_fini(&back);
	weir_frame_rows_fini(&walk.rows);
	weir_buf_fini(&got);
	weir_writer_free(w);
	close(fd);
}

/* {"s":"xxx…"} of len bytes. */
static char *
long_json(size_t len)
{
	char *s = weir_malloc(len + 1);

	memset(s, 'x', len);
	memcpy(s, "{\"s\":\"", 6);
	memcpy(s + len - 2, "\"}", 3);
	return s;
}

/* Events around the sizes where buffers and frames are full. */
static void
large(enum weir_format format, const char *name)
{
	static const size_t around[] = {
	    65536, 131072, 262144 - 200, 262144, 1000000};
	struct weir_buf want = {0}, got;
	struct walk walk = {0};
	struct made m = {0};
	struct weir_hello hello = {0};
	int fd = memory();
	struct weir_writer *w = weir_writer_new(fd, format);

	weir_writer_hello(w, &hello, &err);
	for (int i = 0; i < 5; i++)
		for (size_t d = 0; d < 200; d += d < 3 ? 1 : 7) {
			size_t len = around[i] - 100 + d;
			char *json = long_json(len);
			uint32_t at = m.b.n;

			made_add(&m, json, len, 0);
			weir_writer_put(
			    w, json, len, 5, WEIR_TIME_NONE, 0, &err);
			weir_writer_pass(w, &m.b, at, 1, 0, &err);
			for (int twice = 0; twice < 2; twice++) {
				if (format == WEIR_FORMAT_SEQ)
					weir_buf_putc(&want, '\x1e');
				weir_buf_add(&want, json, len);
				weir_buf_putc(&want, '\n');
			}
			made_fini(&m);
			free(json);
		}
	ok(weir_writer_flush(w, &err) == 1, "large events as %s", name);
	got = slurp(fd);
	if (format == WEIR_FORMAT_FRAMES) {
		struct weir_buf text = {0};

		walk.p = got.data;
		walk.end = got.data + got.len;
		while (walk_next(&walk, &err) == 1)
			if (walk.f.kind == WEIR_FRAME_EVENTS)
				weir_buf_add(&text, walk.b.text,
				    (size_t)(walk.p - walk.b.text));
		weir_frame_rows_fini(&walk.rows);
		weir_buf_fini(&got);
		got = text;
	}
	ok(got.len == want.len && memcmp(got.data, want.data, got.len) == 0,
	    "%zu bytes of them", got.len);
	weir_buf_fini(&got);
	weir_buf_fini(&want);
	weir_writer_free(w);
	close(fd);
}

static void
sequences(void)
{
	struct made m = {0};
	struct weir_buf got;
	int fd = memory();
	struct weir_writer *w = weir_writer_new(fd, WEIR_FORMAT_SEQ);
	struct weir_end end = {0};

	made_add(&m, "{\"a\":1}", 7, 0);
	made_add(&m, "{}", 2, 2);
	weir_writer_pass(w, &m.b, 0, 2, 0, &err);
	weir_writer_put(w, "{\"b\":2}", 7, 0, 0, 0, &err);
	weir_writer_end(w, &end, &err);
	got = slurp(fd);
	is_text(got.data, got.len, "\x1e{\"a\":1}\n\x1e{}\n\x1e{\"b\":2}\n");
	weir_buf_fini(&got);
	weir_writer_free(w);
	made_fini(&m);
	close(fd);
}

/*
 * A reader that takes a few bytes at a time, and a descriptor that does not
 * block: nothing may be lost, no frame be larger than half the pipe.
 */
static void
slow_reader(enum weir_format format, int flags)
{
	struct made m = {0};
	struct weir_buf got = {0};
	struct walk walk = {0};
	struct weir_hello hello = {0};
	struct weir_end end = {0};
	int to[2], status, small = 1, rc;
	uint64_t events = 0;
	size_t text = 0;
	pid_t pid;

	make_plain(&m, 20000, 0);
	if (pipe(to) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		struct weir_writer *w;

		close(to[0]);
		fcntl(to[1], F_SETFL, flags);
		w = weir_writer_new(to[1], format);
		_exit(weir_writer_hello(w, &hello, &err) < 0 ||
		    weir_writer_pass(w, &m.b, 0, m.b.n, 0, &err) < 0 ||
		    weir_writer_end(w, &end, &err) < 0);
	}
	close(to[1]);
	for (size_t n = 1;; n = n * 3 % 4999) {
		ssize_t k = read(to[0], weir_buf_reserve(&got, n), n);

		if (k <= 0)
			break;
		got.len += (size_t)k;
	}
	waitpid(pid, &status, 0);
	ok(status == 0, "the writer got everything out");
	if (format == WEIR_FORMAT_JSON) {
		ok(got.len == m.text.len &&
			memcmp(got.data, m.text.data, got.len) == 0,
		    "lines through a slow pipe");
	} else {
		walk.p = got.data;
		walk.end = got.data + got.len;
		while ((rc = walk_next(&walk, &err)) == 1) {
			small &= walk.f.len + WEIR_FRAME_HEADER <= 131072;
			if (walk.f.kind == WEIR_FRAME_EVENTS) {
				events += walk.b.n;
				text += (size_t)(walk.p - walk.b.text);
			}
		}
		ok(rc == 0 && events == m.b.n && text == m.text.len,
		    "frames through a slow pipe");
		ok(small, "none over half the pipe");
		weir_frame_rows_fini(&walk.rows);
	}
	close(to[0]);
	weir_buf_fini(&got);
	made_fini(&m);
}

static void
failures(void)
{
	struct made m = {0};
	struct weir_writer *w;
	int to[2], full = open("/dev/full", O_WRONLY);

	make(&m, 10, 0);
	if (pipe(to) < 0)
		abort();
	close(to[0]);
	w = weir_writer_new(to[1], WEIR_FORMAT_JSON);
	weir_writer_pass(w, &m.b, 0, m.b.n, 0, &err);
	ok(!weir_writer_broken(w), "nothing is wrong yet");
	ok(weir_writer_flush(w, &err) == -1 && err.status == WEIR_SYSTEM,
	    "no reader: %s", err.text);
	ok(weir_writer_broken(w), "the reader went away");
	weir_writer_free(w);
	close(to[1]);
	if (full < 0)
		return;
	w = weir_writer_new(full, WEIR_FORMAT_FRAMES);
	ok(weir_writer_hello(w, &(struct weir_hello){0}, &err) == -1,
	    "no space: %s", err.text);
	ok(!weir_writer_broken(w), "that is not the reader's doing");
	weir_writer_free(w);
	close(full);
	made_fini(&m);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	lines(0);
	lines(3);
	frames(0);
	frames(3);
	index_and_names();
	watermarks();
	columns_left_out();
	barriers();
	large(WEIR_FORMAT_JSON, "lines");
	large(WEIR_FORMAT_SEQ, "sequences");
	large(WEIR_FORMAT_FRAMES, "frames");
	sequences();
	slow_reader(WEIR_FORMAT_JSON, 0);
	slow_reader(WEIR_FORMAT_FRAMES, 0);
	slow_reader(WEIR_FORMAT_JSON, O_NONBLOCK);
	slow_reader(WEIR_FORMAT_FRAMES, O_NONBLOCK);
	failures();
	return done();
}
