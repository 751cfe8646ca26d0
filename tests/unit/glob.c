/*
 * Goal: a pattern finds what matches, now and later, and tells a new file from
 * one that was read. Method: files are made, renamed, replaced between looks.
 */
#define _GNU_SOURCE
#include "event/glob.h"

#include "base/buf.h"
#include "tests/unit/scratch.h"
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static void
make(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static int
found(
    void *ctx, const char *path, const struct stat *st, struct weir_error *err)
{
	(void)st;
	(void)err;
	weir_buf_printf(ctx, "%s ", path);
	return 1;
}

static void
look(struct weir_glob *g, const char *want)
{
	struct weir_buf b = {0};

	weir_glob_look(g, found, &b, NULL);
	is_text(b.data ? b.data : "", b.len, want);
	weir_buf_fini(&b);
}

static void
test_look(void)
{
	struct weir_notices *n = weir_notices_new(true, NULL);
	struct weir_glob *g = weir_glob_open("*.log", n, NULL);
	struct pollfd p = {.fd = weir_notices_fd(n), .events = POLLIN};

	ok(weir_glob_timeout(g) == 0, "the first look is due");
	look(g, "");
	ok(weir_glob_timeout(g) > 0, "the next one is not");
	make("b.log", "b");
	make("a.log", "a");
	make("a.log.gz", "a");
	make("other", "a");
	ok(poll(&p, 1, 10000) == 1, "a new file is noticed");
	weir_notices_drain(n);
	ok(weir_glob_timeout(g) == 0, "and that makes it due");
	look(g, "a.log b.log ");
	weir_glob_close(g);
	weir_notices_free(n);
	ok(weir_glob_is("*.log") && !weir_glob_is("a.log"), "patterns");
	make("[a]", "");
	ok(!weir_glob_is("[a]") && weir_glob_is("[b]"), "unless it is a file");
	ok(weir_glob_takes("x/*", "x/a") && !weir_glob_takes("x/*", "x/a.gz") &&
		!weir_glob_takes("x/*", "x/y/a") &&
		!weir_glob_takes("x/*", "x/.a"),
	    "what a pattern takes");
	shell("rm -f *");
}

/* Is the file at path one that was read? */
static bool
seen(struct weir_seen *s, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && weir_seen_has(s, path, &st);
}

static void
test_seen(void)
{
	struct weir_seen *s = weir_seen_new();
	struct weir_file f;
	struct stat st;
	char buf[64];
	size_t got;

	make("a", "one\n");
	weir_file_open(&f, "a", NULL);
	weir_file_read(&f, buf, sizeof buf, &got, NULL);
	ok(!seen(s, "a"), "not yet");
	weir_seen_add(s, &f);
	weir_file_close(&f);
	ok(seen(s, "a"), "read");
	rename("a", "b");
	ok(seen(s, "b"), "under another name, too");
	make("b", "one\ntwo\n");
	ok(seen(s, "b"), "and when it grew");
	make("b", "two\none\n");
	ok(!seen(s, "b"), "another beginning: another file");
	ok(!seen(s, "b"), "and so it stays");
	make("b", "1");
	ok(!seen(s, "b"), "as is a shorter one");

	weir_file_open(&f, "b", NULL);
	weir_seen_add(s, &f);
	ok(!seen(s, "b"), "nothing was read of it");
	weir_file_read(&f, buf, sizeof buf, &got, NULL);
	unlink("b");
	weir_seen_add(s, &f);
	weir_file_close(&f);
	make("b", "1");
	ok(!seen(s, "b"), "a deleted file is not met again");

	stat("b", &st);
	weir_seen_refuse(s, &st);
	ok(!seen(s, "b"), "refused, but it can be read now");
	weir_seen_age(s);
	weir_seen_free(s);
	shell("rm -f *");
}

int
main(void)
{
	char dir[64];

	scratch_begin(dir);
	test_look();
	test_seen();
	scratch_end(dir);
	return done();
}
