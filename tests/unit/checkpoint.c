/*
 * Goal: the job file and manifests come back as they were written, damaged
 * ones never, and checkpoints are listed, counted and removed in order.
 * Method: round trips; every truncation and bit flip of a manifest; a small
 * state directory with debris.
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/unit/tap.h"
#include "tests/unit/scratch.h"
#include "tests/unit/cp.h"

static struct weir_error err;

/* What a shell command prints is text. */
static int
prints(const char *command, const char *text)
{
	FILE *f = popen(command, "r");
	char got[4096];
	size_t n = fread(got, 1, sizeof got - 1, f);

	pclose(f);
	got[n] = '\0';
	if (strcmp(got, text) != 0)
		printf("# got %s\n", got);
	return strcmp(got, text) == 0;
}

static void
test_job(const struct weir_dir *d)
{
	char id[] = "j1", in[] = "in", a[] = "/tmp/a \"b\"\n", out[] = "out";
	char two[] = "two", *names[] = {in, two}, *paths[] = {a, NULL};
	struct weir_job_sink sinks[] = {
	    {.name = out, .path = a, .base = 77}, {.name = two}};
	struct weir_job job = {.id = id,
	    .nsources = 2,
	    .source_names = names,
	    .source_paths = paths,
	    .nsinks = 2,
	    .sinks = sinks};
	struct weir_job got;
	struct weir_buf b;
	int bad = 0;

	ok(weir_job_load(d, &got, &err) == 0, "no job yet");
	ok(weir_job_save(d, &job, &err) == 1, "saved");
	ok(weir_job_save(d, &job, &err) == 1, "and again");
	ok(weir_job_load(d, &got, &err) == 1, "loaded");
	ok(strcmp(got.id, id) == 0 && got.nsources == 2 && got.nsinks == 2 &&
		strcmp(got.source_names[1], two) == 0 &&
		strcmp(got.source_paths[0], a) == 0 &&
		got.source_paths[1] == NULL &&
		strcmp(got.sinks[0].path, a) == 0 && got.sinks[0].base == 77 &&
		got.sinks[1].path == NULL,
	    "the same");
	weir_job_fini(&got);
	b = load("state/job");
	for (size_t n = 0; n < b.len; n++) {
		spill("state/job", b.data, n);
		bad += weir_job_load(d, &got, &err) != -1 ||
		    err.status != WEIR_STATE;
	}
	ok(bad == 0, "cut short it is refused: %s", err.text);
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= (char)(1 << bit % 8);
		spill("state/job", b.data, b.len);
		bad += weir_job_load(d, &got, &err) != -1;
		b.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	ok(bad == 0, "so is every flipped bit");
	unlink("state/job");
	weir_buf_fini(&b);
}

