/*
 * Goal: a spool gives back what pipes gave, in order and from any place that was
 * kept, whatever became of it in between. Method: pipes of the test's own; opened
 * again as after a kill, trimmed, with files missing or torn.
 */
#include "state/spool.h"
#include "tests/unit/scratch.h"
#include "tests/unit/tap.h"

#include "base/mem.h"

static struct weir_dir dir;
static struct weir_error err;

/* Give the spool some bytes through a pipe. */
static int
give(struct weir_spool *s, const char *text, size_t len)
{
	int fd[2], got = WEIR_GOT_DATA;

	if (pipe(fd) != 0 || write(fd[1], text, len) != (ssize_t)len)
		return -1;
	close(fd[1]);
	while (got == WEIR_GOT_DATA)
		got = weir_spool_take(s, fd[0], &err);
	close(fd[0]);
	return got;
}

/* All there is to read, with | for boundaries. */
static struct weir_buf
take_all(struct weir_spool *s)
{
	struct weir_buf b = {0};
	size_t n;
	int got;

	while ((got = weir_spool_read(
		    s, weir_buf_reserve(&b, 7), 7, &n, &err)) != -1 &&
	    got != WEIR_GOT_NOTHING) {
		b.len += n;
		if (got == WEIR_GOT_BOUNDARY)
			weir_buf_putc(&b, '|');
	}
	if (got == -1)
		weir_buf_puts(&b, "FAILED");
	weir_buf_cstr(&b);
	return b;
}

static void
reads(struct weir_spool *s, const char *want)
{
	struct weir_buf b = take_all(s);

	is_text(b.data, b.len, want);
	weir_buf_fini(&b);
}

static void
test_inputs(void)
{
	struct weir_spool s;
	struct weir_place p = {.name = (char *)(size_t) "-"};

	ok(weir_spool_open(&s, &dir, "a", "first", &err) == 1, "a new spool");
	ok(!weir_spool_unread(&s), "is empty");
	ok(give(&s, "one\ntwo\nthr", 11) == WEIR_GOT_END, "takes to the end");
	ok(weir_spool_unread(&s), "there is something");
	reads(&s, "one\ntwo\nthr");
	weir_spool_place(&s, 4, &p);
	ok(p.dev == 0 && p.ino == 1 && p.offset == 4, "a place");
	weir_spool_close(&s);

	/* as after a kill, with the same pipe: it goes on where it was */
	ok(weir_spool_open(&s, &dir, "a", "first", &err) == 1, "again");
	give(&s, "ee\n", 3);
	ok(weir_spool_seek(&s, &p, &err) == 1, "to the place");
	reads(&s, "two\nthree\n");
	weir_spool_close(&s);

	/* another pipe is another input; one that says nothing, too */
	ok(weir_spool_open(&s, &dir, "a", "second", &err) == 1, "another");
	weir_spool_close(&s);
	ok(weir_spool_open(&s, &dir, "a", "third", &err) == 1, "and another");
	give(&s, "four\n", 5);
	ok(weir_spool_left(&s) == 19, "what is left: %d",
	    (int)weir_spool_left(&s));
	reads(&s, "one\ntwo\nthree\n||four\n");
	ok(weir_spool_left(&s) == 0, "nothing is left");
	weir_spool_place(&s, 5, &p);
	ok(p.ino == 3 && p.offset == 5, "a place in the third");
	ok(weir_spool_turn(&s, "third", &err) == 1, "its next writer");
	give(&s, "five\n", 5);
	reads(&s, "|five\n");
	p = (struct weir_place){.name = p.name, .ino = 3, .offset = 6};
	ok(weir_spool_seek(&s, &p, &err) == 0, "a place that is not there");
	p.offset = 0;
	p.ino = 5;
	ok(weir_spool_seek(&s, &p, &err) == 0, "nor is that");
	p = (struct weir_place){.name = p.name, .dev = 7, .ino = 9};
	ok(weir_spool_seek(&s, &p, &err) == 1, "a place of no spool");
	weir_spool_close(&s);
}

