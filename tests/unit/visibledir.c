/*
 * Goal: a directory of part files takes over a sink's log exactly once, shows
 * only finished parts, and neither paths from events nor what others left there
 * lead out of it. Method: paths by table; logs applied, again and damaged, to
 * directories that are as they should be, tampered with, or another job's.
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/unit/tap.h"
#include "tests/unit/scratch.h"
#include "tests/unit/cp.h"
#include "stream/bucket.h"
#include "stream/roll.h"
#include "stream/visible.h"

static struct weir_error err;

/* --- paths --- */

static void
test_paths(void)
{
	static const char *const cases[][2] = {
	    {"2026/11/21", "2026/11/21"},
	    {"", ""},
	    {"/", ""},
	    {"/etc/passwd", "etc/passwd"},
	    {"a//b/", "a/b"},
	    {"..", "%2E."},
	    {"../../x", "%2E./%2E./x"},
	    {".", "%2E"},
	    {".weir-out", "%2Eweir-out"},
	    {"a/.hidden", "a/%2Ehidden"},
	    {"part-0000000001.json", "%70art-0000000001.json"},
	    {"apart-1", "apart-1"},
	    {"dt=2026-11-21/host=a b", "dt=2026-11-21/host=a%20b"},
	    {"100%", "100%25"},
	    {"a\nb", "a%0Ab"},
	    {"\x7f", "%7F"},
	    {"\xc3\xa9", "%C3%A9"},
	    {"~*$\\", "%7E%2A%24%5C"},
	};
	struct weir_buf out = {0};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *s = cases[i][0];

		out.len = 0;
		ok(weir_bucket_path(&out, s, strlen(s)) == 1 &&
			strcmp(weir_buf_cstr(&out), cases[i][1]) == 0 &&
			weir_bucket_good(weir_buf_cstr(&out)),
		    "%s", cases[i][1]);
	}
	out.len = 0;
	ok(weir_bucket_path(&out, "a\0b", 3) == 1 &&
		strcmp(weir_buf_cstr(&out), "a%00b") == 0,
	    "NUL");
	weir_buf_fini(&out);
}

static void
test_limits(void)
{
	static const char *const bad[] = {"..", ".", "a/../b", "/a", "a/",
	    "a//b", "a b", "part-1", "x/part-1", "a\x01"};
	struct weir_buf out = {0};
	char text[4096];

	memset(text, 'a', sizeof text);
	ok(weir_bucket_path(&out, text, WEIR_BUCKET_NAME) == 1, "a long name");
	ok(weir_bucket_path(&out, text, WEIR_BUCKET_NAME + 1) == 0,
	    "too long a name");
	memset(text, '%', sizeof text);
	out.len = 0;
	ok(weir_bucket_path(&out, text, 100) == 0, "too long once escaped");
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 100 == 99 ? '/' : 'a';
	out.len = 0;
	ok(weir_bucket_path(&out, text, sizeof text) == 0, "too long a path");
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 ? '/' : 'a';
	out.len = 0;
	ok(weir_bucket_path(&out, text, 2 * WEIR_BUCKET_DEPTH) == 1, "deep");
	out.len = 0;
	ok(weir_bucket_path(&out, text, 2 * WEIR_BUCKET_DEPTH + 1) == 0,
	    "too deep");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(!weir_bucket_good(bad[i]), "not ours: '%s'", bad[i]);
	weir_buf_fini(&out);
}

/* --- lines of the log --- */

static void
test_lines(void)
{
	static const char *const bad[] = {"", "{}", "{\"part\":1}",
	    "{\"part\":1,\"len\":2} ", "{\"part\":-1,\"len\":2}",
	    "{\"part\":99999999999999999999,\"len\":2}", "{\"finish\":}",
	    "{\"open\":1,\"path\":\"..\",\"since\":1,\"seq\":0}",
	    "{\"open\":1,\"path\":\"a/../b\",\"since\":1,\"seq\":0}",
	    "{\"open\":1,\"path\":\"a,\"since\":1,\"seq\":0}"};
	static const char good[] =
	    "{\"open\":7,\"path\":\"a/b\",\"since\":12,\"seq\":1}";
	struct weir_roll_line l;

	ok(weir_roll_read(&l, good, strlen(good)) == 1 &&
		l.verb == WEIR_ROLL_OPEN && l.n == 7 && l.since_ns == 12 &&
		l.seq && strcmp(l.path, "a/b") == 0,
	    "open");
	ok(weir_roll_read(&l, "{\"part\":7,\"len\":12}", 19) == 1 &&
		l.verb == WEIR_ROLL_PART && l.n == 7 && l.len == 12,
	    "part");
	ok(weir_roll_read(&l, "{\"finish\":7}", 12) == 1 &&
		l.verb == WEIR_ROLL_FINISH && l.n == 7,
	    "finish");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(weir_roll_read(&l, bad[i], strlen(bad[i])) == 0,
		    "not a line: %s", bad[i]);
}

/* --- the directory --- */

#define OPEN_1 "{\"open\":1,\"path\":\"\",\"since\":1,\"seq\":0}\n"
#define OPEN_2 "{\"open\":2,\"path\":\"a/b\",\"since\":2,\"seq\":1}\n"
#define HALF   OPEN_1 "{\"part\":1,\"len\":4}\none\n"
#define REST                                                                   \
	"{\"part\":1,\"len\":4}\ntwo\n{\"finish\":1}\n" OPEN_2                 \
	"{\"part\":2,\"len\":2}\nx\n{\"finish\":2}\n"

static struct weir_visible_config config = {.sink = "out"};

