/*
 * Goal: wherever a run dies, the next one brings the visible output to what an
 * undisturbed run gives, and never takes a byte back.
 * Method: a small run (lead, recover, roll forward, sweep, then commit what is
 * left) in a child whose system calls are counted by wrappers in this file.
 * Killed before each one that changes something, and in the middle of each
 * write; then killed again on the way back; then left to finish.
 */
#define _GNU_SOURCE
#include "tests/unit/tap.h"
#include "tests/unit/scratch.h"
#include "tests/unit/cp.h"

#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>

#define OLD    "older output\n"
#define CHUNKS 3

/* --- the wrappers: a program's own functions come before the C library's --- */

static long calls, kill_at = LONG_MAX;

static int
due(void)
{
	return ++calls == kill_at;
}

static void
die(void)
{
	raise(SIGKILL);
}

int
openat(int dir, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
		if (due())
			die();
	}
	return (int)syscall(SYS_openat, dir, name, flags, mode);
}

ssize_t
write(int fd, const void *data, size_t len)
{
	if (fd > 2 && due()) {
		syscall(SYS_write, fd, data, len / 2);
		die();
	}
	return syscall(SYS_write, fd, data, len);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t off)
{
	if (due()) {
		syscall(SYS_pwrite64, fd, data, len / 2, off);
		die();
	}
	return syscall(SYS_pwrite64, fd, data, len, off);
}

/* Only the order matters to a process that dies, and disks are slow. */
int
fsync(int fd)
{
	(void)fd;
	if (due())
		die();
	return 0;
}

int
renameat2(int from, const char *a, int to, const char *b, unsigned flags)
{
	if (due())
		die();
	return (int)syscall(SYS_renameat2, from, a, to, b, flags);
}

int
renameat(int from, const char *a, int to, const char *b)
{
	return renameat2(from, a, to, b, 0);
}

int
unlinkat(int dir, const char *name, int flags)
{
	if (due())
		die();
	return (int)syscall(SYS_unlinkat, dir, name, flags);
}

int
mkdirat(int dir, const char *name, mode_t mode)
{
	if (due())
		die();
	return (int)syscall(SYS_mkdirat, dir, name, mode);
}

/* --- a small run --- */

static struct weir_error err;

/* The output of the stream's i-th part. */
static size_t
chunk(char *out, int i)
{
	return (size_t)sprintf(out, "chunk %d\nand its end\n", i);
}

static size_t
all_chunks(char *out)
{
	size_t n = (size_t)sprintf(out, OLD);

	for (int i = 1; i <= CHUNKS; i++)
		n += chunk(out + n, i);
	return n;
}

static struct weir_job
job_of(char *path)
{
	static char id[] = "j", in[] = "in", out[] = "out", *name = in;
	static struct weir_job_sink sink;

	sink = (struct weir_job_sink){
	    .name = out, .path = path, .base = strlen(OLD)};
	return (struct weir_job){.id = id,
	    .nsources = 1,
	    .source_names = &name,
	    .source_paths = &name,
	    .nsinks = 1,
	    .sinks = &sink};
}

/* Put the number of the last chunk into a part, or get it out of one. */
static struct weir_manifest_part
save_state(const struct weir_dir *d, struct weir_cp cp, int i)
{
	struct weir_manifest_part p = {
	    .stage = weir_strdup("in"), .file = weir_part_name("in")};
	char kind[] = "source", none[] = "", line[32];
	struct weir_snapshot_header h = {
	    .stage = p.stage, .kind = kind, .fingerprint = none};
	int dir = weir_cp_open(d, cp, &err);
	struct weir_snapshot_writer *w;

	must(dir >= 0, &err);
	w = weir_snapshot_create(dir, p.file, &h, &err);
	must(w != NULL, &err);
	must(
	    weir_snapshot_line(w, line, (size_t)sprintf(line, "[%d]", i), &err),
	    &err);
	must(weir_snapshot_commit(w, &p.len, &p.digest, &err), &err);
	weir_snapshot_abandon(w);
	close(dir);
	return p;
}

static int
load_state(const struct weir_dir *d, const struct weir_manifest *m)
{
	int dir = weir_cp_open(d, m->cp, &err);
	struct weir_snapshot_reader *r =
	    weir_snapshot_open(dir, m->parts[0].file, &err);
	struct weir_str line;
	int i;

	must(r != NULL && weir_snapshot_next(r, &line, &err) == 1, &err);
	i = atoi(line.s + 1);
	weir_snapshot_close(r);
	close(dir);
	return i;
}