static void
test_manifest(const struct weir_dir *d)
{
	struct weir_manifest m = checkpoint(d, 1, 10, "hello\n"), got;
	struct weir_buf b;
	int bad = 0;

	ok(weir_manifest_load(d, m.cp, &got, &err) == 0, "not committed");
	m.final = 1 + WEIR_SUSPENDED;
	ok(weir_manifest_save(d, &m, &err) == 1, "committed");
	ok(weir_manifest_save(d, &m, &err) == -1, "once: %s", err.text);
	ok(weir_manifest_load(d, m.cp, &got, &err) == 1, "loaded");
	ok(got.cp.n == 1 && got.cp.epoch == 1 && got.time_ns == m.time_ns &&
		got.duration_ns == m.duration_ns && got.final == m.final &&
		got.nparts == 2 && got.nsinks == 1,
	    "its numbers");
	ok(strcmp(got.parts[1].stage, "in/swindow.1") == 0 &&
		strcmp(got.parts[1].file, "in%2Fswindow.1.part") == 0 &&
		got.parts[1].len == m.parts[1].len &&
		got.parts[1].digest.lo == m.parts[1].digest.lo &&
		got.parts[1].digest.hi == m.parts[1].digest.hi,
	    "its parts");
	ok(strcmp(got.sinks[0].name, "out") == 0 && got.sinks[0].base == 10 &&
		got.sinks[0].nfiles == 1 &&
		strcmp(got.sinks[0].files[0].file, "out.1.1") == 0 &&
		weir_sink_committed(&got.sinks[0]) == 16,
	    "its sinks");
	ok(weir_manifest_verify(d, &got, &err) == 1, "verified");
	weir_manifest_fini(&got);

	b = load("state/cp/1.1/MANIFEST");
	for (size_t n = 0; n < b.len; n++) {
		spill("state/cp/1.1/MANIFEST", b.data, n);
		bad += weir_manifest_load(d, m.cp, &got, &err) != -1 ||
		    err.status != WEIR_STATE;
	}
	ok(bad == 0, "cut short it is refused: %s", err.text);
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= (char)(1 << bit % 8);
		spill("state/cp/1.1/MANIFEST", b.data, b.len);
		bad += weir_manifest_load(d, m.cp, &got, &err) != -1;
		b.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	ok(bad == 0, "so is every flipped bit");
	spill("state/cp/1.1/MANIFEST", b.data, b.len);
	weir_buf_fini(&b);

	unlink("state/out/out.1.1");
	ok(weir_manifest_verify(d, &m, &err) == 1, "pending may be gone");
	spill("state/out/out.1.1", "hellO\n", 6);
	ok(weir_manifest_verify(d, &m, &err) == -1 && err.status == WEIR_STATE,
	    "%s", err.text);
	spill("state/out/out.1.1", "hello", 5);
	ok(weir_manifest_verify(d, &m, &err) == -1, "%s", err.text);
	unlink("state/out/out.1.1");
	weir_manifest_fini(&m);
}

/* The job that a manifest has in it, and its branch. */
static void
test_branch(const struct weir_dir *d)
{
	char id[] = "j1", branch[] = "b1", from[] = "1.1", in[] = "in";
	char path[] = "/a \"b\"", *names[] = {in}, *paths[] = {path};
	struct weir_job_sink sink = {.name = in, .path = path, .base = 5};
	struct weir_job job = {.id = id,
	    .branch = branch,
	    .from = from,
	    .rewinds = true,
	    .rewind_ns = -7,
	    .nsources = 1,
	    .source_names = names,
	    .source_paths = paths,
	    .nsinks = 1,
	    .sinks = &sink};
	struct weir_manifest m = checkpoint(d, 5, 0, NULL), got;
	struct weir_job file;

	m.branch = branch;
	m.job = &job;
	ok(weir_manifest_save(d, &m, &err) == 1 &&
		weir_manifest_load(d, m.cp, &got, &err) == 1,
	    "with a job in it %s", err.text);
	ok(got.job != NULL && weir_job_equal(got.job, &job) &&
		got.job->rewinds && got.job->rewind_ns == -7 &&
		strcmp(got.job->from, "1.1") == 0 &&
		weir_branch_same(got.branch, "b1"),
	    "which comes back");
	ok(weir_job_save(d, got.job, &err) == 1 &&
		weir_job_load(d, &file, &err) == 1 &&
		weir_job_equal(&file, &job),
	    "and makes the same file");
	file.rewinds = false;
	ok(!weir_job_equal(&file, &job), "another one is told apart");
	weir_job_fini(&file);
	weir_manifest_fini(&got);
	m.branch = NULL;
	m.job = NULL;
	weir_manifest_fini(&m);
	ok(weir_branch_same(NULL, NULL) && !weir_branch_same(NULL, "a") &&
		!weir_branch_same("a", NULL) && !weir_branch_same("a", "b") &&
		weir_branch_same("a", "a"),
	    "branches");
	unlink("state/job");
	must(weir_cp_remove(d, (struct weir_cp){5, 1}, &err), &err);
}