/* Forward a log that begins at base: 1 or -1. */
static int
forward(
    const struct weir_dir *d, const char *job, uint64_t base, const char *log)
{
	struct weir_manifest_sink m = {.base = base, .nfiles = 1};
	struct weir_visible *v;
	struct weir_pending p;
	int got = -1;

	shell("rm -f state/out/*");
	p = pending(d, "out.1.1", log);
	m.files = &p;
	config.dir = d;
	config.job = job;
	config.path = "parts/";
	v = weir_visible_open(&config, base == 0, &err);
	if (v != NULL)
		got = weir_visible_forward(v, &m, &err);
	/* again: nothing happens */
	if (got == 1 && weir_visible_forward(v, &m, &err) != 1)
		got = -2;
	weir_visible_close(v);
	free(p.file);
	return got;
}

static bool
file_is(const char *path, const char *text)
{
	struct weir_buf b;
	bool same;

	if (access(path, F_OK) != 0)
		return text == NULL;
	b = load(path);
	same = text != NULL && b.len == strlen(text) &&
	    memcmp(b.data, text, b.len) == 0;
	weir_buf_fini(&b);
	return same;
}

static void
test_forward(const struct weir_dir *d)
{
	ok(forward(d, "j", 0, HALF) == 1, "half a part: %s", err.text);
	ok(shell("ls parts | grep -q .") != 0, "nobody sees it");
	/* what another try has left behind does not count */
	shell("echo more >>parts/.weir-out/0000000001");
	ok(forward(d, "j", strlen(HALF), REST) == 1, "the rest: %s", err.text);
	ok(file_is("parts/part-0000000001.json", "one\ntwo\n"), "whole");
	ok(file_is("parts/a/b/part-0000000002.json-seq", "x\n"), "beneath");
	ok(shell("ls state/out | grep -q .") != 0, "nothing is pending");
	/* its reader may take it away, and it does not come again */
	shell("rm parts/part-0000000001.json");
	ok(forward(d, "j", strlen(HALF), REST) == 1 &&
		file_is("parts/part-0000000001.json", NULL),
	    "taken away: gone for good");
	ok(forward(d, "j", 1, HALF) == -1 && err.status == WEIR_STATE,
	    "another place: %s", err.text);
	ok(forward(d, "k", strlen(HALF), REST) == -1 &&
		err.status == WEIR_STATE,
	    "another job: %s", err.text);
	ok(forward(d, "k", 0, HALF) == -1 && err.status == WEIR_STATE,
	    "a new job goes on behind the last number: %s", err.text);
	shell("rm -rf parts");
}

/* Numbers go on, and unfinished parts of others are not ours. */
static void
test_next_job(const struct weir_dir *d)
{
	forward(d, "j", 0, HALF);
	ok(forward(d, "k", 0, HALF) == -1 && err.status == WEIR_STATE,
	    "unfinished parts of another job: %s", err.text);
	forward(d, "j", strlen(HALF), REST);
	ok(forward(d, "k", 0,
	       "{\"open\":3,\"path\":\"\",\"since\":1,\"seq\":0}\n"
	       "{\"part\":3,\"len\":1}\nx{\"finish\":3}\n") == 1 &&
		file_is("parts/part-0000000003.json", "x"),
	    "numbers go on: %s", err.text);
	shell("rm -rf parts/.weir-out");
	ok(forward(d, "k", 0, HALF) == -1 && err.status == WEIR_STATE,
	    "parts and no record: %s", err.text);
	shell("rm -rf parts");
}

/* What must be refused, after HALF was taken over. */
static void
refused(const struct weir_dir *d, const char *change, const char *log)
{
	forward(d, "j", 0, HALF);
	shell(change);
	ok(forward(d, "j", strlen(HALF), log) == -1 && err.status != WEIR_OK,
	    "%s: %s", change, err.text);
	ok(shell("ls outside | grep -q .") != 0, "nothing got out");
	shell("rm -rf parts");
}

static void
test_hostile(const struct weir_dir *d)
{
	shell("mkdir outside");
	refused(d, "ln -s ../outside parts/a", REST);
	refused(d, "mkdir parts/a && ln -s ../../outside parts/a/b", REST);
	refused(d, "echo >parts/a", REST);
	refused(d, "echo >parts/part-0000000001.json", REST);
	refused(d, "rm parts/.weir-out/0000000001", REST);
	refused(d, ": >parts/.weir-out/0000000001", REST);
	refused(d,
	    "rm parts/.weir-out/0000000001; "
	    "ln -s ../../outside/x parts/.weir-out/0000000001",
	    REST);
	refused(d, "rm parts/.weir-out/state", REST);
	refused(d, "sed -i s/length/lengthy/ parts/.weir-out/state", REST);
	refused(d, "rm -r parts/.weir-out", REST);
	refused(d, "rm -r parts", REST);
	refused(d, "rm -r parts; echo >parts", REST);
	refused(d, ":", "{\"part\":1,\"len\":99}\ntwo\n");
	refused(d, ":", "{\"part\":5,\"len\":1}\nx");
	refused(d, ":", OPEN_1);
	refused(d, ":", "{\"finish\":2}\n");
	refused(d, ":", "{\"finish\":1}");
	refused(d, ":", "nonsense\n");
}

int
main(void)
{
	struct weir_dir d;
	char path[64];

	test_paths();
	test_limits();
	test_lines();
	scratch_begin(path);
	ok(weir_dir_open(&d, "state", true, &err) == 1 &&
		weir_dir_lead(&d, &err) == 1,
	    "lead");
	test_forward(&d);
	test_next_job(&d);
	test_hostile(&d);
	weir_dir_close(&d);
	scratch_end(path);
	return done();
}