/* Commit chunk i as checkpoint n and make it visible. */
static void
commit_chunk(const struct weir_dir *d, uint64_t n, int i, int visible)
{
	struct weir_cp cp = {n, d->epoch};
	struct weir_manifest m = {.cp = cp, .nparts = 1, .nsinks = 1};
	struct weir_manifest_sink sink = {.name = weir_strdup("out"),
	    .base = (uint64_t)lseek(visible, 0, SEEK_END),
	    .nfiles = 1};
	struct weir_manifest_part part;
	struct weir_pending file;
	char text[64], name[64];
	int dir = weir_cp_create(d, cp, &err);

	must(dir >= 0, &err);
	close(dir);
	text[chunk(text, i)] = '\0';
	snprintf(name, sizeof name, "out.%d.%d", (int)n, (int)d->epoch);
	file = pending(d, name, text);
	part = save_state(d, cp, i);
	m.parts = &part;
	m.sinks = &sink;
	sink.files = &file;
	must(weir_manifest_save(d, &m, &err), &err);
	must(weir_sink_forward(d, &sink, visible, "visible", &err), &err);
	must(weir_dir_prune(d, 2, &err), &err);
}

/* From whatever is there to the end. */
static void
run(void)
{
	struct weir_manifest_sink begin = {.base = strlen(OLD)};
	char path[PATH_MAX];
	struct weir_job job, was;
	struct weir_manifest m;
	struct weir_dir d;
	uint64_t n;
	int visible = open("visible", O_RDWR | O_CLOEXEC), i = 0, got;

	must(weir_dir_open(&d, "state", true, &err), &err);
	must(weir_dir_lead(&d, &err), &err);
	must(realpath("visible", path) != NULL, &err);
	job = job_of(path);
	got = weir_job_load(&d, &was, &err);
	if (got == 0)
		got = weir_job_save(&d, &job, &err);
	must(got, &err);
	must(weir_cp_next(&d, &n, &err), &err);
	got = weir_dir_recover(&d, &m, &err);
	must(got >= 0, &err);
	if (got == 1)
		i = load_state(&d, &m);
	must(weir_sink_forward(
		 &d, got == 1 ? &m.sinks[0] : &begin, visible, "visible", &err),
	    &err);
	must(weir_dir_sweep(&d, 2, &err), &err);
	while (i++ < CHUNKS)
		commit_chunk(&d, n++, i, visible);
}

/* Run in a child, killed at a call: 1 if it was, 0 if it came to its end. */
static int
child(long at)
{
	pid_t pid = fork();
	int st;

	if (pid == 0) {
		calls = 0;
		kill_at = at;
		run();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &st, 0) != pid)
		exit(1);
	if (WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL)
		return 1;
	return WIFEXITED(st) && WEXITSTATUS(st) == 0 ? 0 : -1;
}

/* Begin anew. */
static void
anew(void)
{
	shell("rm -rf state");
	spill("visible", OLD, strlen(OLD));
}

/* How long the visible file is if it is a beginning of all; else -1. */
static long
visible_length(void)
{
	char want[512];
	size_t n = all_chunks(want);
	struct weir_buf b = load("visible");
	long len =
	    b.len <= n && memcmp(b.data, want, b.len) == 0 ? (long)b.len : -1;

	weir_buf_fini(&b);
	return len;
}

int
main(void)
{
	char path[64], want[512];
	long end = (long)all_chunks(want), last, len;
	int bad = 0, twice = 0, r;

	scratch_begin(path);
	anew();
	ok(child(LONG_MAX) == 0 && visible_length() == end,
	    "an undisturbed run");
	for (last = 1;; last++) {
		anew();
		r = child(last);
		len = visible_length();
		if (r == 0)
			break;
		bad += r < 0 || len < (long)strlen(OLD);
		/* die again on the way back, at a place that moves */
		r = child(1 + last * 7 % 40);
		twice += r == 1;
		bad += r < 0 || visible_length() < len;
		bad += child(LONG_MAX) != 0 || visible_length() != end;
		if (bad != 0)
			break;
	}
	ok(bad == 0, "killed at each of %ld calls, %d times once more",
	    last - 1, twice);
	ok(last > 80 && twice > 50, "and that was often");
	scratch_end(path);
	return done();
}
