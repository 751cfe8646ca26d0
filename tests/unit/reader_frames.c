/*
 * Goal: frames come out of the reader as they went into the writer, whatever
 * the sizes of reads; slots come from the index where it gives them; what is
 * damaged or cut short is refused with its place.
 * Method: a stream made by the writer goes through a pipe in pieces; what comes
 * out is written down as one text and compared.
 */
#define _GNU_SOURCE
#include "event/reader.h"
#include "tests/unit/frames.h"
#include "tests/unit/tap.h"

static const char *const names[] = {"a", "b"};

/* A stream of frames, being made. */
struct stream {
	struct weir_writer *w;
	int fd;
};

static void
stream_begin(struct stream *s)
{
	const struct weir_hello hello = {0};

	s->fd = memfd_create("frames", 0);
	s->w = weir_writer_new(s->fd, WEIR_FORMAT_FRAMES);
	if (weir_writer_hello(s->w, &hello, NULL) < 0)
		abort();
}

static struct weir_buf
stream_end(struct stream *s, bool end)
{
	const struct weir_end e = {.reason = WEIR_COMPLETE};
	struct weir_buf b;

	if ((end ? weir_writer_end(s->w, &e, NULL)
		 : weir_writer_flush(s->w, NULL)) < 0)
		abort();
	b = slurp(s->fd);
	weir_writer_free(s->w);
	close(s->fd);
	return b;
}

static void
pass(struct stream *s, struct made *m)
{
	if (weir_writer_pass(s->w, &m->b, 0, m->b.n, 0, NULL) < 0)
		abort();
	made_fini(m);
}

/* What on_bad() writes to, and the stream that it looks into. */
struct seen {
	struct weir_buf *log;
	const struct weir_buf *bytes;
};

static int
on_bad(void *ctx, const struct weir_bad *bad, struct weir_error *err)
{
	const struct seen *seen = ctx;

	(void)err;
	weir_buf_printf(seen->log, "bad %llu %.*s%s\n",
	    (unsigned long long)bad->line, (int)bad->raw_len, bad->raw,
	    memcmp(seen->bytes->data + bad->offset, bad->raw, bad->raw_len)
		? " wrong offset"
		: "");
	return 1;
}

static void
log_block(struct weir_buf *log, const struct weir_block *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		const struct weir_event *e = &b->events[i];

		weir_buf_printf(
		    log, "%llu ", (unsigned long long)(b->line + e->line));
		weir_buf_add(log, b->text + e->off, e->len);
		if (e->time != WEIR_TIME_NONE)
			weir_buf_printf(log, " t%lld", (long long)e->time);
		if (e->watermark != WEIR_TIME_NONE)
			weir_buf_printf(log, " w%lld", (long long)e->watermark);
		if (e->flags)
			weir_buf_puts(log, " retract");
		for (uint32_t s = 0; s < b->nslots; s++) {
			struct weir_slot slot = weir_block_slots(b, i)[s];

			weir_buf_putc(log, '|');
			weir_buf_add(
			    log, b->text + e->off + slot.off, slot.len);
		}
		weir_buf_putc(log, '\n');
	}
	if (b->watermark_after != WEIR_TIME_NONE)
		weir_buf_printf(
		    log, "after %lld\n", (long long)b->watermark_after);
}

static void
log_item(struct weir_buf *log, const struct weir_read_item *item)
{
	switch (item->kind) {
	case WEIR_ITEM_EVENTS: log_block(log, &item->block); break;
	case WEIR_ITEM_WATERMARK:
		weir_buf_printf(log, "watermark %lld%s\n",
		    (long long)item->watermark, item->idle ? " idle" : "");
		break;
	case WEIR_ITEM_BARRIER:
		weir_buf_printf(log, "barrier %llu after %llu, %zu parts\n",
		    (unsigned long long)item->barrier.checkpoint,
		    (unsigned long long)item->barrier.events,
		    item->barrier.parts.n);
		break;
	case WEIR_ITEM_HELLO: weir_buf_puts(log, "hello\n"); break;
	case WEIR_ITEM_END:
		weir_buf_printf(log, "end %d after %llu\n", item->end.reason,
		    (unsigned long long)item->end.events);
		break;
	}
}

/* Are events proven whole, whoever vouches for them? */
static bool prove;

