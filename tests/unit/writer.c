/*
 * writer: what goes in comes out, whole and in order, in every format. Writes
 * into memory files and small pipes, read back byte for byte or frame by frame.
 */
#define _GNU_SOURCE
#include "event/writer.h"

#include "tests/unit/frames.h"
#include "tests/unit/tap.h"

#include <errno.h>
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

static void
lines(size_t gaps)
{
	struct made m = {0};
	struct weir_buf want = {0}, got;
	int fd = memory();
	struct weir_writer *w = weir_writer_new(fd, WEIR_FORMAT_JSON);

	make(&m, 20000, gaps);
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
		if (walk.f.kind != WEIR_FRAME_EVENTS)
			continue;
		nframes++;
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
	ok(walk.b.watermark_after == 1000000000, "the watermark behind them");
	weir_frame_rows_fini(&walk.rows);
	weir_writer_free(w);
	weir_buf_fini(&got);
	made_fini(&m);
	close(fd);
}

int
main(void)
{
	lines(0);
	lines(3);
	frames(0);
	frames(3);
	return done();
}