/* Write a manifest whose digest is right and whose content is not. */
static void
forge(const struct weir_dir *d, const char *json)
{
	struct weir_buf b = {0};
	struct weir_manifest m;
	char hex[33];

	weir_buf_puts(&b, json);
	weir_buf_putc(&b, '\n');
	weir_digest_print(weir_digest(b.data, b.len), hex);
	weir_buf_printf(&b, "{\"digest\":\"%s\"}\n", hex);
	spill("state/cp/2.1/MANIFEST", b.data, b.len);
	weir_buf_fini(&b);
	if (!ok(weir_manifest_load(d, (struct weir_cp){2, 1}, &m, &err) == -1 &&
		    err.status == WEIR_STATE,
		"%s", err.text))
		weir_manifest_fini(&m);
}

#define HEAD                                                                   \
	"{\"weir\":\"manifest\",\"version\":1,\"checkpoint\":2,\"epoch\":1,"   \
	"\"time\":0,\"duration\":0,\"final\":0,"
#define HEX "00000000000000000000000000000000"

static void
test_forged(const struct weir_dir *d)
{
	int fd = weir_cp_create(d, (struct weir_cp){2, 1}, &err);

	close(fd);
	forge(d, "[]");
	forge(d, "{}");
	forge(d, "{\"weir\":\"job\",\"version\":1}");
	forge(d, "{\"weir\":\"manifest\",\"version\":2}");
	forge(d, HEAD "\"parts\":{},\"sinks\":[]}");
	forge(d, HEAD "\"parts\":[1],\"sinks\":[]}");
	forge(d,
	    HEAD "\"parts\":[{\"stage\":\"a\",\"file\":\"../x\","
		 "\"length\":1,\"digest\":\"" HEX "\"}],\"sinks\":[]}");
	forge(d,
	    HEAD "\"parts\":[{\"stage\":\"a\",\"file\":\"x\\u0000y\","
		 "\"length\":1,\"digest\":\"" HEX "\"}],\"sinks\":[]}");
	forge(d,
	    HEAD "\"parts\":[{\"stage\":\"a\",\"file\":\"x\","
		 "\"length\":-1,\"digest\":\"" HEX "\"}],\"sinks\":[]}");
	forge(d,
	    HEAD "\"parts\":[{\"stage\":\"a\",\"file\":\"x\","
		 "\"length\":1.5,\"digest\":\"" HEX "\"}],\"sinks\":[]}");
	forge(d,
	    HEAD "\"parts\":[{\"stage\":\"a\",\"file\":\"x\","
		 "\"length\":1,\"digest\":\"0\"}],\"sinks\":[]}");
	forge(d,
	    HEAD "\"parts\":[],\"sinks\":[{\"name\":\"o\","
		 "\"base\":9223372036854775807,\"files\":[{\"file\":"
		 "\"x\",\"length\":1,\"digest\":\"" HEX "\"}]}]}");
	forge(d, HEAD "\"parts\":[],\"sinks\":[],\"branch\":7}");
	forge(d, HEAD "\"parts\":[],\"sinks\":[],\"job\":null}");
	forge(d, HEAD "\"parts\":[],\"sinks\":[],\"job\":[]}");
	forge(d, HEAD "\"parts\":[],\"sinks\":[],\"job\":{\"id\":\"x\"}}");
	forge(d,
	    HEAD "\"parts\":[],\"sinks\":[],\"job\":{\"id\":\"x\","
		 "\"sources\":[],\"sinks\":[],\"rewind\":\"now\"}}");
	forge(d,
	    "{\"weir\":\"manifest\",\"version\":1,\"checkpoint\":3,"
	    "\"epoch\":1,\"time\":0,\"duration\":0,\"final\":0,"
	    "\"parts\":[],\"sinks\":[]}");
	must(weir_cp_remove(d, (struct weir_cp){2, 1}, &err), &err);
}

