/*
 * Goal: a followed file is read across growth, rename, truncation, deletion and
 * re-creation; nothing is missed and nothing read twice.
 * Method: the changes are made between and during reads; reading waits for
 * notices with a limit, never by sleeping. Ends of files are marked with |.
 */
#define _GNU_SOURCE
#include "base/buf.h"
#include "event/follow.h"
#include "event/source.h"
#include "tests/unit/scratch.h"
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_MS 10000

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
append(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_APPEND | O_CREAT, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static struct weir_source *
follow(const char *name)
{
	static const char *names[1];

	names[0] = name;
	return weir_source_open(
	    &(struct weir_source_config){
		.names = names, .n = 1, .follow = true},
	    NULL);
}

/* One read; what came is appended. */
static int
step(struct weir_source *s, struct weir_buf *b)
{
	char buf[4096];
	size_t got;
	struct weir_error err = {0};
	int r = weir_source_read(s, buf, sizeof buf, &got, &err);

	weir_buf_add(b, buf, got);
	if (r == WEIR_GOT_BOUNDARY)
		weir_buf_putc(b, '|');
	else if (r < 0)
		weir_buf_printf(b, "error: %s", err.text);
	else if (r != WEIR_GOT_DATA && r != WEIR_GOT_NOTHING)
		weir_buf_putc(b, '$');
	return r;
}

/* Read and wait until there are as many bytes as in want. */
static void
until(struct weir_source *s, const char *want)
{
	struct weir_buf b = {0};
	int64_t limit = now_ms() + LIMIT_MS;
	int r = WEIR_GOT_DATA;

	while (b.len < strlen(want) && r >= 0 && now_ms() < limit) {
		struct pollfd p = {.events = POLLIN};
		int timeout;

		r = step(s, &b);
		if (r != WEIR_GOT_NOTHING)
			continue;
		p.fd = weir_source_fd(s, &timeout);
		if (timeout < 0 || timeout > LIMIT_MS)
			timeout = LIMIT_MS;
		poll(&p, 1, timeout);
	}
	is_text(b.data ? b.data : "", b.len, want);
	weir_buf_fini(&b);
}

/* There is nothing now, and it is waited for. */
static void
quiet(struct weir_source *s)
{
	struct weir_buf b = {0};
	struct pollfd p = {.events = POLLIN};
	int timeout;
	int r = step(s, &b);

	/* A notice of what was read already may still be there: once. */
	if (r == WEIR_GOT_NOTHING)
		r = step(s, &b);
	p.fd = weir_source_fd(s, &timeout);
	ok(r == WEIR_GOT_NOTHING && b.len == 0 && p.fd >= 0 &&
		poll(&p, 1, 0) == 0,
	    "nothing now");
	weir_buf_fini(&b);
}

static void
test_growth(void)
{
	struct weir_source *s;
	struct pollfd p = {.events = POLLIN};
	int timeout;

	append("log", "1\n");
	s = follow("log");
	until(s, "1\n");
	quiet(s);
	append("log", "2\n");
	p.fd = weir_source_fd(s, &timeout);
	ok(poll(&p, 1, 0) == 1, "noticed at once");
	until(s, "2\n");
	append("log", "par");
	until(s, "par");
	append("log", "tial\n");
	until(s, "tial\n");
	quiet(s);
	weir_source_close(s);
	unlink("log");
}

static void
test_rename(void)
{
	struct weir_source *s;
	struct weir_place p;
	struct weir_buf b = {0};
	int old;

	append("log", "1\n");
	old = open("log", O_WRONLY | O_APPEND);
	s = follow("log");
	until(s, "1\n");
	rename("log", "log.1");
	quiet(s);
	append("log.1", "2\n");
	until(s, "2\n");
	/* The new file is there and empty; the writer is still at the old. */
	append("log", "");
	step(s, &b);
	step(s, &b);
	if (write(old, "3\n", 2) != 2)
		abort();
	until(s, "3\n");
	append("log", "n1\n");
	until(s, "|");
	ok(weir_source_place(s, 6, 3, &p, NULL) == 1 && p.offset == 6,
	    "between the files it is still the old one's place");
	weir_place_fini(&p);
	until(s, "n1\n");
	ok(weir_source_place(s, 3, 1, &p, NULL) == 1 && p.print_len == 3,
	    "then the new one's");
	weir_place_fini(&p);
	quiet(s);
	/* An unfinished line ends where its file does, in a while. */
	append("log", "unfinished");
	until(s, "unfinished");
	rename("log", "log.2");
	append("log", "");
	until(s, "|");
	append("log", "n2\n");
	until(s, "n2\n");
	/* Gone, and back later. */
	unlink("log");
	quiet(s);
	append("log", "n3\n");
	until(s, "|n3\n");
	close(old);
	weir_buf_fini(&b);
	weir_source_close(s);
	unlink("log");
	unlink("log.1");
	unlink("log.2");
}

static void
test_truncation(void)
{
	struct weir_source *s;

	append("log", "1\n2\n");
	s = follow("log");
	until(s, "1\n2\n");
	quiet(s);
	if (truncate("log", 0) < 0)
		abort();
	until(s, "|");
	append("log", "3\n");
	until(s, "3\n");
	quiet(s);
	/* Written anew and longer, before anybody looked. */
	if (truncate("log", 0) < 0)
		abort();
	append("log", "a\nb\nc\nd\n");
	until(s, "|a\nb\nc\nd\n");
	weir_source_close(s);
	unlink("log");
}

static void
test_waiting(void)
{
	struct weir_source *s = follow("sub/log");
	struct pollfd p = {.events = POLLIN};
	int timeout;

	ok(s != NULL, "neither file nor directory is there yet");
	until(s, "");
	if (mkdir("sub", 0700) < 0)
		abort();
	append("sub/log", "1\n");
	until(s, "1\n");
	append("sub/log", "2\n");
	until(s, "2\n");
	weir_source_close(s);
	unlink("sub/log");
	s = follow("sub/log");
	quiet(s);
	append("sub/log", "3\n");
	p.fd = weir_source_fd(s, &timeout);
	ok(poll(&p, 1, LIMIT_MS) == 1, "its creation is noticed");
	until(s, "3\n");
	weir_source_close(s);
	unlink("sub/log");
	rmdir("sub");
}

/* The name is a link that is turned to another file. */
static void
test_link(void)
{
	struct weir_source *s;

	append("one", "1\n");
	append("two", "2\n");
	if (symlink("one", "log") < 0)
		abort();
	s = follow("log");
	until(s, "1\n");
	quiet(s);
	if (symlink("two", "new") < 0)
		abort();
	rename("new", "log");
	until(s, "|2\n");
	append("two", "3\n");
	until(s, "3\n");
	weir_source_close(s);
	unlink("log");
	unlink("one");
	unlink("two");
}

/* Rotated twice before anybody looked. */
static void
test_twice(void)
{
	struct weir_source *s;

	append("log", "1\n");
	s = follow("log");
	until(s, "1\n");
	append("log", "2\n");
	rename("log", "log.1");
	append("log", "3\n");
	rename("log.1", "log.2");
	rename("log", "log.1");
	append("log", "4\n");
	until(s, "2\n|3\n|4\n");
	weir_source_close(s);
	unlink("log");
	unlink("log.1");
	unlink("log.2");
}

static void
test_seek_followed(void)
{
	struct weir_source *s;
	struct weir_place p;

	append("log", "1\n");
	s = follow("log");
	until(s, "1\n");
	weir_source_place(s, 2, 1, &p, NULL);
	weir_source_close(s);
	append("log", "2\n");
	rename("log", "log.1");
	/* The new one is not there yet. */
	s = follow("log");
	ok(weir_source_seek(s, &p, NULL) == 1, "found among the rotated");
	until(s, "2\n");
	append("log.1", "3\n");
	until(s, "3\n");
	append("log", "4\n");
	until(s, "|4\n");
	append("log", "5\n");
	until(s, "5\n");
	weir_source_close(s);
	unlink("log");
	/* Compressed, and again the new one is not there yet. */
	shell("gzip log.1");
	s = follow("log");
	ok(weir_source_seek(s, &p, NULL) == 1, "found compressed");
	weir_place_fini(&p);
	until(s, "2\n3\n");
	quiet(s);
	weir_source_place(s, 6, 3, &p, NULL);
	ok(p.print_len == 6, "its place is there at its end, too");
	weir_place_fini(&p);
	append("log", "4\n");
	until(s, "|4\n");
	quiet(s);
	weir_source_close(s);
	unlink("log");
	unlink("log.1.gz");
}

static void
test_fifo(void)
{
	struct weir_source *s;
	int w;

	if (mkfifo("fifo", 0600) < 0)
		abort();
	s = follow("fifo");
	for (int i = 0; i < 2; i++) {
		w = open("fifo", O_WRONLY | O_NONBLOCK);
		if (w < 0 || write(w, "x\n", 2) != 2)
			abort();
		until(s, i ? "x\n" : "x\n");
		close(w);
		until(s, "|");
		step(s, &(struct weir_buf){0});
	}
	weir_source_close(s);
	unlink("fifo");
}

/* A writer that rotates as fast as it can. */
static void
rotate_forever(int files, int lines)
{
	for (int f = 0; f < files; f++) {
		int fd = open("log", O_WRONLY | O_APPEND | O_CREAT, 0600);

		for (int i = 0; i < lines; i++) {
			char line[32];
			int n =
			    snprintf(line, sizeof line, "%d\n", f * lines + i);

			if (write(fd, line, (size_t)n) != n)
				_exit(1);
		}
		close(fd);
		if (f + 1 < files) {
			char to[32];

			snprintf(to, sizeof to, "log-%05d", f);
			rename("log", to);
		}
	}
	_exit(0);
}

static void
test_race(void)
{
	enum { FILES = 100, LINES = 50 };
	struct weir_buf b = {0};
	struct weir_source *s;
	int64_t limit = now_ms() + LIMIT_MS;
	char last[32];
	int next = 0, wrong = 0, turns = 0;
	pid_t pid;

	append("log", "");
	s = follow("log");
	pid = fork();
	if (pid == 0)
		rotate_forever(FILES, LINES);
	snprintf(last, sizeof last, "%d\n", FILES * LINES - 1);
	while (now_ms() < limit) {
		struct pollfd p = {.events = POLLIN};
		int timeout;

		if (b.len > strlen(last) &&
		    memcmp(b.data + b.len - strlen(last), last, strlen(last)) ==
			0)
			break;
		if (step(s, &b) != WEIR_GOT_NOTHING)
			continue;
		p.fd = weir_source_fd(s, &timeout);
		poll(&p, 1, timeout < 0 ? 1000 : timeout);
	}
	waitpid(pid, NULL, 0);
	for (char *line = weir_buf_cstr(&b); *line != '\0';) {
		while (*line == '|') {
			line++;
			turns++;
		}
		wrong += strtol(line, &line, 10) != next++;
		line += *line == '\n';
	}
	b.len = 0;
	ok(next == FILES * LINES && wrong == 0 && turns == FILES - 1,
	    "%d lines of %d, %d out of place, %d turns", next, FILES * LINES,
	    wrong, turns);
	weir_buf_fini(&b);
	weir_source_close(s);
	shell("rm -f log*");
}

static void
test_timer(void)
{
	struct weir_notices *n = weir_notices_new(false, NULL);
	struct weir_follow w[2];
	struct pollfd p = {.events = POLLIN};

	ok(n != NULL && weir_follow_open(&w[0], n, "log", NULL) == 1 &&
		weir_follow_open(&w[1], n, "log", NULL) == 1 &&
		weir_follow_timeout(&w[0]) == -1,
	    "without inotify");
	p.fd = weir_notices_fd(n);
	ok(poll(&p, 1, LIMIT_MS) == 1, "it ticks");
	weir_follow_drain(&w[0]);
	ok(poll(&p, 1, 0) == 0, "and stops");
	ok(weir_follow_timeout(&w[0]) == -1 && weir_follow_timeout(&w[1]) == 0,
	    "one has looked, the other has yet to");
	weir_follow_close(&w[0]);
	weir_follow_close(&w[1]);
	weir_notices_free(n);
}

int
main(void)
{
	char dir[64];

	scratch_begin(dir);
	test_growth();
	test_rename();
	test_truncation();
	test_waiting();
	test_link();
	test_twice();
	test_seek_followed();
	test_fifo();
	test_race();
	test_timer();
	scratch_end(dir);
	return done();
}
