/*
 * Goal: whatever the sizes of reads, the reader gives the same events, bad
 * lines and places, and a bad line costs only itself.
 * Method: texts go through a pipe in pieces of 1 byte, 7 bytes and all at once;
 * what comes out is written down as one text and compared.
 */
#define _GNU_SOURCE
#include "base/buf.h"
#include "base/mem.h"
#include "event/reader.h"
#include "tests/unit/scratch.h"
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct run {
	struct weir_buf log;
	struct weir_reader *reader;
	struct weir_prover *prover;
	size_t max_line;
	bool fail; /* the bad callback ends the stream */
	bool index, once;
	bool short_text;  /* log an event's length, not its text */
	uint32_t largest; /* block */
};

static int
on_bad(void *ctx, const struct weir_bad *bad, struct weir_error *err)
{
	struct run *run = ctx;

	/* The words for what is wrong with the JSON are not the reader's. */
	weir_buf_printf(&run->log, "bad %llu@%llu len %llu raw %zu%s\n",
	    (unsigned long long)bad->line, (unsigned long long)bad->offset,
	    (unsigned long long)bad->full_len, bad->raw_len,
	    strstr(bad->error, "over the limit")     ? " long"
		: strstr(bad->error, "outside of a") ? " outside"
						     : "");
	return run->fail ? weir_fail(err, WEIR_INPUT, "bad line") : 1;
}

static void
log_block(struct run *run, const struct weir_block *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		const struct weir_event *e = &b->events[i];
		const char *text = b->text + e->off;

		weir_buf_printf(&run->log, "%llu ",
		    (unsigned long long)(b->line + e->line));
		if (run->short_text)
			weir_buf_printf(
			    &run->log, "of %lu", (unsigned long)e->len);
		else
			weir_buf_add(&run->log, text, e->len);
		if (text[e->len] != '\n')
			weir_buf_puts(&run->log, " NO NEWLINE");
		for (uint32_t s = 0; s < b->nslots; s++) {
			struct weir_slot slot = weir_block_slots(b, i)[s];

			weir_buf_putc(&run->log, '|');
			weir_buf_add(&run->log, text + slot.off, slot.len);
		}
		for (uint32_t c = 0; b->index != NULL && c < b->names->n; c++) {
			unsigned off = b->index[i * WEIR_INDEX_MAX + c];

			if (off > 0)
				weir_buf_printf(&run->log, " %.*s=%c",
				    (int)b->names->name[c].len,
				    b->names->name[c].s, text[off]);
		}
		weir_buf_putc(&run->log, '\n');
	}
	run->largest = b->n > run->largest ? b->n : run->largest;
}

/* Everything that is decoded by now. */
static int
take_all(struct run *run)
{
	struct weir_read_item item;
	struct weir_error err;
	int ret;

	while ((ret = weir_reader_next(run->reader, &item, &err)) == 1)
		log_block(run, &item.block);
	if (ret < 0)
		weir_buf_printf(&run->log, "error %d\n", err.status);
	return ret;
}

/* Send text in pieces and log what comes of it, then the place. */
static void
drive(struct run *run, const char *text, size_t len, size_t piece,
    enum weir_format format)
{
	struct weir_reader_config rc = {.format = format,
	    .max_line = run->max_line,
	    .prover = run->prover,
	    .index = run->index,
	    .bad = on_bad,
	    .ctx = run};
	struct weir_source_config sc = {.once = run->once};
	struct weir_source *source;
	uint64_t offset, line;
	size_t done = 0;
	int ends[2], got = WEIR_GOT_DATA;

	if (pipe(ends) < 0)
		abort();
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	sc.fd = ends[0];
	source = weir_source_open(&sc, NULL);
	run->reader = weir_reader_new(&rc, source);
	while (got == WEIR_GOT_DATA) {
		size_t n = len - done < piece ? len - done : piece;
		ssize_t w = n ? write(ends[1], text + done, n) : 0;

		done += w > 0 ? (size_t)w : 0;
		if (n == 0 && ends[1] >= 0) {
			close(ends[1]);
			ends[1] = -1;
		}
		got = weir_reader_fill(run->reader, NULL);
		if (take_all(run) < 0)
			break;
	}
	weir_reader_place(run->reader, &offset, &line);
	weir_buf_printf(&run->log, "%s at %llu line %llu",
	    weir_reader_done(run->reader) ? "done" : "not done",
	    (unsigned long long)offset, (unsigned long long)line);
	weir_reader_free(run->reader);
	weir_source_close(source);
	if (ends[1] >= 0)
		close(ends[1]);
	close(ends[0]);
}

