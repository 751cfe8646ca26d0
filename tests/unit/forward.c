/*
 * Goal: committed output gets into the visible file exactly once, wherever a
 * crash left it, and bytes that were not committed are never touched.
 * Method: every length of the visible file from nothing to too much, with the
 * pending files there, gone and damaged; then two checkpoints and recovery.
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/unit/tap.h"
#include "tests/unit/scratch.h"
#include "tests/unit/cp.h"

#include <signal.h>
#include <sys/resource.h>

#define OLD "older output\n"
#define ONE "one\ntwo\n"
#define TWO "three\n"

static struct weir_error err;

static int
forward(const struct weir_dir *d, const struct weir_manifest_sink *sink)
{
	int fd = open("visible", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int r = weir_sink_forward(d, sink, fd, "visible", &err);

	close(fd);
	return r;
}

static int
visible_is(const char *text, size_t len)
{
	struct weir_buf b = load("visible");
	int same = b.len == len && memcmp(b.data, text, len) == 0;

	weir_buf_fini(&b);
	return same;
}

/* A sink of two pending files behind OLD. */
static struct weir_manifest_sink
sink_of_two(const struct weir_dir *d)
{
	struct weir_manifest_sink s = {.base = strlen(OLD), .nfiles = 2};

	s.name = weir_strdup("out");
	s.files = weir_calloc(2, sizeof *s.files);
	s.files[0] = pending(d, "out.1.1", ONE);
	s.files[1] = pending(d, "out.2.1", TWO);
	return s;
}

static void
sink_fini(struct weir_manifest_sink *s)
{
	for (size_t i = 0; i < s->nfiles; i++)
		free(s->files[i].file);
	free(s->files);
	free(s->name);
	shell("rm -f state/out/*");
}

static void
test_lengths(const struct weir_dir *d)
{
	static const char whole[] = OLD ONE TWO;
	size_t base = strlen(OLD), end = strlen(whole);
	int bad = 0;

	for (size_t n = 0; n <= end; n++) {
		struct weir_manifest_sink s = sink_of_two(d);
		int want = n < base ? -1 : 1;

		spill("visible", whole, n);
		if (forward(d, &s) != want ||
		    (want < 0 && err.status != WEIR_STATE) ||
		    !visible_is(whole, want < 0 ? n : end) ||
		    (access("state/out/out.1.1", F_OK) == 0) != (want < 0))
			bad++;
		/* what has been done once may be done again */
		if (want == 1 &&
		    (forward(d, &s) != 1 || !visible_is(whole, end)))
			bad++;
		sink_fini(&s);
	}
	ok(bad == 0, "from every length to the whole, or refused: %s",
	    err.text);
}

static void
test_gone(const struct weir_dir *d)
{
	static const char whole[] = OLD ONE TWO;
	size_t base = strlen(OLD), end = strlen(whole);
	int bad = 0;

	for (size_t n = base; n <= end; n++) {
		struct weir_manifest_sink s = sink_of_two(d);
		int want = n < base + strlen(ONE) ? -1 : 1;

		unlink("state/out/out.1.1");
		spill("visible", whole, n);
		if (forward(d, &s) != want ||
		    (want < 0 && err.status != WEIR_STATE) ||
		    !visible_is(whole, want < 0 ? n : end))
			bad++;
		sink_fini(&s);
	}
	ok(bad == 0, "the first pending file is gone: %s", err.text);
	for (size_t n = base; n <= end; n++) {
		struct weir_manifest_sink s = sink_of_two(d);

		shell("rm -r state/out");
		spill("visible", whole, n);
		if (forward(d, &s) != (n < end ? -1 : 1) ||
		    !visible_is(whole, n))
			bad++;
		sink_fini(&s);
	}
	ok(bad == 0, "all of them are: %s", err.text);
}