/* Read the bytes, so many at a time, and log everything. */
static void
drive(struct weir_buf *log, struct weir_prover *p, const struct weir_buf *bytes,
    size_t piece, struct weir_error *err)
{
	struct seen seen = {log, bytes};
	struct weir_reader_config rc = {.max_line = WEIR_LINE_MAX,
	    .prover = p,
	    .prove = prove,
	    .bad = on_bad,
	    .ctx = &seen};
	struct weir_source_config sc = {0};
	struct weir_source *source;
	struct weir_reader *r;
	struct weir_read_item item;
	size_t done_ = 0;
	int ends[2], got = 1;

	if (pipe(ends) < 0)
		abort();
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	sc.fd = ends[0];
	source = weir_source_open(&sc, NULL);
	r = weir_reader_new(&rc, source);
	while (got >= 0 && !weir_reader_done(r)) {
		size_t n =
		    bytes->len - done_ < piece ? bytes->len - done_ : piece;
		ssize_t w = n ? write(ends[1], bytes->data + done_, n) : 0;

		done_ += w > 0 ? (size_t)w : 0;
		if (n == 0 && ends[1] >= 0) {
			close(ends[1]);
			ends[1] = -1;
		}
		got = weir_reader_fill(r, err);
		while (got >= 0 && (got = weir_reader_next(r, &item, err)) == 1)
			log_item(log, &item);
	}
	if (got < 0)
		weir_buf_printf(log, "error %d\n", err->status);
	weir_reader_free(r);
	weir_source_close(source);
	if (ends[1] >= 0)
		close(ends[1]);
	close(ends[0]);
}

static void
want(struct weir_prover *p, const char *first, const char *second)
{
	const struct weir_str path[] = {
	    weir_str(first), weir_str(second ? second : "")};

	weir_prover_want(p, path, second ? 2 : 1);
}

/* a, b and c.d are wanted; what comes is as given, in any pieces. */
static void
check(struct weir_buf *bytes, const char *wanted)
{
	static const size_t pieces[] = {1, 7, 65536};
	struct weir_error err;

	for (size_t i = 0; i < 3; i++) {
		struct weir_prover *p = weir_prover_new();
		struct weir_buf log = {0};

		want(p, "a", NULL);
		want(p, "b", NULL);
		drive(&log, p, bytes, pieces[i], &err);
		is_text(log.data, log.len, wanted);
		weir_buf_fini(&log);
		weir_prover_free(p);
	}
	weir_buf_fini(bytes);
}

static void
test_kinds(void)
{
	struct weir_barrier barrier = {.checkpoint = 3};
	struct weir_event *e;
	struct stream s;
	struct made m = {0};
	struct weir_buf b;

	stream_begin(&s);
	made_add(&m, "{\"a\":1}", 7, 0);
	e = made_add(&m, "{\"b\":[2,{}]}", 12, 0);
	e->time = 10;
	e->watermark = 5;
	e->flags = WEIR_RETRACT;
	pass(&s, &m);
	weir_writer_watermark(s.w, 9, false);
	weir_writer_flush(s.w, NULL);
	weir_writer_watermark(s.w, 9, true);
	weir_parts_add(&barrier.parts, "in", "in.part");
	weir_writer_barrier(s.w, &barrier, NULL);
	weir_barrier_fini(&barrier);
	weir_writer_put(s.w, "{\"c\":0}", 7, 12, 11, 0, NULL);
	b = stream_end(&s, true);
	check(&b,
	    "hello\n1 {\"a\":1}|1|\n2 {\"b\":[2,{}]} t10 w5 retract||[2,{}]\n"
	    "after 9\nwatermark 9 idle\nbarrier 3 after 2, 1 parts\n"
	    "watermark 9\n3 {\"c\":0} t12 w11||\nafter 11\nend 0 after 3\n");
}

/* Events without an index are proven; one that is bad costs itself. */
static void
test_bad_events(void)
{
	struct stream s;
	struct made m = {0};
	struct weir_buf b;

	stream_begin(&s);
	made_add(&m, "{\"a\":1}", 7, 0);
	made_add(&m, "{\"a\":x}", 7, 0);
	made_add(&m, "[1]", 3, 0);
	made_add(&m, "{\"a\":2}", 7, 0)->watermark = 5;
	made_add(&m, "{}}", 3, 0)->watermark = 6;
	pass(&s, &m);
	b = stream_end(&s, true);
	check(&b,
	    "hello\n1 {\"a\":1}|1|\nbad 2 {\"a\":x}\nbad 3 [1]\n"
	    "4 {\"a\":2} w5|2|\nafter 6\nbad 5 {}}\nwatermark 6\n"
	    "end 0 after 5\n");
}