static void
check_len(const char *name, const char *text, size_t len, size_t max_line,
    const char *want)
{
	static const size_t pieces[] = {1, 7, 65536};
	struct weir_str path = weir_str("a");

	for (size_t i = 0; i < 3; i++) {
		struct run run = {.max_line = max_line};

		run.prover = weir_prover_new();
		weir_prover_want(run.prover, &path, 1);
		drive(&run, text, len, pieces[i], WEIR_FORMAT_AUTO);
		weir_prover_free(run.prover);
		printf("# %s, %zu bytes at a time\n", name, pieces[i]);
		is_text(run.log.data, run.log.len, want);
		weir_buf_fini(&run.log);
	}
}

static void
check(const char *name, const char *text, const char *want)
{
	check_len(name, text, strlen(text), WEIR_LINE_MAX, want);
}

static void
test_lines(void)
{
	check("nothing", "", "done at 0 line 0");
	check("two lines", "{\"a\":1}\n{\"b\":2}\n",
	    "1 {\"a\":1}|1\n2 {\"b\":2}|\ndone at 16 line 2");
	check("no last newline", "{\"a\":1}\n{\"a\":22}",
	    "1 {\"a\":1}|1\n2 {\"a\":22}|22\ndone at 16 line 2");
	check("CR stays", "{\"a\":1}\r\n{}\r\n",
	    "1 {\"a\":1}\r|1\n2 {}\r|\ndone at 13 line 2");
	check("blank lines", "\n{\"a\":1}\n \t\r\n\n{}\n\n",
	    "2 {\"a\":1}|1\n5 {}|\ndone at 18 line 6");
	check("BOM", "\xEF\xBB\xBF{\"a\":1}\n\xEF\xBB\xBF{}\n",
	    "1 {\"a\":1}|1\nbad 2@11 len 5 raw 5\n"
	    "done at 17 line 2");
	check("only blanks", "\n\n \n", "done at 4 line 3");
	check("only a BOM", "\xEF\xBB\xBF\n", "done at 4 line 1");
}

static void
test_bad_lines(void)
{
	static const char nul[] = "{\"a\":1}\n{\"a\":\"\0\"}\n{\"a\":2}\n";

	check("bad in between", "{\"a\":1}\nx\n{\"a\":2}\n[]\n\n1\n{\"a\":3}",
	    "1 {\"a\":1}|1\n"
	    "bad 2@8 len 1 raw 1\n"
	    "3 {\"a\":2}|2\n"
	    "bad 4@18 len 2 raw 2\n"
	    "bad 6@22 len 1 raw 1\n"
	    "7 {\"a\":3}|3\n"
	    "done at 31 line 7");
	check("part of the magic", "wei",
	    "bad 1@0 len 3 raw 3\n"
	    "done at 3 line 1");
	check("like the magic", "wei\n{}\n",
	    "bad 1@0 len 3 raw 3\n2 {}|\n"
	    "done at 7 line 2");
	check("not UTF-8", "{\"a\":\"\xC0\x80\"}\n{}\n",
	    "bad 1@0 len 10 raw 10\n2 {}|\n"
	    "done at 14 line 2");
	check_len("NUL", nul, sizeof nul - 1, WEIR_LINE_MAX,
	    "1 {\"a\":1}|1\nbad 2@8 len 9 raw 9\n"
	    "3 {\"a\":2}|2\ndone at 26 line 3");
	check_len("over the limit", "{\"a\":1}\n{\"a\":12}\n{}\n{\"a\":1234}",
	    29, 7,
	    "1 {\"a\":1}|1\n"
	    "bad 2@8 len 8 raw 8 long\n"
	    "3 {}|\n"
	    "bad 4@20 len 9 raw 9 long\n"
	    "done at 29 line 4");
}

static void
test_seq(void)
{
	check("a sequence", "\x1e{\"a\":1}\n\x1e{\"a\":2}\n",
	    "1 {\"a\":1}|1\n2 {\"a\":2}|2\ndone at 18 line 2");
	check("blanks before a sequence", "\n \x1e{}\n",
	    "1 {}|\ndone at 6 line 1");
	check("no newlines, many RS", "\x1e\x1e{\"a\":1}\x1e\x1e\x1e{\"a\":2}",
	    "1 {\"a\":1}|1\n2 {\"a\":2}|2\ndone at 19 line 2");
	check("texts of several lines",
	    "\x1e\n { \"a\":\n "
	    "[1,\n\n2]\r\n}\n\n\x1e{\"b\":\"\\\"\",\n\"a\":\n3}\n",
	    "1 { \"a\":  [1,  2]\r }|[1,  2]\n"
	    "2 {\"b\":\"\\\"\", \"a\": 3}|3\ndone at 43 line 2");
	check("truncated texts", "\x1e{\"a\":1\x1e{\"a\":2}\n\x1e{\"a\"",
	    "bad 1@1 len 6 raw 6\n2 {\"a\":2}|2\nbad 3@17 len 4 raw 4\n"
	    "done at 21 line 3");
	check("a newline in a string", "\x1e{\"a\":\"\n\"}\n\x1e{}\n",
	    "bad 1@1 len 9 raw 9\n2 {}|\ndone at 15 line 2");
	check("text after a record",
	    "\x1e{\"a\":1}\n{\"a\":2}\n\x1e{}\n\x1e[]\n",
	    "1 {\"a\":1}|1\nbad 2@9 len 8 raw 8 outside\n3 {}|\n"
	    "bad 4@22 len 2 raw 2\ndone at 25 line 4");
	check("text behind an object",
	    "\x1e{\"a\":1}{}\n\x1e{} {\n}\x1e{}  \n \n",
	    "bad 1@1 len 9 raw 9\nbad 2@12 len 6 raw 6\n3 {}|\n"
	    "done at 26 line 3");
}