static void
test_list(const struct weir_dir *d)
{
	struct weir_cp *cps;
	uint64_t next;
	size_t n;

	commit(d, 9, 0, NULL);
	commit(d, 10, 0, NULL);
	mkdir("state/cp/10.0", 0700);
	mkdir("state/cp/011.1", 0700);
	mkdir("state/cp/x.1", 0700);
	ok(weir_cp_list(d, &cps, &n, &err) == 1 && n == 4 && cps[0].n == 1 &&
		cps[1].n == 9 && cps[2].n == 10 && cps[2].epoch == 0 &&
		cps[3].epoch == 1,
	    "listed by n, then epoch");
	free(cps);
	ok(weir_cp_next(d, &next, &err) == 1 && next == 11, "next is 11");
	spill("state/out/my.sink.17.2", "", 0);
	spill("state/out/sink.99", "", 0);
	spill("state/out/.99.1", "", 0);
	ok(weir_cp_next(d, &next, &err) == 1 && next == 18,
	    "pending output counts, too");
	ok(weir_cp_open(d, (struct weir_cp){5, 5}, &err) == -1 &&
		err.status == WEIR_STATE,
	    "%s", err.text);
	ok(weir_cp_create(d, (struct weir_cp){9, 1}, &err) == -1, "%s",
	    err.text);
	ok(symlink("9.1", "state/cp/12.1") == 0 &&
		weir_cp_open(d, (struct weir_cp){12, 1}, &err) == -1 &&
		err.status == WEIR_STATE,
	    "%s", err.text);
	shell("rm -r state/cp/12.1 state/cp/011.1 state/cp/x.1 state/cp/10.0 "
	      "state/out/*");
}

static void
test_remove(const struct weir_dir *d)
{
	struct weir_manifest m;
	uint64_t n;

	/* now: 1.1, 9.1, 10.1 */
	m = checkpoint(d, 11, 0, "pending\n"); /* under way */
	weir_manifest_fini(&m);
	m = checkpoint(d, 8, 0, NULL); /* abandoned */
	weir_manifest_fini(&m);
	ok(weir_dir_prune(d, 2, &err) == 1 &&
		prints("ls state/cp state/out",
		    "state/cp:\n10.1\n11.1\n9.1\n\nstate/out:\nout.11.1\n"),
	    "prune leaves what is under way");
	ok(weir_dir_prune(d, 0, &err) == 1 &&
		prints("ls state/cp", "10.1\n11.1\n"),
	    "and the newest, whatever is asked for");
	commit(d, 12, 0, "kept\n");
	spill("state/.tmp.0123456789abcdef", "", 0);
	spill("state/out/.tmp.0123456789abcdef", "", 0);
	spill("state/cp/12.1/extra", "", 0);
	ok(weir_dir_sweep(d, 3, &err) == 1 &&
		prints("ls -A state/cp state/out",
		    "state/cp:\n10.1\n12.1\n\nstate/out:\nout.12.1\n") &&
		prints("ls -A state", "cp\nlock\nout\n"),
	    "sweep leaves what is committed");
	m = checkpoint(d, 13, 0, NULL);
	weir_manifest_fini(&m);
	m = checkpoint(d, 14, 0, "pending\n");
	weir_manifest_fini(&m);
	ok(weir_dir_sweep(d, 3, &err) == 1 &&
		prints("ls -A state/cp state/out",
		    "state/cp:\n10.1\n12.1\n14.1\n\n"
		    "state/out:\nout.12.1\n") &&
		weir_cp_next(d, &n, &err) == 1 && n == 15,
	    "and the highest number, which stays taken");
	ok(weir_dir_sweep(d, 0, &err) == 1 &&
		prints("ls -A state/cp state/out", "state/cp:\n\nstate/out:\n"),
	    "sweep 0 leaves nothing");
	ok(weir_cp_remove(d, (struct weir_cp){12, 1}, &err) == -1, "%s",
	    err.text);
}

int
main(void)
{
	struct weir_dir d;
	char path[64];

	scratch_begin(path);
	must(weir_dir_open(&d, "state", true, &err), &err);
	test_job(&d);
	test_manifest(&d);
	test_branch(&d);
	test_forged(&d);
	test_list(&d);
	test_remove(&d);
	weir_dir_close(&d);
	scratch_end(path);
	return done();
}