/* With an index, only what it does not give is looked at. */
static void
test_index(void)
{
	struct stream s;
	struct made m = {0};
	struct weir_buf b;
	uint16_t *row;

	stream_begin(&s);
	made_add(&m, "{\"a\":1,\"b\":\"x\"}", 15, 0);
	made_add(&m, "{\"a\":2,\"b\":\"y\"}", 15, 0);
	made_add(&m, "{\"b\":\"z\" broken", 15, 0);
	made_add(&m, "{\"b\":\"z\" broken", 15, 0);
	made_add(&m, "{\"a\":1,\"b\":\"x\"}", 15, 0);
	made_index(&m, 2, names);
	row = m.b.index;
	row[0] = 5;
	row[1] = 11;
	row += WEIR_INDEX_MAX;
	row[1] = WEIR_INDEX_UNKNOWN; /* so it is proven */
	row += WEIR_INDEX_MAX;
	row[1] = 5; /* vouched for */
	row += WEIR_INDEX_MAX;
	row[0] = WEIR_INDEX_UNKNOWN; /* found out */
	row += WEIR_INDEX_MAX;
	row[0] = 1; /* no value, but a key: proven as one, it is a string */
	row[1] = 4; /* a colon */
	pass(&s, &m);
	b = stream_end(&s, true);
	check(&b,
	    "hello\n1 {\"a\":1,\"b\":\"x\"}|1|\"x\"\n"
	    "2 {\"a\":2,\"b\":\"y\"}|2|\"y\"\n"
	    "3 {\"b\":\"z\" broken||\"z\"\n"
	    "bad 4 {\"b\":\"z\" broken\n"
	    "bad 5 {\"a\":1,\"b\":\"x\"}\nend 0 after 5\n");
}

/* Those who read events whole are not to trust an index. */
static void
test_prove(void)
{
	struct weir_prover *p = weir_prover_new();
	struct weir_error err;
	struct weir_buf log = {0}, b;
	struct stream s;
	struct made m = {0};

	stream_begin(&s);
	made_add(&m, "{\"a\":1}", 7, 0);
	made_add(&m, "{\"a\":2,", 7, 0);
	made_index(&m, 1, names);
	m.b.index[0] = m.b.index[WEIR_INDEX_MAX] = 5;
	pass(&s, &m);
	b = stream_end(&s, true);
	prove = true;
	for (int i = 0; i < 2; i++) {
		log.len = 0;
		drive(&log, p, &b, 50, &err);
		is_text(log.data, log.len,
		    i == 0 ? "hello\n1 {\"a\":1}\nbad 2 {\"a\":2,\n"
			     "end 0 after 2\n"
			   : "hello\n1 {\"a\":1}|1\nbad 2 {\"a\":2,\n"
			     "end 0 after 2\n");
		want(p, "a", NULL);
	}
	prove = false;
	weir_buf_fini(&log);
	weir_buf_fini(&b);
	weir_prover_free(p);
}

/* Nested paths and names that the index lacks are looked for in the text. */
static void
test_not_in_index(void)
{
	struct weir_prover *p = weir_prover_new();
	struct weir_error err;
	struct weir_buf log = {0}, b;
	struct stream s;
	struct made m = {0};

	stream_begin(&s);
	made_add(&m, "{\"a\":{\"d\":3},\"c\":4}", 19, 0);
	made_add(&m, "{\"c\":5}", 7, 0);
	made_index(&m, 1, names);
	m.b.index[0] = 5;
	pass(&s, &m);
	b = stream_end(&s, true);
	want(p, "a", "d");
	drive(&log, p, &b, 50, &err);
	is_text(log.data, log.len,
	    "hello\n1 {\"a\":{\"d\":3},\"c\":4}|3\n2 {\"c\":5}|\n"
	    "end 0 after 2\n");
	log.len = 0;
	want(p, "c", NULL);
	drive(&log, p, &b, 50, &err);
	is_text(log.data, log.len,
	    "hello\n1 {\"a\":{\"d\":3},\"c\":4}|3|4\n2 {\"c\":5}||5\n"
	    "end 0 after 2\n");
	weir_buf_fini(&log);
	weir_buf_fini(&b);
	weir_prover_free(p);
}

