/*
 * Goal: a job keeps to its sources and sinks, what a sink's part says is read
 * strictly, and visible files are opened with care. Method: a directory of its
 * own with good and bad files in it.
 */
#define _GNU_SOURCE
#include "tests/unit/tap.h"

#include "tests/unit/scratch.h"

#include "base/mem.h"
#include "state/snapshot.h"
#include "stream/jobfile.h"
#include "stream/visible.h"
#include "stream/sinkpart.h"

#include <errno.h>

static struct weir_error err;

/* --- parts of sinks --- */

/* A part of these lines, read back: 1 or -1. */
static int
part_of(const char *const *lines, struct weir_sinkpart *p)
{
	char stage[] = "out", kind[] = "sink", print[] = "";
	struct weir_snapshot_header h = {
	    .stage = stage, .kind = kind, .fingerprint = print};
	struct weir_snapshot_writer *w;
	int fd = open(".", O_RDONLY | O_DIRECTORY), got;

	unlink("out.part");
	w = weir_snapshot_create(fd, "out.part", &h, &err);
	for (; *lines != NULL; lines++)
		weir_snapshot_line(w, *lines, strlen(*lines), &err);
	weir_snapshot_commit(w, NULL, NULL, &err);
	weir_snapshot_abandon(w);
	got = weir_sinkpart_load(p, fd, "out.part", &err);
	close(fd);
	return got;
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PATH	   "{\"path\":\"/a/b\",\"base\":7}"
#define PENDING                                                                \
	"{\"pending\":\"out.1.1\",\"len\":3,\"digest\":"                       \
	"\"000102030405060708090a0b0c0d0e0f\"}"

static void
test_sinkpart(void)
{
	static const char *const bad[] = {"{}", "[]", "{\"pending\":1}",
	    "{\"pending\":\"x\",\"len\":-1,\"digest\":\"00\"}",
	    "{\"pending\":\"x\",\"len\":1,\"digest\":\"00\"}",
	    "{\"part\":\"x\"}", "{\"part\":null,\"file\":\"x\"}",
	    "{\"path\":\"/again\",\"base\":0}", "{\"other\":1}"};
	static const char *const ends[] = {
	    "{\"path\":\"/a\",\"base\":7,\"end\":-1}",
	    "{\"path\":\"/a\",\"base\":7,\"end\":\"9\"}",
	    "{\"path\":\"/a\",\"base\":7,\"end\":null}"};
	struct weir_sinkpart p;

	ok(part_of(LINES("{\"metrics\":{}}", PATH, PENDING,
		       "{\"part\":\"in\",\"file\":\"in.part\"}"),
	       &p) == 1,
	    "a whole part %s", err.text);
	ok(strcmp(p.path, "/a/b") == 0 && p.base == 7, "path and base");
	ok(p.nfiles == 1 && strcmp(p.files[0].file, "out.1.1") == 0 &&
		p.files[0].len == 3 &&
		p.files[0].digest.hi == 0x0001020304050607 &&
		p.files[0].digest.lo == 0x08090a0b0c0d0e0f,
	    "pending output");
	ok(p.parts.n == 1 && strcmp(p.parts.part[0].stage, "in") == 0 &&
		strcmp(p.parts.part[0].file, "in.part") == 0,
	    "parts");
	ok(!p.now, "it is written by the committer");
	weir_sinkpart_fini(&p);
	ok(part_of(LINES("{\"path\":\"/a\",\"base\":7,\"end\":9}"), &p) == 1 &&
		p.now && p.base == 7 && p.end == 9,
	    "it is written by the sink");
	weir_sinkpart_fini(&p);
	for (size_t i = 0; i < 3; i++)
		ok(part_of(LINES(ends[i]), &p) == -1 &&
			err.status == WEIR_STATE,
		    "%s: %s", ends[i], err.text);
	ok(part_of(LINES(PENDING), &p) == -1 && err.status == WEIR_STATE,
	    "no path: %s", err.text);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(part_of(LINES(PATH, bad[i]), &p) == -1 &&
			err.status == WEIR_STATE,
		    "%s: %s", bad[i], err.text);
}

/* --- paths --- */

static void
test_paths(const char *base)
{
	static const char *const bad[] = {
	    "", "/", ".", "..", "a/", "a/.", "nowhere/file"};
	char want[128], *got;

	mkdir("a", 0700);
	ok(symlink("a", "link") == 0, "a link to a directory");
	snprintf(want, sizeof want, "%s/a/file", base);
	got = weir_absolute("a/../link/./file", &err);
	ok(got != NULL && strcmp(got, want) == 0, "%s", got ? got : err.text);
	free(got);
	got = weir_absolute("/file", &err);
	ok(got != NULL && strcmp(got, "/file") == 0, "in the root");
	free(got);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(weir_absolute(bad[i], &err) == NULL, "'%s': %s", bad[i],
		    err.text);
}

/* Open and close it: 1 or -1. */
static int
open_visible(const char *path, bool create)
{
	struct weir_visible_config c = {
	    .job = "1", .sink = "out", .path = path};
	struct weir_visible *v = weir_visible_open(&c, create, &err);

	weir_visible_close(v);
	return v == NULL ? -1 : 1;
}

static void
test_visible(void)
{
	ok(open_visible("none", false) == -1 && err.status == WEIR_STATE,
	    "gone: %s", err.text);
	ok(open_visible("made", true) == 1 && access("made", F_OK) == 0,
	    "made");
	ok(mkfifo("fifo", 0600) == 0 && open_visible("fifo", true) == -1 &&
		err.status == WEIR_USAGE,
	    "a FIFO: %s", err.text);
	ok(open_visible("a", true) == -1 && err.status == WEIR_USAGE,
	    "a directory: %s", err.text);
	ok(open_visible("/dev/null", true) == -1, "a device");
}

/* --- jobs --- */

/* Open the job with this source and sink: its status, 0 if it opened. */
static int
open_job(const char *source, const char *sink, struct weir_job *job)
{
	static const char *const in[] = {"in"}, *const out[] = {"out"};
	struct weir_roles r = {.nsources = 1,
	    .nsinks = sink != NULL,
	    .source_names = in,
	    .source_paths = &source,
	    .sink_names = out,
	    .sink_paths = &sink};
	struct weir_dir d;
	int got;

	ok(weir_dir_open(&d, "state", true, &err) == 1 &&
		weir_dir_lead(&d, &err) == 1,
	    "lead");
	got = weir_jobfile_open(&d, &r, job, &err);
	weir_dir_close(&d);
	return got == 1 ? 0 : err.status;
}

static void
test_jobs(void)
{
	struct weir_job job;
	char id[64];

	spill("log", "{}\n", 3);
	spill("other", "{}\n", 3);
	spill("sink", "before\n", 7);
	ok(open_job("/dev/null", "sink", &job) == WEIR_USAGE, "%s", err.text);
	weir_job_fini(&job);
	ok(open_job("missing", "sink", &job) == WEIR_SYSTEM, "%s", err.text);
	weir_job_fini(&job);
	ok(access("state/job", F_OK) == -1, "no job was begun");
	ok(open_job("log", "sink", &job) == 0, "begun");
	ok(job.nsinks == 1 && job.sinks[0].base == 7, "with its base");
	snprintf(id, sizeof id, "%s", job.id);
	ok(strlen(id) == 32, "and an id");
	weir_job_fini(&job);
	ok(open_job("./log", "a/../sink", &job) == 0 && strcmp(job.id, id) == 0,
	    "the same by other names");
	weir_job_fini(&job);
	ok(open_job("other", "sink", &job) == WEIR_STATE, "%s", err.text);
	weir_job_fini(&job);
	ok(open_job("log", "sink2", &job) == WEIR_STATE, "%s", err.text);
	weir_job_fini(&job);
	ok(access("sink2", F_OK) == -1, "which was not made");
}

int
main(void)
{
	char base[64];

	scratch_begin(base);
	test_sinkpart();
	test_paths(base);
	test_visible();
	test_jobs();
	scratch_end(base);
	return done();
}
