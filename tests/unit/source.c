/*
 * Goal: a source gives the bytes of its files in order, says where each ends,
 * and comes back to a saved place, wherever rotation put the file.
 * Method: files in a scratch directory are read to a text in which the ends are
 * marked: | another file follows, $ the end, # a pause.
 */
#define _GNU_SOURCE
#include "base/buf.h"
#include "event/source.h"
#include "tests/unit/scratch.h"
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void
put(const char *name, const char *text)
{
	spill(name, text, strlen(text));
}

static void
append(const char *name, const char *text)
{
	FILE *f = fopen(name, "a");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

/* So many seconds ago it was changed last. */
static void
age(const char *name, int seconds)
{
	struct timespec t[2];

	clock_gettime(CLOCK_REALTIME, &t[0]);
	t[0].tv_sec -= seconds;
	t[1] = t[0];
	if (utimensat(AT_FDCWD, name, t, 0) < 0)
		abort();
}

static void
run(const char *command)
{
	if (shell(command) != 0)
		abort();
}

static struct weir_source *
source_of(const char *const *names, size_t n, bool once)
{
	const struct weir_source_config c = {
	    .names = names, .n = n, .once = once};

	return weir_source_open(&c, NULL);
}

/* Read everything, n bytes at a time. */
static struct weir_buf
drain(struct weir_source *s, size_t n)
{
	struct weir_buf b = {0};
	struct weir_error err = {0};
	char buf[4096];
	size_t got;
	int r;

	do {
		r = weir_source_read(s, buf, n, &got, &err);
		weir_buf_add(&b, buf, got);
		if (r == WEIR_GOT_BOUNDARY)
			weir_buf_putc(&b, '|');
	} while (r == WEIR_GOT_DATA || r == WEIR_GOT_BOUNDARY);
	if (r < 0)
		weir_buf_printf(&b, "error %d", err.status);
	else
		weir_buf_putc(&b,
		    r == WEIR_GOT_END	      ? '$'
			: r == WEIR_GOT_PAUSE ? '#'
					      : '?');
	return b;
}

static void
reads(struct weir_source *s, const char *want)
{
	struct weir_buf b = drain(s, 4096);

	is_text(b.data, b.len, want);
	weir_buf_fini(&b);
}

static void
test_files(void)
{
	const char *names[] = {"a", "b", "a"}, *one[] = {"a"};
	struct weir_source *s;
	struct weir_error err;
	struct weir_buf b;
	uint64_t done_, size;
	int timeout;

	put("a", "one\ntwo");
	put("b", "");
	s = source_of(names, 3, false);
	ok(weir_source_regular(s) && weir_source_fd(s, &timeout) == -1 &&
		timeout == -1,
	    "a file is always ready");
	is_text(weir_source_name(s), 1, "a");
	reads(s, "one\ntwo||one\ntwo$");
	weir_source_progress(s, &done_, &size);
	ok(done_ == 14 && size == 14, "progress");
	reads(s, "$");
	weir_source_close(s);
	s = source_of(one, 1, true);
	b = drain(s, 1);
	is_text(b.data, b.len, "one\ntwo#");
	weir_buf_fini(&b);
	weir_source_close(s);
	names[0] = "missing";
	ok(weir_source_open(
	       &(struct weir_source_config){.names = names, .n = 3}, &err) ==
		    NULL &&
		err.status == WEIR_SYSTEM,
	    "%s", err.text);
	names[0] = "a";
	names[1] = "missing";
	s = source_of(names, 3, false);
	reads(s, "one\ntwo|error 6");
	weir_source_close(s);
	names[0] = ".";
	ok(weir_source_open(
	       &(struct weir_source_config){.names = names, .n = 1}, &err) ==
		NULL,
	    "%s", err.text);
}

static void
test_pipes(void)
{
	const char *names[] = {"fifo", "a"};
	struct weir_source *s;
	char buf[64];
	size_t got;
	int ends[2], timeout, w;

	if (pipe(ends) < 0 || write(ends[1], "xyz", 3) != 3)
		abort();
	s = weir_source_open(&(struct weir_source_config){.fd = ends[0]}, NULL);
	ok(!weir_source_regular(s) && weir_source_fd(s, &timeout) == ends[0],
	    "a pipe is waited for");
	close(ends[1]);
	reads(s, "xyz$");
	weir_source_close(s);
	ok(close(ends[0]) == 0, "the descriptor stays its owner's");

	if (mkfifo("fifo", 0600) < 0)
		abort();
	s = source_of(names, 2, false);
	ok(weir_source_read(s, buf, sizeof buf, &got, NULL) == WEIR_GOT_NOTHING,
	    "no writer of a FIFO yet");
	w = open("fifo", O_WRONLY);
	ok(weir_source_read(s, buf, sizeof buf, &got, NULL) == WEIR_GOT_NOTHING,
	    "nothing written yet");
	if (write(w, "hi\n", 3) != 3)
		abort();
	close(w);
	reads(s, "hi\n|one\ntwo$");
	weir_source_close(s);
	s = source_of(names, 1, false);
	w = open("fifo", O_WRONLY);
	close(w);
	reads(s, "$");
	weir_source_close(s);
	unlink("fifo");
}

static void
test_place_text(void)
{
	static const char *const bad[] = {"", "{}", "[]",
	    "{\"name\":\"\",\"dev\":1,\"ino\":2,\"print\":\"0000000000000000\","
	    "\"print_len\":0,\"offset\":0,\"line\":0}",
	    "{\"name\":\"a\",\"dev\":1.5,\"ino\":2,\"print\":"
	    "\"0000000000000000\","
	    "\"print_len\":0,\"offset\":0,\"line\":0}",
	    "{\"name\":\"a\",\"dev\":1,\"ino\":2,\"print\":"
	    "\"000000000000000g\","
	    "\"print_len\":0,\"offset\":0,\"line\":0}",
	    "{\"name\":\"a\",\"dev\":1,\"ino\":2,\"print\":"
	    "\"0000000000000000\","
	    "\"print_len\":1,\"offset\":0,\"line\":0}",
	    "{\"name\":\"a\",\"dev\":1,\"ino\":2,\"print\":"
	    "\"0000000000000000\","
	    "\"print_len\":1025,\"offset\":2000,\"line\":0}",
	    "{\"name\":\"a\",\"dev\":1,\"ino\":2,\"print\":"
	    "\"0000000000000000\","
	    "\"print_len\":0,\"offset\":-1,\"line\":0}",
	    "{\"name\":\"a\",\"dev\":1,\"ino\":2,\"print\":"
	    "\"0000000000000000\","
	    "\"print_len\":0,\"offset\":18446744073709551616,\"line\":0}",
	    "{\"name_hex\":\"6\",\"dev\":1,\"ino\":2,"
	    "\"print\":\"0000000000000000\","
	    "\"print_len\":0,\"offset\":0,\"line\":0}"};
	char name[] = "od\"d\n\xC3\xA9", bytes[] = "\xFF/x";
	struct weir_place p = {.name = name,
			      .dev = UINT64_MAX,
			      .ino = 12,
			      .print = 0x0123456789abcdef,
			      .print_len = 1024,
			      .offset = 1ull << 40,
			      .line = 7},
			  q;
	struct weir_buf b = {0};
	struct weir_error err = {0};

	weir_place_write(&b, &p);
	ok(weir_place_read(&q, b.data, b.len, &err) == 1 &&
		strcmp(q.name, name) == 0 && q.dev == p.dev && q.ino == 12 &&
		q.print == p.print && q.print_len == 1024 &&
		q.offset == p.offset && q.line == 7,
	    "a place as text and back");
	weir_place_fini(&q);
	b.len = 0;
	p.name = bytes;
	weir_place_write(&b, &p);
	ok(weir_place_read(&q, b.data, b.len, &err) == 1 &&
		strcmp(q.name, bytes) == 0,
	    "a name that is not UTF-8");
	weir_place_fini(&q);
	weir_buf_fini(&b);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(weir_place_read(&q, bad[i], strlen(bad[i]), &err) == -1 &&
			err.status == WEIR_STATE,
		    "%s", err.text);
}

/* Read the first n bytes of log, and keep the place. */
static void
save_at(struct weir_place *p, size_t n)
{
	const char *names[] = {"log"};
	struct weir_source *s = source_of(names, 1, false);
	char buf[8192];
	size_t got;

	while (n > 0 &&
	    weir_source_read(s, buf, n, &got, NULL) == WEIR_GOT_DATA && got < n)
		n -= got;
	weir_source_place(s, n, 1, p, NULL);
	weir_source_close(s);
}

/* Seek there, and read on; gone: the reason contains this. */
static void
resumes(const struct weir_place *p, const char *want, const char *gone)
{
	const char *names[] = {"log"};
	struct weir_source *s = source_of(names, 1, false);
	struct weir_error err = {0};
	int r = weir_source_seek(s, p, &err);

	if (gone == NULL)
		ok(r == 1, "found %s", r == 1 ? "" : err.text);
	else
		ok(r == 0 && strstr(err.text, gone) != NULL, "%s", err.text);
	reads(s, want);
	weir_source_close(s);
}

static void
test_seek(void)
{
	struct weir_place p, start;
	struct weir_source *s;
	const char *names[] = {"x", "log"};

	put("log", "1\n2\n3\n");
	save_at(&start, 0);
	save_at(&p, 2);
	ok(p.print_len == 2 && p.offset == 2, "only what was read is printed");
	resumes(&p, "2\n3\n$", NULL);
	ok(weir_source_grown("log", &p, NULL) == 1, "there is more");
	append("log", "4\n");
	resumes(&p, "2\n3\n4\n$", NULL);
	resumes(&start, "1\n2\n3\n4\n$", NULL);
	put("log", "1");
	resumes(&p, "1$", "truncated");
	put("log", "9\n2\n3\n4\n");
	resumes(&p, "9\n2\n3\n4\n$", "truncated");
	weir_place_fini(&start);
	weir_place_fini(&p);

	put("x", "x\n");
	put("log", "1\n2\n");
	save_at(&p, 4);
	ok(weir_source_grown("log", &p, NULL) == 0, "nothing more");
	s = source_of(names, 2, false);
	ok(weir_source_seek(s, &p, NULL) == 1, "the second of two");
	reads(s, "$");
	weir_source_close(s);
	rename("log", "log.1");
	ok(weir_source_grown("log", &p, NULL) == 0, "nothing there");
	put("log", "n\n");
	ok(weir_source_grown("log", &p, NULL) == 1, "another file is there");
	resumes(&p, "|n\n$", NULL);
	unlink("log.1");
	resumes(&p, "n\n$", "neither there nor");
	free(p.name);
	p.name = strdup("other");
	resumes(&p, "n\n$", "not among the sources");
	weir_place_fini(&p);
}

/* Its beginning is the same: the place falls into the middle of a line. */
static void
test_regrown(void)
{
	struct weir_place p;

	put("log", "");
	for (int i = 0; i < 300; i++)
		append("log", "12345678\n");
	save_at(&p, 2700);
	run("truncate -s 1800 log; yes 1234567 | head -200 >>log");
	{
		const char *names[] = {"log"};
		struct weir_source *s = source_of(names, 1, false);
		struct weir_error err = {0};

		ok(weir_source_seek(s, &p, &err) == 0 &&
			strstr(err.text, "truncated") != NULL,
		    "%s", err.text);
		weir_source_close(s);
	}
	weir_place_fini(&p);
}

static void
test_rotated(void)
{
	struct weir_place p;

	put("log", "a1\na2\na3\n");
	save_at(&p, 3);
	/* Rotated three times, with numbers; bystanders and twins. */
	rename("log", "log.3");
	put("log.2", "b1\n");
	put("log.1", "c1\n");
	put("log", "d1\n");
	put("log.4", "older\n");
	put("log.bak", "no\n");
	put("log.5~", "no\n");
	put("logs1", "no\n");
	age("logs1", 500);
	age("log.4", 400);
	age("log.3", 300);
	age("log.2", 200);
	age("log.1", 100);
	resumes(&p, "a2\na3\n|b1\n|c1\n|d1\n$", NULL);
	/* Times that say nothing: the numbers do. */
	age("log.3", 100);
	age("log.2", 100);
	age("log.1", 100);
	run("touch -r log.1 log.2 log.3");
	resumes(&p, "a2\na3\n|b1\n|c1\n|d1\n$", NULL);
	age("log.3", 300);
	age("log.2", 200);
	/* A compressed twin of a file that is there, being written. */
	run("gzip -k log.2 && touch log.2.gz");
	resumes(&p, "a2\na3\n|b1\n|c1\n|d1\n$", NULL);
	unlink("log.2");
	age("log.2.gz", 200);
	resumes(&p, "a2\na3\n|b1\n|c1\n|d1\n$", NULL);
	/* Ours is compressed, by whatever is there. */
	run("gzip log.3");
	resumes(&p, "a2\na3\n|b1\n|c1\n|d1\n$", NULL);
	run("gunzip log.3 && touch -d '300 seconds ago' log.3");
	if (shell("command -v zstd >/dev/null") == 0) {
		run("zstd -q --rm log.3");
		resumes(&p, "a2\na3\n|b1\n|c1\n|d1\n$", NULL);
		run("zstd -q -d --rm log.3.zst");
	}
	if (shell("command -v xz >/dev/null") == 0) {
		run("xz log.3");
		resumes(&p, "a2\na3\n|b1\n|c1\n|d1\n$", NULL);
		run("unxz log.3.xz");
	}
	if (shell("command -v lz4 >/dev/null") == 0) {
		run("lz4 -q --rm log.3 log.3.lz4 && touch -d '300 seconds ago' "
		    "log.3.lz4");
		resumes(&p, "a2\na3\n|b1\n|c1\n|d1\n$", NULL);
		run("lz4 -q -d --rm log.3.lz4 log.3");
	}
	run("gzip -k log.3 && cp log.3.gz log.7.gz && rm log.3");
	resumes(&p, "d1\n$", "more than one");
	run("rm log.7.gz && truncate -s 12 log.3.gz");
	resumes(&p, "d1\n$", "neither there nor");
	weir_place_fini(&p);
	run("rm -f log*");
}

/* A place inside of a compressed file is found again. */
static void
test_inside_compressed(void)
{
	const char *names[] = {"log"};
	struct weir_place p, q;
	struct weir_source *s;
	struct stat st;
	char buf[64];
	size_t got;

	put("log", "a1\na2\na3\n");
	save_at(&p, 3);
	run("gzip log && mv log.gz log.1.gz");
	put("log", "b1\n");
	s = source_of(names, 1, false);
	ok(weir_source_seek(s, &p, NULL) == 1 &&
		weir_source_read(s, buf, 3, &got, NULL) == WEIR_GOT_DATA &&
		memcmp(buf, "a2\n", 3) == 0,
	    "inside");
	ok(weir_source_place(s, 6, 2, &q, NULL) == 1 && q.print_len == 6,
	    "a place there");
	weir_source_close(s);
	run("mv log.1.gz log.2.gz");
	resumes(&q, "a3\n|b1\n$", NULL);
	weir_place_fini(&p);
	weir_place_fini(&q);
	/* A new file often gets the inode that has just become free. */
	put("log", "a1\na2\na3\n");
	save_at(&p, 3);
	run("rm log.2.gz; gzip -c log >log.1.gz");
	put("log", "b1\nb2\n");
	stat("log", &st);
	p.ino = (uint64_t)st.st_ino;
	resumes(&p, "a2\na3\n|b1\nb2\n$", NULL);
	weir_place_fini(&p);
	unlink("log.1.gz");
	/* What cannot be decompressed whole is said. */
	put("log", "");
	for (int i = 0; i < 2000; i++) {
		char line[32];

		snprintf(line, sizeof line, "%d\n", i * 7919 % 100003);
		append("log", line);
	}
	save_at(&p, 2);
	run("gzip log && truncate -s -100 log.gz && mv log.gz log.1.gz");
	put("log", "b1\n");
	s = source_of(names, 1, false);
	ok(weir_source_seek(s, &p, NULL) == 1, "found, though cut");
	{
		struct weir_buf b = drain(s, 4096);

		ok(b.len > 7 && memcmp(b.data + b.len - 7, "error 3", 7) == 0,
		    "a damaged file is an error at its end");
		weir_buf_fini(&b);
	}
	weir_source_close(s);
	weir_place_fini(&p);
	run("rm -f log*");
}

int
main(void)
{
	char dir[64];

	scratch_begin(dir);
	test_files();
	test_pipes();
	test_place_text();
	test_seek();
	test_regrown();
	test_rotated();
	test_inside_compressed();
	scratch_end(dir);
	return done();
}
