/*
 * ahead: several inputs are read so that who writes them all cannot get stuck,
 * and come out in watermark order however their bytes arrive. A stage that shows
 * each event with its operand runs in a child over pipes that one process fills
 * with blocking writes in some order; its output is held against that of the
 * same bytes in files.
 */
#define _GNU_SOURCE
#include "stream/options.h"
#include "stream/stage.h"

#include "tests/unit/frames.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#define INPUTS 3
#define EVENTS 20000

static struct weir_error err;

static int
show(void *self, struct weir_stage *st, const struct weir_block *b, uint32_t i,
    uint32_t n, struct weir_error *e)
{
	char text[200];

	(void)self;
	for (; n > 0; i++, n--) {
		const struct weir_event *ev = &b->events[i];
		int len = snprintf(text, sizeof text, "{\"%zu\":%.*s}",
		    weir_stage_operand(st), (int)ev->len, b->text + ev->off);

		if (weir_stage_put(st, text, (size_t)len, ev->time,
			ev->watermark, 0, e) < 0)
			return -1;
	}
	return 1;
}

static _Noreturn void
stage(const char *const *files, int n, int out, const char *spill)
{
	static const struct weir_stage_ops ops = {.events = show};
	struct weir_stage_config c;
	struct weir_stage *st;
	int status;

	weir_stage_defaults(&c, "test");
	c.files = files;
	c.nfiles = (size_t)n;
	c.out_fd = out;
	c.output = WEIR_FORMAT_JSON;
	c.time = "t";
	c.spill_dir = spill;
	st = weir_stage_new(&c, &ops, NULL);
	status = weir_stage_run(st, &err);
	weir_stage_free(st);
	if (status != 0)
		fprintf(stderr, "# %s\n", err.text);
	_exit(status);
}

/* The text of input k: times that rise by its own steps, and padding. */
static struct weir_buf
text_of(int k, int n)
{
	struct weir_buf b = {0};
	long t = 1000000000 + k;

	for (int i = 0; i < n; i++) {
		t += (i * 7 + k * 3) % 11 * (k + 1) % 13;
		weir_buf_printf(&b, "{\"t\":%ld,\"i\":%d,\"k\":\"%.*s\"}\n", t,
		    i, (i + k) % 60,
		    "..............................."
		    "...............................");
	}
	return b;
}

struct run {
	pid_t pid;
	int in[INPUTS], out;
};

/* Over pipes, or if texts are given over files. */
static struct run
start(const struct weir_buf *texts, int n, const char *spill)
{
	struct run r = {.out = memfd_create("out", 0)};
	const char *names[INPUTS];
	char name[INPUTS][40];
	int fd[INPUTS][2];

	for (int k = 0; k < n; k++) {
		if (texts != NULL) {
			fd[k][0] = memfd_create("in", 0);
			if (write(fd[k][0], texts[k].data, texts[k].len) < 0)
				abort();
			fd[k][1] = -1;
		} else if (pipe2(fd[k], O_CLOEXEC) < 0) {
			abort();
		}
		snprintf(name[k], sizeof name[k], "/proc/self/fd/%d", fd[k][0]);
		names[k] = name[k];
	}
	r.pid = fork();
	if (r.pid == 0) {
		for (int k = 0; k < n; k++)
			close(fd[k][1]);
		stage(names, n, r.out, spill);
	}
	for (int k = 0; k < n; k++) {
		close(fd[k][0]);
		r.in[k] = fd[k][1];
	}
	return r;
}

static int
finish(struct run *r, struct weir_buf *got)
{
	int status;
	ssize_t n;

	waitpid(r->pid, &status, 0);
	got->len = 0;
	lseek(r->out, 0, SEEK_SET);
	while ((n = read(r->out, weir_buf_reserve(got, 1 << 20), 1 << 20)) > 0)
		got->len += (size_t)n;
	close(r->out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Blocking, as tee does. */
static int
put(int fd, const char *s, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, s, len);

		if (n < 0)
			return 0;
		s += n;
		len -= (size_t)n;
	}
	return 1;
}

