/*
 * The worked example of weir-frames(5) must be what the writer writes, and what
 * a reader understands. The bytes are taken from the page, line by line: four
 * hex digits of offset, two blanks, the bytes; two blanks end them.
 */
#define _GNU_SOURCE
#include "tests/unit/frames.h"
#include "tests/unit/tap.h"

#include "base/timetext.h"

#define PAGE "man/weir-frames.5"

static struct weir_error err;

static int64_t
at(const char *rfc3339)
{
	struct weir_time_cache cache = {{0}, 0};
	int64_t t = 0;

	weir_time_read(&cache, rfc3339, strlen(rfc3339), &t);
	return t;
}

/*
 * The stream that the page shows: two events, a moment later a third one that
 * only raises the watermark, the end.
 */
static struct weir_buf
example(void)
{
	static const char *const names[] = {"ts", "v"};
	struct weir_hello hello = {0};
	struct weir_end end = {0};
	struct made m = {0};
	struct weir_event *ev;
	struct weir_buf got;
	int fd = memfd_create("test", 0);
	struct weir_writer *w = weir_writer_new(fd, WEIR_FORMAT_FRAMES);

	ev = made_add(&m, "{\"ts\":\"2026-01-01T00:00:01Z\",\"v\":5}", 35, 0);
	ev->time = at("2026-01-01T00:00:01Z");
	ev = made_add(&m, "{\"ts\":\"2026-01-01T00:00:02Z\"}", 29, 0);
	ev->time = at("2026-01-01T00:00:02Z");
	ev->watermark = m.b.events[0].time;
	made_index(&m, 2, names);
	m.b.index[0] = 6;
	m.b.index[1] = 33;
	m.b.index[WEIR_INDEX_MAX] = 6;
	weir_writer_hello(w, &hello, &err);
	weir_writer_pass(w, &m.b, 0, 2, 0, &err);
	weir_writer_watermark(w, ev->time, false);
	weir_writer_flush(w, &err);
	weir_writer_watermark(w, at("2026-01-01T00:00:05Z"), false);
	weir_writer_flush(w, &err);
	weir_writer_end(w, &end, &err);
	got = slurp(fd);
	weir_writer_free(w);
	made_fini(&m);
	close(fd);
	return got;
}

/* Add the bytes of a line of the example, if it is one. */
static void
add_line(struct weir_buf *out, const char *line)
{
	unsigned offset, byte;
	int used = 0;

	if (sscanf(line, "%4x%n", &offset, &used) != 1 || used != 4 ||
	    strncmp(line + 4, "  ", 2) != 0)
		return;
	ok(offset == out->len, "offset %04x follows", offset);
	for (line += 6; sscanf(line, "%2x%n", &byte, &used) == 1 && used == 2;
	     line += 3) {
		weir_buf_putc(out, (char)byte);
		if (line[2] != ' ' || line[3] == ' ')
			break;
	}
}

int
main(void)
{
	struct weir_buf want = example(), page = {0};
	FILE *in = fopen(PAGE, "r");
	struct walk walk = {0};
	char line[256];
	int frames = 0;

	if (in == NULL) {
		ok(0, "%s is not there", PAGE);
		return done();
	}
	while (fgets(line, sizeof line, in) != NULL)
		add_line(&page, line);
	fclose(in);
	ok(page.len == want.len, "%zu bytes in the page, %zu written", page.len,
	    want.len);
	ok(page.len == want.len && memcmp(page.data, want.data, want.len) == 0,
	    "the same bytes");
	walk.p = page.data;
	walk.end = page.data + page.len;
	while (walk_next(&walk, &err) == 1)
		frames++;
	ok(frames == 4, "four good frames");
	weir_frame_rows_fini(&walk.rows);
	weir_buf_fini(&page);
	weir_buf_fini(&want);
	return done();
}
