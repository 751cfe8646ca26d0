/*
 * frame: what is damaged is refused, what is hostile does no harm. A small
 * stream of every kind of frame is cut at every length and flipped in every
 * bit; then payloads are changed one byte at a time, their checksums repaired.
 */
#define _GNU_SOURCE
#include "event/frame.h"

#include "event/wire.h"
#include "tests/unit/frames.h"
#include "tests/unit/tap.h"

static struct weir_error err;

/* HELLO, EVENTS with every column, WATERMARK, BARRIER, EVENTS, END. */
static struct weir_buf
small_stream(void)
{
	static const char *const names[] = {"a", "bc"};
	struct made m = {0};
	struct weir_hello hello = {0};
	struct weir_barrier barrier = {.checkpoint = 1};
	struct weir_end end = {0};
	struct weir_buf got;
	int fd = memfd_create("test", 0);
	struct weir_writer *w = weir_writer_new(fd, WEIR_FORMAT_FRAMES);

	for (int i = 0; i < 3; i++) {
		struct weir_event *ev =
		    made_add(&m, "{\"a\":1,\"bc\":22}", 15, 0);

		ev->time = 1000 + i;
		ev->watermark = 900 + i;
		ev->flags = i == 1 ? WEIR_RETRACT : 0;
	}
	made_index(&m, 2, names);
	for (uint32_t i = 0; i < m.b.n; i++) {
		m.b.index[i * WEIR_INDEX_MAX] = 5;
		m.b.index[i * WEIR_INDEX_MAX + 1] = 12;
	}
	weir_parts_add(&barrier.parts, "in/swindow.1", "in%2Fswindow.1.part");
	weir_writer_hello(w, &hello, &err);
	weir_writer_pass(w, &m.b, 0, 3, 0, &err);
	weir_writer_flush(w, &err);
	weir_writer_watermark(w, 950, false);
	weir_writer_barrier(w, &barrier, &err);
	weir_writer_put(w, "{\"new\":true}", 12, 2000, 960, 0, &err);
	weir_writer_end(w, &end, &err);
	got = slurp(fd);
	weir_writer_free(w);
	weir_barrier_fini(&barrier);
	made_fini(&m);
	close(fd);
	return got;
}

/* Walk all the bytes: how walk_next() ended, and how many frames before. */
static int
walk_all(const char *data, size_t len, uint64_t *nframes)
{
	struct walk w = {.p = data, .end = data + len};
	int rc;

	for (*nframes = 0; (rc = walk_next(&w, &err)) == 1; ++*nframes)
		continue;
	weir_frame_rows_fini(&w.rows);
	return rc;
}

static void
cut_everywhere(const struct weir_buf *s)
{
	uint64_t n;
	size_t whole = 0, refused = 0;

	for (size_t len = 0; len < s->len; len++) {
		/* At an odd address, and exactly as long: a sanitizer sees
		 * a read beyond. */
		char *copy = weir_malloc(len + 1);

		memcpy(copy + 1, s->data, len);
		if (walk_all(copy + 1, len, &n) < 0)
			refused++;
		else
			whole++;
		free(copy);
	}
	ok(whole == 6 && refused == s->len - 6,
	    "cut at %zu places: whole only between frames", s->len);
	ok(walk_all(s->data, s->len, &n) == 0 && n == 6,
	    "uncut it is six frames");
}

static void
flip_every_bit(struct weir_buf *s)
{
	size_t missed = 0;
	uint64_t n;

	for (size_t bit = 0; bit < s->len * 8; bit++) {
		s->data[bit / 8] ^= (char)(1 << bit % 8);
		missed += walk_all(s->data, s->len, &n) == 0;
		s->data[bit / 8] ^= (char)(1 << bit % 8);
	}
	ok(missed == 0, "%zu single bits flipped: all found", s->len * 8);
}

/* Find the i-th frame; its header is at the result, its payload behind. */
static char *
find(const struct weir_buf *s, int i)
{
	char *p = s->data;

	while (i-- > 0)
		p += WEIR_FRAME_HEADER + weir_get32(p + 8);
	return p;
}

/* Decode an EVENTS payload of len bytes that lies in no larger memory. */
static int
decode(const void *payload, size_t len, uint32_t count)
{
	struct weir_frame f = {.kind = WEIR_FRAME_EVENTS,
	    .len = (uint32_t)len,
	    .count = count,
	    .seq = 3};
	struct weir_frame_rows rows = {0};
	struct weir_block b;
	char *copy = weir_malloc(len + 1);
	int rc;

	memcpy(copy, payload, len);
	copy = weir_realloc(copy, len == 0 ? 1 : len);
	err = (struct weir_error){0};
	rc = weir_frame_read_events(&f, copy, &rows, &b, &err);
	for (uint32_t i = 0; rc == 1 && i < b.n; i++) {
		size_t end = (size_t)b.events[i].off + b.events[i].len;

		if (b.text + end >= copy + len || b.text[end] != '\n')
			rc = -2;
		for (uint32_t j = 0; b.index != NULL && j < b.names->n; j++) {
			unsigned v = b.index[i * WEIR_INDEX_MAX + j];

			if (v != WEIR_INDEX_UNKNOWN && v >= b.events[i].len)
				rc = -2;
		}
	}
	weir_frame_rows_fini(&rows);
	free(copy);
	return rc;
}