/* A power failure leaves a length, but not all of its bytes. */
static void
test_torn(const struct weir_dir *d)
{
	static const char whole[] = OLD ONE TWO;
	size_t base = strlen(OLD), end = strlen(whole);
	char torn[sizeof whole];
	int bad = 0;

	for (size_t from = base; from < end; from++)
		for (size_t n = 1; n <= end - from; n++) {
			struct weir_manifest_sink s = sink_of_two(d);

			memcpy(torn, whole, end);
			memset(torn + from, 0, n);
			spill("visible", torn, end);
			if (forward(d, &s) != 1 || !visible_is(whole, end))
				bad++;
			sink_fini(&s);
		}
	ok(bad == 0, "what reads as zeros is written again: %s", err.text);
}

static void
test_other_bytes(const struct weir_dir *d)
{
	static const char whole[] = OLD ONE TWO;
	size_t base = strlen(OLD), end = strlen(whole);
	char text[sizeof whole + 1];
	int bad = 0;

	for (int gone = 0; gone < 2; gone++)
		for (size_t at = base; at < end; at++) {
			struct weir_manifest_sink s = sink_of_two(d);

			memcpy(text, whole, end);
			text[at] ^= 1;
			spill("visible", text, end);
			if (gone)
				shell("rm state/out/*");
			if (forward(d, &s) != -1 || err.status != WEIR_STATE ||
			    !visible_is(text, end))
				bad++;
			sink_fini(&s);
		}
	ok(bad == 0, "any other byte is refused: %s", err.text);
	for (int n = 0; n < 2; n++) {
		struct weir_manifest_sink s = sink_of_two(d);

		memcpy(text, whole, end);
		text[end] = 'x';
		spill("visible", text, end + 1);
		s.nfiles = n ? 2 : 0;
		if (n == 0)
			s.base = end;
		ok(forward(d, &s) == -1 && visible_is(text, end + 1),
		    "bytes behind: %s", err.text);
		s.tail = true;
		ok(forward(d, &s) == 1 && visible_is(text, end + 1),
		    "bytes behind that are the job's own");
		s.nfiles = 2;
		sink_fini(&s);
	}
}

static void
test_damaged(const struct weir_dir *d)
{
	struct weir_manifest_sink s = sink_of_two(d);

	spill("visible", OLD, strlen(OLD));
	spill("state/out/out.1.1", "one\ntwO\n", 8);
	ok(forward(d, &s) == -1 && err.status == WEIR_STATE &&
		visible_is(OLD, strlen(OLD)),
	    "%s", err.text);
	spill("state/out/out.1.1", "one\n", 4);
	ok(forward(d, &s) == -1 && visible_is(OLD, strlen(OLD)), "shorter");
	unlink("state/out/out.1.1");
	ok(symlink("/etc/passwd", "state/out/out.1.1") == 0 &&
		forward(d, &s) == -1 && visible_is(OLD, strlen(OLD)),
	    "%s", err.text);
	sink_fini(&s);
	s = sink_of_two(d);
	unlink("visible");
	ok(mkfifo("visible", 0600) == 0 && forward(d, &s) == -1 &&
		err.status == WEIR_STATE,
	    "%s", err.text);
	unlink("visible");
	sink_fini(&s);
}

static void
test_full(const struct weir_dir *d)
{
	struct weir_manifest_sink s = sink_of_two(d);
	struct rlimit was, small;
	int got;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	small = was;
	small.rlim_cur = strlen(OLD) + 3;
	spill("visible", OLD, strlen(OLD));
	setrlimit(RLIMIT_FSIZE, &small);
	got = forward(d, &s);
	setrlimit(RLIMIT_FSIZE, &was); /* standard output may be a file, too */
	ok(got == -1 && err.status == WEIR_SYSTEM, "no room: %s", err.text);
	ok(forward(d, &s) == 1 && visible_is(OLD ONE TWO, strlen(OLD ONE TWO)),
	    "then it goes on from there");
	sink_fini(&s);
}

/* --- recovery --- */