/* Frames far larger than the buffer, and what comes behind them. */
static void
test_large(void)
{
	struct weir_prover *p = weir_prover_new();
	struct weir_error err;
	struct weir_buf log = {0}, b, text = {0};
	struct stream s;

	weir_buf_puts(&text, "{\"a\":\"");
	while (text.len < 3000000)
		weir_buf_putc(&text, 'x');
	weir_buf_puts(&text, "\"}");
	stream_begin(&s);
	for (int i = 0; i < 3; i++) {
		weir_writer_put(s.w, text.data, text.len, i, 0, 0, NULL);
		weir_writer_put(s.w, "{}", 2, i, 0, 0, NULL);
	}
	b = stream_end(&s, true);
	for (size_t piece = 5003; piece < 70000; piece += 60000) {
		uint64_t n = 0;

		drive(&log, p, &b, piece, &err);
		for (size_t i = 0; i < log.len; i++)
			n += log.data[i] == '\n';
		ok(log.len > 9000000 && log.len < 9000200 && n < 20,
		    "three of 3 MB: %zu bytes in %llu lines", log.len,
		    (unsigned long long)n);
		log.len = 0;
	}
	weir_buf_fini(&text);
	weir_buf_fini(&log);
	weir_buf_fini(&b);
	weir_prover_free(p);
}

static struct weir_buf
small(bool end)
{
	struct stream s;

	stream_begin(&s);
	weir_writer_put(s.w, "{\"a\":1}", 7, 1, 0, 0, NULL);
	weir_writer_flush(s.w, NULL);
	weir_writer_put(s.w, "{\"a\":2}", 7, 2, 0, 0, NULL);
	return stream_end(&s, end);
}

/* The status that reading these bytes ends with, and its words. */
static int
status(const struct weir_buf *b, size_t len, struct weir_error *err)
{
	struct weir_prover *p = weir_prover_new();
	struct weir_buf log = {0}, cut = {.data = b->data, .len = len};
	int r;

	*err = (struct weir_error){0};
	drive(&log, p, &cut, 65536, err);
	r = err->status;
	weir_buf_fini(&log);
	weir_prover_free(p);
	return r;
}

static void
test_damage(void)
{
	struct weir_buf b = small(true), open = small(false), two = {0};
	struct weir_error err;
	size_t wrong = 0, second;

	for (size_t len = 4; len < b.len; len++)
		wrong += status(&b, len, &err) != WEIR_UPSTREAM;
	ok(wrong == 0, "cut anywhere: %s", err.text);
	ok(status(&open, open.len, &err) == WEIR_UPSTREAM, "%s", err.text);
	wrong = 0;
	for (size_t i = 4; i < b.len; i++) {
		b.data[i] ^= 4;
		wrong += status(&b, b.len, &err) != WEIR_INPUT &&
		    err.status != WEIR_UPSTREAM;
		b.data[i] ^= 4;
	}
	ok(wrong == 0, "a bit flipped anywhere: %s", err.text);
	/* The second EVENTS frame is left out. */
	weir_buf_add(&two, b.data, b.len);
	second =
	    (size_t)((char *)memmem(b.data, b.len, "{\"a\":1}", 7) - b.data) +
	    8;
	memmove(
	    two.data + second, two.data + second + 80, two.len - second - 80);
	ok(status(&two, two.len - 80, &err) == WEIR_INPUT, "%s", err.text);
	/* Bytes behind END. */
	two.len = 0;
	weir_buf_add(&two, b.data, b.len);
	weir_buf_putc(&two, '\n');
	ok(status(&two, two.len, &err) == WEIR_INPUT, "%s", err.text);
	weir_buf_add(&two, b.data, b.len);
	ok(status(&two, two.len, &err) == WEIR_INPUT, "%s", err.text);
	/* No HELLO. */
	second =
	    (size_t)((char *)memmem(b.data + 4, b.len - 4, "weir", 4) - b.data);
	two.len = 0;
	weir_buf_add(&two, b.data + second, b.len - second);
	ok(status(&two, two.len, &err) == WEIR_INPUT, "%s", err.text);
	weir_buf_fini(&two);
	weir_buf_fini(&open);
	weir_buf_fini(&b);
}

int
main(void)
{
	test_kinds();
	test_bad_events();
	test_index();
	test_prove();
	test_not_in_index();
	test_large();
	test_damage();
	return done();
}