/* Each byte to each of a few values: refused, or sound within its bounds. */
static void
hostile_bytes(const struct weir_buf *s)
{
	static const unsigned char values[] = {
	    0, 1, 2, 3, 4, 15, 16, 31, 32, 33, 0x7f, 0x80, 0xfe, 0xff, '\n'};
	char *header = find(s, 1), *payload = header + WEIR_FRAME_HEADER;
	size_t len = weir_get32(header + 8), unsound = 0, refused = 0;

	for (size_t i = 0; i < len; i++)
		for (size_t v = 0; v < sizeof values; v++) {
			char old = payload[i];
			int rc;

			payload[i] = (char)values[v];
			rc = decode(payload, len, 3);
			refused += rc == -1;
			unsound += rc == -2 || (rc == -1 && err.status != 3);
			payload[i] = old;
		}
	ok(unsound == 0 && refused > 0, "hostile bytes: %zu refused", refused);
	for (uint32_t count = 0; count < 40; count++)
		unsound += count != 3 && decode(payload, len, count) != -1;
	unsound += decode(payload, len, UINT32_MAX) != -1;
	unsound += decode(payload, len, 0x20000000) != -1;
	ok(unsound == 0, "a wrong count is refused");
	for (size_t cut = 0; cut < len; cut++)
		unsound += decode(payload, cut, 3) != -1;
	ok(unsound == 0, "a payload cut short is refused");
	ok(decode(payload, len, 3) == 1, "the payload itself is good");
}

/* A payload written by hand, byte by byte in the order of the page. */
struct hand {
	unsigned char at[512];
	size_t len;
};

static void
put(struct hand *h, uint64_t v, size_t bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		h->at[h->len++] = (unsigned char)v;
}

static void
put_text(struct hand *h, const char *s, size_t len)
{
	memcpy(h->at + h->len, s, len);
	h->len += len;
}

static void
align(struct hand *h)
{
	while (h->len % 8 != 0)
		h->at[h->len++] = 0;
}

static struct hand
begin(uint32_t mask, int64_t after)
{
	struct hand h = {.len = 0};

	put(&h, mask, 4);
	put(&h, 0, 4);
	put(&h, (uint64_t)after, 8);
	return h;
}

/* Two events of the given lengths over a text, with one column. */
static int
two(uint32_t mask, int64_t after, uint64_t a, uint64_t b, const char *text)
{
	struct hand h = begin(mask, after);

	put(&h, 4, 4);
	put(&h, 4, 4);
	if (mask & (WEIR_FRAME_TIMES | WEIR_FRAME_WATERMARKS)) {
		put(&h, a, 8);
		put(&h, b, 8);
	}
	if (mask & WEIR_FRAME_FLAGS) {
		put(&h, a, 1);
		put(&h, b, 1);
		align(&h);
	}
	put_text(&h, text, 8);
	return decode(h.at, h.len, 2);
}

static void
columns(void)
{
	static const char text[] = "{ }\n{ }\n";

	ok(two(0, 0, 0, 0, text) == 1, "no columns");
	ok(two(1, 0, 5, 3, text) == 1, "times in any order");
	ok(two(2, 9, 5, 7, text) == 1, "watermarks that rise");
	ok(two(2, 9, 7, 5, text) == -1, "that fall: %s", err.text);
	ok(two(2, 6, 5, 7, text) == -1, "that fall at the end");
	ok(two(4, 0, 1, 0, text) == 1, "a retraction");
	ok(two(4, 0, 2, 0, text) == -1, "an unknown flag: %s", err.text);
	ok(two(16, 0, 0, 0, text) == -1, "an unknown column: %s", err.text);
	ok(two(0, 0, 0, 0, "{ } { }\n") == -1, "no newline: %s", err.text);
	ok(two(0, 0, 0, 0, "{\n}\n{ }\n") == -1, "a newline inside: %s",
	    err.text);
}

/* One event of eight bytes with an index of one name. */
static int
one_name(uint64_t names, uint64_t bytes, uint64_t len, uint64_t offset)
{
	struct hand h = begin(WEIR_FRAME_INDEX, 0);

	put(&h, 8, 4);
	align(&h);
	put(&h, names, 2);
	put(&h, bytes, 2);
	put(&h, len, 2);
	put_text(&h, "a", 1);
	align(&h);
	put(&h, offset, 2);
	align(&h);
	put_text(&h, "{\"a\":1}\n", 8);
	return decode(h.at, h.len, 1);
}

