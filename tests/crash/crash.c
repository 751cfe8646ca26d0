/*
 * crash.c - kills the main job again and again, and wants no difference.
 *
 *     crash DIR SEED random N [JOB]  N runs, one to three kills each at any moment
 *     crash DIR SEED probes MAX    a kill at every probe that a run comes by, of
 *                                  every role, the first, a middle and a late
 *                                  time; at most MAX, chosen by SEED
 *     crash DIR SEED recovery MAX  a kill at a commit, and a second one at every
 *                                  probe of the recovery from it
 *     crash DIR SEED drain N       N jobs that follow a growing file, are asked to
 *                                  end (SIGTERM) and killed, in turn, then
 *                                  read to the end
 *     crash DIR SEED these 'PROBE:COUNT:ROLE ...'  one trial with these kills
 *     crash DIR SEED zombie N      N jobs of which one process is stopped, the
 *                                  run killed, and the process woken when the
 *                                  next run has begun
 *     crash slow                   copies standard input slowly (a stage)
 *     crash take DIR               keeps what it reads in a file of its own in
 *                                  DIR (a command that is a sink)
 *
 * Goal: whatever process is killed with SIGKILL whenever, the job, run again as
 * often as it takes, ends with the output of an uninterrupted run, byte for
 * byte (of "repeat": line for line, some more than once), and a reader never
 * sees a byte that is later another one (taken back only in "now"). A command gets
 * every byte in order, and what comes again is where the next one goes on.
 * Method: the tools of the build with probes, found in PATH; the visible file
 * is read all the time, and must be a prefix of the final output. Prints TAP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/crash/feed.h"
#include "tests/crash/jobs.h"
#include "tests/crash/outs.h"
#include "tests/crash/procs.h"
#include "tests/crash/taker.h"

#define EVENTS	   40000
#define TRIES	   12	 /* runs of one job until it must have ended */
#define LIMIT_MS   40000 /* of one run */
#define KILLS_MAX  4
#define PROBES_MAX 1024
#define CLEAN	   "rm -rf state parts rows.* *.taken *.json messages branch.*"

static const struct job *job = &jobs[0];
static size_t nsides;
static struct text want[OUTS_MAX], want_side[SIDES_MAX];
static int tests, failures;
static long kills;	  /* that hit */
static int pipe_end = -1; /* of a job that is piped */
static pid_t writer;	  /* to that */

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void __attribute__((format(printf, 2, 3)))
result(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	failures += !good;
}

/* --- the job --- */

/*
 * The log through a pipe, of which we hold the end that is read: what a job that
 * was killed has not taken is there for the next one. Nothing is written twice.
 */