static int
same(const struct weir_buf *a, const struct weir_buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* In pieces, whose sizes and inputs a generator picks. */
static void
in_pieces(struct run *r, const struct weir_buf *texts, uint64_t state)
{
	size_t at[INPUTS] = {0};

	for (int left = INPUTS; left > 0;) {
		int k;
		size_t n;

		state = state * 6364136223846793005u + 1442695040888963407u;
		k = (int)((state >> 33) % INPUTS);
		n = (state >> 40) % 30000 + 1;
		if (r->in[k] < 0)
			continue;
		if (n > texts[k].len - at[k])
			n = texts[k].len - at[k];
		put(r->in[k], texts[k].data + at[k], n);
		at[k] += n;
		if (at[k] < texts[k].len)
			continue;
		close(r->in[k]);
		r->in[k] = -1;
		left--;
	}
}

static void
any_order(void)
{
	struct weir_buf texts[INPUTS], want = {0}, got = {0};
	struct run r;
	int good = 1;

	for (int k = 0; k < INPUTS; k++)
		texts[k] = text_of(k, EVENTS);
	r = start(texts, INPUTS, "/tmp");
	ok(finish(&r, &want) == 0 && want.len > texts[0].len * 3, "files");
	for (uint64_t seed = 1; seed <= 5; seed++) {
		r = start(NULL, INPUTS, "/tmp");
		in_pieces(&r, texts, seed);
		good &= finish(&r, &got) == 0 && same(&got, &want);
	}
	ok(good, "pieces in any order come out the same");
	/* One after the other, the wrong way round: most of it is spilt. */
	r = start(NULL, INPUTS, "/tmp");
	for (int k = INPUTS - 1; k >= 0; k--) {
		put(r.in[k], texts[k].data, texts[k].len);
		close(r.in[k]);
	}
	ok(finish(&r, &got) == 0 && same(&got, &want), "the last one first");
	for (int k = 0; k < INPUTS; k++)
		weir_buf_fini(&texts[k]);
	weir_buf_fini(&want);
	weir_buf_fini(&got);
}

/* So many bytes of one input come before the first of the other. */
static int
one_sided(size_t bytes, const char *spill)
{
	struct weir_buf first = text_of(0, 10), then = {0}, got = {0};
	struct run r = start(NULL, 2, spill);
	int status, i = 0;

	while (then.len < bytes)
		weir_buf_printf(&then, "{\"t\":%d}\n", 2000000000 + i++ % 7);
	put(r.in[1], then.data, then.len);
	put(r.in[0], first.data, first.len);
	close(r.in[0]);
	close(r.in[1]);
	status = finish(&r, &got);
	weir_buf_fini(&first);
	weir_buf_fini(&then);
	weir_buf_fini(&got);
	return status;
}

static void
bounds(void)
{
	ok(one_sided(900000, "/none") == 0, "a megabyte fits into memory");
	ok(one_sided(5000000, "/none") == WEIR_SYSTEM,
	    "more needs a directory that is there");
	ok(one_sided(5000000, "/tmp") == 0, "with it all is well");
}

/*
 * While the awaited one speaks, nothing is spilt: the writer of the other is
 * held back by its full pipe, as it should be.
 */
static void
held_back(void)
{
	struct weir_buf text = {0}, got = {0};
	struct run r = start(NULL, 2, "/none");
	long t = 1000000000;
	int full = 0;

	fcntl(r.in[1], F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 300; i++) {
		text.len = 0;
		while (text.len < 65536)
			weir_buf_printf(&text, "{\"t\":%ld}\n", t += 1);
		/* Nobody read; not: nobody is there. */
		if (write(r.in[1], text.data, text.len) < 0) {
			full = errno == EAGAIN;
			break;
		}
		text.len = 0;
		weir_buf_printf(&text, "{\"t\":%d}\n", 1000000000);
		put(r.in[0], text.data, text.len);
	}
	ok(full, "its writer is held back");
	kill(r.pid, SIGKILL);
	finish(&r, &got);
	close(r.in[0]);
	close(r.in[1]);
	weir_buf_fini(&text);
	weir_buf_fini(&got);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	alarm(60); /* instead of being stuck for ever */
	any_order();
	bounds();
	held_back();
	return done();
}