/* Lines of many lengths around those of the buffer and of the limit. */
static void
test_long(void)
{
	static const size_t lens[] = {100, 65536, 262144, 262143, 262145, 10,
	    1000000, 3000000, 262140, 999999, 1000001, 5};
	struct weir_buf text = {0}, want = {0};
	uint64_t at = 0;
	struct rusage use;

	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		size_t start = text.len;

		weir_buf_puts(&text, "{\"a\":7,\"b\":\"");
		while (text.len < start + lens[i] - 2)
			weir_buf_putc(&text, 'x');
		text.len = start + lens[i] - 2;
		weir_buf_puts(&text, "\"}\n");
		if (lens[i] > 1000000)
			weir_buf_printf(&want,
			    "bad %zu@%llu len %zu raw 65536 long\n", i + 1,
			    (unsigned long long)at, lens[i]);
		else if (lens[i] < 16)
			weir_buf_printf(&want, "bad %zu@%llu len %zu raw %zu\n",
			    i + 1, (unsigned long long)at, lens[i], lens[i]);
		else
			weir_buf_printf(
			    &want, "%zu of %zu|7\n", i + 1, lens[i]);
		at += lens[i] + 1;
	}
	weir_buf_printf(&want, "done at %zu line 12", text.len);
	for (int mode = 0; mode < 2; mode++) {
		struct run run = {.max_line = 1000000, .short_text = true};
		struct weir_str path = weir_str("a");

		run.prover = weir_prover_new();
		weir_prover_want(run.prover, &path, 1);
		drive(&run, text.data, text.len, mode ? 65536 : 4099,
		    WEIR_FORMAT_AUTO);
		weir_prover_free(run.prover);
		is_text(run.log.data, run.log.len, weir_buf_cstr(&want));
		weir_buf_fini(&run.log);
	}
	weir_buf_fini(&text);
	weir_buf_fini(&want);
	getrusage(RUSAGE_SELF, &use);
	printf("# peak memory %ld KiB\n", use.ru_maxrss);
}

/* A line that never ends takes no memory. */
static void
test_endless(void)
{
	static char chunk[65536];
	struct run run = {.max_line = 100000, .prover = weir_prover_new()};
	struct weir_reader_config rc = {.max_line = 100000,
	    .prover = run.prover,
	    .bad = on_bad,
	    .ctx = &run};
	struct weir_source_config sc = {0};
	struct weir_source *source;
	struct rusage before, after;
	int ends[2];

	if (pipe(ends) < 0)
		abort();
	memset(chunk, '[', sizeof chunk);
	sc.fd = ends[0];
	source = weir_source_open(&sc, NULL);
	run.reader = weir_reader_new(&rc, source);
	getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < 2000; i++) {
		if (write(ends[1], chunk, sizeof chunk) != sizeof chunk ||
		    weir_reader_fill(run.reader, NULL) != WEIR_GOT_DATA)
			break;
		take_all(&run);
	}
	getrusage(RUSAGE_SELF, &after);
	ok(after.ru_maxrss - before.ru_maxrss < 1024,
	    "131 MB without a newline take %ld KiB",
	    after.ru_maxrss - before.ru_maxrss);
	ok(write(ends[1], "\n{}\n", 4) == 4, "then it ends");
	close(ends[1]);
	while (weir_reader_fill(run.reader, NULL) == WEIR_GOT_DATA)
		take_all(&run);
	is_text(run.log.data, run.log.len,
	    "bad 1@0 len 131072000 raw 65536 long\n2 {}\n");
	weir_reader_free(run.reader);
	weir_source_close(source);
	weir_prover_free(run.prover);
	weir_buf_fini(&run.log);
	close(ends[0]);
}