static void
indices(void)
{
	struct hand h = begin(WEIR_FRAME_INDEX, 0);

	ok(one_name(1, 1, 1, 5) == 1, "an index");
	ok(one_name(1, 1, 1, 0) == 1, "of an absent name");
	ok(one_name(1, 1, 1, 0xffff) == 1, "of nothing known");
	ok(one_name(1, 1, 1, 6) == 1, "the last byte of the event");
	ok(one_name(1, 1, 1, 7) == -1, "its newline: %s", err.text);
	ok(one_name(1, 1, 1, 0xfffe) == -1, "far behind it");
	ok(one_name(1, 2, 1, 5) == -1, "bytes that do not add up: %s",
	    err.text);
	ok(one_name(1, 0xffff, 0xffff, 5) == -1, "a name beyond the end");
	ok(one_name(33, 1, 1, 5) == -1, "33 names");
	ok(one_name(0, 1, 1, 5) == -1, "bytes of no name");

	put(&h, 3, 4);
	align(&h);
	put(&h, 0, 8);
	put_text(&h, "{}\n", 3);
	ok(decode(h.at, h.len, 1) == 1, "an index of no names");

	h = begin(WEIR_FRAME_INDEX, 0);
	put(&h, 3, 4);
	align(&h);
	put(&h, 2, 2);
	put(&h, 2, 2);
	put(&h, 1, 2);
	put(&h, 1, 2);
	put_text(&h, "aa", 2);
	align(&h);
	put(&h, 0, 8);
	put_text(&h, "{}\n", 3);
	ok(decode(h.at, h.len, 1) == -1, "twice the same: %s", err.text);
}

/* Names stay the same, with the same id, until others come. */
static void
names_kept(const struct weir_buf *s)
{
	struct walk w = {.p = s->data, .end = s->data + s->len};
	uint64_t id;
	const char *name;

	while (walk_next(&w, &err) == 1 && w.f.kind != WEIR_FRAME_EVENTS)
		continue;
	id = w.b.names->id;
	name = w.b.names->name[1].s;
	ok(id == weir_names_id(w.b.names), "an id of its names");
	ok(weir_frame_read_events(&w.f, w.payload, &w.rows, &w.b, &err) == 1 &&
		w.b.names->id == id && w.b.names->name[1].s == name,
	    "the same names again");
	while (walk_next(&w, &err) == 1 && w.f.kind != WEIR_FRAME_EVENTS)
		continue;
	ok(w.b.names->n == 0 && w.b.names->id != id && w.b.names->id != 0,
	    "other names, another id");
	weir_frame_rows_fini(&w.rows);
}

static int
header(size_t at, unsigned char value, size_t max)
{
	unsigned char h[WEIR_FRAME_HEADER];
	struct weir_piece none = {"", 0};
	struct weir_frame f;

	weir_frame_write_header(h, WEIR_FRAME_EVENTS, 1, 0, &none, 1);
	h[at] = value;
	err = (struct weir_error){0};
	return weir_frame_read_header(&f, h, max, &err);
}

static void
headers(void)
{
	ok(header(0, 'w', 0) == 1, "a header");
	ok(header(0, 'W', 0) == -1, "%s", err.text);
	ok(header(4, 2, 0) == -1, "%s", err.text);
	ok(header(5, 0, 0) == -1, "%s", err.text);
	ok(header(5, 6, 0) == -1, "%s", err.text);
	ok(header(6, 1, 0) == -1, "%s", err.text);
	ok(header(8, 100, 99) == -1, "%s", err.text);
	ok(header(8, 100, 100) == 1, "as long as is allowed");
	ok(header(11, 0x80, WEIR_FRAME_MAX) == -1, "%s", err.text);
	ok(header(12, 0, 0) == -1, "%s", err.text);
	ok(header(14, 1, 0) == -1, "%s", err.text);
	ok(header(5, WEIR_FRAME_END, 0) == -1, "an END of one event");
}

static void
marks(void)
{
	unsigned char mark[WEIR_FRAME_MARK];
	char *p = (char *)mark;
	int64_t t;
	bool idle;

	weir_frame_write_watermark(mark, -5, true);
	ok(weir_frame_read_watermark(p, sizeof mark, &t, &idle, &err) == 1 &&
		t == -5 && idle,
	    "a watermark");
	ok(weir_frame_read_watermark(p, 15, &t, &idle, &err) == -1,
	    "cut short");
	mark[8] = 2;
	ok(weir_frame_read_watermark(p, sizeof mark, &t, &idle, &err) == -1,
	    "with an unknown flag");
	mark[8] = 0;
	mark[12] = 1;
	ok(weir_frame_read_watermark(p, sizeof mark, &t, &idle, &err) == -1,
	    "with something in its padding");
}

int
main(void)
{
	struct weir_buf s = small_stream();

	cut_everywhere(&s);
	flip_every_bit(&s);
	hostile_bytes(&s);
	columns();
	indices();
	names_kept(&s);
	headers();
	marks();
	weir_buf_fini(&s);
	return done();
}