static void
save_job(const struct weir_dir *d)
{
	char id[] = "j", in[] = "in", out[] = "out", path[128];
	char *name = in, *from = in;
	struct weir_job_sink sink = {.name = out, .path = path};
	struct weir_job job = {.id = id,
	    .nsources = 1,
	    .source_names = &name,
	    .source_paths = &from,
	    .nsinks = 1,
	    .sinks = &sink};

	snprintf(path, sizeof path, "%s/../visible", d->path);
	sink.base = strlen(OLD);
	must(weir_job_save(d, &job, &err), &err);
}

/* Two commits: ONE, made visible, and TWO, pending. */
static void
two_commits(const struct weir_dir *d)
{
	must(weir_dir_sweep(d, 0, &err), &err);
	save_job(d);
	commit(d, 1, strlen(OLD), ONE);
	unlink("state/out/out.1.1");
	spill("visible", OLD ONE, strlen(OLD ONE));
	commit(d, 2, strlen(OLD ONE), TWO);
}

/* Recover: the checkpoint found, 0 for none, -1 if refused. */
static int
recover(const struct weir_dir *d)
{
	struct weir_manifest m;
	int r = weir_dir_recover(d, &m, &err);

	if (r == 1) {
		r = (int)m.cp.n;
		weir_manifest_fini(&m);
	}
	if (r < 0 && err.status != WEIR_STATE)
		r = -2;
	return r;
}

static void
flip(const char *file, size_t at)
{
	struct weir_buf b = load(file);

	b.data[at] ^= 1;
	spill(file, b.data, b.len);
	weir_buf_fini(&b);
}

static void
test_recover(const struct weir_dir *d)
{
	struct weir_manifest m;

	ok(recover(d) == 0, "nothing to recover: begin anew");
	m = checkpoint(d, 1, 0, NULL);
	weir_manifest_fini(&m);
	ok(recover(d) == 0, "nothing committed: begin anew");
	two_commits(d);
	ok(recover(d) == 2, "the newest");
	m = checkpoint(d, 3, 0, "x");
	weir_manifest_fini(&m);
	ok(recover(d) == 2, "the newest that is committed");

	two_commits(d);
	flip("state/cp/2.1/MANIFEST", 9);
	ok(recover(d) == 1, "2's manifest is damaged, its output hidden");
	spill("visible", OLD ONE TWO, strlen(OLD ONE) + 1);
	ok(recover(d) == -1, "a byte of it is visible: refused");
	ok(strstr(err.text, "another -d") != NULL, "with advice");

	two_commits(d);
	flip("state/cp/2.1/in%2Fswindow.1.part", 70);
	ok(recover(d) == 1, "a part is damaged, the output hidden");
	unlink("state/out/out.2.1");
	ok(recover(d) == -1, "but if its pending file has gone: refused");

	two_commits(d);
	unlink("state/cp/2.1/in%2Fsource.part");
	ok(recover(d) == 1, "a part is missing, the output hidden");
	unlink("visible");
	ok(recover(d) == -1, "a sink that is not there is in doubt");

	two_commits(d);
	flip("state/out/out.2.1", 0);
	ok(recover(d) == 1, "the pending output itself is damaged");

	two_commits(d);
	unlink("state/job");
	flip("state/cp/2.1/MANIFEST", 9);
	ok(recover(d) == -1, "no job file, no way to tell");

	two_commits(d);
	flip("state/cp/1.1/MANIFEST", 9);
	ok(recover(d) == 2, "an old one that is damaged does not matter");
	flip("state/cp/2.1/MANIFEST", 9);
	ok(recover(d) == -1, "none is whole: refused");
	ok(strstr(err.text, "another -d") != NULL, "with advice");
}

int
main(void)
{
	struct weir_dir d;
	char path[64];

	scratch_begin(path);
	must(weir_dir_open(&d, "state", true, &err), &err);
	test_lengths(&d);
	test_gone(&d);
	test_torn(&d);
	test_other_bytes(&d);
	test_damaged(&d);
	test_full(&d);
	test_recover(&d);
	weir_dir_close(&d);
	scratch_end(path);
	return done();
}