/* A bad line may end the stream; the index names what it points to. */
static void
test_rest(void)
{
	static const char text[] = "{\"a\":1}\n{\"b\":2,\"a\":3}\nx\n{}\n";
	struct run run = {.max_line = 1000, .fail = true, .index = true};
	struct weir_buf many = {0};

	run.prover = weir_prover_new();
	drive(&run, text, sizeof text - 1, 100, WEIR_FORMAT_JSON);
	is_text(run.log.data, run.log.len,
	    "1 {\"a\":1} a=1\n2 {\"b\":2,\"a\":3} a=3 b=2\n"
	    "bad 3@22 len 1 raw 1\nerror 3\nnot done at 24 line 3");
	run.log.len = 0;
	run.fail = run.index = false;
	drive(&run, "\x1e{}\n", 4, 100, WEIR_FORMAT_JSON);
	is_text(
	    run.log.data, run.log.len, "bad 1@0 len 3 raw 3\ndone at 4 line 1");
	run.log.len = 0;
	run.once = true;
	drive(&run, "{}\n{}", 5, 100, WEIR_FORMAT_AUTO);
	is_text(run.log.data, run.log.len, "1 {}\n2 {}\ndone at 5 line 2");
	run.log.len = 0;
	for (int i = 0; i < 5000; i++)
		weir_buf_puts(&many, "{}\n");
	run.short_text = true;
	drive(&run, many.data, many.len, 65536, WEIR_FORMAT_JSON);
	ok(run.largest == WEIR_BLOCK_EVENTS, "a block has at most %d events",
	    WEIR_BLOCK_EVENTS);
	weir_buf_fini(&many);
	weir_buf_fini(&run.log);
	weir_prover_free(run.prover);
}

/* Read files by name and log what comes, and the place after each. */
static void
read_files(struct run *run, const char *const *names, size_t n, bool once)
{
	struct weir_reader_config rc = {
	    .max_line = 1000, .prover = run->prover, .bad = on_bad, .ctx = run};
	struct weir_source_config sc = {.names = names, .n = n, .once = once};
	struct weir_source *source = weir_source_open(&sc, NULL);
	struct weir_error err = {0};
	int got = WEIR_GOT_DATA;

	run->log.len = 0;
	run->reader = weir_reader_new(&rc, source);
	while (got == WEIR_GOT_DATA || got == WEIR_GOT_BOUNDARY) {
		uint64_t offset, line;

		got = weir_reader_fill(run->reader, &err);
		if (got < 0 || take_all(run) < 0)
			break;
		weir_reader_place(run->reader, &offset, &line);
		if (got != WEIR_GOT_DATA)
			weir_buf_printf(&run->log,
			    "%s ends at %llu line %llu\n",
			    weir_source_name(source),
			    (unsigned long long)offset,
			    (unsigned long long)line);
	}
	if (got < 0)
		weir_buf_printf(&run->log, "%s\n", err.text);
	weir_reader_free(run->reader);
	weir_source_close(source);
}

/* Each file has its own places, BOM and last line; a pause keeps the last. */
static void
test_files(void)
{
	static const char *const names[] = {"one", "none", "two"};
	static const char *const mixed[] = {"one", "frames"};
	struct run run = {.prover = weir_prover_new()};
	char dir[64];

	scratch_begin(dir);
	spill("one", "\xEF\xBB\xBF{\"a\":1}\nx\n{\"a\":2}", 20);
	spill("none", "", 0);
	spill("two",
	    "\xEF\xBB\xBF\x1e"
	    "{}\n{\"a\":3}\n{\"a\"",
	    19);
	spill("frames", "weir", 4);
	read_files(&run, names, 3, false);
	is_text(run.log.data, run.log.len,
	    "1 {\"a\":1}\nbad 2@11 len 1 raw 1\n3 {\"a\":2}\n"
	    "one ends at 20 line 3\nnone ends at 0 line 0\n"
	    "bad 1@3 len 3 raw 3\n2 {\"a\":3}\nbad 3@15 len 4 raw 4\n"
	    "two ends at 19 line 3\n");
	read_files(&run, names, 1, true);
	is_text(run.log.data, run.log.len,
	    "1 {\"a\":1}\nbad 2@11 len 1 raw 1\none ends at 13 line 2\n");
	read_files(&run, mixed, 2, false);
	ok(strstr(weir_buf_cstr(&run.log), "frames and other formats") != NULL,
	    "frames behind lines are refused");
	weir_buf_fini(&run.log);
	weir_prover_free(run.prover);
	scratch_end(dir);
}

int
main(void)
{
	test_files();
	test_endless();
	test_lines();
	test_bad_lines();
	test_seq();
	test_long();
	test_rest();
	return done();
}