static void
test_segments(void)
{
	struct weir_spool s;
	struct weir_place p = {.name = (char *)(size_t) "-", .ino = 1};

	ok(weir_spool_open(&s, &dir, "b", "pipe", &err) == 1, "a bounded one");
	weir_spool_limit(&s, 32);
	ok(s.segment == 5, "segments of 5");
	ok(give(&s, "0123456789abcdefghijklmnopqrstuvwxyz", 36) ==
		WEIR_GOT_NOTHING,
	    "takes no more than that");
	ok(weir_spool_full(&s) && s.used == 32 && s.n == 7, "it is full");
	reads(&s, "0123456789abcdefghijklmnopqrstuv");
	p.offset = 12;
	ok(weir_spool_trim(&dir, "b", &p, &err) == 1, "what came before 12");
	weir_spool_recount(&s);
	ok(!weir_spool_full(&s) && s.used == 22 && s.n == 5, "has gone");
	give(&s, "ABC", 3);
	reads(&s, "ABC");
	p.offset = 3;
	ok(weir_spool_seek(&s, &p, &err) == 0, "and cannot be read again");
	p.offset = 12;
	ok(weir_spool_seek(&s, &p, &err) == 1, "what came behind can");
	reads(&s, "cdefghijklmnopqrstuvABC");
	p.offset = 35;
	ok(weir_spool_trim(&dir, "b", &p, &err) == 1, "all");
	weir_spool_recount(&s);
	ok(s.n == 1, "but the last one, which is written");
	give(&s, "DE", 2);
	reads(&s, "DE");
	weir_spool_close(&s);
	ok(weir_spool_open(&s, &dir, "b", "pipe", &err) == 1, "again");
	reads(&s, "DE");
	weir_spool_close(&s);
	ok(weir_spool_is(&dir, "b") && !weir_spool_is(&dir, "c"), "is there");
	p.offset = 37;
	ok(weir_spool_grown(&dir, "b", &p, &err) == 0, "nothing behind it");
	p.offset = 36;
	ok(weir_spool_grown(&dir, "b", &p, &err) == 1, "a byte behind it");
}

static void
test_damage(void)
{
	struct weir_spool s;

	ok(weir_spool_open(&s, &dir, "d", "pipe", &err) == 1, "three");
	weir_spool_limit(&s, 32);
	give(&s, "0123456789abc", 13);
	weir_spool_close(&s);
	unlink("state/spool/d.1.5");
	ok(weir_spool_open(&s, &dir, "d", "pipe", &err) == -1 &&
		err.status == WEIR_STATE &&
		strstr(err.text, "bytes are missing before byte 10"),
	    "one is missing: %s", err.text);
	unlink("state/spool/d.1.10");
	/* the end is torn: what is there is read, and goes on */
	ok(truncate("state/spool/d.1.0", 3) == 0 &&
		weir_spool_open(&s, &dir, "d", "pipe", &err) == 1,
	    "a torn end");
	give(&s, "xy", 2);
	reads(&s, "012xy");
	weir_spool_close(&s);
	spill("state/spool/d.1.x", "?", 1);
	spill("state/spool/d.01.0", "?", 1);
	spill("state/spool/d.0.0", "?", 1);
	ok(weir_spool_open(&s, &dir, "d", "pipe", &err) == 1, "other names");
	reads(&s, "012xy");
	weir_spool_close(&s);
	ok(symlink("d.1.0", "state/spool/d.1.5") == 0 &&
		weir_spool_open(&s, &dir, "d", "pipe", &err) == -1,
	    "a link: %s", err.text);
	unlink("state/spool/d.1.5");
	spill("state/spool/d.pipe", "{}\n", 3);
	ok(weir_spool_open(&s, &dir, "d", "pipe", &err) == -1 &&
		err.status == WEIR_STATE,
	    "no record: %s", err.text);
}

int
main(void)
{
	char path[64];

	scratch_begin(path);
	if (weir_dir_open(&dir, "state", true, &err) != 1)
		return 1;
	test_inputs();
	test_segments();
	test_damage();
	weir_dir_close(&dir);
	scratch_end(path);
	return done();
}