static void
begin_pipe(void)
{
	int fd[2];

	if (!job->piped || pipe(fd) == -1)
		return;
	writer = fork();
	if (writer == 0) {
		close(fd[0]);
		dup2(fd[1], 1);
		close(fd[1]);
		execlp("cat", "cat", "access.log", (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	pipe_end = fd[0];
	fcntl(pipe_end, F_SETFD, FD_CLOEXEC);
}

static void
end_pipe(void)
{
	if (pipe_end == -1)
		return;
	close(pipe_end);
	pipe_end = -1;
	waitpid(writer, NULL, 0);
}

/* follow: -f; the input is then grow.log. */
static pid_t
start(const char *input, bool follow)
{
	const char *argv[ARGS_MAX + 12] = {"scheckpoint", "run", "-dstate"};
	char source[64];
	size_t n = 3;
	pid_t pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	setpgid(0, 0);
	snprintf(source, sizeof source, "%s%s", job->follows,
	    job->piped ? "-" : input);
	if (job->piped)
		dup2(pipe_end, 0);
	argv[n++] = source;
	for (size_t i = 0; i < ARGS_MAX && job->args[i] != NULL; i++)
		argv[n++] = job->args[i];
	argv[n++] = "--every=10ms";
	argv[n++] = "--restarts=50";
	argv[n++] = follow ? "--follow" : "--keep=3";
	argv[n++] = job->pipeline;
	fd = open("messages", O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, 2);
	execvp("scheckpoint", (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* --- one trial --- */

static int
shell(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

struct trial {
	/* random kills, by time since the trial began */
	size_t nkills;
	struct {
		int64_t at_us;
		const char *role;
	} kill[KILLS_MAX];
	bool complete;	     /* probes must all have hit */
	const char *crashes; /* for WEIR_CRASH, or NULL */
	size_t ncrashes;
};

/* A part that is there is as it is in the end, from its first moment. */
static const char *
look_at_dir(const char *path, size_t *seen)
{
	static char *files[FILES_MAX];
	size_t n = files_below(path, files, 0);
	const char *bad = n < *seen ? "a part is gone" : NULL;
	struct stat now, then;

	*seen = n;
	for (size_t i = 0; i < n; i++) {
		char at_end[512];

		snprintf(at_end, sizeof at_end, "want.%s", files[i]);
		if (stat(at_end, &then) == -1 || stat(files[i], &now) == -1 ||
		    now.st_size != then.st_size)
			bad = "a part is not as it ends";
		free(files[i]);
	}
	return bad;
}

/* The reader: what is visible only ever grows, as a prefix of the whole. */
static const char *
look_at(size_t out, size_t *seen)
{
	const struct text *whole = &want[out];
	char buf[65536];
	struct stat st;
	ssize_t n;
	const char *bad = NULL;
	int fd;

	/* only sqlite knows what it shows, and a command sees repeats */
	if (out_is_rows(job->outs[out]) || out_is_taken(job->outs[out]) ||
	    job->repeats)
		return NULL;
	if (out_is_dir(job->outs[out]))
		return look_at_dir(job->outs[out], seen);
	fd = open(job->outs[out], O_RDONLY);
	if (fd == -1)
		return *seen > 0 ? "the output is gone" : NULL;
	if (fstat(fd, &st) == 0 && (size_t)st.st_size < *seen) {
		if (!job->now)
			bad = "the output was cut";
		*seen = (size_t)st.st_size;
	}
	while (
	    bad == NULL && (n = pread(fd, buf, sizeof buf, (off_t)*seen)) > 0) {
		if (*seen + (size_t)n > whole->len ||
		    memcmp(buf, whole->s + *seen, (size_t)n) != 0)
			bad = "the output is not a prefix";
		*seen += (size_t)n;
	}
	close(fd);
	return bad;
}

static const char *
look(size_t seen[OUTS_MAX])
{
	const char *bad = NULL;

	for (size_t i = 0; i < nouts && bad == NULL; i++)
		bad = look_at(i, &seen[i]);
	return bad;
}

/* Who waits for what, for whoever looks into a hang. */
static void
tell_hang(pid_t run)
{
	char command[512];

	snprintf(command, sizeof command,
	    "exec >>messages 2>&1; echo HANG $(date +%%T); for p in %d "
	    "$(pgrep -P %d) $(pgrep -P $(pgrep -d, -P %d)); do echo $p "
	    "$(tr '\\0' ' ' </proc/$p/cmdline | cut -c 1-90) "
	    "$(cat /proc/$p/wchan) $(grep State /proc/$p/status); "
	    "ls -l /proc/$p/fd | sed 's/.* \\([0-9]* ->\\)/  \\1/'; done; "
	    "ls -lR state",
	    (int)run, (int)run, (int)run);
	shell(command);
}

/* Run until it ends: its wait status. */
static int
watch(pid_t run, struct trial *t, int64_t begin_us, size_t *seen,
    const char **bad)
{
	int64_t until = now_us() + LIMIT_MS * INT64_C(1000);
	int status;

	while (waitpid(run, &status, WNOHANG) == 0) {
		int64_t now = now_us();

		for (size_t i = 0; i < t->nkills; i++)
			if (t->kill[i].role != NULL &&
			    now - begin_us >= t->kill[i].at_us) {
				kills += kill_role(run, t->kill[i].role);
				t->kill[i].role = NULL;
			}
		if (*bad == NULL)
			*bad = look(seen);
		if (now > until) {
			*bad = "it hangs";
			tell_hang(run);
			kill_role(run, "all");
			waitpid(run, &status, 0);
			return status;
		}
		pause_us(500);
	}
	return status;
}

static void
make_tokens(size_t n)
{
	char path[64];

	mkdir("tokens", 0700);
	for (size_t i = 0; i < KILLS_MAX; i++) {
		snprintf(path, sizeof path, "tokens/%zu", i);
		unlink(path);
		if (i < n)
			close(open(path, O_CREAT | O_WRONLY, 0600));
	}
}

static size_t
tokens_left(void)
{
	size_t n = 0;
	char path[64];

	for (size_t i = 0; i < KILLS_MAX; i++) {
		snprintf(path, sizeof path, "tokens/%zu", i);
		n += access(path, F_OK) == 0;
	}
	return n;
}

static bool
same(const char *path, const struct text *as)
{
	struct text t = slurp_out(path);
	bool good =
	    t.len == as->len && (t.len == 0 || memcmp(t.s, as->s, t.len) == 0);

	free(t.s);
	return good;
}

static bool
same_sides(void)
{
	for (size_t i = 0; i < nsides; i++)
		if (!same(job->sides[i], &want_side[i]))
			return false;
	return true;
}

/* Every line at least once, and nothing else. */
static bool
same_lines(void)
{
	return shell("LC_ALL=C sort -u out.json >got && "
		     "LC_ALL=C sort -u want.out | cmp - got >&2") == 0;
}

static bool
same_outs(void)
{
	if (job->repeats)
		return same_lines();
	for (size_t i = 0; i < nouts; i++)
		if (!same(job->outs[i], &want[i]))
			return false;
	/* each part has its name and its bytes, too */
	return access("want.parts", F_OK) == -1 ||
	    shell("diff -r -x '.weir-*' parts want.parts >&2") == 0;
}

static const char *
judge_end(int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return "it did not end with 0";
	if (!same_outs())
		return "the output differs";
	if (!same_sides())
		return "a side file differs";
	if (shell("scheckpoint verify -d state >verdict 2>&1") != 0)
		return "the state directory is damaged";
	return NULL;
}

static const char *
run_trial(struct trial *t)
{
	int64_t begin = now_us();
	const char *bad = NULL;
	size_t seen[OUTS_MAX] = {0};
	int status = -1;

	shell(CLEAN);
	make_tokens(t->ncrashes);
	begin_pipe();
	setenv("WEIR_CRASH", t->crashes != NULL ? t->crashes : "", 1);
	for (int i = 0; i < TRIES && bad == NULL; i++) {
		pid_t run = start("access.log", false);

		status = watch(run, t, begin, seen, &bad);
		if (WIFEXITED(status))
			break; /* it must know itself when to go on */
	}
	unsetenv("WEIR_CRASH");
	end_pipe();
	kills += (long)(t->ncrashes - tokens_left());
	if (bad != NULL)
		return bad;
	return judge_end(status);
}

/* A run over grow.log: drained or killed after a while, or to its end. */
static const char *
drain_once(const char *role, bool follow, size_t *seen)
{
	struct trial t = {0};
	const char *bad = NULL;
	int64_t now = now_us();
	pid_t run = start("grow.log", follow);
	int status;

	if (follow && role == NULL) {
		pause_us((long)dice(300000));
		kill(run, SIGTERM);
	} else if (follow) {
		t.nkills = 1;
		t.kill[0].role = role;
		t.kill[0].at_us = (int64_t)dice(300000);
	}
	status = watch(run, &t, now, seen, &bad);
	if (bad == NULL && role == NULL &&
	    (follow ? !WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM
		    : !WIFEXITED(status) || WEXITSTATUS(status) != 0))
		bad = "it ended in another way than asked for";
	return bad;
}

static const char *
drain_trial(void)
{
	struct text all = slurp("access.log");
	const char *bad = NULL;
	size_t seen[OUTS_MAX] = {0}, at = 0;
	int fd;

	shell(CLEAN "; : >grow.log");
	make_tokens(0);
	fd = open("grow.log", O_WRONLY | O_APPEND);
	for (int i = 0; i < 6 && bad == NULL; i++) {
		size_t n = i == 5 ? all.len - at : (size_t)dice(all.len / 5);

		/* lines are cut anywhere: the rest comes with the next piece */
		if (write(fd, all.s + at, n) != (ssize_t)n)
			bad = "the log could not be written";
		at += n;
		/* a killed process of a followed job restarts: only a killed
		   run ends */
		if (bad == NULL)
			bad =
			    drain_once(i % 2 == 1 ? "all" : NULL, i < 5, seen);
	}
	close(fd);
	free(all.s);
	/* The dead letters are the same but for the name of their source. */
	if (job == &jobs[0])
		shell("sed -i s/grow.log/access.log/ dead.json");
	if (bad == NULL && !same_outs())
		bad = "the output differs";
	if (bad == NULL && !same_sides())
		bad = "a side file differs";
	return bad;
}

static void
judge(const char *bad, const char *what)
{
	result(bad == NULL, "%s%s%s", what, bad ? ": " : "", bad ? bad : "");
	if (bad != NULL) {
		char command[128];

		shell("sed 's/^/# /' messages");
		snprintf(command, sizeof command,
		    "rm -rf bad.%d; mkdir bad.%d; cp -a state *.json "
		    "$(ls -d parts rows.db* *.taken 2>/dev/null) messages "
		    "bad.%d",
		    tests, tests, tests);
		shell(command);
	}
}

/* --- zombies --- */

/* Wait until the file is there, or (NULL) a process has stopped. */
static bool
wait_for(const char *path, pid_t *stopped, int64_t us)
{
	int64_t until = now_us() + us;

	while (now_us() < until) {
		if (path != NULL && access(path, F_OK) == 0)
			return true;
		if (path == NULL && (*stopped = find_stopped()) > 0)
			return true;
		pause_us(500);
	}
	return false;
}

/* Stop one of a run's processes; the run itself if there is none of the role. */
static pid_t
stop_one(pid_t run, const char *crash)
{
	pid_t pid = 0;

	if (crash != NULL)
		return wait_for(NULL, &pid, 10000000) ? pid : 0;
	pause_us((long)dice(250000));
	pid = find_role(run, roles[dice(NROLES - 2)]);
	if (pid <= 0)
		pid = run;
	kill(pid, SIGSTOP);
	return pid;
}

/*
 * With crash, a process stops before it has the lock, and wakes when the next
 * run has its epoch; otherwise at any time, and the next run waits for it.
 */
static const char *
zombie_trial(const char *crash)
{
	struct trial t = {0};
	size_t seen[OUTS_MAX] = {0};
	const char *bad = NULL;
	pid_t first, next, zombie;
	int status;

	shell(CLEAN);
	make_tokens(crash != NULL);
	setenv("WEIR_CRASH", crash != NULL ? crash : "", 1);
	first = start("access.log", false);
	zombie = stop_one(first, crash);
	unsetenv("WEIR_CRASH");
	if (zombie != first) {
		kill(first, SIGKILL);
		waitpid(first, &status, 0);
		kills++;
	}
	if (zombie == 0)
		return "no process stops there";
	next = start("access.log", false);
	/* not if another is stuck behind what is stopped, and has the lock */
	if (crash != NULL)
		wait_for("state/epoch/2", NULL, 1000000);
	pause_us((long)dice(300000));
	kill(zombie, SIGCONT);
	status = watch(next, &t, 0, seen, &bad);
	if (zombie == first)
		watch(first, &t, 0, seen, &bad);
	for (int64_t until = now_us() + 10000000; lives(zombie);)
		if (now_us() > until)
			return "what was stopped does not end";
	return bad != NULL ? bad : judge_end(status);
}

/* --- modes --- */

static void
zombies(long n)
{
	static const char *const firsts[] = {"source.begin:-1:source",
	    "sink.begin:-1:sink", "stage.joins:-1:sfilter"};

	for (long i = 0; i < n; i++) {
		const char *crash = i % 2 == 0 ? firsts[dice(3)] : NULL;
		char what[128];

		snprintf(what, sizeof what, "a zombie, stopped %s",
		    crash != NULL ? crash : "at any time");
		judge(zombie_trial(crash), what);
	}
}

static void
random_kills(long n)
{
	for (long i = 0; i < n; i++) {
		struct trial t = {.nkills = 1 + (size_t)dice(3)};
		char what[256];
		int len = snprintf(what, sizeof what, "run %ld:", i);

		for (size_t k = 0; k < t.nkills; k++) {
			t.kill[k].at_us = (int64_t)dice(450000);
			t.kill[k].role = roles[dice(NROLES)];
			len += snprintf(what + len, sizeof what - (size_t)len,
			    " %s@%ldms", t.kill[k].role,
			    (long)(t.kill[k].at_us / 1000));
		}
		judge(run_trial(&t), what);
	}
}

static void
drains(long n)
{
	for (long i = 0; i < n; i++)
		judge(drain_trial(), "followed, drained and killed in turn");
}

struct probe {
	char role[32], name[64];
	long count;
};

/* The probes that an uninterrupted run comes by, and how often. */
static size_t
discover(struct probe *probes)
{
	FILE *f = fopen("probes", "r");
	char role[32], name[64];
	size_t n = 0, i;

	while (f != NULL && fscanf(f, "%31s %63s", role, name) == 2) {
		for (i = 0; i < n; i++)
			if (strcmp(probes[i].role, role) == 0 &&
			    strcmp(probes[i].name, name) == 0)
				break;
		if (i == n && n < PROBES_MAX) {
			strcpy(probes[n].role, role);
			strcpy(probes[n].name, name);
			probes[n++].count = 0;
		}
		if (i < n)
			probes[i].count++;
	}
	if (f != NULL)
		fclose(f);
	return n;
}

static void
probe_trial(const char *crashes, size_t n)
{
	struct trial t = {.crashes = crashes, .ncrashes = n};
	long before = kills;
	const char *bad = run_trial(&t);
	char what[256];

	snprintf(what, sizeof what, "%s%s", crashes,
	    kills - before == (long)n ? "" : " (not reached)");
	judge(bad, what);
}

static void
probe_kills(long max)
{
	static struct probe probes[PROBES_MAX];
	size_t n = discover(probes);
	long all = 0, left;

	for (size_t i = 0; i < n; i++)
		all += probes[i].count >= 5 ? 3 : 1;
	left = all;
	for (size_t i = 0; i < n; i++) {
		long counts[3] = {1, probes[i].count / 3, probes[i].count - 1};

		for (int k = 0; k < (probes[i].count >= 5 ? 3 : 1); k++) {
			char crash[160];

			/* choose max of all, evenly */
			if ((long)dice((uint64_t)left--) >= max)
				continue;
			max--;
			snprintf(crash, sizeof crash, "%.60s:%ld:%.30s",
			    probes[i].name, counts[k], probes[i].role);
			probe_trial(crash, 1);
		}
	}
}

static void
these_kills(const char *crashes)
{
	size_t n = 0;

	for (const char *s = crashes; (s = strchr(s, ':')) != NULL; s++)
		n++;
	probe_trial(crashes, n / 2);
}

/* Those that only what a crash left leads to. */
static size_t
add_cuts(struct probe *probes, size_t n)
{
	static const char *const names[] = {"recover.cut", "recover.cutsynced"};

	for (size_t i = 0; job->now && i < 2 && n < PROBES_MAX; i++, n++) {
		strcpy(probes[n].role, "scheckpoint");
		strcpy(probes[n].name, names[i]);
	}
	return n;
}

static void
recovery_kills(long max)
{
	static const char *const firsts[] = {"commit.manifest:3:scheckpoint",
	    "forward.part:2:scheckpoint", "commit.asked:4:scheckpoint",
	    "stage.published:4:swindow"};
	static struct probe probes[PROBES_MAX];
	size_t n = add_cuts(probes, discover(probes));
	long left = (long)(n * 4);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < 4; k++) {
			char crash[256];

			if ((long)dice((uint64_t)left--) >= max)
				continue;
			max--;
			snprintf(crash, sizeof crash, "%s %.60s:1:%.30s",
			    firsts[k], probes[i].name, probes[i].role);
			probe_trial(crash, 2);
		}
}

static bool
plain_differs(void)
{
	bool good = same_sides();

	for (size_t i = 0; i < nouts; i++) {
		char plain[32];

		snprintf(plain, sizeof plain, "plain.%zu", i);
		good &= same(plain, &want[i]);
	}
	return !good;
}

/* The same pipeline without a job gives the same. */
static bool
plain_is_same(void)
{
	int64_t until;
	bool good;

	setenv("PLAIN", job->plain, 1);
	setenv("PIPELINE", job->pipeline, 1);
	good = shell("bash -c 'exec 2>>messages; eval \"$PLAIN\"'") == 0;
	/* bash does not wait for what is in >(...) */
	until = now_us() + LIMIT_MS * INT64_C(1000);
	while (good && plain_differs() && now_us() < until)
		pause_us(1000);
	return good && !plain_differs();
}

/* The output of a run that nobody kills, and the probes that it comes by. */
static bool
uninterrupted(void)
{
	bool all;
	int status;
	pid_t run;

	shell(CLEAN "; rm -rf probes bad.* want.*");
	setenv("WEIR_CRASH_LOG", "probes", 1);
	begin_pipe();
	run = start("access.log", false);
	waitpid(run, &status, 0);
	unsetenv("WEIR_CRASH_LOG");
	end_pipe();
	all = WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
	    shell("[ ! -d parts ] || cp -r parts want.parts") == 0 &&
	    (!job->repeats || shell("cp out.json want.out") == 0);
	for (size_t i = 0; i < nouts; i++) {
		want[i] = slurp_out(job->outs[i]);
		all &= want[i].len > 0;
	}
	for (size_t i = 0; i < nsides; i++) {
		want_side[i] = slurp(job->sides[i]);
		all &= want_side[i].len > 0;
	}
	result(all, "an uninterrupted run");
	if (all)
		result(plain_is_same(), "is the same as without a job");
	return failures == 0;
}

static bool
choose(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof jobs / sizeof *jobs; i++)
		if (strcmp(jobs[i].name, name) == 0)
			break;
	if (i == sizeof jobs / sizeof *jobs)
		return false;
	job = &jobs[i];
	while (job->outs[nouts] != NULL)
		nouts++;
	while (job->sides[nsides] != NULL)
		nsides++;
	return true;
}

int
main(int argc, char **argv)
{
	char tokens[4096];
	long n;

	if (argc == 2 && strcmp(argv[1], "slow") == 0)
		return be_slow(16384, 1000);
	if (argc == 3 && strcmp(argv[1], "take") == 0)
		return be_taker(argv[2]);
	if (argc < 5 || argc > 6 || !choose(argc == 6 ? argv[5] : "main") ||
	    chdir(argv[1]) == -1) {
		fprintf(stderr, "usage: crash DIR SEED MODE N [JOB]\n");
		return 2;
	}
	rng = strtoull(argv[2], NULL, 10) * 2654435761u + 88172645463325252u;
	n = atol(argv[4]);
	snprintf(tokens, sizeof tokens, "%s/tokens", argv[1]);
	setenv("WEIR_CRASH_DIR", tokens, 1);
	setenv("CRASH", argv[0], 1);
	write_log("access.log", EVENTS);
	write_log("other.log", EVENTS / 3);
	if (uninterrupted()) {
		if (strcmp(argv[3], "random") == 0)
			random_kills(n);
		else if (strcmp(argv[3], "probes") == 0)
			probe_kills(n);
		else if (strcmp(argv[3], "drain") == 0)
			drains(n);
		else if (strcmp(argv[3], "these") == 0)
			these_kills(argv[4]);
		else if (strcmp(argv[3], "zombie") == 0)
			zombies(n);
		else
			recovery_kills(n);
	}
	printf("# %ld kills, seed %s\n1..%d\n", kills, argv[2], tests);
	return failures != 0;
}
